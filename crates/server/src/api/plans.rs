//! Repairs: proposed for chosen packages, looked at, carried out exactly so.

use super::session::bad_body;
use super::{desk, view};
use crate::Service;
use crate::desks::Desk;
use crate::people::{Caller, in_books};
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use trueup_answer::record::Step as Told;
use trueup_app::sync::{self, Asked, Doer, Proposed, StepBody};
use trueup_store::ledger::hex;
use trueup_store::queue::{open_submissions, recent_plans};
use trueup_store::{Plan, PlanStep, Store, Submission, Text};
use utoipa::ToSchema;

/// Tags that may be pasted at once.
const MOST_PACKAGES: usize = 500;

/// What to repair.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanWanted {
    /// The packages, by tag: 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    packages: Vec<String>,
    /// Why; it stands in the record, and in the state's notes.
    #[schema(min_length = 1, max_length = 500)]
    why: String,
}

/// A step of a plan.
#[derive(Serialize, ToSchema)]
pub(super) struct PlanStepView {
    /// From 1, in the order in which they are taken.
    number: i64,
    /// The package.
    package: String,
    /// What is done, with what its system holds before and after.
    step: Told,
    /// `trueup`, `in_state` (by hand, in the state's page), `in_pos`, `people`, `nobody`.
    doer: &'static str,
    /// The step of another package that is the same: a receipt is changed once for all packages on it.
    same_as: Option<i64>,
    /// Why a step that could be trueup's is done by hand.
    because: Option<String>,
    /// `open`, `asked` (of people, and not seen yet), `verified`, `refused`, `dropped`, `blocked` (nobody knows whether it had an effect).
    state: String,
    /// Why it was not taken, or what is in doubt: the state's words, or ours.
    why_not: Option<String>,
}

/// A plan.
#[derive(Serialize, ToSchema)]
pub(super) struct PlanView {
    /// Its id.
    id: String,
    /// `proposed`, `approved`, `executing`, `done`.
    state: String,
    /// Why it was asked for.
    why: String,
    /// What is approved is exactly this: send it back to apply the plan.
    hash: String,
    /// Who asked.
    proposed_by: String,
    /// When.
    proposed_at: String,
    /// Its steps.
    steps: Vec<PlanStepView>,
    /// Packages that were not asked for and stand on a receipt that is changed.
    brought_along: Vec<String>,
    /// Packages that were asked for and agree.
    agreeing: Vec<String>,
    /// Packages that were asked for and wait: people were asked to change them, and nothing read since can show it.
    waiting: Vec<String>,
}

/// A plan in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct PlanShort {
    /// Its id.
    id: String,
    /// How far it is.
    state: String,
    /// Why it was asked for.
    why: String,
    /// Who asked.
    proposed_by: String,
    /// When.
    proposed_at: String,
}

const fn name_of(doer: Doer) -> &'static str {
    match doer {
        Doer::Trueup => "trueup",
        Doer::InState => "in_state",
        Doer::InPos => "in_pos",
        Doer::People => "people",
        Doer::Nobody => "nobody",
    }
}

fn step(row: PlanStep) -> Result<PlanStepView, Problem> {
    let body = StepBody::read(&row)?;
    Ok(PlanStepView {
        number: row.step,
        package: row.package_id.to_string(),
        step: body.told,
        doer: name_of(body.doer),
        same_as: body.same_as,
        because: body.because,
        state: row.state.to_string(),
        why_not: None,
    })
}

fn whole(Proposed { plan, steps, brought_along, agreeing, waiting }: Proposed) -> Result<PlanView, Problem> {
    let names = |names: Vec<Text>| names.iter().map(ToString::to_string).collect();
    Ok(PlanView {
        id: plan.plan_id.to_string(),
        state: plan.state.to_string(),
        why: plan.purpose,
        hash: hex(&plan.content_hash),
        proposed_by: plan.proposed_by.to_string(),
        proposed_at: plan.proposed_at.to_string(),
        steps: steps.into_iter().map(step).collect::<Result<_, _>>()?,
        brought_along: names(brought_along),
        agreeing: names(agreeing),
        waiting: names(waiting),
    })
}

