//! How right trueup is, measured against the truth of simulated stores.
//!
//! Invariants:
//! - The truth is the simulation's; nothing here decides what is right, but for the steps that formats.md names for a
//!   cause.
//! - A figure is printed only with what it was counted from.

mod repairs;
mod score;

pub use score::{Found, Score, disagreements, found_in, judged};
