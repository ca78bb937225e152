//! Parquet (feature `parquet`): the flat columns that the reader knows, in batches.
//!
//! Columns are read one by one and not through the `parquet` crate's record API, which panics on types it does not know
//! and cannot tell UTC from local timestamps.

mod thrift;
mod value;

use std::cell::Cell;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use self::value::Shape;
use crate::error::{InputError, from_io, shown};
use crate::hash::HashingReader;
use crate::header::{Column, Header};
use crate::limits::{MAX_PARQUET_BATCH_BYTES, MAX_PARQUET_CHUNK_BYTES, MAX_PARQUET_VALUE_BYTES, MAX_ROWS};
use crate::table::{Record, Span, check_rows};

/// Rows that are turned into text at once.
const BATCH: usize = 512;

/// A column that is read.
struct Plan {
    /// In the header.
    place: usize,
    /// In the file's list of leaf columns.
    leaf: usize,
    /// What is shown of its name.
    label: String,
    shape: Shape,
    /// The definition level of a value that is there.
    level: i16,
}

pub(crate) struct ParquetSource {
    reader: SerializedFileReader<File>,
    /// For looking at pages before the reader does.
    own: File,
    file: String,
    sha256: String,
    plans: Vec<Plan>,
    width: usize,
    /// The row group to open next.
    group: usize,
    /// The open row group's columns, as `plans`.
    open: Vec<ColumnReader>,
    /// Rows of the open row group not yet read.
    left: u64,
    /// The batch: its text, `width` spans for each row, its rows, and the rows already passed.
    text: String,
    spans: Vec<Span>,
    rows: usize,
    at: usize,
    number: u64,
}

impl ParquetSource {
    /// Opens the file. The header is row 1 and its cells are the names of the schema's fields.
    pub(crate) fn open(
        mut file: File,
        display: &str,
        columns: &'static [Column],
    ) -> Result<(Self, Header), InputError> {
        let io = |e: std::io::Error| from_io(display, &e);
        let sha256 = HashingReader::new(&mut file).drain_hex().map_err(io)?;
        check_footer(&mut file, display)?;
        file.rewind().map_err(io)?;
        let own = file.try_clone().map_err(io)?;
        let reader = guard(display, || SerializedFileReader::new(file))?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let cells = schema.root_schema().get_fields().iter().map(|f| f.name().trim_ascii().to_owned()).collect();
        let header = Header::new(display, 1, cells, columns)?;
        let places = header.places().iter().copied().flatten();
        let plans = places.map(|place| plan(display, &reader, place, &header)).collect::<Result<_, _>>()?;
        let rows = reader.metadata().file_metadata().num_rows();
        check_rows(display, u64::try_from(rows).unwrap_or(0), MAX_ROWS)?;
        let source = Self {
            reader,
            own,
            file: display.to_owned(),
            sha256,
            plans,
            width: header.width(),
            group: 0,
            open: Vec::new(),
            left: 0,
            text: String::new(),
            spans: Vec::new(),
            rows: 0,
            at: 0,
            number: 1,
        };
        Ok((source, header))
    }

    /// To the next row.
    pub(crate) fn advance(&mut self, _: &Header) -> Result<bool, InputError> {
        self.at = self.at.saturating_add(1);
        while self.at >= self.rows {
            if self.left > 0 {
                self.read_batch()?;
                self.at = 0;
            } else if !self.open_group()? {
                return Ok(false);
            }
        }
        self.number = self.number.saturating_add(1);
        check_rows(&self.file, self.number, MAX_ROWS)?;
        Ok(true)
    }

    pub(crate) fn record(&self) -> Record<'_> {
        let start = self.at.saturating_mul(self.width);
        let spans = self.spans.get(start..start.saturating_add(self.width)).unwrap_or_default();
        Record { number: self.number, bytes: &[], shared: &self.text, spans }
    }

    pub(crate) fn finish(self) -> (String, Vec<String>) {
        (self.sha256, Vec::new())
    }

    /// Opens the next row group; `false` after the last one.
    fn open_group(&mut self) -> Result<bool, InputError> {
        if self.group >= self.reader.num_row_groups() {
            return Ok(false);
        }
        let metadata = self.reader.metadata().row_group(self.group);
        self.left = u64::try_from(metadata.num_rows()).unwrap_or(0);
        for plan in &self.plans {
            let bytes = metadata.columns().get(plan.leaf).map_or(0, ColumnChunkMetaData::uncompressed_size);
            if u64::try_from(bytes).unwrap_or(u64::MAX) > MAX_PARQUET_CHUNK_BYTES {
                let expected = format!("at most {MAX_PARQUET_CHUNK_BYTES} bytes of one column in a row group");
                let todo = "write the file with smaller row groups";
                return Err(
                    InputError::new(&self.file, format!("{bytes} bytes"), expected, todo).in_column(plan.label.clone())
                );
            }
        }
        for plan in &self.plans {
            if let Some(chunk) = metadata.columns().get(plan.leaf).filter(|_| self.left > 0) {
                check_pages(&mut self.own, &self.file, chunk)?;
            }
        }
        self.open = guard(&self.file, || {
            let group = self.reader.get_row_group(self.group)?;
            self.plans.iter().map(|plan| group.get_column_reader(plan.leaf)).collect()
        })?;
        self.group = self.group.saturating_add(1);
        Ok(true)
    }

    /// Turns the next rows of the open row group into text.
    fn read_batch(&mut self) -> Result<(), InputError> {
        self.rows = usize::try_from(self.left).unwrap_or(BATCH).min(BATCH);
        self.left = self.left.saturating_sub(u64::try_from(self.rows).unwrap_or(u64::MAX));
        self.text.clear();
        self.spans.clear();
        self.spans.resize(self.rows.saturating_mul(self.width), Span::default());
        for (plan, reader) in self.plans.iter().zip(&mut self.open) {
            let mut batch = Batch {
                plan,
                file: &self.file,
                first: self.number.saturating_add(1),
                rows: self.rows,
                width: self.width,
                text: &mut self.text,
                spans: &mut self.spans,
            };
            batch.read(reader)?;
        }
        Ok(())
    }
}

