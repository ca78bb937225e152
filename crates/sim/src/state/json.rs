//! The state's records as its API answers them: the field names of the v2 API, one record a line.

use super::{Adjustment, Manifest, ManifestRow, StateLine, StateLot, StateReceipt, Tags};
use crate::SimError;
use crate::files::{Records, json_number};
use crate::goods::{Atoms, Item};
use crate::pos::{ROOMS, dollars};
use crate::style::Style;
use jiff::{Timestamp, civil};
use serde::Serialize;
use serde_json::value::RawValue;
use std::path::Path;
use trueup_core::{Decimal, Dimension, PackageTag, QuantitySum, Unit};

type Number = Box<RawValue>;

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn date(date: civil::Date) -> String {
    date.strftime("%Y-%m-%d").to_string()
}

/// A quantity in its base unit, as the API writes numbers.
fn number(atoms: Atoms) -> Result<Number, SimError> {
    let text = QuantitySum::from_atoms(i128::from(atoms), Dimension::Count).text(Unit::Each).to_string();
    json_number(Decimal::parse(&text).map_err(|_| SimError::Number)?)
}

fn item_of(items: &[Item], item: u32) -> Option<&Item> {
    items.get(usize::try_from(item).ok()?)
}

fn item_name(items: &[Item], item: u32) -> &str {
    item_of(items, item).map_or("", |item| &item.name)
}

fn unit_of(items: &[Item], item: u32) -> Unit {
    item_of(items, item).map_or(Unit::Each, |item| item.unit)
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ItemRecord<'a> {
    name: &'a str,
    product_category_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PackageRecord<'a> {
    id: usize,
    label: String,
    package_type: &'a str,
    source_package_labels: Option<String>,
    location_name: &'a str,
    quantity: Number,
    original_package_quantity: Number,
    unit_of_measure_name: &'a str,
    unit_of_measure_abbreviation: &'a str,
    packaged_date: Option<String>,
    is_on_hold: bool,
    is_finished: bool,
    finished_date: Option<String>,
    archived_date: Option<String>,
    received_date_time: Option<String>,
    received_from_manifest_number: Option<&'a str>,
    last_modified: String,
    item: ItemRecord<'a>,
}

/// Writes the lists of packages: active, inactive and on hold.
pub(super) fn packages<'l>(
    folder: &Path,
    style: &Style,
    items: &[Item],
    lots: impl Iterator<Item = &'l StateLot>,
) -> Result<(), SimError> {
    let create = |name: &str| Records::create(folder.join(format!("state/packages_{name}.json")));
    let (mut active, mut inactive, mut held) = (create("active")?, create("inactive")?, create("onhold")?);
    for (place, lot) in lots.enumerate() {
        let file = match lot {
            StateLot { held: true, .. } => &mut held,
            lot if lot.finished.is_some() || lot.archived.is_some() => &mut inactive,
            _ => &mut active,
        };
        file.add(&package(style, items, place + 1, lot)?)?;
    }
    active.finish()?;
    inactive.finish()?;
    held.finish()
}

