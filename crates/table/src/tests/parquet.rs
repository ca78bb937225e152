use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::fixtures::file;
use super::{COLUMNS, Rows, all, cells};
use crate::{Column, InputError, Table, TableFacts};

/// Values of one column of a row group; `None` is empty.
enum Values {
    Bool(Vec<Option<bool>>),
    I32(Vec<Option<i32>>),
    I64(Vec<Option<i64>>),
    F64(Vec<Option<f64>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Fixed(Vec<Option<Vec<u8>>>),
}

fn split<T: Clone, U>(values: &[Option<T>], each: impl Fn(T) -> U) -> (Vec<U>, Vec<i16>) {
    (values.iter().flatten().cloned().map(each).collect(), values.iter().map(|v| i16::from(v.is_some())).collect())
}

fn write(schema: &str, groups: &[Vec<Values>], compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for group in groups {
        let mut rows = writer.next_row_group().unwrap();
        for values in group {
            let mut column = rows.next_column().unwrap().unwrap();
            macro_rules! put {
                ($writer:expr, $values:expr, $each:expr) => {{
                    let (values, levels) = split($values, $each);
                    $writer.write_batch(&values, Some(&levels), None).unwrap();
                }};
            }
            match (column.untyped(), values) {
                (ColumnWriter::BoolColumnWriter(w), Values::Bool(v)) => put!(w, v, |x| x),
                (ColumnWriter::Int32ColumnWriter(w), Values::I32(v)) => put!(w, v, |x| x),
                (ColumnWriter::Int64ColumnWriter(w), Values::I64(v)) => put!(w, v, |x| x),
                (ColumnWriter::DoubleColumnWriter(w), Values::F64(v)) => put!(w, v, |x| x),
                (ColumnWriter::ByteArrayColumnWriter(w), Values::Bytes(v)) => put!(w, v, ByteArray::from),
                (ColumnWriter::FixedLenByteArrayColumnWriter(w), Values::Fixed(v)) => {
                    put!(w, v, |x: Vec<u8>| FixedLenByteArray::from(ByteArray::from(x)));
                }
                _ => panic!("the values do not fit the schema"),
            }
            column.close().unwrap();
        }
        rows.close().unwrap();
    }
    writer.into_inner().unwrap()
}

fn text(values: &[&str]) -> Values {
    Values::Bytes(values.iter().map(|v| (!v.is_empty()).then(|| v.as_bytes().to_vec())).collect())
}

fn open(bytes: &[u8], columns: &'static [Column]) -> Result<(Rows, TableFacts), InputError> {
    let (_dir, path) = file("t.parquet", bytes);
    all(Table::open(&path, "pos/t.parquet", columns)?, columns.len())
}

const SCHEMA: &str =
    "message t { optional binary Tag (STRING); optional binary Qty (STRING); optional binary Color (STRING); }";

#[test]
fn rows_come_in_order_over_batches_and_row_groups() {
    let count = 1300;
    let tags: Vec<String> = (0..count).map(|i| format!("tag{i}")).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())] {
        let group = || vec![text(&tags), text(&vec!["1"; count]), text(&vec!["red"; count])];
        let none = || vec![text(&[]), text(&[]), text(&[])];
        let bytes = write(SCHEMA, &[group(), none(), group()], compression);
        let (rows, facts) = open(&bytes, &COLUMNS).unwrap();
        assert_eq!(rows.len(), 2 * count);
        for (i, (number, cells)) in rows.iter().enumerate() {
            assert_eq!(*number, i as u64 + 2);
            assert_eq!(*cells, [tags[i % count], "1", ""]);
        }
        assert_eq!(facts.notes, ["unknown columns not read: Color"]);
        assert_eq!(facts.sha256, crate::HashingReader::new(&bytes[..]).drain_hex().unwrap());
    }
}

static TYPES: [Column; 9] = [
    Column { name: "decimal", aliases: &[], required: true },
    Column { name: "small", aliases: &[], required: true },
    Column { name: "stamp", aliases: &[], required: true },
    Column { name: "local", aliases: &[], required: true },
    Column { name: "day", aliases: &[], required: true },
    Column { name: "yes", aliases: &[], required: true },
    Column { name: "float", aliases: &[], required: true },
    Column { name: "whole", aliases: &[], required: true },
    Column { name: "raw", aliases: &[], required: true },
];

const TYPES_SCHEMA: &str = "message t {
    optional fixed_len_byte_array(16) decimal (DECIMAL(38, 12));
    optional int32 small (DECIMAL(9, 2));
    optional int64 stamp (TIMESTAMP(MICROS, true));
    optional int64 local (TIMESTAMP(NANOS, false));
    optional int32 day (DATE);
    optional boolean yes;
    optional double float;
    optional int64 whole (INTEGER(64, false));
    optional binary raw;
}";

fn types(float: f64, raw: &[u8]) -> Result<(Rows, TableFacts), InputError> {
    let group = vec![
        Values::Fixed(vec![Some((-1_234_567_890_123_456_789_i128).to_be_bytes().to_vec()), None]),
        Values::I32(vec![Some(350), None]),
        Values::I64(vec![Some(1_772_986_811_500_000), None]),
        Values::I64(vec![Some(1_772_986_811_000_000_001), None]),
        Values::I32(vec![Some(20_520), None]),
        Values::Bool(vec![Some(true), Some(false)]),
        Values::F64(vec![Some(float), None]),
        Values::I64(vec![Some(-1), None]),
        Values::Bytes(vec![Some(raw.to_vec()), None]),
    ];
    open(&write(TYPES_SCHEMA, &[group], Compression::SNAPPY), &TYPES)
}

