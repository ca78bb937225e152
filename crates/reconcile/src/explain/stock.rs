//! Receiving, sending out, converting and making packages, and what the two records of a package say differently.

use super::{Draft, Making, evidence};
use crate::{Amount, Cause, Evidence, Finding, PackageBooks};
use trueup_core::{
    Book, Movement, MovementKind, PackageStatus, PackageTag, StatePackage, Text, TransferRow, TransferState, When,
};

/// Explains what happened to the package's stock besides sales and adjustments.
pub(super) fn explain(draft: &mut Draft<'_>) {
    receiving(draft);
    sending_out(draft);
    conversions(draft);
    makings(draft);
    flags(draft);
}

/// A package that the state made here from other packages, rather than took in from a manifest.
pub(crate) fn is_made_here(package: &StatePackage) -> bool {
    !package.sources.is_empty() && package.received.is_none() && package.manifest.is_empty()
}

fn in_window<'a>(draft: &Draft<'a>, book: Book) -> impl Iterator<Item = &'a Movement> {
    let settings = draft.settings;
    draft.books.movements_of(book).filter(move |movement| settings.in_window(movement.when, book))
}

/// What a book held when the window began, as far as its movements tell: on hand less everything since.
pub(crate) fn opening(books: &PackageBooks, settings: &crate::Settings, book: Book) -> Amount {
    let moved: Amount = books
        .movements_of(book)
        .filter(|movement| settings.in_window(movement.when, book))
        .map(|movement| change(movement, settings))
        .sum::<Amount>()
        + books.settled(book);
    match book {
        Book::State => books.state_quantity() - moved,
        Book::Pos | Book::Shelf => books.pos_quantity() - moved,
    }
}

/// What a movement changed in its book's snapshot.
fn change(movement: &Movement, settings: &crate::Settings) -> Amount {
    match &movement.kind {
        MovementKind::Move { .. } | MovementKind::Finish | MovementKind::Unfinish => Amount::ZERO,
        MovementKind::Sale(line) if line.voided.is_some_and(|when| !settings.after_snapshot(when, movement.book)) => {
            Amount::ZERO
        }
        _ => Amount::of(movement.quantity.0),
    }
}

/// What the state says it took in within the window.
struct StateReceiving {
    amount: Amount,
    when: When,
    record: Evidence,
}

fn state_receiving(draft: &Draft<'_>) -> Option<StateReceiving> {
    let package = draft.books.state();
    let accepted =
        draft.books.transfers().iter().rev().find(|row| !row.outgoing && row.state == TransferState::Accepted);
    let when = package.and_then(|package| package.received).or_else(|| accepted?.when)?;
    if !draft.settings.in_window(when, Book::State) {
        return None;
    }
    let of_package = |package: &StatePackage| package.original.unwrap_or(package.quantity);
    let quantity = accepted.and_then(|row| row.received.or(row.shipped)).or_else(|| package.map(of_package))?;
    let manifest = accepted
        .map(|row| &row.manifest)
        .filter(|manifest| !manifest.is_empty())
        .or_else(|| package.map(|package| &package.manifest))
        .cloned()
        .unwrap_or_default();
    let amount = Amount::of(quantity);
    let record = Evidence {
        at: Some(when),
        book: Book::State,
        kind: "receive",
        reference: manifest,
        line: Text::default(),
        quantity: amount,
        by: Text::default(),
    };
    Some(StateReceiving { amount, when, record })
}

fn receiving(draft: &mut Draft<'_>) {
    let made_here = draft.books.state().is_some_and(is_made_here);
    let rows: Vec<&Movement> =
        in_window(draft, Book::Pos).filter(|movement| matches!(movement.kind, MovementKind::Receive)).collect();
    let total: Amount = rows.iter().map(|row| Amount::of(row.quantity.0)).sum();
    let records: Vec<Evidence> = rows.iter().map(|row| evidence(row, "receive", Amount::of(row.quantity.0))).collect();
    if made_here {
        // The product of a repackaging in the state comes into the POS as a receipt; linking settles it.
        let package = draft.books.package();
        for (row, record) in rows.iter().zip(records) {
            draft.makings.push(making(row, record, Some(package), true));
        }
        return;
    }
    match state_receiving(draft) {
        Some(theirs) if rows.is_empty() => received_only_in_state(draft, theirs),
        Some(theirs) => received_on_both(draft, &rows, records, total, theirs),
        None if !rows.is_empty() => received_only_in_pos(draft, &rows, records, total),
        None => {}
    }
}

