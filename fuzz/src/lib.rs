//! What the fuzz targets share: where files go, how one input holds several files, and what every table must keep to.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tempfile::TempDir;
use trueup_table::{Column, InputError, Table, TableFacts};

/// The table that the targets of one format read: two columns that must be there, under several names, and one that may.
pub static COLUMNS: [Column; 3] = [
    Column { name: "package_id", aliases: &["Tag", "Metrc Tag"], required: true },
    Column { name: "quantity", aliases: &["Qty", "Available"], required: true },
    Column { name: "note", aliases: &["Notes", "Reason Note"], required: false },
];

/// A folder of this process for the files that a reader must be given by path; in memory where the system has such a
/// place, because a target writes thousands of files a second. `fuzz/run` removes what a killed process leaves.
pub fn scratch() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let chosen = std::env::var_os("TRUEUP_FUZZ_SCRATCH").map(PathBuf::from);
        let parent = chosen.unwrap_or_else(|| if memory.is_dir() { memory } else { std::env::temp_dir() });
        TempDir::with_prefix_in("trueup-fuzz-", parent).expect("a folder for the files of this run")
    });
    folder.path()
}

/// Writes a file into the scratch folder.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch().join(name);
    fs::write(&path, bytes).expect("the scratch folder takes files");
    path
}

/// Cuts an input into named parts: each begins with a line `%% name`. What stands before the first is named "".
pub fn parts(data: &[u8]) -> Vec<(&str, &[u8])> {
    let mut parts = Vec::new();
    let (mut name, mut begin, mut at) = ("", 0, 0);
    while at < data.len() {
        let line = data[at..].iter().position(|byte| *byte == b'\n').map_or(data.len(), |end| at + end + 1);
        if let Some(next) = data[at..line].strip_prefix(b"%% ").and_then(|name| std::str::from_utf8(name).ok()) {
            parts.push((name, &data[begin..at]));
            (name, begin) = (next.trim_ascii(), line);
        }
        at = line;
    }
    parts.push((name, &data[begin..]));
    parts
}

/// Gives at most so many bytes at once, so that a reader meets its boundaries.
#[derive(Debug)]
pub struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    most: usize,
}

impl Pieces {
    /// `bytes` in pieces of at most `most`.
    pub fn new(bytes: &[u8], most: usize) -> Self {
        Self { bytes: bytes.to_vec(), at: 0, most: most.max(1) }
    }
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.at..];
        let count = rest.len().min(into.len()).min(self.most);
        into[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Rows as their numbers and the cells of [`COLUMNS`].
pub type Rows = Vec<(u64, Vec<String>)>;

/// A table that was read as far as it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// The row of the header, and its text for each of [`COLUMNS`]; `None` if it was refused.
    pub header: Option<(u64, Vec<Option<String>>)>,
    /// The rows before the end or the error.
    pub rows: Rows,
    /// How it ended.
    pub end: Result<TableFacts, InputError>,
}

impl Whole {
    /// All but the hash, which is another for the same table in another file.
    pub fn told(&self) -> (&Rows, Result<&[String], &InputError>) {
        (&self.rows, self.end.as_ref().map(|facts| facts.notes.as_slice()))
    }
}

/// Reads a table of [`COLUMNS`] to its end and asserts what holds for every format.
pub fn read(table: Result<Table, InputError>) -> Whole {
    let mut table = match table {
        Ok(table) => table,
        Err(error) => {
            assert_message(&error);
            return Whole { header: None, rows: Vec::new(), end: Err(error) };
        }
    };
    let header = (table.header_row(), (0..3).map(|column| table.header_of(column).map(str::to_owned)).collect());
    assert!(table.has(0) && table.has(1), "a required column is missing and nobody said so");
    let mut rows = Rows::new();
    let failed = loop {
        match table.next_row() {
            Ok(Some(row)) => rows.push((row.number(), (0..3).map(|column| row.get(column).to_owned()).collect())),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    let end = match failed {
        Some(error) => {
            assert_message(&error);
            assert_eq!(table.next_row().err().as_ref(), Some(&error), "an error was not given again");
            assert_eq!(table.finish().err().as_ref(), Some(&error), "a table with an error was finished");
            Err(error)
        }
        None => table.finish(),
    };
    let mut before = header.0;
    for (number, cells) in &rows {
        assert!(*number > before, "row {number} after row {before}");
        before = *number;
        for cell in cells {
            assert_eq!(cell.trim_ascii(), cell, "blanks around a cell");
            assert!(!cell.contains('\0'), "a NUL character in a cell");
        }
    }
    match &end {
        Ok(facts) => {
            assert_eq!(facts.rows, u64::try_from(rows.len()).expect("few rows"));
            let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
            assert!(facts.sha256.len() == 64 && facts.sha256.bytes().all(hex), "no SHA-256: {}", facts.sha256);
            assert!(facts.notes.iter().all(|note| !note.chars().any(char::is_control)), "{:?}", facts.notes);
        }
        Err(error) => {
            assert_message(error);
            let row = error.row.unwrap_or(u64::MAX);
            assert!(row > before, "an error in row {row} after row {before} was read");
        }
    }
    Whole { header: Some(header), rows, end }
}

/// A message is one line of printable text that says what is there, and it is no essay.
pub fn assert_message(error: &InputError) {
    assert_line(&error.to_string());
    assert!(!error.file.is_empty() && !error.found.is_empty(), "{error:?}");
}

/// One line of printable text of a bearable length.
pub fn assert_line(line: &str) {
    assert!(!line.chars().any(char::is_control), "more than a line: {line:?}");
    assert!(line.chars().count() < 10_000, "an essay of {} characters", line.chars().count());
}

/// The rows as a CSV of their own, every cell in quotes.
pub fn csv_of(rows: &Rows) -> Vec<u8> {
    let mut text = String::from("package_id,quantity,note\n");
    for (_, cells) in rows {
        let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
        text.push_str(&quoted.join(","));
        text.push('\n');
    }
    text.into_bytes()
}

/// What was read, written as CSV, reads as the same cells: no format gives a cell that another could not.
pub fn assert_same_as_csv(rows: &Rows) {
    let again = read(Table::from_csv_reader(io::Cursor::new(csv_of(rows)), "again.csv", &COLUMNS));
    assert!(again.end.is_ok(), "rows that were read are refused as CSV: {:?}", again.end);
    assert_eq!(cells(&again.rows), cells(rows));
}

/// The cells of rows, without rows that have text only in columns that are not read.
pub fn cells(rows: &Rows) -> Vec<&[String]> {
    let all = rows.iter().map(|(_, cells)| cells.as_slice());
    all.filter(|cells| cells.iter().any(|cell| !cell.is_empty())).collect()
}

pub mod workbook;
