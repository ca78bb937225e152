//! Moments as the books tell them, business days, and the zone of the premises.

use crate::Decimal;
use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz};
use std::fmt;

/// The time zone of the premises.
#[derive(Clone, Debug)]
pub struct Zone(tz::TimeZone);

/// A calendar day of the licence's time zone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct BusinessDay(civil::Date);

/// When something happened, as exactly as its book says it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum When {
    /// A moment.
    Instant(Timestamp),
    /// A local time that the clocks passed twice; either may be meant.
    Twice {
        /// The first pass.
        earlier: Timestamp,
        /// The second pass, an hour later.
        later: Timestamp,
    },
    /// A date without a time: any moment of that day.
    Day {
        /// First moment of the day.
        start: Timestamp,
        /// First moment of the next day.
        end: Timestamp,
    },
}

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a time in a form that we read.
    #[error("not a time")]
    Unreadable,
    /// The clocks jumped over it.
    #[error("a local time that does not exist: the clocks jumped over it")]
    Skipped,
    /// No such zone.
    #[error("unknown time zone")]
    UnknownZone,
}

impl Zone {
    /// Finds a zone of the IANA database by name, such as `America/Los_Angeles`.
    ///
    /// # Errors
    /// [`TimeError::UnknownZone`].
    pub fn parse(name: &str) -> Result<Self, TimeError> {
        tz::TimeZone::get(name).map(Self).map_err(|_| TimeError::UnknownZone)
    }

    /// Its IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The business day of a moment.
    #[must_use]
    pub fn day(&self, moment: Timestamp) -> BusinessDay {
        BusinessDay(self.0.to_datetime(moment).date())
    }

    /// A moment as RFC 3339 with this zone's offset, to the second.
    #[must_use]
    pub fn rfc3339(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.0.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// A moment as people say it: `8 Mar 16:20`; midnight stands for its day, `8 Mar`.
    #[must_use]
    pub fn short(&self, moment: Timestamp) -> String {
        let local = moment.to_zoned(self.0.clone());
        let form = if local.time() == civil::Time::midnight() { "%-d %b" } else { "%-d %b %H:%M" };
        local.strftime(form).to_string()
    }

    fn resolve(&self, local: civil::DateTime) -> Result<When, TimeError> {
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            tz::AmbiguousOffset::Unambiguous { .. } => {
                ambiguous.unambiguous().map(When::Instant).map_err(|_| TimeError::Unreadable)
            }
            tz::AmbiguousOffset::Gap { .. } => Err(TimeError::Skipped),
            tz::AmbiguousOffset::Fold { .. } => {
                let again = self.0.to_ambiguous_timestamp(local);
                match (ambiguous.earlier(), again.later()) {
                    (Ok(earlier), Ok(later)) => Ok(When::Twice { earlier, later }),
                    _ => Err(TimeError::Unreadable),
                }
            }
        }
    }

    fn whole_day(&self, date: civil::Date) -> Result<When, TimeError> {
        let first_moment = |date: civil::Date| {
            date.to_zoned(self.0.clone()).map(|zoned| zoned.timestamp()).map_err(|_| TimeError::Unreadable)
        };
        let next = date.tomorrow().map_err(|_| TimeError::Unreadable)?;
        let (start, end) = (first_moment(date)?, first_moment(next)?);
        // A zone that crossed the date line has a day that never was.
        if start < end { Ok(When::Day { start, end }) } else { Err(TimeError::Skipped) }
    }

    /// Reads a time: RFC 3339 with an offset; a plain local time or date, read in this zone; `3/8/2026 4:20 PM` as
    /// American exports write it; a spreadsheet's serial day (`46089.68`); milliseconds since 1970 (13 digits).
    ///
    /// # Errors
    /// [`TimeError`]; a local time that the clocks jumped over is an error, one that they passed twice is [`When::Twice`].
    /// A year before 1970 or after 2199 is a mistyped one.
    pub fn read(&self, text: &str) -> Result<When, TimeError> {
        let read = self.read_any(text)?;
        let (first, last) = read.bounds();
        let is_ours = |at: Timestamp| SECONDS.contains(&at.as_second());
        if is_ours(first) && is_ours(last) { Ok(read) } else { Err(TimeError::Unreadable) }
    }

