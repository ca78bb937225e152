//! Answers of the Metrc v2 API.

use super::File;
use crate::folder::Reading;
use crate::inputs::{InputFacts, of_wire, read_json};
use crate::measures::MeasureError;
use jiff::Timestamp;
use rustc_hash::FxHashSet;
use trueup_core::{
    Book, CustomerType, Decimal, Movement, MovementKind, Ordered, PackageTag, Quantity, ReceiptNumber, SaleLine, Sku,
    StatePackage, Text, TransferRow, TransferState, Unit, WasteClass, When,
};
use trueup_metrc::{
    Adjustment, Delivery, Latest, ListReader, NumberText, Origin, Package, Receipt, Record, Transaction, Transfer,
    TransferPackage,
};
use trueup_pos::fields::{decimal_problem, tag_problem, time_problem};
use trueup_reconcile::Fact;
use trueup_table::{InputError, quoted};

const FETCH_AGAIN: &str = "fetch the file again from the state; nothing was written";

/// Where a record came from, for messages.
struct At<'f> {
    file: &'f str,
    record: u64,
}

impl At<'_> {
    fn error(&self, field: &str, found: impl Into<String>, expected: impl Into<String>) -> InputError {
        InputError::new(self.file, found, expected, FETCH_AGAIN).at_row(self.record).in_column(field)
    }

    fn tag(&self, field: &str, text: Option<&Text>) -> Result<PackageTag, InputError> {
        let Some(text) = text else { return Err(self.error(field, "it is missing", "a package tag")) };
        PackageTag::parse(text).map_err(|error| {
            let (found, expected, todo) = tag_problem(text, &error);
            InputError::new(self.file, found, expected, todo).at_row(self.record).in_column(field)
        })
    }

    fn number(&self, field: &str, number: Option<&NumberText>) -> Result<Decimal, InputError> {
        let Some(number) = number else { return Err(self.error(field, "it is missing", "a number")) };
        Decimal::parse(number.as_str()).map_err(|error| {
            let (found, expected) = decimal_problem(number.as_str(), error);
            self.error(field, found, expected)
        })
    }

    /// The unit by name; its abbreviation must not say another.
    fn unit(&self, field: &str, name: Option<&Text>, abbreviation: Option<&Text>) -> Result<Unit, InputError> {
        const UNITS: &str = "a unit of the state, such as Grams or ea";
        let read = |text: &Text| {
            Unit::parse(text).map_err(|_| self.error(field, format!("unknown unit {}", quoted(text)), UNITS))
        };
        match (name.map(read).transpose()?, abbreviation.map(read).transpose()?) {
            (Some(name), Some(short)) if name != short => Err(self.error(
                field,
                format!("the unit's name says {} and its abbreviation {short}", name.name()),
                "one unit under both",
            )),
            (Some(unit), _) | (None, Some(unit)) => Ok(unit),
            (None, None) => Err(self.error(field, "the unit is missing", UNITS)),
        }
    }

    fn when(&self, reading: &Reading, field: &str, text: Option<&Text>) -> Result<Option<When>, InputError> {
        let read = |text: &Text| {
            reading.settings.zone.read(text).map_err(|error| {
                let (found, expected, todo) = time_problem(text, &error);
                InputError::new(self.file, found, expected, todo).at_row(self.record).in_column(field)
            })
        };
        text.map(read).transpose()
    }

    fn moment(&self, reading: &Reading, field: &str, text: Option<&Text>) -> Result<Option<Timestamp>, InputError> {
        Ok(self.when(reading, field, text)?.map(When::moment))
    }

    fn quantity(&self, field: &str, number: Decimal, unit: Unit) -> Result<Quantity, InputError> {
        Quantity::new(number, unit).map_err(|error| self.error(field, error.to_string(), "a number below 9 million"))
    }

    /// A quantity in the dimension of its package.
    fn of_package(
        &self,
        reading: &mut Reading,
        package: PackageTag,
        field: &str,
        number: Decimal,
        unit: Unit,
    ) -> Result<Quantity, InputError> {
        let ours = reading.measures.suggest_dimension(package, unit.dimension());
        if ours != unit.dimension() {
            let (found, expected) =
                MeasureError::Dimension { package: ours, given: unit.dimension() }.told(unit);
            return Err(self.error(field, found, expected));
        }
        self.quantity(field, number, unit)
    }

    fn record(&self, reading: &mut Reading, fact: Fact) -> Result<(), InputError> {
        reading.books.record(fact).map_err(|error| self.error("quantity", error.to_string(), "one dimension per package"))
    }
}

