//! What the POS has on hand.

use crate::fields;
use trueup_core::{Decimal, PackageStatus, PackageTag, Sku, Text, Unit};
use trueup_table::{Column, InputError, Row, Table};

/// The columns of `pos/inventory.csv` with the headings of known exports (Dutchie, Flowhub, Treez, BLAZE, Cova).
pub static INVENTORY: [Column; 12] = [
    Column { name: "package_id", aliases: crate::inventory::PACKAGE_ALIASES, required: true },
    Column { name: "sku", aliases: &["Barcode (SKU)", "productSku", "CatalogSku"], required: true },
    Column { name: "product_name", aliases: &["productName", "Product", "Name"], required: true },
    Column {
        name: "room",
        aliases: &["Room Name", "roomName", "Location", "location_name", "locationName", "Place"],
        required: true,
    },
    Column {
        name: "quantity",
        aliases: &[
            "Qty",
            "Quantity on Hand",
            "Total",
            "remaining_quantity",
            "Available",
            "quantityAvailable",
            "liveQuantity",
        ],
        required: true,
    },
    Column {
        name: "unit",
        aliases: &["UoM", "Unit of Measure", "quantityUnits", "inventoryUnitOfMeasure", "quantity_uom"],
        required: true,
    },
    Column { name: "unit_weight", aliases: &["unitWeight", "productWeight"], required: false },
    Column { name: "unit_weight_unit", aliases: &["unitWeightUnit", "productUnitOfMeasure"], required: false },
    Column {
        name: "reserved_quantity",
        aliases: &["allocatedQuantity", "Allocated Quantity on Hand", "reserved", "reserved_units"],
        required: false,
    },
    Column { name: "packed_quantity", aliases: &["packedAndReady", "packed_and_ready_units"], required: false },
    Column { name: "out_for_delivery_quantity", aliases: &["outForDelivery"], required: false },
    Column { name: "status", aliases: &["packageStatus", "Package Status"], required: false },
];

/// Headings under which exports give the state's tag. Where an export has several, the earlier one here counts.
pub(crate) const PACKAGE_ALIASES: &[&str] = &[
    "externalPackageId",
    "Package Label",
    "packageLabel",
    "Metrc Tag",
    "metrcTagId",
    "trackPackageLabel",
    "regulatoryId",
    "RegId",
    "state_tracking_id",
    "Traceability ID",
    "UID",
    "Tag",
    "Barcode ID",
    "barcodeid",
];

const PACKAGE: usize = 0;
const SKU: usize = 1;
const NAME: usize = 2;
const ROOM: usize = 3;
const QUANTITY: usize = 4;
const UNIT: usize = 5;
const UNIT_WEIGHT: usize = 6;
const UNIT_WEIGHT_UNIT: usize = 7;
const RESERVED: [usize; 3] = [8, 9, 10];
const STATUS: usize = 11;

/// One row: a package's SKU in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryRow {
    /// Row in the file, the header is row 1.
    pub row: u64,
    /// The package; `None` is merchandise.
    pub package: Option<PackageTag>,
    /// The SKU.
    pub sku: Sku,
    /// The shop's name of it.
    pub product_name: Text,
    /// Where it is.
    pub room: Text,
    /// On hand, what is reserved, packed or out for delivery included.
    pub number: Decimal,
    /// The unit of `number`.
    pub unit: Unit,
    /// What one piece weighs or holds, where the export says so.
    pub unit_weight: Option<(Decimal, Unit)>,
    /// Whether it may be sold.
    pub status: Option<PackageStatus>,
}

/// Whether the export's quantity leaves out what is reserved: its heading says "available".
fn is_available_only(table: &Table) -> bool {
    table.header_of(QUANTITY).is_some_and(|header| header.to_ascii_lowercase().contains("available"))
}

/// Reads all rows.
///
/// # Errors
/// The first cell that cannot be read.
pub fn read_inventory(
    table: &mut Table,
    sink: &mut dyn FnMut(&Row<'_>, InventoryRow) -> Result<(), InputError>,
) -> Result<(), InputError> {
    let add_reserved = is_available_only(table);
    while let Some(row) = table.next_row()? {
        let read = read_row(&row, add_reserved)?;
        sink(&row, read)?;
    }
    Ok(())
}

fn read_row(row: &Row<'_>, add_reserved: bool) -> Result<InventoryRow, InputError> {
    let mut number = fields::decimal(row, QUANTITY)?;
    if add_reserved {
        for column in RESERVED {
            if let Some(reserved) = fields::optional_decimal(row, column)? {
                number = number.checked_add(reserved).map_err(|error| {
                    row.error(
                        column,
                        error.to_string(),
                        "a number that can be added to the quantity",
                        "correct the cell",
                    )
                })?;
            }
        }
    }
    let unit_weight = match fields::optional_decimal(row, UNIT_WEIGHT)? {
        Some(weight) if weight.mantissa() > 0 && !row.get(UNIT_WEIGHT_UNIT).is_empty() => {
            Some((weight, fields::unit(row, UNIT_WEIGHT_UNIT)?))
        }
        // An export that names no unit for the weight of a piece gives grams (Dutchie).
        Some(weight) if weight.mantissa() > 0 => Some((weight, Unit::Gram)),
        _ => None,
    };
    Ok(InventoryRow {
        row: row.number(),
        package: fields::tag(row, PACKAGE)?,
        sku: Sku::new(row.get(SKU)),
        product_name: Text::new(row.get(NAME)),
        room: Text::new(row.get(ROOM)),
        number,
        unit: fields::unit(row, UNIT)?,
        unit_weight,
        status: PackageStatus::read(row.get(STATUS)),
    })
}

/// The column that an error about the package's measure names.
pub const UNIT_COLUMN: usize = UNIT;

/// The column that an error about the package's number names.
pub const QUANTITY_COLUMN: usize = QUANTITY;
