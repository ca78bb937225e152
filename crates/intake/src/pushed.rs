//! What the POS told row by row since its last export: newer than the rows of the export that they name again.
//!
//! The rows have the columns of `pos/sales.csv` and `pos/movements.csv` and lie in `pos/pushed/`; of rows that name the same line or
//! event the last one counts. The export says what was on hand when it was made; what was told since adds to it.

use crate::inputs::{InputFacts, Tally, facts};
use crate::measures::Measures;
use crate::pos_files::{File, line_key, measured_sale, stock_movement, with_conversions_across_packages};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use std::path::Path;
use trueup_core::{
    BusinessDay, Decimal, Movement, MovementKind, PackageTag, PosStock, Quantity, QuantityError, Sku, Text, Unit, Zone,
};
use trueup_pos::{MOVEMENTS, MovementRow, SALES, check_sales_header, read_movement, read_sale};
use trueup_reconcile::Settings;
use trueup_table::{InputError, Row, Table, find};

/// Where the rows lie, in a store folder.
pub const PUSHED: &str = "pos/pushed";

const LINE_MISSING: &str = "a line's number, so that the line can be told again";

/// What was told, brought to its packages' measures.
#[derive(Debug, Default)]
pub struct Told {
    /// One movement for each line of a receipt, and for each event, package and SKU.
    pub movements: Vec<Movement>,
    /// Sales' lines among them.
    pub(crate) lines: FxHashMap<u128, ()>,
    /// Events among them.
    pub(crate) events: FxHashMap<(Text, PackageTag, Sku), ()>,
    pub(crate) inputs: Vec<InputFacts>,
}

/// Reads the rows that lie in a folder. `measures` are those of the packages.
///
/// # Errors
/// The first row that cannot be used.
pub(crate) fn read(root: &Path, settings: &Settings, measures: &mut Measures) -> Result<Told, InputError> {
    let mut told = Told::default();
    if let Some(file) = find(root, PUSHED, "sales")? {
        read_sales(&mut told, &file, settings, measures)?;
    }
    if let Some(file) = find(root, PUSHED, "movements")? {
        read_movements(&mut told, &file, settings, measures)?;
    }
    Ok(told)
}

fn read_sales(
    told: &mut Told,
    (path, display): &File,
    settings: &Settings,
    measures: &mut Measures,
) -> Result<(), InputError> {
    let mut table = Table::open(path, display, &SALES)?;
    let header = check_sales_header(&table, display)?;
    let mut last: FxHashMap<u128, (u64, Movement)> = FxHashMap::default();
    let mut merchandise = Tally::default();
    while let Some(row) = table.next_row()? {
        let read = read_sale(&row, header, &settings.zone)?;
        if read.line.is_empty() {
            return Err(row.error(1, "it is empty", LINE_MISSING, "name the line and send it again"));
        }
        let day = settings.zone.day(read.sold_at.moment());
        let Some(package) = read.package else {
            merchandise.count(crate::inputs::MERCHANDISE);
            continue;
        };
        let key = line_key(&read, day);
        last.insert(key, (row.number(), measured_sale(measures, &row, package, read)?));
    }
    told.lines = last.keys().map(|key| (*key, ())).collect();
    told.movements.extend(in_order(last.into_values()));
    told.inputs.push(facts(table, display)?.with(merchandise));
    Ok(())
}

fn in_order(rows: impl Iterator<Item = (u64, Movement)>) -> impl Iterator<Item = Movement> {
    let mut rows: Vec<(u64, Movement)> = rows.collect();
    rows.sort_unstable_by_key(|(number, _)| *number);
    rows.into_iter().map(|(_, movement)| movement)
}

