//! Licences: how they stand, their incidents and packages, and what happens.

use super::{desk, view};
use crate::Service;
use crate::desks::Desk;
use crate::people::{Caller, in_books};
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::Serialize;
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;
use trueup_answer::record::Incident;
use trueup_answer::summary;
use trueup_core::PackageTag;
use trueup_store::Movement;
use trueup_store::ledger::{current, discrepancies_of, life};
use utoipa::ToSchema;

/// How a licence stands.
#[derive(Serialize, ToSchema)]
pub(super) struct License {
    /// Its number.
    license: String,
    /// Packages that were compared; null before the first look.
    packages: Option<usize>,
    /// Of these: whose books do not agree.
    differ: Option<usize>,
    /// When the POS's side was exported.
    pos_as_of: Option<String>,
    /// When the state's side was read.
    state_as_of: Option<String>,
    /// When it was last compared.
    looked_at: Option<String>,
    /// How many looks there were.
    looks: u64,
    /// The last pull of the state.
    pull: Option<Pull>,
    /// Why the last pull did not succeed; what is shown is older then.
    pull_trouble: Option<String>,
    /// Why the last look did not.
    look_trouble: Option<String>,
    /// Why the last plan did not come to its end.
    sync_trouble: Option<String>,
}

/// A pull, each list of which was proven whole.
#[derive(Serialize, ToSchema)]
pub(super) struct Pull {
    /// Everything is of this moment.
    as_of: String,
    /// Lists that were read.
    lists: u64,
    /// Rows of these.
    rows: u64,
    /// Records that were new or had changed.
    changed: u64,
    /// Lists that these keys may not read.
    not_permitted: Vec<String>,
}

fn license(desk: &Desk) -> License {
    let state = desk.state();
    let settings = state.view.as_ref().map(|view| &view.settings);
    License {
        license: desk.license.clone(),
        packages: state.view.as_ref().map(|view| view.outcome.packages),
        differ: state.view.as_ref().map(|view| view.outcome.discrepancies.len()),
        pos_as_of: settings.map(|it| it.zone.rfc3339(it.pos_as_of)),
        state_as_of: settings.map(|it| it.zone.rfc3339(it.state_as_of)),
        looked_at: state.view.as_ref().map(|view| view.settings.zone.rfc3339(view.at)),
        looks: state.looks,
        pull: state.pulled.map(|pulled| Pull {
            as_of: pulled.as_of.to_string(),
            lists: pulled.lists,
            rows: pulled.rows,
            changed: pulled.changed,
            not_permitted: pulled.not_permitted.iter().map(|list| format!("{list:?}")).collect(),
        }),
        pull_trouble: state.pull_trouble,
        look_trouble: state.look_trouble,
        sync_trouble: state.sync_trouble,
    }
}

/// All licences.
#[utoipa::path(get, path = "/api/v1/licenses", tag = "licenses", responses(
    (status = 200, description = "How each stands.", body = Vec<License>),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(State(service): State<Service>, _: Caller) -> Json<Vec<License>> {
    Json(service.desks.all().map(|desk| license(desk)).collect())
}

/// One licence.
#[utoipa::path(get, path = "/api/v1/licenses/{license}", tag = "licenses", params(("license" = String, Path,)), responses(
    (status = 200, description = "How it stands.", body = License),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn one(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
) -> Result<Json<License>, Problem> {
    Ok(Json(license(&*desk(&service, &number)?)))
}

/// Pull and compare now; the result comes with the events.
#[utoipa::path(post, path = "/api/v1/licenses/{license}/refresh", tag = "licenses", params(("license" = String, Path,)), responses(
    (status = 202, description = "It is begun."),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn refresh(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    desk(&service, &number)?.wake();
    Ok(StatusCode::ACCEPTED)
}

/// Discrepancies with one root, those that concern most packages first.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/incidents", tag = "licenses", params(("license" = String, Path,)), responses(
    (status = 200, description = "The incidents.", body = Vec<Incident>),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence.", body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "Nothing was seen yet.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn incidents(
    State(service): State<Service>,
    _: Caller,
    Path(number): Path<String>,
) -> Result<Json<Vec<Incident>>, Problem> {
    let view = view(&*desk(&service, &number)?)?;
    let told = in_books(&service, move |_| Ok(summary(&view.answer()).incidents));
    Ok(Json(told.await?))
}

