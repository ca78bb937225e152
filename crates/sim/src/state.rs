//! The simulated state system: packages, receipts, adjustments and manifests, and what it answers about them.

mod json;
mod live;
mod tables;

use crate::SimError;
use crate::files::Records;
use crate::goods::{Atoms, Item};
use crate::guard::Lot;
use crate::metrc::Metrc;
use crate::options::StateForm;
use crate::style::Style;
use jiff::{Timestamp, civil};
use live::Live;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tables::Tables;
use trueup_core::{Decimal, PackageTag, Quantity, Unit};

/// A package as the state has it.
#[derive(Debug, Clone)]
pub(crate) struct StateLot {
    pub tag: PackageTag,
    pub item: u32,
    pub quantity: Atoms,
    pub original: Atoms,
    pub sources: Vec<PackageTag>,
    /// Place in the list of rooms.
    pub room: u8,
    pub packaged: Option<civil::Date>,
    pub received: Option<(Timestamp, String)>,
    pub held: bool,
    pub finished: Option<civil::Date>,
    pub archived: Option<civil::Date>,
}

/// A line of a receipt.
#[derive(Debug, Clone)]
pub(crate) struct StateLine {
    pub lot: Lot,
    /// As it is written.
    pub number: Decimal,
    pub unit: Unit,
    /// In cents.
    pub price: i64,
}

impl StateLine {
    /// In the package's measure.
    pub fn amount(&self) -> Atoms {
        Quantity::new(self.number, self.unit).map_or(0, Quantity::atoms)
    }
}

/// A receipt, or a delivery to a customer.
#[derive(Debug, Clone)]
pub(crate) struct StateReceipt {
    pub id: u64,
    pub external: Option<String>,
    pub sold_at: civil::DateTime,
    pub customer: &'static str,
    pub lines: Vec<StateLine>,
    pub finalized: bool,
    pub archived: Option<civil::Date>,
    pub recorded: Timestamp,
    pub by: &'static str,
    pub modified: Timestamp,
    pub is_delivery: bool,
}

/// A change of a package's quantity by hand or by a program.
#[derive(Debug, Clone)]
pub(crate) struct Adjustment {
    pub lot: Lot,
    pub amount: Atoms,
    pub at: Timestamp,
    pub reason: &'static str,
    pub note: String,
    pub by: &'static str,
}

/// A manifest with one row a package.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub number: String,
    pub outgoing: bool,
    pub at: Option<Timestamp>,
    pub rows: Vec<ManifestRow>,
}

/// A package on a manifest.
#[derive(Debug, Clone)]
pub(crate) struct ManifestRow {
    pub tag: PackageTag,
    pub item: u32,
    pub shipped: Atoms,
    pub received: Option<Atoms>,
    /// `Shipped`, `Accepted`, `Rejected`.
    pub state: &'static str,
}

/// What a lot is called and what is in it.
type Tags<'t> = &'t dyn Fn(Lot) -> Option<(PackageTag, u32)>;

/// The API's answers, while they are written.
struct JsonFiles {
    active: Records,
    inactive: Records,
    adjustments: Records,
    transfers: Records,
    deliveries: Records,
}

enum Files {
    Json(Box<JsonFiles>),
    Tables(Box<Tables>),
    Server(Box<Live>),
}

/// The state system.
pub(crate) struct State {
    folder: PathBuf,
    lots: Vec<Option<StateLot>>,
    /// Receipts that somebody will still change.
    open: BTreeMap<u64, StateReceipt>,
    next_id: u64,
    next_manifest: u64,
    files: Files,
    /// What was on hand of each lot when the snapshot was taken.
    snapshot: Vec<Atoms>,
    is_closed: bool,
}

