//! Blocks give the rows that tables give, or none.

use std::io::Write as _;

use proptest::prelude::*;

use crate::{Blocks, Column, NotPlain, Table, TableFacts};

static COLUMNS: [Column; 3] = [
    Column { name: "a", aliases: &[], required: true },
    Column { name: "b", aliases: &[], required: true },
    Column { name: "missing", aliases: &[], required: false },
];

type Rows = Vec<[String; 2]>;

fn by_table(path: &std::path::Path) -> Option<(Rows, TableFacts)> {
    let mut table = Table::open(path, "t.csv", &COLUMNS).ok()?;
    let mut rows = Vec::new();
    while let Some(row) = table.next_row().ok()? {
        rows.push([row.get(0).to_owned(), row.get(1).to_owned()]);
    }
    let facts = table.finish().ok()?;
    Some((rows, facts))
}

/// The rows by block, and each looked up again by where it begins.
fn by_blocks(path: &std::path::Path) -> Option<(Rows, TableFacts)> {
    let bytes = std::fs::read(path).unwrap();
    let mut blocks = Blocks::open(path, "t.csv", &COLUMNS).ok()??;
    let (a, b, missing) = (blocks.place(0), blocks.place(1), blocks.place(2));
    let text = |cell: &[u8]| std::str::from_utf8(cell).unwrap().to_owned();
    let (mut rows, mut begins) = (Vec::new(), Vec::new());
    while let Some(block) = blocks.next_block().ok()? {
        for row in block.rows() {
            assert!(row.cell(missing).is_empty());
            rows.push([text(row.cell(a)), text(row.cell(b))]);
            begins.push(usize::try_from(row.offset()).unwrap());
        }
    }
    let (facts, mut single) = blocks.finish();
    for (begin, expected) in begins.into_iter().zip(&rows) {
        let line = bytes[begin..].split(|byte| *byte == b'\n').next().unwrap();
        let row = single.row(line).unwrap();
        assert_eq!([row.get(0), row.get(1)], [expected[0].as_str(), expected[1].as_str()]);
    }
    Some((rows, facts))
}

fn written(text: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::File::create(&path).unwrap().write_all(text).unwrap();
    (folder, path)
}

proptest! {
    #[test]
    fn the_rows_of_a_table_or_none(
        header in prop_oneof![Just("a,b"), Just("b,x,a"), Just("a;b"), Just("\u{feff}a,b")],
        rows in prop::collection::vec("[a-c ]{0,3},[0-9é ]{0,4}(,x)?|\"a\",b|,", 0..40),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("")],
    ) {
        let line_end = if end.is_empty() { "\n" } else { end };
        let mut text = header.to_owned();
        for row in &rows {
            text.push_str(line_end);
            text.push_str(row);
        }
        text.push_str(end);
        let (_folder, path) = written(text.as_bytes());
        if let Some((rows, facts)) = by_blocks(&path) {
            // A table leaves out rows without text; whoever reads blocks sees them.
            if let Some((of_table, facts_of_table)) = by_table(&path) {
                let has_text = |row: &&[String; 2]| row.iter().any(|cell| !cell.is_empty());
                prop_assert_eq!(&of_table, &rows.iter().filter(has_text).cloned().collect::<Rows>());
                if of_table.len() == rows.len() {
                    prop_assert_eq!(facts_of_table, facts);
                }
            }
        }
    }
}

#[test]
fn plain_rows_over_many_blocks() {
    for end in ["\n", "\r\n"] {
        let mut text = format!("a,b{end}");
        for number in 0..60_000 {
            text.push_str(&format!("row {number},{}{end}", "x".repeat(number % 17)));
        }
        let (_folder, path) = written(text.trim_end().as_bytes());
        let blocks = by_blocks(&path).unwrap();
        assert_eq!(blocks.1.rows, 60_000);
        assert_eq!(Some(blocks), by_table(&path));
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_table() {
    for text in [
        "a,b\n1\r,2\n",
        "a,b\r1,2\r",
        "a;b\n1;2\n",
        "a,b\n1,\"2\"\n",
        "a,b\n1\n",
        "a,b\n1,2,3\n",
        "a,b\n\n1,2\n",
        "\na,b\n1,2\n",
        "a,b\n1,\0\n",
    ] {
        let (_folder, path) = written(text.as_bytes());
        assert_eq!(by_blocks(&path), None, "{text:?}");
    }
    let (_folder, path) = written(b"a,b\n1,\xff\n");
    let mut blocks = Blocks::open(&path, "t.csv", &COLUMNS).unwrap().unwrap();
    assert_eq!(blocks.next_block().err(), Some(NotPlain));
}
