//! One look at a licence: the folder into the books, and what they come to.

use super::live::Live;
use crate::import::{ImportOptions, import_folder};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use trueup_answer::Answer;
use trueup_core::{PackageTag, QuantityError};
use trueup_intake::{InputError, Join, Options, Snapshots, Store as Folder, read_store};
use trueup_reconcile::{Outcome, PackageBooks, Settings};
use trueup_store::audit::Actor;
use trueup_store::{Store, StoreError, Text};

/// What is known of a licence and what follows from it, at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// The moment of the look.
    pub at: Timestamp,
    /// What the comparison depended on.
    pub settings: Settings,
    /// What was read when the files were read last.
    pub folder: Arc<Folder>,
    /// Packages of which more was told since.
    pub(super) changed: BTreeMap<PackageTag, Arc<PackageBooks>>,
    /// What was found.
    pub outcome: Outcome,
    /// Facts that were new to the books.
    pub new_facts: u64,
}

impl View {
    /// What is known of a package.
    #[must_use]
    pub fn package(&self, tag: PackageTag) -> Option<PackageBooks> {
        match self.changed.get(&tag) {
            Some(books) => Some((**books).clone()),
            None => self.folder.books.get(tag),
        }
    }

    /// What was found, to be written down.
    #[must_use]
    pub fn answer(&self) -> Answer<'_> {
        Answer { settings: &self.settings, inputs: &self.folder.inputs, outcome: &self.outcome, colours: false }
    }
}

/// Why there is nothing to be seen.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// A file cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The books cannot be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is told of a package does not go together.
    #[error("{0}; check the units of its rows")]
    Quantity(#[from] QuantityError),
}

/// Reads the folder. `snapshots` is when the books were taken; where nothing is pulled, `store.toml` says it.
///
/// # Errors
/// The first input that cannot be used.
pub fn read_folder(root: &Path, snapshots: Option<Snapshots>) -> Result<Folder, InputError> {
    let options = Options { snapshots, join: Join::Never, ..Options::default() };
    read_store(root, options, &mut |_| {})
}

/// Takes what is new in a folder into the books, and compares what changed. `live` is what is known from earlier looks at this folder.
///
/// # Errors
/// [`LookError`]. What was looked at before holds on.
pub fn look(
    store: &Store,
    (root, folder): (&Path, Folder),
    (now, source_id): (Timestamp, Text),
    live: &mut Live,
) -> Result<View, LookError> {
    let import = ImportOptions { now, source_id, actor: Actor::program("desk"), name: root.display().to_string() };
    let new_facts = import_folder(store, &folder, (&import, &mut live.known), &mut |_, _| {})?.new;
    let outcome = live.keep_up(&folder)?;
    let (settings, folder) = (folder.settings.clone(), Arc::new(folder));
    Ok(View { at: now, settings, folder, changed: BTreeMap::new(), outcome, new_facts })
}
