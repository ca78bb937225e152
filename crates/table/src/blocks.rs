//! Plain CSV in blocks of whole rows, for readers who look at a few cells of millions of rows.
//!
//! Plain is what programs write: commas, Unix or Windows line ends, no quotes, a header in the first row, as many cells in every row
//! as the header has. Separators are found many bytes at a time. Whatever is not plain is left to [`Table`](crate::Table), which reads
//! everything and says what is wrong; nothing is ever refused here.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use wide::u8x16;

use crate::csv::CRLF_NOTE;
use crate::error::InputError;
use crate::hash::HashingReader;
use crate::header::{Column, Header};
use crate::limits::MAX_ROWS;
use crate::table::{Row, Span, Table, TableFacts, open_file};

/// Bytes read at once: block and separators stay in the processor's own cache.
const BLOCK: usize = 192 << 10;

/// The file is not plain CSV: read it as a [`Table`](crate::Table).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPlain;

/// A plain CSV file, block by block; see the module's documentation.
pub struct Blocks {
    header: Header,
    source: HashingReader<File>,
    buf: Vec<u8>,
    /// Bytes of `buf` that are read.
    filled: usize,
    /// Bytes of `buf` that were given already.
    given: usize,
    /// Where `buf` begins in the file.
    offset: u64,
    ends: Vec<u32>,
    rows: u64,
    eof: bool,
    crlf: bool,
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// Some whole rows of a plain CSV file.
#[derive(Debug)]
pub struct Block<'b> {
    bytes: &'b [u8],
    /// Where each cell ends, row after row.
    ends: &'b [u32],
    width: usize,
    offset: u64,
}

/// One row of a plain CSV file.
#[derive(Debug, Clone, Copy)]
pub struct PlainRow<'b> {
    bytes: &'b [u8],
    ends: &'b [u32],
    start: usize,
    offset: u64,
}

impl Blocks {
    /// Opens a plain CSV file; `None` if it is none.
    ///
    /// # Errors
    /// A file that cannot be read, or a header that [`Table::open`] refuses.
    pub fn open(path: &Path, display: &str, columns: &'static [Column]) -> Result<Option<Self>, InputError> {
        let Some((header, first_row, crlf)) = Table::open(path, display, columns)?.into_plain_header() else {
            return Ok(None);
        };
        let mut blocks = Self {
            header,
            source: HashingReader::new(open_file(path, display)?),
            buf: vec![0; BLOCK],
            filled: 0,
            given: 0,
            offset: 0,
            ends: Vec::new(),
            rows: 0,
            eof: false,
            crlf,
        };
        while blocks.filled < first_row && !blocks.eof {
            if blocks.fill().is_err() {
                return Ok(None);
            }
        }
        blocks.given = first_row;
        Ok((first_row <= blocks.filled).then_some(blocks))
    }

    /// Where `columns[column]` is among the cells of a row.
    #[must_use]
    pub fn place(&self, column: usize) -> Option<usize> {
        self.header.place(column)
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// [`NotPlain`] for anything but plain rows, and for a file that cannot be read on.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>, NotPlain> {
        let kept = self.filled.saturating_sub(self.given);
        self.buf.copy_within(self.given..self.filled, 0);
        self.offset = self.offset.saturating_add(len(self.given));
        (self.filled, self.given) = (kept, 0);
        while self.filled < self.buf.len() && !self.eof {
            self.fill().map_err(|_| NotPlain)?;
        }
        let read = self.buf.get(..self.filled).unwrap_or_default();
        if read.is_empty() {
            return Ok(None);
        }
        let whole = match memchr::memrchr(b'\n', read) {
            Some(last) if !self.eof || last.saturating_add(1) == read.len() => last.saturating_add(1),
            // The last row may lack its line end, which is as good as one.
            _ if self.eof => {
                self.buf.truncate(self.filled);
                self.buf.push(b'\n');
                self.filled = self.buf.len();
                self.filled
            }
            _ => return Err(NotPlain),
        };
        self.given = whole;
        let bytes = self.buf.get(..whole).unwrap_or_default();
        let (rows, crlf) = separators(bytes, &mut self.ends)?;
        self.crlf |= crlf;
        let width = self.header.width();
        let row_ends = self.ends.chunks_exact(width);
        let ends_row = |ends: &[u32]| ends.last().is_some_and(|end| bytes.get(index(*end)) == Some(&b'\n'));
        // As many line ends as rows, each after the last cell of one: the other separators are commas then.
        if rows.checked_mul(width) != Some(self.ends.len()) || !row_ends.clone().all(ends_row) {
            return Err(NotPlain);
        }
        self.rows = self.rows.saturating_add(len(rows));
        if self.rows >= MAX_ROWS {
            return Err(NotPlain);
        }
        Ok(Some(Block { bytes, ends: &self.ends, width, offset: self.offset }))
    }

