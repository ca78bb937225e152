//! Who does the work of a role for a licence: taken by comparing and setting, with a fence that rises with every holder.
//!
//! A holder that was asleep for too long finds its fence too low the next time it writes: whatever it does under the lease is
//! written in a transaction that looks at the fence ([`HeldLease::guard`]).

use crate::schema::Lease as Row;
use crate::sql::{Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::{SignedDuration, Timestamp};

/// A lease that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The licence.
    pub license: Text,
    /// The role.
    pub role: Text,
    /// Who holds it.
    pub owner: Text,
    /// The fence.
    pub fence: i64,
    /// Held until then.
    pub expires_at: Timestamp,
}

fn row(tx: &mut Tx<'_>, license: &str, role: &str) -> Result<Option<Row>, StoreError> {
    tx.get(&[ValueRef::Text(license), ValueRef::Text(role)])
}

fn end(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.checked_add(length).unwrap_or(Timestamp::MAX)
}

/// Takes the lease if nobody holds it; nothing if somebody does, also if it was taken just now.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn take_lease(
    tx: &mut Tx<'_>,
    (license, role): (&str, &str),
    owner: &str,
    now: Timestamp,
    length: SignedDuration,
) -> Result<Option<Lease>, StoreError> {
    let expires_at = end(now, length);
    let taken = |fence| Lease {
        license: Text::new(license),
        role: Text::new(role),
        owner: Text::new(owner),
        fence,
        expires_at,
    };
    match row(tx, license, role)? {
        Some(row) if !row.owner.is_empty() && row.expires_at > now => Ok(None),
        Some(row) => {
            let (fence, version) = (row.fence.saturating_add(1), row.version.saturating_add(1));
            match tx.replace(&Row { owner: Text::new(owner), fence, expires_at, version, ..row }) {
                Ok(()) => Ok(Some(taken(fence))),
                Err(StoreError::Conflict { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        }
        None => {
            let row = Row {
                license_id: Text::new(license),
                role: Text::new(role),
                owner: Text::new(owner),
                fence: 1,
                expires_at,
                version: 1,
            };
            Ok((tx.insert_new(&[row])? == 1).then(|| taken(1)))
        }
    }
}

/// Holds on to a lease; nothing if another one holds it by now.
///
/// # Errors
/// Those of the database.
pub fn renew_lease(
    tx: &mut Tx<'_>,
    lease: &Lease,
    now: Timestamp,
    length: SignedDuration,
) -> Result<Option<Lease>, StoreError> {
    let expires_at = end(now, length);
    Ok(change(tx, lease, |row| row.expires_at = expires_at)?.then(|| Lease { expires_at, ..lease.clone() }))
}

/// Gives a lease back, so that another one need not wait for its end.
///
/// # Errors
/// Those of the database.
pub fn return_lease(tx: &mut Tx<'_>, lease: &Lease) -> Result<(), StoreError> {
    change(tx, lease, |row| row.owner = Text::default()).map(drop)
}

fn change(tx: &mut Tx<'_>, lease: &Lease, edit: impl FnOnce(&mut Row)) -> Result<bool, StoreError> {
    let Some(mut row) = row(tx, &lease.license, &lease.role)?.filter(|row| lease.is(row)) else { return Ok(false) };
    row.version = row.version.saturating_add(1);
    edit(&mut row);
    match tx.replace(&row) {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

impl Lease {
    fn is(&self, row: &Row) -> bool {
        row.fence == self.fence && row.owner == self.owner
    }

    /// Goes on only if the lease is still held. What is written after it in the transaction is written under the lease: a new holder
    /// has to change the same row first.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another one holds it by now.
    pub fn guard(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let lost = || StoreError::Conflict { what: format!("the lease {} of licence {}", self.role, self.license) };
        // The row is taken as it is looked at, so that nobody takes the lease over before this transaction ends.
        if change(tx, self, |_| {})? { Ok(()) } else { Err(lost()) }
    }
}
