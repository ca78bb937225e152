//! Receipts and sales deliveries.

use super::context::{Answer, Context, array, not_found, not_permitted};
use super::exchange::{Fields, Reply};
use super::packages::{self, active, measured, take};
use super::records::{Customer, Delivery, Licence, Line, Package, Receipt, on};
use super::shape::{V, day, decimal, instant, local, number, quote, shape};
use super::table::Record;
use jiff::civil;
use std::collections::BTreeMap;
use trueup_core::{Decimal, Quantity, Unit, decimal_text};

pub(super) const VIEW: &[&str] = &["View Sales", "Manage Sales"];
const MANAGE: &[&str] = &["Manage Sales"];
const VIEW_DELIVERIES: &[&str] = &["View Sales Delivery", "Manage Sales Delivery"];
const MANAGE_DELIVERIES: &[&str] = &["Manage Sales Delivery"];
pub(super) const CUSTOMER_TYPES: [&str; 5] =
    ["Consumer", "Patient", "Caregiver", "ExternalPatient", "NonResidentConsumer"];

/// Answers what the path asks for; `path` is behind `/sales/v2`.
pub(super) fn route(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    match path {
        ["receipts", rest @ ..] => receipts(c, licence, method, rest),
        ["deliveries", "returnreasons"] => Some(
            c.needs(VIEW_DELIVERIES)
                .and_then(|()| c.paged(&["Spoilage", "Theft"], |name, out| packages::write_reason(name, true, out))),
        ),
        // Only California has ledgers of vans, and hubs are a transporter's.
        ["deliveries", "retailer" | "hub", ..] => Some(Err(not_permitted())),
        ["deliveries", rest @ ..] => deliveries(c, licence, method, rest),
        ["paymenttypes"] if method == "GET" => Some(Err(not_permitted())),
        _ => None,
    }
}

/// The lists that need no licence.
pub(super) fn route_without_licence(c: &Context<'_>, path: &[&str]) -> Option<Answer> {
    let named = |(id, name): &(i64, &str), out: &mut String| {
        out.push_str(&format!("{{\"Id\":{id},\"Name\":"));
        quote(name, out);
        out.push('}');
    };
    Some(match path {
        ["customertypes"] => Ok(array(CUSTOMER_TYPES, quote)),
        ["counties"] => c.paged(&[(1, "Harbor County"), (2, "Lake County")], named),
        ["patientregistration", "locations"] => {
            Ok(array([(1, "In state"), (2, "Out of state")], |row, out| named(&row, out)))
        }
        _ => return None,
    })
}

fn receipts(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    if let Err(refused) = c.needs(if method == "GET" { VIEW } else { MANAGE }) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["active"]) => list(c, licence, on::ACTIVE),
        ("GET", ["inactive"]) => list(c, licence, on::INACTIVE),
        ("GET", ["external", number]) => by_external(licence, number),
        ("GET", [id]) => by_id(licence, id).map(|receipt| Reply::json(200, text(licence, receipt, true))),
        ("POST", []) => c.write(licence, create),
        ("PUT", []) => c.write(licence, replace),
        ("PUT", ["finalize"]) => c.write(licence, |c, licence, row| finalize(c, licence, row, true)),
        ("PUT", ["unfinalize"]) => c.write(licence, |c, licence, row| finalize(c, licence, row, false)),
        ("DELETE", [id]) => match id.parse() {
            Ok(id) => void(c, licence, id),
            Err(_) => Err(not_found()),
        },
        _ => return None,
    })
}

fn by_id<'l>(licence: &'l Licence, id: &str) -> Result<&'l Receipt, Reply> {
    id.parse().ok().and_then(|id| licence.receipts.get(id)).ok_or_else(not_found)
}

/// One object, the latest, whatever else has this number.
fn by_external(licence: &Licence, number: &str) -> Answer {
    let ids = licence.by_external.get(number).map(Vec::as_slice).unwrap_or_default();
    let has_it = |receipt: &&Receipt| receipt.external.as_deref() == Some(number);
    let latest = ids.iter().rev().filter_map(|id| licence.receipts.get(*id)).find(has_it).ok_or_else(not_found)?;
    Ok(Reply::json(200, text(licence, latest, true)))
}

