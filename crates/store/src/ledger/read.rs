//! Reading the books: a package's life, what is new, what was known at some moment.

use crate::StoreError;
use crate::schema::{
    Balance, Baseline, ColumnKind::Integer as I, ColumnKind::Text as T, CountLine, ManifestLine, Movement, Observation,
    Package,
};
use crate::sql::{Query, Statement, Tx, ValueRef};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(super) static MOVEMENTS_OF_PACKAGE: Query<Movement> =
    Query::new("WHERE license_id = $1 AND package_id = $2 AND seq <= $3 ORDER BY natural_key, version", &[T, T, I]);
pub(super) static OBSERVATIONS_OF_PACKAGE: Query<Observation> = Query::new(
    "WHERE license_id = $1 AND package_id = $2 AND seq <= $3 ORDER BY book, sku_id, room, observed_at, version",
    &[T, T, I],
);
pub(super) static COUNTS_OF_PACKAGE: Query<CountLine> =
    Query::new("WHERE license_id = $1 AND package_id = $2 AND seq <= $3 ORDER BY seq", &[T, T, I]);
pub(super) static MANIFESTS_OF_PACKAGE: Query<ManifestLine> =
    Query::new("WHERE license_id = $1 AND package_id = $2 AND seq <= $3 ORDER BY seq", &[T, T, I]);
pub(super) static MOVEMENTS_AFTER: Query<Movement> =
    Query::new("WHERE license_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq", &[T, I, I]);
/// The latest of each book, SKU and room.
pub(super) static OBSERVATIONS: Query<Observation> = Query::new(
    "AS o WHERE license_id = $1 AND seq <= $2 AND NOT EXISTS (
       SELECT 1 FROM observation AS later
       WHERE later.license_id = o.license_id AND later.package_id = o.package_id AND later.book = o.book
         AND later.sku_id = o.sku_id AND later.room = o.room AND later.seq <= $2
         AND (later.observed_at > o.observed_at OR (later.observed_at = o.observed_at AND later.version > o.version)))
     ORDER BY package_id, book, sku_id, room",
    &[T, I],
);
pub(super) static BALANCES: Query<Balance> = Query::new("WHERE license_id = $1 ORDER BY package_id, book", &[T]);
/// What was known at a moment are the facts up to this number.
pub(super) static SEQ_AT: Statement =
    Statement::new("SELECT max(ledger_seq) FROM audit_entry WHERE license_id = $1 AND recorded_at <= $2", &[T, I]);

pub(super) static PACKAGES: Query<Package> =
    Query::new("WHERE license_id = $1 AND seq <= $2 ORDER BY package_id", &[T, I]);
/// Weights say how something changed, so all of them are told.
pub(super) static WEIGHTS: Query<Observation> =
    Query::new("WHERE license_id = $1 AND seq <= $2 AND book = 'scale' ORDER BY package_id, observed_at, seq", &[T, I]);
pub(super) static MANIFESTS: Query<ManifestLine> = Query::new(
    "AS m WHERE license_id = $1 AND seq <= $2 AND NOT EXISTS (
       SELECT 1 FROM manifest_line AS later
       WHERE later.license_id = m.license_id AND later.manifest_id = m.manifest_id AND later.package_id = m.package_id
         AND later.outgoing = m.outgoing AND later.version > m.version AND later.seq <= $2)
     ORDER BY package_id, manifest_id, seq",
    &[T, I],
);
pub(super) static COUNTS: Query<CountLine> =
    Query::new("WHERE license_id = $1 AND seq <= $2 ORDER BY package_id, seq", &[T, I]);
pub(super) static BASELINES: Query<Baseline> = Query::new(
    "AS b WHERE license_id = $1 AND seq <= $2 AND NOT EXISTS (
       SELECT 1 FROM baseline AS later
       WHERE later.license_id = b.license_id AND later.package_id = b.package_id AND later.version > b.version AND later.seq <= $2)
     ORDER BY package_id",
    &[T, I],
);

/// All that is known of a licence, as it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Everything {
    /// Packages.
    pub packages: Vec<Package>,
    /// All versions of movements.
    pub movements: Vec<Movement>,
    /// What each book said last, and all weights.
    pub observations: Vec<Observation>,
    /// What manifests say last.
    pub manifests: Vec<ManifestLine>,
    /// What was counted.
    pub counts: Vec<CountLine>,
    /// Accepted differences.
    pub baselines: Vec<Baseline>,
}

