//! The state's answers, as JSON of its API or as tables exported from its pages, into movements and observations.

mod json;
mod tables;

use crate::folder::Reading;
use std::path::{Path, PathBuf};
use trueup_table::{InputError, find_all};

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
        Err(error) => {
            return Err(InputError::new("state", format!("it cannot be read: {error}"), "a folder", "check its permissions"));
        }
    };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        if lower.starts_with(prefix) && (lower.ends_with(".json") || lower.ends_with(".jsonl")) {
            files.push((entry.path(), format!("state/{name}")));
        }
    }
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files)
}

fn missing(kind: &str) -> InputError {
    InputError::new(
        format!("state/{kind}*.json"),
        "the file is missing",
        format!("the state's {kind} as JSON of its API, or as a table exported from its page"),
        "fetch or export it; an empty list is a file with []",
    )
}

/// The state's packages.
pub(crate) fn packages(reading: &mut Reading, root: &Path) -> Result<(), InputError> {
    match files(root, "packages", "packages")? {
        Files::Json(files) => json::packages(reading, &files),
        Files::Tables(files) => tables::packages(reading, &files),
        Files::None => Err(missing("packages")),
    }
}

/// The state's receipts and sales deliveries.
pub(crate) fn receipts(reading: &mut Reading, root: &Path) -> Result<(), InputError> {
    match files(root, "receipts", "sales")? {
        Files::Json(files) => json::receipts(reading, &files)?,
        Files::Tables(files) => tables::sales(reading, &files)?,
        Files::None => return Err(missing("receipts")),
    }
    json::deliveries(reading, &json_files(root, "deliveries")?)
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
    json::transfers(reading, &json_files(root, "transfers")?)
}
