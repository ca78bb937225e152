//! What a client needs of the world: something that carries requests, and a clock.

use super::failure::Lost;
use crate::api::{Private, Spec};
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// A request, ready to be sent.
#[derive(Clone)]
pub struct Request {
    /// Its number within the client, for messages.
    pub id: u64,
    /// What is called.
    pub operation: Spec,
    /// Path and query. May name a patient.
    pub target: String,
    /// The value of the header `Authorization`.
    pub authorization: Private,
    /// JSON. May be about people.
    pub body: Option<Vec<u8>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.body.as_ref().map_or(0, Vec::len);
        write!(f, "request {} ({}, {bytes} bytes)", self.id, self.operation)
    }
}

/// An answer, of whatever kind.
#[derive(Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The header `Date`: the server's clock.
    pub date: Option<jiff::Timestamp>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

impl Reply {
    /// A page for people where JSON was asked for, such as one that tells of maintenance.
    pub(super) fn is_web_page(&self) -> bool {
        self.body.trim_ascii_start().first() == Some(&b'<')
            && self.content_type.as_deref().is_none_or(|kind| !kind.contains("json"))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReply {
    /// Nothing was sent: the server cannot have done anything.
    NotSent,
    /// Something was sent.
    Lost(Lost),
}

/// Carries requests.
pub trait Transport: Sync {
    /// Sends a request once and waits for the answer.
    ///
    /// # Errors
    /// Without an answer: whether anything was sent. In doubt it was.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Reply, NoReply>> + Send;
}

/// Tells the time, and waits.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> jiff::Timestamp;

    /// Waits that long.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> jiff::Timestamp {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send {
        (**self).sleep(duration)
    }
}