fn list(c: &Context<'_>, licence: &Licence, list: u8) -> Answer {
    let by_sale = (c.target.query("salesdatestart"), c.target.query("salesdateend"));
    let has_window = c.target.query("lastmodifiedstart").is_some() || c.target.query("lastmodifiedend").is_some();
    if let (Some(_), _) | (_, Some(_)) = by_sale {
        if has_window {
            return Err(Reply::message(400, "Sales dates and last modified dates must not be combined."));
        }
        let date = |text: Option<&str>| text.and_then(|text| text.get(..10)?.parse::<civil::Date>().ok());
        let (from, to) = (date(by_sale.0).unwrap_or(civil::Date::MIN), date(by_sale.1).unwrap_or(civil::Date::MAX));
        let rows: Vec<&Receipt> = licence
            .receipts
            .iter()
            .filter(|receipt| receipt.lists() & list != 0 && (from..=to).contains(&receipt.sold_at.date()))
            .collect();
        return c.paged(&rows, |receipt, out| write_receipt(licence, receipt, false, out));
    }
    if !has_window && !c.settings.receipts_without_window {
        return c.paged(&[0_u8; 0], |_, _| ());
    }
    c.windowed(list, &licence.receipts, |receipt, out| write_receipt(licence, receipt, false, out))
}

/// The time of a sale: the facility's wall clock. What has an offset or a `Z` is read without it, as if it had none.
fn sold_at(row: &Fields<'_>) -> Result<civil::DateTime, String> {
    let text = row.need("SalesDateTime")?;
    let wall_clock = text.get(..19).unwrap_or(&text);
    wall_clock.parse().map_err(|_| "SalesDateTime is not a valid date and time.".to_owned())
}

fn customer(licence: &Licence, row: &Fields<'_>) -> Result<Customer, String> {
    let asked = row.need("SalesCustomerType")?;
    let kind = CUSTOMER_TYPES.iter().find(|kind| kind.eq_ignore_ascii_case(&asked));
    let kind = kind.ok_or_else(|| format!("Sales customer type {asked} was not found."))?;
    let patient = row.text("PatientLicenseNumber");
    if matches!(*kind, "Patient" | "Caregiver")
        && patient.is_none()
        && licence.may.contains(&"SalesRequirePatientNumber")
    {
        return Err("PatientLicenseNumber is required.".to_owned());
    }
    Ok(Customer {
        kind: (*kind).to_owned(),
        patient,
        caregiver: row.text("CaregiverLicenseNumber"),
        identification: row.text("IdentificationMethod"),
        registration_location: row.int("PatientRegistrationLocationId"),
    })
}

/// The lines of a sale, and what of each package is sold.
fn lines(licence: &Licence, row: &Fields<'_>) -> Result<Vec<Line>, String> {
    let lines = row.rows("Transactions");
    if lines.is_empty() {
        return Err("Transactions are required.".to_owned());
    }
    lines.iter().map(|row| line(licence, row)).collect()
}

fn line(licence: &Licence, row: &Fields<'_>) -> Result<Line, String> {
    let label = row.need("PackageLabel")?;
    let package = active(licence, &label)?;
    if package.on_hold || package.on_recall || package.on_investigation {
        return Err(format!("Package {label} is on hold."));
    }
    let (quantity, unit) = measured(row, package)?;
    if quantity.atoms() <= 0 {
        return Err("Quantity must be greater than zero.".to_owned());
    }
    Ok(Line {
        package: package.id,
        number: row.decimal("Quantity")?,
        unit,
        quantity,
        price: row.decimal("TotalAmount")?,
        invoice: row.text("InvoiceNumber"),
    })
}

fn take_lines(c: &mut Context<'_>, licence: &mut Licence, lines: &[Line]) -> Result<(), String> {
    lines.iter().try_for_each(|line| take(c, licence, line.package, line.quantity))
}

