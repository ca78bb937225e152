//! A store to begin with: what a seed makes of items, packages, receipts, adjustments and manifests.

use super::items::CATEGORIES;
use super::records::{
    Adjustment, Customer, Dates, Item, Licence, Line, Package, Place, Receipt, Received, ShipmentState, Shipped, Tag,
    Transfer,
};
use super::{Employee, Metrc, Settings, VendorKey};
use crate::SimError;
use crate::dice::Dice;
use crate::goods::ONE;
use jiff::{SignedDuration, Timestamp};
use trueup_core::{Decimal, Quantity, Unit};

/// How much there is in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Active packages.
    pub packages: u32,
    /// Receipts, most of them finalized.
    pub receipts: u32,
    /// Adjustments.
    pub adjustments: u32,
    /// Manifests that are on their way here.
    pub incoming: u32,
    /// Tags that are not used yet.
    pub tags: u32,
    /// Days over which all that happened.
    pub days: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { packages: 60, receipts: 200, adjustments: 12, incoming: 2, tags: 50, days: 14 }
    }
}

/// Every permission of the web page that is known here.
pub(super) const PERMISSIONS: [&str; 28] = [
    "Create/Submit/Discontinue Packages",
    "Download Product Labels",
    "Lookup Caregivers",
    "Lookup Patients",
    "Manage Employees",
    "Manage Items",
    "Manage Locations",
    "Manage Package Notes",
    "Manage Packages Inventory",
    "Manage Patient Check-Ins",
    "Manage Patients",
    "Manage Product Labels",
    "Manage Retailer Delivery",
    "Manage Sales",
    "Manage Sales Delivery",
    "Manage Tag Orders",
    "Manage Tags",
    "Manage Transfer Templates",
    "Manage Transfers",
    "View Employees",
    "View Package Source Harvests",
    "View Packages",
    "View Retailer Delivery",
    "View Sales",
    "View Sales Delivery",
    "View Transfer Templates",
    "View Transfers",
    "Webhooks",
];

/// What a retailer's kind of licence may do.
pub(super) const RETAILER: [&str; 21] = [
    "AdvancedSales",
    "CanAssignLocationsToPackages",
    "CanCreateDerivedPackages",
    "CanDeliverSalesToConsumers",
    "CanHaveMemberPatients",
    "CanReportPatientCheckIns",
    "CanReturnPackageQuantity",
    "CanSellToCaregivers",
    "CanSellToConsumers",
    "CanSellToExternalPatients",
    "CanSellToPatients",
    "CanTrackFinishedGoods",
    "CanUpdateLocationsOnPackages",
    "EnableExternalIdentifier",
    "EnableSublocations",
    "RetailSalesToNonResidentConsumer",
    "SalesDeliveryAllowAddress",
    "SalesDeliveryAllowCity",
    "SalesDeliveryAllowPlannedRoute",
    "SalesDeliveryAllowState",
    "SalesDeliveryAllowZip",
];

pub(super) const SUPPLIER: (&str, &str) = ("403P-X0007", "North Fork Distribution");
/// Where tags of the simulated suppliers begin, and those that the store ordered for itself.
const SUPPLIED: &str = "1A4060300002EE1";
const OWN: &str = "1A4060300009AB2";

impl Metrc {
    /// A server with a store in it, and a processor's licence that sells to nobody, as they are at `now`.
    ///
    /// # Errors
    /// A zone that nobody knows.
    pub fn store(settings: Settings, seed: u64, now: Timestamp, sizes: Sizes) -> Result<Self, SimError> {
        let mut server = Self::new(settings)?;
        let mut dice = Dice::new(seed, "metrc");
        let key = |dice: &mut Dice, what: &str| format!("sim-{what}-{:08x}", dice.between(0, i64::from(u32::MAX)));
        server.vendors.push(VendorKey { key: key(&mut dice, "vendor"), first_version_only: false });
        server.vendors.push(VendorKey { key: key(&mut dice, "vendor-v1"), first_version_only: true });
        let (store, processor) = ("403R-X0001".to_owned(), "403P-X0001".to_owned());
        for (name, number, licences) in [
            ("Dana Ruiz", "EMP-0001", vec![store.clone(), processor.clone()]),
            ("Sam Cole", "EMP-0002", vec![store.clone()]),
        ] {
            server.employees.push(Employee {
                name: name.to_owned(),
                number: number.to_owned(),
                key: key(&mut dice, "user"),
                key_ends: None,
                permissions: PERMISSIONS.map(str::to_owned).into(),
                licences,
            });
        }
        let mut stock = Stock {
            licence: Licence::new(&store, "Harbor Street Dispensary", 1_001),
            dice,
            last_id: server.last_id,
            now,
            zone: server.zone.clone(),
            days: i64::from(sizes.days.max(1)),
            reasons: server.settings.reasons.clone(),
        };
        stock.licence.may = RETAILER.to_vec();
        stock.fill(sizes);
        server.last_id = stock.last_id;
        let mut store = stock.licence;
        store.commit();
        for licence in [store, Licence::new(&processor, "Lake Road Processing", 1_002)] {
            server.order.push(licence.number.clone());
            server.licences.insert(licence.number.clone(), licence);
        }
        Ok(server)
    }

