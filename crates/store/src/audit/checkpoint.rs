//! Signed statements of how long a log was: C2SP checkpoints in signed notes.

use super::key::{SigningKey, VerifyingKey};
use super::log::head;
use super::tree::Hash;
use crate::schema::{AuditCheckpoint, ColumnKind::Text as T};
use crate::sql::{Query, Tx, ValueRef};
use crate::{StoreError, Text, installation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

pub(super) static LAST: Query<AuditCheckpoint> =
    Query::new("WHERE license_id = $1 ORDER BY size DESC, recorded_at DESC LIMIT 1", &[T]);
pub(super) static ALL: Query<AuditCheckpoint> = Query::new("WHERE license_id = $1 ORDER BY size, recorded_at", &[T]);

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: `trueup/INSTALLATION/LICENCE`.
    pub origin: String,
    /// Entries.
    pub size: u64,
    /// The root.
    pub root: Hash,
    /// When it was made.
    pub at: Timestamp,
}

/// Why a text is no checkpoint or no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not in the form of a checkpoint.
    #[error("not a checkpoint")]
    Form,
    /// Not signed by the key.
    #[error("the signature does not fit")]
    Signature,
    /// Not a key.
    #[error("not a key, or damaged")]
    Key,
}

/// The name of a licence's log.
pub(crate) fn origin(installation: &str, license: &str) -> String {
    format!("trueup/{installation}/{license}")
}

impl Checkpoint {
    /// The note: four lines, an empty one, the signature.
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> String {
        let text = format!("{}\n{}\n{}\ntime {:.6}\n", self.origin, self.size, STANDARD.encode(self.root), self.at);
        let signature = key.sign(&text);
        format!("{text}\n{signature}")
    }

    /// Reads a note and holds it to the key.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn read(note: &str, key: &VerifyingKey) -> Result<Self, CheckpointError> {
        let (text, signatures) = note.split_once("\n\n").ok_or(CheckpointError::Form)?;
        let text = format!("{text}\n");
        if !note.ends_with('\n') || !key.has_signed(&text, signatures) {
            return Err(CheckpointError::Signature);
        }
        let form = |lines: &mut std::str::Lines<'_>| {
            let origin = lines.next()?.to_owned();
            let size = lines.next()?.parse().ok()?;
            let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
            let at = lines.next()?.strip_prefix("time ")?.parse().ok()?;
            Some(Self { origin, size, root, at })
        };
        form(&mut text.lines()).ok_or(CheckpointError::Form)
    }
}

/// All checkpoints of a licence, the shortest log first.
///
/// # Errors
/// Those of the database.
pub fn checkpoints(tx: &mut Tx<'_>, license: &str) -> Result<Vec<AuditCheckpoint>, StoreError> {
    tx.rows(&ALL, &[ValueRef::Text(license)])
}

/// Signs how long the log of a licence is, and keeps the note; gives it. Of a log that has not grown since the last checkpoint none
/// is made unless `always`.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn checkpoint(
    tx: &mut Tx<'_>,
    license: &str,
    key: &SigningKey,
    now: Timestamp,
    (reason, always): (&str, bool),
) -> Result<Option<AuditCheckpoint>, StoreError> {
    let missing = || StoreError::Missing { what: format!("licence {license}") };
    let head = head(tx, license)?.ok_or_else(missing)?;
    let last = tx.rows(&LAST, &[ValueRef::Text(license)])?.into_iter().next();
    if !always && last.as_ref().is_some_and(|last| last.size == head.audit_size) {
        return Ok(None);
    }
    let installation = installation(tx)?.ok_or_else(|| StoreError::corrupt("the installation's row"))?;
    // Two within one microsecond would be one.
    let after = |last: &AuditCheckpoint| last.recorded_at.checked_add(jiff::SignedDuration::from_micros(1)).ok();
    let at = last.as_ref().and_then(after).map_or(now, |after| now.max(after)).max(head.recorded_at);
    let note = Checkpoint {
        origin: origin(&installation.installation_id, license),
        size: u64::try_from(head.audit_size).unwrap_or_default(),
        root: head.audit_root,
        at,
    }
    .sign(key);
    let row = AuditCheckpoint {
        license_id: Text::new(license),
        size: head.audit_size,
        recorded_at: at,
        reason: Text::new(reason),
        note,
    };
    tx.insert(std::slice::from_ref(&row))?;
    Ok(Some(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_go_package_read() {
        // From the documentation of golang.org/x/mod/sumdb/note.
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let key = VerifyingKey::read(vkey).unwrap();
        assert_eq!(key.to_string(), vkey);
        let signing = SigningKey::read(skey).unwrap();
        assert_eq!((signing.secret_text().as_str(), signing.verifying_key()), (skey, key.clone()));
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signature = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        assert!(key.has_signed(text, signature));
        assert_eq!(signing.sign(text), signature);
        assert!(!key.has_signed(&text.replace("don't", "do"), signature));
    }

    #[test]
    fn a_checkpoint_reads_back_and_no_byte_may_change() {
        let key = SigningKey::new("trueup/i1", [7; 32]).unwrap();
        let checkpoint =
            Checkpoint { origin: "trueup/i1/L".into(), size: 12, root: [3; 32], at: Timestamp::UNIX_EPOCH };
        let note = checkpoint.sign(&key);
        assert_eq!(Checkpoint::read(&note, &key.verifying_key()), Ok(checkpoint));
        for place in 0..note.len() {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= 1;
            let read = String::from_utf8(bytes).ok().map(|note| Checkpoint::read(&note, &key.verifying_key()));
            assert!(read.is_none_or(|read| read.is_err()), "byte {place}");
        }
    }

    #[test]
    fn a_key_has_a_name_without_blanks() {
        for name in ["", "a b", "a+b"] {
            assert_eq!(SigningKey::new(name, [1; 32]).err(), Some(CheckpointError::Key), "{name}");
        }
    }
}
