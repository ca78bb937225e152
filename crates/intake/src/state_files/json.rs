//! Answers of the Metrc v2 API.

use super::{File, note_time};
use crate::folder::Reading;
use crate::inputs::{InputFacts, Tally, of_wire, read_json, to_wire};
use crate::measures::MeasureError;
use jiff::Timestamp;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use trueup_core::{
    Book, CustomerType, Decimal, Movement, MovementKind, Ordered, PackageTag, Quantity, ReceiptNumber, SaleLine, Sku,
    StatePackage, TagError, Text, TimeError, TransferRow, TransferState, Unit, WasteClass, When,
};
use trueup_metrc::{
    Adjustment, Delivery, Latest, ListReader, NumberText, Origin, Package, Receipt, Record, Transaction, Transfer,
    TransferPackage,
};
use trueup_pos::fields::{LARGEST, decimal_problem, tag_problem, time_problem};
use trueup_reconcile::Fact;
use trueup_table::{InputError, quoted};

const FETCH_AGAIN: &str = "fetch the file again from the state; nothing was written";

/// Where a record came from, for messages.
struct At<'f> {
    file: &'f str,
    record: u64,
    /// The list within the record, and the place in it, that the fields are of.
    within: Option<(&'static str, usize)>,
}

impl<'f> At<'f> {
    fn new(file: &'f str, record: u64) -> Self {
        Self { file, record, within: None }
    }

    /// The same record, at one element of a list in it.
    fn element(&self, list: &'static str, place: usize) -> Self {
        Self { within: Some((list, place)), ..*self }
    }

    fn error(&self, field: &str, found: impl Into<String>, expected: impl Into<String>) -> InputError {
        self.told(field, (found.into(), expected.into(), FETCH_AGAIN))
    }

    fn told(&self, field: &str, (found, expected, todo): (String, impl Into<String>, &str)) -> InputError {
        let column = match self.within {
            Some((list, place)) => format!("{list}[{place}].{field}"),
            None => field.to_owned(),
        };
        InputError::new(self.file, found, expected, todo).at_row(self.record).in_column(column)
    }

    fn tag(&self, field: &str, text: Option<&Text>) -> Result<PackageTag, InputError> {
        let Some(text) = text else { return Err(self.error(field, "it is missing", "a package tag")) };
        PackageTag::parse(text).map_err(|error| self.told(field, state_tag_problem(text, &error)))
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
            reading.settings.zone.read(text).map_err(|error| self.told(field, state_time_problem(text, &error)))
        };
        text.map(read).transpose()
    }

    fn moment(&self, reading: &Reading, field: &str, text: Option<&Text>) -> Result<Option<Timestamp>, InputError> {
        Ok(self.when(reading, field, text)?.map(When::moment))
    }

    fn quantity(&self, field: &str, number: Decimal, unit: Unit) -> Result<Quantity, InputError> {
        Quantity::new(number, unit).map_err(|error| self.error(field, error.to_string(), LARGEST))
    }

    /// A quantity in the dimension of its package; `fields` are those of the number and of the unit.
    fn of_package(
        &self,
        reading: &mut Reading,
        package: PackageTag,
        fields: (&str, &str),
        (number, unit): (Decimal, Unit),
    ) -> Result<Quantity, InputError> {
        let ours = reading.measures.suggest_dimension(package, unit.dimension());
        if ours != unit.dimension() {
            let told = MeasureError::Dimension { package: ours, given: unit.dimension() }.told_without_sku(unit);
            return Err(self.error(fields.1, told.found, told.expected));
        }
        self.quantity(fields.0, number, unit)
    }

    fn record(&self, reading: &mut Reading, fact: Fact) -> Result<(), InputError> {
        reading
            .books
            .record(fact)
            .map_err(|error| self.error("quantity", error.to_string(), "one dimension per package"))
    }
}

/// As for a cell, but what to do is to fetch again: nobody corrects the state's answer by hand.
fn state_tag_problem(text: &str, error: &TagError) -> (String, &'static str, &'static str) {
    match tag_problem(text, error) {
        told if *error == TagError::Scientific => told,
        (found, expected, _) => (found, expected, FETCH_AGAIN),
    }
}

