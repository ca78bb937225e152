//! The arguments of the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Keeps a cannabis retailer's three books in agreement: the point of sale, the state's system and the shelf.
#[derive(Debug, Parser)]
#[command(name = "trueup", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find and explain every difference between the books of a store folder.
    ///
    /// Exit status as diff: 0 the books agree, 1 they differ, 2 trouble (then nothing is written).
    Reconcile(ReconcileOptions),
}

/// Options of `trueup reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileOptions {
    /// The store folder: store.toml, pos/, state/ and, where there are counts, shelf/.
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    /// Reckon ages from this moment instead of the one at which the snapshots were taken.
    #[arg(long, value_name = "TIME")]
    pub as_of: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the answer to this file instead of the terminal.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Tell the story of one package instead: both books side by side, and where they parted.
    #[arg(long, value_name = "TAG", conflicts_with = "format")]
    pub explain: Option<String>,
}

/// The forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: by incident, worst first.
    Table,
    /// For programs: one JSON object per discrepant package, then a summary.
    Jsonl,
    /// For spreadsheets: one row per package and cause.
    Csv,
    /// A workbook: discrepancies, causes, plans, incidents, inputs.
    Xlsx,
}
