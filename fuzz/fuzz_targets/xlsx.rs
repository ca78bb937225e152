//! Workbooks: whole files where the input is one, and otherwise XML parts that are packed here.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trueup_core::Decimal;
use trueup_fuzz::workbook::{number_rows, packed, text_rows, xml_parts};
use trueup_fuzz::{COLUMNS, Whole, assert_same_as_csv, cells, file, read};
use trueup_table::{HashingReader, Table};

/// Significant digits that Excel holds.
const DIGITS: usize = 15;

fuzz_target!(|data: &[u8]| {
    let whole = if data.starts_with(b"PK") {
        open(data)
    } else {
        let parts = xml_parts(data);
        let stored = open(&packed(&parts, true));
        let deflated = open(&packed(&parts, false));
        assert_eq!(stored.told(), deflated.told(), "stored and deflated");
        stored
    };
    assert_same_as_csv(&whole.rows);
    let again = open_rows(&text_rows(&whole.rows));
    assert!(again.end.is_ok(), "rows that were read are refused as a workbook: {:?}", again.end);
    assert_eq!(cells(&again.rows), cells(&whole.rows), "written as a workbook");
    numbers(&whole);
});

fn open(bytes: &[u8]) -> Whole {
    let whole = read(Table::open(&file("t.xlsx", bytes), "t.xlsx", &COLUMNS));
    if let Ok(facts) = &whole.end {
        assert_eq!(facts.sha256, HashingReader::new(bytes).drain_hex().expect("bytes can be read"));
    }
    whole
}

fn open_rows(rows: &str) -> Whole {
    open(&packed(&xml_parts(rows.as_bytes()), true))
}

/// What looks like a number, stored as one: it is shown as the same number, and what is shown is shown as it is.
fn numbers(whole: &Whole) {
    let number = |text: &&str| {
        !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
    };
    let stored: Vec<&str> = whole.rows.iter().flat_map(|(_, cells)| cells).map(String::as_str).filter(number).collect();
    let shown = first_cells(&stored);
    let again = first_cells(&shown.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(shown, again, "a number that is shown is shown otherwise when it is stored so");
    for (stored, shown) in stored.iter().zip(&shown) {
        let (Ok(stored), Ok(shown)) = (Decimal::parse(stored), Decimal::parse(shown)) else { continue };
        let digits = stored.normal().mantissa().unsigned_abs().to_string().len();
        assert!(digits > DIGITS || stored.same_value(shown), "{stored} is shown as {shown}");
    }
}

fn first_cells(numbers: &[&str]) -> Vec<String> {
    let whole = open_rows(&number_rows(numbers.iter().copied()));
    assert!(whole.end.is_ok(), "{:?}", whole.end);
    assert_eq!(whole.rows.len(), numbers.len());
    whole.rows.iter().map(|(_, cells)| cells[0].clone()).collect()
}
