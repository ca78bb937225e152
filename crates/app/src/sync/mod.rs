//! Repairing what differs: previewed, approved, carried out under guard, seen in the state.
//!
//! ```text
//! propose   the plans of chosen packages as one plan: what is ours to do, what is done by hand and where
//! outcome   why a step was not taken
//! receipts  what is to stand on receipts of the state
//! worksheet what people were asked to do, until it is seen
//! apply     carries out exactly that plan, step by step: fresh value = guard? journal, send once, look, journal
//! ```
//!
//! - Nothing is sent that was not in a plan whose hash was approved.
//! - A step whose package is not as the preview saw it is refused, and so is what follows it on that package.
//! - What was sent and not seen is *unknown*: it is not sent again, nothing else is sent for its packages, and a person who looked in
//!   the state settles it.

mod apply;
mod outcome;
mod propose;
mod receipts;
mod steps;
mod worksheet;

pub use apply::{Applied, Orders, SyncError, apply, approve, check_orders, recover, settle_unknown};
pub use outcome::why_not;
pub use propose::{Asked, Proposed, is_current, propose, propose_undo, read_plan};
pub use receipts::{LineChange, SoldLine};
pub use steps::{Doer, StepBody};
pub use worksheet::tick_off;
