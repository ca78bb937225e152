//! Packages of which there is nothing to say: every sale is in both books alike, or on its way to the state.
//!
//! Most changes are of such packages: a sale in the POS, and minutes later the same sale in the state. A [`Lane`] follows
//! them one by one, without looking at the package's other movements. Whatever it does not understand at a glance ends the
//! lane, and the package is explained in full.

use crate::packed::Packed;
use crate::{Amount, Settings};
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use trueup_core::{Book, CustomerType, Movement, MovementKind, Ordered, SaleLine, When};

/// The sales of one package, as long as each is either in both books alike or in flight to the state.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// In flight, by the core of their number.
    open: Vec<OpenSale>,
    /// Parts of hashes of the numbers that came to an end. Another row of such a number, or of one that looks like it,
    /// ends the lane.
    ended: FxHashSet<u32>,
    in_flight: Amount,
}

/// A sale that the state does not have yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenSale {
    pub core: u64,
    /// Where its movement lies among the package's packed ones.
    place: u32,
    /// The two minutes that it was sold in; see [`slot`].
    pub slot: u32,
}

/// What a movement did to a lane.
pub(crate) enum Step {
    /// A sale is in flight.
    Opened(OpenSale),
    /// A sale arrived.
    Closed(OpenSale),
    /// The package has to be explained in full.
    Left,
}

impl Lane {
    /// What the state is not yet due to have, signed as POS − state.
    pub const fn in_flight(&self) -> Amount {
        self.in_flight
    }

    pub fn open(&self) -> &[OpenSale] {
        &self.open
    }

    /// The lane of a package with these movements; `None` if it has something to explain.
    pub fn of(movements: &[Movement], packed: &Packed, settings: &Settings) -> Option<Self> {
        let mut lane = Self::default();
        // The POS's first, in the order in which they are packed, so that each finds its place.
        for book in [Book::Pos, Book::State] {
            for (place, movement) in packed.places(movements.first()?.package).filter(|(_, one)| one.book == book) {
                if matches!(lane.take(&movement, place, packed, settings), Step::Left) {
                    return None;
                }
            }
        }
        Some(lane)
    }

    /// Takes the package's next movement, which is or will be packed at `place`.
    pub fn take(&mut self, movement: &Movement, place: usize, packed: &Packed, settings: &Settings) -> Step {
        let MovementKind::Sale(line) = &movement.kind else { return Step::Left };
        let is_plain = matches!(movement.when, When::Instant(_)) && line.voided.is_none() && !line.number.is_empty();
        let (Ok(place), true) = (u32::try_from(place), is_plain) else { return Step::Left };
        match movement.book {
            Book::Pos => self.sold(movement, line, place, settings),
            Book::State => self.reported(movement, line, packed, settings),
            Book::Shelf => Step::Left,
        }
    }

    fn sold(&mut self, sale: &Movement, line: &SaleLine, place: u32, settings: &Settings) -> Step {
        let amount = Amount::of(sale.quantity.0);
        let is_open = line.state_receipt.is_empty()
            && amount.is_negative()
            && settings.in_window(sale.when, Book::Pos)
            && settings.in_flight(sale.when, Book::State);
        let (core, Some(slot)) = (core(line), slot(sale.when)) else { return Step::Left };
        let Err(at) = self.open.binary_search_by_key(&core, |open| open.core) else { return Step::Left };
        if !is_open || self.ended.contains(&part(core)) {
            return Step::Left;
        }
        let open = OpenSale { core, place, slot };
        self.open.insert(at, open);
        self.in_flight += amount;
        Step::Opened(open)
    }

    fn reported(&mut self, receipt: &Movement, line: &SaleLine, packed: &Packed, settings: &Settings) -> Step {
        let core = core(line);
        let Ok(at) = self.open.binary_search_by_key(&core, |open| open.core) else { return Step::Left };
        let open = self.open[at];
        let Some(sale) = packed.at(open.place, receipt.package) else { return Step::Left };
        if !is_same_sale(&sale, receipt, settings) {
            return Step::Left;
        }
        self.open.remove(at);
        self.ended.insert(part(core));
        self.in_flight -= Amount::of(sale.quantity.0);
        Step::Closed(open)
    }
}

