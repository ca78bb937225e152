//! `bench/accuracy`: how right the answers are, over many simulated stores.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use trueup_bench::{Score, disagreements, found_in, judged};
use trueup_sim::{Faults, StateForm, StoreOptions, write_store};

/// Makes stores, reconciles them and compares with the truth.
#[derive(Parser)]
struct Options {
    /// First seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Stores.
    #[arg(long, default_value_t = 50)]
    stores: u64,
    /// Packages of each.
    #[arg(long, default_value_t = 200)]
    packages: u32,
    /// Days of each.
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// Receipts a day.
    #[arg(long, default_value_t = 60)]
    receipts: u64,
    /// Mistakes per line, or a file.
    #[arg(long, default_value = "0.03")]
    faults: String,
    /// The state's records as tables.
    #[arg(long)]
    tables: bool,
    /// Ask the second, independent reading as well, and tell where the two disagree.
    #[arg(long)]
    judge: bool,
    /// Keep the stores here.
    #[arg(long)]
    keep: Option<PathBuf>,
}

fn main() -> ExitCode {
    match measure(&Options::parse()) {
        Ok(score) => {
            print!("{score}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("accuracy: {error}");
            ExitCode::from(2)
        }
    }
}

fn measure(asked: &Options) -> Result<Score, Box<dyn std::error::Error>> {
    let mut score = Score::default();
    for seed in asked.from..asked.from + asked.stores {
        let folder = tempfile::tempdir()?;
        let store = asked.keep.as_ref().map_or_else(|| folder.path().to_owned(), |keep| keep.join(seed.to_string()));
        let receipts = asked.receipts * u64::from(asked.days);
        let options = StoreOptions {
            packages: asked.packages,
            days: asked.days,
            receipts,
            lines: receipts * StoreOptions::LINES_PER_TEN_RECEIPTS / 10,
            faults: Faults::read(&asked.faults)?,
            state_form: if asked.tables { StateForm::Tables } else { StateForm::Json },
            ..StoreOptions::new(seed)
        };
        let truth = write_store(&options, &store, &mut |_, _| {}).map_err(|error| format!("seed {seed}: {error}"))?;
        let found = found_in(&store).map_err(|error| format!("seed {seed}: {error}"))?;
        score.add(&truth, &found);
        if asked.judge {
            let judged = judged(&store).map_err(|error| format!("seed {seed}: {error}"))?;
            for told in disagreements(&found, &judged) {
                println!("seed {seed} {told}\n  true   {}", of_truth(&truth, &told));
            }
        }
    }
    Ok(score)
}

/// The truth of the package that a disagreement is about.
fn of_truth(truth: &trueup_sim::Truth, told: &str) -> String {
    let tag = told.split('\n').next().unwrap_or_default();
    truth.discrepancies.get(tag).map_or_else(|| "nothing".to_owned(), |t| serde_json::to_string(t).unwrap_or_default())
}