#[test]
fn values_are_exact_text() {
    let (rows, _) = types(0.1 + 0.2, b" 00012 ").unwrap();
    assert_eq!(
        cells(&rows),
        [
            [
                "-1234567.890123456789",
                "3.50",
                "2026-03-08T16:20:11.5Z",
                "2026-03-08T16:20:11.000000001",
                "2026-03-08",
                "TRUE",
                "0.30000000000000004",
                "18446744073709551615",
                "00012",
            ],
            ["", "", "", "", "", "FALSE", "", "", ""],
        ]
    );
}

#[test]
fn what_has_no_exact_text_is_refused() {
    for float in [f64::NAN, f64::INFINITY] {
        let e = types(float, b"x").unwrap_err();
        assert_eq!((e.row, e.column.as_deref()), (Some(2), Some("float")), "{e}");
    }
    assert!(types(1.0, b"a\0").unwrap_err().found.contains("NUL"));
    let e = types(1.0, b"\xff").unwrap_err();
    assert_eq!((e.row, e.column.as_deref()), (Some(2), Some("raw")), "{e}");
    let long = "x".repeat((1 << 20) + 1);
    let bytes = write(SCHEMA, &[vec![text(&[&long]), text(&["1"]), text(&["1"])]], Compression::SNAPPY);
    assert!(open(&bytes, &COLUMNS).unwrap_err().found.contains("longer than"));
    for column in ["optional int96 Qty;", "optional group Qty { optional binary a; }", "repeated int32 Qty;"] {
        let schema = format!("message t {{ optional binary Tag (STRING); {column} }}");
        let e = open(&write(&schema, &[], Compression::SNAPPY), &COLUMNS).unwrap_err();
        assert_eq!((e.row, e.column.as_deref()), (Some(1), Some("Qty")), "{e}");
    }
}

#[test]
fn nested_columns_that_are_not_read_are_only_noted() {
    let schema =
        "message t { optional group extra { optional binary a; } optional binary Tag (STRING); required int32 Qty; }";
    let (rows, facts) = open(&write(schema, &[], Compression::SNAPPY), &COLUMNS).unwrap();
    assert_eq!((rows.len(), facts.notes), (0, vec!["unknown columns not read: extra".to_owned()]));
    let flat = "message t { optional binary extra; optional binary Tag (STRING); required int32 Qty; }";
    let group = vec![text(&["x"]), text(&["a"]), Values::I32(vec![Some(1)])];
    let (rows, _) = open(&write(flat, &[group], Compression::SNAPPY), &COLUMNS).unwrap();
    assert_eq!(cells(&rows), [["a", "1", ""]]);
}

#[test]
fn header_rules_are_those_of_csv() {
    let schema = "message t { optional binary Tag; optional binary qty; optional binary Qty; }";
    assert!(open(&write(schema, &[], Compression::SNAPPY), &COLUMNS).unwrap_err().found.contains("twice"));
    let schema = "message t { optional binary Tag; }";
    let e = open(&write(schema, &[], Compression::SNAPPY), &COLUMNS).unwrap_err();
    assert_eq!((e.row, e.column.as_deref()), (Some(1), Some("quantity")));
}

#[test]
fn damaged_files_are_refused() {
    let bytes = write(SCHEMA, &[vec![text(&["a"]), text(&["1"]), text(&["x"])]], Compression::SNAPPY);
    for damaged in [b"".as_slice(), b"PAR1", b"tag,qty\n", &bytes[..bytes.len() - 1], &bytes[..bytes.len() / 2]] {
        assert!(open(damaged, &COLUMNS).unwrap_err().found.contains("cannot be read"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_damage_is_an_error_or_a_table(at in any::<prop::sample::Index>(), with: u8) {
        let mut bytes = write(SCHEMA, &[vec![text(&["a", "b", ""]), text(&["1", "", "2"]), text(&["x", "y", "z"])]], Compression::SNAPPY);
        let i = at.index(bytes.len());
        bytes[i] = with;
        let _ = open(&bytes, &COLUMNS);
    }
}

#[test]
fn damaged_files_are_refused_at_once() {
    // Found by fuzzing: lists of two billion nothings, pages past the end of the file, columns of a negative length.
    let damaged: [&[u8]; 6] = [
        include_bytes!("damaged/list_of_nothing.parquet"),
        include_bytes!("damaged/page_past_the_end.parquet"),
        include_bytes!("damaged/panic_1.parquet"),
        include_bytes!("damaged/panic_2.parquet"),
        include_bytes!("damaged/panic_3.parquet"),
        include_bytes!("damaged/panic_4.parquet"),
    ];
    for (place, bytes) in damaged.into_iter().enumerate() {
        let (_dir, path) = file("t.parquet", bytes);
        let read = Table::open(&path, "pos/t.parquet", &COLUMNS).and_then(|table| all(table, COLUMNS.len()));
        assert!(read.is_err(), "{place} was read");
        assert!(!crate::is_guarded());
    }
}
