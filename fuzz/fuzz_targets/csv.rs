//! CSV, plain and packed with zstd, against a second reader that is written for clearness and not for speed.
#![no_main]

use std::io::{Cursor, Read as _};

use libfuzzer_sys::fuzz_target;
use trueup_fuzz::{COLUMNS, Pieces, Whole, assert_same_as_csv, file, read};
use trueup_table::{HashingReader, Table};

/// A packed input that unpacks to more is not unpacked a second time.
const UNPACKED: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"\x28\xB5\x2F\xFD") {
        return packed(data);
    }
    let whole = plain(data);
    let pieces = Pieces::new(data, 1 + data.len() % 7);
    assert_eq!(read(Table::from_csv_reader(pieces, "t.csv", &COLUMNS)), whole, "in small pieces");
    let path = file("t.csv.zst", &zstd::encode_all(data, 1).expect("memory takes bytes"));
    assert_eq!(read(Table::open(&path, "t.csv", &COLUMNS)).told(), whole.told(), "packed");
    if let Ok(facts) = &whole.end {
        assert_eq!(facts.sha256, HashingReader::new(data).drain_hex().expect("bytes can be read"));
    }
    assert_same_as_csv(&whole.rows);
    let Some((row, names)) = &whole.header else { return };
    let text = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    let agrees = |delimiter| naive(text, delimiter, *row, names).is_some_and(|other| same(&other, &whole));
    // An error leaves no notes, so it has to agree with one of the delimiters only.
    let delimiters: &[u8] = match &whole.end {
        Ok(facts) if facts.notes.iter().any(|note| note == "separated by semicolons") => b";",
        Ok(facts) if facts.notes.iter().any(|note| note == "separated by tabs") => b"\t",
        Ok(_) => b",",
        Err(_) => b",;\t",
    };
    assert!(delimiters.iter().any(|delimiter| agrees(*delimiter)), "the second reader reads otherwise than {whole:?}");
});

fn plain(data: &[u8]) -> Whole {
    read(Table::from_csv_reader(Cursor::new(data.to_vec()), "t.csv", &COLUMNS))
}

/// A file that claims to be packed is refused if it cannot be unpacked; otherwise it is what it unpacks to.
fn packed(data: &[u8]) {
    let whole = read(Table::open(&file("t.csv.zst", data), "t.csv", &COLUMNS));
    let mut text = Vec::new();
    let decoder = zstd::Decoder::new(data).expect("a decoder");
    match decoder.take(UNPACKED + 1).read_to_end(&mut text) {
        Ok(bytes) if bytes <= usize::try_from(UNPACKED).expect("a small number") => {
            assert_eq!(plain(&text).told(), whole.told(), "unpacked");
        }
        Ok(_) => {}
        Err(_) => assert!(whole.end.is_err(), "a damaged file was read: {whole:?}"),
    }
}

/// What the second reader made of the rows after the header, and the row that it refuses.
struct Naive {
    rows: Vec<(u64, Vec<String>)>,
    refused: Option<u64>,
}

fn same(naive: &Naive, whole: &Whole) -> bool {
    naive.rows == whole.rows && naive.refused == whole.end.as_ref().err().map(|error| error.row.unwrap_or(0))
}

/// Reads with this delimiter, given where the header is and what it calls the columns. `None` if there is no such header.
fn naive(text: &[u8], delimiter: u8, header: u64, names: &[Option<String>]) -> Option<Naive> {
    let (records, broken) = records(text, delimiter);
    let before = usize::try_from(header).ok()?.checked_sub(1)?;
    let cells = &records.get(before)?.0;
    let width = cells.len();
    let is = |cell: &[u8], name: &str| cell.trim_ascii() == name.as_bytes();
    let place = |name: &String| cells.iter().position(|cell| is(cell, name));
    let places: Vec<Option<usize>> = names.iter().map(|name| name.as_ref().and_then(place)).collect();
    if names.iter().zip(&places).any(|(name, place)| name.is_some() != place.is_some()) {
        return None;
    }
    let mut rows = Vec::new();
    for (number, (cells, blank)) in (1..).zip(&records).skip(before + 1) {
        if *blank {
            continue;
        }
        let texts: Option<Vec<&str>> = cells.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
        let Some(texts) = texts.filter(|texts| texts.len() == width) else {
            return Some(Naive { rows, refused: Some(number) });
        };
        if texts.iter().any(|text| !text.trim_ascii().is_empty()) {
            let cell = |place: &Option<usize>| place.map_or("", |place| texts[place].trim_ascii()).to_owned();
            rows.push((number, places.iter().map(cell).collect()));
        }
    }
    let next = u64::try_from(records.len()).ok()? + 1;
    Some(Naive { rows, refused: broken.then_some(next) })
}

/// A record's cells, and whether it is a blank line.
type Cells = (Vec<Vec<u8>>, bool);

/// Every record, and whether one follows that cannot be read.
fn records(text: &[u8], delimiter: u8) -> (Vec<Cells>, bool) {
    let mut records = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let blank = matches!(rest, [b'\r' | b'\n', ..]);
        let Some((cells, after)) = record(rest, delimiter) else { return (records, true) };
        records.push((cells, blank));
        rest = after;
    }
    (records, false)
}

fn record(mut rest: &[u8], delimiter: u8) -> Option<(Vec<Vec<u8>>, &[u8])> {
    let mut cells = Vec::new();
    loop {
        let (cell, after) = match rest {
            [b'"', inner @ ..] => quoted(inner)?,
            _ => {
                let end = rest.iter().position(|b| *b == delimiter || matches!(b, b'\r' | b'\n' | 0));
                let (cell, after) = rest.split_at(end.unwrap_or(rest.len()));
                (cell.to_vec(), after)
            }
        };
        cells.push(cell);
        match after {
            [b'\r', b'\n', after @ ..] | [b'\r' | b'\n', after @ ..] => return Some((cells, after)),
            [] => return Some((cells, after)),
            [byte, after @ ..] if *byte == delimiter => rest = after,
            _ => return None,
        }
    }
}

/// A quoted cell from behind its first quote.
fn quoted(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut cell = Vec::new();
    loop {
        match rest {
            [b'"', b'"', after @ ..] => {
                cell.push(b'"');
                rest = after;
            }
            [b'"', after @ ..] => return Some((cell, after)),
            [0, ..] | [] => return None,
            [byte, after @ ..] => {
                cell.push(*byte);
                rest = after;
            }
        }
    }
}
