//! The parts of a workbook: which ones are read, and reading them with a bound on what they unpack to.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek as _, SeekFrom};

use flate2::read::DeflateDecoder;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::sheet::Sheet;
use super::strings::Strings;
use super::xml::{Budget, Piece, Xml, attribute, broken, part_error};
use crate::error::{InputError, from_io, shown};
use crate::limits::{MAX_XLSX_INDEX_BYTES, MAX_XLSX_UNPACKED_BYTES};

/// Where a part's bytes are in the file.
struct Location {
    start: u64,
    packed: u64,
    stored: bool,
}

/// One entry of a `.rels` part.
struct Relation {
    id: String,
    kind: String,
    target: String,
}

struct SheetEntry {
    name: String,
    relation: String,
    hidden: bool,
}

/// An open workbook.
pub(super) struct Package {
    archive: ZipArchive<BufReader<File>>,
    /// The same open file, for the parts that are streamed after the archive's own reading is over.
    handle: File,
    file: String,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl Package {
    pub(super) fn open(file: File, display: &str) -> Result<Self, InputError> {
        let handle = file.try_clone().map_err(|e| from_io(display, &e))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|e| zip_error(display, "(the zip index)", &e))?;
        Ok(Self { archive, handle, file: display.to_owned(), left: MAX_XLSX_UNPACKED_BYTES })
    }

    /// The first visible sheet, and what is to be said of the others.
    pub(super) fn into_sheet(mut self) -> Result<(Sheet, Vec<String>), InputError> {
        let workbook = self.workbook_part()?;
        let relations = self.relations(&workbook)?;
        let sheets = self.sheet_entries(&workbook)?;
        let (chosen, part) = self.choose(&workbook, &relations, &sheets)?;
        let notes = note_on_sheets(&sheets, chosen);
        let place = self.verify(&part)?;
        let strings = match relations.iter().find(|r| r.kind == "sharedStrings") {
            Some(relation) => self.strings(&resolve(&workbook, &relation.target))?,
            None => Strings::default(),
        };
        let xml = Xml::new(self.stream(&place)?, &self.file, &part);
        Ok((Sheet::new(xml, strings, &self.file), notes))
    }

    /// The workbook's own part, by the package's relations.
    fn workbook_part(&mut self) -> Result<String, InputError> {
        let relations = self.relations("")?;
        let target = relations.iter().find(|r| r.kind == "officeDocument").map(|r| r.target.as_str());
        Ok(resolve("", target.unwrap_or("xl/workbook.xml")))
    }