fn read_movements(
    told: &mut Told,
    (path, display): &File,
    settings: &Settings,
    measures: &mut Measures,
) -> Result<(), InputError> {
    let mut last: FxHashMap<(Text, PackageTag, Sku), (u64, MovementRow, Movement)> = FxHashMap::default();
    let mut tally = Tally::default();
    let each = |row: &Row<'_>| {
        let read = read_movement(row, &settings.zone)?;
        if read.event.is_empty() {
            return Err(row.error(
                0,
                "it is empty",
                "an event's id, so that it can be told again",
                "name it and send it again",
            ));
        }
        let Some(package) = read.package else {
            tally.count(crate::inputs::MERCHANDISE);
            return Ok(());
        };
        let movement = stock_movement(measures, row, package, &read)?;
        last.insert((read.event.clone(), package, read.sku.clone()), (row.number(), read, movement));
        Ok(())
    };
    let facts = crate::inputs::read_table(&(path.clone(), display.clone()), &MOVEMENTS, each)?;
    told.events = last.keys().map(|key| (key.clone(), ())).collect();
    let mut rows: Vec<_> = last.into_values().collect();
    rows.sort_unstable_by_key(|(number, ..)| *number);
    told.movements.extend(with_conversions_across_packages(rows.into_iter().map(|(_, read, it)| (read, it)).collect()));
    told.inputs.push(facts.with(tally));
    Ok(())
}

/// What names a row of the POS, besides its package: it is told again by the same name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowName {
    of_sale: bool,
    reference: Text,
    line: Text,
    terminal: Text,
    day: Option<BusinessDay>,
    sku: Sku,
}

impl RowName {
    /// Of a movement of the POS.
    #[must_use]
    pub fn of(movement: &Movement, zone: &Zone) -> Self {
        let reference = movement.reference.clone();
        match &movement.kind {
            MovementKind::Sale(line) | MovementKind::Return(line) | MovementKind::Void(line) => Self {
                of_sale: true,
                reference,
                line: movement.line.clone(),
                terminal: line.terminal.clone(),
                day: Some(zone.day(movement.when.moment())),
                sku: Sku::default(),
            },
            _ => Self {
                of_sale: false,
                reference,
                line: Text::default(),
                terminal: Text::default(),
                day: None,
                sku: movement.sku.clone(),
            },
        }
    }
}

/// What a row that was told adds to what an export of `since` has on hand, in 10⁻¹² of the package's dimension.
#[must_use]
pub fn effect(movement: &Movement, since: Timestamp) -> i64 {
    let is_new = |when: trueup_core::When| when.moment() > since;
    let moved = if is_new(movement.when) { movement.quantity.0.atoms() } else { 0 };
    match &movement.kind {
        // Goods go from room to room, or nowhere.
        MovementKind::Move { .. } | MovementKind::Finish | MovementKind::Unfinish => 0,
        MovementKind::Sale(line) => match line.voided.filter(|when| is_new(*when)) {
            Some(_) => moved.saturating_sub(movement.quantity.0.atoms()),
            None => moved,
        },
        _ => moved,
    }
}

/// The row of stock that a movement changes by so much; a new one where there is none of its SKU.
///
/// # Errors
/// [`QuantityError`] if it gets too large.
pub fn stock_after(stock: &[PosStock], movement: &Movement, change: i64) -> Result<PosStock, QuantityError> {
    let of_sku = stock.iter().filter(|row| row.sku == movement.sku);
    // Most is where things are sold from; rooms of a SKU are told apart by exports alone.
    let before = of_sku.max_by_key(|row| row.quantity.atoms()).cloned();
    let dimension = movement.quantity.0.dimension();
    let mut row = before.unwrap_or_else(|| PosStock {
        package: movement.package,
        sku: movement.sku.clone(),
        product_name: Text::default(),
        room: Text::default(),
        quantity: Quantity::zero(dimension),
        number: Decimal::new(0, 0),
        unit: Unit::base(dimension),
        per_unit: Quantity::new(Decimal::new(1, 0), Unit::base(dimension)).unwrap_or(Quantity::zero(dimension)),
        status: None,
    });
    let after = row.quantity.atoms().checked_add(change).ok_or(QuantityError::Overflow)?;
    row.quantity = Quantity::from_atoms(after, row.quantity.dimension());
    row.number = number_of(row.quantity, row.per_unit).unwrap_or(row.number);
    Ok(row)
}

/// The quantity in the SKU's own unit, where it is a plain number.
fn number_of(quantity: Quantity, per_unit: Quantity) -> Option<Decimal> {
    let one = i128::from(per_unit.atoms());
    let scaled = i128::from(quantity.atoms()).checked_mul(1_000_000)?.checked_div(one)?;
    let (mut mantissa, mut scale) = (i64::try_from(scaled).ok()?, 6_u8);
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Some(Decimal::new(mantissa, scale))
}
