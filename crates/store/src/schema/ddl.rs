//! The definitions as text, in the words of PostgreSQL; SQLite's follow from it.

use super::table::{CHECKSUM, Column, ColumnKind, Table};
use super::tables::TABLES;
use std::fmt::Write as _;

/// The whole schema. The sum of the migrations is this.
#[must_use]
pub fn schema_text() -> String {
    TABLES.iter().map(|table| table_text(table)).collect()
}

/// What one table and its indexes are made with. Safe to run again.
fn table_text(table: &Table) -> String {
    let mut text = format!("-- {}\nCREATE TABLE IF NOT EXISTS {} (\n", table.about.trim(), table.name);
    let sum = Column {
        name: CHECKSUM,
        kind: ColumnKind::Integer,
        nullable: false,
        about: "First 64 bits of the row's SHA-256.",
    };
    for column in table.columns.iter().chain(table.has_checksum().then_some(&sum)) {
        let null = if column.nullable { "" } else { " NOT NULL" };
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  {} {}{null}, -- {}", column.name, column.kind.name(), column.about.trim());
    }
    let _ = write!(text, "  PRIMARY KEY ({})", table.key.join(", "));
    for unique in table.unique {
        let _ = write!(text, ",\n  UNIQUE ({})", unique.join(", "));
    }
    for reference in table.references {
        let columns = reference.columns.join(", ");
        let _ = write!(text, ",\n  FOREIGN KEY ({columns}) REFERENCES {} ({columns})", reference.table);
    }
    text.push_str("\n);\n\n");
    for index in table.indexes {
        let by: Vec<&str> = index.iter().skip(1).copied().collect();
        let name = format!("{}_by_{}", table.name, by.join("_"));
        let _ = writeln!(text, "CREATE INDEX IF NOT EXISTS {name} ON {} ({});\n", table.name, index.join(", "));
    }
    text
}

/// One statement as SQLite reads it. Tables are kept in the order of their keys, and take no value of another type.
pub(crate) fn for_sqlite(statement: &str) -> String {
    let text = statement.replace(" BIGINT", " INTEGER").replace(" BYTEA", " BLOB");
    if text.contains("CREATE TABLE") { format!("{text} STRICT, WITHOUT ROWID") } else { text }
}

/// The statements of a text: each ends with `;` at the end of a line.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty())
}

/// What every table and column means, for people who look into PostgreSQL.
pub(crate) fn comments() -> String {
    let quoted = |text: &str| text.trim().replace('\'', "''");
    let mut text = String::new();
    for table in TABLES {
        let _ = writeln!(text, "COMMENT ON TABLE {} IS '{}';", table.name, quoted(table.about));
        for column in table.columns {
            let _ = writeln!(text, "COMMENT ON COLUMN {}.{} IS '{}';", table.name, column.name, quoted(column.about));
        }
    }
    text
}

/// What a role needs in PostgreSQL that works with the books and does not own them: it may add facts and cannot edit them.
#[must_use]
pub fn grants(role: &str) -> String {
    let mut text = format!("GRANT USAGE ON SCHEMA public TO {role};\nGRANT SELECT ON schema_step TO {role};\n");
    for table in TABLES {
        let rights = if table.may_be_edited() { "SELECT, INSERT, UPDATE" } else { "SELECT, INSERT" };
        let _ = writeln!(text, "GRANT {rights} ON {} TO {role};", table.name);
    }
    text
}
