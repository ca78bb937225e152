//! Receiving: the state's accepted manifest packages against the POS's receipts of goods.

use super::{in_pos_window, since_window_start};
use crate::JudgeError;
use crate::balance::Balances;
use crate::findings::Findings;
use crate::number::{Exact, Written};
use crate::read::Store;
use crate::sales::is_young;
use crate::time::When;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the POS received of a package.
#[derive(Default)]
pub(super) struct Received {
    pub amount: Exact,
    pub written: Vec<Written>,
    pub at: Option<Timestamp>,
}

/// What the state says was accepted of a package.
struct Accepted {
    amount: Exact,
    written: Written,
    at: Option<When>,
    /// Said by a transfer, not taken from the package.
    by_transfer: bool,
}

pub(super) fn judge(store: &Store, balances: &Balances, findings: &mut Findings) -> Result<(), JudgeError> {
    let pos = received_in_pos(store)?;
    let mistyped: BTreeSet<String> =
        findings.mistyped.iter().flat_map(|(pos, state)| [pos.clone(), state.clone()]).collect();
    let tags: BTreeSet<String> = balances.tags().into_iter().filter(|tag| !mistyped.contains(tag)).collect();
    for tag in tags {
        match (pos.get(&tag), accepted(store, &tag)?) {
            (Some(received), Some(accepted)) => both(store, balances, findings, &tag, received, &accepted),
            (Some(received), None) => only_in_pos(store, balances, findings, &tag, received),
            (None, Some(accepted)) => only_in_state(store, balances, findings, &tag, &accepted),
            (None, None) => {}
        }
    }
    Ok(())
}

/// The POS's receipts of goods, by package.
pub(super) fn received_in_pos(store: &Store) -> Result<BTreeMap<String, Received>, JudgeError> {
    let mut received: BTreeMap<String, Received> = BTreeMap::new();
    for row in store.movements.iter().filter(|row| row.kind == "receive" && !row.tag.is_empty()) {
        if row.at > store.config.pos_as_of {
            continue;
        }
        let sum = received.entry(row.tag.clone()).or_default();
        sum.amount += store.amount(&row.tag, &row.sku, row.delta)?;
        sum.written.push(row.delta);
        sum.at = sum.at.max(Some(row.at));
    }
    Ok(received)
}

/// "an accepted manifest package": a transfer's accepted row, or a package that says from which manifest it came.
fn accepted(store: &Store, tag: &str) -> Result<Option<Accepted>, JudgeError> {
    let Some(package) = store.packages.get(tag) else { return Ok(None) };
    if let Some(row) = store.shipped.iter().find(|row| row.accepted && row.tag == tag) {
        let (amount, at) = (store.state_amount(tag, row.quantity)?, package.received.or(row.at));
        return Ok(Some(Accepted { amount, written: row.quantity, at, by_transfer: true }));
    }
    if package.received.is_none() && package.manifest.is_empty() {
        return Ok(None);
    }
    let written = package.original.unwrap_or(package.quantity);
    let amount = store.state_amount(tag, written)?;
    Ok(Some(Accepted { amount, written, at: package.received, by_transfer: false }))
}

/// `received_quantity_differs`: "received with another quantity", ±
///
/// Without a transfer the package's original quantity speaks, and only where it accounts for the whole rest.
fn both(
    store: &Store,
    balances: &Balances,
    findings: &mut Findings,
    tag: &str,
    received: &Received,
    accepted: &Accepted,
) {
    let difference = received.amount - accepted.amount;
    let in_window = received.at.is_some_and(|at| at >= store.config.window_start);
    let told = accepted.by_transfer || balances.rest(findings, tag) == difference;
    if difference.is_zero() || !in_window || !told {
        return;
    }
    let same_number = match received.written.as_slice() {
        [one] => one.number == accepted.written.number && one.unit != accepted.written.unit,
        _ => false,
    };
    let cause = if same_number { "unit_mismatch" } else { "received_quantity_differs" };
    findings.add(tag, cause, difference, received.at.unwrap_or(store.config.window_start), &[tag]);
}

/// `received_only_in_pos`: an accepted manifest package that the state lacks, +
fn only_in_pos(store: &Store, balances: &Balances, findings: &mut Findings, tag: &str, received: &Received) {
    let Some(at) = received.at.filter(|at| in_pos_window(store, *at)) else { return };
    if !balances.state_knows(tag) && !balances.in_neither(tag) {
        findings.add_or_fly(is_young(store, at), tag, "received_only_in_pos", received.amount, at, &[tag]);
    }
}

/// `received_only_in_state`: an accepted manifest package that the POS lacks, −
///
/// The POS lacks it where it has no record of it, or where exactly that quantity is what is still unexplained.
fn only_in_state(store: &Store, balances: &Balances, findings: &mut Findings, tag: &str, accepted: &Accepted) {
    let Some(at) = accepted.at.filter(|at| since_window_start(store, *at)) else { return };
    let rest = balances.rest(findings, tag);
    let unknown = !balances.pos_knows(tag) && !balances.state(tag).is_zero();
    if accepted.amount.is_zero() || !(unknown || rest == -accepted.amount) {
        return;
    }
    // "and for a package just received in the state that the POS lacks"
    let young = store.config.pos_as_of.as_nanosecond() - at.first.as_nanosecond() < store.config.every;
    findings.add_or_fly(young, tag, "received_only_in_state", -accepted.amount, at.first, &[tag]);
}
