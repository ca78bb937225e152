//! Differences that come from how a number was written: rounded, or with another unit.

use crate::Amount;
use trueup_core::{Decimal, Movement, Unit};

/// No difference above this is rounding: 0.05 g or ml in 10⁻¹².
const ROUNDING_LIMIT: i128 = 50_000_000_000;

/// How far the written lines may be from the exact amount: half of the last decimal of each, 0.05 g or ml in all;
/// pieces never.
pub(in crate::explain) fn rounding_tolerance<'a>(lines: impl Iterator<Item = &'a Movement>) -> Amount {
    let mut atoms = 0_i128;
    for line in lines {
        if line.unit == Unit::Each {
            return Amount::ZERO;
        }
        let last_decimal = trueup_core::Quantity::new(Decimal::new(1, line.number.0.scale()), line.unit)
            .map_or(0, trueup_core::Quantity::atoms);
        atoms = atoms.saturating_add(i128::from(last_decimal / 2));
    }
    Amount::of_sum(trueup_core::QuantitySum::from_atoms(atoms.min(ROUNDING_LIMIT), trueup_core::Dimension::Weight))
}

/// Whether both sides wrote the same number with another unit.
pub(in crate::explain) fn same_number_other_unit<'a>(
    ours: impl Iterator<Item = &'a Movement>,
    theirs: impl Iterator<Item = &'a Movement>,
) -> bool {
    let (Some((our_number, our_unit)), Some((their_number, their_unit))) = (written(ours), written(theirs)) else {
        return false;
    };
    our_unit != their_unit && our_number.same_value(their_number)
}

/// The sum of the numbers as written, if all have one unit.
fn written<'a>(lines: impl Iterator<Item = &'a Movement>) -> Option<(Decimal, Unit)> {
    let mut total: Option<(Decimal, Unit)> = None;
    for line in lines {
        let number = Decimal::new(line.number.0.mantissa().checked_abs()?, line.number.0.scale());
        total = Some(match total {
            None => (number, line.unit),
            Some((sum, unit)) if unit == line.unit => (sum.checked_add(number).ok()?, unit),
            Some(_) => return None,
        });
    }
    total
}
