//! What an entry says. Version 1 of the canonical text; `docs/audit-log.md` describes it for who reads it without us.

use crate::{StoreError, Text};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// A person's id, or the part of the program (`scheduler`).
    pub id: Text,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Text>,
    /// On whose behalf, where that is somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Text>,
    /// The scanner or tablet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Text>,
    /// The session's id, hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Text>,
}

impl Actor {
    /// A part of the program itself.
    #[must_use]
    pub fn program(part: &str) -> Self {
        Self { id: Text::new(part), role: None, on_behalf_of: None, device: None, session: None }
    }
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Object {
    /// `package`, `plan`, `source` …
    pub kind: Text,
    /// Which.
    pub id: Text,
    /// The version that it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// A reason from a list.
    pub code: Text,
    /// In a person's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The facts that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct FactsRange {
    /// Number of the first.
    pub first: i64,
    /// Number of the last.
    pub last: i64,
    /// SHA-256 over the hashes of the rows in the order of their numbers, in hexadecimal.
    pub sha256: String,
}

/// An entry before it has its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who.
    pub actor: Actor,
    /// What: `import`, `approve`, `submit` …
    pub action: Text,
    /// To what.
    pub object: Option<Object>,
    /// What it was.
    pub before: Option<Value>,
    /// What it is now.
    pub after: Option<Value>,
    /// Why.
    pub why: Option<Why>,
    /// Ids of what proves it.
    pub evidence: Vec<Text>,
    /// The request that asked for it.
    pub request: Option<Text>,
}

impl Draft {
    /// That somebody did something.
    #[must_use]
    pub fn new(actor: Actor, action: &str) -> Self {
        Self {
            actor,
            action: Text::new(action),
            object: None,
            before: None,
            after: None,
            why: None,
            evidence: Vec::new(),
            request: None,
        }
    }

    /// To this.
    #[must_use]
    pub fn to(mut self, kind: &str, id: &str, version: Option<i64>) -> Self {
        self.object = Some(Object { kind: Text::new(kind), id: Text::new(id), version });
        self
    }

    /// What it was and what it is.
    #[must_use]
    pub fn changing(mut self, before: Option<Value>, after: Option<Value>) -> Self {
        (self.before, self.after) = (before, after);
        self
    }

    /// For this reason.
    #[must_use]
    pub fn because(mut self, code: &str, note: Option<&str>) -> Self {
        self.why = Some(Why { code: Text::new(code), note: note.map(str::to_owned) });
        self
    }
}

/// The canonical form: JSON in this order of fields, nothing between tokens, no field that has nothing to say; objects within have
/// their keys sorted.
#[derive(Serialize)]
struct Canonical<'d> {
    v: u32,
    license: &'d str,
    position: u64,
    at: String,
    actor: &'d Actor,
    action: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: &'d Option<Object>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: &'d Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: &'d Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: &'d Option<Why>,
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: &'d Option<FactsRange>,
    #[serde(skip_serializing_if = "<[Text]>::is_empty")]
    evidence: &'d [Text],
    #[serde(skip_serializing_if = "Option::is_none")]
    request: &'d Option<Text>,
}

/// The version of the canonical text.
pub(crate) const VERSION: u32 = 1;

/// The canonical text of an entry: one line, without its end.
pub(crate) fn canonical(
    draft: &Draft,
    (license, position, at): (&str, u64, Timestamp),
    facts: &Option<FactsRange>,
) -> Result<String, StoreError> {
    let canonical = Canonical {
        v: VERSION,
        license,
        position,
        at: format!("{at:.6}"),
        actor: &draft.actor,
        action: &draft.action,
        object: &draft.object,
        before: &draft.before,
        after: &draft.after,
        why: &draft.why,
        facts,
        evidence: &draft.evidence,
        request: &draft.request,
    };
    serde_json::to_string(&canonical).map_err(|error| StoreError::fault(format!("an entry is no JSON: {error}")))
}
