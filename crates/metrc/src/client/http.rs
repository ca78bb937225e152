//! Requests over HTTP, and the clock that goes with it.

use super::failure::Lost;
use super::transport::{Clock, NoReply, Reply, Request, Transport};
use crate::api::Method;
use crate::limits::MAX_ANSWER_BYTES;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use std::time::Duration;

/// A connection to one host of the API.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    base: String,
}

/// Why there is no connection to be had.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// TLS or the like cannot be set up.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// Keys go over no network in the clear.
    #[error("the address has to begin with https:// (http:// only to this computer)")]
    NotSecret,
}

impl Http {
    /// To `base`, such as `https://api-co.metrc.com`.
    ///
    /// # Errors
    /// Where TLS cannot be set up, and an address to which keys would go in the clear.
    pub fn new(base: &str) -> Result<Self, HttpError> {
        let to_here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let is_here = to_here
            .iter()
            .any(|here| base.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
        if !base.starts_with("https://") && !is_here {
            return Err(HttpError::NotSecret);
        }
        // Whoever installed another one before is welcome to it.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = reqwest::Client::builder()
            // An address that sends elsewhere would be sent the keys.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(20))
            .user_agent(concat!("trueup/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, base: base.trim_end_matches('/').to_owned() })
    }

    fn build(&self, request: &Request) -> reqwest::RequestBuilder {
        let url = format!("{}{}", self.base, request.target);
        let method = match request.operation.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let builder = self.client.request(method, url);
        let builder = match HeaderValue::from_str(request.authorization.reveal()) {
            Ok(mut keys) => {
                keys.set_sensitive(true);
                builder.header(AUTHORIZATION, keys)
            }
            // The state refuses who says nothing.
            Err(_) => builder,
        };
        match &request.body {
            Some(body) => builder.header("Content-Type", "application/json").body(body.clone()),
            None => builder,
        }
    }
}

impl Transport for Http {
    async fn send(&self, request: &Request) -> Result<Reply, NoReply> {
        let response = self.build(request).send().await;
        // Only a connection that was never made is certain to have carried nothing.
        let mut response = response.map_err(|error| match error.is_connect() || error.is_builder() {
            true => NoReply::NotSent,
            false => NoReply::Lost(if error.is_timeout() { Lost::TimedOut } else { Lost::Cut }),
        })?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (content_type, retry_after) = (header("Content-Type"), header("Retry-After"));
        let date = header("Date").and_then(|text| jiff::fmt::rfc2822::parse(&text).ok()).map(|at| at.timestamp());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| NoReply::Lost(Lost::Cut))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(NoReply::Lost(Lost::TooLong));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status: response.status().as_u16(), content_type, retry_after, date, body })
    }
}

/// Tokio's clock, set once: goes as the runtime's time does, also where that is virtual.
#[derive(Debug, Clone, Copy)]
pub struct TokioClock {
    set_to: Timestamp,
    set_at: tokio::time::Instant,
}

impl TokioClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn set(now: Timestamp) -> Self {
        Self { set_to: now, set_at: tokio::time::Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        self.set_to.checked_add(self.set_at.elapsed()).unwrap_or(Timestamp::MAX)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
