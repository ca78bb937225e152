//! The shelf: counts, and what moved since.

use crate::JudgeError;
use crate::balance::Balances;
use crate::conclude::ShelfVerdict;
use crate::number::Exact;
use crate::read::{Count, Movement, Store, plain};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The shelf's verdict on every package that was counted.
pub(crate) fn judge(store: &Store, balances: &Balances) -> Result<BTreeMap<String, ShelfVerdict>, JudgeError> {
    let mut verdicts = BTreeMap::new();
    let tags: BTreeSet<&String> = store.counts.iter().map(|count| &count.tag).filter(|tag| !tag.is_empty()).collect();
    for tag in tags {
        let counts = latest(store, tag);
        if counts.is_empty() || !every_stocked_room(store, tag, &counts) {
            continue;
        }
        let shelf = on_shelf(store, tag, &counts)?;
        let difference = balances.pos(tag) - shelf;
        let mut causes = BTreeMap::new();
        let mut rest = difference;
        if let Some((cause, share)) = alone(store, tag, &counts, rest, balances.pos(tag), shelf)? {
            causes.insert(cause.to_owned(), share);
            rest = rest - share;
        }
        if moved_in_the_books_only(store, tag, &counts, shelf)? {
            causes.insert("not_yet_moved".to_owned(), Exact::ZERO);
        }
        verdicts.insert(tag.clone(), ShelfVerdict { shelf, difference, causes, unexplained: rest });
    }
    sold_from_other_package(store, &mut verdicts);
    Ok(verdicts)
}

/// "the latest pass": of each SKU and room the last count by the time of the snapshot.
fn latest<'a>(store: &'a Store, tag: &str) -> Vec<&'a Count> {
    let mut last: BTreeMap<(&str, String), &Count> = BTreeMap::new();
    for count in store.counts.iter().filter(|count| count.tag == tag) {
        if count.at < store.config.window_start || count.at > store.config.pos_as_of {
            continue;
        }
        let known = last.entry((count.sku.as_str(), plain(&count.room))).or_insert(count);
        if (count.at, count.pass) >= (known.at, known.pass) {
            *known = count;
        }
    }
    last.into_values().collect()
}

/// "With a count of every stocked room"
fn every_stocked_room(store: &Store, tag: &str, counts: &[&Count]) -> bool {
    let counted = |sku: &str, room: &str| {
        counts.iter().any(|count| (count.sku == sku || count.sku.is_empty()) && plain(&count.room) == plain(room))
    };
    let stocked = store.inventory.iter().filter(|row| row.tag == tag && row.quantity.number != 0);
    stocked.into_iter().all(|row| counted(&row.sku, &row.room))
}

/// "`shelf` at `as_of` (count plus movements since; the latest pass)"
fn on_shelf(store: &Store, tag: &str, counts: &[&Count]) -> Result<Exact, JudgeError> {
    let mut shelf = Exact::ZERO;
    for count in counts {
        shelf += store.amount(tag, &count.sku, count.quantity)?;
    }
    let since =
        |sku: &str| counts.iter().filter(|count| count.sku == sku || count.sku.is_empty()).map(|count| count.at).max();
    let any = counts.iter().map(|count| count.at).max();
    shelf += sold_since(store, tag, |sku| since(sku).or(any))?;
    shelf += moved_since(store, tag, counts, |sku| since(sku).or(any))?;
    Ok(shelf)
}

/// Sales, returns and voids after the count.
fn sold_since(store: &Store, tag: &str, since: impl Fn(&str) -> Option<Timestamp>) -> Result<Exact, JudgeError> {
    let mut sum = Exact::ZERO;
    for row in store.sales.iter().filter(|row| row.tag == tag) {
        let amount = store.amount(tag, &row.sku, row.quantity)?;
        let later = |at: Timestamp| since(&row.sku).is_some_and(|count| at > count) && at <= store.config.pos_as_of;
        let gone = row.kind == "sale";
        if later(row.at) {
            sum += if gone { -amount } else { amount };
        }
        if row.voided_at.is_some_and(later) {
            sum += if gone { amount } else { -amount };
        }
    }
    Ok(sum)
}

/// Other movements after the count. A correction changes a book, not the shelf.
fn moved_since(
    store: &Store,
    tag: &str,
    counts: &[&Count],
    since: impl Fn(&str) -> Option<Timestamp>,
) -> Result<Exact, JudgeError> {
    let mut sum = Exact::ZERO;
    for row in store.movements.iter().filter(|row| row.tag == tag && row.kind != "correction") {
        let later = since(&row.sku).is_some_and(|count| row.at > count) && row.at <= store.config.pos_as_of;
        if later {
            let amount = store.amount(tag, &row.sku, row.delta)?;
            sum += if row.kind == "move" { between_rooms(row, amount, counts) } else { amount };
        }
    }
    Ok(sum)
}

/// A move brings goods into the counted rooms, or out of them.
fn between_rooms(row: &Movement, amount: Exact, counts: &[&Count]) -> Exact {
    let counted = |room: &str| counts.iter().any(|count| plain(&count.room) == plain(room));
    let amount = Exact(amount.size());
    match (counted(&row.from_room), counted(&row.to_room)) {
        (true, false) => -amount,
        (false, true) => amount,
        _ => Exact::ZERO,
    }
}

