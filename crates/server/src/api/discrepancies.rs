//! Discrepancies: the list, one of them, what people do about it.

use super::session::bad_body;
use super::{desk, view};
use crate::Service;
use crate::people::{Caller, in_books};
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use trueup_answer::record::Discrepancy as Record;
use trueup_answer::{Form, records_of};
use trueup_app::desk::{View, assign, note};
use trueup_store::ledger::{discrepancies_of, discrepancy_events, open_discrepancies};
use trueup_store::{Discrepancy as Row, DiscrepancyEvent, StoreError};
use utoipa::{IntoParams, ToSchema};

/// What to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those with this cause.
    cause: Option<String>,
    /// Only those of which something is unexplained, or of which nothing is.
    unexplained: Option<bool>,
    /// Only those that somebody works on.
    assignee: Option<String>,
    /// What the last page said to go on with.
    cursor: Option<String>,
    /// How many at most: 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
}

/// A page of the list.
#[derive(Serialize, ToSchema)]
pub(super) struct DiscrepancyPage {
    /// How many there are on all pages.
    total: usize,
    /// These, by package.
    items: Vec<DiscrepancyItem>,
    /// Goes on after these; null on the last page.
    next: Option<String>,
}

/// A discrepancy and how far the work on it is.
#[derive(Serialize, ToSchema)]
pub(super) struct DiscrepancyItem {
    /// Its id.
    id: Option<String>,
    /// `found`, `explained`, `planned`, `awaiting`, `executing`, `verified`.
    state: Option<String>,
    /// Counts the edits; comes back as the ETag.
    version: Option<i64>,
    /// Who works on it.
    assignee: Option<String>,
    /// Starts the law's clocks.
    discovered_at: Option<String>,
    /// What it is.
    discrepancy: Record,
}

fn item(record: Record, row: Option<&Row>) -> DiscrepancyItem {
    DiscrepancyItem {
        id: row.map(|row| row.discrepancy_id.to_string()),
        state: row.map(|row| row.state.to_string()),
        version: row.map(|row| row.version),
        assignee: row.and_then(|row| row.assignee.as_ref().map(ToString::to_string)),
        discovered_at: row.map(|row| row.discovered_at.to_string()),
        discrepancy: record,
    }
}

fn records(view: &View) -> Vec<Record> {
    let answer = view.answer();
    records_of(&answer, &view.outcome.discrepancies)
}

fn bad_query(rejection: &QueryRejection) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", rejection.body_text())
}

/// The open discrepancies of a licence.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/discrepancies", tag = "discrepancies",
    params(("license" = String, Path,), Wanted), responses(
    (status = 200, description = "A page of them.", body = DiscrepancyPage),
    (status = 400, description = "A parameter cannot be used.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<DiscrepancyPage>, Problem> {
    let Query(wanted) = wanted.map_err(|rejection| bad_query(&rejection))?;
    let limit = usize::from(wanted.limit.unwrap_or(100));
    if !(1..=500).contains(&limit) {
        return Err(Problem::bad("limit", "1 to 500"));
    }
    let view = view(&*desk(&service, &number)?)?;
    let (rows, records) =
        in_books(&service, move |store| Ok((store.read(|tx| open_discrepancies(tx, &number))?, records(&view))))
            .await?;
    let rows: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.package_id.to_string(), row)).collect();
    let fits = |item: &DiscrepancyItem| {
        let record = &item.discrepancy;
        wanted.cause.as_ref().is_none_or(|cause| record.causes.iter().any(|it| it.cause == *cause))
            && wanted.unexplained.is_none_or(|unexplained| (record.unexplained != "0") == unexplained)
            && (wanted.assignee.is_none() || item.assignee == wanted.assignee)
    };
    let all: Vec<DiscrepancyItem> = records
        .into_iter()
        .map(|record| {
            let row = rows.get(&record.package);
            item(record, row)
        })
        .filter(fits)
        .collect();
    let total = all.len();
    let after = |item: &DiscrepancyItem| wanted.cursor.as_ref().is_none_or(|cursor| item.discrepancy.package > *cursor);
    let mut items: Vec<DiscrepancyItem> = all.into_iter().filter(after).take(limit.saturating_add(1)).collect();
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| item.discrepancy.package.clone());
    Ok(Json(DiscrepancyPage { total, items, next }))
}

