//! What a table is, as data: one definition gives the statements for both databases, the row's type, and the comments.

use crate::sql::{Cells, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;

/// What may be done with a table's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// Numbered facts of a licence: appended, never edited. An audit entry holds the digest of what it appended.
    Facts,
    /// The present state of something. Edited as a whole row, from one `version` to the next.
    State,
    /// The audit log itself: appended, never edited.
    Log,
    /// Sums over facts, in the same transaction. Made again from the facts at any time.
    Derived,
    /// Belongs to the installation and not to a licence; small, and seldom written.
    Reference,
}

/// A table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// What may be done with its rows.
    pub kind: TableKind,
    /// A change of it needs an audit entry in the same transaction.
    pub audited: bool,
    /// Without the checksum.
    pub columns: &'static [Column],
    /// The primary key.
    pub key: &'static [&'static str],
    /// What else is there once.
    pub unique: &'static [&'static [&'static str]],
    /// What has to be there: table, the columns here, which are the columns of some key there.
    pub references: &'static [Reference],
    /// What is looked for by something else than a key.
    pub indexes: &'static [&'static [&'static str]],
}

/// A foreign key.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// The table meant.
    pub table: &'static str,
    /// The columns, which have the same names there.
    pub columns: &'static [&'static str],
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Nothing may be there.
    pub nullable: bool,
    /// What it means.
    pub about: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// 64 bits.
    Integer,
    /// Bytes.
    Bytes,
}

impl ColumnKind {
    /// The type's name in PostgreSQL, which is the one of the texts that are kept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "TEXT",
            Self::Integer => "BIGINT",
            Self::Bytes => "BYTEA",
        }
    }
}

/// The last column of every table but derived ones: the first 64 bits of the row's hash, so that a damaged row is noticed when it
/// is read.
pub const CHECKSUM: &str = "checksum";

impl Table {
    /// Whether rows carry a checksum.
    #[must_use]
    pub const fn has_checksum(&self) -> bool {
        !matches!(self.kind, TableKind::Derived)
    }

    /// Whether rows are never edited nor deleted.
    #[must_use]
    pub const fn is_append_only(&self) -> bool {
        matches!(self.kind, TableKind::Facts | TableKind::Log)
    }

    /// Names of all columns, the checksum last.
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().map(|column| column.name).chain(self.has_checksum().then_some(CHECKSUM))
    }

    /// Kinds of all columns, the checksum last.
    pub fn column_kinds(&self) -> impl Iterator<Item = ColumnKind> {
        self.columns.iter().map(|column| column.kind).chain(self.has_checksum().then_some(ColumnKind::Integer))
    }

    /// The place of a column.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// A row of a table of ours.
pub trait Record: Sized + Send {
    /// The table.
    const TABLE: &'static Table;

    /// Appends the row's values, in the order of the columns, without the checksum.
    fn values<'a>(&'a self, values: &mut Vec<ValueRef<'a>>);

    /// Reads the row, without the checksum.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a value that cannot be there.
    fn read(cells: &Cells<'_>) -> Result<Self, StoreError>;
}

/// The type of a column in Rust.
pub trait Cell: Sized {
    /// What the column holds.
    const KIND: ColumnKind;
    /// Nothing may be there.
    const NULLABLE: bool;

    /// As a value.
    fn value(&self) -> ValueRef<'_>;

