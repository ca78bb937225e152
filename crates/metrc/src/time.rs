//! RFC 3339 instants, exact to any number of fraction digits.

use compact_str::CompactString;

/// A moment: seconds since 1970-01-01T00:00:00Z and the decimal fraction without trailing zeros.
///
/// Orders as time does: fractions without trailing zeros compare like their digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant {
    seconds: i64,
    fraction: CompactString,
}

/// Reads `2026-02-08T07:05:59.8043611+00:00`; an offset (or `Z`) is required.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    let (date, time) = (bytes.get(..10)?, bytes.get(11..19)?);
    if !matches!(bytes[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = days(date)?;
    let of_day = seconds_of_day(time)?;
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest.split_at(digits)
        }
        None => ("", rest),
    };
    let seconds = days * 86_400 + of_day - offset(zone)?;
    Some(Instant { seconds, fraction: CompactString::new(fraction.trim_end_matches('0')) })
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// Days from 1970-01-01 to `YYYY-MM-DD` in the proleptic Gregorian calendar.
fn days(date: &[u8]) -> Option<i64> {
    let &[.., b'-', _, _, b'-', _, _] = date else { return None };
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last day of a year.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let of_year = (153 * m + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// `hh:mm:ss`; second 60 is a leap second and counts as the next second.
fn seconds_of_day(time: &[u8]) -> Option<i64> {
    let &[_, _, b':', _, _, b':', _, _] = time else { return None };
    let (hour, minute, second) = (number(&time[..2])?, number(&time[3..5])?, number(&time[6..])?);
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second)
}

/// `Z` or `±hh:mm` in seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let &[sign, h1, h2, b':', m1, m2] = zone.as_bytes() else { return None };
    let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
    let east = (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)?;
    match sign {
        b'+' => Some(east),
        b'-' => Some(-east),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        instant(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn known_instants() {
        assert_eq!(at("1970-01-01T00:00:00Z").seconds, 0);
        assert_eq!(at("2000-02-29T12:00:00+00:00").seconds, 951_825_600);
        assert_eq!(at("2026-11-20T21:04:11.3310021+00:00").seconds, 1_795_208_651);
        assert_eq!(at("1969-12-31T23:59:59Z").seconds, -1);
        assert_eq!(at("0001-01-01T00:00:00+00:00").seconds, -62_135_596_800);
    }

    #[test]
    fn the_same_moment_in_another_zone_and_with_other_digits() {
        assert_eq!(at("2026-11-19T13:11:02-05:00"), at("2026-11-19T18:11:02.0000000+00:00"));
        assert_eq!(at("2026-11-19T18:11:02.5Z"), at("2026-11-19T23:41:02.500+05:30"));
    }

    #[test]
    fn order_goes_down_to_the_last_digit() {
        let ascending = ["02Z", "02.0000000001Z", "02.09Z", "02.1Z", "02.11Z", "02.2Z", "02.99999999999Z", "03Z"]
            .map(|rest| at(&format!("2026-11-19T18:11:{rest}")));
        assert!(ascending.is_sorted());
        assert!(ascending.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn what_is_no_instant() {
        for text in [
            "",
            "2026-11-19",
            "2026-11-19T18:11:02",
            "2026-11-19T18:11:02.Z",
            "2026-11-19T18:11:02.5",
            "2026-11-19T18:11:02+0000",
            "2026-11-19T18:11:02+24:00",
            "2026-11-19T24:11:02Z",
            "2026-02-29T18:11:02Z",
            "2026-13-01T18:11:02Z",
            "2026-00-01T18:11:02Z",
            "2026-04-31T18:11:02Z",
            "2026-04-00T18:11:02Z",
            "2026-1x-01T18:11:02Z",
            "2026-11-19T18:11:02é",
            "2026-11-19é18:11:02Z",
            "11/19/2026 6:11:02 PM",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
