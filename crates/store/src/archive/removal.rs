//! Removing what is older than the law asks for: only whole packages, only what is in proven archives, never under a legal hold.
//!
//! Of each removed fact its number and hash stay, so that the digests of the log's entries can still be held to what is there.

use super::month::Month;
use super::write::{license_of, months_to_archive};
use crate::audit::{self, Draft};
use crate::ledger::life;
use crate::schema::{ColumnKind::Integer as I, ColumnKind::Text as T, License, RemovedFact, TABLES, statements};
use crate::sql::{Statement, Store, Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Packages of which nothing was learned since a moment, and about which nothing was ever in dispute.
pub(super) static QUIET: Statement = Statement::new(
    "SELECT p.package_id FROM package AS p WHERE p.license_id = $1 AND p.recorded_at < $2
       AND NOT EXISTS (SELECT 1 FROM movement AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id AND later.recorded_at >= $2)
       AND NOT EXISTS (SELECT 1 FROM observation AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id AND later.recorded_at >= $2)
       AND NOT EXISTS (SELECT 1 FROM count_line AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id AND later.recorded_at >= $2)
       AND NOT EXISTS (SELECT 1 FROM manifest_line AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id AND later.recorded_at >= $2)
       AND NOT EXISTS (SELECT 1 FROM sku_conversion AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id AND later.recorded_at >= $2)
       AND NOT EXISTS (SELECT 1 FROM baseline AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id AND later.recorded_at >= $2)
       AND NOT EXISTS (SELECT 1 FROM discrepancy AS later WHERE later.license_id = p.license_id AND later.package_id = p.package_id)
     ORDER BY p.package_id",
    &[T, I],
);

/// What may be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    /// Nothing of them was learned since then: the first moment of a month.
    pub before: Timestamp,
    /// Why nothing may be removed, where that is so.
    pub hold: Option<Text>,
    /// Closed months before it that have to be archived first.
    pub unarchived: Vec<Month>,
    /// Packages of which nothing is left in any book.
    pub packages: Vec<Text>,
}

/// What is older than the licence's rule asks for.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn expired(tx: &mut Tx<'_>, license: &str, now: Timestamp) -> Result<Expired, StoreError> {
    let row = license_of(tx, license)?;
    let kept = SignedDuration::from_hours(row.retention_days.saturating_mul(24));
    let oldest = now.checked_sub(kept).map_err(|_| StoreError::refused("the rule keeps everything for ever"))?;
    let (before, _) = Month::of(oldest, &row.time_zone)?.bounds(&row.time_zone)?;
    let mut unarchived = months_to_archive(tx, license, now)?;
    unarchived.retain(|month| month.bounds(&row.time_zone).is_ok_and(|(from, _)| from < before));
    let mut quiet: Vec<Text> = Vec::new();
    let parameters = [ValueRef::Text(license), ValueRef::Integer(before.as_microsecond())];
    tx.cells(&QUIET, "package", &parameters, &mut |cells| {
        quiet.push(cells.text(0)?.map(Text::new).ok_or_else(|| cells.unexpected(0))?);
        Ok(())
    })?;
    let mut packages = Vec::new();
    for package in quiet {
        if is_gone(tx, license, &package)? {
            packages.push(package);
        }
    }
    Ok(Expired { before, hold: row.legal_hold, unarchived, packages })
}

/// Whether no book says that anything is left of it.
fn is_gone(tx: &mut Tx<'_>, license: &str, package: &str) -> Result<bool, StoreError> {
    let life = life(tx, license, package, i64::MAX)?;
    let latest = life.observations.iter().filter(|one| one.book != "scale").filter(|one| {
        let place = |it: &crate::Observation| (it.book.clone(), it.sku_id.clone(), it.room.clone());
        let when = |it: &crate::Observation| (it.observed_at, it.version);
        !life.observations.iter().any(|other| place(other) == place(one) && when(other) > when(one))
    });
    Ok(latest.into_iter().all(|one| one.quantity == 0 || matches!(one.status.as_str(), "absent" | "finished" | "gone")))
}

/// Removes a package's facts, whose months are archived, and leaves their numbers and hashes; gives how many.
///
/// # Errors
/// [`StoreError::Refused`] under a legal hold, before the months are archived, or if the package is not of those in [`expired`];
/// [`StoreError::AppendOnly`] where the database's role may not delete; those of the database.
pub fn remove_expired(
    store: &Store,
    license: &str,
    package: &str,
    (now, draft): (Timestamp, &Draft),
) -> Result<u64, StoreError> {
    let (license, package, draft) = (Text::new(license), Text::new(package), draft.clone());
    store.write(move |tx| {
        let expired = expired(tx, &license, now)?;
        if let Some(hold) = expired.hold {
            return Err(StoreError::refused(format!("licence {license} is under legal hold ({hold})")));
        }
        if let Some(month) = expired.unarchived.first() {
            return Err(StoreError::refused(format!("archive {month} first")));
        }
        if !expired.packages.contains(&package) {
            return Err(StoreError::refused(format!("{package} is not to be removed")));
        }
        remove(tx, &license, &package, (now, &draft))
    })
}

fn remove(tx: &mut Tx<'_>, license: &str, package: &str, (now, draft): (Timestamp, &Draft)) -> Result<u64, StoreError> {
    let of = [ValueRef::Text(license), ValueRef::Text(package)];
    let mut left = Vec::new();
    // What refers to others goes first.
    for table in TABLES.iter().rev() {
        let Some(of_package) = &statements(table).of_package else { continue };
        if let Some(place) = table.place("seq") {
            tx.cells_of_package(&of_package.read, table.name, &of, &mut |cells| {
                left.push(RemovedFact {
                    license_id: Text::new(license),
                    seq: cells.integer(place)?.ok_or_else(|| cells.unexpected(place))?,
                    hash: cells.check(table)?,
                    removed_at: now,
                });
                Ok(())
            })?;
        }
        tx.remove_of_package(&of_package.remove, &of)?;
    }
    left.sort_by_key(|fact| fact.seq);
    tx.insert(&left)?;
    let count = u64::try_from(left.len()).unwrap_or(u64::MAX);
    let draft = draft.clone().to("package", package, None).changing(None, Some(json!({ "removed_facts": count })));
    audit::record(tx, license, now, &draft)?;
    Ok(count)
}

/// For how long a licence's records are kept, and whether they are on legal hold.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; [`StoreError::Refused`] for less than a year; those of the database.
pub fn set_retention(
    tx: &mut Tx<'_>,
    license: &str,
    (days, hold): (i64, Option<&str>),
    (now, draft): (Timestamp, &Draft),
) -> Result<(), StoreError> {
    // No state asks for less.
    if days < 365 {
        return Err(StoreError::refused("records are kept for 365 days at least"));
    }
    let row = license_of(tx, license)?;
    let told = |row: &License| json!({ "retention_days": row.retention_days, "legal_hold": row.legal_hold });
    let next = License {
        retention_days: days,
        legal_hold: hold.map(Text::new),
        version: row.version.saturating_add(1),
        ..row.clone()
    };
    tx.replace(&next)?;
    let draft = draft.clone().to("license", license, Some(next.version)).changing(Some(told(&row)), Some(told(&next)));
    audit::record(tx, license, now, &draft).map(drop)
}
