//! Samples with the API's complete key sets (invented values) are read whole, without a note.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use trueup_metrc::{FileFacts, ListReader, NumberText, Package, Receipt, Record, Transfer, WireError};

fn only<T: Record>(text: &str) -> Result<(T, FileFacts), WireError> {
    let mut list = ListReader::new();
    let mut records = Vec::new();
    let facts = list.read_file("sample.json", text.as_bytes(), &mut |record, _| {
        records.push(record);
        Ok(())
    })?;
    list.finish()?;
    assert_eq!(records.len(), 1);
    Ok((records.remove(0), facts))
}

#[test]
fn a_package() {
    let (package, facts) = only::<Package>(include_str!("samples/package.json")).unwrap();
    assert_eq!(facts, FileFacts { records: 1, notes: Vec::new() });
    assert_eq!((package.id(), package.label()), (Some(482_113), Some("1A4FF0300000257000018842")));
    assert_eq!(package.source_package_labels.as_deref(), Some("1A4FF0300000257000011207, 1A4FF0300000257000011208"));
    assert_eq!(package.quantity.as_ref().map(NumberText::as_str), Some("37.0"));
    assert_eq!(package.original_package_quantity.as_ref().map(NumberText::as_str), Some("60.0"));
    assert_eq!(package.location_name.as_deref(), Some("Sales Floor"));
    assert_eq!((package.is_finished, package.finished_date), (Some(false), None));
    let item = package.item.unwrap();
    assert_eq!(item.unit_weight.as_ref().map(NumberText::as_str), Some("3.5"));
    assert_eq!(item.quantity_type.as_deref(), Some("CountBased"));
}

#[test]
fn a_receipt() {
    let (receipt, facts) = only::<Receipt>(include_str!("samples/receipt.json")).unwrap();
    assert_eq!(facts, FileFacts { records: 1, notes: Vec::new() });
    assert_eq!(receipt.external_receipt_number.as_deref(), Some("POS7-20261120-00418"));
    assert_eq!(receipt.sales_date_time.as_deref(), Some("2026-11-20T16:03:58.000"));
    assert_eq!((receipt.is_final, receipt.archived_date), (Some(false), None));
    let line = &receipt.transactions[0];
    assert_eq!(line.package_label.as_deref(), Some("1A4FF0300000257000018842"));
    assert_eq!(line.quantity_sold.as_ref().map(NumberText::as_str), Some("2.0"));
    assert_eq!(line.unit_of_measure_abbreviation.as_deref(), Some("ea"));
}

#[test]
fn a_transfer() {
    let (transfer, facts) = only::<Transfer>(include_str!("samples/transfer.json")).unwrap();
    assert_eq!(facts, FileFacts { records: 1, notes: Vec::new() });
    assert_eq!((transfer.id, transfer.delivery_id), (Some(251_190), Some(259_063)));
    assert_eq!((transfer.package_count, transfer.received_package_count), (Some(4), Some(0)));
    assert_eq!(transfer.estimated_arrival_date_time.as_deref(), Some("2026-11-20T11:30:00.000"));
    assert!(transfer.packages.is_empty());
}

#[test]
fn serde_json_alone_reads_records_too() {
    let text = include_str!("samples/receipt.json");
    let receipt: Receipt = serde_json::from_str(text).unwrap();
    assert_eq!(receipt, only::<Receipt>(text).unwrap().0);
    let receipts: Vec<Receipt> = serde_json::from_reader(format!("[{text},{text}]").as_bytes()).unwrap();
    assert_eq!(receipts, [receipt.clone(), receipt]);
    let error = serde_json::from_str::<Receipt>(r#"{"Transactions":[{"PackageId":true}]}"#).unwrap_err().to_string();
    assert!(error.starts_with("Transactions[0].PackageId: `true`"), "{error}");
    assert_eq!(serde_json::from_str::<NumberText>("1.50").unwrap().to_string(), "1.50");
    assert!(serde_json::from_str::<NumberText>("null").is_err());
}

/// The same samples through the client's types, which have every documented field.
mod whole {
    use trueup_metrc::api::packages::Package;
    use trueup_metrc::api::sales::Receipt;
    use trueup_metrc::api::transfers::Transfer;
    use trueup_metrc::api::{Answer, Page};

    fn only<T>(sample: &str) -> T
    where
        Page<T>: Answer<Out = Page<T>>,
    {
        let page = format!("{{\"Data\":[{sample}],\"Total\":1,\"TotalRecords\":1}}");
        let mut page = Page::<T>::read(page.as_bytes(), "GET").unwrap();
        assert_eq!(page.unknown_fields, Vec::<String>::new());
        page.rows.remove(0)
    }

    #[test]
    fn a_package_a_receipt_and_a_transfer() {
        let package: Package = only(include_str!("samples/package.json"));
        assert_eq!(package.label.as_deref(), Some("1A4FF0300000257000018842"));
        assert_eq!(package.product_label.unwrap().qr_count, Some(60));
        let item = package.item.unwrap();
        assert_eq!(
            (item.unit_thc_percent.unwrap().to_string().as_str(), item.approval_status_date_time),
            ("24.1", None)
        );
        let receipt: Receipt = only(include_str!("samples/receipt.json"));
        assert_eq!(receipt.transactions[0].item_unit_weight.as_ref().unwrap().as_str(), "3.5");
        let transfer: Transfer = only(include_str!("samples/transfer.json"));
        assert_eq!((transfer.delivery_id, transfer.package_count), (Some(259_063), Some(4)));
    }
}