fn received_only_in_state(draft: &mut Draft<'_>, theirs: StateReceiving) {
    // A POS that holds stock of it, or sold some, took it in without writing it down; then only a rest can differ.
    if !opening(draft.books, draft.settings, Book::Pos).is_zero() || theirs.amount.is_zero() {
        return;
    }
    let mut finding = Finding::new(Cause::ReceivedOnlyInState, -theirs.amount, 970, vec![theirs.record]);
    finding.in_flight = draft.settings.in_flight(theirs.when, Book::Pos);
    draft.findings.push(finding);
}

fn received_on_both(
    draft: &mut Draft<'_>,
    rows: &[&Movement],
    mut records: Vec<Evidence>,
    total: Amount,
    theirs: StateReceiving,
) {
    let difference = total - theirs.amount;
    if difference.is_zero() {
        return;
    }
    let written =
        draft.books.state().filter(|package| package.original.is_some_and(|q| Amount::of(q) == theirs.amount));
    let other_unit = match (rows, written) {
        ([row], Some(package)) => {
            row.unit != package.unit
                && package.original == Some(package.quantity)
                && row.number.0.same_value(package.number)
        }
        _ => false,
    };
    let cause = if other_unit { Cause::UnitMismatch } else { Cause::ReceivedQuantityDiffers };
    records.push(theirs.record);
    draft.findings.push(Finding::new(cause, difference, 970, records));
}

fn received_only_in_pos(draft: &mut Draft<'_>, rows: &[&Movement], records: Vec<Evidence>, total: Amount) {
    // The state held it when the window began, or its files do not say when it came: then nothing is missing there.
    let theirs = opening(draft.books, draft.settings, Book::State);
    let already_in_pos = opening(draft.books, draft.settings, Book::Pos);
    if !total.is_zero() && theirs - already_in_pos == total {
        return;
    }
    let mut finding = Finding::new(Cause::ReceivedOnlyInPos, total, 960, records);
    finding.in_flight = rows.iter().all(|row| draft.settings.in_flight(row.when, Book::State));
    draft.findings.push(finding);
}

fn sending_out(draft: &mut Draft<'_>) {
    let mut theirs: Vec<(&TransferRow, Amount)> = draft
        .books
        .transfers()
        .iter()
        .filter(|row| row.outgoing && matches!(row.state, TransferState::Shipped | TransferState::Accepted))
        .filter_map(|row| Some((row, Amount::of(row.shipped.or(row.received)?))))
        .collect();
    for row in draft.books.movements_of(Book::Pos) {
        if !matches!(row.kind, MovementKind::TransferOut) {
            continue;
        }
        let amount = Amount::of(row.quantity.0);
        if let Some(place) = theirs.iter().position(|(_, sent)| *sent == -amount) {
            theirs.remove(place);
        } else if draft.settings.in_window(row.when, Book::Pos) {
            let mut finding =
                Finding::new(Cause::TransferOutOnlyInPos, amount, 930, vec![evidence(row, "transfer out", amount)]);
            finding.in_flight = draft.settings.in_flight(row.when, Book::State);
            // Outgoing manifests are seldom among the files: if the state's balance fell as much, it has it.
            draft.decided_by_balance.push(draft.findings.len());
            draft.findings.push(finding);
        }
    }
    for (row, sent) in theirs {
        let happened = row.when.is_none_or(|when| draft.settings.in_window(when, Book::State));
        if happened {
            let record = Evidence {
                at: row.when,
                book: Book::State,
                kind: "transfer out",
                reference: row.manifest.clone(),
                line: Text::default(),
                quantity: -sent,
                by: Text::default(),
            };
            draft.findings.push(Finding::new(Cause::TransferOutOnlyInState, sent, 950, vec![record]));
        }
    }
}

