//! What an operation is.

use crate::error::{Fault, WireError};
use crate::page::Envelope;
use crate::reader::Elements;
use crate::wire::{Context, Object, Text, parse};
use std::fmt;
use std::marker::PhantomData;

/// The verbs of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; may be repeated.
    Get,
    /// Creates. Not idempotent: the same twice is two.
    Post,
    /// Changes. The documentation calls it idempotent.
    Put,
    /// Removes or voids.
    Delete,
}

impl Method {
    /// As HTTP writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Changes nothing.
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Get)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What there is to know of an operation, whatever it sends and is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The verb.
    pub method: Method,
    /// The path with `{…}` where arguments stand.
    pub path: &'static str,
    /// Takes `licenseNumber`.
    pub licence: bool,
    /// Takes `lastModifiedStart` and `lastModifiedEnd`; without them only about the last day is answered.
    pub window: bool,
    /// Answers in pages.
    pub paged: bool,
    /// Permissions of the employee that the documentation names.
    pub needs: &'static [&'static str],
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// An operation that sends a `B` and is answered an `A`.
#[derive(Debug)]
pub struct Operation<B: ?Sized, A> {
    /// What it is.
    pub spec: Spec,
    kinds: PhantomData<fn(&B) -> A>,
}

impl<B: ?Sized, A: Answer> Operation<B, A> {
    pub(crate) const fn new(
        (method, path): (Method, &'static str),
        licence: bool,
        window: bool,
        needs: &'static [&'static str],
    ) -> Self {
        Self { spec: Spec { method, path, licence, window, paged: A::PAGED, needs }, kinds: PhantomData }
    }
}

/// What is sent.
pub trait Body {
    /// As JSON; `None` if nothing is sent.
    ///
    /// # Errors
    /// What cannot be written as JSON.
    fn json(&self) -> Result<Option<Vec<u8>>, serde_json::Error>;

    /// Objects in it; the API takes at most 10.
    fn objects(&self) -> usize;
}

/// An object that is sent.
pub trait Row: serde::Serialize {}

impl Body for () {
    fn json(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        Ok(None)
    }

    fn objects(&self) -> usize {
        0
    }
}

impl<T: Row> Body for [T] {
    fn json(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Some)
    }

    fn objects(&self) -> usize {
        self.len()
    }
}

impl<T: Row> Body for T {
    fn json(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Some)
    }

    fn objects(&self) -> usize {
        1
    }
}

/// What is answered.
pub trait Answer {
    /// In pages.
    const PAGED: bool = false;
    /// In JSON.
    const JSON: bool = true;
    /// What it becomes.
    type Out;

    /// Reads the body of a 200; `operation` names it in errors.
    ///
    /// # Errors
    /// A body that is no such answer.
    fn read(body: &[u8], operation: &str) -> Result<Self::Out, WireError>;
}

/// An object.
#[derive(Debug)]
pub struct One<T>(PhantomData<T>);
/// An array without pages.
#[derive(Debug)]
pub struct List<T>(PhantomData<T>);
/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Which page it is, from 1, as it says.
    pub number: Option<u64>,
    /// Rows of all pages, as the page says.
    pub total: Option<u64>,
    /// Pages, as the page says.
    pub pages: Option<u64>,
    /// Names of fields that this crate does not know.
    pub unknown_fields: Vec<String>,
}
/// Nothing.
#[derive(Debug)]
pub struct Empty;
/// Metrc's numbers of what was created, in the order in which it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ids(pub Vec<i64>);
/// Whatever was answered, as it came.
#[derive(Debug)]
pub struct Bytes;
/// A document, such as a manifest: it may be about anybody, so that only its length is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Document(pub Vec<u8>);

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

fn text<'b>(body: &'b [u8], operation: &str) -> Result<&'b str, WireError> {
    std::str::from_utf8(body).map_err(|error| {
        let at = u64::try_from(error.valid_up_to()).unwrap_or(u64::MAX);
        Fault::new("bytes that are not UTF-8", "UTF-8 text", "ask again").at(at).locate(operation, None)
    })
}

/// The elements of an array that stands at `begin` in its answer.
fn elements<T: Object>(json: &str, operation: &str, context: &Context) -> Result<Vec<T>, WireError> {
    let mut elements = Elements::new(json);
    let mut rows = Vec::new();
    loop {
        let record = u64::try_from(rows.len()).unwrap_or(u64::MAX).saturating_add(1);
        let next = elements.next_element().map_err(|fault| fault.locate(operation, Some(record)))?;
        let Some(row) = next else { return Ok(rows) };
        let read = parse(row, context);
        rows.push(read.map_err(|error| context.fault(&error, row, 0).locate(operation, Some(record)))?);
    }
}

impl<T: Object> Answer for One<T> {
    type Out = T;

    fn read(body: &[u8], operation: &str) -> Result<T, WireError> {
        let (json, context) = (text(body, operation)?, Context::default());
        check_depth(body).map_err(|fault| fault.locate(operation, None))?;
        parse(json, &context).map_err(|error| context.fault(&error, json, 0).locate(operation, None))
    }
}

