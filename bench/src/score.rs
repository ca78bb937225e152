//! Counting what was found, what was missed and what was made up.

use crate::repairs::{is_adjusting, is_forbidden, wanted};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use trueup_core::{Dimension, QuantitySum, Unit};
use trueup_intake::{Options, read_store};
use trueup_reconcile::Corrections;
use trueup_reconcile::{Action, Amount, Discrepancy, Settings, Step};
use trueup_sim::{FactTruth, PackageTruth, ShelfTruth, Truth};

/// What trueup said of a store, in the words of the truth.
#[derive(Debug)]
pub struct Found {
    /// Packages compared.
    pub packages: usize,
    /// Those that do not agree, with their plans.
    pub discrepancies: BTreeMap<String, (PackageTruth, Discrepancy)>,
    /// The settings of the store.
    pub settings: Settings,
}

/// An amount in the base unit of its dimension, as the truth writes it.
fn base_text(amount: Amount) -> String {
    QuantitySum::from_atoms(amount.atoms(), Dimension::Weight).text(Unit::Gram).to_string()
}

/// Reconciles a store folder as the command line does.
///
/// # Errors
/// What the reader of the folder says.
pub fn found_in(store: &Path) -> Result<Found, trueup_intake::InputError> {
    let read = read_store(store, Options::default(), &mut |_| {})?;
    let outcome = trueup_reconcile::reconcile(&read.books, &read.settings, &mut |_, _| {});
    let discrepancies = outcome
        .discrepancies
        .into_iter()
        .map(|found| (found.package.to_string(), (in_words_of_truth(&found), found)))
        .collect();
    Ok(Found { packages: outcome.packages, discrepancies, settings: read.settings })
}

fn in_words_of_truth(found: &Discrepancy) -> PackageTruth {
    let causes = |shares: &[trueup_reconcile::Share]| {
        shares.iter().map(|share| (share.cause.name().to_owned(), base_text(share.amount))).collect()
    };
    PackageTruth {
        difference: base_text(found.difference),
        in_flight: base_text(found.in_flight),
        causes: causes(&found.causes),
        unexplained: base_text(found.unexplained),
        shelf: found.shelf.as_ref().map(|shelf| ShelfTruth {
            difference: base_text(shelf.difference),
            causes: causes(&shelf.causes),
            unexplained: base_text(shelf.unexplained),
        }),
        facts: Vec::new(),
    }
}

/// The second reading's verdicts on a store folder, in the words of the truth.
///
/// # Errors
/// What the reader of the folder says.
pub fn judged(store: &Path) -> Result<BTreeMap<String, PackageTruth>, trueup_judge::JudgeError> {
    let causes = |causes: &BTreeMap<String, trueup_judge::Exact>| {
        causes.iter().map(|(cause, share)| (cause.clone(), share.to_string())).collect()
    };
    let words = |verdict: &trueup_judge::Verdict| PackageTruth {
        difference: verdict.difference.to_string(),
        in_flight: verdict.in_flight.to_string(),
        causes: causes(&verdict.causes),
        unexplained: verdict.unexplained.to_string(),
        shelf: verdict.shelf.as_ref().map(|shelf| ShelfTruth {
            difference: shelf.difference.to_string(),
            causes: causes(&shelf.causes),
            unexplained: shelf.unexplained.to_string(),
        }),
        facts: Vec::new(),
    };
    let judgement = trueup_judge::judge(store)?;
    Ok(judgement.discrepancies.iter().map(|(tag, verdict)| (tag.clone(), words(verdict))).collect())
}

/// Packages of which the two readings say different things, each told in full.
#[must_use]
pub fn disagreements(found: &Found, judged: &BTreeMap<String, PackageTruth>) -> Vec<String> {
    let ours = |tag: &String| found.discrepancies.get(tag).map(|(said, _)| said);
    let tags: std::collections::BTreeSet<&String> = found.discrepancies.keys().chain(judged.keys()).collect();
    let differ = |tag: &&String| match (ours(tag), judged.get(*tag)) {
        (Some(said), Some(judged)) => !is_right(judged, said),
        _ => true,
    };
    let tell = |what: Option<&PackageTruth>| serde_json::to_string(&what).unwrap_or_default();
    tags.into_iter()
        .filter(differ)
        .map(|tag| format!("{tag}\n  said   {}\n  judged {}", tell(ours(tag)), tell(judged.get(tag))))
        .collect()
}