impl State {
    pub fn create(folder: &Path, form: StateForm, style: &Style, items: &[Item]) -> Result<Self, SimError> {
        let records = |name: &str| Records::create(folder.join(format!("state/{name}.json")));
        let files = match form {
            StateForm::Json => Files::Json(Box::new(JsonFiles {
                active: records("receipts_active")?,
                inactive: records("receipts_inactive")?,
                adjustments: records("adjustments")?,
                transfers: records("transfers")?,
                deliveries: records("deliveries")?,
            })),
            StateForm::Tables => Files::Tables(Box::new(Tables::create(folder)?)),
            StateForm::Server => Files::Server(Box::new(Live::create(style, items)?)),
        };
        Ok(Self {
            folder: folder.to_owned(),
            lots: Vec::new(),
            open: BTreeMap::new(),
            next_id: 100_000,
            next_manifest: 900_000,
            files,
            snapshot: Vec::new(),
            is_closed: false,
        })
    }

    /// A lot that the state does not know (yet).
    pub fn add_unknown(&mut self) {
        self.lots.push(None);
    }

    /// The server, while the state is one and its lists were not pulled yet.
    fn live(&mut self) -> Option<&mut Live> {
        match &mut self.files {
            Files::Server(live) if !self.is_closed => Some(live),
            _ => None,
        }
    }

    /// The state learns of a lot.
    pub fn learn(&mut self, now: Timestamp, items: &[Item], lot: Lot, known: StateLot) -> Result<(), SimError> {
        if let Some(live) = self.live() {
            live.learn(now, &known, items)?;
        }
        self.know(lot, known);
        Ok(())
    }

    /// A package is made of so much of others.
    pub fn make(
        &mut self,
        now: Timestamp,
        items: &[Item],
        (lot, known): (Lot, StateLot),
        sources: &[(Lot, Atoms)],
    ) -> Result<(), SimError> {
        let tags: Vec<(PackageTag, Atoms)> =
            sources.iter().filter_map(|(lot, amount)| Some((self.lot(*lot)?.tag, *amount))).collect();
        if let Some(live) = self.live() {
            live.make(now, items, &known, &tags)?;
        }
        self.know(lot, known);
        sources.iter().for_each(|(source, amount)| self.change(*source, -amount));
        Ok(())
    }

    /// A package is undone; what it holds goes back to its source. Gives how much that was.
    pub fn discontinue(
        &mut self,
        now: Timestamp,
        today: civil::Date,
        (product, source): (Lot, Lot),
    ) -> Result<Atoms, SimError> {
        let held = self.on_hand(product);
        let Some(known) = self.lot_mut(product) else { return Ok(0) };
        (known.archived, known.quantity) = (Some(today), 0);
        let tag = known.tag;
        self.change(source, held);
        if let Some(live) = self.live() {
            live.discontinue(now, tag)?;
        }
        Ok(held)
    }

    /// A package is finished.
    pub fn finish_lot(&mut self, now: Timestamp, lot: Lot, date: civil::Date) -> Result<(), SimError> {
        let Some(known) = self.lot_mut(lot) else { return Ok(()) };
        known.finished = Some(date);
        let tag = known.tag;
        self.live().map_or(Ok(()), |live| live.finish(now, tag, date))
    }

    /// A package is moved.
    pub fn move_lot(&mut self, now: Timestamp, lot: Lot, room: u8) -> Result<(), SimError> {
        let Some(known) = self.lot_mut(lot) else { return Ok(()) };
        known.room = room;
        let tag = known.tag;
        self.live().map_or(Ok(()), |live| live.move_to(now, tag, room))
    }

    /// A package is put on hold.
    pub fn hold_lot(&mut self, now: Timestamp, lot: Lot) -> Result<(), SimError> {
        let Some(known) = self.lot_mut(lot) else { return Ok(()) };
        known.held = true;
        let tag = known.tag;
        self.live().map_or(Ok(()), |live| live.hold(now, tag))
    }

