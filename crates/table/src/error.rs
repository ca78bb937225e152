//! What is said when an input cannot be used.

use std::fmt::Write as _;

/// How much of one cell or file text an error shows, in characters.
const SHOWN_CHARS: usize = 80;

/// An input that cannot be used.
///
/// Its `Display` is one line, whatever the parts hold (line ends and other control characters are written as escapes):
/// `pos/sales.csv, row 14, column quantity: "1.2e" is not a number; expected a decimal such as 3.5; correct the cell and run again`
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.one_line())]
pub struct InputError {
    /// The file as people know it, say `pos/sales.csv`.
    pub file: String,
    /// The row as a spreadsheet shows it (the header is usually row 1); for other files whatever counts there.
    pub row: Option<u64>,
    /// The column, in the file's own words where it has one.
    pub column: Option<String>,
    /// What is there.
    pub found: String,
    /// What should be there. (Boxed, as `todo`, so that a `Result` stays small.)
    pub expected: Box<str>,
    /// What a person does now.
    pub todo: Box<str>,
}

impl InputError {
    /// An error about `file` as a whole; see [`at_row`](Self::at_row) and [`in_column`](Self::in_column).
    pub fn new(
        file: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            row: None,
            column: None,
            found: found.into(),
            expected: expected.into().into_boxed_str(),
            todo: todo.into().into_boxed_str(),
        }
    }

    /// The same error, at this row.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same error, in this column.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    fn one_line(&self) -> String {
        let mut line = self.file.clone();
        if let Some(row) = self.row {
            // Writing to a String cannot fail.
            let _ = write!(line, ", row {row}");
        }
        if let Some(column) = &self.column {
            let _ = write!(line, ", column {column}");
        }
        let _ = write!(line, ": {}", self.found);
        if !self.expected.is_empty() {
            let _ = write!(line, "; expected {}", self.expected);
        }
        if !self.todo.is_empty() {
            let _ = write!(line, "; {}", self.todo);
        }
        escape_control(&line)
    }
}

/// `text` in double quotes for an error's `found`: control characters escaped, cut after 80 characters.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// `text` for a message, without quotes: control characters escaped, cut after 80 characters.
pub(crate) fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(SHOWN_CHARS).collect();
    let mut out = escape_control(&head);
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// Control characters, and the ones that turn or hide text on a terminal, as escapes.
fn escape_control(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// An error of the operating system about a file or folder, in plain words.
#[must_use]
pub fn from_io(file: &str, error: &std::io::Error) -> InputError {
    use std::io::ErrorKind;
    let (found, todo) = match error.kind() {
        ErrorKind::NotFound => ("there is no such file".to_owned(), "check the name and the folder"),
        ErrorKind::PermissionDenied => {
            ("the file may not be read by this user".to_owned(), "give this user the right to read it")
        }
        ErrorKind::IsADirectory => ("it is a folder".to_owned(), "give the file itself"),
        ErrorKind::NotADirectory => ("it is no folder".to_owned(), "put the files into a folder of this name"),
        _ => (format!("reading failed: {error}"), "check the disk or the network drive and run again"),
    };
    let expected = if error.kind() == ErrorKind::NotADirectory { "a folder" } else { "a file that can be read" };
    InputError::new(file, found, expected, todo)
}
