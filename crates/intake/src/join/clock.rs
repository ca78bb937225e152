//! Reading times of millions of rows: the usual forms by hand, every other by [`Zone::read`].

use super::GiveUp;
use jiff::{SignedDuration, Timestamp, civil};
use trueup_core::{When, Zone};

const DATE: usize = "2026-03-08".len();
const TIME: usize = "2026-03-08T16:20:00".len();
const DAY_SECONDS: i64 = 86_400;
/// Beyond these offsets from UTC no zone is.
const LARGEST_OFFSET_HOURS: i64 = 14;

/// With these, programs write that there is no time.
const ZERO_DATES: [&[u8]; 3] = [b"0001-01-01", b"1/1/0001", b"01/01/0001"];

/// A moment as the join needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Second of 1970, rounded down; of a time that exists twice the earlier.
    pub second: i64,
    /// What it is, if it is not just that second.
    pub odd: Option<When>,
}

impl Moment {
    /// The second of the last moment that may be meant.
    pub fn last_second(&self) -> i64 {
        self.odd.map_or(self.second, |when| when.bounds().1.as_second())
    }

    /// Whether the moment that stands for it is after a whole second.
    pub fn stands_after(&self, second: i64) -> bool {
        self.second > second
            || (self.second == second && self.odd.is_some_and(|when| when.moment().subsec_nanosecond() > 0))
    }

    /// Whether it happened after a whole second.
    pub fn is_after(&self, second: i64) -> bool {
        match self.odd {
            None => self.second > second,
            Some(when) => Timestamp::from_second(second).is_ok_and(|snapshot| when.bounds().0 > snapshot),
        }
    }
}

/// Reads times, and remembers the dates that it met last.
pub(super) struct Clock<'z> {
    zone: &'z Zone,
    dates: [Date; 2],
}

#[derive(Clone, Copy, Default)]
struct Date {
    text: [u8; DATE],
    /// Midnight UTC of the date, as a second of 1970.
    utc: i64,
    /// Midnight of the zone, if that day is of 24 hours there.
    local: Option<i64>,
}

impl<'z> Clock<'z> {
    pub fn new(zone: &'z Zone) -> Self {
        Self { zone, dates: [Date::default(); 2] }
    }

    /// A time, or nothing for an empty cell or the zero date, as `trueup_pos::fields::optional_when` reads it.
    pub fn optional(&mut self, text: &[u8]) -> Result<Option<Moment>, GiveUp> {
        if text.is_empty() || ZERO_DATES.iter().any(|date| text.starts_with(date)) {
            return Ok(None);
        }
        self.read(text).map(Some)
    }

    /// A time that must be there.
    pub fn read(&mut self, text: &[u8]) -> Result<Moment, GiveUp> {
        if let Some(second) = self.usual(text) {
            return Ok(Moment { second, odd: None });
        }
        let text = std::str::from_utf8(text).map_err(|_| GiveUp)?;
        let when = self.zone.read(text).map_err(|_| GiveUp)?;
        let second = when.moment().as_second();
        let is_whole = matches!(when, When::Instant(moment) if moment.subsec_nanosecond() == 0);
        Ok(Moment { second, odd: (!is_whole).then_some(when) })
    }

    /// `2026-03-08T16:20:00`, local or with `Z` or an offset.
    fn usual(&mut self, text: &[u8]) -> Option<i64> {
        let (time, rest) = text.split_at_checked(TIME)?;
        let date = self.date(time)?;
        let [b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *time.get(DATE..)? else { return None };
        let (hour, minute, second) = (two_digits(h1, h2)?, two_digits(m1, m2)?, two_digits(s1, s2)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let of_day = hour * 3_600 + minute * 60 + second;
        match *rest {
            [] => date.local.map(|midnight| midnight + of_day),
            [b'Z'] => Some(date.utc + of_day),
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (two_digits(h1, h2)?, two_digits(m1, m2)?);
                if hours > LARGEST_OFFSET_HOURS || minutes > 59 {
                    return None;
                }
                let offset = hours * 3_600 + minutes * 60;
                Some(date.utc + of_day + if sign == b'-' { offset } else { -offset })
            }
            _ => None,
        }
    }

    fn date(&mut self, text: &[u8]) -> Option<Date> {
        let text: [u8; DATE] = text.get(..DATE)?.try_into().ok()?;
        let [last, other] = &mut self.dates;
        if last.text == text {
            return Some(*last);
        }
        if other.text != text {
            *other = look_up(text, self.zone)?;
        }
        std::mem::swap(last, other);
        Some(*last)
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens & 15) * 10 + i64::from(ones & 15))
}

