//! Reading one cell: tags, numbers, units and times, with an error that says where and what to do.

use trueup_core::{Decimal, DecimalError, PackageTag, TagError, TimeError, Unit, When, Zone};
use trueup_table::{InputError, Row, quoted};

const CORRECT_AND_RERUN: &str = "correct the cell and run again; nothing was written";

/// How large a quantity may be, whatever its unit.
pub const LARGEST: &str = "less than 9 million grams, millilitres or pieces";

/// A package's tag; `None` for an empty cell.
///
/// # Errors
/// Names the cell if it holds anything that is no tag.
pub fn tag(row: &Row<'_>, column: usize) -> Result<Option<PackageTag>, InputError> {
    let text = row.get(column);
    if text.is_empty() {
        return Ok(None);
    }
    PackageTag::parse(text).map(Some).map_err(|error| {
        let (found, expected, todo) = tag_problem(text, &error);
        row.error(column, found, expected, todo)
    })
}

/// What is wrong with a text that should be a tag: found, expected, what to do.
#[must_use]
pub fn tag_problem(text: &str, error: &TagError) -> (String, &'static str, &'static str) {
    const EXPECTED: &str = "a tag of 24 characters 0-9 A-Z, or 16 digits";
    match error {
        TagError::Scientific => (
            format!(
                "{} is a number: a spreadsheet (Excel) took the tag for a number and cut off its last digits",
                quoted(text)
            ),
            EXPECTED,
            "export again and open the file with that column as text; the lost digits cannot be restored from this file",
        ),
        other => (format!("{} is not a package tag ({other})", quoted(text)), EXPECTED, CORRECT_AND_RERUN),
    }
}

/// A tag that must be there.
///
/// # Errors
/// As [`tag`], and for an empty cell.
pub fn required_tag(row: &Row<'_>, column: usize) -> Result<PackageTag, InputError> {
    tag(row, column)?.ok_or_else(|| row.error(column, "the cell is empty", "a package tag", CORRECT_AND_RERUN))
}

/// A text that must be there.
///
/// # Errors
/// For an empty cell.
pub fn required_text<'r>(row: &'r Row<'_>, column: usize, expected: &str) -> Result<&'r str, InputError> {
    let text = row.get(column);
    if text.is_empty() { Err(row.error(column, "the cell is empty", expected, CORRECT_AND_RERUN)) } else { Ok(text) }
}

/// A decimal number that must be there.
///
/// # Errors
/// For an empty, unreadable, too large or too fine number.
pub fn decimal(row: &Row<'_>, column: usize) -> Result<Decimal, InputError> {
    let text = required_text(row, column, "a decimal number such as 3.5")?;
    Decimal::parse(text).map_err(|error| {
        let (found, expected) = decimal_problem(text, error);
        row.error(column, found, expected, CORRECT_AND_RERUN)
    })
}

/// What is wrong with a text that should be a number: found, expected.
#[must_use]
pub fn decimal_problem(text: &str, error: DecimalError) -> (String, &'static str) {
    let expected = match error {
        DecimalError::Unreadable => "a decimal number with a point, such as 3.5",
        DecimalError::TooLarge => LARGEST,
        DecimalError::TooFine => "at most 12 decimals",
    };
    (format!("{} is {error}", quoted(text)), expected)
}

/// A decimal number; `None` for an empty cell.
///
/// # Errors
/// As [`decimal`], without that for an empty cell.
pub fn optional_decimal(row: &Row<'_>, column: usize) -> Result<Option<Decimal>, InputError> {
    if row.get(column).is_empty() { Ok(None) } else { decimal(row, column).map(Some) }
}

/// A decimal number that is not negative.
///
/// # Errors
/// As [`decimal`], and below zero.
pub fn positive(row: &Row<'_>, column: usize, todo: &str) -> Result<Decimal, InputError> {
    let number = decimal(row, column)?;
    if number.mantissa() < 0 {
        return Err(row.error(column, format!("{} is negative", quoted(row.get(column))), "zero or more", todo));
    }
    Ok(number)
}

/// A unit that must be there.
///
/// # Errors
/// For an empty cell or an unknown unit.
pub fn unit(row: &Row<'_>, column: usize) -> Result<Unit, InputError> {
    const UNITS: &str = "one of ea g mg kg oz lb ml l fl_oz gal, or Metrc's name of it";
    let text = required_text(row, column, UNITS)?;
    Unit::parse(text).map_err(|_| row.error(column, format!("unknown unit {}", quoted(text)), UNITS, CORRECT_AND_RERUN))
}

/// A time that must be there. Plain local times are read in `zone`; one that exists twice is [`When::Twice`].
///
/// # Errors
/// For an empty cell, an unreadable time, or one that the clocks jumped over.
pub fn when(row: &Row<'_>, column: usize, zone: &Zone) -> Result<When, InputError> {
    const EXPECTED: &str = "a time such as 2026-03-08T16:20:00-07:00";
    let text = required_text(row, column, EXPECTED)?;
    if is_zero_date(text) {
        return Err(row.error(column, format!("{} stands for no time", quoted(text)), EXPECTED, CORRECT_AND_RERUN));
    }
    zone.read(text).map_err(|error| {
        let (found, expected, todo) = time_problem(text, &error);
        row.error(column, found, expected, todo)
    })
}

/// What is wrong with a text that should be a time: found, expected, what to do.
#[must_use]
pub fn time_problem(text: &str, error: &TimeError) -> (String, &'static str, &'static str) {
    match error {
        TimeError::Skipped => (
            format!("{} does not exist in this time zone: the clocks jumped over it", quoted(text)),
            "a time that the clock showed",
            "check the zone in store.toml, or write the time with its offset",
        ),
        TimeError::Unreadable | TimeError::UnknownZone => (
            format!("{} is not a time", quoted(text)),
            "a time such as 2026-03-08T16:20:00-07:00, or local without the offset",
            CORRECT_AND_RERUN,
        ),
    }
}

/// A time; `None` for an empty cell or the zero date.
///
/// # Errors
/// As [`when`], without that for an empty cell.
pub fn optional_when(row: &Row<'_>, column: usize, zone: &Zone) -> Result<Option<When>, InputError> {
    let text = row.get(column);
    if text.is_empty() || is_zero_date(text) { Ok(None) } else { when(row, column, zone).map(Some) }
}

/// The first day of the calendar, with which programs write that there is no time.
fn is_zero_date(text: &str) -> bool {
    text.starts_with("0001-01-01") || text.starts_with("1/1/0001") || text.starts_with("01/01/0001")
}

/// A yes or no; an empty cell is no.
///
/// # Errors
/// For any other word.
pub fn flag(row: &Row<'_>, column: usize) -> Result<bool, InputError> {
    match row.get(column).to_ascii_lowercase().as_str() {
        "" | "n" | "no" | "false" | "0" => Ok(false),
        "y" | "yes" | "true" | "1" => Ok(true),
        other => {
            Err(row.error(column, format!("{} is neither yes nor no", quoted(other)), "y or n", CORRECT_AND_RERUN))
        }
    }
}
