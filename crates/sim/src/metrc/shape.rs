//! Objects of answers: the documented key sets as they stand in `shapes/`, with the values that this server knows.

use jiff::{Timestamp, civil};
use std::fmt::Write;
use std::sync::OnceLock;
use trueup_core::{Quantity, Unit};

/// A value of an answer.
#[derive(Debug, Clone)]
pub(super) enum V<'v> {
    Null,
    Flag(bool),
    Int(i64),
    Text(&'v str),
    Own(String),
    /// JSON as it is.
    Json(String),
}

impl V<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(number) => drop(write!(out, "{number}")),
            Self::Text(text) => quote(text, out),
            Self::Own(text) => quote(text, out),
            Self::Json(json) => out.push_str(json),
        }
    }
}

impl<'v> From<Option<&'v str>> for V<'v> {
    fn from(text: Option<&'v str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl From<Option<String>> for V<'_> {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Own)
    }
}

impl From<Option<i64>> for V<'_> {
    fn from(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Int)
    }
}

/// Text as a JSON string.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if u32::from(control) < 0x20 => drop(write!(out, "\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// With an offset and seven digits of a second, as `LastModified` is written.
pub(super) fn instant(at: Timestamp) -> String {
    let ticks = at.subsec_nanosecond() / 100;
    format!("{}.{ticks:07}+00:00", at.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// The facility's wall clock, without a zone.
pub(super) fn local(at: civil::DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000").to_string()
}

/// A date.
pub(super) fn day(date: civil::Date) -> String {
    date.strftime("%Y-%m-%d").to_string()
}

/// A quantity in a unit, as the API writes numbers: whole ones have one decimal, too.
pub(super) fn number(quantity: Quantity, unit: Unit) -> V<'static> {
    decimal(quantity.sum().text(unit).to_string())
}

/// A decimal number as the API writes numbers.
pub(super) fn decimal(mut text: String) -> V<'static> {
    if !text.contains('.') {
        text.push_str(".0");
    }
    V::Json(text)
}

enum Part {
    Text(String),
    /// The value at this place of those given.
    Slot(usize),
}

/// An object's keys in their documented order; some have values that change.
pub(super) struct Shape {
    sample: &'static str,
    slots: &'static [&'static str],
    parts: OnceLock<Vec<Part>>,
}

impl Shape {
    /// The object of a sample, in which the keys `slots` get values.
    pub const fn new(sample: &'static str, slots: &'static [&'static str]) -> Self {
        Self { sample, slots, parts: OnceLock::new() }
    }

    /// Writes the object; `values` stand in the order of the slots.
    pub fn write(&self, values: &[V<'_>], out: &mut String) {
        for part in self.parts.get_or_init(|| self.compile()) {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Slot(place) => values.get(*place).unwrap_or(&V::Null).write(out),
            }
        }
    }

    /// The object as a text.
    pub fn text(&self, values: &[V<'_>]) -> String {
        let mut out = String::with_capacity(self.sample.len());
        self.write(values, &mut out);
        out
    }

    fn compile(&self) -> Vec<Part> {
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(self.sample).unwrap_or_default();
        let mut parts = Vec::new();
        let mut text = String::from("{");
        for (place, name) in keys_in_order(self.sample).into_iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            quote(&name, &mut text);
            text.push(':');
            match self.slots.iter().position(|slot| *slot == name) {
                Some(slot) => {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    parts.push(Part::Slot(slot));
                }
                None => text.push_str(&object.get(&name).cloned().unwrap_or_default().to_string()),
            }
        }
        text.push('}');
        parts.push(Part::Text(text));
        parts
    }
}

/// The keys of an object as they stand in its text.
fn keys_in_order(sample: &str) -> Vec<String> {
    struct Keys(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Keys {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(KeysVisitor)
        }
    }
    struct KeysVisitor;
    impl<'de> serde::de::Visitor<'de> for KeysVisitor {
        type Value = Keys;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<M: serde::de::MapAccess<'de>>(self, mut fields: M) -> Result<Keys, M::Error> {
            let mut keys = Vec::new();
            while let Some((key, _)) = fields.next_entry::<String, serde::de::IgnoredAny>()? {
                keys.push(key);
            }
            Ok(Keys(keys))
        }
    }
    serde_json::from_str::<Keys>(sample).map(|keys| keys.0).unwrap_or_default()
}

/// A static shape of a file in `shapes/`, with its slots.
macro_rules! shape {
    ($name:ident, $file:literal, [$($slot:literal),* $(,)?]) => {
        static $name: $crate::metrc::shape::Shape =
            $crate::metrc::shape::Shape::new(include_str!(concat!("shapes/", $file, ".json")), &[$($slot),*]);
    };
}
pub(super) use shape;
