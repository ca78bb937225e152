//! Pulling until nothing changes: then all of what was read is of one moment.

use super::Client;
use super::failure::Failure;
use super::pull::{Changed, Cursor, List, Pace};
use super::transport::{Clock, Transport};
use jiff::Timestamp;

/// How often a licence is read until nothing changes.
const MOST_ROUNDS: u32 = 8;

/// Everything of a licence as it was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// The moment, by the state's clock.
    pub as_of: Timestamp,
    /// Lists that were read, each proven whole.
    pub lists: u64,
    /// Rows of these.
    pub rows: u64,
    /// Records that were new or had changed.
    pub changed: u64,
    /// Lists that this user or this kind of licence may not read.
    pub not_permitted: Vec<List>,
    /// Names of fields that this crate does not know.
    pub unknown_fields: Vec<String>,
}

/// Why there is no such moment.
#[derive(Debug)]
pub enum Restless {
    /// The state did not answer.
    Failed(Failure),
    /// Something changed during each of so many readings.
    Changing(u32),
}

impl<T: Transport, C: Clock> Client<T, C> {
    /// Pulls what changed since `cursor`, again and again until nothing did meanwhile.
    ///
    /// # Errors
    /// [`Restless`]. What was given to `sink` until then is not of one moment.
    pub async fn pull_until_quiet(
        &self,
        licence: &str,
        pace: Pace,
        cursor: &mut Cursor,
        sink: &mut (dyn FnMut(Changed) + Send),
    ) -> Result<Quiet, Restless> {
        let mut quiet = Quiet {
            as_of: Timestamp::MIN,
            lists: 0,
            rows: 0,
            changed: 0,
            not_permitted: Vec::new(),
            unknown_fields: Vec::new(),
        };
        for _ in 0..MOST_ROUNDS {
            let mut changed = 0;
            let mut count = |it| {
                changed += 1;
                sink(it);
            };
            let report = self.pull(licence, pace, cursor, &mut count).await.map_err(Restless::Failed)?;
            quiet.lists += u64::try_from(report.proofs.len()).unwrap_or(u64::MAX);
            quiet.rows += report.proofs.iter().map(|proof| proof.rows).sum::<u64>();
            quiet.changed += changed;
            quiet.not_permitted = report.not_permitted;
            quiet.unknown_fields.extend(report.unknown_fields);
            if changed == 0 {
                quiet.as_of = report.as_of;
                return Ok(quiet);
            }
        }
        Err(Restless::Changing(MOST_ROUNDS))
    }
}
