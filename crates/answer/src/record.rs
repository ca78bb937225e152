//! The records of `--format jsonl`, version 1: a contract, held to `schemas/reconcile.v1.schema.json`.
//!
//! Quantities are decimal texts in the state's unit of the package; within a plan step that names a SKU, in that SKU's
//! unit. A reader must accept fields that it does not know.

use serde::{Deserialize, Serialize};

/// The version of these records.
pub const SCHEMA_VERSION: u32 = 1;

/// A package whose books do not agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Discrepancy {
    /// Always `discrepancy`.
    #[serde(rename = "type")]
    pub record: String,
    /// The licence.
    pub license: String,
    /// The package's tag.
    pub package: String,
    /// What the item is called.
    pub item: String,
    /// The unit of all quantities here.
    pub unit: String,
    /// On hand in the POS.
    pub pos: String,
    /// On hand in the state.
    pub state: String,
    /// On the shelf; null without a count of every stocked room.
    pub shelf: Option<String>,
    /// What the other side is not yet due to have.
    pub in_flight: String,
    /// `pos` − `state` − `in_flight`.
    pub difference: String,
    /// Why; with `unexplained` they add up to `difference`.
    pub causes: Vec<Cause>,
    /// What nothing explains.
    pub unexplained: String,
    /// `pos` − `shelf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf_difference: Option<String>,
    /// Why; with `shelf_unexplained` they add up to `shelf_difference`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf_causes: Option<Vec<Cause>>,
    /// What a count alone does not explain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf_unexplained: Option<String>,
    /// The repair, in order.
    pub plan: Vec<Step>,
}

/// One cause's share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cause {
    /// Its name.
    pub cause: String,
    /// Its share, signed as the difference.
    pub quantity: String,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Every record that makes it up.
    pub evidence: Vec<Evidence>,
}

/// A record of a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// `pos`, `state` or `shelf`.
    pub book: String,
    /// `sale`, `void`, `adjustment`, `package` …
    pub kind: String,
    /// Receipt number, the state's `Id`, event, manifest, tag.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Line within the reference.
    pub line: Option<String>,
    /// When, with its offset, or a date.
    pub at: Option<String>,
    /// The signed change.
    pub quantity: String,
    /// The employee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// One step of a repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Step {
    /// `pos`, `state` or `shelf`.
    pub system: String,
    /// What to do.
    pub action: String,
    /// POS receipt number; for `void_receipt` the state's `Id`; a manifest, a package, a location.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The SKU, where the step is about one.
    pub sku: Option<String>,
    /// The signed change.
    pub quantity: Option<String>,
    /// What the system holds before …
    pub before: Option<String>,
    /// … and after.
    pub after: Option<String>,
    /// The unit of the step's quantities.
    pub unit: Option<String>,
    /// Whether it can be taken back.
    pub reversible: bool,
    /// `approval`, `recount`, `regulator` or `decision`.
    pub needs: Option<String>,
}

/// The last record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// Always `summary`.
    #[serde(rename = "type")]
    pub record: String,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The version of trueup that wrote it.
    pub version: String,
    /// The licence.
    pub license: String,
    /// When the window began.
    pub window_start: String,
    /// When the snapshots were taken.
    pub as_of: String,
    /// Packages compared.
    pub packages: usize,
    /// Whose books agree.
    pub agree: usize,
    /// Whose books do not.
    pub differ: usize,
    /// Discrepancies with one root.
    pub incidents: Vec<Incident>,
    /// The files read.
    pub inputs: Vec<Input>,
}

/// Discrepancies with one root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Its number, 1 is the worst.
    pub incident: usize,
    /// The cause; null for what is unexplained.
    pub cause: Option<String>,
    /// In plain words.
    pub title: String,
    /// What they have in common, where it has a name.
    pub root: Option<String>,
    /// The packages, in order.
    pub packages: Vec<String>,
    /// Records that make it up.
    pub records: usize,
    /// First record.
    pub first: Option<String>,
    /// Last record.
    pub last: Option<String>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Input {
    /// Its path in the store folder.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Rows or records.
    pub rows: u64,
    /// Rows not compared.
    pub ignored: u64,
    /// What was noticed.
    pub notes: Vec<String>,
}
