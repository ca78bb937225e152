//! Matching the sales of one package: which state receipts belong to which POS receipt, and what then differs.

mod assign;
mod written;

pub(super) use written::{rounding_tolerance, same_number_other_unit};

use super::{Draft, evidence};
use crate::{Amount, Cause, Evidence, Finding, ReceiptFacts, Settings, StateReceiptFacts};
use assign::assign;
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;
use trueup_core::{Book, Decimal, Movement, MovementKind, SaleLine, Text, When};

/// Receipts without a number belong together within this time : the clocks of a till and of the state differ by seconds.
pub(crate) const SAME_SALE: SignedDuration = SignedDuration::from_mins(2);
/// On the night on which the clocks go back, what was taken back may seem to come before its sale by so much.
const CLOCKS_BACK: SignedDuration = SignedDuration::from_hours(1);
/// A receipt's number names it on its business day and its neighbours; numbers may restart.
const DAYS_APART: u32 = 1;
/// Up to so many receipts of one sale, every combination is tried for the exact sum.
const COMBINATIONS: usize = 12;

/// One receipt of the POS with its lines of this package.
struct PosSale<'a> {
    number: &'a str,
    core: &'a str,
    lines: Vec<(&'a Movement, &'a SaleLine)>,
    voids: Vec<Event<'a>>,
    returns: Vec<Event<'a>>,
    receipts: Vec<StateReceipt<'a>>,
}

/// Something that took a sale back, wholly or partly.
struct Event<'a> {
    movement: &'a Movement,
    kind: &'static str,
    when: When,
    amount: Amount,
}

/// One receipt of the state with its lines of this package.
#[derive(Clone)]
struct StateReceipt<'a> {
    lines: Vec<(&'a Movement, &'a SaleLine)>,
}

impl<'a> StateReceipt<'a> {
    fn head(&self) -> (&'a Movement, &'a SaleLine) {
        self.lines[0]
    }

    /// Sold by lines that stand.
    fn active(&self) -> Amount {
        self.lines.iter().filter(|(_, sale)| sale.voided.is_none()).map(|(line, _)| sold(line)).sum()
    }

    fn archived(&self) -> Amount {
        self.lines.iter().filter(|(_, sale)| sale.voided.is_some()).map(|(line, _)| sold(line)).sum()
    }

    fn facts(&self) -> StateReceiptFacts {
        let (line, sale) = self.head();
        StateReceiptFacts {
            id: line.reference.clone(),
            finalized: sale.finalized,
            quantity: self.active(),
            packages: sale.packages,
            whole: sale.packages <= 1,
        }
    }

    /// Of several receipts for one sale, the POS does not own the later one.
    fn age_key(&self) -> (Option<Timestamp>, IdKey<'a>) {
        let (line, sale) = self.head();
        (sale.recorded, id_key(&line.reference))
    }
}

/// Ids sort as numbers where they are numbers.
type IdKey<'a> = (usize, &'a str);

fn id_key(id: &str) -> IdKey<'_> {
    let digits = id.trim_start_matches('0');
    (digits.len(), digits)
}

fn sold(movement: &Movement) -> Amount {
    -Amount::of(movement.quantity.0)
}

impl PosSale<'_> {
    fn when(&self) -> When {
        self.lines[0].0.when
    }

    fn quantity(&self) -> Amount {
        self.lines.iter().map(|(line, _)| sold(line)).sum()
    }

    fn reported(&self) -> Amount {
        self.receipts.iter().map(StateReceipt::active).sum()
    }

    /// Voided and returned so far.
    fn taken_back(&self) -> Amount {
        self.voids.iter().chain(&self.returns).map(|event| event.amount).sum()
    }

    /// The state holds the sale in full already.
    fn is_full(&self) -> bool {
        self.reported() >= self.quantity()
    }
}

