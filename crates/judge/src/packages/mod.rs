//! Whole packages: conversions, splits and merges, receiving, packages made or undone in the state, mistyped tags, the
//! baseline, and last the corrections, which settle causes.

mod corrections;
mod mistyped;
mod receiving;
mod repackaging;

use crate::JudgeError;
use crate::balance::Balances;
use crate::findings::Findings;
use crate::read::Store;
use crate::time::{When, day};
use jiff::Timestamp;

/// Judges everything that concerns whole packages, in the order in which one thing presumes another.
pub(crate) fn judge(store: &Store, balances: &Balances, findings: &mut Findings) -> Result<(), JudgeError> {
    baseline(store, findings)?;
    let events = repackaging::pos_events(store, findings)?;
    mistyped::judge(store, balances, findings);
    receiving::judge(store, balances, findings)?;
    repackaging::only_in_pos(store, balances, &events, findings);
    repackaging::only_in_state(store, balances, &events, findings)?;
    repackaging::discontinued(store, balances, findings)?;
    corrections::settle(store, findings);
    Ok(())
}

/// `carried_forward`: "the difference in `baseline.csv`", as given
fn baseline(store: &Store, findings: &mut Findings) -> Result<(), JudgeError> {
    for (tag, written) in &store.baseline {
        let amount = store.state_amount(tag, *written)?;
        if !amount.is_zero() {
            findings.add(tag, "carried_forward", amount, store.config.window_start, &[]);
        }
    }
    Ok(())
}

/// Whether a moment of the state lies in the window; a date counts as its whole day.
fn since_window_start(store: &Store, at: When) -> bool {
    match at.date_only {
        true => at.day(&store.config.zone) >= day(store.config.window_start, &store.config.zone),
        false => at.last() >= store.config.window_start,
    }
}

/// Whether a moment of the POS lies in the window and before its snapshot.
fn in_pos_window(store: &Store, at: Timestamp) -> bool {
    at >= store.config.window_start && at <= store.config.pos_as_of
}