    /// From a value.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a value that cannot be there.
    fn read(cells: &Cells<'_>, place: usize) -> Result<Self, StoreError>;
}

macro_rules! cell {
    ($type:ty: $kind:ident, |$this:ident| $value:expr, |$cells:ident, $place:ident| $read:expr) => {
        impl Cell for $type {
            const KIND: ColumnKind = ColumnKind::$kind;
            const NULLABLE: bool = false;

            fn value(&self) -> ValueRef<'_> {
                let $this = self;
                $value
            }

            fn read($cells: &Cells<'_>, $place: usize) -> Result<Self, StoreError> {
                let read: Option<Self> = $read;
                read.ok_or_else(|| $cells.unexpected($place))
            }
        }

        impl Cell for Option<$type> {
            const KIND: ColumnKind = ColumnKind::$kind;
            const NULLABLE: bool = true;

            fn value(&self) -> ValueRef<'_> {
                self.as_ref().map_or(ValueRef::Null, Cell::value)
            }

            fn read(cells: &Cells<'_>, place: usize) -> Result<Self, StoreError> {
                if cells.is_null(place)? { Ok(None) } else { <$type as Cell>::read(cells, place).map(Some) }
            }
        }
    };
}

cell!(Text: Text, |text| ValueRef::Text(text.as_str()), |cells, place| cells.text(place)?.map(Text::new));
cell!(String: Text, |text| ValueRef::Text(text.as_str()), |cells, place| cells.text(place)?.map(str::to_owned));
cell!(i64: Integer, |number| ValueRef::Integer(*number), |cells, place| cells.integer(place)?);
cell!(Vec<u8>: Bytes, |bytes| ValueRef::Bytes(bytes), |cells, place| cells.bytes(place)?.map(<[u8]>::to_vec));
cell!([u8; 16]: Bytes, |bytes| ValueRef::Bytes(bytes), |cells, place| cells.bytes(place)?.and_then(|bytes| bytes.try_into().ok()));
cell!([u8; 32]: Bytes, |bytes| ValueRef::Bytes(bytes), |cells, place| cells.bytes(place)?.and_then(|bytes| bytes.try_into().ok()));
cell!(Timestamp: Integer, |moment| ValueRef::Integer(moment.as_microsecond()), |cells, place| cells
    .integer(place)?
    .and_then(|micros| Timestamp::from_microsecond(micros).ok()));
cell!(bool: Integer, |yes| ValueRef::Integer(i64::from(*yes)), |cells, place| match cells.integer(place)? {
    Some(0) => Some(false),
    Some(1) => Some(true),
    _ => None,
});

/// Defines tables and the types of their rows.
macro_rules! tables {
    ($(
        $(#[doc = $about:literal])*
        $name:ident $table:literal: $kind:ident $($audited:ident)?,
        key($($key:ident),*)
        $(, unique($($unique:ident),*))*
        $(, refers($target:ident: $($reference:ident),*))*
        $(, index($($index:ident),*))*
        { $($(#[doc = $doc:literal])* $column:ident: $type:ty,)* }
    )*) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name {
                $($(#[doc = $doc])* pub $column: $type,)*
            }

            impl Record for $name {
                const TABLE: &'static Table = &Table {
                    name: $table,
                    about: concat!($($about,)*),
                    kind: TableKind::$kind,
                    audited: tables!(@audited $($audited)?),
                    columns: &[$(Column {
                        name: stringify!($column),
                        kind: <$type as Cell>::KIND,
                        nullable: <$type as Cell>::NULLABLE,
                        about: concat!($($doc,)*),
                    },)*],
                    key: &[$(stringify!($key)),*],
                    unique: &[$(&[$(stringify!($unique)),*]),*],
                    references: &[$(Reference {
                        table: stringify!($target),
                        columns: &[$(stringify!($reference)),*],
                    }),*],
                    indexes: &[$(&[$(stringify!($index)),*]),*],
                };

                fn values<'a>(&'a self, values: &mut Vec<ValueRef<'a>>) {
                    values.extend([$(Cell::value(&self.$column)),*]);
                }

                fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
                    let mut place = 0..;
                    $(let $column = <$type as Cell>::read(cells, place.next().unwrap_or_default())?;)*
                    Ok(Self { $($column),* })
                }
            }
        )*

        /// All tables, in an order in which each comes after what it refers to.
        pub const TABLES: &[&Table] = &[$($name::TABLE),*];
    };
    (@audited) => { false };
    (@audited audited) => { true };
}
pub(super) use tables;
