//! How a database comes to have the schema: numbered steps, forward only, each safe to repeat.
//!
//! A step's text is never changed once released; what a database has been through is written down with the hash of each.

use super::ddl::{comments, for_sqlite, split};
use crate::StoreError;
use crate::schema::ColumnKind;
use crate::sql::{Statement, Tx, ValueRef};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::path::Path;

/// One step.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// From 1.
    pub number: i64,
    /// What for.
    pub name: &'static str,
    /// Statements, in the words of PostgreSQL.
    pub text: &'static str,
}

/// All steps.
pub const STEPS: &[Step] = &[Step { number: 1, name: "books", text: include_str!("migrations/0001_books.sql") }];

const MADE: &str = "CREATE TABLE IF NOT EXISTS schema_step (
  step BIGINT NOT NULL,
  name TEXT NOT NULL,
  content_hash BYTEA NOT NULL,
  applied_at BIGINT NOT NULL,
  PRIMARY KEY (step)
)";
pub(crate) static READ: Statement = Statement::new("SELECT step, content_hash FROM schema_step ORDER BY step", &[]);
pub(crate) static WRITE: Statement = Statement::new(
    "INSERT INTO schema_step (step, name, content_hash, applied_at) VALUES ($1, $2, $3, $4)",
    &[ColumnKind::Integer, ColumnKind::Text, ColumnKind::Bytes, ColumnKind::Integer],
);

/// A transaction, run as the database runs them.
type Run<'r> = dyn FnMut(&mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> + 'r;

/// Brings a file up to date.
pub(crate) fn sqlite(path: &Path, connection: &rusqlite::Connection, now: Timestamp) -> Result<(), StoreError> {
    let count = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let is_ours = Tx::of_connection(connection).has_table("schema_step")?;
    if count.map_err(crate::sql::sqlite_error)? > 0 && !is_ours {
        return Err(StoreError::NotOurs { what: path.display().to_string() });
    }
    let mut run = |work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>| {
        let mut tx = Tx::of_connection(connection);
        tx.batch("BEGIN IMMEDIATE")?;
        match work(&mut tx) {
            Ok(()) => tx.batch("COMMIT"),
            Err(error) => {
                drop(tx.batch("ROLLBACK"));
                Err(error)
            }
        }
    };
    steps(&mut run, STEPS, now)?;
    super::planner::tell_sqlite(connection)
}

/// Brings PostgreSQL up to date.
pub(crate) fn postgres(run: &mut Run<'_>, now: Timestamp) -> Result<(), StoreError> {
    steps(run, STEPS, now)
}

/// Takes the steps that were not taken yet.
pub(crate) fn steps(run: &mut Run<'_>, steps: &[Step], now: Timestamp) -> Result<(), StoreError> {
    let mut taken: Vec<(i64, Vec<u8>)> = Vec::new();
    repeated(run, &mut |tx| {
        if !tx.has_table("schema_step")? {
            run_statement(tx, MADE)?;
        }
        taken.clear();
        tx.cells(&READ, "schema_step", &[], &mut |cells| {
            taken.push((cells.integer(0)?.unwrap_or_default(), cells.bytes(1)?.unwrap_or_default().to_vec()));
            Ok(())
        })
    })?;
    let known = steps.last().map_or(0, |step| step.number);
    if let Some((found, _)) = taken.last().filter(|(found, _)| *found > known) {
        return Err(StoreError::Newer { found: *found, known });
    }
    for step in steps {
        match taken.iter().find(|(number, _)| *number == step.number) {
            Some((_, hash)) if *hash == hash_of(step).as_slice() => {}
            Some(_) => return Err(StoreError::corrupt(format!("schema step {} is not the one we know", step.number))),
            None => repeated(run, &mut |tx| take(tx, step, now))?,
        }
    }
    Ok(())
}

/// Two processes may do it at the same time; the one that comes second finds it done.
fn repeated(run: &mut Run<'_>, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> {
    match run(work) {
        Err(StoreError::Duplicate { .. } | StoreError::Busy) => run(work),
        done => done,
    }
}

fn hash_of(step: &Step) -> [u8; 32] {
    Sha256::digest(step.text.as_bytes()).into()
}

fn take(tx: &mut Tx<'_>, step: &Step, now: Timestamp) -> Result<(), StoreError> {
    let mut is_taken = false;
    tx.cells(&READ, "schema_step", &[], &mut |cells| {
        is_taken |= cells.integer(0)? == Some(step.number);
        Ok(())
    })?;
    if is_taken {
        return Ok(());
    }
    for statement in split(step.text) {
        run_statement(tx, statement)?;
    }
    if tx.is_postgres() && !comments_would_fail(step) {
        tx.batch(&comments())?;
    }
    let hash = hash_of(step);
    let values = [
        ValueRef::Integer(step.number),
        ValueRef::Text(step.name),
        ValueRef::Bytes(&hash),
        ValueRef::Integer(now.as_microsecond()),
    ];
    tx.execute(&WRITE, &values).map(drop)
}

/// Comments are those of the whole schema, which is there after the last step.
fn comments_would_fail(step: &Step) -> bool {
    STEPS.last().is_none_or(|last| last.text != step.text)
}

/// SQLite has no `ADD COLUMN IF NOT EXISTS`: there it is looked for first.
fn run_statement(tx: &mut Tx<'_>, statement: &str) -> Result<(), StoreError> {
    if tx.is_postgres() {
        return tx.batch(statement);
    }
    let words: Vec<&str> =
        statement.lines().filter(|line| !line.starts_with("--")).flat_map(str::split_whitespace).collect();
    if let ["ALTER", "TABLE", table, "ADD", "COLUMN", "IF", "NOT", "EXISTS", column, ..] = words.as_slice() {
        if tx.has_column(table, column)? {
            return Ok(());
        }
        return tx.batch(&for_sqlite(&statement.replace("ADD COLUMN IF NOT EXISTS", "ADD COLUMN")));
    }
    tx.batch(&for_sqlite(statement))
}

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 2] = [&READ, &WRITE];
