//! Everything else that changed the POS's stock.

use crate::fields;
use crate::inventory::PACKAGE_ALIASES;
use trueup_core::{Decimal, PackageTag, Sku, Text, Unit, When, Zone};
use trueup_table::{Column, InputError, Row, quoted};

/// The columns of `pos/movements.csv`.
pub static MOVEMENTS: [Column; 16] = [
    Column { name: "event_id", aliases: &["inventoryTransactionId"], required: true },
    Column { name: "at", aliases: &["Date", "transactionDate"], required: true },
    Column { name: "type", aliases: &["transactionType", "Action"], required: true },
    Column { name: "package_id", aliases: PACKAGE_ALIASES, required: true },
    Column { name: "sku", aliases: &["Barcode (SKU)", "productSku"], required: true },
    Column { name: "quantity_delta", aliases: &["Delta", "Quantity Change"], required: true },
    Column { name: "unit", aliases: &["UoM", "Unit of Measure", "quantityUnits"], required: true },
    Column { name: "from_room", aliases: &["fromRoom"], required: false },
    Column { name: "to_room", aliases: &["toRoom"], required: false },
    Column { name: "to_package_id", aliases: &[], required: false },
    Column { name: "to_sku", aliases: &[], required: false },
    Column { name: "reason", aliases: &["Adjustment Reason"], required: false },
    Column { name: "note", aliases: &["Notes", "Reason Note"], required: false },
    Column { name: "by", aliases: &["transactionBy", "Employee"], required: false },
    Column { name: "reported_to_state", aliases: &[], required: false },
    Column { name: "corrects", aliases: &[], required: false },
];

const EVENT: usize = 0;
const AT: usize = 1;
const TYPE: usize = 2;
const PACKAGE: usize = 3;
const SKU: usize = 4;
const DELTA: usize = 5;
const UNIT: usize = 6;
const FROM_ROOM: usize = 7;
const TO_ROOM: usize = 8;
const TO_PACKAGE: usize = 9;
const REASON: usize = 11;
const NOTE: usize = 12;
const BY: usize = 13;
const CORRECTS: usize = 15;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the file")]
pub enum MovementType {
    Receive,
    Adjust,
    Correction,
    Move,
    Convert,
    Split,
    Merge,
    Destroy,
    Sample,
    TransferOut,
    Finish,
    Unfinish,
}

const TYPES: [(&str, MovementType); 12] = [
    ("receive", MovementType::Receive),
    ("adjust", MovementType::Adjust),
    ("correction", MovementType::Correction),
    ("move", MovementType::Move),
    ("convert", MovementType::Convert),
    ("split", MovementType::Split),
    ("merge", MovementType::Merge),
    ("destroy", MovementType::Destroy),
    ("sample", MovementType::Sample),
    ("transfer_out", MovementType::TransferOut),
    ("finish", MovementType::Finish),
    ("unfinish", MovementType::Unfinish),
];

/// One row. `reported_to_state` is not read: what the POS says of itself excuses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementRow {
    /// The event; several rows may share it.
    pub event: Text,
    /// When.
    pub at: When,
    /// The local time exists twice and the earlier was taken.
    pub ambiguous: bool,
    /// What.
    pub kind: MovementType,
    /// The package; `None` is merchandise.
    pub package: Option<PackageTag>,
    /// The SKU.
    pub sku: Sku,
    /// The signed change.
    pub number: Decimal,
    /// The unit of `number`; `None` where nothing was changed and no unit given.
    pub unit: Option<Unit>,
    /// Room left.
    pub from_room: Text,
    /// Room entered.
    pub to_room: Text,
    /// The package made.
    pub to_package: Option<PackageTag>,
    /// Why.
    pub reason: Text,
    /// The note.
    pub note: Text,
    /// Who.
    pub by: Text,
    /// The fact that a correction corrects.
    pub corrects: Text,
}

/// Reads one row.
///
/// # Errors
/// The first cell that cannot be read.
pub fn read_movement(row: &Row<'_>, zone: &Zone) -> Result<MovementRow, InputError> {
    let at = fields::when(row, AT, zone)?;
    let kind = read_type(row)?;
    let moves_nothing = matches!(kind, MovementType::Finish | MovementType::Unfinish | MovementType::Move);
    let number = match fields::optional_decimal(row, DELTA)? {
        Some(number) => number,
        None if moves_nothing => Decimal::new(0, 0),
        None => fields::decimal(row, DELTA)?,
    };
    let unit = if number.mantissa() == 0 && row.get(UNIT).is_empty() { None } else { Some(fields::unit(row, UNIT)?) };
    Ok(MovementRow {
        event: Text::new(row.get(EVENT)),
        at: at.earlier(),
        ambiguous: matches!(at, When::Twice { .. }),
        kind,
        package: fields::tag(row, PACKAGE)?,
        sku: Sku::new(row.get(SKU)),
        number,
        unit,
        from_room: Text::new(row.get(FROM_ROOM)),
        to_room: Text::new(row.get(TO_ROOM)),
        to_package: fields::tag(row, TO_PACKAGE)?,
        reason: Text::new(row.get(REASON)),
        note: Text::new(row.get(NOTE)),
        by: Text::new(row.get(BY)),
        corrects: Text::new(row.get(CORRECTS)),
    })
}

fn read_type(row: &Row<'_>) -> Result<MovementType, InputError> {
    let text = row.get(TYPE);
    let key = text.to_ascii_lowercase().replace(' ', "_");
    TYPES.iter().find(|(name, _)| *name == key).map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
        row.error(
            TYPE,
            format!("unknown type {}", quoted(text)),
            format!("one of {}", names.join(", ")),
            "correct the cell and run again; nothing was written",
        )
    })
}
