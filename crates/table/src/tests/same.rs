//! One table, written in every format and read back.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::fixtures::{file, workbook, xml, zip};
use super::{COLUMNS, Rows, all};
use crate::Table;

/// Text as people put it into cells; no control characters but line ends and tabs.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,24}",
        "-?[0-9]{1,20}[.,][0-9]{1,18}",
        "[a-zA-Z \"',;\t\n]{0,12}",
        "(\r\n|\n|\"|\"\"|_x0041_|é|🌿|<|&|;|,|\t){0,6}",
        Just(String::new()),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    prop::collection::vec(prop::collection::vec(cell(), 3), 0..12)
}

fn as_csv(rows: &[Vec<String>], delimiter: char, end: &str, always_quote: bool) -> String {
    let header = ["Tag", "Qty", "Note"].map(str::to_owned).to_vec();
    let mut out = String::new();
    for (i, row) in std::iter::once(&header).chain(rows).enumerate() {
        if i > 0 {
            out.push_str(end);
        }
        for (j, text) in row.iter().enumerate() {
            if j > 0 {
                out.push(delimiter);
            }
            if always_quote || text.contains([delimiter, '"', '\n', '\r']) {
                let _ = write!(out, "\"{}\"", text.replace('"', "\"\""));
            } else {
                out.push_str(text);
            }
        }
    }
    out
}

fn as_xlsx(rows: &[Vec<String>], shared: bool) -> Vec<u8> {
    let header = ["Tag", "Qty", "Note"].map(str::to_owned).to_vec();
    let (mut sheet, mut strings, mut count) = (String::new(), String::new(), 0);
    for (i, row) in std::iter::once(&header).chain(rows).enumerate() {
        let _ = write!(sheet, "<row r=\"{}\">", i + 1);
        for (text, letter) in row.iter().zip("ABC".chars()).filter(|(t, _)| !t.is_empty()) {
            let (address, text) = (format!("{letter}{}", i + 1), xml(text));
            if shared {
                let _ = write!(sheet, "<c r=\"{address}\" t=\"s\"><v>{count}</v></c>");
                let _ = write!(strings, "<si><t xml:space=\"preserve\">{text}</t></si>");
                count += 1;
            } else {
                let _ = write!(sheet, "<c r=\"{address}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
            }
        }
        sheet.push_str("</row>");
    }
    zip(&workbook(&sheet, &strings))
}

/// What must come out: trimmed, rows with text only, numbered from 2.
fn expected(rows: &[Vec<String>]) -> Rows {
    let trimmed = rows.iter().map(|r| r.iter().map(|c| c.trim_ascii().to_owned()).collect::<Vec<_>>());
    (2..).zip(trimmed).filter(|(_, r)| r.iter().any(|c| !c.is_empty())).collect()
}

fn open(name: &str, bytes: &[u8]) -> Rows {
    let (_dir, path) = file(name, bytes);
    all(Table::open(&path, name, &COLUMNS).unwrap(), 3).unwrap().0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_format_reads_back_the_same(rows in table(), chunk in 1_usize..40, quote: bool) {
        let want = expected(&rows);
        for delimiter in [',', ';', '\t'] {
            for end in ["\n", "\r\n", "\r"] {
                let text = as_csv(&rows, delimiter, end, quote);
                let table = Table::from_csv_chunks(std::io::Cursor::new(text.clone()), chunk, "t.csv", &COLUMNS).unwrap();
                prop_assert_eq!(&all(table, 3).unwrap().0, &want, "{:?}", text);
            }
        }
        let text = as_csv(&rows, ',', "\n", quote);
        prop_assert_eq!(&open("t.csv", text.as_bytes()), &want);
        prop_assert_eq!(&open("t.csv.zst", &zstd::encode_all(text.as_bytes(), 1).unwrap()), &want);
        prop_assert_eq!(&open("t.xlsx", &as_xlsx(&rows, true)), &want);
        prop_assert_eq!(&open("t.xlsx", &as_xlsx(&rows, false)), &want);
    }

    /// Whatever is accepted is read as `csv-core` reads it.
    #[test]
    fn as_csv_core_reads_it(body in "([ab1\", \n\r]|\"\"|\"a\"|,){0,40}", chunk in 1_usize..40) {
        let text = format!("tag,qty\n{body}");
        let table = Table::from_csv_chunks(std::io::Cursor::new(text.clone()), chunk, "t.csv", &COLUMNS);
        if let Ok((rows, _)) = table.and_then(|t| all(t, 2)) {
            let rows: Vec<_> = rows.into_iter().map(|r| r.1).collect();
            prop_assert_eq!(rows, with_csv_core(&text));
        }
    }

    /// Bytes of any kind give rows or an error, never a panic, and the same at every buffer size.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(prop_oneof![3 => prop::sample::select(b"\",;\t\n\r\0ab\xc3\xa9".to_vec()), 1 => any::<u8>()], 0..80), chunk in 1_usize..20) {
        let text = [b"tag,qty\n".to_vec(), bytes].concat();
        let read = |chunk| {
            let table = Table::from_csv_chunks(std::io::Cursor::new(text.clone()), chunk, "t.csv", &COLUMNS);
            table.and_then(|t| all(t, 2))
        };
        prop_assert_eq!(read(chunk), read(1 << 16));
    }

    /// A workbook with damaged bytes gives rows or an error, never a panic.
    #[test]
    fn damaged_workbooks(at in any::<prop::sample::Index>(), with: u8, row in prop::collection::vec("[a-z0-9]{1,4}", 3)) {
        let mut bytes = as_xlsx(&[row], true);
        let i = at.index(bytes.len());
        bytes[i] = with;
        let (_dir, path) = file("t.xlsx", &bytes);
        let _ = Table::open(&path, "t.xlsx", &COLUMNS).and_then(|t| all(t, 3));
    }
}

/// Rows after the header, trimmed, without those that have no text.
fn with_csv_core(text: &str) -> Vec<Vec<String>> {
    // A last record without a line end would come in two parts.
    let text = format!("{text}\n");
    let (mut reader, mut input) = (csv_core::Reader::new(), text.as_bytes());
    let (mut rows, mut out, mut ends) = (Vec::new(), [0; 4096], [0; 256]);
    loop {
        let (result, used, _, fields) = reader.read_record(input, &mut out, &mut ends);
        input = &input[used..];
        match result {
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::Record => {
                let mut start = 0;
                let row = ends[..fields].iter().map(|end| {
                    let text = std::str::from_utf8(&out[start..*end]).unwrap().trim_ascii().to_owned();
                    start = *end;
                    text
                });
                rows.push(row.collect::<Vec<_>>());
            }
            csv_core::ReadRecordResult::End => break,
            other => panic!("{other:?}"),
        }
    }
    rows.remove(0);
    rows.retain(|r| r.iter().any(|c| !c.is_empty()));
    rows
}
