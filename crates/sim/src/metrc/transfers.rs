//! Manifests. No call accepts one: a person does so in the web page ([`super::web_page`]).

use super::context::{Answer, Context, array, not_found, not_permitted};
use super::exchange::Reply;
use super::records::{Licence, Package, ShipmentState, Shipped, Transfer, on};
use super::retail_ids;
use super::shape::{V, day, decimal, instant, local, number, quote, shape};
use trueup_core::{Unit, decimal_text};

const VIEW: &[&str] = &["View Transfers", "Manage Transfers"];
const TEMPLATES: &[&str] = &["View Transfer Templates", "Manage Transfer Templates"];

/// Answers what the path asks for; `path` is behind `/transfers/v2`.
pub(super) fn route(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    let needs = if path.first() == Some(&"templates") { TEMPLATES } else { VIEW };
    if let Err(refused) = c.needs(needs) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("GET", ["incoming"]) => list(c, licence, on::ACTIVE),
        ("GET", ["outgoing"]) => list(c, licence, on::INACTIVE),
        ("GET", ["rejected"]) => list(c, licence, on::HOLD),
        // A retailer makes no templates, has no hub and receives nothing from outside of the state's system.
        ("GET", ["templates", "outgoing"]) => c.paged(&[0_u8; 0], |_, _| ()),
        (_, ["templates" | "hub" | "external", ..]) => Err(not_permitted()),
        ("GET", ["types"]) => c.paged(&["Wholesale", "Transfer", "Return"], |name, out| {
            TYPE.write(&[V::Text(name), V::Text("Wholesale"), V::Flag(true)], out);
        }),
        ("GET", ["manifest", id, kind @ ("html" | "pdf")]) => manifest(licence, id, kind),
        _ => return None,
    })
}

/// The calls that name a transfer or a delivery and take no licence.
pub(super) fn route_without_licence(c: &Context<'_>, licences: &[&Licence], path: &[&str]) -> Option<Answer> {
    let of_delivery = |id: &str| {
        let id = id.parse().ok();
        let found = licences.iter().find_map(|licence| {
            let transfer = licence.transfers.iter().find(|transfer| Some(transfer.delivery) == id)?;
            Some((*licence, transfer))
        });
        found.ok_or_else(not_found)
    };
    let rows = |id: &str, write: fn(&Licence, &Shipped, &mut String)| {
        let (licence, transfer) = of_delivery(id)?;
        c.paged(&transfer.packages, |shipped, out| write(licence, shipped, out))
    };
    if let Err(refused) = c.needs(VIEW) {
        return Some(Err(refused));
    }
    Some(match path {
        // A retailer makes no templates.
        ["templates", "outgoing", ..] => Err(not_found()),
        ["deliveries", "packages", "states"] => Ok(array(ShipmentState::ALL, |state, out| quote(state.name(), out))),
        // `delivery` is how the first version called it.
        ["deliveries" | "delivery", id, "packages"] => rows(id, write_package),
        ["deliveries", id, "packages", "wholesale"] => rows(id, write_price),
        ["deliveries", "package", _, "requiredlabtestbatches"] => c.paged(&[0_u8; 0], |_, _| ()),
        ["deliveries", id, "transporters"] => of_delivery(id).and_then(|(_, transfer)| {
            c.paged(&[transfer], |transfer, out| {
                let (license, name) = &transfer.other;
                let direction = V::Text("Outbound");
                TRANSPORTER.write(&[V::Int(transfer.delivery), V::Text(license), V::Text(name), direction], out);
            })
        }),
        ["deliveries", id, "transporters", "details"] => of_delivery(id).and_then(|(_, transfer)| {
            c.paged(&[transfer], |transfer, out| DETAIL.write(&[V::Int(transfer.delivery), V::Text("A. Okafor")], out))
        }),
        [id, "deliveries"] => {
            let id = id.parse().ok();
            let found = licences.iter().find_map(|licence| Some((*licence, licence.transfers.get(id?)?)));
            found.ok_or_else(not_found).and_then(|(licence, transfer)| {
                c.paged(&[transfer], |transfer, out| write_delivery(licence, transfer, out))
            })
        }
        _ => return None,
    })
}

fn list(c: &Context<'_>, licence: &Licence, list: u8) -> Answer {
    c.windowed(list, &licence.transfers, |transfer, out| write_transfer(licence, transfer, out))
}