fn put_back(c: &mut Context<'_>, licence: &mut Licence, lines: &[Line]) -> Result<(), String> {
    let back = |line: &Line| Quantity::from_atoms(-line.quantity.atoms(), line.quantity.dimension());
    lines.iter().try_for_each(|line| take(c, licence, line.package, back(line)))
}

fn create(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let sold_at = sold_at(row)?;
    let customer = customer(licence, row)?;
    let lines = lines(licence, row)?;
    let external = row.text("ExternalReceiptNumber");
    take_lines(c, licence, &lines)?;
    let id = c.next_id();
    if let Some(number) = &external {
        licence.by_external.entry(number.clone()).or_default().push(id);
    }
    let (recorded, modified, by) = (c.now, c.stamp(), c.by.to_owned());
    licence.receipts.put(Receipt {
        id,
        external,
        sold_at,
        customer,
        lines,
        is_final: false,
        archived: None,
        recorded,
        by,
        modified,
    });
    Ok(id)
}

/// An open receipt, or what is wrong with it.
fn open(licence: &Licence, id: i64) -> Result<Receipt, String> {
    let receipt = licence.receipts.get(id).ok_or_else(|| format!("Receipt {id} was not found."))?;
    match receipt {
        Receipt { archived: Some(_), .. } => Err(format!("Receipt {id} is voided.")),
        Receipt { is_final: true, .. } => Err(format!("Receipt {id} is finalized.")),
        open => Ok(open.clone()),
    }
}

/// An edit: it replaces all lines.
fn replace(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let id = row.int("Id").ok_or("Id is required.")?;
    let old = open(licence, id)?;
    let (sold_at, customer) = (sold_at(row)?, customer(licence, row)?);
    put_back(c, licence, &old.lines)?;
    let lines = lines(licence, row)?;
    take_lines(c, licence, &lines)?;
    let external = row.text("ExternalReceiptNumber").or_else(|| old.external.clone());
    if external != old.external
        && let Some(number) = &external
    {
        licence.by_external.entry(number.clone()).or_default().push(id);
    }
    c.next_id();
    let modified = c.stamp();
    licence.receipts.put(Receipt { external, sold_at, customer, lines, modified, ..old });
    Ok(id)
}

fn finalize(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>, to: bool) -> Result<i64, String> {
    let id = row.int("Id").ok_or("Id is required.")?;
    let receipt = licence.receipts.get(id).ok_or_else(|| format!("Receipt {id} was not found."))?;
    if receipt.archived.is_some() {
        return Err(format!("Receipt {id} is voided."));
    }
    c.next_id();
    let modified = c.stamp();
    licence.receipts.edit(id, |receipt| (receipt.is_final, receipt.modified) = (to, modified));
    Ok(id)
}

/// A void puts back what was sold.
pub(super) fn void(c: &mut Context<'_>, licence: &mut Licence, id: i64) -> Answer {
    if licence.receipts.get(id).is_none() {
        return Err(not_found());
    }
    let receipt = open(licence, id).map_err(|message| Reply::rejected(&[(0, message)]))?;
    licence.commit();
    if let Err(message) = put_back(c, licence, &receipt.lines) {
        licence.roll_back();
        return Err(Reply::rejected(&[(0, message)]));
    }
    c.next_id();
    let (today, modified) = (c.today(), c.stamp());
    licence.receipts.put(Receipt { archived: Some(today), modified, ..receipt });
    licence.commit();
    Ok(Reply::empty(200))
}

shape!(
    RECEIPT,
    "receipt",
    [
        "Id",
        "ReceiptNumber",
        "ExternalReceiptNumber",
        "SalesDateTime",
        "SalesCustomerType",
        "PatientLicenseNumber",
        "CaregiverLicenseNumber",
        "IdentificationMethod",
        "PatientRegistrationLocationId",
        "TotalPackages",
        "TotalPrice",
        "Transactions",
        "IsFinal",
        "ArchivedDate",
        "RecordedDateTime",
        "RecordedByUserName",
        "LastModified",
    ]
);