/// Matches and explains all sales of a package into `draft`.
pub(super) fn explain(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let (mut sales, taken_back) = pos_sales(draft.books.movements(), settings);
    let unmatched = assign(&mut sales, state_receipts(draft.books.movements()), settings);
    let strays = attach(&mut sales, taken_back);
    for sale in &sales {
        explain_sale(draft, sale);
    }
    for event in strays {
        explain_stray(draft, &event);
    }
    for receipt in &unmatched {
        explain_state_only(draft, receipt);
    }
}

/// A return or void that names its sale.
type TakenBack<'a> = (&'a Movement, &'a SaleLine, &'static str);

/// The POS's sales of the package, and the rows that took some of them back.
fn pos_sales<'a>(movements: &'a [Movement], settings: &Settings) -> (Vec<PosSale<'a>>, Vec<TakenBack<'a>>) {
    let mut sales: Vec<PosSale<'a>> = Vec::new();
    let mut places: FxHashMap<(&str, &str, trueup_core::BusinessDay), usize> = FxHashMap::default();
    let mut taken_back = Vec::new();
    for movement in movements.iter().filter(|movement| movement.book == Book::Pos) {
        match &movement.kind {
            MovementKind::Sale(sale) => {
                let day = settings.zone.day(movement.when.moment());
                let key = (sale.number.as_str(), sale.terminal.as_str(), day);
                let place = *places.entry(key).or_insert_with(|| {
                    sales.push(PosSale {
                        number: sale.number.as_str(),
                        core: sale.number.core(),
                        lines: Vec::new(),
                        voids: Vec::new(),
                        returns: Vec::new(),
                        receipts: Vec::new(),
                    });
                    sales.len() - 1
                });
                sales[place].lines.push((movement, sale));
                if let Some(when) = sale.voided {
                    sales[place].voids.push(Event { movement, kind: "void", when, amount: sold(movement) });
                }
            }
            MovementKind::Void(line) => taken_back.push((movement, &**line, "void")),
            MovementKind::Return(line) => taken_back.push((movement, &**line, "return")),
            _ => {}
        }
    }
    (sales, taken_back)
}

/// Gives returns and voids to the sales that they name; those whose sale is not here are left.
fn attach<'a>(sales: &mut [PosSale<'a>], taken_back: Vec<TakenBack<'a>>) -> Vec<Event<'a>> {
    let mut strays = Vec::new();
    for (movement, line, kind) in taken_back {
        let event = Event { movement, kind, when: movement.when, amount: Amount::of(movement.quantity.0) };
        match original_of(sales, movement, line, kind) {
            Some(sale) if kind == "void" => sales[sale].voids.push(event),
            Some(sale) => sales[sale].returns.push(event),
            None => strays.push(event),
        }
    }
    strays
}

/// The sale that a void or return takes back: by the number it names; where numbers restart, the one that the state
/// reduced by as much, else the latest before it.
fn original_of(sales: &[PosSale<'_>], movement: &Movement, line: &SaleLine, kind: &str) -> Option<usize> {
    let named = if line.original.is_empty() && kind == "void" { &line.number } else { &line.original };
    if named.is_empty() {
        return None;
    }
    let amount = Amount::of(movement.quantity.0);
    let before = |sale: &PosSale<'_>| sale.when().bounds().0 <= movement.when.bounds().1;
    let fits = |sale: &PosSale<'_>, exact: bool| {
        let same = if exact { sale.number == named.as_str() } else { sale.core == named.core() };
        same && (before(sale) || sale.when().distance(movement.when) <= CLOCKS_BACK)
    };
    let latest = |exact: bool| {
        let candidates = sales.iter().enumerate().filter(|(_, sale)| fits(sale, exact));
        candidates.max_by_key(|(place, sale)| {
            let open = sale.quantity() - sale.taken_back();
            let reduced = !sale.receipts.is_empty() && open - sale.reported() == amount;
            (before(sale), open >= amount, reduced, sale.when().moment(), *place)
        })
    };
    latest(true).or_else(|| latest(false)).map(|(place, _)| place)
}

