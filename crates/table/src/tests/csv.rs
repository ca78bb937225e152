use std::io::{Cursor, Read, Write as _};

use super::fixtures::file;
use super::{COLUMNS, all, cells, csv};
use crate::limits::{MAX_COLUMNS, MAX_LINE_BYTES};
use crate::{Column, InputError, Table};

fn error(text: impl AsRef<[u8]>) -> InputError {
    csv(text).unwrap_err()
}

#[test]
fn text_is_exact_and_rows_are_numbered_as_in_a_spreadsheet() {
    let text = "Tag,Qty,Note\n 00012 ,0.10,\"a\n\"\"b\"\"\"\n\nx,1.23E+15,\n";
    let (rows, facts) = csv(text).unwrap();
    assert_eq!(cells(&rows), [["00012", "0.10", "a\n\"b\""], ["x", "1.23E+15", ""]]);
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(facts.notes, [] as [&str; 0]);
    assert_eq!(facts.rows, 2);
}

#[test]
fn hash_is_of_the_raw_bytes() {
    let facts = csv("tag,qty\n").unwrap().1;
    assert_eq!(facts.sha256, crate::HashingReader::new(Cursor::new("tag,qty\n")).drain_hex().unwrap());
    let empty = crate::HashingReader::new(Cursor::new("")).drain_hex().unwrap();
    assert_eq!(empty, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn finish_reads_and_checks_the_rest() {
    let table = Table::from_csv_reader("tag,qty\na,1\nb,2\n".as_bytes(), "t.csv", &COLUMNS).unwrap();
    assert_eq!(table.finish().unwrap().rows, 2);
    let table = Table::from_csv_reader("tag,qty\na,1\nb\n".as_bytes(), "t.csv", &COLUMNS).unwrap();
    assert_eq!(table.finish().unwrap_err().row, Some(3));
}

#[test]
fn header_names_compare_by_letters_and_digits() {
    for header in ["package_id,quantity", "Package ID,Quantity", "packageId,QUANTITY", " Metrc-Tag ,\"Qty\""] {
        assert_eq!(cells(&csv(format!("{header}\na,1")).unwrap().0), [["a", "1", ""]], "{header}");
    }
}

#[test]
fn canonical_name_wins_over_alias_and_earlier_alias_over_later() {
    let (rows, facts) = csv("Available,Tag,Qty,quantity,Reason Note,color,\n1,a,2,3,n,red,x\n").unwrap();
    assert_eq!(cells(&rows), [["a", "3", "n"]]);
    assert_eq!(facts.notes, ["unknown columns not read: Available, Qty, color, 7 (no name)"]);
    assert_eq!(cells(&csv("Available,Tag,Qty\n1,a,2\n").unwrap().0), [["a", "2", ""]]);
}

#[test]
fn header_of_is_the_files_own_text_and_errors_name_both() {
    let mut table = Table::from_csv_reader("tag,Available\na,x\n".as_bytes(), "pos/t.csv", &COLUMNS).unwrap();
    assert!(table.has(1) && !table.has(2) && !table.has(99));
    assert_eq!((table.header_of(1), table.header_of(2)), (Some("Available"), None));
    let row = table.next_row().unwrap().unwrap();
    let error = row.error(1, "\"x\" is not a number", "a decimal such as 3.5", "correct the cell and run again");
    assert_eq!(
        error.to_string(),
        "pos/t.csv, row 2, column Available (quantity): \"x\" is not a number; expected a decimal such as 3.5; correct the cell and run again"
    );
    assert_eq!(row.error(0, "", "", "").column.as_deref(), Some("tag (package_id)"));
    assert_eq!(row.error(2, "", "", "").column.as_deref(), Some("note"));
}

#[test]
fn a_column_twice_is_refused_unless_it_is_not_read() {
    let e = error("tag,Qty,qty\na,1,2\n");
    assert_eq!((e.row, e.column.as_deref()), (Some(1), Some("quantity")));
    assert!(e.found.contains("\"Qty\" (column 2) and \"qty\" (column 3)"), "{e}");
    assert_eq!(cells(&csv("tag,qty,color,Color\na,1,x,y\n").unwrap().0), [["a", "1", ""]]);
    assert_eq!(cells(&csv("tag,quantity,qty,qty\na,1,x,y\n").unwrap().0), [["a", "1", ""]]);
}

#[test]
fn one_header_cell_is_never_two_columns() {
    static SHARED: [Column; 2] = [
        Column { name: "line_total", aliases: &["Total", "quantity"], required: false },
        Column { name: "quantity", aliases: &["Total"], required: false },
    ];
    let open = |text: &'static str| Table::from_csv_reader(text.as_bytes(), "t.csv", &SHARED).unwrap();
    let table = open("quantity,Total\n");
    assert_eq!((table.header_of(0), table.header_of(1)), (Some("Total"), Some("quantity")));
    let table = open("Total,other\n");
    assert_eq!((table.header_of(0), table.header_of(1)), (Some("Total"), None));
}

#[test]
fn a_missing_column_lists_header_and_aliases() {
    let e = error("tag,color\na,red\n");
    assert_eq!((e.row, e.column.as_deref()), (Some(1), Some("quantity")));
    assert!(e.found.ends_with("the header is: tag, color"), "{e}");
    assert_eq!(&*e.expected, "a column quantity (or one of: Qty, Available)");
}

#[test]
fn empty_files_are_refused() {
    for text in ["", "\u{feff}", "\n", "\r\n\n\r"] {
        assert_eq!(error(text).found, "the file is empty", "{text:?}");
    }
    assert_eq!(csv("tag,qty").unwrap().1.rows, 0);
}

#[test]
fn ragged_rows_are_refused_and_blank_ones_are_not() {
    let e = error("tag,qty\na,1\nb\n");
    assert_eq!(
        (e.row, e.found.as_str(), &*e.expected),
        (Some(3), "the row has 1 cell", "2 cells, as the header in row 1 has")
    );
    assert_eq!(error("tag,qty\na,1\nb,2,3").found, "the row has 3 cells");
    assert_eq!(error("tag,qty\n  \n").row, Some(2));
    let (rows, facts) = csv("\n\ntag,qty\n\n,\na,1\n,\n\n\n").unwrap();
    assert_eq!(rows, [(6, vec!["a".to_owned(), "1".to_owned(), String::new()])]);
    assert_eq!(facts.notes, ["rows with no text between others, skipped: 1"]);
}

#[test]
fn line_ends_delimiters_and_marks_are_noted() {
    let notes = |text: &str| csv(text).unwrap().1.notes;
    assert_eq!(
        notes("\u{feff}tag;qty\r\na;1\r\n"),
        ["byte order mark", "Windows line ends (CRLF)", "separated by semicolons"]
    );
    assert_eq!(notes("tag\tqty\ra\t1\r"), ["old Mac line ends (CR)", "separated by tabs"]);
    assert_eq!(
        notes("sep=;\r\ntag;qty\r\na;1"),
        ["Windows line ends (CRLF)", "separated by semicolons", "separator named in the first line (sep=)"]
    );
    assert_eq!(csv("sep=;\ntag;qty\na;1").unwrap().0[0].0, 3);
}

#[test]
fn the_delimiter_is_the_one_that_finds_the_columns() {
    for (text, row) in [
        ("\"Tag\";\"Qty\";\"a,b,c,d\"\nx;1;y\n", ["x", "1", ""]),
        ("Tag,Qty,\"a;b;c;d\"\nx,1,y\n", ["x", "1", ""]),
        ("Tag;Qty;a,b,c,d,e\nx;1,5;y\n", ["x", "1,5", ""]),
        ("Tag\tQty\ta;b,c\nx\t1\t\"2\t3\"\n", ["x", "1", ""]),
    ] {
        assert_eq!(cells(&csv(text).unwrap().0), [row], "{text}");
    }
}

#[test]
fn unclosed_quotes_name_the_row_they_begin_in_at_every_boundary() {
    let text = "tag,qty\na,\"x\"\"\ny\"\nb,\"c\n\nd,1\n\"\"";
    for chunk in 1..=text.len() + 2 {
        let table = Table::from_csv_chunks(text.as_bytes(), chunk, "t.csv", &COLUMNS).unwrap();
        let e = all(table, 3).unwrap_err();
        assert_eq!(e.row, Some(3), "chunk {chunk}: {e}");
        assert!(e.found.contains("never closed"), "{e}");
    }
    assert_eq!(error("tag,\"qty\n").row, Some(1));
}

#[test]
fn every_buffer_size_reads_the_same() {
    let text = "\u{feff}tag;qty;note\r\nä;\"1;5\";\"é\r\n\"\"ß\"\"\"\r\n\r\n;;\r\nb;2;\"\"\r\nc;3;\"\"\"\"";
    let whole = csv(text).unwrap();
    assert_eq!(cells(&whole.0), [["ä", "1;5", "é\r\n\"ß\""], ["b", "2", ""], ["c", "3", "\""]]);
    for chunk in 1..=text.len() + 2 {
        let table = Table::from_csv_chunks(text.as_bytes(), chunk, "t.csv", &COLUMNS).unwrap();
        assert_eq!(all(table, 3).unwrap(), whole, "chunk {chunk}");
    }
}

#[test]
fn text_after_a_closing_quote_is_refused() {
    for row in ["\"a\"b,1", "a,\"1\" ", "\"a\"\"\"b,1", "a,\"\"x"] {
        let e = error(format!("tag,qty\n{row}\n"));
        assert!(e.row == Some(2) && e.found.contains("after a closing double quote"), "{row}: {e}");
    }
    assert_eq!(cells(&csv("tag,qty\n5\" pipe,\"\"\n").unwrap().0), [["5\" pipe", "", ""]]);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let e = error(b"tag,qty\na,1\nb\0,1\n");
    assert!(e.row == Some(3) && e.found.contains("NUL"), "{e}");
    let e = error(b"tag,qty\na,\"\0\"\n");
    assert!(e.row == Some(2) && e.found.contains("NUL"), "{e}");
    let e = error(b"tag,qty\na,1\nb,caf\xe9\n");
    assert_eq!((e.row, e.column.as_deref()), (Some(3), Some("qty")));
    assert!(e.todo.contains("CSV UTF-8"), "{e}");
    let e = error(b"tag,qt\xe9\na,1\n");
    assert_eq!((e.row, e.column.as_deref()), (Some(1), Some("2")));
    // Halves of one character in two cells, plain and with doubled quotes.
    assert_eq!(error(b"tag,qty\na\xc3,\xa9\n").row, Some(2));
    assert_eq!(error(b"tag,qty\n\"\"\"a\xc3\",\"\xa9\"\n").row, Some(2));
    assert_eq!(error(b"tag,qty\n\"a\xc3\"\"\xa9\",1\n").row, Some(2));
}

#[test]
fn other_files_with_the_wrong_ending_are_named() {
    let utf16: Vec<u8> = "\u{feff}tag,qty\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(error(&utf16).found.contains("UTF-16"));
    let utf16: Vec<u8> = "\u{feff}tag,qty\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(error(&utf16).found.contains("UTF-16"));
    let utf16: Vec<u8> = "tag,qty\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(error(&utf16).todo.contains("UTF-16"));
    assert!(error(b"PK\x03\x04rest").found.contains(".xlsx"));
    assert!(error(b"\xd0\xcf\x11\xe0rest").found.contains(".xls"));
    assert!(error(b"\x28\xb5\x2f\xfdrest").found.contains("zstd"));
    assert!(error(b"\x1f\x8brest").found.contains("gzip"));
}

/// The same bytes again and again, and how many of them were asked for.
fn endless(pattern: &'static [u8], total: u64) -> impl Read + Send + 'static {
    struct Endless(&'static [u8], usize);
    impl Read for Endless {
        fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
            for b in buf.iter_mut() {
                *b = self.0[self.1 % self.0.len()];
                self.1 += 1;
            }
            Ok(buf.len())
        }
    }
    Endless(pattern, 0).take(total)
}

#[test]
fn a_line_without_end_is_refused_early() {
    for pattern in [b"x".as_slice(), b"\"", b"\"x", b",", b"\"\"", b"x,\"\"\"\","] {
        let head = Cursor::new("tag,qty\n").chain(endless(pattern, 200 << 20));
        let e = Table::from_csv_reader(head, "t.csv", &COLUMNS).and_then(|t| all(t, 3)).unwrap_err();
        assert_eq!(e.row, Some(2), "{e}");
        let e = Table::from_csv_reader(endless(pattern, 200 << 20), "t.csv", &COLUMNS).unwrap_err();
        assert_eq!(e.row, Some(1), "{e}");
    }
}

#[test]
fn the_longest_line_is_read_and_one_byte_more_is_not() {
    let with = |n: usize| format!("tag,qty\na,{}\n", "1".repeat(n));
    let fits = MAX_LINE_BYTES - "a,\n".len();
    assert_eq!(csv(with(fits)).unwrap().0[0].1[1].len(), fits);
    assert!(error(with(fits + 1)).found.contains("longer than"));
    let with = |n: usize| format!("tag,qty\na,{}", "1".repeat(n));
    assert_eq!(csv(with(fits + 1)).unwrap().1.rows, 1);
    assert!(error(with(fits + 2)).found.contains("longer than"));
}

#[test]
fn too_many_columns_are_refused() {
    let wide = |n: usize| format!("tag,qty{}\n", ",c".repeat(n - 2));
    assert!(csv(wide(MAX_COLUMNS)).is_ok());
    assert!(error(wide(MAX_COLUMNS + 1)).found.contains("513 columns"));
}

#[test]
fn an_error_stays() {
    let mut table = Table::from_csv_reader("tag,qty\na\nb,1\n".as_bytes(), "t.csv", &COLUMNS).unwrap();
    let first = table.next_row().unwrap_err();
    assert_eq!(table.next_row().unwrap_err(), first);
    assert_eq!(table.finish().unwrap_err(), first);
    let mut table = Table::from_csv_reader(b"tag,qty\n\xff,1\nb,1\n".as_slice(), "t.csv", &COLUMNS).unwrap();
    let first = table.next_row().unwrap_err();
    assert_eq!(table.finish().unwrap_err(), first);
}

#[test]
fn errors_are_one_line_without_control_characters() {
    let e = InputError::new("a\n.csv", "\u{1b}[31m\u{202e}x", "e\r\n", "t").at_row(3).in_column("c\t");
    assert_eq!(e.to_string(), "a\\n.csv, row 3, column c\\t: \\u{1b}[31m\\u{202e}x; expected e\\r\\n; t");
    assert_eq!(crate::quoted("a\nb"), "\"a\\nb\"");
    assert_eq!(crate::quoted(&"x".repeat(100)), format!("\"{}…\"", "x".repeat(80)));
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn zst(bytes: &[u8]) -> Result<super::Rows, InputError> {
    let (_dir, path) = file("t.csv.zst", bytes);
    all(Table::open(&path, "pos/t.csv.zst", &COLUMNS)?, 3).map(|(rows, facts)| {
        assert_eq!(facts.sha256, crate::HashingReader::new(bytes).drain_hex().unwrap());
        rows
    })
}

#[test]
fn zst_reads_as_the_csv_does_and_hashes_its_own_bytes() {
    let text = "tag,qty\na,1\nb,2\n";
    assert_eq!(zst(&packed(text.as_bytes())).unwrap(), csv(text).unwrap().0);
    let two_frames = [packed(b"tag,qty\na,"), packed(b"1\nb,2\n")].concat();
    assert_eq!(zst(&two_frames).unwrap(), csv(text).unwrap().0);
}

#[test]
fn broken_zst_is_refused() {
    let whole = packed("tag,qty\na,1\n".repeat(1000).as_bytes());
    assert!(zst(&whole[..whole.len() - 5]).unwrap_err().found.contains("ends too early"));
    assert!(zst(b"tag,qty\na,1\n").unwrap_err().found.contains("unpacking failed"));
    let trailing = [packed(b"tag,qty\na,1\n"), b"junk".to_vec()].concat();
    assert!(zst(&trailing).is_err());
    assert!(zst(b"").is_err());
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x55;
    assert!(zst(&flipped).is_err());
}

#[test]
fn zst_bombs_are_refused() {
    // Long equal lines unpack far beyond any real table's ratio.
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.write_all(b"tag,qty\n").unwrap();
    let line = format!("a,{}\n", "x".repeat(1_000_000));
    for _ in 0..160 {
        encoder.write_all(line.as_bytes()).unwrap();
    }
    let e = zst(&encoder.finish().unwrap()).unwrap_err();
    assert!(e.found.contains("unpack to more than"), "{e}");
    // A frame that asks for a 2 GiB window.
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(31).unwrap();
    encoder.include_contentsize(false).unwrap();
    std::io::copy(&mut Cursor::new("tag,qty\na,1\n"), &mut encoder).unwrap();
    let e = zst(&encoder.finish().unwrap()).unwrap_err();
    assert!(e.found.contains("unpacking failed"), "{e}");
}

#[test]
fn files_that_cannot_be_read_are_said_plainly() {
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| Table::open(&dir.path().join(name), &format!("pos/{name}"), &COLUMNS).unwrap_err();
    assert!(open("none.csv").found.contains("no such file"));
    std::fs::create_dir(dir.path().join("dir.csv")).unwrap();
    assert_eq!(open("dir.csv").found, "it is a folder");
    assert!(open("t.xls").found.contains("old Excel format"));
    assert!(open("t.txt").found.contains("ending"));
    #[cfg(not(feature = "parquet"))]
    {
        std::fs::write(dir.path().join("t.parquet"), b"PAR1").unwrap();
        assert!(open("t.parquet").to_string().contains("--features parquet"));
    }
}
