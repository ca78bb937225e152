//! Appending: a batch of facts, their balances and their audit entry, in the transaction of the caller.

use super::fact::Fact;
use crate::audit::{self, Draft, FactsRange};
use crate::schema::{
    Approval, ArchiveFile, Attempt, Balance, Baseline, CountLine, DiscrepancyEvent, LicenseHead, ManifestLine,
    Movement, Observation, Package, Receipt, Record, SkuConversion,
};
use crate::sql::{OnConflict, Step, Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Facts of one licence that are appended together. Their numbers, versions and moments are given when they are.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Packages heard of.
    pub packages: Vec<Package>,
    /// Movements.
    pub movements: Vec<Movement>,
    /// What systems said.
    pub observations: Vec<Observation>,
    /// Receipts.
    pub receipts: Vec<Receipt>,
    /// Counted lines.
    pub counts: Vec<CountLine>,
    /// Packages on manifests.
    pub manifest_lines: Vec<ManifestLine>,
    /// What converted SKUs hold.
    pub conversions: Vec<SkuConversion>,
    /// Accepted differences.
    pub baselines: Vec<Baseline>,
    /// What happened to discrepancies.
    pub discrepancy_events: Vec<DiscrepancyEvent>,
    /// What became of submissions.
    pub attempts: Vec<Attempt>,
    /// Who approved what.
    pub approvals: Vec<Approval>,
    /// Months in files.
    pub archives: Vec<ArchiveFile>,
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Facts that were new, or new versions.
    pub new: u64,
    /// Facts that were known already.
    pub known: u64,
    /// Number of the licence's last fact.
    pub seq: i64,
}

/// Facts on their way.
struct Appending<'t, 'x> {
    tx: &'t mut Tx<'x>,
    license: Text,
    now: Timestamp,
    seq: i64,
    known: u64,
    /// Over the hashes of the rows in the order of their numbers.
    digest: Sha256,
}

/// Appends what is not known yet. If nothing is new nothing is written, not even the entry.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence or a package was not heard of; [`StoreError::Duplicate`] if a counted line
/// comes again with another content; those of the database.
pub fn append(
    tx: &mut Tx<'_>,
    license: &str,
    now: Timestamp,
    batch: &Batch,
    draft: &Draft,
) -> Result<Appended, StoreError> {
    let head = audit::lock_head(tx, license)?;
    let first = head.seq;
    let mut appending = Appending {
        tx,
        license: Text::new(license),
        now: now.max(head.recorded_at),
        seq: head.seq,
        known: 0,
        digest: Sha256::new(),
    };
    appending.retold(&batch.packages)?;
    let moved = appending.retold(&batch.movements)?;
    appending.retold(&batch.observations)?;
    appending.retold(&batch.receipts)?;
    appending.retold(&batch.counts)?;
    appending.retold(&batch.manifest_lines)?;
    appending.retold(&batch.conversions)?;
    appending.retold(&batch.baselines)?;
    appending.told(&batch.discrepancy_events, |fact, seq, now| (fact.seq, fact.recorded_at) = (seq, now))?;
    appending.told(&batch.attempts, |fact, seq, now| (fact.seq, fact.recorded_at) = (seq, now))?;
    appending.told(&batch.approvals, |fact, seq, now| (fact.seq, fact.recorded_at) = (seq, now))?;
    appending.told(&batch.archives, |fact, seq, now| (fact.seq, fact.recorded_at) = (seq, now))?;
    let Appending { seq, known, digest, now, .. } = appending;
    add_to_balances(tx, &moved)?;
    if seq == first {
        return Ok(Appended { new: 0, known, seq });
    }
    let facts = FactsRange { first: first.saturating_add(1), last: seq, sha256: hex(&digest.finalize()) };
    audit::write_entry(tx, LicenseHead { seq, ..head }, now, draft, &Some(facts))?;
    Ok(Appended { new: seq.abs_diff(first), known, seq })
}

