//! How one JSON object becomes one of our structs: field by field, lenient in form, strict in content.
//!
//! The readers here are handed a [`Context`], which takes down the path to a fault and the names of unknown fields.
//! Values of fields that are not read are skipped by the parser and never copied.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use compact_str::{CompactString, ToCompactString};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::api::Private;
use crate::error::{Fault, quoted};
use crate::limits::{MAX_NUMBER_CHARS, MAX_UNKNOWN_FIELDS};

/// Text of the API; up to 24 bytes (every package label) are held without an allocation.
pub type Text = CompactString;

/// A JSON number exactly as it was written, also when it came as a string (`"15.0"`): never a float.
///
/// The text is a JSON number of at most [`MAX_NUMBER_CHARS`](crate::limits::MAX_NUMBER_CHARS) characters; from a string it may also have leading zeros.
/// `15`, `15.0` and `1.5e1` are different texts and therefore not equal here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberText(CompactString);

impl NumberText {
    /// The digits as written, such as `-37.50`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the same number, however it is written: `15`, `15.0` and `1.5e1` are.
    #[must_use]
    pub fn same_value(&self, other: &Self) -> bool {
        canonical(&self.0) == canonical(&other.0)
    }

    /// A number as it is written.
    ///
    /// # Errors
    /// What is no JSON number, or longer than [`MAX_NUMBER_CHARS`](crate::limits::MAX_NUMBER_CHARS).
    pub fn new(text: &str) -> Result<Self, NotANumber> {
        let is_json = serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() == text);
        if !is_json {
            return Err(NotANumber);
        }
        Self::checked(text).map_err(|_| NotANumber)
    }

    fn checked(text: &str) -> Result<Self, String> {
        if text.len() > MAX_NUMBER_CHARS {
            return Err(misfit("a number too long", &format!("at most {MAX_NUMBER_CHARS} characters")));
        }
        if !is_number(text) {
            return Err(misfit(&format!("text \"{}\"", quoted(text)), "a number"));
        }
        Ok(Self(text.into()))
    }
}

impl serde::Serialize for NumberText {
    /// For serde_json only: the number as it is written.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_raw(&self.0, serializer)
    }
}

fn serialize_raw<S: serde::Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(json.to_owned()).map_err(serde::ser::Error::custom)?;
    serde::Serialize::serialize(&raw, serializer)
}

/// JSON that is not looked into, as it was written. It may be about anybody, so that only its length is shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Raw(CompactString);

impl Raw {
    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes a JSON text.
    ///
    /// # Errors
    /// What is no JSON.
    pub fn new(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&RawValue>(json).map(|raw| Self(raw.get().into()))
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of JSON", self.0.len())
    }
}

impl serde::Serialize for Raw {
    /// For serde_json only: the text as it is.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_raw(&self.0, serializer)
    }
}

/// A field of an answer as it is written for people and programs: what is empty is left out, and so is what is
/// [`Private`].
pub(crate) trait Shown {
    fn show<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error>;
}

macro_rules! shown {
    ($($kind:ty),*) => {
        $(impl Shown for Option<$kind> {
            fn show<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
                self.as_ref().map_or(Ok(()), |value| map.serialize_entry(name, value))
            }
        })*
    };
}
shown!(i64, bool, Text, NumberText);

/// Nobody looked into it: it may be about anybody.
impl Shown for Option<Raw> {
    fn show<M: serde::ser::SerializeMap>(&self, _: &'static str, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

impl<T: Object + serde::Serialize> Shown for Option<T> {
    fn show<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        self.as_ref().map_or(Ok(()), |value| map.serialize_entry(name, value))
    }
}

impl<T: serde::Serialize + NotPrivate> Shown for Vec<T> {
    fn show<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(name, self)
    }
}

/// What a list may show.
pub(crate) trait NotPrivate {}
impl NotPrivate for i64 {}
impl NotPrivate for Text {}
impl<T: Object> NotPrivate for T {}

