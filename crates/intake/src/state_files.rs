//! The state's answers, as JSON of its API or as tables exported from its pages, into movements and observations.

mod json;
mod tables;

pub(crate) use tables::{SALES, number_lines, sale_column, sale_row};

use crate::folder::Reading;
use crate::inputs::Tally;
use crate::join::StateSales;
use std::path::{Path, PathBuf};
use trueup_core::{Book, When};
use trueup_reconcile::Settings;
use trueup_table::{InputError, find_all, from_io};

pub(crate) const TWICE: &str = "{} local times that exist twice, either may match";

/// Endings that a file of JSON may have and that are not read.
const UNREAD: [&str; 8] = [".gz", ".zip", ".zst", ".bz2", ".xz", ".7z", ".ndjson", ".json5"];

/// What a happening's time gives to say.
fn note_time(tally: &mut Tally, settings: &Settings, when: When) {
    if matches!(when, When::Twice { .. }) {
        tally.count(TWICE);
    }
    tally.count_window(settings, when, Book::State);
}

type File = (PathBuf, String);

/// The files of one kind: JSON or tables, never both.
enum Files {
    Json(Vec<File>),
    Tables(Vec<File>),
    None,
}

fn files(root: &Path, json_prefix: &str, table_prefix: &str) -> Result<Files, InputError> {
    let json = json_files(root, json_prefix)?;
    let tables = find_all(root, "state", table_prefix)?;
    match (json.first(), tables.first()) {
        (Some((_, json)), Some((_, table))) => Err(InputError::new(
            table.as_str(),
            format!("{json} is there too: JSON and tables of one kind do not mix"),
            "the kind in one of the two forms",
            "keep the one to read and move the other out of the folder",
        )),
        (Some(_), None) => Ok(Files::Json(json)),
        (None, Some(_)) => Ok(Files::Tables(tables)),
        (None, None) => Ok(Files::None),
    }
}

/// `state/<prefix>*.json` (or `.jsonl`), sorted by name.
fn json_files(root: &Path, prefix: &str) -> Result<Vec<File>, InputError> {
    let folder = root.join("state");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(from_io("state", &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| from_io("state", &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        if !lower.starts_with(prefix) {
            continue;
        }
        if lower.ends_with(".json") || lower.ends_with(".jsonl") {
            files.push((entry.path(), format!("state/{name}")));
        } else if lower.contains("json") && UNREAD.iter().any(|ending| lower.ends_with(ending)) {
            // Left out in silence, its records would be missing from the comparison.
            let found = "the name's ending is not one that is read";
            let expected = "a name that ends in .json or .jsonl";
            return Err(InputError::new(format!("state/{name}"), found, expected, "unpack it, or rename it so"));
        }
    }
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files)
}

/// Tables are read of three kinds only; a table of another would be left out in silence.
fn no_tables(root: &Path, kind: &str, expected: &str) -> Result<(), InputError> {
    let Some((_, file)) = find_all(root, "state", kind)?.into_iter().next() else { return Ok(()) };
    let found = format!("{kind} of the state are not read from a table of this name");
    Err(InputError::new(file, found, expected, "fetch or export it so, and move this file out of the folder"))
}

fn missing(kind: &str, table: &str) -> InputError {
    InputError::new(
        format!("state/{kind}*.json"),
        "the file is missing",
        format!("the state's {kind} as JSON of its API, or as state/{table}*.csv exported from its page"),
        "fetch or export it; an empty list is a file with []",
    )
}

/// The state's packages.
pub(crate) fn packages(reading: &mut Reading, root: &Path) -> Result<(), InputError> {
    match files(root, "packages", "packages")? {
        Files::Json(files) => json::packages(reading, &files),
        Files::Tables(files) => tables::packages(reading, &files),
        Files::None => Err(missing("packages", "packages")),
    }
}

/// The tables of the state's sales, if its receipts are given so.
pub(crate) fn sales_tables(root: &Path) -> Result<Option<Vec<File>>, InputError> {
    match files(root, "receipts", "sales")? {
        Files::Tables(files) => Ok(Some(files)),
        Files::Json(_) | Files::None => Ok(None),
    }
}

/// The state's receipts and sales deliveries. `joined` is what the join read of its tables.
pub(crate) fn receipts(reading: &mut Reading, root: &Path, joined: Option<StateSales>) -> Result<(), InputError> {
    let (receipts, deliveries) = (files(root, "receipts", "sales")?, json_files(root, "deliveries")?);
    no_tables(root, "receipts", "JSON of the API, or a table named state/sales*.csv")?;
    no_tables(root, "deliveries", "JSON of the API")?;
    match (receipts, joined) {
        (_, Some(sales)) => {
            reading.inputs.extend(sales.facts);
            sales.movements.into_iter().try_for_each(|movement| reading.keep(movement))?;
        }
        (Files::Json(files), None) => json::receipts(reading, &files)?,
        (Files::Tables(files), None) => tables::sales(reading, &files)?,
        (Files::None, None) => return Err(missing("receipts", "sales")),
    }
    json::deliveries(reading, &deliveries)
}

/// The state's adjustments.
pub(crate) fn adjustments(reading: &mut Reading, root: &Path) -> Result<(), InputError> {
    match files(root, "adjustments", "adjustments")? {
        Files::Json(files) => json::adjustments(reading, &files),
        Files::Tables(files) => tables::adjustments(reading, &files),
        Files::None => Ok(()),
    }
}

/// The state's manifests.
pub(crate) fn transfers(reading: &mut Reading, root: &Path) -> Result<(), InputError> {
    let transfers = json_files(root, "transfers")?;
    no_tables(root, "transfers", "JSON of the API")?;
    json::transfers(reading, &transfers)
}
