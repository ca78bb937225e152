//! Page envelopes: what one says about itself, and what the pages of a list say together.

use std::collections::BTreeMap;

use memchr::memmem;
use rustc_hash::FxHashSet;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess};
use serde_json::value::RawValue;

use crate::error::{Fault, WireError, listed};
use crate::limits::MAX_UNKNOWN_FIELDS;
use crate::wire::{Context, Integer, Name, read_slot};

/// The keys of a page, as the API writes them.
const KEYS: [&str; 8] =
    ["Data", "Total", "TotalRecords", "PageSize", "RecordsOnPage", "Page", "CurrentPage", "TotalPages"];

const AGAIN: &str = "pull the whole list again";

/// Whether this object begins as a page does: its first key is one of a page's.
pub(crate) fn begins_page(object: &[u8]) -> bool {
    let inner = object.strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
    let Some(name) = inner.strip_prefix(b"\"") else { return false };
    KEYS.iter().any(|key| name.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.starts_with(b"\"")))
}

/// Whether this object may be a page; a cheap test that a record passes only by chance.
pub(crate) fn may_be_page(object: &[u8]) -> bool {
    begins_page(object) || memmem::find(object, b"\"Data\"").is_some()
}

/// A page envelope. Counts are records and pages.
#[derive(Debug, Default)]
pub(crate) struct Envelope<'a> {
    /// The raw list, or `None` where the object has no `Data`.
    pub data: Option<&'a RawValue>,
    total: Option<i64>,
    total_records: Option<i64>,
    page_size: Option<i64>,
    records_on_page: Option<i64>,
    page: Option<i64>,
    current_page: Option<i64>,
    total_pages: Option<i64>,
    /// Names of fields that are none of a page's.
    pub unknown: Vec<String>,
}

/// What makes pages belong together: records and pages in all, and the page size.
pub(crate) type GroupKey = (Option<i64>, Option<i64>, Option<i64>);

impl<'a> Envelope<'a> {
    /// Reads the envelope's own fields; the records stay unread.
    pub fn parse(json: &'a str, context: &Context) -> Result<Self, serde_json::Error> {
        let mut parser = serde_json::Deserializer::from_str(json);
        let envelope = EnvelopeSeed(context).deserialize(&mut parser)?;
        parser.end()?;
        Ok(envelope)
    }

    /// The page's claims about itself against its `rows` records.
    pub fn check(&self, rows: u64) -> Result<(), Fault> {
        let negative = self.fields().into_iter().find(|(_, value)| value.is_some_and(|value| value < 0));
        if let Some((name, Some(value))) = negative {
            return Err(Fault::new(value.to_string(), "a count", AGAIN).in_field(name));
        }
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        if let Some(said) = self.records_on_page
            && said != rows
        {
            let expected = format!("as many records as RecordsOnPage says, {said}");
            return Err(Fault::new(format!("{rows} records on the page"), expected, AGAIN).in_field("Data"));
        }
        same("Total", self.total, "TotalRecords", self.total_records)?;
        same("Page", self.page, "CurrentPage", self.current_page)?;
        self.check_total_pages()?;
        self.check_room(rows)
    }

    fn fields(&self) -> [(&'static str, Option<i64>); 7] {
        [
            ("Total", self.total),
            ("TotalRecords", self.total_records),
            ("PageSize", self.page_size),
            ("RecordsOnPage", self.records_on_page),
            ("Page", self.page),
            ("CurrentPage", self.current_page),
            ("TotalPages", self.total_pages),
        ]
    }

    fn check_total_pages(&self) -> Result<(), Fault> {
        let (Some(total), Some(pages)) = (self.records(), self.total_pages) else { return Ok(()) };
        let (right, expected) = match self.page_size {
            _ if total == 0 => (pages <= 1, 0),
            None => return Ok(()),
            Some(size) => (pages == pages_of(total, size), pages_of(total, size)),
        };
        if right {
            return Ok(());
        }
        let found = format!("TotalPages {pages}");
        Err(Fault::new(found, format!("{expected} for {total} records"), AGAIN).in_field("TotalPages"))
    }

    fn check_room(&self, rows: i64) -> Result<(), Fault> {
        if let Some(size) = self.page_size
            && size > 0
            && rows > size
        {
            let expected = format!("at most PageSize, {size}");
            return Err(Fault::new(format!("{rows} records on the page"), expected, AGAIN).in_field("Data"));
        }
        let (Some(page), Some(pages)) = (self.number(), self.group().2) else { return Ok(()) };
        if page <= pages.max(1) && (page > 0 || self.records() == Some(0)) {
            return Ok(());
        }
        Err(Fault::new(format!("page {page}"), format!("a page from 1 to {pages}"), AGAIN).in_field("Page"))
    }

    /// Records and pages in all, as the page says.
    pub fn totals(&self) -> (Option<u64>, Option<u64>) {
        let count = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
        (count(self.records()), count(self.group().2))
    }

    fn records(&self) -> Option<i64> {
        self.total_records.or(self.total)
    }

    /// Which page it is, as it says.
    pub fn number(&self) -> Option<i64> {
        self.page.or(self.current_page)
    }

    /// The list that the page is from.
    fn group(&self) -> GroupKey {
        let pages = match (self.total_pages, self.records(), self.page_size) {
            (_, Some(0), _) => Some(1),
            (None, Some(total), Some(size)) => Some(pages_of(total, size)),
            (pages, ..) => pages,
        };
        (self.records(), self.page_size, pages)
    }
}

/// Pages of a list; a page size of 0 means that paging is off.
fn pages_of(total: i64, size: i64) -> i64 {
    if size > 0 { total / size + i64::from(total % size > 0) } else { 1 }
}

fn same(one: &str, value: Option<i64>, other: &str, and: Option<i64>) -> Result<(), Fault> {
    match (value, and) {
        (Some(value), Some(and)) if value != and => {
            let found = format!("{one} {value} and {other} {and}");
            Err(Fault::new(found, "the same number in both", AGAIN).in_field(one))
        }
        _ => Ok(()),
    }
}

struct EnvelopeSeed<'c>(&'c Context);

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_> {
    type Value = Envelope<'de>;
    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Self::Value, D::Error> {
        value.deserialize_map(self)
    }
}

