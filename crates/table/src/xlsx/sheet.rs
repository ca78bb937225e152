//! One sheet, row by row.

use quick_xml::events::BytesStart;

use super::number;
use super::strings::{Strings, unescape};
use super::xml::{Piece, Xml, attribute};
use crate::error::{InputError, quoted};
use crate::limits::{MAX_COLUMNS, MAX_LINE_BYTES, MAX_XLSX_COLUMNS, MAX_XLSX_ROWS};
use crate::table::{Record, Span, check_rows};

/// What a cell's stored value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Kind {
    /// A number of the shared text.
    Shared,
    /// A text in place.
    Text,
    Bool,
    /// A number, as Excel shows it.
    #[default]
    Number,
    /// A date in ISO form, or an error such as `#REF!`: the stored text.
    Raw,
}

/// The cell that is being read.
#[derive(Debug, Default)]
struct Cell {
    place: usize,
    kind: Kind,
    /// Where its text begins in the row's text.
    start: usize,
    formula: bool,
    value: bool,
}

/// The row that is being read; apart from the XML reader, whose pieces are borrowed meanwhile.
struct Current {
    file: String,
    number: u64,
    text: String,
    spans: Vec<Span>,
    formulas: Vec<usize>,
    /// The place after the last cell seen, empty cells included.
    next_place: usize,
    cell: Cell,
    in_data: bool,
    in_row: bool,
    in_inline: bool,
    phonetic: bool,
    capture: bool,
    done: bool,
    strings: Strings,
}

/// A sheet.
pub(super) struct Sheet {
    xml: Xml,
    row: Current,
}

impl Sheet {
    pub(super) fn new(xml: Xml, strings: Strings, file: &str) -> Self {
        let row = Current {
            file: file.to_owned(),
            number: 0,
            text: String::new(),
            spans: Vec::new(),
            formulas: Vec::new(),
            next_place: 0,
            cell: Cell::default(),
            in_data: false,
            in_row: false,
            in_inline: false,
            phonetic: false,
            capture: false,
            done: false,
            strings,
        };
        Self { xml, row }
    }

    /// Reads the next row, empty or not; `false` at the end. With a `width`, text to the right of it is refused.
    pub(super) fn read_row(&mut self, width: Option<usize>) -> Result<bool, InputError> {
        while !self.row.done {
            match self.xml.next()? {
                Piece::Start(e) => self.row.start(&e)?,
                Piece::Text(text) if self.row.capture => self.row.add_text(&text)?,
                Piece::End(e) => {
                    if self.row.end(e.local_name().into_inner(), width)? {
                        return Ok(true);
                    }
                }
                Piece::Eof => return Err(self.xml.broken("it has no rows element (sheetData)")),
                Piece::Text(_) | Piece::Other => {}
            }
        }
        Ok(false)
    }

    pub(super) fn record(&self) -> Record<'_> {
        let row = &self.row;
        Record { number: row.number, bytes: row.text.as_bytes(), shared: &row.strings.text, spans: &row.spans }
    }

    /// The places of this row's formulas that no program has calculated yet.
    pub(super) fn formulas_without_result(&self) -> &[usize] {
        &self.row.formulas
    }

    /// An error about a cell of this row.
    pub(super) fn error(&self, column: &str, found: &str, expected: &str, todo: &str) -> InputError {
        InputError::new(&self.row.file, found, expected, todo).at_row(self.row.number).in_column(column)
    }
}

impl Current {
    fn start(&mut self, e: &BytesStart<'_>) -> Result<(), InputError> {
        match e.local_name().into_inner() {
            "sheetData" => self.in_data = true,
            _ if !self.in_data => {}
            "row" => self.start_row(e)?,
            "c" => self.start_cell(e)?,
            "f" => self.cell.formula = true,
            "v" => (self.cell.value, self.capture) = (true, true),
            "is" => (self.cell.value, self.in_inline) = (true, true),
            "rPh" => self.phonetic = true,
            "t" => self.capture = self.in_inline && !self.phonetic,
            _ => {}
        }
        Ok(())
    }

