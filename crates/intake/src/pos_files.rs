//! The POS's files into movements and observations.

use crate::folder::Reading;
use crate::inputs::{InputFacts, MERCHANDISE, Tally, facts, is_large, read_table};
use crate::join::PosSales;
use crate::measures::{self, MeasureError, Measures};
use crate::pushed::Told;
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use trueup_core::{
    Book, BusinessDay, Dimension, Movement, MovementKind, Ordered, PackageTag, PosStock, Quantity, SaleLine, Sku, Text,
    Unit, WasteClass,
};
use trueup_pos::fields::LARGEST;
use trueup_pos::{
    INVENTORY, InventoryRow, MOVEMENTS, MovementRow, MovementType, QUANTITY_COLUMN, SALES, SKU_MAP, SaleKind, SaleRow,
    SalesHeader, UNIT_COLUMN, check_sales_header, read_inventory, read_movement, read_sale, read_sku_map, sale_column,
};
use trueup_reconcile::Fact;
use trueup_table::{InputError, Row, Table, quoted};

pub(crate) const TWICE: &str = "{} local times that exist twice, read as the earlier";
const KEEP_ONE: &str = "export again without the double, or remove the row that is wrong";

pub(crate) type File = (PathBuf, String);

/// What one piece holds, before anything is measured.
pub(crate) fn sku_map(reading: &mut Reading, file: &File) -> Result<(), InputError> {
    let mut seen = FxHashSet::default();
    let facts = read_table(file, &SKU_MAP, |row| {
        let read = read_sku_map(row)?;
        let quantity = Quantity::new(read.per_unit, read.unit)
            .map_err(|error| row.error(2, error.to_string(), LARGEST, "correct the cell and run again"))?;
        let ours = reading.measures.suggest_dimension(read.package, quantity.dimension());
        if ours != quantity.dimension() {
            let error = MeasureError::Dimension { package: ours, given: quantity.dimension() };
            let told = error.told_without_sku(read.unit);
            return Err(row.error(3, told.found, told.expected, told.todo));
        }
        if !seen.insert((read.package, read.sku.clone())) {
            return Err(row.error_whole_row("the same package and SKU are there twice", "one row for each", KEEP_ONE));
        }
        reading.measures.set_per_piece(read.package, read.sku, quantity);
        Ok(())
    })?;
    reading.inputs.push(facts);
    Ok(())
}

/// A measure that does not fit, told at the row: its columns of the number and of the unit.
pub(crate) fn told(row: &Row<'_>, columns: (usize, usize), unit: Unit, error: &MeasureError) -> InputError {
    let told = error.told(unit);
    row.error(if told.of_number { columns.0 } else { columns.1 }, told.found, told.expected, told.todo)
}

/// The rows of what the POS has on hand, read and not measured yet.
pub(crate) struct InventoryRows {
    rows: Vec<InventoryRow>,
    /// What the file calls the columns of the number and of the unit.
    labels: (String, String),
    facts: InputFacts,
}

/// Reads what the POS has on hand.
pub(crate) fn read_inventory_rows((path, display): &File) -> Result<InventoryRows, InputError> {
    let mut table = Table::open(path, display, &INVENTORY)?;
    let mut tally = Tally::default();
    let mut rows: Vec<InventoryRow> = Vec::new();
    let mut seen: FxHashMap<(PackageTag, Sku, Text), u64> = FxHashMap::default();
    read_inventory(&mut table, &mut |row, read| {
        let Some(package) = read.package else {
            tally.count(MERCHANDISE);
            return Ok(());
        };
        if let Some(first) = seen.insert((package, read.sku.clone(), read.room.clone()), read.row) {
            let found = format!(
                "package {package}, SKU {} and room {} are in row {first} already",
                quoted(read.sku.as_str()),
                quoted(&read.room)
            );
            return Err(row.error_whole_row(found, "one row per package, SKU and room", KEEP_ONE));
        }
        rows.push(read);
        Ok(())
    })?;
    let labels = (table.label(QUANTITY_COLUMN), table.label(UNIT_COLUMN));
    let facts = facts(table, display)?.with(tally);
    Ok(InventoryRows { rows, labels, facts })
}

