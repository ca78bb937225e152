//! The use cases: what people and the schedule do with the books, without a screen.
//!
//! ```text
//! import   a store folder's records into the books, once
//! records  what is said of a package, as rows, and back
//! desk     one licence while the service runs: pull, look, discrepancies as work
//! sync     repairs: a plan previewed, approved, carried out under guard, seen in the state
//! books    the reconciler's view, from the books
//! ```
//!
//! Invariants:
//! - Business decisions live here and in `reconcile`; the store keeps what it is told.
//! - What was taken in once is known when it comes again: the same folder changes nothing.
//! - The reconciler says the same of what was read from the books as of the records that were taken in.

mod books;
pub mod desk;
mod import;
mod records;
pub mod sync;

pub use books::{ReadError, read_books};
pub use import::{ImportOptions, Imported, Known, import_folder};
