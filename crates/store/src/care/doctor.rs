//! Is all of it whole? Every row, every fact, every entry, every balance.

use super::fingerprint::{Fingerprint, fingerprint};
use crate::audit::{self, Checkpoint, FactsRange, Frontier, VerifyingKey, leaf_hash};
use crate::ledger::hex;
use crate::people::licenses;
use crate::schema::{
    AuditCheckpoint, AuditNode, ColumnKind::Integer as I, ColumnKind::Text as T, LicenseHead, RemovedFact, TABLES,
    TableKind, statements,
};
use crate::sql::{Query, Statement, Store, Tx, ValueRef};
use crate::{StoreError, Text, installation};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What balances have to be.
pub(super) static SUMS: Statement = Statement::new(
    "SELECT package_id, book, CAST(sum(quantity - coalesce(replaces_quantity, 0)) AS BIGINT), count(*), max(seq)
     FROM movement WHERE license_id = $1 GROUP BY package_id, book",
    &[T],
);
pub(super) static LAST_SEQ: Statement = Statement::new("SELECT max(seq) FROM movement WHERE license_id = $1", &[T]);

/// What was removed after its time.
pub(super) static REMOVED: Query<RemovedFact> =
    Query::new("WHERE license_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq", &[T, I, I]);

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// What was found, and whether it is a trouble.
    pub found: Result<String, String>,
}

/// What the doctor needs to know.
#[derive(Debug, Clone)]
pub struct Doctor {
    /// The moment.
    pub now: Timestamp,
    /// The key that checkpoints have to be signed by, where it is known.
    pub key: Option<VerifyingKey>,
    /// Bytes free where the books are, where that is known.
    pub free_space: Option<u64>,
}

/// Below this the disk counts as nearly full: a week of a busy store, and a backup.
const LITTLE_SPACE: u64 = 512 << 20;
/// The clock may be behind the books' last moment by so much.
const CLOCK: SignedDuration = SignedDuration::from_mins(1);

/// Looks at everything. What is wrong is told, not returned as an error.
///
/// # Errors
/// Only if the database cannot be reached at all.
pub fn doctor(store: &Store, doctor: &Doctor) -> Result<Vec<Check>, StoreError> {
    let mut checks = Vec::new();
    let mut check = |name, found: Result<String, StoreError>| match found {
        Err(StoreError::Unavailable { why }) => Err(StoreError::Unavailable { why }),
        found => {
            checks.push(Check { name, found: found.map_err(|error| error.to_string()) });
            Ok(())
        }
    };
    check("database", store.read(|tx| tx.own_check().map(|()| "the database's own check finds nothing".to_owned())))?;
    check(
        "rows, facts, log, balances",
        store.read(integrity).map(|it| format!("{} rows fit their checksums", it.rows())),
    )?;
    check("checkpoints", store.read(|tx| checkpoints(tx, doctor.key.as_ref())))?;
    check("clock", store.read(|tx| clock(tx, doctor.now)))?;
    check("schema", Ok(format!("version {}", crate::schema::STEPS.len())))?;
    if let Some(free) = doctor.free_space {
        let told = format!("{} MiB free", free >> 20);
        let full = StoreError::refused(format!("only {told}; free some before the books stop"));
        check("free space", if free < LITTLE_SPACE { Err(full) } else { Ok(told) })?;
    }
    Ok(checks)
}

/// What the database itself finds wrong with its pages, indexes and references.
///
/// # Errors
/// [`StoreError::Corrupt`] with the first thing.
pub fn own_check(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.own_check()
}

/// Reads everything and holds it to what it has to be; gives what is there.
///
/// # Errors
/// [`StoreError::Corrupt`] naming the first thing that is wrong.
pub fn integrity(tx: &mut Tx<'_>) -> Result<Fingerprint, StoreError> {
    if installation(tx)?.is_none() {
        return Err(StoreError::corrupt("the installation's row is missing"));
    }
    let found = fingerprint(tx)?;
    for license in licenses(tx)? {
        log(tx, &license.license_id)?;
        balances(tx, &license.license_id)?;
    }
    Ok(found)
}

