//! The rules of the reader, rule by rule, through its public face (and with tiny buffers).

use std::io::{self, Read};

use proptest::prelude::*;

use crate::scanner::Sizes;
use crate::{Adjustment, Delivery, FileFacts, ListReader, Package, Receipt, Record, Transfer, WireError};

/// Gives at most `step` bytes a call.
struct Slow<'b> {
    bytes: &'b [u8],
    step: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.step.min(into.len()).min(self.bytes.len());
        into[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

fn read_with<T: Record>(files: &[&[u8]], sizes: Sizes, step: usize) -> Result<(Vec<T>, Vec<FileFacts>), WireError> {
    let mut list = ListReader::<T>::with_sizes(sizes);
    let (mut records, mut facts) = (Vec::new(), Vec::new());
    for (at, bytes) in files.iter().enumerate() {
        let before = records.len();
        facts.push(list.read_file(&format!("f{}.json", at + 1), Slow { bytes, step }, &mut |record, n| {
            records.push(record);
            assert_eq!(n, u64::try_from(records.len() - before).unwrap());
            Ok(())
        })?);
    }
    list.finish()?;
    Ok((records, facts))
}

fn read<T: Record>(files: &[&str]) -> Result<Vec<T>, WireError> {
    let files: Vec<&[u8]> = files.iter().map(|file| file.as_bytes()).collect();
    read_with(&files, Sizes::default(), usize::MAX).map(|(records, _)| records)
}

fn packages(files: &[&str]) -> Result<Vec<i64>, WireError> {
    Ok(read::<Package>(files)?.into_iter().filter_map(|package| package.id).collect())
}

#[track_caller]
fn refused<T: Record>(files: &[&str]) -> WireError {
    read::<T>(files).expect_err("must be refused")
}

#[track_caller]
fn refused_bytes(bytes: &[u8]) -> WireError {
    read_with::<Package>(&[bytes], Sizes::default(), usize::MAX).expect_err("must be refused")
}

/// A page of packages with these ids.
fn page(ids: &[i64], number: i64, size: i64, total: i64) -> String {
    let rows: Vec<String> = ids.iter().map(|id| format!("{{\"Id\":{id}}}")).collect();
    let pages = if size > 0 { (total + size - 1) / size } else { 1 };
    format!(
        "{{\"Data\":[{}],\"Total\":{total},\"TotalRecords\":{total},\"PageSize\":{size},\"RecordsOnPage\":{},\
         \"Page\":{number},\"CurrentPage\":{number},\"TotalPages\":{pages}}}",
        rows.join(","),
        ids.len()
    )
}

// ---- forms of a file

#[test]
fn one_array_one_record_lines_and_values_in_a_row() {
    for text in [
        "[{\"Id\":1},{\"Id\":2},{\"Id\":3}]",
        " [ {\"Id\":1} ,\r\n\t{\"Id\":2},{\"Id\":3} ] \n",
        "{\"Id\":1}\n{\"Id\":2}\n{\"Id\":3}\n",
        "{\"Id\":1}{\"Id\":2}{\"Id\":3}",
        "[{\"Id\":1}]\n[]\n[{\"Id\":2},{\"Id\":3}]",
        "[{\"Id\":1}] {\"Id\":2} {\"Data\":[{\"Id\":3}]}",
    ] {
        assert_eq!(packages(&[text]).unwrap(), [1, 2, 3], "{text}");
    }
    assert_eq!(packages(&["[]"]).unwrap(), [0_i64; 0]);
}

#[test]
fn pages_in_one_file_in_many_and_in_an_array() {
    let pages = [page(&[1, 2], 1, 2, 3), page(&[3], 2, 2, 3)];
    assert_eq!(packages(&[&pages[0], &pages[1]]).unwrap(), [1, 2, 3]);
    assert_eq!(packages(&[&pages[1], &pages[0]]).unwrap(), [3, 1, 2]);
    assert_eq!(packages(&[&pages.join("\n")]).unwrap(), [1, 2, 3]);
    assert_eq!(packages(&[&format!("[{}]", pages.join(","))]).unwrap(), [1, 2, 3]);
}

#[test]
fn a_page_whatever_key_comes_first() {
    assert_eq!(packages(&["{\"Links\":{\"a\":[1]},\"Data\":[{\"Id\":1}]}"]).unwrap(), [1]);
    assert_eq!(packages(&["{ \n\"TotalRecords\":1,\"Data\":[ {\"Id\":1} ]}"]).unwrap(), [1]);
    assert_eq!(packages(&["{\"Id\":1,\"Label\":\"the \\\"Data\\\" of it\"}"]).unwrap(), [1]);
    assert_eq!(packages(&["{\"Id\":1,\"Item\":{\"Data\":[]}}"]).unwrap(), [1]);
    let facts = read_with::<Package>(&[b"{\"Links\":1,\"Data\":[{\"Id\":1}]}"], Sizes::default(), 9).unwrap().1;
    assert_eq!(facts[0].notes, ["unknown fields not read: Links"]);
}

#[test]
fn a_byte_order_mark_is_noted() {
    let (records, facts) =
        read_with::<Package>(&[b"\xef\xbb\xbf[{\"Id\":1}]"], Sizes::default(), 1).expect("is accepted");
    assert_eq!((records.len(), facts[0].records), (1, 1));
    assert_eq!(facts[0].notes, ["byte order mark"]);
}

#[test]
fn unknown_fields_are_noted_and_documented_ones_are_not() {
    let text = br#"[{"Id":1,"Zeta":{"Deep":1},"Alpha":null,"ExternalId":"x","Item":{"Neu":2,"StrainName":"x"}},{"Zeta":2,"Id":2}]"#;
    let (_, facts) = read_with::<Package>(&[text], Sizes::default(), 7).unwrap();
    assert_eq!(facts[0].notes, ["unknown fields not read: Alpha, Item.Neu, Zeta"]);
    let many: String = (0..25).map(|n| format!(",\"X{n:02}\":0")).collect();
    let (_, facts) = read_with::<Package>(&[format!("{{\"Id\":1{many}}}").as_bytes()], Sizes::default(), 7).unwrap();
    assert!(facts[0].notes[0].ends_with("X18, X19 and 5 more"), "{:?}", facts[0].notes);
}

// ---- broken files

#[test]
fn damage_is_refused_with_its_place() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "an empty file"),
        (b"\xef\xbb\xbf \n", "an empty file"),
        (b"\xff\xfe[\0", "UTF-16 text at byte 0"),
        (b"[{\"Id\":1},\n{\"Id\":2", "the end of the file inside of an object at byte 18"),
        (b"[{\"Id\":1},", "the end of the file inside of an array at byte 10"),
        (b"[{\"Id\":1}", "the end of the file inside of an array at byte 9"),
        (b"[", "the end of the file inside of an array at byte 1"),
        (b"[{\"Id\":\"1}]", "the end of the file inside of an object at byte 11"),
        (b"[{\"Id\":1}]x", "\"x\" after the last value at byte 10"),
        (b"[{\"Id\":1}]]", "\"]\" after the last value at byte 10"),
        (b"{\"Id\":1},{\"Id\":2}", "\",\" after the last value at byte 8"),
        (b"[{\"Id\":1},]", "\"]\" at byte 10"),
        (b"[,{\"Id\":1}]", "\",\" at byte 1"),
        (b"[{\"Id\":1} {\"Id\":2}]", "\"{\" at byte 10"),
        (b"[{\"Id\":1}\0]", "a NUL byte at byte 9"),
        (b"[{\"Id\":1,\0\"Label\":\"x\"}]", "a NUL byte at byte 9"),
        (b"[{\"Label\":\"a\0b\"}]", "a NUL byte at byte 12"),
        (b"[{\"Note\":\"a\0b\"}]", "a NUL byte at byte 11"),
        (b"[{\"Id\":1},{\"Label\":\"\xff\"}]", "bytes that are not UTF-8 at byte 20"),
        (b"[{\"Note\":\"\xc3\"}]", "bytes that are not UTF-8 at byte 10"),
        (b"[{\"Quantity\":NaN}]", "NaN at byte 13"),
        (b"[{\"UnitThcPercent\":\n-Infinity}]", "Infinity at byte 21"),
        (b"[NaN]", "NaN or Infinity at byte 1"),
        (b"\"text\"", "a string at byte 0"),
        (b" 12", "a number at byte 1"),
        (b"true", "true, false or a bare word at byte 0"),
        (b"null", "null or a bare word at byte 0"),
        (b"[1,2]", "a number at byte 1"),
        (b"[null]", "null or a bare word at byte 1"),
        (b"[[{\"Id\":1}]]", "an array in an array at byte 1"),
        (b"id,label\n1,x", "\"i\" at byte 0"),
        (b"[{\"Id\":1]}", "broken JSON (expected `,` or `}`) at byte 8"),
        (b"[{\"Id\" 1}]", "broken JSON (expected `:`) at byte 7"),
        (b"[{Id:1}]", "broken JSON (key must be a string) at byte 2"),
        (b"[{\"Id\":01}]", "broken JSON (invalid number) at byte 8"),
    ];
    for (bytes, found) in cases {
        let error = refused_bytes(bytes);
        assert_eq!(error.found, *found, "{:?}", String::from_utf8_lossy(bytes));
        assert!(!error.expected.is_empty() && !error.todo.is_empty() && !error.to_string().contains('\n'));
    }
}

