//! What a comparison found, in its four forms: for people, for programs, for spreadsheets.
//!
//! Invariants:
//! - `record` is a published contract; the other forms are made from its records.
//! - Quantities are texts; printed parts add up to the printed whole.
//! - No cell of a table can be taken for a formula.

mod build;
mod csv;
mod numbers;
pub mod record;
mod table;
mod xlsx;

pub use build::{discrepancies, records_of, summary};
pub use table::step_text;

use rayon::prelude::*;
use trueup_intake::InputFacts;
use trueup_reconcile::{Discrepancy as Found, Outcome, Settings};

/// The forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people: by incident, worst first.
    Table,
    /// For programs: one JSON object per discrepant package, then a summary.
    Jsonl,
    /// For spreadsheets: one row per package and cause.
    Csv,
    /// A workbook: discrepancies, causes, plans, incidents, inputs.
    Xlsx,
}

/// An answer that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be written: {0}")]
pub struct AnswerError(String);

/// Everything that an answer is made of.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// What the comparison depended on.
    pub settings: &'a Settings,
    /// The files that were read.
    pub inputs: &'a [InputFacts],
    /// What was found.
    pub outcome: &'a Outcome,
    /// Whether a person looks at it on a terminal.
    pub colours: bool,
}

/// The whole answer as bytes, in pieces.
///
/// # Errors
/// [`AnswerError`] if the workbook is too large for its format.
pub fn write(answer: &Answer<'_>, form: Form) -> Result<Vec<Vec<u8>>, AnswerError> {
    let all = || discrepancies(answer);
    let bytes = match form {
        Form::Jsonl => return jsonl(answer).map_err(|error| AnswerError(error.to_string())),
        Form::Table => table::write(&all(), &summary(answer), answer.colours).into_bytes(),
        Form::Csv => csv::write(&all()).map_err(|error| AnswerError(error.to_string()))?,
        Form::Xlsx => xlsx::write(&all(), &summary(answer)).map_err(|error| AnswerError(error.to_string()))?,
    };
    Ok(vec![bytes])
}

/// What is to be done in the POS by hand, as CSV: one row per step.
///
/// # Errors
/// Never: it is written into memory.
pub fn worksheet(discrepancies: &[record::Discrepancy]) -> Result<Vec<u8>, AnswerError> {
    csv::worksheet(discrepancies).map_err(|error| AnswerError(error.to_string()))
}

/// One line a discrepancy, then the summary. Records are made and let go of some at a time.
fn jsonl(answer: &Answer<'_>) -> Result<Vec<Vec<u8>>, serde_json::Error> {
    const LINES_AT_ONCE: usize = 256;
    let lines = |some: &[Found]| {
        let mut bytes = Vec::new();
        for discrepancy in records_of(answer, some) {
            serde_json::to_writer(&mut bytes, &discrepancy)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    };
    let of_packages = answer.outcome.discrepancies.par_chunks(LINES_AT_ONCE).map(lines);
    let mut pieces: Vec<Vec<u8>> = of_packages.collect::<Result<_, serde_json::Error>>()?;
    let mut last = serde_json::to_vec(&summary(answer))?;
    last.push(b'\n');
    pieces.push(last);
    Ok(pieces)
}

/// Text that a spreadsheet could take for a formula gets an apostrophe in front; a signed number is none.
#[must_use]
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if dangerous && trueup_core::Decimal::parse(text).is_err() { format!("'{text}").into() } else { text.into() }
}
