//! The verdict: what is left unexplained, the flags, and which packages are discrepant.

use crate::JudgeError;
use crate::balance::Balances;
use crate::findings::Findings;
use crate::number::Exact;
use crate::read::{Inventory, Store, plain};
use crate::shelf;
use std::collections::{BTreeMap, BTreeSet};

/// What the judge says of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Packages compared: those of either snapshot, and those of neither that the two books' records were compared for.
    pub packages: usize,
    /// The discrepant packages by tag.
    pub discrepancies: BTreeMap<String, Verdict>,
}

/// What the judge says of one package. Quantities are grams, millilitres or pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// POS minus state minus in flight.
    pub difference: Exact,
    /// What the other side is not yet due to have.
    pub in_flight: Exact,
    /// Each cause's share of the difference; flags with 0.
    pub causes: BTreeMap<String, Exact>,
    /// The rest of the difference.
    pub unexplained: Exact,
    /// The shelf's side, where every stocked room was counted.
    pub shelf: Option<ShelfVerdict>,
}

/// What the judge says of one package's shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfVerdict {
    /// What is on the shelf at the time of the snapshot.
    pub shelf: Exact,
    /// POS minus shelf.
    pub difference: Exact,
    /// Each cause's share of it.
    pub causes: BTreeMap<String, Exact>,
    /// The rest of it.
    pub unexplained: Exact,
}

pub(crate) fn conclude(store: &Store, balances: &Balances, mut findings: Findings) -> Result<Judgement, JudgeError> {
    let mut shelves = shelf::judge(store, balances)?;
    let mut tags = balances.tags();
    tags.extend(findings.items.keys().chain(findings.flags.keys()).chain(findings.in_flight.keys()).cloned());
    tags.extend(shelves.keys().cloned());
    for tag in &tags {
        unit_of_balance(store, balances, &mut findings, tag);
        one_side_only(store, balances, &mut findings, tag);
        package_flags(store, balances, &mut findings, tag);
    }
    let mut discrepancies = BTreeMap::new();
    for tag in &tags {
        let verdict = verdict(balances, &findings, tag, shelves.remove(tag));
        if is_discrepant(&verdict) {
            discrepancies.insert(tag.clone(), verdict);
        }
    }
    Ok(Judgement { packages: tags.len(), discrepancies })
}

/// "Σ `causes` + `unexplained` = `difference`, always."
///
/// A package in neither snapshot has no balances: it is "compared by receipt", so its difference is what the records differ by.
fn verdict(balances: &Balances, findings: &Findings, tag: &str, shelf: Option<ShelfVerdict>) -> Verdict {
    let mut causes: BTreeMap<String, Exact> = BTreeMap::new();
    for item in findings.items.get(tag).into_iter().flatten() {
        *causes.entry(item.cause.to_owned()).or_default() += item.quantity;
    }
    for flag in findings.flags.get(tag).into_iter().flatten() {
        causes.entry((*flag).to_owned()).or_default();
    }
    let explained: Exact = causes.values().copied().sum();
    let difference = if balances.in_neither(tag) { explained } else { balances.difference(findings, tag) };
    let unexplained = difference - explained;
    Verdict { difference, in_flight: findings.flying(tag), causes, unexplained, shelf }
}

/// "`rounding`, which alone makes no discrepancy"; "A shelf difference alone is a discrepancy."
fn is_discrepant(verdict: &Verdict) -> bool {
    let shelf = verdict.shelf.as_ref().is_some_and(|shelf| !shelf.difference.is_zero() || !shelf.causes.is_empty());
    let cause = verdict.causes.keys().any(|cause| cause != "rounding");
    cause || shelf || !verdict.unexplained.is_zero()
}

/// `unit_mismatch`: both snapshots show the same number in another unit, and nothing else explains anything.
fn unit_of_balance(store: &Store, balances: &Balances, findings: &mut Findings, tag: &str) {
    let rows: Vec<&Inventory> = store.inventory.iter().filter(|row| row.tag == tag).collect();
    let (Some(package), [row]) = (store.packages.get(tag), rows.as_slice()) else { return };
    let same_number = row.quantity.number == package.quantity.number && row.quantity.number != 0;
    let rest = balances.rest(findings, tag);
    let untouched = findings.items.get(tag).is_none_or(Vec::is_empty);
    if same_number && row.quantity.unit != package.quantity.unit && !rest.is_zero() && untouched {
        findings.add(tag, "unit_mismatch", rest, store.config.pos_as_of, &[]);
    }
}

