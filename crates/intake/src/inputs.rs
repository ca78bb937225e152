//! What is known of each file that was read.

use std::fs::File;
use std::path::{Path, PathBuf};
use trueup_core::{Book, When};
use trueup_metrc::{ListReader, Record, WireError};
use trueup_reconcile::Settings;
use trueup_table::{Column, HashingReader, InputError, Row, Table, TableFacts, from_io, open_file};

/// What is known of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFacts {
    /// Its path in the store folder.
    pub file: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Rows or records in it.
    pub rows: u64,
    /// Rows that are not compared.
    pub ignored: u64,
    /// What was noticed, in plain words.
    pub notes: Vec<String>,
}

/// What is said of rows that name no package.
pub(crate) const MERCHANDISE: &str = "{} rows of merchandise (no package), not compared";
pub(crate) const BEFORE: &str = "{} rows before window_start: they can only match";
pub(crate) const AFTER: &str = "{} rows after the snapshot: they can only match";

/// Counts things of one kind for the notes of a file.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<(&'static str, u64)>);

impl Tally {
    /// One more of what `text` says; `{}` in it becomes the number.
    pub fn count(&mut self, text: &'static str) {
        self.add(text, 1);
    }

    /// So many more of what `text` says.
    pub fn add(&mut self, text: &'static str, more: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == text) {
            Some((_, number)) => *number += more,
            None if more == 0 => {}
            None => self.0.push((text, more)),
        }
    }

    /// How many of what `text` says.
    pub fn of(&self, text: &str) -> u64 {
        self.0.iter().find(|(known, _)| *known == text).map_or(0, |(_, number)| *number)
    }

    /// Counts what happened outside of the book's window.
    pub fn count_window(&mut self, settings: &Settings, when: When, book: Book) {
        if settings.after_snapshot(when, book) {
            self.count(AFTER);
        } else if !settings.in_window(when, book) {
            self.count(BEFORE);
        }
    }

    pub fn notes(mut self) -> Vec<String> {
        self.0.sort_unstable();
        self.0.into_iter().map(|(text, number)| text.replace("{}", &number.to_string())).collect()
    }
}

/// Files above this are looked through once before anything of them is kept.
const LARGE_FILE_BYTES: u64 = 32 << 20;

/// Whether a file is large, or may be when it is unpacked.
pub(crate) fn is_large(path: &Path) -> bool {
    let packed = path.extension().is_some_and(|ending| ending == "zst" || ending == "parquet");
    let limit = if packed { LARGE_FILE_BYTES / 16 } else { LARGE_FILE_BYTES };
    path.metadata().is_ok_and(|file| file.len() > limit)
}

/// Reads a table row by row; returns its facts with what `read` noticed.
pub(crate) fn read_table(
    (path, display): &(PathBuf, String),
    columns: &'static [Column],
    mut read: impl FnMut(&Row<'_>) -> Result<(), InputError>,
) -> Result<InputFacts, InputError> {
    let mut table = Table::open(path, display, columns)?;
    while let Some(row) = table.next_row()? {
        read(&row)?;
    }
    facts(table, display)
}

/// Ends a table.
pub(crate) fn facts(table: Table, display: &str) -> Result<InputFacts, InputError> {
    table.finish().map(|facts| InputFacts::of(display, facts))
}

impl InputFacts {
    /// What a table that was read tells of itself.
    pub(crate) fn of(display: &str, facts: TableFacts) -> Self {
        let TableFacts { sha256, rows, notes } = facts;
        Self { file: display.to_owned(), sha256, rows, ignored: 0, notes }
    }

    /// With what was counted while its rows were read.
    pub(crate) fn with(mut self, tally: Tally) -> Self {
        self.ignored = tally.of(MERCHANDISE);
        self.notes.extend(tally.notes());
        self
    }
}

/// A state answer that cannot be used, as people are told of any input: its record counts as the row.
pub(crate) fn of_wire(error: WireError) -> InputError {
    let mut told = InputError::new(error.file, error.found, error.expected, error.todo);
    told.row = error.record;
    told.column = error.field;
    told
}

/// The way back, for what is found out while a file is read.
pub(crate) fn to_wire(error: InputError) -> WireError {
    let InputError { file, row, column, found, expected, todo } = error;
    WireError { file, record: row, field: column, found, expected, todo }
}

/// Opens a file for reading, with its hash.
pub(crate) fn open(path: &Path, display: &str) -> Result<HashingReader<File>, InputError> {
    open_file(path, display).map(HashingReader::new)
}

/// Reads one file of state answers.
pub(crate) fn read_json<T: Record>(
    reader: &mut ListReader<T>,
    (path, display): &(PathBuf, String),
    sink: &mut dyn FnMut(T, u64) -> Result<(), WireError>,
) -> Result<InputFacts, InputError> {
    let mut file = open(path, display)?;
    let facts = reader.read_file(display, &mut file, sink).map_err(of_wire)?;
    let sha256 = file.drain_hex().map_err(|error| from_io(display, &error))?;
    Ok(InputFacts { file: display.clone(), sha256, rows: facts.records, ignored: 0, notes: facts.notes })
}
