//! CSV, plain or packed with zstd.
//!
//! The state machine is our own: `csv-core` accepts what must be refused here (text after a closing quote, a quote that
//! is never closed) and does not count blank lines. Cells are slices of the read buffer; only a record with doubled
//! quotes is copied. A test checks it against `csv-core` on whatever both accept.

use std::io::{self, BufReader, Read};

use crate::error::{InputError, from_io};
use crate::hash::HashingReader;
use crate::header::{Column, Header};
use crate::limits::{
    MAX_LINE_BYTES, MAX_ROWS, MAX_UNPACKED_BYTES, MAX_UNPACKED_RATIO, MAX_ZST_WINDOW_LOG, UNPACKED_RATIO_FREE_BYTES,
};
use crate::table::{Record, Span, check_rows};

/// What is said of Windows line ends.
pub(crate) const CRLF_NOTE: &str = "Windows line ends (CRLF)";

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// Delimiters that are tried; on a tie the earlier wins.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

type Raw = HashingReader<Box<dyn Read + Send>>;

enum Input {
    Plain(Raw),
    Zst { decoder: Box<zstd::Decoder<'static, BufReader<Raw>>>, unpacked: u64 },
}

/// Where the scan of the current record stands. Positions count from the record's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a field.
    Start,
    /// In a field without quotes.
    Bare,
    /// In a quoted field.
    Quoted,
    /// After a quote in a quoted field: the closing one, or half of a doubled one.
    Quote,
    /// After a carriage return that ends the record.
    Return,
}

struct Scan {
    state: State,
    /// The next byte to look at.
    pos: usize,
    /// Where the current field's text begins.
    field: usize,
    /// Where the record's text ends (known in `Return`).
    end: usize,
    spans: Vec<Span>,
    /// The fields that have doubled quotes.
    doubled: Vec<usize>,
}

impl Scan {
    fn reset(&mut self) {
        (self.state, self.pos, self.field, self.end) = (State::Start, 0, 0, 0);
        self.spans.clear();
        self.doubled.clear();
    }

    fn push(&mut self, end: usize) {
        self.spans.push(Span { start: self.field, end, shared: false });
    }
}

/// What a scan over the bytes at hand came to.
enum Step {
    /// The record ends; the next one begins this many bytes after its start.
    Done(usize),
    /// The record goes on after the bytes at hand.
    More,
    Nul,
    /// Text after a closing quote.
    Junk,
}

pub(crate) struct CsvSource {
    input: Input,
    file: String,
    buf: Vec<u8>,
    chunk: usize,
    /// The current record begins here; bytes are valid up to `filled`.
    start: usize,
    filled: usize,
    eof: bool,
    delimiter: u8,
    /// Bytes that end a field without quotes.
    stops: [bool; 256],
    scan: Scan,
    /// Bytes from `start` to the next record, once the record is complete.
    next: usize,
    /// The record's text when it has doubled quotes.
    unescaped: Vec<u8>,
    number: u64,
    bom: bool,
    crlf: bool,
    cr: bool,
    named_delimiter: bool,
}

impl CsvSource {
    /// CSV as it is.
    pub(crate) fn plain(reader: Box<dyn Read + Send>, file: &str) -> Self {
        Self::new(Input::Plain(HashingReader::new(reader)), file)
    }

    /// CSV packed with zstd.
    pub(crate) fn zst(reader: Box<dyn Read + Send>, file: &str) -> Result<Self, InputError> {
        let open = || {
            let mut decoder = zstd::Decoder::new(HashingReader::new(reader))?;
            decoder.window_log_max(MAX_ZST_WINDOW_LOG)?;
            io::Result::Ok(Box::new(decoder))
        };
        let decoder = open().map_err(|e| broken_zst(file, &e))?;
        Ok(Self::new(Input::Zst { decoder, unpacked: 0 }, file))
    }

