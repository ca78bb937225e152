//! What each sale's match means: causes, what is in flight, flags, and the returns that are left.

use super::compare::{Naming, is_rounding, names, same_number_other_unit, subsets};
use super::{Books, Line, PosSale, Return, StateSale};
use crate::findings::Findings;
use crate::number::Exact;
use crate::read::Store;
use crate::time::day;
use jiff::Timestamp;

/// Judges every sale, then what the state has left over. Gives back the returns that no receipt settled.
pub(super) fn classify(books: &mut Books<'_>, findings: &mut Findings) -> Vec<Return> {
    let mut returns = std::mem::take(&mut books.returns);
    returns_without_a_number(books, &mut returns);
    let mut pos = std::mem::take(&mut books.pos);
    for sale in &mut pos {
        judge_sale(books, findings, sale);
        returns.append(&mut sale.returns);
    }
    orphan_voids(books, findings);
    orphan_returns(books, &mut returns);
    only_in_state(books, findings);
    // The state already shows a return that came after the POS's snapshot.
    for back in returns.iter().filter(|back| back.settled && back.at > books.store.config.pos_as_of) {
        findings.fly(&back.tag, -back.amount);
    }
    returns.retain(|back| !back.settled);
    returns
}

/// "age below `every_minutes` for anything of the POS that the state lacks"
pub(crate) fn is_young(store: &Store, at: Timestamp) -> bool {
    store.config.state_as_of.as_nanosecond() - at.as_nanosecond() < store.config.every
}

fn chosen<'a>(books: &'a Books<'_>, sale: &'a PosSale) -> impl Iterator<Item = &'a StateSale> {
    sale.chosen.iter().filter_map(|line| books.state.get(*line))
}

/// A return that names no receipt may be the one of any earlier sale of its package that the state holds short by as much.
fn returns_without_a_number(books: &mut Books<'_>, returns: &mut Vec<Return>) {
    let store = books.store;
    let mut kept = Vec::new();
    for back in returns.drain(..) {
        let short = |sale: &PosSale| {
            let held: Exact = chosen(books, sale).map(StateSale::amount).sum();
            let reported = !sale.chosen.is_empty() || !sale.dead.is_empty();
            reported
                && sale.returns.is_empty()
                && sale.gross() - sale.voided_by(store.config.pos_as_of) - held == back.amount
        };
        let fits =
            |sale: &PosSale| back.original.is_empty() && sale.tag == back.tag && sale.at <= back.at && short(sale);
        let place = books.pos.iter().enumerate().filter(|(_, sale)| fits(sale)).max_by_key(|(_, sale)| sale.at);
        let place = place.map(|(index, _)| index);
        match place.and_then(|index| books.pos.get_mut(index)) {
            Some(sale) => sale.returns.push(back),
            None => kept.push(back),
        }
    }
    *returns = kept;
}

fn judge_sale(books: &Books<'_>, findings: &mut Findings, sale: &mut PosSale) {
    reported_twice(books, findings, sale);
    let config = &books.store.config;
    if sale.at > config.pos_as_of {
        not_yet_in_pos(books, findings, sale);
    } else if sale.at < config.window_start {
        before_the_window(books, findings, sale);
    } else {
        in_the_window(books, findings, sale);
    }
}

/// `sale_reported_twice`: "the state has one POS sale more than once", +
fn reported_twice(books: &Books<'_>, findings: &mut Findings, sale: &PosSale) {
    for line in sale.live.iter().filter(|line| !sale.chosen.contains(line)).filter_map(|line| books.state.get(*line)) {
        if line.held(books.store) && line.at.last() >= books.store.config.window_start {
            let refs = [sale.number.as_str(), line.number.as_str(), line.id.as_str()];
            findings.add(&sale.tag, "sale_reported_twice", line.amount(), line.at.first, &refs);
        }
    }
}

/// The POS's snapshot was taken before the sale, the state's after it.
fn not_yet_in_pos(books: &Books<'_>, findings: &mut Findings, sale: &PosSale) {
    let held: Exact = chosen(books, sale).filter(|line| line.held(books.store)).map(StateSale::amount).sum();
    findings.fly(&sale.tag, held);
}