impl Shown for Option<Private> {
    fn show<M: serde::ser::SerializeMap>(&self, _: &'static str, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

impl Shown for Vec<Private> {
    fn show<M: serde::ser::SerializeMap>(&self, _: &'static str, _: &mut M) -> Result<(), M::Error> {
        Ok(())
    }
}

/// A field's value as it is sent; what is empty is left out.
pub(crate) trait Sent {
    fn send<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error>;
}

macro_rules! sent {
    ($($kind:ty),*) => {
        $(impl Sent for $kind {
            fn send<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
                map.serialize_entry(name, self)
            }
        })*
    };
}
sent!(i64, bool, Text, NumberText, Raw, Private, jiff::civil::Date, jiff::civil::DateTime, jiff::Timestamp);

impl<T: Sent> Sent for Option<T> {
    fn send<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        self.as_ref().map_or(Ok(()), |value| value.send(name, map))
    }
}

impl<T: serde::Serialize> Sent for Vec<T> {
    fn send<M: serde::ser::SerializeMap>(&self, name: &'static str, map: &mut M) -> Result<(), M::Error> {
        if self.is_empty() { Ok(()) } else { map.serialize_entry(name, self) }
    }
}

impl fmt::Display for NumberText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no JSON number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON number of at most {MAX_NUMBER_CHARS} characters")]
pub struct NotANumber;

impl<'de> Deserialize<'de> for NumberText {
    /// From serde_json only: it reads the raw token.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match scalar(raw.get()).and_then(|text| text.map(|text| Self::checked(&text)).transpose()) {
            Ok(Some(number)) => Ok(number),
            Ok(None) => Err(de::Error::custom(misfit("nothing", "a number"))),
            Err(message) => Err(de::Error::custom(message)),
        }
    }
}

/// A number's sign, its digits without zeros at either end, and the power of ten of the last of them. (A power beyond all
/// measure is no power: such a number is the same only as its own text.)
fn canonical(text: &str) -> (bool, String, i64) {
    let (unsigned, is_negative) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let count = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    let Ok(exponent) = exponent.parse::<i64>() else { return (is_negative, text.to_owned(), 0) };
    let power = exponent.saturating_add(count(zeros)).saturating_sub(count(fraction.len()));
    (is_negative, significant.to_owned(), power)
}

/// `-?digits(.digits)?([eE][+-]?digits)?`
fn is_number(text: &str) -> bool {
    let digits = |bytes: &mut &[u8]| {
        let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *bytes = &bytes[count..];
        count > 0
    };
    let mut rest = text.as_bytes();
    rest = rest.strip_prefix(b"-").unwrap_or(rest);
    if !digits(&mut rest) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = fraction;
        if !digits(&mut rest) {
            return false;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = if let [b'+' | b'-', unsigned @ ..] = exponent { unsigned } else { exponent };
        return digits(&mut rest) && rest.is_empty();
    }
    rest.is_empty()
}

/// The message of a value that does not fit; [`Context::fault`] takes it apart again at the comma.
fn misfit(found: &str, expected: &str) -> String {
    format!("{found}, expected {expected}")
}

/// A raw token's text: the token itself for a number, the content for a string, `None` for null and "".
fn scalar(token: &str) -> Result<Option<Cow<'_, str>>, String> {
    match token.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') => Ok(Some(Cow::Borrowed(token))),
        Some(b'n') => Ok(None),
        Some(b'"') => {
            let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
            let text = if inner.contains('\\') {
                Cow::Owned(serde_json::from_str::<String>(token).map_err(|_| misfit("a broken string", "a number"))?)
            } else {
                Cow::Borrowed(inner)
            };
            Ok((!text.is_empty()).then_some(text))
        }
        Some(b't' | b'f') => Err(misfit(&format!("`{token}`"), "a number")),
        Some(b'[') => Err(misfit("an array", "a number")),
        _ => Err(misfit("an object", "a number")),
    }
}

