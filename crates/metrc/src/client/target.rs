//! Where a call goes: path and query.

use crate::api::Spec;
use jiff::Timestamp;
use std::fmt::Write;

/// A stretch of time in which records were last modified: from its start to before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its start.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// What fills an operation's path and query.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Target {
    pub(super) licence: Option<String>,
    arguments: Vec<String>,
    query: Vec<(&'static str, String)>,
}

impl Target {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Of a licence.
    #[must_use]
    pub fn of(licence: &str) -> Self {
        Self { licence: Some(licence.to_owned()), ..Self::default() }
    }

    /// Fills the next `{…}` of the path.
    #[must_use]
    pub fn at(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    /// Records that were last modified in a window.
    #[must_use]
    pub fn modified(self, window: Window) -> Self {
        let text = |at: Timestamp| format!("{at:.3}");
        self.with("lastModifiedStart", text(window.from)).with("lastModifiedEnd", text(window.to))
    }

    /// A page, from 1.
    #[must_use]
    pub fn page(self, number: u64, size: u64) -> Self {
        self.with("pageNumber", number.to_string()).with("pageSize", size.to_string())
    }

    /// Another parameter of the query.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
        self
    }

    /// Path and query of an operation.
    pub(super) fn path(&self, spec: &Spec) -> Result<String, String> {
        let mut path = String::with_capacity(160);
        let mut arguments = self.arguments.iter();
        let mut rest = spec.path;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let argument = arguments.next().filter(|argument| !argument.is_empty());
            let Some(argument) = argument else { return Err(format!("{spec} needs {name}")) };
            path.push_str(before);
            path.push_str(&escaped(argument));
            rest = after;
        }
        if arguments.next().is_some() {
            return Err(format!("{spec} takes fewer arguments"));
        }
        path.push_str(rest);
        if spec.licence && self.licence.is_none() && !spec.path.contains('{') {
            return Err(format!("{spec} needs a licence"));
        }
        let licence = self.licence.as_ref().filter(|_| spec.licence);
        let licence = licence.map(|licence| ("licenseNumber", licence.as_str()));
        let query = self.query.iter().map(|(name, value)| (*name, value.as_str()));
        for (place, (name, value)) in licence.into_iter().chain(query).enumerate() {
            let mark = if place == 0 { '?' } else { '&' };
            write!(path, "{mark}{name}={}", escaped(value)).map_err(|_| "cannot be written".to_owned())?;
        }
        Ok(path)
    }
}

impl std::fmt::Debug for Target {
    /// Arguments may be a patient's number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.query.iter().map(|(name, _)| *name).collect();
        write!(f, "{} arguments, licence {:?}, {names:?}", self.arguments.len(), self.licence)
    }
}

/// Percent-encoded, all but RFC 3986's unreserved characters; `+` becomes `%2B`, as the API wants it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{facilities, packages, patients, sales};

    fn window() -> Window {
        Window { from: "2026-11-20T05:00:00Z".parse().unwrap(), to: "2026-11-20T06:00:00.25Z".parse().unwrap() }
    }

    #[test]
    fn paths_and_queries_are_filled_and_escaped() {
        let target = Target::of("403R-X+1").modified(window()).page(2, 20);
        assert_eq!(
            target.path(&packages::ACTIVE.spec).unwrap(),
            "/packages/v2/active?licenseNumber=403R-X%2B1&lastModifiedStart=2026-11-20T05%3A00%3A00.000Z\
             &lastModifiedEnd=2026-11-20T06%3A00%3A00.250Z&pageNumber=2&pageSize=20"
        );
        let receipt = Target::of("L").at("POS7/418 é");
        let path = receipt.path(&sales::RECEIPT_BY_EXTERNAL_NUMBER.spec).unwrap();
        assert_eq!(path, "/sales/v2/receipts/external/POS7%2F418%20%C3%A9?licenseNumber=L");
        assert_eq!(Target::of("L").path(&facilities::FACILITIES.spec).unwrap(), "/facilities/v2");
    }

    #[test]
    fn what_is_missing_is_told_without_repeating_what_is_there() {
        assert_eq!(Target::of("L").path(&sales::RECEIPT.spec).unwrap_err(), "GET /sales/v2/receipts/{id} needs id");
        assert_eq!(Target::new().path(&packages::ACTIVE.spec).unwrap_err(), "GET /packages/v2/active needs a licence");
        let two = Target::of("L").at("PAT-1").at("PAT-2");
        let error = two.path(&patients::STATUSES.spec).unwrap_err();
        assert_eq!(error, "GET /patients/v2/statuses/{patientLicenseNumber} takes fewer arguments");
        assert!(!format!("{two:?}").contains("PAT"));
    }
}
