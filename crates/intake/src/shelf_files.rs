//! Counts, container weights, and differences accepted before.

use crate::folder::Reading;
use crate::inputs::{MERCHANDISE, Tally, read_table};
use crate::measures::MeasureError;
use crate::pos_files::told;
use rustc_hash::FxHashMap;
use std::path::Path;
use trueup_core::{Baseline, Count, Decimal, PackageTag, Quantity, Sku, Text, Unit, Weight, When, Zone};
use trueup_pos::fields;
use trueup_reconcile::Fact;
use trueup_table::{Column, InputError, Row, find, quoted};

const CORRECT_AND_RERUN: &str = "correct the cell and run again; nothing was written";

static COUNTS: [Column; 9] = [
    Column { name: "count_id", aliases: &[], required: true },
    Column { name: "counted_at", aliases: &[], required: true },
    Column { name: "package_id", aliases: &[], required: true },
    Column { name: "sku", aliases: &[], required: true },
    Column { name: "room", aliases: &[], required: true },
    Column { name: "quantity", aliases: &[], required: true },
    Column { name: "unit", aliases: &[], required: true },
    Column { name: "by", aliases: &[], required: true },
    Column { name: "pass", aliases: &[], required: true },
];

static WEIGHTS: [Column; 9] = [
    Column { name: "device_id", aliases: &[], required: true },
    Column { name: "at", aliases: &[], required: true },
    Column { name: "package_id", aliases: &[], required: true },
    Column { name: "sku", aliases: &[], required: true },
    Column { name: "gross", aliases: &[], required: true },
    Column { name: "tare", aliases: &[], required: true },
    Column { name: "unit", aliases: &[], required: true },
    Column { name: "piece_weight", aliases: &[], required: true },
    Column { name: "stable", aliases: &[], required: true },
];

static BASELINE: [Column; 5] = [
    Column { name: "package_id", aliases: &[], required: true },
    Column { name: "difference", aliases: &[], required: true },
    Column { name: "unit", aliases: &[], required: true },
    Column { name: "note", aliases: &[], required: true },
    Column { name: "approved_by", aliases: &[], required: true },
];

/// Reads what there is of the three.
pub(crate) fn read(reading: &mut Reading, root: &Path) -> Result<(), InputError> {
    if let Some(file) = find(root, "shelf", "counts")? {
        let (mut seen, mut tally) = (FxHashMap::default(), Tally::default());
        let facts = read_table(&file, &COUNTS, |row| count(reading, row, &mut seen, &mut tally))?;
        reading.inputs.push(facts.with(tally));
    }
    if let Some(file) = find(root, "shelf", "weights")? {
        let mut tally = Tally::default();
        let facts = read_table(&file, &WEIGHTS, |row| weight(reading, row, &mut tally))?;
        reading.inputs.push(facts.with(tally));
    }
    if let Some(file) = find(root, "", "baseline")? {
        let mut seen = FxHashMap::default();
        let facts = read_table(&file, &BASELINE, |row| baseline(reading, row, &mut seen))?;
        reading.inputs.push(facts);
    }
    Ok(())
}

