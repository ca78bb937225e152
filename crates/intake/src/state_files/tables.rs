//! Tables that a person exports from the state's pages, or that somebody flattened from its answers.

use super::{File, note_time};
use crate::folder::Reading;
use crate::inputs::{Tally, read_table};
use crate::measures::{MeasureError, Measures};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::hash::BuildHasher;
use trueup_core::{
    Book, Decimal, Movement, MovementKind, Ordered, PackageStatus, PackageTag, Quantity, ReceiptNumber, SaleLine, Sku,
    StatePackage, Text, Unit, WasteClass, Zone,
};
use trueup_pos::fields;
use trueup_reconcile::Fact;
use trueup_table::{Column, InputError, Row, quoted};

const CORRECT_AND_RERUN: &str = "correct the cell and run again; nothing was written";
const TAG_ALIASES: &[&str] = &["Tag", "Label", "Package", "Package Tag", "Package Label", "PackageLabel"];
const UNIT_ALIASES: &[&str] = &["UoM", "Unit of Measure", "UnitOfMeasureName", "UnitOfMeasureAbbreviation"];

static PACKAGES: [Column; 11] = [
    Column { name: "package_id", aliases: TAG_ALIASES, required: true },
    Column { name: "item", aliases: &["Item Name", "Product"], required: true },
    Column { name: "quantity", aliases: &["Qty"], required: true },
    Column { name: "unit", aliases: UNIT_ALIASES, required: false },
    Column { name: "room", aliases: &["Location", "Location Name", "LocationName"], required: false },
    Column { name: "status", aliases: &[], required: false },
    Column {
        name: "source_package_ids",
        aliases: &["Source Packages", "Source Package(s)", "Src. Pkg's", "Src. Pkgs", "SourcePackageLabels"],
        required: false,
    },
    Column { name: "packaged_at", aliases: &["Packaged Date", "PackagedDate", "Packaged", "Date"], required: false },
    Column { name: "received_at", aliases: &["Received Date", "ReceivedDateTime"], required: false },
    Column {
        name: "manifest",
        aliases: &["Manifest #", "Manifest Number", "ReceivedFromManifestNumber"],
        required: false,
    },
    Column { name: "original_quantity", aliases: &["Original Quantity", "OriginalPackageQuantity"], required: false },
];

/// A number and its unit, in two columns or in one ("37 ea").
fn number_and_unit(row: &Row<'_>, quantity: usize, unit: usize) -> Result<(Decimal, Unit), InputError> {
    if !row.get(unit).is_empty() {
        return Ok((fields::decimal(row, quantity)?, fields::unit(row, unit)?));
    }
    let text = fields::required_text(row, quantity, "a number")?;
    let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    if suffix.is_empty() {
        return Err(row.error(
            unit,
            "the unit is missing",
            "a unit of its own column, or after the number as in 37 ea",
            CORRECT_AND_RERUN,
        ));
    }
    let number = Decimal::parse(number.trim()).map_err(|error| {
        let (found, expected) = fields::decimal_problem(text, error);
        row.error(quantity, found, expected, CORRECT_AND_RERUN)
    })?;
    let unit = Unit::parse(suffix.trim()).map_err(|_| {
        row.error(quantity, format!("unknown unit {}", quoted(suffix)), "a unit such as ea or g", CORRECT_AND_RERUN)
    })?;
    Ok((number, unit))
}

fn quantity(row: &Row<'_>, column: usize, number: Decimal, unit: Unit) -> Result<Quantity, InputError> {
    Quantity::new(number, unit)
        .map_err(|error| row.error(column, error.to_string(), fields::LARGEST, CORRECT_AND_RERUN))
}

