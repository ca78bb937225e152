//! A transaction on either database.

use super::cells::{Cells, ValueRef, checksum, row_hash};
use super::statement::{OnConflict, Prepared, Query, Statement, Text2};
use super::{postgres, sqlite};
use crate::StoreError;
use crate::schema::{ColumnKind, Record, Table, TableKind, statements};

/// A transaction. What it reads is one moment's; what it writes is there as a whole or not at all.
///
/// The work that is given one may be run again, so it does nothing outside the database.
pub struct Tx<'t> {
    inner: Inner<'t>,
    /// An audited table was changed, and no entry says so yet.
    owes: Option<&'static str>,
    /// Heads of logs as this transaction leaves them.
    heads: Vec<Head>,
}

/// Where a licence's log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The licence.
    pub license: String,
    /// Entries.
    pub size: u64,
    /// The root.
    pub root: [u8; 32],
}

enum Inner<'t> {
    Sqlite(&'t rusqlite::Connection),
    Postgres(&'t mut postgres::Link),
}

/// Rows that PostgreSQL is sent at a time.
const ROWS_AT_ONCE: usize = 1_000;

impl<'t> Tx<'t> {
    /// On a connection that is in a transaction, or begins one itself.
    pub(crate) const fn of_connection(connection: &'t rusqlite::Connection) -> Self {
        Self::sqlite(connection)
    }

    /// Whether there is a table.
    pub(crate) fn has_table(&mut self, table: &str) -> Result<bool, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => connection.table_exists(None, table).map_err(sqlite::error),
            Inner::Postgres(link) => link.has_table(table),
        }
    }

    /// Whether a table has a column; SQLite only.
    pub(crate) fn has_column(&mut self, table: &str, column: &str) -> Result<bool, StoreError> {
        match &self.inner {
            Inner::Sqlite(connection) => connection.column_exists(None, table, column).map_err(sqlite::error),
            Inner::Postgres(_) => Err(StoreError::fault("columns are looked for in SQLite only")),
        }
    }

    pub(super) const fn sqlite(connection: &'t rusqlite::Connection) -> Self {
        Self { inner: Inner::Sqlite(connection), owes: None, heads: Vec::new() }
    }

    pub(super) const fn postgres(link: &'t mut postgres::Link) -> Self {
        Self { inner: Inner::Postgres(link), owes: None, heads: Vec::new() }
    }

    /// What has to be so before it may be committed.
    pub(super) fn end(self) -> Result<Vec<Head>, StoreError> {
        match self.owes {
            Some(table) => Err(StoreError::Unaudited { table }),
            None => Ok(self.heads),
        }
    }

    /// An entry was written that says what was changed.
    pub(crate) fn audited(&mut self, head: Head) {
        self.owes = None;
        self.heads.push(head);
    }

    /// Calls `each` with every row of a statement.
    ///
    /// # Errors
    /// Those of the database and of `each`.
    pub fn cells(
        &mut self,
        statement: &dyn Prepared,
        of: &'static str,
        parameters: &[ValueRef<'_>],
        each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.cells_of(statement.text(), statement.parameters(), of, parameters, each)
    }

    fn cells_of(
        &mut self,
        text: &Text2,
        kinds: &[ColumnKind],
        of: &'static str,
        parameters: &[ValueRef<'_>],
        each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => sqlite::cells(connection, &text.sqlite, of, parameters, each),
            Inner::Postgres(link) => postgres::cells(link, &text.postgres, (kinds, parameters), of, each),
        }
    }

    /// Calls `each` with every row of a query, each held to its checksum.
    ///
    /// # Errors
    /// Those of the database and of `each`; [`StoreError::Corrupt`] for a damaged row.
    pub fn each<R: Record>(
        &mut self,
        query: &Query<R>,
        parameters: &[ValueRef<'_>],
        each: &mut dyn FnMut(R) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.each_of(query, parameters, each)
    }

    /// The rows that a statement gives, which are whole rows of a table.
    pub(crate) fn rows_of<R: Record>(
        &mut self,
        statement: &dyn Prepared,
        parameters: &[ValueRef<'_>],
    ) -> Result<Vec<R>, StoreError> {
        let mut rows = Vec::new();
        self.each_of(statement, parameters, &mut |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    fn each_of<R: Record>(
        &mut self,
        statement: &dyn Prepared,
        parameters: &[ValueRef<'_>],
        each: &mut dyn FnMut(R) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.cells(statement, R::TABLE.name, parameters, &mut |cells| {
            cells.check(R::TABLE)?;
            each(R::read(cells)?)
        })
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn rows<R: Record>(&mut self, query: &Query<R>, parameters: &[ValueRef<'_>]) -> Result<Vec<R>, StoreError> {
        self.rows_of(query, parameters)
    }

    /// The row of a primary key.
    ///
    /// # Errors
    /// As [`Self::each`].
    pub fn get<R: Record>(&mut self, key: &[ValueRef<'_>]) -> Result<Option<R>, StoreError> {
        let statements = statements(R::TABLE);
        let mut found = None;
        self.cells_of(&statements.get, &statements.key_kinds, R::TABLE.name, key, &mut |cells| {
            cells.check(R::TABLE)?;
            found = Some(R::read(cells)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// Calls `each` with every row of a table as it is, in the order of the key.
    ///
    /// # Errors
    /// Those of the database and of `each`.
    pub fn scan(
        &mut self,
        table: &'static Table,
        each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.cells_of(&statements(table).scan, &[], table.name, &[], each)
    }

    /// Calls `each` with a licence's facts of a table after one number up to another, as they are.
    pub(crate) fn range(
        &mut self,
        range: &Text2,
        table: &'static Table,
        parameters: &[ValueRef<'_>],
        each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let kinds = [ColumnKind::Text, ColumnKind::Integer, ColumnKind::Integer];
        self.cells_of(range, &kinds, table.name, parameters, each)
    }

    /// Calls `each` with a table's rows about one package, as they are.
    #[cfg(feature = "archive")]
    pub(crate) fn cells_of_package(
        &mut self,
        read: &Text2,
        of: &'static str,
        package: &[ValueRef<'_>],
        each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.cells_of(read, &[ColumnKind::Text; 2], of, package, each)
    }

    /// Removes a table's rows about one package, which nothing else in the program may do.
    #[cfg(feature = "archive")]
    pub(crate) fn remove_of_package(&mut self, remove: &Text2, package: &[ValueRef<'_>]) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => sqlite::remove(connection, &remove.sqlite, package),
            Inner::Postgres(link) => postgres::execute(link, &remove.postgres, &[ColumnKind::Text; 2], package),
        }
        .map(drop)
    }

    /// What the database itself finds wrong with its pages and indexes. PostgreSQL has `pg_amcheck` for that.
    pub(crate) fn own_check(&mut self) -> Result<(), StoreError> {
        let Inner::Sqlite(connection) = &self.inner else { return Ok(()) };
        for check in ["PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"] {
            let mut statement = connection.prepare(check).map_err(sqlite::error)?;
            let mut rows = statement.query([]).map_err(sqlite::error)?;
            while let Some(row) = rows.next().map_err(sqlite::error)? {
                let found: String = row.get(0).map_err(sqlite::error)?;
                if found != "ok" {
                    return Err(StoreError::corrupt(found));
                }
            }
        }
        Ok(())
    }

    /// The one integer of a statement's first row; nothing if there is none.
    ///
    /// # Errors
    /// Those of the database.
    pub fn integer(&mut self, statement: &Statement, parameters: &[ValueRef<'_>]) -> Result<Option<i64>, StoreError> {
        let mut found = None;
        self.cells(statement, "a statement", parameters, &mut |cells| {
            found = cells.integer(0)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs a statement that changes; gives the number of rows.
    ///
    /// # Errors
    /// Those of the database.
    pub fn execute(&mut self, statement: &Statement, parameters: &[ValueRef<'_>]) -> Result<u64, StoreError> {
        self.execute_text(statement.text(), statement.parameters(), parameters)
    }

    fn execute_text(
        &mut self,
        text: &Text2,
        kinds: &[ColumnKind],
        parameters: &[ValueRef<'_>],
    ) -> Result<u64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => sqlite::execute(connection, &text.sqlite, parameters),
            Inner::Postgres(link) => postgres::execute(link, &text.postgres, kinds, parameters),
        }
    }

    /// Runs text that has no parameters, of which both databases understand the same.
    pub(crate) fn batch(&mut self, text: &str) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => connection.execute_batch(text).map_err(sqlite::error),
            Inner::Postgres(link) => link.batch(text),
        }
    }

    /// Whether this is PostgreSQL.
    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if one is there already.
    pub fn insert<R: Record>(&mut self, rows: &[R]) -> Result<(), StoreError> {
        self.insert_hashed(rows, OnConflict::Fail).map(drop)
    }

    /// Adds rows that are not there yet; gives how many were added.
    ///
    /// # Errors
    /// Those of the database.
    pub fn insert_new<R: Record>(&mut self, rows: &[R]) -> Result<u64, StoreError> {
        self.insert_hashed(rows, OnConflict::Keep).map(|(added, _)| added)
    }

    /// Adds to derived rows.
    pub(crate) fn add<R: Record>(&mut self, rows: &[R]) -> Result<(), StoreError> {
        self.insert_hashed(rows, OnConflict::Add).map(drop)
    }

    /// Adds rows; gives how many were added, and the hash of each.
    pub(crate) fn insert_hashed<R: Record>(
        &mut self,
        rows: &[R],
        conflict: OnConflict,
    ) -> Result<(u64, Vec<[u8; 32]>), StoreError> {
        let mut added = 0_u64;
        let mut hashes = Vec::with_capacity(rows.len());
        let mut buffer = Vec::with_capacity(512);
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let mut values: Vec<ValueRef<'_>> = Vec::with_capacity(rows.len() * (R::TABLE.columns.len() + 1));
            for row in rows {
                let first = values.len();
                row.values(&mut values);
                let own = values.get(first..).unwrap_or_default();
                let hash = row_hash(R::TABLE, own, &mut buffer);
                if R::TABLE.has_checksum() {
                    values.push(ValueRef::Integer(checksum(hash)));
                }
                hashes.push(hash);
            }
            added += self.insert_values(R::TABLE, conflict, &values)?;
        }
        self.owe(R::TABLE, added > 0);
        Ok((added, hashes))
    }

    /// Rows as they are, checksums included, one after the other.
    pub(crate) fn insert_values(
        &mut self,
        table: &'static Table,
        conflict: OnConflict,
        values: &[ValueRef<'_>],
    ) -> Result<u64, StoreError> {
        if values.is_empty() {
            return Ok(0);
        }
        let statements = statements(table);
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                sqlite::insert(connection, &statements.insert(conflict).sqlite, statements.kinds.len(), values)
            }
            Inner::Postgres(link) if values.len() == statements.kinds.len() => {
                postgres::execute(link, &statements.insert(conflict).postgres, &statements.kinds, values)
            }
            Inner::Postgres(link) => {
                postgres::insert_arrays(link, statements.insert_arrays(conflict), &statements.kinds, values)
            }
        }
        .map_err(|error| match error {
            StoreError::Duplicate { what } => StoreError::Duplicate { what: format!("{}: {what}", table.name) },
            StoreError::Missing { what } => StoreError::Missing { what: format!("{}: {what}", table.name) },
            other => other,
        })
    }

    /// Replaces a row by its next version: `row.version` is one more than the version that is there.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another version is there by now.
    pub fn replace<R: Record>(&mut self, row: &R) -> Result<(), StoreError> {
        let table = R::TABLE;
        let mut values = Vec::with_capacity(table.columns.len() + 4);
        row.values(&mut values);
        let version = table.place("version").and_then(|place| values.get(place).copied());
        let Some(ValueRef::Integer(version)) = version else {
            return Err(StoreError::fault(format!("{} has no versions", table.name)));
        };
        let hash = row_hash(table, &values, &mut Vec::with_capacity(512));
        values.push(ValueRef::Integer(checksum(hash)));
        let key: Vec<ValueRef<'_>> =
            table.key.iter().filter_map(|name| values.get(table.place(name)?).copied()).collect();
        let named = format!("{} {key:?}", table.name);
        values.extend(key);
        values.push(ValueRef::Integer(version.saturating_sub(1)));
        let statements = statements(table);
        let Some(text) = &statements.replace else {
            return Err(StoreError::AppendOnly { what: table.name.to_owned() });
        };
        let kinds: Vec<ColumnKind> =
            statements.kinds.iter().chain(&statements.key_kinds).copied().chain([ColumnKind::Integer]).collect();
        if self.execute_text(text, &kinds, &values)? == 0 {
            return Err(StoreError::Conflict { what: named });
        }
        self.owe(table, true);
        Ok(())
    }

    fn owe(&mut self, table: &'static Table, changed: bool) {
        if changed && table.audited {
            self.owes = Some(table.name);
        }
    }

    /// Does something that is undone if it fails or says so; what was before it in the transaction stays.
    ///
    /// # Errors
    /// Those of the work, and of the database.
    pub fn savepoint<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<Step<T>, StoreError>,
    ) -> Result<T, StoreError> {
        self.batch("SAVEPOINT step")?;
        let owed = self.owes;
        let heads = self.heads.len();
        let (undo, answer) = match work(self) {
            Ok(Step::Keep(answer)) => (false, Ok(answer)),
            Ok(Step::Undo(answer)) => (true, Ok(answer)),
            Err(error) => (true, Err(error)),
        };
        if undo {
            self.owes = owed;
            self.heads.truncate(heads);
            // If even this fails the transaction is lost, and its commit will say so.
            self.batch("ROLLBACK TO step")?;
        }
        self.batch("RELEASE step")?;
        answer
    }
}

/// What is to become of a step.
#[derive(Debug)]
pub enum Step<T> {
    /// It stays.
    Keep(T),
    /// It is undone.
    Undo(T),
}

impl Table {
    /// Whether the table is one of those that nothing is ever deleted from or edited in.
    #[must_use]
    pub const fn may_be_edited(&self) -> bool {
        matches!(self.kind, TableKind::State | TableKind::Derived | TableKind::Reference)
    }
}
