//! The log of a licence in the database.

use super::entry::{Draft, FactsRange, canonical};
use super::tree::{self, Frontier, Hash, LEVELS, Nodes, leaf_hash};
use crate::schema::{AuditEntry, AuditNode, ColumnKind::Integer, ColumnKind::Text as T, LicenseHead, Record};
use crate::sql::{Head, Query, Statement, Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;
use std::sync::LazyLock;

pub(super) static ENTRIES: Query<AuditEntry> =
    Query::new("WHERE license_id = $1 AND position >= $2 AND position < $3 ORDER BY position", &[T, Integer, Integer]);
pub(super) static LEAVES: Statement = Statement::new(
    "SELECT leaf_hash FROM audit_entry WHERE license_id = $1 AND position >= $2 AND position < $3 ORDER BY position",
    &[T, Integer, Integer],
);
/// Takes the row until the transaction ends, where several processes write, and gives it.
pub(super) static LOCK_HEAD: LazyLock<Statement> = LazyLock::new(|| {
    let columns: Vec<&str> = LicenseHead::TABLE.column_names().collect();
    let text =
        format!("UPDATE license_head SET version = version WHERE license_id = $1 RETURNING {}", columns.join(", "));
    Statement::made(text, &[T])
});

/// Where the books and the log of a licence end; nothing if there is no such licence.
pub(crate) fn head(tx: &mut Tx<'_>, license: &str) -> Result<Option<LicenseHead>, StoreError> {
    tx.get(&[ValueRef::Text(license)])
}

/// The same, kept from others until the transaction ends.
pub(crate) fn lock_head(tx: &mut Tx<'_>, license: &str) -> Result<LicenseHead, StoreError> {
    let head = if tx.is_postgres() {
        tx.rows_of(&*LOCK_HEAD, &[ValueRef::Text(license)])?.into_iter().next()
    } else {
        head(tx, license)?
    };
    head.ok_or_else(|| StoreError::Missing { what: format!("licence {license}") })
}

/// Writes an entry, and moves the head on to it. `head.seq` is the number of the last fact by now.
pub(crate) fn write_entry(
    tx: &mut Tx<'_>,
    mut head: LicenseHead,
    now: Timestamp,
    draft: &Draft,
    facts: &Option<FactsRange>,
) -> Result<LicenseHead, StoreError> {
    let damaged = || StoreError::corrupt(format!("the head of licence {}", head.license_id));
    let position = u64::try_from(head.audit_size).map_err(|_| damaged())?;
    let mut frontier = Frontier::read(position, &head.audit_frontier).ok_or_else(damaged)?;
    // Time never goes back in the books, whatever the clock does.
    let at = now.max(head.recorded_at);
    let entry = canonical(draft, (&head.license_id, position, at), facts)?;
    let leaf_hash = leaf_hash(entry.as_bytes());
    let mut nodes = Vec::new();
    frontier.push(leaf_hash, &mut |node| nodes.push(node));
    let row = AuditEntry {
        license_id: head.license_id.clone(),
        position: head.audit_size,
        recorded_at: at,
        ledger_seq: head.seq,
        leaf_hash,
        entry,
    };
    tx.insert(&[row])?;
    let number = |number: u64| i64::try_from(number).map_err(|_| StoreError::fault("a log is too long"));
    let mut whole = Vec::new();
    for node in nodes {
        whole.push(AuditNode {
            license_id: head.license_id.clone(),
            level: i64::from(node.level),
            position: number(node.position)?,
            hash: node.hash,
        });
    }
    tx.insert(&whole)?;
    head.recorded_at = at;
    head.audit_size = number(frontier.size())?;
    head.audit_root = frontier.root();
    head.audit_frontier = frontier.bytes();
    head.version = head.version.saturating_add(1);
    tx.replace(&head)?;
    tx.audited(Head { license: head.license_id.to_string(), size: frontier.size(), root: head.audit_root });
    Ok(head)
}

/// Writes an entry about a change that appends no facts.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn record(tx: &mut Tx<'_>, license: &str, now: Timestamp, draft: &Draft) -> Result<LicenseHead, StoreError> {
    let head = lock_head(tx, license)?;
    write_entry(tx, head, now, draft, &None)
}