/// A package: what each book told of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Package {
    /// The tag.
    package: String,
    /// What changed it, by time.
    movements: Vec<Moved>,
    /// Every discrepancy it ever had.
    discrepancies: Vec<Had>,
}

/// A change of a package in one book.
#[derive(Serialize, ToSchema)]
pub(super) struct Moved {
    /// `pos` or `state`.
    book: String,
    /// `sale`, `void`, `adjustment` …
    kind: String,
    /// When.
    at: String,
    /// The signed change, as it was written, in `unit`.
    quantity: String,
    /// Its unit.
    unit: String,
    /// Receipt number, the state's `Id`, event, manifest.
    #[serde(rename = "ref")]
    reference: String,
    /// Why, in the book's own words.
    reason: Option<String>,
    /// The employee.
    by: Option<String>,
}

/// A discrepancy that a package has or had.
#[derive(Serialize, ToSchema)]
pub(super) struct Had {
    /// Its id.
    id: String,
    /// How far it is.
    state: String,
    /// When it was discovered.
    discovered_at: String,
    /// When it was closed.
    closed_at: Option<String>,
    /// Why it was closed.
    closed_because: Option<String>,
}

/// As it was written: the books keep the digits and where the point stands.
fn written(movement: &Movement) -> String {
    let number =
        movement.number.split_once('/').and_then(|(digits, scale)| Some((digits, scale.parse::<usize>().ok()?)));
    let Some((digits, scale)) = number else { return movement.number.to_string() };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale.saturating_add(1));
    let (whole, part) = padded.split_at(padded.len().saturating_sub(scale));
    format!("{sign}{whole}.{part}")
}

/// A package's whole life in the books.
#[utoipa::path(get, path = "/api/v1/licenses/{license}/packages/{package}", tag = "licenses",
    params(("license" = String, Path,), ("package" = String, Path,)), responses(
    (status = 200, description = "Its life.", body = Package),
    (status = 400, description = "Not a tag.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 404, description = "No such licence, or the package was never heard of.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn package(
    State(service): State<Service>,
    _: Caller,
    Path((number, package)): Path<(String, String)>,
) -> Result<Json<Package>, Problem> {
    desk(&service, &number)?;
    let tag = PackageTag::parse(package.trim()).map_err(|error| Problem::bad("package", error))?.to_string();
    let asked = tag.clone();
    let (life, had) = in_books(&service, move |store| {
        store.read(|tx| Ok((life(tx, &number, &asked, i64::MAX)?, discrepancies_of(tx, &number, &asked)?)))
    })
    .await?;
    if life.movements.is_empty() && life.observations.is_empty() {
        return Err(Problem::not_found(format!("package {tag}")));
    }
    let movements = current(&life.movements).into_iter().map(|movement| Moved {
        book: movement.book.to_string(),
        kind: movement.kind.to_string(),
        at: movement.happened_at.to_string(),
        quantity: written(movement),
        unit: movement.unit.to_string(),
        reference: movement.reference.to_string(),
        reason: movement.reason.as_ref().map(ToString::to_string),
        by: movement.employee.as_ref().map(ToString::to_string),
    });
    let discrepancies = had.into_iter().map(|row| Had {
        id: row.discrepancy_id.to_string(),
        state: row.state.to_string(),
        discovered_at: row.discovered_at.to_string(),
        closed_at: row.closed_at.map(|at| at.to_string()),
        closed_because: row.closed_because.map(|because| because.to_string()),
    });
    Ok(Json(Package { package: tag, movements: movements.collect(), discrepancies: discrepancies.collect() }))
}

/// What happens, as it happens: `list_changed`, `looked`, `plan_done`, `trouble`.
#[utoipa::path(get, path = "/api/v1/events", tag = "licenses", responses(
    (status = 200, description = "Server-sent events.", body = String, content_type = "text/event-stream"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn events(
    State(service): State<Service>,
    _: Caller,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let listening = stream::unfold(service.desks.listen(), |(mut listener, mut closing)| async move {
        loop {
            let heard = tokio::select! {
                heard = listener.recv() => heard,
                _ = closing.wait_for(|closing| *closing) => return None,
            };
            match heard {
                Ok(event) => {
                    let data = serde_json::to_string(&event).unwrap_or_default();
                    return Some((Ok(Event::default().event(event.kind).data(data)), (listener, closing)));
                }
                // Whoever is too slow misses some and hears the next one.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(listening).keep_alive(KeepAlive::default())
}
