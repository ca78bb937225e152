//! What can become of a call, each as a kind of its own.

use super::transport::{NoReply, Reply};
use crate::api::{Method, Private, Spec};
use crate::error::WireError;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// A call that did not do what it was to do.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The request's number within the client.
    pub request: u64,
    /// What was called.
    pub operation: Spec,
    /// What happened.
    pub problem: Problem,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} ({}): {}", self.request, self.operation, self.problem)
    }
}

impl std::error::Error for Failure {}

/// What happened to a call.
#[derive(Debug, Clone)]
pub enum Problem {
    /// Refused for what it says (400); nothing was done.
    Rejected(Vec<Rejection>),
    /// Refused for who asks (401, 403); nothing was done.
    Unauthorised(Unauthorised),
    /// There is no such thing (404).
    NotFound,
    /// Too many objects or bytes (413); nothing was done.
    TooLarge,
    /// Too many requests (429); nothing was done.
    Throttled {
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The request never left: nothing was done.
    NotSent,
    /// A read has no usable answer: ask again later.
    Unavailable(Lost),
    /// A write may have been done or not, or be done yet. Read what there is before sending anything again.
    Unknown(Lost),
    /// An answer to a read that cannot be what the API answers.
    Damaged(Box<WireError>),
    /// A list changed each time it was read, or its pages contradict each other.
    Moving {
        /// Rows that were read, without doubles.
        found: u64,
        /// Rows that the last page promised.
        expected: Option<u64>,
    },
    /// Another status; of a read.
    Unexpected(u16),
    /// Cannot be sent as it is: what is wrong.
    Invalid(String),
}

/// Why there is no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// None came in time.
    TimedOut,
    /// The connection ended before the answer did.
    Cut,
    /// The server says that something went wrong with it.
    Status(u16),
    /// The answer is a page for people, as in maintenance.
    WebPage,
    /// The answer is damaged.
    Unreadable,
    /// The answer is longer than any.
    TooLong,
    /// It was answered as done, and cannot be found.
    NotSeen,
    /// It was refused after an attempt whose effect is not known.
    Refused,
}

/// A row of a write that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its place in what was sent, from 0; `None` if all of it was refused.
    pub row: Option<u64>,
    /// The state's words. They may repeat what was sent, a patient's number for one.
    pub message: Private,
}

/// What a 401 or 403 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthorised {
    /// Any of the following; [`why_unauthorised`](super::Client::why_unauthorised) asks.
    Unclear,
    /// The keys are of the other version of the API.
    OtherVersion,
    /// The keys are not known (any more).
    Keys,
    /// The keys do not reach this licence, or the record belongs to another.
    OtherLicence,
    /// The employee, the software or the kind of licence may not do this.
    NotPermitted,
}

impl Problem {
    /// Nothing was done and asking again may help; of writes only if it is certain that nothing was done.
    pub(super) const fn may_be_repeated(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::NotSent | Self::Unavailable(_))
    }

    /// Whether the write may have had an effect.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rows) => {
                write!(f, "the state refused {} of its rows (400); nothing was done", rows.len().max(1))
            }
            Self::Unauthorised(why) => write!(f, "{why}; nothing was done"),
            Self::NotFound => f.write_str("the state has no such record (404)"),
            Self::TooLarge => f.write_str("too large for the state (413); nothing was done"),
            Self::Throttled { .. } => f.write_str("the state asks to wait (429); nothing was done"),
            Self::NotSent => f.write_str("no connection to the state; nothing was sent"),
            Self::Unavailable(lost) => write!(f, "the state does not answer ({lost}); ask again later"),
            Self::Unknown(lost) => {
                write!(f, "it is not known whether this was done ({lost}); look before sending it again")
            }
            Self::Damaged(error) => write!(f, "a damaged answer: {error}"),
            Self::Moving { found, expected } => {
                let expected = expected.map_or_else(|| "an unknown number".to_owned(), |number| number.to_string());
                write!(f, "the list changed while it was read: {found} different rows, {expected} promised; ask again")
            }
            Self::Unexpected(status) => write!(f, "an answer that the API does not have ({status})"),
            Self::Invalid(what) => write!(f, "not sent: {what}"),
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Cut => f.write_str("the connection was cut"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::WebPage => f.write_str("a web page instead of data, as in maintenance"),
            Self::Unreadable => f.write_str("an unreadable answer"),
            Self::TooLong => f.write_str("an endless answer"),
            Self::NotSeen => f.write_str("it was answered as done, and cannot be found"),
            Self::Refused => f.write_str("it was refused after an attempt whose effect is not known"),
        }
    }
}