/// Propose the repair of packages. Nothing is sent; look at the steps, then apply exactly these.
#[utoipa::path(post, path = "/api/v1/licenses/{license}/plans", tag = "plans", request_body = PlanWanted,
    params(("license" = String, Path,)), responses(
    (status = 201, description = "The plan.", body = PlanView),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, or nothing to repair.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn propose(
    State(service): State<Service>,
    caller: Caller,
    Path(number): Path<String>,
    body: Result<Json<PlanWanted>, JsonRejection>,
) -> Result<(StatusCode, Json<PlanView>), Problem> {
    let Json(PlanWanted { packages, why }) = body.map_err(|rejection| bad_body(&rejection))?;
    let bad = |code, detail: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    if packages.is_empty() || packages.len() > MOST_PACKAGES {
        return Err(bad("bad_packages", "packages: 1 to 500 tags"));
    }
    check_why(&why)?;
    let view = view(&*desk(&service, &number)?)?;
    let packages: BTreeSet<Text> = packages.iter().map(|tag| Text::new(tag.trim())).collect();
    let asked = Asked { packages, why, by: caller.actor() };
    let (now, id) = (service.surroundings.now(), new_id(&service));
    let proposed = in_books(&service, move |store| sync::propose(store, &view, &asked, (now, id))).await?;
    Ok((StatusCode::CREATED, Json(whole(proposed)?)))
}

/// The latest plans, the newest first.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/plans", tag = "plans", params(("license" = String, Path,)), responses(
    (status = 200, description = "200 at most.", body = Vec<PlanShort>),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
) -> Result<Json<Vec<PlanShort>>, Problem> {
    desk(&service, &number)?;
    let plans = in_books(&service, move |store| store.read(|tx| recent_plans(tx, &number))).await?;
    let short = |plan: Plan| PlanShort {
        id: plan.plan_id.to_string(),
        state: plan.state.to_string(),
        why: plan.purpose,
        proposed_by: plan.proposed_by.to_string(),
        proposed_at: plan.proposed_at.to_string(),
    };
    Ok(Json(plans.into_iter().map(short).collect()))
}

/// A plan and how far it is.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/plans/{plan}", tag = "plans",
    params(("license" = String, Path,), ("plan" = String, Path,)), responses(
    (status = 200, description = "The plan.", body = PlanView),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or plan.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn one(
    State(service): State<Service>,
    _: Caller,
    Path((number, plan)): Path<(String, String)>,
) -> Result<Json<PlanView>, Problem> {
    desk(&service, &number)?;
    let read = move |store: &Store| {
        store.read(|tx| {
            let (plan, steps) = sync::read_plan(tx, &number, &plan)?;
            let reasons = steps.iter().map(|step| sync::why_not(tx, step)).collect::<Result<Vec<_>, _>>()?;
            Ok((plan, steps, reasons))
        })
    };
    let (plan, steps, reasons) = in_books(&service, read).await?;
    let (brought_along, agreeing, waiting) = (Vec::new(), Vec::new(), Vec::new());
    let mut view = whole(Proposed { plan, steps, brought_along, agreeing, waiting })?;
    for (step, why_not) in view.steps.iter_mut().zip(reasons) {
        step.why_not = why_not;
    }
    Ok(Json(view))
}

/// Why a plan is taken back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanUndo {
    /// Why; it stands in the record, and in the state's notes.
    #[schema(min_length = 1, max_length = 500)]
    why: String,
}

/// Propose what takes a plan back, from what the state holds now. It is applied like any other plan.
#[utoipa::path(post, path = "/api/v1/licenses/{license}/plans/{plan}/undo", tag = "plans", request_body = PlanUndo,
    params(("license" = String, Path,), ("plan" = String, Path,)), responses(
    (status = 201, description = "The plan that takes it back; what cannot be taken back is left out.", body = PlanView),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or plan.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, or there is nothing to take back.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn undo(
    State(service): State<Service>,
    caller: Caller,
    Path((number, plan)): Path<(String, String)>,
    body: Result<Json<PlanUndo>, JsonRejection>,
) -> Result<(StatusCode, Json<PlanView>), Problem> {
    let Json(PlanUndo { why }) = body.map_err(|rejection| bad_body(&rejection))?;
    check_why(&why)?;
    let view = view(&*desk(&service, &number)?)?;
    let asked = Asked { packages: BTreeSet::new(), why, by: caller.actor() };
    let (now, id) = (service.surroundings.now(), new_id(&service));
    let undo = move |store: &Store| sync::propose_undo(store, &view, (&plan, &asked), (now, id));
    Ok((StatusCode::CREATED, Json(whole(in_books(&service, undo).await?)?)))
}

/// Names a plan.
fn new_id(service: &Service) -> Text {
    Text::from(format!("plan-{}", hex(&service.surroundings.random()[..5])))
}

fn check_why(why: &str) -> Result<(), Problem> {
    if why.trim().is_empty() || why.chars().count() > 500 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_why", "why: 1 to 500 characters"));
    }
    Ok(())
}

/// What exactly to apply.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanOrders {
    /// The hash of the plan as it was looked at.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    hash: String,
    /// The reason of the state's list, where the plan adjusts packages.
    #[schema(max_length = 100)]
    reason: Option<String>,
}

/// Why nothing may be sent just now.
fn preflight(desk: &Desk) -> Result<(), Problem> {
    let state = desk.state();
    let no = |detail: String| Err(Problem::new(StatusCode::CONFLICT, "not_ready_to_sync", detail));
    if !desk.is_connected() {
        return no("this licence has no connection to the state's system: do the steps by hand, in its page".to_owned());
    }
    if let Some(trouble) = state.pull_trouble {
        return no(format!("the last pull did not succeed, so what is known may be old: {trouble}"));
    }
    if let Some(trouble) = state.look_trouble {
        return no(format!("what lies in the folder cannot be used, so what is known may be old: {trouble}"));
    }
    Ok(())
}

fn hash_of(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        let start = place.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(start..start.checked_add(2)?)?, 16).ok()?;
    }
    Some(hash)
}

