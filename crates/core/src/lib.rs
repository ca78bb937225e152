//! The trade in types: what a package, a quantity, a movement and a book are.
//!
//! Invariants:
//! - No input or output, no clock, no randomness, no float. Everything here is a pure function of its arguments.
//! - A quantity is an integer of 10⁻¹² gram, millilitre or piece with its dimension; arithmetic is checked, and sums
//!   ([`QuantitySum`]) are wider than their terms. Grams never meet pieces: such a sum is an error, not a number.
//! - Identifiers are parsed once, at the edge, and are their own types afterwards.
//! - A movement is a fact. Nothing here changes one; a correction is a further movement.
#![cfg_attr(
    not(test),
    deny(clippy::as_conversions, clippy::float_arithmetic, clippy::arithmetic_side_effects, clippy::indexing_slicing)
)]

mod decimal;
mod identifier;
mod movement;
mod observation;
mod quantity;
mod reason;
mod tag;
mod time;
mod unit;

pub use decimal::{Decimal, DecimalError};
pub use identifier::{LicenseNumber, ReceiptNumber, Sku, Text};
pub use movement::{Book, CustomerType, Movement, MovementKind, Ordered, SaleLine};
pub use observation::{Baseline, Count, PackageStatus, PosStock, StatePackage, TransferRow, TransferState, Weight};
pub use quantity::{Quantity, QuantityError, QuantitySum, SumText, decimal_text};
pub use reason::WasteClass;
pub use tag::{Misspelling, PackageTag, TagError};
pub use time::{BusinessDay, TimeError, When, Zone};
pub use unit::{Dimension, Unit, UnitError};