/// Brings what the POS has on hand to its packages' measures.
pub(crate) fn inventory(reading: &mut Reading, inventory: InventoryRows) -> Result<(), InputError> {
    let InventoryRows { rows, labels, facts } = inventory;
    for read in &rows {
        note_measure(reading, read);
    }
    let display = facts.file.as_str();
    let at_row = |read: &InventoryRow, told: measures::Told| {
        let column = if told.of_number { &labels.0 } else { &labels.1 };
        InputError::new(display, told.found, told.expected, told.todo).at_row(read.row).in_column(column.as_str())
    };
    for read in rows {
        let Some(package) = read.package else { continue };
        let measure = |reading: &mut Reading, number| reading.measures.quantity(package, &read.sku, number, read.unit);
        let quantity = measure(reading, read.number).map_err(|error| at_row(&read, error.told(read.unit)))?;
        let one = trueup_core::Decimal::new(1, 0);
        let per_unit = measure(reading, one).map_err(|error| at_row(&read, error.told(read.unit)))?;
        let row = read.row;
        let stock = PosStock {
            package,
            sku: read.sku,
            product_name: read.product_name,
            room: read.room,
            quantity,
            number: read.number,
            unit: read.unit,
            per_unit,
            status: read.status,
        };
        let recorded = reading.books.record(Fact::PosStock(stock));
        recorded.map_err(|error| {
            let todo = "correct the unit and run again";
            InputError::new(display, error.to_string(), "one dimension per package", todo).at_row(row)
        })?;
        reading.stocked.insert(package);
    }
    reading.inputs.push(facts);
    Ok(())
}

/// What an inventory row says about how its package is measured: the rows of a package that name a weight or volume
/// decide before those that count pieces, whatever their order.
fn note_measure(reading: &mut Reading, read: &InventoryRow) {
    let Some(package) = read.package else { return };
    if let Some(weight) = read.unit_weight.and_then(|(number, unit)| Quantity::new(number, unit).ok()) {
        reading.measures.set_unit_weight(package, read.sku.clone(), weight);
    }
    if read.unit.dimension() != Dimension::Count {
        reading.measures.suggest_dimension(package, read.unit.dimension());
    }
}

/// Packages that no snapshot knows are kept as their rows say: one that names a weight or volume decides before those
/// that count pieces, whatever their order and whichever file they are in.
pub(crate) fn note_dimensions(reading: &mut Reading, sales: &File, movements: Option<&File>) -> Result<(), InputError> {
    if !reading.measures.pieces_may_weigh() {
        return Ok(());
    }
    let zone = reading.settings.zone.clone();
    let mut table = Table::open(&sales.0, &sales.1, &SALES)?;
    let header = check_sales_header(&table, &sales.1)?;
    while let Some(row) = table.next_row()? {
        let read = read_sale(&row, header, &zone)?;
        note_dimension(&mut reading.measures, read.package, Some(read.unit));
    }
    movements.map_or(Ok(()), |movements| note_dimensions_of_movements(reading, movements))
}

/// The same for the movements alone.
pub(crate) fn note_dimensions_of_movements(reading: &mut Reading, movements: &File) -> Result<(), InputError> {
    if !reading.measures.pieces_may_weigh() {
        return Ok(());
    }
    let zone = reading.settings.zone.clone();
    read_table(movements, &MOVEMENTS, |row| {
        let read = read_movement(row, &zone)?;
        note_dimension(&mut reading.measures, read.package, read.unit);
        Ok(())
    })
    .map(drop)
}

fn note_dimension(measures: &mut Measures, package: Option<PackageTag>, unit: Option<Unit>) {
    if let (Some(package), Some(unit)) = (package, unit.filter(|unit| unit.dimension() != Dimension::Count)) {
        measures.suggest_dimension(package, unit.dimension());
    }
}

/// The receipts' lines.
pub(crate) fn sales(reading: &mut Reading, file: &File, told: &mut Told) -> Result<(), InputError> {
    let (path, display) = file;
    if is_large(path) {
        // A bad row near the end of a large file costs a second look then, not the memory of all rows before it.
        read_sales(reading, file, told, &mut |_, _| Ok(()))?;
    }
    let (table, sales) = read_sales(reading, file, told, &mut keep_sale)?;
    reading.inputs.push(facts(table, display)?.with(sales.tally));
    Ok(())
}

/// What the join left of the sales.
pub(crate) fn joined_sales(reading: &mut Reading, sales: PosSales) -> Result<(), InputError> {
    reading.inputs.push(sales.facts);
    sales.movements.into_iter().try_for_each(|movement| keep_sale(reading, movement))
}

pub(crate) fn keep_sale(reading: &mut Reading, movement: Movement) -> Result<(), InputError> {
    if matches!(movement.kind, MovementKind::Sale(_)) {
        reading.note_sold(movement.package);
    }
    reading.keep(movement)
}

