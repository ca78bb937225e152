//! Repairs: previewed, approved, carried out under guard, seen in the state; and what goes wrong on the way.

use crate::world::World;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use trueup_app::desk::View;
use trueup_app::sync::{
    Applied, Asked, Doer, Orders, Proposed, StepBody, SyncError, apply, approve, propose, propose_undo, read_plan,
    recover, settle_unknown,
};
use trueup_metrc::client::Care;
use trueup_sim::metrc::{ByHand, Faults as Weather};
use trueup_store::audit::Actor;
use trueup_store::queue::{HeldLease, attempts, open_submissions, return_lease, take_lease};
use trueup_store::{PlanStep, StoreError, Text, ValueRef};

fn dana() -> Actor {
    Actor::program("p-dana")
}

fn orders(world: &World) -> Orders {
    let zone = trueup_intake::read_settings(&world.root(), None).unwrap().zone.name().to_owned();
    Orders {
        zone: jiff::tz::TimeZone::get(&zone).unwrap(),
        reason: Some("Incorrect Quantity".to_owned()),
        by: dana(),
        name: "Dana Ruiz".to_owned(),
        care: Care::default(),
    }
}

fn body(step: &PlanStep) -> StepBody {
    serde_json::from_str(&step.details).unwrap()
}

impl World {
    fn now(&self) -> Timestamp {
        self.client.state_now()
    }

    fn lease(&self) -> HeldLease {
        let (licence, now) = (self.licence.clone(), self.now());
        let day = SignedDuration::from_hours(24);
        self.books.write(move |tx| take_lease(tx, (&licence, "sender"), "test", now, day)).unwrap().unwrap()
    }

    fn propose(&self, view: &View, packages: &[String], id: &str) -> Proposed {
        let packages: BTreeSet<Text> = packages.iter().map(Text::new).collect();
        let asked = Asked { packages, why: "found this morning".to_owned(), by: dana() };
        propose(&self.books, view, &asked, (self.now(), Text::new(id))).unwrap()
    }

    fn approve(&self, proposed: &Proposed) {
        let (id, hash) = (&proposed.plan.plan_id, proposed.plan.content_hash);
        approve(&self.books, (&self.licence, id, hash), self.now(), (&dana(), "Dana Ruiz")).unwrap();
    }

    async fn apply(&self, lease: &HeldLease, proposed: &Proposed) -> Result<Applied, SyncError> {
        apply(&self.books, &self.client, lease, (&self.licence, &proposed.plan.plan_id), &orders(self)).await
    }

    /// What the state says of each package.
    fn packages_in_state(&self) -> BTreeMap<String, String> {
        let lines = self.served.with(|server, _, _| server.summary(&self.licence));
        let packages = lines.iter().filter_map(|line| line.strip_prefix("package ")?.split_once(' '));
        packages.map(|(tag, rest)| (tag.to_owned(), rest.to_owned())).collect()
    }
}

/// Packages whose whole repair is ours.
fn ours(view: &View) -> Vec<String> {
    let is_ours = |it: &&trueup_reconcile::Discrepancy| {
        let actions = ["adjust", "void_receipt", "unfinalize_receipt", "finish", "unfinish"];
        it.unexplained.is_zero()
            && it
                .plan
                .iter()
                .all(|step| step.system == trueup_core::Book::State && actions.contains(&step.action.name()))
    };
    view.outcome.discrepancies.iter().filter(is_ours).map(|it| it.package.to_string()).collect()
}

/// A world in which at least two packages can be repaired by us alone.
async fn repairable() -> (World, View, Vec<String>) {
    for seed in 991_000..991_040 {
        let mut world = World::new(seed);
        let (view, ..) = world.round().await;
        let packages = ours(&view);
        let adjusts = |package: &String| {
            let found = view.outcome.discrepancies.iter().find(|it| it.package.to_string() == *package);
            found.is_some_and(|it| it.plan.iter().any(|step| step.action.name() == "adjust"))
        };
        if packages.len() >= 2 && packages.iter().any(adjusts) {
            return (world, view, packages);
        }
    }
    panic!("no seed has packages that we can repair alone");
}