#[test]
fn the_record_at_fault_is_counted() {
    assert_eq!(refused_bytes(b"[{\"Id\":1},{\"Id\":2},{\"Id\":[]}]").record, Some(3));
    assert_eq!(refused_bytes(b"[{\"Id\":1},{\"Id\":2},x]").record, Some(3));
    assert_eq!(refused_bytes(b"").record, None);
    let second = refused::<Package>(&["[{\"Id\":1}]", "{\"Data\":[{\"Id\":1},{\"Id\":true}]}"]);
    assert_eq!((second.file.as_str(), second.record, second.field.as_deref()), ("f2.json", Some(2), Some("Id")));
    assert_eq!(second.found, "`true` in the record that begins at byte 18");
}

#[test]
fn a_web_page_is_called_one() {
    for text in ["<!DOCTYPE html><html>", "\n <html>", "\u{feff}<!-- [] -->"] {
        assert!(refused::<Package>(&[text]).todo.contains("web page"), "{text}");
    }
    assert!(!refused::<Package>(&["[]<"]).todo.contains("web page"));
}

#[test]
fn an_answer_that_is_no_record_is_refused() {
    for text in ["{\"Message\":\"Unauthorized\"}", "[{\"row\":0,\"message\":\"x\"}]", "{}", "[{}]"] {
        assert!(refused::<Package>(&[text]).found.starts_with("an object without any of the expected fields"));
    }
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let deep = format!("{{\"Id\":1,\"a\":{}0{}}}", open.repeat(200_000), close.repeat(200_000));
        let error = refused::<Package>(&[&deep]);
        assert!(error.found.starts_with("too deep"), "{error}");
        assert!(error.found.len() < 60, "{error}");
    }
    assert!(refused::<Package>(&[&"[".repeat(200_000)]).found.starts_with("an array in an array"));
    assert!(refused::<Package>(&[&"{\"Data\":[".repeat(200_000)]).found.starts_with("too deep"));
    let depth = |n: usize| format!("{{\"Id\":1,\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
    assert!(packages(&[&depth(63)]).is_ok());
    assert!(packages(&[&depth(64)]).is_err());
    assert!(packages(&[&format!("[{}]", depth(62))]).is_ok());
    assert!(packages(&[&format!("[{}]", depth(63))]).is_err());
}