    fn read_any(&self, text: &str) -> Result<When, TimeError> {
        // No moment is as short as a date.
        if let Some(date) = date_alone(text) {
            return self.whole_day(date);
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(When::Instant(moment));
        }
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return self.read_number(text);
        }
        if text.contains('/') {
            return self.read_american(text);
        }
        // A zoneless local time; an offset or a `Z` that made no timestamp above is a broken text.
        if text.ends_with(['Z', 'z']) || text.contains('+') || text.len() < "2026-03-08T16:20".len() {
            return Err(TimeError::Unreadable);
        }
        let local: civil::DateTime = text.parse().map_err(|_| TimeError::Unreadable)?;
        self.resolve(local)
    }

    fn read_number(&self, text: &str) -> Result<When, TimeError> {
        const MILLISECONDS_DIGITS: usize = 13;
        if text.len() == MILLISECONDS_DIGITS && !text.contains('.') {
            let milliseconds = text.parse().map_err(|_| TimeError::Unreadable)?;
            return Timestamp::from_millisecond(milliseconds).map(When::Instant).map_err(|_| TimeError::Unreadable);
        }
        let (days, fraction) = text.split_once('.').unwrap_or((text, ""));
        if days.len() != 5 {
            return Err(TimeError::Unreadable);
        }
        let days: i64 = days.parse().map_err(|_| TimeError::Unreadable)?;
        let date = civil::date(1899, 12, 30).checked_add(days.days()).map_err(|_| TimeError::Unreadable)?;
        if fraction.is_empty() {
            return self.whole_day(date);
        }
        let digits = fraction.get(..fraction.len().min(12)).unwrap_or(fraction);
        let part = Decimal::parse(&format!("0.{digits}")).map_err(|_| TimeError::Unreadable)?;
        let seconds = seconds_of_day(part).ok_or(TimeError::Unreadable)?;
        let local = date.at(0, 0, 0, 0).checked_add(seconds.seconds()).map_err(|_| TimeError::Unreadable)?;
        self.resolve(local)
    }

    fn read_american(&self, text: &str) -> Result<When, TimeError> {
        let text = text.replace(',', " ");
        let mut words = text.split_ascii_whitespace();
        let mut date_parts = words.next().unwrap_or_default().split('/');
        let mut number = || date_parts.next().and_then(|part| digits_alone(part)?.parse::<i16>().ok());
        let (month, day, year) = (number(), number(), number());
        if date_parts.next().is_some() {
            return Err(TimeError::Unreadable);
        }
        let small = |value: Option<i16>| value.and_then(|value| i8::try_from(value).ok());
        let year = year.filter(|year| *year >= 1000);
        let (Some(year), Some(month), Some(day)) = (year, small(month), small(day)) else {
            return Err(TimeError::Unreadable);
        };
        let date = civil::Date::new(year, month, day).map_err(|_| TimeError::Unreadable)?;
        let Some(clock) = words.next() else { return self.whole_day(date) };
        let half = words.next().map(str::to_ascii_lowercase);
        if words.next().is_some() {
            return Err(TimeError::Unreadable);
        }
        let time = clock_time(clock, half.as_deref()).ok_or(TimeError::Unreadable)?;
        self.resolve(date.to_datetime(time))
    }
}

/// The years 1970 to 2199, in which anything of this trade is recorded.
const SECONDS: std::ops::Range<i64> = 0..7_258_118_400;

