//! An independent judge of a store's books: a second, slow and plain reading of the folder that
//! `trueup reconcile` reads, written from the contract's text alone.
//!
//! It answers one question: which packages differ between the POS, the state and the shelf, by how much, and why.
//! It makes no plan and reads the plain forms only (CSV files and the state's JSON files).
//!
//! Invariant: for every package, the sum of the causes and the unexplained rest is the difference.

mod adjustments;
mod balance;
mod conclude;
mod findings;
mod json;
mod number;
mod packages;
mod read;
mod sales;
mod shelf;
mod time;

pub use conclude::{Judgement, ShelfVerdict, Verdict};
pub use number::Exact;
use std::path::Path;

/// Why a folder could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// A required file is missing.
    #[error("{0} is missing")]
    Missing(String),
    /// `store.toml` cannot be used.
    #[error("store.toml: {0}")]
    Config(String),
    /// A file cannot be read.
    #[error("{0}: {1}")]
    File(String, String),
    /// A value cannot be read.
    #[error("{file} row {row}: {column} is unreadable: {text}")]
    Value {
        /// The file.
        file: String,
        /// The row, the head being the first.
        row: usize,
        /// The column or field.
        column: String,
        /// What stood there.
        text: String,
    },
    /// A quantity of another dimension than its package's.
    #[error(
        "package {package}: a quantity of SKU '{sku}' is of another dimension and nothing says how much a piece holds"
    )]
    Dimension {
        /// The package.
        package: String,
        /// The SKU, empty for a quantity of the state.
        sku: String,
    },
}

/// Judges the store in a folder.
///
/// # Errors
/// When a required file is missing or a value cannot be read.
pub fn judge(store: &Path) -> Result<Judgement, JudgeError> {
    let store = read::read(store)?;
    let mut findings = findings::Findings::default();
    let returns = sales::judge(&store, &mut findings)?;
    adjustments::judge(&store, returns, &mut findings)?;
    let balances = balance::Balances::new(&store)?;
    packages::judge(&store, &balances, &mut findings)?;
    conclude::conclude(&store, &balances, findings)
}