#[test]
fn sizes_are_limited() {
    let sizes = Sizes { chunk: 16, record: 40, page: 120 };
    let read = |text: &str| read_with::<Package>(&[text.as_bytes()], sizes, 5).map(|(records, _)| records.len());
    let record = |n: usize| format!("{{\"Id\":1,\"Label\":\"{}\"}}", "x".repeat(n - 19));
    assert_eq!(record(40).len(), 40);
    assert_eq!(read(&record(40)).unwrap(), 1);
    assert_eq!(read(&record(41)).unwrap_err().found, "a record that is too large at byte 0");
    assert_eq!(
        read(&format!("[{},{}]", record(40), record(41))).unwrap_err().found,
        "a record that is too large at byte 42"
    );
    let page = |rows: &[String]| format!("{{\"Data\":[{}]}}", rows.join(","));
    assert_eq!(read(&page(&[record(40), record(40)])).unwrap(), 2);
    assert_eq!(read(&page(&[record(40), record(41)])).unwrap_err().found, "a record that is too large at byte 50");
    assert_eq!(
        read(&page(&[record(40), record(40), record(40)])).unwrap_err().found,
        "a page that is too large at byte 0"
    );
    let unclosed = format!("{{\"Label\":\"{}", "x".repeat(100_000));
    assert_eq!(read(&unclosed).unwrap_err().found, "a record that is too large at byte 0");
}

#[test]
fn a_read_error_is_passed_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk"))
        }
    }
    let error = ListReader::<Package>::new().read_file("p", Broken, &mut |_, _| Ok(())).unwrap_err();
    assert_eq!(error.found, "a read error (disk) at byte 0");
}

#[test]
fn an_error_of_the_sink_ends_the_reading() {
    let stop = WireError {
        file: "s".into(),
        record: None,
        field: None,
        found: "stop".into(),
        expected: "".into(),
        todo: "".into(),
    };
    for text in ["[{\"Id\":1},{\"Id\":2}]", "{\"Data\":[{\"Id\":1},{\"Id\":2}]}"] {
        let mut calls = 0;
        let error = ListReader::<Package>::new().read_file("p", text.as_bytes(), &mut |_, _| {
            calls += 1;
            Err(stop.clone())
        });
        assert_eq!((error.unwrap_err(), calls), (stop.clone(), 1));
    }
}

// ---- fields

