use super::fixtures::{Entry, ROOT_RELS, WORKBOOK_RELS, file, workbook, zip};
use super::{COLUMNS, Rows, all, cells};
use crate::limits::MAX_XLSX_PARTS;
use crate::{InputError, Table, TableFacts};

const HEADER: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Tag</t></is></c><c r="B1" t="inlineStr"><is><t>Qty</t></is></c><c r="C1" t="inlineStr"><is><t>Note</t></is></c></row>"#;

fn open(bytes: &[u8]) -> Result<(Rows, TableFacts), InputError> {
    let (_dir, path) = file("t.xlsx", bytes);
    all(Table::open(&path, "pos/t.xlsx", &COLUMNS)?, 3)
}

fn sheet(rows: &str, shared: &str) -> Result<(Rows, TableFacts), InputError> {
    open(&zip(&workbook(&format!("{HEADER}{rows}"), shared)))
}

fn error(rows: &str) -> InputError {
    sheet(rows, "").unwrap_err()
}

#[test]
fn cells_give_what_excel_shows() {
    let rows = r#"<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>0.30000000000000004</v></c><c r="C2" t="b"><v>1</v></c></row>
      <row r="5"><c r="A5" t="s"><v>1</v></c><c r="B5" s="3"><v>1.23456789012345E+15</v></c><c r="C5" t="e"><v>#REF!</v></c></row>
      <row><c t="str"><f>A1&amp;"x"</f><v>a &lt;b&gt;&#10;c</v></c><c t="n"><v> 7 </v></c><c t="inlineStr"><is><r><t>rich </t></r><r><t>text</t></r><rPh><t>no</t></rPh></is></c></row>
      <row r="9"><c r="C9" t="s"><v>2</v></c></row><row r="10"/><row r="11"><c r="A11" s="1"/></row>"#;
    let shared = r#"<si><t>000123</t></si><si><r><rPr><b/></rPr><t xml:space="preserve">Blue </t></r><r><t>Dream</t></r><rPh sb="0"><t>phonetic</t></rPh></si><si><t>cr_x000D_&amp;<![CDATA[<&>]]></t></si>"#;
    let (rows, facts) = sheet(rows, shared).unwrap();
    assert_eq!(
        cells(&rows),
        [
            ["000123", "0.3", "TRUE"],
            ["Blue Dream", "1.23456789012345E+15", "#REF!"],
            ["a <b>\nc", "7", "rich text"],
            ["", "", "cr\r&<&>"],
        ]
    );
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [2, 5, 6, 9]);
    assert_eq!(facts.notes, [] as [&str; 0]);
}

#[test]
fn numbers_have_fifteen_digits_and_texts_stay() {
    let rows = r#"<row r="2"><c r="A2"><v>1.23456789012345E+15</v></c><c r="B2"><v>16.100000000000001</v></c><c r="C2" t="str"><v>16.100000000000001</v></c></row>
      <row r="3"><c r="A3" t="n"><v>123456</v></c><c r="B3"><f>1/3*0.3</f><v> 9.9999999999999992E-2 </v></c><c r="C3" t="s"><v>0</v></c></row>
      <row r="4"><c r="B4"><v>5.0000000000000002E-5</v></c><c r="C4" t="d"><v>2026-03-08T16:20:00</v></c></row>"#;
    let rows = sheet(rows, "<si><t>5.0000000000000002E-5</t></si>").unwrap().0;
    assert_eq!(
        cells(&rows),
        [
            ["1.23456789012345E+15", "16.1", "16.100000000000001"],
            ["123456", "0.1", "5.0000000000000002E-5"],
            ["", "0.00005", "2026-03-08T16:20:00"],
        ]
    );
}

#[test]
fn the_hash_is_of_the_file() {
    let bytes = zip(&workbook(HEADER, ""));
    assert_eq!(open(&bytes).unwrap().1.sha256, crate::HashingReader::new(&bytes[..]).drain_hex().unwrap());
}

#[test]
fn prefixes_absolute_targets_case_and_hidden_sheets() {
    let entries = vec![
        Entry::new("_rels/.rels", ROOT_RELS.replace("xl/workbook.xml", "/xl/Workbook.xml")),
        Entry::new(
            "xl/workbook.xml",
            r#"<x:workbook xmlns:r="y"><x:sheets><x:sheet name="Secret" state="veryHidden" r:id="a"/><x:sheet name="Chart" r:id="c"/><x:sheet name="My &amp; Table" r:id="b"/><x:sheet name="Other" r:id="a"/></x:sheets></x:workbook>"#,
        ),
        Entry::new(
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships><Relationship Id="a" Type="t/worksheet" Target="none.xml"/><Relationship Id="c" Type="t/chartsheet" Target="c.xml"/><Relationship Id="b" Type="t/worksheet" Target="/xl/Sheets/S.XML"/></Relationships>"#,
        ),
        Entry::new(
            "xl/sheets/s.xml",
            r#"<x:worksheet><x:sheetData><x:row r="3"><x:c r="B3" t="inlineStr"><x:is><x:t>tag</x:t></x:is></x:c><x:c r="C3" t="str"><x:v>qty</x:v></x:c></x:row><x:row r="4"><x:c r="B4" t="str"><x:v>a</x:v></x:c><x:c r="C4"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>"#,
        ),
    ];
    let (rows, facts) = open(&zip(&entries)).unwrap();
    assert_eq!(rows, [(4, vec!["a".to_owned(), "1".to_owned(), String::new()])]);
    assert_eq!(
        facts.notes,
        ["only the sheet \"My & Table\" is read, not: Secret, Chart, Other", "unknown columns not read: 1 (no name)"]
    );
}

