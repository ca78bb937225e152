//! The texts that the cells of a workbook share.

use super::xml::{Piece, Xml};
use crate::error::InputError;
use crate::limits::{MAX_LINE_BYTES, MAX_XLSX_STRINGS};

/// All shared texts, one after the other.
#[derive(Default)]
pub(super) struct Strings {
    pub(super) text: String,
    /// Where each ends. 32 bits: the limit of unpacked bytes is far below.
    ends: Vec<u32>,
}

impl Strings {
    /// Start and end of a text.
    pub(super) fn get(&self, index: usize) -> Option<(usize, usize)> {
        let end = self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        Some((usize::try_from(start).ok()?, usize::try_from(*end).ok()?))
    }

    /// Reads `sharedStrings.xml`: the runs of a rich text are joined, phonetic runs are left out.
    pub(super) fn read(mut xml: Xml) -> Result<Self, InputError> {
        let mut strings = Self::default();
        let (mut start, mut in_text, mut phonetic) = (0, false, false);
        loop {
            match xml.next()? {
                Piece::Start(e) => match e.local_name().into_inner() {
                    "si" => start = strings.text.len(),
                    "rPh" => phonetic = true,
                    "t" => in_text = !phonetic,
                    _ => {}
                },
                Piece::Text(text) if in_text => strings.text.push_str(&text),
                Piece::End(e) => match e.local_name().into_inner() {
                    "t" => in_text = false,
                    "rPh" => phonetic = false,
                    "si" => strings.end_text(start).map_err(|what| xml.broken(&what))?,
                    _ => {}
                },
                Piece::Eof => return Ok(strings),
                Piece::Text(_) | Piece::Other => {}
            }
            if strings.text.len().saturating_sub(start) > MAX_LINE_BYTES {
                return Err(xml.broken(&format!("one text is longer than {MAX_LINE_BYTES} bytes")));
            }
        }
    }

    fn end_text(&mut self, start: usize) -> Result<(), String> {
        unescape(&mut self.text, start);
        if self.ends.len() >= MAX_XLSX_STRINGS {
            return Err(format!("more than {MAX_XLSX_STRINGS} texts"));
        }
        self.ends.push(u32::try_from(self.text.len()).map_err(|_| "too much text".to_owned())?);
        Ok(())
    }
}

/// Replaces `_x000D_` and its like (how a workbook writes characters that XML cannot hold) in `text` from `start` on.
/// A NUL character stays as it is written.
pub(super) fn unescape(text: &mut String, start: usize) {
    let Some(tail) = text.get(start..).filter(|t| t.contains("_x")) else { return };
    let mut out = String::with_capacity(tail.len());
    let mut rest = tail;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let escape = from.get(..7).filter(|e| e.ends_with('_'));
        let code = escape.and_then(|e| e.get(2..6)).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32).filter(|c| *c != '\0') {
            Some(c) => {
                out.push(c);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                out.push('_');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    text.truncate(start);
    text.push_str(&out);
}
