//! Matching adjustments, destructions and samples of one package; collecting corrections.

use super::pairing::{Moment, pair_in_time};
use super::{Correction, Draft, evidence, sales, straddling};
use crate::{Ahead, Amount, Cause, Evidence, Finding, PackageBooks, Settings};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use trueup_core::{Book, Movement, MovementKind, Text, WasteClass, When};

/// One adjustment in two books lies within this time (dates without time: the business day).
const SAME_ADJUSTMENT: SignedDuration = SignedDuration::from_hours(2);

/// Whether two records may be one adjustment by their times.
fn same_time(ours: &Movement, theirs: &Movement, settings: &Settings) -> bool {
    if ours.when.is_day() || theirs.when.is_day() {
        return ours.when.same_day(theirs.when, &settings.zone);
    }
    // The state writes dates as midnight UTC; either the date or the moment may be meant.
    let dated = theirs.when.date_at_midnight_utc() == Some(settings.zone.day(ours.when.moment()));
    dated || ours.when.distance(theirs.when) <= SAME_ADJUSTMENT
}

/// An adjustment of either book.
struct Adjustment<'a> {
    movement: &'a Movement,
    class: WasteClass,
    amount: Amount,
    settled: bool,
}

/// Matches and explains all adjustments of a package into `draft`.
pub(super) fn explain(draft: &mut Draft<'_>) {
    let books = draft.books;
    let mut ours = adjustments(books.movements(), Book::Pos);
    let mut theirs = adjustments(books.movements(), Book::State);
    let settings = draft.settings;
    settle_undone(&mut theirs);
    settle_ahead(draft, &mut theirs);
    settle_named(draft, &mut ours, &mut theirs);
    let mut pairs = pair_alike(&mut ours, &mut theirs);
    pairs.extend(pair(&mut ours, &mut theirs, settings, |a, b| a.amount == b.amount));
    settle_events(&mut ours, &mut theirs, settings);
    for (our, their) in &pairs {
        draft.in_flight += straddling(ours[*our].movement, theirs[*their].movement, draft.settings);
    }
    settle_returns(draft, &mut theirs);
    settle_reversals(draft, &mut theirs);
    explain_repeated(draft, &pairs, &ours, &mut theirs);
    explain_written(draft, &mut ours, &mut theirs);
    for adjustment in ours.iter().filter(|adjustment| !adjustment.settled) {
        only_in_pos(draft, adjustment);
    }
    for adjustment in theirs.iter().filter(|adjustment| !adjustment.settled) {
        only_in_state(draft, adjustment);
    }
    corrections(draft);
}

fn adjustments(movements: &[Movement], book: Book) -> Vec<Adjustment<'_>> {
    let of_book = movements.iter().filter(|movement| movement.book == book);
    of_book
        .filter_map(|movement| {
            let class = match movement.kind {
                MovementKind::Adjust(class) => class,
                MovementKind::Destroy => WasteClass::Waste,
                MovementKind::Sample => WasteClass::Other,
                _ => return None,
            };
            Some(Adjustment { movement, class, amount: Amount::of(movement.quantity.0), settled: false })
        })
        .collect()
}

/// What a note says between a head such as `[ref ` and the next bracket.
fn named<'n>(note: &'n str, head: &str) -> Option<&'n str> {
    Some(note.split_once(head)?.1.split_once(']')?.0)
}

/// An adjustment of the state that was made ahead of a correction in the POS, which tells the state, too (`[ahead 1]`): it is settled
/// once the correction arrived. The number says how many of the correction's amount there were before, by [`alike_in_state`]: what is
/// there more often is the correction.
fn settle_ahead(draft: &mut Draft<'_>, theirs: &mut [Adjustment<'_>]) {
    let settings = draft.settings;
    for (place, correction) in not_arrived(draft.books, theirs) {
        let (amount, movement) = (theirs[place].amount, theirs[place].movement);
        let records = vec![Evidence {
            reference: Text::new(named(&movement.note, "[ref ").unwrap_or_default()),
            ..evidence(movement, "adjustment", amount)
        }];
        let mut finding = Finding::new(Cause::AdjustmentOnlyInState, -amount, 970, records);
        // Where what it was made for may be later than the POS's snapshot, it is, too: both are looked at with the next one.
        finding.in_flight = correction.is_some_and(|when| settings.in_flight(when, Book::State))
            || is_after_pos(draft.books, movement, settings);
        finding.ahead = Some(if correction.is_some() { Ahead::NotArrived } else { Ahead::Awaited });
        draft.findings.push(finding);
    }
}

