//! One text of statements for two databases: values, cells, statements, and the transaction that runs them.
//!
//! Statements are written with `$1`; SQLite gets `?1`. What they may use is what both have: `ON CONFLICT`, `RETURNING`, common
//! table expressions, window functions. Reads that change something compare and set; nothing is locked.

mod cells;
mod engine;
mod postgres;
mod sqlite;
mod statement;
mod tx;

pub(crate) use cells::checksum_of;
pub(crate) use cells::row_hash;
pub use cells::{Cells, ValueRef};
pub use engine::{Location, OpenOptions, Store};
#[cfg(feature = "backup")]
pub(crate) use sqlite::lock;
pub use sqlite::{Durability, SqliteOptions};
pub(crate) use sqlite::{beside, error as sqlite_error};
pub(crate) use statement::OnConflict;
pub use statement::{Prepared, Query, Statement, TableStatements};
pub use tx::Tx;
pub(crate) use tx::{Head, Step};
