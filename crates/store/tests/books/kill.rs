//! The process is killed while it writes, again and again. What it had said was kept is there, and the log fits.

use crate::world::{LICENSE, at, begin, draft, key, package, sale, sell_in, sqlite};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use trueup_store::Store;
use trueup_store::audit;
use trueup_store::care::integrity;
use trueup_store::ledger::{Batch, append, facts_after};

/// The folder in which the process that is to be killed writes.
const FOLDER: &str = "TRUEUP_KILLED_FOLDER";

/// Not a test of its own: the process that is killed. Writes from several threads, and says what was acknowledged.
#[test]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = sqlite(folder.as_ref());
    let first: u32 = std::env::var("TRUEUP_KILLED_FIRST").unwrap().parse().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..3_u32 {
            let store = &store;
            scope.spawn(move || {
                for number in 0.. {
                    let receipt = first + number * 3 + writer;
                    // Every fourth time a larger batch.
                    let lines = if number % 4 == 3 { 40 } else { 1 };
                    write(store, receipt, lines);
                    let mut out = std::io::stdout().lock();
                    out.write_all(format!("kept {receipt} {lines}\n").as_bytes()).unwrap();
                    out.flush().unwrap();
                }
            });
        }
    });
}

fn write(store: &Store, receipt: u32, lines: u32) {
    store
        .write(move |tx| {
            let sales: Vec<_> = (0..lines)
                .map(|line| {
                    let mut sale = sale(LICENSE, line % 7 + 1, receipt, 1);
                    sale.natural_key = trueup_store::ledger::natural_key(&[&receipt.to_string(), &line.to_string()]);
                    sale
                })
                .collect();
            sell_in(tx, LICENSE, i64::from(receipt), &sales)
        })
        .unwrap();
}

/// `TRUEUP_KILLS=2000 cargo nextest run -p trueup-store --all-features -E 'test(killed_again_and_again)'` for more.
#[test]
fn killed_again_and_again() {
    let kills: u32 = std::env::var("TRUEUP_KILLS").map_or(200, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut kept: BTreeSet<(u32, u32)> = BTreeSet::new();
    {
        let store = sqlite(folder.path());
        begin(&store, LICENSE, 7);
    }
    let mut notes = Vec::new();
    let mut grown = folder;
    let mut first = 0;
    for kill in 0..kills {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::writes_until_it_is_killed", "--nocapture"])
            .env(FOLDER, grown.path())
            .env("TRUEUP_KILLED_FIRST", first.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut read = |kept: &mut BTreeSet<(u32, u32)>| {
            let line = lines.next()?.ok()?;
            let rest = line.split("kept ").nth(1)?.to_owned();
            let (receipt, count) = rest.split_once(' ')?;
            kept.insert((receipt.parse().ok()?, count.parse().ok()?));
            Some(())
        };
        // Not before it writes; then at some moment that differs from time to time.
        while kept.last().is_none_or(|(receipt, _)| *receipt < first) {
            if read(&mut kept).is_none() && process.try_wait().unwrap().is_some() {
                panic!("the process ended by itself");
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(u64::from(kill) * 7_919 % 15_000));
        process.kill().unwrap();
        process.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            // The last line may be cut.
            if let Some((receipt, count)) = line.strip_prefix("kept ").and_then(|rest| rest.split_once(' '))
                && let (Ok(receipt), Ok(count)) = (receipt.parse(), count.parse())
            {
                kept.insert((receipt, count));
            }
        }
        first = kept.last().unwrap().0 + 10;
        let store = sqlite(grown.path());
        let lost = lost(&store, &kept);
        assert!(lost.is_empty(), "kill {kill}: {lost:?} of {} were acknowledged and are gone", kept.len());
        store.read(integrity).unwrap();
        if kill % 50 == 0 {
            let seconds = i64::from(kill);
            notes.push(
                store
                    .write(move |tx| audit::checkpoint(tx, LICENSE, &key(), at(seconds), ("day", true)))
                    .unwrap()
                    .unwrap()
                    .note,
            );
        }
        // A long history makes the check slow and finds nothing more.
        if kill % 40 == 39 {
            let mut file = Vec::new();
            audit::export(&store, LICENSE, key(), at(9), &mut file).unwrap();
            audit::verify(&mut file.as_slice(), None, &notes).unwrap();
            notes.clear();
            drop(store);
            grown = tempfile::tempdir().unwrap();
            let store = sqlite(grown.path());
            begin(&store, LICENSE, 7);
            kept.clear();
        }
    }
    println!("{kills} kills");
}

/// Receipts that were acknowledged and are not there as a whole.
fn lost(store: &Store, kept: &BTreeSet<(u32, u32)>) -> Vec<(u32, u32)> {
    let mut there: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
    store
        .read(|tx| {
            facts_after(tx, LICENSE, (0, i64::MAX), &mut |movement| {
                *there.entry(movement.reference.parse().unwrap()).or_default() += 1;
                Ok(())
            })
        })
        .unwrap();
    // Whole or not at all, acknowledged or not.
    assert!(there.values().all(|lines| *lines == 1 || *lines == 40), "{there:?}");
    kept.iter().filter(|(receipt, lines)| there.get(receipt) != Some(lines)).copied().collect()
}

/// Killed in the middle of the first import, it is simply done again.
#[test]
fn an_import_that_was_killed_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 7);
    let chunk = |first: u32| (first..first + 50).map(|it| sale(LICENSE, it % 7 + 1, it, 1)).collect::<Vec<_>>();
    crate::world::sell(&store, LICENSE, 1, chunk(0)).unwrap();
    drop(store);
    let store = sqlite(folder.path());
    let done: u64 =
        [0, 50, 100].map(|first| crate::world::sell(&store, LICENSE, 2, chunk(first)).unwrap().new).iter().sum();
    assert_eq!(done, 100);
    let again = Batch { packages: vec![package(LICENSE, 1)], ..Batch::default() };
    assert_eq!(store.write(move |tx| append(tx, LICENSE, at(3), &again, &draft("pull"))).unwrap().known, 1);
}
