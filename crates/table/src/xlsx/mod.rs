//! XLSX: the first visible sheet of a workbook, streamed.
//!
//! Numbers come out as Excel shows and holds them, to 15 digits: a stored `0.30000000000000004` is `0.3`, while
//! `1.23456789012345E+15` stays (see `number`). Dates are stored as numbers and come out as numbers. Formulas give their
//! stored result.

mod number;
mod package;
mod sheet;
mod strings;
mod xml;

use std::fs::File;
use std::io::{Read as _, Seek as _};

use self::package::Package;
use self::sheet::Sheet;
use crate::error::{InputError, from_io, shown};
use crate::hash::HashingReader;
use crate::header::{Column, Header};
use crate::limits::{MAX_XLSX_FILE_BYTES, MAX_XLSX_PARTS};
use crate::table::Record;

/// The rows of a sheet.
pub(crate) struct XlsxSource {
    sheet: Sheet,
    sha256: String,
    notes: Vec<String>,
}

impl XlsxSource {
    /// Opens the workbook and reads the header: the first row with text.
    pub(crate) fn open(
        mut file: File,
        display: &str,
        columns: &'static [Column],
    ) -> Result<(Self, Header), InputError> {
        let sha256 = look_through(&mut file, display)?;
        let (mut sheet, notes) = Package::open(file, display)?.into_sheet()?;
        loop {
            if !sheet.read_row(None)? {
                let found = "the sheet is empty";
                return Err(InputError::new(display, found, "a header row", "put the table on the first sheet"));
            }
            let record = sheet.record();
            let cells = record.header_cells(display)?;
            if cells.iter().any(|c| !c.is_empty()) {
                let header = Header::new(display, record.number, cells, columns)?;
                return Ok((Self { sheet, sha256, notes }, header));
            }
        }
    }

    /// To the next row, empty or not.
    pub(crate) fn advance(&mut self, header: &Header) -> Result<bool, InputError> {
        if !self.sheet.read_row(Some(header.width()))? {
            return Ok(false);
        }
        match self.sheet.formulas_without_result().iter().find(|place| header.is_read(**place)) {
            None => Ok(true),
            Some(place) => Err(self.sheet.error(
                &header.label(*place),
                "a formula with no stored result",
                "a value",
                "open the file in Excel or LibreOffice, save it there, and run again",
            )),
        }
    }

    pub(crate) fn record(&self) -> Record<'_> {
        self.sheet.record()
    }

    pub(crate) fn finish(self) -> (String, Vec<String>) {
        (self.sha256, self.notes)
    }
}

/// Hashes the file and refuses what is no workbook before anything is made of its contents. Leaves the file at its
/// beginning.
fn look_through(file: &mut File, display: &str) -> Result<String, InputError> {
    let io = |e: std::io::Error| from_io(display, &e);
    let bytes = file.metadata().map_err(io)?.len();
    if bytes > MAX_XLSX_FILE_BYTES {
        return Err(too_large(display, &format!("a file of {bytes} bytes"), MAX_XLSX_FILE_BYTES, "bytes"));
    }
    let mut reader = HashingReader::new(file.by_ref().take(MAX_XLSX_FILE_BYTES.saturating_add(1)));
    let mut buf = vec![0; 64 << 10];
    // The last three bytes seen, then the new ones, so that a signature across two reads counts.
    let mut window = Vec::with_capacity(buf.len().saturating_add(3));
    let (mut head, mut parts) = (Vec::new(), 0_u64);
    loop {
        let n = reader.read(&mut buf).map_err(io)?;
        if n == 0 {
            break;
        }
        let new = buf.get(..n).unwrap_or_default();
        if head.len() < 8 {
            head.extend(new.iter().take(8));
        }
        window.drain(..window.len().saturating_sub(3));
        window.extend_from_slice(new);
        let found = window.windows(4).filter(|w| w == b"PK\x01\x02").count();
        parts = parts.saturating_add(u64::try_from(found).unwrap_or(u64::MAX));
    }
    let sha256 = reader.hex();
    check_head(&head, display)?;
    if parts > MAX_XLSX_PARTS {
        return Err(too_large(display, &format!("a workbook of {parts} parts"), MAX_XLSX_PARTS, "parts"));
    }
    file.rewind().map_err(io)?;
    Ok(sha256)
}

fn check_head(head: &[u8], display: &str) -> Result<(), InputError> {
    let (found, todo) = match head {
        [b'P', b'K', ..] => return Ok(()),
        [] => ("the file is empty", "export the table again"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => (
            "this is an old Excel file (.xls), or one protected with a password",
            "open it in Excel and save it as .xlsx without a password",
        ),
        // None of its text is shown: without a header it begins with somebody's data.
        _ => (
            "this is no .xlsx file: it does not begin as one",
            "export the table again, or give a text table the ending .csv",
        ),
    };
    Err(InputError::new(display, found, "an Excel workbook (.xlsx)", todo))
}

fn too_large(display: &str, found: &str, limit: u64, unit: &str) -> InputError {
    InputError::new(
        display,
        shown(found),
        format!("at most {limit} {unit}"),
        "check where the file is from; a real table can be split by date or given as .csv",
    )
}
