//! What can go wrong, what of it was done, and what to do next.

use std::path::PathBuf;

/// Why the store could not do it. Unless it says otherwise nothing of the transaction was done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed it meanwhile.
    #[error(
        "{what} was changed by somebody else meanwhile; nothing was done. Look at what it is now, and decide again"
    )]
    Conflict {
        /// Table and key.
        what: String,
    },
    /// It is there already.
    #[error("{what} is there already; nothing was done")]
    Duplicate {
        /// Which key.
        what: String,
    },
    /// What it refers to is not there.
    #[error("{what} is not there; nothing was done")]
    Missing {
        /// What.
        what: String,
    },
    /// The same key came with another request.
    #[error("the request key {key} was used for another request before; nothing was done. Use a new key")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The transaction met another one and can simply be made again.
    #[error("two transactions met; nothing was done. Try again")]
    Busy,
    /// No room on the disk.
    #[error(
        "the disk is full; nothing of this was done, and what was kept before is safe. Free some space, then try again"
    )]
    Full,
    /// The database cannot be written.
    #[error("{what} cannot be written; nothing was done. Reading goes on. See to its permissions or its disk")]
    ReadOnly {
        /// What.
        what: String,
    },
    /// The disk failed. Nothing is written any more until the process starts again, because what a disk keeps after a failure is
    /// not known.
    #[error(
        "the disk failed ({why}); this was not acknowledged, and nothing is written any more. See to the disk, then start again"
    )]
    Stopped {
        /// The database's words.
        why: String,
    },
    /// A row, a page or a file is damaged.
    #[error(
        "damaged: {what}. Nothing was changed. Run `trueup doctor`; restore the last backup if it cannot be mended"
    )]
    Corrupt {
        /// Where.
        what: String,
    },
    /// Less is there than was acknowledged once.
    #[error(
        "{what}. An older file was put in its place, or its end is damaged. Put the newer file back, or run `trueup restore`"
    )]
    Rewound {
        /// What is missing.
        what: String,
    },
    /// The database cannot be reached.
    #[error("the database cannot be reached ({why}); nothing was done. It is tried again with the next request")]
    Unavailable {
        /// The network's words.
        why: String,
    },
    /// The connection broke while the transaction was being committed.
    #[error(
        "the connection broke during the commit ({why}); whether it was done is not known. Look before you do it again"
    )]
    Unsure {
        /// The network's words.
        why: String,
    },
    /// Another process has it open.
    #[error("{} is in use by another process; only one may have it open. Stop the other one first", .0.display())]
    InUse(PathBuf),
    /// There is no such file.
    #[error("{} is not there", .0.display())]
    NotThere(PathBuf),
    /// Something else is there.
    #[error("{what} is not a database of trueup; nothing was changed")]
    NotOurs {
        /// The file or the database.
        what: String,
    },
    /// A newer version of trueup was here.
    #[error(
        "the database has schema version {found}, this trueup knows {known}; nothing was changed. Use the newer trueup"
    )]
    Newer {
        /// What is there.
        found: i64,
        /// What we know.
        known: i64,
    },
    /// A statement would have edited what is appended only.
    #[error("{what} is appended to and never edited; nothing was done")]
    AppendOnly {
        /// The table.
        what: String,
    },
    /// A change without an entry in the audit log.
    #[error(
        "a change of {table} has no entry in the audit log; nothing was done. This is a fault of trueup: please report it"
    )]
    Unaudited {
        /// The table.
        table: &'static str,
    },
    /// The work itself refused.
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// A fault of ours.
    #[error("{what}; nothing was done. This is a fault of trueup: please report it")]
    Fault {
        /// What happened.
        what: String,
    },
}

impl StoreError {
    /// Refuses for a reason of the work's own.
    pub fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(error.into())
    }

    pub(crate) fn fault(what: impl Into<String>) -> Self {
        Self::Fault { what: what.into() }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    /// Names the file of a failure of the system.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