/// A date of the years that [`Zone::read`] accepts, well within them.
fn look_up(text: [u8; DATE], zone: &Zone) -> Option<Date> {
    let text_of_date = std::str::from_utf8(&text).ok()?;
    let date: civil::Date = text_of_date.parse().ok()?;
    if !(1971..=2198).contains(&date.year()) {
        return None;
    }
    let utc = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let local = match zone.read(text_of_date).ok()? {
        When::Day { start, end } if end.duration_since(start) == SignedDuration::from_secs(DAY_SECONDS) => {
            Some(start.as_second())
        }
        _ => None,
    };
    Some(Date { text, utc, local })
}

/// Which business day a second belongs to, by looking it up.
pub(super) struct Days {
    /// First second of each day, without gaps.
    starts: Vec<i64>,
}

impl Days {
    /// The days of a zone from some days before `from` to some after `to` (seconds of 1970).
    pub fn new(zone: &Zone, from: i64, to: i64) -> Option<Self> {
        const MARGIN_DAYS: i64 = 400;
        const MOST_DAYS: usize = 40_000;
        let last = Timestamp::from_second(to.checked_add(MARGIN_DAYS * DAY_SECONDS)?).ok()?;
        let mut at = Timestamp::from_second(from.checked_sub(MARGIN_DAYS * DAY_SECONDS)?).ok()?;
        let mut starts = Vec::new();
        while at <= last && starts.len() < MOST_DAYS {
            let day = zone.day(at);
            let When::Day { start, end } = zone.read(&day.to_string()).ok()? else { return None };
            starts.push(start.as_second());
            at = end;
        }
        (starts.len() < MOST_DAYS).then_some(Self { starts })
    }

    /// The number of the day; `None` if it lies beyond the days that were looked up.
    pub fn of(&self, second: i64) -> Option<usize> {
        let first = *self.starts.first()?;
        let about = usize::try_from(second.checked_sub(first)? / DAY_SECONDS).ok()?;
        // A day of 23 or 25 hours puts the guess one day off at most for every two such days.
        let mut day = about.min(self.starts.len() - 1);
        while self.starts[day] > second {
            day = day.checked_sub(1)?;
        }
        while self.starts.get(day + 1).is_some_and(|next| *next <= second) {
            day += 1;
        }
        (day + 1 < self.starts.len()).then_some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zones() -> impl Strategy<Value = Zone> {
        prop_oneof![Just("America/Los_Angeles"), Just("America/New_York"), Just("UTC")]
            .prop_map(|name| Zone::parse(name).unwrap())
    }

    proptest! {
        #[test]
        fn times_are_those_of_the_zone(
            zone in zones(),
            texts in prop::collection::vec(
                "20(25|26)-(03|11|0[1-9]|1[0-3])-(0[1-9]|3[0-2])(T(0[0-3]|2[34]):[0-6][0-9]:[0-6][0-9]([.]5)?(Z|[+-](0[78]|1[45]):[03]0)?)?",
                1..6,
            ),
        ) {
            let mut clock = Clock::new(&zone);
            for text in texts {
                match (clock.read(text.as_bytes()), zone.read(&text)) {
                    (Ok(read), Ok(exact)) => {
                        prop_assert_eq!(read.odd.unwrap_or_else(|| When::Instant(Timestamp::from_second(read.second).unwrap())), exact);
                        prop_assert_eq!(read.second, exact.moment().as_second());
                    }
                    (read, exact) => prop_assert!(read.is_err() && exact.is_err(), "{}: {:?}, {:?}", text, read, exact),
                }
            }
        }

        #[test]
        fn days_are_those_of_the_zone(zone in zones(), second in 1_772_000_000_i64..1_780_000_000, apart in 0_i64..200_000) {
            let days = Days::new(&zone, 1_772_000_000, 1_780_000_000).unwrap();
            let day = |second: i64| zone.day(Timestamp::from_second(second).unwrap());
            let same = day(second) == day(second + apart);
            prop_assert_eq!(days.of(second).unwrap() == days.of(second + apart).unwrap(), same);
        }
    }
}