/// What a run of readers takes down besides the values.
#[derive(Debug, Default)]
pub struct Context {
    /// The path to the value at fault, innermost first.
    path: RefCell<Vec<Cow<'static, str>>>,
    unknown: RefCell<BTreeMap<&'static str, BTreeSet<String>>>,
}

impl Context {
    /// Takes down an unknown field of the object whose fields are written with this prefix.
    pub fn unknown(&self, prefix: &'static str, name: &str) {
        let mut unknown = self.unknown.borrow_mut();
        let names = unknown.entry(prefix).or_default();
        if !names.contains(name) && names.len() < MAX_UNKNOWN_FIELDS {
            names.insert(quoted(name));
        }
    }

    /// The unknown fields so far, sorted.
    pub fn unknown_names(&self) -> BTreeSet<String> {
        let unknown = self.unknown.borrow();
        unknown.iter().flat_map(|(prefix, names)| names.iter().map(move |name| format!("{prefix}{name}"))).collect()
    }

    fn step<T, E>(&self, result: Result<T, E>, name: &'static str) -> Result<T, E> {
        if result.is_err() {
            self.path.borrow_mut().push(Cow::Borrowed(name));
        }
        result
    }

    /// Turns serde's error into ours: where (by the path), what was found and what was expected.
    pub fn fault(&self, error: &serde_json::Error, json: &str, begin: u64) -> Fault {
        let mut path = String::new();
        for step in self.path.borrow_mut().drain(..).rev() {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(&step);
        }
        let mut fault = if error.is_data() { misfit_fault(error, begin) } else { syntax_fault(error, json, begin) };
        fault.field = (!path.is_empty()).then_some(path);
        fault
    }
}

fn misfit_fault(error: &serde_json::Error, begin: u64) -> Fault {
    let text = bare(error);
    let (found, expected) = text.split_once(", expected ").unwrap_or((text.as_str(), "one value of the right type"));
    let found = found.strip_prefix("invalid type: ").or_else(|| found.strip_prefix("invalid value: ")).unwrap_or(found);
    let todo = "pull the answer again, unchanged, or correct the field";
    Fault::new(quoted(found), quoted(expected), todo).begins("record", begin)
}

/// serde_json's message without " at line 1 column 5".
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&suffix).unwrap_or(&text).to_owned()
}

fn syntax_fault(error: &serde_json::Error, json: &str, begin: u64) -> Fault {
    let byte = position(json, error.line(), error.column());
    let here = begin + u64::try_from(byte).unwrap_or(u64::MAX);
    let rest = json.as_bytes().get(byte..).unwrap_or_default();
    let not_finite = ["NaN", "Infinity"].iter().find(|word| rest.starts_with(word.as_bytes()));
    if let Some(word) = not_finite {
        let todo = "the program that wrote the file wrote a missing number as a word; pull the answer again";
        return Fault::new(*word, "a number or null", todo).at(here);
    }
    if let Some(nul) = memchr::memchr(0, json.as_bytes()) {
        return nul_fault().at(begin + u64::try_from(nul).unwrap_or(u64::MAX));
    }
    let todo = "the file is damaged or was edited by hand; pull the answer again";
    Fault::new(format!("broken JSON ({})", bare(error)), "JSON", todo).at(here)
}

pub(crate) fn nul_fault() -> Fault {
    Fault::new("a NUL byte", "UTF-8 text without NUL bytes", "the file is damaged; pull the answer again")
}

/// The byte that serde_json's line and column (both from 1) point at.
fn position(json: &str, line: usize, column: usize) -> usize {
    let newlines = memchr::memchr_iter(b'\n', json.as_bytes());
    let line_begin = if line > 1 { newlines.take(line - 1).last().map_or(0, |at| at + 1) } else { 0 };
    (line_begin + column.saturating_sub(1)).min(json.len())
}

