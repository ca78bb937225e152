//! The books on a disk that loses its power, fails, or fills up, at every single operation.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use trueup_faulty_disk::{Disk, Fault, Snapshot};
use trueup_store::audit::{Actor, Draft};
use trueup_store::care::{Fingerprint, integrity, own_check};
use trueup_store::ledger::{Batch, append, create_license, facts_after, natural_key};
use trueup_store::{
    Durability, License, Location, Movement, OpenOptions, Package, SqliteOptions, Store, StoreError, Text,
};

const LICENSE: &str = "C10-0000001-LIC";

fn at(seconds: i64) -> Timestamp {
    "2026-03-02T16:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

fn draft(action: &str) -> Draft {
    Draft::new(Actor::program("test"), action)
}

static NAMES: AtomicU32 = AtomicU32::new(0);

/// A name under which SQLite knows a disk.
fn registered(disk: &Disk) -> String {
    let name = format!("faulty-{}-{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed));
    disk.register(&name);
    name
}

fn open(vfs: &str) -> Result<Store, StoreError> {
    let sqlite = SqliteOptions { durability: Durability::Full, vfs: Some(vfs.to_owned()) };
    let options = OpenOptions { sqlite, ..OpenOptions::new(at(0), "i-test") };
    Store::open(&Location::Sqlite(PathBuf::from("/books.db")), &options)
}

fn movement(receipt: u32, line: u32) -> Movement {
    Movement {
        license_id: Text::new(LICENSE),
        seq: 0,
        package_id: Text::new("1A4060300002EE1000000001"),
        natural_key: natural_key(&[&receipt.to_string(), &line.to_string()]),
        version: 0,
        replaces_quantity: None,
        book: Text::new("pos"),
        kind: Text::new("sale"),
        happened_at: at(i64::from(receipt)),
        happened_until: None,
        quantity: -1_000_000_000_000,
        number: Text::new("1/0"),
        unit: Text::new("each"),
        reference: Text::from(receipt.to_string()),
        line: None,
        sku_id: None,
        reason: None,
        note: Some("a note of some length, so that a transaction has several pages".repeat(4)),
        employee: None,
        details: None,
        recorded_at: at(0),
        source_id: Text::new("s1"),
    }
}

/// One receipt of so many lines.
fn write(store: &Store, receipt: u32, lines: u32) -> Result<(), StoreError> {
    store.write(move |tx| {
        let movements = (0..lines).map(|line| movement(receipt, line)).collect();
        append(tx, LICENSE, at(1), &Batch { movements, ..Batch::default() }, &draft("import")).map(drop)
    })
}

/// Books with a licence and a package.
fn begun() -> Snapshot {
    let disk = Disk::new();
    let store = open(&registered(&disk)).unwrap();
    store
        .write(|tx| {
            let license = License {
                license_id: Text::new(LICENSE),
                name: Text::new("Harbor Street"),
                jurisdiction: Text::new("CA"),
                system: Text::new("metrc"),
                time_zone: Text::new("America/Los_Angeles"),
                chain_id: None,
                retention_days: 2_562,
                legal_hold: None,
                unverified_since: None,
                created_at: at(0),
                version: 1,
            };
            create_license(tx, &license, &draft("license.create"))?;
            let package = Package {
                license_id: Text::new(LICENSE),
                seq: 0,
                package_id: Text::new("1A4060300002EE1000000001"),
                dimension: Text::new("each"),
                recorded_at: at(0),
                source_id: Text::new("s1"),
            };
            append(tx, LICENSE, at(1), &Batch { packages: vec![package], ..Batch::default() }, &draft("pull"))
        })
        .unwrap();
    drop(store);
    disk.snapshot()
}

/// Lines of each receipt of the day.
const DAY: [u32; 8] = [1, 3, 40, 1, 2, 25, 1, 4];

/// Writes the day's receipts, and closes and opens the books in between; gives how many were acknowledged, and what went wrong.
fn live(vfs: &str) -> (u32, Vec<StoreError>) {
    let (mut kept, mut errors) = (0, Vec::new());
    let mut number = 0;
    for half in DAY.chunks(4) {
        let store = match open(vfs) {
            Ok(store) => store,
            Err(error) => return (kept, vec![error]),
        };
        for lines in half {
            number += 1;
            match write(&store, number, *lines) {
                Ok(()) => kept |= 1 << number,
                Err(error) => errors.push(error),
            }
        }
    }
    (kept, errors)
}

/// What is there after all: whole books, whose receipts are whole.
fn look(vfs: &str, what: &str) -> (BTreeMap<u32, u32>, Fingerprint) {
    let store = open(vfs).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut there = BTreeMap::new();
    let held = store
        .read(|tx| {
            there.clear();
            facts_after(tx, LICENSE, (0, i64::MAX), &mut |movement| {
                *there.entry(movement.reference.parse().unwrap()).or_default() += 1;
                Ok(())
            })?;
            own_check(tx)?;
            integrity(tx)
        })
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    (there, held)
}

fn hold(there: &BTreeMap<u32, u32>, kept: u32, what: &str) {
    for (number, lines) in (1..).zip(DAY) {
        match there.get(&number) {
            Some(found) => assert_eq!(*found, lines, "{what}: receipt {number} is there in part"),
            None => assert_eq!(kept & (1 << number), 0, "{what}: receipt {number} was acknowledged and is gone"),
        }
    }
}

/// Operations of the day when nothing goes wrong.
fn operations(begun: &Snapshot) -> u64 {
    let disk = Disk::from_snapshot(begun);
    let (kept, errors) = live(&registered(&disk));
    assert!(errors.is_empty() && kept.count_ones() == 8, "{errors:?}");
    disk.operations()
}

/// `TRUEUP_POWER_SEEDS=50` for more ways in which each cut can end.
#[test]
fn the_power_is_cut_at_every_operation() {
    let seeds: u64 = std::env::var("TRUEUP_POWER_SEEDS").map_or(3, |number| number.parse().unwrap());
    let begun = begun();
    let operations = operations(&begun);
    let mut lost_what_was_not_kept = 0;
    for cut in 1..=operations {
        for seed in 0..seeds {
            let what = format!("cut at {cut}, seed {seed}");
            let disk = Disk::from_snapshot(&begun);
            let vfs = registered(&disk);
            disk.plan(Some(Fault::PowerCut(cut)));
            let (kept, errors) = live(&vfs);
            disk.restart(seed.wrapping_mul(1_000_003) ^ cut);
            let (there, _) = look(&vfs, &what);
            hold(&there, kept, &what);
            lost_what_was_not_kept += u64::from(there.len() < DAY.len() && !errors.is_empty());
            // Life goes on.
            let store = open(&vfs).unwrap();
            write(&store, 99, 2).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
    }
    println!("{operations} operations, {seeds} ways each");
    assert!(lost_what_was_not_kept > operations);
}

/// A sync that is only said to be done: this is what the test above would find.
#[test]
fn the_disk_does_forget() {
    let disk = Disk::new();
    let vfs = registered(&disk);
    let connection =
        rusqlite::Connection::open_with_flags_and_vfs("/t.db", rusqlite::OpenFlags::default(), vfs.as_str()).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE t (a)").unwrap();
    let mut lost = 0;
    for number in 0..50 {
        connection.execute("INSERT INTO t VALUES (?1)", [number]).unwrap();
    }
    let all = disk.snapshot();
    drop(connection);
    for seed in 0..20 {
        let again = Disk::from_snapshot(&all);
        let vfs = registered(&again);
        let open = || {
            rusqlite::Connection::open_with_flags_and_vfs("/t.db", rusqlite::OpenFlags::default(), vfs.as_str())
                .unwrap()
        };
        let connection = open();
        connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        let rows = |connection: &rusqlite::Connection| {
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
        };
        let before = rows(&connection).unwrap();
        for number in 0..20 {
            connection.execute("INSERT INTO t VALUES (?1)", [number]).unwrap();
        }
        again.plan(Some(Fault::PowerCut(again.operations() + 1)));
        drop(connection);
        again.restart(seed);
        lost += u32::from(rows(&open()).map_or(true, |after| after < before + 20));
    }
    assert!(lost > 10, "{lost}");
}

#[test]
fn a_failure_at_every_operation_stops_the_writing_and_loses_nothing() {
    let begun = begun();
    let operations = operations(&begun);
    let mut stopped = 0;
    for failed in 1..=operations {
        let what = format!("failure at {failed}");
        let disk = Disk::from_snapshot(&begun);
        let vfs = registered(&disk);
        disk.plan(Some(Fault::Failure(failed)));
        let (kept, errors) = live(&vfs);
        // What the disk keeps after a failure is not known: until the books are opened again, nothing is written.
        stopped += u64::from(errors.iter().any(|error| matches!(error, StoreError::Stopped { .. })));
        for error in &errors {
            assert!(matches!(error, StoreError::Stopped { .. } | StoreError::ReadOnly { .. }), "{what}: {error}");
        }
        disk.restart(failed);
        let (there, _) = look(&vfs, &what);
        hold(&there, kept, &what);
    }
    assert!(stopped > operations / 2, "{stopped} of {operations}");
}

#[test]
fn a_disk_that_is_full_for_a_moment_or_for_long_loses_nothing() {
    let begun = begun();
    let operations = operations(&begun);
    let mut refused = 0;
    for full in 1..=operations {
        for fault in [Fault::Full(full), Fault::FullFrom(full)] {
            let what = format!("{fault:?}");
            let disk = Disk::from_snapshot(&begun);
            let vfs = registered(&disk);
            disk.plan(Some(fault));
            let (kept, errors) = live(&vfs);
            for error in &errors {
                assert!(matches!(error, StoreError::Full), "{what}: {error}");
            }
            refused += errors.len();
            if let Fault::Full(_) = fault {
                // The next one is written without anybody doing anything.
                assert!(errors.len() <= 1, "{what}: {errors:?}");
            }
            disk.plan(None);
            let (there, _) = look(&vfs, &what);
            hold(&there, kept, &what);
        }
    }
    assert!(refused > 100, "{refused}");
}
