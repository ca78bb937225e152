//! The simulated point of sale: what it has on hand, and the exports that it makes.

use crate::SimError;
use crate::files::Table;
use crate::goods::{Atoms, Item};
use crate::guard::Lot;
use crate::style::Style;
use jiff::Timestamp;
use std::path::Path;
use trueup_core::{Dimension, PackageTag, QuantitySum, Unit};

/// The POS's rooms, and what the state calls them.
pub(crate) const ROOMS: [(&str, &str); 2] = [("Back Vault", "Vault"), ("Front", "Sales Floor")];
/// Goods are sold here.
pub(crate) const FRONT: u8 = 1;

/// What the POS has of one SKU of a lot in one room, in the package's measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stock {
    pub sku: u8,
    pub room: u8,
    pub amount: Atoms,
}

/// A package as the POS has it.
#[derive(Debug, Clone)]
pub(crate) struct PosLot {
    pub tag: PackageTag,
    pub item: u32,
    pub stock: Vec<Stock>,
    /// Another name than the item's.
    pub name: Option<String>,
    pub held: bool,
    /// Listed in the export although nothing is left.
    pub listed_empty: bool,
}

/// One line of a receipt.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub lot: Lot,
    pub sku: u8,
    /// In the package's measure.
    pub amount: Atoms,
    /// In cents.
    pub price: i64,
}

/// One row of the POS's other movements.
#[derive(Debug, Clone, Default)]
pub(crate) struct Movement {
    pub event: String,
    pub kind: &'static str,
    pub sku: u8,
    pub amount: Atoms,
    pub from_room: &'static str,
    pub to_room: &'static str,
    pub to_package: String,
    pub reason: &'static str,
    pub note: String,
    pub by: &'static str,
    pub reported: bool,
    pub corrects: String,
}

/// The head that the rows of a receipt share.
pub(crate) struct SaleHead<'a> {
    pub number: &'a str,
    pub at: Timestamp,
    pub kind: &'a str,
    pub original: &'a str,
    pub voided_at: Option<Timestamp>,
    pub customer: &'a str,
    pub employee: &'a str,
    pub terminal: &'a str,
}

/// The POS.
pub(crate) struct Pos {
    lots: Vec<Option<PosLot>>,
    sales: Table,
    movements: Table,
    events: u64,
    /// What was on hand of each lot when the snapshot was taken.
    snapshot: Vec<Atoms>,
    is_closed: bool,
}

pub(crate) const SALES: [&str; 14] = [
    "receipt_id",
    "line_no",
    "sold_at",
    "kind",
    "package_id",
    "sku",
    "quantity",
    "unit",
    "original_receipt_id",
    "voided_at",
    "line_total",
    "customer_type",
    "employee",
    "terminal",
];
pub(crate) const MOVEMENTS: [&str; 15] = [
    "event_id",
    "at",
    "type",
    "package_id",
    "sku",
    "quantity_delta",
    "unit",
    "from_room",
    "to_room",
    "to_package_id",
    "reason",
    "note",
    "by",
    "reported_to_state",
    "corrects",
];
pub(crate) const INVENTORY: [&str; 9] =
    ["package_id", "sku", "product_name", "room", "quantity", "unit", "reserved_quantity", "packed_quantity", "status"];

/// An amount of a SKU in its own unit, as plain decimal text.
fn in_sku_unit(amount: Atoms, per_unit: Atoms) -> String {
    // Sold by the half gram, counted in pieces: one piece is `per_unit` of the package's measure.
    let one = i128::from(crate::goods::ONE);
    let atoms = i128::from(amount) * one / i128::from(per_unit.max(1));
    QuantitySum::from_atoms(atoms, Dimension::Count).text(Unit::Each).to_string()
}

/// Cents as dollars.
pub(crate) fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

impl Pos {
    pub fn create(folder: &Path) -> Result<Self, SimError> {
        Ok(Self {
            lots: Vec::new(),
            sales: Table::create(folder.join("pos/sales.csv"), &SALES)?,
            movements: Table::create(folder.join("pos/movements.csv"), &MOVEMENTS)?,
            events: 0,
            snapshot: Vec::new(),
            is_closed: false,
        })
    }

    /// A lot that the POS does not know (yet).
    pub fn add_unknown(&mut self) {
        self.lots.push(None);
    }

