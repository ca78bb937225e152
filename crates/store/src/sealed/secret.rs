//! Keys of other systems: entered, never shown again, and opened only for the host that they are for.

use super::key::{Nonce, SealingKey, ending, text};
use crate::audit::{self, Draft};
use crate::schema::Secret;
use crate::sql::{Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

/// A key that was entered.
pub struct NewSecret<'n> {
    /// The licence.
    pub license: &'n str,
    /// `metrc.user_key`, `pos.api_key` and the like.
    pub id: &'n str,
    /// The key.
    pub value: &'n str,
    /// The host that it may be sent to.
    pub host: &'n str,
    /// When it ends to be valid, where known.
    pub expires_at: Option<Timestamp>,
}

fn get(tx: &mut Tx<'_>, license: &str, id: &str) -> Result<Option<Secret>, StoreError> {
    tx.get(&[ValueRef::Text(license), ValueRef::Text(id)])
}

/// Keeps a key, or another one in its place.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn put_secret(
    tx: &mut Tx<'_>,
    (sealing, nonce): (&SealingKey, Nonce),
    new: &NewSecret<'_>,
    now: Timestamp,
    draft: &Draft,
) -> Result<(), StoreError> {
    let there = get(tx, new.license, new.id)?;
    let row = Secret {
        license_id: Text::new(new.license),
        secret_id: Text::new(new.id),
        sealed: sealing.seal(nonce, &[new.license, new.id, new.host], new.value.as_bytes())?,
        sealing_key_id: sealing.id().clone(),
        host: Text::new(new.host),
        ending: ending(new.value),
        expires_at: new.expires_at,
        created_at: now,
        version: there.as_ref().map_or(1, |row| row.version.saturating_add(1)),
    };
    match &there {
        Some(_) => tx.replace(&row)?,
        None => tx.insert(std::slice::from_ref(&row))?,
    }
    let told = |row: &Secret| json!({ "ending": row.ending, "host": row.host });
    let draft =
        draft.clone().to("secret", new.id, Some(row.version)).changing(there.as_ref().map(told), Some(told(&row)));
    audit::record(tx, new.license, now, &draft).map(drop)
}

/// The key, for a host; that it was opened is written down.
///
/// # Errors
/// [`StoreError::Missing`] if there is none; [`StoreError::Refused`] for another host or another sealing key.
pub fn open_secret(
    tx: &mut Tx<'_>,
    sealing: &SealingKey,
    (license, id, host): (&str, &str, &str),
    now: Timestamp,
    draft: &Draft,
) -> Result<Zeroizing<String>, StoreError> {
    let row = get(tx, license, id)?.ok_or_else(|| StoreError::Missing { what: format!("the key {id}") })?;
    if row.host != host {
        return Err(StoreError::refused(format!("the key {id} is for {}, and is not sent to {host}", row.host)));
    }
    let opened = sealing.open(&[license, id, host], &row.sealed, &format!("the key {id}"))?;
    audit::record(tx, license, now, &draft.clone().to("secret", id, Some(row.version)))?;
    text(&opened)
}
