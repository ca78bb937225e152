//! Carrying out an approved plan.

use super::propose::{read_plan, settle_step};
use super::receipts::{changed_receipt, new_receipt};
use super::steps::{Doer, StepBody};
use super::worksheet::give_out;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use trueup_core::{Decimal, Quantity, Unit};
use trueup_metrc::api::packages::{self, Adjust, FinishPackage, Package, PackageLabel};
use trueup_metrc::api::sales::{self, ById};
use trueup_metrc::api::{NumberText, Text as WireText};
use trueup_metrc::client::{Care, Client, Clock, Failure, RowOutcome, Target, Transport};
use trueup_store::audit::{Actor, Draft};
use trueup_store::ledger::{Batch, append};
use trueup_store::queue::{
    HeldLease, journal, open_submissions, plan_steps, plans_under_way, replace_plan, replace_step, submit,
};
use trueup_store::{Approval, Plan, PlanStep, Store, StoreError, Submission, Text, Tx, ValueRef};

/// The state's limit for a note. Source: its documentation of package adjustments.
const MOST_NOTE: usize = 200;

/// Why a plan is not carried out, or not on.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The books.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state's system did not say what has to be known before anything is sent.
    #[error("the state's system: {0}; nothing was sent")]
    State(Failure),
    /// What was asked does not fit.
    #[error("{0}; nothing was sent")]
    Refused(String),
}

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Steps that were seen in the state.
    pub verified: u64,
    /// Steps that were not taken, because the package was not as the preview saw it or the state refused.
    pub refused: u64,
    /// Steps of which nobody knows whether they had an effect.
    pub unknown: u64,
    /// Steps that people do.
    pub by_hand: u64,
    /// Steps that were not begun, because a person has to do something on the package first.
    pub waiting: u64,
}

/// How the steps are carried out.
#[derive(Debug, Clone)]
pub struct Orders {
    /// The reason of the state's list, for adjustments.
    pub reason: Option<String>,
    /// Who applies it, and the name that stands in notes.
    pub by: Actor,
    /// As people know him.
    pub name: String,
    /// The zone of the premises: the state takes no date that is not reached there.
    pub zone: TimeZone,
    /// How carefully.
    pub care: Care,
}

/// Approves exactly what was previewed: `hash` is that of the plan as it was seen.
///
/// # Errors
/// [`StoreError::Conflict`] if the plan is another one by now; [`StoreError::Refused`] if it was approved already.
pub fn approve(
    store: &Store,
    (license, plan_id, hash): (&str, &str, [u8; 32]),
    now: Timestamp,
    (by, name): (&Actor, &str),
) -> Result<Plan, StoreError> {
    let (license, plan_id, by) = (Text::new(license), Text::new(plan_id), by.clone());
    let name = Text::new(name);
    store.write(move |tx| {
        let (plan, _) = read_plan(tx, &license, &plan_id)?;
        if plan.content_hash != hash {
            return Err(StoreError::Conflict { what: format!("plan {plan_id}") });
        }
        if plan.state == "approved" {
            // It ended between the approval and the first step.
            return Ok(plan);
        }
        if plan.state != "proposed" {
            return Err(StoreError::refused(format!("plan {plan_id} is {} already", plan.state)));
        }
        let approval = Approval {
            license_id: license.clone(),
            seq: 0,
            object: Text::const_new("plan"),
            object_id: plan_id.clone(),
            content_hash: hash,
            meaning: Text::const_new("approved"),
            person_id: by.id.clone(),
            name: name.clone(),
            title: None,
            recorded_at: now,
        };
        let approved = Plan { state: Text::const_new("approved"), version: plan.version.saturating_add(1), ..plan };
        let draft = Draft::new(by.clone(), "plan.approve").to("plan", &plan_id, Some(approved.version));
        replace_plan(tx, &approved, now, &draft)?;
        append(tx, &license, now, &Batch { approvals: vec![approval], ..Batch::default() }, &draft)?;
        Ok(approved)
    })
}

