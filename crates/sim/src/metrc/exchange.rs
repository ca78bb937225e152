//! Requests as they arrive, and replies as they leave.

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use trueup_core::Decimal;

/// A request, as it came over the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.method == "GET"
    }
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// JSON.
    pub(super) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: "application/json; charset=utf-8", retry_after: None, body: body.into() }
    }

    /// `{"Message": "…"}`.
    pub(super) fn message(status: u16, message: &str) -> Self {
        let mut body = String::from("{\"Message\":");
        super::shape::quote(message, &mut body);
        body.push('}');
        Self::json(status, body)
    }

    /// Nothing.
    pub(super) const fn empty(status: u16) -> Self {
        Self { status, content_type: "application/json; charset=utf-8", retry_after: None, body: Vec::new() }
    }

    /// A page for people.
    pub(super) fn web_page(status: u16, text: &str) -> Self {
        let body =
            format!("<!DOCTYPE html><html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>");
        Self { status, content_type: "text/html", retry_after: None, body: body.into_bytes() }
    }

    /// Words without a form.
    pub(super) fn plain(status: u16, text: &str) -> Self {
        Self { status, content_type: "text/plain", retry_after: None, body: text.as_bytes().to_vec() }
    }

    /// 400 with the rows that are wrong.
    pub(super) fn rejected(rows: &[(usize, String)]) -> Self {
        let mut body = String::from("[");
        for (place, (row, message)) in rows.iter().enumerate() {
            if place > 0 {
                body.push(',');
            }
            body.push_str(&format!("{{\"row\":{row},\"message\":"));
            super::shape::quote(message, &mut body);
            body.push('}');
        }
        body.push(']');
        Self::json(400, body)
    }
}

/// Path and query, taken apart.
pub(super) struct Target {
    /// The path's parts; empty ones are left out, so that a slash at the end changes nothing.
    pub path: Vec<String>,
    query: BTreeMap<String, String>,
}

impl Target {
    pub fn of(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parts = path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect();
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // In a query a plus is a space; that is why the API wants `%2B`.
            (unescaped(name).to_ascii_lowercase(), unescaped(&value.replace('+', " ")))
        });
        Self { path: parts, query: pairs.collect() }
    }

    /// A parameter, by its name in lower case; an empty one is none.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A JSON object of a body; names in any case, as the API reads them.
#[derive(Debug)]
pub(super) struct Fields<'b>(BTreeMap<String, &'b RawValue>);

impl<'b> Fields<'b> {
    fn of(raw: &'b RawValue) -> Option<Self> {
        let object: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).ok()?;
        Some(Self(object.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()))
    }

    fn raw(&self, name: &str) -> Option<&'b RawValue> {
        self.0.get(&name.to_ascii_lowercase()).copied().filter(|value| value.get() != "null")
    }

    /// A text, or a number's digits; empty is none.
    pub fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?.get();
        let text = if raw.starts_with('"') { serde_json::from_str(raw).ok()? } else { raw.to_owned() };
        Some(text).filter(|text: &String| !text.trim().is_empty())
    }

    /// A text, or what is wrong.
    pub fn need(&self, name: &str) -> Result<String, String> {
        self.text(name).ok_or_else(|| format!("{name} is required."))
    }

    /// A number, or what is wrong.
    pub fn decimal(&self, name: &str) -> Result<Decimal, String> {
        let text = self.need(name)?;
        Decimal::parse(&text).map_err(|_| format!("{name} is not a valid number."))
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Yes or no; missing is no.
    pub fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// The objects of a list.
    pub fn rows(&self, name: &str) -> Vec<Fields<'b>> {
        self.raw(name).map(|raw| rows_of(raw.get())).and_then(Result::ok).unwrap_or_default()
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.raw(name).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

fn rows_of(json: &str) -> Result<Vec<Fields<'_>>, ()> {
    let rows: Vec<&RawValue> = serde_json::from_str(json).map_err(drop)?;
    rows.into_iter().map(|row| Fields::of(row).ok_or(())).collect()
}

/// The rows of a body, or what the server says to it.
pub(super) fn rows(body: &[u8]) -> Result<Vec<Fields<'_>>, Reply> {
    const MOST: usize = 10;
    let bad = || Reply::message(400, "The request body is missing or is not a valid JSON array.");
    let rows = std::str::from_utf8(body).ok().and_then(|text| rows_of(text).ok()).ok_or_else(bad)?;
    match rows.len() {
        0 => Err(bad()),
        1..=MOST => Ok(rows),
        _ => Err(Reply::message(413, "The number of objects in the request exceeds the maximum of 10.")),
    }
}

/// The one object of a body.
pub(super) fn object(body: &[u8]) -> Result<Fields<'_>, Reply> {
    let raw: Option<&RawValue> = std::str::from_utf8(body).ok().and_then(|text| serde_json::from_str(text).ok());
    raw.and_then(Fields::of).ok_or_else(|| Reply::message(400, "The request body is missing or is not valid JSON."))
}
