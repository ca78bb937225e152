//! The state as a server that is called: the POS's program reports to it, people use its web page.

use super::{Adjustment, Manifest, StateLine, StateLot, StateReceipt};
use crate::SimError;
use crate::goods::{Atoms, Item};
use crate::guard::Lot;
use crate::metrc::bodies::{AdjustBody, LineBody, ReceiptBody, created, number, raw, rows};
use crate::metrc::living;
use crate::metrc::{ByHand, Metrc, Request, Settings};
use crate::pos::{ROOMS, dollars};
use crate::style::Style;
use crate::world::INTEGRATION;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use trueup_core::{PackageTag, Quantity, Unit};

/// Reasons of adjustments, as the simulated people and programs name them; none needs a note.
const REASONS: [&str; 9] = [
    "Incorrect Quantity",
    "Undersold",
    "Oversold",
    "Display Sample",
    "Waste (Unusable)",
    "Spoilage",
    "Mandated Destruction",
    "Trade Sample",
    "Customer Return",
];

/// The server, and what of it the life has to remember.
pub(super) struct Live {
    metrc: Metrc,
    license: String,
    /// Manifests that wait at the door: packages that will be refused.
    waiting: BTreeMap<String, Vec<String>>,
}

/// The tag and the item of a lot.
type Known = (PackageTag, u32);

impl Live {
    pub fn create(style: &Style, items: &[Item]) -> Result<Self, SimError> {
        let settings = Settings {
            zone: style.zone_name.to_owned(),
            // What people do wrong may leave less than nothing.
            below_zero: true,
            reasons: REASONS.map(|name| (name.to_owned(), false)).to_vec(),
            ..Settings::default()
        };
        let mut metrc = Metrc::for_life(settings, &style.license, INTEGRATION)?;
        let begun = style.window_start - jiff::SignedDuration::from_hours(24 * 40);
        for item in items {
            metrc.add_item(begun, &item.name, item.unit);
        }
        ROOMS.iter().for_each(|(_, room)| metrc.add_location(begun, room));
        Ok(Self { metrc, license: style.license.clone(), waiting: BTreeMap::new() })
    }

    /// The server as it is in the end.
    pub fn into_server(self) -> Metrc {
        self.metrc
    }

    /// What the server says a package holds.
    pub fn held(&self, tag: PackageTag) -> Option<Atoms> {
        self.metrc.held(&tag.to_string()).map(Quantity::atoms)
    }

    /// Somebody calls: the program with its key, a person in the web page.
    fn call(
        &mut self,
        now: Timestamp,
        by: &str,
        method: &'static str,
        call: (&str, String),
    ) -> Result<String, SimError> {
        let (path, body) = call;
        let refused = |words: String| SimError::Refused { call: format!("{method} {path} by {by}"), words };
        if by != INTEGRATION {
            let what = ByHand::Write { method, path: path.to_owned(), body };
            let done = self.metrc.by_hand(now, &self.license, by, &what);
            return done.map(|()| String::new()).map_err(|error| refused(error.to_string()));
        }
        let request = Request {
            method: method.to_owned(),
            target: format!("{path}?licenseNumber={}", self.license),
            authorization: Some(Metrc::program_header()),
            body: body.into_bytes(),
        };
        let reply = self.metrc.handle(now, &request);
        let words = String::from_utf8_lossy(&reply.body).into_owned();
        if reply.status == 200 { Ok(words) } else { Err(refused(words)) }
    }

    /// A package was there, came with a delivery, or is put into the records by hand.
    pub fn learn(&mut self, now: Timestamp, known: &StateLot, items: &[Item]) -> Result<(), SimError> {
        let label = known.tag.to_string();
        let quantity = quantity_of(known.quantity, items, known.item);
        if let Some((_, manifest)) = &known.received
            && let Some(rejected) = self.waiting.remove(manifest)
        {
            let accept = ByHand::Accept { manifest: manifest.clone(), counted: Vec::new(), rejected };
            let done = self.metrc.by_hand(now, &self.license, "A. Kim", &accept);
            done.map_err(|error| SimError::Refused { call: format!("accept {manifest}"), words: error.to_string() })?;
        }
        if self.metrc.package_id(&label).is_none() {
            self.metrc.add_package(
                now,
                living::NewPackage {
                    label: &label,
                    item: name_of(items, known.item),
                    quantity,
                    location: room_name(known.room),
                    packaged: known.packaged,
                    received: known.received.clone(),
                    in_transit: false,
                },
            );
        }
        Ok(())
    }

