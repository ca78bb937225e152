//! Reading other cells of millions of rows: the usual forms by hand, every other by the readers of single rows.

use super::GiveUp;
use super::record::{CORE_BITS, LARGEST_AMOUNT};
use rustc_hash::FxHasher;
use std::hash::Hasher;
use trueup_core::{Decimal, Quantity, ReceiptNumber, Unit};

/// 10⁻¹² in a thousandth.
pub(super) const THOUSANDTH: i64 = 1_000_000_000;

pub(super) fn text(cell: &[u8]) -> Result<&str, GiveUp> {
    std::str::from_utf8(cell).map_err(|_| GiveUp)
}

/// A unit that must be there.
pub(super) fn unit(cell: &[u8]) -> Result<Unit, GiveUp> {
    match cell {
        b"ea" => Ok(Unit::Each),
        b"g" => Ok(Unit::Gram),
        b"ml" => Ok(Unit::Millilitre),
        other => Unit::parse(text(other)?).map_err(|_| GiveUp),
    }
}

/// A number that is not negative, in thousandths of the base unit of its dimension: `None` if it is finer or very large.
pub(super) fn amount(cell: &[u8], unit: Unit) -> Result<Option<u32>, GiveUp> {
    if matches!(unit, Unit::Each | Unit::Gram | Unit::Millilitre)
        && let Some(thousandths) = thousandths(cell)
    {
        return Ok(Some(thousandths));
    }
    let number = number(cell)?;
    let quantity = Quantity::new(number, unit).map_err(|_| GiveUp)?;
    Ok(in_thousandths(quantity))
}

/// So many pieces that hold so many thousandths each, in thousandths.
pub(super) fn pieces(cell: &[u8], of_one: u32) -> Result<Option<u32>, GiveUp> {
    const ONE: u64 = 1_000;
    let Some(pieces) = amount(cell, Unit::Each)? else { return Ok(None) };
    let product = u64::from(pieces) * u64::from(of_one);
    let whole = product % ONE == 0;
    Ok(u32::try_from(product / ONE).ok().filter(|amount| whole && *amount < LARGEST_AMOUNT))
}

/// A quantity in thousandths, if it is a small whole number of them.
pub(super) fn in_thousandths(quantity: Quantity) -> Option<u32> {
    let is_whole = quantity.atoms() % THOUSANDTH == 0;
    u32::try_from(quantity.atoms() / THOUSANDTH).ok().filter(|thousandths| is_whole && *thousandths < LARGEST_AMOUNT)
}

/// A decimal number that is not negative.
pub(super) fn number(cell: &[u8]) -> Result<Decimal, GiveUp> {
    let number = Decimal::parse(text(cell)?).map_err(|_| GiveUp)?;
    if number.mantissa() < 0 { Err(GiveUp) } else { Ok(number) }
}

/// `12`, `3.5`, `0.125`: at most six digits and three decimals.
fn thousandths(cell: &[u8]) -> Option<u32> {
    let (mut value, mut decimals) = (0_u32, None);
    if cell.is_empty() || cell.len() > 6 {
        return None;
    }
    for byte in cell {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + u32::from(byte & 15);
                decimals = decimals.map(|places: usize| places + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return None,
        }
    }
    if cell == b"." {
        return None;
    }
    let factor = [1_000, 100, 10, 1].get(decimals.unwrap_or(0))?;
    value.checked_mul(*factor).filter(|value| *value < LARGEST_AMOUNT)
}

/// Whether the cell is empty or a decimal number.
pub(super) fn is_optional_decimal(cell: &[u8]) -> bool {
    const USUAL: usize = 12;
    let mut points = 0;
    let plain = cell.iter().all(|byte| {
        points += usize::from(*byte == b'.');
        byte.is_ascii_digit() || *byte == b'.'
    });
    let usual = plain && cell.len() <= USUAL && points <= 1 && cell != b".";
    usual || text(cell).is_ok_and(|text| Decimal::parse(text).is_ok())
}

