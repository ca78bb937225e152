//! The hash of a file.

use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// SHA-256 of all that a reader gives, and how many bytes that is.
pub(crate) fn sha256_of(reader: &mut dyn Read) -> io::Result<([u8; 32], u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    let mut bytes = 0_u64;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => return Ok((hash.finalize().into(), bytes)),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(buffer.get(..read).unwrap_or_default());
        bytes = bytes.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
}