    pub fn record(&mut self, receipt: &StateReceipt, tag: &dyn Fn(Lot) -> Option<Known>) -> Result<u64, SimError> {
        let body = receipt_body(receipt, None, tag)?;
        let (now, by) = (receipt.recorded, receipt.by);
        let id = if by == INTEGRATION {
            created(&self.call(now, by, "POST", ("/sales/v2/receipts", body))?)?
        } else {
            // The web page shows no numbers: the newest receipt is the one just made.
            self.call(now, by, "POST", ("/sales/v2/receipts", body))?;
            let newest = self.metrc.receipt_ids(&self.license).into_iter().max();
            newest.and_then(|id| u64::try_from(id).ok()).ok_or(SimError::Number)?
        };
        if receipt.finalized {
            self.call(now, INTEGRATION, "PUT", ("/sales/v2/receipts/finalize", format!("[{{\"Id\":{id}}}]")))?;
        }
        Ok(id)
    }

    /// A receipt is changed or voided.
    pub fn change(
        &mut self,
        now: Timestamp,
        receipt: &StateReceipt,
        was_final: bool,
        tag: &dyn Fn(Lot) -> Option<Known>,
    ) -> Result<(), SimError> {
        let id = receipt.id;
        let only = || format!("[{{\"Id\":{id}}}]");
        if was_final {
            self.call(now, INTEGRATION, "PUT", ("/sales/v2/receipts/unfinalize", only()))?;
        }
        if receipt.archived.is_some() {
            self.call(now, INTEGRATION, "DELETE", (&format!("/sales/v2/receipts/{id}"), String::new()))?;
            return Ok(());
        }
        let body = receipt_body(receipt, Some(id), tag)?;
        self.call(now, INTEGRATION, "PUT", ("/sales/v2/receipts", body))?;
        if was_final {
            self.call(now, INTEGRATION, "PUT", ("/sales/v2/receipts/finalize", only()))?;
        }
        Ok(())
    }

    pub fn adjust(
        &mut self,
        style: &Style,
        items: &[Item],
        adjustment: &Adjustment,
        known: Known,
    ) -> Result<(), SimError> {
        let body = AdjustBody {
            label: known.0.to_string(),
            quantity: number(adjustment.amount)?,
            unit_of_measure: unit_of(items, known.1).name(),
            adjustment_reason: adjustment.reason,
            adjustment_date: style.local(adjustment.at).date().to_string(),
            reason_note: &adjustment.note,
        };
        let body = rows(&[body])?;
        self.call(adjustment.at, adjustment.by, "POST", ("/packages/v2/adjust", body)).map(drop)
    }

