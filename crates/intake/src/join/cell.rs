//! Reading other cells of millions of rows: the usual forms by hand, every other by the readers of single rows.

use super::GiveUp;
use rustc_hash::FxHasher;
use std::hash::{DefaultHasher, Hasher};
use trueup_core::{Decimal, Dimension, Quantity, ReceiptNumber, Unit};

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

/// A quantity in thousandths, if it is a small whole number of them.
pub(super) fn in_thousandths(quantity: Quantity) -> Option<u32> {
    let is_whole = quantity.atoms() % THOUSANDTH == 0;
    u32::try_from(quantity.atoms() / THOUSANDTH).ok().filter(|thousandths| is_whole && *thousandths < LARGEST)
}

/// Beyond this many thousandths the upper bits of a record begin.
const LARGEST: u32 = (1 << 30) - 1;

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
    value.checked_mul(*factor).filter(|value| *value < LARGEST)
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

/// Cores that are no numbers of up to 18 digits have this bit and a hash.
const HASHED: u64 = 1 << 63;
/// The core of what names no receipt.
pub(super) const NOBODY: u64 = u64::MAX;

/// The core of a receipt's number, [`ReceiptNumber::core`], as 64 bits: the number itself, or 63 bits of SipHash.
///
/// Two receipts of one package whose hashes were equal would be looked at as one; that is less likely than a fault of the
/// memory.
pub(super) fn core(cell: &[u8]) -> Result<u64, GiveUp> {
    const USUAL: usize = 18;
    let usual = !cell.is_empty() && cell.len() <= USUAL;
    if usual && cell.iter().all(u8::is_ascii_digit) {
        return Ok(cell.iter().fold(0, |value, byte| value * 10 + u64::from(byte & 15)));
    }
    let number = ReceiptNumber::new(text(cell)?);
    let core = number.core().as_bytes();
    if !core.is_empty() && core.len() <= USUAL && core.iter().all(u8::is_ascii_digit) {
        return Ok(core.iter().fold(0, |value, byte| value * 10 + u64::from(byte & 15)));
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(core);
    Ok((hasher.finish() | HASHED).min(NOBODY - 1))
}

/// Whether the core is the number itself, so that it has an order.
pub(super) const fn is_number(core: u64) -> bool {
    core & HASHED == 0
}

/// A weak hash of some cells: equal cells have equal hashes, others seldom.
pub(super) fn weak_hash(cells: &[&[u8]], more: u64) -> u64 {
    let mut hasher = FxHasher::default();
    for cell in cells {
        hasher.write_usize(cell.len());
        hasher.write(cell);
    }
    hasher.write_u64(more);
    hasher.finish()
}

/// The bit of a dimension in a set of them.
pub(super) const fn dimension_bit(dimension: Dimension) -> u8 {
    match dimension {
        Dimension::Count => 1,
        Dimension::Weight => 2,
        Dimension::Volume => 4,
    }
}
