//! Answers of the Metrc API, one or several files a list: `%% receipts.json` begins a file of receipts. An input without
//! such lines is read as a file of each kind.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use trueup_fuzz::{Pieces, assert_line, parts};
use trueup_metrc::{
    Adjustment, Delivery, FileFacts, Latest, ListReader, NumberText, Package, Receipt, Record, Transaction, Transfer,
    WireError,
};

fuzz_target!(|data: &[u8]| {
    let files = parts(data);
    kind::<Package>("packages", &files, |it| {
        let item = it.item.as_ref();
        let weights = item.into_iter().flat_map(|item| [item.unit_weight.as_ref(), item.unit_volume.as_ref()]);
        [it.quantity.as_ref(), it.original_package_quantity.as_ref()].into_iter().chain(weights).flatten().collect()
    });
    kind::<Receipt>("receipts", &files, |it| of_lines(&it.transactions).chain(&it.total_price).collect());
    kind::<Delivery>("deliveries", &files, |it| of_lines(&it.transactions).collect());
    kind::<Adjustment>("adjustments", &files, |it| it.adjustment_quantity.iter().collect());
    kind::<Transfer>("transfers", &files, |it| {
        it.packages.iter().flat_map(|row| row.shipped_quantity.iter().chain(&row.received_quantity)).collect()
    });
});

fn of_lines(lines: &[Transaction]) -> impl Iterator<Item = &NumberText> {
    lines.iter().flat_map(|line| line.quantity_sold.iter().chain(&line.total_price))
}

/// A list that was read: its files' facts, its records with the number of their file, and how it ended.
type List<T> = (Vec<FileFacts>, Vec<(T, usize, u64)>, Result<(), WireError>);

/// Checks the files of one kind as one list. `numbers` gives the numbers of a record.
fn kind<T: Record>(prefix: &str, parts: &[(&str, &[u8])], numbers: fn(&T) -> Vec<&NumberText>) {
    let named = |(name, bytes): &(&str, &[u8])| {
        (name.is_empty() && !bytes.is_empty() || name.starts_with(prefix)).then_some(bytes.to_vec())
    };
    let files: Vec<Vec<u8>> = parts.iter().filter_map(named).collect();
    if files.is_empty() {
        return;
    }
    let list = read::<T>(&files, usize::MAX);
    assert_eq!(read::<T>(&files, 1 + files[0].len() % 5), list, "in small pieces");
    let (facts, records, end) = &list;
    if let Err(error) = end {
        assert_line(&error.to_string());
        let given = records.iter().filter(|(_, file, _)| *file == facts.len()).count();
        let at = error.record.map_or(0, |record| usize::try_from(record).expect("few records"));
        assert!(at <= given + 1, "an error in record {at} after {given} of them");
    }
    for (record, file, _) in records {
        for number in numbers(record) {
            assert_written(number, &files[*file]);
        }
    }
    order(records);
    if let (Ok(()), [file]) = (end, files.as_slice()) {
        other_forms(file, records);
    }
}

fn read<T: Record>(files: &[Vec<u8>], most: usize) -> List<T> {
    let mut reader = ListReader::<T>::new();
    let (mut facts, mut records) = (Vec::new(), Vec::new());
    for (place, bytes) in files.iter().enumerate() {
        let before = records.len();
        let one = reader.read_file(&format!("{place}.json"), Pieces::new(bytes, most), &mut |record, number| {
            records.push((record, place, number));
            Ok(())
        });
        let given = records[before..].iter().map(|(.., number)| *number);
        assert!(given.eq((1..).take(records.len() - before)), "records are numbered from 1");
        match one {
            Ok(one) => {
                assert_eq!(one.records, u64::try_from(records.len() - before).expect("few records"));
                one.notes.iter().for_each(|note| assert_line(note));
                facts.push(one);
            }
            Err(error) => return (facts, records, Err(error)),
        }
    }
    let end = reader.finish();
    (facts, records, end)
}

/// A number stays as it was written. (Escapes may write a digit otherwise.)
fn assert_written(number: &NumberText, file: &[u8]) {
    let text = number.as_str().as_bytes();
    let there = file.windows(text.len()).any(|window| window == text);
    assert!(there || file.contains(&b'\\'), "{number} is not in the file");
    assert!(number.as_str().bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')), "{number}");
}

/// What is kept of several versions of a record does not depend on the order in which they come.
fn order<T: Record>(records: &[(T, usize, u64)]) {
    let keep = |records: &mut dyn Iterator<Item = &(T, usize, u64)>| {
        let mut latest = Latest::<T>::new();
        for (record, file, number) in records {
            latest.insert(record.clone(), &format!("{file}.json"), *number)?;
        }
        let (records, facts) = latest.into_records();
        Ok::<_, WireError>((texts(records.into_iter().map(|(record, _)| record)), facts.superseded, facts.repeated))
    };
    match (keep(&mut records.iter()), keep(&mut records.iter().rev())) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one, other);
            let all = u64::try_from(one.0.len()).expect("few records") + one.1 + one.2;
            assert_eq!(all, u64::try_from(records.len()).expect("few records"), "a record was lost");
        }
        (Err(one), Err(other)) => {
            assert_line(&one.to_string());
            assert_line(&other.to_string());
        }
        (one, other) => panic!("refused in one order only: {:?} and {:?}", one.map(drop), other.map(drop)),
    }
}

/// Records as texts in one order; those without an id may come in any.
fn texts<T: Debug>(records: impl Iterator<Item = T>) -> Vec<String> {
    let mut texts: Vec<String> = records.map(|record| format!("{record:?}")).collect();
    texts.sort();
    texts
}

/// Brackets that may stand in each other, so that a page around them is not too deep.
const DEEP: usize = 50;

/// One array, JSON lines and one page are the same list.
fn other_forms<T: Record>(file: &[u8], records: &[(T, usize, u64)]) {
    let text = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let Ok(text) = std::str::from_utf8(text) else { panic!("a file that is not UTF-8 was read") };
    // A page has its own rules, which the whole list keeps; only single records can be put together otherwise.
    let single = !text.contains("Data") && !text.contains("Total\"") && !text.contains('\\') && !text.contains("Page");
    if !single || text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > DEEP {
        return;
    }
    let mut objects: Vec<&RawValue> = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let value = value.expect("what was read is JSON");
        match value.get().as_bytes().first() {
            Some(b'{') => objects.push(value),
            _ => objects.extend(serde_json::from_str::<Vec<&RawValue>>(value.get()).expect("an array was read")),
        }
    }
    assert_eq!(objects.len(), records.len(), "objects and records");
    let texts: Vec<&str> = objects.iter().map(|object| object.get()).collect();
    let count = texts.len();
    let counts =
        format!("\"Total\":{count},\"TotalRecords\":{count},\"RecordsOnPage\":{count},\"Page\":1,\"TotalPages\":1");
    let forms =
        [texts.join("\n"), format!("[{}]", texts.join(",")), format!("{{\"Data\":[{}],{counts}}}", texts.join(","))];
    for form in forms.iter().filter(|_| count > 0) {
        let (_, again, end) = read::<T>(&[form.as_bytes().to_vec()], usize::MAX);
        if let Err(error) = &end {
            // The ids of a page's rows must differ, those of single records need not.
            assert!(error.to_string().contains("different ids"), "{form}: {error}");
        }
        assert!(again.iter().map(|(record, ..)| record).eq(records.iter().map(|(record, ..)| record)), "{form}");
    }
}
