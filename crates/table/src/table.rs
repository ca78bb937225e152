//! The one way to read a table, whatever its format.

use std::cell::OnceCell;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::csv::CsvSource;
use crate::error::{InputError, from_io};
use crate::header::{Column, Header};
use crate::limits::MAX_ROWS;
#[cfg(feature = "parquet")]
use crate::parquet::ParquetSource;
use crate::xlsx::XlsxSource;

/// The formats, by the file name's ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    CsvZst,
    Xlsx,
    Parquet,
}

impl Format {
    const ENDINGS: [(&'static str, Format); 4] =
        [(".csv", Self::Csv), (".csv.zst", Self::CsvZst), (".xlsx", Self::Xlsx), (".parquet", Self::Parquet)];

    /// A file name's stem and format; `None` if it is no table.
    pub(crate) fn split(name: &str) -> Option<(&str, Format)> {
        Self::ENDINGS.into_iter().find_map(|(ending, format)| {
            let (stem, tail) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
            tail.eq_ignore_ascii_case(ending).then_some((stem, format))
        })
    }
}

/// Where a cell's text is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// In the file's shared strings instead of in the row's own text.
    pub(crate) shared: bool,
}

/// The row that a source stands on.
pub(crate) struct Record<'a> {
    pub(crate) number: u64,
    /// The row's own text; not yet known to be UTF-8.
    pub(crate) bytes: &'a [u8],
    pub(crate) shared: &'a str,
    pub(crate) spans: &'a [Span],
}

impl<'a> Record<'a> {
    /// A record as header cells: text, trimmed.
    pub(crate) fn header_cells(&self, file: &str) -> Result<Vec<String>, InputError> {
        let text = self.text().ok_or_else(|| self.not_utf8(file, |place| place.saturating_add(1).to_string()))?;
        let cell = |s: &Span| text_of(*s, text, self.shared).to_owned();
        Ok(self.spans.iter().map(cell).collect())
    }

    /// The row's own text, if it is UTF-8 and every cell begins and ends between characters.
    fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes).ok()
    }

    fn is_empty(&self) -> bool {
        let bytes = |s: &Span| match s.shared {
            true => self.shared.as_bytes().get(s.start..s.end),
            false => self.bytes.get(s.start..s.end),
        };
        self.spans.iter().all(|s| bytes(s).unwrap_or_default().trim_ascii().is_empty())
    }

    fn not_utf8(&self, file: &str, label: impl Fn(usize) -> String) -> InputError {
        let bad =
            |s: &Span| !s.shared && self.bytes.get(s.start..s.end).is_none_or(|b| std::str::from_utf8(b).is_err());
        let place = self.spans.iter().position(bad).unwrap_or(0);
        let bytes = self.spans.get(place).and_then(|s| self.bytes.get(s.start..s.end)).unwrap_or_default();
        let at = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), |_| 0);
        let byte = bytes.get(at).copied().unwrap_or_default();
        // The byte only: the cell may be one that no message may show, such as a customer's name.
        InputError::new(
            file,
            format!("the cell has a byte that is not UTF-8 (0x{byte:02X})"),
            "text in UTF-8",
            "save the file as \"CSV UTF-8\" (in Excel: File, Save As) and run again",
        )
        .at_row(self.number)
        .in_column(label(place))
    }
}

fn text_of<'a>(span: Span, text: &'a str, shared: &'a str) -> &'a str {
    let base = if span.shared { shared } else { text };
    base.get(span.start..span.end).unwrap_or_default().trim_ascii()
}

enum Source {
    Csv(Box<CsvSource>),
    Xlsx(Box<XlsxSource>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetSource>),
}

impl Source {
    fn advance(&mut self, header: &Header) -> Result<bool, InputError> {
        match self {
            Self::Csv(s) => s.advance(header),
            Self::Xlsx(s) => s.advance(header),
            #[cfg(feature = "parquet")]
            Self::Parquet(s) => s.advance(header),
        }
    }

    fn record(&self) -> Record<'_> {
        match self {
            Self::Csv(s) => s.record(),
            Self::Xlsx(s) => s.record(),
            #[cfg(feature = "parquet")]
            Self::Parquet(s) => s.record(),
        }
    }

    /// The hash of the whole file and what was noticed. Only after the last row.
    fn finish(self) -> Result<(String, Vec<String>), InputError> {
        match self {
            Self::Csv(s) => s.finish(),
            Self::Xlsx(s) => Ok(s.finish()),
            #[cfg(feature = "parquet")]
            Self::Parquet(s) => Ok(s.finish()),
        }
    }
}

