//! Splitting a correction among the SKUs of a converted package, by evidence.

use super::Measure;
use crate::shelf::Shelf;
use crate::{Amount, PackageBooks};
use std::collections::BTreeMap;
use trueup_core::{Book, Dimension, MovementKind, Quantity, Sku, Unit};

/// A SKU's part of a correction, in the SKU's unit; without a SKU, the package's.
pub(super) struct Part {
    pub sku: Option<Sku>,
    pub change: Measure,
    pub before: Measure,
    pub after: Measure,
}

/// What the POS holds of one SKU.
struct Holding {
    amount: Amount,
    per_unit: Quantity,
    unit: Unit,
}

/// Whether the evidence decides.
pub(super) fn is_decided(books: &PackageBooks, shelf: Option<&Shelf>, change: Amount) -> bool {
    allocate(books, shelf, change).is_some()
}

/// Splits `change` (in the package's measure) among the SKUs; `None` when the evidence does not decide and somebody has
/// to be asked. In order: the count, the scale, what cannot go below nothing, whole pieces, the note.
pub(super) fn allocate(books: &PackageBooks, shelf: Option<&Shelf>, change: Amount) -> Option<Vec<Part>> {
    let holdings = holdings(books);
    let mut skus = holdings.keys();
    match (skus.next(), skus.next()) {
        (None, _) => return Some(vec![whole_package(books, change)]),
        (Some(sku), None) => return part(sku, &holdings[sku], change).map(|part| vec![part]),
        _ => {}
    }
    if let Some(parts) = by_count(&holdings, shelf, change).or_else(|| by_weight(books, &holdings, change)) {
        return Some(parts);
    }
    let mut able: Vec<&Sku> = holdings.iter().filter(|(_, held)| can_take(held, change)).map(|(sku, _)| sku).collect();
    if able.len() > 1 {
        able = named_by_note(books, &holdings, &able, change);
    }
    let [sku] = able.as_slice() else { return None };
    part(sku, &holdings[*sku], change).map(|part| vec![part])
}

fn holdings(books: &PackageBooks) -> BTreeMap<Sku, Holding> {
    let mut holdings: BTreeMap<Sku, Holding> = BTreeMap::new();
    for row in books.stock() {
        let amount = Amount::of(row.quantity);
        holdings.entry(row.sku.clone()).and_modify(|held| held.amount += amount).or_insert(Holding {
            amount,
            per_unit: row.per_unit,
            unit: row.unit,
        });
    }
    holdings
}

fn whole_package(books: &PackageBooks, change: Amount) -> Part {
    let measure = |amount| Measure { amount, unit: books.unit() };
    let before = books.pos_quantity();
    Part { sku: None, change: measure(change), before: measure(before), after: measure(before + change) }
}

/// A SKU's part in its own unit; `None` if that takes a part of a piece.
fn part(sku: &Sku, held: &Holding, change: Amount) -> Option<Part> {
    Some(Part {
        sku: Some(sku.clone()),
        change: in_sku_unit(held, change)?,
        before: in_sku_unit(held, held.amount)?,
        after: in_sku_unit(held, held.amount + change)?,
    })
}

fn in_sku_unit(held: &Holding, amount: Amount) -> Option<Measure> {
    let dimension = held.per_unit.dimension();
    if held.unit != Unit::Each && held.unit.dimension() == dimension {
        return Some(Measure { amount, unit: held.unit });
    }
    let pieces = amount.sum(dimension).whole_pieces_of(held.per_unit)?;
    let atoms = pieces.checked_mul(i128::from(Unit::Each.atoms()))?;
    let pieces = Amount::of_sum(trueup_core::QuantitySum::from_atoms(atoms, Dimension::Count));
    Some(Measure { amount: pieces, unit: Unit::Each })
}

/// The SKU could give (or take) all of it: it does not fall below nothing, and pieces stay whole.
fn can_take(held: &Holding, change: Amount) -> bool {
    let stays_there = !(held.amount + change).is_negative() || !change.is_negative();
    stays_there && in_sku_unit(held, change).is_some()
}

/// The SKUs whose counts differ from the POS, if together they differ by the correction.
fn by_count(holdings: &BTreeMap<Sku, Holding>, shelf: Option<&Shelf>, change: Amount) -> Option<Vec<Part>> {
    let shelf = shelf.filter(|shelf| shelf.difference == -change)?;
    let mut parts = Vec::new();
    let mut explained = Amount::ZERO;
    for (sku, held) in holdings {
        let counts: Vec<_> = shelf.counts.iter().filter(|count| count.sku == *sku).collect();
        if counts.is_empty() {
            continue;
        }
        let counted: Amount = counts.iter().map(|count| Amount::of(count.quantity)).sum();
        let off = counted - held.amount;
        explained += off;
        if !off.is_zero() {
            parts.push(part(sku, held, off)?);
        }
    }
    (explained == change).then_some(parts)
}

/// The one SKU whose container weighs exactly the correction more or less than the POS says.
fn by_weight(books: &PackageBooks, holdings: &BTreeMap<Sku, Holding>, change: Amount) -> Option<Vec<Part>> {
    let mut found = Vec::new();
    for (sku, held) in holdings {
        let last = books.weights().iter().rfind(|weight| weight.stable && weight.sku == *sku);
        if last.is_some_and(|weight| Amount::of(weight.net) - held.amount == change) {
            found.push(part(sku, held, change)?);
        }
    }
    (found.len() == 1).then_some(found)
}

/// Of the SKUs that could take it, those whose number before-and-after stands in the note of an adjustment: "23 left".
fn named_by_note<'s>(
    books: &PackageBooks,
    holdings: &BTreeMap<Sku, Holding>,
    able: &[&'s Sku],
    change: Amount,
) -> Vec<&'s Sku> {
    let notes: Vec<&str> = books
        .movements_of(Book::State)
        .filter(|movement| {
            matches!(movement.kind, MovementKind::Adjust(_)) && Amount::of(movement.quantity.0) == change
        })
        .map(|movement| movement.note.as_str())
        .collect();
    let named = |sku: &&&Sku| {
        let held = &holdings[**sku];
        let numbers = [in_sku_unit(held, held.amount + change), in_sku_unit(held, change)];
        numbers.into_iter().flatten().any(|measure| {
            let text = measure.amount.abs().sum(measure.unit.dimension()).text(measure.unit).to_string();
            notes.iter().any(|note| {
                note.split(|c: char| !c.is_ascii_digit() && c != '.').any(|word| word.trim_end_matches('.') == text)
            })
        })
    };
    able.iter().filter(named).copied().collect()
}
