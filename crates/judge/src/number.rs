//! Quantities: whole numbers of 10^-12 gram, millilitre or piece, and the units they are written in.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub};

/// Decimal places that are kept.
pub(crate) const PLACES: u32 = 12;
/// One gram, millilitre or piece.
pub(crate) const ONE: i128 = 1_000_000_000_000;

/// An exact quantity: a number of 10^-12 of a gram, a millilitre or a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Exact(
    /// The number of 10^-12 parts.
    pub i128,
);

impl Exact {
    /// Nothing at all.
    pub const ZERO: Exact = Exact(0);

    /// Whether this is nothing at all.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn size(self) -> i128 {
        self.0.saturating_abs()
    }
}

impl Add for Exact {
    type Output = Exact;
    fn add(self, other: Exact) -> Exact {
        Exact(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Exact) {
        *self = *self + other;
    }
}

impl Sub for Exact {
    type Output = Exact;
    fn sub(self, other: Exact) -> Exact {
        Exact(self.0.saturating_sub(other.0))
    }
}

impl Neg for Exact {
    type Output = Exact;
    fn neg(self) -> Exact {
        Exact(self.0.saturating_neg())
    }
}

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(parts: I) -> Exact {
        parts.fold(Exact::ZERO, |sum, part| sum + part)
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        let one = ONE.unsigned_abs();
        let fraction = format!("{:012}", size % one);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(out, "{sign}{}{point}{fraction}", size / one)
    }
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    /// Pieces.
    Count,
    /// Grams.
    Mass,
    /// Millilitres.
    Volume,
}

/// A unit of measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Each,
    Milligram,
    Gram,
    Kilogram,
    Ounce,
    Pound,
    Millilitre,
    Litre,
    FluidOunce,
    Gallon,
}

impl Unit {
    /// "Units: `ea g mg kg oz lb ml l fl_oz gal` and Metrc's names."
    pub(crate) fn parse(text: &str) -> Option<Unit> {
        let plain = text.trim().to_lowercase().replace([' ', '.'], "_");
        Some(match plain.as_str() {
            "ea" | "each" => Unit::Each,
            "mg" | "milligram" | "milligrams" => Unit::Milligram,
            "g" | "gram" | "grams" => Unit::Gram,
            "kg" | "kilogram" | "kilograms" => Unit::Kilogram,
            "oz" | "ounce" | "ounces" => Unit::Ounce,
            "lb" | "pound" | "pounds" => Unit::Pound,
            "ml" | "milliliter" | "milliliters" | "millilitre" | "millilitres" => Unit::Millilitre,
            "l" | "liter" | "liters" | "litre" | "litres" => Unit::Litre,
            "fl_oz" | "floz" | "fluid_ounce" | "fluid_ounces" => Unit::FluidOunce,
            "gal" | "gallon" | "gallons" => Unit::Gallon,
            _ => return None,
        })
    }

    pub(crate) fn dimension(self) -> Dimension {
        match self {
            Unit::Each => Dimension::Count,
            Unit::Milligram | Unit::Gram | Unit::Kilogram | Unit::Ounce | Unit::Pound => Dimension::Mass,
            Unit::Millilitre | Unit::Litre | Unit::FluidOunce | Unit::Gallon => Dimension::Volume,
        }
    }

    /// How many grams, millilitres or pieces one unit is: a whole number over a power of ten.
    fn factor(self) -> (i128, u32) {
        match self {
            Unit::Each | Unit::Gram | Unit::Millilitre => (1, 0),
            Unit::Milligram => (1, 3),
            Unit::Kilogram | Unit::Litre => (1000, 0),
            Unit::Ounce => (28_349_523_125, 9),
            Unit::Pound => (45_359_237, 5),
            Unit::FluidOunce => (295_735_295_625, 10),
            Unit::Gallon => (3_785_411_784, 6),
        }
    }
}

/// A quantity as it was written: the number, how many decimals it showed, and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// 10^-12 parts of the written unit.
    pub number: i128,
    /// Decimals that were written.
    pub decimals: u32,
    /// The unit.
    pub unit: Unit,
}

impl Written {
    pub(crate) fn parse(number: &str, unit: &str) -> Option<Written> {
        let (number, decimals) = parse_number(number)?;
        Some(Written { number, decimals, unit: Unit::parse(unit)? })
    }

    /// The quantity in grams, millilitres or pieces.
    ///
    /// "a conversion finer than that is rounded there, half to even"
    pub(crate) fn base(self) -> Option<Exact> {
        let (factor, places) = self.unit.factor();
        let product = self.number.checked_mul(factor)?;
        Some(Exact(divide_half_even(product, power_of_ten(places)?)))
    }

    /// The last decimal as written, in grams, millilitres or pieces.
    pub(crate) fn last_decimal(self) -> Option<Exact> {
        let places = PLACES.checked_sub(self.decimals)?;
        Written { number: power_of_ten(places)?, ..self }.base()
    }
}

/// Pieces times what one piece holds.
pub(crate) fn pieces_times(pieces: Exact, one: Exact) -> Option<Exact> {
    Some(Exact(divide_half_even(pieces.0.checked_mul(one.0)?, ONE)))
}

fn power_of_ten(places: u32) -> Option<i128> {
    10_i128.checked_pow(places)
}

fn divide_half_even(value: i128, by: i128) -> i128 {
    let whole = value.div_euclid(by);
    let twice = value.rem_euclid(by) * 2;
    let up = twice > by || (twice == by && whole % 2 != 0);
    if up { whole + 1 } else { whole }
}

/// A decimal number: its 10^-12 parts and the number of decimals written.
pub(crate) fn parse_number(text: &str) -> Option<(i128, u32)> {
    let text = text.trim();
    let (body, exponent) = match text.split_once(['e', 'E']) {
        Some((body, exponent)) => (body, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let negative = body.starts_with('-');
    let body = body.strip_prefix(['-', '+']).unwrap_or(body);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let written = i32::try_from(fraction.len()).ok()? - exponent;
    let mut value = digits.parse::<i128>().ok()?;
    let mut missing = 12 - written;
    while missing < 0 {
        if value % 10 != 0 {
            return None;
        }
        value /= 10;
        missing += 1;
    }
    let value = value.checked_mul(power_of_ten(u32::try_from(missing).ok()?)?)?;
    let decimals = u32::try_from(written.clamp(0, 12)).ok()?;
    Some((if negative { -value } else { value }, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_shown_exactly() {
        assert_eq!(parse_number("15.0"), Some((15 * ONE, 1)));
        assert_eq!(parse_number("-3.5"), Some((-35 * ONE / 10, 1)));
        assert_eq!(parse_number("1e2"), Some((100 * ONE, 0)));
        assert_eq!(parse_number("0.0000000000001"), None);
        assert_eq!(Exact(957_233_309_375 * 100).to_string(), "95.7233309375");
        assert_eq!(Exact(-ONE / 2).to_string(), "-0.5");
    }

    #[test]
    fn units_convert_exactly() {
        let ounce = Written::parse("3.5", "Ounces").and_then(Written::base);
        assert_eq!(ounce.map(|grams| grams.to_string()), Some("99.2233309375".to_owned()));
        let pounds = Written::parse("1", "lb").and_then(Written::base);
        assert_eq!(pounds.map(|grams| grams.to_string()), Some("453.59237".to_owned()));
    }
}