/// A receipt; lists have it without its lines.
pub(super) fn text(licence: &Licence, receipt: &Receipt, with_lines: bool) -> String {
    let mut out = String::with_capacity(4_000);
    write_receipt(licence, receipt, with_lines, &mut out);
    out
}

fn write_receipt(licence: &Licence, receipt: &Receipt, with_lines: bool, out: &mut String) {
    let lines = if with_lines { line_texts(licence, receipt).join(",") } else { String::new() };
    let seconds = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00").to_string();
    RECEIPT.write(
        &[
            V::Int(receipt.id),
            V::Own(format!("{:010}", receipt.id)),
            receipt.external.as_deref().into(),
            V::Own(local(receipt.sold_at)),
            V::Text(&receipt.customer.kind),
            receipt.customer.patient.as_deref().into(),
            receipt.customer.caregiver.as_deref().into(),
            receipt.customer.identification.as_deref().into(),
            receipt.customer.registration_location.into(),
            V::Int(i64::try_from(receipt.lines.len()).unwrap_or(0)),
            decimal(total(&receipt.lines)),
            V::Json(format!("[{lines}]")),
            V::Flag(receipt.is_final),
            receipt.archived.map(day).into(),
            V::Own(seconds(receipt.recorded)),
            V::Text(&receipt.by),
            V::Own(instant(receipt.modified)),
        ],
        out,
    );
}

fn total(lines: &[Line]) -> String {
    let zero = Decimal::new(0, 0);
    let sum = lines.iter().fold(zero, |sum, line| sum.checked_add(line.price).unwrap_or(sum));
    price_text(sum)
}

fn price_text(price: Decimal) -> String {
    decimal_text(i128::from(price.mantissa()), u32::from(price.scale()), true)
}

shape!(
    LINE,
    "line",
    [
        "PackageId",
        "PackageLabel",
        "ProductName",
        "ProductCategoryName",
        "ItemStrainName",
        "ItemUnitWeight",
        "ItemUnitWeightUnitOfMeasureName",
        "QuantitySold",
        "UnitOfMeasureName",
        "UnitOfMeasureAbbreviation",
        "TotalPrice",
        "SalesDeliveryState",
        "ArchivedDate",
        "RecordedDateTime",
        "RecordedByUserName",
        "LastModified",
        "InvoiceNumber",
    ]
);

/// The lines of a receipt.
pub(super) fn line_texts(licence: &Licence, receipt: &Receipt) -> Vec<String> {
    let about = About {
        state: None,
        archived: receipt.archived,
        recorded: receipt.recorded,
        by: &receipt.by,
        modified: receipt.modified,
    };
    receipt.lines.iter().map(|line| line_text(licence, line, &about)).collect()
}

/// What a line has of its receipt or delivery.
struct About<'a> {
    state: Option<&'a str>,
    archived: Option<civil::Date>,
    recorded: jiff::Timestamp,
    by: &'a str,
    modified: jiff::Timestamp,
}

fn line_text(licence: &Licence, line: &Line, about: &About<'_>) -> String {
    let package: Option<&Package> = licence.packages.get(line.package);
    let item = package.and_then(|package| licence.items.get(package.item));
    let weight = item.and_then(|item| item.unit_weight);
    let quantity = Quantity::new(line.number, line.unit).map_or(V::Null, |quantity| number(quantity, line.unit));
    LINE.text(&[
        V::Int(line.package),
        package.map(|package| package.label.as_str()).into(),
        item.map(|item| item.name.as_str()).into(),
        item.map(|item| item.category.as_str()).into(),
        item.and_then(|item| item.strain.as_deref()).into(),
        weight.map_or(V::Null, |(number, _)| decimal(price_text(number))),
        weight.map(|(_, unit): (Decimal, Unit)| unit.name()).into(),
        quantity,
        V::Text(line.unit.name()),
        V::Text(line.unit.symbol()),
        decimal(price_text(line.price)),
        about.state.into(),
        about.archived.map(day).into(),
        V::Own(instant(about.recorded)),
        V::Text(about.by),
        V::Own(instant(about.modified)),
        line.invoice.as_deref().into(),
    ])
}

