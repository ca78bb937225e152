//! A month of a licence's own calendar.

use crate::StoreError;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

/// A month, `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m"))
    }
}

impl std::str::FromStr for Month {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let wrong = || StoreError::refused(format!("`{text}` is no month; write it as 2026-03"));
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let (year, month): (i16, i8) = (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        if !(1..=12).contains(&month) || !(2000..=2999).contains(&year) {
            return Err(wrong());
        }
        Ok(Self(date(year, month, 1)))
    }
}

fn zone(name: &str) -> Result<TimeZone, StoreError> {
    TimeZone::get(name).map_err(|_| StoreError::corrupt(format!("the licence's time zone {name}")))
}

impl Month {
    /// The month that a moment is in.
    pub(super) fn of(moment: Timestamp, zone_name: &str) -> Result<Self, StoreError> {
        Ok(Self(moment.to_zoned(zone(zone_name)?).date().first_of_month()))
    }

    /// The months after it, and it itself first.
    pub(super) fn on(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |month| month.0.checked_add(1.month()).ok().map(Self))
    }

    /// Its first moment, and the first one after it.
    pub(super) fn bounds(self, zone_name: &str) -> Result<(Timestamp, Timestamp), StoreError> {
        let zone = zone(zone_name)?;
        let at = |months: i64| {
            let day = self.0.checked_add(Span::new().months(months)).ok();
            day.and_then(|day| day.to_zoned(zone.clone()).ok()).map(|day| day.timestamp())
        };
        at(0).zip(at(1)).ok_or_else(|| StoreError::refused(format!("{self} is out of all time")))
    }
}