#[test]
fn text_beyond_the_header_is_ragged_and_empty_cells_are_not() {
    let e = error(r#"<row r="2"><c r="A2"><v>1</v></c><c r="D2"><v>1</v></c></row>"#);
    assert_eq!((e.row, e.column.as_deref()), (Some(2), Some("D")), "{e}");
    let e = error(r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#);
    assert_eq!((e.row, e.column.as_deref()), (Some(1_048_576), Some("XFD")), "{e}");
    let rows = r#"<row r="2"><c r="A2"><v>1</v></c><c r="D2" t="str"><v> </v></c><c r="XFD2" s="1"/></row>"#;
    assert_eq!(cells(&sheet(rows, "").unwrap().0), [["1", "", ""]]);
}

#[test]
fn addresses_beyond_a_sheet_or_out_of_order_are_refused() {
    for row in [
        r#"<row r="1048577"><c r="A1048577"><v>1</v></c></row>"#,
        r#"<row r="18446744073709551615"/>"#,
        r#"<row r="99999999999999999999999"/>"#,
        r#"<row r="1"/>"#,
        r#"<row r="0"/>"#,
        r#"<row r="x"/>"#,
        r#"<row r="2"><c r="XFE2"/></row>"#,
        r#"<row r="2"><c r="ZZZZZZZZ2"/></row>"#,
        r#"<row r="2"><c r="B2"/><c r="A2"/></row>"#,
        r#"<row r="2"><c r="A2"/><c r="A2"/></row>"#,
        r#"<row r="2"><c r="A2" t="s"><v>0</v></c></row>"#,
        r#"<row r="2"><c r="A2" t="s"><v>-1</v></c></row>"#,
        r#"<row r="2"><c r="A2" t="b"><v>yes</v></c></row>"#,
        r#"<row r="2"><c r="A2" t="what"><v>1</v></c></row>"#,
    ] {
        assert!(error(row).row.is_some(), "{row}");
    }
}

#[test]
fn a_formula_without_result_is_refused_where_it_is_read() {
    let e = error(r#"<row r="2"><c r="B2"><f>1+1</f></c></row>"#);
    assert_eq!((e.row, e.column.as_deref()), (Some(2), Some("Qty")), "{e}");
    let header = HEADER.replace(">Note<", ">color<");
    let bytes =
        zip(&workbook(&format!(r#"{header}<row r="2"><c r="A2"><v>1</v></c><c r="C2"><f>1</f></c></row>"#), ""));
    assert_eq!(cells(&open(&bytes).unwrap().0), [["1", "", ""]]);
}

#[test]
fn a_sheet_needs_a_header() {
    assert_eq!(open(&zip(&workbook("", ""))).unwrap_err().found, "the sheet is empty");
    assert_eq!(open(&zip(&workbook(r#"<row r="1"><c r="A1"/></row>"#, ""))).unwrap_err().found, "the sheet is empty");
    let wide = r#"<row r="1"><c r="ZZ1"><v>1</v></c></row>"#;
    assert!(open(&zip(&workbook(wide, ""))).unwrap_err().expected.contains("512"));
    let bytes = zip(&workbook(&HEADER.replace("r=\"1\"", "r=\"4\"").replace(['1'], "4").replace(">Qty<", ">x<"), ""));
    let e = open(&bytes).unwrap_err();
    assert_eq!((e.row, e.column.as_deref()), (Some(4), Some("quantity")));
}

#[test]
fn cells_and_rows_out_of_place_are_damage() {
    let within = error("<row><c><v>1</v></c><row><c><v>2</v></c></row></row>");
    assert!(within.found.contains("a row begins within a row"), "{within}");
    let outside = error("<row><c><v>1</v></c></row><c><v>9</v></c>");
    assert!(outside.found.contains("a cell outside every row") && outside.row == Some(3), "{outside}");
    assert_eq!(error(r#"<row r="9"><c><v>1</v></c></row><row r="x"/>"#).row, Some(10));
}

#[test]
fn files_that_are_no_workbook_are_named() {
    assert_eq!(open(b"").unwrap_err().found, "the file is empty");
    assert!(open(b"tag,qty\n").unwrap_err().found.contains("does not begin as one"));
    assert!(open(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").unwrap_err().found.contains("password"));
    let whole = zip(&workbook(HEADER, ""));
    for cut in [4, 30, whole.len() / 2, whole.len() - 1] {
        assert!(open(&whole[..cut]).unwrap_err().found.contains("damaged"), "{cut}");
    }
}

#[test]
fn missing_parts_are_named() {
    for part in ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"] {
        let mut entries = workbook(HEADER, "");
        entries.retain(|e| e.name != part);
        assert!(open(&zip(&entries)).unwrap_err().found.contains("damaged in its part xl/"), "{part}");
    }
    let mut entries = workbook(HEADER, "");
    entries.retain(|e| e.name != "_rels/.rels" && e.name != "xl/sharedStrings.xml");
    entries[1].content = WORKBOOK_RELS.replace("sharedStrings\"", "other\"").into();
    assert!(open(&zip(&entries)).is_ok());
}

#[test]
fn encrypted_unsupported_and_damaged_entries_are_refused() {
    let with = |change: fn(&mut Entry)| {
        let mut entries = workbook(HEADER, "");
        change(entries.last_mut().unwrap());
        open(&zip(&entries)).unwrap_err()
    };
    assert!(with(|e| e.flags = 1).found.contains("password"));
    for method in [1, 9, 12, 14, 93, 99] {
        let e = open(&{
            let mut entries = workbook(HEADER, "");
            entries.last_mut().unwrap().method = method;
            zip(&entries)
        })
        .unwrap_err();
        assert!(e.found.contains("damaged"), "{method}: {e}");
    }
    assert!(with(|e| e.claimed_crc = Some(1)).found.contains("damaged"));
}

#[test]
fn stored_entries_are_read() {
    let mut entries = workbook(&format!("{HEADER}<row><c><v>1</v></c></row>"), "<si><t>x</t></si>");
    entries.iter_mut().for_each(|e| e.method = 0);
    assert_eq!(cells(&open(&zip(&entries)).unwrap().0), [["1", "", ""]]);
}

#[test]
fn bombs_are_refused_whatever_they_claim() {
    let bomb = || format!("<worksheet><sheetData>{HEADER}{}", " ".repeat(129 << 20)).into_bytes();
    for (part, claimed) in [(3, None), (3, Some(100)), (4, None), (4, Some(0)), (1, None)] {
        let mut entries = workbook(HEADER, "");
        entries[part].content = bomb();
        entries[part].claimed_size = claimed;
        let e = open(&zip(&entries)).unwrap_err();
        assert!(e.found.contains("unpack to too much") || claimed.is_some() && e.found.contains("damaged"), "{e}");
    }
}

#[test]
fn too_many_parts_are_refused() {
    let mut entries = workbook(HEADER, "");
    entries.extend((0..MAX_XLSX_PARTS).map(|i| Entry::new(&format!("p{i}"), "")));
    assert!(open(&zip(&entries)).unwrap_err().found.contains("parts"));
}

#[test]
fn xml_tricks_are_refused() {
    let with = |xml: &str| {
        let mut entries = workbook("", "");
        entries.last_mut().unwrap().content = xml.into();
        open(&zip(&entries)).unwrap_err()
    };
    let dtd = r#"<!DOCTYPE w [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>"#;
    assert!(with(&format!("{dtd}<worksheet><sheetData>{HEADER}</sheetData></worksheet>")).found.contains("DTD"));
    let entity = r#"<row r="2"><c r="A2" t="str"><v>&b;</v></c></row>"#;
    assert!(error(entity).found.contains("unknown entity \"b\""));
    assert!(with(&"<a>".repeat(10_000)).found.contains("nest"));
    assert!(with(&format!("<worksheet><sheetData>{HEADER}<row>")).found.contains("too early"));
    assert!(with("<worksheet><sheetData></worksheet>").found.contains("damaged"));
    assert!(with("<worksheet/>").found.contains("sheetData"));
    assert!(with("").found.contains("sheetData"));
    assert!(error("<row r=\"2\"><c r=\"A2\" r=\"A2\"/></row>").found.contains("damaged"));
    for nul in ["\0", "&#0;"] {
        assert!(error(&format!("<row><c t=\"str\"><v>a{nul}</v></c></row>")).found.contains("damaged"));
    }
    let long = format!("<row><c t=\"str\"><v>{}</v></c></row>", "x".repeat((1 << 20) + 1));
    assert!(error(&long).found.contains("longer than"));
    let e = sheet("", &format!("<si><t>{}</t></si>", "x".repeat((1 << 20) + 1))).unwrap_err();
    assert!(e.found.contains("longer than"), "{e}");
}