/// What is read of an entry.
#[derive(Deserialize)]
struct Read {
    license: Text,
    position: u64,
    facts: Option<FactsRange>,
}

/// Entries that are held at a time, while their facts are read.
const ENTRIES_AT_ONCE: u64 = 1_024;

/// The log fits its head, and the facts fit the log.
fn log(tx: &mut Tx<'_>, license: &str) -> Result<(), StoreError> {
    let wrong = |what: String| StoreError::corrupt(format!("licence {license}: {what}"));
    let head: LicenseHead = audit::head(tx, license)?.ok_or_else(|| wrong("its head is missing".to_owned()))?;
    let size = u64::try_from(head.audit_size).unwrap_or_default();
    let mut frontier = Frontier::default();
    let mut nodes = Vec::new();
    let mut seq = 0;
    let mut first = 0;
    while first < size.saturating_add(1) {
        let mut entries = Vec::new();
        audit::entries(tx, license, (first, first.saturating_add(ENTRIES_AT_ONCE)), &mut |entry| {
            entries.push(entry);
            Ok(())
        })?;
        let mut ranges = Vec::new();
        for (position, entry) in (first..).zip(&entries) {
            let altered = || wrong(format!("entry {position} of the log was altered or is missing"));
            let read: Read = serde_json::from_str(&entry.entry).map_err(|_| altered())?;
            let hash = leaf_hash(entry.entry.as_bytes());
            if (read.position, read.license.as_str(), hash) != (position, license, entry.leaf_hash)
                || u64::try_from(entry.position).ok() != Some(position)
            {
                return Err(altered());
            }
            frontier.push(hash, &mut |node| nodes.push(node));
            ranges.extend(read.facts);
        }
        facts(tx, license, &mut seq, &ranges)?;
        first = first.saturating_add(ENTRIES_AT_ONCE);
    }
    if (frontier.size(), frontier.root(), frontier.bytes()) != (size, head.audit_root, head.audit_frontier) {
        return Err(wrong(format!("its log has {} entries, and its head tells of {size}", frontier.size())));
    }
    for node in nodes {
        let key = [ValueRef::Text(license), ValueRef::Integer(i64::from(node.level)), integer(node.position)];
        if tx.get::<AuditNode>(&key)?.map(|kept| kept.hash) != Some(node.hash) {
            return Err(wrong(format!("node {}/{} of its log is wrong", node.level, node.position)));
        }
    }
    if seq != head.seq {
        return Err(wrong(format!("entries tell of {seq} facts, and its head of {}", head.seq)));
    }
    Ok(())
}

fn integer(number: u64) -> ValueRef<'static> {
    ValueRef::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A licence's facts from the first of one range to the last of another.
fn parameters_of<'l>(license: &'l str, first: &FactsRange, last: &FactsRange) -> [ValueRef<'l>; 3] {
    [ValueRef::Text(license), ValueRef::Integer(first.first.saturating_sub(1)), ValueRef::Integer(last.last)]
}

