//! The audit log: what was done, by whom, why, and with which facts; checkable by anyone.
//!
//! An entry is a line of canonical text. The entries of a licence are the leaves of an RFC 6962 tree; checkpoints sign its length
//! and root. The text is kept as it was hashed: nothing is ever encoded a second time to be checked.

mod checkpoint;
mod entry;
mod export;
mod key;
mod log;
mod tree;
mod verify;

#[cfg(feature = "archive")]
pub(crate) use checkpoint::origin;
pub use checkpoint::{Checkpoint, CheckpointError, checkpoint, checkpoints};
pub use entry::{Actor, Draft, FactsRange, Object, Why};
pub use export::{Export, export};
pub use key::{SigningKey, VerifyingKey};
#[cfg(feature = "archive")]
pub(crate) use log::frontier_at;
pub use log::{entries, prove_consistency, prove_inclusion, record};
pub(crate) use log::{head, lock_head, root_at, write_entry};
pub use tree::{Frontier, Hash, leaf_hash, verify_consistency, verify_inclusion};
pub use verify::{Finding, Report, verify};

/// Statements of this room.
pub(crate) fn prepared() -> [&'static dyn crate::sql::Prepared; 5] {
    [&log::ENTRIES, &log::LEAVES, &*log::LOCK_HEAD, &checkpoint::LAST, &checkpoint::ALL]
}
