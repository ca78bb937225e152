//! `trueup reconcile --explain TAG`: the life of one package in both books, and where they parted.

use std::fmt::Write;
use trueup_answer::{Answer, records_of, step_text};
use trueup_core::{Book, Movement, MovementKind, StatePackage, Text, Unit, When};
use trueup_reconcile::{Amount, Cause, Discrepancy, Evidence, PackageBooks};

/// One change in one book.
struct Event {
    when: When,
    book: Book,
    what: String,
    change: Amount,
    /// What names its record in evidence: reference and line.
    record: (Text, Text),
}

impl Event {
    /// The cause whose evidence names this very record.
    fn cause(&self, found: Option<&Discrepancy>) -> Option<Cause> {
        let names = |record: &Evidence| {
            record.book == self.book
                && record.at == Some(self.when)
                && (&record.reference, &record.line) == (&self.record.0, &self.record.1)
        };
        let mut shares = found?.causes.iter();
        shares.find(|share| share.evidence.iter().any(names)).map(|share| share.cause)
    }
}

/// The story as text.
pub(crate) fn story(books: &PackageBooks, answer: &Answer<'_>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} {}", books.package(), books.item());
    let found = answer.outcome.discrepancies.iter().find(|found| found.package == books.package());
    timeline(&mut text, books, answer, found);
    let _ = writeln!(text);
    let Some(found) = found.and_then(|found| records_of(answer, std::slice::from_ref(found)).pop()) else {
        let unit = books.unit();
        let _ = writeln!(text, "The books agree at {} {unit}.", number(books.state_quantity(), unit));
        return text;
    };
    let _ = writeln!(text, "POS {}, state {}, difference {} {}", found.pos, found.state, found.difference, found.unit);
    for cause in &found.causes {
        let _ = writeln!(text, "   {:>10}  {}", cause.quantity, plain(&cause.cause));
    }
    if found.unexplained != "0" {
        let _ = writeln!(text, "   {:>10}  nothing explains it", found.unexplained);
    }
    if found.in_flight != "0" {
        let _ = writeln!(text, "   {:>10}  on the way, not counted above", found.in_flight);
    }
    if let (Some(shelf), Some(difference)) = (&found.shelf, &found.shelf_difference) {
        let _ = writeln!(text, "Shelf {shelf}, difference to the POS {difference}");
    }
    let _ = writeln!(text, "What to do:");
    for (place, step) in found.plan.iter().enumerate() {
        let _ = writeln!(text, "   {}. {}", place + 1, step_text(step));
    }
    text
}

fn plain(name: &str) -> &str {
    trueup_reconcile::Cause::ALL.iter().find(|cause| cause.name() == name).map_or(name, |cause| cause.plain())
}

fn number(amount: Amount, unit: Unit) -> String {
    amount.sum(unit.dimension()).text(unit).to_string()
}

fn timeline(text: &mut String, books: &PackageBooks, answer: &Answer<'_>, found: Option<&Discrepancy>) {
    let settings = answer.settings;
    let unit = books.unit();
    let mut events = events(books);
    events.retain(|event| settings.in_window(event.when, event.book));
    events.sort_by(|a, b| (a.when.moment(), a.book, &a.what).cmp(&(b.when.moment(), b.book, &b.what)));
    let moved = |book: Book| events.iter().filter(|event| event.book == book).map(|event| event.change).sum::<Amount>();
    let mut pos = books.pos_quantity() - moved(Book::Pos);
    let mut state = books.state_quantity() - moved(Book::State);
    let _ = writeln!(text, "{:<16} {:>12} {:>12} {:>12}   ", "", "POS", "state", "apart");
    let row = |text: &mut String, when: &str, pos: Amount, state: Amount, what: &str| {
        let apart = pos - state;
        let (pos, state, apart) = (number(pos, unit), number(state, unit), number(apart, unit));
        let _ = writeln!(text, "{when:<16} {pos:>12} {state:>12} {apart:>12}   {what}");
    };
    let at_start = if pos == state {
        "the window begins"
    } else {
        "the window begins   ◀ apart already, or by something that no record shows"
    };
    row(text, &settings.zone.short(settings.window_start), pos, state, at_start);
    let mut parted = pos != state;
    for event in &events {
        match event.book {
            Book::State => state += event.change,
            Book::Pos | Book::Shelf => pos += event.change,
        }
        let mark = match event.cause(found) {
            // A record without its other half: from the first one on the books are apart.
            Some(cause) if !parted => {
                parted = true;
                format!("   ◀ here they parted: {}", cause.plain())
            }
            Some(cause) => format!("   ◀ {}", cause.plain()),
            None => String::new(),
        };
        let change = if event.change.is_zero() { String::new() } else { format!(" {}", number(event.change, unit)) };
        let what = format!("{} {}{change}{mark}", event.book.name(), event.what);
        let when = match event.when {
            When::Day { .. } => event.when.text(&settings.zone),
            other => settings.zone.short(other.moment()),
        };
        row(text, &when, pos, state, &what);
    }
}

