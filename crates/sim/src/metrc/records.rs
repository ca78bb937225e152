//! What the state keeps of one licence.

use super::table::{Record, Table};
use jiff::{Timestamp, civil};
use std::collections::BTreeMap;
use trueup_core::{Decimal, Quantity, Unit};

/// What a package holds.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub id: i64,
    pub name: String,
    pub category: String,
    pub unit: Unit,
    /// Weight of one piece, in its unit.
    pub unit_weight: Option<(Decimal, Unit)>,
    pub strain: Option<String>,
    pub brand: Option<i64>,
    pub archived: bool,
    pub modified: Timestamp,
}

/// A room, a place in one, or a brand.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub id: i64,
    pub name: String,
    /// Of rooms.
    pub kind: String,
    pub archived: bool,
    pub modified: Timestamp,
}

/// Where a package came from.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub at: Timestamp,
    pub manifest: String,
    pub from: String,
    pub from_name: String,
}

/// A package.
#[derive(Debug, Clone)]
pub(super) struct Package {
    pub id: i64,
    pub label: String,
    pub item: i64,
    pub location: i64,
    pub sublocation: Option<i64>,
    pub quantity: Quantity,
    pub original: Quantity,
    pub unit: Unit,
    pub packaged: civil::Date,
    pub dates: Dates,
    /// What went into it.
    pub sources: Vec<(i64, Quantity)>,
    pub note: String,
    pub external_id: Option<String>,
    pub received: Option<Received>,
    pub on_hold: bool,
    pub on_recall: bool,
    pub on_investigation: bool,
    pub finished: Option<civil::Date>,
    pub archived: Option<civil::Date>,
    /// On its way here, or away.
    pub in_transit: bool,
    /// Left on a manifest that was accepted.
    pub transferred: bool,
    pub lab_state: String,
    pub is_donation: bool,
    pub is_trade_sample: bool,
    pub is_finished_good: bool,
    pub is_testing_sample: bool,
    pub production_batch: Option<String>,
    pub required_tests: Vec<String>,
    /// Something was sold of it, adjusted or transferred: it cannot be discontinued any more.
    pub is_touched: bool,
    pub modified: Timestamp,
}

/// Until when a package is good.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dates {
    pub expiration: Option<civil::Date>,
    pub sell_by: Option<civil::Date>,
    pub use_by: Option<civil::Date>,
}

impl Package {
    /// On the shelves of the licence.
    pub const fn is_here(&self) -> bool {
        self.archived.is_none() && !self.in_transit && !self.transferred
    }

    pub const fn is_active(&self) -> bool {
        self.is_here() && self.finished.is_none()
    }
}

/// A line of a receipt or of a delivery.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub package: i64,
    /// As it was sent.
    pub number: Decimal,
    pub unit: Unit,
    /// In the package's measure.
    pub quantity: Quantity,
    pub price: Decimal,
    pub invoice: Option<String>,
}

/// Whom a sale was to; the state asks for it, we hide it.
#[derive(Debug, Clone, Default)]
pub(super) struct Customer {
    pub kind: String,
    pub patient: Option<String>,
    pub caregiver: Option<String>,
    pub identification: Option<String>,
    pub registration_location: Option<i64>,
}

/// A receipt.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    pub id: i64,
    pub external: Option<String>,
    pub sold_at: civil::DateTime,
    pub customer: Customer,
    pub lines: Vec<Line>,
    pub is_final: bool,
    pub archived: Option<civil::Date>,
    pub recorded: Timestamp,
    pub by: String,
    pub modified: Timestamp,
}

impl Receipt {
    /// Neither finalized nor voided.
    pub const fn is_active(&self) -> bool {
        !self.is_final && self.archived.is_none()
    }
}

/// A sales delivery to a customer.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub id: i64,
    pub sold_at: civil::DateTime,
    pub customer: Customer,
    /// Texts that are kept and given back: driver, vehicle, recipient.
    pub texts: BTreeMap<&'static str, String>,
    pub departs: Option<civil::DateTime>,
    pub arrives: Option<civil::DateTime>,
    pub lines: Vec<Line>,
    pub completed: Option<Timestamp>,
    pub voided: Option<civil::Date>,
    pub recorded: Timestamp,
    pub by: String,
    pub modified: Timestamp,
}