fn state_time_problem(text: &str, error: &TimeError) -> (String, &'static str, &'static str) {
    match time_problem(text, error) {
        (found, expected, _) if *error == TimeError::Skipped => (found, expected, "check the zone in store.toml"),
        (found, expected, _) => (found, expected, FETCH_AGAIN),
    }
}

fn text(text: Option<&Text>) -> Text {
    text.cloned().unwrap_or_default()
}

/// What a record of a kind must have; looked at before it is kept, so that a file of millions of other records is
/// refused at its first.
type Check<T> = fn(&At<'_>, &T) -> Result<(), InputError>;

/// Reads the files of one kind as one list and keeps the newest version of each record.
fn latest<T: Record>(
    reading: &mut Reading,
    files: &[File],
    check: Check<T>,
) -> Result<Vec<(T, Origin, String)>, InputError> {
    let mut reader = ListReader::<T>::new();
    let mut latest = Latest::<T>::new();
    let first_input = reading.inputs.len();
    for file in files {
        let facts = read_json(&mut reader, file, &mut |record, number| {
            check(&At::new(&file.1, number), &record).map_err(to_wire)?;
            latest.insert(record, &file.1, number)
        })?;
        reading.inputs.push(facts);
    }
    reader.finish().map_err(of_wire)?;
    let (records, facts) = latest.into_records();
    if let Some(input) = reading.inputs.get_mut(first_input) {
        note_versions(input, facts.superseded, facts.repeated);
    }
    let file_of = |origin: &Origin| facts.files.get(origin.file).cloned().unwrap_or_default();
    Ok(records
        .into_iter()
        .map(|(record, origin)| (file_of(&origin), record, origin))
        .map(|(f, r, o)| (r, o, f))
        .collect())
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

/// What a receipt or delivery must have.
fn sold(at: &At<'_>, time: Option<&Text>, lines: &[Transaction]) -> Result<(), InputError> {
    if time.is_none() {
        return Err(at.error("SalesDateTime", "it is missing", "the time of the sale"));
    }
    let mut lines = lines.iter().enumerate();
    lines.try_for_each(|(place, line)| {
        at.element("Transactions", place).tag("PackageLabel", line.package_label.as_ref()).map(|_| ())
    })
}

/// What is to be said of the times in each file.
type Tallies = BTreeMap<String, Tally>;

fn note(reading: &mut Reading, tallies: Tallies) {
    for (file, tally) in tallies {
        if let Some(input) = reading.inputs.iter_mut().find(|input| input.file == file) {
            input.notes.extend(tally.notes());
        }
    }
}

/// The state's packages.
pub(super) fn packages(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    let mut records = latest::<Package>(reading, files, |at, package| {
        at.tag("Label", package.label.as_ref())?;
        at.number("Quantity", package.quantity.as_ref()).map(|_| ())
    })?;
    // A tag that was here under two ids (sent away and back) counts as it was last.
    let zone = reading.settings.zone.clone();
    records.sort_by_cached_key(|(package, ..)| {
        let modified = package.last_modified.as_deref().and_then(|text| zone.read(text).ok());
        (modified.map(When::moment), package.last_modified.clone(), package.id)
    });
    for (package, origin, file) in records {
        let at = At::new(&file, origin.record);
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
    let modified = match reading.is_watched {
        true => at.moment(reading, "LastModified", package.last_modified.as_ref())?,
        false => None,
    };
    Ok(StatePackage {
        package: tag,
        modified,
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
            Err(error) => return Err(at.told(field, state_tag_problem(label, &error))),
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
    let mut tallies = Tallies::new();
    for (receipt, origin, file) in latest::<Receipt>(reading, files, |at, receipt| {
        sold(at, receipt.sales_date_time.as_ref(), &receipt.transactions)
    })? {
        let at = At::new(&file, origin.record);
        let sold_at = at.when(reading, "SalesDateTime", receipt.sales_date_time.as_ref())?;
        let head = Head {
            id: receipt.id.map(|id| Text::new(id.to_string())).unwrap_or_else(|| text(receipt.receipt_number.as_ref())),
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
        note_time(tallies.entry(file.clone()).or_default(), &reading.settings, head.when);
        lines(reading, &at, &head, &receipt.transactions)?;
    }
    note(reading, tallies);
    Ok(())
}

/// Sales brought to the customer.
pub(super) fn deliveries(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    let mut tallies = Tallies::new();
    for (delivery, origin, file) in latest::<Delivery>(reading, files, |at, delivery| {
        sold(at, delivery.sales_date_time.as_ref(), &delivery.transactions)
    })? {
        let at = At::new(&file, origin.record);
        let sold_at = at.when(reading, "SalesDateTime", delivery.sales_date_time.as_ref())?;
        let came_back = delivery
            .sales_delivery_state
            .as_deref()
            .is_some_and(|state| ["voided", "returned", "rejected"].contains(&state.to_lowercase().as_str()));
        let voided = at.when(reading, "VoidedDate", delivery.voided_date.as_ref())?;
        let modified = at.when(reading, "LastModified", delivery.last_modified.as_ref())?;
        let head = Head {
            // Receipts and deliveries are numbered apart.
            id: Text::new(format!("delivery {}", delivery.id.unwrap_or_default())),
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
        note_time(tallies.entry(file.clone()).or_default(), &reading.settings, head.when);
        lines(reading, &at, &head, &delivery.transactions)?;
    }
    note(reading, tallies);
    Ok(())
}

fn packages_on(transactions: &[Transaction]) -> u32 {
    let packages: FxHashSet<&Text> = transactions.iter().filter_map(|line| line.package_label.as_ref()).collect();
    u32::try_from(packages.len()).unwrap_or(u32::MAX)
}

fn lines(reading: &mut Reading, at: &At<'_>, head: &Head, transactions: &[Transaction]) -> Result<(), InputError> {
    for (place, line) in transactions.iter().enumerate() {
        let at = at.element("Transactions", place);
        let package = at.tag("PackageLabel", line.package_label.as_ref())?;
        let number = at.number("QuantitySold", line.quantity_sold.as_ref())?;
        if number.mantissa() < 0 {
            return Err(at.error("QuantitySold", format!("{number} is negative"), "zero or more"));
        }
        let unit = at.unit(
            "UnitOfMeasureName",
            line.unit_of_measure_name.as_ref(),
            line.unit_of_measure_abbreviation.as_ref(),
        )?;
        let fields = ("QuantitySold", "UnitOfMeasureName");
        let quantity = at.of_package(reading, package, fields, (number, unit))?;
        let price = line.total_price.as_ref();
        let price = price.map(|price| at.number("TotalPrice", Some(price))).transpose()?;
        let archived = at.when(reading, "ArchivedDate", line.archived_date.as_ref())?;
        let sale = SaleLine {
            number: head.number.clone(),
            voided: head.voided.or(archived),
            price: price.map(Ordered),
            customer: head.customer,
            state_number: head.state_number.clone(),
            finalized: head.finalized,
            recorded: head.recorded,
            modified: head.modified,
            packages: head.packages,
            ..SaleLine::default()
        };
        let quantity =
            quantity.checked_neg().map_err(|error| at.error("QuantitySold", error.to_string(), "a quantity"))?;
        reading.keep(Movement {
            package,
            book: Book::State,
            when: head.when,
            kind: MovementKind::Sale(Box::new(sale)),
            reference: head.id.clone(),
            line: Text::new((place + 1).to_string()),
            sku: Sku::default(),
            quantity: Ordered(quantity),
            number: Ordered(number),
            unit,
            reason: Text::default(),
            note: Text::default(),
            by: head.by.clone(),
        })?;
    }
    Ok(())
}

/// The state's adjustments. They carry no id: two equal ones are two.
pub(super) fn adjustments(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    let mut reader = ListReader::<Adjustment>::new();
    let mut read = Vec::new();
    for file in files {
        let mut records = Vec::new();
        let facts = read_json(&mut reader, file, &mut |record, number| {
            records.push((record, number));
            Ok(())
        })?;
        read.push((file, records, facts));
    }
    let dated = are_dates(read.iter().flat_map(|(_, records, _)| records.iter().map(|(record, _)| record)));
    for (file, records, mut facts) in read {
        let mut tally = Tally::default();
        for (adjustment, number) in records {
            let movement = adjustment_movement(reading, &At::new(&file.1, number), &adjustment, dated)?;
            note_time(&mut tally, &reading.settings, movement.when);
            reading.keep(movement)?;
        }
        facts.notes.extend(tally.notes());
        reading.inputs.push(facts);
    }
    reader.finish().map_err(of_wire)
}

/// Whether a list has dates: the API writes them as midnight UTC. One such moment may be one; several, and no other, are
/// dates.
fn are_dates<'a>(mut adjustments: impl Iterator<Item = &'a Adjustment>) -> bool {
    let is_midnight = |adjustment: &Adjustment| {
        let (_, time) = adjustment.adjustment_date.as_deref().and_then(|text| text.split_once('T'))?;
        let clock = time.strip_suffix("+00:00").or_else(|| time.strip_suffix('Z'))?;
        clock.trim_end_matches(['0', '.', ':']).is_empty().then_some(())
    };
    let mut count = 0;
    let all = adjustments.all(|adjustment| {
        count += 1;
        is_midnight(adjustment).is_some()
    });
    all && count > 1
}

fn adjustment_movement(
    reading: &mut Reading,
    at: &At<'_>,
    adjustment: &Adjustment,
    dated: bool,
) -> Result<Movement, InputError> {
    let package = at.tag("PackageLabel", adjustment.package_label.as_ref())?;
    let number = at.number("AdjustmentQuantity", adjustment.adjustment_quantity.as_ref())?;
    let unit = at.unit(
        "AdjustmentUnitOfMeasureName",
        adjustment.adjustment_unit_of_measure_name.as_ref(),
        adjustment.adjustment_unit_of_measure_abbreviation.as_ref(),
    )?;
    let fields = ("AdjustmentQuantity", "AdjustmentUnitOfMeasureName");
    let quantity = at.of_package(reading, package, fields, (number, unit))?;
    let when = at.when(reading, "AdjustmentDate", adjustment.adjustment_date.as_ref())?;
    let reason = text(adjustment.adjustment_reason_name.as_ref());
    Ok(Movement {
        package,
        book: Book::State,
        when: date_if_midnight(reading, adjustment.adjustment_date.as_deref(), when, dated)
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

/// A local midnight without an offset, `2026-03-07T00:00:00`, is a date: it means the day; so is one at midnight UTC in a
/// list of dates. (Elsewhere midnight with an offset may be either; matching considers both.)
fn date_if_midnight(reading: &Reading, text: Option<&str>, when: Option<When>, dated: bool) -> Option<When> {
    let Some((date, time)) = text.and_then(|text| text.split_once('T')) else { return when };
    let midnight = time.trim_end_matches(['0', '.', ':']).is_empty();
    if midnight || dated { reading.settings.zone.read(date).ok().or(when) } else { when }
}

/// The state's manifests, to the licence and from it.
pub(super) fn transfers(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    for (transfer, origin, file) in latest::<Transfer>(reading, files, |_, _| Ok(()))? {
        if transfer.is_voided == Some(true) {
            continue;
        }
        let at = At::new(&file, origin.record);
        let license = reading.settings.license.clone();
        let shipper = transfer.shipper_facility_license_number.as_deref().unwrap_or_default();
        let outgoing = shipper == license.as_str();
        for (place, row) in transfer.packages.iter().enumerate() {
            let at = at.element("Packages", place);
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
    let package = at.tag("PackageLabel", row.package_label.as_ref())?;
    let mut quantity =
        |fields: (&str, &str), number: Option<&NumberText>, name: Option<&Text>, short: Option<&Text>| {
            let Some(number) = number else { return Ok(None) };
            let number = at.number(fields.0, Some(number))?;
            let unit = at.unit(fields.1, name, short)?;
            at.of_package(reading, package, fields, (number, unit)).map(Some)
        };
    let shipped = quantity(
        ("ShippedQuantity", "ShippedUnitOfMeasureName"),
        row.shipped_quantity.as_ref(),
        row.shipped_unit_of_measure_name.as_ref(),
        row.shipped_unit_of_measure_abbreviation.as_ref(),
    )?;
    let state = transfer_state(at, row)?;
    // Until it is received the row carries no received quantity, or a zero without a unit.
    let is_received = state == TransferState::Accepted;
    let received = quantity(
        ("ReceivedQuantity", "ReceivedUnitOfMeasureName"),
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
            "ShipmentPackageState",
            format!("unknown state {}", quoted(state)),
            "Shipped, Accepted, Rejected or Returned",
        )),
    }
}
