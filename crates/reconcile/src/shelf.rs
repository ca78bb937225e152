//! The third book: what was counted and weighed, brought to the moment of the snapshots, and compared with the POS.

use crate::explain::same_item;
use crate::{Amount, Cause, Evidence, Finding, PackageBooks, Settings};
use jiff::Timestamp;
use std::collections::BTreeMap;
use trueup_core::{Book, Count, Movement, MovementKind, Sku, Text, WasteClass, Weight, When};

/// A package's shelf, where every stocked room was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shelf {
    /// On the shelf when the snapshots were taken: the counts and every movement since.
    pub quantity: Amount,
    /// POS − shelf.
    pub difference: Amount,
    /// Why, as far as there is evidence besides the count.
    pub findings: Vec<Finding>,
    /// The counts of each SKU and room that decide.
    pub counts: Vec<Count>,
}

/// A place in which stock is counted: a room, and a SKU where the count names one.
type Spot<'a> = (&'a str, &'a str);

/// The shelf of a package; `None` without a count of every stocked room.
pub(crate) fn shelf(books: &PackageBooks, settings: &Settings) -> Option<Shelf> {
    let counts = latest_counts(books, settings);
    if counts.is_empty() || !every_stocked_room_is_counted(books, &counts) {
        return None;
    }
    let counted: Amount = counts.iter().map(|count| Amount::of(count.quantity)).sum();
    let last = counts.iter().map(|count| count.when.moment()).max()?;
    let quantity = counted + moved_since(books, settings, last, &counts);
    let difference = books.pos_quantity() - quantity;
    let mut findings = not_yet_moved(books, settings, &counts, last, quantity - counted);
    if !difference.is_zero() {
        findings.extend(weighing(books, &counts, difference));
    }
    let counts = counts.into_iter().cloned().collect();
    Some(Shelf { quantity, difference, findings, counts })
}

/// Of each spot the latest count, and of it the latest pass.
fn latest_counts<'a>(books: &'a PackageBooks, settings: &Settings) -> Vec<&'a Count> {
    let mut latest: BTreeMap<Spot<'a>, &Count> = BTreeMap::new();
    let known = books.counts().iter().filter(|count| settings.in_window(count.when, Book::Shelf));
    for count in known {
        let spot = (count.room.as_str(), count.sku.as_str());
        let newer = |held: &&Count| {
            if held.id == count.id { held.pass <= count.pass } else { held.when <= count.when }
        };
        if latest.get(&spot).is_none_or(newer) {
            latest.insert(spot, count);
        }
    }
    latest.into_values().collect()
}

/// A count without a SKU counts all SKUs of its room.
fn every_stocked_room_is_counted(books: &PackageBooks, counts: &[&Count]) -> bool {
    let covers =
        |count: &&&Count, room: &Text, sku: &Sku| count.room == *room && (count.sku.is_empty() || count.sku == *sku);
    let mut stocked = books.stock().iter().filter(|row| !row.quantity.is_zero());
    stocked.all(|row| counts.iter().any(|count| covers(&count, &row.room, &row.sku)))
}

/// What the POS moved between the counts and its snapshot. A movement in a room counts from that room's count on; a
/// sale names no room and counts from the last count on.
fn moved_since(books: &PackageBooks, settings: &Settings, last: Timestamp, counts: &[&Count]) -> Amount {
    let counted_at = |sku: &Sku| {
        let of_sku: Vec<Timestamp> =
            counts.iter().filter(|count| count.sku == *sku).map(|count| count.when.moment()).collect();
        of_sku.into_iter().max().unwrap_or(last)
    };
    let mut moved = Amount::ZERO;
    for movement in books.movements_of(Book::Pos) {
        if settings.after_snapshot(movement.when, Book::Pos) {
            continue;
        }
        let since = counted_at(&movement.sku);
        let happened = movement.when.moment() > since;
        if happened && moves_goods(&movement.kind) {
            moved += Amount::of(movement.quantity.0);
        }
        if let Some(voided) = voided_at(movement).filter(|when| !settings.after_snapshot(*when, Book::Pos))
            && voided.moment() > since
        {
            moved -= Amount::of(movement.quantity.0);
        }
    }
    moved
}

/// A correction, or an adjustment that is no waste, moves the book to what is there; the goods stay where they are.
const fn moves_goods(kind: &MovementKind) -> bool {
    !matches!(
        kind,
        MovementKind::Move { .. } | MovementKind::Correction { .. } | MovementKind::Adjust(WasteClass::Other)
    )
}

fn voided_at(movement: &Movement) -> Option<When> {
    match &movement.kind {
        MovementKind::Sale(line) => line.voided,
        _ => None,
    }
}

fn count_evidence(count: &Count) -> Evidence {
    Evidence {
        at: Some(count.when),
        book: Book::Shelf,
        kind: "count",
        reference: count.id.clone(),
        line: count.room.clone(),
        quantity: Amount::of(count.quantity),
        by: count.by.clone(),
    }
}

