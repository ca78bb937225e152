//! All of it into another database, row by row as it is, and proof that nothing differs.

use super::fingerprint::{Fingerprint, fingerprint};
use crate::schema::{ColumnKind, Installation, TABLES, Table};
use crate::sql::{OnConflict, Statement, Store, Tx, ValueRef};
use crate::{StoreError, installation};
use std::sync::Arc;

pub(super) static INSTALLATION: Statement = Statement::new(
    "UPDATE installation SET installation_id = $1, epoch = $2, created_at = $3, restored_at = $4, checksum = $5 WHERE single = 1",
    &[ColumnKind::Text, ColumnKind::Integer, ColumnKind::Integer, ColumnKind::Integer, ColumnKind::Integer],
);

/// Rows that are written in one transaction.
const ROWS_AT_ONCE: usize = 5_000;

/// A value of its own.
enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Text(text) => Self::Text(text.to_owned()),
            ValueRef::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }

    fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Bytes(bytes) => ValueRef::Bytes(bytes),
        }
    }
}

/// Copies the books of one store into another, which is empty, and proves it: rows and their hashes are equal in every table, so
/// balances and the roots of logs are. `progress` is told the table and the rows that were copied so far.
///
/// # Errors
/// [`StoreError::Refused`] if the target has books already, or differs in the end; those of both databases.
pub fn copy(from: &Store, to: &Store, progress: &mut dyn FnMut(&str, u64)) -> Result<Fingerprint, StoreError> {
    let there = to.read(fingerprint)?;
    if there.tables.iter().any(|(name, (rows, _))| *name != "installation" && *rows > 0) {
        return Err(StoreError::refused(
            "there are books in the target already; nothing was copied. Give an empty one",
        ));
    }
    let copied = from.read(|tx| {
        let name = installation(tx)?.ok_or_else(|| StoreError::corrupt("the installation's row is missing"))?;
        take_name(to, name)?;
        let mut found = Fingerprint::default();
        let mut done = 0_u64;
        for table in TABLES.iter().copied() {
            found.tables.entry(table.name).or_default();
            let mut rows = Rows { to, table, values: Vec::new(), count: 0 };
            tx.scan(table, &mut |cells| {
                let mut values = Vec::new();
                found.add(table, cells.check(table)?);
                if table.name == "installation" {
                    return Ok(());
                }
                cells.all(table, &mut values)?;
                rows.values.extend(values.into_iter().map(Value::of));
                rows.count += 1;
                done += 1;
                if rows.count == ROWS_AT_ONCE {
                    rows.write()?;
                    progress(table.name, done);
                }
                Ok(())
            })?;
            rows.write()?;
            progress(table.name, done);
        }
        Ok(found)
    })?;
    let there = to.read(fingerprint)?;
    match copied.differences(&there).as_slice() {
        [] => Ok(copied),
        tables => Err(StoreError::refused(format!(
            "the copy differs in {}; use the old database, and remove the new one",
            tables.join(", ")
        ))),
    }
}

/// Rows on their way.
struct Rows<'s> {
    to: &'s Store,
    table: &'static Table,
    values: Vec<Value>,
    count: usize,
}

impl Rows<'_> {
    fn write(&mut self) -> Result<(), StoreError> {
        let values = Arc::new(std::mem::take(&mut self.values));
        self.count = 0;
        let table = self.table;
        self.to.write(move |tx| {
            let values: Vec<ValueRef<'_>> = values.iter().map(Value::as_ref).collect();
            let width = table.columns.len() + usize::from(table.has_checksum());
            for some in values.chunks(width * 500) {
                tx.insert_values(table, OnConflict::Fail, some)?;
            }
            Ok(())
        })
    }
}

/// The target is the same installation from now on.
fn take_name(to: &Store, name: Installation) -> Result<(), StoreError> {
    to.write(move |tx| set_installation(tx, &name))
}

/// Writes the installation's row.
pub(super) fn set_installation(tx: &mut Tx<'_>, row: &Installation) -> Result<(), StoreError> {
    let sum = crate::sql::checksum_of(row);
    let moment = |moment: jiff::Timestamp| ValueRef::Integer(moment.as_microsecond());
    let values = [
        ValueRef::Text(&row.installation_id),
        ValueRef::Integer(row.epoch),
        moment(row.created_at),
        row.restored_at.map_or(ValueRef::Null, moment),
        ValueRef::Integer(sum),
    ];
    tx.execute(&INSTALLATION, &values).map(drop)
}
