//! `month.txt`: what is in the folder, the month's entries of the log, and the checkpoint that signs them.
//!
//! ```text
//! trueup archive 1
//! origin trueup/INSTALLATION/LICENCE
//! key NAME+HASH+KEY
//! month 2026-03 America/Los_Angeles
//! facts 101 5000                        number of the first fact and of the last
//! entries 20 99                         position of the first entry and of the one after the last
//! before BASE64                         hashes of the whole subtrees of the entries before, largest first
//! file movement 4800 SHA256             table, rows, hash of movement.parquet
//!
//! BASE64 {"v":1,…}                      one line per entry: its leaf hash, its canonical text
//!
//! (the checkpoint of all entries up to the month's last)
//! end
//! ```

use super::month::Month;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

const FIRST_LINE: &str = "trueup archive 1";
const LAST_LINE: &str = "end";

/// One table's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileLine {
    pub(super) table: String,
    pub(super) rows: u64,
    /// In hexadecimal.
    pub(super) sha256: String,
}

/// What `month.txt` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MonthText {
    pub(super) origin: String,
    pub(super) key: String,
    pub(super) month: Month,
    pub(super) zone: String,
    pub(super) facts: (i64, i64),
    pub(super) entries: (u64, u64),
    pub(super) before: Vec<u8>,
    pub(super) files: Vec<FileLine>,
    /// Leaf hash and text.
    pub(super) log: Vec<(Vec<u8>, String)>,
    pub(super) note: String,
}

impl MonthText {
    pub(super) fn write(&self) -> String {
        let mut text = format!(
            "{FIRST_LINE}\norigin {}\nkey {}\nmonth {} {}\nfacts {} {}\nentries {} {}\nbefore {}\n",
            self.origin,
            self.key,
            self.month,
            self.zone,
            self.facts.0,
            self.facts.1,
            self.entries.0,
            self.entries.1,
            STANDARD.encode(&self.before),
        );
        // Writing to a text cannot fail.
        for file in &self.files {
            let _ = writeln!(text, "file {} {} {}", file.table, file.rows, file.sha256);
        }
        text.push('\n');
        for (leaf, entry) in &self.log {
            let _ = writeln!(text, "{} {entry}", STANDARD.encode(leaf));
        }
        let _ = write!(text, "\n{}{LAST_LINE}\n", self.note);
        text
    }

    /// Reads what [`Self::write`] wrote; anything else gives the number of the first line that is none of it.
    pub(super) fn read(text: &str) -> Result<Self, usize> {
        let mut lines = Lines { rest: text, number: 0 };
        let read = lines.month();
        // Nothing may be read in two ways.
        match read {
            Some(read) if lines.rest.is_empty() && read.write() == text => Ok(read),
            _ => Err(lines.number),
        }
    }
}

struct Lines<'t> {
    rest: &'t str,
    number: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Option<&'t str> {
        self.number = self.number.saturating_add(1);
        let (line, rest) = self.rest.split_once('\n')?;
        self.rest = rest;
        Some(line)
    }

    fn after(&mut self, head: &str) -> Option<&'t str> {
        self.next()?.strip_prefix(head)
    }

    fn month(&mut self) -> Option<MonthText> {
        (self.next()? == FIRST_LINE).then_some(())?;
        let origin = self.after("origin ")?.to_owned();
        let key = self.after("key ")?.to_owned();
        let (month, zone) = self.after("month ")?.split_once(' ')?;
        let facts = self.after("facts ")?.split_once(' ')?;
        let entries = self.after("entries ")?.split_once(' ')?;
        let before = STANDARD.decode(self.after("before ")?).ok()?;
        let mut files = Vec::new();
        loop {
            let line = self.next()?;
            if line.is_empty() {
                break;
            }
            let mut words = line.strip_prefix("file ")?.split(' ');
            let (table, rows, sha256) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
            files.push(FileLine { table: table.to_owned(), rows, sha256: sha256.to_owned() });
        }
        let mut log = Vec::new();
        loop {
            let line = self.next()?;
            if line.is_empty() {
                break;
            }
            let (leaf, entry) = line.split_once(' ')?;
            log.push((STANDARD.decode(leaf).ok()?, entry.to_owned()));
        }
        let mut note = String::new();
        loop {
            let line = self.next()?;
            if line == LAST_LINE {
                break;
            }
            note.push_str(line);
            note.push('\n');
        }
        Some(MonthText {
            origin,
            key,
            month: month.parse().ok()?,
            zone: zone.to_owned(),
            facts: (facts.0.parse().ok()?, facts.1.parse().ok()?),
            entries: (entries.0.parse().ok()?, entries.1.parse().ok()?),
            before,
            files,
            log,
            note,
        })
    }
}