fn package<'a>(style: &Style, items: &'a [Item], id: usize, lot: &'a StateLot) -> Result<PackageRecord<'a>, SimError> {
    let unit = unit_of(items, lot.item);
    let sources: Vec<String> = lot.sources.iter().map(ToString::to_string).collect();
    Ok(PackageRecord {
        id,
        label: lot.tag.to_string(),
        package_type: "Product",
        source_package_labels: (!sources.is_empty()).then(|| sources.join(", ")),
        location_name: ROOMS.get(usize::from(lot.room)).map_or("", |room| room.1),
        quantity: number(lot.quantity)?,
        original_package_quantity: number(lot.original)?,
        unit_of_measure_name: unit.name(),
        unit_of_measure_abbreviation: unit.symbol(),
        packaged_date: lot.packaged.map(date),
        is_on_hold: lot.held,
        is_finished: lot.finished.is_some(),
        finished_date: lot.finished.map(date),
        archived_date: lot.archived.map(date),
        received_date_time: lot.received.as_ref().map(|(at, _)| utc(*at)),
        received_from_manifest_number: lot.received.as_ref().map(|(_, manifest)| manifest.as_str()),
        last_modified: utc(style.state_as_of),
        item: ItemRecord { name: item_name(items, lot.item), product_category_name: "Cannabis" },
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LineRecord<'a> {
    package_id: u64,
    package_label: String,
    product_name: &'a str,
    quantity_sold: Number,
    unit_of_measure_name: &'a str,
    unit_of_measure_abbreviation: &'a str,
    total_price: Number,
    sales_delivery_state: Option<&'a str>,
    archived_date: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiptRecord<'a> {
    id: u64,
    receipt_number: String,
    external_receipt_number: Option<&'a str>,
    sales_date_time: String,
    sales_customer_type: &'a str,
    patient_license_number: Option<&'a str>,
    total_packages: usize,
    total_price: Number,
    transactions: Vec<LineRecord<'a>>,
    is_final: bool,
    archived_date: Option<String>,
    recorded_date_time: String,
    recorded_by_user_name: &'a str,
    last_modified: String,
}

fn line<'a>(line: &StateLine, tags: Tags<'_>, items: &'a [Item], delivery: bool) -> Result<LineRecord<'a>, SimError> {
    let (tag, item) = tags(line.lot).ok_or(SimError::Number)?;
    Ok(LineRecord {
        package_id: u64::from(line.lot) + 1,
        package_label: tag.to_string(),
        product_name: item_name(items, item),
        quantity_sold: json_number(line.number)?,
        unit_of_measure_name: line.unit.name(),
        unit_of_measure_abbreviation: line.unit.symbol(),
        total_price: price(line.price)?,
        sales_delivery_state: delivery.then_some("Accepted"),
        archived_date: None,
    })
}

fn price(cents: i64) -> Result<Number, SimError> {
    json_number(Decimal::parse(&dollars(cents)).map_err(|_| SimError::Number)?)
}

fn sold_at(at: civil::DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000").to_string()
}

/// A receipt as the API gives it by id, with its lines.
pub(super) fn receipt<'a>(
    receipt: &'a StateReceipt,
    tags: Tags<'_>,
    items: &'a [Item],
) -> Result<impl Serialize + use<'a>, SimError> {
    let lines: Result<Vec<_>, _> = receipt.lines.iter().map(|row| line(row, tags, items, false)).collect();
    Ok(ReceiptRecord {
        id: receipt.id,
        receipt_number: format!("{:010}", receipt.id),
        external_receipt_number: receipt.external.as_deref(),
        sales_date_time: sold_at(receipt.sold_at),
        sales_customer_type: receipt.customer,
        patient_license_number: None,
        total_packages: receipt.lines.len(),
        total_price: price(receipt.lines.iter().map(|line| line.price).sum())?,
        transactions: lines?,
        is_final: receipt.finalized,
        archived_date: receipt.archived.map(date),
        recorded_date_time: utc(receipt.recorded),
        recorded_by_user_name: receipt.by,
        last_modified: utc(receipt.modified),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeliveryRecord<'a> {
    id: u64,
    delivery_number: String,
    external_receipt_number: Option<&'a str>,
    sales_date_time: String,
    sales_customer_type: &'a str,
    total_packages: usize,
    transactions: Vec<LineRecord<'a>>,
    completed_date_time: String,
    sales_delivery_state: &'a str,
    voided_date: Option<String>,
    recorded_date_time: String,
    recorded_by_user_name: &'a str,
    last_modified: String,
}

/// A delivery as the API gives it by id, with its lines.
pub(super) fn delivery<'a>(
    receipt: &'a StateReceipt,
    tags: Tags<'_>,
    items: &'a [Item],
) -> Result<impl Serialize + use<'a>, SimError> {
    let lines: Result<Vec<_>, _> = receipt.lines.iter().map(|row| line(row, tags, items, true)).collect();
    Ok(DeliveryRecord {
        id: receipt.id,
        delivery_number: format!("{:010}", receipt.id),
        external_receipt_number: receipt.external.as_deref(),
        sales_date_time: sold_at(receipt.sold_at),
        sales_customer_type: receipt.customer,
        total_packages: receipt.lines.len(),
        transactions: lines?,
        completed_date_time: utc(receipt.recorded),
        sales_delivery_state: "Accepted",
        voided_date: receipt.archived.map(date),
        recorded_date_time: utc(receipt.recorded),
        recorded_by_user_name: receipt.by,
        last_modified: utc(receipt.modified),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AdjustmentRecord<'a> {
    package_id: u64,
    package_label: String,
    item_name: &'a str,
    adjustment_quantity: Number,
    adjustment_unit_of_measure_name: &'a str,
    adjustment_unit_of_measure_abbreviation: &'a str,
    adjustment_reason_name: &'a str,
    adjustment_note: &'a str,
    adjustment_date: String,
    adjusted_by_user_name: &'a str,
}

/// An adjustment of a package.
pub(super) fn adjustment<'a>(
    style: &Style,
    items: &'a [Item],
    adjustment: &'a Adjustment,
    tag: PackageTag,
    item: u32,
) -> Result<impl Serialize + use<'a>, SimError> {
    let unit = unit_of(items, item);
    let day = || date(style.local(adjustment.at).date());
    Ok(AdjustmentRecord {
        package_id: u64::from(adjustment.lot) + 1,
        package_label: tag.to_string(),
        item_name: item_name(items, item),
        adjustment_quantity: number(adjustment.amount)?,
        adjustment_unit_of_measure_name: unit.name(),
        adjustment_unit_of_measure_abbreviation: unit.symbol(),
        adjustment_reason_name: adjustment.reason,
        adjustment_note: &adjustment.note,
        adjustment_date: if style.dated_adjustments { day() } else { utc(adjustment.at) },
        adjusted_by_user_name: adjustment.by,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ManifestRecord<'a> {
    id: &'a str,
    manifest_number: &'a str,
    shipper_facility_license_number: &'a str,
    recipient_facility_license_number: &'a str,
    received_date_time: Option<String>,
    actual_departure_date_time: Option<String>,
    packages: Vec<ManifestRowRecord<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ManifestRowRecord<'a> {
    package_label: String,
    item_name: &'a str,
    shipment_package_state: &'a str,
    shipped_quantity: Number,
    shipped_unit_of_measure_name: &'a str,
    received_quantity: Option<Number>,
    received_unit_of_measure_name: Option<&'a str>,
}

/// A manifest with its packages.
pub(super) fn manifest<'a>(
    style: &'a Style,
    items: &'a [Item],
    manifest: &'a Manifest,
) -> Result<impl Serialize + use<'a>, SimError> {
    const SUPPLIER: &str = "C11-0000777-LIC";
    let rows: Result<Vec<_>, _> = manifest.rows.iter().map(|row| manifest_row(items, row)).collect();
    let (shipper, recipient) =
        if manifest.outgoing { (style.license.as_str(), SUPPLIER) } else { (SUPPLIER, style.license.as_str()) };
    Ok(ManifestRecord {
        id: &manifest.number,
        manifest_number: &manifest.number,
        shipper_facility_license_number: shipper,
        recipient_facility_license_number: recipient,
        received_date_time: manifest.at.filter(|_| !manifest.outgoing).map(utc),
        actual_departure_date_time: manifest.at.filter(|_| manifest.outgoing).map(|at| sold_at(style.local(at))),
        packages: rows?,
    })
}

fn manifest_row<'a>(items: &'a [Item], row: &ManifestRow) -> Result<ManifestRowRecord<'a>, SimError> {
    let unit = unit_of(items, row.item).name();
    Ok(ManifestRowRecord {
        package_label: row.tag.to_string(),
        item_name: item_name(items, row.item),
        shipment_package_state: row.state,
        shipped_quantity: number(row.shipped)?,
        shipped_unit_of_measure_name: unit,
        received_quantity: row.received.map(number).transpose()?,
        received_unit_of_measure_name: row.received.map(|_| unit),
    })
}