/// Settles adjustments that were made ahead of corrections, with the corrections that arrived; gives those that did not arrive, and when
/// they were made in the POS.
fn not_arrived(books: &PackageBooks, theirs: &mut [Adjustment<'_>]) -> Vec<(usize, Option<When>)> {
    let of_pos = books.movements_of(Book::Pos);
    let mut corrections: Vec<(Amount, When)> = of_pos
        .filter(|movement| matches!(movement.kind, MovementKind::Correction { .. }))
        .map(|movement| (Amount::of(movement.quantity.0), movement.when))
        .collect();
    let mut missing = Vec::new();
    for place in 0..theirs.len() {
        let Some(made) = theirs.get(place).filter(|it| !it.settled) else { continue };
        let Some(before) = named(&made.movement.note, "[ahead ").and_then(|count| count.parse::<usize>().ok()) else {
            continue;
        };
        let (amount, made_at) = (made.amount, made.movement.when.bounds().0);
        let mut opposite: Vec<usize> =
            (0..theirs.len()).filter(|other| !theirs[*other].settled && theirs[*other].amount == -amount).collect();
        opposite.sort_by_key(|other| theirs[*other].movement.when.bounds());
        // One that was made before is another's.
        let fits = |it: &(Amount, When)| it.0 == -amount && it.1.bounds().1 >= made_at;
        let correction = corrections.iter().position(fits).map(|place| corrections.swap_remove(place).1);
        theirs[place].settled = true;
        match opposite.get(before..).and_then(<[usize]>::last) {
            Some(arrived) => theirs[*arrived].settled = true,
            None => missing.push((place, correction)),
        }
    }
    missing
}

/// How many adjustments of an amount the state has, but for those that took another back and corrections that arrived after they were
/// prepared for.
pub(crate) fn alike_in_state(books: &PackageBooks, amount: Amount) -> usize {
    let mut theirs = adjustments(books.movements(), Book::State);
    settle_undone(&mut theirs);
    not_arrived(books, &mut theirs);
    theirs.iter().filter(|it| !it.settled && it.amount == amount).count()
}

/// An adjustment whose note says that it takes another one back (`[undoes plan-1-2]`, of one with `[ref plan-1-2]`): neither is there.
fn settle_undone(theirs: &mut [Adjustment<'_>]) {
    // The latest first: what takes back an undo leaves what that had undone.
    let mut latest: Vec<usize> = (0..theirs.len()).collect();
    latest.sort_by_key(|place| std::cmp::Reverse(theirs[*place].movement.when.bounds().1));
    for place in latest {
        let open = theirs.get(place).filter(|it| !it.settled);
        let Some(reference) = open.and_then(|it| named(&it.movement.note, "[undoes ")) else { continue };
        let amount = theirs[place].amount;
        let undone = theirs
            .iter()
            .position(|it| !it.settled && it.amount == -amount && named(&it.movement.note, "[ref ") == Some(reference));
        if let Some(undone) = undone {
            theirs[undone].settled = true;
            theirs[place].settled = true;
        }
    }
}

/// What begins the list of the POS's events that an adjustment of the state carries out, in its note: `[for 88113,88115]`.
/// Such notes are written by our own repairs, which may come days later.
const NAMES: &str = "[for ";

/// An adjustment of the state whose note names the POS's events that it carries out is these events, whenever it was made, if it is
/// their sum.
fn settle_named(draft: &mut Draft<'_>, ours: &mut [Adjustment<'_>], theirs: &mut [Adjustment<'_>]) {
    let settings = draft.settings;
    for their in theirs.iter_mut().filter(|their| !their.settled) {
        let named = their.movement.note.split_once(NAMES).and_then(|(_, rest)| rest.split_once(']'));
        let Some((names, _)) = named else { continue };
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        let mut events: Vec<&mut Adjustment<'_>> =
            ours.iter_mut().filter(|our| !our.settled && names.contains(&our.movement.reference.as_str())).collect();
        let sum: Amount = events.iter().map(|our| our.amount).sum();
        if events.is_empty() || sum != their.amount {
            continue;
        }
        their.settled = true;
        for our in &mut events {
            our.settled = true;
            let pos_has = !settings.after_snapshot(our.movement.when, Book::Pos);
            let state_has = !settings.after_snapshot(their.movement.when, Book::State);
            draft.in_flight += match (pos_has, state_has) {
                (true, false) => our.amount,
                (false, true) => -our.amount,
                _ => Amount::ZERO,
            };
        }
    }
}

/// Pairs adjustments of one class and amount whose moments are known.
fn pair_alike(ours: &mut [Adjustment<'_>], theirs: &mut [Adjustment<'_>]) -> Vec<(usize, usize)> {
    let mut alike: BTreeMap<(WasteClass, Amount), (Vec<Moment>, Vec<Moment>)> = BTreeMap::new();
    let timed = |list: &[Adjustment<'_>]| -> Vec<((WasteClass, Amount), Moment)> {
        let open = list.iter().enumerate().filter(|(_, one)| !one.settled);
        let exact = open.filter(|(_, one)| matches!(one.movement.when, When::Instant(_)));
        exact.map(|(place, one)| ((one.class, one.amount), (one.movement.when.moment(), place))).collect()
    };
    for (kind, moment) in timed(ours) {
        alike.entry(kind).or_default().0.push(moment);
    }
    for (kind, moment) in timed(theirs) {
        alike.entry(kind).or_default().1.push(moment);
    }
    let pairs: Vec<(usize, usize)> =
        alike.into_values().flat_map(|(ours, theirs)| pair_in_time(&ours, &theirs, SAME_ADJUSTMENT)).collect();
    for (our, their) in &pairs {
        ours[*our].settled = true;
        theirs[*their].settled = true;
    }
    pairs
}

/// Pairs unsettled adjustments of one class that are `alike`, nearest in time first, each once.
fn pair(
    ours: &mut [Adjustment<'_>],
    theirs: &mut [Adjustment<'_>],
    settings: &Settings,
    alike: impl Fn(&Adjustment<'_>, &Adjustment<'_>) -> bool,
) -> Vec<(usize, usize)> {
    let mut candidates = Vec::new();
    for (our_place, our) in ours.iter().enumerate().filter(|(_, our)| !our.settled) {
        for (their_place, their) in theirs.iter().enumerate().filter(|(_, their)| !their.settled) {
            let distance = our.movement.when.distance(their.movement.when);
            let same_time = same_time(our.movement, their.movement, settings);
            if our.class == their.class && same_time && alike(our, their) {
                candidates.push((distance, our_place, their_place));
            }
        }
    }
    candidates.sort_unstable();
    let mut pairs = Vec::new();
    for (_, our, their) in candidates {
        if !ours[our].settled && !theirs[their].settled {
            ours[our].settled = true;
            theirs[their].settled = true;
            pairs.push((our, their));
        }
    }
    pairs
}

/// One event of the POS over several SKUs of the package is one adjustment of their sum in the state.
fn settle_events(ours: &mut [Adjustment<'_>], theirs: &mut [Adjustment<'_>], settings: &Settings) {
    let mut events: Vec<(&Text, WasteClass, Vec<usize>)> = Vec::new();
    for (place, our) in ours.iter().enumerate().filter(|(_, our)| !our.settled && !our.movement.reference.is_empty()) {
        match events.iter_mut().find(|(event, class, _)| (*event, *class) == (&our.movement.reference, our.class)) {
            Some((.., places)) => places.push(place),
            None => events.push((&our.movement.reference, our.class, vec![place])),
        }
    }
    for (_, class, places) in events.into_iter().filter(|(.., places)| places.len() > 1) {
        let sum: Amount = places.iter().map(|place| ours[*place].amount).sum();
        let first = ours[places[0]].movement;
        let whole = theirs
            .iter_mut()
            .filter(|their| !their.settled && their.class == class && their.amount == sum)
            .filter(|their| same_time(first, their.movement, settings))
            .min_by_key(|their| their.movement.when.distance(first.when));
        if let Some(their) = whole {
            their.settled = true;
            for place in places {
                ours[place].settled = true;
            }
        }
    }
}

/// A return is settled when an equal adjustment brought the goods back in the state. One of before the window is looked at
/// only for that: an adjustment just after the window's start may be its other half.
fn settle_returns(draft: &mut Draft<'_>, theirs: &mut [Adjustment<'_>]) {
    let settings = draft.settings;
    for finding in draft.findings.iter_mut().filter(|finding| finding.cause == Cause::ReturnOnlyInPos) {
        let Some(returned) = finding.when else { continue };
        let earliest = returned.bounds().0.saturating_sub(SAME_ADJUSTMENT).unwrap_or(returned.bounds().0);
        let brought_back = theirs
            .iter_mut()
            .filter(|their| !their.settled && their.class == WasteClass::Other && their.amount == finding.amount)
            .filter(|their| their.movement.when.bounds().1 >= earliest)
            .min_by_key(|their| their.movement.when.distance(returned));
        let is_settled = brought_back.is_some();
        if let Some(adjustment) = brought_back {
            adjustment.settled = true;
        }
        if is_settled || !settings.in_window(returned, Book::Pos) {
            finding.amount = Amount::ZERO;
            finding.evidence.clear();
        }
    }
}

/// An adjustment of the state that another one of the state took back: the POS never had either.
fn settle_reversals(draft: &Draft<'_>, theirs: &mut [Adjustment<'_>]) {
    let in_window = |adjustment: &Adjustment<'_>| draft.settings.day_in_window(adjustment.movement.when, Book::State);
    for later in 0..theirs.len() {
        let (before, rest) = theirs.split_at_mut(later);
        let [adjustment, ..] = rest else { continue };
        if adjustment.settled || !in_window(adjustment) {
            continue;
        }
        let reversed = before.iter_mut().rev().find(|earlier| {
            !earlier.settled
                && in_window(earlier)
                && earlier.class == adjustment.class
                && earlier.amount == -adjustment.amount
        });
        if let Some(earlier) = reversed {
            earlier.settled = true;
            adjustment.settled = true;
        }
    }
}

/// A further state adjustment of a matched one's amount, class and note within the same hours.
fn explain_repeated(
    draft: &mut Draft<'_>,
    pairs: &[(usize, usize)],
    ours: &[Adjustment<'_>],
    theirs: &mut [Adjustment<'_>],
) {
    let mut repeated: Vec<usize> = Vec::new();
    for (our, their) in pairs {
        let (our, matched) = (&ours[*our], theirs[*their].movement);
        for (place, other) in theirs.iter().enumerate().filter(|(_, their)| !their.settled) {
            let same = other.class == our.class
                && other.amount == our.amount
                && other.movement.note == matched.note
                && same_time(our.movement, other.movement, draft.settings);
            if same && draft.settings.day_in_window(other.movement.when, Book::State) && !repeated.contains(&place) {
                repeated.push(place);
            }
        }
    }
    settle_taken_off(theirs, &mut repeated);
    for place in repeated {
        theirs[place].settled = true;
        let (movement, amount) = (theirs[place].movement, theirs[place].amount);
        let records = vec![evidence(movement, "adjustment", amount)];
        draft.findings.push(Finding::new(Cause::AdjustmentReportedTwice, -amount, 950, records));
    }
}

/// What the note of our own repair says of an adjustment that was one too many.
const ONE_TOO_MANY: &str = "[one too many]";

/// Adjustments that were repeated and that an adjustment of ours took off again: neither is there.
fn settle_taken_off(theirs: &mut [Adjustment<'_>], repeated: &mut Vec<usize>) {
    for place in 0..theirs.len() {
        if theirs[place].settled || !theirs[place].movement.note.contains(ONE_TOO_MANY) {
            continue;
        }
        let mut open = -theirs[place].amount;
        let mut taken = Vec::new();
        for other in repeated.iter().copied() {
            if open.is_zero() {
                break;
            }
            open -= theirs[other].amount;
            taken.push(other);
        }
        if open.is_zero() && !taken.is_empty() {
            theirs[place].settled = true;
            taken.iter().for_each(|other| theirs[*other].settled = true);
            repeated.retain(|other| !taken.contains(other));
        }
    }
}

/// Pairs that differ by how their number was written: rounded, or with another unit.
fn explain_written(draft: &mut Draft<'_>, ours: &mut [Adjustment<'_>], theirs: &mut [Adjustment<'_>]) {
    let settings = draft.settings;
    let rounded = pair(ours, theirs, settings, |our, their| {
        (our.amount - their.amount).abs() <= sales::rounding_tolerance(std::iter::once(their.movement))
    });
    let other_unit = pair(ours, theirs, settings, |our, their| {
        our.amount.is_negative() == their.amount.is_negative()
            && sales::same_number_other_unit(std::iter::once(our.movement), std::iter::once(their.movement))
    });
    let found = rounded.iter().map(|pair| (pair, Cause::Rounding));
    for ((our, their), cause) in found.chain(other_unit.iter().map(|pair| (pair, Cause::UnitMismatch))) {
        let (our, their) = (&ours[*our], &theirs[*their]);
        if draft.settings.in_window(our.movement.when, Book::Pos) {
            let records = vec![
                evidence(our.movement, "adjustment", our.amount),
                evidence(their.movement, "adjustment", their.amount),
            ];
            draft.findings.push(Finding::new(cause, our.amount - their.amount, 950, records));
        }
    }
}

fn only_in_pos(draft: &mut Draft<'_>, adjustment: &Adjustment<'_>) {
    let when = adjustment.movement.when;
    if !draft.settings.in_window(when, Book::Pos) {
        return;
    }
    let (cause, kind) = match adjustment.class {
        WasteClass::Waste => (Cause::DestroyedOnlyInPos, "destruction"),
        WasteClass::Other => (Cause::AdjustmentOnlyInPos, "adjustment"),
    };
    let records = vec![evidence(adjustment.movement, kind, adjustment.amount)];
    let mut finding = Finding::new(cause, adjustment.amount, 970, records);
    finding.in_flight = draft.settings.in_flight(when, Book::State);
    draft.findings.push(finding);
}

fn only_in_state(draft: &mut Draft<'_>, adjustment: &Adjustment<'_>) {
    let when = adjustment.movement.when;
    if !draft.settings.day_in_window(when, Book::State) {
        return;
    }
    let (cause, kind) = match adjustment.class {
        WasteClass::Waste => (Cause::DestroyedOnlyInState, "destruction"),
        WasteClass::Other => (Cause::AdjustmentOnlyInState, "adjustment"),
    };
    let mut record = evidence(adjustment.movement, kind, adjustment.amount);
    if let Some(own) = named(&adjustment.movement.note, "[ref ") {
        // One of our own, that settled nothing.
        record.reference = Text::new(own);
    }
    let mut finding = Finding::new(cause, -adjustment.amount, 970, vec![record]);
    // The POS's snapshot is older than the adjustment: it cannot show it yet.
    finding.in_flight = is_after_pos(draft.books, adjustment.movement, draft.settings);
    finding.perhaps_earlier = !draft.settings.after_snapshot(when, Book::Pos);
    draft.findings.push(finding);
}

/// Whether an adjustment of the state was made after the POS's snapshot, or may have been: one that has a date alone, where the state
/// changed the package since.
fn is_after_pos(books: &PackageBooks, movement: &Movement, settings: &Settings) -> bool {
    let day = match movement.when.date_at_midnight_utc() {
        Some(day) => settings.zone.read(&day.to_string()).ok(),
        None => Some(movement.when).filter(|when| when.is_day()),
    };
    let is_changed = books.state().and_then(|state| state.modified).is_some_and(|at| at > settings.pos_as_of);
    settings.after_snapshot(movement.when, Book::Pos)
        || (is_changed && day.is_some_and(|day| day.bounds().1 > settings.pos_as_of))
}

fn corrections(draft: &mut Draft<'_>) {
    for movement in draft.books.movements_of(Book::Pos) {
        let MovementKind::Correction { corrects } = &movement.kind else { continue };
        if draft.settings.in_window(movement.when, Book::Pos) {
            let amount = Amount::of(movement.quantity.0);
            draft.corrections.push(Correction {
                amount,
                when: movement.when,
                corrects: corrects.clone(),
                evidence: evidence(movement, "correction", amount),
            });
        }
    }
}
