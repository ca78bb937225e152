//! Every hour each log that grew is signed, so that it cannot be rewritten unnoticed further back than that.

use crate::Service;
use crate::people::in_books;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use trueup_store::audit::{SigningKey, checkpoint, checkpoints};
use trueup_store::people::licenses;
use trueup_store::{AuditCheckpoint, License, Store, StoreError};

const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) async fn go_on(service: Service, key: Arc<SigningKey>, folder: Option<PathBuf>) {
    let mut before = service.surroundings.now();
    loop {
        let (now, key, folder) = (service.surroundings.now(), Arc::clone(&key), folder.clone());
        // Books that cannot be written are told by everything else that is asked of them; the next hour tries again.
        drop(in_books(&service, move |store| sign(store, &key, (before, now), folder.as_deref())).await);
        before = now;
        tokio::time::sleep(HOUR).await;
    }
}

/// Whether a day of the licence closed between two moments.
fn is_day_closed(license: &License, (before, now): (Timestamp, Timestamp)) -> bool {
    let Ok(zone) = TimeZone::get(&license.time_zone) else { return false };
    before.to_zoned(zone.clone()).date() != now.to_zoned(zone).date()
}

/// Signs the logs that grew, and at the close of a day all; writes their notes into the folder; a note whose file is missing is written, too. One licence's trouble
/// keeps no other's from being signed.
fn sign(
    store: &Store,
    key: &Arc<SigningKey>,
    (before, now): (Timestamp, Timestamp),
    folder: Option<&Path>,
) -> Result<(), StoreError> {
    let mut trouble = Ok(());
    for license in store.read(licenses)? {
        let (key, number) = (Arc::clone(key), license.license_id.clone());
        let when = if is_day_closed(&license, (before, now)) { ("day", true) } else { ("hour", false) };
        let made = store.write(move |tx| checkpoint(tx, &number, &key, now, when).map(drop));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_closes_at_midnight_of_the_premises() {
        let license = License {
            license_id: "L".into(),
            name: "L".into(),
            jurisdiction: "CA".into(),
            system: "metrc".into(),
            time_zone: "America/Los_Angeles".into(),
            chain_id: None,
            retention_days: 2_562,
            legal_hold: None,
            unverified_since: None,
            created_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let closed = |before: &str, now: &str| is_day_closed(&license, (before.parse().unwrap(), now.parse().unwrap()));
        assert!(!closed("2026-03-08T23:30:00Z", "2026-03-09T00:30:00Z"), "midnight of UTC");
        assert!(closed("2026-03-09T06:30:00Z", "2026-03-09T07:30:00Z"));
        assert!(!closed("2026-03-09T07:30:00Z", "2026-03-09T08:30:00Z"));
    }
}