impl fmt::Display for Unauthorised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unclear => "refused (401): wrong keys, another licence's record, or no permission",
            Self::OtherVersion => "the key is of the other version of the API (401)",
            Self::Keys => "the state does not know these keys (401)",
            Self::OtherLicence => "these keys do not reach this licence (401)",
            Self::NotPermitted => "this user, this software or this kind of licence may not do this (401)",
        })
    }
}

/// No answer came.
pub(super) const fn of_no_reply(method: Method, no_reply: NoReply) -> Problem {
    match (no_reply, method.is_read()) {
        (NoReply::NotSent, _) => Problem::NotSent,
        (NoReply::Lost(lost), true) => Problem::Unavailable(lost),
        (NoReply::Lost(lost), false) => Problem::Unknown(lost),
    }
}

/// An answer of another status than 200, or a web page.
pub(super) fn of_reply(method: Method, reply: &Reply) -> Problem {
    match reply.status {
        400 => Problem::Rejected(rejections(&reply.body)),
        401 | 403 => Problem::Unauthorised(unauthorised(&reply.body)),
        404 => Problem::NotFound,
        413 => Problem::TooLarge,
        429 => Problem::Throttled { retry_after: seconds(reply.retry_after.as_deref()) },
        200 => of_no_reply(method, NoReply::Lost(Lost::WebPage)),
        status @ (408 | 500..) => of_no_reply(method, NoReply::Lost(Lost::Status(status))),
        status if method.is_read() => Problem::Unexpected(status),
        status => Problem::Unknown(Lost::Status(status)),
    }
}

/// A 200 whose body is not what is answered.
pub(super) fn unreadable(method: Method, body: &[u8], error: WireError) -> Problem {
    if !method.is_read() {
        return Problem::Unknown(Lost::Unreadable);
    }
    // An answer that ends early was cut on its way; the same question may be answered in full.
    if matches!(body.trim_ascii_end().last(), Some(b'}' | b']')) {
        Problem::Damaged(Box::new(error))
    } else {
        Problem::Unavailable(Lost::Unreadable)
    }
}

/// Seconds; the other form of the header, a date, is not used by the API.
fn seconds(header: Option<&str>) -> Option<Duration> {
    header?.trim().parse().ok().map(Duration::from_secs)
}

/// The rows of a 400: `[{"row": 0, "message": "…"}]`, `{"Message": "…"}`, or anything.
fn rejections(body: &[u8]) -> Vec<Rejection> {
    #[derive(Deserialize)]
    struct Row {
        #[serde(alias = "Row")]
        row: Option<serde_json::Value>,
        #[serde(alias = "Message")]
        message: Option<String>,
    }
    let rejection = |row: Row| {
        // As a number or as its digits.
        let number = row.row.and_then(|row| row.as_u64().or_else(|| row.as_str()?.trim().parse().ok()));
        Rejection { row: number, message: Private::new(row.message.unwrap_or_default()) }
    };
    if let Ok(rows) = serde_json::from_slice::<Vec<Row>>(body) {
        return rows.into_iter().map(rejection).collect();
    }
    if let Ok(row) = serde_json::from_slice::<Row>(body) {
        return vec![rejection(row)];
    }
    vec![Rejection { row: None, message: Private::new(String::from_utf8_lossy(body).into_owned()) }]
}

/// What the words of a 401 tell by themselves.
fn unauthorised(body: &[u8]) -> Unauthorised {
    let text = String::from_utf8_lossy(body);
    // "The provided API key is only valid for V1 API endpoints." Source: a production client.
    if text.contains("only valid for V1") || text.contains("only valid for V2") {
        Unauthorised::OtherVersion
    } else {
        Unauthorised::Unclear
    }
}
