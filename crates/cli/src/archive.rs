//! The commands `archive` and `retention`.

use crate::args::{ArchiveCommand, RetentionOptions};
use crate::{Status, Trouble};

#[cfg(not(feature = "parquet"))]
mod built {
    use super::{ArchiveCommand, RetentionOptions, Status, Trouble};

    fn without() -> Trouble {
        Trouble::Usage(
            "this trueup was built without Parquet; use a release, or build with --features parquet".to_owned(),
        )
    }

    pub(crate) fn run(_: &ArchiveCommand) -> Result<Status, Trouble> {
        Err(without())
    }

    pub(crate) fn retention(_: &RetentionOptions) -> Result<Status, Trouble> {
        Err(without())
    }
}

#[cfg(feature = "parquet")]
mod built {
    use super::{ArchiveCommand, RetentionOptions, Status, Trouble};
    use crate::args::LogOptions;
    use crate::books::{ACTOR, location, log_of, open, print};
    use crate::runtime;
    use jiff::SignedDuration;
    use std::fmt::Write as _;
    use std::path::Path;
    use trueup_store::archive::{
        archive_month, expired, months_to_archive, remove_expired, set_retention, verify_archive,
    };
    use trueup_store::audit::{Actor, CheckpointError, Draft, VerifyingKey};
    use trueup_store::{License, Store, StoreError, ValueRef};

    fn draft(action: &str) -> Draft {
        Draft::new(Actor::program(ACTOR), action)
    }

    pub(crate) fn run(command: &ArchiveCommand) -> Result<Status, Trouble> {
        match command {
            ArchiveCommand::Write { log, out } => write(log, out),
            ArchiveCommand::Verify { folder, key } => verify(folder, key.as_deref()),
        }
    }

    fn write(log: &LogOptions, out: &Path) -> Result<Status, Trouble> {
        let (store, key) = log_of(log)?;
        let now = runtime::now();
        let months = store.read(|tx| months_to_archive(tx, &log.licence, now))?;
        if months.is_empty() {
            print("every closed month is in an archive\n")?;
        }
        for month in months {
            let folder = out.join(month.to_string());
            let done = archive_month(&store, &log.licence, month, (&folder, &key), (now, &draft("archive")))?;
            let told = format!(
                "{}: {} facts, {} entries, proven; {}\n",
                folder.display(),
                done.facts,
                done.entries,
                done.sha256
            );
            print(&told)?;
        }
        Ok(Status::Done)
    }

    fn verify(folder: &Path, key: Option<&str>) -> Result<Status, Trouble> {
        let bad = |error: CheckpointError| Trouble::Usage(format!("--key: {error}"));
        let trusted = key.map(VerifyingKey::read).transpose().map_err(bad)?;
        match verify_archive(folder, trusted.as_ref()) {
            Ok(report) => {
                let trust = match key {
                    Some(_) => "the trusted key".to_owned(),
                    None => format!("the key in the folder; hold it to the one you know:\n  {}", report.key),
                };
                print(&format!(
                    "{} of {}: all {} facts and {} entries fit, signed with {trust}\n",
                    report.month, report.origin, report.facts, report.entries
                ))?;
                Ok(Status::Agree)
            }
            Err(finding) => {
                print(&format!("{}: {finding}\n", folder.display()))?;
                Ok(Status::Differ)
            }
        }
    }

    pub(crate) fn retention(options: &RetentionOptions) -> Result<Status, Trouble> {
        let store = open(&location(&options.books)?, false)?;
        let now = runtime::now();
        if options.days.is_some() || options.hold.is_some() || options.release {
            set(&store, options, now)?;
        }
        let found = store.read(|tx| expired(tx, &options.licence, now))?;
        let mut told = format!(
            "{} packages are over their time: nothing was learned of them since {}\n",
            found.packages.len(),
            // The last day on which something might have been learned.
            found.before.checked_sub(SignedDuration::from_secs(1)).unwrap_or(found.before).strftime("%F")
        );
        if let Some(hold) = &found.hold {
            let _ = writeln!(told, "nothing is removed: legal hold ({hold})");
        }
        if !found.unarchived.is_empty() {
            let months: Vec<String> = found.unarchived.iter().map(ToString::to_string).collect();
            let _ = writeln!(told, "to be archived first: {}", months.join(", "));
        }
        print(&told)?;
        if options.remove {
            let mut facts = 0_u64;
            for package in &found.packages {
                facts += remove_expired(&store, &options.licence, package, (now, &draft("retention.remove")))?;
            }
            store.settle()?;
            print(&format!("{facts} facts of {} packages were removed\n", found.packages.len()))?;
        }
        Ok(Status::Done)
    }

    fn set(store: &Store, options: &RetentionOptions, now: jiff::Timestamp) -> Result<(), Trouble> {
        let (license, days, release) = (options.licence.clone(), options.days, options.release);
        let hold = options.hold.clone();
        store.write(move |tx| {
            let row: Option<License> = tx.get(&[ValueRef::Text(&license)])?;
            let row = row.ok_or_else(|| StoreError::Missing { what: format!("licence {license}") })?;
            let there = row.legal_hold.filter(|_| !release).map(|hold| hold.to_string());
            let hold = hold.clone().or(there);
            let rule = (days.unwrap_or(row.retention_days), hold.as_deref());
            set_retention(tx, &license, rule, (now, &draft("retention.set")))
        })?;
        Ok(())
    }
}

/// `trueup archive`.
pub(crate) fn run(command: &ArchiveCommand) -> Result<Status, Trouble> {
    built::run(command)
}

/// `trueup retention`.
pub(crate) fn retention(options: &RetentionOptions) -> Result<Status, Trouble> {
    built::retention(options)
}
