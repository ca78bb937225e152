//! One record an id: the newest.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::error::{Fault, WireError, one_line};
use crate::records::Record;
use crate::time::{Instant, instant};

/// Where a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Index into [`LatestFacts::files`].
    pub file: usize,
    /// The record's number in that file, from 1.
    pub record: u64,
}

/// What [`Latest`] left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatestFacts {
    /// Records dropped because the same id came with a newer `LastModified`.
    pub superseded: u64,
    /// Records dropped because the same record had come before.
    pub repeated: u64,
    /// The files, in the order in which they were first named.
    pub files: Vec<String>,
}

type Key = (i64, Option<i64>);

/// Collects the records of a list and keeps the newest of each id.
///
/// Holds every record in memory. The answer does not depend on the order of insertion, but for which of several equal
/// records the [`Origin`] names (the first) and for the order of records without an id and with equal labels.
#[derive(Debug)]
pub struct Latest<T> {
    records: Vec<(T, Origin)>,
    newest: FxHashMap<Key, usize>,
    /// Superseded records, which later ones may still repeat or contradict.
    older: BTreeMap<(Key, Instant), (T, Origin)>,
    facts: LatestFacts,
}

impl<T: Record> Default for Latest<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Record> Latest<T> {
    /// An empty collection.
    #[must_use]
    pub fn new() -> Self {
        Self {
            records: Vec::new(),
            newest: FxHashMap::default(),
            older: BTreeMap::new(),
            facts: LatestFacts::default(),
        }
    }

    /// Adds record number `n` of `file`.
    ///
    /// An equal record that is there already makes it a repetition; otherwise the newer `LastModified` of an id counts.
    /// Records without an id are all kept.
    ///
    /// # Errors
    /// The same id with different content, where the `LastModified` are the same moment or one of them is none.
    pub fn insert(&mut self, record: T, file: &str, n: u64) -> Result<(), WireError> {
        let origin = Origin { file: self.file_index(file), record: n };
        let Some(id) = record.id() else {
            self.records.push((record, origin));
            return Ok(());
        };
        let key = (id, record.sub_id());
        let Some(&index) = self.newest.get(&key) else {
            self.newest.insert(key, self.records.len());
            self.records.push((record, origin));
            return Ok(());
        };
        if self.records[index].0 == record {
            self.facts.repeated += 1;
            return Ok(());
        }
        self.settle(key, index, record, origin)
    }

    /// Two different records of one id.
    fn settle(&mut self, key: Key, index: usize, record: T, origin: Origin) -> Result<(), WireError> {
        let (present, known) = &self.records[index];
        let moments = (present.last_modified().and_then(instant), record.last_modified().and_then(instant));
        let (Some(held), Some(new)) = moments else {
            return Err(self.conflict(*known, origin, &record, "no LastModified to tell which is newer"));
        };
        match new.cmp(&held) {
            Ordering::Equal => Err(self.conflict(*known, origin, &record, "the same LastModified")),
            Ordering::Greater => {
                let before = std::mem::replace(&mut self.records[index], (record, origin));
                self.older.insert((key, held), before);
                self.facts.superseded += 1;
                Ok(())
            }
            Ordering::Less => self.settle_older((key, new), record, origin),
        }
    }

    fn settle_older(&mut self, at: (Key, Instant), record: T, origin: Origin) -> Result<(), WireError> {
        match self.older.get(&at) {
            Some((present, _)) if *present == record => self.facts.repeated += 1,
            Some((_, known)) => return Err(self.conflict(*known, origin, &record, "the same LastModified")),
            None => {
                self.older.insert(at, (record, origin));
                self.facts.superseded += 1;
            }
        }
        Ok(())
    }

    fn conflict(&self, known: Origin, new: Origin, record: &T, why: &str) -> WireError {
        let name = |origin: Origin| self.facts.files.get(origin.file).map_or("", String::as_str);
        let label = record.label().map(|label| format!(" ({})", one_line(label))).unwrap_or_default();
        let found = format!(
            "{} {}{label} with other content than record {} of {}, and {why}",
            T::KIND,
            record.id().unwrap_or_default(),
            known.record,
            name(known)
        );
        let todo = "one of the two was edited or pulled from another facility: pull the list again";
        let fault = Fault::new(found, "equal content, or a newer LastModified", todo).in_field("Id");
        fault.locate(name(new), Some(new.record))
    }

    fn file_index(&mut self, file: &str) -> usize {
        let files = &mut self.facts.files;
        files.iter().rposition(|known| known == file).unwrap_or_else(|| {
            files.push(file.to_owned());
            files.len() - 1
        })
    }

    /// The records by id, then label; those without an id follow.
    #[must_use]
    pub fn into_records(self) -> (Vec<(T, Origin)>, LatestFacts) {
        let Self { mut records, facts, .. } = self;
        records.sort_by(|(one, at), (other, and)| order(one).cmp(&order(other)).then(at.cmp(and)));
        (records, facts)
    }
}