    /// A part of a package leaves.
    pub fn ship(&mut self, now: Timestamp, items: &[Item], lot: Lot, amount: Atoms) -> Result<(), SimError> {
        self.change(lot, -amount);
        let Some((tag, item)) = self.tag_and_item(lot) else { return Ok(()) };
        let dimension = usize::try_from(item).ok().and_then(|item| items.get(item)).map_or(Unit::Each, |it| it.unit);
        let quantity = Quantity::from_atoms(amount, dimension.dimension());
        self.live().map_or(Ok(()), |live| live.ship(now, tag, quantity))
    }

    fn know(&mut self, lot: Lot, known: StateLot) {
        if let Some(slot) = usize::try_from(lot).ok().and_then(|lot| self.lots.get_mut(lot)) {
            *slot = Some(known);
        }
    }

    pub fn lot(&self, lot: Lot) -> Option<&StateLot> {
        self.lots.get(usize::try_from(lot).ok()?)?.as_ref()
    }

    fn lot_mut(&mut self, lot: Lot) -> Option<&mut StateLot> {
        self.lots.get_mut(usize::try_from(lot).ok()?)?.as_mut()
    }

    /// On hand of a lot; an undone package holds nothing.
    pub fn on_hand(&self, lot: Lot) -> Atoms {
        self.lot(lot).filter(|known| known.archived.is_none()).map_or(0, |known| known.quantity)
    }

    fn change(&mut self, lot: Lot, amount: Atoms) {
        if let Some(known) = self.lot_mut(lot) {
            known.quantity += amount;
        }
    }

    pub fn next_manifest(&mut self) -> String {
        self.next_manifest += 1;
        format!("{:010}", self.next_manifest)
    }

    /// Records a receipt and takes its goods off; returns its `Id`. One that somebody `will_change` is kept open.
    pub fn record(
        &mut self,
        style: &Style,
        mut receipt: StateReceipt,
        items: &[Item],
        will_change: bool,
    ) -> Result<u64, SimError> {
        self.next_id += 1;
        receipt.id = self.next_id;
        if let Files::Server(live) = &mut self.files
            && !self.is_closed
        {
            receipt.id = live.record(&receipt, &tags_of(&self.lots))?;
        }
        let id = receipt.id;
        for line in &receipt.lines {
            self.change(line.lot, -line.amount());
        }
        if will_change {
            self.open.insert(receipt.id, receipt);
        } else {
            self.write_receipt(style, items, &receipt)?;
        }
        Ok(id)
    }

    /// Changes an open receipt; what its lines held before and hold after is put back and taken off.
    pub fn edit(&mut self, id: u64, now: Timestamp, change: impl FnOnce(&mut StateReceipt)) -> Result<(), SimError> {
        let Some(mut receipt) = self.open.remove(&id) else { return Ok(()) };
        let was_final = receipt.finalized;
        for line in receipt.lines.iter().filter(|_| receipt.archived.is_none()) {
            self.change(line.lot, line.amount());
        }
        change(&mut receipt);
        receipt.modified = now;
        for line in receipt.lines.iter().filter(|_| receipt.archived.is_none()) {
            self.change(line.lot, -line.amount());
        }
        if let Files::Server(live) = &mut self.files
            && !self.is_closed
        {
            live.change(now, &receipt, was_final, &tags_of(&self.lots))?;
        }
        self.open.insert(id, receipt);
        Ok(())
    }

    /// Nobody changes the receipt any more.
    pub fn close(&mut self, style: &Style, items: &[Item], id: u64) -> Result<(), SimError> {
        match self.open.remove(&id) {
            Some(receipt) => self.write_receipt(style, items, &receipt),
            None => Ok(()),
        }
    }

    fn write_receipt(&mut self, style: &Style, items: &[Item], receipt: &StateReceipt) -> Result<(), SimError> {
        if self.is_closed {
            return Ok(());
        }
        let tags = tags_of(&self.lots);
        match &mut self.files {
            Files::Server(_) => Ok(()),
            Files::Json(files) if receipt.is_delivery => files.deliveries.add(&json::delivery(receipt, &tags, items)?),
            Files::Json(files) => {
                let is_inactive = receipt.finalized || receipt.archived.is_some();
                let file = if is_inactive { &mut files.inactive } else { &mut files.active };
                file.add(&json::receipt(receipt, &tags, items)?)
            }
            Files::Tables(tables) => tables.receipt(style, receipt, &tags),
        }
    }

