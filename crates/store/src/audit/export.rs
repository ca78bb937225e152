//! A licence's whole log as a file that can be checked without us.
//!
//! ```text
//! trueup audit export 1
//! origin trueup/INSTALLATION/LICENCE
//! key NAME+HASH+KEY
//! entries 3
//!
//! BASE64 {"v":1,…}          one line per entry: its leaf hash, its canonical text
//!
//! (signed checkpoints, each followed by an empty line; the last one is of all entries)
//! end
//! ```

use super::checkpoint::{checkpoint, origin};
use super::key::SigningKey;
use super::log::entries;
use crate::sql::Store;
use crate::{StoreError, installation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::io::Write;

pub(super) const FIRST_LINE: &str = "trueup audit export 1";
pub(super) const LAST_LINE: &str = "end";

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Entries.
    pub entries: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// The last checkpoint: keep it elsewhere, and a rewritten log is noticed.
    pub note: String,
}

/// Writes the log of a licence, with a checkpoint made for it.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence, [`StoreError::Refused`] with what the writer said; those of the database.
pub fn export(
    store: &Store,
    license: &str,
    key: SigningKey,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<Export, StoreError> {
    let verifying = key.verifying_key();
    let owned = license.to_owned();
    let made = store.write(move |tx| checkpoint(tx, &owned, &key, now, ("export", true)))?;
    let last = made.ok_or_else(|| StoreError::fault("no checkpoint was made"))?;
    let size = u64::try_from(last.size).unwrap_or_default();
    store.read(|tx| {
        let installation = installation(tx)?.ok_or_else(|| StoreError::corrupt("the installation's row"))?;
        let origin = origin(&installation.installation_id, license);
        let told = |error: std::io::Error| StoreError::refused(error);
        writeln!(out, "{FIRST_LINE}\norigin {origin}\nkey {verifying}\nentries {size}\n").map_err(told)?;
        entries(tx, license, (0, size), &mut |entry| {
            writeln!(out, "{} {}", STANDARD.encode(entry.leaf_hash), entry.entry).map_err(told)
        })?;
        writeln!(out).map_err(told)?;
        let mut checkpoints = 0;
        for row in super::checkpoints(tx, license)? {
            if (row.size, row.recorded_at) <= (last.size, last.recorded_at) {
                writeln!(out, "{}", row.note).map_err(told)?;
                checkpoints += 1;
            }
        }
        writeln!(out, "{LAST_LINE}").map_err(told)?;
        out.flush().map_err(told)?;
        Ok(Export { entries: size, checkpoints, note: last.note.clone() })
    })
}
