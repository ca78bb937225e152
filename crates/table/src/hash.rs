//! SHA-256 of what passes by.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Hashes (SHA-256) while it reads.
///
/// The hash covers the bytes that were read through it: use [`drain_hex`](Self::drain_hex) to cover the whole input.
#[derive(Debug)]
pub struct HashingReader<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R> HashingReader<R> {
    /// Starts with the hash of nothing.
    pub fn new(inner: R) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The hash of the bytes read so far: 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }

    /// The reader inside.
    pub fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> HashingReader<R> {
    /// Reads to the end and gives the hash of the whole input: 64 lower-case hex digits.
    ///
    /// # Errors
    /// What the inner reader says.
    pub fn drain_hex(mut self) -> io::Result<String> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(hex(&self.hasher.finalize()))
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.hasher.update(buf.get(..n).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(n)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|n| char::from_digit(u32::from(n), 16)).collect()
}
