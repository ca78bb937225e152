//! The incremental path: facts come one by one, and only the packages that they touch are explained again.

use crate::books::{Books, Fact};
use crate::explain::{self, Explained};
use crate::link::{self, Cluster, Key, Working};
use crate::{Discrepancy, Linked, Settings, shelf};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use trueup_core::{PackageTag, QuantityError};

/// Holds the books of a licence and keeps the list of discrepancies right while facts come in.
///
/// [`Self::record`] only notes which package changed; [`Self::settle`] explains what was touched since, once each, and
/// re-links it with the packages that it shares something with. The result equals [`crate::reconcile`] on all facts.
#[derive(Debug)]
pub struct Reconciler {
    settings: Settings,
    books: Books,
    explained: FxHashMap<PackageTag, (Explained, Vec<Key>)>,
    sharing: FxHashMap<Key, BTreeSet<PackageTag>>,
    discrepancies: BTreeMap<PackageTag, Discrepancy>,
    touched: FxHashSet<PackageTag>,
}

impl Reconciler {
    /// An empty reconciler.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            books: Books::new(),
            explained: FxHashMap::default(),
            sharing: FxHashMap::default(),
            discrepancies: BTreeMap::new(),
            touched: FxHashSet::default(),
        }
    }

    /// Takes a fact in.
    ///
    /// # Errors
    /// [`QuantityError::Dimensions`] if the package is kept in another dimension; nothing is changed then.
    pub fn record(&mut self, fact: Fact) -> Result<(), QuantityError> {
        let package = fact.package();
        self.books.record(fact)?;
        self.touched.insert(package);
        Ok(())
    }

    /// Explains again what was touched since the last time, and returns the packages whose answer was made anew.
    pub fn settle(&mut self) -> Vec<PackageTag> {
        let mut affected = BTreeSet::new();
        let touched: Vec<PackageTag> = self.touched.drain().collect();
        for package in &touched {
            self.follow(*package, &mut affected);
            self.explain(*package);
            affected.remove(package);
            self.follow(*package, &mut affected);
        }
        let mut cluster = Cluster::new();
        for package in &affected {
            let (Some(books), Some((explained, _))) = (self.books.get(*package), self.explained.get(package)) else {
                continue;
            };
            cluster.insert(*package, Working::new(books, explained.clone()));
        }
        let linked = Linked::new(cluster, &self.settings);
        for (package, working) in &linked.cluster {
            match linked.answer(*package, working) {
                Some(discrepancy) => self.discrepancies.insert(*package, discrepancy),
                None => self.discrepancies.remove(package),
            };
        }
        affected.into_iter().collect()
    }

    /// All discrepancies, by package. Facts recorded since the last [`Self::settle`] are not in it.
    #[must_use]
    pub const fn discrepancies(&self) -> &BTreeMap<PackageTag, Discrepancy> {
        &self.discrepancies
    }

    fn explain(&mut self, package: PackageTag) {
        let Some(books) = self.books.get(package) else { return };
        let item = shelf::item_key(&books, shelf::shelf(&books, &self.settings).as_ref());
        let explained = explain::explain(&books, &self.settings);
        let working = Working::new(books, explained);
        let keys = link::keys(&working, item);
        let explained = working.explained;
        if let Some((_, old)) = self.explained.get(&package) {
            for key in old {
                if let Some(packages) = self.sharing.get_mut(key) {
                    packages.remove(&package);
                    if packages.is_empty() {
                        self.sharing.remove(key);
                    }
                }
            }
        }
        for key in &keys {
            self.sharing.entry(key.clone()).or_default().insert(package);
        }
        self.explained.insert(package, (explained, keys));
    }

    /// Adds everything that `package` shares something with, directly or through others.
    fn follow(&self, package: PackageTag, affected: &mut BTreeSet<PackageTag>) {
        let mut open = vec![package];
        while let Some(package) = open.pop() {
            if !affected.insert(package) {
                continue;
            }
            let Some((_, keys)) = self.explained.get(&package) else { continue };
            let sharing = keys.iter().filter_map(|key| self.sharing.get(key));
            open.extend(sharing.flatten().filter(|other| !affected.contains(other)));
        }
    }
}