/// A cause within the one package: goods not yet moved, moisture, or the scale.
fn alone(
    store: &Store,
    tag: &str,
    counts: &[&Count],
    rest: Exact,
    pos: Exact,
    shelf: Exact,
) -> Result<Option<(&'static str, Exact)>, JudgeError> {
    if rest.is_zero() {
        return Ok(None);
    }
    if not_yet_moved(store, tag, counts, rest)? {
        return Ok(Some(("not_yet_moved", rest)));
    }
    Ok(weighed(store, tag, rest, pos, shelf).map(|cause| (cause, rest)))
}

/// `not_yet_moved`: the books moved the goods into a counted room, and they still stand in one that was not counted.
fn not_yet_moved(store: &Store, tag: &str, counts: &[&Count], rest: Exact) -> Result<bool, JudgeError> {
    for row in store.movements.iter().filter(|row| row.tag == tag && row.kind == "move") {
        let count = counts.iter().find(|count| plain(&count.room) == plain(&row.to_room));
        let origin = counts.iter().any(|count| plain(&count.room) == plain(&row.from_room));
        let before = count.is_some_and(|count| row.at <= count.at) && row.at >= store.config.window_start;
        if before && !origin && store.amount(tag, &row.sku, row.delta)?.size() == rest.0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Both rooms of a move were counted, and one has too much what the other lacks: within the package nothing is missing.
/// What was sold since the counts may have left either room.
fn moved_in_the_books_only(store: &Store, tag: &str, counts: &[&Count], shelf: Exact) -> Result<bool, JudgeError> {
    let mut counted = Exact::ZERO;
    for count in counts {
        counted += store.amount(tag, &count.sku, count.quantity)?;
    }
    for row in store.movements.iter().filter(|row| row.tag == tag && row.kind == "move") {
        let of = |room: &str| counts.iter().find(|count| plain(&count.room) == plain(room));
        let (Some(from), Some(to)) = (of(&row.from_room), of(&row.to_room)) else { continue };
        if row.at > from.at || row.at > to.at || row.at < store.config.window_start {
            continue;
        }
        let moved = Exact(store.amount(tag, &row.sku, row.delta)?.size());
        let (off_from, off_to) = (off(store, tag, counts, &row.from_room)?, off(store, tag, counts, &row.to_room)?);
        let exactly = off_from == -moved && off_to == moved;
        let but_for_sales = off_from + off_to == shelf - counted && (off_from == -moved || off_to == moved);
        if !moved.is_zero() && (exactly || but_for_sales) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the POS has in a room more than was counted there.
fn off(store: &Store, tag: &str, counts: &[&Count], room: &str) -> Result<Exact, JudgeError> {
    let mut sum = Exact::ZERO;
    for row in store.inventory.iter().filter(|row| row.tag == tag && plain(&row.room) == plain(room)) {
        sum += store.amount(tag, &row.sku, row.quantity)?;
    }
    for count in counts.iter().filter(|count| plain(&count.room) == plain(room)) {
        sum = sum - store.amount(tag, &count.sku, count.quantity)?;
    }
    Ok(sum)
}

/// "`moisture_loss`, `scale_error` (only with weights)"
///
/// Moisture: stable readings fell, with no movement between, by what the shelf is short. Scale: a stable reading shows what
/// the POS says, so the count's own scale is at fault.
fn weighed(store: &Store, tag: &str, rest: Exact, pos: Exact, shelf: Exact) -> Option<&'static str> {
    let mut readings: Vec<(Timestamp, Exact)> = Vec::new();
    for weight in store.weights.iter().filter(|weight| weight.tag == tag && weight.at <= store.config.pos_as_of) {
        if store.dimension(tag) == Some(weight.net.unit.dimension()) {
            readings.push((weight.at, weight.net.base()?));
        }
    }
    readings.sort();
    let (first, last) = (readings.first()?, readings.last()?);
    let sold = store.sales.iter().filter(|row| row.tag == tag).map(|row| row.at);
    let moved = store.movements.iter().filter(|row| row.tag == tag && row.kind != "move").map(|row| row.at);
    let quiet = |from: Timestamp, to: Timestamp| sold.clone().chain(moved.clone()).all(|at| at <= from || at > to);
    if rest > Exact::ZERO && last.1 == shelf && first.1 - last.1 == rest && quiet(first.0, last.0) {
        return Some("moisture_loss");
    }
    if last.1 == pos && quiet(last.0, store.config.pos_as_of) {
        return Some("scale_error");
    }
    None
}

/// `sold_from_other_package`: "counts of two packages of one item differ oppositely"
fn sold_from_other_package(store: &Store, verdicts: &mut BTreeMap<String, ShelfVerdict>) {
    let tags: Vec<String> = verdicts.keys().cloned().collect();
    for (place, first) in tags.iter().enumerate() {
        for second in tags.iter().skip(place + 1) {
            let rest = |tag: &String| verdicts.get(tag).map(|verdict| verdict.unexplained).unwrap_or_default();
            let amount = rest(first);
            if amount.is_zero() || rest(second) != -amount || !one_item(store, first, second) {
                continue;
            }
            for (tag, share) in [(first, amount), (second, -amount)] {
                if let Some(verdict) = verdicts.get_mut(tag) {
                    verdict.causes.insert("sold_from_other_package".to_owned(), share);
                    verdict.unexplained = Exact::ZERO;
                }
            }
        }
    }
}

fn one_item(store: &Store, first: &str, second: &str) -> bool {
    match (store.item(first), store.item(second)) {
        (Some(a), Some(b)) => a == b,
        _ => store.skus(first).intersection(&store.skus(second)).next().is_some(),
    }
}
