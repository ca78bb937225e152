//! The files of a store folder, written as they come, with nothing kept.

use crate::SimError;
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use trueup_core::{Decimal, Dimension, QuantitySum, Unit};

const BUFFER: usize = 1 << 18;

fn create(path: &Path) -> Result<BufWriter<File>, SimError> {
    let cannot = |error| SimError::Write { file: path.to_owned(), error };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    Ok(BufWriter::with_capacity(BUFFER, File::create(path).map_err(cannot)?))
}

/// Writes a small file whole.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), SimError> {
    let mut file = create(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.flush());
    written.map_err(|error| SimError::Write { file: path.to_owned(), error })
}

/// A CSV table.
pub(crate) struct Table {
    path: PathBuf,
    writer: csv::Writer<Box<dyn Write>>,
}

impl Table {
    /// Creates the file with its heading.
    pub fn create(path: PathBuf, columns: &[&str]) -> Result<Self, SimError> {
        let file: Box<dyn Write> = Box::new(create(&path)?);
        let writer = csv::WriterBuilder::new().from_writer(file);
        let mut table = Self { path, writer };
        table.row(columns)?;
        Ok(table)
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[&str]) -> Result<(), SimError> {
        self.writer
            .write_record(cells)
            .map_err(|error| SimError::Write { file: self.path.clone(), error: std::io::Error::other(error) })
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<(), SimError> {
        self.writer.flush().map_err(|error| SimError::Write { file: self.path.clone(), error })
    }
}

/// A file of JSON records, one a line.
pub(crate) struct Records {
    path: PathBuf,
    writer: BufWriter<File>,
    is_empty: bool,
}

impl Records {
    /// Creates the file.
    pub fn create(path: PathBuf) -> Result<Self, SimError> {
        let writer = create(&path)?;
        Ok(Self { path, writer, is_empty: true })
    }

    /// Adds a record.
    pub fn add(&mut self, record: &impl Serialize) -> Result<(), SimError> {
        self.is_empty = false;
        let written = serde_json::to_writer(&mut self.writer, record).map_err(std::io::Error::other);
        let ended = written.and_then(|()| self.writer.write_all(b"\n"));
        ended.map_err(|error| SimError::Write { file: self.path.clone(), error })
    }

    /// Ends the file; an empty list is written so.
    pub fn finish(mut self) -> Result<(), SimError> {
        let whole = if self.is_empty { self.writer.write_all(b"[]\n") } else { Ok(()) };
        let ended = whole.and_then(|()| self.writer.flush());
        ended.map_err(|error| SimError::Write { file: self.path.clone(), error })
    }
}

/// An amount in the base unit of its dimension, as plain decimal text without trailing zeros.
pub(crate) fn base_text(atoms: i128) -> String {
    QuantitySum::from_atoms(atoms, Dimension::Weight).text(Unit::Gram).to_string()
}

/// A number as a JSON number, exactly as it is written.
pub(crate) fn json_number(number: Decimal) -> Result<Box<serde_json::value::RawValue>, SimError> {
    serde_json::value::RawValue::from_string(number.to_string()).map_err(|_| SimError::Number)
}
