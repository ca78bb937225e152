//! Keeping the books well: is all of it whole, a copy elsewhere, back again, another database.

mod copy;
mod doctor;
mod fingerprint;
pub(crate) mod witness;

#[cfg(feature = "backup")]
mod backup;
#[cfg(feature = "backup")]
mod restore;

#[cfg(feature = "backup")]
pub use backup::{Backup, backup};
pub use copy::copy;
pub use doctor::{Check, Doctor, doctor, integrity, own_check};
pub use fingerprint::{Fingerprint, fingerprint};
#[cfg(feature = "backup")]
pub use restore::{Restored, restore};

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 4] =
    [&doctor::SUMS, &doctor::LAST_SEQ, &doctor::REMOVED, &copy::INSTALLATION];
