//! Discrepancies as work: those that are open, what happened to one.

use crate::StoreError;
use crate::schema::{ColumnKind::Text as T, Discrepancy, DiscrepancyEvent};
use crate::sql::{Query, Tx, ValueRef};

pub(super) static OPEN: Query<Discrepancy> =
    Query::new("WHERE license_id = $1 AND state <> 'closed' ORDER BY package_id, discrepancy_id", &[T]);
pub(super) static OF_PACKAGE: Query<Discrepancy> =
    Query::new("WHERE license_id = $1 AND package_id = $2 ORDER BY discovered_at, discrepancy_id", &[T, T]);
pub(super) static EVENTS: Query<DiscrepancyEvent> =
    Query::new("WHERE license_id = $1 AND discrepancy_id = $2 ORDER BY seq", &[T, T]);

/// Discrepancies that are not closed, by package.
///
/// # Errors
/// Those of the database.
pub fn open_discrepancies(tx: &mut Tx<'_>, license: &str) -> Result<Vec<Discrepancy>, StoreError> {
    tx.rows(&OPEN, &[ValueRef::Text(license)])
}

/// All discrepancies that a package ever had, the oldest first.
///
/// # Errors
/// Those of the database.
pub fn discrepancies_of(tx: &mut Tx<'_>, license: &str, package: &str) -> Result<Vec<Discrepancy>, StoreError> {
    tx.rows(&OF_PACKAGE, &[ValueRef::Text(license), ValueRef::Text(package)])
}

/// What happened to a discrepancy, in order.
///
/// # Errors
/// Those of the database.
pub fn discrepancy_events(
    tx: &mut Tx<'_>,
    license: &str,
    discrepancy: &str,
) -> Result<Vec<DiscrepancyEvent>, StoreError> {
    tx.rows(&EVENTS, &[ValueRef::Text(license), ValueRef::Text(discrepancy)])
}
