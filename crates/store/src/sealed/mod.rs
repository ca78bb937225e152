//! What is kept sealed: keys of other systems, and the few numbers of patients that a state call needs.
//!
//! - XChaCha20-Poly1305; each sealed text is bound to the licence and to what it is for, so that none can be put in another's place.
//! - The installation's sealing key comes from outside and is never in the books: a stolen file or backup opens nothing.
//! - Opening one is an entry in the audit log. Nothing opened shows in `Debug`, and all of it is wiped from memory.

mod key;
mod patient;
mod secret;

pub use key::{Nonce, SealingKey};
pub use patient::{NewPatient, erase_patient, keep_patient, masked_patient, open_patient, patients_to_erase};
pub use secret::{NewSecret, open_secret, put_secret};

pub(crate) const PREPARED: [&dyn crate::sql::Prepared; 1] = [&patient::TO_ERASE];
