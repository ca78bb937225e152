//! Queued work: what is to be sent, and who may send it.

mod lease;
mod outbox;
mod plan;

pub use lease::{Lease as HeldLease, renew_lease, return_lease, take_lease};
#[cfg(feature = "backup")]
pub(crate) use outbox::OPEN_SUBMISSIONS;
pub use outbox::{attempts, journal, next_in_lanes, submit};
pub use plan::{plan_steps, replace_plan, replace_step};

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 5] =
    [&outbox::OPEN_SUBMISSIONS, &outbox::ATTEMPTS, &outbox::HEADS, &outbox::BY_KEY, &plan::STEPS];
