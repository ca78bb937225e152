//! What people were asked to do in the POS and in the state's page, until it is seen.
//!
//! A step that was given out is not given out again before the book that it changes was read anew: an export that was made before
//! the step was done shows the same difference, and whoever did it twice would make another one.

use super::steps::{Doer, StepBody};
use crate::desk::View;
use jiff::Timestamp;
use std::collections::BTreeSet;
use trueup_answer::record::Step as Told;
use trueup_answer::records_of;
use trueup_core::Book;
use trueup_reconcile::Discrepancy;
use trueup_store::audit::{Actor, Draft};
use trueup_store::queue::{asked_steps, replace_step};
use trueup_store::{Plan, PlanStep, Store, StoreError, Text};

/// Packages of which people were asked to change something that what was read last cannot show yet.
pub(super) fn unseen(store: &Store, view: &View) -> Result<BTreeSet<Text>, StoreError> {
    let license = view.settings.license.as_str();
    let asked = store.read(|tx| asked_steps(tx, license))?;
    let mut packages = BTreeSet::new();
    for step in asked {
        if !can_show(view, &step, &StepBody::read(&step)?) {
            packages.insert(step.package_id.clone());
        }
    }
    Ok(packages)
}

/// Whether what was read would show that the step was done.
fn can_show(view: &View, step: &PlanStep, body: &StepBody) -> bool {
    let settings = &view.settings;
    let Some(asked_at) = step.asked_at else { return true };
    match (body.doer, step.action.as_str()) {
        // It takes its time until the POS's report arrives.
        (Doer::InPos, "resend_receipt") => {
            asked_at.checked_add(settings.due_after).is_ok_and(|due| settings.state_as_of > due)
        }
        (Doer::InPos, _) => settings.snapshot(Book::Pos) > asked_at,
        (Doer::InState, _) => settings.snapshot(Book::State) > asked_at,
        _ => true,
    }
}

/// Ticks off what is asked for no more. Gives how many rows that were.
///
/// # Errors
/// Those of the store.
pub fn tick_off(store: &Store, view: &View) -> Result<u64, StoreError> {
    let license = Text::new(view.settings.license.as_str());
    let asked = store.read(|tx| asked_steps(tx, &license))?;
    if asked.is_empty() {
        return Ok(0);
    }
    let packages: BTreeSet<&Text> = asked.iter().map(|step| &step.package_id).collect();
    let concerned = |it: &&Discrepancy| packages.contains(&Text::from(it.package.to_string()));
    let found: Vec<Discrepancy> = view.outcome.discrepancies.iter().filter(concerned).cloned().collect();
    let answer = view.answer();
    let records = records_of(&answer, &found);
    let mut seen = Vec::new();
    for step in asked {
        let body = StepBody::read(&step)?;
        let plan = records.iter().find(|record| record.package == step.package_id.as_str()).map(|record| &record.plan);
        let is_there =
            |alike: fn(&Told, &Told) -> bool| plan.is_some_and(|plan| plan.iter().any(|it| alike(it, &body.told)));
        if is_there(is_same) || !can_show(view, &step, &body) {
            continue;
        }
        // Something of the kind is asked for still, by another amount: nobody knows whether this was done.
        let state = if is_there(is_alike) { "dropped" } else { "verified" };
        seen.push((step, state));
    }
    let now = view.at;
    store.write(move |tx| {
        let mut count = 0;
        let asked = asked_steps(tx, &license)?;
        for (step, state) in &seen {
            // A plan may have asked for something else meanwhile.
            if asked.contains(step) {
                let draft = Draft::new(Actor::program("desk"), "plan.step").because("seen", None);
                replace_step(tx, &moved(step, state), now, &draft)?;
                count += u64::from(*state == "verified");
            }
        }
        Ok(count)
    })
}

/// Whether it is the same thing to do; what the book holds before and after may have moved.
fn is_same(a: &Told, b: &Told) -> bool {
    (&a.system, &a.action, &a.reference, &a.sku, &a.quantity)
        == (&b.system, &b.action, &b.reference, &b.sku, &b.quantity)
}

fn is_alike(a: &Told, b: &Told) -> bool {
    (&a.system, &a.action, &a.reference, &a.sku) == (&b.system, &b.action, &b.reference, &b.sku)
}

fn moved(step: &PlanStep, state: &'static str) -> PlanStep {
    PlanStep { state: Text::const_new(state), version: step.version.saturating_add(1), ..step.clone() }
}

/// Asks people for a step; what they were asked for of the package before is asked for no more. `false` if they were asked for something
/// since the plan was made: then this one goes by what was before, and is not asked for.
pub(super) fn give_out(
    store: &Store,
    (plan, step): (&Plan, &PlanStep),
    (now, draft): (Timestamp, Draft),
) -> Result<bool, StoreError> {
    let (plan, step) = (plan.clone(), step.clone());
    store.write(move |tx| {
        let others = asked_steps(tx, &plan.license_id)?;
        let of_package = || others.iter().filter(|it| it.package_id == step.package_id && it.plan_id != plan.plan_id);
        if of_package().any(|it| it.asked_at.is_some_and(|at| at >= plan.proposed_at)) {
            replace_step(tx, &moved(&step, "refused"), now, &draft)?;
            return Ok(false);
        }
        for other in of_package() {
            replace_step(tx, &moved(other, "dropped"), now, &draft)?;
        }
        replace_step(tx, &PlanStep { asked_at: Some(now), ..moved(&step, "asked") }, now, &draft)?;
        Ok(true)
    })
}
