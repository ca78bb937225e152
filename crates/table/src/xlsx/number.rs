//! Numbers as Excel holds and shows them.
//!
//! A workbook stores a number as the float nearest to it in up to 17 digits, so 16.1 stands in the file as
//! `16.100000000000001`. Excel itself shows and holds 15 significant digits, and that is what a person meant. All work
//! here is on the digits of the text; nothing becomes a float.

/// Significant digits that Excel holds.
const DIGITS: usize = 15;

/// From 10^15 on a number stays as it is stored: `1.23456789012345E+15` is what Excel made of a longer number (a tag),
/// and whoever reads the column has to see that.
const MAX_WHOLE_DIGITS: i32 = 15;

/// Below 10^-40 a number stays as it is stored: nothing that is counted or weighed is that small.
const MAX_ZEROS: i32 = 40;

/// Longer texts are no numbers that a spreadsheet writes.
const MAX_TEXT_BYTES: usize = 64;

/// 0.`digits` × 10^`point`, the first digit not 0.
struct Number {
    negative: bool,
    digits: Vec<u8>,
    point: i32,
}

/// A stored number as Excel shows it, plain and without exponent. `None` where the stored text is that already, is too
/// large or too small for it, or is no number.
pub(super) fn shown(stored: &str) -> Option<String> {
    let number = Number::parse(stored)?;
    let plain = !stored.contains(['e', 'E']);
    if plain && number.digits.len() <= DIGITS {
        return None;
    }
    let number = number.rounded();
    (-MAX_ZEROS..=MAX_WHOLE_DIGITS).contains(&number.point).then(|| number.text())
}

impl Number {
    /// Reads `-12.50`, `5E-5`: digits around a point, an exponent.
    fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
            None => (text, 0),
        };
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let zeros = all.iter().take_while(|digit| **digit == b'0').count();
        let point = i32::try_from(whole.len()).ok()?.checked_sub(i32::try_from(zeros).ok()?)?;
        let digits = without_trailing_zeros(all.get(zeros..).unwrap_or_default());
        let point = if digits.is_empty() { 0 } else { point.checked_add(i32::from(exponent))? };
        Some(Self { negative, digits, point })
    }

    /// To 15 digits, halves away from zero, as Excel does.
    fn rounded(mut self) -> Self {
        let up = self.digits.get(DIGITS).is_some_and(|next| *next >= b'5');
        self.digits.truncate(DIGITS);
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last = last.saturating_add(1),
                // Nines all the way: the next power of ten.
                None => {
                    self.digits.push(b'1');
                    self.point = self.point.saturating_add(1);
                }
            }
        }
        self.digits = without_trailing_zeros(&self.digits);
        self
    }

    fn text(&self) -> String {
        let mut out = String::new();
        if self.negative && !self.digits.is_empty() {
            out.push('-');
        }
        let whole = usize::try_from(self.point).unwrap_or(0);
        let (before, after) = self.digits.split_at(whole.min(self.digits.len()));
        out.extend(before.iter().copied().map(char::from));
        out.extend(std::iter::repeat_n('0', whole.saturating_sub(before.len())));
        if whole == 0 {
            out.push('0');
        }
        if !after.is_empty() {
            out.push('.');
            let zeros = usize::try_from(self.point.saturating_neg()).unwrap_or(0);
            out.extend(std::iter::repeat_n('0', zeros));
            out.extend(after.iter().copied().map(char::from));
        }
        out
    }
}

fn without_trailing_zeros(digits: &[u8]) -> Vec<u8> {
    let end = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last.saturating_add(1));
    digits.get(..end).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fifteen_digits_without_exponent() {
        for (stored, plain) in [
            ("16.100000000000001", "16.1"),
            ("0.30000000000000004", "0.3"),
            ("5.0000000000000002E-5", "0.00005"),
            ("-2.2999999999999998", "-2.3"),
            ("1E+2", "100"),
            ("1.5e1", "15"),
            ("-1.25E-2", "-0.0125"),
            ("0.99999999999999999", "1"),
            ("9999999.9999999991", "10000000"),
            ("1.0000000000000051", "1.00000000000001"),
            ("46089.680555555555", "46089.6805555556"),
            ("9.99999999999999E+14", "999999999999999"),
            ("123456789012345.49", "123456789012345"),
            ("0E0", "0"),
            ("-0E+20", "0"),
            ("5.5511151231257827E-17", "0.0000000000000000555111512312578"),
        ] {
            assert_eq!(shown(stored).as_deref(), Some(plain), "{stored}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_is_stored() {
        for stored in [
            "7",
            "0.10",
            "-12.50",
            "007",
            "0",
            "",
            "-",
            ".",
            "x",
            "NaN",
            "1E",
            "1E999999",
            "1.2.3",
            "+5E0",
            "1 E2",
            "1.23456789012345E+15",
            "1234567890123456",
            "999999999999999.97",
            "1E-300",
            "12345678901234567890",
        ] {
            assert_eq!(shown(stored), None, "{stored}");
        }
        assert_eq!(shown(&format!("0.{}", "3".repeat(70))), None);
    }

    proptest! {
        /// What Excel stores for a decimal of up to 15 digits comes back as that decimal.
        #[test]
        fn a_float_of_fifteen_digits_comes_back(mantissa in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_usize..=12) {
            let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale);
            let fraction = fraction.trim_end_matches('0');
            let sign = if mantissa < 0 { "-" } else { "" };
            let meant = if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") };
            let stored = format!("{:.16e}", meant.parse::<f64>().unwrap());
            prop_assert_eq!(shown(&stored), Some(meant));
        }
    }
}