/// The state's receipts of the package, each with its lines, oldest first.
fn state_receipts(movements: &[Movement]) -> Vec<StateReceipt<'_>> {
    let mut receipts: Vec<StateReceipt<'_>> = Vec::new();
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for movement in movements.iter().filter(|movement| movement.book == Book::State) {
        let MovementKind::Sale(sale) = &movement.kind else { continue };
        let place = *places.entry(movement.reference.as_str()).or_insert_with(|| {
            receipts.push(StateReceipt { lines: Vec::new() });
            receipts.len() - 1
        });
        receipts[place].lines.push((movement, sale));
    }
    receipts.sort_by(|a, b| (a.head().0.when, a.age_key()).cmp(&(b.head().0.when, b.age_key())));
    receipts
}

/// What one sale came to on both sides.
struct Balance<'s, 'a> {
    sale: &'s PosSale<'a>,
    /// The state's receipts, the POS's own first.
    receipts: Vec<&'s StateReceipt<'a>>,
    sold: Amount,
    voided: Amount,
    returned: Amount,
    reported: Amount,
}

impl Balance<'_, '_> {
    /// What the state should hold as sold.
    fn net(&self) -> Amount {
        self.sold - self.voided - self.returned
    }

    /// POS − state, as far as this sale goes.
    fn difference(&self) -> Amount {
        self.reported - self.net()
    }
}

fn explain_sale(draft: &mut Draft<'_>, sale: &PosSale<'_>) {
    let settings = draft.settings;
    let sold_later = |receipt: &&StateReceipt<'_>| settings.after_snapshot(receipt.head().0.when, Book::State);
    let late: Amount = sale.receipts.iter().filter(sold_later).map(StateReceipt::active).sum();
    let reported = sale.reported();
    if settings.after_snapshot(sale.when(), Book::Pos) {
        // The POS's snapshot does not hold this sale yet; where the state's does, it is ahead.
        draft.in_flight += reported - late;
        return;
    }
    let known = |event: &&Event<'_>| !settings.after_snapshot(event.when, Book::Pos);
    let total = |events: &[Event<'_>]| events.iter().filter(known).map(|event| event.amount).sum::<Amount>();
    let sold = sale.quantity();
    let voided = total(&sale.voids).min(sold);
    let mut receipts: Vec<&StateReceipt<'_>> = sale.receipts.iter().collect();
    receipts.sort_by_key(|receipt| receipt.age_key());
    let balance = Balance { sale, receipts, sold, voided, returned: total(&sale.returns), reported };
    draft.in_flight -= late;
    let recorded_later =
        |receipt: &&StateReceipt<'_>| !sold_later(receipt) && is_after_state_snapshot(receipt, settings);
    draft.perhaps_late -= sale.receipts.iter().filter(recorded_later).map(StateReceipt::active).sum();
    let before_window = !settings.in_window(sale.when(), Book::Pos);
    let (first, first_loose) = (draft.findings.len(), draft.loose.len());
    if balance.difference().is_zero() {
        flags(draft, &balance);
    } else if !explain_written(draft, &balance) {
        if balance.difference().is_positive() {
            explain_excess(draft, &balance);
        } else {
            explain_shortfall(draft, &balance);
        }
    }
    if before_window {
        // Settled history, unless something happened to the sale within the window.
        let happened = |finding: &Finding| happened_in_window(finding, &balance, settings);
        draft.loose.truncate(first_loose);
        let mut place = 0;
        draft.findings.retain(|finding| {
            place += 1;
            place <= first || happened(finding)
        });
    }
}

fn is_after_state_snapshot(receipt: &StateReceipt<'_>, settings: &Settings) -> bool {
    let (line, sale) = receipt.head();
    settings.after_snapshot(line.when, Book::State) || sale.recorded.is_some_and(|at| at > settings.state_as_of)
}

/// Whether the event that made the finding lies in the window though its sale lies before it.
fn happened_in_window(finding: &Finding, balance: &Balance<'_, '_>, settings: &Settings) -> bool {
    match finding.cause {
        Cause::VoidOnlyInPos => balance.sale.voids.iter().any(|event| settings.in_window(event.when, Book::Pos)),
        // One of before the window may still be what an adjustment of within it brought back.
        Cause::ReturnOnlyInPos => true,
        Cause::VoidOnlyInState => {
            let lines = balance.receipts.iter().flat_map(|receipt| &receipt.lines);
            lines.filter_map(|(_, sale)| sale.voided).any(|when| settings.in_window(when, Book::State))
        }
        Cause::SaleReportedTwice => finding.when.is_some_and(|when| settings.in_window(when, Book::State)),
        _ => false,
    }
}

fn sale_evidence(line: &Movement, kind: &'static str) -> Evidence {
    evidence(line, kind, Amount::of(line.quantity.0))
}

fn event_evidence(event: &Event<'_>) -> Evidence {
    Evidence { at: Some(event.when), ..evidence(event.movement, event.kind, event.amount) }
}

fn pos_evidence(balance: &Balance<'_, '_>) -> Vec<Evidence> {
    balance.sale.lines.iter().map(|(line, _)| sale_evidence(line, "sale")).collect()
}

fn state_evidence<'a>(receipts: impl IntoIterator<Item = &'a StateReceipt<'a>>, archived: bool) -> Vec<Evidence> {
    let lines = receipts.into_iter().flat_map(|receipt| receipt.lines.iter());
    let wanted = lines.filter(|(_, sale)| sale.voided.is_some() == archived);
    wanted.map(|(line, _)| sale_evidence(line, if archived { "voided sale" } else { "sale" })).collect()
}

