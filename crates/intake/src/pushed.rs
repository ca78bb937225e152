//! What the POS told row by row since its last export: newer than the rows of the export that they name again.
//!
//! The rows have the columns of `pos/sales.csv` and `pos/movements.csv`; what was told at once lies in a folder of `pos/pushed/` whose
//! name begins with the moment up to which it tells. Of rows that name the same line or event the last one counts. The export says what
//! was on hand when it was made; what was told since adds to it.

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
const EVENT_MISSING: &str = "an event's id, so that it can be told again";

/// What was told, brought to its packages' measures.
#[derive(Debug, Default)]
pub struct Told {
    /// One movement for each line of a receipt, and for each event, package and SKU.
    pub movements: Vec<Movement>,
    /// Sales' lines that were told, with the export's rows that they replace.
    pub(crate) lines: FxHashMap<u128, Option<Movement>>,
    /// Events, likewise.
    pub(crate) events: FxHashMap<(Text, PackageTag, Sku), Option<Movement>>,
    pub(crate) inputs: Vec<InputFacts>,
}

/// What was told at once, of a store folder: the moment up to which it tells, and its folder's name.
///
/// # Errors
/// A folder that cannot be read.
pub fn tellings(root: &Path) -> std::io::Result<Vec<(Timestamp, String)>> {
    let entries = match std::fs::read_dir(root.join(PUSHED)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut tellings = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let micros = name.split_once('-').and_then(|(micros, _)| micros.parse().ok());
        if let Some(as_of) = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()) {
            tellings.push((as_of, name));
        }
    }
    tellings.sort_unstable();
    Ok(tellings)
}

/// The name of the folder for what tells up to a moment.
#[must_use]
pub fn telling_name(as_of: Timestamp, hash: &str) -> String {
    format!("{:020}-{hash}", as_of.as_microsecond())
}

/// Reads what was told after a moment. `measures` are those of the packages.
///
/// # Errors
/// The first row that cannot be used.
pub(crate) fn read(
    root: &Path,
    since: Timestamp,
    settings: &Settings,
    measures: &mut Measures,
) -> Result<Told, InputError> {
    let mut reading = Rows::default();
    let tellings = tellings(root).map_err(|error| trueup_table::from_io(PUSHED, &error))?;
    for (_, name) in tellings.into_iter().filter(|(as_of, _)| *as_of > since) {
        let place = format!("{PUSHED}/{name}");
        if let Some(file) = find(root, &place, "sales")? {
            reading.sales(&file, settings, measures)?;
        }
        if let Some(file) = find(root, &place, "movements")? {
            reading.movements(&file, settings, measures)?;
        }
    }
    Ok(reading.told())
}

/// Rows while they are read: the last of each name.
#[derive(Default)]
struct Rows {
    count: usize,
    lines: FxHashMap<u128, Option<(usize, Movement)>>,
    events: FxHashMap<(Text, PackageTag, Sku), (usize, MovementRow, Movement)>,
    inputs: Vec<InputFacts>,
}

impl Rows {
    fn sales(
        &mut self,
        (path, display): &File,
        settings: &Settings,
        measures: &mut Measures,
    ) -> Result<(), InputError> {
        let mut table = Table::open(path, display, &SALES)?;
        let header = check_sales_header(&table, display)?;
        let mut tally = Tally::default();
        while let Some(row) = table.next_row()? {
            let read = read_sale(&row, header, &settings.zone)?;
            if read.line.is_empty() {
                return Err(row.error(1, "it is empty", LINE_MISSING, "name the line and send it again"));
            }
            let key = line_key(&read, settings.zone.day(read.sold_at.moment()));
            self.count += 1;
            // Told as merchandise, it is no sale of a package any more.
            let movement = match read.package {
                Some(package) => Some((self.count, measured_sale(measures, &row, package, read)?)),
                None => {
                    tally.count(crate::inputs::MERCHANDISE);
                    None
                }
            };
            self.lines.insert(key, movement);
        }
        self.inputs.push(facts(table, display)?.with(tally));
        Ok(())
    }

    fn movements(&mut self, file: &File, settings: &Settings, measures: &mut Measures) -> Result<(), InputError> {
        let mut tally = Tally::default();
        let each = |row: &Row<'_>| {
            let read = read_movement(row, &settings.zone)?;
            if read.event.is_empty() {
                return Err(row.error(0, "it is empty", EVENT_MISSING, "name the event and send it again"));
            }
            let Some(package) = read.package else {
                tally.count(crate::inputs::MERCHANDISE);
                return Ok(());
            };
            let movement = stock_movement(measures, row, package, &read)?;
            self.count += 1;
            self.events.insert((read.event.clone(), package, read.sku.clone()), (self.count, read, movement));
            Ok(())
        };
        let facts = crate::inputs::read_table(file, &MOVEMENTS, each)?;
        self.inputs.push(facts.with(tally));
        Ok(())
    }

    /// In the order in which they were told.
    fn told(self) -> Told {
        let Self { lines, events, inputs, .. } = self;
        let mut told = Told { inputs, ..Told::default() };
        told.lines = lines.keys().map(|key| (*key, None)).collect();
        told.events = events.keys().map(|key| (key.clone(), None)).collect();
        let mut sales: Vec<_> = lines.into_values().flatten().collect();
        sales.sort_unstable_by_key(|(place, _)| *place);
        told.movements.extend(sales.into_iter().map(|(_, movement)| movement));
        let mut others: Vec<_> = events.into_values().collect();
        others.sort_unstable_by_key(|(place, ..)| *place);
        let rows = others.into_iter().map(|(_, read, movement)| (read, movement)).collect();
        told.movements.extend(with_conversions_across_packages(rows));
        told
    }
}

/// What names a row of the POS: it is told again by the same name. A line of a receipt may be told of another package then; an event has
/// a row for each package and SKU.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowName {
    of_sale: bool,
    reference: Text,
    line: Text,
    terminal: Text,
    day: Option<BusinessDay>,
    of_event: Option<(PackageTag, Sku)>,
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
                of_event: None,
            },
            _ => Self {
                of_sale: false,
                reference,
                line: Text::default(),
                terminal: Text::default(),
                day: None,
                of_event: Some((movement.package, movement.sku.clone())),
            },
        }
    }
}

/// What a row of the POS moved, as it stands now, in 10⁻¹² of the package's dimension.
#[must_use]
pub fn net(movement: &Movement) -> i64 {
    match &movement.kind {
        // Goods go from room to room, or nowhere.
        MovementKind::Move { .. } | MovementKind::Finish | MovementKind::Unfinish => 0,
        MovementKind::Sale(line) if line.voided.is_some() => 0,
        _ => movement.quantity.0.atoms(),
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