/// One way to read a field's value; missing fields have the default.
pub(crate) trait Reading {
    type Out: Default;
    fn read<'de, D: Deserializer<'de>>(value: D, context: &Context) -> Result<Self::Out, D::Error>;
}

/// [`Reading`] as serde wants it.
pub(crate) struct Seed<'c, R> {
    context: &'c Context,
    reading: PhantomData<R>,
}

impl<'c, R> Seed<'c, R> {
    pub fn new(context: &'c Context) -> Self {
        Self { context, reading: PhantomData }
    }
}

impl<'de, R: Reading> DeserializeSeed<'de> for Seed<'_, R> {
    type Value = R::Out;
    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<R::Out, D::Error> {
        R::read(value, self.context)
    }
}

/// Text; null and "" are `None`, a whole number is its digits.
pub(crate) struct Words;

impl Reading for Words {
    type Out = Option<Text>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        value.deserialize_any(WordsVisitor)
    }
}

struct WordsVisitor;

impl Visitor<'_> for WordsVisitor {
    type Value = Option<Text>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or null")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.contains('\0') {
            return Err(E::custom(misfit("text with a NUL character", "text without it")));
        }
        Ok((!text.is_empty()).then(|| text.into()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_compact_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_compact_string()))
    }
}

/// A date or time as text; the zero date `0001-01-01…` is `None` too.
pub(crate) struct Date;

impl Reading for Date {
    type Out = Option<Text>;
    fn read<'de, D: Deserializer<'de>>(value: D, context: &Context) -> Result<Self::Out, D::Error> {
        Ok(Words::read(value, context)?.filter(|text| !text.starts_with("0001-01-01")))
    }
}

/// A number as written, in quotes or not.
pub(crate) struct Number;

impl Reading for Number {
    type Out = Option<NumberText>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        let raw = <&RawValue>::deserialize(value)?;
        let number = scalar(raw.get()).and_then(|text| text.map(|text| NumberText::checked(&text)).transpose());
        number.map_err(de::Error::custom)
    }
}

/// A whole number; `482113.0` and `"482113"` are accepted, as table programs write them.
pub(crate) struct Integer;

impl Reading for Integer {
    type Out = Option<i64>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        let raw = <&RawValue>::deserialize(value)?;
        whole(raw.get()).map_err(de::Error::custom)
    }
}

fn whole(token: &str) -> Result<Option<i64>, String> {
    let Some(text) = scalar(token)? else { return Ok(None) };
    let digits = match text.split_once('.') {
        Some((digits, fraction)) if !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0') => digits,
        _ => &text,
    };
    let wrong = || misfit(&format!("`{}`", quoted(&text)), "a whole number below 2^63");
    if !is_number(digits) { Err(wrong()) } else { digits.parse().map(Some).map_err(|_| wrong()) }
}

/// true or false; also as a string in any case, as table programs write them.
pub(crate) struct Flag;

impl Reading for Flag {
    type Out = Option<bool>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        value.deserialize_any(FlagVisitor)
    }
}

struct FlagVisitor;

impl Visitor<'_> for FlagVisitor {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or null")
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Some(flag))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match text {
            "" => Ok(None),
            _ if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            _ if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            _ => Err(E::invalid_type(de::Unexpected::Str(text), &self)),
        }
    }
}

/// Text that only [`Private::reveal`] shows.
pub(crate) struct PrivateWords;

impl Reading for PrivateWords {
    type Out = Option<Private>;
    fn read<'de, D: Deserializer<'de>>(value: D, context: &Context) -> Result<Self::Out, D::Error> {
        // The parser's message would repeat a value that does not fit.
        let text =
            Words::read(value, context).map_err(|_| de::Error::custom(misfit("another value", "text or null")))?;
        Ok(text.map(Private::new))
    }
}

/// JSON as it is; null is `None`.
pub(crate) struct RawValueReading;

impl Reading for RawValueReading {
    type Out = Option<Raw>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        let raw = <&RawValue>::deserialize(value)?;
        Ok((raw.get() != "null").then(|| Raw(raw.get().into())))
    }
}

