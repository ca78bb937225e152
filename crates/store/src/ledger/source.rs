//! Where facts came from, and whether all of it was taken in.

use crate::audit::{self, Draft};
use crate::schema::{ColumnKind::Bytes, ColumnKind::Text as T, Source};
use crate::sql::{Query, Tx, ValueRef};
use crate::{StoreError, ledger::Appended};
use jiff::Timestamp;

pub(super) static OF_FILE: Query<Source> =
    Query::new("WHERE license_id = $1 AND content_hash = $2 ORDER BY begun_at, source_id", &[T, Bytes]);

/// The source that was this very file, and was taken in whole.
///
/// # Errors
/// Those of the database.
pub fn known_file(tx: &mut Tx<'_>, license: &str, sha256: &[u8; 32]) -> Result<Option<Source>, StoreError> {
    let rows = tx.rows(&OF_FILE, &[ValueRef::Text(license), ValueRef::Bytes(sha256)])?;
    Ok(rows.into_iter().find(|source| source.completed_at.is_some()))
}

pub(super) static LAST: Query<Source> =
    Query::new("WHERE license_id = $1 ORDER BY begun_at DESC, source_id DESC LIMIT 1", &[T]);

/// What was begun to be taken in last.
///
/// # Errors
/// Those of the database.
pub fn last_source(tx: &mut Tx<'_>, license: &str) -> Result<Option<Source>, StoreError> {
    Ok(tx.rows(&LAST, &[ValueRef::Text(license)])?.into_iter().next())
}

/// Begins to take something in.
///
/// # Errors
/// [`StoreError::Duplicate`] for an id that is there; those of the database.
pub fn begin_source(tx: &mut Tx<'_>, source: &Source, draft: &Draft) -> Result<(), StoreError> {
    tx.insert(std::slice::from_ref(source))?;
    audit::record(tx, &source.license_id, source.begun_at, draft).map(drop)
}

/// Notes that all of a source was taken in and proven complete.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Conflict`]; those of the database.
pub fn complete_source(
    tx: &mut Tx<'_>,
    (license, source_id): (&str, &str),
    now: Timestamp,
    rows: Appended,
    draft: &Draft,
) -> Result<Source, StoreError> {
    let missing = || StoreError::Missing { what: format!("source {source_id} of licence {license}") };
    let before: Source = tx.get(&[ValueRef::Text(license), ValueRef::Text(source_id)])?.ok_or_else(missing)?;
    let after = Source {
        completed_at: Some(now),
        rows_new: i64::try_from(rows.new).unwrap_or(i64::MAX),
        rows_known: i64::try_from(rows.known).unwrap_or(i64::MAX),
        version: before.version.saturating_add(1),
        ..before
    };
    tx.replace(&after)?;
    audit::record(tx, license, now, draft)?;
    Ok(after)
}
