//! The desk of the simulated shop: who looks, approves and does what is left to people, and what has to hold at every moment.

use crate::day::{Dice, Told};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use trueup_app::desk::{DeskFolder, Live, Puller, Push, View, look, push, read_folder, track, track_some};
use trueup_app::read_books;
use trueup_app::sync::{Asked, Doer, Orders, StepBody, apply, approve, propose, read_plan, recover, settle_unknown};
use trueup_metrc::client::{Care, Client, Gate, Keys, Limits, Policy, Simulated, TokioClock};
use trueup_reconcile::Discrepancy;
use trueup_sim::metrc::{ByHand, Served};
use trueup_sim::shop::Shop;
use trueup_store::audit::Actor;
use trueup_store::ledger::open_discrepancies;
use trueup_store::queue::{HeldLease, open_submissions, return_lease, take_lease};
use trueup_store::{Location, OpenOptions, PlanStep, Store, Submission, Text, ValueRef};

pub struct Desk {
    folder: tempfile::TempDir,
    licence: String,
    shop: Arc<Mutex<Shop>>,
    served: Arc<Served>,
    client: Client<Simulated, TokioClock>,
    books: Store,
    puller: Puller,
    live: Live,
    lease: HeldLease,
    dice: Dice,
    exported_at: Timestamp,
    /// The POS tells row by row, and told up to here.
    tells: bool,
    told_at: Timestamp,
    view: Option<View>,
    plans: u64,
    /// Packages that differed at the last look though all is well with them.
    unseen: BTreeSet<String>,
    /// Looks in a row at which nothing was found.
    quiet: u32,
    is_told: bool,
    pub told: Told,
}

fn dana() -> Actor {
    Actor::program("p-dana")
}

impl Desk {
    pub fn new(seed: u64, shop: Arc<Mutex<Shop>>, served: Arc<Served>, now: Timestamp, is_told: bool) -> Self {
        // In memory, where there is such a place: thousands of days are written here.
        let memory = std::path::Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(place).unwrap();
        let licence = shop.lock().unwrap().license().to_owned();
        let keys = served.with(|server, _, _| Keys::new(server.vendor_keys()[0], &server.employees()[0].key));
        let policy = Policy { seed, ..Policy::default() };
        let gate = Gate::new(Limits::default());
        let client = Client::new(Simulated::new(Arc::clone(&served)), TokioClock::set(now), keys, gate, policy);
        let location = Location::Sqlite(folder.path().join("books.db"));
        let books = Store::open(&location, &OpenOptions::new(now, "i-day")).unwrap();
        std::fs::create_dir(folder.path().join("store")).unwrap();
        shop.lock().unwrap().write_settings(&folder.path().join("store")).unwrap();
        let lease = HeldLease {
            license: Text::new(&licence),
            role: Text::default(),
            owner: Text::default(),
            fence: 0,
            expires_at: now,
        };
        Self {
            folder,
            licence,
            shop,
            served,
            client,
            books,
            puller: Puller::default(),
            live: Live::default(),
            lease,
            dice: Dice::new(seed.wrapping_add(1)),
            exported_at: now,
            tells: seed.is_multiple_of(3),
            told_at: now,
            view: None,
            plans: 0,
            unseen: BTreeSet::new(),
            quiet: 0,
            is_told,
            told: Told::default(),
        }
    }

    fn now(&self) -> Timestamp {
        self.served.now()
    }

