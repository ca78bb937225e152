//! Packages made from packages, and packages undone.

use super::receiving::received_in_pos;
use super::{in_pos_window, since_window_start};
use crate::JudgeError;
use crate::balance::Balances;
use crate::findings::Findings;
use crate::number::{Dimension, Exact, pieces_times};
use crate::read::{Movement, Package, Store};
use crate::sales::is_young;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A split, merge or conversion across packages in the POS.
pub(super) struct Event {
    at: Timestamp,
    /// The change of each package.
    changes: BTreeMap<String, Exact>,
}

impl Event {
    fn makes(&self, tag: &str) -> bool {
        self.changes.get(tag).is_some_and(|change| *change > Exact::ZERO)
    }
}

/// The POS's events across packages. An event within one package must conserve its quantity.
///
/// `conversion_unbalanced`: "a POS conversion that did not conserve the package's quantity", ±
pub(super) fn pos_events(store: &Store, findings: &mut Findings) -> Result<Vec<Event>, JudgeError> {
    let kinds = ["split", "merge", "convert"];
    let mut groups: BTreeMap<&str, Vec<&Movement>> = BTreeMap::new();
    for row in store.movements.iter().filter(|row| kinds.contains(&row.kind.as_str()) && !row.tag.is_empty()) {
        groups.entry(row.event.as_str()).or_default().push(row);
    }
    let mut events = Vec::new();
    for rows in groups.into_values() {
        let changes = changes(store, &rows)?;
        let Some(at) = rows.iter().map(|row| row.at).min() else { continue };
        let sum: Exact = changes.values().copied().sum();
        match changes.keys().next() {
            Some(tag) if changes.len() == 1 => {
                if !sum.is_zero() && in_pos_window(store, at) {
                    findings.add(tag, "conversion_unbalanced", sum, at, &[]);
                }
            }
            _ => events.push(Event { at, changes }),
        }
    }
    Ok(events)
}

/// Each package's change. A product that is only named (`to_package_id`) gains what its source gave.
fn changes(store: &Store, rows: &[&Movement]) -> Result<BTreeMap<String, Exact>, JudgeError> {
    let mut changes: BTreeMap<String, Exact> = BTreeMap::new();
    for row in rows {
        *changes.entry(row.tag.clone()).or_default() += store.amount(&row.tag, &row.sku, row.delta)?;
    }
    for row in rows.iter().filter(|row| !row.to_tag.is_empty() && row.to_tag != row.tag) {
        if !rows.iter().any(|other| other.tag == row.to_tag) {
            *changes.entry(row.to_tag.clone()).or_default() += -store.amount(&row.tag, &row.sku, row.delta)?;
        }
    }
    Ok(changes)
}

/// `repackaged_only_in_pos`: "a package made from packages on one side only; on sources and product", ±
pub(super) fn only_in_pos(store: &Store, balances: &Balances, events: &[Event], findings: &mut Findings) {
    for event in events.iter().filter(|event| in_pos_window(store, event.at)) {
        let products: Vec<&String> = event.changes.keys().filter(|tag| event.makes(tag)).collect();
        let known = |tag: &String| balances.state_knows(tag) || findings.mistyped.contains_key(tag);
        if products.is_empty() || products.iter().any(|tag| known(tag)) {
            continue;
        }
        let young = is_young(store, event.at);
        for (tag, change) in &event.changes {
            let refs: Vec<&str> = event.changes.keys().map(String::as_str).collect();
            findings.add_or_fly(young, tag, "repackaged_only_in_pos", *change, event.at, &refs);
        }
    }
}

/// A package that the state made from packages of this store within the window.
fn made_here<'a>(store: &'a Store, balances: &Balances) -> Vec<(&'a String, &'a Package, Timestamp)> {
    let mut made = Vec::new();
    for (tag, package) in &store.packages {
        let own = package
            .sources
            .iter()
            .any(|source| balances.in_pos(source) || balances.in_state(source) || balances.pos_knows(source));
        let received = package.received.is_some() || !package.manifest.is_empty();
        let shipped = store.shipped.iter().any(|row| row.accepted && row.tag == *tag);
        if let Some(at) = package.packaged
            && since_window_start(store, at)
            && own
            && !received
            && !shipped
        {
            made.push((tag, package, at.first));
        }
    }
    made
}

