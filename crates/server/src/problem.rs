//! What went wrong, as RFC 9457 describes it, with codes that stay.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use trueup_app::sync::SyncError;
use trueup_store::StoreError;
use utoipa::ToSchema;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` says which.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The status.
    pub status: u16,
    /// Which problem, for programs; never changes its meaning.
    pub code: &'static str,
    /// What happened, what is safe, what to do next; for people.
    pub detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("");
        Self { kind: "about:blank", title, status: status.as_u16(), code, detail: detail.into() }
    }

    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("{what} is not there"))
    }

    pub(crate) fn bad(field: &str, detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", format!("{field}: {detail}"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

impl From<SyncError> for Problem {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => error.into(),
            SyncError::State(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "state_unavailable", error.to_string()),
            SyncError::Refused(detail) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", detail),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let (status, code) = match &error {
            StoreError::Missing { .. } => (StatusCode::NOT_FOUND, "not_found"),
            StoreError::Conflict { .. } => (StatusCode::PRECONDITION_FAILED, "changed_meanwhile"),
            StoreError::Duplicate { .. } | StoreError::KeyReused { .. } => (StatusCode::CONFLICT, "there_already"),
            StoreError::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
            StoreError::Busy | StoreError::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "books_unavailable"),
            StoreError::Full | StoreError::ReadOnly { .. } | StoreError::Stopped { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "books_not_writable")
            }
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "books_failed"),
        };
        Self::new(status, code, error.to_string())
    }
}
