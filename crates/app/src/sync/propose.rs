//! The plans of chosen packages as one plan that can be looked at, approved and carried out.

use super::steps::{Doer, StepBody, shared};
use super::worksheet::unseen;
use crate::desk::View;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use trueup_answer::record::Step as Told;
use trueup_answer::records_of;
use trueup_core::PackageTag;
use trueup_reconcile::{Action, Discrepancy, Measure, Step};
use trueup_store::audit::{self, Actor, Draft};
use trueup_store::ledger::open_discrepancies;
use trueup_store::queue::{attempts, plan_steps, plans_undoing, replace_step};
use trueup_store::{Plan, PlanStep, Store, StoreError, Text, Tx, ValueRef};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The packages.
    pub packages: BTreeSet<Text>,
    /// Why, in a person's words.
    pub why: String,
    /// Who asks.
    pub by: Actor,
}

/// A plan with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The plan.
    pub plan: Plan,
    /// Its steps, in order.
    pub steps: Vec<PlanStep>,
    /// Packages that were not asked for and stand on a receipt that is changed: they are repaired with the others.
    pub brought_along: Vec<Text>,
    /// Packages that were asked for and have no open discrepancy: they are left alone.
    pub agreeing: Vec<Text>,
    /// Packages that were asked for, and of which people were asked to change something that nothing read since can show: they are
    /// left alone until the POS is exported, or the state read, again.
    pub waiting: Vec<Text>,
}

/// Puts the repairs of packages into one plan. Nothing is sent.
///
/// # Errors
/// [`StoreError::Refused`] if none of the packages has anything to repair; those of the store.
pub fn propose(
    store: &Store,
    view: &View,
    asked: &Asked,
    (now, plan_id): (Timestamp, Text),
) -> Result<Proposed, StoreError> {
    let license = Text::new(view.settings.license.as_str());
    let unseen = unseen(store, view)?;
    let is_waiting = |package: &&Text| {
        let alone = BTreeSet::from([(*package).clone()]);
        !unseen.is_empty() && !with_their_receipts(view, &alone).is_disjoint(&unseen)
    };
    let (waiting, chosen): (BTreeSet<&Text>, BTreeSet<&Text>) = asked.packages.iter().partition(is_waiting);
    let chosen: BTreeSet<Text> = chosen.into_iter().cloned().collect();
    let wanted = with_their_receipts(view, &chosen);
    let steps = steps_of(view, &wanted, (&license, &plan_id))?;
    if steps.is_empty() && !waiting.is_empty() {
        let todo = "people were asked to change these packages, and nothing read since can show it: export from the POS again, or wait";
        return Err(StoreError::refused(format!("{todo}; they are on the worksheet")));
    }
    if steps.is_empty() {
        return Err(StoreError::refused("none of these packages has an open discrepancy; there is nothing to repair"));
    }
    let known: BTreeSet<&Text> = steps.iter().map(|step| &step.package_id).collect();
    let agreeing = chosen.iter().filter(|package| !known.contains(package)).cloned().collect();
    let waiting = waiting.into_iter().cloned().collect();
    let brought_along = wanted.difference(&asked.packages).cloned().collect();
    let (plan, steps) = keep(store, (license, plan_id), steps, (asked, now, None))?;
    Ok(Proposed { plan, steps, brought_along, agreeing, waiting })
}

/// Whether a plan is what would be proposed for its packages just now. One that takes another back goes by what the state holds alone.
///
/// # Errors
/// [`StoreError::Refused`] for a step that cannot be written.
pub fn is_current(view: &View, plan: &Plan, steps: &[PlanStep]) -> Result<bool, StoreError> {
    let packages: BTreeSet<Text> = steps.iter().map(|step| step.package_id.clone()).collect();
    let now = steps_of(view, &with_their_receipts(view, &packages), (&plan.license_id, &plan.plan_id))?;
    Ok(plan.undoes.is_some() || hash_of(&now) == plan.content_hash)
}

