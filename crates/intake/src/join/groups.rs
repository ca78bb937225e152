//! Which rows both books hold alike, so that the reconciler need not see them.
//!
//! A group is all rows of one package whose receipts have one core: one sale with what took some of it back, and the
//! state's receipts of it. It is settled, and left out, if nothing that the reconciler could find depends on it:
//!
//! - there is one sale, and every row of the state is of its business day, so that no other sale of the package is given
//!   its receipts, and it is given no other's; or there is none, and nothing of the receipts stands;
//! - what stands on both sides is the same, voids and returns counted;
//! - nothing of it is of after a snapshot, and no count of the package needs its time.
//!
//! All other groups are kept, and with them every sale within the minutes of a receipt without a number.

use super::GiveUp;
use super::cell::THOUSANDTH;
use super::clock::Days;
use super::record::{Effect, Package, Partitions, Record, Tags, translated};
use super::state::Numberless;
use crate::measures::Measures;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use trueup_core::{Dimension, PackageTag};
use trueup_reconcile::{Amount, Settled};

/// What must be known to judge the groups of a partition.
pub(super) struct Question<'q> {
    pub days: &'q Days,
    /// The window's first second.
    pub window: i64,
    /// The POS's packages; the state's are translated to them.
    pub tags: &'q Tags,
    pub translation: &'q [u64],
    pub measures: &'q Measures,
    /// Packages of which every row is kept.
    pub whole: &'q FxHashSet<Package>,
    /// From this second on a package's rows are kept: it was counted or weighed then.
    pub observed: &'q FxHashMap<PackageTag, i64>,
    /// By package; sorted.
    pub numberless: &'q [Numberless],
}

/// What came of a partition.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// Where the POS's rows begin that are kept.
    pub pos: Vec<u64>,
    /// Where the state's receipts begin of which the lines of a package are kept.
    pub state: Vec<(u64, PackageTag)>,
    /// What settled groups moved, of each package that has some.
    pub settled: Vec<(PackageTag, Settled)>,
    /// The dimension of packages that were not known before: that of all their rows.
    pub dimensions: Vec<(PackageTag, Dimension)>,
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
    /// … of which some stand.
    pub const REPORTED_STANDING: u16 = 1 << 4;
    /// Some of it came back.
    pub const RETURNED: u16 = 1 << 5;
    /// Only the reconciler can tell.
    pub const KEPT: u16 = 1 << 6;
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
    places: FxHashMap<(Package, u64), u32>,
    list: Vec<Group>,
    packages: Packages<'q>,
}

/// Judges a partition of both sides.
pub(super) fn judge(
    question: &Question<'_>,
    pos: &Partitions,
    state: &Partitions,
    partition: usize,
) -> Result<Verdict, GiveUp> {
    let rows = pos.len(partition);
    let mut groups = Groups {
        question,
        places: FxHashMap::with_capacity_and_hasher(rows, FxBuildHasher),
        list: Vec::with_capacity(rows),
        packages: Packages { question, places: FxHashMap::default(), list: Vec::new() },
    };
    let sold: Vec<u32> = pos.of(partition).map(|record| groups.take_sold(&record)).collect::<Result<_, _>>()?;
    let reported: Vec<u32> =
        state.of(partition).map(|record| groups.take_reported(&record)).collect::<Result<_, _>>()?;
    let packages = &groups.packages.list;
    for group in &mut groups.list {
        if packages[index(group.package)].whole || !is_settled(group, question) {
            group.flags |= is::KEPT;
        }
    }
    let list = &groups.list;
    let kept = |place: u32| Some(&list[index(place)]).filter(|group| group.flags & is::KEPT != 0);
    let pos_rows = pos.of(partition).zip(sold).filter(|(_, place)| kept(*place).is_some());
    let state_rows = state.of(partition).zip(reported).filter_map(|(record, place)| Some((record, kept(place)?)));
    Ok(Verdict {
        pos: pos_rows.map(|(record, _)| record.offset()).collect(),
        state: state_rows.map(|(record, group)| (record.offset(), packages[index(group.package)].tag)).collect(),
        settled: groups.settled(),
        dimensions: groups.packages.dimensions()?,
    })
}

/// The packages of a partition.
struct Packages<'q> {
    question: &'q Question<'q>,
    places: FxHashMap<Package, u32>,
    list: Vec<Known>,
}

struct Known {
    tag: PackageTag,
    dimension: Dimension,
    /// Nobody knew the dimension before.
    is_new: bool,
    /// Its rows do not all count in its dimension.
    is_mixed: bool,
    whole: bool,
    observed: Option<i64>,
}

impl Packages<'_> {
    fn place(&mut self, package: Package, dimension: Dimension) -> Result<u32, GiveUp> {
        let next = u32::try_from(self.list.len()).map_err(|_| GiveUp)?;
        let place = *self.places.entry(package).or_insert(next);
        if place == next {
            let question = self.question;
            let tag = question.tags.tag(package).ok_or(GiveUp)?;
            let known = question.measures.dimension(tag);
            self.list.push(Known {
                tag,
                dimension: known.unwrap_or(dimension),
                is_new: known.is_none(),
                is_mixed: false,
                whole: question.whole.contains(&package),
                observed: question.observed.get(&tag).copied(),
            });
        }
        Ok(place)
    }

    /// Of packages that were not known: what all their rows say; if they say several things, somebody has to be told.
    fn dimensions(&self) -> Result<Vec<(PackageTag, Dimension)>, GiveUp> {
        if self.list.iter().any(|known| known.is_new && known.is_mixed) {
            return Err(GiveUp);
        }
        Ok(self.list.iter().filter(|known| known.is_new).map(|known| (known.tag, known.dimension)).collect())
    }
}