/// How right the answers were, over any number of stores.
#[derive(Debug, Default, Clone)]
pub struct Score {
    /// Stores looked at.
    pub stores: u64,
    /// Packages compared.
    pub packages: u64,
    /// Packages without any mistake.
    pub honest: u64,
    /// Of those, the ones that were called discrepant.
    pub false_alarms: u64,
    /// Discrepant packages.
    pub discrepant: u64,
    /// Of those, the ones of which everything was said right: difference, in flight, causes, unexplained, shelf.
    pub right_in_full: u64,
    /// Causes that are true.
    pub causes: u64,
    /// Of those, the ones found with their share.
    pub causes_found: u64,
    /// Causes that were told.
    pub causes_told: u64,
    /// Of those, the ones that are true.
    pub causes_right: u64,
    /// Causes without the step that repairs them.
    pub steps_missing: u64,
    /// Steps that change a book and that no cause wants.
    pub steps_forbidden: u64,
    /// Packages whose causes and unexplained rest do not add up to the difference.
    pub sums_wrong: u64,
    /// True cause → told cause → how often, where they differ.
    pub confused: BTreeMap<(String, String), u64>,
    /// The first few packages that were not right, told in full.
    pub examples: Vec<String>,
}

/// So many wrong packages are told in full.
const EXAMPLES: usize = 12;

impl Score {
    /// Counts one store.
    pub fn add(&mut self, truth: &Truth, found: &Found) {
        self.stores += 1;
        let packages = u64::try_from(found.packages).unwrap_or(u64::MAX);
        self.packages += packages;
        self.honest += packages.saturating_sub(u64::try_from(truth.discrepancies.len()).unwrap_or(0));
        for (tag, expected) in &truth.discrepancies {
            self.discrepant += 1;
            let told = found.discrepancies.get(tag);
            self.count_causes(expected, told.map(|(told, _)| told));
            match told {
                Some((said, discrepancy)) => {
                    self.count_steps(expected, said, discrepancy, &found.settings);
                    let right = is_right(expected, said);
                    self.right_in_full += u64::from(right);
                    if !right {
                        self.example(truth, tag, Some(expected), Some(said));
                    }
                }
                None => self.example(truth, tag, Some(expected), None),
            }
        }
        for (tag, (said, discrepancy)) in &found.discrepancies {
            let sum: Amount = discrepancy.causes.iter().map(|share| share.amount).sum();
            let law = sum + discrepancy.unexplained == discrepancy.difference
                && discrepancy.pos - discrepancy.state - discrepancy.in_flight == discrepancy.difference;
            self.sums_wrong += u64::from(!law);
            if !truth.discrepancies.contains_key(tag) {
                self.false_alarms += 1;
                self.count_causes(&PackageTruth::default(), Some(said));
                self.example(truth, tag, None, Some(said));
            }
        }
    }

    fn example(&mut self, truth: &Truth, tag: &str, expected: Option<&PackageTruth>, said: Option<&PackageTruth>) {
        if self.examples.len() < EXAMPLES {
            let json = |what: Option<&PackageTruth>| {
                what.map_or_else(|| "nothing".to_owned(), |what| serde_json::to_string(what).unwrap_or_default())
            };
            self.examples.push(format!("seed {} {tag}\n  true {}\n  said {}", truth.seed, json(expected), json(said)));
        }
    }

    fn count_causes(&mut self, expected: &PackageTruth, said: Option<&PackageTruth>) {
        let nothing = PackageTruth::default();
        let (ours, theirs) = (all_causes(expected), all_causes(said.unwrap_or(&nothing)));
        let missed: Vec<&String> = ours.iter().filter(|(c, q)| theirs.get(*c) != Some(q)).map(|(c, _)| c).collect();
        let made_up: Vec<&String> = theirs.iter().filter(|(c, q)| ours.get(*c) != Some(q)).map(|(c, _)| c).collect();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.causes += count(ours.len());
        self.causes_found += count(ours.len() - missed.len());
        self.causes_told += count(theirs.len());
        self.causes_right += count(theirs.len() - made_up.len());
        for (place, cause) in missed.iter().enumerate() {
            let told = made_up.get(place).map_or("nothing", |told| told.as_str());
            *self.confused.entry(((*cause).clone(), told.to_owned())).or_default() += 1;
        }
        for told in made_up.iter().skip(missed.len()) {
            *self.confused.entry(("nothing".to_owned(), (*told).clone())).or_default() += 1;
        }
    }

    fn count_steps(&mut self, expected: &PackageTruth, said: &PackageTruth, found: &Discrepancy, settings: &Settings) {
        let signed = |(cause, quantity): (String, String)| (cause, quantity.starts_with('-'));
        let causes: Vec<(String, bool)> = all_causes(expected).into_iter().map(signed).collect();
        let is_counted = said.shelf.is_some();
        for (cause, negative) in &causes {
            let kinds = wanted(cause, *negative);
            // Where a count decides, a book that shows it already needs no step.
            let by_count = is_counted && is_adjusting(kinds);
            let there = found.plan.iter().any(|step| kinds.contains(&(step.system, step.action)))
                && expected.facts.iter().filter(|fact| fact.cause == *cause).all(|fact| names_receipt(fact, found));
            // Two mistakes of one cause may cancel out: then nothing of it is left to repair.
            let cancelled = expected.causes.get(cause).is_some_and(|share| share == "0")
                && expected.facts.iter().any(|fact| fact.cause == *cause && fact.quantity != "0");
            let is_missing = !kinds.is_empty() && !there && !by_count && !cancelled;
            self.steps_missing += u64::from(is_missing);
            if is_missing && self.examples.len() < EXAMPLES {
                let plan: Vec<_> = found.plan.iter().map(|step| (step.system.name(), step.action.name())).collect();
                self.examples.push(format!("{}: no step for {cause} of {causes:?} in {plan:?}", found.package));
            }
        }
        let is_echoed = settings.corrections == Corrections::Echoed;
        let forbidden: Vec<_> =
            found.plan.iter().filter(|step| is_forbidden(step, &causes, is_counted, is_echoed)).collect();
        self.steps_forbidden += u64::try_from(forbidden.len()).unwrap_or(u64::MAX);
        if let Some(step) = forbidden.first().filter(|_| self.examples.len() < EXAMPLES) {
            let (system, action) = (step.system.name(), step.action.name());
            self.examples.push(format!("{}: {system} {action} for {causes:?}", found.package));
        }
    }

