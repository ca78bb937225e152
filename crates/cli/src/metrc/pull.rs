//! `trueup metrc pull`: everything of a licence, as files that `trueup reconcile` reads.

use super::rows::print;
use super::{Metrc, trouble};
use crate::args::PullOptions;
use crate::progress::Progress;
use crate::{Status, Trouble};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use trueup_metrc::api::transfers::{DeliveryPackage, Transfer};
use trueup_metrc::client::{Changed, Cursor, List, Pace};

/// Files of JSON lines, written beside their places until all is there.
struct Files {
    folder: PathBuf,
    open: BTreeMap<&'static str, BufWriter<File>>,
    error: Option<std::io::Error>,
    written: usize,
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

pub(super) async fn run(client: &Metrc, options: &PullOptions) -> Result<Status, Trouble> {
    let state = options.out.join("state");
    let occupied = std::fs::read_dir(&state).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let folder = state.display();
        return Err(Trouble::Usage(format!("--out: {folder} is not empty; nothing was read; name a new folder")));
    }
    let cannot =
        |error: std::io::Error| Trouble::Output { file: state.display().to_string(), error: error.to_string() };
    std::fs::create_dir_all(&options.out).map_err(cannot)?;
    let beside = tempfile::Builder::new().prefix(".trueup-").tempdir_in(&options.out).map_err(cannot)?;
    let mut files = Files::create(beside.path()).map_err(cannot)?;
    let pace = Pace { beginning: options.since.unwrap_or(Pace::default().beginning), ..Pace::default() };
    let progress = Progress::new();
    let mut cursor = Cursor::default();
    let pulled = client
        .pull(&options.licence, pace, &mut cursor, &mut |changed| {
            files.take(&changed);
            progress.pulled(files.written);
        })
        .await;
    drop(progress);
    let report = match pulled {
        Ok(report) => report,
        Err(failure) => return Err(trouble(client, &options.licence, failure).await),
    };
    files.finish().map_err(cannot)?;
    std::fs::rename(beside.keep(), &state).map_err(cannot)?;
    let rows: u64 = report.proofs.iter().map(|proof| proof.rows).sum();
    print(&format!(
        "{}: {rows} rows of {} lists, each proven whole, as of {}\n",
        state.display(),
        report.proofs.len(),
        client.state_now().strftime("%Y-%m-%dT%H:%M:%SZ")
    ))?;
    for list in report.not_permitted {
        print(&format!("not permitted, left out: {list:?}\n"))?;
    }
    Ok(Status::Done)
}

impl Files {
    fn create(folder: &Path) -> std::io::Result<Self> {
        let mut files = Self { folder: folder.to_owned(), open: BTreeMap::new(), error: None, written: 0 };
        for kind in ALWAYS {
            files.file(kind)?;
        }
        Ok(files)
    }

    fn file(&mut self, kind: &'static str) -> std::io::Result<&mut BufWriter<File>> {
        if !self.open.contains_key(kind) {
            let file = File::create(self.folder.join(format!("{kind}.jsonl")))?;
            self.open.insert(kind, BufWriter::new(file));
        }
        self.open.get_mut(kind).ok_or_else(|| std::io::Error::other("a file that is not open"))
    }

    fn take(&mut self, changed: &Changed) {
        let done = match changed {
            Changed::Package(package, list) => self.write(of_packages(*list), package),
            Changed::Receipt(receipt) => {
                let is_active = receipt.is_final != Some(true) && receipt.archived_date.is_none();
                self.write(if is_active { "receipts_active" } else { "receipts_inactive" }, receipt)
            }
            Changed::Delivery(delivery) => self.write("deliveries", delivery),
            Changed::Adjustment(adjustment) => self.write("adjustments", adjustment),
            Changed::Transfer(transfer, packages, list) => match list {
                List::TransfersOutgoing => self.transfer("transfers_outgoing", transfer, packages),
                // What was rejected is on the list of what came in, too.
                List::TransfersRejected => Ok(()),
                _ => self.transfer("transfers_incoming", transfer, packages),
            },
        };
        self.written += 1;
        if let Err(error) = done {
            self.error.get_or_insert(error);
        }
    }

    fn transfer(
        &mut self,
        kind: &'static str,
        transfer: &Transfer,
        packages: &[DeliveryPackage],
    ) -> std::io::Result<()> {
        // As `trueup reconcile` reads it: with its packages.
        let text = serde_json::to_string(transfer)?;
        let open = text.strip_suffix('}').ok_or_else(|| std::io::Error::other("a transfer that is no object"))?;
        let packages = serde_json::to_string(packages)?;
        let file = self.file(kind)?;
        writeln!(file, "{open},\"Packages\":{packages}}}")
    }

    fn write(&mut self, kind: &'static str, row: &impl Serialize) -> std::io::Result<()> {
        let file = self.file(kind)?;
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")
    }

    /// Everything is on the disk, or it is said why not. What is empty is an empty list.
    fn finish(self) -> std::io::Result<()> {
        if let Some(error) = self.error {
            return Err(error);
        }
        for (_, file) in self.open {
            let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
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
        List::PackagesInTransit => "packages_intransit",
        _ => "packages_active",
    }
}
