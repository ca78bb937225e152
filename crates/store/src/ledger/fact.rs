//! What facts have in common: a number, a natural key, versions.

use crate::StoreError;
use crate::schema::{
    Baseline, ColumnKind::Bytes, ColumnKind::Integer as I, ColumnKind::Text as T, CountLine, ManifestLine, Movement,
    Observation, Package, Receipt, Record, SkuConversion,
};
use crate::sql::{Query, ValueRef, row_hash};
use jiff::Timestamp;

/// A fact that may be told again.
///
/// The same natural key with the same content is known already. With other content it is the next version, where facts of its kind
/// have versions.
pub trait Fact: Record + Clone + PartialEq + 'static {
    /// Finds the latest version by licence and natural key.
    fn latest() -> &'static Query<Self>;

    /// The natural key, after the licence.
    fn natural(&self) -> Vec<ValueRef<'_>>;

    /// Its number, and when it was learned.
    fn number(&mut self, seq: i64, now: Timestamp);

    /// Its number.
    fn seq(&self) -> i64;

    /// Makes it the version that comes after another one.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if facts of this kind have no versions.
    fn follow(&mut self, before: &Self) -> Result<(), StoreError>;

    /// The same with what tells versions of one content apart taken from another one.
    fn like(&self, other: &Self) -> Self;
}

/// A fact's licence and natural key, and what it says, each as a hash: whoever keeps them knows without asking the books whether a
/// fact is the one that he told last.
pub fn identity<F: Fact>(fact: &F) -> ([u8; 16], [u8; 16]) {
    let half = |hash: [u8; 32]| hash.first_chunk::<16>().copied().unwrap_or_default();
    let name = half(row_hash(F::TABLE, &fact.natural(), &mut Vec::with_capacity(128)));
    // Which number it got, when it was learned and from where tells nothing about what it says.
    let mut said = Vec::with_capacity(F::TABLE.columns.len());
    fact.values(&mut said);
    for (value, column) in said.iter_mut().zip(F::TABLE.columns) {
        if ["seq", "version", "replaces_quantity", "recorded_at", "source_id"].contains(&column.name) {
            *value = ValueRef::Null;
        }
    }
    (name, half(row_hash(F::TABLE, &said, &mut Vec::with_capacity(512))))
}

macro_rules! facts {
    ($($name:ident by $query:ident($($key:ident: $kind:ident),*) $(versions $version:ident)? $(, like $($like:ident),*)?;)*) => {
        $(
            pub(super) static $query: Query<$name> = Query::new(
                facts!(@where $(versions $version)? ; 2; ; $($key)*),
                &[T, $($kind),*],
            );

            impl Fact for $name {
                fn latest() -> &'static Query<Self> {
                    &$query
                }

                fn natural(&self) -> Vec<ValueRef<'_>> {
                    vec![$(crate::schema::Cell::value(&self.$key)),*]
                }

                fn number(&mut self, seq: i64, now: Timestamp) {
                    self.seq = seq;
                    self.recorded_at = now;
                }

                fn seq(&self) -> i64 {
                    self.seq
                }

                fn follow(&mut self, before: &Self) -> Result<(), StoreError> {
                    facts!(@follow self, before $(, $version)?)
                }

                fn like(&self, other: &Self) -> Self {
                    Self {
                        seq: other.seq,
                        recorded_at: other.recorded_at,
                        source_id: other.source_id.clone(),
                        $($version: other.$version,)?
                        $($($like: other.$like,)*)?
                        ..self.clone()
                    }
                }
            }
        )*
    };
    (@follow $this:ident, $before:ident, $version:ident) => {{
        $this.$version = $before.$version.saturating_add(1);
        $this.replaces($before);
        Ok(())
    }};
    (@follow $this:ident, $before:ident) => {
        Err(StoreError::Duplicate { what: format!("{} {:?}, with other content,", Self::TABLE.name, $before.natural()) })
    };
    (@where $(versions $version:ident)?; 2; ; $a:ident) => {
        concat!("WHERE license_id = $1 AND ", stringify!($a), " = $2", facts!(@order $($version)?))
    };
    (@where $(versions $version:ident)?; 2; ; $a:ident $b:ident) => {
        concat!("WHERE license_id = $1 AND ", stringify!($a), " = $2 AND ", stringify!($b), " = $3", facts!(@order $($version)?))
    };
    (@where $(versions $version:ident)?; 2; ; $a:ident $b:ident $c:ident) => {
        concat!(
            "WHERE license_id = $1 AND ", stringify!($a), " = $2 AND ", stringify!($b), " = $3 AND ", stringify!($c), " = $4",
            facts!(@order $($version)?)
        )
    };
    (@where $(versions $version:ident)?; 2; ; $a:ident $b:ident $c:ident $d:ident $e:ident) => {
        concat!(
            "WHERE license_id = $1 AND ", stringify!($a), " = $2 AND ", stringify!($b), " = $3 AND ", stringify!($c),
            " = $4 AND ", stringify!($d), " = $5 AND ", stringify!($e), " = $6", facts!(@order $($version)?)
        )
    };
    (@order $version:ident) => { concat!(" ORDER BY ", stringify!($version), " DESC LIMIT 1") };
    (@order) => { "" };
}

facts! {
    Package by PACKAGE(package_id: T);
    Movement by MOVEMENT(package_id: T, natural_key: Bytes) versions version, like replaces_quantity;
    Observation by OBSERVATION(package_id: T, book: T, sku_id: T, room: T, observed_at: I) versions version;
    Receipt by RECEIPT(book: T, receipt_id: T) versions version;
    CountLine by COUNT_LINE(count_id: T, client_id: T);
    ManifestLine by MANIFEST_LINE(manifest_id: T, package_id: T, outgoing: I) versions version;
    SkuConversion by SKU_CONVERSION(package_id: T, sku_id: T, unit: T) versions version;
    Baseline by BASELINE(package_id: T) versions version;
}

/// What a version notes of the one before it.
trait Replaces {
    fn replaces(&mut self, before: &Self);
}

impl Replaces for Movement {
    fn replaces(&mut self, before: &Self) {
        self.replaces_quantity = Some(before.quantity);
    }
}

macro_rules! replaces_nothing {
    ($($name:ident),*) => { $(impl Replaces for $name { fn replaces(&mut self, _before: &Self) {} })* };
}
replaces_nothing!(Observation, Receipt, ManifestLine, SkuConversion, Baseline);
