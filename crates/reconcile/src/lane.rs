//! Packages of which there is nothing to say: every sale is in both books alike, or on its way to the state.
//!
//! Most changes are of such packages: a sale in the POS, and minutes later the same sale in the state. A [`Lane`] follows
//! them one by one, without looking at the package's other movements. Whatever it does not understand at a glance ends the
//! lane, and the package is explained in full.

use crate::packed::Packed;
use crate::{Amount, Settings};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use trueup_core::{Book, CustomerType, Movement, MovementKind, PackageTag, ReceiptNumber, SaleLine, When};

/// The sales of one package, as long as each is either in both books alike or in flight to the state.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// In flight, by the core of their number.
    open: VecDeque<OpenSale>,
    in_flight: Amount,
    /// The highest core of a sale so far: a higher one is of a sale that is new.
    highest: u64,
    /// Parts of hashes of all cores so far, once one came that was not higher. Another sale of such a number, or of one
    /// that looks like it, ends the lane.
    known: Option<Box<FxHashSet<u32>>>,
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

    pub fn open(&self) -> impl Iterator<Item = &OpenSale> {
        self.open.iter()
    }

    /// Whether this very sale is in flight.
    pub fn has_open(&self, sale: &OpenSale) -> bool {
        let found = self.find(sale.core);
        found.is_ok_and(|at| self.open[at].place == sale.place)
    }

    /// Where the open sale of a core is, or where it would be. Numbers rise, and the oldest sale arrives first: mostly it is
    /// one of the ends.
    fn find(&self, core: u64) -> Result<usize, usize> {
        match (self.open.front(), self.open.back()) {
            (Some(first), _) if first.core == core => Ok(0),
            (_, Some(last)) if last.core < core => Err(self.open.len()),
            _ => self.open.binary_search_by_key(&core, |open| open.core),
        }
    }

    /// The lane of a package with these packed movements; `None` if it has something to explain.
    pub fn of(package: PackageTag, packed: &Packed, settings: &Settings) -> Option<Self> {
        let mut lane = Self::default();
        // The POS's first, in the order in which they are packed, so that each finds its place.
        for book in [Book::Pos, Book::State] {
            for (place, movement) in packed.places(package).filter(|(_, one)| one.book == book) {
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
            Book::Pos => self.sold(movement, line, (place, packed), settings),
            Book::State => self.reported(movement, line, packed, settings),
            Book::Shelf => Step::Left,
        }
    }

    fn sold(&mut self, sale: &Movement, line: &SaleLine, (place, packed): (u32, &Packed), settings: &Settings) -> Step {
        let amount = Amount::of(sale.quantity.0);
        let is_open = line.state_receipt.is_empty()
            && amount.is_negative()
            && settings.in_window(sale.when, Book::Pos)
            && settings.in_flight(sale.when, Book::State);
        let (core, Some(slot)) = (core_of(&line.number), slot(sale.when)) else { return Step::Left };
        let Err(at) = self.find(core) else { return Step::Left };
        if !is_open || !self.is_new(core, (place, packed), sale) {
            return Step::Left;
        }
        let open = OpenSale { core, place, slot };
        self.open.insert(at, open);
        self.in_flight += amount;
        Step::Opened(open)
    }

    /// Notes a sale's core; whether no sale of it was there before.
    fn is_new(&mut self, core: u64, (place, packed): (u32, &Packed), sale: &Movement) -> bool {
        if self.known.is_none() {
            if core > self.highest {
                self.highest = core;
                return true;
            }
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            let before = packed.places(sale.package).take_while(|(other, _)| *other < place);
            let lines = before.filter_map(|(_, one)| match &one.kind {
                MovementKind::Sale(line) if one.book == Book::Pos => Some(part(core_of(&line.number))),
                _ => None,
            });
            self.known = Some(Box::new(lines.collect()));
        }
        self.known.as_mut().is_some_and(|known| known.insert(part(core)))
    }

    fn reported(&mut self, receipt: &Movement, line: &SaleLine, packed: &Packed, settings: &Settings) -> Step {
        let core = core_of(&line.number);
        let Ok(at) = self.find(core) else { return Step::Left };
        let open = self.open[at];
        let Some(sale) = packed.at(open.place, receipt.package) else { return Step::Left };
        if !is_same_sale(&sale, receipt, settings) {
            return Step::Left;
        }
        self.open.remove(at);
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
    of_snapshots
        && ours.number.core() == theirs.number.core()
        && sale.quantity == receipt.quantity
        && sale.when.same_day(receipt.when, &settings.zone)
        && !ours.customer.zip(theirs.customer).is_some_and(other_customer)
        && ours.price.zip(theirs.price).is_none_or(|(ours, theirs)| ours.0.same_value(theirs.0))
}

/// The core of a receipt's number in 64 bits. Numbers that look alike here are told apart by their text.
pub(crate) fn core_of(number: &ReceiptNumber) -> u64 {
    number.core_number(u64::BITS)
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
///
/// That is seldom asked. So a sale that begins is only written down, and nothing is done when it ends; the indexes are made
/// of what was written down when they are needed.
#[derive(Debug, Default)]
pub(crate) struct OpenSales {
    /// Sales that began, in their order; some have ended.
    begun: Vec<(OpenSale, u32)>,
    /// How many have not ended.
    open: usize,
    /// So many of those that began are in the indexes.
    indexed: usize,
    by_core: FxHashMap<u64, Vec<u32>>,
    by_slot: FxHashMap<u32, Vec<u32>>,
}

impl OpenSales {
    pub fn add(&mut self, sale: OpenSale, package: u32) {
        self.begun.push((sale, package));
        self.open += 1;
    }

    /// One has ended. `is_open` tells whether a package has such a sale; it is asked when many have ended.
    pub fn end(&mut self, is_open: impl Fn(&OpenSale, u32) -> bool) {
        const SPARE: usize = 1_024;
        self.open = self.open.saturating_sub(1);
        if self.begun.len() > 3 * self.open + SPARE {
            self.begun.retain(|(sale, package)| is_open(sale, *package));
            self.indexed = 0;
            self.by_core.clear();
            self.by_slot.clear();
        }
    }

    /// Packages that have or had a sale in flight of this number.
    pub fn of_core(&mut self, core: u64) -> Vec<u32> {
        self.index();
        self.by_core.get(&core).cloned().unwrap_or_default()
    }

    /// Packages that have or had a sale in flight of this time.
    pub fn of_slot(&mut self, slot: u32) -> Vec<u32> {
        self.index();
        self.by_slot.get(&slot).cloned().unwrap_or_default()
    }

    fn index(&mut self) {
        for (sale, package) in &self.begun[self.indexed..] {
            self.by_core.entry(sale.core).or_default().push(*package);
            self.by_slot.entry(sale.slot).or_default().push(*package);
        }
        self.indexed = self.begun.len();
    }
}