fn text(text: Option<&Text>) -> Text {
    text.cloned().unwrap_or_default()
}

/// Reads the files of one kind as one list and keeps the newest version of each record.
fn latest<T: Record>(reading: &mut Reading, files: &[File]) -> Result<Vec<(T, Origin, String)>, InputError> {
    let mut reader = ListReader::<T>::new();
    let mut latest = Latest::<T>::new();
    let first_input = reading.inputs.len();
    for file in files {
        let facts = read_json(&mut reader, file, &mut |record, number| latest.insert(record, &file.1, number))?;
        reading.inputs.push(facts);
    }
    reader.finish().map_err(of_wire)?;
    let (records, facts) = latest.into_records();
    if let Some(input) = reading.inputs.get_mut(first_input) {
        note_versions(input, facts.superseded, facts.repeated);
    }
    let file_of = |origin: &Origin| facts.files.get(origin.file).cloned().unwrap_or_default();
    Ok(records.into_iter().map(|(record, origin)| (file_of(&origin), record, origin)).map(|(f, r, o)| (r, o, f)).collect())
}

fn note_versions(input: &mut InputFacts, superseded: u64, repeated: u64) {
    input.ignored = superseded + repeated;
    if superseded > 0 {
        input.notes.push(format!("{superseded} records are there again with a newer LastModified: the newer counts"));
    }
    if repeated > 0 {
        input.notes.push(format!("{repeated} records are there again unchanged: counted once"));
    }
}

/// The state's packages.
pub(super) fn packages(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    let mut records = latest::<Package>(reading, files)?;
    // A tag that was here under two ids (sent away and back) counts as it was last.
    records.sort_by(|a, b| (&a.0.last_modified, a.0.id).cmp(&(&b.0.last_modified, b.0.id)));
    for (package, origin, file) in records {
        let at = At { file: &file, record: origin.record };
        let read = state_package(reading, &at, &package)?;
        reading.stocked.insert(read.package);
        if let Some(content) = read.unit_content {
            reading.measures.set_unit_content(read.package, content);
        }
        at.record(reading, Fact::StatePackage(Box::new(read)))?;
    }
    Ok(())
}

fn state_package(reading: &mut Reading, at: &At<'_>, package: &Package) -> Result<StatePackage, InputError> {
    let tag = at.tag("Label", package.label.as_ref())?;
    let unit = at.unit(
        "UnitOfMeasureName",
        package.unit_of_measure_name.as_ref(),
        package.unit_of_measure_abbreviation.as_ref(),
    )?;
    let number = at.number("Quantity", package.quantity.as_ref())?;
    reading.measures.set_dimension(tag, unit.dimension());
    let original = package.original_package_quantity.as_ref();
    let original = original
        .map(|original| at.number("OriginalPackageQuantity", Some(original)))
        .transpose()?
        .map(|number| at.quantity("OriginalPackageQuantity", number, unit))
        .transpose()?;
    Ok(StatePackage {
        package: tag,
        item: text(package.item.as_ref().and_then(|item| item.name.as_ref())),
        unit,
        quantity: at.quantity("Quantity", number, unit)?,
        number,
        original,
        sources: sources(at, "SourcePackageLabels", package.source_package_labels.as_deref().unwrap_or_default())?,
        location: text(package.location_name.as_ref()),
        packaged: at.when(reading, "PackagedDate", package.packaged_date.as_ref())?,
        received: at.when(reading, "ReceivedDateTime", package.received_date_time.as_ref())?,
        manifest: text(package.received_from_manifest_number.as_ref()),
        held: held(package),
        finished: package.is_finished.unwrap_or(false) || package.finished_date.is_some(),
        archived: at.when(reading, "ArchivedDate", package.archived_date.as_ref())?,
        unit_content: unit_content(at, package)?,
    })
}