/// A sale of before the window serves as a candidate; only its void or return within the window moves a book.
fn before_the_window(books: &Books<'_>, findings: &mut Findings, sale: &mut PosSale) {
    let config = &books.store.config;
    let standing: Exact = chosen(books, sale).map(StateSale::amount).sum();
    let earlier = sale.voids.iter().filter(|(at, _)| *at < config.window_start).map(|(_, amount)| *amount).sum();
    let late = sale.voided_by(config.pos_as_of) - earlier;
    if late > Exact::ZERO {
        let excess = standing - (sale.gross() - earlier - late);
        if excess > Exact::ZERO {
            void_only_in_pos(books, findings, sale, excess.min(late));
        }
        return;
    }
    let short = sale.gross() - earlier - standing;
    let dead = sale.dead.iter().filter_map(|line| books.state.get(*line)?.archived);
    let voided_since =
        dead.into_iter().any(|at| at.last() >= config.window_start || archived_on_first_day(books, at.first));
    if sale.chosen.is_empty() && voided_since {
        let left = settle_up_to(sale, short);
        if left > Exact::ZERO {
            findings.add(&sale.tag, "void_only_in_state", -left, sale.at, &[&sale.number]);
        }
    } else if short > Exact::ZERO {
        settle_exactly(sale, short);
    }
}

fn archived_on_first_day(books: &Books<'_>, at: Timestamp) -> bool {
    let config = &books.store.config;
    day(at, &config.zone) == day(config.window_start, &config.zone)
}

fn in_the_window(books: &Books<'_>, findings: &mut Findings, sale: &mut PosSale) {
    let store = books.store;
    let net = sale.gross() - sale.voided_by(store.config.pos_as_of);
    let lacking = net - sale.elsewhere;
    if sale.chosen.is_empty() && sale.dead.is_empty() {
        not_reported(books, findings, sale, lacking);
    } else if sale.chosen.is_empty() {
        voided_in_state(books, findings, sale, lacking);
    } else if net <= Exact::ZERO {
        let standing: Exact = chosen(books, sale).filter(|line| line.held(store)).map(StateSale::amount).sum();
        void_only_in_pos(books, findings, sale, standing);
    } else {
        reported(books, findings, sale, lacking);
    }
}

/// `sale_not_reported`: "a POS sale that the state lacks and should have by now", −
///
/// What came back in full and stands on no receipt of the state: its line was taken off the receipt ("reduced by as much"),
/// or nothing was reported of either; in both the state lacks nothing.
fn not_reported(books: &Books<'_>, findings: &mut Findings, sale: &mut PosSale, lacking: Exact) {
    if lacking > Exact::ZERO && !settle_exactly(sale, lacking) {
        let young = is_young(books.store, sale.at);
        findings.add_or_fly(young, &sale.tag, "sale_not_reported", -lacking, sale.at, &[&sale.number]);
    }
}

/// `void_only_in_pos`: voided in the POS, the state's receipt stands, +
fn void_only_in_pos(books: &Books<'_>, findings: &mut Findings, sale: &PosSale, standing: Exact) {
    let by_now = sale.voids.iter().map(|(at, _)| *at).filter(|at| *at <= books.store.config.pos_as_of);
    let at = by_now.max().unwrap_or(sale.at);
    if standing > Exact::ZERO {
        let young = is_young(books.store, at);
        findings.add_or_fly(young, &sale.tag, "void_only_in_pos", standing, at, &[&sale.number]);
    }
}

/// The state's receipt was voided. The POS may have voided the sale too, or soon after, or taken the goods back.
fn voided_in_state(books: &Books<'_>, findings: &mut Findings, sale: &mut PosSale, lacking: Exact) {
    let config = &books.store.config;
    let later: Exact = sale.voids.iter().filter(|(at, _)| *at > config.pos_as_of).map(|(_, amount)| *amount).sum();
    // "each side with its own as-of": the POS's snapshot cannot show a void that the state made after it.
    let dead = sale.dead.iter().filter_map(|line| books.state.get(*line));
    let ahead: Exact = dead.filter(|line| line.voided_after(config.pos_as_of)).map(StateSale::amount).sum();
    let soon = later.max(ahead).min(lacking);
    if soon > Exact::ZERO {
        findings.fly(&sale.tag, -soon);
    }
    let left = settle_up_to(sale, lacking - soon);
    if left > Exact::ZERO {
        findings.add(&sale.tag, "void_only_in_state", -left, sale.at, &[&sale.number]);
    }
}