/// Texts; null is the empty list.
pub(crate) struct Texts;

impl Reading for Texts {
    type Out = Vec<Text>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        let texts = Option::<Vec<Option<Text>>>::deserialize(value)?;
        Ok(texts.unwrap_or_default().into_iter().flatten().collect())
    }
}

/// Texts that only [`Private::reveal`] shows.
pub(crate) struct PrivateTexts;

impl Reading for PrivateTexts {
    type Out = Vec<Private>;
    fn read<'de, D: Deserializer<'de>>(value: D, context: &Context) -> Result<Self::Out, D::Error> {
        let texts = Texts::read(value, context).map_err(|_| de::Error::custom(misfit("other values", "texts")))?;
        Ok(texts.into_iter().map(Private::new).collect())
    }
}

/// Whole numbers; null is the empty list.
pub(crate) struct Integers;

impl Reading for Integers {
    type Out = Vec<i64>;
    fn read<'de, D: Deserializer<'de>>(value: D, _: &Context) -> Result<Self::Out, D::Error> {
        let tokens = Option::<Vec<&RawValue>>::deserialize(value)?.unwrap_or_default();
        let numbers: Result<Vec<Option<i64>>, String> = tokens.iter().map(|token| whole(token.get())).collect();
        Ok(numbers.map_err(de::Error::custom)?.into_iter().flatten().collect())
    }
}

/// The names of the fields that a struct reads.
pub(crate) trait Fields {
    const READ: &'static [&'static str];
}

/// A struct that is read from a JSON object.
pub(crate) trait Object: Sized {
    fn read_fields<'de, M: MapAccess<'de>>(fields: M, context: &Context) -> Result<Self, M::Error>;
}

/// An object, or `None` for null.
pub(crate) struct Nested<T>(PhantomData<T>);

impl<T: Object> Reading for Nested<T> {
    type Out = Option<T>;
    fn read<'de, D: Deserializer<'de>>(value: D, context: &Context) -> Result<Self::Out, D::Error> {
        value.deserialize_any(ObjectVisitor { context, object: PhantomData })
    }
}

/// An array of objects; null is the empty one.
pub(crate) struct Rows<T>(PhantomData<T>);

impl<T: Object> Reading for Rows<T> {
    type Out = Vec<T>;
    fn read<'de, D: Deserializer<'de>>(value: D, context: &Context) -> Result<Self::Out, D::Error> {
        value.deserialize_any(RowsVisitor { context, object: PhantomData })
    }
}

struct ObjectVisitor<'c, T> {
    context: &'c Context,
    object: PhantomData<T>,
}

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<M: MapAccess<'de>>(self, fields: M) -> Result<Self::Value, M::Error> {
        T::read_fields(fields, self.context).map(Some)
    }
}

struct RowsVisitor<'c, T> {
    context: &'c Context,
    object: PhantomData<T>,
}

impl<'de, T: Object> Visitor<'de> for RowsVisitor<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut rows: S) -> Result<Self::Value, S::Error> {
        let mut read = Vec::new();
        loop {
            let row = match rows.next_element_seed(Seed::<Nested<T>>::new(self.context)) {
                Ok(None) => return Ok(read),
                Ok(Some(Some(row))) => Ok(row),
                Ok(Some(None)) => Err(de::Error::custom(misfit("null", "an object"))),
                Err(error) => Err(error),
            };
            match row {
                Ok(row) => read.push(row),
                Err(error) => {
                    self.context.path.borrow_mut().push(Cow::Owned(format!("[{}]", read.len())));
                    return Err(error);
                }
            }
        }
    }
}

/// A field's name, borrowed unless it has escapes.
pub(crate) struct Name<'de>(pub Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

