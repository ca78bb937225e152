//! Records of one kind, by number, with an index of when they were last modified, and with a way back.

use jiff::Timestamp;
use std::collections::BTreeMap;

/// A record of the state.
pub(super) trait Record: Clone {
    /// The state's number of it.
    fn id(&self) -> i64;
    /// When it was last modified.
    fn modified(&self) -> Timestamp;
    /// The lists that it is on, one bit each.
    fn lists(&self) -> u8;
}

/// Records of one kind. What is done since the last [`commit`](Self::commit) can be taken back.
#[derive(Debug, Clone)]
pub(super) struct Table<T> {
    rows: BTreeMap<i64, T>,
    by_time: BTreeMap<(Timestamp, i64), u8>,
    /// What rows were before they were touched.
    before: Vec<(i64, Option<T>)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), by_time: BTreeMap::new(), before: Vec::new() }
    }
}

impl<T: Record> Table<T> {
    pub fn get(&self, id: i64) -> Option<&T> {
        self.rows.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.values()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds a record, or puts it in the place of the one with its number.
    pub fn put(&mut self, row: T) {
        let id = row.id();
        let (new, lists) = ((row.modified(), id), row.lists());
        let old = self.rows.insert(id, row);
        if let Some(old) = &old {
            self.by_time.remove(&(old.modified(), id));
        }
        self.by_time.insert(new, lists);
        self.before.push((id, old));
    }

    /// Changes a record, if there is one of this number.
    pub fn edit(&mut self, id: i64, change: impl FnOnce(&mut T)) {
        if let Some(mut row) = self.rows.get(&id).cloned() {
            change(&mut row);
            self.put(row);
        }
    }

    /// Takes a record out.
    pub fn remove(&mut self, id: i64) {
        if let Some(old) = self.rows.remove(&id) {
            self.by_time.remove(&(old.modified(), id));
            self.before.push((id, Some(old)));
        }
    }

    /// Keeps what was done.
    pub fn commit(&mut self) {
        self.before.clear();
    }

    /// Takes back what was done since the last commit.
    pub fn roll_back(&mut self) {
        while let Some((id, old)) = self.before.pop() {
            if let Some(new) = self.rows.remove(&id) {
                self.by_time.remove(&(new.modified(), id));
            }
            if let Some(old) = old {
                self.by_time.insert((old.modified(), id), old.lists());
                self.rows.insert(id, old);
            }
        }
    }

    /// Numbers of the records on a list that were modified from `from` to before `to`, the latest first.
    pub fn latest_first(&self, list: u8, from: Timestamp, to: Timestamp) -> impl Iterator<Item = i64> {
        let window = self.by_time.range((from, i64::MIN)..(to.max(from), i64::MIN));
        window.rev().filter(move |(_, lists)| **lists & list != 0).map(|((_, id), _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Row(i64, Timestamp, char);

    impl Record for Row {
        fn id(&self) -> i64 {
            self.0
        }
        fn modified(&self) -> Timestamp {
            self.1
        }
        fn lists(&self) -> u8 {
            if self.2 == 'b' { 2 } else { 1 }
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let mut table = Table::default();
        table.put(Row(1, at(10), 'a'));
        table.put(Row(2, at(20), 'b'));
        table.commit();
        table.edit(1, |row| (row.1, row.2) = (at(30), 'c'));
        table.edit(1, |row| (row.1, row.2) = (at(40), 'd'));
        table.put(Row(3, at(5), 'e'));
        table.remove(2);
        let all = |table: &Table<Row>| {
            table.latest_first(3, at(0), at(100)).filter_map(|id| table.get(id)).map(|row| row.2).collect::<String>()
        };
        assert_eq!(all(&table), "de");
        table.roll_back();
        assert_eq!(all(&table), "ba");
        assert_eq!(table.latest_first(3, at(11), at(20)).count(), 0);
        assert_eq!(table.latest_first(3, at(11), at(21)).count(), 1);
        assert_eq!(table.latest_first(2, at(0), at(100)).count(), 1);
    }
}