/// When packages were first counted or weighed, as seconds of 1970. Rows that cannot be read are left out: reading the
/// files tells of them.
pub(crate) fn first_observations(root: &Path, zone: &Zone) -> FxHashMap<PackageTag, i64> {
    let mut first: FxHashMap<PackageTag, i64> = FxHashMap::default();
    let files: [(&str, &'static [Column]); 2] = [("counts", &COUNTS), ("weights", &WEIGHTS)];
    for (name, columns) in files {
        let Ok(Some(file)) = find(root, "shelf", name) else { continue };
        let _reported_later = read_table(&file, columns, |row| {
            if let (Ok(Some(package)), Ok(when)) = (fields::tag(row, 2), fields::when(row, 1, zone)) {
                let second = when.bounds().0.as_second();
                first.entry(package).and_modify(|known| *known = second.min(*known)).or_insert(second);
            }
            Ok(())
        });
    }
    first
}

fn measured(
    reading: &mut Reading,
    row: &Row<'_>,
    (package, sku): (PackageTag, &Sku),
    columns: (usize, usize),
    (number, unit): (Decimal, Unit),
) -> Result<Quantity, InputError> {
    let quantity = reading.measures.quantity(package, sku, number, unit);
    quantity.map_err(|error| told(row, columns, unit, &error))
}

fn record(reading: &mut Reading, row: &Row<'_>, fact: Fact) -> Result<(), InputError> {
    reading
        .books
        .record(fact)
        .map_err(|error| row.error_whole_row(error.to_string(), "one dimension per package", CORRECT_AND_RERUN))
}

type CountKey = (Text, PackageTag, Sku, Text, u32);

fn count(
    reading: &mut Reading,
    row: &Row<'_>,
    seen: &mut FxHashMap<CountKey, u64>,
    tally: &mut Tally,
) -> Result<(), InputError> {
    let Some(package) = fields::tag(row, 2)? else {
        tally.count(MERCHANDISE);
        return Ok(());
    };
    let sku = Sku::new(row.get(3));
    let number = fields::positive(row, 5, "count again")?;
    let unit = fields::unit(row, 6)?;
    let pass = match row.get(8) {
        "" => 1,
        text => text.parse().map_err(|_| {
            row.error(8, format!("{} is no pass", quoted(text)), "a whole number: 1, 2 …", CORRECT_AND_RERUN)
        })?,
    };
    let quantity = measured(reading, row, (package, &sku), (5, 6), (number, unit))?;
    let count = Count {
        id: Text::new(row.get(0)),
        when: fields::when(row, 1, &reading.settings.zone)?.earlier(),
        package,
        sku,
        room: Text::new(row.get(4)),
        quantity,
        pass,
        by: Text::new(row.get(7)),
    };
    let key = (count.id.clone(), package, count.sku.clone(), count.room.clone(), pass);
    if let Some(first) = seen.insert(key, row.number()) {
        let found = format!("this count of the package, SKU and room in pass {pass} is in row {first} already");
        return Err(row.error_whole_row(found, "one row per count, package, SKU, room and pass", CORRECT_AND_RERUN));
    }
    record(reading, row, Fact::Count(count))
}

fn weight(reading: &mut Reading, row: &Row<'_>, tally: &mut Tally) -> Result<(), InputError> {
    let Some(package) = fields::tag(row, 2)? else {
        tally.count(MERCHANDISE);
        return Ok(());
    };
    let sku = Sku::new(row.get(3));
    let gross = fields::decimal(row, 4)?;
    let tare = fields::optional_decimal(row, 5)?.unwrap_or(Decimal::new(0, 0));
    let unit = fields::unit(row, 6)?;
    let minus_tare = Decimal::new(tare.mantissa().saturating_neg(), tare.scale());
    let net = gross.checked_add(minus_tare).map_err(|error| {
        row.error(4, error.to_string(), "a weight that the tare can be taken from", CORRECT_AND_RERUN)
    })?;
    let net_weight = Quantity::new(net, unit)
        .map_err(|error| row.error(4, error.to_string(), fields::LARGEST, CORRECT_AND_RERUN))?;
    let kept_in = reading.measures.suggest_dimension(package, unit.dimension());
    let net = match fields::optional_decimal(row, 7)? {
        Some(piece) if kept_in != unit.dimension() => pieces(row, net_weight, piece, unit, kept_in)?,
        _ => Some(measured(reading, row, (package, &sku), (4, 6), (net, unit))?),
    };
    // A container whose weight is no whole number of pieces says nothing about a count.
    let Some(net) = net else { return Ok(()) };
    let at = fields::when(row, 1, &reading.settings.zone)?;
    let weight = Weight {
        device: Text::new(row.get(0)),
        at: When::moment(at),
        package,
        sku,
        net,
        stable: fields::flag(row, 8)?,
    };
    record(reading, row, Fact::Weight(weight))
}

/// How many pieces a net weight is; `None` if it is no whole number of them.
fn pieces(
    row: &Row<'_>,
    net: Quantity,
    piece: Decimal,
    unit: Unit,
    kept_in: trueup_core::Dimension,
) -> Result<Option<Quantity>, InputError> {
    let piece = Quantity::new(piece, unit)
        .ok()
        .filter(|piece| piece.atoms() > 0)
        .ok_or_else(|| row.error(7, "a piece must weigh something", "more than zero", CORRECT_AND_RERUN))?;
    let whole = net.sum().whole_pieces_of(piece).and_then(|pieces| i64::try_from(pieces).ok());
    let atoms = whole.and_then(|pieces| pieces.checked_mul(Unit::Each.atoms()));
    Ok(atoms.map(|atoms| Quantity::from_atoms(atoms, kept_in)))
}

fn baseline(reading: &mut Reading, row: &Row<'_>, seen: &mut FxHashMap<PackageTag, u64>) -> Result<(), InputError> {
    let package = fields::required_tag(row, 0)?;
    if let Some(first) = seen.insert(package, row.number()) {
        let found = format!("package {package} is in row {first} already");
        return Err(row.error_whole_row(found, "each package once", CORRECT_AND_RERUN));
    }
    let number = fields::decimal(row, 1)?;
    let unit = fields::unit(row, 2)?;
    let ours = reading.measures.suggest_dimension(package, unit.dimension());
    if ours != unit.dimension() {
        let told = MeasureError::Dimension { package: ours, given: unit.dimension() }.told_without_sku(unit);
        return Err(row.error(2, told.found, told.expected, told.todo));
    }
    let difference = Quantity::new(number, unit)
        .map_err(|error| row.error(1, error.to_string(), fields::LARGEST, CORRECT_AND_RERUN))?;
    let baseline = Baseline {
        package,
        difference: difference.sum(),
        note: Text::new(row.get(3)),
        approved_by: Text::new(row.get(4)),
    };
    record(reading, row, Fact::Baseline(baseline))
}
