//! Moments and business days.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Nanoseconds of one minute.
pub(crate) const MINUTE: i128 = 60_000_000_000;

/// A moment as a book tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct When {
    /// The moment; of a local time that exists twice the earlier one; of a date its first moment.
    pub first: Timestamp,
    /// The later moment of a local time that exists twice.
    pub second: Option<Timestamp>,
    /// A date without a time.
    pub date_only: bool,
}

impl When {
    /// Reads a moment with an offset, a plain local time, or a date.
    ///
    /// "plain local times are read in it" and "a plain local time that exists twice (POS: the earlier; state: either that matches)"
    pub(crate) fn parse(text: &str, zone: &TimeZone) -> Option<When> {
        let text = text.trim();
        if let Ok(first) = text.parse::<Timestamp>() {
            return Some(When { first, second: None, date_only: false });
        }
        if text.len() <= 10 {
            let date = text.parse::<Date>().ok()?;
            let first = date.to_zoned(zone.clone()).ok()?.timestamp();
            return Some(When { first, second: None, date_only: true });
        }
        let local = text.parse::<DateTime>().ok()?;
        let (first, second) = match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => (offset.to_timestamp(local).ok()?, None),
            AmbiguousOffset::Gap { .. } => return None,
            AmbiguousOffset::Fold { before, after } => {
                (before.to_timestamp(local).ok()?, after.to_timestamp(local).ok())
            }
        };
        Some(When { first, second, date_only: false })
    }

    /// How far this is from a moment, in nanoseconds.
    pub(crate) fn distance(self, moment: Timestamp) -> i128 {
        let first = distance(self.first, moment);
        self.second.map_or(first, |second| first.min(distance(second, moment)))
    }

    pub(crate) fn day(self, zone: &TimeZone) -> Date {
        day(self.first, zone)
    }

    /// The last moment that this may stand for.
    pub(crate) fn last(self) -> Timestamp {
        self.second.unwrap_or(self.first)
    }
}

/// Nanoseconds between two moments.
pub(crate) fn distance(a: Timestamp, b: Timestamp) -> i128 {
    (a.as_nanosecond() - b.as_nanosecond()).abs()
}

/// The business day of a moment: the calendar day at the premises.
pub(crate) fn day(moment: Timestamp, zone: &TimeZone) -> Date {
    moment.to_zoned(zone.clone()).date()
}

/// Whole days between two days.
pub(crate) fn days_apart(a: Date, b: Date) -> i64 {
    (a.duration_since(b).as_secs() / 86_400).abs()
}

/// A state's date, where zero dates are null.
///
/// "Zero dates (`0001-01-01…`) are null."
pub(crate) fn present(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !text.starts_with("0001-01-01")
}
