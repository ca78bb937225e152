//! The client against the simulated Metrc, in this process and on a virtual clock.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod careful;
mod contract;
mod hostile;
mod limits;
mod weather;
mod world;
