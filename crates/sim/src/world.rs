//! The store's life: what happens, in the order in which it happens.

mod counting;
mod makings;
mod manifests;
mod moments;
mod selling;
mod stock;

use crate::SimError;
use crate::clock::Agenda;
use crate::dice::Dice;
use crate::files::{Table, base_text, write_text};
use crate::for_sale::ForSale;
use crate::goods::{Atoms, Form, Item, ONE, Tags, catalogue};
use crate::guard::{Guard, Lot};
use crate::metrc::Metrc;
use crate::mistake::{Mistake, Occasion};
use crate::options::{StateForm, StoreOptions};
use crate::pos::{Pos, PosLot, Stock};
use crate::state::{Adjustment, State, StateLot};
use crate::style::{DAYS_BEFORE, Style};
use crate::truth::{Ledger, Truth};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use trueup_core::PackageTag;

/// People whose names stand in the records.
pub(crate) const ASSOCIATES: [&str; 4] = ["A. Kim", "J. Doe", "M. Ruiz", "K. Osei"];
pub(crate) const BUDTENDERS: [&str; 4] = ["Ari", "Bo", "Cam", "Dee"];
/// What the program of the POS is called in the state's records.
pub(crate) const INTEGRATION: &str = "POS Integration";

/// No store's records reach over more than a century.
const MOST_DAYS: u32 = 36_500;

/// Something that will happen.
pub(crate) enum Event {
    /// The business day of this number begins.
    Day(i32),
    /// Customers come to the till, so many receipts and lines still to sell today.
    Customer { receipts: u64, lines: u64 },
    /// The POS's sale reaches the state.
    Report(Box<selling::Report>),
    /// The POS takes a sale back, wholly or partly.
    TakeBack(Box<selling::TakeBack>),
    /// A receipt changes in the state.
    Change(Box<selling::Change>),
    /// An adjustment of the POS reaches the state, or a person makes one in its page.
    StateAdjust(Box<Adjustment>),
    /// The POS writes a correction or another movement.
    PosMove(Box<stock::PosMove>),
    /// The state makes, undoes or finishes a package.
    StateMake(Box<makings::StateMake>),
    /// The POS takes in a delivered package.
    PosReceive(Box<manifests::PosReceive>),
    /// An associate does one of the day's honest tasks.
    Task,
    /// A mistake is due.
    Mistake(Mistake, u32),
    /// Goods are counted.
    Count,
    /// The export of the POS is made.
    PosSnapshot,
    /// The state's lists are pulled.
    StateSnapshot,
}

/// The simulated store.
pub(crate) struct World<'o> {
    options: &'o StoreOptions,
    folder: &'o Path,
    style: Style,
    items: Vec<Item>,
    tags: Tags,
    all_tags: FxHashSet<PackageTag>,
    pos: Pos,
    state: State,
    ledger: Ledger,
    guard: Guard,
    agenda: Agenda<Event>,
    dice: Dice,
    now: Timestamp,
    /// Item of each lot, and its tag in the state (or in the POS, where only that has it).
    lots: Vec<(u32, PackageTag)>,
    of_item: BTreeMap<u32, Vec<Lot>>,
    for_sale: ForSale,
    /// Mistakes waiting for a sale.
    armed: VecDeque<Mistake>,
    down_until: Timestamp,
    outage: Option<(Timestamp, Timestamp)>,
    numbers: selling::Numbers,
    counted: FxHashSet<PackageTag>,
    shelf: counting::ShelfFiles,
    count_mistakes: Vec<Mistake>,
    baseline: Vec<(PackageTag, Atoms, &'static str)>,
    typical_sales: i64,
    /// What the next customer takes as well, in the same minute.
    asked_for: Option<Lot>,
    last_sold: Option<Lot>,
    /// How often the mistake at hand was put off already.
    tries: u32,
}

