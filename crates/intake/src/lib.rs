//! A store folder read into the books: what people export and what the state answers, checked and brought to one
//! measure.
//!
//! Invariants:
//! - All or nothing: the first thing that cannot be used ends the reading with file, row, column, what was expected and
//!   what to do. Nothing half-read is ever compared.
//! - What is read but not compared (merchandise, unknown columns, an older version of a record) is counted and said.
//! - Quantities arrive in the books in the dimension that the state keeps the package in.
//! - The order of rows and the way they are spread over files change nothing.

mod folder;
mod inputs;
mod join;
mod measures;
mod pos_files;
mod pushed;
mod shelf_files;
mod state_files;
mod store_toml;

pub use folder::{Join, Options, Snapshots, Store, read_settings, read_store};
pub use inputs::InputFacts;
pub use pushed::{PUSHED, RowName, Told, net, stock_after, telling_name, tellings};
pub use trueup_table::InputError;
