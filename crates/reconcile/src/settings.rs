//! What a comparison depends on besides the books.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use trueup_core::{Book, LicenseNumber, Text, When, Zone};

/// Who tells the state about sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reporter {
    /// The POS does; we observe.
    Pos,
    /// We do.
    Trueup,
}

/// What the POS does with a correction made in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corrections {
    /// It always reports it to the state, too.
    Echoed,
    /// The person chooses.
    Optional,
    /// It stays in the POS.
    Silent,
}

/// The settings of one licence's comparison.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The licence.
    pub license: LicenseNumber,
    /// The zone of the premises.
    pub zone: Zone,
    /// When the books last agreed, or the baseline was taken.
    pub window_start: Timestamp,
    /// When the snapshots were taken.
    pub as_of: Timestamp,
    /// When the POS's snapshot was taken.
    pub pos_as_of: Timestamp,
    /// When the state's snapshot was taken.
    pub state_as_of: Timestamp,
    /// The moment that ages are reckoned from, where it is not the snapshot's.
    pub ages_from: Option<Timestamp>,
    /// Younger than this and not yet on the other side: in flight.
    pub due_after: SignedDuration,
    /// Who tells the state.
    pub reporter: Reporter,
    /// What a correction in the POS does.
    pub corrections: Corrections,
    /// POS room → state location; rooms are compared only where mapped.
    pub rooms: BTreeMap<Text, Text>,
}

impl Settings {
    /// When the snapshot of a book was taken.
    #[must_use]
    pub const fn snapshot(&self, book: Book) -> Timestamp {
        match book {
            Book::Pos => self.pos_as_of,
            Book::State => self.state_as_of,
            Book::Shelf => self.as_of,
        }
    }

    /// What happened before this moment is judged alike by these settings and by any later snapshots: it is in both, and due.
    pub(crate) fn undecided_since(&self) -> Timestamp {
        let snapshots = [self.as_of, self.pos_as_of, self.state_as_of, self.ages_from.unwrap_or(self.as_of)];
        let earliest = snapshots.into_iter().min().unwrap_or(self.as_of);
        earliest.saturating_sub(self.due_after).unwrap_or(earliest)
    }

    /// Whether nothing but the moments of the snapshots differs.
    pub(crate) fn differs_only_in_moments(&self, other: &Self) -> bool {
        let rest = |it: &Self| (it.window_start, it.due_after, it.reporter, it.corrections);
        rest(self) == rest(other)
            && (&self.license, self.zone.name(), &self.rooms) == (&other.license, other.zone.name(), &other.rooms)
    }

    /// Whether a happening lies within the window of its book, so that it can be a cause.
    /// What does not may still be somebody's other half.
    #[must_use]
    pub fn in_window(&self, when: When, book: Book) -> bool {
        when.touches(self.window_start, self.snapshot(book))
    }

    /// The same of a happening whose moment at midnight UTC may be meant as a date: then the day of the premises counts.
    pub(crate) fn day_in_window(&self, when: When, book: Book) -> bool {
        let in_window = |when: When| self.in_window(when, book);
        in_window(when)
            || when.date_at_midnight_utc().is_some_and(|day| self.zone.read(&day.to_string()).is_ok_and(in_window))
    }

    /// Whether it happened after the snapshot of its book was taken.
    #[must_use]
    pub fn after_snapshot(&self, when: When, book: Book) -> bool {
        when.bounds().0 > self.snapshot(book)
    }

    /// Whether the other book is not yet due to have this.
    #[must_use]
    pub fn in_flight(&self, when: When, other: Book) -> bool {
        let (first, last) = when.bounds();
        if first > self.snapshot(other) {
            return true;
        }
        let from = self.ages_from.unwrap_or_else(|| self.snapshot(other));
        !when.is_day() && from.duration_since(last) < self.due_after
    }
}