/// Lives the life and writes its records.
pub(crate) fn live(
    options: &StoreOptions,
    folder: &Path,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<(Truth, Option<Metrc>), SimError> {
    let mut world = World::new(options, folder)?;
    world.stock_up()?;
    world.before_the_window()?;
    world.plan()?;
    while let Some((moment, event)) = world.agenda.next() {
        if moment > world.style.as_of() {
            break;
        }
        let is_snapshot = matches!(event, Event::PosSnapshot | Event::StateSnapshot);
        if !is_snapshot && (moment == world.style.pos_as_of || moment == world.style.state_as_of) {
            // Nobody can tell whether a snapshot of this very second holds it.
            world.agenda.at(moment + SignedDuration::from_secs(1), event);
            continue;
        }
        world.now = moment;
        if let Event::Day(number) = event {
            progress(u32::try_from(number + 1).unwrap_or(0), options.days + 1);
        }
        world.happen(event)?;
    }
    world.finish()
}

fn index(lot: Lot) -> usize {
    usize::try_from(lot).unwrap_or(usize::MAX)
}

impl<'o> World<'o> {
    fn new(options: &'o StoreOptions, folder: &'o Path) -> Result<Self, SimError> {
        if options.packages == 0 || options.days == 0 {
            return Err(SimError::Options("a store has at least one package and one day; ask for more of each"));
        }
        if options.lines < options.receipts {
            return Err(SimError::Options("every receipt has a line; ask for at least as many lines as receipts"));
        }
        if options.days > MOST_DAYS {
            return Err(SimError::Calendar);
        }
        let style = Style::new(options)?;
        let mut dice = Dice::new(options.seed, "goods");
        let outage = Self::outage(&style, &mut dice);
        let typical_sales = i64::try_from(options.lines / u64::from(options.packages)).unwrap_or(1).clamp(1, 1_000_000);
        let items = catalogue(&mut dice, options.packages);
        Ok(Self {
            options,
            folder,
            tags: Tags::new(&mut dice),
            all_tags: FxHashSet::default(),
            pos: Pos::create(folder)?,
            state: State::create(folder, options.state_form, &style, &items)?,
            items,
            ledger: Ledger::default(),
            guard: Guard::new(style.numbering),
            agenda: Agenda::new(),
            dice: Dice::new(options.seed, "people"),
            now: style.window_start,
            lots: Vec::new(),
            of_item: BTreeMap::new(),
            for_sale: ForSale::default(),
            armed: VecDeque::new(),
            down_until: Timestamp::MIN,
            outage,
            numbers: selling::Numbers::new(&style),
            counted: FxHashSet::default(),
            shelf: counting::ShelfFiles::default(),
            count_mistakes: Vec::new(),
            baseline: Vec::new(),
            typical_sales,
            asked_for: None,
            last_sold: None,
            tries: 0,
            style,
        })
    }

    /// An afternoon in which the state does not answer; everything arrives later.
    fn outage(style: &Style, dice: &mut Dice) -> Option<(Timestamp, Timestamp)> {
        if style.days < 2 || !dice.chance(1, 2) {
            return None;
        }
        let day = i32::try_from(dice.between(0, i64::from(style.days) - 2)).unwrap_or(0);
        let from = style.moment(style.day(day), dice.between(11 * 3600, 17 * 3600));
        Some((from, from + SignedDuration::from_mins(dice.between(40, 220))))
    }

    // --- Setting up -----------------------------------------------------------------------------------------------

    /// The next tag of a supplier that nobody has misspelled another as.
    fn fresh_tag(&mut self, supplier: usize) -> PackageTag {
        loop {
            let tag = self.tags.of_supplier(supplier);
            if !self.all_tags.contains(&tag) {
                return tag;
            }
        }
    }

    /// A lot that neither book knows yet.
    fn new_lot(&mut self, item: u32, tag: PackageTag) -> Lot {
        let lot = Lot::try_from(self.lots.len()).unwrap_or(Lot::MAX);
        self.lots.push((item, tag));
        self.all_tags.insert(tag);
        self.of_item.entry(item).or_default().push(lot);
        self.pos.add_unknown();
        self.state.add_unknown();
        self.guard.add_lot();
        lot
    }

    fn item(&self, lot: Lot) -> u32 {
        self.lots.get(index(lot)).map_or(0, |lot| lot.0)
    }

    fn tag(&self, lot: Lot) -> Option<PackageTag> {
        self.lots.get(index(lot)).map(|lot| lot.1)
    }

    /// The catalogue's entry of a lot.
    fn item_facts(&self, lot: Lot) -> Option<&Item> {
        self.items.get(usize::try_from(self.item(lot)).ok()?)
    }

    fn form(&self, lot: Lot) -> Form {
        usize::try_from(self.item(lot))
            .ok()
            .and_then(|item| self.items.get(item))
            .map_or(Form::Pieces, |item| item.form)
    }

    fn any_item(&mut self) -> u32 {
        u32::try_from(self.dice.place(self.items.len())).unwrap_or(0)
    }

    /// What a package holds when it comes: some sell out within the window, most do not.
    fn usual_quantity(&mut self, item: u32) -> Atoms {
        let form = usize::try_from(item).ok().and_then(|item| self.items.get(item)).map(|item| item.form);
        let sales = self.typical_sales.min(400_000);
        let sold = match form {
            Some(Form::Pieces) | None => 2,
            Some(Form::Loose) => 5,
            Some(Form::Rolled) => 3,
            Some(Form::Poured) => 30,
        };
        let most = (sales * sold * 3).max(sold * 20);
        self.dice.between((most / 12).max(3), most) * ONE
    }

    /// The packages on hand when the records begin.
    fn stock_up(&mut self) -> Result<(), SimError> {
        let day = self.style.day(-20);
        for number in 0..self.options.packages {
            let item = self.any_item();
            let tag = self.fresh_tag(usize::try_from(number / 7).unwrap_or(0));
            let lot = self.new_lot(item, tag);
            let quantity = self.usual_quantity(item);
            let room = u8::from(self.dice.chance(1, 2));
            let known = self.state_lot(lot, quantity, room, Some(day));
            self.state.learn(self.style.moment(day, 0), &self.items, lot, known)?;
            let stock = self.initial_stock(lot, quantity, room);
            let known = self.pos_lot(lot, stock);
            self.pos.learn(lot, known);
            self.for_sale.add(lot);
        }
        Ok(())
    }

    fn state_lot(&self, lot: Lot, quantity: Atoms, room: u8, packaged: Option<jiff::civil::Date>) -> StateLot {
        StateLot {
            tag: self.lots.get(index(lot)).map_or_else(|| self.lots[0].1, |lot| lot.1),
            item: self.item(lot),
            quantity,
            original: quantity,
            sources: Vec::new(),
            room,
            packaged,
            received: None,
            held: false,
            finished: None,
            archived: None,
        }
    }

    fn pos_lot(&mut self, lot: Lot, stock: Vec<Stock>) -> PosLot {
        PosLot {
            tag: self.lots.get(index(lot)).map_or_else(|| self.lots[0].1, |lot| lot.1),
            item: self.item(lot),
            stock,
            name: None,
            held: false,
            listed_empty: self.dice.chance(1, 4),
        }
    }

    /// A lot's stock by SKU: loose flower of a rolled item is partly rolled already.
    fn initial_stock(&mut self, lot: Lot, quantity: Atoms, room: u8) -> Vec<Stock> {
        if self.form(lot) != Form::Rolled {
            return vec![Stock { sku: 0, room, amount: quantity }];
        }
        let rolled = (quantity / ONE / 2) * ONE;
        vec![Stock { sku: 0, room, amount: quantity - rolled }, Stock { sku: 1, room, amount: rolled }]
    }

    /// Arranges days, mistakes, counts and snapshots.
    fn plan(&mut self) -> Result<(), SimError> {
        let first = -i32::try_from(DAYS_BEFORE).unwrap_or(1);
        let last = i32::try_from(self.style.days).map_err(|_| SimError::Calendar)?;
        for number in first..=last {
            let day = self.style.day(number);
            self.agenda.at(self.style.moment(day, 0), Event::Day(number));
        }
        self.agenda.at(self.style.pos_as_of, Event::PosSnapshot);
        self.agenda.at(self.style.state_as_of, Event::StateSnapshot);
        self.plan_mistakes();
        let before = self.dice.between(60, 300);
        self.agenda.at(self.first_snapshot() - SignedDuration::from_mins(before), Event::Count);
        Ok(())
    }

    fn plan_mistakes(&mut self) {
        for (mistake, count) in self.options.faults.counts(self.options.lines, self.options.days) {
            if self.options.state_form == StateForm::Tables && mistake.needs_json() {
                continue;
            }
            match mistake.occasion() {
                Occasion::Before => {}
                Occasion::Count => {
                    self.count_mistakes.extend((0..count).map(|_| mistake));
                }
                Occasion::Sale | Occasion::Moment => {
                    for _ in 0..count {
                        let at = self.moment_of_a_mistake();
                        self.agenda.at(at, Event::Mistake(mistake, 0));
                    }
                }
            }
        }
    }

    /// While the store is open, and early enough that what should have arrived has.
    fn moment_of_a_mistake(&mut self) -> Timestamp {
        let days = i64::from(self.style.days);
        let (opens, closes) = self.style.hours;
        loop {
            let day = self.style.day(i32::try_from(self.dice.between(0, days)).unwrap_or(0));
            let second = self.dice.between(i64::from(opens) * 3600 + 1800, i64::from(closes) * 3600 - 1800);
            let at = self.style.moment(day, second);
            if at > self.style.window_start && at < self.quiet_from() {
                return at;
            }
            if self.quiet_from() <= self.style.window_start + SignedDuration::from_hours(12) {
                // So short a window has no such moment; its mistakes are dropped when they come.
                return self.style.as_of();
            }
        }
    }

    fn first_snapshot(&self) -> Timestamp {
        self.style.pos_as_of.min(self.style.state_as_of)
    }

    /// From here on no mistake begins: what is missing then might as well be on its way.
    fn quiet_from(&self) -> Timestamp {
        self.first_snapshot() - self.style.due - SignedDuration::from_hours(4)
    }

    // --- Living ---------------------------------------------------------------------------------------------------

    fn happen(&mut self, event: Event) -> Result<(), SimError> {
        match event {
            Event::Day(number) => self.begin_day(number),
            Event::Customer { receipts, lines } => self.customer(receipts, lines),
            Event::Report(report) => self.report(*report),
            Event::TakeBack(take_back) => self.take_back(*take_back),
            Event::Change(change) => self.change_receipt(*change),
            Event::StateAdjust(adjustment) => self.state.adjust(&self.style, &self.items, &adjustment),
            Event::PosMove(movement) => self.pos_move(*movement),
            Event::StateMake(make) => self.state_make(*make),
            Event::PosReceive(receive) => self.pos_receive(*receive),
            Event::Task => self.task(),
            Event::Mistake(mistake, tries) => self.mistake(mistake, tries),
            Event::Count => self.count(),
            Event::PosSnapshot => self.pos.snapshot(self.folder, &self.items),
            Event::StateSnapshot => self.state.snapshot(&self.style, &self.items),
        }
    }

    /// Plans what the day brings: customers, tasks, deliveries.
    fn begin_day(&mut self, number: i32) -> Result<(), SimError> {
        let (opens, closes) = self.style.hours;
        let day = self.style.day(number);
        let at = |second: i64| self.style.moment(day, second);
        let (from, to) = (at(i64::from(opens) * 3600), at(i64::from(closes) * 3600 - 1));
        let (receipts, lines) = self.share_of_day(number);
        if receipts > 0 {
            self.agenda.at(from, Event::Customer { receipts, lines });
        }
        self.numbers.begin_day(&self.style);
        let tasks = (self.options.packages / 25).clamp(2, 400);
        for _ in 0..tasks {
            let second = self.dice.between(0, to.duration_since(from).as_secs().max(1));
            self.agenda.at(from + SignedDuration::from_secs(second), Event::Task);
        }
        self.order_delivery(number)?;
        Ok(())
    }

    /// Of all receipts and lines, the part of this day. The last day ends with the snapshot.
    fn share_of_day(&self, number: i32) -> (u64, u64) {
        let days = u64::from(self.options.days) + 1;
        let place = u64::try_from(number).unwrap_or(0);
        if number < 0 {
            let receipts = (self.options.receipts / days).clamp(1, 50);
            return (receipts, receipts * self.options.lines / self.options.receipts.max(1));
        }
        let part = |whole: u64| whole * (place + 1) / days - whole * place / days;
        (part(self.options.receipts), part(self.options.lines))
    }

    /// The moment at which the business of the day ends: closing time, or the snapshot.
    fn end_of_business(&self) -> Timestamp {
        let number = self.style.day_number(self.now);
        let closing = self.style.moment(self.style.day(number), i64::from(self.style.hours.1) * 3600 - 1);
        closing.min(self.style.as_of())
    }

    // --- What is on its way ---------------------------------------------------------------------------------------

    /// When something of this moment reaches the state.
    fn arrives(&mut self, at: Timestamp) -> Timestamp {
        let sent = if self.style.batch_minutes == 0 {
            at + SignedDuration::from_secs(self.dice.between(1, 20))
        } else {
            let period = self.style.batch_minutes * 60;
            let next = (at.as_second().div_euclid(period) + 1) * period;
            Timestamp::from_second(next + self.dice.between(1, 40)).unwrap_or(at)
        };
        match self.outage {
            Some((from, to)) if sent >= from && sent < to => to + SignedDuration::from_secs(self.dice.between(5, 900)),
            _ => sent,
        }
    }

    /// Something that the POS has since `at` and the state from `arrives` on moves both by as much: what the snapshots
    /// catch of it on one side only is in flight.
    fn flow_to_state(&mut self, lot: Lot, in_pos: Atoms, in_state: Atoms, at: Timestamp, arrives: Timestamp) {
        let pos_has = at < self.style.pos_as_of;
        let state_has = arrives < self.style.state_as_of;
        let Some(tag) = self.tag(lot) else { return };
        match (pos_has, state_has) {
            (true, false) => self.ledger.in_flight(tag, i128::from(in_pos)),
            (false, true) => self.ledger.in_flight(tag, -i128::from(in_state)),
            _ => {}
        }
    }

    /// The same the other way: the state has it first.
    fn flow_to_pos(&mut self, lot: Lot, amount: Atoms, at: Timestamp, arrives: Timestamp) {
        let state_has = at < self.style.state_as_of;
        let pos_has = arrives < self.style.pos_as_of;
        let Some(tag) = self.tag(lot) else { return };
        match (pos_has, state_has) {
            (false, true) => self.ledger.in_flight(tag, -i128::from(amount)),
            (true, false) => self.ledger.in_flight(tag, i128::from(amount)),
            _ => {}
        }
    }

    /// A mistake was made.
    fn fact(&mut self, lot: Lot, cause: &'static str, amount: Atoms, reference: &str) {
        if let Some(tag) = self.tag(lot) {
            self.ledger.fact(tag, cause, i128::from(amount), self.now, reference);
        }
    }

    /// A time between now and then, in hours of a tenth.
    fn later(&mut self, from_minutes: i64, to_minutes: i64) -> Timestamp {
        self.now + SignedDuration::from_secs(self.dice.between(from_minutes * 60, to_minutes * 60))
    }

    /// A lot that is for sale and that everything has settled of.
    fn settled_lot(&mut self, fits: impl Fn(&Self, Lot) -> bool) -> Option<Lot> {
        const TRIES: u32 = 40;
        (0..TRIES).find_map(|_| {
            let lot = self.for_sale.any(&mut self.dice)?;
            (self.guard.is_settled(lot, self.now) && fits(self, lot)).then_some(lot)
        })
    }

    /// Takes a lot off sale.
    fn retire(&mut self, lot: Lot) {
        self.guard.close(lot);
        self.for_sale.remove(lot);
    }

    // --- The end --------------------------------------------------------------------------------------------------

    fn finish(self) -> Result<(Truth, Option<Metrc>), SimError> {
        self.check()?;
        write_text(&self.folder.join("store.toml"), &self.style.store_toml())?;
        if !self.baseline.is_empty() {
            let columns = ["package_id", "difference", "unit", "note", "approved_by"];
            let mut table = Table::create(self.folder.join("baseline.csv"), &columns)?;
            for (tag, amount, unit) in &self.baseline {
                let difference = base_text(i128::from(*amount));
                table.row(&[&tag.to_string(), &difference, unit, "opening count", ASSOCIATES[0]])?;
            }
            table.finish()?;
        }
        self.shelf.write(self.folder)?;
        let packages = u64::try_from(self.all_tags.len()).unwrap_or(u64::MAX);
        let truth = self.ledger.finish(&self.style, self.options.seed, packages, |tag| self.counted.contains(&tag));
        self.pos.finish()?;
        let server = self.state.finish()?;
        let text = serde_json::to_string_pretty(&truth).map_err(|_| SimError::Number)?;
        write_text(&self.folder.join(Truth::FILE), &text)?;
        Ok((truth, server))
    }

    /// The snapshots differ by what was written down, or this world has a fault.
    fn check(&self) -> Result<(), SimError> {
        let mut found: BTreeMap<PackageTag, i128> = BTreeMap::new();
        for lot in 0..Lot::try_from(self.lots.len()).unwrap_or(Lot::MAX) {
            if let Some(known) = self.pos.lot(lot) {
                *found.entry(known.tag).or_default() += self.pos.snapshot_of(lot);
            }
            if let Some(known) = self.state.lot(lot) {
                *found.entry(known.tag).or_default() -= self.state.snapshot_of(lot);
            }
        }
        for (tag, difference) in found {
            let expected = self.ledger.expected(tag);
            if expected != difference {
                return Err(SimError::Inconsistent {
                    package: tag.to_string(),
                    found: base_text(difference),
                    expected: base_text(expected),
                    seed: self.options.seed,
                });
            }
        }
        Ok(())
    }
}
