//! The verifier of an archived month: reads the folder alone.

use super::MONTH_FILE;
use super::month::Month;
use super::rows::read_rows;
use super::text::MonthText;
use crate::audit::{Checkpoint, FactsRange, Frontier, VerifyingKey, leaf_hash};
use crate::hash::sha256_of;
use crate::ledger::hex;
use crate::schema::{TABLES, Table, TableKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// What an archive proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveReport {
    /// The log.
    pub origin: String,
    /// The month.
    pub month: Month,
    /// The key that signed.
    pub key: VerifyingKey,
    /// Facts, all of which are those that the entries tell of.
    pub facts: u64,
    /// Entries.
    pub entries: u64,
}

/// The first thing that is wrong with an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFinding {
    /// `month.txt` is not there or not in its form.
    #[error("{MONTH_FILE}, line {line}: {what}")]
    Form {
        /// From 1; 0 if it cannot be read at all.
        line: usize,
        /// What.
        what: String,
    },
    /// A file of rows.
    #[error("{file}: {what}")]
    File {
        /// Which.
        file: String,
        /// What.
        what: String,
    },
    /// An entry is not what its hash says, or not in its place.
    #[error("entry {position} was altered, or is not in its place")]
    Entry {
        /// Its position.
        position: u64,
    },
    /// The entries are not those that were signed.
    #[error("the checkpoint: {what}")]
    Checkpoint {
        /// What.
        what: String,
    },
    /// A fact is missing, there twice, or outside the month.
    #[error("fact {seq} {what}")]
    Fact {
        /// Its number.
        seq: i64,
        /// What.
        what: &'static str,
    },
    /// Rows are not those that an entry tells of.
    #[error("facts {first} to {last} are not those that entry {position} tells of: one of them was altered")]
    Digest {
        /// The first.
        first: i64,
        /// The last.
        last: i64,
        /// The entry.
        position: u64,
    },
}

/// What has to be read of an entry.
#[derive(Deserialize)]
struct Entry {
    position: u64,
    at: jiff::Timestamp,
    facts: Option<FactsRange>,
}

/// Checks an archived month. `trusted` is the key that is known from elsewhere; without it the folder's own is believed, which only
/// shows that the folder fits itself.
///
/// # Errors
/// The first [`ArchiveFinding`].
pub fn verify_archive(folder: &Path, trusted: Option<&VerifyingKey>) -> Result<ArchiveReport, ArchiveFinding> {
    let form = |line: usize, what: &str| ArchiveFinding::Form { line, what: what.to_owned() };
    let text = std::fs::read_to_string(folder.join(MONTH_FILE)).map_err(|error| form(0, &error.to_string()))?;
    let month = MonthText::read(&text).map_err(|line| form(line, "not in the form of an archive"))?;
    let key = VerifyingKey::read(&month.key).map_err(|error| form(3, &error.to_string()))?;
    if trusted.is_some_and(|trusted| *trusted != key) {
        return Err(form(3, "it names another key than the one that is trusted"));
    }
    let entries = entries(&month)?;
    signed(&month, &key)?;
    let hashes = facts(folder, &month)?;
    digests(&month, &entries, &hashes)?;
    Ok(ArchiveReport {
        origin: month.origin,
        month: month.month,
        key,
        facts: u64::try_from(hashes.len()).unwrap_or(u64::MAX),
        entries: month.entries.1.saturating_sub(month.entries.0),
    })
}

fn entries(month: &MonthText) -> Result<Vec<Entry>, ArchiveFinding> {
    let (first, end) = month.entries;
    let no_month = |_| ArchiveFinding::Form { line: 4, what: "there is no such month or time zone".to_owned() };
    let (from, to) = month.month.bounds(&month.zone).map_err(no_month)?;
    let mut entries = Vec::new();
    for (position, (leaf, text)) in (first..).zip(&month.log) {
        let wrong = ArchiveFinding::Entry { position };
        let read: Option<Entry> = serde_json::from_str(text).ok();
        match read {
            Some(entry) if entry.position == position && *leaf == leaf_hash(text.as_bytes()) => {
                if entry.at < from || entry.at >= to {
                    let what = format!("entry {position} is not of {} in {}", month.month, month.zone);
                    return Err(ArchiveFinding::Form { line: 4, what });
                }
                entries.push(entry);
            }
            _ => return Err(wrong),
        }
    }
    let found = first.saturating_add(u64::try_from(entries.len()).unwrap_or(u64::MAX));
    if found == end { Ok(entries) } else { Err(ArchiveFinding::Entry { position: found.min(end) }) }
}

