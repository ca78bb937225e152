//! Which header cell is which column.

use crate::error::{InputError, shown};
use crate::limits::MAX_COLUMNS;

/// How many names a message lists before it says "and N more".
const LISTED: usize = 40;

/// One column that a reader knows.
///
/// `name` and `aliases` are compared with the header by letters and digits only, in any case:
/// "Package ID", "package_id" and "packageId" are one name.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The canonical name; it wins over any alias.
    pub name: &'static str,
    /// Other names, the most trusted first.
    pub aliases: &'static [&'static str],
    /// Whether a file without it is refused.
    pub required: bool,
}

/// The header of one file, matched.
#[derive(Debug)]
pub(crate) struct Header {
    columns: &'static [Column],
    /// Header cells, trimmed, as the file has them.
    cells: Vec<String>,
    /// For each of `columns`: its place in `cells`.
    places: Vec<Option<usize>>,
    /// The row the header is in.
    pub(crate) row: u64,
}

impl Header {
    /// Matches header cells to columns.
    pub(crate) fn new(
        file: &str,
        row: u64,
        cells: Vec<String>,
        columns: &'static [Column],
    ) -> Result<Self, InputError> {
        if cells.len() > MAX_COLUMNS {
            let found = format!("{} columns", cells.len());
            return Err(InputError::new(
                file,
                found,
                format!("at most {MAX_COLUMNS}"),
                "remove the columns not needed",
            )
            .at_row(row));
        }
        let normal: Vec<String> = cells.iter().map(|c| normalise(c)).collect();
        let mut header = Self { columns, cells, places: vec![None; columns.len()], row };
        header.place_canonical(file, &normal)?;
        header.place_aliases(file, &normal)?;
        header.check_required(file)?;
        Ok(header)
    }

    /// How many of `columns` have a header cell, without an error for what is missing or there twice.
    pub(crate) fn score(cells: &[String], columns: &[Column]) -> usize {
        let normal: Vec<String> = cells.iter().map(|c| normalise(c)).collect();
        let known = |c: &Column| names(c).any(|name| normal.contains(&normalise(name)));
        columns.iter().filter(|c| known(c)).count()
    }

    fn place_canonical(&mut self, file: &str, normal: &[String]) -> Result<(), InputError> {
        for (i, column) in self.columns.iter().enumerate() {
            let place = self.place_of(file, normal, column, column.name, &[])?;
            if let Some(slot) = self.places.get_mut(i) {
                *slot = place;
            }
        }
        Ok(())
    }

    fn place_aliases(&mut self, file: &str, normal: &[String]) -> Result<(), InputError> {
        for (i, column) in self.columns.iter().enumerate() {
            for alias in column.aliases {
                if self.places.get(i).copied().flatten().is_some() {
                    break;
                }
                let taken: Vec<usize> = self.places.iter().copied().flatten().collect();
                let place = self.place_of(file, normal, column, alias, &taken)?;
                if let Some(slot) = self.places.get_mut(i) {
                    *slot = place;
                }
            }
        }
        Ok(())
    }

    /// The place of `name`, leaving out the places already taken. Two of them are an error.
    fn place_of(
        &self,
        file: &str,
        normal: &[String],
        column: &Column,
        name: &str,
        taken: &[usize],
    ) -> Result<Option<usize>, InputError> {
        let wanted = normalise(name);
        let mut places =
            normal.iter().enumerate().filter(|(i, n)| **n == wanted && !n.is_empty() && !taken.contains(i));
        let Some((first, _)) = places.next() else { return Ok(None) };
        let Some((second, _)) = places.next() else { return Ok(Some(first)) };
        let cell = |i: usize| self.cells.get(i).map(|c| shown(c)).unwrap_or_default();
        let found = format!(
            "the header has it twice: \"{}\" (column {}) and \"{}\" (column {})",
            cell(first),
            first.saturating_add(1),
            cell(second),
            second.saturating_add(1)
        );
        Err(InputError::new(file, found, "it once", "remove or rename one of the two columns")
            .at_row(self.row)
            .in_column(column.name))
    }

    fn check_required(&self, file: &str) -> Result<(), InputError> {
        let missing = |(c, place): &(&Column, &Option<usize>)| c.required && place.is_none();
        let Some((column, _)) = self.columns.iter().zip(&self.places).find(missing) else { return Ok(()) };
        let found = format!("the column is missing; {}", self.told());
        let mut expected = format!("a column {}", column.name);
        if !column.aliases.is_empty() {
            expected = format!("{expected} (or one of: {})", column.aliases.join(", "));
        }
        Err(InputError::new(file, found, expected, "add the column, or give it this name in the header")
            .at_row(self.row)
            .in_column(column.name))
    }

    /// The header for a message. A row in which no column is known is rather a first row of data, which no message
    /// may show: it may name a customer.
    fn told(&self) -> String {
        if self.places.iter().flatten().next().is_none() {
            return format!("none of the {} cells of this row is the name of a column that is read", self.cells.len());
        }
        format!("the header is: {}", list(self.cells.iter().map(String::as_str)))
    }

    /// Columns of the header.
    pub(crate) fn width(&self) -> usize {
        self.cells.len()
    }

    /// Where `columns[column]` is.
    #[inline]
    pub(crate) fn place(&self, column: usize) -> Option<usize> {
        self.places.get(column).copied().flatten()
    }

    /// Whether the header cell at `place` is one of the reader's columns.
    pub(crate) fn is_read(&self, place: usize) -> bool {
        self.places.contains(&Some(place))
    }

    /// Where each column of the reader is, in the reader's order.
    #[cfg(feature = "parquet")]
    pub(crate) fn places(&self) -> &[Option<usize>] {
        &self.places
    }

    /// The header's own text for `columns[column]`.
    pub(crate) fn cell_of(&self, column: usize) -> Option<&str> {
        self.cells.get(self.place(column)?).map(String::as_str)
    }

    /// A header cell for a message: its text, or its number where it has none.
    pub(crate) fn label(&self, place: usize) -> String {
        match self.cells.get(place).map(String::as_str) {
            Some(text) if !text.is_empty() => shown(text),
            _ => format!("{} (no name)", place.saturating_add(1)),
        }
    }

    /// `columns[column]` for a message: `quantity`, or `Available (quantity)` where the file calls it otherwise.
    pub(crate) fn column_label(&self, column: usize) -> String {
        let name = self.columns.get(column).map_or("?", |c| c.name);
        match self.cell_of(column) {
            Some(cell) if normalise(cell) != normalise(name) => format!("{} ({name})", shown(cell)),
            _ => name.to_owned(),
        }
    }

    /// "unknown columns not read: color, brand".
    pub(crate) fn unknown_note(&self) -> Option<String> {
        let unknown: Vec<String> = (0..self.cells.len()).filter(|p| !self.is_read(*p)).map(|p| self.label(p)).collect();
        (!unknown.is_empty()).then(|| format!("unknown columns not read: {}", list(unknown.iter().map(String::as_str))))
    }
}

fn names(column: &Column) -> impl Iterator<Item = &'static str> {
    std::iter::once(column.name).chain(column.aliases.iter().copied())
}

/// Letters and digits only, lower case.
fn normalise(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(LISTED);
    let mut text = names.take(LISTED).map(shown).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text = format!("{text} and {more} more");
    }
    text
}
