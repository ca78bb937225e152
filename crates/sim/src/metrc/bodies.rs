//! Bodies of calls, as the simulated programs and people write them.

use crate::SimError;
use crate::goods::Atoms;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LineBody<'a> {
    pub package_label: String,
    pub quantity: Box<serde_json::value::RawValue>,
    pub unit_of_measure: &'a str,
    pub total_amount: Box<serde_json::value::RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiptBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    pub sales_date_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_receipt_number: Option<&'a str>,
    pub sales_customer_type: &'a str,
    pub transactions: Vec<LineBody<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AdjustBody<'a> {
    pub label: String,
    pub quantity: Box<serde_json::value::RawValue>,
    pub unit_of_measure: &'a str,
    pub adjustment_reason: &'a str,
    pub adjustment_date: String,
    pub reason_note: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    ids: Vec<u64>,
}

/// The number of what was made, of an answer.
pub(crate) fn created(words: &str) -> Result<u64, SimError> {
    let created: Created = serde_json::from_str(words).map_err(|_| SimError::Number)?;
    created.ids.first().copied().ok_or(SimError::Number)
}

/// A number as it is written.
pub(crate) fn raw(text: &str) -> Result<Box<serde_json::value::RawValue>, SimError> {
    serde_json::value::RawValue::from_string(text.to_owned()).map_err(|_| SimError::Number)
}

/// An amount in its base unit.
pub(crate) fn number(amount: Atoms) -> Result<Box<serde_json::value::RawValue>, SimError> {
    raw(&crate::files::base_text(i128::from(amount)))
}

/// Rows as a body.
pub(crate) fn rows<T: Serialize>(rows: &[T]) -> Result<String, SimError> {
    serde_json::to_string(rows).map_err(|_| SimError::Number)
}
