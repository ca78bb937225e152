//! Discrepancies as work. What starts the law's clock is the moment of discovery; nothing here stops it.

use super::look::View;
use crate::sync::tick_off;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use trueup_answer::record::Discrepancy as Record;
use trueup_answer::records_of;
use trueup_core::PackageTag;
use trueup_reconcile::{Amount, Discrepancy as Found};
use trueup_store::audit::{Actor, Draft};
use trueup_store::ledger::{Batch, append, natural_key, open_discrepancies};
use trueup_store::{Discrepancy, DiscrepancyEvent, Store, StoreError, Text, Tx, ValueRef};

/// What became of the list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tracked {
    /// Discrepancies that were not there before.
    pub found: u64,
    /// Those that are explained otherwise now.
    pub changed: u64,
    /// Those that are no more.
    pub gone: u64,
    /// Rows of the worksheet that were seen to be done.
    pub done: u64,
}

/// Brings the list of open discrepancies to what a look found; what did not change is not touched.
///
/// # Errors
/// Those of the store.
pub fn track(store: &Store, view: &View) -> Result<Tracked, StoreError> {
    track_of(store, view, None)
}

/// The same for packages that were looked at alone.
///
/// # Errors
/// Those of the store.
pub fn track_some(store: &Store, view: &View, packages: &BTreeSet<PackageTag>) -> Result<Tracked, StoreError> {
    track_of(store, view, Some(packages))
}

fn track_of(store: &Store, view: &View, only: Option<&BTreeSet<PackageTag>>) -> Result<Tracked, StoreError> {
    let license = Text::new(view.settings.license.as_str());
    let is_meant = |it: &&Found| only.is_none_or(|only| only.contains(&it.package));
    let found: Vec<Found> = view.outcome.discrepancies.iter().filter(is_meant).cloned().collect();
    let records = records_of(&view.answer(), &found);
    let meant: Option<BTreeSet<Text>> = only.map(|only| only.iter().map(|it| Text::from(it.to_string())).collect());
    let mut wanted: BTreeMap<Text, (Record, i64, i64)> = BTreeMap::new();
    for (record, found) in records.into_iter().zip(&found) {
        let (difference, unexplained) = amounts(found)?;
        wanted.insert(Text::new(&record.package), (record, difference, unexplained));
    }
    let now = view.at;
    let done = tick_off(store, view)?;
    store.write(move |tx| {
        let mut tracked = Tracked { done, ..Tracked::default() };
        let mut events = Vec::new();
        let mut wanted = wanted.clone();
        let mut open = open_discrepancies(tx, &license)?;
        open.retain(|row| meant.as_ref().is_none_or(|meant| meant.contains(&row.package_id)));
        for row in open {
            match wanted.remove(&row.package_id) {
                Some((record, difference, unexplained)) => {
                    let causes = json_of(&record)?;
                    if causes != row.causes {
                        let next = state_of(&row.state, unexplained);
                        events.push(event(&row, "causes", &json!({ "difference": record.difference })));
                        let version = row.version.saturating_add(1);
                        let difference = Some(difference);
                        tx.replace(&Discrepancy { state: next, difference, unexplained, causes, version, ..row })?;
                        tracked.changed += 1;
                    }
                }
                None => {
                    let because = "the books agree";
                    events.push(event(&row, "state", &json!({ "state": "closed", "because": because })));
                    tx.replace(&Discrepancy {
                        state: Text::const_new("closed"),
                        closed_at: Some(now),
                        closed_because: Some(Text::const_new(because)),
                        version: row.version.saturating_add(1),
                        ..row
                    })?;
                    tracked.gone += 1;
                }
            }
        }
        for (package, (record, difference, unexplained)) in wanted {
            let row = Discrepancy {
                license_id: license.clone(),
                discrepancy_id: id_of(&license, &package, now),
                package_id: package,
                incident_id: None,
                state: state_of("found", unexplained),
                difference: Some(difference),
                unexplained,
                causes: json_of(&record)?,
                assignee: None,
                discovered_at: now,
                closed_at: None,
                closed_because: None,
                version: 1,
            };
            tx.insert(std::slice::from_ref(&row))?;
            events.push(event(&row, "state", &json!({ "state": row.state })));
            tracked.found += 1;
        }
        if !events.is_empty() {
            let batch = Batch { discrepancy_events: events, ..Batch::default() };
            append(tx, &license, now, &batch, &Draft::new(Actor::program("desk"), "reconcile"))?;
        }
        Ok(tracked)
    })
}