/// The text, if it is digits and nothing else: no sign, no blank.
fn digits_alone(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// `2026-03-08` and nothing else.
fn date_alone(text: &str) -> Option<civil::Date> {
    (text.len() == "2026-03-08".len()).then(|| text.parse().ok()).flatten()
}

/// The seconds of a part of a day, rounded to the nearest.
fn seconds_of_day(part: Decimal) -> Option<i64> {
    let scale = 10_i128.checked_pow(u32::from(part.scale()))?;
    let twice = i128::from(part.mantissa()).checked_mul(2 * 86_400)?;
    let rounded = twice.checked_add(scale)?.checked_div(scale.checked_mul(2)?)?;
    i64::try_from(rounded).ok()
}

fn clock_time(clock: &str, half: Option<&str>) -> Option<civil::Time> {
    let mut parts = clock.split(':').map(|part| digits_alone(part)?.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some("am"), 12) => 0,
        (Some("pm"), 12) => 12,
        (Some("am"), 1..=11) => hour,
        (Some("pm"), 1..=11) => hour.checked_add(12)?,
        _ => return None,
    };
    civil::Time::new(hour, minute, second, 0).ok()
}

impl BusinessDay {
    /// Days from `other` to this day; negative if this day is earlier.
    #[must_use]
    pub fn days_since(self, other: Self) -> i32 {
        self.0.since(other.0).map_or(i32::MAX, |span| span.get_days())
    }
}

impl fmt::Display for BusinessDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl When {
    /// The one moment that stands for it: the moment itself, the first of two, the start of the day.
    #[must_use]
    pub const fn moment(self) -> Timestamp {
        match self {
            Self::Instant(moment) | Self::Twice { earlier: moment, .. } | Self::Day { start: moment, .. } => moment,
        }
    }

    /// Reads a local time that exists twice as its first pass, which is how a POS's times are read.
    #[must_use]
    pub const fn earlier(self) -> Self {
        match self {
            Self::Twice { earlier, .. } => Self::Instant(earlier),
            other => other,
        }
    }

    /// Whether it is a date without a time.
    #[must_use]
    pub const fn is_day(self) -> bool {
        matches!(self, Self::Day { .. })
    }