/// The state's packages.
pub(super) fn packages(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    let mut seen: FxHashMap<PackageTag, (usize, u64)> = FxHashMap::default();
    for (place, file) in files.iter().enumerate() {
        let facts = read_table(file, &PACKAGES, |row| {
            let package = fields::required_tag(row, 0)?;
            if let Some((file, first)) = seen.insert(package, (place, row.number())) {
                let found = format!("package {package} is in {}, row {first} already", files[file].1);
                return Err(row.error_whole_row(found, "each package once", "export again without the double"));
            }
            let read = package_row(reading, row, package)?;
            reading.measures.set_dimension(package, read.unit.dimension());
            reading.stocked.insert(package);
            reading
                .books
                .record(Fact::StatePackage(Box::new(read)))
                .map_err(|error| row.error(3, error.to_string(), "one dimension per package", CORRECT_AND_RERUN))
        })?;
        reading.inputs.push(facts);
    }
    Ok(())
}

fn package_row(reading: &Reading, row: &Row<'_>, package: PackageTag) -> Result<StatePackage, InputError> {
    let (number, unit) = number_and_unit(row, 2, 3)?;
    let zone = &reading.settings.zone;
    let status = PackageStatus::read(row.get(5));
    let original = fields::optional_decimal(row, 10)?.map(|number| quantity(row, 10, number, unit)).transpose()?;
    let mut sources = Vec::new();
    for label in row.get(6).split([',', ';']).map(str::trim).filter(|label| !label.is_empty()) {
        sources.push(PackageTag::parse(label).map_err(|error| {
            let (found, expected, todo) = fields::tag_problem(label, &error);
            row.error(6, found, expected, todo)
        })?);
    }
    sources.sort_unstable();
    sources.dedup();
    Ok(StatePackage {
        package,
        item: Text::new(row.get(1)),
        unit,
        quantity: quantity(row, 2, number, unit)?,
        number,
        original,
        sources,
        location: Text::new(row.get(4)),
        packaged: fields::optional_when(row, 7, zone)?,
        received: fields::optional_when(row, 8, zone)?,
        manifest: Text::new(row.get(9)),
        held: status.map(|status| status == PackageStatus::Held),
        finished: status == Some(PackageStatus::Finished),
        archived: None,
        unit_content: None,
        modified: None,
    })
}

/// The columns of `state/sales*.csv`; [`sale_column`] names their places.
pub(crate) static SALES: [Column; 10] = [
    Column { name: "receipt_id", aliases: &["Receipt", "Receipt Number", "ReceiptNumber"], required: true },
    Column { name: "external_id", aliases: &["External Receipt Number", "ExternalReceiptNumber"], required: true },
    Column { name: "sold_at", aliases: &["Sales Date", "SalesDateTime"], required: true },
    Column { name: "package_id", aliases: TAG_ALIASES, required: true },
    Column { name: "quantity", aliases: &["Qty", "Quantity Sold", "QuantitySold"], required: true },
    Column { name: "unit", aliases: UNIT_ALIASES, required: false },
    Column { name: "voided_at", aliases: &["Voided", "ArchivedDate"], required: false },
    Column { name: "finalized", aliases: &["Final", "IsFinal"], required: false },
    Column { name: "recorded_at", aliases: &["Recorded", "RecordedDateTime"], required: false },
    Column { name: "recorded_by", aliases: &["Recorded By", "RecordedByUserName"], required: false },
];

/// The places of the columns in [`SALES`].
pub(crate) mod sale_column {
    pub const RECEIPT: usize = 0;
    pub const NUMBER: usize = 1;
    pub const SOLD_AT: usize = 2;
    pub const PACKAGE: usize = 3;
    pub const QUANTITY: usize = 4;
    pub const UNIT: usize = 5;
    pub const VOIDED_AT: usize = 6;
    pub const FINALIZED: usize = 7;
    pub const RECORDED_AT: usize = 8;
    pub const RECORDED_BY: usize = 9;
}

