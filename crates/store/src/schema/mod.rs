//! What is kept: the tables, and how a database comes to have them.

pub(crate) mod ddl;
pub(crate) mod migrate;
mod planner;
mod table;
mod tables;

pub use ddl::{grants, schema_text};
pub use migrate::{STEPS, Step};
pub use table::{CHECKSUM, Cell, Column, ColumnKind, Record, Reference, Table, TableKind};
pub use tables::*;

use crate::sql::TableStatements;
use std::sync::LazyLock;

static STATEMENTS: LazyLock<rustc_hash::FxHashMap<&'static str, TableStatements>> =
    LazyLock::new(|| TABLES.iter().map(|table| (table.name, TableStatements::of(table))).collect());

/// The statements of a table.
///
/// # Panics
/// Never: every table is in [`TABLES`].
#[must_use]
pub fn statements(table: &Table) -> &'static TableStatements {
    &STATEMENTS[table.name]
}
