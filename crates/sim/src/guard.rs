//! Keeps apart what no reader of the records could tell apart: the truth holds only what the records decide.
//!
//! The rules that decide are those of the comparison's contract: a receipt without a number belongs to the sale within
//! two minutes, numbers may restart and name a sale on their business day and its neighbours, an adjustment is known by
//! its amount, a correction settles a fact of its amount.

use crate::goods::Atoms;
use crate::style::Numbering;
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;

/// A mistake with a sale has no other sale of its package nearer than this.
const APART: SignedDuration = SignedDuration::from_mins(5);
/// Days for which a restarting number is remembered; returns come within fewer.
const NUMBER_DAYS: i32 = 9;
/// What is on its way to the state has arrived after this.
const SETTLED: SignedDuration = SignedDuration::from_hours(6);

/// The number of a receipt as far as another may be taken for it: its digits without dressing.
pub(crate) type Core = u64;

/// One of our lots by its number in the store's life.
pub(crate) type Lot = u32;

/// Which book a line without its other half stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Pos,
    State,
}

/// A line without its other half, as a line of the other book on another package might be taken for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Loose {
    pub side: Side,
    pub item: u32,
    pub amount: Atoms,
    pub core: Option<Core>,
    pub at: Timestamp,
    pub day: i32,
}

#[derive(Debug)]
struct OfLot {
    amounts: Vec<Atoms>,
    /// Numbers that no other sale may have on these days.
    numbers: Vec<(Core, i32, i32)>,
    closed: bool,
    counted: bool,
    single: bool,
    /// Something arranged will happen until then.
    busy_until: Timestamp,
}

impl Default for OfLot {
    fn default() -> Self {
        Self {
            amounts: Vec::new(),
            numbers: Vec::new(),
            closed: false,
            counted: false,
            single: false,
            busy_until: Timestamp::MIN,
        }
    }
}

/// What has happened to each lot, as far as it limits what may go wrong with it.
#[derive(Debug)]
pub(crate) struct Guard {
    numbering: Numbering,
    last_activity: Vec<Timestamp>,
    blocked_until: Vec<Timestamp>,
    of_lot: FxHashMap<Lot, OfLot>,
    seen: FxHashMap<(Lot, Core), i32>,
    pruned: i32,
    /// Lines without their other halves, by what they would be taken for.
    loose: FxHashMap<(u32, Atoms), Vec<Loose>>,
}

fn index(lot: Lot) -> usize {
    usize::try_from(lot).unwrap_or(usize::MAX)
}

impl Guard {
    pub fn new(numbering: Numbering) -> Self {
        Self {
            numbering,
            last_activity: Vec::new(),
            blocked_until: Vec::new(),
            of_lot: FxHashMap::default(),
            seen: FxHashMap::default(),
            pruned: i32::MIN,
            loose: FxHashMap::default(),
        }
    }

    /// A further lot comes into the store's life.
    pub fn add_lot(&mut self) {
        self.last_activity.push(Timestamp::MIN);
        self.blocked_until.push(Timestamp::MIN);
    }

    fn of(&mut self, lot: Lot) -> &mut OfLot {
        self.of_lot.entry(lot).or_default()
    }

    fn has(&self, lot: Lot, what: impl Fn(&OfLot) -> bool) -> bool {
        self.of_lot.get(&lot).is_some_and(what)
    }

    /// Nothing happens to this lot any more.
    pub fn close(&mut self, lot: Lot) {
        self.of(lot).closed = true;
    }

    pub fn is_closed(&self, lot: Lot) -> bool {
        self.has(lot, |of| of.closed)
    }

    /// The lot was counted: its stock moves by sales alone from now on.
    pub fn count(&mut self, lot: Lot) {
        self.of(lot).counted = true;
    }

    /// A mistake whose share is what is left of the lot's difference: no second one of that sort.
    pub fn make_single(&mut self, lot: Lot) {
        self.of(lot).single = true;
    }

    pub fn is_single(&self, lot: Lot) -> bool {
        self.has(lot, |of| of.single)
    }