/// Calls `each` with the entries from `first` to before `end`.
///
/// # Errors
/// Those of the database and of `each`.
pub fn entries(
    tx: &mut Tx<'_>,
    license: &str,
    (first, end): (u64, u64),
    each: &mut dyn FnMut(AuditEntry) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.each(&ENTRIES, &[ValueRef::Text(license), integer(first), integer(end)], each)
}

fn integer(number: u64) -> ValueRef<'static> {
    ValueRef::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// The tree of a licence, as far as proofs need it: leaves are read 256 at a time.
struct Kept<'t, 'x> {
    tx: &'t mut Tx<'x>,
    license: Text,
    /// The first of the leaves that are held.
    first: u64,
    leaves: Vec<Hash>,
}

impl Nodes for Kept<'_, '_> {
    fn node(&mut self, level: u32, position: u64) -> Result<Hash, StoreError> {
        let missing = || StoreError::corrupt(format!("the log of licence {}: node {level}/{position}", self.license));
        if level > 0 {
            let key = [ValueRef::Text(&self.license), ValueRef::Integer(i64::from(level)), integer(position)];
            return self.tx.get::<AuditNode>(&key)?.map(|node| node.hash).ok_or_else(missing);
        }
        let first = position >> LEVELS << LEVELS;
        if self.leaves.is_empty() || self.first != first {
            let (license, leaves) = (&self.license, &mut self.leaves);
            leaves.clear();
            self.first = first;
            let parameters = [ValueRef::Text(license), integer(first), integer(first.saturating_add(1 << LEVELS))];
            self.tx.cells(&LEAVES, "audit_entry", &parameters, &mut |cells| {
                let hash = cells.bytes(0)?.and_then(|bytes| bytes.try_into().ok());
                leaves.push(hash.ok_or_else(|| cells.unexpected(0))?);
                Ok(())
            })?;
        }
        let place = usize::try_from(position.saturating_sub(first)).unwrap_or(usize::MAX);
        self.leaves
            .get(place)
            .copied()
            .ok_or_else(|| StoreError::corrupt(format!("the log of licence {}: entry {position}", self.license)))
    }
}

impl<'t, 'x> Kept<'t, 'x> {
    fn new(tx: &'t mut Tx<'x>, license: &str) -> Self {
        Self { tx, license: Text::new(license), first: 0, leaves: Vec::new() }
    }
}

/// The root that the log had at a length that it has reached.
pub(crate) fn root_at(tx: &mut Tx<'_>, license: &str, size: u64) -> Result<Hash, StoreError> {
    tree::range(&mut Kept::new(tx, license), 0, size)
}

/// What the log of a length that it has reached grows from.
#[cfg(feature = "archive")]
pub(crate) fn frontier_at(tx: &mut Tx<'_>, license: &str, size: u64) -> Result<Frontier, StoreError> {
    tree::frontier(&mut Kept::new(tx, license), size)
}

/// That an entry is in the log of a length that it has reached.
///
/// # Errors
/// [`StoreError::Corrupt`] if the log is shorter; those of the database.
pub fn prove_inclusion(tx: &mut Tx<'_>, license: &str, position: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    let mut proof = Vec::new();
    tree::inclusion(&mut Kept::new(tx, license), position, (0, size), &mut proof)?;
    Ok(proof)
}

/// That the log of one length is the beginning of the log of another.
///
/// # Errors
/// [`StoreError::Corrupt`] if the log is shorter; those of the database.
pub fn prove_consistency(tx: &mut Tx<'_>, license: &str, old: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
    let mut proof = Vec::new();
    if old > 0 {
        tree::consistency(&mut Kept::new(tx, license), old, (0, size), true, &mut proof)?;
    }
    Ok(proof)
}
