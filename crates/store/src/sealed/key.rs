//! The installation's sealing key, and sealing.

use crate::{StoreError, Text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// 24 random bytes, of which each sealing takes new ones.
pub type Nonce = [u8; 24];

const HEAD: &str = "TRUEUP-SEALING-KEY-1:";

/// Seals and opens. Its `Debug` shows its name only.
pub struct SealingKey {
    id: Text,
    key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealingKey({})", self.id)
    }
}

impl SealingKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let hash: [u8; 32] = Sha256::new().chain_update(HEAD).chain_update(key).finalize().into();
        Self { id: Text::from(crate::ledger::hex(&hash[..6])), key: Zeroizing::new(key) }
    }

    /// From the text of a key file.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if it is none.
    pub fn read(text: &str) -> Result<Self, StoreError> {
        let bytes = text.trim().strip_prefix(HEAD).and_then(|text| STANDARD.decode(text).ok());
        let key = bytes.map(Zeroizing::new).and_then(|bytes| bytes.as_slice().try_into().ok());
        key.map(Self::new).ok_or_else(|| StoreError::refused(format!("this is no sealing key ({HEAD}…)")))
    }

    /// The text of a key file. Whoever has it can open what is sealed.
    #[must_use]
    pub fn secret_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{HEAD}{}", STANDARD.encode(self.key.as_slice())))
    }

    /// Says which key it is, and nothing of it.
    #[must_use]
    pub const fn id(&self) -> &Text {
        &self.id
    }

    /// Nonce and sealed text, bound to words that opening has to name, too.
    pub(super) fn seal(&self, nonce: Nonce, bound: &[&str], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let cipher = XChaCha20Poly1305::new(self.key.as_slice().into());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &words(bound) })
            .map_err(|_| StoreError::fault("sealing failed"))?;
        Ok(nonce.into_iter().chain(sealed).collect())
    }

    /// What was sealed; `what` names it in an error.
    pub(super) fn open(&self, bound: &[&str], sealed: &[u8], what: &str) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let wrong = || StoreError::refused(format!("{what} is damaged, or was sealed with another key"));
        let (nonce, sealed) = sealed.split_first_chunk::<24>().ok_or_else(wrong)?;
        let cipher = XChaCha20Poly1305::new(self.key.as_slice().into());
        let opened = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &words(bound) });
        opened.map(Zeroizing::new).map_err(|_| wrong())
    }
}

/// Words as bytes of which no two lists are alike.
fn words(bound: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in bound {
        bytes.extend(u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend(word.as_bytes());
    }
    bytes
}

/// What was opened, as text.
pub(super) fn text(opened: &[u8]) -> Result<Zeroizing<String>, StoreError> {
    let text = std::str::from_utf8(opened).map_err(|_| StoreError::corrupt("a sealed text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The last four characters, where they are less than half of it.
pub(super) fn ending(secret: &str) -> Text {
    let length = secret.chars().count();
    secret.chars().skip(if length > 8 { length.saturating_sub(4) } else { length }).collect()
}
