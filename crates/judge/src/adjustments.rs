//! Adjustments, waste, samples and transfers out: the POS's movements against the state's adjustments; and what returns are
//! left, which an adjustment may have brought back.

use crate::JudgeError;
use crate::findings::{Correction, Findings};
use crate::number::{Exact, Written};
use crate::read::{Adjustment, Movement, Shipped, Store};
use crate::sales::Return;
use crate::time::{MINUTE, When, day, distance};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// "within 2 hours before or after"
const TWO_HOURS: i128 = 120 * MINUTE;

/// A change of one package in the POS: all rows of one event, kind and package.
struct Pos {
    tag: String,
    at: Timestamp,
    kind: Kind,
    waste: bool,
    amount: Exact,
    parts: Vec<(Exact, Written)>,
    corrects: String,
    done: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Adjustment,
    TransferOut,
    Correction,
}

/// An adjustment of the state.
struct State {
    tag: String,
    at: When,
    waste: bool,
    outgoing: bool,
    amount: Exact,
    written: Written,
    note: String,
    done: bool,
}

/// A matched pair, kept to recognise what was reported twice.
struct Match {
    pos: Timestamp,
    state: usize,
}

/// Judges all adjustments, transfers out and left returns; corrections are put aside, they settle last.
pub(crate) fn judge(store: &Store, returns: Vec<Return>, findings: &mut Findings) -> Result<(), JudgeError> {
    let mut pos = pos_changes(store)?;
    let mut state = state_changes(store)?;
    let mut matches = match_adjustments(store, &mut pos, &mut state, findings);
    apart(&mut pos);
    matches.extend(match_adjustments(store, &mut pos, &mut state, findings));
    match_other_unit(store, &mut pos, &mut state, findings);
    let sent = transfers_out(store, &mut pos, &mut state, findings);
    reported_twice(store, &mut state, &matches, findings);
    settle_returns(store, returns, &mut state, findings);
    left_in_pos(store, &pos, findings);
    left_in_state(store, &state, findings);
    outgoing_only_in_state(store, &sent, findings)
}

/// "Waste is a reason or type with waste, destroy, destruction, spoil, expired, disposal."
pub(crate) fn is_waste(text: &str) -> bool {
    let text = text.to_lowercase();
    ["waste", "destroy", "destruction", "spoil", "expired", "disposal"].iter().any(|word| text.contains(word))
}

fn kind(row: &Movement) -> Option<Kind> {
    match row.kind.as_str() {
        "adjust" | "destroy" | "sample" => Some(Kind::Adjustment),
        "finish" | "unfinish" if row.delta.number != 0 => Some(Kind::Adjustment),
        "transfer_out" => Some(Kind::TransferOut),
        "correction" => Some(Kind::Correction),
        _ => None,
    }
}

fn pos_changes(store: &Store) -> Result<Vec<Pos>, JudgeError> {
    let mut changes: Vec<(String, Pos)> = Vec::new();
    for row in store.movements.iter().filter(|row| !row.tag.is_empty()) {
        let Some(kind) = kind(row) else { continue };
        let amount = store.amount(&row.tag, &row.sku, row.delta)?;
        let waste = is_waste(&row.kind) || is_waste(&row.reason);
        let same = |(event, other): &&mut (String, Pos)| {
            *event == row.event && other.tag == row.tag && other.kind == kind && other.waste == waste
        };
        match changes.iter_mut().find(same) {
            Some((_, change)) => {
                change.amount += amount;
                change.parts.push((amount, row.delta));
            }
            None => {
                let parts = vec![(amount, row.delta)];
                let (tag, corrects) = (row.tag.clone(), row.corrects.clone());
                let change = Pos { tag, at: row.at, kind, waste, amount, parts, corrects, done: false };
                changes.push((row.event.clone(), change));
            }
        }
    }
    Ok(changes.into_iter().map(|(_, change)| change).collect())
}

fn state_changes(store: &Store) -> Result<Vec<State>, JudgeError> {
    let read = |row: &Adjustment| {
        let reason = row.reason.to_lowercase();
        Ok(State {
            tag: row.tag.clone(),
            at: row.at,
            waste: is_waste(&row.reason),
            outgoing: reason.contains("transfer") || reason.contains("vendor"),
            amount: store.state_amount(&row.tag, row.quantity)?,
            written: row.quantity,
            note: row.note.trim().to_owned(),
            done: false,
        })
    };
    store.adjustments.iter().map(read).collect()
}

/// "within 2 hours before or after (dates without time: the business day)"
fn near(store: &Store, pos: Timestamp, state: When) -> bool {
    match state.date_only {
        true => day(pos, &store.config.zone) == state.day(&store.config.zone),
        false => state.distance(pos) <= TWO_HOURS,
    }
}

/// Whether the POS's snapshot and window hold a change.
fn in_pos(store: &Store, at: Timestamp) -> bool {
    at >= store.config.window_start && at <= store.config.pos_as_of
}

/// Where a state's change lies: before the window, in its snapshot, or after it. Dates are compared as days.
fn before_window(store: &Store, at: When) -> bool {
    match at.date_only {
        true => at.day(&store.config.zone) < day(store.config.window_start, &store.config.zone),
        false => at.last() < store.config.window_start,
    }
}