/// `repackaged_in_state`, ±. Products with a single source first: they leave no question.
pub(super) fn only_in_state(
    store: &Store,
    balances: &Balances,
    events: &[Event],
    findings: &mut Findings,
) -> Result<(), JudgeError> {
    let received = received_in_pos(store)?;
    let mut made = made_here(store, balances);
    made.retain(|(_, package, _)| package.archived.is_none());
    made.sort_by_key(|(tag, package, _)| (package.sources.len() > 1, (*tag).clone()));
    for (tag, package, at) in made {
        let alias = |event: &Event| {
            event.makes(tag)
                || event.changes.keys().any(|other| event.makes(other) && findings.mistyped.get(other) == Some(tag))
        };
        if let Some(event) = events.iter().find(|event| alias(event)) {
            if event.at > store.config.pos_as_of {
                for (tag, change) in &event.changes {
                    findings.fly(tag, -*change);
                }
            }
            continue;
        }
        let original = store.state_amount(tag, package.original.unwrap_or(package.quantity))?;
        let quiet = |tag: &String| balances.rest(findings, tag).is_zero();
        if quiet(tag) && package.sources.iter().all(quiet) {
            continue;
        }
        let pending = findings.corrections.iter().any(|one| one.tag == *tag);
        let lacks = !balances.pos_knows(tag) || balances.rest(findings, tag) == -original || pending;
        let in_pos = received.get(tag).is_some_and(|got| got.at.is_some_and(|at| in_pos_window(store, at)));
        if lacks && !in_pos && !findings.mistyped.values().any(|state| state == tag) {
            findings.add(tag, "repackaged_in_state", -original, at, &[tag]);
        }
        shares(store, balances, findings, tag, package, original, at);
    }
    Ok(())
}

/// "a single source gave all of the product's original quantity. With several … A source's share is the rest of its
/// difference if the shares add up to the product's `OriginalPackageQuantity`; otherwise … the sources' rest stays unexplained."
fn shares(
    store: &Store,
    balances: &Balances,
    findings: &mut Findings,
    tag: &str,
    package: &Package,
    original: Exact,
    at: Timestamp,
) {
    if let [source] = package.sources.as_slice() {
        if let Some(amount) = in_unit_of(store, package, original, tag, source) {
            findings.add(source, "repackaged_in_state", amount, at, &[tag, source]);
        }
        return;
    }
    let rests: Vec<Exact> = package.sources.iter().map(|source| balances.rest(findings, source)).collect();
    let dimension = package.sources.iter().map(|source| store.dimension(source)).next().flatten();
    let one_dimension = package.sources.iter().all(|source| store.dimension(source) == dimension);
    let Some(first) = package.sources.first() else { return };
    let whole = in_unit_of(store, package, original, tag, first);
    if !one_dimension || rests.iter().any(|rest| *rest < Exact::ZERO) || whole != Some(rests.iter().copied().sum()) {
        return;
    }
    for (source, rest) in package.sources.iter().zip(rests) {
        if !rest.is_zero() {
            findings.add(source, "repackaged_in_state", rest, at, &[tag, source]);
        }
    }
}

/// The product's quantity in its source's dimension: the same, or by the item's unit weight.
fn in_unit_of(store: &Store, package: &Package, original: Exact, tag: &str, source: &str) -> Option<Exact> {
    let (product, source) = (store.dimension(tag)?, store.dimension(source).or(store.dimension(tag))?);
    if product == source {
        return Some(original);
    }
    let one = package.unit_weight.filter(|one| one.unit.dimension() == source && product == Dimension::Count)?;
    pieces_times(original, one.base()?)
}

/// `discontinued_in_state`: "a package undone in the state; its quantity went back to the source", ±
///
/// The POS must still have it: with nothing left to explain there, it undid the package too, or never knew it.
pub(super) fn discontinued(store: &Store, balances: &Balances, findings: &mut Findings) -> Result<(), JudgeError> {
    for (tag, package) in &store.packages {
        let Some(at) = package.archived.filter(|at| since_window_start(store, *at)) else { continue };
        let original = store.state_amount(tag, package.original.unwrap_or(package.quantity))?;
        let rest = balances.rest(findings, tag);
        if rest <= Exact::ZERO || original.is_zero() {
            continue;
        }
        findings.add(tag, "discontinued_in_state", original, at.first, &[tag]);
        if let [source] = package.sources.as_slice() {
            if let Some(amount) = in_unit_of(store, package, original, tag, source) {
                findings.add(source, "discontinued_in_state", -amount, at.first, &[tag, source]);
            }
            continue;
        }
        let rests: Vec<Exact> = package.sources.iter().map(|source| balances.rest(findings, source)).collect();
        if rests.iter().all(|rest| *rest <= Exact::ZERO) && rests.iter().copied().sum::<Exact>() == -original {
            for (source, rest) in package.sources.iter().zip(rests).filter(|(_, rest)| !rest.is_zero()) {
                findings.add(source, "discontinued_in_state", rest, at.first, &[tag, source]);
            }
        }
    }
    Ok(())
}
