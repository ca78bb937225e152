//! The key that signs checkpoints, in the text forms of C2SP signed notes.

use super::checkpoint::CheckpointError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use sha2::{Digest, Sha256};
use std::fmt;

/// Ed25519, in signed notes.
const ED25519: u8 = 1;

/// Signs. Its `Debug` shows nothing of it.
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// Tells what was signed from what was not.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.name)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The four bytes that tell keys of one name apart.
fn key_hash(name: &str, key: &ed25519_dalek::VerifyingKey) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key.as_bytes()).finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    [a, b, c, d]
}

fn hex(bytes: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(bytes))
}

/// `NAME+HASH+KEY`, where the key is the algorithm and 32 bytes.
fn read_parts(text: &str) -> Option<(&str, &str, [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, hash, key) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = STANDARD.decode(key).ok()?;
    let (algorithm, key) = bytes.split_first()?;
    (*algorithm == ED25519 && !name.is_empty()).then_some((name, hash, key.try_into().ok()?))
}

impl SigningKey {
    /// From 32 random bytes. A name has no blank and no plus.
    ///
    /// # Errors
    /// [`CheckpointError::Key`] for another name.
    pub fn new(name: &str, seed: [u8; 32]) -> Result<Self, CheckpointError> {
        if name.is_empty() || name.contains(|c: char| c == '+' || c.is_whitespace()) {
            return Err(CheckpointError::Key);
        }
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(&seed) })
    }

    /// From the text of a key file.
    ///
    /// # Errors
    /// [`CheckpointError::Key`].
    pub fn read(text: &str) -> Result<Self, CheckpointError> {
        let parts = text.trim().strip_prefix("PRIVATE+KEY+").and_then(read_parts).ok_or(CheckpointError::Key)?;
        let key = Self::new(parts.0, parts.2)?;
        if hex(key_hash(&key.name, &key.key.verifying_key())) == parts.1 { Ok(key) } else { Err(CheckpointError::Key) }
    }

    /// The text of a key file. Whoever has it can sign.
    #[must_use]
    pub fn secret_text(&self) -> String {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.to_bytes());
        let hash = hex(key_hash(&self.name, &self.key.verifying_key()));
        format!("PRIVATE+KEY+{}+{hash}+{}", self.name, STANDARD.encode(bytes))
    }

    /// The other half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The signature's line under a note.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut bytes = key_hash(&self.name, &self.key.verifying_key()).to_vec();
        bytes.extend(self.key.sign(text.as_bytes()).to_bytes());
        format!("— {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(key_hash(&self.name, &self.key)), STANDARD.encode(bytes))
    }
}

impl VerifyingKey {
    /// From its text, `NAME+HASH+KEY`.
    ///
    /// # Errors
    /// [`CheckpointError::Key`].
    pub fn read(text: &str) -> Result<Self, CheckpointError> {
        let (name, hash, bytes) = read_parts(text.trim()).ok_or(CheckpointError::Key)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| CheckpointError::Key)?;
        if hex(key_hash(name, &key)) == hash {
            Ok(Self { name: name.to_owned(), key })
        } else {
            Err(CheckpointError::Key)
        }
    }

    /// Whether one of the lines is this key's signature of the text.
    pub(super) fn has_signed(&self, text: &str, lines: &str) -> bool {
        let head = format!("— {} ", self.name);
        lines.lines().filter_map(|line| line.strip_prefix(&head)).any(|signature| {
            let Some(bytes) = STANDARD.decode(signature).ok() else { return false };
            let Some((hash, signature)) = bytes.split_first_chunk::<4>() else { return false };
            let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return false };
            *hash == key_hash(&self.name, &self.key) && self.key.verify_strict(text.as_bytes(), &signature).is_ok()
        })
    }
}
