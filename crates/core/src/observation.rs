//! Observations: what a book, a person or a scale says that a package holds at a time.

use crate::{Decimal, PackageTag, Quantity, QuantitySum, Sku, Text, Unit, When};
use jiff::Timestamp;

/// Whether stock may be sold, as a book says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PackageStatus {
    /// For sale.
    Active,
    /// On hold, quarantined or recalled.
    Held,
    /// Marked as finished.
    Finished,
    /// A sample or display, or a word that says nothing about holding.
    Other,
}

impl PackageStatus {
    /// Reads a status in the words of POS exports and of Metrc's lists; `None` for an empty text.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let key: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Some(match key.as_str() {
            "" => return None,
            "active" | "available" | "forsale" | "sellable" => Self::Active,
            "hold" | "onhold" | "quarantine" | "quarantined" | "recall" | "recalled" | "onrecall" => Self::Held,
            "finished" | "inactive" => Self::Finished,
            _ => Self::Other,
        })
    }
}

/// One row of what the POS has on hand: a package's SKU in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosStock {
    /// The package.
    pub package: PackageTag,
    /// The SKU.
    pub sku: Sku,
    /// What the POS calls it; empty if it does not say.
    pub product_name: Text,
    /// The room; empty if it does not say.
    pub room: Text,
    /// On hand, reserved stock included, in the package's dimension.
    pub quantity: Quantity,
    /// The number as written …
    pub number: Decimal,
    /// … and its unit.
    pub unit: Unit,
    /// What one of `unit` of this SKU holds in the package's dimension: 0.5 g for a half-gram pre-roll.
    pub per_unit: Quantity,
    /// Whether it may be sold.
    pub status: Option<PackageStatus>,
}

/// The state's record of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePackage {
    /// The package.
    pub package: PackageTag,
    /// The item's name in the state's catalogue.
    pub item: Text,
    /// When the state changed it last, where that is looked at again and again: what is dated by a day may have happened then.
    pub modified: Option<Timestamp>,
    /// The unit that the state keeps this package in.
    pub unit: Unit,
    /// On hand.
    pub quantity: Quantity,
    /// The number as written.
    pub number: Decimal,
    /// What the package held when it was made or received.
    pub original: Option<Quantity>,
    /// The packages it was made from.
    pub sources: Vec<PackageTag>,
    /// Where it is.
    pub location: Text,
    /// When it was made.
    pub packaged: Option<When>,
    /// When it was received from a manifest.
    pub received: Option<When>,
    /// That manifest.
    pub manifest: Text,
    /// Whether it may be sold; `None` if the record does not say.
    pub held: Option<bool>,
    /// Marked as finished.
    pub finished: bool,
    /// When it was undone (discontinued).
    pub archived: Option<When>,
    /// What one piece of the item weighs or holds, where the item is counted in pieces.
    pub unit_content: Option<Quantity>,
}

/// What became of a package on a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransferState {
    /// On its way.
    Shipped,
    /// Accepted by the receiver.
    Accepted,
    /// Refused by the receiver.
    Rejected,
    /// Came back to the shipper.
    Returned,
}

/// A package on a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// The package.
    pub package: PackageTag,
    /// The manifest's number.
    pub manifest: Text,
    /// The licence shipped it (otherwise it was sent to the licence).
    pub outgoing: bool,
    /// What became of it.
    pub state: TransferState,
    /// Quantity sent.
    pub shipped: Option<Quantity>,
    /// Quantity received.
    pub received: Option<Quantity>,
    /// When it was received, or left.
    pub when: Option<When>,
}

/// A physical count of a package's SKU in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The count's own id.
    pub id: Text,
    /// When it was counted.
    pub when: When,
    /// The package.
    pub package: PackageTag,
    /// The SKU; empty counts all SKUs of the package in the room.
    pub sku: Sku,
    /// The room.
    pub room: Text,
    /// What was there, in the package's dimension.
    pub quantity: Quantity,
    /// Which pass of the count: the latest decides.
    pub pass: u32,
    /// Who counted.
    pub by: Text,
}

/// A container's weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// The scale.
    pub device: Text,
    /// When it was read.
    pub at: Timestamp,
    /// The package.
    pub package: PackageTag,
    /// The SKU.
    pub sku: Sku,
    /// Gross less tare, in the package's dimension (pieces if the piece weight is known).
    pub net: Quantity,
    /// Whether the reading had settled.
    pub stable: bool,
}

/// A difference known and accepted when the window began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The package.
    pub package: PackageTag,
    /// POS less state, then.
    pub difference: QuantitySum,
    /// Why it was accepted.
    pub note: Text,
    /// Who accepted it.
    pub approved_by: Text,
}
