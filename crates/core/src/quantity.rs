//! Quantities: integers of 10⁻¹² gram, millilitre or piece.

use crate::{Decimal, Dimension, Unit};
use std::fmt;

/// A quantity: an integer of 10⁻¹² of its dimension's base unit (piece, gram, millilitre).
///
/// Reaches to ±9.2 million grams, millilitres or pieces, far beyond what a retailer's package holds; more is an error.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quantity {
    atoms: i64,
    dimension: Dimension,
}

/// A sum of quantities, wider than its terms: 128 bits of 10⁻¹² of the base unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuantitySum {
    atoms: i128,
    dimension: Dimension,
}

/// Why an operation on quantities has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The result does not fit.
    #[error("the quantity is too large")]
    Overflow,
    /// Grams met pieces.
    #[error("{0} and {1} cannot be put together")]
    Dimensions(Dimension, Dimension),
}

impl Quantity {
    /// Nothing of a dimension.
    #[must_use]
    pub const fn zero(dimension: Dimension) -> Self {
        Self { atoms: 0, dimension }
    }

    /// From 10⁻¹² of the base unit.
    #[must_use]
    pub const fn from_atoms(atoms: i64, dimension: Dimension) -> Self {
        Self { atoms, dimension }
    }

    /// `number` of `unit`: exact, or rounded half to even at 10⁻¹² of the base unit.
    ///
    /// # Errors
    /// [`QuantityError::Overflow`] if it does not fit.
    pub fn new(number: Decimal, unit: Unit) -> Result<Self, QuantityError> {
        let scale = power_of_ten(u32::from(number.scale()))?;
        let wide =
            i128::from(number.mantissa()).checked_mul(i128::from(unit.atoms())).ok_or(QuantityError::Overflow)?;
        Self::from_wide(divide_half_even(wide, scale)?, unit.dimension())
    }

    fn from_wide(atoms: i128, dimension: Dimension) -> Result<Self, QuantityError> {
        Ok(Self { atoms: i64::try_from(atoms).map_err(|_| QuantityError::Overflow)?, dimension })
    }

    /// 10⁻¹² of the base unit.
    #[must_use]
    pub const fn atoms(self) -> i64 {
        self.atoms
    }

    /// What it measures.
    #[must_use]
    pub const fn dimension(self) -> Dimension {
        self.dimension
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.atoms == 0
    }

    /// The opposite change.
    ///
    /// # Errors
    /// [`QuantityError::Overflow`] for the smallest integer.
    pub fn checked_neg(self) -> Result<Self, QuantityError> {
        Ok(Self { atoms: self.atoms.checked_neg().ok_or(QuantityError::Overflow)?, dimension: self.dimension })
    }

    /// So many pieces, each holding `self`: the quantity of a converted SKU in its package's measure.
    ///
    /// # Errors
    /// [`QuantityError::Overflow`], or [`QuantityError::Dimensions`] if `pieces` does not count pieces.
    pub fn times_pieces(self, pieces: Self) -> Result<Self, QuantityError> {
        if pieces.dimension != Dimension::Count {
            return Err(QuantityError::Dimensions(pieces.dimension, Dimension::Count));
        }
        let wide = i128::from(self.atoms).checked_mul(i128::from(pieces.atoms)).ok_or(QuantityError::Overflow)?;
        Self::from_wide(divide_half_even(wide, i128::from(Unit::Each.atoms()))?, self.dimension)
    }

    /// The same quantity as a sum.
    #[must_use]
    pub fn sum(self) -> QuantitySum {
        QuantitySum { atoms: i128::from(self.atoms), dimension: self.dimension }
    }
}

impl QuantitySum {
    /// Nothing of a dimension.
    #[must_use]
    pub const fn zero(dimension: Dimension) -> Self {
        Self { atoms: 0, dimension }
    }

    /// From 10⁻¹² of the base unit.
    #[must_use]
    pub const fn from_atoms(atoms: i128, dimension: Dimension) -> Self {
        Self { atoms, dimension }
    }

    /// 10⁻¹² of the base unit.
    #[must_use]
    pub const fn atoms(self) -> i128 {
        self.atoms
    }

