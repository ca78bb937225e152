//! A licence begins.

use crate::StoreError;
use crate::audit::{self, Draft, Frontier};
use crate::schema::{License, LicenseHead};
use crate::sql::Tx;

/// Begins the books and the log of a licence.
///
/// # Errors
/// [`StoreError::Duplicate`] if there is one of that number; those of the database.
pub fn create_license(tx: &mut Tx<'_>, license: &License, draft: &Draft) -> Result<(), StoreError> {
    let empty = Frontier::default();
    tx.insert(std::slice::from_ref(license))?;
    tx.insert(&[LicenseHead {
        license_id: license.license_id.clone(),
        seq: 0,
        recorded_at: license.created_at,
        audit_size: 0,
        audit_root: empty.root(),
        audit_frontier: empty.bytes(),
        version: 1,
    }])?;
    audit::record(tx, &license.license_id, license.created_at, draft).map(drop)
}