/// Approve and carry out exactly the plan that was looked at. It goes on in the background: look at the plan, or listen to the events.
#[utoipa::path(post, path = "/api/v1/licenses/{license}/plans/{plan}/apply", tag = "plans", request_body = PlanOrders,
    params(("license" = String, Path,), ("plan" = String, Path,)), responses(
    (status = 202, description = "It is begun."),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or plan.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "Not just now: the detail says why, and what to do.", body = Problem, content_type = "application/problem+json"),
    (status = 412, description = "It is not the plan that was looked at.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, no reason of the state's list, or the plan was applied already.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "The state's system does not answer.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn apply(
    State(service): State<Service>,
    caller: Caller,
    Path((number, plan)): Path<(String, String)>,
    body: Result<Json<PlanOrders>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(PlanOrders { hash, reason }) = body.map_err(|rejection| bad_body(&rejection))?;
    let desk = desk(&service, &number)?;
    let hash = hash_of(&hash)
        .ok_or_else(|| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_hash", "hash: 64 digits 0-9 a-f"))?;
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > 100) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_reason", "reason: 100 characters at most"));
    }
    let (id, licence) = (plan.clone(), number.clone());
    let (found, steps) = in_books(&service, move |store| store.read(|tx| sync::read_plan(tx, &licence, &id))).await?;
    if !matches!(found.state.as_str(), "proposed" | "approved") {
        let detail = format!("plan {plan} is {} already", found.state);
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", detail));
    }
    preflight(&desk)?;
    let seen = view(&desk)?;
    let (plan_now, steps_now) = (found, steps.clone());
    let is_current = in_books(&service, move |_| sync::is_current(&seen, &plan_now, &steps_now)).await?;
    if !is_current {
        let detail = "what there is to repair is something else by now; nothing was sent. Propose again, and look";
        return Err(Problem::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", detail));
    }
    desk.check_orders(&steps, reason.as_deref()).await?;
    let zone = TimeZone::get(view(&desk)?.settings.zone.name())
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", error.to_string()))?;
    let sending = desk.begin_sending().ok_or_else(busy)?;
    let (now, by, name) = (service.surroundings.now(), caller.actor(), caller.person.name.to_string());
    let (id, who) = (plan.clone(), name.clone());
    let actor = by.clone();
    in_books(&service, move |store| sync::approve(store, (&number, &id, hash), now, (&actor, &who))).await?;
    let orders = sync::Orders { reason, by, name, zone, care: trueup_metrc::client::Care::default() };
    desk.carry_out(&service, plan, orders, sending);
    Ok(StatusCode::ACCEPTED)
}

/// Something that was sent to the state, or is to be.
#[derive(Serialize, ToSchema)]
pub(super) struct SubmissionView {
    /// Its id: the plan's, and the number of the step.
    id: String,
    /// The package.
    package: String,
    /// What is done.
    action: String,
    /// `queued`, `journalled`, `accepted`, `unknown`.
    state: String,
    /// When it was begun.
    created_at: String,
}

/// What was sent and not seen, or is on its way.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/submissions", tag = "plans", params(("license" = String, Path,)), responses(
    (status = 200, description = "Those that are open.", body = Vec<SubmissionView>),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn submissions(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
) -> Result<Json<Vec<SubmissionView>>, Problem> {
    desk(&service, &number)?;
    let open = in_books(&service, move |store| store.read(|tx| open_submissions(tx, &number))).await?;
    let view = |row: Submission| SubmissionView {
        id: row.submission_id.to_string(),
        package: row.lane.to_string(),
        action: row.operation.to_string(),
        state: row.state.to_string(),
        created_at: row.created_at.to_string(),
    };
    Ok(Json(open.into_iter().map(view).collect()))
}

/// What a person saw in the state.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// Whether it was done.
    was_done: bool,
    /// How that was seen.
    #[schema(min_length = 1, max_length = 500)]
    why: String,
}

/// Say what became of a submission of which nobody knew, after looking in the state.
#[utoipa::path(put, path = "/api/v1/licenses/{license}/submissions/{submission}", tag = "plans", request_body = Seen,
    params(("license" = String, Path,), ("submission" = String, Path,)), responses(
    (status = 204, description = "Written down."),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or submission.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "A plan is being carried out just now.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, or there is nothing to settle.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn settle(
    State(service): State<Service>,
    caller: Caller,
    Path((number, submission)): Path<(String, String)>,
    body: Result<Json<Seen>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Seen { was_done, why }) = body.map_err(|rejection| bad_body(&rejection))?;
    check_why(&why)?;
    let desk = desk(&service, &number)?;
    let sending = desk.begin_sending().ok_or_else(busy)?;
    let (this, by) = (service.clone(), caller.actor());
    let settled = tokio::task::spawn_blocking(move || {
        let _sending = sending;
        desk.settle(&this, (&submission, was_done, &why), &by)
    });
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "a fault of trueup: please report it");
    settled.await.map_err(failed)??;
    Ok(StatusCode::NO_CONTENT)
}

fn busy() -> Problem {
    let detail = "a plan of this licence is being carried out; wait until it is done";
    Problem::new(StatusCode::CONFLICT, "busy", detail)
}
