//! The desk over a store's simulated life: pulled, compared, kept, repaired.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod sync;
mod watch;
mod world;
