//! People count the shelf near the end, and scales weigh it.

use super::{ASSOCIATES, World};
use crate::SimError;
use crate::files::{Table, base_text};
use crate::goods::{Atoms, Form, ONE};
use crate::guard::Lot;
use crate::mistake::Mistake;
use crate::pos::{ROOMS, Stock};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashSet;
use std::path::Path;

/// Rows of counts and weights, few enough to keep until the end.
#[derive(Default)]
pub(super) struct ShelfFiles {
    counts: Vec<[String; 9]>,
    weights: Vec<[String; 9]>,
}

const COUNTS: [&str; 9] = ["count_id", "counted_at", "package_id", "sku", "room", "quantity", "unit", "by", "pass"];
const WEIGHTS: [&str; 9] = ["device_id", "at", "package_id", "sku", "gross", "tare", "unit", "piece_weight", "stable"];

impl ShelfFiles {
    /// Writes what there is.
    pub fn write(&self, folder: &Path) -> Result<(), SimError> {
        for (name, columns, rows) in [("counts", COUNTS, &self.counts), ("weights", WEIGHTS, &self.weights)] {
            if rows.is_empty() {
                continue;
            }
            let mut table = Table::create(folder.join(format!("shelf/{name}.csv")), &columns)?;
            for row in rows {
                table.row(&row.each_ref().map(String::as_str))?;
            }
            table.finish()?;
        }
        Ok(())
    }
}

/// How a lot is counted.
enum Counted {
    Right,
    /// One room is left out.
    Partly,
    /// So much less is there than the POS says.
    Short(Atoms, &'static str),
    /// The first pass is wrong, the second right.
    Again,
    /// So much that was moved in the POS lies in the vault still.
    NotMoved(Atoms),
}

impl World<'_> {
    /// One cycle count: some lots right, some wrong on purpose of the mistakes that are due.
    pub(super) fn count(&mut self) -> Result<(), SimError> {
        let mut items: FxHashSet<u32> = FxHashSet::default();
        for mistake in std::mem::take(&mut self.count_mistakes) {
            self.count_wrong(mistake, &mut items)?;
        }
        let honest = (self.options.packages / 10).clamp(2, 500);
        for _ in 0..honest {
            let Some(lot) = self.lot_to_count(&items, |_, _| true) else { continue };
            let how = match self.dice.place(5) {
                0 => Counted::Partly,
                1 => Counted::Again,
                _ => Counted::Right,
            };
            self.count_lot(lot, &how);
        }
        Ok(())
    }

    /// A lot of an item that no mistake of this count is about, so that two gaps of one item never meet.
    fn lot_to_count(&mut self, items: &FxHashSet<u32>, fits: impl Fn(&Self, Lot) -> bool) -> Option<Lot> {
        self.settled_lot(|world, lot| {
            let counted = world.tag(lot).is_some_and(|tag| world.counted.contains(&tag));
            !counted && !items.contains(&world.item(lot)) && world.pos.on_hand(lot) > 8 * ONE && fits(world, lot)
        })
    }

    fn count_wrong(&mut self, mistake: Mistake, items: &mut FxHashSet<u32>) -> Result<(), SimError> {
        let single = |world: &Self, lot: Lot| {
            let stock = world.pos.lot(lot).map_or(0, |known| known.stock.iter().filter(|s| s.amount != 0).count());
            stock == 1
        };
        let found = match mistake {
            Mistake::MoistureLoss => {
                self.lot_to_count(items, |world, lot| world.form(lot) == Form::Loose && single(world, lot))
            }
            Mistake::ScaleError => self.lot_to_count(items, single),
            Mistake::SoldFromOtherPackage => self.lot_to_count(items, |world, lot| world.partner(lot).is_some()),
            Mistake::NotYetMoved => self.lot_to_count(items, |world, lot| {
                let in_vault = |s: &Stock| s.room == 0 && s.amount > 8 * ONE;
                world.form(lot) == Form::Pieces
                    && world.state.lot(lot).is_some_and(|known| known.room == 0)
                    && world.pos.lot(lot).is_some_and(|known| known.stock.iter().all(in_vault))
            }),
            _ => self.lot_to_count(items, |_, _| true),
        };
        let Some(lot) = found else { return Ok(()) };
        let partner = self.partner(lot);
        items.insert(self.item(lot));
        let gap = self.dice.between(1, 3) * ONE;
        match mistake {
            Mistake::SoldFromOtherPackage => {
                let Some(other) = partner else { return Ok(()) };
                self.count_lot(lot, &Counted::Short(gap, "sold_from_other_package"));
                self.count_lot(other, &Counted::Short(-gap, "sold_from_other_package"));
            }
            Mistake::MoistureLoss => self.dry_out(lot),
            Mistake::ScaleError => self.misweigh(lot, gap),
            Mistake::NotYetMoved => {
                // Sales name no room: after them nobody could tell what lies where.
                self.retire(lot);
                self.move_stock(lot, 0, gap)?;
                self.count_lot(lot, &Counted::NotMoved(gap));
            }
            _ => self.count_lot(lot, &Counted::Short(gap, "")),
        }
        Ok(())
    }