    /// Whether stock may be moved by other things than sales.
    pub fn may_change(&self, lot: Lot) -> bool {
        !self.has(lot, |of| of.closed || of.counted)
    }

    /// Whether everything that happened to the lot has arrived everywhere.
    pub fn is_settled(&self, lot: Lot, now: Timestamp) -> bool {
        let busy = self.has(lot, |of| now <= of.busy_until);
        self.may_change(lot) && !busy && now.duration_since(self.last(lot)) > SETTLED
    }

    fn last(&self, lot: Lot) -> Timestamp {
        self.last_activity.get(index(lot)).copied().unwrap_or(Timestamp::MIN)
    }

    /// Something happened to the lot.
    pub fn touch(&mut self, lot: Lot, now: Timestamp) {
        if let Some(last) = self.last_activity.get_mut(index(lot)) {
            *last = (*last).max(now);
        }
    }

    /// Whether a sale with this number may be of this lot.
    pub fn may_sell(&self, lot: Lot, now: Timestamp, core: Core, day: i32) -> bool {
        let blocked = self.blocked_until.get(index(lot)).is_some_and(|until| now < *until);
        let taken = |of: &OfLot| {
            of.closed || of.numbers.iter().any(|(number, from, to)| *number == core && (*from..=*to).contains(&day))
        };
        !blocked && !self.has(lot, taken)
    }

    /// A sale of the lot was made.
    pub fn sold(&mut self, lot: Lot, now: Timestamp, core: Core, day: i32) {
        self.touch(lot, now);
        if self.numbering == Numbering::Running {
            return;
        }
        self.seen.insert((lot, core), day);
        if day > self.pruned {
            self.pruned = day;
            self.seen.retain(|_, last| *last >= day - NUMBER_DAYS);
        }
    }

    /// Whether the records tell the next sale of this lot with this number from every other.
    pub fn stands_alone(&self, lot: Lot, now: Timestamp, core: Core, day: i32) -> bool {
        let seen = self.seen.get(&(lot, core)).is_some_and(|last| *last >= day - NUMBER_DAYS);
        !seen && !self.has(lot, |of| of.closed) && now.duration_since(self.last(lot)) > APART
    }

    /// Something arranged will happen to the lot, at the latest then.
    pub fn expect(&mut self, lot: Lot, until: Timestamp) {
        let of = self.of(lot);
        of.busy_until = of.busy_until.max(until);
    }

    /// Nothing of the lot is sold until then.
    pub fn block(&mut self, lot: Lot, until: Timestamp) {
        if let Some(blocked) = self.blocked_until.get_mut(index(lot)) {
            *blocked = (*blocked).max(until);
        }
    }

    /// Keeps other sales of the lot away from this one: in time, and by number until `to_day`.
    pub fn isolate(&mut self, lot: Lot, now: Timestamp, core: Core, days: (i32, i32)) {
        self.block(lot, now + APART);
        if self.numbering != Numbering::Running {
            self.of(lot).numbers.push((core, days.0 - 1, days.1 + 1));
        }
    }

    /// Takes an amount for an adjustment, return or correction of the lot, if nothing else of it has that amount.
    pub fn take_amount(&mut self, lot: Lot, amount: Atoms) -> bool {
        let of = self.of(lot);
        let is_free = amount != 0 && !of.amounts.contains(&amount.abs());
        if is_free {
            of.amounts.push(amount.abs());
        }
        is_free
    }

    /// Whether this line without its other half could be taken for the other half of another one.
    pub fn is_mistakable(&self, line: &Loose) -> bool {
        self.loose.get(&(line.item, line.amount)).into_iter().flatten().any(|other| {
            let same = other.side != line.side;
            let near = other.at.duration_since(line.at).abs() <= APART;
            let numbered = other.core.is_some() && other.core == line.core && (other.day - line.day).abs() <= 2;
            same && (near || numbered)
        })
    }

    /// Takes down a line without its other half.
    pub fn add_loose(&mut self, line: Loose) {
        let alike = self.loose.entry((line.item, line.amount)).or_default();
        alike.retain(|other| (other.day - line.day).abs() <= NUMBER_DAYS);
        alike.push(line);
    }
}
