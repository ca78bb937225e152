//! Workbooks, packed tables, and things that are no files.

use crate::cases::{Case, case};
use crate::store::Store;
use rust_xlsxwriter::Workbook;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

pub fn cases() -> Vec<Case> {
    let mut cases = workbooks();
    cases.extend(packed());
    cases.extend(names());
    cases.extend(no_files());
    cases
}

/// A workbook of a table without quotes: numbers as numbers, other cells as text.
pub fn workbook(csv: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(csv.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// A zip archive of these parts.
fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook with this XML as its only sheet.
fn workbook_of_xml(sheet: &[u8]) -> Vec<u8> {
    archive(&[
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"A\" id=\"r1\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            b"<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"sheet.xml\"/></Relationships>",
        ),
        ("xl/sheet.xml", sheet),
    ])
}

/// The inventory as a workbook instead of CSV, after `spoil`.
fn inventory(store: &Store, spoil: impl Fn(String) -> String) {
    let csv = spoil(store.read("pos/inventory.csv"));
    store.remove("pos/inventory.csv");
    store.write("pos/inventory.xlsx", workbook(&csv));
}

fn instead(store: &Store, name: &str, bytes: &[u8]) {
    store.remove("pos/inventory.csv");
    store.write(name, bytes);
}

fn workbooks() -> Vec<Case> {
    const FILE: &str = "pos/inventory.xlsx";
    vec![
        case("xlsx_tag_became_a_number", |store| instead(store, FILE, &workbook_of_xml(EATEN_TAG))),
        case("xlsx_column_missing", |store| inventory(store, |csv| csv.replace("room", "colour"))),
        case("xlsx_same_row_twice", |store| {
            inventory(store, |csv| {
                csv.replace("PR1,OG Kush pre-roll 1 g,Sales Floor,40,ea", "FL,OG Kush flower,Back Vault,60.5,g")
            });
        }),
        case("xlsx_text_beyond_the_header", |store| inventory(store, |csv| csv.replace("14,ea", "14,ea,more"))),
        case("xlsx_quantity_empty", |store| inventory(store, |csv| csv.replace("60.5", ""))),
        case("xlsx_zip_bomb", |store| {
            let sheet = [&b"<worksheet><sheetData>"[..], &vec![b' '; 160 << 20], b"</sheetData></worksheet>"].concat();
            instead(store, FILE, &workbook_of_xml(&sheet));
        }),
        case("xlsx_entity_bomb", |store| {
            let sheet =
                b"<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>";
            instead(store, FILE, &workbook_of_xml(sheet));
        }),
        case("xlsx_200000_nested_elements", |store| {
            instead(store, FILE, &workbook_of_xml("<a>".repeat(200_000).as_bytes()));
        }),
        case("xlsx_formula_without_result", |store| {
            let sheet = b"<worksheet><sheetData><row><c t=\"str\"><v>package_id</v></c><c t=\"str\"><v>sku</v></c><c t=\"str\"><v>product_name</v></c><c t=\"str\"><v>room</v></c><c t=\"str\"><v>quantity</v></c><c t=\"str\"><v>unit</v></c></row><row r=\"2\"><c r=\"E2\"><f>1+1</f></c></row></sheetData></worksheet>";
            instead(store, FILE, &workbook_of_xml(sheet));
        }),
        case("xlsx_without_rows", |store| {
            instead(store, FILE, &workbook_of_xml(b"<worksheet><sheetData/></worksheet>"));
        }),
        case("xlsx_cut_off", |store| {
            let whole = workbook(&store.read("pos/inventory.csv"));
            instead(store, FILE, &whole[..whole.len() / 2]);
        }),
        case("xlsx_not_a_workbook", |store| instead(store, FILE, &archive(&[("a.txt", b"hello")]))),
        case("xlsx_is_csv", |store| instead(store, FILE, b"CANARY-7Q3,1A4060300002EE1000000101\n")),
        case("xlsx_is_xls", |store| instead(store, FILE, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),
        case("xlsx_empty", |store| instead(store, FILE, b"")),
    ]
}

/// What Excel stores of the 16 digits 1234567890123456.
const EATEN_TAG: &[u8] = b"<worksheet><sheetData><row><c t=\"str\"><v>package_id</v></c><c t=\"str\"><v>sku</v></c><c t=\"str\"><v>product_name</v></c><c t=\"str\"><v>room</v></c><c t=\"str\"><v>quantity</v></c><c t=\"str\"><v>unit</v></c></row><row><c><v>1.23456789012345E+15</v></c><c><v>1</v></c><c><v>1</v></c><c><v>1</v></c><c><v>1</v></c><c t=\"str\"><v>ea</v></c></row></sheetData></worksheet>";

fn packed() -> Vec<Case> {
    const FILE: &str = "pos/inventory.csv.zst";
    let zst = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let mut cases = vec![
        case("zst_cut_off", move |store| {
            let whole = zst(store.read("pos/inventory.csv").as_bytes());
            instead(store, FILE, &whole[..whole.len() - 5]);
        }),
        case("zst_broken_frame", move |store| {
            let mut whole = zst(store.read("pos/inventory.csv").as_bytes());
            whole[5..12].fill(0xff);
            instead(store, FILE, &whole);
        }),
        case("zst_rubbish_after_the_frame", move |store| {
            let whole = zst(store.read("pos/inventory.csv").as_bytes());
            instead(store, FILE, &[&whole, &b"rubbish"[..]].concat());
        }),
        case("zst_bomb", move |store| {
            let text = store.read("pos/inventory.csv") + &"\n".repeat(300 << 20);
            instead(store, FILE, &zst(text.as_bytes()));
        }),
        case("zst_asks_for_2_gib_of_memory", |store| {
            // A frame header with a window of 2^31 bytes, then an empty last block.
            instead(store, FILE, b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00");
        }),
        case("zst_is_csv", |store| {
            let csv = store.read("pos/inventory.csv");
            instead(store, FILE, csv.as_bytes());
        }),
        case("zst_empty", |store| instead(store, FILE, b"")),
    ];
    let parquet = if cfg!(feature = "parquet") { "parquet_broken" } else { "parquet_without_the_feature" };
    cases.push(case(parquet, |store| instead(store, "pos/inventory.parquet", b"PAR1")));
    cases
}

fn names() -> Vec<Case> {
    vec![
        case("name_xls", |store| store.rename("pos/sales.csv", "pos/sales.xls")),
        case("name_xls_of_an_optional_table", |store| store.rename("pos/movements.csv", "pos/movements.xls")),
        case("name_ods", |store| store.rename("shelf/counts.csv", "shelf/counts.ods")),
        case("name_csv_gz", |store| store.rename("baseline.csv", "baseline.csv.gz")),
        case("name_tsv", |store| store.rename("pos/sku_map.csv", "pos/sku_map.tsv")),
        case("name_json_gz", |store| store.rename("state/receipts.json", "state/receipts.json.gz")),
        case("name_ndjson_beside_json", |store| store.write("state/transfers_2.ndjson", "{}")),
        case("name_state_xls", |store| store.write("state/packages_vault.xls", "x")),
    ]
}

/// Folders, links to nowhere, files that may not be read.
fn no_files() -> Vec<Case> {
    let mut cases = vec![
        case("folder_named_sales_csv", |store| {
            store.remove("pos/sales.csv");
            std::fs::create_dir(store.path("pos/sales.csv")).unwrap();
        }),
        case("folder_named_receipts_json", |store| {
            store.remove("state/receipts.json");
            std::fs::create_dir(store.path("state/receipts.json")).unwrap();
        }),
        case("folder_named_store_toml", |store| {
            store.remove("store.toml");
            std::fs::create_dir(store.path("store.toml")).unwrap();
        }),
        case("file_named_pos", |store| {
            std::fs::remove_dir_all(store.path("pos")).unwrap();
            store.write("pos", "");
        }),
        case("file_named_state", |store| {
            std::fs::remove_dir_all(store.path("state")).unwrap();
            store.write("state", "");
        }),
    ];
    if cfg!(target_os = "linux") {
        cases.extend(links());
    }
    cases
}

#[cfg(unix)]
fn links() -> Vec<Case> {
    use std::os::unix::fs::symlink;
    let link = |store: &Store, file: &str, to: &str| {
        store.remove(file);
        symlink(to, store.path(file)).unwrap();
    };
    vec![
        case("link_to_nowhere", move |store| link(store, "pos/sales.csv", "/nowhere/at/all")),
        case("link_to_nowhere_json", move |store| link(store, "state/receipts.json", "/nowhere/at/all")),
        case("link_to_a_device", move |store| link(store, "pos/sales.csv", "/dev/zero")),
        case("link_to_a_device_json", move |store| link(store, "state/receipts.json", "/dev/zero")),
        case("link_to_a_device_toml", move |store| link(store, "store.toml", "/dev/zero")),
        case("link_to_what_fails_when_read", move |store| link(store, "pos/sales.csv", "/proc/self/mem")),
        case("link_to_what_fails_when_read_json", move |store| link(store, "state/receipts.json", "/proc/self/mem")),
    ]
}

#[cfg(not(unix))]
fn links() -> Vec<Case> {
    Vec::new()
}