    fn new(input: Input, file: &str) -> Self {
        let scan = Scan { state: State::Start, pos: 0, field: 0, end: 0, spans: Vec::new(), doubled: Vec::new() };
        Self {
            input,
            file: file.to_owned(),
            buf: Vec::new(),
            chunk: CHUNK,
            start: 0,
            filled: 0,
            eof: false,
            delimiter: b',',
            stops: stops(b','),
            scan,
            next: 0,
            unescaped: Vec::new(),
            number: 0,
            bom: false,
            crlf: false,
            cr: false,
            named_delimiter: false,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_chunk(mut self, chunk: usize) -> Self {
        self.chunk = chunk;
        self
    }

    /// Reads the header and finds the delimiter: the one with which most of the columns are found; then the one that
    /// gives most cells.
    pub(crate) fn read_header(&mut self, columns: &'static [Column]) -> Result<Header, InputError> {
        self.check_beginning()?;
        self.skip_blank_lines()?;
        self.named_delimiter()?;
        let mut best: Option<(usize, usize, u8)> = None;
        let mut trouble = None;
        let candidates: &[u8] = if self.named_delimiter { &[self.delimiter] } else { &DELIMITERS };
        for &delimiter in candidates {
            match self.try_header(delimiter) {
                Ok(cells) => {
                    let score = (Header::score(&cells, columns), cells.len(), delimiter);
                    if best.is_none_or(|b| (score.0, score.1) > (b.0, b.1)) {
                        best = Some(score);
                    }
                }
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        match (best, trouble) {
            // With no delimiter that gives a known column, what is wrong with the row says more.
            (Some((0, ..)), Some(error)) => Err(error),
            (Some((.., delimiter)), _) => {
                let cells = self.try_header(delimiter)?;
                self.number = self.number.saturating_add(1);
                Header::new(&self.file, self.number, cells, columns)
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(self.no_header()),
        }
    }

    /// The header's cells with this delimiter. The record stays the current one.
    fn try_header(&mut self, delimiter: u8) -> Result<Vec<String>, InputError> {
        self.set_delimiter(delimiter);
        self.next = 0;
        if !self.read_record()? {
            return Err(self.no_header());
        }
        let mut record = self.record();
        record.number = record.number.saturating_add(1);
        record.header_cells(&self.file)
    }

    fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
        self.stops = stops(delimiter);
    }

    fn no_header(&self) -> InputError {
        InputError::new(&self.file, "the file is empty", "a header row", "export the table again")
    }

    /// Looks at the first bytes: byte order marks, and files that are no CSV.
    fn check_beginning(&mut self) -> Result<(), InputError> {
        while self.filled < 8 && self.fill()? {}
        let head = self.buf.get(..self.filled).unwrap_or_default();
        let no_csv = |found: &str, todo: &str| Err(InputError::new(&self.file, found, "CSV text in UTF-8", todo));
        match head {
            [0xEF, 0xBB, 0xBF, ..] => {
                self.bom = true;
                self.start = 3;
            }
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
                return no_csv(
                    "the text is UTF-16 (\"Unicode Text\")",
                    "save the file as \"CSV UTF-8\" (in Excel: File, Save As) and run again",
                );
            }
            [b'P', b'K', 3, 4, ..] => {
                return no_csv(
                    "this is an .xlsx (or another zip) file",
                    "give it its own ending, .xlsx, and run again",
                );
            }
            [0xD0, 0xCF, 0x11, 0xE0, ..] => {
                return no_csv("this is an old Excel file (.xls)", "open it in Excel and save it as .xlsx");
            }
            [0x28, 0xB5, 0x2F, 0xFD, ..] => {
                return no_csv("this is packed with zstd", "give it its own ending, .csv.zst, and run again");
            }
            [0x1F, 0x8B, ..] => return no_csv("this is packed with gzip", "unpack it first"),
            [b'<', ..] => {
                return no_csv(
                    "this is a web page or XML",
                    "it is probably a log-in or error page saved instead of the table: log in and export again",
                );
            }
            [b'{' | b'[', ..] => {
                return no_csv("this is JSON", "export the table as CSV, or give JSON the ending .json");
            }
            _ => {}
        }
        Ok(())
    }

    /// Blank lines before the header: a spreadsheet counts them.
    fn skip_blank_lines(&mut self) -> Result<(), InputError> {
        loop {
            while self.start >= self.filled && self.fill()? {}
            match self.buf.get(self.start..self.filled) {
                Some([b'\r' | b'\n', ..]) => {
                    self.next = 0;
                    self.read_record()?;
                    self.consume();
                    self.number = self.number.saturating_add(1);
                    check_rows(&self.file, self.number, MAX_ROWS)?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// A first line `sep=;`, with which Excel is told the delimiter.
    fn named_delimiter(&mut self) -> Result<(), InputError> {
        while self.filled.saturating_sub(self.start) < 6 && self.fill()? {}
        if let Some([b's', b'e', b'p', b'=', delimiter, b'\r' | b'\n', ..]) = self.buf.get(self.start..self.filled)
            && DELIMITERS.contains(delimiter)
        {
            let delimiter = *delimiter;
            self.try_header(delimiter)?;
            self.consume();
            self.number = self.number.saturating_add(1);
            self.named_delimiter = true;
        }
        Ok(())
    }

    /// Where the first row begins in the file, if nothing unusual was met up to there, and whether the header has a Windows
    /// line end.
    pub(crate) fn plain_start(&self) -> Option<(usize, bool)> {
        let usual = matches!(self.input, Input::Plain(_)) && self.number == 1 && self.start == 0;
        let noted = self.bom || self.cr || self.named_delimiter || self.delimiter != b',';
        (usual && !noted && self.scan.doubled.is_empty()).then_some((self.next, self.crlf))
    }

    /// To the next record that is no blank line. `false` at the end.
    pub(crate) fn advance(&mut self, header: &Header) -> Result<bool, InputError> {
        loop {
            self.consume();
            if !self.read_record()? {
                return Ok(false);
            }
            self.number = self.number.saturating_add(1);
            check_rows(&self.file, self.number, MAX_ROWS)?;
            let fields = self.scan.spans.len();
            if self.scan.end == 0 {
                continue;
            }
            if fields != header.width() {
                return Err(self.ragged(fields, header));
            }
            return Ok(true);
        }
    }

    fn ragged(&self, fields: usize, header: &Header) -> InputError {
        let width = header.width();
        InputError::new(
            &self.file,
            format!("the row has {}", cells(fields)),
            format!("{}, as the header in row {} has", cells(width), header.row),
            "correct the row: a missing or extra separator, or text with a separator that needs double quotes",
        )
        .at_row(self.number)
    }

    /// The record that was read last.
    pub(crate) fn record(&self) -> Record<'_> {
        let raw = self.buf.get(self.start..self.start.saturating_add(self.scan.end)).unwrap_or_default();
        let bytes = if self.scan.doubled.is_empty() { raw } else { &self.unescaped };
        Record { number: self.number, bytes, shared: "", spans: &self.scan.spans }
    }

    /// Leaves the record that was read last.
    fn consume(&mut self) {
        self.start = self.start.saturating_add(self.next).min(self.filled);
        self.next = 0;
    }

    /// Reads the record at `start`, without leaving it. `false` at the end of the file.
    fn read_record(&mut self) -> Result<bool, InputError> {
        self.scan.reset();
        loop {
            let data = self.buf.get(self.start..self.filled).unwrap_or_default();
            match scan(&mut self.scan, data, self.delimiter, &self.stops) {
                Step::Done(next) => {
                    self.next = next;
                    self.check_length()?;
                    self.note_line_end(next);
                    self.unescape();
                    return Ok(true);
                }
                Step::More => {
                    self.check_length()?;
                    if !self.fill()? {
                        return self.last_record();
                    }
                }
                Step::Nul => return Err(self.nul()),
                Step::Junk => return Err(self.junk()),
            }
        }
    }

    /// The record that the end of the file ends.
    fn last_record(&mut self) -> Result<bool, InputError> {
        let pos = self.scan.pos;
        match self.scan.state {
            State::Start if pos == 0 => return Ok(false),
            State::Quoted => {
                return Err(InputError::new(
                    &self.file,
                    "a double quote that begins in this row is never closed",
                    "a closing double quote before the end of the file",
                    "close it; a double quote that is part of a text is written twice",
                )
                .at_row(self.number.saturating_add(1)));
            }
            State::Start => {
                self.scan.field = pos;
                self.scan.push(pos);
                self.scan.end = pos;
            }
            State::Bare => {
                self.scan.push(pos);
                self.scan.end = pos;
            }
            State::Quote => {
                self.scan.push(pos.saturating_sub(1));
                self.scan.end = pos;
            }
            State::Return => self.cr = true,
        }
        self.next = pos;
        self.unescape();
        Ok(true)
    }

    fn note_line_end(&mut self, next: usize) {
        if self.scan.state == State::Return {
            match next.saturating_sub(self.scan.end) {
                1 => self.cr = true,
                _ => self.crlf = true,
            }
        }
    }

    fn check_length(&self) -> Result<(), InputError> {
        if self.scan.pos.max(self.next) <= MAX_LINE_BYTES {
            return Ok(());
        }
        Err(InputError::new(
            &self.file,
            format!("the row is longer than {MAX_LINE_BYTES} bytes"),
            "one record per line",
            "look for a double quote that is not closed or for missing line ends",
        )
        .at_row(self.number.saturating_add(1)))
    }

    fn nul(&self) -> InputError {
        InputError::new(
            &self.file,
            format!("a NUL byte (a character with code 0) in cell {}", self.scan.spans.len().saturating_add(1)),
            "CSV text in UTF-8",
            "save the file as \"CSV UTF-8\" (it may be UTF-16 or damaged) and run again",
        )
        .at_row(self.number.saturating_add(1))
    }

    fn junk(&self) -> InputError {
        InputError::new(
            &self.file,
            format!("text after a closing double quote in cell {}", self.scan.spans.len().saturating_add(1)),
            "a separator or the end of the row there",
            "correct the cell; a double quote that is part of a text is written twice",
        )
        .at_row(self.number.saturating_add(1))
    }

    /// Copies the record without the quotes that double others.
    fn unescape(&mut self) {
        if self.scan.doubled.is_empty() {
            return;
        }
        self.unescaped.clear();
        let raw = self.buf.get(self.start..self.filled).unwrap_or_default();
        let mut doubled = self.scan.doubled.iter().copied().peekable();
        for (i, span) in self.scan.spans.iter_mut().enumerate() {
            let text = raw.get(span.start..span.end).unwrap_or_default();
            let start = self.unescaped.len();
            if doubled.next_if_eq(&i).is_some() {
                let mut after_quote = false;
                self.unescaped.extend(text.iter().copied().filter(|&b| {
                    after_quote = b == b'"' && !after_quote;
                    !after_quote
                }));
            } else {
                self.unescaped.extend_from_slice(text);
            }
            (span.start, span.end) = (start, self.unescaped.len());
            // So that bytes of two cells never make one character.
            self.unescaped.push(b',');
        }
    }

    /// Reads more bytes after the current record's. `false` at the end of the file.
    fn fill(&mut self) -> Result<bool, InputError> {
        if self.eof {
            return Ok(false);
        }
        if self.start > 0 {
            self.buf.copy_within(self.start..self.filled, 0);
            self.filled = self.filled.saturating_sub(self.start);
            self.start = 0;
        }
        if self.filled >= self.buf.len() {
            let grown = self.buf.len().saturating_mul(2).max(self.chunk).max(1);
            self.buf.resize(grown, 0);
        }
        let n = self.read()?;
        self.filled = self.filled.saturating_add(n);
        self.eof = n == 0;
        Ok(!self.eof)
    }

    fn read(&mut self) -> Result<usize, InputError> {
        let space = self.buf.get_mut(self.filled..).unwrap_or_default();
        loop {
            let got = match &mut self.input {
                Input::Plain(raw) => raw.read(space),
                Input::Zst { decoder, .. } => decoder.read(space),
            };
            match got {
                Ok(n) => return self.count_unpacked(n),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    return Err(match &self.input {
                        Input::Plain(_) => from_io(&self.file, &e),
                        Input::Zst { .. } => broken_zst(&self.file, &e),
                    });
                }
            }
        }
    }

    /// Refuses a packed file that unpacks to too much.
    fn count_unpacked(&mut self, n: usize) -> Result<usize, InputError> {
        if let Input::Zst { decoder, unpacked } = &mut self.input {
            *unpacked = unpacked.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
            let packed = decoder.get_ref().get_ref().bytes();
            let by_ratio = packed.saturating_mul(MAX_UNPACKED_RATIO).saturating_add(UNPACKED_RATIO_FREE_BYTES);
            if *unpacked > by_ratio.min(MAX_UNPACKED_BYTES) {
                return Err(InputError::new(
                    &self.file,
                    format!("{packed} packed bytes unpack to more than {unpacked} bytes"),
                    format!("at most {MAX_UNPACKED_BYTES} bytes and {MAX_UNPACKED_RATIO} times the packed size"),
                    "check where the file is from; a real table can be split by date or given as plain .csv",
                ));
            }
        }
        Ok(n)
    }

    /// The hash of the file's own bytes, and what was noticed.
    pub(crate) fn finish(self) -> Result<(String, Vec<String>), InputError> {
        let mut notes = Vec::new();
        let mut note = |yes: bool, text: &str| {
            if yes {
                notes.push(text.to_owned());
            }
        };
        note(self.bom, "byte order mark");
        note(self.crlf, CRLF_NOTE);
        note(self.cr, "old Mac line ends (CR)");
        note(self.delimiter == b';', "separated by semicolons");
        note(self.delimiter == b'\t', "separated by tabs");
        note(self.named_delimiter, "separator named in the first line (sep=)");
        let raw = match self.input {
            Input::Plain(raw) => raw,
            Input::Zst { decoder, .. } => decoder.finish().into_inner(),
        };
        let sha256 = raw.drain_hex().map_err(|e| from_io(&self.file, &e))?;
        Ok((sha256, notes))
    }
}

fn cells(n: usize) -> String {
    if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") }
}

fn stops(delimiter: u8) -> [bool; 256] {
    let mut stops = [false; 256];
    for byte in [delimiter, b'\n', b'\r', 0] {
        if let Some(stop) = stops.get_mut(usize::from(byte)) {
            *stop = true;
        }
    }
    stops
}

/// Goes on with the record in `data` (which begins with the record) as far as the bytes reach.
fn scan(scan: &mut Scan, data: &[u8], delimiter: u8, stops: &[bool; 256]) -> Step {
    while let Some(&byte) = data.get(scan.pos) {
        match scan.state {
            State::Start if byte == b'"' => {
                scan.pos = scan.pos.saturating_add(1);
                scan.field = scan.pos;
                scan.state = State::Quoted;
            }
            State::Start => {
                scan.field = scan.pos;
                scan.state = State::Bare;
            }
            State::Bare => {
                scan.pos = find(data, scan.pos, |b| stops.get(usize::from(b)).is_some_and(|s| *s));
                let Some(&byte) = data.get(scan.pos) else { break };
                if let Some(step) = end_field(scan, byte, delimiter, scan.pos) {
                    return step;
                }
            }
            State::Quoted => {
                scan.pos = find(data, scan.pos, |b| b == b'"' || b == 0);
                match data.get(scan.pos) {
                    Some(b'"') => scan.state = State::Quote,
                    Some(_) => return Step::Nul,
                    None => break,
                }
                scan.pos = scan.pos.saturating_add(1);
            }
            State::Quote if byte == b'"' => {
                let field = scan.spans.len();
                if scan.doubled.last() != Some(&field) {
                    scan.doubled.push(field);
                }
                scan.pos = scan.pos.saturating_add(1);
                scan.state = State::Quoted;
            }
            State::Quote => {
                if let Some(step) = end_field(scan, byte, delimiter, scan.pos.saturating_sub(1)) {
                    return step;
                }
            }
            State::Return => {
                return Step::Done(scan.pos.saturating_add(usize::from(byte == b'\n')));
            }
        }
    }
    Step::More
}

/// `byte` at `scan.pos` comes after a field whose text ends at `end`.
fn end_field(scan: &mut Scan, byte: u8, delimiter: u8, end: usize) -> Option<Step> {
    if byte == delimiter {
        scan.push(end);
        scan.pos = scan.pos.saturating_add(1);
        scan.state = State::Start;
        return None;
    }
    match byte {
        b'\n' => {
            scan.push(end);
            scan.end = scan.pos;
            scan.pos = scan.pos.saturating_add(1);
            Some(Step::Done(scan.pos))
        }
        b'\r' => {
            scan.push(end);
            scan.end = scan.pos;
            scan.pos = scan.pos.saturating_add(1);
            scan.state = State::Return;
            None
        }
        0 => Some(Step::Nul),
        _ => Some(Step::Junk),
    }
}

fn find(data: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> usize {
    data.get(from..)
        .and_then(|rest| rest.iter().position(|b| wanted(*b)))
        .map_or(data.len(), |n| from.saturating_add(n))
}

fn broken_zst(file: &str, error: &io::Error) -> InputError {
    let found = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the packed file ends too early".to_owned(),
        _ => format!("unpacking failed: {error}"),
    };
    InputError::new(file, found, "a whole file packed with zstd", "copy or export the file again")
}
