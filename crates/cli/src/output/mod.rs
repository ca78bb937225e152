//! The answer in its four forms.

mod build;
mod csv;
mod numbers;
pub mod record;
mod table;
mod xlsx;

pub(crate) use build::records;
pub(crate) use table::step_text;

use crate::Trouble;
use crate::args::Format;
use rayon::prelude::*;
use trueup_intake::Store;
use trueup_reconcile::Outcome;

/// Everything that an answer is made of.
pub(crate) struct Answer<'a> {
    pub store: &'a Store,
    pub outcome: &'a Outcome,
    /// Whether a person looks at it on a terminal.
    pub colours: bool,
}

/// The whole answer as bytes.
pub(crate) fn write(answer: &Answer<'_>, format: Format) -> Result<Vec<u8>, Trouble> {
    let (discrepancies, summary) = records(answer);
    let cannot = |error: String| Trouble::Output { file: "the answer".to_owned(), error };
    match format {
        Format::Table => Ok(table::write(&discrepancies, &summary, answer.colours).into_bytes()),
        Format::Jsonl => jsonl(&discrepancies, &summary).map_err(|error| cannot(error.to_string())),
        Format::Csv => csv::write(&discrepancies).map_err(|error| cannot(error.to_string())),
        Format::Xlsx => xlsx::write(&discrepancies, &summary).map_err(|error| cannot(error.to_string())),
    }
}

fn jsonl(discrepancies: &[record::Discrepancy], summary: &record::Summary) -> Result<Vec<u8>, serde_json::Error> {
    const LINES_AT_ONCE: usize = 256;
    let lines = |some: &[record::Discrepancy]| {
        let mut bytes = Vec::new();
        for discrepancy in some {
            serde_json::to_writer(&mut bytes, discrepancy)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    };
    let parts: Vec<Vec<u8>> =
        discrepancies.par_chunks(LINES_AT_ONCE).map(lines).collect::<Result<_, serde_json::Error>>()?;
    let mut bytes = parts.concat();
    serde_json::to_writer(&mut bytes, summary)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Text that a spreadsheet could take for a formula gets an apostrophe in front; a signed number is none.
pub(crate) fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    let dangerous = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if dangerous && trueup_core::Decimal::parse(text).is_err() { format!("'{text}").into() } else { text.into() }
}
