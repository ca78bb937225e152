//! Which rows both books hold alike, so that the reconciler need not see them.
//!
//! A group is all rows of one package whose receipts have one core: one sale with what took some of it back, and the
//! state's receipts of it. It is settled, and left out, if nothing that the reconciler could find depends on it:
//!
//! - there is one sale, and every row of the state is of its business day, so that no other sale of the package is given
//!   its receipts, and it is given no other's;
//! - what stands on both sides is the same, voids and returns counted;
//! - nothing of it is of after a snapshot, and no count of the package needs its time.
//!
//! All other groups are kept, and with them every sale within the minutes of a receipt without a number.

use super::cell::THOUSANDTH;
use super::clock::Days;
use super::record::{Effect, Record};
use super::state::Numberless;
use rustc_hash::FxHashMap;
use trueup_core::Dimension;

/// What must be known to judge the groups of a partition.
pub(super) struct Question<'q> {
    pub days: &'q Days,
    /// The window's first second.
    pub window: i64,
    /// The state's number of a package to the number of both sides.
    pub common: &'q [u32],
    /// By the number of both sides.
    pub packages: &'q [Known],
    /// By package; sorted.
    pub numberless: &'q [Numberless],
}

/// What decides about a package's rows besides the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Every row is kept.
    pub whole: bool,
    /// From this second on its rows are kept: it was counted or weighed then.
    pub observed: Option<i64>,
    pub dimension: Dimension,
}

/// What came of a partition.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Where the POS's rows begin that are kept.
    pub pos: Vec<u64>,
    /// Where the state's receipts begin of which the lines of a package are kept.
    pub state: Vec<(u64, u32)>,
    /// Of each package with settled groups: what they moved within the window, in 10⁻¹², in the POS and in the state.
    pub settled: Vec<(u32, Moved)>,
}

/// Signed changes of two books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Moved {
    pub pos: i128,
    pub state: i128,
}

/// What is true of a group, as bits.
mod is {
    /// It has a sale of the POS …
    pub const SOLD: u16 = 1;
    /// … of which some lines stand, …
    pub const STANDING: u16 = 1 << 1;
    /// … some are voided.
    pub const VOIDED: u16 = 1 << 2;
    /// It has rows of the state.
    pub const REPORTED: u16 = 1 << 3;
    /// Only the reconciler can tell.
    pub const KEPT: u16 = 1 << 4;
}

/// A group while its rows are gone through. Amounts are thousandths.
#[derive(Debug, Clone)]
struct Group {
    package: u32,
    flags: u16,
    /// The run of the sale's last row and where it begins.
    run: u64,
    offset: u64,
    sold_at: u32,
    first_return: u32,
    reported_at: u32,
    /// POS − state of what stands.
    difference: i64,
    /// What the rows of within the window changed.
    pos_moved: i64,
    state_moved: i64,
}

/// Rows that begin this near to each other are of one receipt if their runs are equal modulo 16: no row is shorter than a
/// sixteenth of it (six separators and the line's end, a number, a time of eight digits, a quantity and its unit).
const NEAR: u64 = 16 * 18;
/// Receipts without a number are given to sales within two minutes; a second more for what was rounded down.
const MINUTES: i64 = 121;

struct Groups<'q> {
    question: &'q Question<'q>,
    places: FxHashMap<(u32, u64), u32>,
    list: Vec<Group>,
}

/// Judges a partition: the records of both sides, chunk by chunk.
pub(super) fn judge(question: &Question<'_>, pos: &[Vec<Record>], state: &[Vec<Record>]) -> Verdict {
    let rows: usize = pos.iter().map(Vec::len).sum();
    let mut groups = Groups {
        question,
        places: FxHashMap::with_capacity_and_hasher(rows, rustc_hash::FxBuildHasher),
        list: Vec::with_capacity(rows),
    };
    let sold: Vec<u32> = pos.iter().flatten().map(|record| groups.take_sold(record)).collect();
    let reported: Vec<u32> = state.iter().flatten().map(|record| groups.take_reported(record)).collect();
    for group in &mut groups.list {
        if !is_settled(group, question) {
            group.flags |= is::KEPT;
        }
    }
    let mut verdict = Verdict::default();
    let kept = |place: &u32| groups.list[*place as usize].flags & is::KEPT != 0;
    let pos_rows = pos.iter().flatten().zip(&sold).filter(|(_, place)| kept(place));
    verdict.pos.extend(pos_rows.map(|(record, _)| record.offset()));
    let state_rows = state.iter().flatten().zip(&reported).filter(|(_, place)| kept(place));
    let common = |record: &Record| question.common[record.package()];
    verdict.state.extend(state_rows.map(|(record, _)| (record.offset(), common(record))));
    verdict.settled = settled(&groups.list);
    verdict
}