impl Groups<'_> {
    /// The group of a row, and the row's package.
    #[inline]
    fn place(&mut self, package: Package, record: &Record) -> Result<u32, GiveUp> {
        let next = u32::try_from(self.list.len()).map_err(|_| GiveUp)?;
        let place = *self.places.entry((package, record.core())).or_insert(next);
        if place == next {
            let package = self.packages.place(package, record.dimension())?;
            self.list.push(Group::new(package));
        }
        let known = &mut self.packages.list[index(self.list[index(place)].package)];
        if known.dimension != record.dimension() {
            // Only the reading of rows can bring it to the package's measure, or tell that this cannot be done.
            known.is_mixed = true;
            known.whole = true;
        }
        Ok(place)
    }

    fn take_sold(&mut self, record: &Record) -> Result<u32, GiveUp> {
        let place = self.place(record.package(), record)?;
        let question = self.question;
        let group = &mut self.list[index(place)];
        let second = i64::from(record.second());
        let observed = self.packages.list[index(group.package)].observed;
        if observed.is_some_and(|first| second >= first || matches!(record.effect(), Effect::Voided(_))) {
            group.flags |= is::KEPT;
        }
        if !question.numberless.is_empty() && is_near(question.numberless, record.package(), second) {
            group.flags |= is::KEPT;
        }
        let moved = |amount: u32| if second >= question.window { i64::from(amount) } else { 0 };
        match record.effect() {
            Effect::Keep => group.flags |= is::KEPT,
            Effect::Returned(amount) => {
                group.flags |= is::RETURNED;
                group.first_return = group.first_return.min(record.second());
                group.difference -= i64::from(amount);
                group.pos_moved += moved(amount);
            }
            Effect::Sold(amount) => {
                group.take_line(record, is::STANDING);
                group.difference += i64::from(amount);
                group.pos_moved -= moved(amount);
            }
            Effect::Voided(_) => group.take_line(record, is::VOIDED),
        }
        Ok(place)
    }

    fn take_reported(&mut self, record: &Record) -> Result<u32, GiveUp> {
        let question = self.question;
        let place = self.place(translated(record.package(), question.translation), record)?;
        let group = &mut self.list[index(place)];
        if group.flags & is::REPORTED == 0 {
            group.reported_at = record.second();
        } else if group.reported_at != record.second() && !same_day(question.days, group.reported_at, record.second()) {
            group.flags |= is::KEPT;
        }
        group.flags |= is::REPORTED;
        match record.effect() {
            Effect::Keep | Effect::Returned(_) => group.flags |= is::KEPT,
            Effect::Voided(_) => {}
            Effect::Sold(amount) => {
                group.flags |= is::REPORTED_STANDING;
                group.difference -= i64::from(amount);
                group.state_moved -= if i64::from(record.second()) >= question.window { i64::from(amount) } else { 0 };
            }
        }
        Ok(place)
    }

    fn settled(&self) -> Vec<(PackageTag, Settled)> {
        let mut of_packages: Vec<Option<Settled>> = vec![None; self.packages.list.len()];
        for group in self.list.iter().filter(|group| group.flags & is::KEPT == 0) {
            let package = index(group.package);
            let settled = of_packages[package].get_or_insert(Settled::nothing(self.packages.list[package].dimension));
            let amount = |moved: i64| Amount::from_atoms(i128::from(moved) * i128::from(THOUSANDTH));
            settled.pos += amount(group.pos_moved);
            settled.state += amount(group.state_moved);
            settled.in_pos |= group.flags & is::SOLD != 0;
            settled.in_state |= group.flags & is::REPORTED != 0;
        }
        let packages = self.packages.list.iter().zip(of_packages);
        packages.filter_map(|(known, settled)| Some((known.tag, settled?))).collect()
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl Group {
    const fn new(package: u32) -> Self {
        Self {
            package,
            flags: 0,
            run: 0,
            offset: 0,
            sold_at: 0,
            first_return: u32::MAX,
            reported_at: 0,
            difference: 0,
            pos_moved: 0,
            state_moved: 0,
        }
    }

    /// One more line of a sale: of the same receipt as the line before, or the group has two sales.
    fn take_line(&mut self, record: &Record, flag: u16) {
        if self.flags & is::SOLD != 0 {
            let near = record.offset().abs_diff(self.offset) < NEAR;
            if !near || record.run() != self.run || record.second() != self.sold_at {
                self.flags |= is::KEPT;
            }
        }
        self.flags |= is::SOLD | flag;
        (self.run, self.offset, self.sold_at) = (record.run(), record.offset(), record.second());
    }
}

fn same_day(days: &Days, a: u32, b: u32) -> bool {
    let day = |second: u32| days.of(i64::from(second));
    day(a).is_some_and(|ours| day(b) == Some(ours))
}

fn is_near(numberless: &[Numberless], package: Package, second: i64) -> bool {
    let start = numberless.partition_point(|row| (row.package, row.second) < (package, second - MINUTES));
    numberless.get(start).is_some_and(|row| row.package == package && row.second <= second + MINUTES)
}

fn is_settled(group: &Group, question: &Question<'_>) -> bool {
    let flags = group.flags;
    let has = |flag: u16| flags & flag != 0;
    if has(is::KEPT) {
        return false;
    }
    if !has(is::SOLD) {
        // A receipt that was voided, of a sale that never was.
        return !has(is::RETURNED) && !has(is::REPORTED_STANDING);
    }
    // A sale of which some lines are voided is told line by line.
    let as_a_whole = !(has(is::STANDING) && has(is::VOIDED));
    let in_order = !has(is::RETURNED) || group.first_return >= group.sold_at;
    let one_day = !has(is::REPORTED) || same_day(question.days, group.sold_at, group.reported_at);
    as_a_whole && in_order && group.difference == 0 && one_day
}