/// Tags in one text, separated by commas.
fn sources(at: &At<'_>, field: &str, labels: &str) -> Result<Vec<PackageTag>, InputError> {
    let mut tags = Vec::new();
    for label in labels.split([',', ';']).map(str::trim).filter(|label| !label.is_empty()) {
        match PackageTag::parse(label) {
            Ok(tag) => tags.push(tag),
            Err(error) => {
                let (found, expected, _) = tag_problem(label, &error);
                return Err(at.error(field, found, expected));
            }
        }
    }
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}

/// On hold, recalled or under investigation in any way; `None` if the record says nothing about it.
fn held(package: &Package) -> Option<bool> {
    let flags = [
        package.is_on_hold,
        package.is_on_hold_combined,
        package.is_on_recall,
        package.is_on_recall_combined,
        package.is_on_investigation_hold,
        package.is_on_investigation_recall,
    ];
    let said: Vec<bool> = flags.into_iter().flatten().collect();
    (!said.is_empty()).then(|| said.contains(&true))
}

fn unit_content(at: &At<'_>, package: &Package) -> Result<Option<Quantity>, InputError> {
    let Some(item) = &package.item else { return Ok(None) };
    let contents = [
        (&item.unit_weight, &item.unit_weight_unit_of_measure_name, "Item.UnitWeight"),
        (&item.unit_volume, &item.unit_volume_unit_of_measure_name, "Item.UnitVolume"),
    ];
    for (number, unit, field) in contents {
        if let (Some(number), Some(unit)) = (number, unit) {
            let number = at.number(field, Some(number))?;
            if number.mantissa() > 0 {
                let unit = at.unit(field, Some(unit), None)?;
                return at.quantity(field, number, unit).map(Some);
            }
        }
    }
    Ok(None)
}

/// What every line of a receipt or delivery shares.
struct Head {
    id: Text,
    number: ReceiptNumber,
    state_number: Text,
    when: When,
    voided: Option<When>,
    customer: Option<CustomerType>,
    finalized: bool,
    recorded: Option<Timestamp>,
    modified: Option<Timestamp>,
    by: Text,
    packages: u32,
}

/// The state's receipts.
pub(super) fn receipts(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    for (receipt, origin, file) in latest::<Receipt>(reading, files)? {
        let at = At { file: &file, record: origin.record };
        let sold_at = at.when(reading, "SalesDateTime", receipt.sales_date_time.as_ref())?;
        let head = Head {
            id: receipt.id.map(|id| Text::new(&id.to_string())).unwrap_or_else(|| text(receipt.receipt_number.as_ref())),
            number: ReceiptNumber::new(receipt.external_receipt_number.as_deref().unwrap_or_default()),
            state_number: text(receipt.receipt_number.as_ref()),
            when: sold_at.ok_or_else(|| at.error("SalesDateTime", "it is missing", "the time of the sale"))?,
            voided: at.when(reading, "ArchivedDate", receipt.archived_date.as_ref())?,
            customer: receipt.sales_customer_type.as_deref().and_then(CustomerType::read),
            finalized: receipt.is_final.unwrap_or(false),
            recorded: at.moment(reading, "RecordedDateTime", receipt.recorded_date_time.as_ref())?,
            modified: at.moment(reading, "LastModified", receipt.last_modified.as_ref())?,
            by: text(receipt.recorded_by_user_name.as_ref()),
            packages: packages_on(&receipt.transactions),
        };
        lines(reading, &at, &head, &receipt.transactions)?;
    }
    Ok(())
}

/// Sales brought to the customer.
pub(super) fn deliveries(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    for (delivery, origin, file) in latest::<Delivery>(reading, files)? {
        let at = At { file: &file, record: origin.record };
        let sold_at = at.when(reading, "SalesDateTime", delivery.sales_date_time.as_ref())?;
        let came_back = delivery.sales_delivery_state.as_deref().is_some_and(|state| {
            ["voided", "returned", "rejected"].contains(&state.to_lowercase().as_str())
        });
        let voided = at.when(reading, "VoidedDate", delivery.voided_date.as_ref())?;
        let modified = at.when(reading, "LastModified", delivery.last_modified.as_ref())?;
        let head = Head {
            // Receipts and deliveries are numbered apart.
            id: Text::new(&format!("delivery {}", delivery.id.unwrap_or_default())),
            number: ReceiptNumber::new(delivery.external_receipt_number.as_deref().unwrap_or_default()),
            state_number: text(delivery.delivery_number.as_ref()),
            when: sold_at.ok_or_else(|| at.error("SalesDateTime", "it is missing", "the time of the sale"))?,
            voided: voided.or_else(|| modified.filter(|_| came_back)),
            customer: delivery.sales_customer_type.as_deref().and_then(CustomerType::read),
            finalized: false,
            recorded: at.moment(reading, "RecordedDateTime", delivery.recorded_date_time.as_ref())?,
            modified: modified.map(When::moment),
            by: text(delivery.recorded_by_user_name.as_ref()),
            packages: packages_on(&delivery.transactions),
        };
        lines(reading, &at, &head, &delivery.transactions)?;
    }
    Ok(())
}