    /// Another lot of the item that can be counted.
    fn partner(&self, lot: Lot) -> Option<Lot> {
        let of_item = self.of_item.get(&self.item(lot))?;
        of_item.iter().copied().find(|other| {
            let counted = self.tag(*other).is_some_and(|tag| self.counted.contains(&tag));
            *other != lot
                && !counted
                && self.for_sale.contains(*other)
                && self.guard.is_settled(*other, self.now)
                && self.pos.on_hand(*other) > 8 * ONE
        })
    }

    fn count_lot(&mut self, lot: Lot, how: &Counted) {
        let Some(tag) = self.tag(lot) else { return };
        let stock: Vec<Stock> = self
            .pos
            .lot(lot)
            .map(|known| known.stock.iter().copied().filter(|stock| stock.amount != 0).collect())
            .unwrap_or_default();
        let skipped = matches!(how, Counted::Partly).then(|| stock.last().map(|stock| stock.room)).flatten();
        let rooms: FxHashSet<u8> = stock.iter().map(|stock| stock.room).collect();
        if skipped.is_some() && rooms.len() < 2 {
            return;
        }
        self.guard.count(lot);
        // The second pass takes a moment; nothing of the lot is sold meanwhile.
        self.guard.block(lot, self.now + SignedDuration::from_secs(10));
        let mut off = match how {
            Counted::Short(gap, cause) => {
                self.ledger.shelf(tag, cause, i128::from(*gap), self.now);
                *gap
            }
            Counted::NotMoved(_) => {
                self.ledger.shelf(tag, "not_yet_moved", 0, self.now);
                0
            }
            _ => 0,
        };
        let id = format!("C{}", self.shelf.counts.len() + 1);
        for stock in stock.iter().filter(|stock| Some(stock.room) != skipped) {
            // The whole gap is in the first place that is large enough.
            let here = if stock.amount > off { std::mem::take(&mut off) } else { 0 };
            let moved = match how {
                Counted::NotMoved(amount) if stock.room == 0 => -*amount,
                Counted::NotMoved(amount) => *amount,
                _ => 0,
            };
            let there = stock.amount - here - moved;
            if matches!(how, Counted::Again) {
                self.add_count(&id, lot, stock, there + ONE, 1);
                self.add_count(&id, lot, stock, there, 2);
            } else {
                self.add_count(&id, lot, stock, there, 1);
            }
        }
        if skipped.is_none() {
            self.counted.insert(tag);
        }
    }

    fn add_count(&mut self, id: &str, lot: Lot, stock: &Stock, there: Atoms, pass: u32) {
        let Some(tag) = self.tag(lot) else { return };
        let item = self.item_facts(lot);
        let Some(sku) = item.and_then(|item| item.skus.get(usize::from(stock.sku))) else { return };
        let pieces = i128::from(there) * i128::from(ONE) / i128::from(sku.per_unit.max(1));
        let row = [
            id.to_owned(),
            self.style.zone.rfc3339(self.now + SignedDuration::from_secs(i64::from(pass))),
            tag.to_string(),
            sku.code.clone(),
            ROOMS.get(usize::from(stock.room)).map_or("", |room| room.0).to_owned(),
            base_text(pieces),
            sku.unit.symbol().to_owned(),
            ASSOCIATES[0].to_owned(),
            pass.to_string(),
        ];
        self.shelf.counts.push(row);
    }

    fn add_weight(&mut self, lot: Lot, net: Atoms, at: Timestamp) {
        let Some(tag) = self.tag(lot) else { return };
        let item = self.item_facts(lot);
        let Some((item, sku)) = item.and_then(|item| Some((item, item.skus.first()?))) else { return };
        // Pieces are weighed at two grams each in a tin of a hundred grams.
        let in_pieces = item.form == Form::Pieces;
        let grams = if in_pieces { 2 * net } else { net };
        let tare = 100 * ONE;
        let row = [
            "CB-07".to_owned(),
            self.style.zone.rfc3339(at),
            tag.to_string(),
            sku.code.clone(),
            base_text(i128::from(grams + tare)),
            base_text(i128::from(tare)),
            if item.form == Form::Poured { "ml" } else { "g" }.to_owned(),
            if in_pieces { "2" } else { "" }.to_owned(),
            "true".to_owned(),
        ];
        self.shelf.weights.push(row);
    }

    /// Loose flower lost weight in its tin between two readings while nobody touched it.
    fn dry_out(&mut self, lot: Lot) {
        let held = self.pos.on_hand(lot);
        let lost = (held / 100 / (ONE / 10)).max(1) * (ONE / 10);
        self.retire(lot);
        self.add_weight(lot, held, self.now - SignedDuration::from_hours(2));
        self.add_weight(lot, held - lost, self.now - SignedDuration::from_mins(1));
        self.count_lot(lot, &Counted::Short(lost, "moisture_loss"));
    }

    /// Counted by a scale that was off; the next reading says what the POS says.
    fn misweigh(&mut self, lot: Lot, gap: Atoms) {
        self.retire(lot);
        self.count_lot(lot, &Counted::Short(gap, "scale_error"));
        self.add_weight(lot, self.pos.on_hand(lot), self.now + SignedDuration::from_mins(3));
    }
}
