//! Plans and their steps, as they go on.

use crate::StoreError;
use crate::audit::{self, Draft};
use crate::schema::{ColumnKind::Text as T, Plan, PlanStep};
use crate::sql::{Query, Tx, ValueRef};
use jiff::Timestamp;

pub(super) static STEPS: Query<PlanStep> = Query::new("WHERE license_id = $1 AND plan_id = $2 ORDER BY step", &[T, T]);

pub(super) static RECENT: Query<Plan> =
    Query::new("WHERE license_id = $1 ORDER BY proposed_at DESC, plan_id LIMIT 200", &[T]);
pub(super) static UNDER_WAY: Query<Plan> =
    Query::new("WHERE license_id = $1 AND state = 'executing' ORDER BY plan_id", &[T]);

/// The latest 200 plans of a licence, the newest first.
///
/// # Errors
/// Those of the database.
pub fn recent_plans(tx: &mut Tx<'_>, license: &str) -> Result<Vec<Plan>, StoreError> {
    tx.rows(&RECENT, &[ValueRef::Text(license)])
}

pub(super) static UNDOING: Query<Plan> =
    Query::new("WHERE license_id = $1 AND undoes = $2 ORDER BY proposed_at, plan_id", &[T, T]);

/// Plans that take another one back.
///
/// # Errors
/// Those of the database.
pub fn plans_undoing(tx: &mut Tx<'_>, license: &str, plan: &str) -> Result<Vec<Plan>, StoreError> {
    tx.rows(&UNDOING, &[ValueRef::Text(license), ValueRef::Text(plan)])
}

/// Plans that are being carried out, or were when the process ended.
///
/// # Errors
/// Those of the database.
pub fn plans_under_way(tx: &mut Tx<'_>, license: &str) -> Result<Vec<Plan>, StoreError> {
    tx.rows(&UNDER_WAY, &[ValueRef::Text(license)])
}

/// A plan's steps, in order.
///
/// # Errors
/// Those of the database.
pub fn plan_steps(tx: &mut Tx<'_>, license: &str, plan: &str) -> Result<Vec<PlanStep>, StoreError> {
    tx.rows(&STEPS, &[ValueRef::Text(license), ValueRef::Text(plan)])
}

pub(super) static ASKED: Query<PlanStep> =
    Query::new("WHERE license_id = $1 AND state = 'asked' ORDER BY plan_id, step", &[T]);

/// Steps that people were asked to do and that were not seen yet: the worksheet.
///
/// # Errors
/// Those of the database.
pub fn asked_steps(tx: &mut Tx<'_>, license: &str) -> Result<Vec<PlanStep>, StoreError> {
    tx.rows(&ASKED, &[ValueRef::Text(license)])
}

/// Writes down what became of a step.
///
/// # Errors
/// [`StoreError::Conflict`] if it changed meanwhile; those of the database.
pub fn replace_step(tx: &mut Tx<'_>, step: &PlanStep, now: Timestamp, draft: &Draft) -> Result<(), StoreError> {
    tx.replace(step)?;
    let id = format!("{}/{}", step.plan_id, step.step);
    audit::record(tx, &step.license_id, now, &draft.clone().to("plan_step", &id, Some(step.version))).map(drop)
}

/// Writes down how far a plan is.
///
/// # Errors
/// [`StoreError::Conflict`] if it changed meanwhile; those of the database.
pub fn replace_plan(tx: &mut Tx<'_>, plan: &Plan, now: Timestamp, draft: &Draft) -> Result<(), StoreError> {
    tx.replace(plan)?;
    audit::record(tx, &plan.license_id, now, &draft.clone().to("plan", &plan.plan_id, Some(plan.version))).map(drop)
}