#[test]
fn a_field_twice_is_refused_only_where_it_is_read() {
    let error = refused::<Package>(&["[{\"Id\":1,\"Label\":\"a\",\"\\u004cabel\":\"a\"}]"]);
    assert_eq!(error.field.as_deref(), Some("Label"));
    assert!(error.found.starts_with("the field twice"));
    let nested = refused::<Package>(&["{\"Item\":{\"Name\":null,\"Name\":\"x\"}}"]);
    assert_eq!(nested.field.as_deref(), Some("Item.Name"));
    assert!(packages(&["{\"Id\":1,\"Note\":1,\"Note\":2,\"New\":1,\"New\":2}"]).is_ok());
    assert!(packages(&["{\"Data\":[],\"Data\":[]}"]).is_err());
    assert!(packages(&["{\"Data\":[],\"Page\":1,\"Page\":1}"]).is_err());
}

#[test]
fn a_fault_names_the_path_to_its_field() {
    let text = r#"{"Transactions":[{"QuantitySold":1},{"QuantitySold":{"a":1}}]}"#;
    let error = refused::<Receipt>(&[text]);
    assert_eq!(error.field.as_deref(), Some("Transactions[1].QuantitySold"));
    assert_eq!((error.found.as_str(), &*error.expected), ("an object in the record that begins at byte 0", "a number"));
    let error = refused::<Transfer>(&[r#"{"Deliveries":[{},{"Packages":[null]}]}"#]);
    assert_eq!(error.field.as_deref(), Some("Deliveries[1].Packages[0]"));
    let error = refused::<Receipt>(&[r#"{"Transactions":{"a":1}}"#]);
    assert_eq!(
        (error.found.as_str(), &*error.expected),
        ("map in the record that begins at byte 0", "an array of objects or null")
    );
}

#[test]
fn numbers_stay_as_they_were_written() {
    for (json, text) in [
        ("37.0", Some("37.0")),
        ("-0.10", Some("-0.10")),
        ("1E-3", Some("1E-3")),
        ("0.1000000000000000055511151231257827", Some("0.1000000000000000055511151231257827")),
        ("123456789012345678901234567890", Some("123456789012345678901234567890")),
        ("\"15.0\"", Some("15.0")),
        ("\"007\"", Some("007")),
        ("\"1\\u0035\"", Some("15")),
        ("\"\"", None),
        ("null", None),
    ] {
        let package = &read::<Package>(&[&format!("{{\"Quantity\": {json} }}")]).unwrap()[0];
        assert_eq!(package.quantity.as_ref().map(crate::NumberText::as_str), text, "{json}");
    }
    let long = format!("\"{}\"", "1".repeat(65));
    for json in
        ["\"NaN\"", "true", "[1]", "{}", "\"1,5\"", "\" 1\"", "\"+1\"", "\"1.\"", "\".5\"", "\"1e\"", "\"-\"", &long]
    {
        let error = refused::<Package>(&[&format!("{{\"Quantity\":{json}}}")]);
        assert_eq!(error.field.as_deref(), Some("Quantity"), "{json}");
    }
}

#[test]
fn whole_numbers_texts_and_flags_are_lenient_in_form() {
    for (json, id) in
        [("7", Some(7)), ("\"7\"", Some(7)), ("7.0", Some(7)), ("-7", Some(-7)), ("null", None), ("\"\"", None)]
    {
        assert_eq!(read::<Package>(&[&format!("{{\"Id\":{json}}}")]).unwrap()[0].id, id, "{json}");
    }
    for json in ["7.5", "1e3", "9223372036854775808", "\"x\"", "false", "\"7.\""] {
        assert_eq!(refused::<Package>(&[&format!("{{\"Id\":{json}}}")]).field.as_deref(), Some("Id"), "{json}");
    }
    for (json, text) in [
        ("\"a b\"", Some("a b")),
        ("\"\"", None),
        ("null", None),
        ("259063", Some("259063")),
        ("\"\\u00e9\\n\"", Some("é\n")),
    ] {
        assert_eq!(read::<Package>(&[&format!("{{\"Label\":{json}}}")]).unwrap()[0].label.as_deref(), text, "{json}");
    }
    for json in ["true", "1.5", "[\"a\"]", "{}", "\"a\\u0000\""] {
        assert_eq!(refused::<Package>(&[&format!("{{\"Label\":{json}}}")]).field.as_deref(), Some("Label"), "{json}");
    }
    for (json, flag) in [("true", Some(true)), ("\"False\"", Some(false)), ("null", None), ("\"\"", None)] {
        assert_eq!(read::<Package>(&[&format!("{{\"IsFinished\":{json}}}")]).unwrap()[0].is_finished, flag, "{json}");
    }
    for json in ["1", "\"yes\""] {
        assert_eq!(refused::<Package>(&[&format!("{{\"IsFinished\":{json}}}")]).field.as_deref(), Some("IsFinished"));
    }
}

#[test]
fn zero_dates_are_none_and_other_dates_stay_text() {
    let text = r#"{"FinishedDate":"0001-01-01","ArchivedDate":"0001-01-01T00:00:00+00:00","ReceivedDateTime":"0001-01-01T00:00:00.000",
        "PackagedDate":"2026-09-02","LastModified":"2026-11-20T21:04:11.3310021+00:00","Label":"0001-01-01"}"#;
    let package = &read::<Package>(&[text]).unwrap()[0];
    assert_eq!((&package.finished_date, &package.archived_date, &package.received_date_time), (&None, &None, &None));
    assert_eq!(package.packaged_date.as_deref(), Some("2026-09-02"));
    assert_eq!(package.last_modified(), Some("2026-11-20T21:04:11.3310021+00:00"));
    assert_eq!(package.label(), Some("0001-01-01"));
}

#[test]
fn an_items_quantity_type_is_a_number_or_text() {
    for (json, text) in [("0", "0"), ("\"CountBased\"", "CountBased")] {
        let package = &read::<Package>(&[&format!("{{\"Item\":{{\"QuantityType\":{json}}}}}")]).unwrap()[0];
        assert_eq!(package.item.as_ref().unwrap().quantity_type.as_deref(), Some(text));
    }
    assert_eq!(read::<Package>(&["{\"Id\":1,\"Item\":null}"]).unwrap()[0].item, None);
    assert!(read::<Package>(&["{\"Id\":1,\"Item\":{}}"]).unwrap()[0].item.is_some());
}

// ---- rules of a kind

#[test]
fn a_sale_without_lines_is_refused() {
    for lines in ["", ",\"Transactions\":[]", ",\"Transactions\":null"] {
        for total in ["", ",\"TotalPackages\":1", ",\"TotalPackages\":null"] {
            let text = format!("{{\"Id\":1{lines}{total}}}");
            assert!(refused::<Receipt>(&[&text]).todo.contains("by its id"), "{text}");
            assert!(refused::<Delivery>(&[&text]).todo.contains("by its id"), "{text}");
        }
        assert!(read::<Receipt>(&[&format!("{{\"Id\":1{lines},\"TotalPackages\":0}}")]).is_ok());
    }
    assert!(read::<Receipt>(&["{\"Id\":1,\"TotalPackages\":3,\"Transactions\":[{\"PackageId\":1}]}"]).is_ok());
    let error = refused::<Receipt>(&["{\"Data\":[{\"Id\":1,\"TotalPackages\":2,\"Transactions\":[]}]}"]);
    assert_eq!(error.field.as_deref(), Some("Transactions"));
    assert_eq!(error.found, "no lines, with TotalPackages 2 in the record that begins at byte 9");
}

#[test]
fn a_transfers_packages_come_from_both_places() {
    let labels = |text: &str| -> Result<Vec<String>, WireError> {
        let transfer = read::<Transfer>(&[text])?.remove(0);
        Ok(transfer.packages.iter().filter_map(|row| row.package_label.as_ref().map(ToString::to_string)).collect())
    };
    assert_eq!(labels(r#"{"Packages":[{"PackageLabel":"A"},{"PackageLabel":"B"}]}"#).unwrap(), ["A", "B"]);
    let deliveries =
        r#"{"Deliveries":[{"Packages":[{"PackageLabel":"A"}]},{"Id":2},{"Packages":[{"PackageLabel":"B"}]}]}"#;
    assert_eq!(labels(deliveries).unwrap(), ["A", "B"]);
    let both = r#"{"Deliveries":[{"ReceivedDateTime":"2026-01-01T00:00:00Z","Packages":[{"PackageLabel":"A"},{"PackageLabel":"C"}]}],
        "Packages":[{"PackageLabel":"A"},{"PackageLabel":"B"}]}"#;
    assert_eq!(labels(both).unwrap(), ["A", "B", "C"]);
    let differ = r#"{"Packages":[{"PackageLabel":"A","ShippedQuantity":1}],"Deliveries":[{"Packages":[{"PackageLabel":"A","ShippedQuantity":2}]}]}"#;
    assert!(labels(differ).unwrap_err().found.starts_with("a package that differs"));
}

#[test]
fn a_deliverys_received_time_and_both_names_of_the_state() {
    let text = r#"{"Deliveries":[{"ReceivedDateTime":"2026-01-02T00:00:00Z","Packages":[
        {"PackageLabel":"A","ShipmentPackageState":"Accepted"},
        {"PackageLabel":"B","ShipmentPackageStateName":"Rejected","ReceivedDateTime":"2026-01-03T00:00:00Z"},
        {"PackageLabel":"C","ShipmentPackageStateName":"Accepted","ShipmentPackageState":"Accepted"},
        {"PackageLabel":"D","ShipmentPackageStateName":null,"ShipmentPackageState":"Shipped"}]}]}"#;
    let rows = read::<Transfer>(&[text]).unwrap().remove(0).packages;
    let column = |pick: fn(&crate::TransferPackage) -> Option<&str>| rows.iter().filter_map(pick).collect::<Vec<_>>();
    assert_eq!(column(|row| row.shipment_package_state.as_deref()), ["Accepted", "Rejected", "Accepted", "Shipped"]);
    assert_eq!(
        column(|row| row.received_date_time.as_deref().map(|text| &text[..10])),
        ["2026-01-02", "2026-01-03", "2026-01-02", "2026-01-02"]
    );
    let differ = r#"{"Packages":[{"ShipmentPackageState":"Accepted","ShipmentPackageStateName":"Rejected"}]}"#;
    assert!(refused::<Transfer>(&[differ]).found.contains("ShipmentPackageStateName"));
}