/// A yes or no, as `trueup_pos::fields::flag` reads it.
pub(super) fn flag(cell: &[u8]) -> Result<bool, GiveUp> {
    match cell {
        b"" | b"false" => Ok(false),
        b"true" => Ok(true),
        other => match text(other)?.to_ascii_lowercase().as_str() {
            "n" | "no" | "false" | "0" => Ok(false),
            "y" | "yes" | "true" | "1" => Ok(true),
            _ => Err(GiveUp),
        },
    }
}

/// Cores that are no numbers below it have this bit and a hash.
const HASHED: u64 = 1 << (CORE_BITS - 1);
/// The core of what names no receipt.
pub(super) const NOBODY: u64 = 2 * HASHED - 1;

/// The core of a receipt's number, [`ReceiptNumber::core_number`].
///
/// Two receipts whose hashes are equal look like one with two sales, which is kept for the reconciler; only an unreported
/// sale and a receipt of the state of the same package, day and quantity could be taken for a pair, if of all receipts just
/// their hashes were equal: one time in seventy million million.
pub(super) fn core(cell: &[u8]) -> Result<u64, GiveUp> {
    const MOST_DIGITS: usize = 18;
    if !cell.is_empty() && cell.len() <= MOST_DIGITS && cell.iter().all(u8::is_ascii_digit) {
        let number = cell.iter().fold(0, |value, byte| value * 10 + u64::from(byte & 15));
        if number < HASHED {
            return Ok(number);
        }
    }
    Ok(ReceiptNumber::new(text(cell)?).core_number(CORE_BITS).min(NOBODY - 1))
}

/// Whether the core is the number itself, so that it has an order.
pub(super) const fn is_number(core: u64) -> bool {
    core & HASHED == 0
}

/// A weak hash of some cells: equal cells have equal hashes, others seldom.
pub(super) fn weak_hash(cells: &[&[u8]], more: usize) -> u64 {
    let mut hasher = FxHasher::default();
    for cell in cells {
        hasher.write_usize(cell.len());
        hasher.write(cell);
    }
    hasher.write_usize(more);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn amounts_are_those_of_the_exact_reader(text in "[0-9]{0,4}[.]?[0-9]{0,4}|[0-9]{7,9}|-?[0-9.e]{0,5}", unit in 0_usize..10) {
            let unit = Unit::ALL[unit];
            let exact = Decimal::parse(&text).ok().filter(|number| number.mantissa() >= 0);
            let exact = exact.and_then(|number| Quantity::new(number, unit).ok());
            match amount(text.as_bytes(), unit) {
                Ok(Some(thousandths)) => {
                    prop_assert_eq!(exact.map(Quantity::atoms), Some(i64::from(thousandths) * THOUSANDTH));
                }
                Ok(None) => prop_assert!(exact.is_some_and(|exact| in_thousandths(exact).is_none())),
                Err(GiveUp) => prop_assert!(exact.is_none()),
            }
        }

        #[test]
        fn pieces_are_multiplied_exactly(pieces in "[0-9]{1,3}([.][0-9]{1,3})?", of_one in 1_u32..60_000) {
            let piece = Quantity::from_atoms(i64::from(of_one) * THOUSANDTH, trueup_core::Dimension::Weight);
            let count = Quantity::new(Decimal::parse(&pieces).unwrap(), Unit::Each).unwrap();
            let exact = in_thousandths(piece.times_pieces(count).unwrap());
            prop_assert_eq!(super::pieces(pieces.as_bytes(), of_one), Ok(exact));
        }

        #[test]
        fn cores_are_equal_where_the_numbers_cores_are(a in number_text(), b in number_text()) {
            let same = ReceiptNumber::new(&a).core() == ReceiptNumber::new(&b).core();
            prop_assert_eq!(core(a.as_bytes()) == core(b.as_bytes()), same);
        }

        #[test]
        fn decimals_are_told_from_other_texts(text in "[-+0-9.eE,a]{0,14}") {
            let exact = text.is_empty() || Decimal::parse(&text).is_ok();
            prop_assert_eq!(is_optional_decimal(text.as_bytes()), exact);
        }
    }

    fn number_text() -> impl Strategy<Value = String> {
        prop_oneof!["(POS-)?0{0,3}[0-9]{1,2}", "[A-B]{1,2}", "0{0,2}[1-9][0-9]{13,20}", "[0-9]{18}"]
    }
}