#[tokio::test(start_paused = true)]
async fn what_was_previewed_is_done_seen_and_gone() {
    let (mut world, view, packages) = repairable().await;
    let before = world.packages_in_state();
    let proposed = world.propose(&view, &packages, "plan-1");
    assert!(proposed.steps.iter().all(|step| body(step).doer == Doer::Trueup));
    assert_eq!(world.packages_in_state(), before, "a preview sends nothing");
    let lease = world.lease();
    let early = world.apply(&lease, &proposed).await.unwrap_err().to_string();
    assert!(early.contains("not approved"), "{early}");
    let other = approve(&world.books, (&world.licence, "plan-1", [0; 32]), world.now(), (&dana(), "Dana Ruiz"));
    assert!(matches!(other, Err(StoreError::Conflict { .. })), "another plan than the one that was seen was approved");
    world.approve(&proposed);
    let applied = world.apply(&lease, &proposed).await.unwrap();
    let count = u64::try_from(proposed.steps.len()).unwrap();
    assert_eq!(applied, Applied { verified: count, ..Applied::default() });
    // Nothing but these packages changed in the state.
    let changed: Vec<String> = world
        .packages_in_state()
        .into_iter()
        .filter(|(tag, it)| before.get(tag) != Some(it))
        .map(|(tag, _)| tag)
        .collect();
    assert!(changed.iter().all(|tag| packages.contains(tag)), "{changed:?}");
    // What was done never comes back as something to be explained.
    tokio::time::advance(std::time::Duration::from_secs(3 * 3_600)).await;
    let (after, tracked, _) = world.round().await;
    let left: Vec<String> = after.outcome.discrepancies.iter().map(|it| it.package.to_string()).collect();
    for package in &packages {
        let found = after.outcome.discrepancies.iter().find(|it| it.package.to_string() == *package);
        assert!(found.is_none(), "{found:#?}");
    }
    assert_eq!(left.len() + packages.len(), view.outcome.discrepancies.len());
    assert_eq!((tracked.found, tracked.gone), (0, u64::try_from(packages.len()).unwrap()));
    // Once.
    let again = world.apply(&lease, &proposed).await.unwrap_err().to_string();
    assert!(again.contains("is done"), "{again}");
    let (plan, steps) = world.books.read(|tx| read_plan(tx, &world.licence, "plan-1")).unwrap();
    assert_eq!(plan.state, "done");
    assert!(steps.iter().all(|step| step.state == "verified"));
    let journal = world.books.read(|tx| attempts(tx, &world.licence, "plan-1-1")).unwrap();
    let kinds: Vec<(&str, &str)> = journal.iter().map(|it| (it.kind.as_str(), it.state.as_str())).collect();
    assert_eq!(kinds, [("intent", "journalled"), ("answer", "accepted"), ("look", "verified")]);
    world.books.read(trueup_store::care::integrity).unwrap();
}

/// A person sold from a package, or changed it, after the preview: that package is left alone, the others are repaired.
#[tokio::test(start_paused = true)]
async fn what_moved_since_the_preview_is_left_alone() {
    let (world, view, packages) = repairable().await;
    let proposed = world.propose(&view, &packages, "plan-1");
    world.approve(&proposed);
    let guarded = proposed.steps.iter().find(|step| step.guard_quantity.is_some()).unwrap();
    let unit = body(guarded).told.unit.unwrap();
    let unit = trueup_core::Unit::parse(&unit).unwrap().name();
    let label = guarded.package_id.to_string();
    let day = world.now().strftime("%Y-%m-%d").to_string();
    let adjust = ByHand::Write {
        method: "POST",
        path: "/packages/v2/adjust".to_owned(),
        body: format!(
            r#"[{{"Label":"{label}","Quantity":1,"UnitOfMeasure":"{unit}","AdjustmentReason":"Incorrect Quantity","ReasonNote":"by hand","AdjustmentDate":"{day}"}}]"#
        ),
    };
    world.served.by_hand(&world.licence, "Sam Cole", &adjust).unwrap();
    let before = world.packages_in_state();
    let applied = world.apply(&world.lease(), &proposed).await.unwrap();
    assert!(applied.refused > 0 && applied.verified > 0 && applied.unknown == 0, "{applied:?}");
    assert_eq!(world.packages_in_state()[&label], before[&label]);
    let (_, steps) = world.books.read(|tx| read_plan(tx, &world.licence, "plan-1")).unwrap();
    let of_package = steps.iter().filter(|step| step.package_id == label.as_str() && step.guard_quantity.is_some());
    assert!(of_package.into_iter().all(|step| step.state == "refused"));
    let submission = format!("plan-1-{}", body(guarded).same_as.unwrap_or(guarded.step));
    let journal = world.books.read(|tx| attempts(tx, &world.licence, &submission)).unwrap();
    assert_eq!(journal.last().unwrap().state, "rejected");
    assert!(journal.last().unwrap().details.as_deref().unwrap().contains(&label), "{journal:?}");
}