    /// The relations of a part ("" is the package). A missing file is no relations.
    fn relations(&mut self, part: &str) -> Result<Vec<Relation>, InputError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let path = resolve("", &format!("{folder}/_rels/{name}.rels"));
        let mut relations = Vec::new();
        if self.index_of(&path).is_none() {
            return Ok(relations);
        }
        self.for_each_element(&path, |element, attribute| {
            if element == "Relationship" && attribute("TargetMode")?.as_deref() != Some("External") {
                let kind = attribute("Type")?.unwrap_or_default();
                relations.push(Relation {
                    id: attribute("Id")?.unwrap_or_default(),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    target: attribute("Target")?.unwrap_or_default(),
                });
            }
            Ok(())
        })?;
        Ok(relations)
    }

    fn sheet_entries(&mut self, workbook: &str) -> Result<Vec<SheetEntry>, InputError> {
        let mut sheets = Vec::new();
        self.for_each_element(workbook, |element, attribute| {
            if element == "sheet" {
                sheets.push(SheetEntry {
                    name: attribute("name")?.unwrap_or_default(),
                    relation: attribute("id")?.unwrap_or_default(),
                    hidden: attribute("state")?.is_some_and(|state| state != "visible"),
                });
            }
            Ok(())
        })?;
        Ok(sheets)
    }

    /// The first visible worksheet (charts are none): its number and its part.
    fn choose(
        &self,
        workbook: &str,
        relations: &[Relation],
        sheets: &[SheetEntry],
    ) -> Result<(usize, String), InputError> {
        let part_of = |s: &SheetEntry| {
            let relation = relations.iter().find(|r| r.id == s.relation && r.kind == "worksheet")?;
            Some(resolve(workbook, &relation.target))
        };
        let mut visible = sheets.iter().enumerate().filter(|(_, s)| !s.hidden);
        visible
            .find_map(|(i, s)| part_of(s).map(|part| (i, part)))
            .ok_or_else(|| broken(&self.file, workbook, "it names no sheet that can be seen"))
    }

    /// Calls `each` with every element of a small part: its local name and a way to its attributes.
    fn for_each_element(
        &mut self,
        part: &str,
        mut each: impl FnMut(&str, &dyn Fn(&str) -> Result<Option<String>, String>) -> Result<(), String>,
    ) -> Result<(), InputError> {
        let bytes = self.read(part)?;
        let mut xml = Xml::new(Box::new(Cursor::new(bytes)), &self.file, part);
        loop {
            match xml.next()? {
                Piece::Start(e) => {
                    let get = |name: &str| Ok(attribute(&e, name)?.map(Cow::into_owned));
                    each(e.local_name().into_inner(), &get).map_err(|what| broken(&self.file, part, &what))?;
                }
                Piece::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// A part's place in the archive, by name; case does not matter, as in the format's specification.
    fn index_of(&self, part: &str) -> Option<usize> {
        self.archive
            .index_for_name_raw(part.as_bytes())
            .or_else(|| self.archive.file_names_raw().position(|name| name.eq_ignore_ascii_case(part.as_bytes())))
    }

    /// Hands a part's unpacked bytes to `read`, within `limit` and what is left for the whole workbook.
    fn with_part<T>(
        &mut self,
        part: &str,
        limit: u64,
        read: impl FnOnce(&mut dyn Read, Location) -> io::Result<T>,
    ) -> Result<T, InputError> {
        let Some(index) = self.index_of(part) else { return Err(broken(&self.file, part, "it is missing")) };
        let entry = self.archive.by_index(index).map_err(|e| zip_error(&self.file, part, &e))?;
        let stored = entry.compression() == CompressionMethod::Stored;
        let start = entry.data_start().ok_or_else(|| broken(&self.file, part, "its place is unknown"))?;
        let location = Location { start, packed: entry.compressed_size(), stored };
        let allowed = limit.min(self.left);
        let mut budget = Budget::new(entry, allowed);
        let value = read(&mut budget, location).map_err(|e| part_error(&self.file, part, &e))?;
        let used = allowed.saturating_sub(budget.left);
        self.left = self.left.saturating_sub(used);
        Ok(value)
    }

    /// A small part as a whole.
    fn read(&mut self, part: &str) -> Result<Vec<u8>, InputError> {
        self.with_part(part, MAX_XLSX_INDEX_BYTES, |reader, _| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes)?;
            Ok(bytes)
        })
    }

    /// Unpacks a part to nowhere: its size and checksum are right. Gives its place.
    fn verify(&mut self, part: &str) -> Result<Location, InputError> {
        self.with_part(part, MAX_XLSX_UNPACKED_BYTES, |reader, location| {
            io::copy(reader, &mut io::sink())?;
            Ok(location)
        })
    }

    fn strings(&mut self, part: &str) -> Result<Strings, InputError> {
        let location = self.verify(part)?;
        Strings::read(Xml::new(self.stream(&location)?, &self.file, part))
    }

    /// A verified part as a stream of its own. Streams and the archive share one position in the file: only the last
    /// one asked for may be read.
    fn stream(&self, location: &Location) -> Result<Box<dyn Read + Send>, InputError> {
        let file = self.handle.try_clone().map_err(|e| from_io(&self.file, &e))?;
        stream(file, location).map_err(|e| from_io(&self.file, &e))
    }
}

fn stream(mut file: File, location: &Location) -> io::Result<Box<dyn Read + Send>> {
    file.seek(SeekFrom::Start(location.start))?;
    let packed = BufReader::with_capacity(64 << 10, file).take(location.packed);
    let unpacked: Box<dyn Read + Send> =
        if location.stored { Box::new(packed) } else { Box::new(DeflateDecoder::new(packed)) };
    Ok(Box::new(Budget::new(unpacked, MAX_XLSX_UNPACKED_BYTES)))
}

/// The part that a relation of `source` points to, without a leading slash.
fn resolve(source: &str, target: &str) -> String {
    let folder = source.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut path: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            ".." => {
                path.pop();
            }
            "." => {}
            step => path.push(step),
        }
    }
    path.retain(|step| !step.is_empty());
    path.join("/")
}

fn note_on_sheets(sheets: &[SheetEntry], chosen: usize) -> Vec<String> {
    let name = |s: &SheetEntry| shown(&s.name);
    let others: Vec<String> = sheets.iter().enumerate().filter(|(i, _)| *i != chosen).map(|(_, s)| name(s)).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let read = sheets.get(chosen).map(name).unwrap_or_default();
    let more = others.len().saturating_sub(20);
    let mut list = others.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 {
        list = format!("{list} and {more} more");
    }
    vec![format!("only the sheet \"{read}\" is read, not: {list}")]
}

fn zip_error(file: &str, part: &str, error: &ZipError) -> InputError {
    match error {
        ZipError::Io(e) => part_error(file, part, e),
        ZipError::InvalidPassword => password(file),
        ZipError::UnsupportedArchive(text) if *text == ZipError::PASSWORD_REQUIRED => password(file),
        other => broken(file, part, &other.to_string()),
    }
}

fn password(file: &str) -> InputError {
    InputError::new(
        file,
        "the workbook is protected with a password",
        "a workbook without a password",
        "open it in Excel and save it without a password",
    )
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn targets() {
        assert_eq!(resolve("xl/workbook.xml", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl/workbook.xml", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl/workbook.xml", "../data/./a.xml"), "data/a.xml");
        assert_eq!(resolve("", "../../a.xml"), "a.xml");
    }
}
