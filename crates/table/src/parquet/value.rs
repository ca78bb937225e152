//! Parquet values as exact text.

use std::fmt::{Display, Write as _};

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

/// What a column's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Bool,
    Signed,
    Unsigned,
    /// With this many digits after the point.
    Decimal(usize),
    /// Days since 1970-01-01.
    Date,
    /// Units of 10^-n seconds since midnight.
    Time(u32),
    /// Units of 10^-n seconds since 1970-01-01; in UTC, or in a local time that the file does not name.
    Timestamp {
        digits: u32,
        utc: bool,
    },
    Float,
    Text,
    /// 16 bytes.
    Uuid,
    /// A column whose every value is empty and whose type the writer therefore did not know.
    Nothing,
}

impl Shape {
    /// `None` if the type is not one that has an exact text.
    pub(super) fn of(descriptor: &ColumnDescriptor) -> Option<Self> {
        let shape = match descriptor.logical_type_ref() {
            Some(logical) => Self::of_logical(logical)?,
            None => Self::of_converted(descriptor)?,
        };
        let physical = descriptor.physical_type();
        let fits = match shape {
            Self::Bool => physical == Type::BOOLEAN,
            Self::Signed | Self::Unsigned | Self::Timestamp { .. } | Self::Time(_) => {
                matches!(physical, Type::INT32 | Type::INT64)
            }
            Self::Date => physical == Type::INT32,
            Self::Decimal(_) => {
                matches!(physical, Type::INT32 | Type::INT64 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY)
            }
            Self::Float => matches!(physical, Type::FLOAT | Type::DOUBLE),
            Self::Text => matches!(physical, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY),
            Self::Uuid => physical == Type::FIXED_LEN_BYTE_ARRAY,
            Self::Nothing => true,
        };
        fits.then_some(shape)
    }

    fn of_logical(logical: &LogicalType) -> Option<Self> {
        Some(match logical {
            LogicalType::String | LogicalType::Enum | LogicalType::Json => Self::Text,
            LogicalType::Decimal(d) => Self::Decimal(scale(d.scale)?),
            LogicalType::Date => Self::Date,
            LogicalType::Time(t) => Self::Time(digits(&t.unit)),
            LogicalType::Timestamp(t) => Self::Timestamp { digits: digits(&t.unit), utc: t.is_adjusted_to_u_t_c },
            LogicalType::Integer(i) if i.is_signed => Self::Signed,
            LogicalType::Integer(_) => Self::Unsigned,
            LogicalType::Uuid => Self::Uuid,
            LogicalType::Unknown => Self::Nothing,
            _ => return None,
        })
    }

    /// Files of old writers have these instead.
    fn of_converted(descriptor: &ColumnDescriptor) -> Option<Self> {
        use ConvertedType as C;
        Some(match descriptor.converted_type() {
            C::NONE => match descriptor.physical_type() {
                Type::BOOLEAN => Self::Bool,
                Type::INT32 | Type::INT64 => Self::Signed,
                Type::FLOAT | Type::DOUBLE => Self::Float,
                Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Self::Text,
                Type::INT96 => return None,
            },
            C::UTF8 | C::ENUM | C::JSON => Self::Text,
            C::INT_8 | C::INT_16 | C::INT_32 | C::INT_64 => Self::Signed,
            C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64 => Self::Unsigned,
            C::DECIMAL => Self::Decimal(scale(descriptor.type_scale())?),
            C::DATE => Self::Date,
            C::TIME_MILLIS => Self::Time(3),
            C::TIME_MICROS => Self::Time(6),
            C::TIMESTAMP_MILLIS => Self::Timestamp { digits: 3, utc: true },
            C::TIMESTAMP_MICROS => Self::Timestamp { digits: 6, utc: true },
            _ => return None,
        })
    }

    pub(super) fn bool(self, value: bool, out: &mut String) -> Result<(), String> {
        out.push_str(if value { "TRUE" } else { "FALSE" });
        Ok(())
    }

    /// An integer that was stored in this many bits.
    pub(super) fn int(self, value: i64, bits: u32, out: &mut String) -> Result<(), String> {
        match self {
            Self::Unsigned if value < 0 => show(i128::from(value) + (1 << bits), out),
            Self::Decimal(scale) => decimal(i128::from(value), scale, out),
            Self::Date => date(value, out),
            Self::Time(digits) => time(value, digits, out),
            Self::Timestamp { digits, utc } => timestamp(value, digits, utc, out),
            Self::Nothing => Err("a value in a column without a type".to_owned()),
            _ => show(value, out),
        }
    }

    pub(super) fn bytes(self, value: &[u8], out: &mut String) -> Result<(), String> {
        match self {
            Self::Decimal(scale) => decimal(big_endian(value)?, scale, out),
            Self::Uuid => uuid(value, out),
            _ => {
                let text = std::str::from_utf8(value).map_err(|_| "bytes that are not UTF-8 text".to_owned())?;
                if text.contains('\0') {
                    return Err("a text with a NUL character".to_owned());
                }
                out.push_str(text);
                Ok(())
            }
        }
    }
}

/// The shortest decimal that reads back as the same float.
pub(super) fn float(value: impl Display, finite: bool, out: &mut String) -> Result<(), String> {
    if finite { show(value, out) } else { Err(format!("{value}, which is not a number")) }
}

fn show(value: impl Display, out: &mut String) -> Result<(), String> {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
    Ok(())
}

fn scale(scale: i32) -> Option<usize> {
    usize::try_from(scale).ok().filter(|s| *s <= 38)
}

fn digits(unit: &TimeUnit) -> u32 {
    match unit {
        TimeUnit::MILLIS => 3,
        TimeUnit::MICROS => 6,
        TimeUnit::NANOS => 9,
    }
}

