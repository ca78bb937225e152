//! What is counted and said, and must not be refused nor change what is found.

use crate::files::workbook;
use crate::store::Store;
use serde_json::Value;

/// The discrepancies, and the notes of each input.
fn answer(store: &Store, name: &str) -> (Vec<Value>, Vec<(String, String)>) {
    let output = store.reconcile(&["--format", "jsonl"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{name}: {stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = records.pop().unwrap();
    let inputs = summary["inputs"].as_array().unwrap().iter();
    let notes = inputs.flat_map(|input| {
        let file = input["file"].as_str().unwrap().to_owned();
        let notes = input["notes"].as_array().unwrap().clone();
        notes.into_iter().map(move |note| (file.clone(), note.as_str().unwrap().to_owned()))
    });
    (records, notes.collect())
}

struct Noted {
    name: &'static str,
    change: fn(&Store),
    file: &'static str,
    note: &'static str,
}

const SALES: &str = "pos/sales.csv";
const RECEIPTS: &str = "state/receipts.json";

/// One more receipt in the state.
fn receipt(id: u32, number: &str, time: &str, tag: &str) -> String {
    format!(
        r#"[{{"Id":{id},"ExternalReceiptNumber":"{number}","SalesDateTime":"{time}","TotalPackages":1,"Transactions":[{{"PackageLabel":"{tag}","QuantitySold":1.0,"UnitOfMeasureName":"Each"}}]}}]"#
    )
}

#[rustfmt::skip]
const NOTED: &[Noted] = &[
    Noted { name: "byte order mark", file: SALES, note: "byte order mark", change: |store| store.write(SALES, format!("\u{feff}{}", store.read(SALES))) },
    Noted { name: "byte order mark in JSON", file: RECEIPTS, note: "byte order mark", change: |store| store.write(RECEIPTS, format!("\u{feff}{}", store.read(RECEIPTS))) },
    Noted { name: "CRLF", file: SALES, note: "Windows line ends (CRLF)", change: |store| store.write(SALES, store.read(SALES).replace('\n', "\r\n")) },
    Noted { name: "CR", file: SALES, note: "old Mac line ends (CR)", change: |store| store.write(SALES, store.read(SALES).replace('\n', "\r")) },
    Noted { name: "semicolons", file: SALES, note: "separated by semicolons", change: |store| store.write(SALES, store.read(SALES).replace(',', ";")) },
    Noted { name: "tabs", file: SALES, note: "separated by tabs", change: |store| store.write(SALES, store.read(SALES).replace(',', "\t")) },
    Noted { name: "unknown columns", file: SALES, note: "unknown columns not read: shoe_size, customer_name, medical_id", change: |store| {
        let text = store.read(SALES).lines().map(|line| line.replace(",ea,T", ",ea,9,T") + "\n").collect::<String>();
        store.write(SALES, text.replacen("terminal", "shoe_size,terminal", 1));
    } },
    Noted { name: "unknown columns in a state table", file: "state/sales.csv", note: "unknown columns not read: colour", change: |store| {
        store.with_state_tables();
        let text = store.read("state/sales.csv").lines().map(|line| format!("{line},\n")).collect::<String>();
        store.write("state/sales.csv", text.replacen("finalized,", "finalized,colour", 1));
    } },
    Noted { name: "unknown JSON fields", file: RECEIPTS, note: "unknown fields not read: Transactions[].Mood, Weather", change: |store| {
        store.edit(RECEIPTS, "\"Id\":9001", "\"Weather\":{\"a\":[\"CANARY-7Q3\"]},\"Id\":9001");
        store.edit(RECEIPTS, "\"PackageId\":101", "\"Mood\":\"CANARY-7Q3\",\"PackageId\":101");
    } },
    Noted { name: "merchandise", file: SALES, note: "2 rows of merchandise (no package), not compared", change: |store| {
        store.append(SALES, "88416,1,2026-03-08T18:00:00,sale,,MUG,1,ea,T1,,\n");
    } },
    Noted { name: "merchandise on the shelf", file: "shelf/counts.csv", note: "1 rows of merchandise (no package), not compared", change: |store| {
        store.append("shelf/counts.csv", "K1,2026-03-09T08:00:00,,MUG,Sales Floor,4,ea,lee,1\n");
    } },
    Noted { name: "before the window", file: SALES, note: "1 rows before window_start: they can only match", change: |store| {
        store.append(SALES, "70001,1,2026-02-01T10:00:00,sale,1A4060300002EE1000000101,BD35,1,ea,T1,,\n");
    } },
    Noted { name: "after the snapshot", file: SALES, note: "1 rows after the snapshot: they can only match", change: |store| {
        store.append(SALES, "99001,1,2026-03-09T11:00:00,sale,1A4060300002EE1000000101,BD35,1,ea,T1,,\n");
    } },
    Noted { name: "movements before the window", file: "pos/movements.csv", note: "1 rows before window_start: they can only match", change: |store| {
        store.append("pos/movements.csv", "A0,2026-02-01T10:00:00,adjust,1A4060300002EE1000000101,BD35,-1,ea,,kim\n");
    } },
    Noted { name: "state receipts before the window", file: "state/receipts_old.json", note: "1 rows before window_start: they can only match", change: |store| {
        store.write("state/receipts_old.json", receipt(8001, "70001", "2026-02-01T10:00:00", "1A4060300002EE1000000101"));
    } },
    Noted { name: "state adjustments after the snapshot", file: "state/adjustments_new.json", note: "1 rows after the snapshot: they can only match", change: |store| {
        let new = store.read("state/adjustments.json").replace("2026-03-06", "2026-03-10");
        store.write("state/adjustments_new.json", new);
    } },
    Noted { name: "a POS time that exists twice", file: SALES, note: "1 local times that exist twice, read as the earlier", change: |store| {
        store.append(SALES, "60001,1,2025-11-02T01:30:00,sale,1A4060300002EE1000000101,BD35,1,ea,T1,,\n");
    } },
    Noted { name: "a state time that exists twice", file: "state/receipts_old.json", note: "1 local times that exist twice, either may match", change: |store| {
        store.write("state/receipts_old.json", receipt(8001, "60001", "2025-11-02T01:30:00", "1A4060300002EE1000000101"));
    } },
    Noted { name: "sold out", file: SALES, note: "sales of 1 packages that are in neither snapshot (sold out): compared by receipt", change: |store| {
        store.append(SALES, "88417,1,2026-03-05T12:00:00,sale,1A4060300002EE1000000107,OLD,1,ea,T1,,\n");
        store.write("state/receipts_old.json", receipt(8001, "88417", "2026-03-05T12:00:00", "1A4060300002EE1000000107"));
    } },
    Noted { name: "a newer LastModified", file: "state/packages_active.json", note: "1 records are there again with a newer LastModified: the newer counts", change: |store| {
        let older = store.read("state/packages_inactive.json").replace(":0.0", ":9.0").replace("2026-03-08T20", "2026-03-08T19");
        store.write("state/packages_older.json", older);
    } },
    Noted { name: "the same record again", file: "state/packages_active.json", note: "1 records are there again unchanged: counted once", change: |store| {
        store.write("state/packages_again.json", store.read("state/packages_inactive.json"));
    } },
    Noted { name: "a first line that names the separator", file: SALES, note: "separator named in the first line (sep=)", change: |store| {
        store.write(SALES, format!("sep=;\n{}", store.read(SALES).replace(',', ";")));
    } },
    Noted { name: "an empty row", file: SALES, note: "rows with no text between others, skipped: 1", change: |store| {
        store.edit(SALES, "88413,1", ",,,,,,,,,,\n88413,1");
    } },
    Noted { name: "an unknown setting", file: "store.toml", note: "unknown settings not read: colour", change: |store| store.edit("store.toml", "state = ", "colour = \"red\"\nstate = ") },
    Noted { name: "a second sheet", file: "pos/inventory.xlsx", note: "only the sheet \"Sheet1\" is read, not: Notes", change: |store| {
        let bytes = workbook_with_second_sheet(&store.read("pos/inventory.csv"));
        store.remove("pos/inventory.csv");
        store.write("pos/inventory.xlsx", bytes);
    } },
];

fn workbook_with_second_sheet(csv: &str) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(csv.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    workbook.add_worksheet().set_name("Notes").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn what_is_counted_and_said_is_not_refused() {
    let (expected, notes) = answer(&Store::good(), "good");
    assert_eq!(notes.len(), 2, "{notes:#?}");
    for noted in NOTED {
        let store = Store::good();
        (noted.change)(&store);
        let (found, notes) = answer(&store, noted.name);
        assert_eq!(found, expected, "{}", noted.name);
        let wanted = (noted.file.to_owned(), noted.note.to_owned());
        assert!(notes.contains(&wanted), "{}: {notes:#?}", noted.name);
    }
}

/// Other forms of the same facts give the same answer.
#[test]
fn the_form_of_the_files_does_not_matter() {
    let (expected, _) = answer(&Store::good(), "good");
    let found_as = |name: &str, change: fn(&Store)| {
        let store = Store::good();
        change(&store);
        assert_eq!(answer(&store, name).0, expected, "{name}");
    };
    found_as("workbooks", |store| {
        for file in
            ["pos/inventory", "pos/sales", "pos/movements", "pos/sku_map", "shelf/counts", "shelf/weights", "baseline"]
        {
            let csv = store.read(&format!("{file}.csv"));
            store.remove(&format!("{file}.csv"));
            store.write(&format!("{file}.xlsx"), workbook(&csv));
        }
    });
    found_as("packed", |store| {
        let csv = store.read(SALES);
        store.remove(SALES);
        store.write("pos/sales.csv.zst", zstd::encode_all(csv.as_bytes(), 1).unwrap());
    });
    found_as("JSON lines", |store| {
        let text = store.read(RECEIPTS);
        store.remove(RECEIPTS);
        store.write("state/receipts.jsonl", text.trim().trim_matches(['[', ']']).replace("},\n", "}\n"));
    });
    found_as("pages in files of their own", |store| {
        let pages = store.read("state/packages_active.json");
        store.remove("state/packages_active.json");
        for (number, page) in pages.lines().enumerate() {
            store.write(&format!("state/packages_page{number}.json"), page);
        }
    });
}

/// A table may be there with its header alone, and a list may be empty: that there is nothing is a statement, too.
#[test]
fn empty_lists_are_read() {
    let store = Store::good();
    for file in [SALES, "pos/movements.csv", "pos/inventory.csv", "shelf/counts.csv"] {
        let header = store.read(file).lines().next().unwrap().to_owned();
        store.write(file, header);
    }
    for file in ["packages_active", "packages_inactive", "receipts", "adjustments", "transfers", "deliveries"] {
        store.write(&format!("state/{file}.json"), "[]");
    }
    store.remove("baseline.csv");
    store.remove("shelf/weights.csv");
    store.remove("pos/sku_map.csv");
    let output = store.reconcile(&["--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