    /// What it measures.
    #[must_use]
    pub const fn dimension(self) -> Dimension {
        self.dimension
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.atoms == 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`QuantityError`] on overflow or on different dimensions.
    pub fn checked_add(self, other: Self) -> Result<Self, QuantityError> {
        if self.dimension != other.dimension {
            return Err(QuantityError::Dimensions(self.dimension, other.dimension));
        }
        let atoms = self.atoms.checked_add(other.atoms).ok_or(QuantityError::Overflow)?;
        Ok(Self { atoms, dimension: self.dimension })
    }

    /// Whole pieces of `piece` that make up exactly this sum; `None` if it does not divide.
    #[must_use]
    pub fn whole_pieces_of(self, piece: Quantity) -> Option<i128> {
        let piece_atoms = i128::from(piece.atoms);
        (piece.dimension == self.dimension && self.atoms.checked_rem(piece_atoms) == Some(0))
            .then(|| self.atoms.checked_div(piece_atoms))
            .flatten()
    }

    /// The number in `unit` as decimal text: exact for units that are decimal parts of the base unit, else rounded half
    /// to even at the twelfth decimal of the unit. Trailing zeros are dropped.
    #[must_use]
    pub fn text(self, unit: Unit) -> SumText {
        SumText { atoms: self.atoms, unit }
    }
}

/// A sum on its way to text; see [`QuantitySum::text`].
#[derive(Debug, Clone, Copy)]
pub struct SumText {
    atoms: i128,
    unit: Unit,
}

impl SumText {
    /// Decimals printed of a unit that is no decimal part of its base unit (ounces, pounds, gallons).
    const ROUNDED_SCALE: u32 = 12;

    /// The printed number as `(mantissa, scale)`, mantissa × 10^−scale. Sums of printed numbers are sums of these.
    #[must_use]
    pub fn parts(self) -> (i128, u32) {
        match self.unit {
            Unit::Milligram => (self.atoms, 9),
            Unit::Kilogram | Unit::Litre => (self.atoms, 15),
            Unit::Each | Unit::Gram | Unit::Millilitre => (self.atoms, 12),
            Unit::Ounce | Unit::Pound | Unit::FluidOunce | Unit::Gallon => {
                (round_into(self.atoms, self.unit.atoms()), Self::ROUNDED_SCALE)
            }
        }
    }
}

/// `atoms` / `unit_atoms` in 10⁻¹², half to even, in two steps so that the intermediate cannot overflow.
fn round_into(atoms: i128, unit_atoms: i64) -> i128 {
    let (unit, scale) = (i128::from(unit_atoms), 1_000_000_000_000_i128);
    let whole = atoms.checked_div_euclid(unit).unwrap_or(0);
    let rest = atoms.checked_rem_euclid(unit).unwrap_or(0);
    let fraction = rest.checked_mul(scale).and_then(|wide| divide_half_even(wide, unit).ok()).unwrap_or(0);
    whole.saturating_mul(scale).saturating_add(fraction)
}

impl fmt::Display for SumText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mantissa, scale) = self.parts();
        f.pad(&decimal_text(mantissa, scale, true))
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.sum(), f)
    }
}

impl fmt::Debug for QuantitySum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = Unit::base(self.dimension);
        write!(f, "{} {unit}", self.text(unit))
    }
}

/// `mantissa` × 10^−`scale` as plain decimal text, with or without its trailing zeros.
#[must_use]
pub fn decimal_text(mantissa: i128, scale: u32, drop_zeros: bool) -> String {
    let digits = mantissa.unsigned_abs().to_string();
    let places = usize::try_from(scale).unwrap_or(usize::MAX);
    let padded =
        if digits.len() <= places { format!("{digits:0>width$}", width = places.saturating_add(1)) } else { digits };
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(places));
    let fraction = if drop_zeros { fraction.trim_end_matches('0') } else { fraction };
    let sign = if mantissa < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn power_of_ten(exponent: u32) -> Result<i128, QuantityError> {
    10_i128.checked_pow(exponent).ok_or(QuantityError::Overflow)
}

