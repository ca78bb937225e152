//! Closed months as Parquet: proven by the folder alone, and nothing in it may change.

use crate::world::{LICENSE, begin, draft, key, observation, options, sale, sell_in, sqlite, tag};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use trueup_postgres_server::Server;
use trueup_store::archive::{
    ArchiveFinding, Archived, Month, archive_month, expired, months_to_archive, remove_expired, set_retention,
    verify_archive,
};
use trueup_store::audit::{SigningKey, export, verify};
use trueup_store::ledger::{Batch, append, life};
use trueup_store::{Location, Store, StoreError};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// March and May, with the last minute of March and the first of April in Los Angeles, which is April's in UTC.
fn books(store: &Store) {
    begin(store, LICENSE, 20);
    let sold = |at: &str, receipts: std::ops::Range<u32>| {
        let (at, sales) = (moment(at), receipts.map(|it| sale(LICENSE, it % 20 + 1, it, 1)).collect::<Vec<_>>());
        store
            .write(move |tx| {
                append(tx, LICENSE, at, &Batch { movements: sales.clone(), ..Batch::default() }, &draft("import"))
            })
            .unwrap();
    };
    sold("2026-03-05T12:00:00Z", 1..100);
    sold("2026-04-01T06:59:59Z", 100..130);
    sold("2026-04-01T07:00:00Z", 130..150);
    store
        .write(|tx| {
            let batch = Batch {
                observations: (1..=20).map(|it| observation(LICENSE, it, 5, 100)).collect(),
                ..Batch::default()
            };
            append(tx, LICENSE, moment("2026-05-02T00:00:00Z"), &batch, &draft("pull"))
        })
        .unwrap();
}

fn archive_at(store: &Store, month: &str, folder: &Path, now: &str) -> Result<Archived, StoreError> {
    let month: Month = month.parse().unwrap();
    archive_month(store, LICENSE, month, (folder, &key()), (moment(now), &draft("archive")))
}

fn archive(store: &Store, month: &str, folder: &Path) -> Result<Archived, StoreError> {
    archive_at(store, month, folder, "2026-06-10T00:00:00Z")
}

fn months(store: &Store, now: &str) -> Vec<String> {
    let months = store.read(|tx| months_to_archive(tx, LICENSE, moment(now))).unwrap();
    months.iter().map(ToString::to_string).collect()
}

fn with_archive() -> (tempfile::TempDir, Store, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    books(&store);
    let archived = folder.path().join("2026-03");
    archive(&store, "2026-03", &archived).unwrap();
    (folder, store, archived)
}

fn finding(folder: &Path) -> Option<ArchiveFinding> {
    verify_archive(folder, Some(&key().verifying_key())).err()
}

fn months_are_archived(store: &Store, folder: &Path) {
    books(store);
    assert_eq!(months(store, "2026-04-01T06:59:59.999999Z"), Vec::<String>::new(), "a month that is not over");
    assert_eq!(months(store, "2026-06-10T00:00:00Z"), ["2026-03", "2026-04", "2026-05"]);
    let done = archive(store, "2026-03", &folder.join("march")).unwrap();
    // 20 packages and the receipts up to the last minute in Los Angeles.
    assert_eq!(done.facts, 20 + 129);
    assert_eq!(archive(store, "2026-04", &folder.join("april")).unwrap().facts, 20);
    assert_eq!(archive(store, "2026-05", &folder.join("may")).unwrap().facts, 20);
    assert!(months(store, "2026-06-10T00:00:00Z").is_empty());
    for month in ["march", "april", "may"] {
        let report = verify_archive(&folder.join(month), Some(&key().verifying_key())).unwrap();
        assert!(report.origin.ends_with(LICENSE));
    }
    for (month, why) in [("2026-03", "archived already"), ("2026-02", "nothing was learned"), ("2026-06", "not over")] {
        let refused = archive(store, month, &folder.join("other")).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert!(!folder.join("other").exists());
    }
    let there = archive(store, "2026-05", &folder.join("march")).unwrap_err().to_string();
    assert!(there.contains("is there already"), "{there}");
    // The books go on, and their log is one with that of the archives.
    store.read(trueup_store::care::integrity).unwrap();
    let mut file = Vec::new();
    export(store, LICENSE, key(), moment("2026-06-11T00:00:00Z"), &mut file).unwrap();
    let text = std::fs::read_to_string(folder.join("april/month.txt")).unwrap();
    let note = text.rsplit_once("\n\ntrueup/").unwrap().1.strip_suffix("end\n").unwrap();
    verify(&mut file.as_slice(), Some(&key().verifying_key()), &[format!("trueup/{note}")]).unwrap();
}

