//! What one piece of a SKU holds of its package.

use crate::fields;
use crate::inventory::PACKAGE_ALIASES;
use trueup_core::{Decimal, PackageTag, Sku, Unit};
use trueup_table::{Column, InputError, Row, quoted};

/// The columns of `pos/sku_map.csv`.
pub static SKU_MAP: [Column; 4] = [
    Column { name: "package_id", aliases: PACKAGE_ALIASES, required: true },
    Column { name: "sku", aliases: &["Barcode (SKU)", "productSku"], required: true },
    Column { name: "per_unit", aliases: &["units_per_state_unit", "grams_per_unit"], required: true },
    Column { name: "per_unit_unit", aliases: &[], required: true },
];

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkuMapRow {
    /// The package.
    pub package: PackageTag,
    /// The SKU.
    pub sku: Sku,
    /// What one piece holds, more than nothing …
    pub per_unit: Decimal,
    /// … in this unit.
    pub unit: Unit,
}

/// Reads one row.
///
/// # Errors
/// The first cell that cannot be read.
pub fn read_sku_map(row: &Row<'_>) -> Result<SkuMapRow, InputError> {
    let per_unit = fields::decimal(row, 2)?;
    if per_unit.mantissa() <= 0 {
        return Err(row.error(
            2,
            format!("one piece cannot hold {}", quoted(row.get(2))),
            "more than zero",
            "correct the cell and run again; nothing was written",
        ));
    }
    Ok(SkuMapRow {
        package: fields::required_tag(row, 0)?,
        sku: Sku::new(fields::required_text(row, 1, "a SKU")?),
        per_unit,
        unit: fields::unit(row, 3)?,
    })
}