fn deliveries(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    if !licence.may.contains(&"CanDeliverSalesToConsumers") {
        return Some(Err(not_permitted()));
    }
    if let Err(refused) = c.needs(if method == "GET" { VIEW_DELIVERIES } else { MANAGE_DELIVERIES }) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["active"]) => list_deliveries(c, licence, on::ACTIVE),
        ("GET", ["inactive"]) => list_deliveries(c, licence, on::INACTIVE),
        ("GET", [id]) => match id.parse().ok().and_then(|id| licence.deliveries.get(id)) {
            Some(delivery) => Ok(Reply::json(200, delivery_text(licence, delivery, true))),
            None => Err(not_found()),
        },
        ("POST", []) => c.write(licence, create_delivery),
        ("PUT", []) => c.write(licence, replace_delivery),
        ("PUT", ["complete"]) => c.write(licence, complete_delivery),
        ("DELETE", [id]) => match id.parse() {
            Ok(id) => void_delivery(c, licence, id),
            Err(_) => Err(not_found()),
        },
        _ => return None,
    })
}

fn list_deliveries(c: &Context<'_>, licence: &Licence, list: u8) -> Answer {
    c.windowed(list, &licence.deliveries, |delivery, out| out.push_str(&delivery_text(licence, delivery, false)))
}

/// Texts of a delivery that are given back as they came.
const TEXTS: [&str; 16] = [
    "ConsumerId",
    "DriverName",
    "DriversLicenseNumber",
    "VehicleMake",
    "VehicleModel",
    "VehicleLicensePlateNumber",
    "RecipientName",
    "RecipientAddressStreet1",
    "RecipientAddressStreet2",
    "RecipientAddressCity",
    "RecipientAddressCounty",
    "RecipientAddressState",
    "RecipientAddressPostalCode",
    "PlannedRoute",
    "TransporterFacilityLicenseNumber",
    "PatientLicenseNumber",
];

fn delivery(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>, id: i64) -> Result<Delivery, String> {
    let time = |name: &str| row.text(name).and_then(|text| text.get(..19)?.parse::<civil::DateTime>().ok());
    let texts: BTreeMap<_, _> = TEXTS.into_iter().filter_map(|name| Some((name, row.text(name)?))).collect();
    let lines = lines(licence, row)?;
    take_lines(c, licence, &lines)?;
    Ok(Delivery {
        id,
        sold_at: sold_at(row)?,
        customer: customer(licence, row)?,
        texts,
        departs: time("EstimatedDepartureDateTime"),
        arrives: time("EstimatedArrivalDateTime"),
        lines,
        completed: None,
        voided: None,
        recorded: c.now,
        by: c.by.to_owned(),
        modified: c.stamp(),
    })
}

fn create_delivery(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let id = c.next_id();
    let delivery = delivery(c, licence, row, id)?;
    licence.deliveries.put(delivery);
    Ok(id)
}

/// A delivery that is under way, or what is wrong with it.
fn open_delivery(licence: &Licence, id: i64) -> Result<Delivery, String> {
    match licence.deliveries.get(id) {
        None => Err(format!("Delivery {id} was not found.")),
        Some(Delivery { completed: None, voided: None, .. }) => {
            licence.deliveries.get(id).cloned().ok_or_else(String::new)
        }
        Some(_) => Err(format!("Delivery {id} is completed or voided.")),
    }
}

fn replace_delivery(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let id = row.int("Id").ok_or("Id is required.")?;
    let old = open_delivery(licence, id)?;
    put_back(c, licence, &old.lines)?;
    c.next_id();
    let new = delivery(c, licence, row, id)?;
    licence.deliveries.put(Delivery { recorded: old.recorded, by: old.by, ..new });
    Ok(id)
}

