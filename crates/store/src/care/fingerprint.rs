//! What a database holds, in few words that two can be compared by.

use crate::StoreError;
use crate::schema::{TABLES, Table};
use crate::sql::Tx;
use std::collections::BTreeMap;

/// Per table: rows, and the sum of their hashes, in which the order has no part (databases sort text differently).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// By table.
    pub tables: BTreeMap<&'static str, (u64, [u64; 4])>,
}

impl Fingerprint {
    /// The tables in which two differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        self.tables.iter().filter(|(name, sums)| other.tables.get(*name) != Some(sums)).map(|(name, _)| *name).collect()
    }

    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|(rows, _)| rows).sum()
    }

    pub(crate) fn add(&mut self, table: &'static Table, hash: [u8; 32]) {
        let (rows, sums) = self.tables.entry(table.name).or_default();
        *rows += 1;
        let (lanes, _) = hash.as_chunks::<8>();
        for (sum, lane) in sums.iter_mut().zip(lanes) {
            *sum = sum.wrapping_add(u64::from_be_bytes(*lane));
        }
    }
}

/// Reads all tables, each row held to its checksum.
///
/// # Errors
/// [`StoreError::Corrupt`] naming the first damaged row; those of the database.
pub fn fingerprint(tx: &mut Tx<'_>) -> Result<Fingerprint, StoreError> {
    let mut found = Fingerprint::default();
    for table in TABLES {
        found.tables.entry(table.name).or_default();
        tx.scan(table, &mut |cells| {
            found.add(table, cells.check(table)?);
            Ok(())
        })?;
    }
    Ok(found)
}