fn order<T: Record>(record: &T) -> (bool, Option<i64>, Option<i64>, Option<&str>) {
    (record.id().is_none(), record.id(), record.sub_id(), record.label())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Adjustment, Package, Text, Transfer};

    fn package(id: i64, label: &str, modified: &str) -> Package {
        let last_modified = (!modified.is_empty()).then(|| Text::from(modified));
        Package { id: Some(id), label: Some(label.into()), last_modified, ..Package::default() }
    }

    fn labels<T: Record>(latest: Latest<T>) -> (Vec<String>, u64, u64) {
        let (records, facts) = latest.into_records();
        let labels = records.iter().map(|(record, _)| record.label().unwrap_or_default().to_owned()).collect();
        (labels, facts.superseded, facts.repeated)
    }

    const T1: &str = "2026-11-20T21:04:11.3310021+00:00";
    const T1_ELSEWHERE: &str = "2026-11-20T16:04:11.33100210-05:00";
    const T2: &str = "2026-11-20T21:04:11.3310022+00:00";

    #[test]
    fn equal_records_count_once() {
        let mut latest = Latest::new();
        latest.insert(package(1, "a", T1), "f", 1).unwrap();
        latest.insert(package(1, "a", T1), "g", 1).unwrap();
        latest.insert(package(2, "b", ""), "g", 2).unwrap();
        latest.insert(package(2, "b", ""), "g", 3).unwrap();
        let (records, facts) = latest.into_records();
        assert_eq!(records[0].1, Origin { file: 0, record: 1 });
        assert_eq!(records[1].1, Origin { file: 1, record: 2 });
        assert_eq!((records.len(), facts.repeated, facts.superseded), (2, 2, 0));
        assert_eq!(facts.files, ["f", "g"]);
    }

    #[test]
    fn the_newer_counts_in_any_order() {
        for order in [[T1, T2], [T2, T1]] {
            let mut latest = Latest::new();
            for (n, modified) in (1..).zip(order) {
                latest.insert(package(1, modified, modified), "f", n).unwrap();
            }
            assert_eq!(labels(latest), (vec![T2.to_owned()], 1, 0));
        }
    }

    #[test]
    fn the_same_moment_with_other_content_names_both() {
        let mut latest = Latest::new();
        latest.insert(package(1, "a", T1), "f", 4).unwrap();
        let error = latest.insert(package(1, "b", T1_ELSEWHERE), "g", 7).unwrap_err();
        assert_eq!((error.file.as_str(), error.record, error.field.as_deref()), ("g", Some(7), Some("Id")));
        assert_eq!(error.found, "package 1 (b) with other content than record 4 of f, and the same LastModified");
    }

    #[test]
    fn without_a_moment_other_content_is_refused() {
        for (one, other) in [("", ""), (T1, ""), ("", T1), (T1, "2026-11-20"), ("yesterday", T1)] {
            let mut latest = Latest::new();
            latest.insert(package(1, "a", one), "f", 1).unwrap();
            let error = latest.insert(package(1, "b", other), "f", 2).unwrap_err();
            assert!(error.found.ends_with("no LastModified to tell which is newer"), "{one} {other}");
        }
    }

    #[test]
    fn sorted_by_id_then_label_and_those_without_id_are_kept() {
        let mut latest = Latest::new();
        for (n, id) in [3, -1, 2].into_iter().enumerate() {
            latest.insert(package(id, &id.to_string(), T1), "f", u64::try_from(n).unwrap()).unwrap();
        }
        latest.insert(Package { label: Some("z".into()), ..Package::default() }, "f", 9).unwrap();
        latest.insert(Package { label: Some("y".into()), ..Package::default() }, "f", 10).unwrap();
        latest.insert(Package { label: Some("y".into()), ..Package::default() }, "f", 11).unwrap();
        assert_eq!(labels(latest).0, ["-1", "2", "3", "y", "y", "z"]);
        let mut rows = Latest::new();
        for n in 1..=2 {
            rows.insert(Adjustment::default(), "f", n).unwrap();
        }
        assert_eq!(labels(rows), (vec![String::new(); 2], 0, 0));
    }

    #[test]
    fn a_transfer_may_have_several_deliveries() {
        let mut latest = Latest::new();
        for delivery_id in [Some(6), Some(5), Some(6)] {
            latest.insert(Transfer { id: Some(1), delivery_id, ..Transfer::default() }, "f", 1).unwrap();
        }
        let (records, facts) = latest.into_records();
        assert_eq!(records.iter().map(|(transfer, _)| transfer.delivery_id).collect::<Vec<_>>(), [Some(5), Some(6)]);
        assert_eq!(facts.repeated, 1);
    }

    proptest! {
        /// Whether a list is refused, and what is kept of it, does not depend on its order.
        #[test]
        fn order_does_not_matter(
            rows in prop::collection::vec((0_i64..3, 0_u8..2, 0_u8..4), 0..12).prop_shuffle(),
            seed in prop::collection::vec(any::<u32>(), 12),
        ) {
            let keep = |rows: &[(i64, u8, u8)]| {
                let mut latest = Latest::new();
                for (id, content, second) in rows {
                    let modified = format!("2026-01-01T00:00:0{second}Z");
                    latest.insert(package(*id, &content.to_string(), &modified), "f", 1).map_err(drop)?;
                }
                let (records, facts) = latest.into_records();
                Ok::<_, ()>((records, facts.superseded, facts.repeated))
            };
            let mut other: Vec<_> = rows.iter().copied().zip(seed).collect();
            other.sort_by_key(|(_, key)| *key);
            let other: Vec<_> = other.into_iter().map(|(row, _)| row).collect();
            prop_assert_eq!(keep(&rows), keep(&other));
        }
    }
}
