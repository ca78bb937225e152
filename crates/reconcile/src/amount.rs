//! Amounts within one package: plain integers once the dimension has been checked.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use trueup_core::{Dimension, Quantity, QuantitySum};

/// A signed amount of one package, in 10⁻¹² of its dimension's base unit.
///
/// A package has one dimension, which [`crate::PackageBooks`] checks when a fact enters; from there on amounts
/// are integers. Terms are 64 bits and sums 128: 2⁶⁴ terms, more than memory holds, cannot overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many 10⁻¹² of the base unit.
    #[must_use]
    pub const fn from_atoms(atoms: i128) -> Self {
        Self(atoms)
    }

    /// The amount of a quantity of the package's dimension.
    #[must_use]
    pub fn of(quantity: Quantity) -> Self {
        Self(i128::from(quantity.atoms()))
    }

    /// The amount of a sum of the package's dimension.
    #[must_use]
    pub const fn of_sum(sum: QuantitySum) -> Self {
        Self(sum.atoms())
    }

    /// Back to a sum with its dimension.
    #[must_use]
    pub const fn sum(self, dimension: Dimension) -> QuantitySum {
        QuantitySum::from_atoms(self.0, dimension)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Its size without its sign.
    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.wrapping_abs())
    }

    /// 10⁻¹² of the base unit.
    #[must_use]
    pub const fn atoms(self) -> i128 {
        self.0
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Amount {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Amount {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}
