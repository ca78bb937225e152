//! Back from a backup. What was sent since it was made is not in it, so nothing in it is believed to be still to be sent.

use super::backup::{check_file, open};
use super::copy::set_installation;
use super::fingerprint::Fingerprint;
use super::witness::Witness;
use crate::audit::{self, Actor, Draft};
use crate::people::licenses;
use crate::queue::OPEN_SUBMISSIONS;
use crate::schema::{Installation, License, Submission};
use crate::sql::{Location, OpenOptions, Store, Tx, beside};
use crate::{StoreError, Text, installation};
use age::x25519;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was in the backup.
    pub holds: Fingerprint,
    /// Submissions of which it is not known any more whether they were sent.
    pub unknown: u64,
    /// Where the books that were there before are now.
    pub before: Option<PathBuf>,
}

/// Restores a backup as the books at `target`. Books that are there already are put aside, not overwritten.
///
/// # Errors
/// [`StoreError::Refused`] if the identity does not open it, [`StoreError::InUse`] if the books there are open,
/// [`StoreError::Corrupt`], [`StoreError::File`]. What was there before is still there then.
pub fn restore(sealed: &Path, identity: &str, target: &Path, options: &OpenOptions) -> Result<Restored, StoreError> {
    let bad = |error: &'static str| StoreError::refused(format!("the identity is none of age: {error}"));
    let identity: x25519::Identity = identity.trim().parse().map_err(bad)?;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let work = tempfile::Builder::new().prefix(".trueup-restore-").tempdir_in(folder);
    let work = work.map_err(StoreError::file(folder))?;
    let plain = work.path().join("books.db");
    open(sealed, &plain, &identity)?;
    let holds = check_file(&plain)?;
    let unknown = {
        let store = Store::open(&Location::Sqlite(plain.clone()), options)?;
        let now = options.now;
        store.write(move |tx| distrust(tx, now))?
    };
    let before = put_aside(target, options.now)?;
    let witness = Witness::path(&plain);
    std::fs::rename(&plain, target).map_err(StoreError::file(target))?;
    std::fs::rename(&witness, Witness::path(target)).map_err(StoreError::file(witness))?;
    Ok(Restored { holds, unknown, before })
}

/// Begins a new epoch: nothing is sent before the state was read, and what was open may have been sent.
fn distrust(tx: &mut Tx<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let row = installation(tx)?.ok_or_else(|| StoreError::corrupt("the installation's row is missing"))?;
    let row = Installation { epoch: row.epoch.saturating_add(1), restored_at: Some(now), ..row };
    set_installation(tx, &row)?;
    let mut unknown = 0;
    for license in licenses(tx)? {
        for submission in tx.rows(&OPEN_SUBMISSIONS, &[crate::ValueRef::Text(&license.license_id)])? {
            let version = submission.version.saturating_add(1);
            tx.replace(&Submission { state: Text::const_new("unknown"), epoch: row.epoch, version, ..submission })?;
            unknown += 1;
        }
        let number = license.license_id.clone();
        let version = license.version.saturating_add(1);
        tx.replace(&License { unverified_since: Some(now), version, ..license })?;
        let draft = Draft::new(Actor::program("restore"), "restore").to("license", &number, Some(version));
        audit::record(tx, &number, now, &draft.because("restored from a backup", None))?;
    }
    Ok(unknown)
}

/// Gives the books that are there another name; refuses if they are open.
fn put_aside(target: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
    if !target.exists() {
        return Ok(None);
    }
    let _lock = crate::sql::lock(target)?;
    let aside = beside(target, &format!("before-{}", now.strftime("%Y%m%dT%H%M%SZ")));
    std::fs::rename(target, &aside).map_err(StoreError::file(target))?;
    for with in ["-wal", "-shm"] {
        let name = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(with);
            PathBuf::from(name)
        };
        if name(target).exists() {
            std::fs::rename(name(target), name(&aside)).map_err(StoreError::file(target))?;
        }
    }
    let witness = Witness::path(target);
    if witness.exists() {
        std::fs::rename(&witness, Witness::path(&aside)).map_err(StoreError::file(witness))?;
    }
    Ok(Some(aside))
}
