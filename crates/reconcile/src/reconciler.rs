//! The incremental path: facts come one by one, and only the packages that they touch are explained again.

use crate::books::{Books, Fact};
use crate::explain::{self, Explained};
use crate::lane::{Lane, OpenSale, OpenSales, Step};
use crate::link::{self, Cluster, Key, Working};
use crate::{Amount, Cause, Discrepancy, Linked, Outcome, PackageBooks, Settings, shelf};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};
use trueup_core::{Book, Movement, PackageTag, QuantityError};

/// Holds the books of a licence and keeps the list of discrepancies right while facts come in.
///
/// [`Self::record`] takes a fact in and notes which package changed; [`Self::settle`] explains what was touched since, once each, and
/// re-links it with the packages that it shares something with. The result equals [`crate::reconcile`] on all facts.
///
/// A package of which there is nothing to say is followed on a lane, where a change costs the same however much the
/// package, or any other, has behind it.
///
/// [`Self::advance`] moves the snapshots on: what was in flight gets due. Only packages of which something is recent are looked at again.
#[derive(Debug)]
pub struct Reconciler {
    settings: Settings,
    books: Books,
    /// By the package's number in the books.
    followed: Vec<Followed>,
    open_sales: OpenSales,
    explained: FxHashMap<PackageTag, (Explained, Vec<Key>)>,
    sharing: FxHashMap<Key, BTreeSet<PackageTag>>,
    discrepancies: BTreeMap<PackageTag, Discrepancy>,
    touched: Vec<u32>,
}

/// How a package is followed.
#[derive(Debug, Default)]
struct Followed {
    /// Where nothing is to be said of the package but what the lane tells. Such a package is not among the explained.
    lane: Option<Lane>,
    touched: bool,
    /// The latest moment that anything said of it names.
    latest: Timestamp,
}