    /// A package is made of others.
    pub fn make(
        &mut self,
        now: Timestamp,
        items: &[Item],
        known: &StateLot,
        sources: &[(PackageTag, Atoms)],
    ) -> Result<(), SimError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Ingredient<'a> {
            package: String,
            quantity: Box<serde_json::value::RawValue>,
            unit_of_measure: &'a str,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Made<'a> {
            tag: String,
            item: &'a str,
            quantity: Box<serde_json::value::RawValue>,
            unit_of_measure: &'a str,
            location: &'a str,
            actual_date: String,
            ingredients: Vec<Ingredient<'a>>,
        }
        let unit_of_measure = unit_of(items, known.item).name();
        let ingredient = |(tag, amount): &(PackageTag, Atoms)| {
            Ok(Ingredient { package: tag.to_string(), quantity: number(*amount)?, unit_of_measure })
        };
        let ingredients: Result<Vec<_>, SimError> = sources.iter().map(ingredient).collect();
        let made = Made {
            tag: known.tag.to_string(),
            item: name_of(items, known.item),
            quantity: number(known.quantity)?,
            unit_of_measure,
            location: room_name(known.room),
            actual_date: known.packaged.map(|date| date.to_string()).unwrap_or_default(),
            ingredients: ingredients?,
        };
        self.metrc.add_tag(&known.tag.to_string());
        self.call(now, INTEGRATION, "POST", ("/packages/v2", rows(&[made])?)).map(drop)
    }

    pub fn discontinue(&mut self, now: Timestamp, tag: PackageTag) -> Result<(), SimError> {
        let id = self.metrc.package_id(&tag.to_string()).unwrap_or(0);
        self.call(now, "M. Ruiz", "DELETE", (&format!("/packages/v2/{id}"), String::new())).map(drop)
    }

    pub fn finish(&mut self, now: Timestamp, tag: PackageTag, date: jiff::civil::Date) -> Result<(), SimError> {
        let body = format!("[{{\"Label\":\"{tag}\",\"ActualDate\":\"{date}\"}}]");
        self.call(now, INTEGRATION, "PUT", ("/packages/v2/finish", body)).map(drop)
    }

    pub fn move_to(&mut self, now: Timestamp, tag: PackageTag, room: u8) -> Result<(), SimError> {
        let body = format!("[{{\"Label\":\"{tag}\",\"Location\":\"{}\"}}]", room_name(room));
        self.call(now, INTEGRATION, "PUT", ("/packages/v2/location", body)).map(drop)
    }

    pub fn hold(&mut self, now: Timestamp, tag: PackageTag) -> Result<(), SimError> {
        let hold = ByHand::Hold { label: tag.to_string(), to: true };
        let done = self.metrc.by_hand(now, &self.license, "Inspector", &hold);
        done.map_err(|error| SimError::Refused { call: format!("hold {tag}"), words: error.to_string() })
    }

    pub fn ship(&mut self, now: Timestamp, tag: PackageTag, quantity: Quantity) -> Result<(), SimError> {
        let done = self.metrc.ship(now, &tag.to_string(), quantity);
        done.map_err(|words| SimError::Refused { call: format!("ship {tag}"), words })
    }

    /// A manifest: what is not there yet is on its way.
    pub fn manifest(&mut self, now: Timestamp, items: &[Item], manifest: &Manifest) {
        let is_coming = !manifest.outgoing && manifest.at.is_none_or(|at| at > now);
        let mut rows = Vec::new();
        for row in &manifest.rows {
            let label = row.tag.to_string();
            let shipped = quantity_of(row.shipped, items, row.item);
            if self.metrc.package_id(&label).is_none() {
                self.metrc.add_package(
                    now,
                    living::NewPackage {
                        label: &label,
                        item: name_of(items, row.item),
                        quantity: shipped,
                        location: room_name(0),
                        packaged: None,
                        received: None,
                        in_transit: true,
                    },
                );
            }
            let rejected = row.state == "Rejected";
            let received = row.received.filter(|_| !is_coming).map(|amount| quantity_of(amount, items, row.item));
            rows.push(living::OnManifest { label, shipped, received, rejected: rejected && !is_coming });
        }
        if is_coming && manifest.at.is_some() {
            let refused = manifest.rows.iter().filter(|row| row.state == "Rejected");
            let refused = refused.map(|row| row.tag.to_string()).collect();
            self.waiting.insert(manifest.number.clone(), refused);
        }
        let received = manifest.at.filter(|_| !is_coming && !manifest.outgoing);
        let (number, outgoing) = (manifest.number.clone(), manifest.outgoing);
        self.metrc.add_manifest(now, living::Manifest { number, outgoing, rows, received });
    }
}

fn room_name(room: u8) -> &'static str {
    ROOMS.get(usize::from(room)).map_or("", |room| room.1)
}

fn item_of(items: &[Item], item: u32) -> Option<&Item> {
    items.get(usize::try_from(item).ok()?)
}

fn name_of(items: &[Item], item: u32) -> &str {
    item_of(items, item).map_or("", |item| &item.name)
}

fn unit_of(items: &[Item], item: u32) -> Unit {
    item_of(items, item).map_or(Unit::Each, |item| item.unit)
}

fn quantity_of(amount: Atoms, items: &[Item], item: u32) -> Quantity {
    Quantity::from_atoms(amount, unit_of(items, item).dimension())
}

fn receipt_body(
    receipt: &StateReceipt,
    id: Option<u64>,
    tag: &dyn Fn(Lot) -> Option<Known>,
) -> Result<String, SimError> {
    let line = |line: &StateLine| {
        let (tag, _) = tag(line.lot).ok_or(SimError::Number)?;
        let quantity =
            trueup_core::decimal_text(i128::from(line.number.mantissa()), u32::from(line.number.scale()), true);
        Ok(LineBody {
            package_label: tag.to_string(),
            quantity: raw(&quantity)?,
            unit_of_measure: line.unit.name(),
            total_amount: raw(&dollars(line.price))?,
        })
    };
    let transactions: Result<Vec<_>, SimError> = receipt.lines.iter().map(line).collect();
    rows(&[ReceiptBody {
        id,
        sales_date_time: receipt.sold_at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        external_receipt_number: receipt.external.as_deref(),
        sales_customer_type: receipt.customer,
        transactions: transactions?,
    }])
}