/// `numerator` / `denominator` (positive), rounded half to even.
fn divide_half_even(numerator: i128, denominator: i128) -> Result<i128, QuantityError> {
    let floor = numerator.checked_div_euclid(denominator).ok_or(QuantityError::Overflow)?;
    let rest = numerator.checked_rem_euclid(denominator).ok_or(QuantityError::Overflow)?;
    let twice = rest.checked_mul(2).ok_or(QuantityError::Overflow)?;
    let up = twice > denominator || (twice == denominator && floor.checked_rem(2) != Some(0));
    if up { floor.checked_add(1).ok_or(QuantityError::Overflow) } else { Ok(floor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str, unit: Unit) -> Quantity {
        Quantity::new(Decimal::parse(text).unwrap(), unit).unwrap()
    }

    #[test]
    fn factors_are_the_international_ones() {
        assert_eq!(quantity("1", Unit::Ounce), quantity("28.349523125", Unit::Gram));
        assert_eq!(quantity("1", Unit::Pound), quantity("16", Unit::Ounce));
        assert_eq!(quantity("1", Unit::Gallon), quantity("128", Unit::FluidOunce));
        assert_eq!(quantity("1", Unit::Litre), quantity("1000", Unit::Millilitre));
        assert_eq!(quantity("1", Unit::Kilogram), quantity("1000000", Unit::Milligram));
        assert_eq!(quantity("3.5", Unit::Ounce).sum().text(Unit::Gram).to_string(), "99.2233309375");
    }

    #[test]
    fn halves_round_to_even() {
        // 0.0000000000005 g and 0.0000000000015 g, written in milligrams.
        assert_eq!(quantity("0.0000000005", Unit::Milligram).atoms(), 0);
        assert_eq!(quantity("0.0000000015", Unit::Milligram).atoms(), 2);
        assert_eq!(quantity("-0.0000000015", Unit::Milligram).atoms(), -2);
    }

    #[test]
    fn overflow_and_mixed_dimensions_are_errors() {
        assert_eq!(Quantity::new(Decimal::new(i64::MAX, 0), Unit::Gram), Err(QuantityError::Overflow));
        let (gram, piece) = (quantity("1", Unit::Gram), quantity("1", Unit::Each));
        assert_eq!(
            gram.sum().checked_add(piece.sum()),
            Err(QuantityError::Dimensions(Dimension::Weight, Dimension::Count))
        );
        assert!(gram.times_pieces(gram).is_err());
        assert_eq!(
            quantity("0.5", Unit::Gram).times_pieces(quantity("33", Unit::Each)),
            Ok(quantity("16.5", Unit::Gram))
        );
    }

    #[test]
    fn counts_whole_pieces() {
        let half_gram = quantity("0.5", Unit::Gram);
        assert_eq!(quantity("-5", Unit::Gram).sum().whole_pieces_of(half_gram), Some(-10));
        assert_eq!(quantity("5.2", Unit::Gram).sum().whole_pieces_of(half_gram), None);
        assert_eq!(quantity("5", Unit::Gram).sum().whole_pieces_of(Quantity::zero(Dimension::Weight)), None);
    }

    proptest! {
        /// There and back: a number of any unit prints as the same number of that unit.
        #[test]
        fn conversion_there_and_back_is_exact(mantissa in -900_000_000_i64..900_000_000, scale in 3_u8..=8, index in 0_usize..10) {
            let unit = Unit::ALL[index];
            let number = Decimal::new(mantissa, scale);
            prop_assume!(Quantity::new(number, unit).is_ok());
            let quantity = Quantity::new(number, unit).unwrap();
            let printed = Decimal::parse(&quantity.sum().text(unit).to_string());
            // A milligram's ninth decimal is the last one; the others keep all twelve of the base unit.
            prop_assert!(printed.is_ok_and(|printed| printed.same_value(number)), "{number} {unit} printed as {printed:?}");
        }

        #[test]
        fn sums_do_not_depend_on_order(terms in prop::collection::vec(any::<i64>(), 0..50), seed in any::<u64>()) {
            let total = |terms: &[i64]| terms.iter().fold(QuantitySum::zero(Dimension::Weight), |sum, &atoms| {
                sum.checked_add(Quantity::from_atoms(atoms, Dimension::Weight).sum()).unwrap()
            });
            let mut shuffled = terms.clone();
            let length = shuffled.len().max(1);
            shuffled.rotate_left(usize::try_from(seed % length as u64).unwrap());
            prop_assert_eq!(total(&terms), total(&shuffled));
        }
    }
}