/// Reads one field into its slot; a name that occurs twice in one object is refused.
pub(crate) fn read_slot<'de, R: Reading, M: MapAccess<'de>>(
    slot: &mut Option<R::Out>,
    name: &'static str,
    fields: &mut M,
    context: &Context,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return context.step(Err(de::Error::custom(misfit("the field twice", "each field once"))), name);
    }
    *slot = Some(context.step(fields.next_value_seed(Seed::<R>::new(context)), name)?);
    Ok(())
}

/// Finishes an object: none of its fields known is a sign of another thing altogether.
pub(crate) fn finished<T, E: de::Error>(
    any: bool,
    mut object: T,
    settle: impl FnOnce(&mut T) -> Result<(), String>,
) -> Result<T, E> {
    if !any {
        return Err(E::custom(misfit("an object without any of the expected fields", "a record of this kind")));
    }
    settle(&mut object).map_err(E::custom)?;
    Ok(object)
}

/// Writes [`Object`] and serde's `Deserialize` for a struct: `field = Reading "Name"`.
///
/// `also` names fields that `settle` merges into the others. `left_out` names the documented fields that are not read:
/// they are skipped in silence, while other unknown names are taken down.
macro_rules! read_object {
    ($object:ident, prefix $prefix:literal,
     read { $($field:ident = $reading:ty, $name:literal;)* }
     $(also { $($extra:ident = $extra_reading:ty, $extra_name:literal;)* } settle $settle:path;)?
     left_out [ $($left_out:literal),* $(,)? ]
    ) => {
        impl $object {
            /// The names of documented fields that are left out; names in neither list are noted as unknown.
            pub const LEFT_OUT: &'static [&'static str] = &[$($left_out),*];
        }

        impl $crate::wire::Fields for $object {
            const READ: &'static [&'static str] = &[$($name,)* $($($extra_name,)*)?];
        }

        impl $crate::wire::Object for $object {
            fn read_fields<'de, M: serde::de::MapAccess<'de>>(
                mut fields: M,
                context: &$crate::wire::Context,
            ) -> Result<Self, M::Error> {
                use $crate::wire::{Reading, read_slot};
                $(let mut $field: Option<<$reading as Reading>::Out> = None;)*
                $($(let mut $extra: Option<<$extra_reading as Reading>::Out> = None;)*)?
                while let Some(name) = fields.next_key::<$crate::wire::Name<'de>>()? {
                    match name.0.as_ref() {
                        $($name => read_slot::<$reading, M>(&mut $field, $name, &mut fields, context)?,)*
                        $($($extra_name => {
                            read_slot::<$extra_reading, M>(&mut $extra, $extra_name, &mut fields, context)?;
                        })*)?
                        other => {
                            if !Self::LEFT_OUT.contains(&other) {
                                context.unknown($prefix, other);
                            }
                            fields.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                let any = !$prefix.is_empty() $(|| $field.is_some())* $($(|| $extra.is_some())*)?;
                let object = Self { $($field: $field.unwrap_or_default()),* };
                $crate::wire::finished(any, object, |_object| {
                    $($settle(_object, $($extra.unwrap_or_default()),*)?;)?
                    Ok(())
                })
            }
        }

        impl<'de> serde::Deserialize<'de> for $object {
            /// From serde_json only: numbers are kept as they are written.
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
                let context = $crate::wire::Context::default();
                $crate::wire::parse(raw.get(), &context).map_err(|error| {
                    let fault = context.fault(&error, raw.get(), 0);
                    let field = fault.field.map(|field| format!("{field}: ")).unwrap_or_default();
                    serde::de::Error::custom(format!("{field}{}, expected {}", fault.found, fault.expected))
                })
            }
        }
    };
}
pub(crate) use read_object;

/// Reads one object from its JSON text.
pub(crate) fn parse<T: Object>(json: &str, context: &Context) -> Result<T, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_str(json);
    let object = Seed::<Nested<T>>::new(context).deserialize(&mut parser)?;
    parser.end()?;
    object.ok_or_else(|| de::Error::custom(misfit("null", "an object")))
}
