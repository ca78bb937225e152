//! XML as far as a workbook needs it: no document types, no entities of its own, bounded depth.

use std::borrow::Cow;
use std::io::{self, BufReader, Read};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};

use super::too_large;
use crate::error::{InputError, quoted};
use crate::limits::{MAX_XLSX_UNPACKED_BYTES, MAX_XML_DEPTH};

/// Said by [`Budget`] when it is spent.
#[derive(Debug, thiserror::Error)]
#[error("too large")]
struct Spent;

/// Lets this many bytes through, then fails.
pub(super) struct Budget<R> {
    inner: R,
    pub(super) left: u64,
}

impl<R> Budget<R> {
    pub(super) fn new(inner: R, left: u64) -> Self {
        Self { inner, left }
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.left =
            self.left.checked_sub(u64::try_from(n).unwrap_or(u64::MAX)).ok_or_else(|| io::Error::other(Spent))?;
        Ok(n)
    }
}

/// A read error of a part in plain words.
pub(super) fn part_error(file: &str, part: &str, error: &io::Error) -> InputError {
    if error.get_ref().and_then(|inner| inner.downcast_ref::<Spent>()).is_some() {
        let found = format!("a workbook whose parts ({part}) unpack to too much");
        return too_large(file, &found, MAX_XLSX_UNPACKED_BYTES, "bytes");
    }
    broken(file, part, &error.to_string())
}

/// "The workbook is damaged", with what and where.
pub(super) fn broken(file: &str, part: &str, what: &str) -> InputError {
    InputError::new(
        file,
        format!("the workbook is damaged in its part {part}: {}", crate::error::shown(what)),
        "a workbook as Excel or LibreOffice saves it",
        "open it there, save it again as .xlsx, and run again",
    )
}

/// One thing of an XML part. Empty elements come as a start and an end.
pub(super) enum Piece<'a> {
    Start(BytesStart<'a>),
    End(BytesEnd<'a>),
    Text(Cow<'a, str>),
    Other,
    Eof,
}

/// Reads one part.
pub(super) struct Xml {
    reader: quick_xml::Reader<BufReader<Box<dyn Read + Send>>>,
    buf: Vec<u8>,
    depth: usize,
    file: String,
    part: String,
}

impl Xml {
    pub(super) fn new(reader: Box<dyn Read + Send>, file: &str, part: &str) -> Self {
        let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(64 << 10, reader));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buf: Vec::new(), depth: 0, file: file.to_owned(), part: part.to_owned() }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Piece<'_>, InputError> {
        let (file, part) = (&self.file, &self.part);
        self.buf.clear();
        let event = match self.reader.read_event_into(&mut self.buf) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(e)) => return Err(part_error(file, part, &e)),
            Err(e) => return Err(broken(file, part, &e.to_string())),
        };
        let piece = match event {
            Event::Start(e) => {
                self.depth = self.depth.saturating_add(1);
                if self.depth > MAX_XML_DEPTH {
                    return Err(broken(file, part, &format!("its elements nest more than {MAX_XML_DEPTH} deep")));
                }
                Piece::Start(e)
            }
            Event::End(e) => {
                self.depth = self.depth.saturating_sub(1);
                Piece::End(e)
            }
            Event::Text(e) => Piece::Text(e.xml10_content()),
            Event::CData(e) => Piece::Text(e.xml10_content()),
            Event::GeneralRef(e) => Piece::Text(reference(&e).map_err(|what| broken(file, part, &what))?),
            Event::DocType(_) => return Err(broken(file, part, "it has a document type (DTD)")),
            Event::Eof if self.depth > 0 => return Err(broken(file, part, "it ends too early")),
            Event::Eof => Piece::Eof,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Piece::Other,
        };
        match piece {
            Piece::Text(text) if text.contains('\0') => Err(broken(file, part, "a NUL character in a text")),
            piece => Ok(piece),
        }
    }

    /// "The workbook is damaged", in this part.
    pub(super) fn broken(&self, what: &str) -> InputError {
        broken(&self.file, &self.part, what)
    }
}

/// `&amp;`, `&#10;`: the five names of XML and character numbers, nothing else.
fn reference(e: &BytesRef<'_>) -> Result<Cow<'static, str>, String> {
    let name = e.xml10_content();
    if let Ok(Some(c)) = e.resolve_char_ref() {
        return Ok(Cow::Owned(c.to_string()));
    }
    resolve_xml_entity(&name).map(Cow::Borrowed).ok_or_else(|| format!("an unknown entity {}", quoted(&name)))
}

/// An attribute's value by its local name (so `r:id` by `id`).
pub(super) fn attribute<'a>(e: &'a BytesStart<'_>, name: &str) -> Result<Option<Cow<'a, str>>, String> {
    for attribute in e.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        if attribute.key.local_name().into_inner() == name {
            return attribute.normalized_value(XmlVersion::Implicit1_0).map(Some).map_err(|e| e.to_string());
        }
    }
    Ok(None)
}
