//! The reconciler's view, from the books.

use crate::records::{self, RecordError};
use std::collections::BTreeMap;
use trueup_core::{Baseline, Dimension, PackageTag, QuantityError, QuantitySum};
use trueup_reconcile::{Books, Fact};
use trueup_store::ledger::{self, MovementError};
use trueup_store::{Store, StoreError, Text};

/// Why the books cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A movement.
    #[error(transparent)]
    Movement(#[from] MovementError),
    /// Another record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Two facts of a package do not go together.
    #[error("package {package}: {error}")]
    Quantity {
        /// The package.
        package: PackageTag,
        /// What is wrong.
        error: QuantityError,
    },
}

/// Everything that holds of a licence with the facts up to a number, `i64::MAX` for now.
///
/// # Errors
/// [`ReadError`].
pub fn read_books(store: &Store, license: &str, up_to: i64) -> Result<Books, ReadError> {
    let all = store.read(|tx| ledger::everything(tx, license, up_to))?;
    let dimensions: BTreeMap<&Text, Dimension> =
        all.packages.iter().filter_map(|row| Some((&row.package_id, records::dimension_of(&row.dimension)?))).collect();
    let dimension = |package: &Text| dimensions.get(package).copied().unwrap_or(Dimension::Count);
    let mut facts = Vec::new();
    for row in ledger::current(&all.movements) {
        facts.push(Fact::Movement(Box::new(ledger::movement_of(row, dimension(&row.package_id))?)));
    }
    for row in &all.observations {
        let dimension = dimension(&row.package_id);
        facts.push(match row.book.as_str() {
            records::POS => Fact::PosStock(records::stock_of(row, dimension)?),
            records::STATE => Fact::StatePackage(Box::new(records::state_of(row, dimension)?)),
            _ => Fact::Weight(records::weight_of(row, dimension)?),
        });
    }
    for row in &all.manifests {
        facts.push(Fact::Transfer(records::transfer_of(row)?));
    }
    for row in &all.counts {
        facts.push(Fact::Count(records::count_of(row, dimension(&row.package_id))?));
    }
    for row in &all.baselines {
        let package = PackageTag::parse(&row.package_id);
        let strange = |_| RecordError { package: row.package_id.clone(), seq: row.seq, what: "its tag" };
        facts.push(Fact::Baseline(Baseline {
            package: package.map_err(strange)?,
            difference: QuantitySum::from_atoms(i128::from(row.difference), dimension(&row.package_id)),
            note: Text::new(&row.note),
            approved_by: row.approved_by.clone(),
        }));
    }
    let mut books = Books::new();
    for fact in facts {
        let package = fact.package();
        books.record(fact).map_err(|error| ReadError::Quantity { package, error })?;
    }
    Ok(books)
}
