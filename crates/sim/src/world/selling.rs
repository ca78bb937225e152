//! At the till: receipts, what becomes of them, and how they reach the state.

mod in_state;
mod wrong;

use super::{BUDTENDERS, Event, INTEGRATION, World};
use crate::SimError;
use crate::goods::{Atoms, Form, ONE};
use crate::guard::{Core, Loose, Lot, Side};
use crate::mistake::Mistake;
use crate::options::StateForm;
use crate::pos::{FRONT, Line, SaleHead};
use crate::state::{Adjustment, StateLine, StateReceipt};
use crate::style::{Numbering, Style, VoidForm};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use trueup_core::{Decimal, Quantity, Unit};
use wrong::UTC_READ_AS_LOCAL;

/// Gives receipts their numbers.
pub(super) struct Numbers {
    next: Vec<Core>,
}

impl Numbers {
    pub fn new(style: &Style) -> Self {
        let tills = usize::try_from(style.tills).unwrap_or(1);
        Self { next: vec![if style.numbering == Numbering::Running { style.first_number } else { 0 }; tills] }
    }

    /// Numbers that restart do so.
    pub fn begin_day(&mut self, style: &Style) {
        if style.numbering != Numbering::Running {
            self.next.fill(0);
        }
    }

    fn take(&mut self, style: &Style, till: usize) -> Core {
        let row = if style.numbering == Numbering::PerTill { till } else { 0 };
        self.next.get_mut(row).map_or(0, |next| {
            *next += 1;
            *next
        })
    }
}

/// A receipt of the POS.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    pub number: String,
    pub core: Core,
    pub at: Timestamp,
    pub day: i32,
    pub till: usize,
    pub customer: Customer,
    pub lines: Vec<Line>,
}

/// A class of buyer in the words of both systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Customer {
    pub in_pos: &'static str,
    pub in_state: &'static str,
}

const ADULT: Customer = Customer { in_pos: "Adult", in_state: "Consumer" };
const PATIENT: Customer = Customer { in_pos: "Medical", in_state: "Patient" };

/// A sale on its way to the state.
pub(crate) struct Report {
    pub sale: Sale,
    /// The lines as they are reported; those of the sale, but for mistakes.
    pub lines: Vec<StateLine>,
    pub external: Option<String>,
    pub by: &'static str,
    pub customer: &'static str,
    /// Times that the wrong way were read in another zone: hours added.
    pub hours_off: i64,
    pub is_delivery: bool,
    /// What is true once it is recorded: the mistake.
    pub mistake: Option<Mistake>,
    /// What will be changed on it later, and when.
    pub later: Option<(Timestamp, ChangeKind)>,
}

/// A void or return in the POS.
pub(crate) struct TakeBack {
    pub sale: Sale,
    pub is_void: bool,
    pub lines: Vec<Line>,
    pub forgotten: bool,
}

/// A later change of a receipt in the state.
pub(crate) struct Change {
    pub id: u64,
    pub sale: Sale,
    pub kind: ChangeKind,
}

/// What is changed on a receipt.
#[derive(Debug, Clone)]
pub(crate) enum ChangeKind {
    /// Voided, as the POS did.
    Void,
    /// A line reduced, because the POS took so much back.
    Reduce(Lot, Atoms),
    /// Voided by hand.
    VoidByHand,
    /// A line's number edited by hand.
    EditByHand(Lot, Decimal),
    /// A line's price edited by hand.
    PriceByHand(Lot, i64),
    /// The class of the customer edited by hand.
    CustomerByHand,
}

/// What becomes of a sale.
enum Fate {
    Plain,
    Split,
    Rounded,
    Voided { after: SignedDuration },
    ReturnedByEdit { after: SignedDuration },
    ReturnedByAdjustment { after: SignedDuration },
    Wrong(Mistake),
}