impl Reconciler {
    /// An empty reconciler.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            books: Books::new(),
            followed: Vec::new(),
            open_sales: OpenSales::default(),
            explained: FxHashMap::default(),
            sharing: FxHashMap::default(),
            discrepancies: BTreeMap::new(),
            touched: Vec::new(),
        }
    }

    /// What the answers depend on besides the books.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The books.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    /// Everything that is known, as a comparison of all packages would tell it. Facts recorded since the last [`Self::settle`] are not
    /// in it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let discrepancies: Vec<Discrepancy> = self.discrepancies.values().cloned().collect();
        let incidents = crate::group_incidents(&discrepancies);
        Outcome { packages: self.books.count(), discrepancies, incidents }
    }

    /// Moves the snapshots, or whatever else settings say. Packages of which something may be judged otherwise by the moments of the new
    /// ones are looked at again; all of them are, if anything but the moments changed.
    pub fn advance(&mut self, settings: Settings) {
        let since = settings.undecided_since().min(self.settings.undecided_since());
        let all = !settings.differs_only_in_moments(&self.settings);
        self.settings = settings;
        for number in 0..u32::try_from(self.followed.len()).unwrap_or(u32::MAX) {
            if all || self.followed[index(number)].latest >= since {
                self.leave_lane(number);
                self.touch(number);
            }
        }
    }

    /// Puts everything that is known of a package in the place of what was known; nothing, if it is not there any more.
    ///
    /// # Errors
    /// [`QuantityError::Dimensions`] if the facts are not of one dimension; nothing is changed then.
    pub fn replace(&mut self, package: PackageTag, facts: Vec<Fact>) -> Result<(), QuantityError> {
        let number = self.books.check_all(package, &facts)?;
        self.touch(number);
        self.leave_lane(number);
        self.books.reset(number);
        self.followed[index(number)].latest = Timestamp::MIN;
        for fact in facts {
            self.note_moments(number, &fact);
            self.books.check(&fact)?;
            self.books.take(number, fact);
        }
        Ok(())
    }

    fn touch(&mut self, number: u32) {
        let place = index(number);
        if place >= self.followed.len() {
            self.followed.resize_with(place + 1, Followed::default);
        }
        let followed = &mut self.followed[place];
        if !followed.touched {
            followed.touched = true;
            self.touched.push(number);
        }
    }

    fn note_moments(&mut self, number: u32, fact: &Fact) {
        let followed = &mut self.followed[index(number)];
        followed.latest = followed.latest.max(fact.latest());
    }

    /// Takes a fact in.
    ///
    /// # Errors
    /// [`QuantityError::Dimensions`] if the package is kept in another dimension; nothing is changed then.
    pub fn record(&mut self, fact: Fact) -> Result<(), QuantityError> {
        let number = self.books.check(&fact)?;
        let place = index(number);
        self.touch(number);
        self.note_moments(number, &fact);
        if self.followed[place].lane.is_none() {
            self.books.take(number, fact);
        } else if let Fact::Movement(movement) = &fact {
            if !self.stays_on_lane(number, movement) {
                self.leave_lane(number);
            }
            self.books.take(number, fact);
        } else if !self.books.renew_quantity(number, &fact) {
            self.leave_lane(number);
            self.books.take(number, fact);
        }
        Ok(())
    }

    /// Whether the package can be followed on its lane when this comes.
    fn stays_on_lane(&mut self, number: u32, movement: &Movement) -> bool {
        let Some(lane) = &mut self.followed[index(number)].lane else { return false };
        let packed = self.books.kept(number).movements();
        let sale = match lane.take(movement, packed.end(), packed, &self.settings) {
            Step::Left => return false,
            Step::Opened(sale) => {
                self.open_sales.add(sale, number);
                sale
            }
            Step::Closed(sale) => {
                end_open(&mut self.open_sales, &self.followed);
                sale
            }
        };
        !self.is_awaited(sale)
    }

    /// Whether a receipt of the state on an explained package may be this sale.
    fn is_awaited(&self, sale: OpenSale) -> bool {
        !self.sharing.is_empty()
            && link::keys_of_open(&sale).iter().any(|key| self.sharing.contains_key(&key.other_half()))
    }

    fn leave_lane(&mut self, number: u32) {
        let Some(lane) = self.followed[index(number)].lane.take() else { return };
        for _ in lane.open() {
            end_open(&mut self.open_sales, &self.followed);
        }
    }

    /// Explains again what was touched since the last time, and returns the packages whose answer was made anew.
    pub fn settle(&mut self) -> Vec<PackageTag> {
        let mut anew = Vec::new();
        let mut open = Vec::new();
        for number in std::mem::take(&mut self.touched) {
            let followed = &mut self.followed[index(number)];
            followed.touched = false;
            let kept = self.books.kept(number);
            let agrees = followed.lane.as_ref().is_some_and(|lane| lane.in_flight() == kept.raw_difference());
            if agrees { &mut anew } else { &mut open }.push(kept.package());
        }
        let affected = self.affected(open);
        let mut cluster = Cluster::new();
        for package in &affected {
            let Some(number) = self.books.number_of(*package) else { continue };
            let Some((explained, _)) = self.explained.get(package) else { continue };
            // Also of a package that is not there any more: then there is nothing to say of it.
            let books = self.books.kept(number).open();
            cluster.insert(*package, Working::new(books, explained.clone()));
        }
        let linked = Linked::new(cluster, &self.settings);
        let answers: Vec<(PackageTag, Option<Discrepancy>)> =
            linked.cluster.iter().map(|(package, working)| (*package, linked.answer(*package, working))).collect();
        for (package, answer) in answers {
            match answer {
                Some(discrepancy) => drop(self.discrepancies.insert(package, discrepancy)),
                None => {
                    self.discrepancies.remove(&package);
                    self.enter_lane(package);
                }
            }
        }
        anew.extend(affected);
        anew.sort_unstable();
        anew
    }

    /// All discrepancies, by package. Facts recorded since the last [`Self::settle`] are not in it.
    #[must_use]
    pub const fn discrepancies(&self) -> &BTreeMap<PackageTag, Discrepancy> {
        &self.discrepancies
    }

    /// Explains packages anew; returns them with everything that they share something with, directly or through others,
    /// now or until now. All of these are explained then.
    fn affected(&mut self, packages: Vec<PackageTag>) -> BTreeSet<PackageTag> {
        let mut affected = BTreeSet::new();
        let mut open: Vec<PackageTag> = Vec::new();
        for package in packages {
            // Until now.
            open.extend(self.sharing_with(package));
            self.explain(package);
            affected.insert(package);
            open.extend(self.sharing_with(package));
        }
        while let Some(package) = open.pop() {
            if !affected.insert(package) {
                continue;
            }
            if !self.explained.contains_key(&package) {
                self.explain(package);
            }
            open.extend(self.sharing_with(package).into_iter().filter(|other| !affected.contains(other)));
        }
        affected
    }

    /// The packages that have the other half of a key of this one, as it was explained.
    fn sharing_with(&mut self, package: PackageTag) -> Vec<PackageTag> {
        let Some((_, keys)) = self.explained.get(&package) else { return Vec::new() };
        let mut sharing = Vec::new();
        for key in keys {
            sharing.extend(self.sharing.get(&key.other_half()).into_iter().flatten());
            let on_lane = match key {
                Key::Receipt(Book::State, core) => self.open_sales.of_core(*core),
                Key::Time(Book::State, slot) => {
                    u32::try_from(*slot).map(|slot| self.open_sales.of_slot(slot)).unwrap_or_default()
                }
                Key::Made(package) => self.books.number_of(*package).into_iter().collect(),
                _ => Vec::new(),
            };
            sharing.extend(on_lane.into_iter().map(|number| self.books.kept(number).package()));
        }
        sharing
    }

    fn explain(&mut self, package: PackageTag) {
        let Some(number) = self.books.number_of(package) else { return };
        self.leave_lane(number);
        self.forget(package);
        let books = self.books.kept(number).open();
        let item = shelf::item_key(&books, shelf::shelf(&books, &self.settings).as_ref());
        let explained = explain::explain(&books, &self.settings);
        let working = Working::new(books, explained);
        let keys = link::keys(&working, item);
        for key in &keys {
            self.sharing.entry(key.clone()).or_default().insert(package);
        }
        self.explained.insert(package, (working.explained, keys));
    }

    fn forget(&mut self, package: PackageTag) {
        let Some((_, keys)) = self.explained.remove(&package) else { return };
        for key in keys {
            if let Some(packages) = self.sharing.get_mut(&key) {
                packages.remove(&package);
                if packages.is_empty() {
                    self.sharing.remove(&key);
                }
            }
        }
    }

    /// Follows a package on a lane from now on, if there is nothing to say of it.
    fn enter_lane(&mut self, package: PackageTag) {
        let (Some(number), Some((explained, _))) = (self.books.number_of(package), self.explained.get(&package)) else {
            return;
        };
        let kept = self.books.kept(number);
        if !is_calm(explained) || !may_be_followed(&kept.observations(), &self.settings) {
            return;
        }
        let Some(lane) = Lane::of(package, kept.movements(), &self.settings) else { return };
        let awaited = lane.open().any(|sale| self.is_awaited(*sale));
        if awaited || lane.in_flight() != kept.raw_difference() {
            return;
        }
        self.forget(package);
        for sale in lane.open() {
            self.open_sales.add(*sale, number);
        }
        self.followed[index(number)].lane = Some(lane);
    }
}

/// Whether all that a package's own records leave is sales in flight.
fn is_calm(explained: &Explained) -> bool {
    explained.findings.iter().all(|finding| finding.cause == Cause::SaleNotReported && finding.in_flight)
        && explained.corrections.is_empty()
        && explained.makings.is_empty()
        && explained.in_flight == Amount::ZERO
        && explained.perhaps_late == Amount::ZERO
}

/// Whether what is known of a package besides its sales stays quiet, whatever is sold.
fn may_be_followed(books: &PackageBooks, settings: &Settings) -> bool {
    let standing = books.state().is_some_and(|state| {
        let received = state.received.is_some_and(|when| settings.in_window(when, Book::State));
        !state.finished && state.archived.is_none() && !received && !explain::is_made_here(state)
    });
    standing
        && !books.stock().is_empty()
        && books.transfers().is_empty()
        && books.counts().is_empty()
        && books.weights().is_empty()
        && books.baseline().is_none()
}

fn end_open(open_sales: &mut OpenSales, followed: &[Followed]) {
    open_sales.end(|sale, package| {
        let lane = followed.get(index(package)).and_then(|followed| followed.lane.as_ref());
        lane.is_some_and(|lane| lane.has_open(sale))
    });
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
