//! What the simulated life does with the server besides calling it: what was there before it began, deliveries and
//! shipments, and people in the web page.

use super::context::Context;
use super::exchange::Target;
use super::records::{Dates, Item, Licence, Package, Place, Received, ShipmentState, Shipped, Tag, Transfer};
use super::seed::{PERMISSIONS, RETAILER, SUPPLIER};
use super::{Employee, Metrc, Settings, VendorKey, basic_header};
use crate::SimError;
use jiff::{Timestamp, civil};
use trueup_core::{Quantity, Unit};

/// A package that the state learns of other than by a call.
pub(crate) struct NewPackage<'p> {
    pub label: &'p str,
    pub item: &'p str,
    pub quantity: Quantity,
    pub location: &'p str,
    pub packaged: Option<civil::Date>,
    /// When, and the manifest.
    pub received: Option<(Timestamp, String)>,
    pub in_transit: bool,
}

/// A package on a manifest: its label, what was sent, what arrived, and whether it went back.
pub(crate) struct OnManifest {
    pub label: String,
    pub shipped: Quantity,
    pub received: Option<Quantity>,
    pub rejected: bool,
}

/// A manifest: its number, its packages, and when it was received, if it was.
pub(crate) struct Manifest {
    pub number: String,
    pub outgoing: bool,
    pub rows: Vec<OnManifest>,
    pub received: Option<Timestamp>,
}

impl Metrc {
    /// A server with one empty store, and a program that reports to it. Whoever asks with the second employee's key is a
    /// person.
    pub(crate) fn for_life(settings: Settings, license: &str, program: &str) -> Result<Self, SimError> {
        let mut server = Self::new(settings)?;
        server.vendors.push(VendorKey { key: "sim-vendor".to_owned(), first_version_only: false });
        for (name, number, key) in [("Dana Ruiz", "EMP-0001", "sim-user"), (program, "EMP-0002", "sim-program")] {
            server.employees.push(Employee {
                name: name.to_owned(),
                number: number.to_owned(),
                key: key.to_owned(),
                key_ends: None,
                permissions: PERMISSIONS.map(str::to_owned).into(),
                licences: vec![license.to_owned()],
            });
        }
        let mut licence = Licence::new(license, "Harbor Street Dispensary", 1_001);
        licence.may = RETAILER.to_vec();
        server.order.push(license.to_owned());
        server.licences.insert(license.to_owned(), licence);
        Ok(server)
    }

    /// The header with which the program asks.
    pub(crate) fn program_header() -> String {
        basic_header("sim-vendor", "sim-program")
    }

    fn only(&mut self) -> Option<(&mut Licence, &mut i64)> {
        let licence = self.order.first().and_then(|number| self.licences.get_mut(number))?;
        Some((licence, &mut self.last_id))
    }

    pub(crate) fn add_item(&mut self, now: Timestamp, name: &str, unit: Unit) {
        let Some((licence, last_id)) = self.only() else { return };
        *last_id += 1;
        let category = match unit {
            Unit::Each => "Infused Edible (each)",
            Unit::Millilitre => "Tincture (volume)",
            _ => "Buds (by strain)",
        };
        licence.items.put(Item {
            id: *last_id,
            name: name.to_owned(),
            category: category.to_owned(),
            unit,
            unit_weight: None,
            strain: None,
            brand: None,
            archived: false,
            modified: now,
        });
    }

    pub(crate) fn add_location(&mut self, now: Timestamp, name: &str) {
        let Some((licence, last_id)) = self.only() else { return };
        *last_id += 1;
        let (name, kind) = (name.to_owned(), "Default".to_owned());
        licence.locations.put(Place { id: *last_id, name, kind, archived: false, modified: now });
    }

    /// A tag that was ordered.
    pub(crate) fn add_tag(&mut self, label: &str) {
        let Some((licence, last_id)) = self.only() else { return };
        *last_id += 1;
        licence.tags.insert(label.to_owned(), Tag { id: *last_id, label: label.to_owned(), used: None });
    }

