//! Decimal numbers exactly as people and systems write them.

use std::fmt;

/// A decimal as it was written: `mantissa` × 10^−`scale`. `3.50` keeps its second decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

/// Why a text is not a number that we can hold exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not a decimal number at all.
    #[error("not a decimal number")]
    Unreadable,
    /// More digits than a quantity can have.
    #[error("too large")]
    TooLarge,
    /// More than [`Decimal::MAX_SCALE`] decimals that are not zero.
    #[error("finer than 12 decimals")]
    TooFine,
}

impl Decimal {
    /// The finest decimals that an input may have: 10⁻¹².
    pub const MAX_SCALE: u8 = 12;
    /// Longer texts are no numbers of this trade.
    const MAX_TEXT_BYTES: usize = 64;

    /// `mantissa` × 10^−`scale`.
    #[must_use]
    pub const fn new(mantissa: i64, scale: u8) -> Self {
        Self { mantissa, scale }
    }

    /// Reads `-12`, `3.50`, `.5`, `1.5e1`: an optional sign, digits with an optional point, an optional exponent.
    ///
    /// # Errors
    /// [`DecimalError`]; zeros beyond the twelfth decimal are dropped, other digits there are an error.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        if text.len() > Self::MAX_TEXT_BYTES {
            return Err(DecimalError::Unreadable);
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, digits) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(DecimalError::Unreadable);
        }
        let mut mantissa = 0_i128;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return Err(DecimalError::Unreadable);
            }
            let digit = i128::from(byte.wrapping_sub(b'0'));
            mantissa = mantissa.checked_mul(10).and_then(|m| m.checked_add(digit)).ok_or(DecimalError::TooLarge)?;
        }
        if negative {
            mantissa = mantissa.checked_neg().ok_or(DecimalError::TooLarge)?;
        }
        let scale = i32::try_from(fraction.len()).map_err(|_| DecimalError::TooFine)?;
        Self::from_wide(mantissa, scale.checked_sub(exponent).ok_or(DecimalError::TooLarge)?)
    }

    fn from_wide(mut mantissa: i128, mut scale: i32) -> Result<Self, DecimalError> {
        while scale > i32::from(Self::MAX_SCALE) {
            if mantissa.checked_rem(10) != Some(0) {
                return Err(DecimalError::TooFine);
            }
            mantissa = mantissa.checked_div(10).ok_or(DecimalError::TooFine)?;
            scale = scale.checked_sub(1).ok_or(DecimalError::TooFine)?;
        }
        while scale < 0 {
            mantissa = mantissa.checked_mul(10).ok_or(DecimalError::TooLarge)?;
            scale = scale.checked_add(1).ok_or(DecimalError::TooLarge)?;
        }
        Ok(Self {
            mantissa: i64::try_from(mantissa).map_err(|_| DecimalError::TooLarge)?,
            scale: u8::try_from(scale).map_err(|_| DecimalError::TooFine)?,
        })
    }

    /// The digits without the point.
    #[must_use]
    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// Number of decimals, 0 to 12, trailing zeros included.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Whether two numbers are equal in value: `3.5` and `3.50` are.
    #[must_use]
    pub fn same_value(self, other: Self) -> bool {
        self.normal() == other.normal()
    }

    /// The same value without trailing zeros.
    #[must_use]
    pub fn normal(self) -> Self {
        let (mut mantissa, mut scale) = (self.mantissa, self.scale);
        while scale > 0 && mantissa.checked_rem(10) == Some(0) {
            mantissa = mantissa.checked_div(10).unwrap_or(0);
            scale = scale.saturating_sub(1);
        }
        Self { mantissa, scale }
    }

    /// The exact sum.
    ///
    /// # Errors
    /// [`DecimalError::TooLarge`] if it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, DecimalError> {
        let scale = self.scale.max(other.scale);
        let widen = |decimal: Self| {
            let places = u32::from(scale.saturating_sub(decimal.scale));
            10_i128.checked_pow(places).and_then(|factor| i128::from(decimal.mantissa).checked_mul(factor))
        };
        let sum = widen(self).zip(widen(other)).and_then(|(a, b)| a.checked_add(b)).ok_or(DecimalError::TooLarge)?;
        Self::from_wide(sum, i32::from(scale))
    }
}

fn parse_exponent(text: &str) -> Result<i32, DecimalError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::Unreadable);
    }
    text.parse().map_err(|_| DecimalError::Unreadable)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&crate::quantity::decimal_text(i128::from(self.mantissa), u32::from(self.scale), false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, mantissa, scale) in [
            ("3.50", 350, 2),
            ("-12", -12, 0),
            (".5", 5, 1),
            ("5.", 5, 0),
            ("1.5e1", 15, 0),
            ("1E-3", 1, 3),
            ("+7", 7, 0),
        ] {
            assert_eq!(Decimal::parse(text), Ok(Decimal::new(mantissa, scale)), "{text}");
        }
        for text in ["", ".", "-", "1,5", "NaN", "inf", "1e", "1e+", "0x1", "1.2.3", "--1", "1 000", "１"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Unreadable), "{text}");
        }
        assert_eq!(Decimal::parse("99999999999999999999"), Err(DecimalError::TooLarge));
        assert_eq!(Decimal::parse("1e99"), Err(DecimalError::TooLarge));
        assert_eq!(Decimal::parse("0.0000000000001"), Err(DecimalError::TooFine));
        assert_eq!(Decimal::parse("1.0000000000000"), Ok(Decimal::new(1_000_000_000_000, 12)));
    }

    proptest! {
        #[test]
        fn prints_what_it_read(mantissa in any::<i64>(), scale in 0_u8..=12) {
            let decimal = Decimal::new(mantissa, scale);
            prop_assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
        }

        #[test]
        fn never_panics(text in ".{0,70}") {
            let _ = Decimal::parse(&text);
        }
    }
}
