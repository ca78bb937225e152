//! What is known of a licence from look to look, so that a look costs what changed.

use crate::import::Known;
use std::collections::BTreeSet;
use trueup_core::{PackageTag, QuantityError};
use trueup_intake::Store as Folder;
use trueup_reconcile::{Outcome, Reconciler};

/// What earlier looks at a folder found. Nothing at first.
#[derive(Debug, Default)]
pub struct Live {
    pub(super) known: Known,
    pub(super) reconciler: Option<Reconciler>,
}

impl Live {
    /// Brings the reconciler to what was read: the moments of the snapshots, and the packages of which anything else is told than before.
    pub(super) fn keep_up(&mut self, folder: &Folder) -> Result<Outcome, QuantityError> {
        let kept = self.reconciler.take();
        let mut reconciler = kept.unwrap_or_else(|| Reconciler::new(folder.settings.clone()));
        reconciler.advance(folder.settings.clone());
        let tags: BTreeSet<PackageTag> = folder.books.tags().into_iter().chain(reconciler.books().tags()).collect();
        for tag in tags {
            let (now, before) = (folder.books.get(tag), reconciler.books().get(tag));
            if now != before {
                reconciler.replace(tag, now.map(|books| books.facts()).unwrap_or_default())?;
            }
        }
        reconciler.settle();
        let outcome = reconciler.outcome();
        // Only one that came through is kept.
        self.reconciler = Some(reconciler);
        Ok(outcome)
    }
}