impl Appending<'_, '_> {
    /// Appends facts that may have been told before; gives those that were new.
    fn retold<F: Fact>(&mut self, facts: &[F]) -> Result<Vec<F>, StoreError> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        // Over a network one statement for all, mostly of new facts, is worth a step that may have to be undone.
        if self.tx.is_postgres()
            && facts.len() > 1
            && let Some(new) = self.all_at_once(facts)?
        {
            return Ok(new);
        }
        let mut new = Vec::with_capacity(facts.len());
        for fact in facts {
            let mut row = fact.clone();
            row.number(self.seq.saturating_add(1), self.now);
            if self.insert(&row, OnConflict::Keep)? == 0 {
                let license = self.license.clone();
                let key: Vec<ValueRef<'_>> = std::iter::once(ValueRef::Text(&license)).chain(fact.natural()).collect();
                // Nothing of the key: then it met a number that is not ours, and the transaction has to be made again.
                let latest = self.tx.rows(F::latest(), &key)?.into_iter().next().ok_or(StoreError::Busy)?;
                if fact.like(&latest) == latest {
                    self.known += 1;
                    continue;
                }
                row.follow(&latest)?;
                self.insert(&row, OnConflict::Fail)?;
            }
            self.seq = row.seq();
            new.push(row);
        }
        Ok(new)
    }

    /// Adds a row, and its hash to the digest, if it is added.
    fn insert<R: Record>(&mut self, row: &R, conflict: OnConflict) -> Result<u64, StoreError> {
        let (added, hashes) = self.tx.insert_hashed(std::slice::from_ref(row), conflict)?;
        if added > 0 {
            hashes.iter().for_each(|hash| self.digest.update(hash));
        }
        Ok(added)
    }

    /// Appends facts that are all new; nothing if one of them is not.
    fn all_at_once<F: Fact>(&mut self, facts: &[F]) -> Result<Option<Vec<F>>, StoreError> {
        let mut rows = facts.to_vec();
        for (row, seq) in rows.iter_mut().zip(self.seq.saturating_add(1)..) {
            row.number(seq, self.now);
        }
        let hashes = self.tx.savepoint(|tx| {
            let (added, hashes) = tx.insert_hashed(&rows, OnConflict::Keep)?;
            let all = usize::try_from(added).ok() == Some(rows.len());
            Ok(if all { Step::Keep(Some(hashes)) } else { Step::Undo(None) })
        })?;
        Ok(hashes.map(|hashes| {
            self.seq = rows.last().map_or(self.seq, Fact::seq);
            hashes.iter().for_each(|hash| self.digest.update(hash));
            rows
        }))
    }

    /// Appends facts of our own making, which are told once.
    fn told<R: Record + Clone>(
        &mut self,
        facts: &[R],
        number: impl Fn(&mut R, i64, Timestamp),
    ) -> Result<(), StoreError> {
        let mut rows = facts.to_vec();
        for row in &mut rows {
            self.seq = self.seq.saturating_add(1);
            number(row, self.seq, self.now);
        }
        let (_, hashes) = self.tx.insert_hashed(&rows, OnConflict::Fail)?;
        hashes.iter().for_each(|hash| self.digest.update(hash));
        Ok(())
    }
}

/// Adds what movements changed to the balances of their packages.
fn add_to_balances(tx: &mut Tx<'_>, movements: &[Movement]) -> Result<(), StoreError> {
    let mut sums: BTreeMap<(&str, &str), Balance> = BTreeMap::new();
    for movement in movements {
        let too_large = || StoreError::refused(format!("the balance of {} is too large", movement.package_id));
        let change = movement.quantity.checked_sub(movement.replaces_quantity.unwrap_or(0)).ok_or_else(too_large)?;
        let sum = sums.entry((&movement.package_id, &movement.book)).or_insert_with(|| Balance {
            license_id: movement.license_id.clone(),
            package_id: movement.package_id.clone(),
            book: movement.book.clone(),
            quantity: 0,
            movements: 0,
            last_seq: 0,
        });
        sum.quantity = sum.quantity.checked_add(change).ok_or_else(too_large)?;
        sum.movements += 1;
        sum.last_seq = movement.seq;
    }
    let rows: Vec<Balance> = sums.into_values().collect();
    tx.add(&rows)
}

/// Bytes in hexadecimal, two small letters or digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