fn after(store: &Store, at: When, moment: Timestamp) -> bool {
    match at.date_only {
        true => at.day(&store.config.zone) > day(moment, &store.config.zone),
        false => at.first > moment,
    }
}

/// "Adjustments match by tag, amount and waste class, nearest first"
fn match_adjustments(store: &Store, pos: &mut [Pos], state: &mut [State], findings: &mut Findings) -> Vec<Match> {
    let mut pairs = Vec::new();
    for (left, change) in pos.iter().enumerate().filter(|(_, change)| change.kind == Kind::Adjustment && !change.done) {
        for (right, other) in state.iter().enumerate().filter(|(_, other)| !other.done) {
            let same = change.tag == other.tag && change.amount == other.amount && change.waste == other.waste;
            if same && near(store, change.at, other.at) {
                pairs.push((other.at.date_only, other.at.distance(change.at), left, right));
            }
        }
    }
    pairs.sort_unstable();
    let mut matches = Vec::new();
    for (_, _, left, right) in pairs {
        if let (Some(change), Some(other)) = (pos.get_mut(left), state.get_mut(right))
            && !change.done
            && !other.done
        {
            pair_up(store, change, other, findings);
            matches.push(Match { pos: change.at, state: right });
        }
    }
    matches
}

/// Both have it; each snapshot may still be older than it.
fn pair_up(store: &Store, change: &mut Pos, other: &mut State, findings: &mut Findings) {
    change.done = true;
    other.done = true;
    let late_pos = change.at > store.config.pos_as_of;
    let late_state = after(store, other.at, store.config.state_as_of);
    let outside = change.at < store.config.window_start || before_window(store, other.at);
    match (late_pos, late_state) {
        _ if outside => {}
        (false, true) => findings.fly(&change.tag, change.amount),
        (true, false) => findings.fly(&change.tag, -change.amount),
        _ => {}
    }
}

/// The rows of an event that did not match as one are tried one by one.
fn apart(pos: &mut Vec<Pos>) {
    let mut single = Vec::new();
    for change in pos.drain(..) {
        if change.done || change.parts.len() < 2 || change.kind != Kind::Adjustment {
            single.push(change);
            continue;
        }
        for part in &change.parts {
            let (tag, corrects) = (change.tag.clone(), change.corrects.clone());
            single.push(Pos { tag, corrects, amount: part.0, parts: vec![*part], ..change });
        }
    }
    *pos = single;
}

/// `unit_mismatch`: "the same number in another unit"
fn match_other_unit(store: &Store, pos: &mut [Pos], state: &mut [State], findings: &mut Findings) {
    for change in pos.iter_mut().filter(|change| !change.done && change.kind == Kind::Adjustment) {
        let [(_, written)] = change.parts.as_slice() else { continue };
        let alike = |other: &&mut State| {
            !other.done
                && other.tag == change.tag
                && other.waste == change.waste
                && other.written.number == written.number
                && other.written.unit != written.unit
                && near(store, change.at, other.at)
        };
        if let Some(other) = state.iter_mut().filter(alike).min_by_key(|other| other.at.distance(change.at)) {
            change.done = true;
            other.done = true;
            if in_pos(store, change.at) && !after(store, other.at, store.config.state_as_of) {
                findings.add(&change.tag, "unit_mismatch", change.amount - other.amount, change.at, &[]);
            }
        }
    }
}

/// A transfer out is settled by an equal adjustment within two hours, by the state's own record that the package left, or
/// by the package being gone from the state.
fn transfers_out(store: &Store, pos: &mut [Pos], state: &mut [State], findings: &mut Findings) -> BTreeSet<usize> {
    let mut sent = BTreeSet::new();
    for change in pos.iter_mut().filter(|change| change.kind == Kind::TransferOut) {
        let equal = |other: &&mut State| {
            !other.done && other.tag == change.tag && other.amount == change.amount && near(store, change.at, other.at)
        };
        if let Some(other) = state.iter_mut().filter(equal).min_by_key(|other| other.at.distance(change.at)) {
            pair_up(store, change, other, findings);
            continue;
        }
        let own = |row: &&Shipped| row.outgoing && row.tag == change.tag;
        let mut left = store.shipped.iter().enumerate().filter(|(_, row)| own(row));
        let same = left.find(|(place, row)| {
            let amount = store.state_amount(&row.tag, row.quantity).ok();
            !sent.contains(place) && amount == Some(-change.amount)
        });
        if let Some((place, _)) = same {
            sent.insert(place);
            change.done = true;
            continue;
        }
        let gone = store.packages.get(&change.tag).is_none_or(|package| package.quantity.number == 0);
        if gone {
            change.done = true;
        }
    }
    sent
}

