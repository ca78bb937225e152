//! Amounts as printed numbers that add up.

use trueup_core::{Dimension, Unit, decimal_text};
use trueup_reconcile::{Amount, Discrepancy, Measure};

/// A number ready to print: mantissa × 10^−scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    mantissa: i128,
    scale: u32,
}

impl Number {
    pub fn of(amount: Amount, unit: Unit) -> Self {
        let (mantissa, scale) = amount.sum(unit.dimension()).text(unit).parts();
        Self { mantissa, scale }
    }

    pub fn text(self) -> String {
        decimal_text(self.mantissa, self.scale, true)
    }
}

/// The text of an amount in a unit.
pub(crate) fn text(amount: Amount, unit: Unit) -> String {
    Number::of(amount, unit).text()
}

/// The text of a measure in its own unit.
pub(crate) fn measure(measure: Measure) -> String {
    text(measure.amount, measure.unit)
}

/// A difference and its parts as they are printed: the printed parts add up to the printed difference, also in ounces,
/// where each number is rounded in its twelfth decimal and the largest part takes the last digit's rest.
pub(crate) struct Parts {
    pub difference: String,
    pub shares: Vec<String>,
    pub unexplained: String,
}

impl Parts {
    /// `terms` are what the difference is made of by subtraction: the first less the others.
    pub fn new(terms: &[Amount], shares: &[Amount], unexplained: Amount, unit: Unit) -> Self {
        let number = |amount: &Amount| Number::of(*amount, unit);
        let mut terms = terms.iter().map(number);
        let scale = Number::of(Amount::ZERO, unit).scale;
        let first = terms.next().map_or(0, |term| term.mantissa);
        let difference = terms.fold(first, |sum, term| sum - term.mantissa);
        let mut mantissas: Vec<i128> = shares.iter().map(|share| number(share).mantissa).collect();
        let mut rest = difference - mantissas.iter().sum::<i128>();
        if unexplained.is_zero()
            && let Some(largest) = mantissas.iter_mut().max_by_key(|mantissa| mantissa.abs())
        {
            *largest += rest;
            rest = 0;
        }
        let text = |mantissa: i128| decimal_text(mantissa, scale, true);
        Self {
            difference: text(difference),
            shares: mantissas.into_iter().map(text).collect(),
            unexplained: text(rest),
        }
    }

    /// Of a discrepancy's books.
    pub fn of_books(discrepancy: &Discrepancy) -> Self {
        let terms = [discrepancy.pos, discrepancy.state, discrepancy.in_flight];
        let shares: Vec<Amount> = discrepancy.causes.iter().map(|share| share.amount).collect();
        Self::new(&terms, &shares, discrepancy.unexplained, discrepancy.unit)
    }
}

/// The dimension's word for a number of it: pieces need none.
pub(crate) fn with_unit(number: &str, unit: Unit) -> String {
    if unit.dimension() == Dimension::Count { number.to_owned() } else { format!("{number} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trueup_core::{Decimal, QuantitySum};

    fn amount(atoms: i64) -> Amount {
        Amount::of_sum(QuantitySum::from_atoms(i128::from(atoms), Dimension::Weight))
    }

    proptest! {
        /// Whatever the unit, printed causes and the printed rest add up to the printed difference.
        #[test]
        fn printed_parts_add_up(
            pos in -1_000_000_000_000_000_i64..1_000_000_000_000_000,
            state in -1_000_000_000_000_000_i64..1_000_000_000_000_000,
            shares in prop::collection::vec(-1_000_000_000_000_i64..1_000_000_000_000, 0..6),
            ounces in any::<bool>(),
            explained in any::<bool>(),
        ) {
            let unit = if ounces { Unit::Ounce } else { Unit::Gram };
            let (pos, state) = (amount(pos), amount(state));
            let mut shares: Vec<Amount> = shares.into_iter().map(amount).collect();
            let found: Amount = shares.iter().copied().sum();
            let mut unexplained = pos - state - found;
            if explained {
                shares.push(unexplained);
                unexplained = Amount::ZERO;
            }
            let parts = Parts::new(&[pos, state, Amount::ZERO], &shares, unexplained, unit);
            let read = |text: &str| Decimal::parse(text).unwrap();
            let mut sum = read(&parts.unexplained);
            for share in &parts.shares {
                sum = sum.checked_add(read(share)).unwrap();
            }
            prop_assert!(sum.same_value(read(&parts.difference)));
            if explained {
                prop_assert_eq!(parts.unexplained, "0");
            }
        }
    }
}