/// One column of a batch while it is read.
struct Batch<'a> {
    plan: &'a Plan,
    file: &'a str,
    /// The number of the batch's first row.
    first: u64,
    rows: usize,
    width: usize,
    text: &'a mut String,
    spans: &'a mut [Span],
}

impl Batch<'_> {
    fn read(&mut self, reader: &mut ColumnReader) -> Result<(), InputError> {
        let shape = self.plan.shape;
        match reader {
            ColumnReader::BoolColumnReader(r) => self.fill(r, |v, out| shape.bool(*v, out)),
            ColumnReader::Int32ColumnReader(r) => self.fill(r, |v, out| shape.int(i64::from(*v), 32, out)),
            ColumnReader::Int64ColumnReader(r) => self.fill(r, |v, out| shape.int(*v, 64, out)),
            ColumnReader::FloatColumnReader(r) => self.fill(r, |v, out| value::float(*v, v.is_finite(), out)),
            ColumnReader::DoubleColumnReader(r) => self.fill(r, |v, out| value::float(*v, v.is_finite(), out)),
            ColumnReader::ByteArrayColumnReader(r) => self.fill(r, |v, out| shape.bytes(v.data(), out)),
            ColumnReader::FixedLenByteArrayColumnReader(r) => self.fill(r, |v, out| shape.bytes(v.data(), out)),
            ColumnReader::Int96ColumnReader(r) => self.fill(r, |_, _| Err("a timestamp of 96 bits".to_owned())),
        }
    }

    fn fill<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        write: impl Fn(&T::T, &mut String) -> Result<(), String>,
    ) -> Result<(), InputError> {
        let (mut levels, mut values) = (Vec::with_capacity(self.rows), Vec::with_capacity(self.rows));
        let (records, ..) = guard(self.file, || reader.read_records(self.rows, Some(&mut levels), None, &mut values))?;
        if records != self.rows {
            return Err(damaged(self.file, "a column has fewer values than its row group has rows"));
        }
        let mut values = values.iter();
        for row in 0..self.rows {
            // Columns that have no empty values have no levels either.
            if levels.get(row).copied().unwrap_or(self.plan.level) < self.plan.level {
                continue;
            }
            let Some(value) = values.next() else {
                return Err(damaged(self.file, "a column has fewer values than it says"));
            };
            let start = self.text.len();
            write(value, self.text).map_err(|found| self.error(row, &found))?;
            self.check_size(row, start)?;
            let slot = row.saturating_mul(self.width).saturating_add(self.plan.place);
            if let Some(span) = self.spans.get_mut(slot) {
                *span = Span { start, end: self.text.len(), shared: true };
            }
        }
        Ok(())
    }

    fn check_size(&self, row: usize, start: usize) -> Result<(), InputError> {
        if self.text.len().saturating_sub(start) > MAX_PARQUET_VALUE_BYTES {
            return Err(self.error(row, &format!("a value longer than {MAX_PARQUET_VALUE_BYTES} bytes")));
        }
        if self.text.len() > MAX_PARQUET_BATCH_BYTES {
            return Err(self.error(row, &format!("more than {MAX_PARQUET_BATCH_BYTES} bytes of text in {BATCH} rows")));
        }
        Ok(())
    }

    fn error(&self, row: usize, found: &str) -> InputError {
        let todo = "write the column as text, a decimal, or a timestamp of 64 bits";
        InputError::new(self.file, found, "a value that is exact text", todo)
            .at_row(self.first.saturating_add(u64::try_from(row).unwrap_or(u64::MAX)))
            .in_column(self.plan.label.clone())
    }
}

