//! What a pull gave, as files that [`ListReader`](crate::ListReader) reads: JSON lines by kind.

use super::pull::{Changed, List};
use crate::api::transfers::{DeliveryPackage, Transfer};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Files of JSON lines in a folder.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    /// Stands between a file's kind and its ending.
    infix: String,
    open: BTreeMap<&'static str, BufWriter<File>>,
    error: Option<io::Error>,
    written: u64,
}

/// Kinds that have to be there, also where there is nothing of them.
const ALWAYS: [&str; 7] = [
    "packages_active",
    "packages_inactive",
    "packages_onhold",
    "receipts_active",
    "receipts_inactive",
    "adjustments",
    "transfers_incoming",
];

impl Files {
    /// Files in a folder that is there and empty.
    ///
    /// # Errors
    /// Files that cannot be made.
    pub fn create(folder: &Path) -> io::Result<Self> {
        let mut files = Self::further(folder, "");
        for kind in ALWAYS {
            files.file(kind)?;
        }
        Ok(files)
    }

    /// Files for what changed since others were written: only of what there is, named `KIND.INFIX.jsonl`.
    #[must_use]
    pub fn further(folder: &Path, infix: &str) -> Self {
        let infix = if infix.is_empty() { String::new() } else { format!(".{infix}") };
        Self { folder: folder.to_owned(), infix, open: BTreeMap::new(), error: None, written: 0 }
    }

    fn file(&mut self, kind: &'static str) -> io::Result<&mut BufWriter<File>> {
        if !self.open.contains_key(kind) {
            let file = File::create(self.folder.join(format!("{kind}{}.jsonl", self.infix)))?;
            self.open.insert(kind, BufWriter::new(file));
        }
        self.open.get_mut(kind).ok_or_else(|| io::Error::other("a file that is not open"))
    }

    /// Records that were taken.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Writes a record; what cannot be written is told at the end.
    pub fn take(&mut self, changed: &Changed) {
        let done = match changed {
            // What is on its way is on nobody's shelf: its manifest tells of it.
            Changed::Package(_, List::PackagesInTransit) => Ok(()),
            Changed::Package(package, list) => self.write(of_packages(*list), package),
            Changed::Receipt(receipt) => {
                let is_active = receipt.is_final != Some(true) && receipt.archived_date.is_none();
                self.write(if is_active { "receipts_active" } else { "receipts_inactive" }, receipt)
            }
            Changed::Delivery(delivery) => self.write("deliveries", delivery),
            Changed::Adjustment(adjustment) => self.write("adjustments", adjustment),
            Changed::Transfer(transfer, packages, list) => match list {
                List::TransfersOutgoing => self.transfer("transfers_outgoing", transfer, packages),
                _ => self.transfer("transfers_incoming", transfer, packages),
            },
        };
        self.written += 1;
        if let Err(error) = done {
            self.error.get_or_insert(error);
        }
    }

    fn transfer(&mut self, kind: &'static str, transfer: &Transfer, packages: &[DeliveryPackage]) -> io::Result<()> {
        // As `trueup reconcile` reads it: with its packages.
        let text = serde_json::to_string(transfer)?;
        let fields = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        let packages = serde_json::to_string(packages)?;
        let comma = if fields.is_empty() { "" } else { "," };
        let file = self.file(kind)?;
        writeln!(file, "{{\"Packages\":{packages}{comma}{fields}}}")
    }

    fn write(&mut self, kind: &'static str, row: &impl Serialize) -> io::Result<()> {
        let file = self.file(kind)?;
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")
    }

    /// Everything is on the disk, or it is said why not. What is empty is an empty list.
    ///
    /// # Errors
    /// Whatever could not be written.
    pub fn finish(self) -> io::Result<()> {
        if let Some(error) = self.error {
            return Err(error);
        }
        for (_, file) in self.open {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            if file.metadata()?.len() == 0 {
                file.write_all(b"[]\n")?;
            }
            file.sync_all()?;
        }
        Ok(())
    }
}

fn of_packages(list: List) -> &'static str {
    match list {
        List::PackagesOnHold => "packages_onhold",
        List::PackagesInactive => "packages_inactive",
        _ => "packages_active",
    }
}