/// The tree before the month and the month's entries give the root that was signed.
fn signed(month: &MonthText, key: &VerifyingKey) -> Result<(), ArchiveFinding> {
    let wrong = |what: &str| ArchiveFinding::Checkpoint { what: what.to_owned() };
    let checkpoint = Checkpoint::read(&month.note, key).map_err(|error| wrong(&error.to_string()))?;
    let mut frontier = Frontier::read(month.entries.0, &month.before)
        .ok_or_else(|| wrong("the hashes of what was before do not fit its length"))?;
    for (_, text) in &month.log {
        frontier.push(leaf_hash(text.as_bytes()), &mut |_| {});
    }
    if checkpoint.origin != month.origin || checkpoint.size != month.entries.1 {
        return Err(wrong("it is of another log, or of another length"));
    }
    if checkpoint.root == frontier.root() { Ok(()) } else { Err(wrong("the entries are not those that were signed")) }
}

fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|table| table.kind == TableKind::Facts && table.name == name)
}

/// The hashes of all rows by their numbers.
fn facts(folder: &Path, month: &MonthText) -> Result<BTreeMap<i64, [u8; 32]>, ArchiveFinding> {
    let mut hashes = BTreeMap::new();
    for line in &month.files {
        let name = format!("{}.parquet", line.table);
        let wrong = |what: String| ArchiveFinding::File { file: name.clone(), what };
        let table = table(&line.table).ok_or_else(|| wrong("no such table of facts".to_owned()))?;
        let path = folder.join(&name);
        let found = sha256(&path).map_err(|error| wrong(error.to_string()))?;
        if found != line.sha256 {
            return Err(wrong("it is not the file that was archived: its hash differs".to_owned()));
        }
        let mut twice = None;
        let mut rows = 0_u64;
        read_rows(table, &path, &mut |seq, hash| {
            rows = rows.saturating_add(1);
            if hashes.insert(seq, hash).is_some() {
                twice = Some(seq);
            }
        })
        .map_err(wrong)?;
        if let Some(seq) = twice {
            return Err(ArchiveFinding::Fact { seq, what: "is there twice" });
        }
        if rows != line.rows {
            return Err(wrong(format!("it has {rows} rows, and {MONTH_FILE} tells of {}", line.rows)));
        }
    }
    Ok(hashes)
}

/// In hexadecimal.
pub(super) fn sha256(path: &Path) -> std::io::Result<String> {
    sha256_of(&mut std::fs::File::open(path)?).map(|(hash, _)| hex(&hash))
}

/// Every fact of the month is one of an entry, and is the one that the entry tells of.
fn digests(month: &MonthText, entries: &[Entry], hashes: &BTreeMap<i64, [u8; 32]>) -> Result<(), ArchiveFinding> {
    let mut next = month.facts.0;
    for entry in entries {
        let Some(range) = &entry.facts else { continue };
        if range.first != next {
            return Err(ArchiveFinding::Fact { seq: next, what: "is in no entry" });
        }
        let mut digest = Sha256::new();
        for seq in range.first..=range.last {
            digest.update(hashes.get(&seq).ok_or(ArchiveFinding::Fact { seq, what: "is missing" })?);
        }
        if hex(&digest.finalize()) != range.sha256 {
            return Err(ArchiveFinding::Digest { first: range.first, last: range.last, position: entry.position });
        }
        next = range.last.saturating_add(1);
    }
    if next != month.facts.1.saturating_add(1) {
        return Err(ArchiveFinding::Fact { seq: next, what: "is in no entry" });
    }
    let outside = hashes.keys().find(|seq| **seq < month.facts.0 || **seq > month.facts.1);
    outside.map_or(Ok(()), |seq| Err(ArchiveFinding::Fact { seq: *seq, what: "is not of this month" }))
}