    fn fill(&mut self) -> io::Result<()> {
        let space = self.buf.get_mut(self.filled..).unwrap_or_default();
        match self.source.read(space) {
            Ok(0) => self.eof = true,
            Ok(n) => self.filled = self.filled.saturating_add(n),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What is known of the file after its last block, and what reads single rows of it again.
    #[must_use]
    pub fn finish(self) -> (TableFacts, SingleRows) {
        let line_ends = self.crlf.then(|| CRLF_NOTE.to_owned());
        let notes = line_ends.into_iter().chain(self.header.unknown_note()).collect();
        let facts = TableFacts { sha256: self.source.hex(), rows: self.rows, notes };
        (facts, SingleRows { header: self.header, spans: Vec::new() })
    }
}

/// Reads single rows of a plain CSV file as those of a [`Table`](crate::Table).
#[derive(Debug)]
pub struct SingleRows {
    header: Header,
    spans: Vec<Span>,
}

impl SingleRows {
    /// The row whose text, without its line end, is `text`. It does not know its number; an error about it is only good
    /// for reading the whole file as a table, which tells it.
    ///
    /// # Errors
    /// [`NotPlain`] if it is no row of the file's width.
    pub fn row<'r>(&'r mut self, text: &'r [u8]) -> Result<Row<'r>, NotPlain> {
        let text = std::str::from_utf8(text).map_err(|_| NotPlain)?;
        self.spans.clear();
        let mut start = 0_usize;
        for cell in text.split(',') {
            let end = start.saturating_add(cell.len());
            self.spans.push(Span { start, end, shared: false });
            start = end.saturating_add(1);
        }
        let is_plain = self.spans.len() == self.header.width() && !text.contains('"');
        if is_plain { Ok(Row::single(text, &self.spans, &self.header)) } else { Err(NotPlain) }
    }
}

impl<'b> Block<'b> {
    /// The rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = PlainRow<'b>> {
        let (bytes, offset) = (self.bytes, self.offset);
        let mut start = 0;
        self.ends.chunks_exact(self.width).map(move |ends| {
            let row = PlainRow { bytes, ends, start, offset };
            start = ends.last().map_or(start, |end| index(*end).saturating_add(1));
            row
        })
    }
}

impl<'b> PlainRow<'b> {
    /// The cell at a place, without ASCII whitespace around it; empty where there is no such place.
    #[inline]
    #[must_use]
    pub fn cell(&self, place: Option<usize>) -> &'b [u8] {
        let Some(place) = place else { return &[] };
        let start = match place.checked_sub(1) {
            None => self.start,
            Some(before) => self.ends.get(before).map_or(usize::MAX, |end| index(*end).saturating_add(1)),
        };
        let end = self.ends.get(place).map_or(0, |end| index(*end));
        match self.bytes.get(start..end) {
            Some(cell @ [first, .., last]) if *first > b' ' && *last > b' ' => cell,
            Some(cell) => cell.trim_ascii(),
            None => &[],
        }
    }

    /// Where the row begins in its file.
    #[inline]
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset.saturating_add(len(self.start))
    }
}

fn len(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn index(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

const LANES: usize = 16;
const ALL_LANES: u32 = (1 << LANES) - 1;

/// Writes the places of all commas and line ends to `ends`; gives the number of line ends, and whether there are Windows
/// ones. Their carriage return is left to the cell before it, as whitespace.
fn separators(bytes: &[u8], ends: &mut Vec<u32>) -> Result<(usize, bool), NotPlain> {
    ends.clear();
    let (comma, line, quote) = (u8x16::splat(b','), u8x16::splat(b'\n'), u8x16::splat(b'"'));
    let (cr, nul, high_bit) = (u8x16::splat(b'\r'), u8x16::splat(0), u8x16::splat(0x80));
    let (mut odd, mut high) = (u8x16::splat(0), u8x16::splat(0));
    let mut rows = 0_usize;
    let mut base = 0_u32;
    // Bits of this and the next byte's place: a carriage return has to have a line end after it.
    let (mut returns, mut before, mut alone) = (0, 0, 0);
    for lanes in bytes.chunks(LANES) {
        let lanes = match <[u8; LANES]>::try_from(lanes) {
            Ok(lanes) => u8x16::new(lanes),
            Err(_) => u8x16::new(padded(lanes)),
        };
        let line_ends = lanes.simd_eq(line);
        odd |= lanes.simd_eq(quote) | lanes.simd_eq(nul);
        high |= lanes & high_bit;
        let mut found = (lanes.simd_eq(comma) | line_ends).to_bitmask();
        let (line_bits, return_bits) = (line_ends.to_bitmask(), lanes.simd_eq(cr).to_bitmask());
        alone |= (return_bits << 1 | before) & ALL_LANES & !line_bits;
        before = return_bits >> (LANES - 1);
        returns |= return_bits;
        rows = rows.saturating_add(index(line_bits.count_ones()));
        while found != 0 {
            ends.push(base.wrapping_add(found.trailing_zeros()));
            found &= found.wrapping_sub(1);
        }
        base = base.wrapping_add(16);
    }
    if alone | before != 0 || odd != u8x16::splat(0) || (high != u8x16::splat(0) && std::str::from_utf8(bytes).is_err())
    {
        return Err(NotPlain);
    }
    Ok((rows, returns != 0))
}

/// The last few bytes, filled up with blanks.
fn padded(rest: &[u8]) -> [u8; LANES] {
    let mut lanes = [b' '; LANES];
    for (lane, byte) in lanes.iter_mut().zip(rest) {
        *lane = *byte;
    }
    lanes
}