/// The state's receipts, one row a line.
pub(super) fn sales(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    // As with the POS's sales: a bad row is found before rows are kept.
    let mut order = Order::default();
    for file in files {
        read_table(file, &SALES, |row| {
            order.see(&sale_row(&reading.settings.zone, &mut reading.measures, row)?.reference);
            Ok(())
        })?;
    }
    let mut open: Vec<Movement> = Vec::new();
    for file in files {
        let mut tally = Tally::default();
        let mut facts = read_table(file, &SALES, |row| {
            let movement = sale_row(&reading.settings.zone, &mut reading.measures, row)?;
            note_time(&mut tally, &reading.settings, movement.when);
            let other = open.last().is_some_and(|last| last.reference != movement.reference);
            if other && order.is_together {
                keep_receipts(reading, std::mem::take(&mut open))?;
            }
            open.push(movement);
            Ok(())
        })?;
        facts.notes.extend(tally.notes());
        reading.inputs.push(facts);
    }
    keep_receipts(reading, open)
}

/// Whether the rows of each receipt stand together, so that a receipt is complete when the next begins. Where they do
/// not, all rows have to be held until the end.
struct Order {
    /// Receipts seen, as 64 bits of a hash: a collision only makes us hold the rows.
    seen: FxHashSet<u64>,
    last: Text,
    is_together: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { seen: FxHashSet::default(), last: Text::default(), is_together: true }
    }
}

impl Order {
    fn see(&mut self, receipt: &Text) {
        if *receipt != self.last || self.seen.is_empty() {
            let hash = FxBuildHasher.hash_one(receipt);
            self.is_together &= self.seen.insert(hash);
            self.last.clone_from(receipt);
        }
    }
}

/// Keeps whole receipts, their lines numbered and their packages counted.
fn keep_receipts(reading: &mut Reading, mut movements: Vec<Movement>) -> Result<(), InputError> {
    number_lines(&mut movements);
    movements.into_iter().try_for_each(|movement| reading.keep(movement))
}

/// Numbers the lines of whole receipts, and counts their packages.
pub(crate) fn number_lines(movements: &mut [Movement]) {
    let mut lines = FxHashMap::<Text, u64>::default();
    for movement in &mut *movements {
        let line = lines.entry(movement.reference.clone()).or_default();
        *line += 1;
        movement.line = Text::new(line.to_string());
    }
    count_packages(movements);
}

/// How many packages stand on each receipt.
fn count_packages(movements: &mut [Movement]) {
    let mut packages: FxHashMap<Text, Vec<PackageTag>> = FxHashMap::default();
    for movement in movements.iter() {
        let on_receipt = packages.entry(movement.reference.clone()).or_default();
        if !on_receipt.contains(&movement.package) {
            on_receipt.push(movement.package);
        }
    }
    for movement in movements {
        if let MovementKind::Sale(sale) = &mut movement.kind {
            let on_receipt = packages.get(&movement.reference).map_or(0, Vec::len);
            sale.packages = u32::try_from(on_receipt).unwrap_or(u32::MAX);
        }
    }
}

fn of_package(
    measures: &mut Measures,
    row: &Row<'_>,
    (quantity_column, unit_column): (usize, usize),
    (package, unit): (PackageTag, Unit),
) -> Result<(), InputError> {
    let ours = measures.suggest_dimension(package, unit.dimension());
    if ours == unit.dimension() {
        return Ok(());
    }
    let told = MeasureError::Dimension { package: ours, given: unit.dimension() }.told_without_sku(unit);
    // The unit may stand in a column of its own or after the number.
    let column = if row.get(unit_column).is_empty() { quantity_column } else { unit_column };
    Err(row.error(column, told.found, told.expected, told.todo))
}