#[test]
fn adjustments_have_no_id() {
    let text = r#"[{"PackageId":1,"AdjustmentQuantity":-1.0},{"PackageId":1,"AdjustmentQuantity":-1.0}]"#;
    let rows = read::<Adjustment>(&[text]).unwrap();
    assert_eq!((rows.len(), rows[0].id(), rows[0].adjustment_quantity.as_ref().unwrap().as_str()), (2, None, "-1.0"));
}

// ---- pages

#[test]
fn a_page_must_agree_with_itself() {
    for (fields, field) in [
        ("\"RecordsOnPage\":2", "Data"),
        ("\"Total\":1,\"TotalRecords\":2", "Total"),
        ("\"Page\":1,\"CurrentPage\":2", "Page"),
        ("\"TotalRecords\":41,\"PageSize\":20,\"TotalPages\":2", "TotalPages"),
        ("\"TotalRecords\":40,\"PageSize\":20,\"TotalPages\":3", "TotalPages"),
        ("\"TotalRecords\":0,\"PageSize\":20,\"TotalPages\":2", "TotalPages"),
        ("\"TotalRecords\":1,\"PageSize\":0,\"TotalPages\":2", "TotalPages"),
        ("\"TotalRecords\":40,\"PageSize\":20,\"TotalPages\":2,\"Page\":3", "Page"),
        ("\"TotalRecords\":40,\"PageSize\":20,\"Page\":3", "Page"),
        ("\"TotalRecords\":40,\"PageSize\":20,\"TotalPages\":2,\"Page\":0", "Page"),
        ("\"TotalRecords\":-1", "TotalRecords"),
        ("\"TotalPages\":\"x\"", "TotalPages"),
    ] {
        let error = refused::<Package>(&[&format!("{{\"Data\":[{{\"Id\":1}}],{fields}}}")]);
        assert_eq!(error.field.as_deref(), Some(field), "{fields}: {error}");
    }
    let error = refused::<Package>(&["{\"Data\":[{\"Id\":1},{\"Id\":2}],\"PageSize\":1}"]);
    assert_eq!(&*error.expected, "at most PageSize, 1");
    assert_eq!(refused::<Package>(&["{\"Data\":null}"]).found, "Data that is no array at byte 8");
    assert_eq!(refused::<Package>(&["{\"Data\":[{\"Id\":1}, 5]}"]).found, "an element that is no object at byte 19");
    assert_eq!(refused::<Package>(&["{\"TotalRecords\":0}"]).found, "a page without Data at byte 0");
}

