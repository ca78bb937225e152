//! A closed month outside the books: its facts as Parquet, the part of the log that tells of them, a signed checkpoint.
//!
//! ```text
//! 2026-03/
//!   movement.parquet, observation.parquet …   the rows as they are in the books, one file per table
//!   month.txt                                 the files' hashes, the month's entries of the log, the checkpoint
//! ```
//!
//! Whoever has the folder and the public key can prove it without the books and without us: a row's hash is in the digest of its
//! entry, the entry is a leaf of the tree, the tree's root is signed.

mod month;
mod removal;
mod rows;
mod text;
mod verify;
mod write;

pub use month::Month;
pub use removal::{Expired, expired, remove_expired, set_retention};
pub use verify::{ArchiveFinding, ArchiveReport, verify_archive};
pub use write::{Archived, archive_month, months_to_archive};

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 4] =
    [&write::BEFORE, &write::OF_MONTH, &write::FIRST, &removal::QUIET];

/// The file that tells of the others.
pub(crate) const MONTH_FILE: &str = "month.txt";