fn complete_delivery(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let id = row.int("Id").ok_or("Id is required.")?;
    let mut delivery = open_delivery(licence, id)?;
    for returned in row.rows("ReturnedPackages") {
        let label = returned.need("Label")?;
        let package = licence.package(&label).ok_or_else(|| packages::unknown(&label))?.id;
        let back: Vec<Line> = delivery.lines.iter().filter(|line| line.package == package).cloned().collect();
        if back.is_empty() {
            return Err(format!("Package {label} is not part of the delivery."));
        }
        put_back(c, licence, &back)?;
        delivery.lines.retain(|line| line.package != package);
    }
    c.next_id();
    (delivery.completed, delivery.modified) = (Some(c.now), c.stamp());
    licence.deliveries.put(delivery);
    Ok(id)
}

fn void_delivery(c: &mut Context<'_>, licence: &mut Licence, id: i64) -> Answer {
    if licence.deliveries.get(id).is_none() {
        return Err(not_found());
    }
    let mut delivery = open_delivery(licence, id).map_err(|message| Reply::rejected(&[(0, message)]))?;
    licence.commit();
    if let Err(message) = put_back(c, licence, &delivery.lines) {
        licence.roll_back();
        return Err(Reply::rejected(&[(0, message)]));
    }
    c.next_id();
    (delivery.voided, delivery.modified) = (Some(c.today()), c.stamp());
    licence.deliveries.put(delivery);
    licence.commit();
    Ok(Reply::empty(200))
}

shape!(
    DELIVERY,
    "delivery",
    [
        "Id",
        "DeliveryNumber",
        "FacilityLicenseNumber",
        "FacilityName",
        "SalesDateTime",
        "SalesCustomerType",
        "EstimatedDepartureDateTime",
        "EstimatedArrivalDateTime",
        "TotalPackages",
        "TotalPrice",
        "Transactions",
        "CompletedDateTime",
        "SalesDeliveryState",
        "VoidedDate",
        "RecordedDateTime",
        "RecordedByUserName",
        "LastModified",
        "ConsumerId",
        "DriverName",
        "DriversLicenseNumber",
        "VehicleMake",
        "VehicleModel",
        "VehicleLicensePlateNumber",
        "RecipientName",
        "RecipientAddressStreet1",
        "RecipientAddressStreet2",
        "RecipientAddressCity",
        "RecipientAddressCounty",
        "RecipientAddressState",
        "RecipientAddressPostalCode",
        "PlannedRoute",
        "TransporterFacilityLicenseNumber",
        "PatientLicenseNumber",
    ]
);

fn delivery_text(licence: &Licence, delivery: &Delivery, with_lines: bool) -> String {
    let state = if delivery.completed.is_some() { "Accepted" } else { "Shipped" };
    let about = About {
        state: Some(state),
        archived: delivery.voided,
        recorded: delivery.recorded,
        by: &delivery.by,
        modified: delivery.modified,
    };
    let shown = if with_lines { delivery.lines.as_slice() } else { &[] };
    let lines: Vec<String> = shown.iter().map(|line| line_text(licence, line, &about)).collect();
    let mut values = vec![
        V::Int(delivery.id),
        V::Own(format!("{:010}", delivery.id)),
        V::Text(&licence.number),
        V::Text(&licence.name),
        V::Own(local(delivery.sold_at)),
        V::Text(&delivery.customer.kind),
        delivery.departs.map(local).into(),
        delivery.arrives.map(local).into(),
        V::Int(i64::try_from(delivery.lines.len()).unwrap_or(0)),
        decimal(total(&delivery.lines)),
        V::Json(format!("[{}]", lines.join(","))),
        delivery.completed.map(instant).into(),
        V::Text(state),
        delivery.voided.map(day).into(),
        V::Own(instant(delivery.recorded)),
        V::Text(&delivery.by),
        V::Own(instant(delivery.modified)),
    ];
    values.extend(TEXTS.iter().map(|name| delivery.texts.get(name).map(String::as_str).into()));
    DELIVERY.text(&values)
}
