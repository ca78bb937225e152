//! POS sources: what a point of sale hands over as tables, read row by row into typed rows.
//!
//! Invariants:
//! - A row is read wholly or refused with file, row and column; nothing is guessed and nothing silently dropped.
//! - Numbers are exact decimals and units are named; bringing them to the package's measure is the caller's task,
//!   who knows the state's unit.
//! - Header aliases of known vendors are here and nowhere else.

pub mod fields;
mod inventory;
mod movements;
mod sales;
mod sku_map;

pub use inventory::{INVENTORY, InventoryRow, QUANTITY_COLUMN, UNIT_COLUMN, read_inventory};
pub use movements::{MOVEMENTS, MovementRow, MovementType, read_movement};
pub use sales::column as sale_column;
pub use sales::{SALES, SaleKind, SaleRow, SalesHeader, check_sales_header, read_sale};
pub use sku_map::{SKU_MAP, SkuMapRow, read_sku_map};
