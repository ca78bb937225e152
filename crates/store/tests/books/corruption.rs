//! The file is damaged at random: that is found, or does no harm; never another answer.

use crate::world::{LICENSE, OTHER, at, begin, key, options, sale, sell, sqlite};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::path::Path;
use trueup_store::audit;
use trueup_store::care::{Fingerprint, integrity};
use trueup_store::{Location, Store, StoreError};

/// Books as a process that was killed leaves them: a file, and a log of which only a part is in the file.
fn books(folder: &Path) -> Fingerprint {
    let store = sqlite(folder);
    begin(&store, LICENSE, 6);
    begin(&store, OTHER, 3);
    for batch in 0..12_u32 {
        let sales = (0..25).map(|it| sale(LICENSE, it % 6 + 1, batch * 20 + it, i64::from(it % 4))).collect();
        sell(&store, LICENSE, i64::from(batch), sales).unwrap();
    }
    store.write(|tx| audit::checkpoint(tx, LICENSE, &key(), at(41), ("hour", false))).unwrap();
    drop(store);
    let store = sqlite(folder);
    for receipt in 1_000..1_010 {
        sell(&store, LICENSE, 50, vec![sale(LICENSE, 1, receipt, 1)]).unwrap();
    }
    let held = store.read(integrity).unwrap();
    // As it stands while it is open.
    for name in ["books.db", "books.db-wal", "books.db.witness"] {
        std::fs::copy(folder.join(name), folder.join(format!("kept-{name}"))).unwrap();
    }
    drop(store);
    held
}

fn random(rng: &mut TestRng, below: usize) -> usize {
    usize::try_from(rng.next_u64() % u64::try_from(below).unwrap()).unwrap()
}

/// What is done to the bytes: a bit, a byte, a block of zeros, a block from elsewhere, the end cut off.
fn damage(bytes: &mut Vec<u8>, rng: &mut TestRng) -> String {
    let place = random(rng, bytes.len());
    match random(rng, 5) {
        0 => {
            let bit = random(rng, 8);
            bytes[place] ^= 1 << bit;
            format!("bit {bit} of byte {place}")
        }
        1 => {
            let value = rng.next_u64().to_le_bytes()[0];
            bytes[place] = value;
            format!("byte {place} is {value}")
        }
        2 => {
            let block = place / 512 * 512;
            bytes.iter_mut().skip(block).take(512).for_each(|byte| *byte = 0);
            format!("block {block} is zeros")
        }
        3 => {
            let (from, to) = (random(rng, bytes.len()) / 512 * 512, place / 512 * 512);
            let block: Vec<u8> = bytes.iter().skip(from).take(512).copied().collect();
            bytes.iter_mut().skip(to).zip(block).for_each(|(byte, other)| *byte = other);
            format!("block {to} is block {from}")
        }
        _ => {
            bytes.truncate(place);
            format!("cut at {place}")
        }
    }
}

/// `TRUEUP_CORRUPTIONS=100000 cargo nextest run -p trueup-store --all-features -E 'test(damaged_at_random)'` for more.
#[test]
fn damaged_at_random_it_is_found_or_does_no_harm() {
    let times: u32 = std::env::var("TRUEUP_CORRUPTIONS").map_or(10_000, |number| number.parse().unwrap());
    let kept = tempfile::tempdir().unwrap();
    let held = books(kept.path());
    let read = |name: &str| std::fs::read(kept.path().join(format!("kept-{name}"))).unwrap();
    let (file, log, witness) = (read("books.db"), read("books.db-wal"), read("books.db.witness"));
    std::thread::scope(|scope| {
        for half in 0..2_u32 {
            let (file, log, witness, held) = (&file, &log, &witness, &held);
            scope.spawn(move || {
                let folder = tempfile::tempdir().unwrap();
                let (mut found, mut harmless) = (0, 0);
                for time in (half..times).step_by(2) {
                    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed(time));
                    let (mut file, mut log) = (file.clone(), log.clone());
                    let what = if time % 3 == 0 { damage(&mut log, &mut rng) } else { damage(&mut file, &mut rng) };
                    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
                    drop(std::fs::remove_file(folder.path().join("books.db-shm")));
                    put("books.db", &file);
                    put("books.db-wal", &log);
                    put("books.db.witness", witness);
                    match look(folder.path()) {
                        Err(StoreError::Fault { what: fault }) => {
                            panic!("time {time} ({what}): not told as damage: {fault}")
                        }
                        Err(_) => found += 1,
                        Ok(now) if now == *held => harmless += 1,
                        Ok(now) => panic!("time {time} ({what}): other books in {:?}", held.differences(&now)),
                    }
                }
                println!("found {found}, harmless {harmless}");
                assert!(found > harmless / 10);
            });
        }
    });
}

fn seed(time: u32) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&time.to_le_bytes());
    seed
}

/// What somebody finds who opens the books and has them checked.
fn look(folder: &Path) -> Result<Fingerprint, StoreError> {
    let store = Store::open(&Location::Sqlite(folder.join("books.db")), &options())?;
    store.read(|tx| {
        let checked = trueup_store::care::own_check(tx);
        checked.and_then(|()| integrity(tx))
    })
}
