//! Parquet files as they are.
#![no_main]

use std::panic::catch_unwind;
use std::sync::Mutex;

use libfuzzer_sys::fuzz_target;
use trueup_fuzz::{COLUMNS, assert_same_as_csv, file, read};
use trueup_table::{HashingReader, Table};

/// What the last panic said.
static SAID: Mutex<String> = Mutex::new(String::new());

fuzz_target!(
    init: {
        // The reader catches panics of the `parquet` crate on purpose; without this they would end the process. What
        // nobody catches is told below.
        std::panic::set_hook(Box::new(|panic| {
            // TEMPORARY: says each place once.
            static PLACES: Mutex<std::collections::BTreeSet<String>> = Mutex::new(std::collections::BTreeSet::new());
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            if PLACES.lock().unwrap().insert(place) {
                eprintln!("GUARDED {panic}");
            }
            *SAID.lock().expect("no panic while it is told") = panic.to_string();
        }));
    },
    |data: &[u8]| {
        // TEMPORARY SKIP: a list or map of so many booleans takes no bytes and much time.
        let lists = data.windows(4).any(|w| matches!(w[0], 0xF1 | 0xF2) && w[1..].iter().all(|b| *b >= 0x80));
        let kinds = |b: &u8| matches!(b, 0x11 | 0x12 | 0x21 | 0x22);
        let maps = data.windows(6).any(|w| w[0] >= 0x80 && w[1] >= 0x80 && w[3..].iter().any(kinds));
        if lists || maps {
            return;
        }
        let data = data.to_vec();
        if let Err(panic) = catch_unwind(move || check(&data)) {
            eprintln!("{}", SAID.lock().expect("no panic while it is told"));
            std::panic::resume_unwind(panic);
        }
    }
);

fn check(data: &[u8]) {
    let path = file("t.parquet", data);
    let whole = read(Table::open(&path, "t.parquet", &COLUMNS));
    assert_eq!(read(Table::open(&path, "t.parquet", &COLUMNS)), whole, "the second time");
    if let Ok(facts) = &whole.end {
        assert_eq!(facts.sha256, HashingReader::new(data).drain_hex().expect("bytes can be read"));
    }
    assert_same_as_csv(&whole.rows);
}
