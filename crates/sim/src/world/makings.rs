//! Packages made from packages, undone, finished and accepted in the state.

use super::{Event, World};
use crate::SimError;
use crate::goods::{Atoms, Form, ONE};
use crate::guard::Lot;
use crate::mistake::Mistake;
use crate::pos::{Movement, Stock};
use crate::state::Adjustment;
use jiff::SignedDuration;

/// Something that a person or a program does with packages in the state.
pub(crate) enum StateMake {
    /// Accepts a package from a manifest.
    Accept { lot: Lot, quantity: Atoms, manifest: String },
    /// Ships a part of a package.
    Ship { lot: Lot, amount: Atoms },
    /// Makes `product` of so much of each source.
    Product { product: Lot, sources: Vec<(Lot, Atoms)> },
    /// Undoes a product: what it holds goes back to its source.
    Discontinue { product: Lot, source: Lot },
}

impl World<'_> {
    /// The state's part of making packages.
    pub(super) fn state_make(&mut self, make: StateMake) -> Result<(), SimError> {
        match make {
            StateMake::Accept { lot, quantity, manifest } => self.accept(lot, quantity, &manifest),
            StateMake::Ship { lot, amount } => self.ship(lot, amount),
            StateMake::Product { product, sources } => self.make_product(product, &sources),
            StateMake::Discontinue { product, source } => self.discontinue(product, source),
        }
    }

    fn make_product(&mut self, product: Lot, sources: &[(Lot, Atoms)]) -> Result<(), SimError> {
        let quantity = sources.iter().map(|(_, amount)| amount).sum();
        let mut known = self.state_lot(product, quantity, 0, Some(self.style.local(self.now).date()));
        known.sources = sources.iter().filter_map(|(lot, _)| self.tag(*lot)).collect();
        self.state.make(self.now, &self.items, (product, known), sources)?;
        for (source, _) in sources {
            self.guard.touch(*source, self.now);
        }
        self.guard.touch(product, self.now);
        Ok(())
    }

    fn discontinue(&mut self, product: Lot, source: Lot) -> Result<(), SimError> {
        let today = self.style.local(self.now).date();
        let held = self.state.discontinue(self.now, today, (product, source))?;
        self.fact(product, "discontinued_in_state", held, "");
        self.fact(source, "discontinued_in_state", -held, "");
        Ok(())
    }

    /// A lot to make something of, and how much.
    fn source(&mut self) -> Option<(Lot, Atoms)> {
        let lot = self.settled_lot(|world, lot| {
            let whole = matches!(world.form(lot), Form::Pieces | Form::Loose);
            let enough = world.pos.on_hand(lot) > 12 * ONE && world.state.on_hand(lot) > 12 * ONE;
            whole && enough && !world.guard.is_single(lot)
        })?;
        let amount = self.small_amount(lot)?;
        Some((lot, amount))
    }

    /// The POS's rows of making a product of a part of a source.
    fn split_in_pos(&mut self, source: Lot, product: Lot, amount: Atoms) -> Result<(), SimError> {
        let event = self.pos.next_event();
        let by = self.associate();
        let known = self.pos_lot(product, vec![Stock { sku: 0, room: 0, amount: 0 }]);
        self.pos.learn(product, known);
        let named = self.tag(product).map(|tag| tag.to_string()).unwrap_or_default();
        for (lot, change) in [(source, -amount), (product, amount)] {
            let movement = Movement {
                event: event.clone(),
                kind: "split",
                amount: change,
                to_package: named.clone(),
                by,
                reported: true,
                ..Movement::default()
            };
            self.pos_move(super::stock::PosMove { lot, movement, changes: true })?;
        }
        Ok(())
    }

    /// Makes a package in both books; it is not sold where it will be undone.
    pub(super) fn repackage_on_both(&mut self, to_be_undone: bool) -> Result<(), SimError> {
        let Some((source, amount)) = self.source() else {
            if to_be_undone {
                self.postpone(Mistake::DiscontinuedInState);
            }
            return Ok(());
        };
        let tag = self.fresh_tag(3);
        let product = self.new_lot(self.item(source), tag);
        self.split_in_pos(source, product, amount)?;
        let arrives = self.reported_adjustment();
        self.flow_to_state(source, -amount, -amount, self.now, arrives);
        self.flow_to_state(product, amount, amount, self.now, arrives);
        let made = StateMake::Product { product, sources: vec![(source, amount)] };
        self.agenda.at(arrives, Event::StateMake(Box::new(made)));
        if to_be_undone {
            self.guard.close(product);
            self.guard.make_single(source);
            let at = arrives + SignedDuration::from_mins(self.dice.between(20, 200));
            self.agenda.at(at, Event::StateMake(Box::new(StateMake::Discontinue { product, source })));
        } else {
            // For sale once both books have it.
            let is_soon = arrives < self.quiet_from();
            if is_soon {
                self.guard.block(product, arrives + SignedDuration::from_mins(1));
                self.for_sale.add(product);
            } else {
                self.guard.close(product);
            }
        }
        Ok(())
    }

    /// A person makes a package of one or two others in the state's page; the POS never hears of it.
    pub(super) fn repackaged_in_state(&mut self, mistake: Mistake) -> Result<(), SimError> {
        if mistake == Mistake::MergedInState {
            return self.merged_in_state();
        }
        let Some((source, amount)) = self.source() else {
            self.postpone(mistake);
            return Ok(());
        };
        let tag = self.fresh_tag(4);
        let product = self.new_lot(self.item(source), tag);
        self.guard.close(product);
        self.guard.make_single(source);
        self.make_product(product, &[(source, amount)])?;
        self.fact(source, "repackaged_in_state", amount, "");
        self.fact(product, "repackaged_in_state", -amount, "");
        Ok(())
    }

    /// All of two packages of one item becomes a third.
    fn merged_in_state(&mut self) -> Result<(), SimError> {
        let Some(first) = self.settled_lot(Self::may_be_merged) else {
            self.postpone(Mistake::MergedInState);
            return Ok(());
        };
        let others = self.of_item.get(&self.item(first)).cloned().unwrap_or_default();
        let second = others
            .into_iter()
            .find(|lot| *lot != first && self.guard.is_settled(*lot, self.now) && self.may_be_merged(*lot));
        let Some(second) = second else {
            self.postpone(Mistake::MergedInState);
            return Ok(());
        };
        let tag = self.fresh_tag(4);
        let product = self.new_lot(self.item(first), tag);
        let sources: Vec<_> = [first, second].into_iter().map(|lot| (lot, self.state.on_hand(lot))).collect();
        self.make_product(product, &sources)?;
        self.fact(product, "repackaged_in_state", -sources.iter().map(|(_, amount)| amount).sum::<Atoms>(), "");
        let today = self.style.local(self.now).date();
        for (source, amount) in sources {
            self.fact(source, "repackaged_in_state", amount, "");
            self.retire(source);
            self.state.finish_lot(self.now, source, today)?;
        }
        self.guard.close(product);
        Ok(())
    }

    fn may_be_merged(&self, lot: Lot) -> bool {
        let whole = matches!(self.form(lot), Form::Pieces | Form::Loose);
        let in_both = self.pos.on_hand(lot) > 0 && self.state.on_hand(lot) > 0;
        let untouched = !self.tag(lot).is_some_and(|tag| self.ledger.knows(tag));
        whole && in_both && untouched && !self.guard.is_single(lot) && self.for_sale.contains(lot)
    }

    /// The POS makes a package that the state never hears of.
    pub(super) fn repackaged_only_in_pos(&mut self) -> Result<(), SimError> {
        let Some((source, amount)) = self.source() else {
            self.postpone(Mistake::RepackagedOnlyInPos);
            return Ok(());
        };
        let tag = self.tags.pos_only();
        let product = self.new_lot(self.item(source), tag);
        self.guard.close(product);
        self.split_in_pos(source, product, amount)?;
        self.fact(source, "repackaged_only_in_pos", -amount, "");
        self.fact(product, "repackaged_only_in_pos", amount, "");
        Ok(())
    }

    /// A person empties and finishes a package in the state's page while the POS has stock of it.
    pub(super) fn finished_in_state(&mut self) -> Result<(), SimError> {
        let found = self.settled_lot(|world, lot| {
            world.pos.on_hand(lot) > 0 && world.state.on_hand(lot) > 0 && !world.guard.is_single(lot)
        });
        let held = found.map_or(0, |lot| self.state.on_hand(lot));
        let Some(lot) = found.filter(|lot| self.guard.take_amount(*lot, held)) else {
            self.postpone(Mistake::FinishedInState);
            return Ok(());
        };
        self.retire(lot);
        let by = self.associate();
        let note = "nothing left on the shelf".to_owned();
        let adjustment = Adjustment { lot, amount: -held, at: self.now, reason: "Incorrect Quantity", note, by };
        self.state.adjust(&self.style, &self.items, &adjustment)?;
        let today = self.style.local(self.now).date();
        self.state.finish_lot(self.now, lot, today)?;
        self.fact(lot, "adjustment_only_in_state", held, "");
        self.fact(lot, "finished_in_state", 0, "");
        Ok(())
    }
}
