//! The state's answers into the folder: everything at first, then what changed.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use trueup_metrc::client::{Client, Clock, Cursor, Failure, Files, List, Pace, Restless, Transport};

/// Knows how far a licence was pulled. A new one begins anew: its first pull replaces what is in the folder.
#[derive(Debug, Default)]
pub struct Puller {
    cursor: Cursor,
    runs: u32,
    /// Files that pulls after the first added, and that were not put together yet.
    added: usize,
}

/// So many files are added before they are put together: each is read by every look.
const MOST_ADDED: usize = 48;

/// What a pull came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// All of it is of this moment, by the state's clock.
    pub as_of: Timestamp,
    /// Lists that were read, each proven whole.
    pub lists: u64,
    /// Rows of these.
    pub rows: u64,
    /// Records that were new or had changed.
    pub changed: u64,
    /// Lists that this user or this kind of licence may not read.
    pub not_permitted: Vec<List>,
}

/// Why a pull gave nothing. The folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The state did not do it.
    #[error("{0}")]
    State(Failure),
    /// It changed all the time.
    #[error("the state changed during each of {0} readings; it is tried again")]
    Restless(u32),
    /// The folder cannot be written.
    #[error("the state's answers cannot be kept: {0}; check the folder and the free space")]
    Folder(#[from] io::Error),
}

impl Puller {
    /// Pulls what changed since the last time into `root/state`.
    ///
    /// # Errors
    /// [`PullError`]. The next pull begins where this one did.
    pub async fn pull<T: Transport, C: Clock>(
        &mut self,
        client: &Client<T, C>,
        licence: &str,
        root: &Path,
    ) -> Result<Pulled, PullError> {
        let beside = tempfile::Builder::new().prefix(".trueup-pull-").tempdir_in(root)?;
        let is_first = self.runs == 0;
        let infix = format!("r{:06}", self.runs);
        let mut files = if is_first { Files::create(beside.path())? } else { Files::further(beside.path(), &infix) };
        let mut cursor = self.cursor.clone();
        let mut sink = |changed| files.take(&changed);
        let quiet = client.pull_until_quiet(licence, Pace::default(), &mut cursor, &mut sink).await;
        let quiet = quiet.map_err(|restless| match restless {
            Restless::Failed(failure) => PullError::State(failure),
            Restless::Changing(rounds) => PullError::Restless(rounds),
        })?;
        files.finish()?;
        let state = root.join("state");
        let placed = if is_first { replace(beside, &state).map(|()| 0) } else { self.add(beside.path(), &state) };
        match placed {
            Ok(added) => self.added = added,
            Err(error) => {
                // Some of it may be there: the next pull begins anew.
                *self = Self::default();
                return Err(error.into());
            }
        }
        self.cursor = cursor;
        self.runs = self.runs.saturating_add(1);
        let trueup_metrc::client::Quiet { as_of, lists, rows, changed, not_permitted, .. } = quiet;
        Ok(Pulled { as_of, lists, rows, changed, not_permitted })
    }

    /// Adds files to a folder. If it ends in between, the next start pulls everything anew.
    fn add(&self, new: &Path, place: &Path) -> io::Result<usize> {
        let mut added = self.added;
        for file in std::fs::read_dir(new)? {
            let file = file?;
            std::fs::rename(file.path(), place.join(file.file_name()))?;
            added = added.saturating_add(1);
        }
        if added <= MOST_ADDED {
            return Ok(added);
        }
        put_together(place)?;
        Ok(0)
    }
}

/// Puts a new folder in the place of an old one.
fn replace(new: tempfile::TempDir, place: &Path) -> io::Result<()> {
    let old = place.with_file_name(".trueup-state-before");
    match std::fs::remove_dir_all(&old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if place.exists() {
        std::fs::rename(place, &old)?;
    }
    std::fs::rename(new.keep(), place)?;
    match std::fs::remove_dir_all(&old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts the files that pulls after the first added together, one a kind: `KIND.r000007.jsonl` and others become the first of them.
fn put_together(place: &Path) -> io::Result<()> {
    let mut kinds: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in std::fs::read_dir(place)? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if let Some((kind, _)) = name.split_once(".r") {
            kinds.entry(kind.to_owned()).or_default().push(file.path());
        }
    }
    for mut files in kinds.into_values() {
        files.sort_unstable();
        let Some((first, others)) = files.split_first() else { continue };
        let mut whole = std::fs::OpenOptions::new().append(true).open(first)?;
        for other in others {
            io::copy(&mut std::fs::File::open(other)?, &mut whole)?;
            std::fs::remove_file(other)?;
        }
        whole.sync_all()?;
    }
    Ok(())
}
