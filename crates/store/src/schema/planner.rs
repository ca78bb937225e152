//! What SQLite's planner is told of the tables.
//!
//! A licence has millions of facts and a package has some dozens. Without statistics SQLite takes both for alike and reads the whole
//! licence where one package was asked for; with those of `ANALYZE` its plans would hang on the moment at which it was run. So the
//! statistics are the ones that books have after years, written down once (SQLite's documentation of `sqlite_stat1` allows that), and
//! plans are the same everywhere. PostgreSQL gathers its own.

use crate::StoreError;
use crate::sql::sqlite_error;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// Rows of a table, all of one licence.
const ROWS: u64 = 1_000_000;
/// Rows that the columns between the licence and the last one of a key leave.
const SOME: u64 = 100;

/// Table, index (the table's own name for its primary key), statistics: all rows, then those that each further column leaves.
type Row = (String, String, String);

/// Tells the planner, unless it was told.
pub(super) fn tell_sqlite(connection: &Connection) -> Result<(), StoreError> {
    let wanted = statistics(connection)?;
    if there(connection)? == wanted {
        return Ok(());
    }
    // Makes the table, and gathers what is in it by now.
    connection
        .execute_batch("BEGIN IMMEDIATE; ANALYZE sqlite_schema; DELETE FROM sqlite_stat1")
        .map_err(sqlite_error)?;
    for (table, index, statistics) in &wanted {
        let insert = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)";
        connection.execute(insert, params![table, index, statistics]).map_err(sqlite_error)?;
    }
    // Read again by this connection; others read it when they are opened.
    connection.execute_batch("COMMIT; ANALYZE sqlite_schema").map_err(sqlite_error)
}

fn there(connection: &Connection) -> Result<BTreeSet<Row>, StoreError> {
    if !connection.table_exists(None, "sqlite_stat1").map_err(sqlite_error)? {
        return Ok(BTreeSet::new());
    }
    match rows(connection, "SELECT tbl, coalesce(idx, ''), stat FROM sqlite_stat1") {
        // What is damaged here is only advice: it is written anew.
        Err(StoreError::Corrupt { what }) if what == UNREADABLE => Ok(BTreeSet::new()),
        read => read,
    }
}

/// What a cell holds is not what it is declared to hold.
const UNREADABLE: &str = "a cell of the schema or of the planner's statistics";

fn rows(connection: &Connection, text: &str) -> Result<BTreeSet<Row>, StoreError> {
    let mut statement = connection.prepare(text).map_err(sqlite_error)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(sqlite_error)?;
    rows.collect::<Result<_, _>>().map_err(|error| match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::Utf8Error(..) => StoreError::corrupt(UNREADABLE),
        error => sqlite_error(error),
    })
}

fn statistics(connection: &Connection) -> Result<BTreeSet<Row>, StoreError> {
    let all = rows(
        connection,
        "SELECT m.name, CASE i.origin WHEN 'pk' THEN m.name ELSE i.name END, i.\"unique\" || ' ' || count(*)
         FROM sqlite_schema AS m, pragma_index_list(m.name) AS i, pragma_index_info(i.name) AS c
         WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name, i.name",
    )?;
    let of_index = |(table, index, shape): Row| {
        let (unique, columns) = shape.split_once(' ').unwrap_or_default();
        let columns: usize = columns.parse().unwrap_or_default();
        let left = (1..=columns).map(|column| match (column, unique) {
            (column, "1") if column == columns => 1,
            (1, _) => ROWS,
            _ => SOME,
        });
        let words: Vec<String> = std::iter::once(ROWS).chain(left).map(|rows| rows.to_string()).collect();
        (table, index, words.join(" "))
    };
    Ok(all.into_iter().map(of_index).collect())
}