    fn shop(&self) -> MutexGuard<'_, Shop> {
        self.shop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            println!("{} {}", self.now(), what());
        }
    }

    /// While the shop is open.
    pub async fn day(&mut self, closing: Timestamp) -> Result<(), String> {
        self.say(|| std::fs::read_to_string(self.folder.path().join("store/store.toml")).unwrap());
        loop {
            let wait = Duration::from_secs(self.dice.between(20 * 60, 80 * 60));
            if self.now() + wait >= closing {
                return Ok(());
            }
            tokio::time::sleep(wait).await;
            if let Some(view) = self.look(false).await?
                && self.dice.chance(2, 3)
            {
                self.repair(&view, true).await?;
            }
        }
    }

    /// After it closed, two hours: whether nothing is left.
    pub async fn evening(&mut self) -> Result<bool, String> {
        tokio::time::sleep(Duration::from_secs(3_700)).await;
        let Some(view) = self.look(true).await? else { return Ok(false) };
        if view.outcome.discrepancies.is_empty() && self.unknown().is_empty() {
            // What was in flight the first time has arrived or is due by the second.
            self.quiet += 1;
            return Ok(self.quiet > 1);
        }
        self.quiet = 0;
        self.repair(&view, false).await?;
        Ok(false)
    }

    /// Exports, pulls, looks; nothing if the state did not tell.
    async fn look(&mut self, must_export: bool) -> Result<Option<View>, String> {
        let root = self.folder.path().join("store");
        // Sometimes nobody exported anew; some POS tell row by row what came after their first export.
        let is_first = self.told.looks == 0;
        if is_first || (!self.tells && (must_export || self.dice.chance(4, 5))) {
            self.exported_at = self.now();
            self.shop().export(self.exported_at, &root).unwrap();
        }
        let pulled = match self.puller.pull(&self.client, &self.licence, &root).await {
            Ok(pulled) => pulled,
            Err(error) => {
                self.say(|| format!("pull: {error}"));
                self.told.failed_pulls += 1;
                return Ok(None);
            }
        };
        self.say(|| format!("looks: POS of {}, state of {}", self.exported_at.max(self.told_at), pulled.as_of));
        if let (true, Some(view)) = (self.tells, self.view.take()) {
            self.tell(&root, &view)?;
        }
        let snapshots = DeskFolder::new(&root)
            .snapshots(self.exported_at, pulled.as_of, self.now())
            .map_err(|error| error.to_string())?;
        self.told.looks += 1;
        let source = Text::from(format!("s-{}", self.told.looks));
        let folder = read_folder(&root, Some(snapshots)).map_err(|error| error.to_string())?;
        let looked = look(&self.books, (&root, folder), (self.now(), source), &mut self.live);
        let view = looked.map_err(|error| format!("look {}: {error}", self.told.looks))?;
        track(&self.books, &view).map_err(|error| error.to_string())?;
        let view = if self.tells && self.dice.chance(1, 2) { self.tell_and_compare(&root, view)? } else { view };
        self.view = Some(view.clone());
        self.check_the_list(&view)?;
        for found in &view.outcome.discrepancies {
            self.say(|| in_short(found));
            self.told.unexplained += u64::from(!found.unexplained.is_zero());
            for share in &found.causes {
                *self.told.causes.entry(share.cause.name()).or_default() += 1;
            }
        }
        Ok(Some(view))
    }

    /// The POS tells what came since it told last.
    fn tell(&mut self, root: &Path, view: &View) -> Result<Option<View>, String> {
        let now = self.now();
        let beside = tempfile::tempdir().unwrap();
        self.shop().tell_since(self.told_at, beside.path()).unwrap();
        let read = |name: &str| std::fs::read(beside.path().join(name)).unwrap();
        let (sales, movements) = (read("sales.csv"), read("movements.csv"));
        self.told.pushes += 1;
        let (key, source) = (format!("k-{}", self.told.pushes), format!("p-{}", self.told.pushes));
        let rows = Push { key: &key, as_of: now, sales: Some(&sales), movements: Some(&movements) };
        // Now and then the answer is lost, and it is told again.
        let times = if self.dice.chance(1, 5) { 2 } else { 1 };
        let mut seen = None;
        for time in 0..times {
            let desk = DeskFolder::new(root);
            let pushed = push(
                &self.books,
                (&desk, self.exported_at),
                (view, &mut self.live),
                &rows,
                (now, Text::from(source.clone())),
            );
            let pushed = pushed.map_err(|error| format!("push {key}: {error}"))?;
            assert_eq!(pushed.seen.is_some(), time == 0, "what was told is told again");
            if let Some((view, packages)) = pushed.seen {
                track_some(&self.books, &view, &packages).map_err(|error| error.to_string())?;
                seen = Some(view);
            }
        }
        self.told_at = now;
        Ok(seen)
    }

    /// What follows from what was told is what follows from reading everything again.
    fn tell_and_compare(&mut self, root: &Path, view: View) -> Result<View, String> {
        if self.now() <= self.told_at {
            return Ok(view);
        }
        let Some(told) = self.tell(root, &view)? else { return Err("told for the first time, and known".to_owned()) };
        let snapshots =
            DeskFolder::new(root).snapshots(self.exported_at, view.settings.state_as_of, self.now()).unwrap();
        let folder = read_folder(root, Some(snapshots)).map_err(|error| error.to_string())?;
        let whole = trueup_reconcile::reconcile(&folder.books, &folder.settings, &mut |_, _| {});
        if whole != told.outcome {
            let short = |outcome: &trueup_reconcile::Outcome| -> Vec<String> {
                outcome.discrepancies.iter().map(in_short).collect()
            };
            return Err(format!("as told: {:#?}\nas read: {:#?}", short(&told.outcome), short(&whole)));
        }
        Ok(told)
    }

    /// Nothing is said of a package about which all is well; the books say the same as the files; the list is what was found.
    fn check_the_list(&mut self, view: &View) -> Result<(), String> {
        let suspects = self.shop().suspects(self.now());
        // Lists may lag: a quantity that moved without a movement is unexplained until the next look, and not longer.
        let before = std::mem::take(&mut self.unseen);
        for found in &view.outcome.discrepancies {
            let package = found.package.to_string();
            if suspects.contains(&package) {
                continue;
            }
            if !found.causes.is_empty() || before.contains(&package) {
                return Err(format!("a false alarm at {}: {}", self.now(), in_short(found)));
            }
            self.unseen.insert(package);
        }
        let open = self.books.read(|tx| open_discrepancies(tx, &self.licence)).unwrap();
        let open: BTreeSet<String> = open.iter().map(|row| row.package_id.to_string()).collect();
        let found: BTreeSet<String> = view.outcome.discrepancies.iter().map(|it| it.package.to_string()).collect();
        if open != found {
            return Err(format!("the list is {open:?}, and what was found {found:?}"));
        }
        if self.dice.chance(1, 4) {
            let books = read_books(&self.books, &self.licence, i64::MAX).map_err(|error| error.to_string())?;
            let again = trueup_reconcile::reconcile(&books, &view.settings, &mut |_, _| {});
            let tell = |these: &[Discrepancy], others: &[Discrepancy]| -> Vec<String> {
                these.iter().filter(|it| !others.contains(it)).map(in_short).collect()
            };
            let (old, new) = (&view.outcome.discrepancies, &again.discrepancies);
            if again != view.outcome {
                let (new, old) = (tell(new, old), tell(old, new));
                return Err(format!("only from the books: {new:?}\nonly from the files: {old:?}"));
            }
        }
        Ok(())
    }

    /// Proposes all there is, approves it some minutes later, applies it; people do the rest.
    async fn repair(&mut self, view: &View, may_be_cut: bool) -> Result<(), String> {
        self.look_at_unknown()?;
        let packages: BTreeSet<Text> =
            view.outcome.discrepancies.iter().map(|it| Text::from(it.package.to_string())).collect();
        if packages.is_empty() {
            return Ok(());
        }
        let id = Text::from(format!("plan-{}", self.plans + 1));
        let asked = Asked { packages, why: "found at the desk".to_owned(), by: dana() };
        let proposed = match propose(&self.books, view, &asked, (self.now(), id.clone())) {
            Ok(proposed) => proposed,
            Err(error) if error.to_string().contains("worksheet") => return Ok(()),
            Err(error) => return Err(format!("propose: {error}")),
        };
        self.plans += 1;
        self.told.plans += 1;
        // The shop goes on meanwhile.
        tokio::time::sleep(Duration::from_secs(self.dice.between(10, 900))).await;
        // On the day of what it carries out: of two days nobody could tell that they are one.
        if may_be_cut && self.dice.chance(1, 6) {
            self.somebody_else_adjusts(&proposed.steps);
        }
        let hash = proposed.plan.content_hash;
        approve(&self.books, (&self.licence, &id, hash), self.now(), (&dana(), "Dana Ruiz"))
            .map_err(|error| format!("approve: {error}"))?;
        let lease = self.take_lease();
        let zone = self.shop().zone().clone();
        let orders = Orders {
            zone,
            reason: Some("Incorrect Quantity".to_owned()),
            by: dana(),
            name: "Dana Ruiz".to_owned(),
            care: Care::default(),
        };
        let until = if may_be_cut && self.dice.chance(1, 6) { self.dice.between(1, 60) } else { 1_000_000 };
        let applying = apply(&self.books, &self.client, &lease, (&self.licence, &id), &orders);
        match tokio::time::timeout(Duration::from_secs(until), applying).await {
            Ok(Ok(applied)) => {
                self.say(|| format!("{id}: {applied:?}"));
                self.told.verified += applied.verified;
                self.told.refused += applied.refused;
                self.told.unknown += applied.unknown;
            }
            Ok(Err(error)) => self.say(|| format!("{id}: {error}")),
            Err(_) => {
                self.told.cut += 1;
                self.books.write(move |tx| return_lease(tx, &lease)).unwrap();
                let lease = self.take_lease();
                recover(&self.books, &lease, self.now()).map_err(|error| error.to_string())?;
                self.lease = lease;
            }
        }
        self.people(&id, view, may_be_cut)
    }

    /// Between the preview and the approval a person makes one of its adjustments in the state's page.
    fn somebody_else_adjusts(&mut self, steps: &[PlanStep]) {
        let is_alone = |step: &&PlanStep| {
            let body = StepBody::read(step).unwrap();
            step.action == "adjust" && !body.events.is_empty()
        };
        let Some(step) = steps.iter().find(is_alone) else { return };
        let told = StepBody::read(step).unwrap().told;
        let unit = trueup_core::Unit::parse(told.unit.as_deref().unwrap()).unwrap().name();
        let day = self.now().to_zoned(self.shop().zone().clone()).date();
        let body = format!(
            r#"[{{"Label":"{}","Quantity":{},"UnitOfMeasure":"{unit}","AdjustmentReason":"Spoilage","ReasonNote":"by hand","AdjustmentDate":"{day}"}}]"#,
            step.package_id,
            told.quantity.unwrap(),
        );
        let what = ByHand::Write { method: "POST", path: "/packages/v2/adjust".to_owned(), body };
        self.served.by_hand(&self.licence, "Lee Park", &what).unwrap();
    }

    fn take_lease(&mut self) -> HeldLease {
        let (licence, now, before) = (self.licence.clone(), self.now(), self.lease.clone());
        if before.fence != 0 {
            self.books.write(move |tx| return_lease(tx, &before)).unwrap();
        }
        let long = SignedDuration::from_hours(24);
        let taken =
            self.books.write(move |tx| take_lease(tx, (&licence, "sender"), "day", now, long)).unwrap().unwrap();
        self.lease = taken.clone();
        taken
    }

    /// People do what is left to them, once what comes before on the package is done.
    fn people(&mut self, plan: &str, view: &View, may_be_forgotten: bool) -> Result<(), String> {
        let (_, steps) = self.books.read(|tx| read_plan(tx, &self.licence, plan)).map_err(|error| error.to_string())?;
        let now = self.now();
        let mut stopped: BTreeSet<Text> = BTreeSet::new();
        let mut resent: BTreeSet<String> = BTreeSet::new();
        for step in &steps {
            let body = StepBody::read(step).unwrap();
            let by = if body.doer == Doer::Trueup { "trueup" } else { "people" };
            if (by, step.state.as_str()) == ("trueup", "verified") || step.state == "asked" {
                *self.told.done.entry(format!("{} by {by}", step.action)).or_default() += 1;
            }
            if step.state != "asked" || stopped.contains(&step.package_id) {
                continue;
            }
            let told = &body.told;
            // Some rows of the worksheet are forgotten.
            if may_be_forgotten && self.dice.chance(1, 8) {
                stopped.insert(step.package_id.clone());
                continue;
            }
            self.say(|| format!("asked of {:?}: {} {} {told:?}", body.doer, step.package_id, told.action));
            let reference = told.reference.as_deref().unwrap_or_default();
            match body.doer {
                Doer::InPos => {
                    let done = match told.action.as_str() {
                        "resend_receipt" => !resent.insert(reference.to_owned()) || self.shop().resend(reference),
                        "correct" => {
                            let quantity = told.quantity.as_deref().unwrap_or_default();
                            let unit = told.unit.as_deref().unwrap_or_default();
                            let corrects = self.corrects(view, &step.package_id);
                            self.shop().correct(now, &step.package_id, (quantity, unit), &corrects)
                        }
                        other => return Err(format!("nobody knows how to {other} in the POS: {told:?}")),
                    };
                    assert!(done, "{told:?}");
                    self.told.by_people += 1;
                }
                Doer::InState => {
                    if told.action == "edit_receipt" && !self.shop().edit_in_page(&self.served, reference) {
                        stopped.insert(step.package_id.clone());
                    }
                    self.told.by_people += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What a person writes down as corrected: the moment of the state's adjustment.
    fn corrects(&mut self, view: &View, package: &str) -> String {
        let found = view.outcome.discrepancies.iter().find(|it| it.package.to_string() == package);
        let of_state = found.into_iter().flat_map(|it| &it.causes).flat_map(|it| &it.evidence);
        let at = of_state.filter(|it| it.book == trueup_core::Book::State).find_map(|it| it.at);
        if self.dice.chance(1, 2) { String::new() } else { at.map(|at| at.moment().to_string()).unwrap_or_default() }
    }

    fn unknown(&self) -> Vec<Submission> {
        let open = self.books.read(|tx| open_submissions(tx, &self.licence)).unwrap();
        open.into_iter().filter(|it| it.state == "unknown").collect()
    }

    /// What the state holds of a submission: how often it was done.
    fn done(&self, submission: &Submission) -> u64 {
        let body: serde_json::Value = serde_json::from_str(&submission.body).unwrap();
        let reference = body["step"]["ref"].as_str().unwrap_or_default().to_owned();
        self.served.with(|server, _, _| match submission.operation.as_str() {
            "adjust" => {
                let mark = format!("[ref {}]", submission.submission_id);
                let adjustments = server.adjustments(&self.licence);
                u64::try_from(adjustments.iter().filter(|it| it.note.contains(&mark)).count()).unwrap()
            }
            "void_receipt" => {
                let receipts = server.receipts(&self.licence);
                u64::from(receipts.iter().any(|it| it.id.to_string() == reference && it.is_void))
            }
            "submit_receipt" => {
                let receipts = server.receipts(&self.licence);
                let named = format!("-{reference}");
                let is_it = |it: &&trueup_sim::metrc::ReceiptFacts| {
                    it.external.as_deref().is_some_and(|external| external == reference || external.ends_with(&named))
                };
                u64::try_from(receipts.iter().filter(is_it).count()).unwrap()
            }
            _ => 0,
        })
    }

    /// A person looks in the state what became of what nobody knows.
    fn look_at_unknown(&mut self) -> Result<(), String> {
        for submission in self.unknown() {
            // Whether an edit was made is seen by what the receipt says: the next look does.
            let was_done = self.done(&submission) > 0;
            let lease = self.take_lease();
            settle_unknown(
                &self.books,
                &lease,
                (&submission.submission_id, was_done, "seen in the state's page"),
                (self.now(), &dana()),
            )
            .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Everything is as it happened; nothing was done twice; what is said to be done is; the books are whole.
    pub fn check_the_end(&mut self) -> Result<(), String> {
        let wrongs = self.served.with(|server, _, _| self.shop().wrongs(server));
        if !wrongs.is_empty() {
            self.say(|| self.served.with(|server, _, _| server.summary(&self.licence).join("\n")));
            self.say(|| format!("{:?}", self.shop().mistakes()));
            if let Ok(kept) = std::env::var("TRUEUP_DAY_KEEP") {
                let folder = self.folder.path().join("store");
                std::process::Command::new("cp").arg("-r").arg(folder).arg(kept).status().unwrap();
            }
            return Err(format!("in the end:\n{}", wrongs.join("\n")));
        }
        let open = self.books.read(|tx| open_discrepancies(tx, &self.licence)).unwrap();
        if !open.is_empty() || !self.unknown().is_empty() {
            return Err(format!("left open: {open:#?} {:#?}", self.unknown()));
        }
        let mut ours: BTreeMap<String, u64> = BTreeMap::new();
        self.served.with(|server, _, _| {
            for adjustment in server.adjustments(&self.licence) {
                if let Some((_, mark)) = adjustment.note.split_once("[ref ") {
                    *ours.entry(mark.trim_end_matches(']').to_owned()).or_default() += 1;
                }
            }
        });
        for (id, count) in ours {
            let key = [ValueRef::Text(&self.licence), ValueRef::Text(&id)];
            let submission: Option<Submission> = self.books.read(|tx| tx.get(&key)).unwrap();
            let state = submission.map(|it| it.state);
            if count != 1 || state.as_deref() != Some("verified") {
                return Err(format!("{id} was done {count} times and is {state:?}"));
            }
        }
        self.check_submissions()?;
        self.books.read(trueup_store::care::integrity).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// Adjustments and voids that are said to be verified were done, once; reported sales are there.
    fn check_submissions(&self) -> Result<(), String> {
        for number in 1..=self.plans {
            let plan = format!("plan-{number}");
            let (_, steps) =
                self.books.read(|tx| read_plan(tx, &self.licence, &plan)).map_err(|error| error.to_string())?;
            for step in steps {
                let id = format!("{plan}-{}", step.step);
                let key = [ValueRef::Text(&self.licence), ValueRef::Text(&id)];
                let Some(submission): Option<Submission> = self.books.read(|tx| tx.get(&key)).unwrap() else {
                    continue;
                };
                let is_counted = matches!(submission.operation.as_str(), "adjust" | "void_receipt");
                // A receipt may have been voided by a person and reported again; that it is not doubled, the sums tell.
                let is_there = submission.operation != "submit_receipt" || self.done(&submission) > 0;
                let is_right = is_there && (!is_counted || self.done(&submission) == 1);
                if submission.state == "verified" && !is_right {
                    return Err(format!(
                        "{} is {} times in the state: {}",
                        id,
                        self.done(&submission),
                        json!(submission.body)
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A discrepancy on one line.
fn in_short(found: &Discrepancy) -> String {
    let text = |amount: trueup_reconcile::Amount| amount.atoms() / 1_000_000_000;
    let causes: Vec<_> = found
        .causes
        .iter()
        .map(|it| {
            let evidence: Vec<_> = it
                .evidence
                .iter()
                .map(|it| format!("{} {} {}", it.book.name(), it.reference, text(it.quantity)))
                .collect();
            format!("{} {} {evidence:?}", it.cause.name(), text(it.amount))
        })
        .collect();
    format!(
        "{} POS {} state {} differs by {}m in flight {}m: {causes:?}, unexplained {}m",
        found.package,
        text(found.pos),
        text(found.state),
        text(found.difference),
        text(found.in_flight),
        text(found.unexplained)
    )
}