    /// The vendor's key, and one that is good for the first version alone.
    #[must_use]
    pub fn vendor_keys(&self) -> Vec<&str> {
        self.vendors.iter().map(|vendor| vendor.key.as_str()).collect()
    }
}

/// A store while it is filled.
struct Stock {
    licence: Licence,
    dice: Dice,
    last_id: i64,
    now: Timestamp,
    zone: jiff::tz::TimeZone,
    days: i64,
    reasons: Vec<(String, bool)>,
}

impl Stock {
    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// A moment before now, at most so many days ago.
    fn ago(&mut self, days: i64) -> Timestamp {
        let seconds = self.dice.between(60, (days * 86_400).max(61));
        // The state's clock has seven digits.
        let ticks = self.dice.between(0, 9_999_999) * 100;
        let back = SignedDuration::from_secs(seconds).saturating_sub(SignedDuration::from_nanos(ticks));
        self.now.checked_sub(back).unwrap_or(self.now)
    }

    fn local(&self, at: Timestamp) -> jiff::civil::DateTime {
        at.to_zoned(self.zone.clone()).datetime()
    }

    fn fill(&mut self, sizes: Sizes) {
        let old = self.ago(self.days.max(30) * 2);
        for (name, kind) in [("Vault", "Packages"), ("Sales Floor", "Default"), ("Quarantine", "Default")] {
            let id = self.next_id();
            let place = Place { id, name: name.to_owned(), kind: kind.to_owned(), archived: false, modified: old };
            self.licence.locations.put(place);
        }
        for name in ["Shelf A", "Shelf B"] {
            let id = self.next_id();
            let place = Place { id, name: name.to_owned(), kind: String::new(), archived: false, modified: old };
            self.licence.sublocations.put(place);
        }
        for number in 0..(sizes.packages / 6).clamp(6, 5_000) {
            self.item(number, old);
        }
        for number in 0..sizes.packages {
            self.package(&format!("{SUPPLIED}{number:09}"), false);
        }
        for number in 0..sizes.tags {
            let (id, label) = (self.next_id(), format!("{OWN}{number:09}"));
            self.licence.tags.insert(label.clone(), Tag { id, label, used: None });
        }
        self.receipts(sizes.receipts);
        self.adjustments(sizes.adjustments);
        for number in 0..sizes.incoming {
            self.incoming(sizes.packages + number * 4);
        }
    }

    fn item(&mut self, number: u32, modified: Timestamp) {
        let strain = self.dice.pick(&["Blue Dream", "Harbor Haze", "Lemon Kush", "Night Owl"], "House");
        let place = self.dice.weighted(&[10, 2, 5, 3, 1, 1]);
        let (category, _, counted, has_strain, has_weight) = CATEGORIES[place.min(CATEGORIES.len() - 1)];
        let unit = match counted {
            "WeightBased" => Unit::Gram,
            "VolumeBased" => Unit::Millilitre,
            _ => Unit::Each,
        };
        let id = self.next_id();
        self.licence.items.put(Item {
            id,
            name: format!("{strain} {category} No. {number}"),
            category: category.to_owned(),
            unit,
            unit_weight: has_weight.then(|| (Decimal::new(35, 1), Unit::Gram)),
            strain: has_strain.then(|| strain.to_owned()),
            brand: None,
            archived: false,
            modified,
        });
    }

    fn package(&mut self, label: &str, in_transit: bool) -> i64 {
        let at = self.ago(self.days);
        let items = self.licence.items.len();
        let chosen = self.dice.place(items);
        let item = self.licence.items.iter().nth(chosen).map(|item| (item.id, item.unit));
        let (item, unit) = item.unwrap_or((0, Unit::Each));
        let place = self.dice.place(2);
        let location = self.licence.locations.iter().nth(place).map_or(0, |place| place.id);
        let quantity = Quantity::from_atoms(self.dice.between(40, 400) * ONE, unit.dimension());
        let id = self.next_id();
        let received = Received {
            at,
            manifest: format!("{:010}", 250_000 + id),
            from: SUPPLIER.0.to_owned(),
            from_name: SUPPLIER.1.to_owned(),
        };
        self.licence.packages.put(Package {
            id,
            label: label.to_owned(),
            item,
            location,
            sublocation: None,
            quantity,
            original: quantity,
            unit,
            packaged: self.local(at).date(),
            dates: Dates::default(),
            sources: Vec::new(),
            note: String::new(),
            external_id: None,
            received: (!in_transit).then_some(received),
            on_hold: false,
            on_recall: false,
            on_investigation: false,
            finished: None,
            archived: None,
            in_transit,
            transferred: false,
            lab_state: "TestPassed".to_owned(),
            is_donation: false,
            is_trade_sample: false,
            is_finished_good: unit == Unit::Each,
            is_testing_sample: false,
            production_batch: None,
            required_tests: Vec::new(),
            is_touched: false,
            modified: at,
        });
        self.licence.by_label.insert(label.to_owned(), id);
        id
    }