/// A table that is read row by row; see the crate's documentation.
///
/// Memory is bounded by the constants in [`limits`](crate::limits), not by the file. After an error the table stays
/// at that error: every further call gives it again.
pub struct Table {
    file: String,
    header: Header,
    source: Source,
    rows: u64,
    /// Rows with no text that a row with text came after.
    empty_rows: u64,
    failed: OnceCell<InputError>,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("file", &self.file).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Table {
    /// Opens a file; its format is by its name's ending: `.csv`, `.csv.zst`, `.xlsx` or `.parquet`. `display` is the
    /// path shown to people, say "pos/sales.csv". The header is read and matched here.
    ///
    /// # Errors
    /// A file that cannot be read, has no header, lacks a required column or has one twice.
    pub fn open(path: &Path, display: &str, columns: &'static [Column]) -> Result<Self, InputError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((_, format)) = Format::split(&name) else { return Err(unknown_ending(display)) };
        let file = open_file(path, display)?;
        let (source, header) = match format {
            Format::Csv => Self::csv(CsvSource::plain(Box::new(file), display), columns)?,
            Format::CsvZst => Self::csv(CsvSource::zst(Box::new(file), display)?, columns)?,
            Format::Xlsx => {
                let (source, header) = XlsxSource::open(file, display, columns)?;
                (Source::Xlsx(Box::new(source)), header)
            }
            Format::Parquet => Self::parquet(file, display, columns)?,
        };
        Ok(Self::with(source, header, display))
    }

    /// The same for CSV bytes (not compressed) from any reader, say an upload or a test.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_csv_reader(
        reader: impl Read + Send + 'static,
        display: &str,
        columns: &'static [Column],
    ) -> Result<Self, InputError> {
        let (source, header) = Self::csv(CsvSource::plain(Box::new(reader), display), columns)?;
        Ok(Self::with(source, header, display))
    }

    /// CSV through a buffer of `chunk` bytes, so that tests meet every boundary.
    #[cfg(test)]
    pub(crate) fn from_csv_chunks(
        reader: impl Read + Send + 'static,
        chunk: usize,
        display: &str,
        columns: &'static [Column],
    ) -> Result<Self, InputError> {
        let (source, header) = Self::csv(CsvSource::plain(Box::new(reader), display).with_chunk(chunk), columns)?;
        Ok(Self::with(source, header, display))
    }

    fn with(source: Source, header: Header, display: &str) -> Self {
        Self { file: display.to_owned(), header, source, rows: 0, empty_rows: 0, failed: OnceCell::new() }
    }

    fn csv(mut source: CsvSource, columns: &'static [Column]) -> Result<(Source, Header), InputError> {
        let header = source.read_header(columns)?;
        Ok((Source::Csv(Box::new(source)), header))
    }

    #[cfg(feature = "parquet")]
    fn parquet(file: File, display: &str, columns: &'static [Column]) -> Result<(Source, Header), InputError> {
        let (source, header) = ParquetSource::open(file, display, columns)?;
        Ok((Source::Parquet(Box::new(source)), header))
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(_: File, display: &str, _: &'static [Column]) -> Result<(Source, Header), InputError> {
        Err(InputError::new(
            display,
            "this build of trueup reads no Parquet",
            "a build with Parquet, or the table as CSV",
            "use the release build, build with `--features parquet`, or give the table as .csv or .csv.zst",
        ))
    }

    /// The header, and where the first row begins in the file, if the file is CSV as programs write it so far: see
    /// [`Blocks`](crate::Blocks).
    pub(crate) fn into_plain_header(self) -> Option<(Header, usize, bool)> {
        match self.source {
            Source::Csv(source) => source.plain_start().map(|(start, crlf)| (self.header, start, crlf)),
            _ => None,
        }
    }

    /// Whether the header has `columns[column]`.
    pub fn has(&self, column: usize) -> bool {
        self.header.place(column).is_some()
    }

    /// The header's text for `columns[column]` as the file has it, say "Available".
    pub fn header_of(&self, column: usize) -> Option<&str> {
        self.header.cell_of(column)
    }

    /// `columns[column]` for a message: its name, and what the file calls it where that is something else.
    pub fn label(&self, column: usize) -> String {
        self.header.column_label(column)
    }

    /// The row that the header is in.
    pub fn header_row(&self) -> u64 {
        self.header.row
    }

    /// The next row that has text in it; `None` after the last one. Rows whose every cell is empty are skipped (but
    /// count for [`Row::number`]).
    ///
    /// # Errors
    /// A row that cannot be read; the error names it.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, InputError> {
        if let Some(error) = self.failed.get() {
            return Err(error.clone());
        }
        if !self.advance()? {
            return Ok(None);
        }
        let record = self.source.record();
        let Some(text) = record.text() else {
            let error = record.not_utf8(&self.file, |place| self.header.label(place));
            return Err(self.failed.get_or_init(|| error).clone());
        };
        let (number, shared, spans) = (record.number, record.shared, record.spans);
        Ok(Some(Row { number, text, shared, spans, header: &self.header, file: &self.file }))
    }

