//! Patients' numbers: only where a call to the state needs one, each under a key of its own.
//!
//! Facts and the log name a random reference. Erasing takes the number and its key away and changes no hash; what was sealed is then
//! unreadable also in copies that somebody kept of the number alone.

use super::key::{Nonce, SealingKey, ending, text};
use crate::audit::{self, Draft};
use crate::schema::{ColumnKind::Integer as I, ColumnKind::Text as T, License, PatientNumber};
use crate::sql::{Query, Tx, ValueRef};
use crate::{StoreError, Text};
use jiff::Timestamp;
use zeroize::Zeroizing;

pub(super) static TO_ERASE: Query<PatientNumber> = Query::new(
    "WHERE license_id = $1 AND erase_after <= $2 AND erased_at IS NULL ORDER BY erase_after, patient_ref",
    &[T, I],
);

/// A number to keep.
pub struct NewPatient<'n> {
    /// The licence.
    pub license: &'n str,
    /// What facts call the person: random, new for each number that is kept.
    pub patient_ref: &'n str,
    /// The number.
    pub number: &'n str,
    /// When it may be erased.
    pub erase_after: Timestamp,
    /// 32 random bytes.
    pub key: [u8; 32],
}

fn get(tx: &mut Tx<'_>, license: &str, patient: &str) -> Result<PatientNumber, StoreError> {
    let missing = || StoreError::Missing { what: format!("the number of {patient}") };
    tx.get(&[ValueRef::Text(license), ValueRef::Text(patient)])?.ok_or_else(missing)
}

/// Keeps a number, sealed.
///
/// # Errors
/// [`StoreError::Duplicate`] if the reference is taken; those of the database.
pub fn keep_patient(
    tx: &mut Tx<'_>,
    (sealing, nonces): (&SealingKey, [Nonce; 2]),
    new: &NewPatient<'_>,
    now: Timestamp,
    draft: &Draft,
) -> Result<(), StoreError> {
    let [of_number, of_key] = nonces;
    let own = SealingKey::new(new.key);
    let bound = [new.license, new.patient_ref];
    tx.insert(&[PatientNumber {
        license_id: Text::new(new.license),
        patient_ref: Text::new(new.patient_ref),
        sealed: Some(own.seal(of_number, &bound, new.number.as_bytes())?),
        sealed_key: Some(sealing.seal(of_key, &bound, &new.key)?),
        ending: Some(ending(new.number)),
        erase_after: new.erase_after,
        erased_at: None,
        version: 1,
    }])?;
    audit::record(tx, new.license, now, &draft.clone().to("patient", new.patient_ref, Some(1))).map(drop)
}

/// The number; that it was read, by whom and why, is written down.
///
/// # Errors
/// [`StoreError::Missing`] if there is none or it was erased; [`StoreError::Refused`] for another sealing key.
pub fn open_patient(
    tx: &mut Tx<'_>,
    sealing: &SealingKey,
    (license, patient): (&str, &str),
    now: Timestamp,
    draft: &Draft,
) -> Result<Zeroizing<String>, StoreError> {
    let row = get(tx, license, patient)?;
    let (Some(sealed), Some(key)) = (&row.sealed, &row.sealed_key) else {
        return Err(StoreError::Missing { what: format!("the number of {patient}, which was erased,") });
    };
    let what = format!("the number of {patient}");
    let key = sealing.open(&[license, patient], key, &what)?;
    let own = key.as_slice().try_into().map(SealingKey::new).map_err(|_| StoreError::corrupt(&what))?;
    let opened = own.open(&[license, patient], sealed, &what)?;
    audit::record(tx, license, now, &draft.clone().to("patient", patient, Some(row.version)))?;
    text(&opened)
}

/// The number as people see it: its last characters at most.
///
/// # Errors
/// [`StoreError::Missing`] if there is none.
pub fn masked_patient(tx: &mut Tx<'_>, license: &str, patient: &str) -> Result<String, StoreError> {
    let row = get(tx, license, patient)?;
    Ok(row.ending.map_or_else(|| "erased".to_owned(), |ending| format!("•••• {ending}")))
}

/// References of the numbers that may be erased by now; none while the licence is under legal hold.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn patients_to_erase(tx: &mut Tx<'_>, license: &str, now: Timestamp) -> Result<Vec<Text>, StoreError> {
    let row: Option<License> = tx.get(&[ValueRef::Text(license)])?;
    let row = row.ok_or_else(|| StoreError::Missing { what: format!("licence {license}") })?;
    if row.legal_hold.is_some() {
        return Ok(Vec::new());
    }
    let due = tx.rows(&TO_ERASE, &[ValueRef::Text(license), ValueRef::Integer(now.as_microsecond())])?;
    Ok(due.into_iter().map(|row| row.patient_ref).collect())
}

/// Erases a number for good. On a file, [`crate::Store::settle`] afterwards takes it out of the write-ahead log, too.
///
/// # Errors
/// [`StoreError::Missing`] if there is none; those of the database.
pub fn erase_patient(
    tx: &mut Tx<'_>,
    (license, patient): (&str, &str),
    now: Timestamp,
    draft: &Draft,
) -> Result<(), StoreError> {
    let row = get(tx, license, patient)?;
    if row.erased_at.is_some() {
        return Ok(());
    }
    let version = row.version.saturating_add(1);
    let erased = PatientNumber { sealed: None, sealed_key: None, ending: None, erased_at: Some(now), version, ..row };
    tx.replace(&erased)?;
    audit::record(tx, license, now, &draft.clone().to("patient", patient, Some(version))).map(drop)
}
