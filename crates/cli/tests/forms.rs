//! The same store in other forms gives the same answer: row order, split files, pages, JSON lines, tables, workbooks,
//! packed files, and exports with the headings that vendors give them.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A copy of the example store that a test may change.
struct Store(TempDir);

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbor-street"), folder.path());
        Self(folder)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.path(file)).unwrap();
    }

    fn json(&self, file: &str) -> Vec<Value> {
        serde_json::from_str(&self.read(file)).unwrap()
    }

    /// Every discrepancy, as the answer has it.
    fn discrepancies(&self) -> Vec<Value> {
        let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
            .args(["reconcile", "--format", "jsonl", "--store"])
            .arg(self.0.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["type"] == "discrepancy").collect()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

const STATE_LISTS: [&str; 5] = [
    "state/packages_active.json",
    "state/packages_inactive.json",
    "state/receipts_active.json",
    "state/receipts_inactive.json",
    "state/adjustments.json",
];

fn original() -> Vec<Value> {
    let found = Store::new().discrepancies();
    assert_eq!(found.len(), 12);
    found
}

#[test]
fn the_order_of_rows_and_records_changes_nothing() {
    let store = Store::new();
    for file in ["pos/inventory.csv", "pos/sales.csv"] {
        let text = store.read(file);
        let (header, rows) = text.split_once('\n').unwrap();
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.reverse();
        store.write(file, &format!("{header}\n{}\n", rows.join("\n")));
    }
    for file in STATE_LISTS {
        let mut records = store.json(file);
        records.reverse();
        store.write(file, &serde_json::to_string(&records).unwrap());
    }
    assert_eq!(store.discrepancies(), original());
}

#[test]
fn lists_may_be_spread_over_files_pages_and_lines() {
    let store = Store::new();
    for file in STATE_LISTS {
        let records = store.json(file);
        store.remove(file);
        let pages: Vec<&[Value]> = records.chunks(20).collect();
        let stem = file.trim_end_matches(".json");
        for (place, page) in pages.iter().enumerate() {
            let envelope = json!({
                "Data": page, "Total": records.len(), "TotalRecords": records.len(), "PageSize": 20,
                "RecordsOnPage": page.len(), "Page": place + 1, "CurrentPage": place + 1, "TotalPages": pages.len(),
            });
            store.write(&format!("{stem}_page{place}.json"), &envelope.to_string());
        }
    }
    assert_eq!(store.discrepancies(), original());
    let store = Store::new();
    for file in STATE_LISTS {
        let lines: Vec<String> = store.json(file).iter().map(ToString::to_string).collect();
        store.write(file, &lines.join("\n"));
    }
    assert_eq!(store.discrepancies(), original());
}

#[test]
fn tables_may_be_packed_or_workbooks() {
    let store = Store::new();
    let sales = store.read("pos/sales.csv");
    store.remove("pos/sales.csv");
    fs::write(store.path("pos/sales.csv.zst"), zstd::encode_all(sales.as_bytes(), 3).unwrap()).unwrap();
    let inventory = store.read("pos/inventory.csv");
    store.remove("pos/inventory.csv");
    workbook(&inventory, &store.path("pos/inventory.xlsx"));
    assert_eq!(store.discrepancies(), original());
}

/// A workbook as Excel would save it: numbers as numbers, the rest as shared text.
fn workbook(csv: &str, path: &Path) {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in csv.lines().enumerate() {
        for (column, cell) in line.split(',').enumerate() {
            let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    book.save(path).unwrap();
}

/// The state's side as a person exports it from its pages.
#[test]
fn the_state_may_come_as_tables() {
    let store = Store::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut packages = String::from(
        "Tag,Item,Quantity,Unit of Measure,Location,Status,Source Packages,Date,Received Date,Manifest Number,Original Quantity\n",
    );
    let mut sales = String::from(
        "receipt_id,external_id,sold_at,package_id,quantity,unit,voided_at,finalized,recorded_at,recorded_by\n",
    );
    for list in ["active", "inactive"] {
        for p in store.json(&format!("state/packages_{list}.json")) {
            let sources = text(&p["SourcePackageLabels"]);
            let status = if p["IsFinished"] == true { "finished" } else { "active" };
            packages += &format!(
                "{},{},{},{},{},{status},\"{sources}\",{},{},{},{}\n",
                text(&p["Label"]),
                text(&p["Item"]["Name"]),
                p["Quantity"],
                text(&p["UnitOfMeasureName"]),
                text(&p["LocationName"]),
                text(&p["PackagedDate"]),
                text(&p["ReceivedDateTime"]),
                text(&p["ReceivedFromManifestNumber"]),
                p["OriginalPackageQuantity"],
            );
        }
        for r in store.json(&format!("state/receipts_{list}.json")) {
            for line in r["Transactions"].as_array().unwrap() {
                sales += &format!(
                    "{},{},{},{},{},{},{},{},{},{}\n",
                    r["Id"],
                    text(&r["ExternalReceiptNumber"]),
                    text(&r["SalesDateTime"]),
                    text(&line["PackageLabel"]),
                    line["QuantitySold"],
                    text(&line["UnitOfMeasureAbbreviation"]),
                    text(&r["ArchivedDate"]),
                    r["IsFinal"],
                    text(&r["RecordedDateTime"]),
                    text(&r["RecordedByUserName"]),
                );
            }
        }
    }
    let mut adjustments = String::from("package_id,at,quantity_delta,unit,reason,note,by\n");
    for a in store.json("state/adjustments.json") {
        adjustments += &format!(
            "{},{},{} {},,{},{},{}\n",
            text(&a["PackageLabel"]),
            text(&a["AdjustmentDate"]),
            a["AdjustmentQuantity"],
            text(&a["AdjustmentUnitOfMeasureAbbreviation"]),
            text(&a["AdjustmentReasonName"]),
            text(&a["AdjustmentNote"]),
            text(&a["AdjustedByUserName"]),
        );
    }
    for file in STATE_LISTS {
        store.remove(file);
    }
    store.write("state/packages.csv", &packages);
    store.write("state/sales.csv", &sales);
    store.write("state/adjustments.csv", &adjustments);
    assert_eq!(store.discrepancies(), original());
}

/// Replaces the header of a table and nothing else.
fn rename(store: &Store, file: &str, headings: &[(&str, &str)]) {
    let text = store.read(file);
    let (header, rows) = text.split_once('\n').unwrap();
    let renamed: Vec<&str> = header
        .split(',')
        .map(|name| headings.iter().find(|(ours, _)| *ours == name).map_or(name, |(_, theirs)| theirs))
        .collect();
    assert_ne!(renamed.join(","), header);
    store.write(file, &format!("{}\n{rows}", renamed.join(",")));
}

#[test]
fn exports_read_with_the_headings_of_their_vendors() {
    let dutchie = Store::new();
    rename(
        &dutchie,
        "pos/inventory.csv",
        &[
            ("package_id", "Package ID"),
            ("sku", "SKU"),
            ("product_name", "Product"),
            ("room", "Room"),
            ("quantity", "quantityAvailable"),
            ("unit", "quantityUnits"),
        ],
    );
    rename(
        &dutchie,
        "pos/sales.csv",
        &[
            ("receipt_id", "transactionId"),
            ("line_no", "transactionItemId"),
            ("sold_at", "transactionDateLocalTime"),
            ("package_id", "packageId"),
            ("voided_at", "voidDate"),
            ("original_receipt_id", "returnOnTransactionId"),
        ],
    );
    assert_eq!(dutchie.discrepancies(), original());
    let flowhub = Store::new();
    rename(
        &flowhub,
        "pos/inventory.csv",
        &[
            ("package_id", "regulatoryId"),
            ("product_name", "productName"),
            ("room", "roomName"),
            ("unit", "inventoryUnitOfMeasure"),
        ],
    );
    rename(
        &flowhub,
        "pos/sales.csv",
        &[
            ("receipt_id", "orderId"),
            ("sold_at", "completedOn"),
            ("package_id", "regulatoryId"),
            ("unit", "unitOfWeight"),
            ("original_receipt_id", "originalSaleId"),
        ],
    );
    assert_eq!(flowhub.discrepancies(), original());
}

/// Dutchie's "available" leaves out what is allocated to open orders; the state still has it.
#[test]
fn what_is_reserved_is_still_on_hand() {
    let store = Store::new();
    let text = store.read("pos/inventory.csv");
    let mut lines = text.lines();
    lines.next().unwrap();
    let mut rows = String::from("packageId,sku,productName,room,quantityAvailable,quantityUnits,allocatedQuantity\n");
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let on_hand: i64 = cells[4].parse().unwrap();
        let allocated = on_hand.min(2);
        rows += &format!(
            "{},{},{},{},{},{},{allocated}\n",
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            on_hand - allocated,
            cells[5]
        );
    }
    store.write("pos/inventory.csv", &rows);
    assert_eq!(store.discrepancies(), original());
}