/// The state has the sale: does it have all of it?
fn reported(books: &Books<'_>, findings: &mut Findings, sale: &mut PosSale, lacking: Exact) {
    let store = books.store;
    let pending: Exact = chosen(books, sale).filter(|line| !line.held(store)).map(StateSale::amount).sum();
    let total: Exact = chosen(books, sale).map(StateSale::amount).sum();
    if !pending.is_zero() {
        findings.fly(&sale.tag, -pending);
    }
    let difference = total - lacking;
    flags(books, findings, sale, difference);
    if difference.is_zero() {
        return;
    }
    let Some((cause, at)) = quantity_cause(books, sale, difference) else { return };
    let refs = sale_refs(books, sale);
    let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
    match cause {
        "" => findings.fly(&sale.tag, difference),
        "void_only_in_pos" => void_only_in_pos(books, findings, sale, difference),
        name => findings.add(&sale.tag, name, difference, at, &refs),
    }
}

fn sale_refs(books: &Books<'_>, sale: &PosSale) -> Vec<String> {
    let ids = chosen(books, sale).flat_map(|line| [line.number.clone(), line.id.clone()]);
    std::iter::once(sale.number.clone()).chain(ids).filter(|text| !text.is_empty()).collect()
}

/// Why both have the sale with another quantity. No cause where a return settles it; an empty name where it is in flight.
fn quantity_cause(books: &Books<'_>, sale: &mut PosSale, difference: Exact) -> Option<(&'static str, Timestamp)> {
    let store = books.store;
    let state: Vec<Line> = chosen(books, sale).flat_map(|line| &line.lines).map(copy).collect();
    let short = -difference;
    if is_rounding(&sale.lines, &state) && sale.voids.is_empty() {
        return Some(("rounding", sale.at));
    }
    if same_number_other_unit(&sale.lines, &state) {
        return Some(("unit_mismatch", sale.at));
    }
    if short > Exact::ZERO {
        // "A state receipt below the POS's quantity is settled by a POS return of that amount"
        if settle_exactly(sale, short) {
            return None;
        }
        let dead: Vec<Exact> = sale.dead.iter().filter_map(|line| Some(books.state.get(*line)?.amount())).collect();
        if adds_up(&dead, short) {
            return Some(("void_only_in_state", sale.at));
        }
        let parts: Vec<Exact> = sale.lines.iter().map(|line| line.amount).collect();
        if is_young(store, sale.at) && parts.len() > 1 && adds_up(&parts, short) {
            return Some(("", sale.at));
        }
    } else if difference == sale.voided_by(store.config.pos_as_of) {
        return Some(("void_only_in_pos", sale.at));
    }
    Some(("sale_quantity_differs", sale.at))
}

fn copy(line: &Line) -> Line {
    Line { amount: line.amount, written: line.written, total: line.total }
}

fn adds_up(parts: &[Exact], wanted: Exact) -> bool {
    let sum = |subset: &Vec<usize>| subset.iter().filter_map(|place| parts.get(*place)).copied().sum::<Exact>();
    subsets(parts.len()).iter().any(|subset| sum(subset) == wanted)
}

/// "A return is settled when that receipt was … reduced by as much in the state"
fn settle_exactly(sale: &mut PosSale, short: Exact) -> bool {
    let amounts: Vec<Exact> = sale.returns.iter().map(|back| back.amount).collect();
    let sum = |subset: &Vec<usize>| subset.iter().filter_map(|place| amounts.get(*place)).copied().sum::<Exact>();
    let Some(subset) = subsets(amounts.len()).into_iter().find(|subset| sum(subset) == short) else { return false };
    for place in subset {
        if let Some(back) = sale.returns.get_mut(place) {
            back.settled = true;
        }
    }
    true
}