    fn tag_and_item(&self, lot: Lot) -> Option<(PackageTag, u32)> {
        self.lot(lot).map(|known| (known.tag, known.item))
    }

    /// Records an adjustment and changes the package's quantity.
    pub fn adjust(&mut self, style: &Style, items: &[Item], adjustment: &Adjustment) -> Result<(), SimError> {
        self.change(adjustment.lot, adjustment.amount);
        let Some((tag, item)) = self.tag_and_item(adjustment.lot).filter(|_| !self.is_closed) else { return Ok(()) };
        match &mut self.files {
            Files::Json(files) => files.adjustments.add(&json::adjustment(style, items, adjustment, tag, item)?),
            Files::Tables(tables) => tables.adjustment(style, items, adjustment, tag, item),
            Files::Server(live) => live.adjust(style, items, adjustment, (tag, item)),
        }
    }

    /// Writes a manifest. The tables that people export have none.
    pub fn manifest(
        &mut self,
        now: Timestamp,
        style: &Style,
        items: &[Item],
        manifest: &Manifest,
    ) -> Result<(), SimError> {
        match &mut self.files {
            Files::Server(live) if !self.is_closed => {
                live.manifest(now, items, manifest);
                Ok(())
            }
            Files::Json(files) if !self.is_closed => files.transfers.add(&json::manifest(style, items, manifest)?),
            _ => Ok(()),
        }
    }

    /// The snapshot: packages and receipts are written as they are, and nothing after it.
    pub fn snapshot(&mut self, style: &Style, items: &[Item]) -> Result<(), SimError> {
        for receipt in std::mem::take(&mut self.open).into_values() {
            self.write_receipt(style, items, &receipt)?;
        }
        self.is_closed = true;
        self.snapshot = (0..Lot::try_from(self.lots.len()).unwrap_or(Lot::MAX)).map(|lot| self.on_hand(lot)).collect();
        let known = self.lots.iter().flatten();
        match &mut self.files {
            Files::Server(live) => check_server(live, known),
            Files::Json(_) => json::packages(&self.folder, style, items, known),
            Files::Tables(tables) => tables.packages(style, items, known),
        }
    }

    /// What the snapshot holds of a lot.
    pub fn snapshot_of(&self, lot: Lot) -> i128 {
        usize::try_from(lot).ok().and_then(|lot| self.snapshot.get(lot)).copied().map_or(0, i128::from)
    }

    /// Ends the files; gives the server, if the state is one.
    pub fn finish(self) -> Result<Option<Metrc>, SimError> {
        match self.files {
            Files::Json(files) => {
                let files = *files;
                [files.active, files.inactive, files.adjustments, files.transfers, files.deliveries]
                    .into_iter()
                    .try_for_each(Records::finish)?;
                Ok(None)
            }
            Files::Tables(tables) => tables.finish().map(|()| None),
            Files::Server(live) => Ok(Some(live.into_server())),
        }
    }
}

/// What lots are called and what is in them.
fn tags_of(lots: &[Option<StateLot>]) -> impl Fn(Lot) -> Option<(PackageTag, u32)> {
    |lot| lots.get(usize::try_from(lot).ok()?)?.as_ref().map(|known| (known.tag, known.item))
}

/// The server holds what it was told.
fn check_server<'l>(live: &Live, lots: impl Iterator<Item = &'l StateLot>) -> Result<(), SimError> {
    for known in lots {
        let held = live.held(known.tag);
        if held != Some(known.quantity) {
            return Err(SimError::Refused {
                call: format!("the snapshot of {}", known.tag),
                words: format!("the server holds {held:?}, it was told {}", known.quantity),
            });
        }
    }
    Ok(())
}
