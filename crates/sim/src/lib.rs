//! A simulated world: a store's life on a virtual clock, with people, a point of sale and a state system as separate
//! parts that make honest records and every mistake of the trade.
//!
//! Invariants:
//! - The same options give the same files, byte for byte: time and chance come from the seed alone.
//! - The truth is taken down when a mistake is made, never by comparing the books; the books are only checked against it
//!   at the end, and a world that does not add up is an error.
//! - Only what the records can tell is planted: two mistakes that no reader could tell apart are not made at once.
//! - What is written is not kept: memory grows with the packages, not with the receipts.

mod clock;
mod dice;
mod files;
mod for_sale;
mod goods;
mod guard;
pub mod metrc;
mod mistake;
mod options;
mod pos;
#[cfg(feature = "serve")]
pub mod shop;
mod state;
mod style;
mod truth;
mod world;

pub use options::{Faults, StateForm, StoreOptions};
pub use truth::{FactTruth, PackageTruth, ShelfTruth, Truth};

use std::path::{Path, PathBuf};

/// Why a world could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A file could not be written.
    #[error("{}: it could not be written: {error}; check the folder and the free space, then run again", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The mistakes that are asked for cannot be read.
    #[error(
        "--faults {file}: {found}; expected a share such as 0.005, or a TOML file of name = count with any of: {known}; correct it and run again"
    )]
    Faults {
        /// What was given.
        file: String,
        /// What is wrong with it.
        found: String,
        /// What can be planted.
        known: String,
    },
    /// The truth of a store cannot be read.
    #[error("{}: {found}; expected the truth that `trueup sim store` writes; make the store again", file.display())]
    Truth {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// The options ask for days that no calendar has.
    #[error("--days: the window does not fit into the calendar; ask for fewer days")]
    Calendar,
    /// The options do not go together.
    #[error("{0}")]
    Options(&'static str),
    /// A number that JSON cannot hold.
    #[error("a quantity could not be written as a number; this is a fault of the simulation, please report it")]
    Number,
    /// The simulated server refuses what the simulated life does.
    #[error("{call}: refused: {words}; this is a fault of the simulation, please report it")]
    Refused {
        /// Who did what.
        call: String,
        /// The server's words.
        words: String,
    },
    /// The books do not differ as the mistakes say.
    #[error(
        "package {package}: the books differ by {found}, the mistakes say {expected}; this is a fault of the simulation, please report it with the seed {seed}"
    )]
    Inconsistent {
        /// The package.
        package: String,
        /// POS − state in the snapshots.
        found: String,
        /// POS − state by the ledger of mistakes.
        expected: String,
        /// The seed.
        seed: u64,
    },
}

/// The names of all mistakes that can be planted.
pub fn mistake_names() -> impl Iterator<Item = &'static str> {
    mistake::MISTAKES.iter().map(|facts| facts.name)
}

/// Lives a store's life and writes its records to `folder`, with the truth beside them. `progress` is told how many of
/// how many days have passed.
///
/// # Errors
/// [`SimError`]; the folder may be partly written then.
pub fn write_store(
    options: &StoreOptions,
    folder: &Path,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<Truth, SimError> {
    world::live(options, folder, progress).map(|(truth, _)| truth)
}

/// Lives a store's life with a server as its state: the POS's program reports to it, people use its web page. Writes the
/// POS's records and the truth; the state's records are in the server, as it was when its lists would have been pulled.
///
/// # Errors
/// As [`write_store`]; also whatever the server refuses.
pub fn live_with_server(
    options: &StoreOptions,
    folder: &Path,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<(Truth, metrc::Metrc), SimError> {
    let options = StoreOptions { state_form: StateForm::Server, ..options.clone() };
    let (truth, server) = world::live(&options, folder, progress)?;
    server.map(|server| (truth, server)).ok_or(SimError::Options("a life without a server"))
}