/// An adjustment of a package. The state gives it no number; ours is for the list.
#[derive(Debug, Clone)]
pub(super) struct Adjustment {
    pub id: i64,
    pub package: i64,
    /// The change.
    pub quantity: Quantity,
    pub reason: String,
    pub note: String,
    pub date: civil::Date,
    pub at: Timestamp,
    pub by: String,
}

/// What became of a package on a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ShipmentState {
    Shipped,
    Accepted,
    Rejected,
    Returned,
}

impl ShipmentState {
    pub const ALL: [Self; 4] = [Self::Shipped, Self::Rejected, Self::Accepted, Self::Returned];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Shipped => "Shipped",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::Returned => "Returned",
        }
    }
}

/// A package on a manifest.
#[derive(Debug, Clone)]
pub(super) struct Shipped {
    pub package: i64,
    pub quantity: Quantity,
    pub received: Option<Quantity>,
    pub state: ShipmentState,
    pub price: Option<Decimal>,
}

/// A transfer with its one delivery.
#[derive(Debug, Clone)]
pub(super) struct Transfer {
    pub id: i64,
    pub delivery: i64,
    pub manifest: String,
    pub is_outgoing: bool,
    /// The other licence and its name.
    pub other: (String, String),
    pub created: Timestamp,
    pub departs: civil::DateTime,
    pub arrives: civil::DateTime,
    pub received: Option<Timestamp>,
    pub voided: bool,
    pub packages: Vec<Shipped>,
    pub modified: Timestamp,
}

impl Transfer {
    pub fn is_rejected(&self) -> bool {
        self.packages.iter().any(|shipped| shipped.state == ShipmentState::Rejected)
    }

    pub fn received_packages(&self) -> usize {
        self.packages.iter().filter(|shipped| shipped.received.is_some()).count()
    }
}

/// A patient of the licence.
#[derive(Debug, Clone)]
pub(super) struct Patient {
    pub id: i64,
    pub number: String,
    pub from: Option<civil::Date>,
    pub to: Option<civil::Date>,
    pub registered: civil::Date,
    pub plants: i64,
    pub smokable: Decimal,
    pub is_exempt: bool,
    pub modified: Timestamp,
}

/// A patient's check-in.
#[derive(Debug, Clone)]
pub(super) struct CheckIn {
    pub id: i64,
    pub patient: String,
    pub location: i64,
    pub from: Option<civil::Date>,
    pub to: Option<civil::Date>,
    pub date: civil::Date,
    pub modified: Timestamp,
}

/// A file that was sent.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub id: i64,
    pub name: String,
    /// In base 64, as it came.
    pub contents: String,
    pub modified: Timestamp,
}

/// Codes on the units of a package.
#[derive(Debug, Clone)]
pub(super) struct RetailIds {
    pub id: i64,
    pub package: i64,
    pub codes: Vec<String>,
    pub modified: Timestamp,
}

/// Bits of the lists.
pub(super) mod on {
    /// Active; of transfers: incoming.
    pub const ACTIVE: u8 = 1;
    /// Not active any more; of transfers: outgoing.
    pub const INACTIVE: u8 = 2;
    /// On hold; of transfers: with something that was rejected.
    pub const HOLD: u8 = 4;
    /// On its way.
    pub const TRANSIT: u8 = 8;
    /// Made for a laboratory.
    pub const SAMPLES: u8 = 16;
}

const fn one_of(is_active: bool) -> u8 {
    if is_active { on::ACTIVE } else { on::INACTIVE }
}

fn lists_of_package(package: &Package) -> u8 {
    let list = match package {
        // With another licence.
        Package { transferred: true, .. } => return 0,
        Package { in_transit: true, .. } => on::TRANSIT,
        package if !package.is_active() => on::INACTIVE,
        Package { on_hold: true, .. } => on::HOLD,
        _ => on::ACTIVE,
    };
    if package.is_testing_sample { list | on::SAMPLES } else { list }
}

fn lists_of_transfer(transfer: &Transfer) -> u8 {
    let list = one_of(!transfer.is_outgoing);
    if transfer.is_rejected() { list | on::HOLD } else { list }
}