/// The whole list as a file: `csv`, `xlsx` or `jsonl`.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/exports/discrepancies/{form}", tag = "discrepancies",
    params(("license" = String, Path,), ("form" = String, Path, description = "csv, xlsx or jsonl")), responses(
    (status = 200, description = "The file.", content(
        (String = "text/csv"),
        (String = "application/x-ndjson"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or form.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn export(
    State(service): State<Service>,
    _: Caller,
    Path((number, form)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (kind, kind_name) = match form.as_str() {
        "csv" => (Form::Csv, "text/csv; charset=utf-8"),
        "xlsx" => (Form::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "jsonl" => (Form::Jsonl, "application/x-ndjson"),
        _ => return Err(Problem::not_found(format!("the form {form}"))),
    };
    let view: Arc<View> = view(&*desk(&service, &number)?)?;
    let failed = |detail: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail);
    let written = tokio::task::spawn_blocking(move || {
        let answer = view.answer();
        trueup_answer::write(&answer, kind).map(|pieces| pieces.concat())
    });
    let bytes = written.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
    let disposition = format!("attachment; filename=\"discrepancies.{form}\"");
    Ok(([(header::CONTENT_TYPE, kind_name.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response())
}

/// What is to be done in the POS by hand: one row per step.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/exports/worksheet", tag = "discrepancies", params(("license" = String, Path,)), responses(
    (status = 200, description = "The worksheet.", body = String, content_type = "text/csv"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn worksheet(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let view = view(&*desk(&service, &number)?)?;
    let sheet = |view: &View| trueup_answer::worksheet(&records(view)).map_err(StoreError::refused);
    let bytes = in_books(&service, move |_| sheet(&view)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"worksheet.csv\""),
    ];
    Ok((headers, bytes).into_response())
}

/// What happened to a discrepancy.
#[derive(Serialize, ToSchema)]
pub(super) struct Happened {
    /// `state`, `causes`, `note`, `assignment`.
    kind: String,
    /// What it says.
    details: serde_json::Value,
    /// Who.
    by: String,
    /// When.
    at: String,
}

/// A package's discrepancy with its history.
#[derive(Serialize, ToSchema)]
pub(super) struct DiscrepancyWhole {
    /// The discrepancy.
    #[serde(flatten)]
    item: DiscrepancyItem,
    /// What happened to it, in order.
    history: Vec<Happened>,
}

fn happened(event: DiscrepancyEvent) -> Happened {
    Happened {
        kind: event.kind.to_string(),
        details: serde_json::from_str(&event.details).unwrap_or_default(),
        by: event.actor.to_string(),
        at: event.recorded_at.to_string(),
    }
}

/// The open discrepancy of a package.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/packages/{package}/discrepancy", tag = "discrepancies",
    params(("license" = String, Path,), ("package" = String, Path,)), responses(
    (status = 200, description = "The discrepancy.", body = DiscrepancyWhole),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence, or the package's books agree.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn one(
    State(service): State<Service>,
    _: Caller,
    Path((number, package)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let view = view(&*desk(&service, &number)?)?;
    let tag = package.clone();
    let record = in_books(&service, move |_| Ok(records(&view).into_iter().find(|record| record.package == tag)));
    let record = record.await?.ok_or_else(|| Problem::not_found(format!("a discrepancy of {package}")))?;
    let (row, events) = in_books(&service, move |store| {
        store.read(|tx| {
            let row = discrepancies_of(tx, &number, &package)?.into_iter().find(|row| row.closed_at.is_none());
            let events = match &row {
                Some(row) => discrepancy_events(tx, &number, &row.discrepancy_id)?,
                None => Vec::new(),
            };
            Ok((row, events))
        })
    })
    .await?;
    let version = row.as_ref().map_or(0, |row| row.version);
    let whole =
        DiscrepancyWhole { item: item(record, row.as_ref()), history: events.into_iter().map(happened).collect() };
    Ok(([(header::ETAG, format!("\"{version}\""))], Json(whole)).into_response())
}

/// A note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    /// What it says.
    #[schema(min_length = 1, max_length = 4000)]
    text: String,
}

/// Write a note to a discrepancy. Names of customers or patients do not belong there.
#[utoipa::path(post, path = "/api/v1/licenses/{license}/discrepancies/{id}/notes", tag = "discrepancies", request_body = Note,
    params(("license" = String, Path,), ("id" = String, Path,)), responses(
    (status = 204, description = "Written."),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or discrepancy.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, empty or too long.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn add_note(
    State(service): State<Service>,
    caller: Caller,
    Path((number, id)): Path<(String, String)>,
    body: Result<Json<Note>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Note { text }) = body.map_err(|rejection| bad_body(&rejection))?;
    desk(&service, &number)?;
    if text.trim().is_empty() || text.chars().count() > 4_000 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_text", "text: 1 to 4000 characters"));
    }
    let (now, actor) = (service.surroundings.now(), caller.actor());
    in_books(&service, move |store| note(store, (&number, &id), &text, now, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who works on it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assignment {
    /// A person; null gives it to nobody.
    #[schema(max_length = 200)]
    assignee: Option<String>,
}

/// The version that `If-Match` names; nothing for any (`*`). What is no version of ours matches none.
fn seen(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        let detail = "If-Match: the ETag of the discrepancy as it was seen";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "say_what_was_seen", detail));
    };
    let text = value.to_str().unwrap_or_default().trim();
    Ok((text != "*").then(|| text.trim_matches('"').parse().unwrap_or(0)))
}

/// Give a discrepancy to somebody. `If-Match` has to be the version that was seen.
#[utoipa::path(put, path = "/api/v1/licenses/{license}/discrepancies/{id}/assignee", tag = "discrepancies", request_body = Assignment,
    params(("license" = String, Path,), ("id" = String, Path,), ("If-Match" = String, Header, description = "the ETag that was seen")), responses(
    (status = 204, description = "Given."),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence or discrepancy.", body = Problem, content_type = "application/problem+json"),
    (status = 412, description = "Somebody changed it meanwhile: look again.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape.", body = Problem, content_type = "application/problem+json"),
    (status = 428, description = "If-Match is missing.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn set_assignee(
    State(service): State<Service>,
    caller: Caller,
    Path((number, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Result<Json<Assignment>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(Assignment { assignee }) = body.map_err(|rejection| bad_body(&rejection))?;
    desk(&service, &number)?;
    let seen = seen(&headers)?;
    if assignee.as_ref().is_some_and(|name| name.trim().is_empty() || name.chars().count() > 200) {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_name", "assignee: 1 to 200 characters"));
    }
    let (now, actor) = (service.surroundings.now(), caller.actor());
    in_books(&service, move |store| assign(store, (&number, &id, seen), assignee.as_deref(), now, &actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}
