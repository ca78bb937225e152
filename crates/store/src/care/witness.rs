//! A witness beside the file: how long each licence's log was when the last transaction was acknowledged.
//!
//! A damaged end of SQLite's log is silently cut off by it, and an older file put in place looks whole; both are less than what
//! was acknowledged, which only something outside the file can tell. The witness is written after each commit and not forced to
//! the disk, so it may lag behind the books after a power cut, but is never ahead of them.

use crate::StoreError;
use crate::audit;
use crate::sql::{Head, Tx, beside};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A licence's slot: its number (64 bytes, zeros behind), the log's length (8), its root (32), the hash of these (24).
const SLOT: usize = 128;
const LICENSE: usize = 64;

pub(crate) struct Witness {
    file: File,
    slots: BTreeMap<String, u64>,
}

impl Witness {
    /// Opens it, and holds the books to what it saw.
    pub(crate) fn open(path: &Path, tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let path = Self::path(path);
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = open.map_err(StoreError::file(&path))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(StoreError::file(&path))?;
        let mut slots = BTreeMap::new();
        for (number, slot) in (0_u64..).zip(bytes.chunks(SLOT)) {
            // A slot that was cut by a power failure tells nothing.
            let Some(seen) = read_slot(slot) else { continue };
            hold(tx, &seen)?;
            slots.insert(seen.license, number);
        }
        Ok(Self { file, slots })
    }

    pub(crate) fn path(path: &Path) -> PathBuf {
        beside(path, "witness")
    }

    /// Writes down where logs end. What fails here is made up for by the next time; the books are what counts.
    pub(crate) fn note(&mut self, heads: &[Head]) {
        for head in heads {
            let next = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
            let slot = *self.slots.entry(head.license.clone()).or_insert(next);
            let place = slot.saturating_mul(u64::try_from(SLOT).unwrap_or(u64::MAX));
            if let Some(bytes) = slot_of(head)
                && self.file.seek(SeekFrom::Start(place)).is_ok()
            {
                drop(self.file.write_all(&bytes));
            }
        }
    }
}

/// Whether the books have what was seen.
fn hold(tx: &mut Tx<'_>, seen: &Head) -> Result<(), StoreError> {
    let rewound = |what: String| StoreError::Rewound { what };
    let size = audit::head(tx, &seen.license)?.map_or(0, |head| u64::try_from(head.audit_size).unwrap_or_default());
    if size < seen.size {
        return Err(rewound(format!(
            "the log of licence {} has {size} entries, and had {} when the last of them was acknowledged",
            seen.license, seen.size
        )));
    }
    if audit::root_at(tx, &seen.license, seen.size)? != seen.root {
        return Err(rewound(format!(
            "the first {} entries of the log of licence {} are not those that were acknowledged",
            seen.size, seen.license
        )));
    }
    Ok(())
}

fn slot_of(head: &Head) -> Option<Vec<u8>> {
    let mut bytes = head.license.as_bytes().to_vec();
    if bytes.len() > LICENSE {
        return None;
    }
    bytes.resize(LICENSE, 0);
    bytes.extend(head.size.to_be_bytes());
    bytes.extend(head.root);
    let hash = Sha256::digest(&bytes);
    bytes.extend(hash.iter().take(SLOT.saturating_sub(bytes.len())));
    Some(bytes)
}

fn read_slot(bytes: &[u8]) -> Option<Head> {
    let license = bytes.get(..LICENSE)?;
    let end = license.iter().position(|byte| *byte == 0).unwrap_or(LICENSE);
    let head = Head {
        license: std::str::from_utf8(license.get(..end)?).ok()?.to_owned(),
        size: u64::from_be_bytes(bytes.get(LICENSE..72)?.try_into().ok()?),
        root: bytes.get(72..104)?.try_into().ok()?,
    };
    (slot_of(&head)?.as_slice() == bytes).then_some(head)
}