impl<'de> de::Visitor<'de> for EnvelopeSeed<'_> {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a page")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut fields: M) -> Result<Self::Value, M::Error> {
        let mut data: Option<&'de RawValue> = None;
        let mut unknown = Vec::new();
        let mut counts: [Option<Option<i64>>; 7] = [None; 7];
        while let Some(Name(name)) = fields.next_key()? {
            match KEYS.iter().position(|key| *key == name) {
                Some(0) if data.is_some() => return Err(de::Error::custom("Data twice, expected each field once")),
                Some(0) => data = Some(fields.next_value()?),
                Some(at) => read_slot::<Integer, M>(&mut counts[at - 1], KEYS[at], &mut fields, self.0)?,
                None => {
                    if unknown.len() < MAX_UNKNOWN_FIELDS {
                        unknown.push(name.into_owned());
                    }
                    fields.next_value::<de::IgnoredAny>()?;
                }
            }
        }
        let [total, total_records, page_size, records_on_page, page, current_page, total_pages] =
            counts.map(Option::flatten);
        Ok(Envelope {
            data,
            total,
            total_records,
            page_size,
            records_on_page,
            page,
            current_page,
            total_pages,
            unknown,
        })
    }
}

/// The pages of all files, list by list.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    groups: BTreeMap<GroupKey, Group>,
}

/// The pages that claim to be of one list, or of lists that coincide in all their totals.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// How often each page occurs.
    pages: BTreeMap<i64, u64>,
    /// Pages that do not say which one they are.
    unnumbered: u64,
    rows: u64,
    ids: FxHashSet<(i64, Option<i64>)>,
    without_id: bool,
    files: Vec<String>,
}

impl Pages {
    /// Takes down a page and gives the group that its rows belong to.
    pub fn add(&mut self, envelope: &Envelope<'_>, file: &str) -> &mut Group {
        let group = self.groups.entry(envelope.group()).or_default();
        match envelope.number() {
            Some(number) => *group.pages.entry(number).or_default() += 1,
            None => group.unnumbered += 1,
        }
        if group.files.last().is_none_or(|last| last != file) {
            group.files.push(file.to_owned());
        }
        group
    }

    /// Whether every list is complete, once all files have been read.
    pub fn finish(&self) -> Result<(), WireError> {
        for (&(total, _, pages), group) in &self.groups {
            group.check(total, pages).map_err(|fault| fault.locate(&listed(group.files.iter().cloned()), None))?;
        }
        Ok(())
    }
}

impl Group {
    /// Takes down one row.
    pub fn row(&mut self, id: Option<i64>, sub_id: Option<i64>) {
        self.rows += 1;
        match id {
            Some(id) => {
                self.ids.insert((id, sub_id));
            }
            None => self.without_id = true,
        }
    }

    fn check(&self, total: Option<i64>, pages: Option<i64>) -> Result<(), Fault> {
        let total = total.map(|total| u64::try_from(total).unwrap_or(u64::MAX));
        let lists = if total == Some(0) || self.unnumbered > 0 { None } else { Some(self.check_pages(pages)?) };
        let Some(total) = total else { return Ok(()) };
        let right = match lists {
            Some(lists) => total.checked_mul(lists) == Some(self.rows),
            None if total == 0 => self.rows == 0,
            None => self.rows > 0 && self.rows.is_multiple_of(total),
        };
        if !right {
            let times = lists.filter(|lists| *lists > 1).map(|lists| format!(" in each of {lists} lists"));
            let expected = format!("TotalRecords, {total}{}", times.unwrap_or_default());
            return Err(Fault::new(format!("{} records on the pages", self.rows), expected, AGAIN));
        }
        let distinct = u64::try_from(self.ids.len()).unwrap_or(u64::MAX);
        if !self.without_id && distinct < total {
            let found =
                format!("{distinct} different ids in {} records: rows repeated while the list changed", self.rows);
            return Err(Fault::new(found, format!("TotalRecords, {total}"), AGAIN));
        }
        Ok(())
    }

    /// Every page from 1 to the last must occur equally often; gives how often.
    fn check_pages(&self, pages: Option<i64>) -> Result<u64, Fault> {
        let last = pages.or_else(|| self.pages.keys().next_back().copied()).unwrap_or(0);
        if i64::try_from(self.pages.len()).unwrap_or(i64::MAX) < last {
            let have = listed(self.pages.keys().map(i64::to_string));
            let todo = "pull the missing pages; if the list changed meanwhile, pull the whole list again";
            return Err(Fault::new(format!("pages missing: have {have} of {last}"), "every page", todo));
        }
        let times = self.pages.values().next().copied().unwrap_or(0);
        if self.pages.values().all(|count| *count == times) {
            return Ok(times);
        }
        let counts = listed(self.pages.iter().map(|(page, count)| format!("page {page} {count}×")));
        Err(Fault::new(counts, "every page equally often", "remove the pages that are there twice, or pull them again"))
    }
}