/// How the header cell at `place` is read.
fn plan(file: &str, reader: &SerializedFileReader<File>, place: usize, header: &Header) -> Result<Plan, InputError> {
    let schema = reader.metadata().file_metadata().schema_descr();
    let label = header.label(place);
    let refuse = |found: String| {
        let expected = "a plain column of text, numbers, decimals, booleans, dates or timestamps";
        InputError::new(file, found, expected, "write the column as text").at_row(1).in_column(label.clone())
    };
    let mut leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == place);
    let (leaf, more) = (leaves.next(), leaves.next());
    let descriptor = leaf.and_then(|leaf| schema.columns().get(leaf));
    let flat = |d: &&parquet::schema::types::ColumnDescPtr| {
        more.is_none() && d.path().parts().len() == 1 && d.max_rep_level() == 0
    };
    let (Some(leaf), Some(descriptor)) = (leaf, descriptor.filter(flat)) else {
        return Err(refuse("the column holds lists or groups of values".to_owned()));
    };
    let shape = shape(descriptor).map_err(refuse)?;
    Ok(Plan { place, leaf, label, shape, level: descriptor.max_def_level() })
}

fn shape(descriptor: &ColumnDescriptor) -> Result<Shape, String> {
    Shape::of(descriptor).ok_or_else(|| {
        let logical = descriptor.logical_type_ref().map(|l| format!("{l:?} as ")).unwrap_or_default();
        shown(&format!("the column's type is {logical}{}", descriptor.physical_type()))
    })
}

/// The footer, and the four bytes of its length and the four of the mark after it.
const TAIL: u64 = 8;
const FOOTER: &str = "its footer is broken";
const PAGES: &str = "its pages are not where it says";
/// The field of a page's header that says how many bytes follow it.
const COMPRESSED_PAGE_SIZE: i16 = 3;

/// Looks through the footer before the library does.
fn check_footer(file: &mut File, display: &str) -> Result<(), InputError> {
    let io = |e: std::io::Error| from_io(display, &e);
    let length = file.metadata().map_err(io)?.len();
    let mut tail = [0_u8; 4];
    if length < TAIL {
        return Err(damaged(display, FOOTER));
    }
    file.seek(SeekFrom::Start(length - TAIL)).map_err(io)?;
    file.read_exact(&mut tail).map_err(io)?;
    let footer = u64::from(u32::from_le_bytes(tail));
    let Some(start) = (length - TAIL).checked_sub(footer) else { return Err(damaged(display, FOOTER)) };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start)).map_err(io)?;
    file.take(footer).read_to_end(&mut bytes).map_err(io)?;
    thrift::look_through(&bytes, 0).map(drop).map_err(|_| damaged(display, FOOTER))
}

/// Looks through the headers of a column's pages before the library does: each ends, and the next follows it.
fn check_pages(file: &mut File, display: &str, chunk: &ColumnChunkMetaData) -> Result<(), InputError> {
    let io = |e: std::io::Error| from_io(display, &e);
    let broken = || damaged(display, PAGES);
    let first = chunk.dictionary_page_offset().unwrap_or(i64::MAX).min(chunk.data_page_offset());
    let (Ok(mut at), Ok(length)) = (u64::try_from(first), u64::try_from(chunk.compressed_size())) else {
        return Err(broken());
    };
    let end =
        at.checked_add(length).filter(|end| *end <= file.metadata().map_or(0, |data| data.len())).ok_or_else(broken)?;
    let mut header = Vec::new();
    while at < end {
        header.clear();
        let most = (end - at).min(u64::try_from(thrift::MAX_PAGE_HEADER).unwrap_or(u64::MAX));
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        // Most headers are a few dozen bytes; only one that does not end in them is read on.
        file.take(most.min(256)).read_to_end(&mut header).map_err(io)?;
        let mut found = thrift::look_through(&header, COMPRESSED_PAGE_SIZE);
        if found.is_err() && most > 256 {
            file.take(most - 256).read_to_end(&mut header).map_err(io)?;
            found = thrift::look_through(&header, COMPRESSED_PAGE_SIZE);
        }
        let (bytes, page) = found.map_err(|_| broken())?;
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        at = u64::try_from(page).ok().and_then(|page| at.checked_add(bytes)?.checked_add(page)).ok_or_else(broken)?;
    }
    if at == end { Ok(()) } else { Err(broken()) }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is within a call whose panic is caught and told as an error: a program's panic hook should be
/// silent then.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Calls into the `parquet` crate. It may panic on a damaged file; that is an error like any other.
fn guard<T>(file: &str, call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, InputError> {
    GUARDED.set(true);
    let called = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(false);
    match called {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(file, &error.to_string())),
        Err(_) => Err(damaged(file, "its reader stopped")),
    }
}

fn damaged(file: &str, what: &str) -> InputError {
    let found = format!("the Parquet file cannot be read: {}", shown(what));
    InputError::new(file, found, "a whole Parquet file", "write or copy the file again, or give it as .csv")
}