/// Whether the state's receipt is just that sale: nothing differs, and both are in their snapshots.
fn is_same_sale(sale: &Movement, receipt: &Movement, settings: &Settings) -> bool {
    let (MovementKind::Sale(ours), MovementKind::Sale(theirs)) = (&sale.kind, &receipt.kind) else { return false };
    let of_snapshots = !settings.after_snapshot(receipt.when, Book::State)
        && !settings.after_snapshot(receipt.when, Book::Pos)
        && theirs.recorded.is_none_or(|at| at <= settings.state_as_of);
    let other_customer = |(ours, theirs): (CustomerType, CustomerType)| ours.differs_from(theirs);
    let other_price = |(ours, theirs): (Ordered<_>, Ordered<_>)| !price(ours).same_value(price(theirs));
    of_snapshots
        && ours.number.core() == theirs.number.core()
        && sale.quantity == receipt.quantity
        && sale.when.same_day(receipt.when, &settings.zone)
        && !ours.customer.zip(theirs.customer).is_some_and(other_customer)
        && !ours.price.zip(theirs.price).is_some_and(other_price)
}

const fn price(price: Ordered<trueup_core::Decimal>) -> trueup_core::Decimal {
    price.0
}

/// The core of the line's number in 64 bits. Numbers that look alike here are told apart by their text.
fn core(line: &SaleLine) -> u64 {
    core_of(line.number.core())
}

/// The same for a core that is known.
pub(crate) fn core_of(core: &str) -> u64 {
    const MOST_DIGITS: usize = 18;
    if core.len() <= MOST_DIGITS
        && let Ok(number) = core.parse()
    {
        return number;
    }
    let mut hasher = DefaultHasher::new();
    core.hash(&mut hasher);
    hasher.finish() | 1 << 63
}

/// A part of a core's hash.
fn part(core: u64) -> u32 {
    u32::try_from(core.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).unwrap_or(0)
}

/// Lines within two minutes of each other are in this or a neighbouring slot.
pub(crate) fn slot(when: When) -> Option<u32> {
    u32::try_from(slot_of(when.moment())).ok()
}

/// The number of the two minutes that a moment lies in.
pub(crate) fn slot_of(moment: jiff::Timestamp) -> i64 {
    moment.as_second().div_euclid(crate::explain::SAME_SALE.as_secs())
}

/// Which packages have a sale in flight of a number, or of a time: what a receipt of the state on another package may be.
#[derive(Debug, Default)]
pub(crate) struct OpenSales {
    by_core: FxHashMap<u64, Holders>,
    by_slot: FxHashMap<u32, Slot>,
}

/// Packages by their number in the books.
#[derive(Debug)]
enum Holders {
    One(u32),
    Several(Box<Vec<u32>>),
}

#[derive(Debug, Default)]
struct Slot {
    /// Packages that have or had sales there; a package that has one is among them.
    packages: Vec<u32>,
    sales: usize,
}

impl OpenSales {
    pub fn add(&mut self, sale: OpenSale, package: u32) {
        match self.by_core.entry(sale.core) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Holders::One(package));
            }
            std::collections::hash_map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Holders::Several(packages) => packages.push(package),
                Holders::One(first) => {
                    let both = vec![*first, package];
                    entry.insert(Holders::Several(Box::new(both)));
                }
            },
        }
        let slot = self.by_slot.entry(sale.slot).or_default();
        slot.packages.push(package);
        slot.sales += 1;
    }

    /// `is_there` tells whether a package has a sale in a slot; it is asked when many are gone.
    pub fn remove(&mut self, sale: OpenSale, package: u32, is_there: impl Fn(u32, u32) -> bool) {
        let is_last = match self.by_core.get_mut(&sale.core) {
            Some(Holders::Several(packages)) => {
                if let Some(place) = packages.iter().position(|held| *held == package) {
                    packages.swap_remove(place);
                }
                packages.is_empty()
            }
            Some(Holders::One(_)) => true,
            None => false,
        };
        if is_last {
            self.by_core.remove(&sale.core);
        }
        let Some(slot) = self.by_slot.get_mut(&sale.slot) else { return };
        slot.sales = slot.sales.saturating_sub(1);
        const SPARE: usize = 16;
        if slot.packages.len() > 2 * slot.sales + SPARE {
            slot.packages.sort_unstable();
            slot.packages.dedup();
            slot.packages.retain(|package| is_there(*package, sale.slot));
        }
        if slot.sales == 0 {
            self.by_slot.remove(&sale.slot);
        }
    }

    /// Packages with a sale in flight of this number.
    pub fn of_core(&self, core: u64) -> impl Iterator<Item = u32> {
        let held = match self.by_core.get(&core) {
            Some(Holders::One(package)) => std::slice::from_ref(package),
            Some(Holders::Several(packages)) => packages,
            None => &[],
        };
        held.iter().copied()
    }

    /// Packages that may have a sale in flight of this time.
    pub fn of_slot(&self, slot: u32) -> impl Iterator<Item = u32> {
        self.by_slot.get(&slot).into_iter().flat_map(|slot| slot.packages.iter().copied())
    }
}
