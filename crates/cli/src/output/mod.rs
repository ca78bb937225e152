//! The answer in its four forms.

mod build;
mod csv;
mod numbers;
pub mod record;
mod table;
mod xlsx;

pub(crate) use build::{discrepancies, records_of, summary};
pub(crate) use table::step_text;

use crate::Trouble;
use crate::args::Format;
use rayon::prelude::*;
use trueup_intake::Store;
use trueup_reconcile::{Discrepancy as Found, Outcome};

/// Everything that an answer is made of.
pub(crate) struct Answer<'a> {
    pub store: &'a Store,
    pub outcome: &'a Outcome,
    /// Whether a person looks at it on a terminal.
    pub colours: bool,
}

/// The whole answer as bytes, in pieces.
pub(crate) fn write(answer: &Answer<'_>, format: Format) -> Result<Vec<Vec<u8>>, Trouble> {
    let cannot = |error: String| Trouble::Output { file: "the answer".to_owned(), error };
    let all = || discrepancies(answer);
    let bytes = match format {
        Format::Jsonl => return jsonl(answer).map_err(|error| cannot(error.to_string())),
        Format::Table => table::write(&all(), &summary(answer), answer.colours).into_bytes(),
        Format::Csv => csv::write(&all()).map_err(|error| cannot(error.to_string()))?,
        Format::Xlsx => xlsx::write(&all(), &summary(answer)).map_err(|error| cannot(error.to_string()))?,
    };
    Ok(vec![bytes])
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
pub(crate) fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if dangerous && trueup_core::Decimal::parse(text).is_err() { format!("'{text}").into() } else { text.into() }
}
