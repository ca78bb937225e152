//! The state's lists.

use super::rows::{Column, write};
use super::{Metrc, trouble};
use crate::args::{FacilitiesOptions, ListOptions, PackageList, PackagesOptions, ReceiptList, ReceiptsOptions};
use crate::{Status, Trouble};
use jiff::Timestamp;
use trueup_metrc::api::facilities::{FACILITIES, Facility};
use trueup_metrc::api::locations::{self, Location};
use trueup_metrc::api::packages::{self, Adjustment, Package, Reason};
use trueup_metrc::api::sales::{self, Receipt};
use trueup_metrc::api::transfers::{self, Transfer};
use trueup_metrc::api::{Answer, Text};
use trueup_metrc::api::{NumberText, Operation, Page};
use trueup_metrc::client::{Listed, Pace, Target, Window};

fn text(text: Option<&Text>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn number(number: Option<&NumberText>) -> String {
    number.map(ToString::to_string).unwrap_or_default()
}

fn integer(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn yes(flag: Option<bool>) -> String {
    match flag {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => String::new(),
    }
}

/// A list of a licence: all of it, or what was modified since a moment.
async fn list<R: Listed>(
    client: &Metrc,
    operation: &Operation<(), Page<R>>,
    (licence, since): (&str, Option<Timestamp>),
) -> Result<Vec<R>, Trouble>
where
    Page<R>: Answer<Out = Page<R>>,
{
    let from = since.unwrap_or(Pace::default().beginning);
    let target = Target::of(licence);
    let target = match operation.spec.window || operation.spec == packages::ADJUSTMENTS.spec {
        true => {
            // By the state's clock, and a little more.
            let now = match client.ask_time().await {
                Ok(now) => now,
                Err(failure) => return Err(trouble(client, licence, failure).await),
            };
            let to = now.checked_add(Pace::default().overlap).unwrap_or(now);
            target.modified(Window { from, to })
        }
        false => target,
    };
    match client.list(operation, &target).await {
        Ok(proven) => Ok(proven.rows),
        Err(failure) => Err(trouble(client, licence, failure).await),
    }
}

pub(super) async fn facilities(client: &Metrc, options: &FacilitiesOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Facility>; 4] = [
        ("Licence", |row| row.license.as_ref().map(|license| text(license.number.as_ref())).unwrap_or_default()),
        ("Name", |row| text(row.name.as_ref())),
        ("Sells to consumers", |row| yes(row.facility_type.as_ref().and_then(|kind| kind.can_sell_to_consumers))),
        ("Sells to patients", |row| yes(row.facility_type.as_ref().and_then(|kind| kind.can_sell_to_patients))),
    ];
    match client.get(&FACILITIES, &Target::new()).await {
        Ok(rows) => write(&rows, &COLUMNS, options.format),
        Err(failure) => Err(trouble(client, "", failure).await),
    }
}

pub(super) async fn packages(client: &Metrc, options: &PackagesOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Package>; 7] = [
        ("Package", |row| text(row.label.as_ref())),
        ("Item", |row| row.item.as_ref().map(|item| text(item.name.as_ref())).unwrap_or_default()),
        ("Quantity", |row| number(row.quantity.as_ref())),
        ("Unit", |row| text(row.unit_of_measure_abbreviation.as_ref())),
        ("Location", |row| text(row.location_name.as_ref())),
        ("On hold", |row| yes(row.is_on_hold)),
        ("Last modified", |row| text(row.last_modified.as_ref())),
    ];
    let operation = match options.list {
        PackageList::Active => &packages::ACTIVE,
        PackageList::Onhold => &packages::ON_HOLD,
        PackageList::Inactive => &packages::INACTIVE,
        PackageList::Intransit => &packages::IN_TRANSIT,
    };
    let ListOptions { licence, since, format, .. } = &options.list_options;
    write(&list(client, operation, (licence, *since)).await?, &COLUMNS, *format)
}

pub(super) async fn receipts(client: &Metrc, options: &ReceiptsOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Receipt>; 8] = [
        ("Receipt", |row| integer(row.id)),
        ("External number", |row| text(row.external_receipt_number.as_ref())),
        ("Sold at", |row| text(row.sales_date_time.as_ref())),
        ("Customer", |row| text(row.sales_customer_type.as_ref())),
        ("Packages", |row| integer(row.total_packages)),
        ("Total", |row| number(row.total_price.as_ref())),
        ("Final", |row| yes(row.is_final)),
        ("Voided", |row| text(row.archived_date.as_ref())),
    ];
    let operation = match options.list {
        ReceiptList::Active => &sales::RECEIPTS_ACTIVE,
        ReceiptList::Inactive => &sales::RECEIPTS_INACTIVE,
    };
    let ListOptions { licence, since, format, .. } = &options.list_options;
    let mut rows = list(client, operation, (licence, *since)).await?;
    if options.lines {
        // Lists have receipts without their lines.
        for row in &mut rows {
            let target = Target::of(licence).at(row.id.unwrap_or_default());
            match client.get(&sales::RECEIPT, &target).await {
                Ok(receipt) => *row = receipt,
                Err(failure) => return Err(trouble(client, licence, failure).await),
            }
        }
    }
    write(&rows, &COLUMNS, *format)
}

pub(super) async fn adjustments(client: &Metrc, options: &ListOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Adjustment>; 7] = [
        ("Package", |row| text(row.package_label.as_ref())),
        ("Item", |row| text(row.item_name.as_ref())),
        ("Change", |row| number(row.adjustment_quantity.as_ref())),
        ("Unit", |row| text(row.adjustment_unit_of_measure_abbreviation.as_ref())),
        ("Reason", |row| text(row.adjustment_reason_name.as_ref())),
        ("Note", |row| text(row.adjustment_note.as_ref())),
        ("By", |row| text(row.adjusted_by_user_name.as_ref())),
    ];
    let rows = list(client, &packages::ADJUSTMENTS, (&options.licence, options.since)).await?;
    write(&rows, &COLUMNS, options.format)
}

pub(super) async fn transfers(client: &Metrc, options: &ListOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Transfer>; 5] = [
        ("Manifest", |row| text(row.manifest_number.as_ref())),
        ("From", |row| text(row.shipper_facility_name.as_ref())),
        ("Packages", |row| integer(row.package_count)),
        ("Received", |row| integer(row.received_package_count)),
        ("Received at", |row| text(row.received_date_time.as_ref())),
    ];
    let rows = list(client, &transfers::INCOMING, (&options.licence, options.since)).await?;
    write(&rows, &COLUMNS, options.format)
}

pub(super) async fn locations(client: &Metrc, options: &ListOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Location>; 3] = [
        ("Id", |row| integer(row.id)),
        ("Name", |row| text(row.name.as_ref())),
        ("Type", |row| text(row.location_type_name.as_ref())),
    ];
    let rows = list(client, &locations::ACTIVE, (&options.licence, options.since)).await?;
    write(&rows, &COLUMNS, options.format)
}

pub(super) async fn reasons(client: &Metrc, options: &ListOptions) -> Result<Status, Trouble> {
    const COLUMNS: [Column<Reason>; 2] =
        [("Reason", |row| text(row.name.as_ref())), ("Needs a note", |row| yes(row.requires_note))];
    let rows = list(client, &packages::ADJUST_REASONS, (&options.licence, options.since)).await?;
    write(&rows, &COLUMNS, options.format)
}
