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
    /// Simulate: make the records of a store that never was, with the truth about every difference.
    #[command(subcommand)]
    Sim(SimCommand),
}

/// What can be simulated.
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Live a store's weeks and write its folder, and truth.json beside it: each difference with its causes.
    ///
    /// The same options give the same files, byte for byte.
    Store(SimStoreOptions),
}

/// Options of `trueup sim store`.
#[derive(Debug, Args)]
pub struct SimStoreOptions {
    /// The folder to write; it must not exist yet, or be empty.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Decides everything that chance decides.
    #[arg(long, value_name = "N")]
    pub seed: u64,
    /// Packages on hand when the window begins.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub packages: u32,
    /// Business days of the window.
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub days: u32,
    /// Receipts of the POS within the window; 60 a day if nothing is said.
    #[arg(long, value_name = "N")]
    pub receipts: Option<u64>,
    /// Lines on them; 2.2 a receipt if nothing is said.
    #[arg(long, value_name = "N")]
    pub lines: Option<u64>,
    /// Mistakes per sales line (0.01), or a TOML file of how many of each kind (sale_not_reported = 3).
    #[arg(long, value_name = "RATE|FILE", default_value = "0.01")]
    pub faults: String,
    /// The form of the state's records.
    #[arg(long, value_enum, default_value_t = StateRecords::Json)]
    pub state: StateRecords,
}

/// The forms of a simulated state's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateRecords {
    /// Answers of the Metrc v2 API, one record a line.
    Json,
    /// Tables, as people export them.
    Csv,
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
    /// How many threads may work; as many as the computer has processors if nothing is said. The answer is the same.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
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