macro_rules! records {
    ($($record:ident: $time:ident, $lists:expr;)*) => {
        $(impl Record for $record {
            fn id(&self) -> i64 {
                self.id
            }
            fn modified(&self) -> Timestamp {
                self.$time
            }
            fn lists(&self) -> u8 {
                let lists: fn(&Self) -> u8 = $lists;
                lists(self)
            }
        })*
    };
}
records! {
    Item: modified, |it| one_of(!it.archived);
    Place: modified, |it| one_of(!it.archived);
    Package: modified, lists_of_package;
    Receipt: modified, |it| one_of(it.is_active());
    Delivery: modified, |it| one_of(it.completed.is_none() && it.voided.is_none());
    Adjustment: at, |_| on::ACTIVE;
    Transfer: modified, lists_of_transfer;
    Patient: modified, |_| on::ACTIVE;
    CheckIn: modified, |_| on::ACTIVE;
    File: modified, |_| on::ACTIVE;
    RetailIds: modified, |_| on::ACTIVE;
}

/// A tag that may be used.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    pub id: i64,
    pub label: String,
    pub used: Option<Timestamp>,
}

/// Everything of one licence.
#[derive(Debug, Clone)]
pub(super) struct Licence {
    pub number: String,
    pub name: String,
    pub facility: i64,
    /// What the kind of licence may do; names of `FacilityType`.
    pub may: Vec<&'static str>,
    pub items: Table<Item>,
    pub brands: Table<Place>,
    pub locations: Table<Place>,
    pub sublocations: Table<Place>,
    pub packages: Table<Package>,
    pub by_label: BTreeMap<String, i64>,
    pub receipts: Table<Receipt>,
    pub by_external: BTreeMap<String, Vec<i64>>,
    pub deliveries: Table<Delivery>,
    pub adjustments: Table<Adjustment>,
    pub transfers: Table<Transfer>,
    pub patients: Table<Patient>,
    pub check_ins: Table<CheckIn>,
    pub files: Table<File>,
    pub retail_ids: Table<RetailIds>,
    pub tags: BTreeMap<String, Tag>,
}

impl Licence {
    pub fn new(number: &str, name: &str, facility: i64) -> Self {
        Self {
            number: number.to_owned(),
            name: name.to_owned(),
            facility,
            may: Vec::new(),
            items: Table::default(),
            brands: Table::default(),
            locations: Table::default(),
            sublocations: Table::default(),
            packages: Table::default(),
            by_label: BTreeMap::new(),
            receipts: Table::default(),
            by_external: BTreeMap::new(),
            deliveries: Table::default(),
            adjustments: Table::default(),
            transfers: Table::default(),
            patients: Table::default(),
            check_ins: Table::default(),
            files: Table::default(),
            retail_ids: Table::default(),
            tags: BTreeMap::new(),
        }
    }

    /// Keeps what was done.
    pub fn commit(&mut self) {
        self.items.commit();
        self.brands.commit();
        self.locations.commit();
        self.sublocations.commit();
        self.packages.commit();
        self.receipts.commit();
        self.deliveries.commit();
        self.adjustments.commit();
        self.transfers.commit();
        self.patients.commit();
        self.check_ins.commit();
        self.files.commit();
        self.retail_ids.commit();
    }

    /// Takes back what was done since the last commit. The indexes by text keep what they learned: they are looked
    /// through for what is there.
    pub fn roll_back(&mut self) {
        self.items.roll_back();
        self.brands.roll_back();
        self.locations.roll_back();
        self.sublocations.roll_back();
        self.packages.roll_back();
        self.receipts.roll_back();
        self.deliveries.roll_back();
        self.adjustments.roll_back();
        self.transfers.roll_back();
        self.patients.roll_back();
        self.check_ins.roll_back();
        self.files.roll_back();
        self.retail_ids.roll_back();
        let packages = &self.packages;
        self.by_label.retain(|_, id| packages.get(*id).is_some());
        for tag in self.tags.values_mut() {
            if !self.by_label.contains_key(&tag.label) {
                tag.used = None;
            }
        }
    }

    pub fn package(&self, label: &str) -> Option<&Package> {
        self.packages.get(*self.by_label.get(&label.to_ascii_uppercase())?)
    }

    /// An item by its name in any case, or by its number.
    pub fn item(&self, name: &str) -> Option<&Item> {
        let number = name.parse().ok();
        self.items
            .iter()
            .find(|item| !item.archived && (item.name.eq_ignore_ascii_case(name) || Some(item.id) == number))
    }
}

/// A place by its name in any case, or by its number.
pub(super) fn place<'t>(table: &'t Table<Place>, name: &str) -> Option<&'t Place> {
    let number = name.parse().ok();
    table.iter().find(|place| !place.archived && (place.name.eq_ignore_ascii_case(name) || Some(place.id) == number))
}