/// All that was known of a licence with the facts up to a number; `i64::MAX` for now.
///
/// # Errors
/// Those of the database.
pub fn everything(tx: &mut Tx<'_>, license: &str, up_to: i64) -> Result<Everything, StoreError> {
    let of = [ValueRef::Text(license), ValueRef::Integer(up_to)];
    let mut movements = Vec::new();
    facts_after(tx, license, (0, up_to), &mut |movement| {
        movements.push(movement);
        Ok(())
    })?;
    let mut observations = tx.rows(&OBSERVATIONS, &of)?;
    observations.retain(|row| row.book != "scale" && row.status != "absent");
    observations.extend(tx.rows(&WEIGHTS, &of)?);
    Ok(Everything {
        packages: tx.rows(&PACKAGES, &of)?,
        movements,
        observations,
        manifests: tx.rows(&MANIFESTS, &of)?,
        counts: tx.rows(&COUNTS, &of)?,
        baselines: tx.rows(&BASELINES, &of)?,
    })
}

/// All that is known of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Life {
    /// All versions, those of one natural key together and in order.
    pub movements: Vec<Movement>,
    /// What systems said.
    pub observations: Vec<Observation>,
    /// What was counted.
    pub counts: Vec<CountLine>,
    /// The manifests it was on.
    pub manifests: Vec<ManifestLine>,
}

/// Number of the last fact that was known at a moment; 0 if none was.
///
/// # Errors
/// Those of the database.
pub fn seq_at(tx: &mut Tx<'_>, license: &str, moment: Timestamp) -> Result<i64, StoreError> {
    let parameters = [ValueRef::Text(license), ValueRef::Integer(moment.as_microsecond())];
    Ok(tx.integer(&SEQ_AT, &parameters)?.unwrap_or(0))
}

/// All that was known of a package with the facts up to a number; `i64::MAX` for now.
///
/// # Errors
/// Those of the database.
pub fn life(tx: &mut Tx<'_>, license: &str, package: &str, up_to: i64) -> Result<Life, StoreError> {
    let of = [ValueRef::Text(license), ValueRef::Text(package), ValueRef::Integer(up_to)];
    Ok(Life {
        movements: tx.rows(&MOVEMENTS_OF_PACKAGE, &of)?,
        observations: tx.rows(&OBSERVATIONS_OF_PACKAGE, &of)?,
        counts: tx.rows(&COUNTS_OF_PACKAGE, &of)?,
        manifests: tx.rows(&MANIFESTS_OF_PACKAGE, &of)?,
    })
}

/// The kind of the last version of a movement that its book does not have any more.
pub const WITHDRAWN: &str = "withdrawn";

/// The versions that hold: the last of each natural key, without what was withdrawn, by time.
#[must_use]
pub fn current(movements: &[Movement]) -> Vec<&Movement> {
    let mut latest: BTreeMap<&[u8; 16], &Movement> = BTreeMap::new();
    for movement in movements {
        let holds = latest.entry(&movement.natural_key).or_insert(movement);
        if movement.version > holds.version {
            *holds = movement;
        }
    }
    let mut current: Vec<&Movement> = latest.into_values().filter(|movement| movement.kind != WITHDRAWN).collect();
    current.sort_by_key(|movement| (movement.happened_at, movement.seq));
    current
}

/// Calls `each` with the movements after one number up to another, in the order in which they were learned.
///
/// # Errors
/// Those of the database and of `each`.
pub fn facts_after(
    tx: &mut Tx<'_>,
    license: &str,
    (after, up_to): (i64, i64),
    each: &mut dyn FnMut(Movement) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.each(&MOVEMENTS_AFTER, &[ValueRef::Text(license), ValueRef::Integer(after), ValueRef::Integer(up_to)], each)
}

/// What each book said last of each package, with the facts up to a number.
///
/// # Errors
/// Those of the database.
pub fn observations(tx: &mut Tx<'_>, license: &str, up_to: i64) -> Result<Vec<Observation>, StoreError> {
    tx.rows(&OBSERVATIONS, &[ValueRef::Text(license), ValueRef::Integer(up_to)])
}

/// What the movements of each package come to in each book.
///
/// # Errors
/// Those of the database.
pub fn balances(tx: &mut Tx<'_>, license: &str) -> Result<Vec<Balance>, StoreError> {
    tx.rows(&BALANCES, &[ValueRef::Text(license)])
}