/// The facts that entries tell of are there, each once, and are those.
fn facts(tx: &mut Tx<'_>, license: &str, seq: &mut i64, ranges: &[FactsRange]) -> Result<(), StoreError> {
    let wrong = |what: String| StoreError::corrupt(format!("licence {license}: {what}"));
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else { return Ok(()) };
    let mut hashes: BTreeMap<i64, [u8; 32]> = BTreeMap::new();
    for table in TABLES.iter().filter(|table| table.kind == TableKind::Facts) {
        let Some(place) = table.place("seq") else { continue };
        let Some(range) = &statements(table).range else { continue };
        tx.range(range, table, &parameters_of(license, first, last), &mut |cells| {
            let number = cells.integer(place)?.unwrap_or_default();
            if hashes.insert(number, cells.check(table)?).is_some() {
                return Err(wrong(format!("fact {number} is there twice")));
            }
            Ok(())
        })?;
    }
    tx.each(&REMOVED, &parameters_of(license, first, last), &mut |removed| match hashes
        .insert(removed.seq, removed.hash)
    {
        Some(_) => Err(wrong(format!("fact {} is there, and removed", removed.seq))),
        None => Ok(()),
    })?;
    for range in ranges {
        let mut digest = Sha256::new();
        for number in range.first..=range.last {
            digest.update(hashes.get(&number).ok_or_else(|| wrong(format!("fact {number} is missing")))?);
        }
        if range.first != seq.saturating_add(1) || hex(&digest.finalize()) != range.sha256 {
            return Err(wrong(format!("facts {} to {} are not those of their entry", range.first, range.last)));
        }
        *seq = range.last;
    }
    Ok(())
}

/// Balances are the sums of their movements.
fn balances(tx: &mut Tx<'_>, license: &str) -> Result<(), StoreError> {
    let mut sums: BTreeMap<(Text, Text), (i64, i64, i64)> = BTreeMap::new();
    tx.cells(&SUMS, "movement", &[ValueRef::Text(license)], &mut |cells| {
        let text = |place| cells.text(place).map(|text| Text::new(text.unwrap_or_default()));
        let number = |place| cells.integer(place).map(Option::unwrap_or_default);
        sums.insert((text(0)?, text(1)?), (number(2)?, number(3)?, number(4)?));
        Ok(())
    })?;
    for kept in crate::ledger::balances(tx, license)? {
        let sum = sums.remove(&(kept.package_id.clone(), kept.book.clone()));
        if sum != Some((kept.quantity, kept.movements, kept.last_seq)) {
            let what = format!("the balance of {} in {} is not the sum of its movements", kept.package_id, kept.book);
            return Err(StoreError::corrupt(format!("licence {license}: {what}")));
        }
    }
    match sums.pop_first() {
        Some(((package, book), _)) => {
            Err(StoreError::corrupt(format!("licence {license}: the balance of {package} in {book} is missing")))
        }
        None => Ok(()),
    }
}

/// Checkpoints fit the log, and are signed by the key.
fn checkpoints(tx: &mut Tx<'_>, key: Option<&VerifyingKey>) -> Result<String, StoreError> {
    let mut count = 0_u64;
    for license in licenses(tx)? {
        let rows: Vec<AuditCheckpoint> = audit::checkpoints(tx, &license.license_id)?;
        for row in &rows {
            let wrong = |what: &str| {
                StoreError::corrupt(format!(
                    "licence {}: the checkpoint of {} entries {what}",
                    license.license_id, row.size
                ))
            };
            let size = u64::try_from(row.size).unwrap_or_default();
            let Some(key) = key else { continue };
            let checkpoint =
                Checkpoint::read(&row.note, key).map_err(|error| wrong(&format!("is not valid: {error}")))?;
            if checkpoint.size != size || checkpoint.root != audit::root_at(tx, &license.license_id, size)? {
                return Err(wrong("is not of this log"));
            }
        }
        count = count.saturating_add(u64::try_from(rows.len()).unwrap_or_default());
    }
    Ok(match key {
        Some(_) => format!("{count} checkpoints are signed and fit"),
        None => format!("{count} checkpoints; without the key their signatures were not checked"),
    })
}

/// The clock is not behind what the books already tell of.
fn clock(tx: &mut Tx<'_>, now: Timestamp) -> Result<String, StoreError> {
    for license in licenses(tx)? {
        let last = audit::head(tx, &license.license_id)?.map(|head| head.recorded_at);
        if let Some(last) = last.filter(|last| now.checked_add(CLOCK).is_ok_and(|now| now < *last)) {
            let what = format!("the clock says {now}, and the books of {} already tell of {last}", license.license_id);
            return Err(StoreError::refused(format!("{what}; set the clock")));
        }
    }
    Ok(format!("{now}"))
}