/// Stock that the POS moved from one room to another lies in the first still: the two rooms' counts are off by as much,
/// oppositely. What was `sold_since` the counts names no room: it may have left either of the two.
fn not_yet_moved(
    books: &PackageBooks,
    settings: &Settings,
    counts: &[&Count],
    last: Timestamp,
    sold_since: Amount,
) -> Vec<Finding> {
    let off_by = |room: &Text| -> Amount {
        let in_pos: Amount =
            books.stock().iter().filter(|row| row.room == *room).map(|row| Amount::of(row.quantity)).sum();
        let counted: Amount =
            counts.iter().filter(|count| count.room == *room).map(|count| Amount::of(count.quantity)).sum();
        in_pos - counted
    };
    let mut findings = Vec::new();
    for movement in books.movements_of(Book::Pos) {
        let MovementKind::Move { from, to } = &movement.kind else { continue };
        let before_count = movement.when.moment() <= last && settings.in_window(movement.when, Book::Pos);
        let moved = Amount::of(movement.quantity.0).abs();
        let (off_from, off_to) = (off_by(from), off_by(to));
        let oppositely = off_to == moved && off_from == -moved;
        let but_for_sales = off_from + off_to == sold_since && (off_from == -moved || off_to == moved);
        if before_count && !moved.is_zero() && (oppositely || but_for_sales) {
            let of_rooms = counts.iter().filter(|count| count.room == *from || count.room == *to);
            let mut records: Vec<Evidence> = of_rooms.map(|count| count_evidence(count)).collect();
            records.push(Evidence {
                at: Some(movement.when),
                book: Book::Pos,
                kind: "move",
                reference: movement.reference.clone(),
                line: movement.line.clone(),
                quantity: moved,
                by: movement.by.clone(),
            });
            // Within one package nothing is missing: the amount is in the evidence, the share is nothing.
            findings.push(Finding::new(Cause::NotYetMoved, Amount::ZERO, 850, records));
        }
    }
    findings
}

fn weight_evidence(weight: &Weight) -> Evidence {
    Evidence {
        at: Some(When::Instant(weight.at)),
        book: Book::Shelf,
        kind: "weight",
        reference: weight.device.clone(),
        line: Text::new(weight.sku.as_str()),
        quantity: Amount::of(weight.net),
        by: Text::default(),
    }
}

/// Moisture dries out slowly: at most this part of what was there (in hundredths) is taken for it.
const MOISTURE_PERCENT: i128 = 5;

/// What stable weights say about a gap that the count shows.
fn weighing(books: &PackageBooks, counts: &[&Count], difference: Amount) -> Vec<Finding> {
    let [count] = counts else { return Vec::new() };
    let undisturbed = |from: Timestamp, to: Timestamp| {
        !books.movements_of(Book::Pos).any(|movement| {
            let at = movement.when.moment();
            from < at && at <= to
        })
    };
    let stable: Vec<&Weight> = books.weights().iter().filter(|weight| weight.stable).collect();
    let (first, last) = match stable.as_slice() {
        [] => return Vec::new(),
        [only] => (*only, *only),
        [first, .., last] => (*first, *last),
    };
    let counted_at = count.when.moment();
    // A scale that was used for the count says less than the POS, another reading right after says what the POS says.
    let agrees_with_pos = Amount::of(last.net) == books.pos_quantity();
    if agrees_with_pos && last.at >= counted_at && undisturbed(counted_at, last.at) {
        let records = vec![count_evidence(count), weight_evidence(last)];
        return vec![Finding::new(Cause::ScaleError, difference, 800, records)];
    }
    let lost = Amount::of(first.net) - Amount::of(last.net);
    let slowly = lost.atoms().saturating_mul(100) <= Amount::of(first.net).atoms().saturating_mul(MOISTURE_PERCENT);
    let dried = lost.is_positive() && slowly && lost == difference && undisturbed(first.at, last.at);
    let weighs = books.dimension() == trueup_core::Dimension::Weight;
    if dried && weighs && first.at < last.at {
        let records = vec![weight_evidence(first), weight_evidence(last), count_evidence(count)];
        return vec![Finding::new(Cause::MoistureLoss, difference, 800, records)];
    }
    Vec::new()
}

/// The item by which a package's shelf may be off oppositely to another's.
pub(crate) fn item_key(books: &PackageBooks, shelf: Option<&Shelf>) -> Option<String> {
    let off = shelf.is_some_and(|shelf| !open_difference(shelf).is_zero());
    let item: String = books.item().chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    (off && !item.is_empty()).then_some(item)
}

/// POS − shelf without what is explained already.
pub(crate) fn open_difference(shelf: &Shelf) -> Amount {
    shelf.difference - shelf.findings.iter().map(|finding| finding.amount).sum::<Amount>()
}

/// Two packages of one item whose counts are off by as much, oppositely: sold from the one, taken from the other.
/// Pairs in tag order; a third of the same amount stays unexplained.
pub(crate) fn pair_packages(shelves: &mut [(&PackageBooks, &mut Shelf)]) {
    for first in 0..shelves.len() {
        let (before, rest) = shelves.split_at_mut(first + 1);
        let Some((books, shelf)) = before.last_mut() else { continue };
        let open = open_difference(shelf);
        if open.is_zero() || books.item().is_empty() {
            continue;
        }
        let other = rest.iter_mut().find(|(other_books, other)| {
            open_difference(other) == -open
                && other_books.dimension() == books.dimension()
                && same_item(books.item(), other_books.item())
        });
        let Some((_, other)) = other else { continue };
        let records: Vec<Evidence> = shelf.counts.iter().chain(&other.counts).map(count_evidence).collect();
        shelf.findings.push(Finding::new(Cause::SoldFromOtherPackage, open, 800, records.clone()));
        other.findings.push(Finding::new(Cause::SoldFromOtherPackage, -open, 800, records));
    }
}
