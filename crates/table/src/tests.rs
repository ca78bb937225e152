//! Tests of the whole crate through its public API (and one internal constructor, for tiny buffers).

mod blocks;
mod csv;
mod fixtures;
mod gather;
#[cfg(feature = "parquet")]
mod parquet;
mod same;
mod xlsx;

use crate::{Column, InputError, Table, TableFacts};

/// A small table as the tests know it.
pub(super) static COLUMNS: [Column; 3] = [
    Column { name: "package_id", aliases: &["Tag", "Metrc Tag"], required: true },
    Column { name: "quantity", aliases: &["Qty", "Available"], required: true },
    Column { name: "note", aliases: &["Notes", "Reason Note"], required: false },
];

/// Rows as (number, cells in the order of the columns).
pub(super) type Rows = Vec<(u64, Vec<String>)>;

/// Every row of a table, and its facts.
pub(super) fn all(mut table: Table, columns: usize) -> Result<(Rows, TableFacts), InputError> {
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        rows.push((row.number(), (0..columns).map(|c| row.get(c).to_owned()).collect()));
    }
    let facts = table.finish()?;
    assert_eq!(facts.rows, rows.len() as u64);
    Ok((rows, facts))
}

pub(super) fn csv(text: impl AsRef<[u8]>) -> Result<(Rows, TableFacts), InputError> {
    let bytes = std::io::Cursor::new(text.as_ref().to_vec());
    all(Table::from_csv_reader(bytes, "pos/t.csv", &COLUMNS)?, 3)
}

/// Rows without numbers, for short comparisons.
pub(super) fn cells(rows: &Rows) -> Vec<Vec<&str>> {
    rows.iter().map(|(_, r)| r.iter().map(String::as_str).collect()).collect()
}

#[test]
fn tables_can_move_to_another_thread() {
    fn send<T: Send>() {}
    send::<Table>();
}