    fn start_row(&mut self, e: &BytesStart<'_>) -> Result<(), InputError> {
        let before = self.number;
        self.number = before.saturating_add(1);
        if self.in_row {
            return Err(self.damaged("a row begins within a row"));
        }
        self.in_row = true;
        if let Some(r) = attribute(e, "r").map_err(|what| self.damaged(&what))? {
            self.number = match r.trim_ascii().parse::<u64>() {
                Ok(r) if r > before => r,
                _ => return Err(self.damaged(&format!("row number {} after row {before}", quoted(&r)))),
            };
        }
        check_rows(&self.file, self.number, MAX_XLSX_ROWS)?;
        self.text.clear();
        self.spans.clear();
        self.formulas.clear();
        self.next_place = 0;
        Ok(())
    }

    fn start_cell(&mut self, e: &BytesStart<'_>) -> Result<(), InputError> {
        if !self.in_row {
            // After the last row that was read.
            self.number = self.number.saturating_add(1);
            return Err(self.damaged("a cell outside every row"));
        }
        let place = match attribute(e, "r").map_err(|what| self.damaged(&what))? {
            None => self.next_place,
            Some(r) => match place_of(&r) {
                Some(place) if place >= self.next_place => place,
                _ => return Err(self.damaged(&format!("a cell with the address {} is not in its place", quoted(&r)))),
            },
        };
        if place >= MAX_XLSX_COLUMNS {
            return Err(self.damaged("a cell beyond the last column of a sheet"));
        }
        let kind = match attribute(e, "t").map_err(|what| self.damaged(&what))?.as_deref() {
            Some("s") => Kind::Shared,
            Some("str" | "inlineStr") => Kind::Text,
            Some("b") => Kind::Bool,
            None | Some("n") => Kind::Number,
            Some("e" | "d") => Kind::Raw,
            Some(other) => return Err(self.damaged(&format!("a cell of the unknown type {}", quoted(other)))),
        };
        self.next_place = place.saturating_add(1);
        self.cell = Cell { place, kind, start: self.text.len(), formula: false, value: false };
        Ok(())
    }