#[test]
fn months_are_archived_and_prove_themselves() {
    let folder = tempfile::tempdir().unwrap();
    months_are_archived(&sqlite(folder.path()), folder.path());
}

#[test]
fn months_are_archived_from_postgresql() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let store = Store::open(&Location::Postgres(server.database("archive")), &options()).unwrap();
    months_are_archived(&store, folder.path());
}

#[test]
fn no_byte_of_an_archive_may_change() {
    let (_folder, _store, archived) = with_archive();
    assert_eq!(finding(&archived), None);
    for file in std::fs::read_dir(&archived).unwrap() {
        let path = file.unwrap().path();
        let whole = std::fs::read(&path).unwrap();
        for place in (0..whole.len()).step_by(if path.ends_with("month.txt") { 1 } else { 7 }) {
            let mut bytes = whole.clone();
            bytes[place] ^= 1;
            std::fs::write(&path, bytes).unwrap();
            assert!(finding(&archived).is_some(), "{}, byte {place}", path.display());
        }
        for end in [0, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..end]).unwrap();
            assert!(finding(&archived).is_some(), "{}, cut at {end}", path.display());
        }
        std::fs::remove_file(&path).unwrap();
        assert!(finding(&archived).is_some(), "{} is missing", path.display());
        std::fs::write(&path, &whole).unwrap();
    }
    assert_eq!(finding(&archived), None);
    let other = SigningKey::new("trueup/other", [1; 32]).unwrap().verifying_key();
    assert!(verify_archive(&archived, Some(&other)).is_err());
    assert!(verify_archive(&archived, None).is_ok(), "without a key it is only held to itself");
}

/// Who alters a row and writes its file and all hashes of files anew is found by the entry's digest.
#[test]
fn a_row_that_was_altered_with_its_hashes_is_found() {
    let (folder, _store, archived) = with_archive();
    // Books in which one receipt was of two units; all else is the same.
    std::fs::create_dir(folder.path().join("other")).unwrap();
    let other = sqlite(&folder.path().join("other"));
    begin(&other, LICENSE, 20);
    let mut sales: Vec<_> = (1..100).map(|it| sale(LICENSE, it % 20 + 1, it, 1)).collect();
    sales[41] = sale(LICENSE, 42 % 20 + 1, 42, 2);
    other
        .write(move |tx| {
            let batch = Batch { movements: sales.clone(), ..Batch::default() };
            append(tx, LICENSE, moment("2026-03-05T12:00:00Z"), &batch, &draft("import"))?;
            let last: Vec<_> = (100..130).map(|it| sale(LICENSE, it % 20 + 1, it, 1)).collect();
            sell_in(tx, LICENSE, 29 * 86_400, &last)
        })
        .unwrap();
    let forged = folder.path().join("forged");
    archive(&other, "2026-03", &forged).unwrap();
    std::fs::copy(forged.join("movement.parquet"), archived.join("movement.parquet")).unwrap();
    assert!(matches!(finding(&archived), Some(ArchiveFinding::File { .. })));
    let text = std::fs::read_to_string(archived.join("month.txt")).unwrap();
    let hash = Sha256::digest(std::fs::read(archived.join("movement.parquet")).unwrap()).iter().fold(
        String::new(),
        |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        },
    );
    let lines: Vec<String> = text
        .lines()
        .map(|line| match line.rsplit_once(' ') {
            Some((head, _)) if line.starts_with("file movement ") => format!("{head} {hash}"),
            _ => line.to_owned(),
        })
        .collect();
    std::fs::write(archived.join("month.txt"), lines.join("\n") + "\n").unwrap();
    assert!(
        matches!(finding(&archived), Some(ArchiveFinding::Digest { first: 21, last: 119, .. })),
        "{:?}",
        finding(&archived)
    );
}