#[test]
fn an_empty_list_has_one_page_or_none() {
    for pages in ["", ",\"TotalPages\":0", ",\"TotalPages\":1"] {
        for number in ["", ",\"Page\":0", ",\"Page\":1"] {
            let text = format!("{{\"Data\":[],\"TotalRecords\":0,\"PageSize\":20{pages}{number}}}");
            assert_eq!(packages(&[&text]).unwrap().len(), 0, "{text}");
            assert_eq!(packages(&[&text, &text]).unwrap().len(), 0);
        }
    }
    let error = refused::<Package>(&["{\"Data\":[{\"Id\":1}],\"TotalRecords\":0}"]);
    assert_eq!(error.found, "1 records on the pages");
}

#[test]
fn fields_of_a_page_may_be_absent() {
    for fields in [
        "",
        ",\"TotalRecords\":1",
        ",\"Page\":1",
        ",\"PageSize\":1",
        ",\"TotalPages\":1",
        ",\"PageSize\":0,\"TotalRecords\":1,\"TotalPages\":1",
    ] {
        assert_eq!(packages(&[&format!("{{\"Data\":[{{\"Id\":1}}]{fields}}}")]).unwrap(), [1], "{fields}");
    }
    assert!(packages(&["{\"Data\":[{\"Id\":1}],\"TotalRecords\":2}"]).is_err());
    assert!(
        packages(&["{\"Data\":[{\"Id\":1}],\"TotalRecords\":2}", "{\"Data\":[{\"Id\":2}],\"TotalRecords\":2}"]).is_ok()
    );
    assert!(packages(&["{\"Data\":[{\"Id\":1}],\"Page\":2}"]).is_err());
}