/// `missing_in_pos` · `missing_in_state`: "on one side only, and none of the above says why", − · +
fn one_side_only(store: &Store, balances: &Balances, findings: &mut Findings, tag: &str) {
    let rest = balances.rest(findings, tag);
    let in_state = balances.in_state(tag);
    if in_state && !balances.pos_knows(tag) && rest < Exact::ZERO {
        findings.add(tag, "missing_in_pos", rest, store.config.pos_as_of, &[]);
    } else if balances.in_pos(tag) && !in_state && rest > Exact::ZERO {
        findings.add(tag, "missing_in_state", rest, store.config.pos_as_of, &[]);
    }
}

/// Causes of quantity 0, "only where both sides give a value (not empty)".
/// "A package at 0 on both sides agrees, whatever list the state has it in."
fn package_flags(store: &Store, balances: &Balances, findings: &mut Findings, tag: &str) {
    let Some(package) = store.packages.get(tag) else { return };
    let rows: Vec<&Inventory> = store.inventory.iter().filter(|row| row.tag == tag).collect();
    if balances.pos(tag).is_zero() && balances.state(tag).is_zero() {
        return;
    }
    finished(store, balances, findings, tag);
    if rooms_differ(store, &rows, &package.location) {
        findings.flag(tag, "room_differs");
    }
    if let (Some(pos), Some(state)) = (pos_hold(&rows), package.hold)
        && pos != state
    {
        findings.flag(tag, "hold_differs");
    }
    if items_differ(store, &rows, &package.item) {
        findings.flag(tag, "item_differs");
    }
}

/// `finished_in_state`, `finished_only_in_pos` "(with stock on the other side)".
///
/// Stock that a repackaging or discontinuation in the state wholly accounts for is no stock of the finished package.
fn finished(store: &Store, balances: &Balances, findings: &mut Findings, tag: &str) {
    let Some(package) = store.packages.get(tag) else { return };
    let gone_elsewhere: Exact = (findings.items.get(tag).into_iter().flatten())
        .filter(|item| item.cause == "repackaged_in_state" || item.cause == "discontinued_in_state")
        .map(|item| item.quantity)
        .sum();
    let stock = balances.pos(tag);
    if package.finished && !stock.is_zero() && stock != gone_elsewhere {
        findings.flag(tag, "finished_in_state");
    }
    let kinds = ["finish", "unfinish"];
    let rows = store.movements.iter().filter(|row| row.tag == tag && kinds.contains(&row.kind.as_str()));
    let last = rows.filter(|row| row.at <= store.config.pos_as_of).max_by_key(|row| row.at);
    if last.is_some_and(|row| row.kind == "finish") && !package.finished && !balances.state(tag).is_zero() {
        findings.flag(tag, "finished_only_in_pos");
    }
}

/// "rooms are compared only where mapped". One of the POS's rooms with stock must be the state's location.
fn rooms_differ(store: &Store, rows: &[&Inventory], location: &str) -> bool {
    let stocked = rows.iter().filter(|row| row.quantity.number != 0);
    let mapped = |row: &&Inventory| {
        let found = store.config.rooms.iter().find(|(room, _)| plain(room) == plain(&row.room));
        found.map(|(_, location)| plain(location))
    };
    let mapped: BTreeSet<String> = stocked.filter_map(mapped).filter(|room| !room.is_empty()).collect();
    let location = plain(location);
    !location.is_empty() && !mapped.is_empty() && !mapped.contains(&location)
}

/// Whether the POS holds the package back; nothing where it gives no status.
fn pos_hold(rows: &[&Inventory]) -> Option<bool> {
    let told: Vec<String> = rows.iter().map(|row| plain(&row.status)).filter(|status| !status.is_empty()).collect();
    let held = |status: &String| ["hold", "quarantine", "recall"].iter().any(|word| status.contains(word));
    if told.is_empty() { None } else { Some(told.iter().any(held)) }
}

/// The POS's product names against the state's item. A converted SKU has a name of its own.
fn items_differ(store: &Store, rows: &[&Inventory], item: &str) -> bool {
    let converted = |row: &&&Inventory| store.sku_map.contains_key(&(row.tag.clone(), row.sku.clone()));
    let names = |row: &&Inventory| Some(plain(&row.product)).filter(|name| !name.is_empty());
    let all: BTreeSet<String> = rows.iter().filter_map(names).collect();
    let plain_rows = rows.iter().filter(|row| !converted(row)).filter_map(names).count();
    let item = plain(item);
    !item.is_empty() && plain_rows > 0 && !all.contains(&item)
}