impl World<'_> {
    /// One customer, and the arrangement for the next.
    pub(super) fn customer(&mut self, receipts: u64, lines: u64) -> Result<(), SimError> {
        // The lines are spread over the receipts as chance has it, and all are sold by the end of the day.
        let usual = lines / receipts.max(1);
        let most = (2 * usual).saturating_sub(1).max(1) + u64::from(!lines.is_multiple_of(receipts.max(1)));
        let spare = lines - receipts.min(lines);
        let rolled = u64::try_from(self.dice.between(1, i64::try_from(most).unwrap_or(1))).unwrap_or(1);
        let count = if receipts <= 1 { lines.max(1) } else { rolled.min(spare + 1) };
        self.sell(usize::try_from(count.min(40)).unwrap_or(1))?;
        if receipts > 1 {
            let left = self.end_of_business().duration_since(self.now);
            let milliseconds = left.as_millis().max(0) * 2 / i128::from(receipts);
            let mut gap =
                self.dice.between(0, i64::try_from(milliseconds).unwrap_or(i64::MAX)) + self.dice.between(0, 999);
            if self.dice.chance(1, 15) {
                // Two friends buy the same, at two tills.
                self.asked_for = self.last_sold.take();
                gap = gap.min(self.dice.between(0, 50_000));
            }
            let next = self.now + SignedDuration::from_secs(gap / 1000);
            self.agenda.at(next, Event::Customer { receipts: receipts - 1, lines: lines - count.min(lines) });
        }
        Ok(())
    }

    fn sell(&mut self, count: usize) -> Result<(), SimError> {
        let till = self.dice.place(usize::try_from(self.style.tills).unwrap_or(1));
        let core = self.numbers.take(&self.style, till);
        let day = self.style.day_number(self.now);
        let lines = self.choose_lines(count, core, day);
        if lines.is_empty() {
            return Ok(());
        }
        let patient = self.style.patients_in > 0 && self.dice.chance(1, self.style.patients_in);
        let customer = if patient { PATIENT } else { ADULT };
        let sale = Sale { number: core.to_string(), core, at: self.now, day, till, customer, lines };
        let fate = self.fate(&sale);
        self.last_sold = sale.lines.first().map(|line| line.lot);
        for line in &sale.lines {
            self.pos.change(line.lot, line.sku, -line.amount, FRONT);
            self.guard.sold(line.lot, self.now, core, day);
            if self.pos.on_hand(line.lot) == 0 {
                self.for_sale.remove(line.lot);
            }
        }
        self.ring_up(&sale, &fate)?;
        self.follow(sale, fate)
    }

    /// What the customer buys. Now and then the same package stands on two lines.
    fn choose_lines(&mut self, count: usize, core: Core, day: i32) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::with_capacity(count);
        for _ in 0..count {
            let again = lines.last().map(|line| line.lot).filter(|_| self.dice.chance(1, 15));
            let asked_for = self.asked_for.take().filter(|lot| self.may_be_sold(*lot, core, day));
            let Some(lot) = again.or(asked_for).or_else(|| self.choose_lot(core, day)) else { continue };
            let taken = |sku: u8| -> Atoms {
                lines.iter().filter(|line| line.lot == lot && line.sku == sku).map(|line| line.amount).sum()
            };
            let sku = self.choose_sku(lot);
            let left = self.pos.on_hand_of(lot, sku) - taken(sku);
            let amount = self.usual_amount(lot, sku).min(left);
            if amount > 0 {
                let item = self.item_facts(lot);
                let price = item.map_or(1, |item| item.price);
                let price = i64::try_from(i128::from(price) * i128::from(amount) / i128::from(ONE)).unwrap_or(price);
                lines.push(Line { lot, sku, amount, price: price.max(1) });
            }
        }
        lines
    }

    fn choose_lot(&mut self, core: Core, day: i32) -> Option<Lot> {
        const TRIES: u32 = 12;
        (0..TRIES).find_map(|_| {
            let lot = self.for_sale.any(&mut self.dice)?;
            self.may_be_sold(lot, core, day).then_some(lot)
        })
    }

    fn may_be_sold(&self, lot: Lot, core: Core, day: i32) -> bool {
        self.guard.may_sell(lot, self.now, core, day) && self.pos.on_hand(lot) > 0
    }

    fn choose_sku(&mut self, lot: Lot) -> u8 {
        u8::from(self.form(lot) == Form::Rolled && self.pos.on_hand_of(lot, 1) > 0)
    }

    /// How much of a SKU a customer takes, in the package's measure.
    fn usual_amount(&mut self, lot: Lot, sku: u8) -> Atoms {
        match self.form(lot) {
            Form::Pieces => self.dice.pick(&[1, 1, 1, 1, 2, 2, 3], 1) * ONE,
            Form::Loose if self.dice.chance(1, 3) => self.dice.between(80, 760) * (ONE / 100),
            Form::Loose => self.dice.pick(&[1_000, 3_500, 7_000, 14_000], 3_500) * (ONE / 1000),
            Form::Rolled if sku == 0 => self.dice.pick(&[1, 2], 1) * ONE,
            Form::Rolled => self.dice.between(1, 5) * (ONE / 2),
            Form::Poured => 30 * ONE,
        }
    }

    // --- What becomes of it ---------------------------------------------------------------------------------------

    fn fate(&mut self, sale: &Sale) -> Fate {
        let in_window = sale.at >= self.style.window_start + SignedDuration::from_mins(10);
        if let Some(mistake) = (in_window && self.now < self.quiet_from()).then(|| self.mistake_with(sale)).flatten() {
            return Fate::Wrong(mistake);
        }
        let early = self.now < self.quiet_from();
        let minutes =
            |dice: &mut crate::dice::Dice, from: i64, to: i64| SignedDuration::from_mins(dice.between(from, to));
        match self.dice.between(0, 99) {
            0..=3 if self.stand_alone(sale) => {
                let after = minutes(&mut self.dice, 2, (self.style.due.as_mins() / 2).min(25));
                Fate::Voided { after }
            }
            4..=6 if early && self.stand_alone(sale) => {
                Fate::ReturnedByEdit { after: minutes(&mut self.dice, 20, 3 * 24 * 60) }
            }
            7 if early && self.stand_alone(sale) => {
                Fate::ReturnedByAdjustment { after: minutes(&mut self.dice, 20, 24 * 60) }
            }
            8..=11 => Fate::Split,
            12..=20 if early && in_window && self.is_loose(sale) => Fate::Rounded,
            _ => Fate::Plain,
        }
    }

    fn is_loose(&self, sale: &Sale) -> bool {
        sale.lines.iter().any(|line| self.form(line.lot) == Form::Loose)
    }

    /// Whether the records tell this sale from every other of its packages.
    fn stand_alone(&self, sale: &Sale) -> bool {
        sale.lines.iter().all(|line| self.guard.stands_alone(line.lot, self.now, sale.core, sale.day))
    }

    /// The first waiting mistake that can be made with this sale so that the records tell it.
    fn mistake_with(&mut self, sale: &Sale) -> Option<Mistake> {
        if !self.stand_alone(sale) {
            return None;
        }
        if self.now < self.down_until {
            return (!self.mistakable(sale, Side::Pos)).then_some(Mistake::ReportingDown);
        }
        let place =
            (0..self.armed.len()).find(|place| self.armed.get(*place).is_some_and(|m| self.can_go_wrong(*m, sale)))?;
        self.armed.remove(place)
    }

    /// Whether lines of this sale, without their other halves, could be taken for others.
    fn mistakable(&self, sale: &Sale, side: Side) -> bool {
        amounts(&sale.lines)
            .into_iter()
            .any(|(lot, amount)| self.guard.is_mistakable(&self.loose(sale, side, lot, amount)))
    }

    fn loose(&self, sale: &Sale, side: Side, lot: Lot, amount: Atoms) -> Loose {
        Loose { side, item: self.item(lot), amount, core: Some(sale.core), at: sale.at, day: sale.day }
    }

    fn can_go_wrong(&self, mistake: Mistake, sale: &Sale) -> bool {
        let lots = amounts(&sale.lines);
        let single = sale.lines.len() == 1;
        match mistake {
            Mistake::LineNotReported => lots.len() > 1 && !self.mistakable(sale, Side::Pos),
            Mistake::SaleQuantityEdited | Mistake::PriceEdited => {
                single && !self.mistakable(sale, Side::Pos) && !self.mistakable(sale, Side::State)
            }
            Mistake::SaleOnOtherPackage => single && self.neighbour(sale).is_some(),
            Mistake::SaleInOtherUnit => {
                // The state has to have that many ounces.
                let fits =
                    |line: &Line| self.form(line.lot) == Form::Loose && self.state.on_hand(line.lot) / 30 > line.amount;
                single && sale.lines.iter().all(fits)
            }
            Mistake::SaleOnOtherDay => {
                let shifted = sale.at + SignedDuration::from_hours(UTC_READ_AS_LOCAL);
                self.style.dressing.missing == 0
                    && shifted < self.quiet_from()
                    && self.style.day_number(shifted) == sale.day + 1
            }
            Mistake::SaleUploadedTwice => self.style.dressing.missing == 0 && !self.mistakable(sale, Side::State),
            Mistake::SaleReportedTwice | Mistake::VoidedOnlyInPos => !self.mistakable(sale, Side::State),
            Mistake::ReturnedOnlyInPos => single,
            _ => !self.mistakable(sale, Side::Pos),
        }
    }

    /// Another package of the same item, on which the sale could be reported by mistake.
    fn neighbour(&self, sale: &Sale) -> Option<Lot> {
        let line = sale.lines.first()?;
        let of_item = self.of_item.get(&self.item(line.lot))?;
        of_item.iter().copied().find(|lot| {
            *lot != line.lot
                && self.state.on_hand(*lot) > line.amount * 2
                && self.pos.lot(*lot).is_some()
                && self.for_sale.contains(*lot)
                && self.guard.may_sell(*lot, self.now, sale.core, sale.day)
                && self.guard.stands_alone(*lot, self.now, sale.core, sale.day)
                && ![Side::Pos, Side::State]
                    .into_iter()
                    .any(|side| self.guard.is_mistakable(&self.loose(sale, side, *lot, line.amount)))
        })
    }

    // --- In the POS -----------------------------------------------------------------------------------------------

    /// Writes the receipt as the POS exports it.
    fn ring_up(&mut self, sale: &Sale, fate: &Fate) -> Result<(), SimError> {
        let voided_at = match fate {
            Fate::Voided { after } => Some(sale.at + *after),
            _ => None,
        };
        let in_row = voided_at.filter(|at| self.style.voids == VoidForm::Column && *at < self.style.pos_as_of);
        let terminal = terminal(sale.till);
        let head = SaleHead {
            number: &sale.number,
            at: sale.at,
            kind: "sale",
            original: "",
            voided_at: in_row,
            customer: sale.customer.in_pos,
            employee: BUDTENDERS.get(sale.till).copied().unwrap_or("Ari"),
            terminal: &terminal,
        };
        self.pos.write_sale(&self.style, &self.items, &head, &sale.lines)?;
        if self.dice.chance(1, 12) {
            self.pos.write_merchandise(&self.style, &head, sale.lines.len() + 1)?;
        }
        Ok(())
    }

    /// Arranges what follows a sale.
    fn follow(&mut self, sale: Sale, fate: Fate) -> Result<(), SimError> {
        let arrives = self.arrives(sale.at);
        match fate {
            Fate::Plain => self.send(sale, arrives),
            Fate::Split => self.send_split(sale, arrives),
            Fate::Rounded => self.send_rounded(sale, arrives),
            Fate::Voided { after } => self.void_on_both(sale, arrives, after),
            Fate::ReturnedByEdit { after } => self.return_by_edit(sale, arrives, after),
            Fate::ReturnedByAdjustment { after } => self.return_by_adjustment(sale, arrives, after),
            Fate::Wrong(mistake) => return self.go_wrong(sale, arrives, mistake),
        }
        Ok(())
    }

    fn lines_of(&self, sale: &Sale) -> Vec<StateLine> {
        sale.lines.iter().map(|line| self.state_line(line)).collect()
    }

    fn state_line(&self, line: &Line) -> StateLine {
        let unit = self.item_facts(line.lot);
        StateLine {
            lot: line.lot,
            number: exact(line.amount),
            unit: unit.map_or(Unit::Each, |item| item.unit),
            price: line.price,
        }
    }

    fn report_of(&mut self, sale: Sale) -> Report {
        let external = self.dressed(&sale);
        Report {
            lines: self.lines_of(&sale),
            external,
            by: INTEGRATION,
            customer: sale.customer.in_state,
            hours_off: 0,
            is_delivery: false,
            mistake: None,
            later: None,
            sale,
        }
    }

    /// The POS's number as it arrives in the state.
    fn dressed(&mut self, sale: &Sale) -> Option<String> {
        let dressing = self.style.dressing;
        let rolled = u32::try_from(self.dice.between(0, 99)).unwrap_or(0);
        if rolled < dressing.missing {
            None
        } else if rolled < dressing.missing + dressing.prefixed {
            Some(format!("POS{}-{}", sale.till + 1, sale.number))
        } else if rolled < dressing.missing + dressing.prefixed + dressing.padded {
            Some(format!("{:0>8}", sale.number))
        } else {
            Some(sale.number.clone())
        }
    }

    fn flow_sale(&mut self, sale: &Sale, arrives: Timestamp) {
        for (lot, amount) in amounts(&sale.lines) {
            self.flow_to_state(lot, -amount, -amount, sale.at, arrives);
        }
    }

    fn send(&mut self, sale: Sale, arrives: Timestamp) {
        self.flow_sale(&sale, arrives);
        let mut report = self.report_of(sale);
        // Some are brought to the customer; the state keeps those apart.
        report.is_delivery = self.options.state_form == StateForm::Json && self.dice.chance(1, 25);
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    /// One sale as two receipts of the state: each with a part of the lines, or of the one line.
    fn send_split(&mut self, sale: Sale, arrives: Timestamp) {
        self.flow_sale(&sale, arrives);
        let mut first = self.report_of(sale);
        let mut second_lines = first.lines.split_off(first.lines.len().div_ceil(2));
        let in_pieces = first.lines.first().is_some_and(|line| line.unit == Unit::Each && line.amount() > ONE);
        if let Some(line) = first.lines.first_mut().filter(|_| second_lines.is_empty() && in_pieces) {
            // Each part carries its part of the price, the second what is left of it.
            let price = line.price;
            let rest = StateLine { number: exact(line.amount() - ONE), price: price - price / 2, ..line.clone() };
            second_lines.push(rest);
            (line.number, line.price) = (exact(ONE), price / 2);
        }
        let second = Report {
            sale: first.sale.clone(),
            lines: second_lines,
            external: first.external.clone(),
            later: None,
            ..*self.blank(&first)
        };
        self.agenda.at(arrives, Event::Report(Box::new(first)));
        if !second.lines.is_empty() {
            self.agenda.at(arrives, Event::Report(Box::new(second)));
        }
    }

    /// A report like another, without its lines.
    fn blank(&self, like: &Report) -> Box<Report> {
        Box::new(Report {
            sale: like.sale.clone(),
            lines: Vec::new(),
            external: like.external.clone(),
            by: like.by,
            customer: like.customer,
            hours_off: like.hours_off,
            is_delivery: like.is_delivery,
            mistake: None,
            later: None,
        })
    }

    /// Weighed to the hundredth, reported to the tenth.
    fn send_rounded(&mut self, sale: Sale, arrives: Timestamp) {
        self.flow_sale(&sale, arrives);
        let mut report = self.report_of(sale);
        let mut rounded = Vec::new();
        let single = |lot: Lot| report.sale.lines.iter().filter(|line| line.lot == lot).count() == 1;
        for line in report.lines.iter_mut().filter(|line| line.unit == Unit::Gram) {
            let (amount, tenth) = (line.amount(), ONE / 10);
            let to_tenth = (amount + tenth / 2).div_euclid(tenth) * tenth;
            if to_tenth != amount && to_tenth > 0 && single(line.lot) {
                line.number = Decimal::new(to_tenth / tenth, 1);
                rounded.push((line.lot, to_tenth - amount));
            }
        }
        for (lot, amount) in rounded {
            self.fact(lot, "rounding", amount, &report.sale.number.clone());
        }
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    fn void_on_both(&mut self, sale: Sale, arrives: Timestamp, after: SignedDuration) {
        let voided_at = sale.at + after;
        if self.options.state_form == StateForm::Tables && voided_at >= self.style.pos_as_of {
            // The tables give the day of a void, and nothing else tells that it came after the POS's snapshot.
            return self.send(sale, arrives);
        }
        self.keep_apart(&sale, voided_at);
        let voids_arrive = self.arrives(voided_at);
        for (lot, amount) in amounts(&sale.lines) {
            if voided_at < arrives {
                // Nothing was ever sent; between sale and void the POS alone has it.
                let caught = sale.at < self.style.pos_as_of && self.style.pos_as_of <= voided_at;
                if let Some(tag) = self.tag(lot).filter(|_| caught) {
                    self.ledger.in_flight(tag, -i128::from(amount));
                }
            } else {
                self.flow_to_state(lot, -amount, -amount, sale.at, arrives);
                self.flow_to_state(lot, amount, amount, voided_at, voids_arrive);
            }
        }
        let lines = sale.lines.clone();
        let back = TakeBack { sale: sale.clone(), is_void: true, lines, forgotten: false };
        self.agenda.at(voided_at, Event::TakeBack(Box::new(back)));
        if voided_at >= arrives {
            let mut report = self.report_of(sale);
            report.later = Some((voids_arrive, ChangeKind::Void));
            self.agenda.at(arrives, Event::Report(Box::new(report)));
        }
    }

    /// A part of one line that comes back.
    fn part_of(&mut self, sale: &Sale) -> Option<Line> {
        let line = sale.lines.get(self.dice.place(sale.lines.len()))?.clone();
        let per_unit = match self.form(line.lot) {
            Form::Pieces => ONE,
            Form::Rolled if line.sku == 1 => ONE / 2,
            _ => line.amount,
        };
        let units = line.amount / per_unit.max(1);
        let amount = self.dice.between(1, units.max(1)) * per_unit;
        let price = line.price;
        Some(Line { amount: amount.min(line.amount), price, ..line })
    }

    fn return_by_edit(&mut self, sale: Sale, arrives: Timestamp, after: SignedDuration) {
        let returned_at = (sale.at + after).max(arrives + SignedDuration::from_mins(5));
        if returned_at >= self.style.pos_as_of {
            // A reduced receipt does not tell when it was reduced, so nobody could see that the POS is only behind.
            return self.send(sale, arrives);
        }
        let single = |lot: Lot| sale.lines.iter().filter(|line| line.lot == lot).count() == 1;
        let back = self.part_of(&sale).filter(|line| single(line.lot));
        let Some(back) = back.filter(|line| self.guard.take_amount(line.lot, line.amount)) else {
            return self.send(sale, arrives);
        };
        self.keep_apart(&sale, returned_at);
        let edited_at = self.arrives(returned_at);
        self.flow_sale(&sale, arrives);
        self.flow_to_state(back.lot, back.amount, back.amount, returned_at, edited_at);
        let mut report = self.report_of(sale.clone());
        report.later = Some((edited_at, ChangeKind::Reduce(back.lot, back.amount)));
        self.agenda.at(arrives, Event::Report(Box::new(report)));
        let taken = TakeBack { sale, is_void: false, lines: vec![back], forgotten: false };
        self.agenda.at(returned_at, Event::TakeBack(Box::new(taken)));
    }

    fn return_by_adjustment(&mut self, sale: Sale, arrives: Timestamp, after: SignedDuration) {
        let returned_at = (sale.at + after).max(arrives + SignedDuration::from_mins(5));
        let back = self.part_of(&sale).filter(|line| self.guard.may_change(line.lot));
        let Some(back) = back.filter(|line| self.guard.take_amount(line.lot, line.amount)) else {
            return self.send(sale, arrives);
        };
        self.keep_apart(&sale, returned_at);
        let adjusted_at = self.arrives(returned_at);
        self.flow_to_state(back.lot, back.amount, back.amount, returned_at, adjusted_at);
        let adjustment = Adjustment {
            lot: back.lot,
            amount: back.amount,
            at: adjusted_at,
            reason: "Customer Return",
            note: format!("return of receipt {}", sale.number),
            by: INTEGRATION,
        };
        self.agenda.at(adjusted_at, Event::StateAdjust(Box::new(adjustment)));
        let taken = TakeBack { sale: sale.clone(), is_void: false, lines: vec![back], forgotten: false };
        self.agenda.at(returned_at, Event::TakeBack(Box::new(taken)));
        self.send(sale, arrives);
    }

    /// No other sale of these packages may be taken for this one until then.
    fn keep_apart(&mut self, sale: &Sale, until: Timestamp) {
        let to_day = self.style.day_number(until);
        for line in &sale.lines {
            self.guard.isolate(line.lot, self.now, sale.core, (sale.day, to_day));
            self.guard.expect(line.lot, until);
        }
    }

    /// The POS takes something back.
    pub(super) fn take_back(&mut self, back: TakeBack) -> Result<(), SimError> {
        for line in &back.lines {
            let room = self.state.lot(line.lot).map_or(0, |known| known.room);
            self.pos.change(line.lot, line.sku, line.amount, room);
            self.guard.touch(line.lot, self.now);
            self.sell_again(line.lot);
            if back.forgotten {
                let cause = if back.is_void { "void_only_in_pos" } else { "return_only_in_pos" };
                self.fact(line.lot, cause, line.amount, &back.sale.number);
            }
        }
        if back.is_void && self.style.voids == VoidForm::Column && !back.forgotten {
            // It stands in the sale's own row already.
            return Ok(());
        }
        let core = self.numbers.take(&self.style, back.sale.till);
        let (number, terminal) = (core.to_string(), terminal(back.sale.till));
        let head = SaleHead {
            number: &number,
            at: self.now,
            kind: if back.is_void { "void" } else { "return" },
            original: &back.sale.number,
            voided_at: None,
            customer: back.sale.customer.in_pos,
            employee: BUDTENDERS.get(back.sale.till).copied().unwrap_or("Ari"),
            terminal: &terminal,
        };
        self.pos.write_sale(&self.style, &self.items, &head, &back.lines)
    }

    fn sell_again(&mut self, lot: Lot) {
        if !self.guard.is_closed(lot) && self.pos.on_hand(lot) > 0 {
            self.for_sale.add(lot);
        }
    }
}

fn terminal(till: usize) -> String {
    format!("Till {}", till + 1)
}

fn reduce(receipt: &mut StateReceipt, lot: Lot, amount: Atoms, today: jiff::civil::Date) {
    let Some(line) = receipt.lines.iter_mut().find(|line| line.lot == lot) else { return };
    let left = line.amount() - amount;
    if left > 0 {
        line.number = exact(left);
    } else if receipt.lines.len() > 1 {
        receipt.lines.retain(|line| line.lot != lot);
    } else {
        receipt.archived = Some(today);
    }
}

/// What of each package stands on the lines.
pub(super) fn amounts(lines: &[Line]) -> BTreeMap<Lot, Atoms> {
    let mut amounts = BTreeMap::new();
    for line in lines {
        *amounts.entry(line.lot).or_default() += line.amount;
    }
    amounts
}

/// An amount as a decimal number, without trailing zeros.
pub(super) fn exact(amount: Atoms) -> Decimal {
    let (mut mantissa, mut scale) = (amount, 12_u8);
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::new(mantissa, scale)
}

fn atoms_of(number: Decimal) -> Atoms {
    Quantity::new(number, Unit::Each).map_or(0, Quantity::atoms)
}