/// "A return is settled when that receipt was voided": gives back what of the void the returns do not account for.
fn settle_up_to(sale: &mut PosSale, voided: Exact) -> Exact {
    let mut left = voided;
    for back in &mut sale.returns {
        if back.amount <= left {
            back.settled = true;
            left = left - back.amount;
        }
    }
    left
}

/// "only where both sides give a value (not empty)"
fn flags(books: &Books<'_>, findings: &mut Findings, sale: &PosSale, difference: Exact) {
    let zone = &books.store.config.zone;
    for line in chosen(books, sale) {
        // `sale_time_differs` (another business day)
        if line.at.day(zone) != sale.day && day(line.at.last(), zone) != sale.day {
            findings.flag(&sale.tag, "sale_time_differs");
        }
        let (pos, state) = (customer(&sale.customer), customer(&line.customer));
        if !pos.is_empty() && !state.is_empty() && pos != state && !one_kind(&pos, &state) {
            findings.flag(&sale.tag, "customer_type_differs");
        }
    }
    let total = |lines: Vec<&Line>| lines.iter().map(|line| line.total).sum::<Option<i128>>();
    let pos = total(sale.lines.iter().collect());
    let state = total(chosen(books, sale).flat_map(|line| &line.lines).collect());
    let whole = sale.voids.is_empty() && sale.elsewhere.is_zero();
    let rounded = || {
        let lines: Vec<Line> = chosen(books, sale).flat_map(|line| &line.lines).map(copy).collect();
        is_rounding(&sale.lines, &lines)
    };
    if let (Some(pos), Some(state)) = (pos, state)
        && pos != state
        && whole
        && (difference.is_zero() || rounded())
    {
        findings.flag(&sale.tag, "price_differs");
    }
}

/// A customer type, made comparable.
fn customer(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// A POS that only tells medical from recreational sales does not contradict the state's finer words.
fn one_kind(pos: &str, state: &str) -> bool {
    let consumer = ["consumer", "nonresidentconsumer"].contains(&state);
    match pos {
        "recreational" | "rec" | "adult" | "adultuse" => consumer,
        "medical" | "med" => !consumer,
        _ => false,
    }
}

/// A void whose sale is not in the files: the state's receipt of that number was voided too, or it stands.
fn orphan_voids(books: &mut Books<'_>, findings: &mut Findings) {
    let config = &books.store.config;
    for void in std::mem::take(&mut books.voids) {
        if void.at < config.window_start || void.at > config.pos_as_of {
            continue;
        }
        let original = if void.original.is_empty() { void.number.clone() } else { void.original.clone() };
        let mut same = books.state.iter_mut().filter(|line| {
            !line.taken
                && line.tag == void.tag
                && line.amount() == void.amount
                && names(&line.number, &original) != Naming::No
        });
        let found = same.next();
        let settled = found.as_ref().is_some_and(|line| line.archived.is_some());
        if let Some(line) = found {
            line.taken = true;
        }
        if !settled {
            let young = is_young(books.store, void.at);
            findings.add_or_fly(young, &void.tag, "void_only_in_pos", void.amount, void.at, &[&original]);
        }
    }
}

/// A return whose sale is not in the files is settled by a voided receipt of that number.
fn orphan_returns(books: &mut Books<'_>, returns: &mut [Return]) {
    for back in returns.iter_mut().filter(|back| !back.settled && !back.original.is_empty()) {
        let voided = books.state.iter_mut().find(|line| {
            !line.taken
                && line.archived.is_some()
                && line.tag == back.tag
                && line.amount() >= back.amount
                && names(&line.number, &back.original) != Naming::No
        });
        if let Some(line) = voided {
            line.taken = true;
            back.settled = true;
        }
    }
}

/// `sale_only_in_state`: "a state receipt with no POS sale (uploaded by hand)", +
fn only_in_state(books: &Books<'_>, findings: &mut Findings) {
    let config = &books.store.config;
    for line in books.state.iter().filter(|line| !line.taken && line.archived.is_none()) {
        if line.at.last() < config.window_start || !line.held(books.store) {
            continue;
        }
        let ahead = line.at.first > config.pos_as_of;
        let refs = [line.number.as_str(), line.id.as_str()];
        findings.add_or_fly(ahead, &line.tag, "sale_only_in_state", line.amount(), line.at.first, &refs);
    }
}