    /// Of the causes told, the share that is true.
    #[must_use]
    pub fn precision(&self) -> Ratio {
        Ratio(self.causes_right, self.causes_told)
    }

    /// Of the true causes, the share that was told.
    #[must_use]
    pub fn recall(&self) -> Ratio {
        Ratio(self.causes_found, self.causes)
    }

    /// Of the discrepant packages, the share of which everything was said right.
    #[must_use]
    pub fn in_full(&self) -> Ratio {
        Ratio(self.right_in_full, self.discrepant)
    }
}

/// Whether the plan names the very receipt: the one to send again, or, where a receipt goes as a whole, the one to void.
fn names_receipt(fact: &FactTruth, found: &Discrepancy) -> bool {
    let actions: &[Action] = match fact.cause.as_str() {
        "sale_not_reported" => &[Action::ResendReceipt, Action::SubmitReceipt],
        "sale_reported_twice" | "sale_only_in_state" => &[Action::VoidReceipt],
        _ => return true,
    };
    let is_edited = found.plan.iter().any(|step| step.action == Action::EditReceipt);
    let names =
        |step: &Step| actions.contains(&step.action) && step.reference.as_deref() == Some(fact.reference.as_str());
    fact.reference.is_empty() || is_edited || found.plan.iter().any(names)
}

/// A package's causes with what is unexplained and what the shelf says as causes of their own.
fn all_causes(truth: &PackageTruth) -> BTreeMap<String, String> {
    let mut causes = truth.causes.clone();
    let mut add = |name: &str, quantity: &str| {
        if !quantity.is_empty() && quantity != "0" {
            causes.insert(name.to_owned(), quantity.to_owned());
        }
    };
    add("unexplained", &truth.unexplained);
    if let Some(shelf) = &truth.shelf {
        add("shelf_unexplained", &shelf.unexplained);
        for (cause, quantity) in &shelf.causes {
            causes.insert(format!("shelf_{cause}"), quantity.clone());
        }
    }
    causes
}

fn is_right(expected: &PackageTruth, said: &PackageTruth) -> bool {
    expected.difference == said.difference
        && expected.in_flight == said.in_flight
        && expected.causes == said.causes
        && expected.unexplained == said.unexplained
        && expected.shelf == said.shelf
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio(pub u64, pub u64);

impl Ratio {
    /// Whether it is at least so many thousandths.
    #[must_use]
    pub const fn is_at_least(self, thousandths: u64) -> bool {
        self.0 * 1000 >= self.1 * thousandths
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millionths = if self.1 == 0 { 1_000_000 } else { u128::from(self.0) * 1_000_000 / u128::from(self.1) };
        write!(f, "{}.{:06} ({} of {})", millionths / 1_000_000, millionths % 1_000_000, self.0, self.1)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_thousand = |count: u64, of: u64| {
            let thousandths = u128::from(count) * 1_000_000 / u128::from(of.max(1));
            format!("{}.{:03} ({count} in {of})", thousandths / 1000, thousandths % 1000)
        };
        writeln!(f, "stores                      {}", self.stores)?;
        writeln!(f, "packages                    {} ({} discrepant)", self.packages, self.discrepant)?;
        writeln!(f, "precision                   {}", self.precision())?;
        writeln!(f, "recall                      {}", self.recall())?;
        writeln!(f, "right in full               {}", self.in_full())?;
        writeln!(f, "false alarms per 1,000      {}", per_thousand(self.false_alarms, self.honest))?;
        writeln!(f, "steps missing per 1,000     {}", per_thousand(self.steps_missing, self.causes))?;
        writeln!(f, "steps forbidden per 1,000   {}", per_thousand(self.steps_forbidden, self.causes))?;
        writeln!(f, "sums wrong                  {}", self.sums_wrong)?;
        for ((cause, told), count) in &self.confused {
            writeln!(f, "  {cause} told as {told}: {count}")?;
        }
        self.examples.iter().try_for_each(|example| writeln!(f, "{example}"))
    }
}