fn manifest(licence: &Licence, id: &str, kind: &str) -> Answer {
    let id = id.parse().ok();
    let transfer = licence.transfers.iter().find(|transfer| Some(transfer.id) == id).ok_or_else(not_found)?;
    if kind == "html" {
        return Ok(Reply::web_page(200, &format!("Manifest {}", transfer.manifest)));
    }
    let name = format!("{}.pdf", transfer.manifest);
    let file = format!(
        "{{\"FileContents\":\"JVBERi0xLjQK\",\"ContentType\":\"application/pdf\",\"FileDownloadName\":\"{name}\",\
         \"HttpStatusCode\":200}}"
    );
    Ok(Reply::json(200, file))
}

shape!(TYPE, "transfer_type", ["Name", "TransactionType", "ForLicensedShipments"]);
shape!(
    TRANSPORTER,
    "transporter",
    ["ShipmentDeliveryId", "TransporterFacilityLicenseNumber", "TransporterFacilityName", "TransporterDirection",]
);
shape!(DETAIL, "transporter_detail", ["ShipmentDeliveryId", "DriverName"]);
shape!(
    TRANSFER,
    "transfer",
    [
        "Id",
        "ManifestNumber",
        "ShipperFacilityLicenseNumber",
        "ShipperFacilityName",
        "TransporterFacilityLicenseNumber",
        "TransporterFacilityName",
        "DriverName",
        "DeliveryCount",
        "ReceivedDeliveryCount",
        "PackageCount",
        "ReceivedPackageCount",
        "ContainsProductPackage",
        "IsVoided",
        "CreatedDateTime",
        "LastModified",
        "DeliveryId",
        "RecipientFacilityLicenseNumber",
        "RecipientFacilityName",
        "ShipmentTypeName",
        "ShipmentTransactionType",
        "EstimatedDepartureDateTime",
        "EstimatedArrivalDateTime",
        "DeliveryPackageCount",
        "DeliveryReceivedPackageCount",
        "ReceivedDateTime",
    ]
);

/// Shipper and recipient, each with its name.
fn ends<'t>(licence: &'t Licence, transfer: &'t Transfer) -> ((&'t str, &'t str), (&'t str, &'t str)) {
    let ours = (licence.number.as_str(), licence.name.as_str());
    let theirs = (transfer.other.0.as_str(), transfer.other.1.as_str());
    if transfer.is_outgoing { (ours, theirs) } else { (theirs, ours) }
}

fn count(number: usize) -> V<'static> {
    V::Int(i64::try_from(number).unwrap_or(0))
}

fn write_transfer(licence: &Licence, transfer: &Transfer, out: &mut String) {
    let (shipper, recipient) = ends(licence, transfer);
    let (packages, received) = (transfer.packages.len(), transfer.received_packages());
    TRANSFER.write(
        &[
            V::Int(transfer.id),
            V::Text(&transfer.manifest),
            V::Text(shipper.0),
            V::Text(shipper.1),
            V::Text(&transfer.other.0),
            V::Text(&transfer.other.1),
            V::Text("A. Okafor"),
            V::Int(1),
            V::Int(i64::from(transfer.received.is_some())),
            count(packages),
            count(received),
            V::Flag(true),
            V::Flag(transfer.voided),
            V::Own(instant(transfer.created)),
            V::Own(instant(transfer.modified)),
            V::Int(transfer.delivery),
            V::Text(recipient.0),
            V::Text(recipient.1),
            V::Text("Wholesale"),
            V::Text("Wholesale"),
            V::Own(local(transfer.departs)),
            V::Own(local(transfer.arrives)),
            count(packages),
            count(received),
            transfer.received.map(instant).into(),
        ],
        out,
    );
}

shape!(
    DELIVERY,
    "transfer_delivery",
    [
        "Id",
        "ManifestNumber",
        "DeliveryNumber",
        "RecipientFacilityLicenseNumber",
        "RecipientFacilityName",
        "ShipmentTypeName",
        "ShipmentTransactionType",
        "EstimatedDepartureDateTime",
        "EstimatedArrivalDateTime",
        "DeliveryPackageCount",
        "DeliveryReceivedPackageCount",
        "ReceivedDateTime",
    ]
);

fn write_delivery(licence: &Licence, transfer: &Transfer, out: &mut String) {
    let (_, recipient) = ends(licence, transfer);
    DELIVERY.write(
        &[
            V::Int(transfer.delivery),
            V::Text(&transfer.manifest),
            V::Int(1),
            V::Text(recipient.0),
            V::Text(recipient.1),
            V::Text("Wholesale"),
            V::Text("Wholesale"),
            V::Own(local(transfer.departs)),
            V::Own(local(transfer.arrives)),
            count(transfer.packages.len()),
            count(transfer.received_packages()),
            transfer.received.map(instant).into(),
        ],
        out,
    );
}