fn receipt_facts(balance: &Balance<'_, '_>, receipts: &[&StateReceipt<'_>]) -> Box<ReceiptFacts> {
    let external = receipts.iter().map(|receipt| receipt.head().1.number.as_str()).find(|number| !number.is_empty());
    Box::new(ReceiptFacts {
        number: Text::new(balance.sale.number),
        external: Text::new(external.unwrap_or_default()),
        state_receipts: receipts.iter().map(|receipt| receipt.facts()).collect(),
        target: balance.net(),
        surplus: false,
    })
}

/// Differences that come from how a number was written: rounding, or the right number with the wrong unit.
fn explain_written(draft: &mut Draft<'_>, balance: &Balance<'_, '_>) -> bool {
    let difference = balance.difference();
    let active =
        || balance.receipts.iter().flat_map(|receipt| &receipt.lines).filter(|(_, sale)| sale.voided.is_none());
    let cause = if difference.abs() <= rounding_tolerance(active().map(|(line, _)| *line)) {
        Cause::Rounding
    } else if balance.voided.is_zero()
        && balance.returned.is_zero()
        && !holds_in_full(balance)
        && same_number_other_unit(balance.sale.lines.iter().map(|(line, _)| *line), active().map(|(line, _)| *line))
    {
        Cause::UnitMismatch
    } else {
        return false;
    };
    let mut records = pos_evidence(balance);
    records.extend(state_evidence(balance.receipts.iter().copied(), false));
    let mut finding = Finding::new(cause, difference, 990, records);
    finding.receipt = Some(receipt_facts(balance, &balance.receipts));
    draft.findings.push(finding);
    true
}

/// Whether some of the state's receipts hold exactly the sale: then further ones are further ones, not another unit.
fn holds_in_full(balance: &Balance<'_, '_>) -> bool {
    let amounts: Vec<Amount> = balance.receipts.iter().map(|receipt| receipt.active()).collect();
    subset_with_sum(&amounts, balance.net()).is_some()
}

/// The state holds less than it should.
fn explain_shortfall(draft: &mut Draft<'_>, balance: &Balance<'_, '_>) {
    let settings = draft.settings;
    let mut missing = -balance.difference();
    let archived: Vec<&StateReceipt<'_>> =
        balance.receipts.iter().copied().filter(|receipt| receipt.archived().is_positive()).collect();
    let voided = voided_part(&archived, balance, missing);
    if voided.is_positive() {
        let mut records = state_evidence(archived.iter().copied(), true);
        records.extend(pos_evidence(balance));
        let mut finding = Finding::new(Cause::VoidOnlyInState, -voided, 980, records);
        finding.receipt = Some(receipt_facts(balance, &archived));
        finding.when = Some(balance.sale.when());
        // The POS's snapshot is older than the void: it cannot show it yet.
        finding.in_flight = archived.iter().all(|receipt| voided_after(receipt, settings));
        draft.findings.push(finding);
        missing -= voided;
    }
    if missing.is_zero() {
        return;
    }
    let active: Vec<&StateReceipt<'_>> =
        balance.receipts.iter().copied().filter(|receipt| receipt.active().is_positive()).collect();
    let (cause, confidence) = if active.is_empty() && voided.is_zero() {
        (Cause::SaleNotReported, 990)
    } else {
        (Cause::SaleQuantityDiffers, 980)
    };
    let mut records = pos_evidence(balance);
    records.extend(state_evidence(active.iter().copied(), false));
    let mut finding = Finding::new(cause, -missing, confidence, records);
    finding.when = Some(balance.sale.when());
    finding.receipt = Some(receipt_facts(balance, &active));
    finding.in_flight = settings.in_flight(balance.sale.when(), Book::State);
    draft.loose_pos(finding, balance.sale.when());
}

/// Whether the state voided the receipt after the POS's snapshot was taken. A date alone is told apart by the moment
/// at which the receipt last changed.
fn voided_after(receipt: &StateReceipt<'_>, settings: &Settings) -> bool {
    let (_, sale) = receipt.head();
    let changed_after = sale.modified.is_some_and(|at| at > settings.pos_as_of);
    sale.voided.is_some_and(|when| {
        settings.after_snapshot(when, Book::Pos)
            || (when.is_day() && changed_after && when.bounds().1 >= settings.pos_as_of)
    })
}

/// How much of a shortfall is a void in the state: receipts that were voided and make up exactly what is missing,
/// or all there ever was.
fn voided_part(archived: &[&StateReceipt<'_>], balance: &Balance<'_, '_>, missing: Amount) -> Amount {
    let amounts: Vec<Amount> = archived.iter().map(|receipt| receipt.archived()).collect();
    if subset_with_sum(&amounts, missing).is_some() {
        return missing;
    }
    if balance.reported.is_zero() { amounts.into_iter().sum::<Amount>().min(missing) } else { Amount::ZERO }
}

/// The state holds more than it should: further receipts, voids or returns that were not carried over, an edit.
fn explain_excess(draft: &mut Draft<'_>, balance: &Balance<'_, '_>) {
    let standing: Vec<&StateReceipt<'_>> =
        balance.receipts.iter().copied().filter(|receipt| receipt.active().is_positive()).collect();
    let own = own_receipts(&standing, balance);
    let mut held = Amount::ZERO;
    let mut owned = Vec::new();
    for (receipt, owned_by_pos) in standing.iter().zip(own) {
        if owned_by_pos {
            held += receipt.active();
            owned.push(*receipt);
            continue;
        }
        let records = state_evidence([*receipt], false);
        let mut finding = Finding::new(Cause::SaleReportedTwice, receipt.active(), 980, records);
        finding.receipt = Some(Box::new(ReceiptFacts { surplus: true, ..*receipt_facts(balance, &[*receipt]) }));
        let (line, facts) = receipt.head();
        if line.when.distance(balance.sale.when()) > SAME_SALE {
            // Numbers restart: it may be another day's or till's sale, reported on this package instead of its own.
            draft.loose_state(finding, line.when, facts.number.clone());
        } else {
            draft.findings.push(finding);
        }
    }
    let mut excess = held - balance.net();
    if excess.is_negative() {
        explain_short_of_owned(draft, balance, &owned, excess);
        return;
    }
    excess = take_back(draft, balance, &owned, excess, Cause::VoidOnlyInPos);
    excess = take_back(draft, balance, &owned, excess, Cause::ReturnOnlyInPos);
    if excess.is_positive() {
        let mut records = pos_evidence(balance);
        records.extend(state_evidence(owned.iter().copied(), false));
        let mut finding = Finding::new(Cause::SaleQuantityDiffers, excess, 980, records);
        finding.receipt = Some(receipt_facts(balance, &owned));
        draft.loose_state(finding, balance.sale.when(), balance.sale.lines[0].1.number.clone());
    }
}

/// Without its further receipts the state holds less than it should.
fn explain_short_of_owned(
    draft: &mut Draft<'_>,
    balance: &Balance<'_, '_>,
    owned: &[&StateReceipt<'_>],
    amount: Amount,
) {
    let mut records = pos_evidence(balance);
    records.extend(state_evidence(owned.iter().copied(), false));
    let mut finding = Finding::new(Cause::SaleQuantityDiffers, amount, 900, records);
    finding.receipt = Some(receipt_facts(balance, owned));
    draft.findings.push(finding);
}

/// Takes as much of the excess as the sale's voids (returns) came to; what remains is returned.
fn take_back(
    draft: &mut Draft<'_>,
    balance: &Balance<'_, '_>,
    owned: &[&StateReceipt<'_>],
    excess: Amount,
    cause: Cause,
) -> Amount {
    let settings = draft.settings;
    let (events, total) = match cause {
        Cause::VoidOnlyInPos => (&balance.sale.voids, balance.voided),
        _ => (&balance.sale.returns, balance.returned),
    };
    let part = excess.min(total);
    if !part.is_positive() {
        return excess;
    }
    let known: Vec<&Event<'_>> =
        events.iter().filter(|event| !settings.after_snapshot(event.when, Book::Pos)).collect();
    // Each return is its own fact: an adjustment may settle one of them.
    let groups: Vec<Vec<&Event<'_>>> = if part == total && cause == Cause::ReturnOnlyInPos {
        known.iter().map(|event| vec![*event]).collect()
    } else {
        vec![known]
    };
    for group in groups {
        let amount =
            if part == total { group.iter().map(|event| event.amount).sum::<Amount>().min(part) } else { part };
        push_taken_back(draft, balance, owned, &group, cause, amount);
    }
    excess - part
}

fn push_taken_back(
    draft: &mut Draft<'_>,
    balance: &Balance<'_, '_>,
    owned: &[&StateReceipt<'_>],
    known: &[&Event<'_>],
    cause: Cause,
    part: Amount,
) {
    let settings = draft.settings;
    let mut records: Vec<Evidence> = known.iter().map(|event| event_evidence(event)).collect();
    records.extend(state_evidence(owned.iter().copied(), false));
    let mut finding = Finding::new(cause, part, 980, records);
    finding.when = known.iter().map(|event| event.when).max();
    finding.in_flight = finding.when.is_some_and(|when| settings.in_flight(when, Book::State));
    finding.receipt = Some(receipt_facts(balance, owned));
    draft.findings.push(finding);
}

/// Which of the standing receipts are the POS's own: the earliest that together hold the sale in full, before or after
/// what was taken back; further ones were added by somebody else.
fn own_receipts(standing: &[&StateReceipt<'_>], balance: &Balance<'_, '_>) -> Vec<bool> {
    let amounts: Vec<Amount> = standing.iter().map(|receipt| receipt.active()).collect();
    let net = balance.net();
    let levels = [net, balance.sold - balance.voided, balance.sold - balance.returned, balance.sold];
    let total: Amount = amounts.iter().copied().sum();
    if levels[1..].contains(&total) && total > net {
        return vec![true; amounts.len()];
    }
    for level in levels.into_iter().filter(|level| level.is_positive()) {
        if let Some(chosen) = subset_with_sum(&amounts, level) {
            return chosen;
        }
    }
    let mut held = Amount::ZERO;
    let mut own = Vec::with_capacity(amounts.len());
    for amount in amounts {
        own.push(held < balance.sold);
        held += amount;
    }
    own
}

/// Which of `amounts` make up exactly `sum`: the earliest such choice. Beyond a dozen only leading ones are tried.
fn subset_with_sum(amounts: &[Amount], sum: Amount) -> Option<Vec<bool>> {
    if amounts.len() > COMBINATIONS {
        let mut held = Amount::ZERO;
        let count = amounts.iter().position(|amount| {
            held += *amount;
            held == sum
        })?;
        return Some((0..amounts.len()).map(|place| place <= count).collect());
    }
    // Bit i of a choice is the i-th amount; among choices of the same sum the one of the earliest receipts is taken.
    let choices = 1_u32..(1 << amounts.len());
    let chosen =
        |choice: u32| amounts.iter().enumerate().map(move |(place, amount)| (choice >> place & 1 == 1, *amount));
    let fits =
        |choice: &u32| chosen(*choice).filter(|(taken, _)| *taken).map(|(_, amount)| amount).sum::<Amount>() == sum;
    let best = choices.filter(fits).min_by_key(|choice| (32 - choice.leading_zeros(), *choice))?;
    Some(chosen(best).map(|(taken, _)| taken).collect())
}

/// A state receipt that belongs to no sale of this package in the POS.
fn explain_state_only(draft: &mut Draft<'_>, receipt: &StateReceipt<'_>) {
    let settings = draft.settings;
    let (line, sale) = receipt.head();
    let amount = receipt.active();
    if amount.is_zero() || !settings.in_window(line.when, Book::State) || is_after_state_snapshot(receipt, settings) {
        return;
    }
    let mut finding = Finding::new(Cause::SaleOnlyInState, amount, 950, state_evidence([receipt], false));
    finding.receipt = Some(Box::new(ReceiptFacts {
        number: Text::default(),
        external: Text::new(sale.number.as_str()),
        state_receipts: vec![receipt.facts()],
        target: Amount::ZERO,
        surplus: true,
    }));
    // The POS's snapshot is older than the sale: it cannot show it yet.
    finding.in_flight = settings.after_snapshot(line.when, Book::Pos);
    draft.loose_state(finding, line.when, sale.number.clone());
}

/// A void or return whose sale is not in the POS's file: it lies before the window, or no number was given.
fn explain_stray(draft: &mut Draft<'_>, event: &Event<'_>) {
    let settings = draft.settings;
    if event.kind == "void" && !settings.in_window(event.when, Book::Pos) {
        return;
    }
    let Some(line) = sale_line(event.movement) else { return };
    let (receipts, standing) = named_receipts(draft.books.movements(), line, event);
    let changed = receipts
        .iter()
        .any(|(_, sale)| sale.voided.is_some() || sale.modified.is_some_and(|at| at >= event.when.bounds().0));
    if changed || (event.kind == "void" && !standing.is_positive()) {
        return;
    }
    let cause = if event.kind == "void" { Cause::VoidOnlyInPos } else { Cause::ReturnOnlyInPos };
    let mut records = vec![event_evidence(event)];
    records.extend(receipts.iter().map(|(line, _)| sale_evidence(line, "sale")));
    let mut finding = Finding::new(cause, event.amount, 850, records);
    finding.when = Some(event.when);
    finding.in_flight = settings.in_flight(event.when, Book::State);
    finding.receipt = Some(Box::new(ReceiptFacts {
        number: Text::new(line.original.as_str()),
        external: Text::new(receipts.first().map_or("", |(_, sale)| sale.number.as_str())),
        state_receipts: receipts.iter().map(|line| StateReceipt { lines: vec![*line] }.facts()).collect(),
        target: standing - event.amount,
        surplus: false,
    }));
    draft.findings.push(finding);
}

/// The state's lines of the receipt that a stray void or return names, and what they still hold.
fn named_receipts<'a>(
    movements: &'a [Movement],
    line: &SaleLine,
    event: &Event<'_>,
) -> (Vec<(&'a Movement, &'a SaleLine)>, Amount) {
    let named = &line.original;
    let lines: Vec<(&Movement, &SaleLine)> = movements
        .iter()
        .filter(|movement| movement.book == Book::State && movement.when.bounds().0 <= event.when.bounds().1)
        .filter_map(|movement| Some((movement, sale_line(movement)?)))
        .filter(|(_, sale)| !named.is_empty() && !sale.number.is_empty() && sale.number.core() == named.core())
        .collect();
    let standing = lines.iter().filter(|(_, sale)| sale.voided.is_none()).map(|(line, _)| sold(line)).sum();
    (lines, standing)
}

fn sale_line(movement: &Movement) -> Option<&SaleLine> {
    match &movement.kind {
        MovementKind::Sale(line) | MovementKind::Return(line) | MovementKind::Void(line) => Some(line),
        _ => None,
    }
}

/// Differences of a sale that both books hold in the same quantity.
fn flags(draft: &mut Draft<'_>, balance: &Balance<'_, '_>) {
    let settings = draft.settings;
    let standing: Vec<&StateReceipt<'_>> =
        balance.receipts.iter().copied().filter(|receipt| receipt.active().is_positive()).collect();
    if standing.is_empty() || !settings.in_window(balance.sale.when(), Book::Pos) {
        return;
    }
    let lines: Vec<(&Movement, &SaleLine)> =
        standing.iter().flat_map(|receipt| &receipt.lines).filter(|(_, sale)| sale.voided.is_none()).copied().collect();
    let when = balance.sale.when();
    let other_day = lines.iter().any(|(line, _)| !when.same_day(line.when, &settings.zone));
    let theirs = || lines.iter().filter_map(|(_, sale)| sale.customer);
    let ours = || balance.sale.lines.iter().filter_map(|(_, sale)| sale.customer);
    let other_customer = ours().any(|ours| theirs().any(|theirs| ours.differs_from(theirs)));
    let whole = balance.voided.is_zero() && balance.returned.is_zero();
    let other_price = whole
        && price(balance.sale.lines.iter().map(|(_, sale)| *sale))
            .zip(price(lines.iter().map(|(_, sale)| *sale)))
            .is_some_and(|(ours, theirs)| !ours.same_value(theirs));
    let differs = [
        (other_day, Cause::SaleTimeDiffers),
        (other_customer, Cause::CustomerTypeDiffers),
        (other_price, Cause::PriceDiffers),
    ];
    for (_, cause) in differs.into_iter().filter(|(differs, _)| *differs) {
        let mut records = pos_evidence(balance);
        records.extend(state_evidence(standing.iter().copied(), false));
        let mut finding = Finding::new(cause, Amount::ZERO, 950, records);
        finding.receipt = Some(receipt_facts(balance, &standing));
        draft.findings.push(finding);
    }
}

/// The sum of the lines' prices, if every line has one.
fn price<'a>(lines: impl Iterator<Item = &'a SaleLine>) -> Option<Decimal> {
    let mut total: Option<Decimal> = None;
    for line in lines {
        let price = line.price?.0;
        total = Some(match total {
            None => price,
            Some(sum) => sum.checked_add(price).ok()?,
        });
    }
    total
}