    /// Changes a package that is not new any more.
    fn take(&mut self, package: i64, amount: i64, at: Timestamp) {
        self.licence.packages.edit(package, |package| {
            let left = package.quantity.atoms() - amount;
            package.quantity = Quantity::from_atoms(left, package.quantity.dimension());
            package.modified = package.modified.max(at);
            package.is_touched = true;
        });
    }

    fn receipts(&mut self, count: u32) {
        let packages: Vec<(i64, Unit)> =
            self.licence.packages.iter().map(|package| (package.id, package.unit)).collect();
        if packages.is_empty() {
            return;
        }
        for number in 0..count {
            let at = self.ago(self.days);
            let lines = self.dice.between(1, 3);
            let lines = (0..lines).filter_map(|_| self.line(&packages, at)).collect::<Vec<_>>();
            if lines.is_empty() {
                continue;
            }
            let (id, sold_at) = (self.next_id(), self.local(at));
            let external = format!("POS1-{}-{number:05}", sold_at.strftime("%Y%m%d"));
            self.licence.by_external.entry(external.clone()).or_default().push(id);
            self.licence.receipts.put(Receipt {
                id,
                external: Some(external),
                sold_at,
                customer: Customer { kind: "Consumer".to_owned(), ..Customer::default() },
                lines,
                is_final: self.dice.chance(9, 10),
                archived: None,
                recorded: at,
                by: "Dana Ruiz".to_owned(),
                modified: at,
            });
        }
    }

    fn line(&mut self, packages: &[(i64, Unit)], at: Timestamp) -> Option<Line> {
        let (package, unit) = *packages.get(self.dice.place(packages.len()))?;
        let pieces = self.dice.between(1, 2);
        let on_hand = self.licence.packages.get(package)?.quantity.atoms();
        // A store buys more of what it sells.
        if on_hand <= pieces * ONE {
            self.licence.packages.edit(package, |package| {
                package.original = Quantity::from_atoms(package.original.atoms() + 500 * ONE, unit.dimension());
                package.quantity = Quantity::from_atoms(package.quantity.atoms() + 500 * ONE, unit.dimension());
            });
        }
        self.take(package, pieces * ONE, at);
        Some(Line {
            package,
            number: Decimal::new(pieces, 0),
            unit,
            quantity: Quantity::from_atoms(pieces * ONE, unit.dimension()),
            price: Decimal::new(pieces * self.dice.between(800, 6_000), 2),
            invoice: None,
        })
    }

    fn adjustments(&mut self, count: u32) {
        let packages: Vec<(i64, Unit)> =
            self.licence.packages.iter().map(|package| (package.id, package.unit)).collect();
        for _ in 0..count {
            let Some((package, unit)) = packages.get(self.dice.place(packages.len())).copied() else { return };
            let (at, id) = (self.ago(self.days), self.next_id());
            let chosen = self.dice.place(self.reasons.len());
            let reason = self.reasons.get(chosen).map_or_else(|| "Waste".to_owned(), |(name, _)| name.clone());
            self.take(package, ONE, at);
            self.licence.adjustments.put(Adjustment {
                id,
                package,
                quantity: Quantity::from_atoms(-ONE, unit.dimension()),
                reason,
                note: "counted".to_owned(),
                date: self.local(at).date(),
                at,
                by: "Sam Cole".to_owned(),
            });
        }
    }

    /// A manifest with four packages that is on its way.
    fn incoming(&mut self, first: u32) {
        let at = self.ago(1);
        let packages: Vec<i64> =
            (0..4).map(|number| self.package(&format!("{SUPPLIED}{:09}", first + number), true)).collect();
        let shipped = |id: &i64| Shipped {
            package: *id,
            quantity: self.licence.packages.get(*id).map_or(Quantity::zero(Unit::Each.dimension()), |it| it.quantity),
            received: None,
            state: ShipmentState::Shipped,
            price: None,
        };
        let packages = packages.iter().map(shipped).collect();
        let (id, delivery) = (self.next_id(), self.next_id());
        let soon = self.now.checked_add(SignedDuration::from_hours(2)).unwrap_or(self.now);
        self.licence.transfers.put(Transfer {
            id,
            delivery,
            manifest: format!("{:010}", 300_000 + id),
            is_outgoing: false,
            other: (SUPPLIER.0.to_owned(), SUPPLIER.1.to_owned()),
            created: at,
            departs: self.local(at),
            arrives: self.local(soon),
            received: None,
            voided: false,
            packages,
            modified: at,
        });
    }
}
