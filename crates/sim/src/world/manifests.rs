//! Deliveries to the store and shipments from it.

use super::{Event, World};
use crate::SimError;
use crate::goods::{Atoms, ONE, misspelled};
use crate::guard::Lot;
use crate::mistake::Mistake;
use crate::options::StateForm;
use crate::pos::{Movement, PosLot, Stock};
use crate::state::{Manifest, ManifestRow};
use jiff::{SignedDuration, Timestamp};
use trueup_core::PackageTag;

/// The POS takes in a package that was delivered.
pub(crate) struct PosReceive {
    pub lot: Lot,
    pub quantity: Atoms,
    pub manifest: String,
}

impl World<'_> {
    /// Orders what the shelf needs; it comes at noon.
    pub(super) fn order_delivery(&mut self, number: i32) -> Result<(), SimError> {
        let wanted = usize::try_from(self.options.packages).unwrap_or(usize::MAX);
        let missing = wanted.saturating_sub(self.for_sale.len());
        let planned = if self.dice.chance(1, 2) { 1 + self.dice.place(4) } else { 0 };
        let count = planned.max(missing);
        if number < 0 || count == 0 {
            return Ok(());
        }
        let at = self.style.moment(self.style.day(number), self.dice.between(11 * 3600, 16 * 3600));
        if at <= self.now {
            return Ok(());
        }
        // Packages of one delivery have consecutive tags.
        let supplier = self.dice.place(60);
        let manifest = self.state.next_manifest();
        let mut rows = Vec::with_capacity(count);
        for _ in 0..count {
            let item = self.any_item();
            let quantity = self.usual_quantity(item);
            let tag = self.fresh_tag(supplier);
            let lot = self.new_lot(item, tag);
            rows.push(ManifestRow { tag, item, shipped: quantity, received: Some(quantity), state: "Accepted" });
            self.arrange_receiving(lot, quantity, at, &manifest);
        }
        if self.dice.chance(1, 4) {
            // One of them is refused at the door.
            let item = self.any_item();
            let tag = self.fresh_tag(supplier);
            self.new_lot(item, tag);
            rows.push(ManifestRow { tag, item, shipped: 20 * ONE, received: None, state: "Rejected" });
        }
        let manifest = Manifest { number: manifest, outgoing: false, at: Some(at), rows };
        self.write_manifest_by(at, &manifest)
    }

    /// A manifest that the state's snapshot holds; nobody knows of a later one.
    fn write_manifest_by(&mut self, at: Timestamp, manifest: &Manifest) -> Result<(), SimError> {
        if at < self.style.state_as_of {
            self.state.manifest(self.now, &self.style, &self.items, manifest)
        } else {
            Ok(())
        }
    }

    /// The state accepts the package at `at`, the POS takes it in minutes later.
    fn arrange_receiving(&mut self, lot: Lot, quantity: Atoms, at: Timestamp, manifest: &str) {
        let minutes = self.dice.between(2, self.style.due.as_mins() / 2);
        let in_pos = at + SignedDuration::from_mins(minutes);
        self.flow_to_pos(lot, quantity, at, in_pos);
        let accept = super::makings::StateMake::Accept { lot, quantity, manifest: manifest.to_owned() };
        self.agenda.at(at, Event::StateMake(Box::new(accept)));
        let receive = PosReceive { lot, quantity, manifest: manifest.to_owned() };
        self.agenda.at(in_pos, Event::PosReceive(Box::new(receive)));
    }

    /// The POS takes in a package.
    pub(super) fn pos_receive(&mut self, receive: PosReceive) -> Result<(), SimError> {
        let PosReceive { lot, quantity, manifest } = receive;
        self.learn_in_pos(lot, quantity);
        self.write_receiving(lot, quantity, &manifest)?;
        if !self.guard.is_closed(lot) {
            self.for_sale.add(lot);
        }
        Ok(())
    }

    fn learn_in_pos(&mut self, lot: Lot, quantity: Atoms) {
        let stock = vec![Stock { sku: 0, room: 0, amount: quantity }];
        let known = self.pos_lot(lot, stock);
        self.pos.learn(lot, known);
    }

    fn write_receiving(&mut self, lot: Lot, quantity: Atoms, manifest: &str) -> Result<(), SimError> {
        let movement = Movement {
            event: self.pos.next_event(),
            kind: "receive",
            amount: quantity,
            note: format!("manifest {manifest}"),
            by: self.associate(),
            ..Movement::default()
        };
        self.pos_move(super::stock::PosMove { lot, movement, changes: false })
    }

    /// One package comes, and something is wrong with how it is taken in.
    pub(super) fn delivered_wrong(&mut self, mistake: Mistake) -> Result<(), SimError> {
        let item = self.any_item();
        // A number that no other delivery has, so that no other package can be taken for it.
        let quantity = (self.dice.between(60, 90_000) * 10 + 7) * ONE;
        let manifest = self.state.next_manifest();
        let only_in_pos = mistake == Mistake::ReceivedOnlyInPos;
        let tag = if only_in_pos { self.tags.pos_only() } else { self.fresh_tag(9) };
        let lot = self.new_lot(item, tag);
        self.guard.close(lot);
        let mut received = Some(quantity);
        match mistake {
            Mistake::ReceivedOnlyInState => self.fact(lot, "received_only_in_state", -quantity, &manifest),
            Mistake::ReceivedOnlyInPos => {
                self.fact(lot, "received_only_in_pos", quantity, &manifest);
                received = None;
            }
            Mistake::TagMistyped => return self.mistype(lot, quantity, &manifest),
            _ => {
                let counted = quantity + self.dice.between(1, 5) * ONE;
                self.fact(lot, "received_quantity_differs", counted - quantity, &manifest);
                self.learn_in_pos(lot, counted);
                self.write_receiving(lot, counted, &manifest)?;
            }
        }
        if only_in_pos {
            self.learn_in_pos(lot, quantity);
            self.write_receiving(lot, quantity, &manifest)?;
        } else {
            self.accept(lot, quantity, &manifest)?;
        }
        let state = if only_in_pos { "Shipped" } else { "Accepted" };
        let rows = vec![ManifestRow { tag, item, shipped: quantity, received, state }];
        let at = (!only_in_pos).then_some(self.now);
        let manifest = Manifest { number: manifest, outgoing: false, at, rows };
        self.state.manifest(self.now, &self.style, &self.items, &manifest)
    }

    /// The state accepts a package, now.
    pub(super) fn accept(&mut self, lot: Lot, quantity: Atoms, manifest: &str) -> Result<(), SimError> {
        let mut known = self.state_lot(lot, quantity, 0, Some(self.style.local(self.now).date()));
        known.received = Some((self.now, manifest.to_owned()));
        self.state.learn(self.now, &self.items, lot, known)?;
        self.guard.touch(lot, self.now);
        Ok(())
    }

    /// Typed in by hand at the door, with a slip.
    fn mistype(&mut self, lot: Lot, quantity: Atoms, manifest: &str) -> Result<(), SimError> {
        let Some(right) = self.tag(lot) else { return Ok(()) };
        let wrong = self.fresh_misspelling(right);
        self.accept(lot, quantity, manifest)?;
        self.fact(lot, "tag_mistyped", -quantity, &wrong.to_string());
        let item = self.item(lot);
        let typed = self.new_lot(item, wrong);
        self.guard.close(typed);
        self.fact(typed, "tag_mistyped", quantity, &right.to_string());
        self.learn_in_pos(typed, quantity);
        self.write_receiving(typed, quantity, manifest)?;
        let rows =
            vec![ManifestRow { tag: right, item, shipped: quantity, received: Some(quantity), state: "Accepted" }];
        let manifest = Manifest { number: manifest.to_owned(), outgoing: false, at: Some(self.now), rows };
        self.state.manifest(self.now, &self.style, &self.items, &manifest)
    }

    fn fresh_misspelling(&mut self, right: PackageTag) -> PackageTag {
        loop {
            let wrong = misspelled(&mut self.dice, right);
            if !self.all_tags.contains(&wrong) {
                return wrong;
            }
        }
    }

    // --- From the store -------------------------------------------------------------------------------------------

    /// Sends a part of a lot to another licence, in both books.
    pub(super) fn send_out_on_both(&mut self) -> Result<(), SimError> {
        if self.options.state_form == StateForm::Tables {
            // Tables have no manifests.
            return Ok(());
        }
        let Some((lot, amount)) = self.lot_and_amount() else { return Ok(()) };
        self.send_out_in_pos(lot, amount)?;
        let leaves = self.now + SignedDuration::from_secs(self.dice.between(1, 600));
        self.flow_to_state(lot, -amount, -amount, self.now, leaves);
        let ship = super::makings::StateMake::Ship { lot, amount };
        self.agenda.at(leaves, Event::StateMake(Box::new(ship)));
        Ok(())
    }

    pub(super) fn send_out_in_pos(&mut self, lot: Lot, amount: Atoms) -> Result<(), SimError> {
        let movement = Movement {
            event: self.pos.next_event(),
            kind: "transfer_out",
            amount: -amount,
            reason: "Return to vendor",
            by: self.associate(),
            reported: true,
            ..Movement::default()
        };
        self.pos_move(super::stock::PosMove { lot, movement, changes: true })
    }

    /// A shipment leaves, as the state has it.
    pub(super) fn ship(&mut self, lot: Lot, amount: Atoms) -> Result<(), SimError> {
        self.state.ship(self.now, &self.items, lot, amount)?;
        self.guard.touch(lot, self.now);
        let (Some(tag), item) = (self.tag(lot), self.item(lot)) else { return Ok(()) };
        let rows = vec![ManifestRow { tag, item, shipped: amount, received: None, state: "Shipped" }];
        let number = self.state.next_manifest();
        let manifest = Manifest { number, outgoing: true, at: Some(self.now), rows };
        self.state.manifest(self.now, &self.style, &self.items, &manifest)
    }

    /// What the POS knows of a lot that nobody took in: there before the records began.
    pub(super) fn known_only_to_pos(&mut self, item: u32, quantity: Atoms) -> Lot {
        let tag = self.tags.pos_only();
        let lot = self.new_lot(item, tag);
        self.guard.close(lot);
        let known: PosLot = self.pos_lot(lot, vec![Stock { sku: 0, room: 0, amount: quantity }]);
        self.pos.learn(lot, known);
        lot
    }
}