fn amounts(found: &Found) -> Result<(i64, i64), StoreError> {
    let too_large = |_| StoreError::refused(format!("the difference of {} is too large", found.package));
    let atoms = |amount: Amount| i64::try_from(amount.atoms()).map_err(too_large);
    Ok((atoms(found.difference)?, atoms(found.unexplained)?))
}

fn json_of(record: &Record) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(StoreError::refused)
}

/// A discrepancy without an unexplained rest is explained; what people made of it beyond that stays.
fn state_of(before: &str, unexplained: i64) -> Text {
    match (before, unexplained) {
        ("found" | "explained", 0) => Text::const_new("explained"),
        ("found" | "explained", _) => Text::const_new("found"),
        (other, _) => Text::new(other),
    }
}

/// Names a discrepancy: of one package only one is found at a time.
fn id_of(license: &str, package: &str, now: Timestamp) -> Text {
    let key = natural_key(&["discrepancy", license, package, &now.to_string()]);
    let number = u128::from_be_bytes(key) >> 64;
    Text::from(format!("d-{number:016x}"))
}

fn event(row: &Discrepancy, kind: &'static str, details: &Value) -> DiscrepancyEvent {
    said(row, kind, details, &Text::const_new("desk"))
}

fn said(row: &Discrepancy, kind: &'static str, details: &Value, actor: &Text) -> DiscrepancyEvent {
    DiscrepancyEvent {
        license_id: row.license_id.clone(),
        seq: 0,
        discrepancy_id: row.discrepancy_id.clone(),
        kind: Text::const_new(kind),
        details: details.to_string(),
        actor: actor.clone(),
        recorded_at: Timestamp::UNIX_EPOCH,
    }
}

fn row_of(tx: &mut Tx<'_>, license: &str, id: &str) -> Result<Discrepancy, StoreError> {
    let missing = || StoreError::Missing { what: format!("discrepancy {id}") };
    tx.get(&[ValueRef::Text(license), ValueRef::Text(id)])?.ok_or_else(missing)
}

fn tell(
    tx: &mut Tx<'_>,
    row: &Discrepancy,
    now: Timestamp,
    event: DiscrepancyEvent,
    draft: &Draft,
) -> Result<(), StoreError> {
    let batch = Batch { discrepancy_events: vec![event], ..Batch::default() };
    let draft = draft.clone().to("discrepancy", &row.discrepancy_id, Some(row.version));
    append(tx, &row.license_id, now, &batch, &draft).map(drop)
}

/// Writes a note to a discrepancy.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such discrepancy; those of the store.
pub fn note(
    store: &Store,
    (license, id): (&str, &str),
    text: &str,
    now: Timestamp,
    actor: &Actor,
) -> Result<(), StoreError> {
    let (license, id, text, actor) = (Text::new(license), Text::new(id), text.to_owned(), actor.clone());
    store.write(move |tx| {
        let row = row_of(tx, &license, &id)?;
        let event = said(&row, "note", &json!({ "text": text }), &actor.id);
        tell(tx, &row, now, event, &Draft::new(actor.clone(), "discrepancy.note"))
    })
}

/// Gives a discrepancy to somebody, or to nobody, if it still is the version that was seen; nothing for any.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such discrepancy, [`StoreError::Conflict`] if it changed meanwhile; those of the store.
pub fn assign(
    store: &Store,
    (license, id, seen): (&str, &str, Option<i64>),
    assignee: Option<&str>,
    now: Timestamp,
    actor: &Actor,
) -> Result<Discrepancy, StoreError> {
    let (license, id, actor) = (Text::new(license), Text::new(id), actor.clone());
    let assignee = assignee.map(Text::new);
    store.write(move |tx| {
        let row = row_of(tx, &license, &id)?;
        if seen.is_some_and(|seen| seen != row.version) {
            return Err(StoreError::Conflict { what: format!("discrepancy {id}") });
        }
        let row = Discrepancy { assignee: assignee.clone(), version: row.version.saturating_add(1), ..row };
        tx.replace(&row)?;
        let event = said(&row, "assignment", &json!({ "assignee": assignee }), &actor.id);
        tell(tx, &row, now, event, &Draft::new(actor.clone(), "discrepancy.assign"))?;
        Ok(row)
    })
}
