//! One look at a licence: the folder into the books, and what they come to.

use crate::import::{ImportOptions, Known, import_folder};
use jiff::Timestamp;
use std::path::Path;
use trueup_intake::{InputError, Join, Options, Snapshots, Store as Folder, read_store};
use trueup_reconcile::Outcome;
use trueup_store::audit::Actor;
use trueup_store::{Store, StoreError, Text};

/// What is known of a licence and what follows from it, at one moment.
#[derive(Debug)]
pub struct View {
    /// The moment of the look.
    pub at: Timestamp,
    /// What was read.
    pub folder: Folder,
    /// What was found.
    pub outcome: Outcome,
    /// Facts that were new to the books.
    pub new_facts: u64,
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
}

/// Reads the folder, takes what is new into the books, and compares. `snapshots` is when the books were taken; where nothing is
/// pulled, `store.toml` says it. `known` is what earlier looks at this folder took in.
///
/// # Errors
/// [`LookError`]. What was looked at before holds on.
pub fn look(
    store: &Store,
    root: &Path,
    snapshots: Option<Snapshots>,
    (now, source_id): (Timestamp, Text),
    known: &mut Known,
) -> Result<View, LookError> {
    let options = Options { snapshots, join: Join::Never, ..Options::default() };
    let folder = read_store(root, options, &mut |_| {})?;
    let import = ImportOptions { now, source_id, actor: Actor::program("desk"), name: root.display().to_string() };
    let new_facts = import_folder(store, &folder, (&import, known), &mut |_, _| {})?.new;
    let outcome = trueup_reconcile::reconcile(&folder.books, &folder.settings, &mut |_, _| {});
    Ok(View { at: now, folder, outcome, new_facts })
}