fn packages_on(transactions: &[Transaction]) -> u32 {
    let packages: FxHashSet<&Text> = transactions.iter().filter_map(|line| line.package_label.as_ref()).collect();
    u32::try_from(packages.len()).unwrap_or(u32::MAX)
}

fn lines(reading: &mut Reading, at: &At<'_>, head: &Head, transactions: &[Transaction]) -> Result<(), InputError> {
    for (place, line) in transactions.iter().enumerate() {
        let package = at.tag("Transactions.PackageLabel", line.package_label.as_ref())?;
        let number = at.number("Transactions.QuantitySold", line.quantity_sold.as_ref())?;
        let unit = at.unit(
            "Transactions.UnitOfMeasureName",
            line.unit_of_measure_name.as_ref(),
            line.unit_of_measure_abbreviation.as_ref(),
        )?;
        let quantity = at.of_package(reading, package, "Transactions.QuantitySold", number, unit)?;
        let price = line.total_price.as_ref();
        let price = price.map(|price| at.number("Transactions.TotalPrice", Some(price))).transpose()?;
        let archived = at.when(reading, "Transactions.ArchivedDate", line.archived_date.as_ref())?;
        let sale = SaleLine {
            number: head.number.clone(),
            voided: head.voided.or(archived),
            price: price.map(Ordered),
            customer: head.customer,
            state_number: head.state_number.clone(),
            finalized: head.finalized,
            recorded: head.recorded,
            modified: head.modified,
            item: text(line.product_name.as_ref()),
            packages: head.packages,
            ..SaleLine::default()
        };
        let quantity =
            quantity.checked_neg().map_err(|error| at.error("Transactions.QuantitySold", error.to_string(), "a quantity"))?;
        reading.movements.push(Movement {
            package,
            book: Book::State,
            when: head.when,
            kind: MovementKind::Sale(Box::new(sale)),
            reference: head.id.clone(),
            line: Text::new(&(place + 1).to_string()),
            sku: Sku::default(),
            quantity: Ordered(quantity),
            number: Ordered(number),
            unit,
            reason: Text::default(),
            note: Text::default(),
            by: head.by.clone(),
        });
    }
    Ok(())
}

/// The state's adjustments. They carry no id: two equal ones are two.
pub(super) fn adjustments(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    let mut reader = ListReader::<Adjustment>::new();
    for file in files {
        let mut records = Vec::new();
        let facts = read_json(&mut reader, file, &mut |record, number| {
            records.push((record, number));
            Ok(())
        })?;
        reading.inputs.push(facts);
        for (adjustment, number) in records {
            let movement = adjustment_movement(reading, &At { file: &file.1, record: number }, &adjustment)?;
            reading.movements.push(movement);
        }
    }
    reader.finish().map_err(of_wire)
}

fn adjustment_movement(reading: &mut Reading, at: &At<'_>, adjustment: &Adjustment) -> Result<Movement, InputError> {
    let package = at.tag("PackageLabel", adjustment.package_label.as_ref())?;
    let number = at.number("AdjustmentQuantity", adjustment.adjustment_quantity.as_ref())?;
    let unit = at.unit(
        "AdjustmentUnitOfMeasureName",
        adjustment.adjustment_unit_of_measure_name.as_ref(),
        adjustment.adjustment_unit_of_measure_abbreviation.as_ref(),
    )?;
    let quantity = at.of_package(reading, package, "AdjustmentQuantity", number, unit)?;
    let when = at.when(reading, "AdjustmentDate", adjustment.adjustment_date.as_ref())?;
    let reason = text(adjustment.adjustment_reason_name.as_ref());
    Ok(Movement {
        package,
        book: Book::State,
        when: date_if_midnight(reading, adjustment.adjustment_date.as_deref(), when)
            .ok_or_else(|| at.error("AdjustmentDate", "it is missing", "a date or a time"))?,
        kind: MovementKind::Adjust(WasteClass::of_reason(&reason)),
        reference: Text::default(),
        line: Text::default(),
        sku: Sku::default(),
        quantity: Ordered(quantity),
        number: Ordered(number),
        unit,
        reason,
        note: text(adjustment.adjustment_note.as_ref()),
        by: text(adjustment.adjusted_by_user_name.as_ref()),
    })
}