#[test]
fn missing_pages_are_named() {
    let pages: Vec<String> = (1..=4).map(|n| page(&[2 * n, 2 * n + 1], n, 2, 8)).collect();
    let error = refused::<Package>(&[&pages[0], &pages[2]]);
    assert_eq!(error.found, "pages missing: have 1, 3 of 4");
    assert_eq!((error.file.as_str(), error.record), ("f1.json, f2.json", None));
    assert!(packages(&[&pages[0], &pages[2], &pages[3], &pages[1]]).is_ok());
    let error = refused::<Package>(&[&pages[0], &pages[1], &pages[2], &pages[3], &pages[1]]);
    assert_eq!(error.found, "page 1 1×, page 2 2×, page 3 1×, page 4 1×");
    let far = format!(
        "{{\"Data\":[{{\"Id\":1}}],\"Page\":1,\"PageSize\":1,\"TotalRecords\":{0},\"TotalPages\":{0}}}",
        i64::MAX
    );
    assert_eq!(refused::<Package>(&[&far]).found, format!("pages missing: have 1 of {}", i64::MAX));
}

#[test]
fn two_lists_with_equal_totals_are_told_from_repetition() {
    let active = [page(&[1, 2], 1, 2, 3), page(&[3], 2, 2, 3)];
    let inactive = [page(&[4, 5], 1, 2, 3), page(&[6], 2, 2, 3)];
    assert_eq!(packages(&[&active[0], &inactive[0], &active[1], &inactive[1]]).unwrap().len(), 6);
    assert_eq!(refused::<Package>(&[&active[0], &inactive[0], &active[1]]).found, "page 1 2×, page 2 1×");
    let short = page(&[4], 1, 2, 3);
    assert_eq!(refused::<Package>(&[&short, &active[1]]).found, "2 records on the pages");
    let error = refused::<Package>(&[&active[0], &active[1], &short, &active[1]]);
    assert_eq!(
        (error.found.as_str(), &*error.expected),
        ("5 records on the pages", "TotalRecords, 3 in each of 2 lists")
    );
}

#[test]
fn rows_that_repeat_while_the_list_changes_are_refused() {
    let error = refused::<Package>(&[&page(&[1, 2], 1, 2, 3), &page(&[2], 2, 2, 3)]);
    assert_eq!(error.found, "2 different ids in 3 records: rows repeated while the list changed");
    assert!(error.todo.contains("again"));
    let deliveries = "{\"TotalRecords\":2,\"Data\":[{\"Id\":1,\"DeliveryId\":5},{\"Id\":1,\"DeliveryId\":6}]}";
    assert_eq!(read::<Transfer>(&[deliveries]).unwrap().len(), 2);
    let rows = "{\"TotalRecords\":2,\"Data\":[{\"PackageId\":1},{\"PackageId\":1}]}";
    assert_eq!(read::<Adjustment>(&[rows]).unwrap().len(), 2);
}

// ---- chunks

const MIXED: &str = "[{\"Id\":1,\"Label\":\"a\\\\\\\"b]}{[\\u00e9é😀\",\"Note\":\"\\\\\"},\n {\"Id\":2,\"Item\":{\"Name\":\"x}\"}} ]\r\n\
     {\"Data\":[{\"Id\":3,\"Quantity\":1.50},{\"Id\":4}],\"RecordsOnPage\":2} {\"Id\":5,\"a\":[[[\"]\"]]]}\n[]";

#[test]
fn every_split_into_chunks_gives_the_same_records() {
    let whole = read_with::<Package>(&[MIXED.as_bytes()], Sizes::default(), usize::MAX).unwrap();
    assert_eq!(whole.0.len(), 5);
    assert_eq!(whole.0[0].label.as_deref(), Some("a\\\"b]}{[éé😀"));
    for chunk in 1..=MIXED.len() + 1 {
        for step in [1, 2, 3, 7, chunk] {
            let sizes = Sizes { chunk, ..Sizes::default() };
            assert_eq!(read_with::<Package>(&[MIXED.as_bytes()], sizes, step).unwrap(), whole, "{chunk} {step}");
        }
    }
}