impl<T: Object> Answer for List<T> {
    type Out = Vec<T>;

    fn read(body: &[u8], operation: &str) -> Result<Vec<T>, WireError> {
        let (json, context) = (text(body, operation)?, Context::default());
        check_depth(body).and_then(|()| check_json(json)).map_err(|fault| fault.locate(operation, None))?;
        elements(json.trim(), operation, &context)
    }
}

impl<T: Object> Answer for Page<T> {
    const PAGED: bool = true;
    type Out = Self;

    fn read(body: &[u8], operation: &str) -> Result<Self, WireError> {
        let (json, context) = (text(body, operation)?, Context::default());
        check_depth(body).map_err(|fault| fault.locate(operation, None))?;
        let envelope = Envelope::parse(json, &context);
        let envelope = envelope.map_err(|error| context.fault(&error, json, 0).locate(operation, None))?;
        let Some(data) = envelope.data else {
            let fault = Fault::new("a page without Data", "Data with the rows", "ask again");
            return Err(fault.locate(operation, None));
        };
        let rows: Vec<T> = elements(data.get(), operation, &context)?;
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        envelope.check(count).map_err(|fault| fault.locate(operation, None))?;
        let (total, pages) = envelope.totals();
        let number = envelope.number().and_then(|number| u64::try_from(number).ok());
        let unknown_fields = context.unknown_names().into_iter().collect();
        Ok(Self { rows, number, total, pages, unknown_fields })
    }
}

impl Answer for List<Text> {
    type Out = Vec<Text>;

    fn read(body: &[u8], operation: &str) -> Result<Vec<Text>, WireError> {
        let json = text(body, operation)?;
        let texts: Result<Vec<Text>, _> = serde_json::from_str(json);
        texts.map_err(|error| Context::default().fault(&error, json, 0).locate(operation, None))
    }
}

impl Answer for Empty {
    type Out = ();

    /// PUT and DELETE answer nothing, and some say something harmless; a page or a message instead says that something is
    /// wrong.
    fn read(body: &[u8], operation: &str) -> Result<(), WireError> {
        let text = text(body, operation)?.trim_start_matches('\u{feff}').trim();
        let is_message = || serde_json::from_str::<super::common::Message>(text).is_ok_and(|it| it.message.is_some());
        let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        if text.is_empty() || (is_json() && !is_message()) {
            return Ok(());
        }
        Err(Fault::new("something else than nothing", "an empty answer", "look whether it was done")
            .locate(operation, None))
    }
}

impl Answer for Ids {
    type Out = Self;

    fn read(body: &[u8], operation: &str) -> Result<Self, WireError> {
        One::<super::common::Created>::read(body, operation).map(|created| Self(created.ids))
    }
}

impl Answer for Bytes {
    const JSON: bool = false;
    type Out = Document;

    fn read(body: &[u8], _: &str) -> Result<Document, WireError> {
        Ok(Document(body.to_vec()))
    }
}

/// The parser goes as deep as the brackets do; so they are counted first.
fn check_depth(body: &[u8]) -> Result<(), Fault> {
    crate::scanner::check_depth(body)
}

/// An array whose elements are taken one by one is JSON as a whole.
fn check_json(json: &str) -> Result<(), Fault> {
    let ignored: Result<serde::de::IgnoredAny, _> = serde_json::from_str(json);
    ignored.map(drop).map_err(|error| Context::default().fault(&error, json, 0))
}

/// Constants of operations, and the list of them.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal $($flag:ident)*, $body:ty => $answer:ty
        $(, needs [$($needs:literal),*])?;)*) => {
        $(
            #[doc = concat!("`", stringify!($method), " ", $path, "`.")]
            $(#[$doc])*
            $(#[doc = concat!("\n\nNeeds ", $("*", $needs, "* ",)* "in the state's web page.")])?
            pub const $name: $crate::api::Operation<$body, $answer> = $crate::api::Operation::new(
                ($crate::api::operation::method!($method), $path),
                $crate::api::operation::has!(licence $($flag)*),
                $crate::api::operation::has!(window $($flag)*),
                &[$($($needs),*)?],
            );
        )*

        /// All operations of the family.
        pub(super) const ALL: &[&$crate::api::Spec] = &[$(&$name.spec),*];
    };
}
pub(crate) use operations;

macro_rules! method {
    (GET) => {
        $crate::api::Method::Get
    };
    (POST) => {
        $crate::api::Method::Post
    };
    (PUT) => {
        $crate::api::Method::Put
    };
    (DELETE) => {
        $crate::api::Method::Delete
    };
}
pub(crate) use method;

/// Whether a flag is among some.
macro_rules! has {
    (licence) => { false };
    (licence licence $($rest:ident)*) => { true };
    (licence $other:ident $($rest:ident)*) => { $crate::api::operation::has!(licence $($rest)*) };
    (window) => { false };
    (window window $($rest:ident)*) => { true };
    (window $other:ident $($rest:ident)*) => { $crate::api::operation::has!(window $($rest)*) };
}
pub(crate) use has;