/// The state writes a date as a time at midnight, `2026-03-07T00:00:00` or with `+00:00`: it means the day.
fn date_if_midnight(reading: &Reading, text: Option<&str>, when: Option<When>) -> Option<When> {
    let (date, time) = text?.split_once('T')?;
    let clock = time.trim_end_matches("+00:00").trim_end_matches(['Z', '0', '.', ':']);
    let midnight = clock.is_empty();
    if midnight { reading.settings.zone.read(date).ok().or(when) } else { when }
}

/// The state's manifests, to the licence and from it.
pub(super) fn transfers(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    for (transfer, origin, file) in latest::<Transfer>(reading, files)? {
        if transfer.is_voided == Some(true) {
            continue;
        }
        let at = At { file: &file, record: origin.record };
        let license = reading.settings.license.clone();
        let shipper = transfer.shipper_facility_license_number.as_deref().unwrap_or_default();
        let outgoing = shipper == license.as_str();
        for row in &transfer.packages {
            let row = transfer_row(reading, &at, &transfer, row, outgoing)?;
            at.record(reading, Fact::Transfer(row))?;
        }
    }
    Ok(())
}

fn transfer_row(
    reading: &mut Reading,
    at: &At<'_>,
    transfer: &Transfer,
    row: &TransferPackage,
    outgoing: bool,
) -> Result<TransferRow, InputError> {
    let package = at.tag("Packages.PackageLabel", row.package_label.as_ref())?;
    let mut quantity = |field: &str, number: Option<&NumberText>, name: Option<&Text>, short: Option<&Text>| {
        let Some(number) = number else { return Ok(None) };
        let number = at.number(field, Some(number))?;
        let unit = at.unit(field, name, short)?;
        at.of_package(reading, package, field, number, unit).map(Some)
    };
    let shipped = quantity(
        "Packages.ShippedQuantity",
        row.shipped_quantity.as_ref(),
        row.shipped_unit_of_measure_name.as_ref(),
        row.shipped_unit_of_measure_abbreviation.as_ref(),
    )?;
    let state = transfer_state(at, row)?;
    // Until it is received the row carries no received quantity, or a zero without a unit.
    let is_received = state == TransferState::Accepted;
    let received = quantity(
        "Packages.ReceivedQuantity",
        row.received_quantity.as_ref().filter(|_| is_received),
        row.received_unit_of_measure_name.as_ref().or(row.shipped_unit_of_measure_name.as_ref()),
        row.received_unit_of_measure_abbreviation.as_ref(),
    )?;
    let received_at = row.received_date_time.as_ref().or(transfer.received_date_time.as_ref());
    let departed_at = transfer.actual_departure_date_time.as_ref();
    let when = if outgoing { departed_at.or(received_at) } else { received_at };
    Ok(TransferRow {
        package,
        manifest: text(transfer.manifest_number.as_ref()),
        outgoing,
        state,
        shipped,
        received,
        when: at.when(reading, "ReceivedDateTime", when)?,
    })
}

fn transfer_state(at: &At<'_>, row: &TransferPackage) -> Result<TransferState, InputError> {
    let state = row.shipment_package_state.as_deref().unwrap_or_default();
    match state.to_lowercase().as_str() {
        "shipped" | "intransit" | "in transit" => Ok(TransferState::Shipped),
        "accepted" | "received" => Ok(TransferState::Accepted),
        "rejected" => Ok(TransferState::Rejected),
        "returned" => Ok(TransferState::Returned),
        _ => Err(at.error(
            "Packages.ShipmentPackageState",
            format!("unknown state {}", quoted(state)),
            "Shipped, Accepted, Rejected or Returned",
        )),
    }
}