/// Conversions between SKUs of one package must conserve its quantity.
fn conversions(draft: &mut Draft<'_>) {
    let mut events: Vec<(&Text, Vec<&Movement>)> = Vec::new();
    for row in in_window(draft, Book::Pos).filter(|row| matches!(row.kind, MovementKind::Convert)) {
        match events.iter_mut().find(|(event, _)| *event == row.reference) {
            Some((_, rows)) => rows.push(row),
            None => events.push((&row.reference, vec![row])),
        }
    }
    for (_, rows) in events {
        let gained: Amount = rows.iter().map(|row| Amount::of(row.quantity.0)).sum();
        if !gained.is_zero() {
            let records = rows.iter().map(|row| evidence(row, "convert", Amount::of(row.quantity.0))).collect();
            draft.findings.push(Finding::new(Cause::ConversionUnbalanced, gained, 970, records));
        }
    }
}

fn makings(draft: &mut Draft<'_>) {
    let package = draft.books.package();
    for row in draft.books.movements_of(Book::Pos) {
        let MovementKind::Repackage { product } = row.kind else { continue };
        let amount = Amount::of(row.quantity.0);
        let product = product.or_else(|| amount.is_positive().then_some(package));
        draft.makings.push(making(row, evidence(row, "repackage", amount), product, false));
    }
}

fn making(row: &Movement, record: Evidence, product: Option<PackageTag>, is_receipt: bool) -> Making {
    Making {
        amount: Amount::of(row.quantity.0),
        product,
        event: row.reference.clone(),
        when: row.when,
        evidence: record,
        is_receipt,
    }
}

/// What the two records of the package say differently without moving stock.
fn flags(draft: &mut Draft<'_>) {
    let Some(package) = draft.books.state() else { return };
    let books = draft.books;
    let stocked = !books.pos_quantity().is_zero();
    let last_finish = books
        .movements_of(Book::Pos)
        .filter(|movement| matches!(movement.kind, MovementKind::Finish | MovementKind::Unfinish))
        .last()
        .is_some_and(|movement| matches!(movement.kind, MovementKind::Finish));
    let finished_in_pos = last_finish || books.stock().iter().any(|row| row.status == Some(PackageStatus::Finished));
    let in_stock_in_state = !books.state_quantity().is_zero();
    let differs = [
        (package.finished && stocked, Cause::FinishedInState),
        (finished_in_pos && !package.finished && in_stock_in_state, Cause::FinishedOnlyInPos),
        (room_differs(draft, package), Cause::RoomDiffers),
        (hold_differs(books, package), Cause::HoldDiffers),
        (item_differs(books, package), Cause::ItemDiffers),
    ];
    for (_, cause) in differs.into_iter().filter(|(differs, _)| *differs) {
        let record = |book, quantity| Evidence {
            at: None,
            book,
            kind: "package",
            reference: Text::new(package.package.to_string()),
            line: Text::default(),
            quantity,
            by: Text::default(),
        };
        let records = vec![record(Book::Pos, books.pos_quantity()), record(Book::State, books.state_quantity())];
        draft.findings.push(Finding::new(cause, Amount::ZERO, 990, records));
    }
}

/// The state has one location for a whole package: it differs if no mapped room with stock is that location.
fn room_differs(draft: &Draft<'_>, package: &StatePackage) -> bool {
    let rooms = &draft.settings.rooms;
    let mut mapped = draft
        .books
        .stock()
        .iter()
        .filter(|row| !row.quantity.is_zero())
        .filter_map(|row| rooms.get(&row.room))
        .peekable();
    mapped.peek().is_some() && !package.location.is_empty() && mapped.all(|location| *location != package.location)
}

fn hold_differs(books: &PackageBooks, package: &StatePackage) -> bool {
    let mut statuses = books
        .stock()
        .iter()
        .filter_map(|row| row.status)
        .filter(|status| matches!(status, PackageStatus::Active | PackageStatus::Held))
        .peekable();
    let Some(held) = package.held.filter(|_| statuses.peek().is_some()) else { return false };
    statuses.any(|status| status == PackageStatus::Held) != held
}

/// Names compare by their letters and digits; a package of several SKUs has several names, of which one must fit.
fn item_differs(books: &PackageBooks, package: &StatePackage) -> bool {
    let mut names =
        books.stock().iter().map(|row| row.product_name.as_str()).filter(|name| !name.is_empty()).peekable();
    names.peek().is_some() && !package.item.is_empty() && !names.any(|name| same_item(name, &package.item))
}

/// Whether two names are one item: equal by their letters and digits.
pub(crate) fn same_item(a: &str, b: &str) -> bool {
    let key =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    key(a) == key(b)
}