/// After the process ended in the middle of plans: what was on its way is *unknown* and never sent again, what was not begun is not
/// begun. Gives the submissions that a person has to look at.
///
/// # Errors
/// Those of the store.
pub fn recover(store: &Store, lease: &HeldLease, now: Timestamp) -> Result<Vec<Text>, StoreError> {
    let lease = lease.clone();
    store.write(move |tx| {
        let license = lease.license.clone();
        let mut unknown = Vec::new();
        for submission in open_submissions(tx, &license)? {
            let (kind, state, words) = match submission.state.as_str() {
                "journalled" => ("answer", "unknown", "trueup ended while it was on its way"),
                // It had been looked for and seen before that was written.
                "accepted" => ("look", "verified", "it was seen before trueup ended"),
                "queued" => ("answer", "dropped", "trueup ended before it was sent"),
                _ => continue,
            };
            if state == "unknown" {
                unknown.push(submission.submission_id.clone());
            }
            let details = Some(json!({ "because": words }).to_string());
            let draft = Draft::new(Actor::program("desk"), "submission.recover");
            journal(tx, &lease, &submission, (kind, state, details), now, &draft)?;
        }
        for plan in plans_under_way(tx, &license)? {
            end_plan(tx, plan, now)?;
        }
        Ok(unknown)
    })
}

/// A plan that was cut off ends; its steps are what their submissions are.
fn end_plan(tx: &mut Tx<'_>, plan: Plan, now: Timestamp) -> Result<(), StoreError> {
    let draft = |action: &str| Draft::new(Actor::program("desk"), action);
    let mut became: BTreeMap<i64, &'static str> = BTreeMap::new();
    for step in plan_steps(tx, &plan.license_id, &plan.plan_id)? {
        let body = StepBody::read(&step)?;
        if body.doer != Doer::Trueup || step.state != "open" {
            continue;
        }
        let id = format!("{}-{}", plan.plan_id, step.step);
        let submission: Option<Submission> = tx.get(&[ValueRef::Text(&plan.license_id), ValueRef::Text(&id)])?;
        let state = match (body.same_as, submission.as_ref().map(|it| it.state.as_str())) {
            (Some(first), _) => became.get(&first).copied().unwrap_or("refused"),
            (None, Some("verified")) => "verified",
            (None, Some("unknown")) => "blocked",
            // Never begun, or certainly refused.
            (None, _) => "refused",
        };
        became.insert(step.step, state);
        let version = step.version.saturating_add(1);
        replace_step(tx, &PlanStep { state: Text::const_new(state), version, ..step }, now, &draft("plan.step"))?;
    }
    let plan = Plan { state: Text::const_new("done"), version: plan.version.saturating_add(1), ..plan };
    replace_plan(tx, &plan, now, &draft("plan.state"))
}

/// A person looked in the state what became of a submission of which nobody knew.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such submission; [`StoreError::Refused`] if something is known of it; those of the store.
pub fn settle_unknown(
    store: &Store,
    lease: &HeldLease,
    (submission, was_done, why): (&str, bool, &str),
    (now, by): (Timestamp, &Actor),
) -> Result<(), StoreError> {
    let (lease, id, why, by) = (lease.clone(), Text::new(submission), why.to_owned(), by.clone());
    store.write(move |tx| {
        let missing = || StoreError::Missing { what: format!("submission {id}") };
        let row: Submission = tx.get(&[ValueRef::Text(&lease.license), ValueRef::Text(&id)])?.ok_or_else(missing)?;
        if row.state != "unknown" {
            return Err(StoreError::refused(format!("submission {id} is {}: there is nothing to settle", row.state)));
        }
        let state = if was_done { "verified" } else { "dropped" };
        let details = Some(json!({ "seen_by_a_person": was_done, "why": why }).to_string());
        let draft =
            Draft::new(by.clone(), "submission.settle").to("submission", &id, None).because("looked", Some(&why));
        journal(tx, &lease, &row, ("look", state, details), now, &draft).map(drop)
    })
}

/// One who carries out a plan.
struct Doing<'a, T, C> {
    store: &'a Store,
    client: &'a Client<T, C>,
    lease: &'a HeldLease,
    orders: &'a Orders,
    plan: Plan,
}

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Verified,
    Refused,
    Unknown,
}

fn with_bodies(steps: Vec<PlanStep>) -> Result<Vec<(PlanStep, StepBody)>, StoreError> {
    steps.into_iter().map(|step| StepBody::read(&step).map(|body| (step, body))).collect()
}