    pub(crate) fn add_package(&mut self, now: Timestamp, new: NewPackage<'_>) {
        let Some((licence, last_id)) = self.only() else { return };
        *last_id += 1;
        let item = licence.item(new.item).map(|item| (item.id, item.unit));
        let location = super::records::place(&licence.locations, new.location).map_or(0, |place| place.id);
        let (item, unit) = item.unwrap_or((0, Unit::base(new.quantity.dimension())));
        let (from, from_name) = (SUPPLIER.0.to_owned(), SUPPLIER.1.to_owned());
        licence.packages.put(Package {
            id: *last_id,
            label: new.label.to_owned(),
            item,
            location,
            sublocation: None,
            quantity: new.quantity,
            original: new.quantity,
            unit,
            packaged: new.packaged.unwrap_or_else(|| now.to_zoned(jiff::tz::TimeZone::UTC).date()),
            dates: Dates::default(),
            sources: Vec::new(),
            note: String::new(),
            external_id: None,
            received: new.received.map(|(at, manifest)| Received { at, manifest, from, from_name }),
            on_hold: false,
            on_recall: false,
            on_investigation: false,
            finished: None,
            archived: None,
            in_transit: new.in_transit,
            transferred: false,
            lab_state: "TestPassed".to_owned(),
            is_donation: false,
            is_trade_sample: false,
            is_finished_good: false,
            is_testing_sample: false,
            production_batch: None,
            required_tests: Vec::new(),
            is_touched: false,
            modified: now,
        });
        licence.by_label.insert(new.label.to_owned(), *last_id);
        licence.commit();
    }

    /// A manifest as somebody wrote it; its packages are known.
    pub(crate) fn add_manifest(&mut self, now: Timestamp, manifest: Manifest) {
        let zone = self.zone.clone();
        let Some((licence, last_id)) = self.only() else { return };
        *last_id += 2;
        let local = now.to_zoned(zone).datetime();
        let row = |row: &OnManifest| {
            let state = match row {
                OnManifest { rejected: true, .. } => ShipmentState::Rejected,
                OnManifest { received: Some(_), .. } => ShipmentState::Accepted,
                _ => ShipmentState::Shipped,
            };
            let package = licence.package(&row.label)?.id;
            Some(Shipped { package, quantity: row.shipped, received: row.received, state, price: None })
        };
        let packages = manifest.rows.iter().filter_map(row).collect();
        licence.transfers.put(Transfer {
            id: *last_id - 1,
            delivery: *last_id,
            manifest: manifest.number,
            is_outgoing: manifest.outgoing,
            other: (SUPPLIER.0.to_owned(), SUPPLIER.1.to_owned()),
            created: now,
            departs: local,
            arrives: local,
            received: manifest.received,
            voided: false,
            packages,
            modified: now,
        });
        licence.commit();
    }

    /// A part of a package leaves.
    pub(crate) fn ship(&mut self, now: Timestamp, label: &str, quantity: Quantity) -> Result<(), String> {
        let permissions = std::collections::BTreeSet::new();
        let target = Target::of("");
        let number = self.order.first().cloned().unwrap_or_default();
        let licence = self.licences.get_mut(&number).ok_or("there is no licence")?;
        let mut context = Context {
            settings: &self.settings,
            zone: &self.zone,
            now,
            by: "",
            permissions: &permissions,
            target: &target,
            is_post: false,
            is_first: false,
            body: &[],
            last_id: &mut self.last_id,
        };
        let id = licence.package(label).ok_or_else(|| super::packages::unknown(label))?.id;
        super::packages::take(&mut context, licence, id, quantity)?;
        licence.commit();
        Ok(())
    }

    /// What a package holds; nothing if it was undone.
    pub(crate) fn held(&self, label: &str) -> Option<Quantity> {
        let licence = self.order.first().and_then(|number| self.licences.get(number))?;
        let package = licence.package(label)?;
        Some(package.quantity)
    }

    /// The state's number of a package.
    pub(crate) fn package_id(&self, label: &str) -> Option<i64> {
        let licence = self.order.first().and_then(|number| self.licences.get(number))?;
        licence.package(label).map(|package| package.id)
    }
}
