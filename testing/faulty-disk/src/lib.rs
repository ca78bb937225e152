//! A disk for tests, in memory: it forgets what was not synced when the power is cut, tears what was being written into sectors, fills
//! up, and fails, each at the operation that the test names.
//!
//! `disk` is the model and has no unsafe code; `vfs` makes SQLite use it.
//!
//! What a disk may do at a power cut: keep or lose each write that was not synced, in any order, as a whole or by sectors of 512 bytes;
//! forget that a file was made or removed, where that was not synced. What was synced stays.

mod disk;
mod vfs;

pub use disk::{Disk, Fault, Snapshot};
