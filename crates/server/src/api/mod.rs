//! The routes and their OpenAPI document: one list, so that neither has what the other lacks.

mod discrepancies;
mod health;
mod licenses;
mod movements;
mod plans;
mod session;

use crate::Service;
use crate::desks::Desk;
use crate::problem::Problem;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// No body of the API is larger.
const MOST_BYTES: usize = 256 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(title = "trueup", description = "Keeps a cannabis retailer's three books in agreement."),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::log_in, session::log_out))
        .routes(routes!(session::who))
        .routes(routes!(session::make_token))
        .routes(routes!(licenses::list))
        .routes(routes!(licenses::one))
        .routes(routes!(licenses::refresh))
        .routes(routes!(licenses::incidents))
        .routes(routes!(licenses::package))
        .routes(routes!(licenses::events))
        .routes(routes!(movements::tell))
        .routes(routes!(discrepancies::list))
        .routes(routes!(discrepancies::export))
        .routes(routes!(discrepancies::worksheet))
        .routes(routes!(discrepancies::one))
        .routes(routes!(discrepancies::add_note))
        .routes(routes!(discrepancies::set_assignee))
        .routes(routes!(plans::list, plans::propose))
        .routes(routes!(plans::one))
        .routes(routes!(plans::apply))
        .routes(routes!(plans::undo))
        .routes(routes!(plans::submissions))
        .routes(routes!(plans::settle))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document, as JSON.
///
/// # Errors
/// Never: it is made of texts.
pub fn document() -> Result<String, serde_json::Error> {
    routes().split_for_parts().1.to_pretty_json()
}

/// All routes.
pub fn router(service: Service) -> Router {
    let (router, document) = routes().split_for_parts();
    let document = document.to_json().unwrap_or_default();
    router
        .route(
            "/api/v1/openapi.json",
            axum::routing::get(move || async move { ([(header::CONTENT_TYPE, "application/json")], document) }),
        )
        .fallback(|| async { Problem::not_found("this address") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no_such_method", "this address does not do that")
        })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(axum::middleware::map_response(strict))
        .with_state(service)
}

/// What every answer says to browsers.
async fn strict(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The desk of a licence.
fn desk(service: &Service, license: &str) -> Result<Arc<Desk>, Problem> {
    service.desks.get(license).cloned().ok_or_else(|| Problem::not_found(format!("licence {license}")))
}

/// What was seen last, if anything was.
fn view(desk: &Desk) -> Result<Arc<trueup_app::desk::View>, Problem> {
    let state = desk.state();
    state.view.ok_or_else(|| {
        let why = state.look_trouble.or(state.pull_trouble).unwrap_or_else(|| "the first pull is under way".to_owned());
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "nothing_seen_yet", why)
    })
}
