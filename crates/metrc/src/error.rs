//! The one error of this crate, and how its texts are kept to one line.

use crate::limits::{MAX_LISTED, MAX_QUOTED_CHARS};

/// Why a file was refused: where, what stood there, what was expected, and what a person can do.
///
/// Displays as one line. No part of it repeats a field that the crate does not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.line())]
pub struct WireError {
    /// The file's name as the caller gave it; several, separated by commas, where a list over files is at fault.
    pub file: String,
    /// The record's number in that file, from 1; `None` where no single record is at fault.
    pub record: Option<u64>,
    /// The field's path as the API writes it, such as `Transactions[2].QuantitySold`.
    pub field: Option<String>,
    /// What was found, with the byte position (from 0) where there is one.
    pub found: String,
    /// What would have been right.
    pub expected: Box<str>,
    /// What to do about it.
    pub todo: Box<str>,
}

impl WireError {
    fn line(&self) -> String {
        let mut line = self.file.clone();
        if let Some(record) = self.record {
            line.push_str(&format!(", record {record}"));
        }
        if let Some(field) = &self.field {
            line.push_str(&format!(", {field}"));
        }
        line.push_str(&format!(": found {}; expected {}", self.found, self.expected));
        if !self.todo.is_empty() {
            line.push_str(&format!("; {}", self.todo));
        }
        one_line(&line)
    }
}

/// A fault before it is known in which file and record it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub field: Option<String>,
    pub found: String,
    pub expected: String,
    pub todo: String,
}

impl Fault {
    pub fn new(found: impl Into<String>, expected: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { field: None, found: found.into(), expected: expected.into(), todo: todo.into() }
    }

    /// Says that the thing at fault begins there: `what` is a record or a page.
    pub fn begins(mut self, what: &str, byte: u64) -> Self {
        self.found.push_str(&format!(" in the {what} that begins"));
        self.at(byte)
    }

    pub fn in_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    pub fn at(mut self, byte: u64) -> Self {
        self.found.push_str(&format!(" at byte {byte}"));
        self
    }

    pub fn locate(self, file: &str, record: Option<u64>) -> WireError {
        let Self { field, found, expected, todo } = self;
        WireError { file: file.to_owned(), record, field, found, expected: expected.into(), todo: todo.into() }
    }
}

/// Control characters become escapes, so that a message cannot leave its line.
pub(crate) fn one_line(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars().map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// A foreign text for a message: one line, cut after [`MAX_QUOTED_CHARS`].
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    one_line(&format!("{short}{dots}"))
}

/// `a, b, c and 4 more`: at most [`MAX_LISTED`] of `count` names.
pub(crate) fn listed<I: IntoIterator<Item = String>>(names: I) -> String {
    let mut text = String::new();
    let mut count = 0_usize;
    for name in names {
        if count < MAX_LISTED {
            if count > 0 {
                text.push_str(", ");
            }
            text.push_str(&quoted(&name));
        }
        count += 1;
    }
    if count > MAX_LISTED {
        text.push_str(&format!(" and {} more", count - MAX_LISTED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_it_repeats() {
        let error =
            Fault::new("a\nb\u{1b}[2J", "c", "d").in_field("Id").at(7).locate("packages\r.json", Some(3)).to_string();
        assert_eq!(error, "packages\\r.json, record 3, Id: found a\\nb\\u{1b}[2J at byte 7; expected c; d");
    }

    #[test]
    fn lists_and_quotes_are_cut() {
        let names = |n: usize| (0..n).map(|i| format!("F{i}"));
        assert_eq!(listed(names(2)), "F0, F1");
        assert!(listed(names(MAX_LISTED)).ends_with("F19"));
        assert!(listed(names(MAX_LISTED + 3)).ends_with("F19 and 3 more"));
        assert_eq!(quoted(&"é".repeat(500)).chars().count(), MAX_QUOTED_CHARS + 1);
    }
}
