//! What a POS tells row by row.

use super::session::bad_body;
use super::{desk, view};
use crate::Service;
use crate::people::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use trueup_app::desk::{Push, PushAnswer, PushError};
use utoipa::ToSchema;

/// Rows of a kind that may be told at once.
const MOST_ROWS: usize = 1_000;

/// A line of a receipt, as `pos/sales.csv` has it; quantities and prices are decimal texts.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SaleTold {
    /// The POS's number of the receipt.
    receipt_id: String,
    /// The line's number on it: told again, it takes the place of the one before.
    #[schema(min_length = 1)]
    line_no: String,
    /// When.
    sold_at: String,
    /// `sale`, `return` or `void`.
    kind: String,
    /// The package's tag; nothing for merchandise.
    package_id: String,
    /// The SKU.
    sku: String,
    /// How much, without a sign.
    quantity: String,
    /// `ea`, `g`, `mg`, `kg`, `oz`, `lb`, `ml`, `l`, `fl_oz`, `gal`, or the state's names.
    unit: String,
    /// Of a return or a void: the receipt of the sale.
    #[serde(default)]
    original_receipt_id: String,
    /// When the sale was taken back as if it had never been.
    #[serde(default)]
    voided_at: String,
    /// The line's total price.
    #[serde(default)]
    line_total: String,
    /// The class of the customer; never a name.
    #[serde(default)]
    customer_type: String,
    /// Who sold it.
    #[serde(default)]
    employee: String,
    /// Where.
    #[serde(default)]
    terminal: String,
}

/// Another change of stock, as `pos/movements.csv` has it.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MovementTold {
    /// The POS's id of the event: told again, it takes the place of the one before.
    #[schema(min_length = 1)]
    event_id: String,
    /// When.
    at: String,
    /// `receive`, `adjust`, `correction`, `move`, `convert`, `split`, `merge`, `destroy`, `sample`, `transfer_out`, `finish`, `unfinish`.
    #[serde(rename = "type")]
    kind: String,
    /// The package's tag.
    package_id: String,
    /// The SKU.
    sku: String,
    /// The signed change.
    quantity_delta: String,
    /// Its unit.
    unit: String,
    /// Of a move.
    #[serde(default)]
    from_room: String,
    /// Of a move.
    #[serde(default)]
    to_room: String,
    /// What was made of it.
    #[serde(default)]
    to_package_id: String,
    /// Of a conversion.
    #[serde(default)]
    to_sku: String,
    /// Why.
    #[serde(default)]
    reason: String,
    /// In words.
    #[serde(default)]
    note: String,
    /// Who.
    #[serde(default)]
    by: String,
    /// Whether the POS told the state.
    #[serde(default)]
    reported_to_state: String,
    /// Of a correction: what it corrects, where that is known.
    #[serde(default)]
    corrects: String,
}

/// What a POS tells.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    /// Everything up to this moment has been told: with these rows, those told before, and the last export.
    as_of: String,
    /// At most 1,000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    sales: Vec<SaleTold>,
    /// At most 1,000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    movements: Vec<MovementTold>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Taken {
    /// Facts that were new to the books.
    new_facts: u64,
    /// Packages that were looked at again.
    packages: usize,
    /// Discrepancies that are open now.
    open: usize,
}

/// Rows as a table with its heading; nothing for none.
fn table<T: Serialize>(rows: &[T]) -> Result<Option<Vec<u8>>, Problem> {
    let failed = |error: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", error);
    if rows.is_empty() {
        return Ok(None);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map(Some).map_err(|error| failed(error.to_string()))
}

/// Tell sales and movements as they happen. The list is right when this is answered. Rows are taken in as a whole or not at all; a row
/// that names a line or an event that was told before takes its place.
#[utoipa::path(post, path = "/api/v1/licenses/{license}/movements", tag = "pos", request_body = Rows,
    params(
        ("license" = String, Path,),
        ("Idempotency-Key" = String, Header, description = "Names the request, 1 to 100 characters: sent again with the same rows, it does nothing and answers the same."),
    ), responses(
    (status = 200, description = "Taken in.", body = Taken),
    (status = 400, description = "Not JSON, or no key.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "The key was used for other rows.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, or a row that cannot be used: the detail says which, and why.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet, or the rows cannot be kept.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn tell(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Result<Json<Rows>, JsonRejection>,
) -> Result<Json<Taken>, Problem> {
    let Json(Rows { as_of, sales, movements }) = body.map_err(|rejection| bad_body(&rejection))?;
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    if key.is_empty() || key.len() > 100 {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_key", "Idempotency-Key: 1 to 100 characters"));
    }
    let desk = desk(&service, &number)?;
    let bad = |code, detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
    for (name, count) in [("sales", sales.len()), ("movements", movements.len())] {
        if count > MOST_ROWS {
            return Err(bad(
                "too_many_rows",
                format!("{name}: 1,000 rows at most; send them in parts, each with its key"),
            ));
        }
    }
    let as_of =
        as_of.parse().map_err(|_| bad("bad_as_of", "as_of: a time such as 2026-03-09T10:00:00-07:00".to_owned()))?;
    view(&desk)?;
    let (sales, movements) = (table(&sales)?, table(&movements)?);
    let told = tokio::task::spawn_blocking(move || {
        let rows = Push { key: &key, as_of, sales: sales.as_deref(), movements: movements.as_deref() };
        desk.told(&service, &rows)
    });
    let failed = |_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", "a fault of trueup: please report it");
    let PushAnswer { new_facts, packages, open } = told.await.map_err(failed)??;
    Ok(Json(Taken { new_facts, packages, open }))
}

impl From<PushError> for Problem {
    fn from(error: PushError) -> Self {
        let detail = error.to_string();
        match error {
            PushError::Store(error) => error.into(),
            PushError::Input(error) => {
                // The heading is the first row of a table.
                let place =
                    error.row.and_then(|row| row.checked_sub(2)).map(|row| format!("[{row}]")).unwrap_or_default();
                let kind = if error.file.contains("movements") { "movements" } else { "sales" };
                let column = error.column.as_deref().map(|column| format!(".{column}")).unwrap_or_default();
                let words =
                    format!("{kind}{place}{column}: {}; expected {}; {}", error.found, error.expected, error.todo);
                let is_row = error.row.is_some();
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_row", if is_row { words } else { detail })
            }
            PushError::Quantity(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_row", detail),
            PushError::Moment { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_as_of", detail),
            PushError::KeyReused(_) => Self::new(StatusCode::CONFLICT, "key_reused", detail),
            PushError::Folder(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "folder_not_writable", detail),
        }
    }
}