fn big_endian(bytes: &[u8]) -> Result<i128, String> {
    let fill = if bytes.first().is_some_and(|b| *b >= 0x80) { 0xFF } else { 0 };
    let mut wide = [fill; 16];
    let Some(tail) = 16_usize.checked_sub(bytes.len()).and_then(|start| wide.get_mut(start..)) else {
        return Err("a decimal of more than 16 bytes".to_owned());
    };
    tail.copy_from_slice(bytes);
    Ok(i128::from_be_bytes(wide))
}

fn decimal(unscaled: i128, scale: usize, out: &mut String) -> Result<(), String> {
    let digits = format!("{:0>1$}", unscaled.unsigned_abs(), scale.saturating_add(1));
    let (whole, part) = digits.split_at(digits.len().saturating_sub(scale));
    let (sign, point) = (if unscaled < 0 { "-" } else { "" }, if part.is_empty() { "" } else { "." });
    show(format_args!("{sign}{whole}{point}{part}"), out)
}

/// Days since 1970-01-01 in the Gregorian calendar.
fn date(days: i64, out: &mut String) -> Result<(), String> {
    // Days since 0000-03-01, in eras of 400 years; the year begins in March.
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era.saturating_mul(400) + i64::from(month <= 2);
    if !(0..=9_999).contains(&year) {
        return Err("a date outside the years 0 to 9999".to_owned());
    }
    show(format_args!("{year:04}-{month:02}-{day:02}"), out)
}

/// Units of 10^-digits seconds since midnight.
fn time(units: i64, digits: u32, out: &mut String) -> Result<(), String> {
    let per_second = 10_i64.pow(digits);
    let (seconds, rest) = (units.div_euclid(per_second), units.rem_euclid(per_second));
    if !(0..86_400).contains(&seconds) {
        return Err("a time of day outside of the day".to_owned());
    }
    show(format_args!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60), out)?;
    if rest > 0 {
        let width = usize::try_from(digits).unwrap_or(9);
        show(format_args!(".{}", format!("{rest:0width$}").trim_end_matches('0')), out)?;
    }
    Ok(())
}

/// `2026-03-08T16:20:11.5Z`, or without the Z where the file says it is a local time.
fn timestamp(units: i64, digits: u32, utc: bool, out: &mut String) -> Result<(), String> {
    let per_day = 86_400 * 10_i64.pow(digits);
    date(units.div_euclid(per_day), out)?;
    out.push('T');
    time(units.rem_euclid(per_day), digits, out)?;
    if utc {
        out.push('Z');
    }
    Ok(())
}

fn uuid(bytes: &[u8], out: &mut String) -> Result<(), String> {
    if bytes.len() != 16 {
        return Err("a UUID that is not 16 bytes".to_owned());
    }
    for (i, byte) in bytes.iter().enumerate() {
        show(format_args!("{}{byte:02x}", if matches!(i, 4 | 6 | 8 | 10) { "-" } else { "" }), out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut String) -> Result<(), String>) -> String {
        let mut out = String::new();
        write(&mut out).map_or_else(|e| format!("! {e}"), |()| out)
    }

    #[test]
    fn decimals_are_exact() {
        for (unscaled, scale, want) in [
            (350, 2, "3.50"),
            (-5, 3, "-0.005"),
            (0, 2, "0.00"),
            (7, 0, "7"),
            (i128::MIN, 38, "-1.70141183460469231731687303715884105728"),
        ] {
            assert_eq!(text(|o| decimal(unscaled, scale, o)), want);
        }
        assert_eq!(big_endian(&[0xFF, 0x01]).unwrap(), -255);
        assert_eq!(big_endian(&[0x00, 0xFF]).unwrap(), 255);
        assert_eq!(big_endian(&[]).unwrap(), 0);
        assert!(big_endian(&[0; 17]).is_err());
    }

    #[test]
    fn dates_and_times() {
        for (days, want) in [
            (0, "1970-01-01"),
            (20_520, "2026-03-08"),
            (11_016, "2000-02-29"),
            (-1, "1969-12-31"),
            (-719_528, "0000-01-01"),
            (2_932_896, "9999-12-31"),
        ] {
            assert_eq!(text(|o| date(days, o)), want);
        }
        assert!(text(|o| date(2_932_897, o)).starts_with('!'));
        assert!(text(|o| date(i64::MAX, o)).starts_with('!'));
        assert!(text(|o| date(i64::MIN, o)).starts_with('!'));
        assert_eq!(text(|o| timestamp(1_772_986_811_500, 3, true, o)), "2026-03-08T16:20:11.5Z");
        assert_eq!(text(|o| timestamp(-1, 9, false, o)), "1969-12-31T23:59:59.999999999");
        assert!(text(|o| timestamp(i64::MIN, 3, false, o)).starts_with('!'));
        assert_eq!(text(|o| time(1_000_000, 6, o)), "00:00:01");
        assert!(text(|o| time(86_400_000, 3, o)).starts_with('!'));
    }

    #[test]
    fn numbers_and_identifiers() {
        assert_eq!(text(|o| Shape::Unsigned.int(-1, 32, o)), "4294967295");
        assert_eq!(text(|o| Shape::Unsigned.int(-1, 64, o)), "18446744073709551615");
        assert_eq!(text(|o| Shape::Signed.int(-1, 64, o)), "-1");
        assert_eq!(text(|o| float(0.1_f32, true, o)), "0.1");
        assert_eq!(text(|o| float(f64::NAN, false, o)), "! NaN, which is not a number");
        assert_eq!(text(|o| uuid(&[0xAB; 16], o)), "abababab-abab-abab-abab-abababababab");
    }
}
