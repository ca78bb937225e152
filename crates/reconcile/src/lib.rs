//! The heart: compare the books of a licence, explain every difference to the last unit, plan the repair.
//!
//! Per package, facts are **matched** and what is left is **explained** by the package's own records;
//! what several packages have in common is **linked**; the answers are **concluded** with causes that add up, **planned**
//! and **grouped** into incidents. [`reconcile`] does it for all packages; [`Reconciler`] for those that a change touches.
//!
//! Invariants:
//! - Pure functions of the books and the settings: no input or output, no clock, no randomness, no float.
//! - Σ causes + unexplained = difference, for every package, always. What is not known is unexplained.
//! - The order in which facts come changes nothing: every decision is made on sorted facts.
//! - Batch and incremental give the same answers; a change costs what it touches, not the size of the inventory.
#![cfg_attr(not(test), deny(clippy::as_conversions, clippy::float_arithmetic))]

mod amount;
mod books;
mod cause;
mod conclude;
mod explain;
mod group;
mod lane;
mod link;
mod packed;
mod plan;
mod reconciler;
mod settings;
mod shelf;

pub use amount::Amount;
pub use books::{Books, Fact, PackageBooks, Settled};
pub use cause::{Ahead, Cause, Evidence, Finding, ReceiptFacts, StateReceiptFacts};
pub use conclude::{Discrepancy, Share, ShelfAnswer};
pub use group::Incident;
pub use plan::{Action, Edited, Measure, Need, Step};
pub use reconciler::Reconciler;
pub use settings::{Corrections, Reporter, Settings};

use link::{Cluster, Working};
use rayon::prelude::*;
use shelf::Shelf;
use std::collections::BTreeMap;
use trueup_core::PackageTag;

/// What a comparison of all packages came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Packages compared.
    pub packages: usize,
    /// Those whose books do not agree, by package.
    pub discrepancies: Vec<Discrepancy>,
    /// Discrepancies with one root, those that concern most packages first.
    pub incidents: Vec<Incident>,
}

/// Packages that are explained between two reports of progress.
const PACKAGES_AT_ONCE: usize = 4_096;

/// Compares all packages of the books, with the threads of the surrounding `rayon` pool. `progress` is told how many of how
/// many packages are explained.
#[must_use]
pub fn reconcile(books: &Books, settings: &Settings, progress: &mut dyn FnMut(usize, usize)) -> Outcome {
    let tags = books.tags();
    let mut cluster = Cluster::new();
    let sources = books.sources();
    let mut done = 0;
    for some in tags.chunks(PACKAGES_AT_ONCE) {
        let explain = |tag: &PackageTag| {
            let package = books.get(*tag)?;
            let explained = explain::explain(&package, settings);
            let working = Working::new(package, explained);
            // Most packages agree and have nothing for another: they need not be held until the others are explained.
            (sources.contains(tag) || !is_quiet(&working, settings)).then_some((*tag, working))
        };
        let explained: Vec<_> = some.par_iter().map(explain).collect();
        cluster.extend(explained.into_iter().flatten());
        done += some.len();
        progress(done, tags.len());
    }
    let linked = Linked::new(cluster, settings);
    let packages: Vec<(&PackageTag, &Working)> = linked.cluster.iter().collect();
    let answers: Vec<Option<Discrepancy>> =
        packages.into_par_iter().map(|(tag, working)| linked.answer(*tag, working)).collect();
    drop(linked);
    let discrepancies: Vec<Discrepancy> = answers.into_iter().flatten().collect();
    let incidents = group_incidents(&discrepancies);
    Outcome { packages: tags.len(), discrepancies, incidents }
}

/// Groups discrepancies into incidents.
#[must_use]
pub fn group_incidents(discrepancies: &[Discrepancy]) -> Vec<Incident> {
    group::group(discrepancies)
}

/// Whether the books of the package agree whatever those of others say, and it has nothing that another's could need.
fn is_quiet(working: &Working, settings: &Settings) -> bool {
    let shelf_is_silent = || {
        let shelf = shelf::shelf(&working.books, settings);
        shelf.is_none_or(|shelf| shelf.difference.is_zero() && shelf.findings.is_empty())
    };
    working.has_nothing_to_tell() && shelf_is_silent()
}

/// Packages that are linked, and what is to be said of each.
struct Linked<'s> {
    cluster: Cluster,
    shelves: BTreeMap<PackageTag, Shelf>,
    settings: &'s Settings,
}

impl<'s> Linked<'s> {
    /// Links a set of packages that is closed under what packages share.
    fn new(mut cluster: Cluster, settings: &'s Settings) -> Self {
        link::link(&mut cluster, settings);
        let mut shelves: BTreeMap<PackageTag, Shelf> = BTreeMap::new();
        let mut by_item: BTreeMap<String, Vec<PackageTag>> = BTreeMap::new();
        for (tag, working) in &cluster {
            if let Some(shelf) = shelf::shelf(&working.books, settings) {
                if let Some(item) = shelf::item_key(&working.books, Some(&shelf)) {
                    by_item.entry(item).or_default().push(*tag);
                }
                shelves.insert(*tag, shelf);
            }
        }
        for tags in by_item.into_values().filter(|tags| tags.len() > 1) {
            let mut of_item: Vec<(&PackageBooks, &mut Shelf)> = shelves
                .iter_mut()
                .filter(|(tag, _)| tags.contains(tag))
                .filter_map(|(tag, shelf)| Some((&cluster.get(tag)?.books, shelf)))
                .collect();
            shelf::pair_packages(&mut of_item);
        }
        Self { cluster, shelves, settings }
    }

    /// The answer for one of the packages; `None` if its books agree.
    fn answer(&self, tag: PackageTag, working: &Working) -> Option<Discrepancy> {
        let concluded = conclude::conclude(working);
        let shelf = self.shelves.get(&tag);
        let plan = || plan::plan(&working.books, &concluded, shelf, self.settings);
        conclude::answer(&working.books, &concluded, shelf, plan)
    }
}
