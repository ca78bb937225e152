//! An associate's day besides selling: adjusting, destroying, converting, moving, finishing, correcting.

use super::{ASSOCIATES, Event, INTEGRATION, World};
use crate::SimError;
use crate::goods::{Atoms, Form, ONE};
use crate::guard::Lot;
use crate::pos::{FRONT, Movement, ROOMS};
use crate::state::Adjustment;
use crate::style::Corrections;
use jiff::{SignedDuration, Timestamp};

/// A movement that the POS writes at its time, and what it does to the stock.
pub(crate) struct PosMove {
    pub lot: Lot,
    pub movement: Movement,
    /// Whether the movement changes what is on hand.
    pub changes: bool,
}

/// Reasons that are no waste, and reasons that are.
const REASONS: [&str; 4] = ["Incorrect Quantity", "Undersold", "Oversold", "Display Sample"];
const WASTE: [&str; 3] = ["Waste (Unusable)", "Spoilage", "Mandated Destruction"];

impl World<'_> {
    /// One of the day's honest tasks.
    pub(super) fn task(&mut self) -> Result<(), SimError> {
        if self.now >= self.style.pos_as_of {
            // The state knows of such things by their day alone: nobody could tell them from the morning's.
            return Ok(());
        }
        match self.dice.weighted(&[6, 3, 1, 3, 3, 2, 2, 2, 1]) {
            0 => self.adjust_on_both(false),
            1 => self.adjust_on_both(true),
            2 => self.sample_on_both(),
            3 => self.convert(0),
            4 => self.move_rooms(),
            5 => self.repackage_on_both(false),
            6 => self.send_out_on_both(),
            7 => self.finish_empty(),
            _ => self.correct_a_fact(),
        }
    }

    /// A small amount that nothing else of the lot has, below a third of what is there.
    pub(super) fn small_amount(&mut self, lot: Lot) -> Option<Atoms> {
        const TRIES: u32 = 12;
        let most = self.pos.on_hand(lot).min(self.state.on_hand(lot)) / 3;
        (0..TRIES).find_map(|_| {
            let amount = match self.form(lot) {
                Form::Pieces => self.dice.between(1, 9) * ONE,
                Form::Rolled => self.dice.between(1, 9) * ONE,
                Form::Loose => self.dice.between(2, 90) * (ONE / 4),
                Form::Poured => self.dice.between(1, 20) * ONE,
            };
            (amount < most && self.guard.take_amount(lot, amount)).then_some(amount)
        })
    }

    /// A settled lot with an amount for a change of it.
    pub(super) fn lot_and_amount(&mut self) -> Option<(Lot, Atoms)> {
        let lot = self.settled_lot(|world, lot| world.pos.on_hand(lot) > 0 && world.state.on_hand(lot) > 0)?;
        let amount = self.small_amount(lot)?;
        // What goes down in the POS has to be of one SKU.
        (self.pos.on_hand_of(lot, 0) >= amount).then_some((lot, amount))
    }

    pub(super) fn reason(&mut self, is_waste: bool) -> &'static str {
        if is_waste { self.dice.pick(&WASTE, WASTE[0]) } else { self.dice.pick(&REASONS, REASONS[0]) }
    }

    pub(super) fn associate(&mut self) -> &'static str {
        self.dice.pick(&ASSOCIATES, ASSOCIATES[0])
    }

    /// Writes an adjustment or destruction in the POS, now.
    pub(super) fn adjust_pos(
        &mut self,
        lot: Lot,
        amount: Atoms,
        is_waste: bool,
    ) -> Result<(String, &'static str), SimError> {
        let reason = self.reason(is_waste);
        let kind = if is_waste && self.dice.chance(1, 2) { "destroy" } else { "adjust" };
        let note = format!("case V-{}", self.dice.between(100, 99_999));
        let movement = Movement {
            event: self.pos.next_event(),
            kind,
            amount,
            reason,
            note: note.clone(),
            by: self.associate(),
            reported: true,
            ..Movement::default()
        };
        self.pos_move(PosMove { lot, movement, changes: true })?;
        Ok((note, reason))
    }

    /// Arranges the state's side of an adjustment.
    pub(super) fn adjust_state_at(
        &mut self,
        at: Timestamp,
        lot: Lot,
        amount: Atoms,
        told: (&'static str, String),
        by: &'static str,
    ) {
        let (reason, note) = told;
        let adjustment = Adjustment { lot, amount, at, reason, note, by };
        self.agenda.at(at, Event::StateAdjust(Box::new(adjustment)));
    }

    fn adjust_on_both(&mut self, is_waste: bool) -> Result<(), SimError> {
        let Some((lot, amount)) = self.lot_and_amount() else { return Ok(()) };
        let amount = if is_waste || self.dice.chance(3, 4) { -amount } else { amount };
        let told = self.adjust_pos(lot, amount, is_waste)?;
        let arrives = self.reported_adjustment();
        self.flow_to_state(lot, amount, amount, self.now, arrives);
        self.adjust_state_at(arrives, lot, amount, (told.1, told.0), INTEGRATION);
        Ok(())
    }

    /// Adjustments carry the time that the POS gives them; what arrives later than the hours within which two records
    /// are one is not sent at all here.
    pub(super) fn reported_adjustment(&mut self) -> Timestamp {
        let arrives = self.arrives(self.now);
        let same_day = self.style.day_number(arrives) == self.style.day_number(self.now);
        let in_time = arrives.duration_since(self.now) < SignedDuration::from_mins(110);
        if same_day && in_time { arrives } else { self.now + SignedDuration::from_secs(1) }
    }

    fn sample_on_both(&mut self) -> Result<(), SimError> {
        let Some((lot, amount)) = self.lot_and_amount() else { return Ok(()) };
        let movement = Movement {
            event: self.pos.next_event(),
            kind: "sample",
            amount: -amount,
            reason: "Trade Sample",
            by: self.associate(),
            reported: true,
            ..Movement::default()
        };
        self.pos_move(PosMove { lot, movement, changes: true })?;
        let arrives = self.reported_adjustment();
        self.flow_to_state(lot, -amount, -amount, self.now, arrives);
        self.adjust_state_at(arrives, lot, -amount, ("Trade Sample", "to staff".to_owned()), INTEGRATION);
        Ok(())
    }

    /// Rolls loose flower: so many grams of the intake SKU for so many half-gram pre-rolls. `lost` of them is a mistake.
    pub(super) fn convert(&mut self, lost: Atoms) -> Result<(), SimError> {
        let rolled =
            |world: &Self, lot: Lot| world.form(lot) == Form::Rolled && world.pos.on_hand_of(lot, 0) > 12 * ONE;
        let Some(lot) = self.settled_lot(rolled) else { return self.try_again_if(lost) };
        let grams = self.dice.between(2, 5) * ONE;
        let event = self.pos.next_event();
        let by = self.associate();
        for (sku, amount) in [(0, -grams), (1, grams - lost)] {
            let movement = Movement { event: event.clone(), kind: "convert", sku, amount, by, ..Movement::default() };
            self.pos_move(PosMove { lot, movement, changes: true })?;
        }
        if lost != 0 {
            self.fact(lot, "conversion_unbalanced", -lost, &event);
        }
        Ok(())
    }

    fn try_again_if(&mut self, lost: Atoms) -> Result<(), SimError> {
        if lost != 0 {
            self.postpone(crate::mistake::Mistake::ConversionUnbalanced);
        }
        Ok(())
    }

    /// Moves a lot from the vault to the floor: a part of it, or all, and then the state is told.
    fn move_rooms(&mut self) -> Result<(), SimError> {
        let Some(lot) = self.settled_lot(|world, lot| {
            let in_vault =
                world.pos.lot(lot).is_some_and(|known| known.stock.iter().any(|s| s.room == 0 && s.amount > ONE));
            in_vault && world.state.lot(lot).is_some_and(|known| known.room == 0)
        }) else {
            return Ok(());
        };
        let whole = self.dice.chance(1, 2) && self.now < self.quiet_from();
        let stock = self.pos.lot(lot).map(|known| known.stock.clone()).unwrap_or_default();
        for stock in stock.iter().filter(|stock| stock.room == 0 && stock.amount > ONE) {
            let amount = if whole { stock.amount } else { (stock.amount / ONE / 2).max(1) * ONE };
            if amount < stock.amount || whole {
                self.move_stock(lot, stock.sku, amount)?;
            }
        }
        if whole { self.state.move_lot(self.now, lot, FRONT) } else { Ok(()) }
    }

    /// Moves stock of a SKU from the vault to the floor in the POS.
    pub(super) fn move_stock(&mut self, lot: Lot, sku: u8, amount: Atoms) -> Result<(), SimError> {
        self.pos.move_stock(lot, sku, amount, (0, FRONT));
        let movement = Movement {
            event: self.pos.next_event(),
            kind: "move",
            sku,
            amount,
            from_room: ROOMS[0].0,
            to_room: ROOMS[1].0,
            by: self.associate(),
            ..Movement::default()
        };
        self.pos_move(PosMove { lot, movement, changes: false })
    }

    /// What sold out is finished in the POS and in the state.
    fn finish_empty(&mut self) -> Result<(), SimError> {
        const TRIES: u32 = 20;
        let found = (0..TRIES).find_map(|_| {
            let lot = Lot::try_from(self.dice.place(self.lots.len())).ok()?;
            let empty = self.pos.lot(lot).is_some() && self.pos.on_hand(lot) == 0;
            let in_state = self.state.lot(lot).is_some_and(|known| known.quantity == 0 && known.finished.is_none());
            let fits = empty && in_state && self.guard.is_settled(lot, self.now);
            (fits && !self.tag(lot).is_some_and(|tag| self.ledger.knows(tag))).then_some(lot)
        });
        let Some(lot) = found else { return Ok(()) };
        self.retire(lot);
        let movement =
            Movement { event: self.pos.next_event(), kind: "finish", by: self.associate(), ..Movement::default() };
        self.pos_move(PosMove { lot, movement, changes: false })?;
        let today = self.style.local(self.now).date();
        self.state.finish_lot(self.now, lot, today)
    }

    /// A person adjusts in the state's page; hours later the POS is corrected to it: settled, and no discrepancy.
    fn correct_a_fact(&mut self) -> Result<(), SimError> {
        let corrected_at = self.later(60, 300);
        if self.now < self.style.window_start || corrected_at + SignedDuration::from_mins(30) >= self.quiet_from() {
            return Ok(());
        }
        let Some((lot, amount)) = self.lot_and_amount() else { return Ok(()) };
        let by = self.associate();
        let told = |note: &str| ("Incorrect Quantity", note.to_owned());
        self.adjust_state_at(self.now + SignedDuration::from_secs(1), lot, -amount, told("counted in the vault"), by);
        let mut at = corrected_at;
        if self.style.corrections == Corrections::Echoed {
            // The POS's correction moves the state, too: first the state is brought back to the POS's figure.
            self.adjust_state_at(at, lot, amount, told("before the correction in the POS"), by);
            at += SignedDuration::from_mins(2);
            self.adjust_state_at(at + SignedDuration::from_secs(20), lot, -amount, told("correction"), INTEGRATION);
        }
        let movement = Movement {
            event: self.pos.next_event(),
            kind: "correction",
            amount: -amount,
            reason: "Sync",
            note: "to the state's figure".to_owned(),
            by,
            reported: self.style.corrections == Corrections::Echoed,
            corrects: self.style.zone.rfc3339(self.now + SignedDuration::from_secs(1)),
            ..Movement::default()
        };
        self.agenda.at(at, Event::PosMove(Box::new(PosMove { lot, movement, changes: true })));
        self.guard.expect(lot, at);
        Ok(())
    }

    /// The POS writes a movement.
    pub(super) fn pos_move(&mut self, written: PosMove) -> Result<(), SimError> {
        let PosMove { lot, movement, changes } = written;
        if changes {
            let room = self.state.lot(lot).map_or(0, |known| known.room);
            self.pos.change(lot, movement.sku, movement.amount, room);
        }
        self.guard.touch(lot, self.now);
        self.pos.write_movement(&self.style, &self.items, (lot, self.now), &movement)
    }
}