shape!(
    SHIPPED,
    "delivery_package",
    [
        "PackageId",
        "PackageLabel",
        "PackageType",
        "ItemId",
        "ItemName",
        "ItemCategoryName",
        "LabTestingState",
        "ShipmentPackageState",
        "ShippedQuantity",
        "ShippedUnitOfMeasureName",
        "PackagedDate",
        "ReceivedQuantity",
        "ReceivedUnitOfMeasureName",
        "ProductLabel",
    ]
);

fn write_package(licence: &Licence, shipped: &Shipped, out: &mut String) {
    let package: Option<&Package> = licence.packages.get(shipped.package);
    let item = package.and_then(|package| licence.items.get(package.item));
    let unit = package.map_or(Unit::Each, |package| package.unit);
    SHIPPED.write(
        &[
            V::Int(shipped.package),
            package.map(|package| package.label.as_str()).into(),
            V::Text("Product"),
            item.map(|item| item.id).into(),
            item.map(|item| item.name.as_str()).into(),
            item.map(|item| item.category.as_str()).into(),
            package.map(|package| package.lab_state.as_str()).into(),
            V::Text(shipped.state.name()),
            number(shipped.quantity, unit),
            V::Text(unit.name()),
            package.map(|package| day(package.packaged)).into(),
            shipped.received.map_or(V::Null, |received| number(received, unit)),
            shipped.received.map(|_| unit.name()).into(),
            V::Json(retail_ids::product_label(licence, shipped.package)),
        ],
        out,
    );
}

fn write_price(licence: &Licence, shipped: &Shipped, out: &mut String) {
    let label = licence.packages.get(shipped.package).map_or("", |package| package.label.as_str());
    let price = shipped
        .price
        .map_or(V::Null, |price| decimal(decimal_text(i128::from(price.mantissa()), u32::from(price.scale()), true)));
    let json = match price {
        V::Json(json) => json,
        _ => "null".to_owned(),
    };
    let package = shipped.package;
    out.push_str(&format!(
        "{{\"PackageId\":{package},\"PackageLabel\":\"{label}\",\"ShipperWholesalePrice\":{json},\
         \"ReceiverWholesalePrice\":null}}"
    ));
}

shape!(
    TRANSFERRED,
    "transferred",
    [
        "Id",
        "PackageId",
        "RecipientFacilityLicenseNumber",
        "RecipientFacilityName",
        "ManifestNumber",
        "PackageLabel",
        "ProductName",
        "ProductCategoryName",
        "LabTestingStateName",
        "ShippedQuantity",
        "ShippedUnitOfMeasureAbbreviation",
        "ReceivedQuantity",
        "ReceivedUnitOfMeasureAbbreviation",
        "ShipmentPackageStateName",
        "ReceivedDateTime",
    ]
);

/// Packages that left on manifests.
pub(super) fn transferred(c: &Context<'_>, licence: &mut Licence) -> Answer {
    let (from, to) = c.window()?;
    let outgoing = licence.transfers.latest_first(on::INACTIVE, from, to).filter_map(|id| licence.transfers.get(id));
    let rows: Vec<(&Transfer, &Shipped)> =
        outgoing.flat_map(|transfer| transfer.packages.iter().map(move |shipped| (transfer, shipped))).collect();
    c.paged(&rows, |(transfer, shipped), out| {
        let package = licence.packages.get(shipped.package);
        let item = package.and_then(|package| licence.items.get(package.item));
        let unit = package.map_or(Unit::Each, |package| package.unit);
        TRANSFERRED.write(
            &[
                V::Int(transfer.id),
                V::Int(shipped.package),
                V::Text(&transfer.other.0),
                V::Text(&transfer.other.1),
                V::Text(&transfer.manifest),
                package.map(|package| package.label.as_str()).into(),
                item.map(|item| item.name.as_str()).into(),
                item.map(|item| item.category.as_str()).into(),
                package.map(|package| package.lab_state.as_str()).into(),
                number(shipped.quantity, unit),
                V::Text(unit.symbol()),
                shipped.received.map_or(V::Null, |received| number(received, unit)),
                shipped.received.map(|_| unit.symbol()).into(),
                V::Text(shipped.state.name()),
                transfer.received.map(instant).into(),
            ],
            out,
        );
    })
}