/// Whether the state would take the orders: an adjustment needs a reason of its list.
///
/// # Errors
/// [`SyncError::Refused`] with the reasons that there are; [`SyncError::State`] if it does not tell them.
pub async fn check_orders<T: Transport, C: Clock>(
    client: &Client<T, C>,
    license: &str,
    steps: &[PlanStep],
    reason: Option<&str>,
) -> Result<(), SyncError> {
    let adjusts =
        with_bodies(steps.to_vec())?.iter().any(|(step, body)| body.doer == Doer::Trueup && step.action == "adjust");
    if !adjusts {
        return Ok(());
    }
    let reasons = client.list(&packages::ADJUST_REASONS, &Target::of(license)).await.map_err(SyncError::State)?.rows;
    let is_it = |name: &WireText| reason.is_some_and(|reason| name.eq_ignore_ascii_case(reason));
    if reasons.iter().any(|reason| reason.name.as_ref().is_some_and(is_it)) {
        return Ok(());
    }
    let names = reasons.iter().filter_map(|reason| reason.name.as_deref()).collect::<Vec<_>>().join(", ");
    Err(SyncError::Refused(match reason {
        None => format!("the plan adjusts packages, which needs a reason of the state's list: {names}"),
        Some(reason) => format!("the state has no reason `{reason}`; it has: {names}"),
    }))
}

/// Carries out an approved plan, under the lease of the licence's sender. Steps that people do stay open.
///
/// # Errors
/// [`SyncError`]: before anything was sent, or because the books cannot be written; then what was sent last is *unknown*.
pub async fn apply<T: Transport, C: Clock>(
    store: &Store,
    client: &Client<T, C>,
    lease: &HeldLease,
    (license, plan_id): (&str, &str),
    orders: &Orders,
) -> Result<Applied, SyncError> {
    let (plan, steps) = store.read(|tx| read_plan(tx, license, plan_id))?;
    if plan.state != "approved" {
        return Err(SyncError::Refused(format!("plan {plan_id} is {} and not approved", plan.state)));
    }
    check_orders(client, license, &steps, orders.reason.as_deref()).await?;
    let bodies = with_bodies(steps)?;
    let mut doing = Doing { store, client, lease, orders, plan };
    doing.plan = doing.move_plan("executing")?;
    let mut applied = Applied::default();
    let mut progress = Progress::of(&bodies);
    for (step, body) in &bodies {
        if body.doer == Doer::Nobody {
            continue;
        }
        if body.doer != Doer::Trueup {
            doing.ask(step, &mut progress, &mut applied)?;
            continue;
        }
        let group: Vec<&(PlanStep, StepBody)> =
            bodies.iter().filter(|(it, of)| it.step == step.step || of.same_as == Some(step.step)).collect();
        let waits = |(it, _): &&(PlanStep, StepBody)| progress.waiting.contains(&it.package_id);
        if body.same_as.map_or_else(|| group.iter().any(waits), |first| !progress.came.contains_key(&first)) {
            // A person has to do something first; the next plan goes on from there.
            applied.waiting = applied.waiting.saturating_add(1);
            progress.waiting.extend(group.iter().map(|(it, _)| it.package_id.clone()));
            progress.unbegun.extend(group.iter().map(|(it, _)| it.package_id.clone()));
            continue;
        }
        let came = match body.same_as {
            Some(first) => progress.came.get(&first).copied().unwrap_or(Came::Refused),
            None if group.iter().any(|(it, _)| progress.stopped.contains(&it.package_id)) => Came::Refused,
            None => doing.step((step, body), &group, &progress.guards(&group)).await?,
        };
        progress.note(step, &group, (came, body.same_as.is_none()));
        let (state, count) = match came {
            Came::Verified => ("verified", &mut applied.verified),
            Came::Refused => ("refused", &mut applied.refused),
            Came::Unknown => ("blocked", &mut applied.unknown),
        };
        *count = count.saturating_add(1);
        settle_step(store, step, state, (doing.now(), doing.draft("plan.step")))?;
    }
    doing.move_plan("done")?;
    Ok(applied)
}

/// How far a plan is.
struct Progress {
    /// What became of the steps.
    came: BTreeMap<i64, Came>,
    /// People have to do something about these packages first.
    waiting: BTreeSet<Text>,
    /// Of these packages something of ours was not begun: what comes after it is not asked for.
    unbegun: BTreeSet<Text>,
    /// Nothing more is done about these packages.
    stopped: BTreeSet<Text>,
    /// What the state has to say of each package, as the preview saw it and by what was done since.
    expected: BTreeMap<Text, i64>,
}