    /// To the next row that has text in it. `false` at the end.
    fn advance(&mut self) -> Result<bool, InputError> {
        let mut empty = 0;
        loop {
            match self.source.advance(&self.header) {
                Ok(false) => return Ok(false),
                Ok(true) if self.source.record().is_empty() => empty += 1,
                Ok(true) => {
                    self.empty_rows = self.empty_rows.saturating_add(empty);
                    self.rows = self.rows.saturating_add(1);
                    return Ok(true);
                }
                Err(error) => return Err(self.failed.get_or_init(|| error).clone()),
            }
        }
    }

    /// Ends the reading: reads and checks the rows that are left, so that the hash covers the whole file.
    ///
    /// # Errors
    /// As [`next_row`](Self::next_row), for the rest of the file.
    pub fn finish(mut self) -> Result<TableFacts, InputError> {
        while self.next_row()?.is_some() {}
        let (sha256, mut notes) = self.source.finish()?;
        notes.extend(self.header.unknown_note());
        if self.empty_rows > 0 {
            notes.push(format!("rows with no text between others, skipped: {}", self.empty_rows));
        }
        Ok(TableFacts { sha256, rows: self.rows, notes })
    }
}

/// Opens a file of data. Folders, and things that a read could hang on (pipes, devices), are refused.
///
/// # Errors
/// What cannot be opened or is no file.
pub fn open_file(path: &Path, display: &str) -> Result<File, InputError> {
    let facts = std::fs::metadata(path).map_err(|e| from_io(display, &e))?;
    if facts.is_dir() {
        return Err(from_io(display, &std::io::Error::from(std::io::ErrorKind::IsADirectory)));
    }
    if !facts.is_file() {
        let found = "it is a pipe or a device";
        return Err(InputError::new(display, found, "a file that can be read", "give the file itself"));
    }
    File::open(path).map_err(|e| from_io(display, &e))
}

/// A file that is named as a table of this kind, in a format that is not read.
pub(crate) fn unknown_ending(display: &str) -> InputError {
    let lower = display.to_ascii_lowercase();
    let (found, todo) = if lower.ends_with(".xls") {
        ("this is the old Excel format", "open it in Excel and save it as .xlsx")
    } else if [".gz", ".zip", ".bz2", ".xz", ".7z"].iter().any(|ending| lower.ends_with(ending)) {
        ("this is packed in a way that is not read", "unpack it first")
    } else {
        ("the name's ending is not one that is read", "save it as .csv or .xlsx")
    };
    InputError::new(display, found, "a name that ends in .csv, .csv.zst, .xlsx or .parquet", todo)
}

/// Refuses row numbers beyond the limit.
pub(crate) fn check_rows(file: &str, number: u64, limit: u64) -> Result<(), InputError> {
    let limit = limit.min(MAX_ROWS);
    if number <= limit {
        return Ok(());
    }
    let expected = format!("at most {limit} rows");
    Err(InputError::new(file, "more rows than are read", expected, "split the file by date").at_row(number))
}

/// One row; valid until the next call of [`Table::next_row`].
pub struct Row<'t> {
    number: u64,
    text: &'t str,
    shared: &'t str,
    spans: &'t [Span],
    header: &'t Header,
    file: &'t str,
}

impl std::fmt::Debug for Row<'_> {
    /// The number only: cells may hold what no message may show.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'t> Row<'t> {
    /// A row that was looked up in a file.
    pub(crate) fn single(text: &'t str, spans: &'t [Span], header: &'t Header) -> Self {
        Self { number: 0, text, shared: "", spans, header, file: "" }
    }

    /// The row's number as a spreadsheet shows it: the header is row 1, blank rows count, line ends inside quotes do
    /// not.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The text of `columns[column]`, exactly as the file has it but for ASCII whitespace around it, which is left
    /// out. "" if the file lacks the column or the cell.
    #[inline]
    pub fn get(&self, column: usize) -> &'t str {
        let Some(place) = self.header.place(column) else { return "" };
        self.spans.get(place).map_or("", |span| text_of(*span, self.text, self.shared))
    }

    /// An error about `columns[column]` of this row.
    pub fn error(
        &self,
        column: usize,
        found: impl Into<String>,
        expected: impl Into<String>,
        todo: impl Into<String>,
    ) -> InputError {
        self.error_whole_row(found, expected, todo).in_column(self.header.column_label(column))
    }

    /// An error about this row.
    pub fn error_whole_row(
        &self,
        found: impl Into<String>,
        expected: impl Into<String>,
        todo: impl Into<String>,
    ) -> InputError {
        InputError::new(self.file, found, expected, todo).at_row(self.number)
    }
}

/// What is known of a table after its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// SHA-256 of the file's raw bytes (as they are on disk, so compressed ones compressed): 64 lower-case hex digits.
    pub sha256: String,
    /// Data rows given: without the header and without empty rows.
    pub rows: u64,
    /// What was unusual, in plain words: "byte order mark", "Windows line ends (CRLF)", "separated by semicolons",
    /// "unknown columns not read: color, brand".
    pub notes: Vec<String>,
}