#[test]
fn every_truncation_is_refused_or_whole() {
    let ends: Vec<usize> =
        [MIXED.rfind('\n').unwrap(), MIXED.rfind(" {\"Id\":5").unwrap(), MIXED.find("{\"Data").unwrap()].into();
    for length in 1..MIXED.len() {
        let bytes = &MIXED.as_bytes()[..length];
        let sizes = Sizes { chunk: 8, ..Sizes::default() };
        let complete = ends
            .iter()
            .any(|end| bytes[..length].trim_ascii_end().len() == MIXED.as_bytes()[..*end].trim_ascii_end().len());
        assert_eq!(read_with::<Package>(&[bytes], sizes, 3).is_ok(), complete, "{length}");
    }
}

// ---- any content, any form

#[derive(Debug, Clone)]
struct Row {
    id: i64,
    text: String,
    number: String,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (any::<i64>(), any::<String>(), "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?");
    prop::collection::vec(row.prop_map(|(id, text, number)| Row { id, text: text.replace('\0', ""), number }), 0..40)
}

fn json(row: &Row) -> String {
    let text = serde_json::to_string(&row.text).unwrap();
    format!("{{\"Id\":{},\"Label\":{text},\"Whatever\":[{text},{{}}],\"Quantity\":{}}}", row.id, row.number)
}

fn paged(rows: &[Row], size: usize) -> Vec<String> {
    let total = rows.len();
    let pages = total.div_ceil(size);
    let page = |(at, rows): (usize, &[Row])| {
        format!(
            "{{\"Data\":[{}],\"Total\":{total},\"TotalRecords\":{total},\"PageSize\":{size},\"RecordsOnPage\":{},\"Page\":{n},\"CurrentPage\":{n},\"TotalPages\":{pages}}}",
            rows.iter().map(json).collect::<Vec<_>>().join(","),
            rows.len(),
            n = at + 1
        )
    };
    rows.chunks(size).enumerate().map(page).collect()
}

proptest! {
    #[test]
    fn all_forms_give_the_same_records(rows in rows(), size in 1_usize..20, chunk in 1_usize..300, step in 1_usize..300) {
        let mut rows = rows;
        rows.sort_by_key(|row| row.id);
        rows.dedup_by_key(|row| row.id);
        let sizes = Sizes { chunk, ..Sizes::default() };
        let lines: Vec<String> = rows.iter().map(json).collect();
        let array = format!("[{}]", lines.join(","));
        let (records, _) = read_with::<Package>(&[array.as_bytes()], sizes, step).unwrap();
        prop_assert_eq!(records.len(), rows.len());
        for (record, row) in records.iter().zip(&rows) {
            prop_assert_eq!(record.id, Some(row.id));
            prop_assert_eq!(record.label.as_deref().unwrap_or(""), &row.text);
            prop_assert_eq!(record.quantity.as_ref().unwrap().as_str(), &row.number);
        }
        let pages = paged(&rows, size);
        let files: Vec<&[u8]> = pages.iter().map(String::as_bytes).collect();
        prop_assert_eq!(&read_with::<Package>(&files, sizes, step).unwrap().0, &records);
        if !rows.is_empty() {
            let joined = pages.join("\n");
            prop_assert_eq!(&read_with::<Package>(&[joined.as_bytes()], sizes, step).unwrap().0, &records);
            let joined = lines.join("\n");
            prop_assert_eq!(&read_with::<Package>(&[joined.as_bytes()], sizes, step).unwrap().0, &records);
        }
    }

    #[test]
    fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..200), chunk in 1_usize..50) {
        let sizes = Sizes { chunk, record: 64, page: 128 };
        let _ = read_with::<Package>(&[&bytes], sizes, 7);
    }

    #[test]
    fn no_near_json_brings_it_down(text in "([\\[\\]{},:\" \\\\]|\"Id\"|\"Data\"|\"Page\"|\"Transactions\"|1|-1.5|null|true|é){0,60}", chunk in 1_usize..50) {
        let sizes = Sizes { chunk, record: 64, page: 128 };
        let small = read_with::<Receipt>(&[text.as_bytes()], sizes, 7);
        let large = read_with::<Receipt>(&[text.as_bytes()], Sizes { chunk: 4096, ..sizes }, usize::MAX);
        prop_assert_eq!(small, large);
    }
}

#[test]
fn numbers_are_the_same_however_they_are_written() {
    let number = |text| crate::NumberText::new(text).unwrap();
    for (a, b) in
        [("15", "15.0"), ("15", "1.5e1"), ("0", "-0.00"), ("0.0350", "3.5E-2"), ("-2", "-2.000"), ("100", "1e2")]
    {
        assert!(number(a).same_value(&number(b)), "{a} {b}");
    }
    for (a, b) in [("15", "1.5"), ("2", "-2"), ("0", "0.001"), ("100", "1")] {
        assert!(!number(a).same_value(&number(b)), "{a} {b}");
    }
    for text in ["", "1.", ".5", "NaN", "01", "1 ", "\"1\"", "null", "0x1"] {
        assert!(crate::NumberText::new(text).is_err(), "{text}");
    }
}