/// "A further state adjustment of a matched one's amount, class and note within those 2 hours is `adjustment_reported_twice`."
fn reported_twice(store: &Store, state: &mut [State], matches: &[Match], findings: &mut Findings) {
    for index in 0..state.len() {
        let Some(further) = state.get(index).filter(|other| !other.done) else { continue };
        let again = matches.iter().any(|pair| {
            state.get(pair.state).is_some_and(|first| {
                first.tag == further.tag
                    && first.amount == further.amount
                    && first.waste == further.waste
                    && first.note == further.note
                    && near(store, pair.pos, further.at)
            })
        });
        if again && let Some(further) = state.get_mut(index) {
            further.done = true;
            if !before_window(store, further.at) && !after(store, further.at, store.config.state_as_of) {
                findings.add(&further.tag, "adjustment_reported_twice", -further.amount, further.at.first, &[]);
            }
        }
    }
}

/// "… or an equal adjustment brought it back." It may come at any time after the return, or up to two hours before it.
fn settle_returns(store: &Store, returns: Vec<Return>, state: &mut [State], findings: &mut Findings) {
    let late = |at: Timestamp| at > store.config.pos_as_of;
    for back in returns {
        let equal = |other: &&mut State| {
            let since = other.at.last() >= back.at || near(store, back.at, other.at);
            !other.done && other.tag == back.tag && other.amount == back.amount && !other.waste && since
        };
        if let Some(other) = state.iter_mut().filter(equal).min_by_key(|other| other.at.distance(back.at)) {
            other.done = true;
            match (late(back.at), after(store, other.at, store.config.state_as_of)) {
                (true, false) => findings.fly(&back.tag, -back.amount),
                (false, true) => findings.fly(&back.tag, back.amount),
                _ => {}
            }
        } else if !late(back.at) && back.at >= store.config.window_start {
            let young = crate::sales::is_young(store, back.at);
            let refs = [back.number.as_str(), back.original.as_str()];
            findings.add_or_fly(young, &back.tag, "return_only_in_pos", back.amount, back.at, &refs);
        }
    }
}

/// What only the POS has. Corrections are kept for later: they settle against causes.
fn left_in_pos(store: &Store, pos: &[Pos], findings: &mut Findings) {
    for change in pos.iter().filter(|change| !change.done && in_pos(store, change.at) && !change.amount.is_zero()) {
        let cause = match (change.kind, change.waste) {
            (Kind::Correction, _) => {
                let (tag, corrects) = (change.tag.clone(), change.corrects.clone());
                findings.corrections.push(Correction { tag, quantity: change.amount, at: change.at, corrects });
                continue;
            }
            (Kind::TransferOut, _) => "transfer_out_only_in_pos",
            (Kind::Adjustment, true) => "destroyed_only_in_pos",
            (Kind::Adjustment, false) => "adjustment_only_in_pos",
        };
        let young = crate::sales::is_young(store, change.at);
        findings.add_or_fly(young, &change.tag, cause, change.amount, change.at, &[]);
    }
}

/// What only the state has; what is later than the POS's snapshot is in flight.
fn left_in_state(store: &Store, state: &[State], findings: &mut Findings) {
    for other in state.iter().filter(|other| !other.done && !other.amount.is_zero()) {
        if before_window(store, other.at) || after(store, other.at, store.config.state_as_of) {
            continue;
        }
        let cause = match (other.waste, other.outgoing) {
            (true, _) => "destroyed_only_in_state",
            (false, true) => "transfer_out_only_in_state",
            (false, false) => "adjustment_only_in_state",
        };
        let ahead = after(store, other.at, store.config.pos_as_of);
        findings.add_or_fly(ahead, &other.tag, cause, -other.amount, other.at.first, &[]);
    }
}

/// Packages that the state itself lists as sent away while the POS records no transfer.
fn outgoing_only_in_state(store: &Store, sent: &BTreeSet<usize>, findings: &mut Findings) -> Result<(), JudgeError> {
    let listed = store.inventory.iter().map(|row| &row.tag);
    let sold = store.sales.iter().map(|row| &row.tag);
    let known: BTreeSet<&str> =
        listed.chain(sold).chain(store.movements.iter().map(|row| &row.tag)).map(String::as_str).collect();
    for (place, shipped) in store.shipped.iter().enumerate().filter(|(_, shipped)| shipped.outgoing) {
        let Some(at) = shipped.at.filter(|at| !before_window(store, *at)) else { continue };
        if sent.contains(&place) || !known.contains(shipped.tag.as_str()) {
            continue;
        }
        let amount = store.state_amount(&shipped.tag, shipped.quantity)?;
        let ahead = after(store, at, store.config.pos_as_of);
        findings.add_or_fly(ahead, &shipped.tag, "transfer_out_only_in_state", amount, at.first, &[]);
    }
    Ok(())
}

/// Whether a correction names a fact by its time.
pub(crate) fn names_time(store: &Store, corrects: &str, at: Timestamp) -> bool {
    When::parse(corrects, &store.config.zone).is_some_and(|named| match named.date_only {
        true => named.day(&store.config.zone) == day(at, &store.config.zone),
        false => distance(named.first, at) < MINUTE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waste_is_told_by_words() {
        assert!(is_waste("Mandated Destruction"));
        assert!(is_waste("Spoilage"));
        assert!(!is_waste("Incorrect Quantity"));
    }
}