/// One line of a receipt.
pub(crate) fn sale_row(zone: &Zone, measures: &mut Measures, row: &Row<'_>) -> Result<Movement, InputError> {
    let package = fields::required_tag(row, sale_column::PACKAGE)?;
    let (number, unit) = number_and_unit(row, sale_column::QUANTITY, sale_column::UNIT)?;
    if number.mantissa() < 0 {
        return Err(row.error(
            sale_column::QUANTITY,
            format!("{} is negative", quoted(row.get(sale_column::QUANTITY))),
            "zero or more",
            CORRECT_AND_RERUN,
        ));
    }
    of_package(measures, row, (sale_column::QUANTITY, sale_column::UNIT), (package, unit))?;
    let sale = SaleLine {
        number: ReceiptNumber::new(row.get(sale_column::NUMBER)),
        voided: fields::optional_when(row, sale_column::VOIDED_AT, zone)?,
        finalized: fields::flag(row, sale_column::FINALIZED)?,
        recorded: fields::optional_when(row, sale_column::RECORDED_AT, zone)?.map(trueup_core::When::moment),
        state_number: Text::new(row.get(sale_column::RECEIPT)),
        ..SaleLine::default()
    };
    let sold = quantity(row, sale_column::QUANTITY, number, unit)?;
    Ok(Movement {
        package,
        book: Book::State,
        when: fields::when(row, sale_column::SOLD_AT, zone)?,
        kind: MovementKind::Sale(Box::new(sale)),
        reference: Text::new(fields::required_text(row, sale_column::RECEIPT, "the state's receipt")?),
        line: Text::default(),
        sku: Sku::default(),
        quantity: Ordered(
            sold.checked_neg()
                .map_err(|e| row.error(sale_column::QUANTITY, e.to_string(), "a quantity", CORRECT_AND_RERUN))?,
        ),
        number: Ordered(number),
        unit,
        reason: Text::default(),
        note: Text::default(),
        by: Text::new(row.get(sale_column::RECORDED_BY)),
    })
}

static ADJUSTMENTS: [Column; 7] = [
    Column { name: "package_id", aliases: TAG_ALIASES, required: true },
    Column { name: "at", aliases: &["Adjustment Date", "AdjustmentDate", "Date"], required: true },
    Column {
        name: "quantity_delta",
        aliases: &["Quantity", "Adjustment Quantity", "AdjustmentQuantity"],
        required: true,
    },
    Column { name: "unit", aliases: UNIT_ALIASES, required: false },
    Column { name: "reason", aliases: &["Adjustment Reason", "AdjustmentReasonName"], required: true },
    Column { name: "note", aliases: &["Adjustment Note", "AdjustmentNote"], required: true },
    Column { name: "by", aliases: &["Adjusted By", "AdjustedByUserName", "User"], required: true },
];

/// The state's adjustments.
pub(super) fn adjustments(reading: &mut Reading, files: &[File]) -> Result<(), InputError> {
    for file in files {
        let mut tally = Tally::default();
        let mut facts = read_table(file, &ADJUSTMENTS, |row| {
            let movement = adjustment_row(reading, row)?;
            note_time(&mut tally, &reading.settings, movement.when);
            reading.keep(movement)?;
            Ok(())
        })?;
        facts.notes.extend(tally.notes());
        reading.inputs.push(facts);
    }
    Ok(())
}

fn adjustment_row(reading: &mut Reading, row: &Row<'_>) -> Result<Movement, InputError> {
    let package = fields::required_tag(row, 0)?;
    let (number, unit) = number_and_unit(row, 2, 3)?;
    of_package(&mut reading.measures, row, (2, 3), (package, unit))?;
    let reason = Text::new(row.get(4));
    Ok(Movement {
        package,
        book: Book::State,
        when: fields::when(row, 1, &reading.settings.zone)?,
        kind: MovementKind::Adjust(WasteClass::of_reason(&reason)),
        reference: Text::default(),
        line: Text::default(),
        sku: Sku::default(),
        quantity: Ordered(quantity(row, 2, number, unit)?),
        number: Ordered(number),
        unit,
        reason,
        note: Text::new(row.get(5)),
        by: Text::new(row.get(6)),
    })
}