/// Answers get lost, effects come late, the state is away: each step is done once, or it is said that nobody knows.
#[tokio::test(start_paused = true)]
async fn what_goes_wrong_on_the_way_does_nothing_twice() {
    for kind in ["time_out_before", "time_out_after", "late_effect", "cut_after", "error_after", "lost_write"] {
        let (mut world, view, packages) = repairable().await;
        let proposed = world.propose(&view, &packages, "plan-1");
        world.approve(&proposed);
        let text = format!(
            "late_ms = [5000, 20000]\n[[fault]]\nkind = \"{kind}\"\nper_mille = 1000\non = \"writes\"\nmost = 1\n"
        );
        let weather = Weather::read(&text, "test", 1).unwrap();
        world.served.with(|_, faults, _| *faults = weather);
        let applied = world.apply(&world.lease(), &proposed).await.unwrap();
        let count = u64::try_from(proposed.steps.len()).unwrap();
        assert_eq!(applied.verified + applied.unknown + applied.refused, count, "{kind}: {applied:?}");
        assert!(applied.verified > 0, "{kind}: {applied:?}");
        tokio::time::advance(std::time::Duration::from_secs(3 * 3_600)).await;
        let (after, ..) = world.round().await;
        let unknown: Vec<String> = {
            let (_, steps) = world.books.read(|tx| read_plan(tx, &world.licence, "plan-1")).unwrap();
            steps.iter().filter(|step| step.state != "verified").map(|step| step.package_id.to_string()).collect()
        };
        for package in packages.iter().filter(|package| !unknown.contains(package)) {
            let found = after.outcome.discrepancies.iter().find(|it| it.package.to_string() == *package);
            assert!(found.is_none(), "{kind}: {found:#?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_adjustment_needs_a_reason_of_the_states_list() {
    let (world, view, packages) = repairable().await;
    let proposed = world.propose(&view, &packages, "plan-1");
    world.approve(&proposed);
    let lease = world.lease();
    for (reason, told) in [(None, "needs a reason"), (Some("Because".to_owned()), "no reason `Because`")] {
        let orders = Orders { reason, ..orders(&world) };
        let refused =
            apply(&world.books, &world.client, &lease, (&world.licence, "plan-1"), &orders).await.unwrap_err();
        assert!(refused.to_string().contains(told) && refused.to_string().contains("Incorrect Quantity"), "{refused}");
    }
    let nothing =
        Asked { packages: BTreeSet::from([Text::new("1A4060300002EE1999999999")]), why: String::new(), by: dana() };
    let refused = propose(&world.books, &view, &nothing, (world.now(), Text::new("plan-2"))).unwrap_err();
    assert!(refused.to_string().contains("nothing to repair"), "{refused}");
}

/// Steps that were changed in the database are not carried out.
#[tokio::test(start_paused = true)]
async fn what_is_not_what_was_proposed_is_not_done() {
    let (world, view, packages) = repairable().await;
    let proposed = world.propose(&view, &packages, "plan-1");
    world.approve(&proposed);
    let step = proposed.steps[0].clone();
    let licence = world.licence.clone();
    let now = world.now();
    world
        .books
        .write(move |tx| {
            let key = [ValueRef::Text(&licence), ValueRef::Text("plan-1"), ValueRef::Integer(1)];
            let row: PlanStep = tx.get(&key)?.unwrap();
            let more = PlanStep { guard_quantity: Some(1), version: row.version + 1, ..row };
            trueup_store::queue::replace_step(tx, &more, now, &trueup_store::audit::Draft::new(dana(), "x"))
        })
        .unwrap();
    let refused = world.apply(&world.lease(), &proposed).await.unwrap_err().to_string();
    assert!(refused.contains("not those that were proposed"), "{refused} {step:?}");
}

/// Whatever can be repaired by us, in many stores: afterwards it is gone, nothing else changed, and nothing new is to be explained.
#[tokio::test(start_paused = true)]
async fn a_sync_never_makes_a_discrepancy() {
    let (mut repaired, mut by_hand) = (0, 0);
    for seed in 992_000..992_015 {
        let mut world = World::new(seed);
        let (view, ..) = world.round().await;
        let all: Vec<String> = view.outcome.discrepancies.iter().map(|it| it.package.to_string()).collect();
        let before = world.packages_in_state();
        let proposed = world.propose(&view, &all, "plan-1");
        world.approve(&proposed);
        let applied = world.apply(&world.lease(), &proposed).await.unwrap();
        // Where the POS has to be corrected or asked first, what follows on the package may have to wait; nothing is in doubt.
        assert_eq!(applied.unknown, 0, "seed {seed}: {applied:?}");
        by_hand += applied.by_hand;
        let (_, steps) = world.books.read(|tx| read_plan(tx, &world.licence, "plan-1")).unwrap();
        let touched: BTreeSet<&str> =
            steps.iter().filter(|step| step.state == "verified").map(|step| step.package_id.as_str()).collect();
        for (tag, it) in world.packages_in_state() {
            assert!(before[&tag] == it || touched.contains(tag.as_str()), "seed {seed}: {tag} changed");
        }
        tokio::time::advance(std::time::Duration::from_secs(3 * 3_600)).await;
        let (after, ..) = world.round().await;
        // Sales that were on their way get due as time passes: the same store without a sync tells which.
        let mut idle = World::new(seed);
        idle.round().await;
        tokio::time::advance(std::time::Duration::from_secs(3 * 3_600)).await;
        let (due, ..) = idle.round().await;
        let alone: BTreeSet<String> = due.outcome.discrepancies.iter().map(|it| it.package.to_string()).collect();
        let new = after.outcome.discrepancies.iter().find(|it| !alone.contains(&it.package.to_string()));
        assert!(new.is_none(), "seed {seed}: {new:#?}");
        let whole = ours(&view);
        for package in &whole {
            // One whose receipt waits for what a person has to do on another package waits, too.
            let refused = steps.iter().any(|step| step.package_id == package.as_str() && step.state != "verified");
            let found = after.outcome.discrepancies.iter().find(|it| it.package.to_string() == *package);
            assert!(refused || found.is_none(), "seed {seed}: {found:#?}");
            repaired += usize::from(!refused);
        }
    }
    println!("{repaired} packages repaired, {by_hand} steps are people's");
    assert!(repaired > 30 && by_hand > 0, "{repaired} packages repaired, {by_hand} steps are people's");
}

/// The process ends while a write is on its way: that write is unknown, is not sent again, and what was not begun is not begun.
#[tokio::test(start_paused = true)]
async fn what_was_on_its_way_when_the_process_ended_is_unknown() {
    let (world, view, packages) = repairable().await;
    let proposed = world.propose(&view, &packages, "plan-1");
    world.approve(&proposed);
    let text = "[[fault]]\nkind = \"time_out_before\"\nper_mille = 1000\non = \"writes\"\n";
    let weather = Weather::read(text, "test", 1).unwrap();
    world.served.with(|_, faults, _| *faults = weather);
    let lease = world.lease();
    // Dropped while it waits for an answer, as by kill -9.
    let cut = tokio::time::timeout(std::time::Duration::from_secs(30), world.apply(&lease, &proposed)).await;
    assert!(cut.is_err());
    let writes = world.served.counted().writes;
    assert_eq!(writes, 1);
    // Another process holds the lease from now on; the first one can write nothing any more.
    let (licence, now, day) = (world.licence.clone(), world.now(), SignedDuration::from_hours(24));
    let held = lease.clone();
    world.books.write(move |tx| return_lease(tx, &held)).unwrap();
    let next = world.books.write(move |tx| take_lease(tx, (&licence, "sender"), "next", now, day)).unwrap().unwrap();
    assert!(recover(&world.books, &lease, now).is_err(), "a former holder goes on");
    let unknown = recover(&world.books, &next, now).unwrap();
    assert_eq!(unknown, ["plan-1-1"]);
    let (plan, steps) = world.books.read(|tx| read_plan(tx, &world.licence, "plan-1")).unwrap();
    assert_eq!(plan.state, "done");
    for step in &steps {
        let is_first = step.step == 1 || body(step).same_as == Some(1);
        assert_eq!(step.state, if is_first { "blocked" } else { "refused" }, "{step:?}");
    }
    let left = world.books.read(|tx| open_submissions(tx, &world.licence)).unwrap();
    assert_eq!(left.iter().map(|it| it.state.as_str()).collect::<Vec<_>>(), ["unknown"]);
    assert_eq!(recover(&world.books, &next, now).unwrap(), Vec::<Text>::new(), "once");
    assert!(world.apply(&next, &proposed).await.is_err());
    assert_eq!(world.served.counted().writes, writes, "nothing is sent again");
    // Nor is anything else sent for that package, until a person has looked.
    let again = world.propose(&view, &packages, "plan-2");
    world.approve(&again);
    world.served.with(|_, faults, _| *faults = Weather::none());
    let applied = world.apply(&next, &again).await.unwrap();
    assert!(applied.refused >= 1, "{applied:?}");
    let journal = world.books.read(|tx| attempts(tx, &world.licence, "plan-2-1")).unwrap();
    assert!(journal.last().unwrap().details.as_deref().unwrap().contains("plan-1-1"), "{journal:?}");
    let seen = ("plan-1-1", false, "it is not among the adjustments");
    settle_unknown(&world.books, &next, seen, (world.now(), &dana())).unwrap();
    assert!(settle_unknown(&world.books, &next, seen, (world.now(), &dana())).is_err(), "once");
    let third = world.propose(&view, &packages[..1], "plan-3");
    world.approve(&third);
    let applied = world.apply(&next, &third).await.unwrap();
    assert!(applied.verified >= 1 && applied.refused == 0, "{applied:?}");
}

/// What can be taken back is as it was: the state's quantities, and what there is to explain.
#[tokio::test(start_paused = true)]
async fn a_sync_undone_is_no_sync() {
    let mut undone = 0;
    for seed in 994_000..994_012 {
        let mut world = World::new(seed);
        let (view, ..) = world.round().await;
        let by_adjusting = |package: &String| {
            let found = view.outcome.discrepancies.iter().find(|it| it.package.to_string() == *package);
            found.is_some_and(|it| it.plan.iter().all(|step| step.action.name() == "adjust"))
        };
        let packages: Vec<String> = ours(&view).into_iter().filter(by_adjusting).collect();
        if packages.is_empty() {
            continue;
        }
        let before = world.packages_in_state();
        let proposed = world.propose(&view, &packages, "plan-1");
        let asked = Asked { packages: BTreeSet::new(), why: "it was wrong".to_owned(), by: dana() };
        let early =
            propose_undo(&world.books, &view, ("plan-1", &asked), (world.now(), Text::new("plan-2"))).unwrap_err();
        assert!(early.to_string().contains("nothing to take back yet"), "{early}");
        world.approve(&proposed);
        let lease = world.lease();
        world.apply(&lease, &proposed).await.unwrap();
        tokio::time::advance(std::time::Duration::from_secs(3 * 3_600)).await;
        let (between, ..) = world.round().await;
        let at = world.now();
        let undo = propose_undo(&world.books, &between, ("plan-1", &asked), (at, Text::new("plan-2"))).unwrap();
        world.approve(&undo);
        let applied = world.apply(&lease, &undo).await.unwrap();
        let journal = world.books.read(|tx| attempts(tx, &world.licence, "plan-2-1")).unwrap();
        assert_eq!(
            applied.verified,
            u64::try_from(undo.steps.len()).unwrap(),
            "{applied:?} {journal:?} {:?}",
            undo.steps
        );
        assert_eq!(world.packages_in_state(), before);
        let at = world.now();
        let twice = propose_undo(&world.books, &between, ("plan-1", &asked), (at, Text::new("plan-3"))).unwrap_err();
        assert!(twice.to_string().contains("taken back already"), "{twice}");
        tokio::time::advance(std::time::Duration::from_secs(3 * 3_600)).await;
        let (after, ..) = world.round().await;
        for package in &packages {
            let told = |view: &View| {
                let found = view.outcome.discrepancies.iter().find(|it| it.package.to_string() == *package).unwrap();
                let causes: Vec<_> = found.causes.iter().map(|share| (share.cause, share.amount)).collect();
                (found.difference, causes, found.unexplained)
            };
            assert_eq!(told(&after), told(&view), "seed {seed}: {package}");
            undone += 1;
        }
    }
    assert!(undone > 5, "{undone}");
}
