//! For those who watch over the process.

use crate::Service;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use std::fmt::Write as _;

/// Does the process live?
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses(
    (status = 200, description = "It does.", body = String, content_type = "text/plain"),
))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Can it do its work: are the books there, and was every licence looked at?
#[utoipa::path(get, path = "/readyz", tag = "health", security(()), responses(
    (status = 200, description = "It can.", body = String, content_type = "text/plain"),
    (status = 503, description = "Not yet, or not any more.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn ready(State(service): State<Service>) -> Result<&'static str, Problem> {
    crate::people::in_books(&service, |store| store.read(|tx| trueup_store::installation(tx).map(drop))).await?;
    for desk in service.desks.all() {
        if desk.state().view.is_none() {
            let detail = format!("licence {} was not looked at yet", desk.license);
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "nothing_seen_yet", detail));
        }
    }
    Ok("ok\n")
}

/// Figures for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()), responses(
    (status = 200, description = "One line each.", body = String, content_type = "text/plain"),
))]
pub(super) async fn metrics(State(service): State<Service>) -> impl IntoResponse {
    let mut text = String::new();
    let now = service.surroundings.now();
    for desk in service.desks.all() {
        let (state, license) = (desk.state(), &desk.license);
        let open = state.view.as_ref().map_or(0, |view| view.outcome.discrepancies.len());
        let troubled = u8::from(state.pull_trouble.is_some() || state.look_trouble.is_some());
        // Writing to a text cannot fail.
        let _ = writeln!(text, "trueup_discrepancies_open{{license=\"{license}\"}} {open}");
        let _ = writeln!(text, "trueup_looks_total{{license=\"{license}\"}} {}", state.looks);
        let _ = writeln!(text, "trueup_troubled{{license=\"{license}\"}} {troubled}");
        if let Some(pulled) = &state.pulled {
            let age = now.duration_since(pulled.as_of).as_secs();
            let _ = writeln!(text, "trueup_state_age_seconds{{license=\"{license}\"}} {age}");
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