    /// The POS learns of a lot.
    pub fn learn(&mut self, lot: Lot, known: PosLot) {
        if let Some(slot) = usize::try_from(lot).ok().and_then(|lot| self.lots.get_mut(lot)) {
            *slot = Some(known);
        }
    }

    pub fn lot(&self, lot: Lot) -> Option<&PosLot> {
        self.lots.get(usize::try_from(lot).ok()?)?.as_ref()
    }

    pub fn lot_mut(&mut self, lot: Lot) -> Option<&mut PosLot> {
        self.lots.get_mut(usize::try_from(lot).ok()?)?.as_mut()
    }

    /// On hand of a lot.
    pub fn on_hand(&self, lot: Lot) -> Atoms {
        self.lot(lot).map_or(0, |known| known.stock.iter().map(|stock| stock.amount).sum())
    }

    /// On hand of one SKU of a lot.
    pub fn on_hand_of(&self, lot: Lot, sku: u8) -> Atoms {
        let of_sku = |known: &PosLot| known.stock.iter().filter(|stock| stock.sku == sku).map(|s| s.amount).sum();
        self.lot(lot).map_or(0, of_sku)
    }

    /// Changes what is on hand: takes from the sales floor first, puts into `room`.
    pub fn change(&mut self, lot: Lot, sku: u8, amount: Atoms, room: u8) {
        let Some(known) = self.lot_mut(lot) else { return };
        let mut open = amount;
        known.stock.sort_by_key(|stock| std::cmp::Reverse(stock.room));
        if open < 0 {
            for stock in known.stock.iter_mut().filter(|stock| stock.sku == sku) {
                let taken = open.max(-stock.amount.max(0));
                stock.amount += taken;
                open -= taken;
            }
        }
        if open == 0 {
            return;
        }
        let place = known.stock.iter().position(|stock| stock.sku == sku && stock.room == room);
        match place.and_then(|place| known.stock.get_mut(place)) {
            Some(stock) => stock.amount += open,
            None => known.stock.push(Stock { sku, room, amount: open }),
        }
    }

    /// Moves stock of a SKU from one room to the other.
    pub fn move_stock(&mut self, lot: Lot, sku: u8, amount: Atoms, (from, to): (u8, u8)) {
        let Some(known) = self.lot_mut(lot) else { return };
        for stock in known.stock.iter_mut().filter(|stock| stock.sku == sku && stock.room == from) {
            stock.amount -= amount;
        }
        match known.stock.iter_mut().find(|stock| stock.sku == sku && stock.room == to) {
            Some(stock) => stock.amount += amount,
            None => known.stock.push(Stock { sku, room: to, amount }),
        }
    }

    /// A fresh number for an event.
    pub fn next_event(&mut self) -> String {
        self.events += 1;
        format!("E{}", self.events)
    }

    fn time(style: &Style, at: Timestamp) -> String {
        if style.local_times {
            style.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
        } else {
            style.zone.rfc3339(at)
        }
    }

    /// Writes a receipt's lines, numbered from `first_line`.
    pub fn write_sale(
        &mut self,
        style: &Style,
        items: &[Item],
        head: &SaleHead<'_>,
        lines: &[Line],
    ) -> Result<(), SimError> {
        if self.is_closed {
            return Ok(());
        }
        let at = Self::time(style, head.at);
        let voided_at = head.voided_at.map(|at| Self::time(style, at)).unwrap_or_default();
        for (place, line) in lines.iter().enumerate() {
            let Some(known) = self.lots.get(usize::try_from(line.lot).unwrap_or(usize::MAX)).and_then(Option::as_ref)
            else {
                continue;
            };
            let Some(sku) = sku_of(items, known.item, line.sku) else { continue };
            self.sales.row(&[
                head.number,
                &(place + 1).to_string(),
                &at,
                head.kind,
                &known.tag.to_string(),
                &sku.code,
                &in_sku_unit(line.amount, sku.per_unit),
                sku.unit.symbol(),
                head.original,
                &voided_at,
                &dollars(line.price),
                head.customer,
                head.employee,
                head.terminal,
            ])?;
        }
        Ok(())
    }