/// The steps that repair packages, in order.
fn steps_of(
    view: &View,
    wanted: &BTreeSet<Text>,
    (license, plan_id): (&Text, &Text),
) -> Result<Vec<PlanStep>, StoreError> {
    let of_wanted = |it: &&Discrepancy| wanted.contains(it.package.to_string().as_str());
    let found: Vec<Discrepancy> = view.outcome.discrepancies.iter().filter(of_wanted).cloned().collect();
    let answer = view.answer();
    let records = records_of(&answer, &found);
    let mut planned: Vec<Planned<'_>> = Vec::new();
    for (found, record) in found.iter().zip(&records) {
        let Some(books) = view.package(found.package) else { continue };
        for (step, told) in found.plan.iter().zip(&record.plan) {
            let body = StepBody::of(step, told, record, (&books, &view.settings));
            let shares = shared(step, &found.plan);
            planned.push(Planned { step, shares, package: &record.package, body });
        }
    }
    whole_receipts(&mut planned);
    finalize_again(&mut planned);
    let mut steps: Vec<PlanStep> = Vec::new();
    let mut first: BTreeMap<(Text, Action, Text), i64> = BTreeMap::new();
    for Planned { step, shares, package, mut body } in planned {
        let number = i64::try_from(steps.len()).unwrap_or(i64::MAX).saturating_add(1);
        if let Some((kind, receipt)) = shares {
            let known = *first.entry((Text::new(&body.told.action), kind, receipt)).or_insert(number);
            body.same_as = (known != number).then_some(known);
        }
        let changes = body.told.action == step.action.name();
        let atoms =
            |measure: Option<Measure>| measure.filter(|_| changes).and_then(|it| i64::try_from(it.amount.atoms()).ok());
        steps.push(PlanStep {
            license_id: license.clone(),
            plan_id: plan_id.clone(),
            step: number,
            discrepancy_id: None,
            package_id: Text::new(package),
            system: Text::new(&body.told.system),
            action: Text::new(&body.told.action),
            details: serde_json::to_string(&body).map_err(StoreError::refused)?,
            guard_quantity: atoms(step.before),
            expected_quantity: atoms(step.after),
            state: Text::const_new("open"),
            asked_at: None,
            version: 1,
        });
    }
    Ok(steps)
}

/// A step on its way into a plan.
#[derive(Clone)]
struct Planned<'p> {
    step: &'p Step,
    shares: Option<(Action, Text)>,
    package: &'p str,
    body: StepBody,
}