impl Progress {
    fn of(bodies: &[(PlanStep, StepBody)]) -> Self {
        let mut expected = BTreeMap::new();
        for (step, _) in bodies.iter().filter(|(step, _)| step.system == "state") {
            if let Some(guard) = step.guard_quantity {
                expected.entry(step.package_id.clone()).or_insert(guard);
            }
        }
        Self {
            came: BTreeMap::new(),
            waiting: BTreeSet::new(),
            unbegun: BTreeSet::new(),
            stopped: BTreeSet::new(),
            expected,
        }
    }

    /// What has to be so just before a step.
    fn guards(&self, group: &[&(PlanStep, StepBody)]) -> Vec<(Text, i64)> {
        let guarded = group.iter().map(|(step, _)| step).filter(|step| step.guard_quantity.is_some());
        guarded.filter_map(|step| Some((step.package_id.clone(), *self.expected.get(&step.package_id)?))).collect()
    }

    fn note(&mut self, step: &PlanStep, group: &[&(PlanStep, StepBody)], (came, is_first): (Came, bool)) {
        self.came.insert(step.step, came);
        if came != Came::Verified {
            self.stopped.insert(step.package_id.clone());
            return;
        }
        for (step, _) in group.iter().filter(|_| is_first) {
            let change = step
                .expected_quantity
                .zip(step.guard_quantity)
                .map_or(0, |(after, before)| after.saturating_sub(before));
            if let Some(expected) = self.expected.get_mut(&step.package_id) {
                *expected = expected.saturating_add(change);
            }
        }
    }
}

