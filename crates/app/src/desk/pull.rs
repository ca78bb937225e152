//! The state's answers into the folder: everything at first, then what changed.

use jiff::Timestamp;
use std::io;
use std::path::Path;
use trueup_metrc::client::{Client, Clock, Cursor, Failure, Files, List, Pace, Restless, Transport};

/// Knows how far a licence was pulled. A new one begins anew: its first pull replaces what is in the folder.
#[derive(Debug, Default)]
pub struct Puller {
    cursor: Cursor,
    runs: u32,
}

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
        if is_first {
            replace(beside, &state)?;
        } else {
            add(beside.path(), &state)?;
        }
        self.cursor = cursor;
        self.runs = self.runs.saturating_add(1);
        let trueup_metrc::client::Quiet { as_of, lists, rows, changed, not_permitted, .. } = quiet;
        Ok(Pulled { as_of, lists, rows, changed, not_permitted })
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

/// Adds files to a folder. If it ends in between, the next start pulls everything anew.
fn add(new: &Path, place: &Path) -> io::Result<()> {
    for file in std::fs::read_dir(new)? {
        let file = file?;
        std::fs::rename(file.path(), place.join(file.file_name()))?;
    }
    Ok(())
}
