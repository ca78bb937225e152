//! Queued work: what is to be sent, and who may send it.

mod lease;
mod outbox;
mod plan;

pub use lease::{Lease as HeldLease, renew_lease, return_lease, take_lease};
#[cfg(feature = "backup")]
pub(crate) use outbox::OPEN_SUBMISSIONS;
pub use outbox::{attempts, journal, next_in_lanes, open_submissions, submit};
pub use plan::{asked_steps, plan_steps, plans_under_way, plans_undoing, recent_plans, replace_plan, replace_step};

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 9] = [
    &outbox::OPEN_SUBMISSIONS,
    &outbox::ATTEMPTS,
    &outbox::HEADS,
    &outbox::BY_KEY,
    &plan::STEPS,
    &plan::RECENT,
    &plan::UNDER_WAY,
    &plan::UNDOING,
    &plan::ASKED,
];