/// A receipt is edited or reported by us as a whole, or not at all.
fn whole_receipts(planned: &mut [Planned<'_>]) {
    let mut by_hand: BTreeMap<(Action, Text), String> = BTreeMap::new();
    let mut edited: BTreeSet<(&(Action, Text), &str)> = BTreeSet::new();
    for it in planned.iter() {
        let Some(shares) = &it.shares else { continue };
        if it.body.doer == Doer::InState {
            by_hand.insert(shares.clone(), it.body.because.clone().unwrap_or_default());
        }
        let changes_line = matches!(it.step.action, Action::EditReceipt | Action::SubmitReceipt);
        if changes_line && !edited.insert((shares, it.package)) {
            by_hand.insert(shares.clone(), "it is changed twice for one package".to_owned());
        }
    }
    for it in planned.iter_mut() {
        let because = it.shares.as_ref().and_then(|shares| by_hand.get(shares));
        if let Some(because) = because.filter(|_| it.body.doer == Doer::Trueup) {
            it.body = StepBody { because: Some(because.clone()), ..StepBody::new(it.body.told.clone(), Doer::InState) };
        }
    }
}

/// What was finalized before it is edited is finalized again afterwards.
fn finalize_again(planned: &mut Vec<Planned<'_>>) {
    let is_ours = |it: &Planned<'_>, action| it.step.action == action && it.body.doer == Doer::Trueup;
    let opened: BTreeSet<Text> = planned
        .iter()
        .filter(|it| is_ours(it, Action::UnfinalizeReceipt))
        .filter_map(|it| it.shares.clone().filter(|(kind, _)| *kind == Action::EditReceipt))
        .map(|(_, receipt)| receipt)
        .collect();
    let mut place = 0;
    while let Some(it) = planned.get(place) {
        place = place.saturating_add(1);
        let is_opened = it.shares.as_ref().is_some_and(|(_, receipt)| opened.contains(receipt));
        let is_edit = is_ours(it, Action::EditReceipt) && is_opened;
        if is_edit {
            let mut last = it.clone();
            let told = Told {
                action: "finalize_receipt".to_owned(),
                quantity: None,
                before: None,
                after: None,
                ..last.body.told.clone()
            };
            last.body = StepBody { receipt: last.body.receipt, ..StepBody::new(told, Doer::Trueup) };
            planned.insert(place, last);
            place = place.saturating_add(1);
        }
    }
}

/// Packages, and those that stand on a receipt which is changed for one of them.
fn with_their_receipts(view: &View, asked: &BTreeSet<Text>) -> BTreeSet<Text> {
    let mut wanted = asked.clone();
    loop {
        let tag = |it: &Discrepancy| Text::from(it.package.to_string());
        let of_wanted = view.outcome.discrepancies.iter().filter(|it| wanted.contains(&tag(it)));
        let receipts: BTreeSet<(Action, Text)> =
            of_wanted.flat_map(|it| it.plan.iter().filter_map(|step| shared(step, &it.plan))).collect();
        let stands_on = |it: &&Discrepancy| {
            it.plan.iter().filter_map(|step| shared(step, &it.plan)).any(|it| receipts.contains(&it))
        };
        let more: Vec<Text> = view.outcome.discrepancies.iter().filter(stands_on).map(tag).collect();
        let before = wanted.len();
        // Of packages that agree nothing is known here, so that they stay as they were asked for.
        wanted.extend(more);
        if wanted.len() == before {
            return wanted;
        }
    }
}

/// The plan that takes another one back: its verified steps in reverse, from what the state holds now. What cannot be taken back is
/// left out; the preview had said so.
///
/// # Errors
/// [`StoreError::Refused`] if the plan is not done, was taken back already, or nothing of it can be; those of the store.
pub fn propose_undo(
    store: &Store,
    view: &View,
    (undone, asked): (&str, &Asked),
    (now, plan_id): (Timestamp, Text),
) -> Result<Proposed, StoreError> {
    let license = Text::new(view.settings.license.as_str());
    let (plan, before) = store.read(|tx| read_plan(tx, &license, undone))?;
    if plan.state != "done" {
        return Err(StoreError::refused(format!("plan {undone} is {}: there is nothing to take back yet", plan.state)));
    }
    // An undo of which nothing was done, or that was only proposed, is none.
    for other in store.read(|tx| plans_undoing(tx, &license, undone))? {
        let steps = store.read(|tx| plan_steps(tx, &license, &other.plan_id))?;
        let is_done = steps.iter().any(|step| matches!(step.state.as_str(), "verified" | "blocked"));
        if is_done || matches!(other.state.as_str(), "approved" | "executing") {
            return Err(StoreError::refused(format!("plan {undone} was taken back already, by {}", other.plan_id)));
        }
    }
    let mut held: BTreeMap<Text, i64> = BTreeMap::new();
    let mut steps: Vec<PlanStep> = Vec::new();
    // The first of a group in this order, by the first in the other one.
    let mut groups: BTreeMap<i64, i64> = BTreeMap::new();
    for step in before.iter().rev().filter(|step| step.state == "verified") {
        let body = StepBody::read(step)?;
        if body.doer != Doer::Trueup {
            // What people did they take back themselves.
            continue;
        }
        let group = body.same_as.unwrap_or(step.step);
        let submission = format!("{undone}-{group}");
        let created = created_by(store, &license, &submission)?;
        let Some(mut body) = body.taken_back(&step.action, &submission, created) else { continue };
        let number = i64::try_from(steps.len()).unwrap_or(i64::MAX).saturating_add(1);
        let first = *groups.entry(group).or_insert(number);
        body.same_as = (first != number).then_some(first);
        let change =
            step.expected_quantity.zip(step.guard_quantity).map(|(after, before)| before.saturating_sub(after));
        let guard = match change {
            None => None,
            Some(_) => Some(held_now(view, &mut held, &step.package_id)?),
        };
        let expected = guard.zip(change).map(|(guard, change)| guard.saturating_add(change));
        if let Some(expected) = expected {
            held.insert(step.package_id.clone(), expected);
        }
        let body = body.between(&step.package_id, (guard, expected))?;
        steps.push(PlanStep {
            plan_id: plan_id.clone(),
            step: number,
            discrepancy_id: None,
            action: Text::new(&body.told.action),
            details: serde_json::to_string(&body).map_err(StoreError::refused)?,
            guard_quantity: guard,
            expected_quantity: expected,
            state: Text::const_new("open"),
            asked_at: None,
            version: 1,
            ..step.clone()
        });
    }
    if steps.is_empty() {
        return Err(StoreError::refused(format!("nothing of plan {undone} can be taken back")));
    }
    let (plan, steps) = keep(store, (license, plan_id), steps, (asked, now, Some(undone)))?;
    Ok(Proposed { plan, steps, brought_along: Vec::new(), agreeing: Vec::new(), waiting: Vec::new() })
}

/// The state's number of what a submission made, if it told one.
fn created_by(store: &Store, license: &str, submission: &str) -> Result<Option<i64>, StoreError> {
    let journal = store.read(|tx| attempts(tx, license, submission))?;
    let id = |details: &str| serde_json::from_str::<serde_json::Value>(details).ok()?.get("id")?.as_i64();
    Ok(journal.iter().filter(|it| it.state == "accepted").find_map(|it| id(it.details.as_deref()?)))
}

/// What the state holds of a package, as it was seen last and by the steps so far.
fn held_now(view: &View, held: &mut BTreeMap<Text, i64>, package: &Text) -> Result<i64, StoreError> {
    if let Some(quantity) = held.get(package) {
        return Ok(*quantity);
    }
    let unseen = || StoreError::refused(format!("the state does not tell of {package} any more"));
    let tag = PackageTag::parse(package).map_err(|_| unseen())?;
    let books = view.package(tag).ok_or_else(unseen)?;
    books.state().map(|state| state.quantity.atoms()).ok_or_else(unseen)
}

/// SHA-256 of what will be done: the steps' packages, systems, actions, details and guards, in order.
fn hash_of(steps: &[PlanStep]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for step in steps {
        for part in [&step.package_id, &step.system, &step.action] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(u64::try_from(step.details.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(step.details.as_bytes());
        for quantity in [step.guard_quantity, step.expected_quantity] {
            hash.update(quantity.map_or([0; 9], |quantity| {
                let mut bytes = [1; 9];
                bytes[1..].copy_from_slice(&quantity.to_be_bytes());
                bytes
            }));
        }
    }
    hash.finalize().into()
}

/// Keeps a plan as it is proposed.
fn keep(
    store: &Store,
    (license_id, plan_id): (Text, Text),
    steps: Vec<PlanStep>,
    (asked, now, undoes): (&Asked, Timestamp, Option<&str>),
) -> Result<(Plan, Vec<PlanStep>), StoreError> {
    let plan = Plan {
        license_id,
        plan_id,
        state: Text::const_new("proposed"),
        purpose: asked.why.clone(),
        content_hash: hash_of(&steps),
        proposed_by: asked.by.id.clone(),
        proposed_at: now,
        undoes: undoes.map(Text::new),
        version: 1,
    };
    let (action, code) = if undoes.is_some() { ("plan.undo", "undo") } else { ("plan.propose", "sync") };
    let draft = Draft::new(asked.by.clone(), action).because(code, Some(&asked.why));
    store.write(move |tx| {
        let rows = open_discrepancies(tx, &plan.license_id)?;
        let ids: BTreeMap<&Text, &Text> = rows.iter().map(|row| (&row.package_id, &row.discrepancy_id)).collect();
        let mut steps = steps.clone();
        for step in &mut steps {
            step.discrepancy_id = ids.get(&step.package_id).map(|id| (*id).clone());
        }
        tx.insert(std::slice::from_ref(&plan))?;
        tx.insert(&steps)?;
        let draft = draft.clone().to("plan", &plan.plan_id, Some(plan.version));
        audit::record(tx, &plan.license_id, now, &draft)?;
        Ok((plan.clone(), steps))
    })
}

/// A plan with its steps.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such plan; those of the store.
pub fn read_plan(tx: &mut Tx<'_>, license: &str, plan: &str) -> Result<(Plan, Vec<PlanStep>), StoreError> {
    let missing = || StoreError::Missing { what: format!("plan {plan}") };
    let row: Plan = tx.get(&[ValueRef::Text(license), ValueRef::Text(plan)])?.ok_or_else(missing)?;
    let steps = plan_steps(tx, license, plan)?;
    // What is carried out has to be what was approved: the steps are held to the plan's hash whenever they are read.
    if hash_of(&steps) != row.content_hash {
        return Err(StoreError::refused(format!("the steps of plan {plan} are not those that were proposed")));
    }
    Ok((row, steps))
}

/// Writes down what became of a step.
pub(super) fn settle_step(
    store: &Store,
    step: &PlanStep,
    state: &'static str,
    (now, draft): (Timestamp, Draft),
) -> Result<PlanStep, StoreError> {
    let after = PlanStep { state: Text::const_new(state), version: step.version.saturating_add(1), ..step.clone() };
    let row = after.clone();
    store.write(move |tx| replace_step(tx, &row, now, &draft))?;
    Ok(after)
}
