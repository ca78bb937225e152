//! Logging in and out; tokens for programs.

use crate::Service;
use crate::people::{self, Caller};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogIn {
    /// The name.
    #[schema(max_length = 200)]
    name: String,
    /// The password.
    #[schema(max_length = 200)]
    password: String,
}

/// What to come with from now on.
#[derive(Serialize, ToSchema)]
pub(super) struct Token {
    /// Goes into the header `Authorization: Bearer …`. Shown once.
    token: String,
    /// Not after.
    expires_at: String,
}

/// What a token is for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// For its owner to know it by.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Who {
    /// The name to log in with.
    login: String,
    /// The name on signed records.
    name: String,
    /// What the person may do.
    roles: Vec<&'static str>,
}

/// A body that cannot be used.
pub(super) fn bad_body(rejection: &JsonRejection) -> Problem {
    let status = rejection.status();
    let code = if status == StatusCode::PAYLOAD_TOO_LARGE { "too_large" } else { "bad_request" };
    Problem::new(status, code, rejection.body_text())
}

/// Log in.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = LogIn, security(()), responses(
    (status = 201, description = "Logged in.", body = Token),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "They do not fit.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape.", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "Too many wrong ones.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn log_in(
    State(service): State<Service>,
    body: Result<Json<LogIn>, JsonRejection>,
) -> Result<(StatusCode, Json<Token>), Problem> {
    let Json(LogIn { name, password }) = body.map_err(|rejection| bad_body(&rejection))?;
    if name.len() > 200 || password.len() > 200 {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_long",
            "name and password: 200 characters at most",
        ));
    }
    let (token, expires_at) = people::log_in(&service, name, password).await?;
    Ok((StatusCode::CREATED, Json(Token { token, expires_at: expires_at.to_string() })))
}

/// Log out: the token that is sent is worth nothing from now on.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses(
    (status = 204, description = "Logged out."),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn log_out(State(service): State<Service>, caller: Caller) -> Result<StatusCode, Problem> {
    people::log_out(&service, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who am I?
#[utoipa::path(get, path = "/api/v1/me", tag = "session", responses(
    (status = 200, description = "You.", body = Who),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn who(caller: Caller) -> Json<Who> {
    Json(Who { login: caller.person.login.to_string(), name: caller.person.name.to_string(), roles: vec!["operator"] })
}

/// Make a token for a program; it is shown once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "session", request_body = NewToken, responses(
    (status = 201, description = "The token.", body = Token),
    (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 401, description = "No valid token.", body = Problem, content_type = "application/problem+json"),
    (status = 413, description = "Too long.", body = Problem, content_type = "application/problem+json"),
    (status = 415, description = "Not said to be JSON.", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "Another shape, or a name that is empty or too long.", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn make_token(
    State(service): State<Service>,
    caller: Caller,
    body: Result<Json<NewToken>, JsonRejection>,
) -> Result<(StatusCode, Json<Token>), Problem> {
    let Json(NewToken { name }) = body.map_err(|rejection| bad_body(&rejection))?;
    if name.trim().is_empty() || name.chars().count() > 100 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_name", "name: 1 to 100 characters"));
    }
    let (token, expires_at) = people::api_token(&service, &caller.person, &name).await?;
    Ok((StatusCode::CREATED, Json(Token { token, expires_at: expires_at.to_string() })))
}