    /// Writes a line of something that is no cannabis.
    pub fn write_merchandise(&mut self, style: &Style, head: &SaleHead<'_>, line: usize) -> Result<(), SimError> {
        if self.is_closed {
            return Ok(());
        }
        let (at, line) = (Self::time(style, head.at), line.to_string());
        self.sales.row(&[
            head.number,
            &line,
            &at,
            "sale",
            "",
            "TRAY",
            "1",
            "ea",
            "",
            "",
            "9.50",
            head.customer,
            head.employee,
            head.terminal,
        ])
    }

    /// Writes a movement of a lot.
    pub fn write_movement(
        &mut self,
        style: &Style,
        items: &[Item],
        (lot, at): (Lot, Timestamp),
        movement: &Movement,
    ) -> Result<(), SimError> {
        if self.is_closed {
            return Ok(());
        }
        let Some(known) = self.lots.get(usize::try_from(lot).unwrap_or(usize::MAX)).and_then(Option::as_ref) else {
            return Ok(());
        };
        let Some(sku) = sku_of(items, known.item, movement.sku) else { return Ok(()) };
        let has_amount = !matches!(movement.kind, "finish" | "unfinish");
        self.movements.row(&[
            &movement.event,
            &Self::time(style, at),
            movement.kind,
            &known.tag.to_string(),
            &sku.code,
            &if has_amount { in_sku_unit(movement.amount, sku.per_unit) } else { "0".to_owned() },
            sku.unit.symbol(),
            movement.from_room,
            movement.to_room,
            &movement.to_package,
            movement.reason,
            &movement.note,
            movement.by,
            if movement.reported { "y" } else { "n" },
            &movement.corrects,
        ])
    }

    /// The snapshot: what is on hand is written, and nothing after it.
    pub fn snapshot(&mut self, folder: &Path, items: &[Item]) -> Result<(), SimError> {
        self.is_closed = true;
        self.snapshot = (0..Lot::try_from(self.lots.len()).unwrap_or(Lot::MAX)).map(|lot| self.on_hand(lot)).collect();
        let mut inventory = Table::create(folder.join("pos/inventory.csv"), &INVENTORY)?;
        let mut sku_map =
            Table::create(folder.join("pos/sku_map.csv"), &["package_id", "sku", "per_unit", "per_unit_unit"])?;
        for (place, known) in self.lots.iter().enumerate().filter_map(|(place, lot)| Some((place, lot.as_ref()?))) {
            let Some(item) = usize::try_from(known.item).ok().and_then(|item| items.get(item)) else { continue };
            let tag = known.tag.to_string();
            for stock in &known.stock {
                let Some(sku) = item.skus.get(usize::from(stock.sku)) else { continue };
                let is_listed = stock.amount != 0 || (known.listed_empty && stock.room == FRONT);
                if is_listed {
                    // Some of it is reserved for orders; the number on hand holds that, too.
                    let reserved = if place % 9 == 0 && stock.amount >= sku.per_unit { "1" } else { "0" };
                    inventory.row(&[
                        &tag,
                        &sku.code,
                        known.name.as_deref().unwrap_or(&item.name),
                        ROOMS.get(usize::from(stock.room)).map_or("", |room| room.0),
                        &in_sku_unit(stock.amount, sku.per_unit),
                        sku.unit.symbol(),
                        reserved,
                        "0",
                        if known.held { "quarantine" } else { "active" },
                    ])?;
                }
            }
            if item.skus.len() > 1 {
                for sku in &item.skus {
                    let per_unit = crate::files::base_text(i128::from(sku.per_unit));
                    sku_map.row(&[&tag, &sku.code, &per_unit, item.unit.symbol()])?;
                }
            }
        }
        inventory.finish()?;
        sku_map.finish()
    }

    /// What the snapshot holds of a lot.
    pub fn snapshot_of(&self, lot: Lot) -> i128 {
        usize::try_from(lot).ok().and_then(|lot| self.snapshot.get(lot)).copied().map_or(0, i128::from)
    }

    /// Ends the files that were written as things happened.
    pub fn finish(self) -> Result<(), SimError> {
        self.sales.finish()?;
        self.movements.finish()
    }
}

fn sku_of(items: &[Item], item: u32, sku: u8) -> Option<&crate::goods::SkuFacts> {
    items.get(usize::try_from(item).ok()?)?.skus.get(usize::from(sku))
}
