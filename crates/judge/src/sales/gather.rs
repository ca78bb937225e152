//! Gathers the lines: per sale and package in the POS, per receipt and package in the state.

use super::compare::{Naming, names};
use super::{Books, Line, PosSale, Return, StateSale};
use crate::JudgeError;
use crate::number::Exact;
use crate::read::{Receipt, Sale, Store};
use crate::time::{MINUTE, day};
use std::collections::BTreeMap;

pub(super) fn gather(store: &Store) -> Result<Books<'_>, JudgeError> {
    let mut books = Books { store, pos: pos_sales(store)?, state: state_sales(store)?, returns: vec![], voids: vec![] };
    void_rows(&mut books)?;
    return_rows(&mut books)?;
    Ok(books)
}

/// "Lines of one package are summed per sale first"; "numbers may restart by day or till".
/// "An empty `package_id` is merchandise: counted, not compared."
fn pos_sales(store: &Store) -> Result<Vec<PosSale>, JudgeError> {
    let mut sales: Vec<PosSale> = Vec::new();
    let mut places = BTreeMap::new();
    for row in store.sales.iter().filter(|row| row.kind == "sale" && !row.tag.is_empty()) {
        let amount = store.amount(&row.tag, &row.sku, row.quantity)?;
        let day = day(row.at, &store.config.zone);
        let key = (row.receipt.clone(), row.terminal.clone(), day, row.tag.clone());
        let place = *places.entry(key).or_insert(sales.len());
        if place == sales.len() {
            sales.push(PosSale {
                number: row.receipt.clone(),
                terminal: row.terminal.clone(),
                day,
                at: row.at,
                tag: row.tag.clone(),
                sku: row.sku.clone(),
                customer: row.customer.clone(),
                lines: vec![],
                voids: vec![],
                returns: vec![],
                live: vec![],
                dead: vec![],
                chosen: vec![],
                elsewhere: Exact::ZERO,
            });
        }
        if let Some(sale) = sales.get_mut(place) {
            sale.at = sale.at.min(row.at);
            sale.lines.push(Line { amount, written: row.quantity, total: row.total });
            // "A sale with `voided_at` is a sale and its void in one row."
            sale.voids.extend(row.voided_at.map(|at| (at, amount)));
        }
    }
    Ok(sales)
}

/// Lines of one package on one receipt, standing and voided ones apart.
fn state_sales(store: &Store) -> Result<Vec<StateSale>, JudgeError> {
    let mut sales: Vec<StateSale> = Vec::new();
    for receipt in &store.receipts {
        let first = sales.len();
        for line in receipt.lines.iter().filter(|line| !line.tag.is_empty()) {
            let amount = store.state_amount(&line.tag, line.quantity)?;
            let line_of = Line { amount, written: line.quantity, total: line.total };
            let same =
                |sale: &&mut StateSale| sale.tag == line.tag && sale.archived.is_some() == line.archived.is_some();
            match sales.iter_mut().skip(first).find(same) {
                Some(sale) => sale.lines.push(line_of),
                None => sales.push(StateSale {
                    tag: line.tag.clone(),
                    product: line.product.clone(),
                    archived: line.archived,
                    lines: vec![line_of],
                    ..empty_sale(receipt)
                }),
            }
        }
    }
    Ok(sales)
}

fn empty_sale(receipt: &Receipt) -> StateSale {
    StateSale {
        id: receipt.id.clone(),
        number: receipt.number.clone(),
        at: receipt.at,
        recorded: receipt.recorded,
        modified: receipt.modified,
        tag: String::new(),
        product: String::new(),
        customer: receipt.customer.clone(),
        lines: vec![],
        archived: None,
        taken: false,
    }
}

/// The sale that a later row names: its number and package, before the row, of the same till where it can be, the latest.
fn original_of(books: &Books<'_>, row: &Sale, original: &str) -> Option<usize> {
    // "a plain local time that exists twice (POS: the earlier": read so, a void of the second pass may come before its sale.
    let not_later = |sale: &PosSale| sale.at.as_nanosecond() <= row.at.as_nanosecond() + 60 * MINUTE;
    let fits = |sale: &PosSale| sale.tag == row.tag && not_later(sale) && names(original, &sale.number) != Naming::No;
    let rank = |sale: &PosSale| {
        let exact = names(original, &sale.number) == Naming::Exact;
        let till = !row.terminal.is_empty() && sale.terminal == row.terminal;
        (sale.at <= row.at, exact, till, sale.at)
    };
    let found = books.pos.iter().enumerate().filter(|(_, sale)| fits(sale));
    found.max_by_key(|(_, sale)| rank(sale)).map(|(index, _)| index)
}

fn late_row(store: &Store, row: &Sale) -> Result<Return, JudgeError> {
    Ok(Return {
        tag: row.tag.clone(),
        number: row.receipt.clone(),
        original: row.original.clone(),
        at: row.at,
        amount: store.amount(&row.tag, &row.sku, row.quantity)?,
        settled: false,
    })
}

/// "`void` (the sale `original_receipt_id` never was)"
fn void_rows(books: &mut Books<'_>) -> Result<(), JudgeError> {
    let store = books.store;
    for row in store.sales.iter().filter(|row| row.kind == "void" && !row.tag.is_empty()) {
        let void = late_row(store, row)?;
        let original = if row.original.is_empty() { &row.receipt } else { &row.original };
        match original_of(books, row, original).and_then(|place| books.pos.get_mut(place)) {
            Some(sale) => {
                // A sale is not voided twice, however often it is told.
                let already: Exact = sale.voids.iter().map(|(_, amount)| *amount).sum();
                let left = (sale.gross() - already).min(void.amount);
                if left > Exact::ZERO {
                    sale.voids.push((void.at, left));
                }
            }
            None => books.voids.push(void),
        }
    }
    Ok(())
}

/// "`return` (the goods came back, later)". A return that was itself voided never was.
fn return_rows(books: &mut Books<'_>) -> Result<(), JudgeError> {
    let store = books.store;
    let stands = |row: &&Sale| row.voided_at.is_none_or(|at| at > store.config.pos_as_of);
    for row in store.sales.iter().filter(|row| row.kind == "return" && !row.tag.is_empty()).filter(stands) {
        let back = late_row(store, row)?;
        let place = if row.original.is_empty() { None } else { original_of(books, row, &row.original) };
        match place.and_then(|place| books.pos.get_mut(place)) {
            Some(sale) => sale.returns.push(back),
            None => books.returns.push(back),
        }
    }
    Ok(())
}
