//! Every hour each log that grew is signed, so that it cannot be rewritten unnoticed further back than that.

use crate::Service;
use crate::people::in_books;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use trueup_store::audit::{SigningKey, checkpoint, checkpoints};
use trueup_store::people::licenses;
use trueup_store::{AuditCheckpoint, Store, StoreError};

const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) async fn go_on(service: Service, key: Arc<SigningKey>, folder: Option<PathBuf>) {
    loop {
        let (now, key, folder) = (service.surroundings.now(), Arc::clone(&key), folder.clone());
        // Books that cannot be written are told by everything else that is asked of them; the next hour tries again.
        drop(in_books(&service, move |store| sign(store, &key, now, folder.as_deref())).await);
        tokio::time::sleep(HOUR).await;
    }
}

/// Signs the logs that grew, and writes their notes into the folder; a note whose file is missing is written, too. One licence's trouble
/// keeps no other's from being signed.
fn sign(store: &Store, key: &Arc<SigningKey>, now: Timestamp, folder: Option<&Path>) -> Result<(), StoreError> {
    let mut trouble = Ok(());
    for license in store.read(licenses)? {
        let (key, number) = (Arc::clone(key), license.license_id.clone());
        let made = store.write(move |tx| checkpoint(tx, &number, &key, now, ("hour", false)).map(drop));
        let last = made.and_then(|()| store.read(|tx| checkpoints(tx, &license.license_id)));
        let kept = last.and_then(|all| match (all.last(), folder) {
            (Some(last), Some(folder)) => keep(last, folder),
            _ => Ok(()),
        });
        trouble = trouble.and(kept);
    }
    trouble
}

fn keep(made: &AuditCheckpoint, folder: &Path) -> Result<(), StoreError> {
    let name: String = made.license_id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let path = folder.join(format!("{name}-{}.note", made.recorded_at.strftime("%Y%m%dT%H%M%SZ")));
    if path.exists() {
        return Ok(());
    }
    std::fs::write(&path, &made.note).map_err(|error| StoreError::File { path, error })
}
