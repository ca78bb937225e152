//! What goes wrong with a sale, by whoever's mistake.

use super::{ChangeKind, Sale, Side, TakeBack, World, amounts, atoms_of, exact};
use crate::SimError;
use crate::goods::{Form, ONE};
use crate::mistake::Mistake;
use crate::pos::Line;
use crate::world::{ASSOCIATES, Event};
use jiff::{SignedDuration, Timestamp};
use trueup_core::{Decimal, Unit};

/// Pacific and Mountain clocks are 7 or 8 hours behind UTC; a program that forgets it is off by as much.
pub(super) const UTC_READ_AS_LOCAL: i64 = 7;

impl World<'_> {
    pub(super) fn go_wrong(&mut self, sale: Sale, arrives: Timestamp, mistake: Mistake) -> Result<(), SimError> {
        let until = self.now + SignedDuration::from_hours(30);
        self.keep_apart(&sale, until);
        match mistake {
            Mistake::SaleNotReported | Mistake::ReportingDown => {
                for (lot, amount) in amounts(&sale.lines) {
                    self.guard.add_loose(self.loose(&sale, Side::Pos, lot, amount));
                    self.fact(lot, "sale_not_reported", -amount, &sale.number);
                }
            }
            Mistake::LineNotReported => self.lose_a_line(sale, arrives),
            Mistake::SaleReportedTwice | Mistake::SaleUploadedTwice => self.report_twice(sale, arrives, mistake),
            Mistake::SaleOnOtherPackage => self.report_on_other(sale, arrives),
            Mistake::SaleInOtherUnit => self.report_in_ounces(sale, arrives),
            Mistake::SaleOnOtherDay => self.report_on_other_day(sale, arrives),
            Mistake::VoidedOnlyInPos | Mistake::ReturnedOnlyInPos => self.take_back_in_pos_only(sale, arrives, mistake),
            _ => self.change_by_hand(sale, arrives, mistake),
        }
        Ok(())
    }

    fn lose_a_line(&mut self, sale: Sale, arrives: Timestamp) {
        let lost = sale.lines.first().map(|line| line.lot);
        let mut report = self.report_of(sale);
        report.lines.retain(|line| Some(line.lot) != lost);
        for (lot, amount) in amounts(&report.sale.lines) {
            if Some(lot) == lost {
                self.guard.add_loose(self.loose(&report.sale, Side::Pos, lot, amount));
                self.fact(lot, "sale_not_reported", -amount, &report.sale.number);
            } else {
                self.flow_to_state(lot, -amount, -amount, report.sale.at, arrives);
            }
        }
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    fn report_twice(&mut self, sale: Sale, arrives: Timestamp, mistake: Mistake) {
        for (lot, amount) in amounts(&sale.lines) {
            self.guard.add_loose(self.loose(&sale, Side::State, lot, amount));
        }
        self.flow_sale(&sale, arrives);
        let report = self.report_of(sale);
        let mut again = self.blank(&report);
        again.lines = self.lines_of(&report.sale);
        again.mistake = Some(mistake);
        let mut second_at = arrives + SignedDuration::from_secs(self.dice.between(4, 90));
        if mistake == Mistake::SaleUploadedTwice {
            again.by = self.dice.pick(&ASSOCIATES, "A. Kim");
            again.external = Some(report.sale.number.clone());
            second_at = arrives + SignedDuration::from_mins(self.dice.between(20, 180));
        }
        self.agenda.at(arrives, Event::Report(Box::new(report)));
        self.agenda.at(second_at, Event::Report(again));
    }

    fn report_on_other(&mut self, sale: Sale, arrives: Timestamp) {
        let (Some(other), Some(line)) = (self.neighbour(&sale), sale.lines.first().cloned()) else {
            return self.send(sale, arrives);
        };
        self.guard.isolate(other, self.now, sale.core, (sale.day, sale.day + 1));
        self.guard.sold(other, self.now, sale.core, sale.day);
        for (side, lot) in [(Side::Pos, line.lot), (Side::State, other)] {
            self.guard.add_loose(self.loose(&sale, side, lot, line.amount));
        }
        self.fact(line.lot, "sale_on_other_package", -line.amount, &sale.number);
        self.fact(other, "sale_on_other_package", line.amount, &sale.number);
        let mut report = self.report_of(sale);
        for line in &mut report.lines {
            line.lot = other;
        }
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    fn report_in_ounces(&mut self, sale: Sale, arrives: Timestamp) {
        let mut report = self.report_of(sale);
        for line in &mut report.lines {
            let before = line.amount();
            line.unit = Unit::Ounce;
            let (lot, amount) = (line.lot, line.amount() - before);
            self.fact(lot, "unit_mismatch", amount, &report.sale.number.clone());
        }
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    fn report_on_other_day(&mut self, sale: Sale, arrives: Timestamp) {
        for (lot, _) in amounts(&sale.lines) {
            self.fact(lot, "sale_time_differs", 0, &sale.number);
        }
        let mut report = self.report_of(sale);
        report.hours_off = UTC_READ_AS_LOCAL;
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    fn take_back_in_pos_only(&mut self, sale: Sale, arrives: Timestamp, mistake: Mistake) {
        let is_void = mistake == Mistake::VoidedOnlyInPos;
        let at = if is_void { self.later(2, 25) } else { self.later(60, 20 * 60) };
        let at = at.min(self.quiet_from() + SignedDuration::from_mins(5));
        let lines = if is_void { sale.lines.clone() } else { self.part_of(&sale).into_iter().collect() };
        let free = is_void || lines.iter().all(|line| self.guard.take_amount(line.lot, line.amount));
        if !free || lines.is_empty() {
            return self.send(sale, arrives);
        }
        for line in &lines {
            self.guard.add_loose(self.loose(&sale, Side::State, line.lot, line.amount));
        }
        let back = TakeBack { sale: sale.clone(), is_void, lines, forgotten: true };
        self.agenda.at(at, Event::TakeBack(Box::new(back)));
        self.flow_sale(&sale, arrives);
        let report = self.report_of(sale);
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    /// A person changes the receipt in the state's page, hours later.
    fn change_by_hand(&mut self, sale: Sale, arrives: Timestamp, mistake: Mistake) {
        let Some(line) = sale.lines.first().cloned() else { return };
        let kind = match mistake {
            Mistake::VoidedOnlyInState => ChangeKind::VoidByHand,
            Mistake::CustomerTypeEdited => ChangeKind::CustomerByHand,
            Mistake::PriceEdited => ChangeKind::PriceByHand(line.lot, line.price + self.dice.between(1, 900)),
            _ => {
                let edited = self.edited(&line);
                let apart = atoms_of(edited) - line.amount;
                let side = if apart < 0 { Side::Pos } else { Side::State };
                let loose = self.loose(&sale, side, line.lot, apart.abs());
                if self.guard.is_mistakable(&loose) || !self.guard.take_amount(line.lot, apart) {
                    // A line or a correction of that amount could be meant for either fact.
                    return self.send(sale, arrives);
                }
                self.guard.add_loose(loose);
                ChangeKind::EditByHand(line.lot, edited)
            }
        };
        self.flow_sale(&sale, arrives);
        let mut report = self.report_of(sale);
        let at = arrives + SignedDuration::from_mins(self.dice.between(10, 200));
        report.later = Some((at, kind));
        self.agenda.at(arrives, Event::Report(Box::new(report)));
    }

    /// Another number for a line: more or less, and never one that rounding or a unit would explain.
    fn edited(&mut self, line: &Line) -> Decimal {
        let step = if self.form(line.lot) == Form::Pieces { ONE } else { ONE / 2 };
        // Pre-rolls are rung up in pieces and reported in grams: the number of pieces in grams is another unit's.
        let pieces = if self.form(line.lot) == Form::Rolled { line.amount / (ONE / 2) * ONE } else { 0 };
        let less = line.amount - step;
        let wanted =
            if less > 0 && self.dice.chance(1, 2) { less } else { line.amount + self.dice.between(1, 2) * step };
        exact(if wanted == pieces { wanted + step } else { wanted })
    }
}
