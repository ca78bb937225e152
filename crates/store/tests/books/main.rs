//! The books on SQLite and on a real PostgreSQL: one contract for both, and what is each one's own.
#![expect(clippy::unwrap_used, reason = "tests")]

mod archive;
mod care;
mod contract;
mod corruption;
mod export;
mod kill;
mod postgres;
mod schema;
mod sealed;
mod sqlite;
mod world;
