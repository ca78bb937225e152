//! The books kept: what is known, for years, provable.
//!
//! ```text
//! schema/  tables as data: statements for SQLite and PostgreSQL, the rows' types, the migrations
//! sql/     one text of statements, transactions as closures that can run again, group commit
//! ledger/  facts appended in batches; a package's life; what was known at any moment
//! audit/   canonical entries, an RFC 6962 tree per licence, signed checkpoints, proofs, the offline verifier
//! queue/   leases with fences, the journal of submissions, jobs
//! sealed/  keys of other systems and patients' numbers; opening one is written down
//! archive/ closed months as Parquet, with the part of the log that proves them (feature `archive`)
//! people   who works with the books, and the tokens they come with
//! care/    integrity, backup, restore, moving to another database
//! ```
//!
//! Invariants:
//! - Facts and the audit log are appended to and never edited; neither database lets a statement of ours do otherwise.
//! - Facts, their audit entry, balances and queued work are written in one transaction, or not at all.
//! - What was acknowledged is on the disk. A damaged or missing row is an error that names it, never another answer.
//! - The same thing twice changes nothing: natural keys, request keys, content hashes.
//! - No clock and no randomness: moments and ids come in as arguments.

#[cfg(feature = "archive")]
pub mod archive;
pub mod audit;
pub mod care;
mod error;
#[cfg(any(feature = "archive", feature = "backup"))]
mod hash;
pub mod ledger;
pub mod people;
pub mod queue;
pub mod schema;
pub mod sealed;
pub mod sql;

pub use error::StoreError;
pub use schema::*;
pub use sql::{Cells, Durability, Location, OpenOptions, Query, SqliteOptions, Statement, Store, Tx, ValueRef};
pub use trueup_core::Text;

/// The one row that says who this installation is; nothing before the first time.
///
/// # Errors
/// Those of the database.
pub fn installation(tx: &mut Tx<'_>) -> Result<Option<Installation>, StoreError> {
    Ok(tx.rows(&INSTALLATION, &[])?.into_iter().next())
}

static INSTALLATION: Query<Installation> = Query::new("WHERE single = 1", &[]);

/// All statements that were written by hand, for a test that prepares each on both databases.
#[must_use]
pub fn prepared() -> Vec<&'static dyn sql::Prepared> {
    let mut all: Vec<&'static dyn sql::Prepared> = vec![&INSTALLATION];
    all.extend(schema::migrate::PREPARED);
    all.extend(ledger::PREPARED);
    all.extend(audit::prepared());
    all.extend(people::PREPARED);
    all.extend(queue::PREPARED);
    all.extend(sealed::PREPARED);
    #[cfg(feature = "archive")]
    all.extend(archive::PREPARED);
    all.extend(care::PREPARED);
    all
}
