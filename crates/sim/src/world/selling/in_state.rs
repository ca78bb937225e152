//! A sale as the state takes it in, and what is changed on its receipt later.

use super::{ADULT, PATIENT};
use super::{Change, ChangeKind, Report, World, amounts, atoms_of, reduce};
use crate::SimError;
use crate::goods::Atoms;
use crate::guard::Lot;
use crate::mistake::Mistake;
use crate::state::StateReceipt;
use crate::world::Event;
use jiff::SignedDuration;

impl World<'_> {
    /// A report reaches the state.
    pub(in crate::world) fn report(&mut self, report: Report) -> Result<(), SimError> {
        let sold_at = self.style.local(report.sale.at + SignedDuration::from_hours(report.hours_off));
        let is_final = report.later.is_none() && self.dice.chance(1, 5);
        let amounts: Vec<(Lot, Atoms)> = report.lines.iter().map(|line| (line.lot, line.amount())).collect();
        let receipt = StateReceipt {
            id: 0,
            external: report.external,
            sold_at,
            customer: report.customer,
            lines: report.lines,
            finalized: is_final,
            archived: None,
            recorded: self.now,
            by: report.by,
            modified: self.now,
            is_delivery: report.is_delivery,
        };
        let will_change = report.later.is_some();
        let id = self.state.record(&self.style, receipt, &self.items, will_change)?;
        for (lot, amount) in amounts {
            self.guard.touch(lot, self.now);
            if matches!(report.mistake, Some(Mistake::SaleReportedTwice | Mistake::SaleUploadedTwice)) {
                self.fact(lot, "sale_reported_twice", amount, &id.to_string());
            }
        }
        if let Some((at, kind)) = report.later {
            let change = Change { id, sale: report.sale, kind };
            self.agenda.at(at.max(self.now + SignedDuration::from_secs(1)), Event::Change(Box::new(change)));
        }
        Ok(())
    }

    /// A receipt changes in the state.
    pub(in crate::world) fn change_receipt(&mut self, change: Change) -> Result<(), SimError> {
        let today = self.style.local(self.now).date();
        let number = change.sale.number.clone();
        let by_lot = amounts(&change.sale.lines);
        let (now, id) = (self.now, change.id);
        match change.kind {
            ChangeKind::Void => self.state.edit(id, now, |receipt| receipt.archived = Some(today))?,
            ChangeKind::VoidByHand => {
                self.state.edit(id, now, |receipt| receipt.archived = Some(today))?;
                for (lot, amount) in by_lot {
                    self.fact(lot, "void_only_in_state", -amount, &number);
                }
            }
            ChangeKind::Reduce(lot, amount) => {
                self.state.edit(id, now, |receipt| reduce(receipt, lot, amount, today))?;
            }
            ChangeKind::EditByHand(lot, edited) => {
                let before: Atoms = by_lot.get(&lot).copied().unwrap_or_default();
                self.state.edit(id, now, |receipt| {
                    for line in receipt.lines.iter_mut().filter(|line| line.lot == lot) {
                        line.number = edited;
                    }
                })?;
                self.fact(lot, "sale_quantity_differs", atoms_of(edited) - before, &number);
            }
            ChangeKind::PriceByHand(lot, price) => {
                self.state.edit(id, now, |receipt| {
                    for line in receipt.lines.iter_mut().filter(|line| line.lot == lot) {
                        line.price = price;
                    }
                })?;
                self.fact(lot, "price_differs", 0, &number);
            }
            ChangeKind::CustomerByHand => {
                let other = if change.sale.customer == ADULT { PATIENT } else { ADULT };
                self.state.edit(id, now, |receipt| receipt.customer = other.in_state)?;
                for (lot, _) in by_lot {
                    self.fact(lot, "customer_type_differs", 0, &number);
                }
            }
        }
        self.state.close(&self.style, &self.items, id)
    }
}
