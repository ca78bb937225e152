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
        std::panic::set_hook(Box::new(|panic| *SAID.lock().expect("no panic while it is told") = panic.to_string()));
    },
    |data: &[u8]| {
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