fn events(books: &PackageBooks) -> Vec<Event> {
    let mut events: Vec<Event> = books.movements().iter().flat_map(movement_events).collect();
    events.extend(books.state().and_then(received));
    events
}

/// What the state took in stands in its record of the package, not among movements.
fn received(package: &StatePackage) -> Option<Event> {
    let quantity = Amount::of(package.original?);
    let what = format!("received, manifest {}", package.manifest);
    let record = (package.manifest.clone(), Text::default());
    Some(Event { when: package.received?, book: Book::State, what, change: quantity, record })
}

fn movement_events(movement: &Movement) -> Vec<Event> {
    let change = match movement.kind {
        MovementKind::Move { .. } | MovementKind::Finish | MovementKind::Unfinish => Amount::ZERO,
        _ => Amount::of(movement.quantity.0),
    };
    let record = || (movement.reference.clone(), movement.line.clone());
    let event =
        |when: When, what: String, change: Amount| Event { when, book: movement.book, what, change, record: record() };
    let mut events = vec![event(movement.when, what(movement), change)];
    if let MovementKind::Sale(sale) = &movement.kind
        && let Some(voided) = sale.voided
    {
        events.push(event(voided, format!("voided {}", movement.reference), -change));
    }
    events
}

fn what(movement: &Movement) -> String {
    let by = if movement.by.is_empty() { String::new() } else { format!(" by {}", movement.by) };
    let reference = &movement.reference;
    match &movement.kind {
        MovementKind::Sale(sale) if movement.book == Book::State => match sale.number.as_str() {
            "" => format!("receipt {reference}{by}"),
            number => format!("receipt {reference} for {number}{by}"),
        },
        MovementKind::Sale(_) => format!("sale {reference}"),
        MovementKind::Return(sale) => format!("return {reference} of {}", sale.original),
        MovementKind::Void(sale) => format!("void {reference} of {}", sale.original),
        MovementKind::Receive => format!("received {reference}"),
        MovementKind::Adjust(_) => format!("adjusted: {}{by}", movement.reason),
        MovementKind::Destroy => format!("destroyed {reference}{by}"),
        MovementKind::Sample => format!("sample {reference}{by}"),
        MovementKind::Correction { corrects } if corrects.is_empty() => format!("corrected {reference}{by}"),
        MovementKind::Correction { corrects } => format!("corrected {reference} for {corrects}{by}"),
        MovementKind::Move { from, to } => format!("moved {from} to {to}"),
        MovementKind::Convert => format!("converted {reference} {}", movement.sku),
        MovementKind::Repackage { product: Some(product) } => format!("repackaged {reference} into {product}"),
        MovementKind::Repackage { product: None } => format!("repackaged {reference}"),
        MovementKind::TransferOut => format!("sent out {reference}"),
        MovementKind::Finish => "finished".to_owned(),
        MovementKind::Unfinish => "unfinished".to_owned(),
    }
}