#[test]
fn months_read_as_they_are_written() {
    for text in ["2026-03", "2000-12"] {
        assert_eq!(text.parse::<Month>().unwrap().to_string(), text);
    }
    for text in ["2026-13", "2026-00", "2026", "1999-01", "March", "2026-3-1", "", "99999-01"] {
        assert!(text.parse::<Month>().is_err(), "{text}");
    }
}

/// Whole packages go when their time is over, their months are in archives and nobody holds them; their hashes stay.
fn what_is_expired_is_removed(store: &Store, folder: &Path) {
    books(store);
    // Two packages are sold out by April, the others say 5 in May.
    store
        .write(|tx| {
            let gone = [1, 2].map(|it| trueup_store::Observation {
                quantity: 0,
                status: trueup_store::Text::new("finished"),
                ..observation(LICENSE, it, 0, 200)
            });
            // Held, or of a POS that has no states: they are there all the same.
            let there = [(4, "held"), (5, "")].map(|(it, status)| trueup_store::Observation {
                status: trueup_store::Text::new(status),
                ..observation(LICENSE, it, 5, 200)
            });
            let batch = Batch { observations: gone.into_iter().chain(there).collect(), ..Batch::default() };
            append(tx, LICENSE, moment("2026-05-03T00:00:00Z"), &batch, &draft("pull"))
        })
        .unwrap();
    let now = moment("2033-08-01T00:00:00Z");
    let found = |now| store.read(|tx| expired(tx, LICENSE, now)).unwrap();
    assert!(found(moment("2033-05-20T00:00:00Z")).packages.is_empty(), "May is younger than seven years");
    assert_eq!(found(now).packages, [tag(1), tag(2)], "what is still somewhere stays");
    let remove = |package: u32| remove_expired(store, LICENSE, &tag(package), (now, &draft("retention.remove")));
    let refused = remove(1).unwrap_err().to_string();
    assert!(refused.contains("archive 2026-03 first"), "{refused}");
    for month in ["2026-03", "2026-04", "2026-05"] {
        archive(store, month, &folder.join(month)).unwrap();
    }
    // That they were archived was learned in June, which is a month like others.
    assert!(remove(1).unwrap_err().to_string().contains("archive 2026-06 first"));
    archive_at(store, "2026-06", &folder.join("2026-06"), "2033-08-01T00:00:00Z").unwrap();
    let hold = |hold: Option<&'static str>| {
        store.write(move |tx| set_retention(tx, LICENSE, (7 * 366, hold), (now, &draft("retention.set")))).unwrap();
    };
    hold(Some("case 12"));
    assert!(remove(1).unwrap_err().to_string().contains("legal hold (case 12)"));
    hold(None);
    assert!(remove(3).unwrap_err().to_string().contains("not to be removed"));
    let life_of = |package: u32| store.read(|tx| life(tx, LICENSE, &tag(package), i64::MAX)).unwrap();
    let facts = life_of(1).movements.len() + life_of(1).observations.len() + 1;
    assert_eq!(remove(1).unwrap(), u64::try_from(facts).unwrap());
    assert!(life_of(1).movements.is_empty() && life_of(1).observations.is_empty());
    assert!(!life_of(2).movements.is_empty());
    assert!(remove(1).is_err(), "once");
    // The log still proves all that is there, and that what is gone was removed and not lost.
    store.read(trueup_store::care::integrity).unwrap();
    let few = store.write(move |tx| set_retention(tx, LICENSE, (364, None), (now, &draft("retention.set"))));
    assert!(few.unwrap_err().to_string().contains("365 days"));
}

#[test]
fn what_is_expired_is_removed_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    what_is_expired_is_removed(&store, folder.path());
    // The permission to delete ended with the removal.
    drop(store);
    let raw = rusqlite::Connection::open(folder.path().join("books.db")).unwrap();
    let left: i64 = raw.query_row("SELECT count(*) FROM removed_fact", [], |row| row.get(0)).unwrap();
    assert!(left > 0);
    raw.execute("DELETE FROM removed_fact WHERE seq = (SELECT max(seq) FROM removed_fact)", []).unwrap();
    drop(raw);
    let store = sqlite(folder.path());
    assert!(matches!(store.read(trueup_store::care::integrity), Err(StoreError::Corrupt { .. })));
}

#[test]
fn what_is_expired_is_removed_from_postgresql() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let store = Store::open(&Location::Postgres(server.database("expired")), &options()).unwrap();
    what_is_expired_is_removed(&store, folder.path());
}
