//! Every operation of the v2 API that a retailer's licence can use, as data: what it needs, what is sent, what is answered.
//!
//! One file a family. Each has three parts: the shapes of its answers, the shapes of what is sent, and its operations, which
//! are constants: `client.call(&sales::CREATE_RECEIPTS, …)`.
//!
//! - Fields of answers are all optional, because fields come and go without notice. Missing, null, `""` and zero dates are
//!   `None`; numbers stay as they were written ([`NumberText`]); dates and times stay text.
//! - Fields that tell who a patient, caregiver, customer, recipient or driver is are [`Private`].
//! - What is sent has typed times: a [`LocalTime`] is the facility's wall clock and cannot carry a zone, a [`Moment`] is an
//!   instant, a [`Day`] is a date.
//!
//! Source: Metrc's Postman collections and documentation of February 2026, as far as they concern a retailer; what was
//! measured against live New York in June 2026 goes before the documentation.

pub mod common;
pub mod employees;
pub mod facilities;
pub mod items;
pub mod lab_tests;
pub mod locations;
mod operation;
pub mod packages;
pub mod patients;
mod private;
pub mod retail_id;
pub mod sales;
pub mod tags;
pub mod transfers;
pub mod units;
pub mod webhooks;

pub use crate::wire::{NumberText, Raw, Text};
pub use operation::{Answer, Body, Bytes, Document, Empty, Ids, List, Method, One, Operation, Page, Row, Spec};
pub use private::Private;

pub(crate) use operation::operations;

/// A date, sent as `2026-11-20`.
pub type Day = jiff::civil::Date;
/// The facility's wall clock, sent as `2026-11-20T16:03:58`: without a zone, as the API wants times of sales.
pub type LocalTime = jiff::civil::DateTime;
/// An instant, sent in UTC.
pub type Moment = jiff::Timestamp;

/// All operations.
#[must_use]
pub fn all() -> Vec<&'static Spec> {
    let families = [
        employees::ALL,
        facilities::ALL,
        items::ALL,
        lab_tests::ALL,
        locations::ALL,
        packages::ALL,
        patients::ALL,
        retail_id::ALL,
        sales::ALL,
        tags::ALL,
        transfers::ALL,
        units::ALL,
        webhooks::ALL,
    ];
    families.into_iter().flatten().copied().collect()
}

/// The type of a field, by the way it is read.
macro_rules! field_type {
    (Words) => { Option<$crate::wire::Text> };
    (Date) => { Option<$crate::wire::Text> };
    (Number) => { Option<$crate::wire::NumberText> };
    (Integer) => { Option<i64> };
    (Flag) => { Option<bool> };
    (Raw) => { Option<$crate::wire::Raw> };
    (Private) => { Option<$crate::api::Private> };
    (Texts) => { Vec<$crate::wire::Text> };
    (PrivateTexts) => { Vec<$crate::api::Private> };
    (Integers) => { Vec<i64> };
    (Nested $object:ty) => { Option<$object> };
    (Rows $object:ty) => { Vec<$object> };
}
pub(crate) use field_type;

/// The reader of a field.
macro_rules! field_reading {
    (Words) => { $crate::wire::Words };
    (Date) => { $crate::wire::Date };
    (Number) => { $crate::wire::Number };
    (Integer) => { $crate::wire::Integer };
    (Flag) => { $crate::wire::Flag };
    (Raw) => { $crate::wire::RawValueReading };
    (Private) => { $crate::wire::PrivateWords };
    (Texts) => { $crate::wire::Texts };
    (PrivateTexts) => { $crate::wire::PrivateTexts };
    (Integers) => { $crate::wire::Integers };
    (Nested $object:ty) => { $crate::wire::Nested<$object> };
    (Rows $object:ty) => { $crate::wire::Rows<$object> };
}
pub(crate) use field_reading;

/// Structs of answers, and how they are read.
macro_rules! answers {
    ($($(#[$doc:meta])* $object:ident { $($field:ident = $reading:ident $(($inner:ty))?, $name:literal;)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq, Eq)]
            pub struct $object {
                $(
                    #[doc = concat!("`", $name, "`.")]
                    pub $field: $crate::api::field_type!($reading $($inner)?),
                )*
            }

            impl serde::Serialize for $object {
                /// By the API's names, as far as there is something; without what is [`Private`](crate::api::Private).
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap;
                    let mut map = serializer.serialize_map(None)?;
                    $($crate::wire::Shown::show(&self.$field, $name, &mut map)?;)*
                    map.end()
                }
            }

            $crate::wire::read_object!(
                $object, prefix "",
                read { $($field = $crate::api::field_reading!($reading $($inner)?), $name;)* }
                left_out []
            );
        )*
    };
}
pub(crate) use answers;

/// Structs of what is sent, made with what they need; optional fields that are `None`, and empty lists, are left out.
macro_rules! requests {
    ($($(#[$doc:meta])* $object:ident { $($part:ident { $($field:ident: $kind:ty, $name:literal;)* })+ })*) => {
        $(
            $crate::api::request_struct!($(#[$doc])* $object { $($part { $($field: $kind, $name;)* })+ });

            impl serde::Serialize for $object {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap;
                    let mut map = serializer.serialize_map(None)?;
                    $($($crate::wire::Sent::send(&self.$field, $name, &mut map)?;)*)+
                    map.end()
                }
            }

            impl $crate::api::Row for $object {}
        )*
    };
}
pub(crate) use requests;

/// One struct: with `new` if it needs something, with `Default` if not.
macro_rules! request_struct {
    ($(#[$doc:meta])* $object:ident { optional { $($option:ident: $kind:ty, $name:literal;)* } }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $object {
            $(
                #[doc = concat!("`", $name, "`.")]
                pub $option: $kind,
            )*
        }
    };
    ($(#[$doc:meta])* $object:ident {
        required { $($field:ident: $kind:ty, $name:literal;)* }
        $(optional { $($option:ident: $option_kind:ty, $option_name:literal;)* })?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $object {
            $(
                #[doc = concat!("`", $name, "`.")]
                pub $field: $kind,
            )*
            $($(
                #[doc = concat!("`", $option_name, "`.")]
                pub $option: $option_kind,
            )*)?
        }

        impl $object {
            /// With what it needs; the rest is empty.
            #[must_use]
            pub fn new($($field: $kind),*) -> Self {
                Self { $($field,)* $($($option: <$option_kind>::default(),)*)? }
            }
        }
    };
}
pub(crate) use request_struct;