    /// First and last moment that may be meant, both included.
    #[must_use]
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        match self {
            Self::Instant(moment) => (moment, moment),
            Self::Twice { earlier, later } => (earlier, later),
            Self::Day { start, end } => (start, end.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(end)),
        }
    }

    /// The date that a moment at midnight UTC spells: some systems write a date so.
    #[must_use]
    pub fn date_at_midnight_utc(self) -> Option<BusinessDay> {
        let Self::Instant(moment) = self else { return None };
        let utc = tz::TimeZone::UTC.to_datetime(moment);
        (utc.time() == civil::Time::midnight()).then(|| BusinessDay(utc.date()))
    }

    /// Whether some moment that may be meant lies within `from..=to`.
    #[must_use]
    pub fn touches(self, from: Timestamp, to: Timestamp) -> bool {
        let (first, last) = self.bounds();
        first <= to && from <= last
    }

    /// The shortest time between two happenings, whichever of their moments are meant; zero within one day if one of
    /// them is a date.
    #[must_use]
    pub fn distance(self, other: Self) -> SignedDuration {
        let between = |a: Timestamp, b: Timestamp| a.duration_since(b).abs();
        if let (Self::Twice { earlier, later }, Self::Instant(moment))
        | (Self::Instant(moment), Self::Twice { earlier, later }) = (self, other)
        {
            return between(earlier, moment).min(between(later, moment));
        }
        let ((first, last), (other_first, other_last)) = (self.bounds(), other.bounds());
        if first <= other_last && other_first <= last {
            return SignedDuration::ZERO;
        }
        between(first, other_last).min(between(other_first, last))
    }

    /// Whether the two may be the same business day.
    #[must_use]
    pub fn same_day(self, other: Self, zone: &Zone) -> bool {
        self.days_apart(other, zone) == 0
    }

    /// The fewest business days between the two.
    #[must_use]
    pub fn days_apart(self, other: Self, zone: &Zone) -> u32 {
        let days = |when: Self| {
            let (first, last) = when.bounds();
            [zone.day(first), zone.day(last)]
        };
        let ours = days(self);
        let others = days(other);
        ours.iter()
            .flat_map(|day| others.iter().map(|theirs| day.days_since(*theirs).unsigned_abs()))
            .min()
            .unwrap_or(u32::MAX)
    }

    /// How it is printed: RFC 3339 with the zone's offset, or the date alone.
    #[must_use]
    pub fn text(self, zone: &Zone) -> String {
        match self {
            Self::Day { start, .. } => zone.day(start).to_string(),
            other => zone.rfc3339(other.moment()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        Zone::parse("America/Los_Angeles").unwrap()
    }

    fn instant(text: &str) -> When {
        When::Instant(text.parse().unwrap())
    }

    #[test]
    fn reads_the_forms_of_the_trade() {
        let expected = instant("2026-03-08T16:20:00-07:00");
        for text in [
            "2026-03-08T16:20:00-07:00",
            "2026-03-08T23:20:00Z",
            "2026-03-08T23:20:00.0000000+00:00",
            "2026-03-08T16:20:00.000",
            "2026-03-08 16:20:00",
            "2026-03-08T16:20",
            "3/8/2026 4:20 PM",
            "03/08/2026, 16:20:00",
            "1773012000000",
            "46089.680555555555",
        ] {
            assert_eq!(zone().read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2026-02-30T10:00:00",
            "3/8/26 4:20 PM",
            "2026-03-08T16:20:00+99:00",
            "8:00",
            "13/13/2026",
            "3/8/2026 14:20 PM",
            "123",
        ] {
            assert_eq!(zone().read(text), Err(TimeError::Unreadable), "{text}");
        }
    }

    #[test]
    fn the_two_nights_of_the_clock() {
        assert_eq!(zone().read("2026-03-08T02:30:00"), Err(TimeError::Skipped));
        let twice = zone().read("2026-11-01T01:30:00").unwrap();
        assert_eq!(twice.bounds().0, "2026-11-01T08:30:00Z".parse().unwrap());
        assert_eq!(twice.distance(instant("2026-11-01T09:30:00Z")), SignedDuration::ZERO);
        assert_eq!(twice.distance(instant("2026-11-01T08:31:00Z")), SignedDuration::from_secs(60));
        assert_eq!(twice.earlier(), instant("2026-11-01T08:30:00Z"));
    }

    #[test]
    fn a_date_is_any_moment_of_its_day() {
        let day = zone().read("2026-03-08").unwrap();
        assert!(day.is_day());
        assert_eq!(day.distance(instant("2026-03-08T23:59:59-07:00")), SignedDuration::ZERO);
        assert!(day.touches("2026-03-09T06:59:00Z".parse().unwrap(), "2026-03-10T00:00:00Z".parse().unwrap()));
        assert!(!day.touches("2026-03-09T07:00:00Z".parse().unwrap(), "2026-03-10T00:00:00Z".parse().unwrap()));
        assert_eq!(day.days_apart(instant("2026-03-09T12:00:00-07:00"), &zone()), 1);
        assert_eq!(day.text(&zone()), "2026-03-08");
    }

    #[test]
    fn mistyped_times_are_no_times() {
        for text in [
            "1/1/2026/",
            "3/8/2026/77 4:20 PM",
            "3/8/2026 4:20:11:99 PM",
            "3/8/2026 +4:+20",
            "+3/8/2026",
            "0206-03-08T16:20:00",
            "0000-01-01T00:00:00Z",
            "2206-03-08",
            "00001.68",
        ] {
            assert_eq!(zone().read(text), Err(TimeError::Unreadable), "{text}");
        }
        // Samoa went from the 29th to the 31st.
        assert_eq!(Zone::parse("Pacific/Apia").unwrap().read("2011-12-30"), Err(TimeError::Skipped));
    }

    #[test]
    fn a_business_day_is_local() {
        assert_eq!(zone().day("2026-03-09T06:30:00Z".parse().unwrap()).to_string(), "2026-03-08");
        assert!(Zone::parse("Mars/Olympus").is_err());
    }
}