/// Reads every row; ends before the table's facts are taken.
fn read_sales(
    reading: &mut Reading,
    (path, display): &File,
    told: &mut Told,
    sink: &mut dyn FnMut(&mut Reading, Movement) -> Result<(), InputError>,
) -> Result<(Table, Sales), InputError> {
    let mut table = Table::open(path, display, &SALES)?;
    let header = check_sales_header(&table, display)?;
    let mut sales = Sales { tally: Tally::default(), seen: FxHashMap::default() };
    while let Some(row) = table.next_row()? {
        if let Some(movement) = sales.read(reading, &row, header, told)? {
            sink(reading, movement)?;
        }
    }
    Ok((table, sales))
}

struct Sales {
    tally: Tally,
    /// Every line's [`line_key`], with the row that had it first.
    seen: FxHashMap<u128, u64>,
}

/// A line of a receipt on its business day and terminal, as 128 bits of SipHash with fixed keys: rows are many, and two
/// different lines with one key are less likely than a fault of the memory.
pub(crate) fn line_key(read: &SaleRow, day: BusinessDay) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, &read.receipt, &read.line, &read.terminal, day).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

impl Sales {
    fn read(
        &mut self,
        reading: &mut Reading,
        row: &Row<'_>,
        header: SalesHeader,
        told: &mut Told,
    ) -> Result<Option<Movement>, InputError> {
        let read = read_sale(row, header, &reading.settings.zone)?;
        self.check_double(reading, row, &read)?;
        if !told.lines.is_empty() {
            let key = line_key(&read, reading.settings.zone.day(read.sold_at.moment()));
            if let (Some(moved), Some(package)) = (told.lines.get_mut(&key), read.package) {
                *moved = Some(measured_sale(&mut reading.measures, row, package, read)?);
                return Ok(None);
            }
        }
        if read.ambiguous {
            self.tally.count(TWICE);
        }
        let Some(package) = read.package else {
            self.tally.count(MERCHANDISE);
            return Ok(None);
        };
        self.tally.count_window(&reading.settings, read.sold_at, Book::Pos);
        measured_sale(&mut reading.measures, row, package, read).map(Some)
    }

    fn check_double(&mut self, reading: &Reading, row: &Row<'_>, read: &SaleRow) -> Result<(), InputError> {
        if read.line.is_empty() {
            return Ok(());
        }
        let day = reading.settings.zone.day(read.sold_at.moment());
        match self.seen.insert(line_key(read, day), row.number()) {
            None => Ok(()),
            Some(first) => {
                let found = format!(
                    "receipt {}, line {} of {day} is in row {first} already",
                    quoted(read.receipt.as_str()),
                    quoted(&read.line)
                );
                Err(row.error_whole_row(found, "each line of a receipt once on a business day and terminal", KEEP_ONE))
            }
        }
    }
}

/// A row as a movement of its package.
pub(crate) fn measured_sale(
    measures: &mut Measures,
    row: &Row<'_>,
    package: PackageTag,
    read: SaleRow,
) -> Result<Movement, InputError> {
    let quantity = measures
        .quantity(package, &read.sku, read.number, read.unit)
        .map_err(|error| told(row, (sale_column::QUANTITY, sale_column::UNIT), read.unit, &error))?;
    let signed = if read.kind == SaleKind::Sale { quantity.checked_neg() } else { Ok(quantity) };
    let signed =
        signed.map_err(|error| told(row, (sale_column::QUANTITY, sale_column::UNIT), read.unit, &error.into()))?;
    Ok(sale_movement(package, signed, read))
}

fn sale_movement(package: PackageTag, quantity: Quantity, read: SaleRow) -> Movement {
    let line = Box::new(SaleLine {
        number: read.receipt.clone(),
        original: read.original,
        terminal: read.terminal,
        voided: read.voided_at,
        price: read.price.map(Ordered),
        customer: read.customer,
        state_receipt: read.state_receipt,
        ..SaleLine::default()
    });
    Movement {
        package,
        book: Book::Pos,
        when: read.sold_at,
        kind: match read.kind {
            SaleKind::Sale => MovementKind::Sale(line),
            SaleKind::Return => MovementKind::Return(line),
            SaleKind::Void => MovementKind::Void(line),
        },
        reference: Text::new(read.receipt.as_str()),
        line: read.line,
        sku: read.sku,
        quantity: Ordered(quantity),
        number: Ordered(read.number),
        unit: read.unit,
        reason: Text::default(),
        note: Text::default(),
        by: read.employee,
    }
}

