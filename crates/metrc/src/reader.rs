//! Reads files that hold answers of the API: one array, one page, or several of them and single records in a row.

use std::io::Read;
use std::marker::PhantomData;

use crate::error::{Fault, WireError, listed};
use crate::page::{self, Envelope, Pages};
use crate::records::Record;
use crate::scanner::{Boundary, Found, Scanner, Sizes, Step, too_large};
use crate::wire::Context;

/// What one file was like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileFacts {
    /// Records in the file.
    pub records: u64,
    /// What is worth saying, such as `byte order mark` or `unknown fields not read: X, Y`.
    pub notes: Vec<String>,
}

/// Reads one or more files of one kind as one list.
///
/// Streams: in memory are one record (or one page), and the ids of rows that came in pages.
#[derive(Debug)]
pub struct ListReader<T> {
    pages: Pages,
    sizes: Sizes,
    record: PhantomData<fn() -> T>,
}

impl<T: Record> Default for ListReader<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Record> ListReader<T> {
    /// A reader that has seen no file yet.
    #[must_use]
    pub fn new() -> Self {
        Self::with_sizes(Sizes::default())
    }

    pub(crate) fn with_sizes(sizes: Sizes) -> Self {
        Self { pages: Pages::default(), sizes, record: PhantomData }
    }

    /// Gives every record of one file to `sink`, with its number in that file from 1.
    ///
    /// `display` names the file in messages. Records before a fault have been given away when it is found; an error of
    /// `sink` ends the reading and is returned as it is.
    ///
    /// # Errors
    /// A file that is no such list, is damaged, contradicts itself or passes a limit of [`limits`](crate::limits).
    pub fn read_file(
        &mut self,
        display: &str,
        reader: impl Read,
        sink: &mut dyn FnMut(T, u64) -> Result<(), WireError>,
    ) -> Result<FileFacts, WireError> {
        let context = Context::default();
        let mut file =
            OneFile { display, context: &context, records: 0, pages: &mut self.pages, sizes: self.sizes, sink };
        let mut scanner = Scanner::new(reader, self.sizes);
        let mut notes = Vec::new();
        if scanner.skip_bom().map_err(|fault| fault.locate(display, None))? {
            notes.push("byte order mark".to_owned());
        }
        loop {
            let next = scanner.next_object();
            let next = next.map_err(|fault| fault.locate(display, scanner.any().then_some(file.records + 1)))?;
            let Some(found) = next else { break };
            file.object(scanner.bytes(&found), &found)?;
        }
        let records = file.records;
        let unknown = context.unknown_names();
        if !unknown.is_empty() {
            notes.push(format!("unknown fields not read: {}", listed(unknown)));
        }
        Ok(FileFacts { records, notes })
    }

    /// After the last file: whether the pages of every list are all there and add up.
    ///
    /// # Errors
    /// Pages missing or repeated, rows that are not as many as the pages say, rows repeated.
    pub fn finish(self) -> Result<(), WireError> {
        self.pages.finish()
    }
}

/// One file while it is read.
struct OneFile<'f, T> {
    display: &'f str,
    context: &'f Context,
    records: u64,
    pages: &'f mut Pages,
    sizes: Sizes,
    sink: &'f mut dyn FnMut(T, u64) -> Result<(), WireError>,
}

impl<T: Record> OneFile<'_, T> {
    /// A fault in the next record, or before it.
    fn locate(&self, fault: Fault) -> WireError {
        fault.locate(self.display, Some(self.records + 1))
    }

    fn object(&mut self, bytes: &[u8], found: &Found) -> Result<(), WireError> {
        let json = std::str::from_utf8(bytes).map_err(|error| {
            let byte = found.offset + offset(error.valid_up_to());
            let todo = "save the file as UTF-8, or pull the answer again";
            self.locate(Fault::new("bytes that are not UTF-8", "UTF-8 text", todo).at(byte))
        })?;
        if page::may_be_page(bytes) {
            let context = Context::default();
            let envelope = Envelope::parse(json, &context)
                .map_err(|error| self.locate(context.fault(&error, json, found.offset)))?;
            if envelope.data.is_some() || page::begins_page(bytes) {
                return self.page(&envelope, json, found.offset);
            }
        }
        let record = self.parse(json, found.offset)?;
        self.give(record)
    }

    fn parse(&self, json: &str, begin: u64) -> Result<T, WireError> {
        if json.len() > self.sizes.record {
            return Err(self.locate(too_large("record", self.sizes.record).at(begin)));
        }
        let record =
            T::parse(json, self.context).map_err(|error| self.locate(self.context.fault(&error, json, begin)))?;
        record.check().map_err(|fault| self.locate(fault.begins("record", begin)))?;
        Ok(record)
    }

    fn give(&mut self, record: T) -> Result<(), WireError> {
        self.records += 1;
        (self.sink)(record, self.records)
    }

    /// Gives the records of a page, then checks what the page says about itself.
    fn page(&mut self, envelope: &Envelope<'_>, json: &str, begin: u64) -> Result<(), WireError> {
        let Some(data) = envelope.data else {
            let fault = Fault::new("a page without Data", "Data with the records", "pull the page again");
            return Err(self.locate(fault.at(begin)));
        };
        for name in &envelope.unknown {
            self.context.unknown("", name);
        }
        let data_begin = begin + offset(data.get().as_ptr().addr().saturating_sub(json.as_ptr().addr()));
        let first = self.records;
        let mut rows = Elements::new(data.get());
        let mut ids = Vec::new();
        while let Some(row) =
            rows.next_element().map_err(|fault| self.locate(fault.at(data_begin + offset(rows.at))))?
        {
            let record = self.parse(row, data_begin + offset(rows.at - row.len()))?;
            ids.push((record.id(), record.sub_id()));
            self.give(record)?;
        }
        let checked = envelope.check(self.records - first);
        checked.map_err(|fault| fault.begins("page", begin).locate(self.display, None))?;
        let group = self.pages.add(envelope, self.display);
        ids.into_iter().for_each(|(id, sub_id)| group.row(id, sub_id));
        Ok(())
    }
}

fn offset(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The objects of an array that is known to be JSON.
pub(crate) struct Elements<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Elements<'j> {
    pub fn new(json: &'j str) -> Self {
        Self { json, at: 0 }
    }

    /// The next element, which must be an object; `at` is then behind it, or at what is wrong.
    pub fn next_element(&mut self) -> Result<Option<&'j str>, Fault> {
        let no_row = |found: &str, expected: &str| Fault::new(found, expected, "pull the page again").in_field("Data");
        let bytes = self.json.as_bytes();
        if self.at == 0 {
            if bytes.first() != Some(&b'[') {
                return Err(no_row("Data that is no array", "an array of records"));
            }
            self.at = 1;
        }
        let between = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t' | b',');
        self.at += bytes[self.at..].iter().take_while(between).count();
        let begin = self.at;
        match bytes.get(begin) {
            Some(b'{') => {}
            Some(b']') | None => return Ok(None),
            Some(_) => return Err(no_row("an element that is no object", "records only")),
        }
        let Step::End(length) = Boundary::inside(0).advance(&bytes[begin..]) else {
            return Err(no_row("an element without an end", "a whole record"));
        };
        self.at += length;
        Ok(Some(&self.json[begin..self.at]))
    }
}
