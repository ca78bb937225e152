//! The outbox: what is to have one effect in the state's system, and the journal of what was done about it.
//!
//! A submission is journalled before its first byte is sent. One that was journalled and has no answer is *unknown*, and only a look
//! at the state ends that.

use super::lease::Lease;
use crate::audit::Draft;
use crate::ledger::{Batch, append};
use crate::schema::{Attempt, ColumnKind::Integer as I, ColumnKind::Text as T, Submission};
use crate::sql::{Query, Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;

/// States in which nothing more is to be done.
const CLOSED: [&str; 3] = ["verified", "rejected", "dropped"];

/// All that are not closed.
pub(crate) static OPEN_SUBMISSIONS: Query<Submission> = Query::new(
    "WHERE license_id = $1 AND state NOT IN ('verified', 'rejected', 'dropped') ORDER BY lane, position",
    &[T],
);
pub(super) static ATTEMPTS: Query<Attempt> =
    Query::new("WHERE license_id = $1 AND submission_id = $2 ORDER BY seq", &[T, T]);
pub(super) static BY_KEY: Query<Submission> = Query::new("WHERE license_id = $1 AND natural_key = $2", &[T, T]);
/// The first open one of each lane: those behind it wait.
pub(super) static HEADS: Query<Submission> = Query::new(
    "AS s WHERE license_id = $1 AND state NOT IN ('verified', 'rejected', 'dropped') AND not_before <= $2 AND NOT EXISTS (
       SELECT 1 FROM submission AS earlier
       WHERE earlier.license_id = s.license_id AND earlier.lane = s.lane AND earlier.position < s.position
         AND earlier.state NOT IN ('verified', 'rejected', 'dropped'))
     ORDER BY due_at, created_at, submission_id",
    &[T, I],
);

/// Queues a submission; one of the same natural key and body is queued once. Gives the one that is there.
///
/// # Errors
/// [`StoreError::KeyReused`] if the key is that of another body; those of the database.
pub fn submit(tx: &mut Tx<'_>, submission: &Submission, draft: &Draft) -> Result<Submission, StoreError> {
    let key = [ValueRef::Text(&submission.license_id), ValueRef::Text(&submission.natural_key)];
    if let Some(there) = tx.rows(&BY_KEY, &key)?.into_iter().next() {
        let same = there.body_hash == submission.body_hash && there.operation == submission.operation;
        return if same { Ok(there) } else { Err(StoreError::KeyReused { key: submission.natural_key.to_string() }) };
    }
    tx.insert(std::slice::from_ref(submission))?;
    crate::audit::record(tx, &submission.license_id, submission.created_at, draft)?;
    Ok(submission.clone())
}

/// What may be done next: the first open submission of each lane, those that are due by law first.
///
/// # Errors
/// Those of the database.
pub fn next_in_lanes(tx: &mut Tx<'_>, license: &str, now: Timestamp) -> Result<Vec<Submission>, StoreError> {
    tx.rows(&HEADS, &[ValueRef::Text(license), ValueRef::Integer(now.as_microsecond())])
}

/// Submissions that are not closed, lane by lane.
///
/// # Errors
/// Those of the database.
pub fn open_submissions(tx: &mut Tx<'_>, license: &str) -> Result<Vec<Submission>, StoreError> {
    tx.rows(&OPEN_SUBMISSIONS, &[ValueRef::Text(license)])
}

/// What was done about a submission, in order.
///
/// # Errors
/// Those of the database.
pub fn attempts(tx: &mut Tx<'_>, license: &str, submission: &str) -> Result<Vec<Attempt>, StoreError> {
    tx.rows(&ATTEMPTS, &[ValueRef::Text(license), ValueRef::Text(submission)])
}

/// Writes down what is done about a submission, or what became of it, under the lease; gives its next version.
///
/// # Errors
/// [`StoreError::Conflict`] if the lease is another one's by now, or the submission was changed; [`StoreError::Refused`] if it is
/// closed; those of the database.
pub fn journal(
    tx: &mut Tx<'_>,
    lease: &Lease,
    submission: &Submission,
    (kind, state, details): (&str, &str, Option<String>),
    now: Timestamp,
    draft: &Draft,
) -> Result<Submission, StoreError> {
    lease.guard(tx)?;
    if CLOSED.contains(&submission.state.as_str()) {
        return Err(StoreError::refused(format!("submission {} is closed", submission.submission_id)));
    }
    let before = attempts(tx, &submission.license_id, &submission.submission_id)?;
    let last = before.last().map_or(0, |attempt| attempt.attempt);
    let attempt = if kind == "intent" { last.saturating_add(1) } else { last };
    let installation =
        crate::installation(tx)?.ok_or_else(|| StoreError::corrupt("the installation's row is missing"))?;
    let after = Submission {
        state: Text::new(state),
        epoch: installation.epoch,
        version: submission.version.saturating_add(1),
        ..submission.clone()
    };
    tx.replace(&after)?;
    let row = Attempt {
        license_id: submission.license_id.clone(),
        seq: 0,
        submission_id: submission.submission_id.clone(),
        attempt,
        kind: Text::new(kind),
        state: Text::new(state),
        fence: lease.fence,
        epoch: installation.epoch,
        details,
        recorded_at: now,
    };
    append(tx, &submission.license_id, now, &Batch { attempts: vec![row], ..Batch::default() }, draft)?;
    Ok(after)
}