/// Everything else that changed the POS's stock.
pub(crate) fn movements(reading: &mut Reading, file: &File, told: &mut Told) -> Result<(), InputError> {
    let mut tally = Tally::default();
    let mut seen: FxHashMap<(Text, PackageTag, Sku), u64> = FxHashMap::default();
    let mut read_rows: Vec<(MovementRow, Movement)> = Vec::new();
    let facts = read_table(file, &MOVEMENTS, |row| {
        let read = read_movement(row, &reading.settings.zone)?;
        let Some(package) = read.package else {
            tally.count(MERCHANDISE);
            return Ok(());
        };
        if read.ambiguous {
            tally.count(TWICE);
        }
        let key = (read.event.clone(), package, read.sku.clone());
        if let Some(first) = seen.insert(key, row.number()).filter(|_| !read.event.is_empty()) {
            let found = format!("event {}, this package and SKU are in row {first} already", quoted(&read.event));
            return Err(row.error_whole_row(found, "each event, package and SKU once", KEEP_ONE));
        }
        if let Some(moved) = told.events.get_mut(&(read.event.clone(), package, read.sku.clone())) {
            *moved = Some(stock_movement(&mut reading.measures, row, package, &read)?);
            return Ok(());
        }
        tally.count_window(&reading.settings, read.at, Book::Pos);
        let movement = stock_movement(&mut reading.measures, row, package, &read)?;
        read_rows.push((read, movement));
        Ok(())
    })?;
    with_conversions_across_packages(read_rows).try_for_each(|movement| reading.keep(movement))?;
    reading.inputs.push(facts.with(tally));
    Ok(())
}

pub(crate) fn stock_movement(
    measures: &mut Measures,
    row: &Row<'_>,
    package: PackageTag,
    read: &MovementRow,
) -> Result<Movement, InputError> {
    let measured = match read.unit {
        Some(unit) => measures.quantity(package, &read.sku, read.number, unit),
        None => Ok(Quantity::zero(measures.dimension(package).unwrap_or(Dimension::Count))),
    };
    let unit = read.unit.unwrap_or(Unit::Each);
    let quantity = measured.map_err(|error| told(row, (5, 6), unit, &error))?;
    Ok(Movement {
        package,
        book: Book::Pos,
        when: read.at,
        kind: kind_of(read),
        reference: read.event.clone(),
        line: Text::default(),
        sku: read.sku.clone(),
        quantity: Ordered(quantity),
        number: Ordered(read.number),
        unit,
        reason: read.reason.clone(),
        note: read.note.clone(),
        by: read.by.clone(),
    })
}

fn kind_of(read: &MovementRow) -> MovementKind {
    match read.kind {
        MovementType::Receive => MovementKind::Receive,
        MovementType::Adjust => MovementKind::Adjust(WasteClass::of_reason(&read.reason)),
        MovementType::Correction => MovementKind::Correction { corrects: read.corrects.clone() },
        MovementType::Move => MovementKind::Move { from: read.from_room.clone(), to: read.to_room.clone() },
        MovementType::Convert => MovementKind::Convert,
        MovementType::Split | MovementType::Merge => MovementKind::Repackage { product: read.to_package },
        MovementType::Destroy => MovementKind::Destroy,
        MovementType::Sample => MovementKind::Sample,
        MovementType::TransferOut => MovementKind::TransferOut,
        MovementType::Finish => MovementKind::Finish,
        MovementType::Unfinish => MovementKind::Unfinish,
    }
}

/// A conversion whose rows name several packages makes a package from packages. Rows without an event are nobody's
/// conversion but their own package's.
pub(crate) fn with_conversions_across_packages(rows: Vec<(MovementRow, Movement)>) -> impl Iterator<Item = Movement> {
    let mut packages: FxHashMap<Text, FxHashSet<PackageTag>> = FxHashMap::default();
    let of_events = |(read, _): &&(MovementRow, Movement)| read.kind == MovementType::Convert && !read.event.is_empty();
    for (read, movement) in rows.iter().filter(of_events) {
        packages.entry(read.event.clone()).or_default().insert(movement.package);
    }
    rows.into_iter().map(move |(read, mut movement)| {
        let across = packages.get(&read.event).is_some_and(|packages| packages.len() > 1);
        if read.kind == MovementType::Convert && across {
            movement.kind = MovementKind::Repackage { product: read.to_package };
        }
        movement
    })
}