impl<T: Transport, C: Clock> Doing<'_, T, C> {
    fn now(&self) -> Timestamp {
        self.client.clock().now()
    }

    fn license(&self) -> &str {
        &self.plan.license_id
    }

    fn draft(&self, action: &str) -> Draft {
        Draft::new(self.orders.by.clone(), action).to("plan", &self.plan.plan_id, Some(self.plan.version))
    }

    fn move_plan(&self, state: &'static str) -> Result<Plan, StoreError> {
        let plan =
            Plan { state: Text::const_new(state), version: self.plan.version.saturating_add(1), ..self.plan.clone() };
        let (row, now, draft) = (plan.clone(), self.now(), self.draft("plan.state"));
        self.store.write(move |tx| replace_plan(tx, &row, now, &draft))?;
        Ok(plan)
    }

    /// Asks people for a step, unless something before it on the package was not done.
    fn ask(&self, step: &PlanStep, progress: &mut Progress, applied: &mut Applied) -> Result<(), StoreError> {
        let package = &step.package_id;
        if progress.stopped.contains(package) || progress.unbegun.contains(package) {
            applied.waiting = applied.waiting.saturating_add(1);
            return Ok(());
        }
        if give_out(self.store, (&self.plan, step), (self.now(), self.draft("plan.step")))? {
            applied.by_hand = applied.by_hand.saturating_add(1);
            progress.waiting.insert(package.clone());
        } else {
            applied.refused = applied.refused.saturating_add(1);
            progress.stopped.insert(package.clone());
        }
        Ok(())
    }

    /// What the state says of a package just now.
    async fn package(&self, label: &str) -> Result<Package, Failure> {
        self.client.get(&packages::BY_LABEL, &Target::of(self.license()).at(label)).await
    }

    /// Carries out a step, if the state says of every package concerned what it has to.
    async fn step(
        &self,
        (step, body): (&PlanStep, &StepBody),
        group: &[&(PlanStep, StepBody)],
        guards: &[(Text, i64)],
    ) -> Result<Came, SyncError> {
        let submission = self.submission(step, body);
        let draft = self.draft("submission.queue");
        let row = submission.clone();
        let submission = self.store.write(move |tx| submit(tx, &row, &draft))?;
        // What may still be on its way to a package could land after this step, too.
        let license = Text::new(self.license());
        let open = self.store.read(|tx| open_submissions(tx, &license))?;
        let concerned = |it: &&Submission| {
            let on_its_way = matches!(it.state.as_str(), "journalled" | "accepted" | "unknown");
            on_its_way && (it.lane == step.package_id || guards.iter().any(|(label, _)| *label == it.lane))
        };
        if let Some(other) = open.iter().find(concerned) {
            let words =
                format!("nobody knows yet what became of {}: that has to be settled first", other.submission_id);
            return self.refuse(submission, json!({ "refused": words }));
        }
        for (label, guard) in guards {
            let package = match self.package(label).await {
                Ok(package) => package,
                Err(failure) => return self.refuse(submission, json!({ "before": failure.to_string() })),
            };
            if atoms_of(&package) != Some(*guard) {
                let found = package.quantity.as_ref().map(ToString::to_string);
                return self.refuse(submission, json!({ "guard_of": label, "found": found }));
            }
        }
        let submission = self.write_down(submission, ("intent", "journalled", None))?;
        let outcome = self.send((step, body), group, &submission).await;
        match outcome {
            Ok(RowOutcome::Done { id }) => {
                let submission =
                    self.write_down(submission, ("answer", "accepted", Some(json!({ "id": id }).to_string())))?;
                self.write_down(submission, ("look", "verified", None))?;
                Ok(Came::Verified)
            }
            Ok(RowOutcome::Refused(failure)) => {
                // The state's words about a receipt may repeat what was sent: a patient's number, for one.
                let of_receipt = matches!(step.action.as_str(), "edit_receipt" | "submit_receipt");
                let words = if of_receipt { Vec::new() } else { words(&failure) };
                self.refuse(submission, json!({ "refused": failure.to_string(), "words": words }))
            }
            Ok(RowOutcome::Unknown { write, look }) => {
                let details = json!({ "write": write.to_string(), "look": look.map(|look| look.to_string()) });
                self.write_down(submission, ("answer", "unknown", Some(details.to_string())))?;
                Ok(Came::Unknown)
            }
            Err(why) => self.refuse(submission, json!({ "refused": why })),
        }
    }

    fn refuse(&self, submission: Submission, details: serde_json::Value) -> Result<Came, SyncError> {
        self.write_down(submission, ("answer", "rejected", Some(details.to_string())))?;
        Ok(Came::Refused)
    }

    fn write_down(
        &self,
        submission: Submission,
        (kind, state, details): (&'static str, &'static str, Option<String>),
    ) -> Result<Submission, StoreError> {
        let (lease, now) = (self.lease.clone(), self.now());
        let draft = Draft::new(self.orders.by.clone(), kind).to("submission", &submission.submission_id, None);
        self.store.write(move |tx| journal(tx, &lease, &submission, (kind, state, details.clone()), now, &draft))
    }

    /// The step as something that is to have one effect.
    fn submission(&self, step: &PlanStep, body: &StepBody) -> Submission {
        let id = Text::from(format!("{}-{}", self.plan.plan_id, step.step));
        let StepBody { told, receipt, line, sold, .. } = body;
        let text = json!({
            "package": step.package_id, "step": told, "receipt": receipt, "line": line, "sold": sold,
            "reason": self.orders.reason,
        });
        let text = text.to_string();
        Submission {
            license_id: self.plan.license_id.clone(),
            submission_id: id.clone(),
            natural_key: id,
            lane: step.package_id.clone(),
            position: self.plan.proposed_at.as_microsecond().saturating_add(step.step),
            operation: step.action.clone(),
            body_hash: Sha256::digest(text.as_bytes()).into(),
            body: text,
            state: Text::const_new("queued"),
            epoch: 0,
            due_at: None,
            not_before: self.now(),
            plan_id: Some(self.plan.plan_id.clone()),
            step: Some(step.step),
            created_at: self.now(),
            version: 1,
        }
    }

    /// Sends, and looks until it is known; `Err` if it cannot even be said.
    async fn send(
        &self,
        (step, body): (&PlanStep, &StepBody),
        group: &[&(PlanStep, StepBody)],
        submission: &Submission,
    ) -> Result<RowOutcome, String> {
        let (license, care) = (self.license(), self.orders.care);
        let label: WireText = step.package_id.as_str().into();
        let one = |outcomes: Vec<RowOutcome>| outcomes.into_iter().next().ok_or_else(|| "nothing was sent".to_owned());
        let id = || body.receipt().ok_or("a receipt without a number");
        match step.action.as_str() {
            "adjust" => {
                let row = self.adjustment(body, label, &submission.submission_id)?;
                one(self.client.careful(&packages::ADJUST_BY, license, &[row], care).await)
            }
            "unfinalize_receipt" => {
                one(self.client.careful(&sales::UNFINALIZE_RECEIPTS, license, &[ById::new(id()?)], care).await)
            }
            "finalize_receipt" => {
                one(self.client.careful(&sales::FINALIZE_RECEIPTS, license, &[ById::new(id()?)], care).await)
            }
            "void_receipt" => {
                let id = id()?;
                let is_void = || async move {
                    let receipt = self.client.get(&sales::RECEIPT, &Target::of(license).at(id)).await;
                    receipt.map(|receipt| receipt.archived_date.is_some())
                };
                Ok(self.client.careful_removal(&sales::VOID_RECEIPT, (license, id), care, is_void).await)
            }
            "edit_receipt" => {
                let fresh = self.client.get(&sales::RECEIPT, &Target::of(license).at(id()?)).await;
                let fresh = fresh.map_err(|failure| format!("its fresh copy: {failure}"))?;
                let changes: Vec<_> =
                    group.iter().filter_map(|(it, of)| Some((it.package_id.as_str(), of.line.as_ref()?))).collect();
                let row = changed_receipt(&fresh, &changes)?;
                one(self.client.careful(&sales::CHANGE_RECEIPTS, license, &[row], care).await)
            }
            "submit_receipt" => {
                let parts: Vec<_> =
                    group.iter().filter_map(|(it, of)| Some((it.package_id.as_str(), of.sold.as_ref()?))).collect();
                let row = new_receipt(&parts)?;
                one(self.client.careful(&sales::CREATE_RECEIPTS, license, &[row], care).await)
            }
            "finish" => {
                let row = FinishPackage::new(label, self.today());
                one(self.client.careful(&packages::FINISH, license, &[row], care).await)
            }
            "unfinish" => {
                one(self.client.careful(&packages::UNFINISH, license, &[PackageLabel::new(label)], care).await)
            }
            other => Err(format!("{other} is not ours to do")),
        }
    }

    fn today(&self) -> jiff::civil::Date {
        self.client.state_now().to_zoned(self.orders.zone.clone()).date()
    }

    fn adjustment(&self, body: &StepBody, label: WireText, submission: &str) -> Result<Adjust, String> {
        let quantity = body.told.quantity.as_deref().ok_or("an adjustment without a quantity")?;
        let number = NumberText::new(quantity).map_err(|_| format!("{quantity} is no number"))?;
        let unit =
            body.told.unit.as_deref().and_then(|unit| Unit::parse(unit).ok()).ok_or("a unit that is not known")?;
        let reason = self.orders.reason.as_deref().unwrap_or_default();
        let mut row = Adjust::new(label, number, unit.name().into(), reason.into(), self.today());
        row.reason_note = Some(self.note(body, submission).as_str().into());
        Ok(row)
    }

    /// Who asked for it, what it carries out, and by what it can be found again. The words give way to these if it gets too long.
    fn note(&self, body: &StepBody, submission: &str) -> String {
        let found_by = match (&body.undoes, body.events.as_slice()) {
            (Some(undone), _) => format!("[undoes {undone}] [ref {submission}]"),
            (None, []) => format!("[ref {submission}]"),
            (None, events) => format!("[for {}] [ref {submission}]", events.join(",")),
        };
        let ahead = body.ahead_of.map(|count| format!("[ahead {count}] ")).unwrap_or_default();
        let too_many = if body.too_many { "[one too many] " } else { "" };
        let found_by = format!("{ahead}{too_many}{found_by}");
        let words = format!("Traceability sync requested by {}: {}", self.orders.name, self.plan.purpose);
        let room = MOST_NOTE.saturating_sub(found_by.chars().count().saturating_add(1));
        let words: String =
            words.chars().map(|c| if c.is_control() || c == '[' { ' ' } else { c }).take(room).collect();
        format!("{} {found_by}", words.trim_end())
    }
}

/// What the state holds, in 10⁻¹² of the base unit.
fn atoms_of(package: &Package) -> Option<i64> {
    let unit = Unit::parse(package.unit_of_measure_name.as_ref()?).ok()?;
    let number = Decimal::parse(package.quantity.as_ref()?.as_str()).ok()?;
    Quantity::new(number, unit).ok().map(Quantity::atoms)
}

/// The state's own words for a refusal.
fn words(failure: &Failure) -> Vec<String> {
    match &failure.problem {
        trueup_metrc::client::Problem::Rejected(rows) => {
            rows.iter().map(|row| row.message.reveal().escape_debug().to_string()).collect()
        }
        _ => Vec::new(),
    }
}
