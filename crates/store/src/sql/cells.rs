//! Values on their way into a statement, and cells on their way out.

use crate::StoreError;
use crate::schema::{CHECKSUM, Table};
use sha2::{Digest, Sha256};

/// A value of a parameter or a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// 64 bits.
    Integer(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl From<i64> for ValueRef<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<'a> From<&'a str> for ValueRef<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for ValueRef<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl ValueRef<'_> {
    /// Appends the value in the form that is hashed: its kind, its length where it has one, its bytes.
    fn encode(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Null => bytes.push(0),
            Self::Integer(number) => {
                bytes.push(1);
                bytes.extend(number.to_be_bytes());
            }
            Self::Text(text) => encode_long(2, text.as_bytes(), bytes),
            Self::Bytes(long) => encode_long(3, long, bytes),
        }
    }
}

fn encode_long(kind: u8, long: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(kind);
    bytes.extend(u64::try_from(long.len()).unwrap_or(u64::MAX).to_be_bytes());
    bytes.extend(long);
}

/// A row's hash: SHA-256 of the table's name and all values but the checksum, each with its kind and length. `buffer` is working
/// space.
#[must_use]
pub fn row_hash(table: &Table, values: &[ValueRef<'_>], buffer: &mut Vec<u8>) -> [u8; 32] {
    buffer.clear();
    encode_long(2, table.name.as_bytes(), buffer);
    for value in values {
        value.encode(buffer);
    }
    Sha256::digest(buffer).into()
}

/// What is kept of a row's hash beside the row.
#[must_use]
pub fn checksum(hash: [u8; 32]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = hash;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// What is kept of a record's hash beside it.
#[must_use]
pub fn checksum_of<R: crate::schema::Record>(record: &R) -> i64 {
    let mut values = Vec::new();
    record.values(&mut values);
    checksum(row_hash(R::TABLE, &values, &mut Vec::new()))
}

/// The cells of a row that was read.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    row: Row<'a>,
    /// What the row is of, to be told when it is damaged.
    of: &'static str,
}

#[derive(Clone, Copy)]
enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a postgres::Row),
}

impl<'a> Cells<'a> {
    pub(super) const fn sqlite(row: &'a rusqlite::Row<'a>, of: &'static str) -> Self {
        Self { row: Row::Sqlite(row), of }
    }

    pub(super) const fn postgres(row: &'a postgres::Row, of: &'static str) -> Self {
        Self { row: Row::Postgres(row), of }
    }

    /// Whether nothing is there.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if there is no such cell.
    pub fn is_null(&self, place: usize) -> Result<bool, StoreError> {
        match self.row {
            Row::Sqlite(row) => {
                let value = row.get_ref(place).map_err(|_| self.unexpected(place))?;
                Ok(matches!(value, rusqlite::types::ValueRef::Null))
            }
            Row::Postgres(row) => match *row.columns().get(place).ok_or_else(|| self.unexpected(place))?.type_() {
                postgres::types::Type::INT8 => Ok(self.postgres_cell::<i64>(row, place)?.is_none()),
                postgres::types::Type::BYTEA => Ok(self.postgres_cell::<&[u8]>(row, place)?.is_none()),
                _ => Ok(self.postgres_cell::<&str>(row, place)?.is_none()),
            },
        }
    }

    fn postgres_cell<'r, T: postgres::types::FromSql<'r>>(
        &self,
        row: &'r postgres::Row,
        place: usize,
    ) -> Result<Option<T>, StoreError> {
        row.try_get(place).map_err(|_| self.unexpected(place))
    }

    /// An integer.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if something else is there.
    pub fn integer(&self, place: usize) -> Result<Option<i64>, StoreError> {
        match self.row {
            Row::Sqlite(row) => match row.get_ref(place) {
                Ok(rusqlite::types::ValueRef::Integer(number)) => Ok(Some(number)),
                Ok(rusqlite::types::ValueRef::Null) => Ok(None),
                _ => Err(self.unexpected(place)),
            },
            Row::Postgres(row) => self.postgres_cell(row, place),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if something else is there.
    pub fn text(&self, place: usize) -> Result<Option<&'a str>, StoreError> {
        match self.row {
            Row::Sqlite(row) => match row.get_ref(place) {
                Ok(rusqlite::types::ValueRef::Text(text)) => {
                    std::str::from_utf8(text).map(Some).map_err(|_| self.unexpected(place))
                }
                Ok(rusqlite::types::ValueRef::Null) => Ok(None),
                _ => Err(self.unexpected(place)),
            },
            Row::Postgres(row) => self.postgres_cell(row, place),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if something else is there.
    pub fn bytes(&self, place: usize) -> Result<Option<&'a [u8]>, StoreError> {
        match self.row {
            Row::Sqlite(row) => match row.get_ref(place) {
                Ok(rusqlite::types::ValueRef::Blob(bytes)) => Ok(Some(bytes)),
                Ok(rusqlite::types::ValueRef::Null) => Ok(None),
                _ => Err(self.unexpected(place)),
            },
            Row::Postgres(row) => self.postgres_cell(row, place),
        }
    }

    /// That the cell holds what cannot be there.
    #[must_use]
    pub fn unexpected(&self, place: usize) -> StoreError {
        StoreError::Corrupt { what: format!("{}, column {}", self.of, place.saturating_add(1)) }
    }

    /// The row's values as they are, its checksum last, where the table has one.
    pub(crate) fn all(&self, table: &Table, values: &mut Vec<ValueRef<'a>>) -> Result<(), StoreError> {
        use crate::schema::ColumnKind;
        values.clear();
        for (place, kind) in table.column_kinds().enumerate() {
            values.push(match kind {
                ColumnKind::Integer => self.integer(place)?.map_or(ValueRef::Null, ValueRef::Integer),
                ColumnKind::Text => self.text(place)?.map_or(ValueRef::Null, ValueRef::Text),
                ColumnKind::Bytes => self.bytes(place)?.map_or(ValueRef::Null, ValueRef::Bytes),
            });
        }
        Ok(())
    }

    /// Holds the row to its checksum; gives its hash.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] naming the row if they do not fit.
    pub fn check(&self, table: &Table) -> Result<[u8; 32], StoreError> {
        let mut values = Vec::with_capacity(table.columns.len().saturating_add(1));
        self.all(table, &mut values)?;
        let known = if table.has_checksum() { values.pop() } else { None };
        let hash = row_hash(table, &values, &mut Vec::with_capacity(256));
        if known.is_none() || known == Some(ValueRef::Integer(checksum(hash))) {
            return Ok(hash);
        }
        let key: Vec<String> =
            table.key.iter().filter_map(|name| Some(format!("{:?}", values.get(table.place(name)?)?))).collect();
        Err(StoreError::Corrupt { what: format!("{}, row {}: its {CHECKSUM} differs", table.name, key.join(", ")) })
    }
}