    fn add_text(&mut self, text: &str) -> Result<(), InputError> {
        if self.text.len().saturating_add(text.len()) > MAX_LINE_BYTES {
            return Err(self.damaged(&format!("the row's text is longer than {MAX_LINE_BYTES} bytes")));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// Whether this ends the row.
    fn end(&mut self, name: &str, width: Option<usize>) -> Result<bool, InputError> {
        if !self.in_data {
            return Ok(false);
        }
        match name {
            "sheetData" => (self.in_data, self.done) = (false, true),
            "v" | "t" => self.capture = false,
            "is" => self.in_inline = false,
            "rPh" => self.phonetic = false,
            "c" => self.end_cell(width)?,
            "row" => return Ok(std::mem::take(&mut self.in_row)),
            _ => {}
        }
        Ok(false)
    }

    fn end_cell(&mut self, width: Option<usize>) -> Result<(), InputError> {
        let Cell { place, kind, start, formula, value } = self.cell;
        if formula && !value {
            self.formulas.push(place);
        }
        let span = match kind {
            Kind::Shared => self.shared(start)?,
            Kind::Raw => self.own(start),
            Kind::Number => {
                if let Some(number) = number::shown(self.text.get(start..).unwrap_or_default().trim_ascii()) {
                    self.text.truncate(start);
                    self.text.push_str(&number);
                }
                self.own(start)
            }
            Kind::Text => {
                unescape(&mut self.text, start);
                self.own(start)
            }
            Kind::Bool => {
                let word = match self.text.get(start..).map(str::trim_ascii) {
                    Some("1") => "TRUE",
                    Some("0") => "FALSE",
                    Some("") | None => "",
                    Some(_) => return Err(self.damaged("a cell that should be true or false is neither")),
                };
                self.text.truncate(start);
                self.text.push_str(word);
                self.own(start)
            }
        };
        self.put(span, place, width)
    }

    /// The row's own text from `start` on.
    fn own(&self, start: usize) -> Span {
        Span { start, end: self.text.len(), shared: false }
    }

    /// The shared text whose number was read.
    fn shared(&mut self, start: usize) -> Result<Span, InputError> {
        let index = self.text.get(start..).unwrap_or_default().trim_ascii();
        if index.is_empty() {
            return Ok(Span { start, end: start, shared: false });
        }
        let found = index.parse().ok().and_then(|i| self.strings.get(i));
        let Some((from, to)) = found else {
            return Err(self.damaged(&format!("a cell with the text number {}, which is not there", quoted(index))));
        };
        self.text.truncate(start);
        Ok(Span { start: from, end: to, shared: true })
    }

    /// Puts a cell's text into the row, unless it is empty.
    fn put(&mut self, span: Span, place: usize, width: Option<usize>) -> Result<(), InputError> {
        let base = if span.shared { &self.strings.text } else { &self.text };
        if base.get(span.start..span.end).unwrap_or_default().trim_ascii().is_empty() {
            return Ok(());
        }
        if place >= width.unwrap_or(MAX_COLUMNS) {
            let expected = match width {
                Some(width) => format!("text only in the {width} columns of the header"),
                None => format!("a header of at most {MAX_COLUMNS} columns"),
            };
            let todo = "remove the text, or give its column a name in the header";
            let found = format!("text in column {}", letters(place));
            return Err(InputError::new(&self.file, found, expected, todo)
                .at_row(self.number)
                .in_column(letters(place)));
        }
        if self.spans.len() <= place {
            self.spans.resize(place.saturating_add(1), Span::default());
        }
        if let Some(slot) = self.spans.get_mut(place) {
            *slot = span;
        }
        Ok(())
    }

    fn damaged(&self, what: &str) -> InputError {
        InputError::new(
            &self.file,
            format!("the sheet is damaged: {what}"),
            "a workbook as Excel or LibreOffice saves it",
            "open it there, save it again as .xlsx, and run again",
        )
        .at_row(self.number)
    }
}

/// The place of the column in a cell's address: `B7` is 1. `None` if it is no address.
fn place_of(address: &str) -> Option<usize> {
    let address = address.trim_ascii();
    let letters = address.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = address.split_at_checked(letters)?;
    if column.is_empty() || column.len() > 3 || row.is_empty() || !row.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digit = |b: u8| usize::from(b.to_ascii_uppercase().saturating_sub(b'A')).saturating_add(1);
    column.bytes().fold(0_usize, |n, b| n.saturating_mul(26).saturating_add(digit(b))).checked_sub(1)
}

/// The column's letters: place 1 is `B`.
fn letters(place: usize) -> String {
    let mut out = Vec::new();
    let mut n = place.saturating_add(1);
    while n > 0 {
        n = n.saturating_sub(1);
        out.push(u8::try_from(n % 26).unwrap_or(0).saturating_add(b'A'));
        n /= 26;
    }
    out.iter().rev().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, place) in [("A1", 0), ("B7", 1), ("z1", 25), ("AA1", 26), ("XFD1048576", 16_383)] {
            assert_eq!(place_of(address), Some(place), "{address}");
            assert!(address.to_ascii_uppercase().starts_with(&letters(place)), "{address}");
        }
        for address in ["", "1", "A", "AAAA1", "A1B", "Ä1", "A-1", "$A$1"] {
            assert_eq!(place_of(address), None, "{address}");
        }
    }

    #[test]
    fn escapes() {
        for (stored, text) in [
            ("a_x000D_\nb", "a\r\nb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00", "_x00"),
            ("_xZZZZ_", "_xZZZZ_"),
            ("_xD800_", "_xD800_"),
            ("_x0000_", "_x0000_"),
            ("_x_x0041_", "_xA"),
            ("_xé_", "_xé_"),
            ("", ""),
        ] {
            let mut out = format!("before_x0041_{stored}");
            unescape(&mut out, 13);
            assert_eq!(out, format!("before_x0041_{text}"));
        }
    }
}