impl Groups<'_> {
    #[inline]
    fn place(&mut self, package: u32, core: u64) -> u32 {
        let next = self.list.len() as u32;
        let place = *self.places.entry((package, core)).or_insert(next);
        if place == next {
            let whole = self.question.packages[package as usize].whole;
            self.list.push(Group {
                package,
                flags: if whole { is::KEPT } else { 0 },
                run: 0,
                offset: 0,
                sold_at: 0,
                first_return: u32::MAX,
                reported_at: 0,
                difference: 0,
                pos_moved: 0,
                state_moved: 0,
            });
        }
        place
    }

    fn take_sold(&mut self, record: &Record) -> u32 {
        let package = record.package() as u32;
        let place = self.place(package, record.core);
        let question = self.question;
        let group = &mut self.list[place as usize];
        let second = i64::from(record.second);
        let in_window = second >= question.window;
        let known = question.packages[package as usize];
        if known.observed.is_some_and(|first| second >= first || matches!(record.effect(), Effect::Voided(_))) {
            group.flags |= is::KEPT;
        }
        if !question.numberless.is_empty() && is_near(question.numberless, package, second) {
            group.flags |= is::KEPT;
        }
        match record.effect() {
            Effect::Keep => group.flags |= is::KEPT,
            Effect::Returned(amount) => {
                group.first_return = group.first_return.min(record.second);
                group.difference -= i64::from(amount);
                group.pos_moved += if in_window { i64::from(amount) } else { 0 };
            }
            Effect::Sold(amount) => {
                group.take_line(record, is::STANDING);
                group.difference += i64::from(amount);
                group.pos_moved -= if in_window { i64::from(amount) } else { 0 };
            }
            Effect::Voided(_) => group.take_line(record, is::VOIDED),
        }
        place
    }

    fn take_reported(&mut self, record: &Record) -> u32 {
        let package = self.question.common[record.package()];
        let place = self.place(package, record.core);
        let question = self.question;
        let group = &mut self.list[place as usize];
        if group.flags & is::REPORTED == 0 {
            group.reported_at = record.second;
        } else if group.reported_at != record.second && !same_day(question.days, group.reported_at, record.second) {
            group.flags |= is::KEPT;
        }
        group.flags |= is::REPORTED;
        match record.effect() {
            Effect::Keep | Effect::Returned(_) => group.flags |= is::KEPT,
            Effect::Voided(_) => {}
            Effect::Sold(amount) => {
                group.difference -= i64::from(amount);
                group.state_moved -= if i64::from(record.second) >= question.window { i64::from(amount) } else { 0 };
            }
        }
        place
    }
}

impl Group {
    /// One more line of a sale: of the same receipt as the line before, or the group has two sales.
    fn take_line(&mut self, record: &Record, flag: u16) {
        if self.flags & is::SOLD != 0 {
            let near = record.offset().abs_diff(self.offset) < NEAR;
            if !near || record.run() != self.run || record.second != self.sold_at {
                self.flags |= is::KEPT;
            }
        }
        self.flags |= is::SOLD | flag;
        (self.run, self.offset, self.sold_at) = (record.run(), record.offset(), record.second);
    }
}

fn same_day(days: &Days, a: u32, b: u32) -> bool {
    let day = |second: u32| days.of(i64::from(second));
    day(a).is_some_and(|ours| day(b) == Some(ours))
}

fn is_near(numberless: &[Numberless], package: u32, second: i64) -> bool {
    let start = numberless.partition_point(|row| (row.package, row.second) < (package, second - MINUTES));
    numberless.get(start).is_some_and(|row| row.package == package && row.second <= second + MINUTES)
}

fn is_settled(group: &Group, question: &Question<'_>) -> bool {
    let flags = group.flags;
    let has_both = flags & is::SOLD != 0 && flags & is::REPORTED != 0;
    // A sale of which some lines are voided is told line by line.
    let as_a_whole = flags & (is::STANDING | is::VOIDED) != is::STANDING | is::VOIDED;
    let in_order = group.first_return >= group.sold_at;
    flags & is::KEPT == 0
        && has_both
        && as_a_whole
        && in_order
        && group.difference == 0
        && same_day(question.days, group.sold_at, group.reported_at)
}

fn settled(groups: &[Group]) -> Vec<(u32, Moved)> {
    let mut settled: FxHashMap<u32, Moved> = FxHashMap::default();
    for group in groups.iter().filter(|group| group.flags & is::KEPT == 0) {
        let moved = settled.entry(group.package).or_default();
        moved.pos += i128::from(group.pos_moved) * i128::from(THOUSANDTH);
        moved.state += i128::from(group.state_moved) * i128::from(THOUSANDTH);
    }
    settled.into_iter().collect()
}
