//! Mistakes that come at a moment of their own.

use super::{Event, World};
use crate::SimError;
use crate::goods::{Form, ONE};
use crate::guard::{Loose, Side};
use crate::mistake::{Mistake, Occasion};
use crate::options::StateForm;
use crate::pos::{FRONT, Movement};
use crate::state::{Adjustment, StateLine, StateReceipt};
use jiff::SignedDuration;

/// So often a mistake is put off for want of somebody to make it with.
const MOST_TRIES: u32 = 40;

impl Mistake {
    /// Whether only the API's answers can show it: the tables have no such column.
    pub(crate) const fn needs_json(self) -> bool {
        matches!(
            self,
            Self::CustomerTypeEdited | Self::PriceEdited | Self::DiscontinuedInState | Self::SentOutOnlyInState
        )
    }
}

impl World<'_> {
    /// Packages that were wrong before the records began.
    pub(super) fn before_the_window(&mut self) -> Result<(), SimError> {
        for (mistake, count) in self.options.faults.counts(self.options.lines, self.options.days) {
            if mistake.occasion() == Occasion::Before {
                (0..count).try_for_each(|_| self.wrong_before(mistake))?;
            }
        }
        Ok(())
    }

    fn wrong_before(&mut self, mistake: Mistake) -> Result<(), SimError> {
        let item = self.any_item();
        let quantity = (self.dice.between(60, 90_000) * 10 + 3) * ONE;
        match mistake {
            Mistake::MissingInPos => {
                let tag = self.fresh_tag(9);
                let lot = self.new_lot(item, tag);
                self.guard.close(lot);
                let day = self.style.day(-9);
                let known = self.state_lot(lot, quantity, 0, Some(day));
                self.state.learn(self.style.moment(day, 0), &self.items, lot, known)?;
                self.fact(lot, "missing_in_pos", -quantity, "");
            }
            Mistake::MissingInState => {
                let lot = self.known_only_to_pos(item, quantity);
                self.fact(lot, "missing_in_state", quantity, "");
            }
            _ => {
                let Some(lot) = self.for_sale.any(&mut self.dice) else { return Ok(()) };
                let Some(tag) = self.tag(lot).filter(|tag| !self.ledger.knows(*tag)) else { return Ok(()) };
                let amount = self.dice.pick(&[-3, -2, -1, 1, 2, 3], 1) * ONE;
                if self.pos.on_hand_of(lot, 0) + amount <= 0 || !self.guard.take_amount(lot, amount) {
                    return Ok(());
                }
                self.pos.change(lot, 0, amount, FRONT);
                self.fact(lot, "carried_forward", amount, "");
                self.guard.make_single(lot);
                let unit = self.item_facts(lot);
                self.baseline.push((tag, amount, unit.map_or("ea", |item| item.unit.symbol())));
            }
        }
        Ok(())
    }

    /// A mistake is due; one that waits for a sale is armed.
    pub(super) fn mistake(&mut self, mistake: Mistake, tries: u32) -> Result<(), SimError> {
        if tries > MOST_TRIES || self.now >= self.quiet_from() {
            return Ok(());
        }
        self.tries = tries;
        if mistake.occasion() == Occasion::Sale {
            self.armed.push_back(mistake);
            return Ok(());
        }
        match mistake {
            Mistake::ReportingDown => {
                self.down_until = self.now + SignedDuration::from_mins(30);
                Ok(())
            }
            Mistake::SaleOnlyInState => self.sale_only_in_state(),
            Mistake::AdjustedOnlyInPos | Mistake::DestroyedOnlyInPos => self.adjusted_only_in_pos(mistake),
            Mistake::AdjustedOnlyInState | Mistake::DestroyedOnlyInState => self.adjusted_only_in_state(mistake),
            Mistake::AdjustmentReportedTwice => self.adjusted_twice(),
            Mistake::RepackagedInState | Mistake::MergedInState => self.repackaged_in_state(mistake),
            Mistake::RepackagedOnlyInPos => self.repackaged_only_in_pos(),
            Mistake::DiscontinuedInState => self.repackage_on_both(true),
            Mistake::ReceivedOnlyInState
            | Mistake::ReceivedOnlyInPos
            | Mistake::ReceivedQuantityDiffers
            | Mistake::TagMistyped => self.delivered_wrong(mistake),
            Mistake::SentOutOnlyInPos | Mistake::SentOutOnlyInState => self.sent_out_once(mistake),
            Mistake::ConversionUnbalanced => {
                let lost = self.dice.pick(&[-2, -1, 1, 2], 1) * (ONE / 2);
                self.convert(lost)
            }
            Mistake::FinishedInState => self.finished_in_state(),
            Mistake::Unexplained => {
                self.lose_track();
                Ok(())
            }
            _ => self.mark_differently(mistake),
        }
    }

    /// There is nobody to make the mistake with now; it is tried again in a while.
    pub(super) fn postpone(&mut self, mistake: Mistake) {
        let at = self.later(15, 120);
        self.agenda.at(at, Event::Mistake(mistake, self.tries + 1));
    }

    /// A sale typed into the state's page that the POS never made.
    fn sale_only_in_state(&mut self) -> Result<(), SimError> {
        let found = self.settled_lot(|world, lot| {
            let item = world.item(lot);
            let loose = Loose { side: Side::State, item, amount: ONE, core: None, at: world.now, day: 0 };
            world.state.on_hand(lot) > 3 * ONE && !world.guard.is_mistakable(&loose)
        });
        let Some(lot) = found else {
            self.postpone(Mistake::SaleOnlyInState);
            return Ok(());
        };
        self.guard.isolate(lot, self.now, 0, (0, 0));
        self.guard.touch(lot, self.now);
        let day = self.style.day_number(self.now);
        let item = self.item(lot);
        self.guard.add_loose(Loose { side: Side::State, item, amount: ONE, core: None, at: self.now, day });
        let unit = usize::try_from(item).ok().and_then(|item| self.items.get(item));
        let unit = unit.map_or(trueup_core::Unit::Each, |item| item.unit);
        let external = self.dice.chance(1, 2).then(|| format!("BY-HAND-{}", self.dice.pick(&["A", "B", "C"], "A")));
        let receipt = StateReceipt {
            id: 0,
            external,
            sold_at: self.style.local(self.now),
            customer: "Consumer",
            lines: vec![StateLine { lot, number: super::selling::exact(ONE), unit, price: 2_500 }],
            finalized: false,
            archived: None,
            recorded: self.now,
            by: self.associate(),
            modified: self.now,
            is_delivery: false,
        };
        let id = self.state.record(&self.style, receipt, &self.items, false)?;
        self.fact(lot, "sale_only_in_state", ONE, &id.to_string());
        Ok(())
    }

    fn adjusted_only_in_pos(&mut self, mistake: Mistake) -> Result<(), SimError> {
        let Some((lot, amount)) = self.lot_and_amount() else {
            self.postpone(mistake);
            return Ok(());
        };
        let is_waste = mistake == Mistake::DestroyedOnlyInPos;
        let amount = if is_waste || self.dice.chance(2, 3) { -amount } else { amount };
        self.adjust_pos(lot, amount, is_waste)?;
        self.fact(lot, if is_waste { "destroyed_only_in_pos" } else { "adjustment_only_in_pos" }, amount, "");
        Ok(())
    }

    fn adjusted_only_in_state(&mut self, mistake: Mistake) -> Result<(), SimError> {
        let Some((lot, amount)) = self.lot_and_amount() else {
            self.postpone(mistake);
            return Ok(());
        };
        let is_waste = mistake == Mistake::DestroyedOnlyInState;
        let amount = if is_waste || self.dice.chance(2, 3) { -amount } else { amount };
        let (reason, by) = (self.reason(is_waste), self.associate());
        let note = "found in the state's page".to_owned();
        let adjustment = Adjustment { lot, amount, at: self.now, reason, note, by };
        self.state.adjust(&self.style, &self.items, &adjustment)?;
        self.guard.touch(lot, self.now);
        self.fact(lot, if is_waste { "destroyed_only_in_state" } else { "adjustment_only_in_state" }, -amount, "");
        Ok(())
    }

    fn adjusted_twice(&mut self) -> Result<(), SimError> {
        let Some((lot, amount)) = self.lot_and_amount() else {
            self.postpone(Mistake::AdjustmentReportedTwice);
            return Ok(());
        };
        let (note, reason) = self.adjust_pos(lot, -amount, false)?;
        let arrives = self.reported_adjustment();
        self.flow_to_state(lot, -amount, -amount, self.now, arrives);
        for seconds in [0, 45] {
            let at = arrives + SignedDuration::from_secs(seconds);
            self.adjust_state_at(at, lot, -amount, (reason, note.clone()), super::INTEGRATION);
        }
        self.fact(lot, "adjustment_reported_twice", amount, "");
        Ok(())
    }

    fn sent_out_once(&mut self, mistake: Mistake) -> Result<(), SimError> {
        // Where no manifest is among the records the balance alone tells: it must have nothing else to tell.
        let by_balance = self.options.state_form == StateForm::Tables;
        let found = self.lot_and_amount().filter(|(lot, _)| !(by_balance && self.guard.is_single(*lot)));
        let Some((lot, amount)) = found else {
            self.postpone(mistake);
            return Ok(());
        };
        if mistake == Mistake::SentOutOnlyInPos {
            self.send_out_in_pos(lot, amount)?;
            if by_balance {
                self.guard.make_single(lot);
            }
            self.fact(lot, "transfer_out_only_in_pos", -amount, "");
        } else {
            self.ship(lot, amount)?;
            self.fact(lot, "transfer_out_only_in_state", amount, "");
        }
        Ok(())
    }

    /// Stock of the POS changes, and no record says so.
    fn lose_track(&mut self) {
        let found = self.settled_lot(|world, lot| {
            let untouched = !world.tag(lot).is_some_and(|tag| world.ledger.knows(tag));
            untouched && !world.guard.is_single(lot) && world.pos.on_hand_of(lot, 0) > 6 * ONE
        });
        let Some((lot, tag)) = found.and_then(|lot| Some((lot, self.tag(lot)?))) else {
            return self.postpone(Mistake::Unexplained);
        };
        let amount = self.dice.pick(&[-4, -3, -2, -1, 1, 2], -1) * ONE;
        self.guard.make_single(lot);
        self.pos.change(lot, 0, amount, FRONT);
        self.ledger.unexplained(tag, i128::from(amount), self.now);
    }

    /// Stock is the same in both books, but something else that they say is not.
    fn mark_differently(&mut self, mistake: Mistake) -> Result<(), SimError> {
        let found = self.settled_lot(|world, lot| {
            let known = world.pos.lot(lot);
            let in_one_room =
                |room: u8| known.is_some_and(|known| known.stock.iter().all(|s| s.room == room || s.amount == 0));
            let same_room = world.state.lot(lot).is_some_and(|state| in_one_room(state.room));
            let fits = mistake != Mistake::RoomDiffers || same_room;
            fits && world.pos.on_hand(lot) > 0 && world.state.on_hand(lot) > 0 && world.form(lot) != Form::Rolled
        });
        let Some(lot) = found else {
            self.postpone(mistake);
            return Ok(());
        };
        self.retire(lot);
        let other_item = self.items.get(self.dice.place(self.items.len())).map(|item| item.name.clone());
        match mistake {
            Mistake::RoomDiffers => {
                let room = self.state.lot(lot).map_or(0, |known| known.room);
                self.state.move_lot(self.now, lot, 1 - room)?;
                self.fact(lot, "room_differs", 0, "");
            }
            Mistake::HoldDiffers => {
                let in_state = self.options.state_form == StateForm::Tables || self.dice.chance(1, 2);
                if in_state {
                    self.state.hold_lot(self.now, lot)?;
                } else if let Some(known) = self.pos.lot_mut(lot) {
                    known.held = true;
                }
                self.fact(lot, "hold_differs", 0, "");
            }
            Mistake::ItemDiffers => {
                let ours = self.item_facts(lot);
                let other = other_item.filter(|other| ours.is_none_or(|ours| ours.name != *other));
                if let (Some(known), Some(other)) = (self.pos.lot_mut(lot), other) {
                    known.name = Some(other);
                    self.fact(lot, "item_differs", 0, "");
                }
            }
            _ => {
                let event = self.pos.next_event();
                let movement = Movement { event, kind: "finish", by: self.associate(), ..Movement::default() };
                self.pos_move(super::stock::PosMove { lot, movement, changes: false })?;
                self.fact(lot, "finished_only_in_pos", 0, "");
            }
        }
        Ok(())
    }
}
