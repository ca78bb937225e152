//! Tables as people export them: CSV, CSV packed with zstd, XLSX and (feature `parquet`) Parquet, row by row.
//!
//! What holds for every format:
//!
//! - **Text is exact.** A cell is the text the file has; a number never goes through a float. `00012`, `0.10` and
//!   `1.23E+15` come out as they are, and whoever reads the column judges them. (A number of an XLSX comes out as Excel
//!   shows it, to 15 digits: the file has `16.100000000000001` for 16.1. Parquet floats were floats in the file already;
//!   they are printed as the shortest decimal that reads back the same.) Booleans of XLSX and Parquet are `TRUE` and
//!   `FALSE`, as a spreadsheet shows them.
//! - **Nothing is guessed.** Ragged rows, unclosed quotes, NUL bytes, text that is not UTF-8, a column that is there
//!   twice or not at all: an [`InputError`] names file, row and column, what is there, what should be, what to do.
//! - **Nothing is unbounded.** Memory and time depend on [`limits`], not on what a file claims of itself.
//! - **The same input gives the same answer.** Files are sorted by name; notes come in a fixed order.
//!
//! ```
//! use trueup_table::{Column, Table};
//!
//! static COLUMNS: [Column; 2] = [
//!     Column { name: "sku", aliases: &["productSku"], required: true },
//!     Column { name: "quantity", aliases: &["Qty", "Available"], required: true },
//! ];
//! let csv = "SKU,Available\n00012,3.50\n";
//! let mut table = Table::from_csv_reader(csv.as_bytes(), "pos/inventory.csv", &COLUMNS)?;
//! while let Some(row) = table.next_row()? {
//!     assert_eq!((row.number(), row.get(0), row.get(1)), (2, "00012", "3.50"));
//! }
//! assert_eq!(table.finish()?.rows, 1);
//! # Ok::<(), trueup_table::InputError>(())
//! ```

mod blocks;
mod csv;
mod error;
mod find;
mod hash;
mod header;
pub mod limits;
#[cfg(feature = "parquet")]
mod parquet;
mod table;
#[cfg(test)]
mod tests;
mod xlsx;

pub use blocks::{Block, Blocks, NotPlain, PlainRow, SingleRows};
pub use error::{InputError, from_io, quoted};
pub use find::{find, find_all};
pub use hash::HashingReader;
pub use header::Column;
#[cfg(feature = "parquet")]
pub use parquet::is_guarded;
pub use table::{Row, Table, TableFacts, open_file};
