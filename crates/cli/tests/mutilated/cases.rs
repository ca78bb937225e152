//! What must be refused, each spoiled in one way from the good store.

use crate::files;
use crate::store::Store;

/// One store that must be refused.
pub struct Case {
    pub name: String,
    pub mutilate: Box<dyn Fn(&Store) + Send + Sync>,
    /// Options besides `--store` and `--out`.
    pub arguments: Vec<&'static str>,
}

pub fn case(name: &str, mutilate: impl Fn(&Store) + Send + Sync + 'static) -> Case {
    Case { name: name.to_owned(), mutilate: Box::new(mutilate), arguments: Vec::new() }
}

/// One text of one file put for another.
fn edit(name: &str, file: &'static str, old: &'static str, new: &'static str) -> Case {
    case(name, move |store| store.edit(file, old, new))
}

/// The same in a store whose state side is tables.
fn edit_tables(name: &str, file: &'static str, old: &'static str, new: &'static str) -> Case {
    case(name, move |store| {
        store.with_state_tables();
        store.edit(file, old, new);
    })
}

/// A whole file put for another.
fn write(name: &str, file: &'static str, bytes: &'static [u8]) -> Case {
    case(name, move |store| store.write(file, bytes))
}

fn with_arguments(name: &str, arguments: &[&'static str]) -> Case {
    Case { arguments: arguments.to_vec(), ..case(name, |_| ()) }
}

pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(settings());
    cases.extend(missing());
    cases.extend(cells());
    cases.extend(times());
    cases.extend(units());
    cases.extend(doubles());
    cases.extend(csv_text());
    cases.extend(state_tables());
    cases.extend(json_text());
    cases.extend(json_fields());
    cases.extend(pages());
    cases.extend(shelf());
    cases.extend(options());
    cases.extend(files::cases());
    cases
}

fn settings() -> Vec<Case> {
    const FILE: &str = "store.toml";
    vec![
        edit("settings_system_biotrack", FILE, "\"metrc\"", "\"biotrack\""),
        edit("settings_unknown_timezone", FILE, "America/Los_Angeles", "Mars/Olympus"),
        edit("settings_window_start_after_as_of", FILE, "2026-03-02T00:00:00-08:00", "2026-03-09T10:00:01-07:00"),
        edit("settings_window_start_no_time", FILE, "2026-03-02T00:00:00-08:00", "last week"),
        edit("settings_as_of_only_a_date", FILE, "2026-03-09T10:00:00-07:00", "2026-03-09"),
        edit("settings_as_of_in_the_gap", FILE, "2026-03-09T10:00:00-07:00", "2026-03-08T02:30:00"),
        edit("settings_broken_toml", FILE, "[reporting]", "[reporting"),
        edit("settings_key_twice", FILE, "state = \"CA\"", "state = \"CA\"\nlicense = \"x\""),
        edit("settings_license_is_a_number", FILE, "\"C10-0000123-LIC\"", "10"),
        edit("settings_unknown_reporter", FILE, "by = \"pos\"", "by = \"the accountant\""),
        edit("settings_unknown_mode", FILE, "\"batch\"", "\"weekly\""),
        edit("settings_unknown_corrections", FILE, "\"silent\"", "\"loud\""),
        edit("settings_every_minutes_negative", FILE, "every_minutes = 60", "every_minutes = -1"),
        edit("settings_every_minutes_text", FILE, "every_minutes = 60", "every_minutes = \"60\""),
        edit("settings_room_is_a_number", FILE, "= \"Floor\"", "= 7"),
        edit(
            "settings_reporting_is_no_section",
            FILE,
            "[reporting]\nby = \"pos\"\nmode = \"batch\"\nevery_minutes = 60",
            "reporting = 1",
        ),
        write("settings_not_utf8", FILE, b"license = \"C10\xff\"\n"),
        write("settings_empty", FILE, b""),
        case("settings_too_large", |store| store.write(FILE, "# \n".repeat(400_000))),
        case("settings_too_deep", |store| store.write(FILE, format!("x = {}", "[".repeat(200_000)))),
    ]
}

/// Each required file, column and setting left out.
fn missing() -> Vec<Case> {
    const COLUMNS: [(&str, &str); 10] = [
        ("pos/inventory.csv", "package_id,sku,product_name,room,quantity,unit"),
        ("pos/sales.csv", "receipt_id,line_no,sold_at,kind,package_id,sku,quantity,unit"),
        ("pos/movements.csv", "event_id,at,type,package_id,sku,quantity_delta,unit"),
        ("pos/sku_map.csv", "package_id,sku,per_unit,per_unit_unit"),
        ("state/packages.csv", "package_id,item,quantity,unit"),
        ("state/sales.csv", "receipt_id,external_id,sold_at,package_id,quantity,unit"),
        ("state/adjustments.csv", "package_id,at,quantity_delta,unit,reason,note,by"),
        ("shelf/counts.csv", "count_id,counted_at,package_id,sku,room,quantity,unit,by,pass"),
        ("shelf/weights.csv", "device_id,at,package_id,sku,gross,tare,unit,piece_weight,stable"),
        ("baseline.csv", "package_id,difference,unit,note,approved_by"),
    ];
    let mut cases = Vec::new();
    for (file, columns) in COLUMNS {
        for column in columns.split(',') {
            let name = format!("missing_column_{}_{column}", file.trim_end_matches(".csv").replace('/', "_"));
            cases.push(case(&name, move |store| {
                if file.starts_with("state/") {
                    store.with_state_tables();
                }
                store.drop_column(file, column);
            }));
        }
    }
    for setting in ["license", "timezone", "window_start", "as_of"] {
        cases.push(case(&format!("missing_setting_{setting}"), move |store| {
            let text = store.read("store.toml");
            let key = format!("{setting} =");
            store.write(
                "store.toml",
                text.lines().filter(|line| !line.starts_with(&key)).map(|line| format!("{line}\n")).collect::<String>(),
            );
        }));
    }
    for file in ["store.toml", "pos/inventory.csv", "pos/sales.csv", "state/receipts.json"] {
        let name = format!("missing_file_{}", file.replace(['/', '.'], "_"));
        cases.push(case(&name, move |store| store.remove(file)));
    }
    cases.push(case("missing_file_state_packages_json", |store| {
        store.remove("state/packages_active.json");
        store.remove("state/packages_inactive.json");
    }));
    cases.push(case("missing_folder_state", |store| std::fs::remove_dir_all(store.path("state")).unwrap()));
    cases.push(case("missing_store_folder", |store| std::fs::remove_dir_all(store.path("")).unwrap()));
    cases
}

const TAG: &str = "1A4060300002EE1000000101";

fn cells() -> Vec<Case> {
    const INVENTORY: &str = "pos/inventory.csv";
    const SALES: &str = "pos/sales.csv";
    const MOVEMENTS: &str = "pos/movements.csv";
    vec![
        edit("cell_tag_lower_case", INVENTORY, TAG, "1a4060300002ee1000000101"),
        edit("cell_tag_scientific", INVENTORY, TAG, "1.23E+15"),
        edit("cell_tag_23_characters", INVENTORY, TAG, "1A4060300002EE100000010"),
        edit("cell_tag_15_digits", SALES, TAG, "123456789012345"),
        edit("cell_tag_no_tag_at_all", MOVEMENTS, "1A4060300002EE1000000103", "cartridge"),
        edit("cell_tag_empty_in_sku_map", "pos/sku_map.csv", "1A4060300002EE1000000102", ""),
        edit("cell_quantity_nan", INVENTORY, "Sales Floor,14,", "Sales Floor,NaN,"),
        edit("cell_quantity_infinite", INVENTORY, "Sales Floor,14,", "Sales Floor,inf,"),
        edit("cell_quantity_empty", INVENTORY, "Sales Floor,14,", "Sales Floor,,"),
        edit("cell_quantity_13_decimals", INVENTORY, "60.5", "60.5000000000001"),
        edit("cell_quantity_too_large", INVENTORY, "60.5", "99999999999999999999"),
        edit("cell_quantity_too_large_in_kg", INVENTORY, "60.5,g", "10000,kg"),
        edit("cell_quantity_with_comma", INVENTORY, "60.5", "\"1,060.5\""),
        edit("cell_quantity_huge_exponent", INVENTORY, "60.5", "1e999"),
        edit("cell_quantity_is_a_formula", INVENTORY, "60.5", "=SUM(A1:A2)"),
        edit("cell_quantity_control_characters", INVENTORY, "60.5", "\u{1b}[2J\u{202e}6"),
        edit("cell_sale_quantity_negative", SALES, "BD35,1,ea", "BD35,-1,ea"),
        edit("cell_sale_kind_unknown", SALES, "sale", "refund"),
        edit("cell_sale_kind_empty", SALES, ",sale,", ",,"),
        edit("cell_sale_receipt_empty", SALES, "88411", ""),
        case("cell_sale_return_that_was_voided", |store| {
            store.edit(SALES, "terminal", "voided_at");
            store.edit(SALES, "ea,T1", "ea,2026-03-08T17:00:00");
            store.edit(SALES, "sale", "return");
            store.write(SALES, store.read(SALES).replace(",T1", ",").replace(",T2", ","));
        }),
        case("cell_sale_coupon_flag_unreadable", |store| {
            store.edit(SALES, "terminal", "is_coupon");
        }),
        edit("cell_sale_price_unreadable", SALES, "terminal", "line_total"),
        edit("cell_movement_type_unknown", MOVEMENTS, "adjust", "lost"),
        edit("cell_movement_quantity_empty", MOVEMENTS, "CART,-1,", "CART,,"),
        edit(
            "cell_movement_to_package_broken",
            MOVEMENTS,
            "event_id,at,type,package_id,sku,quantity_delta,unit,reason,by",
            "event_id,at,type,package_id,sku,quantity_delta,unit,reason,to_package_id",
        ),
        edit("cell_per_unit_zero", "pos/sku_map.csv", "PR1,1,g", "PR1,0,g"),
        edit("cell_per_unit_not_a_number", "pos/sku_map.csv", "PR1,1,g", "PR1,one,g"),
        edit("cell_sku_empty_in_sku_map", "pos/sku_map.csv", ",PR1,", ",,"),
    ]
}

fn times() -> Vec<Case> {
    const SALES: &str = "pos/sales.csv";
    const RECEIPTS: &str = "state/receipts.json";
    vec![
        edit("time_pos_in_the_spring_gap", SALES, "2026-03-08T16:20:11", "2026-03-08T02:30:00"),
        edit("time_state_in_the_spring_gap", RECEIPTS, "2026-03-08T16:20:11.000", "2026-03-08T02:30:00.000"),
        edit("time_movement_in_the_spring_gap", "pos/movements.csv", "2026-03-06T12:00:00", "3/8/2026 2:30 AM"),
        edit("time_count_in_the_spring_gap", "shelf/counts.csv", "2026-03-09T08:00:00", "2026-03-08 02:30"),
        edit("time_unreadable", SALES, "2026-03-08T16:20:11", "yesterday"),
        edit("time_no_such_day", SALES, "2026-03-08T16:20:11", "2026-02-30T16:20:11"),
        edit("time_two_digit_year", SALES, "2026-03-08T16:20:11", "3/8/26 4:20 PM"),
        edit("time_impossible_offset", SALES, "2026-03-08T16:20:11", "2026-03-08T16:20:11+99:00"),
        edit("time_empty", SALES, "2026-03-08T16:20:11", ""),
        edit("time_zero_date", SALES, "2026-03-08T16:20:11", "0001-01-01T00:00:00"),
        edit("time_state_unreadable", RECEIPTS, "2026-03-08T16:20:11.000", "Sunday"),
        edit("time_state_missing", RECEIPTS, "\"SalesDateTime\":\"2026-03-08T16:20:11.000\",", ""),
        edit("time_state_zero_date", RECEIPTS, "2026-03-08T16:20:11.000", "0001-01-01T00:00:00"),
        edit("time_adjustment_missing", "state/adjustments.json", "2026-03-06", ""),
    ]
}

fn units() -> Vec<Case> {
    const INVENTORY: &str = "pos/inventory.csv";
    const RECEIPTS: &str = "state/receipts.json";
    const TRANSFERS: &str = "state/transfers.json";
    vec![
        edit("unit_unknown", INVENTORY, "14,ea", "14,stone"),
        edit("unit_empty", INVENTORY, "14,ea", "14,"),
        case("unit_pieces_against_grams_without_sku_map", |store| store.remove("pos/sku_map.csv")),
        case("unit_pieces_against_grams_under_another_heading", |store| {
            store.remove("pos/sku_map.csv");
            store.edit(INVENTORY, "quantity,unit", "quantity,UoM");
        }),
        edit("unit_sale_grams_against_pieces", "pos/sales.csv", "BD35,1,ea", "BD35,3.5,g"),
        edit("unit_movement_millilitres_against_pieces", "pos/movements.csv", "CART,-1,ea", "CART,-1,ml"),
        edit(
            "unit_sku_map_grams_against_pieces",
            "pos/sku_map.csv",
            "1A4060300002EE1000000102",
            "1A4060300002EE1000000103",
        ),
        edit(
            "unit_state_receipt_ounces_against_pieces",
            RECEIPTS,
            "\"QuantitySold\":1.0,\"UnitOfMeasureName\":\"Each\",\"UnitOfMeasureAbbreviation\":\"ea\"",
            "\"QuantitySold\":1.0,\"UnitOfMeasureName\":\"Ounces\",\"UnitOfMeasureAbbreviation\":\"oz\"",
        ),
        edit(
            "unit_state_adjustment_grams_against_pieces",
            "state/adjustments.json",
            "\"Each\",\"AdjustmentUnitOfMeasureAbbreviation\":\"ea\"",
            "\"Grams\",\"AdjustmentUnitOfMeasureAbbreviation\":\"g\"",
        ),
        edit(
            "unit_state_transfer_grams_against_pieces",
            TRANSFERS,
            "\"ShippedUnitOfMeasureName\":\"Each\"",
            "\"ShippedUnitOfMeasureName\":\"Grams\"",
        ),
        edit(
            "unit_name_and_abbreviation_disagree",
            "state/packages_active.json",
            "\"Each\",\"UnitOfMeasureAbbreviation\":\"ea\"",
            "\"Ounces\",\"UnitOfMeasureAbbreviation\":\"g\"",
        ),
        edit(
            "unit_name_and_abbreviation_disagree_in_a_receipt",
            RECEIPTS,
            "\"Grams\",\"UnitOfMeasureAbbreviation\":\"g\"",
            "\"Grams\",\"UnitOfMeasureAbbreviation\":\"kg\"",
        ),
        edit(
            "unit_state_unknown",
            "state/packages_active.json",
            "\"Grams\",\"UnitOfMeasureAbbreviation\":\"g\"",
            "\"Stones\",\"UnitOfMeasureAbbreviation\":\"st\"",
        ),
        edit(
            "unit_state_missing",
            "state/packages_active.json",
            "\"UnitOfMeasureName\":\"Grams\",\"UnitOfMeasureAbbreviation\":\"g\",",
            "",
        ),
        edit("unit_baseline_grams_against_pieces", "baseline.csv", "1,ea", "1,g"),
        edit("unit_count_grams_against_pieces", "shelf/counts.csv", "20,ea", "20,g"),
        edit(
            "unit_weight_of_a_package_in_pieces",
            "shelf/weights.csv",
            "1A4060300002EE1000000102,FL",
            "1A4060300002EE1000000103,CART",
        ),
    ]
}

fn doubles() -> Vec<Case> {
    let double = |name: &str, file: &'static str, row: usize| {
        case(name, move |store| {
            let line = store.read(file).lines().nth(row).unwrap().to_owned();
            store.append(file, &format!("{line}\n"));
        })
    };
    vec![
        double("double_inventory_row", "pos/inventory.csv", 2),
        double("double_receipt_line", "pos/sales.csv", 1),
        double("double_receipt_line_of_merchandise", "pos/sales.csv", 3),
        double("double_event", "pos/movements.csv", 3),
        double("double_sku_map_row", "pos/sku_map.csv", 1),
        double("double_count", "shelf/counts.csv", 1),
        double("double_baseline_package", "baseline.csv", 1),
        edit("double_column", "pos/sales.csv", "terminal", "Quantity"),
        case("double_table_in_two_formats", |store| store.write("pos/sales.xlsx", "")),
        case("double_state_kind_json_and_csv", |store| {
            store.write("state/packages_more.csv", "package_id,item,quantity,unit\n");
        }),
        case("double_state_receipts_json_and_csv", |store| store.write("state/sales.csv", "receipt_id\n")),
        case("double_state_table_in_two_formats", |store| {
            store.with_state_tables();
            store.write("state/packages.csv.zst", "");
        }),
        case("double_state_id_with_one_last_modified", |store| {
            store.write("state/packages_more.json", store.read("state/packages_inactive.json").replace(":0.0", ":3.0"));
        }),
        case("double_state_id_without_last_modified", |store| {
            let text = store.read("state/receipts.json").replace("\"LastModified\"", "\"Modified\"");
            store.write("state/receipts.json", &text);
            store.write("state/receipts_more.json", text.replace("\"QuantitySold\":1.0", "\"QuantitySold\":2.0"));
        }),
    ]
}

fn csv_text() -> Vec<Case> {
    const SALES: &str = "pos/sales.csv";
    vec![
        case("csv_200_mb_in_one_line", |store| {
            let file = std::fs::File::create(store.path(SALES)).unwrap();
            std::io::copy(&mut std::io::Read::take(std::io::repeat(b'x'), 200 << 20), &mut &file).unwrap();
        }),
        case("csv_200_mb_in_one_quoted_cell", |store| {
            let mut file = std::fs::File::create(store.path(SALES)).unwrap();
            std::io::Write::write_all(&mut file, b"receipt_id,line_no,sold_at,kind,package_id,sku,quantity,unit\n\"")
                .unwrap();
            std::io::copy(&mut std::io::Read::take(std::io::repeat(b'\n'), 200 << 20), &mut file).unwrap();
        }),
        case("csv_513_columns", |store| {
            let columns: Vec<String> = (0..505).map(|n| format!("c{n}")).collect();
            store.write(
                SALES,
                format!("receipt_id,line_no,sold_at,kind,package_id,sku,quantity,unit,{}\n", columns.join(",")),
            );
        }),
        write("csv_empty", SALES, b""),
        write("csv_only_a_byte_order_mark", SALES, b"\xef\xbb\xbf"),
        case("csv_utf16", |store| {
            let wide: Vec<u8> = store.read(SALES).encode_utf16().flat_map(u16::to_le_bytes).collect();
            store.write(SALES, [&b"\xff\xfe"[..], &wide].concat());
        }),
        case("csv_utf16_without_mark", |store| {
            store.write(SALES, store.read(SALES).encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
        }),
        case("csv_latin_1_in_a_column_that_is_read", |store| {
            let text = store.read("pos/inventory.csv").into_bytes();
            let at = text.windows(4).position(|four| four == b"Kush").unwrap();
            store.write("pos/inventory.csv", [&text[..at], b"K\xfcsh", &text[at + 4..]].concat());
        }),
        case("csv_latin_1_in_a_customers_name", |store| {
            let text = store.read(SALES).into_bytes();
            let at = text.windows(6).position(|six| six == b"CANARY").unwrap();
            store.write(SALES, [&text[..at + 10], b" Jos\xe9", &text[at + 10..]].concat());
        }),
        edit("csv_nul_byte", SALES, "88411,1", "88411,\0"),
        edit("csv_row_too_short", SALES, "88411,1,", "88411,"),
        edit("csv_row_too_long", SALES, "88411,1,", "88411,1,1,"),
        edit("csv_unclosed_quote", SALES, "88414,1", "\"88414,1"),
        edit("csv_unclosed_quote_in_the_header", SALES, "receipt_id", "\"receipt_id"),
        edit("csv_text_after_a_quote", SALES, "88414,1", "\"88414\"x,1"),
        edit("csv_text_after_a_quote_in_the_header", SALES, "receipt_id", "\"receipt\"_id"),
        case("csv_without_header", |store| {
            let text = store.read(SALES);
            store.write(SALES, text.split_once('\n').unwrap().1);
        }),
        write("csv_html", SALES, b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"),
        write("csv_json", SALES, b"[{\"receipt_id\":\"88411\",\"customer\":\"CANARY-7Q3\"}]\n"),
        write("csv_xlsx_inside", SALES, b"PK\x03\x04\x14\0\0\0"),
        write("csv_xls_inside", SALES, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        write("csv_gzip_inside", SALES, b"\x1f\x8b\x08\0\0\0\0\0"),
    ]
}

fn state_tables() -> Vec<Case> {
    const PACKAGES: &str = "state/packages.csv";
    const SALES: &str = "state/sales.csv";
    vec![
        edit_tables("state_table_tag_scientific", PACKAGES, TAG, "1.23457E+15"),
        edit_tables("state_table_tag_empty", PACKAGES, TAG, ""),
        edit_tables("state_table_package_twice", PACKAGES, "1A4060300002EE1000000102", TAG),
        edit_tables("state_table_quantity_unreadable", PACKAGES, ",100.5,", ",many,"),
        edit_tables("state_table_unit_after_number_unknown", PACKAGES, ",100.5,g,", ",100.5 stone,,"),
        edit_tables("state_table_unit_missing", PACKAGES, ",100.5,g,", ",100.5,,"),
        edit_tables("state_table_source_tag_broken", PACKAGES, "Floor,", "Floor,1A4060300002EE1"),
        edit_tables("state_table_sale_negative", SALES, ",1,ea", ",-1,ea"),
        edit_tables("state_table_sale_ounces_against_pieces", SALES, ",1,ea", ",1,oz"),
        edit_tables("state_table_sale_ounces_after_the_number", SALES, ",1,ea", ",1 oz,"),
        edit_tables("state_table_sale_in_the_spring_gap", SALES, "2026-03-08T16:20:11", "2026-03-08T02:30:00"),
        edit_tables("state_table_sale_final_neither_yes_nor_no", SALES, ",,n", ",,maybe"),
        edit_tables("state_table_sale_receipt_empty", SALES, "9001,", ","),
        edit_tables("state_table_adjustment_too_fine", "state/adjustments.csv", ",-1,", ",-1.0000000000001,"),
        edit_tables("state_table_adjustment_grams_against_pieces", "state/adjustments.csv", "-1,ea", "-1,g"),
        case("state_table_of_receipts", |store| store.write("state/receipts_march.csv", "receipt_id\n")),
        case("state_table_of_transfers", |store| store.write("state/transfers.xlsx", "")),
        case("state_table_of_deliveries", |store| store.write("state/deliveries.csv", "delivery_id\n")),
    ]
}

fn json_text() -> Vec<Case> {
    const RECEIPTS: &str = "state/receipts.json";
    vec![
        case("json_truncated_in_a_record", |store| {
            let text = store.read(RECEIPTS);
            store.write(RECEIPTS, &text[..text.len() / 2]);
        }),
        case("json_truncated_between_records", |store| {
            let text = store.read(RECEIPTS);
            store.write(RECEIPTS, &text[..text.find("},\n{\"Id\":9002").unwrap() + 2]);
        }),
        write("json_empty", RECEIPTS, b""),
        write("json_only_space", RECEIPTS, b" \n\t\n"),
        write("json_html", RECEIPTS, b"\n<!DOCTYPE html><html><body>Please log in</body></html>"),
        write("json_error_answer", RECEIPTS, b"{\"Message\":\"Authorization has been denied for this request.\"}"),
        write("json_a_string", RECEIPTS, b"\"No receipts\""),
        write("json_null", RECEIPTS, b"null"),
        write("json_words", RECEIPTS, b"no receipts this week"),
        write("json_array_of_numbers", RECEIPTS, b"[1, 2, 3]"),
        write("json_array_in_an_array", RECEIPTS, b"[[{\"Id\":1}]]"),
        case("json_200000_brackets", |store| store.write(RECEIPTS, "[".repeat(200_000))),
        case("json_200000_objects", |store| store.write(RECEIPTS, "{\"a\":".repeat(200_000))),
        case("json_200000_brackets_in_a_field_not_read", |store| {
            store.write(RECEIPTS, format!("[{{\"Id\":1,\"x\":{}{}}}]", "[".repeat(200_000), "]".repeat(200_000)));
        }),
        case("json_200_mb_string", |store| {
            let mut file = std::fs::File::create(store.path(RECEIPTS)).unwrap();
            std::io::Write::write_all(&mut file, b"[{\"Id\":1,\"x\":\"").unwrap();
            std::io::copy(&mut std::io::Read::take(std::io::repeat(b'x'), 200 << 20), &mut file).unwrap();
        }),
        case("json_200_mb_page", |store| {
            let mut file = std::fs::File::create(store.path(RECEIPTS)).unwrap();
            std::io::Write::write_all(&mut file, b"{\"Data\":[").unwrap();
            std::io::copy(&mut std::io::Read::take(std::io::repeat(b' '), 200 << 20), &mut file).unwrap();
        }),
        case("json_200_mb_of_other_records", |store| {
            let records: String = (0..12_000_000).map(|id| format!("{{\"Id\":{id}}}\n")).collect();
            store.write("state/packages_more.json", records);
        }),
        case("json_utf16", |store| {
            let wide: Vec<u8> = store.read(RECEIPTS).encode_utf16().flat_map(u16::to_le_bytes).collect();
            store.write(RECEIPTS, [&b"\xff\xfe"[..], &wide].concat());
        }),
        case("json_latin_1_byte", |store| {
            let text = store.read(RECEIPTS).into_bytes();
            let at = text.windows(6).position(|six| six == b"CANARY").unwrap();
            store.write(RECEIPTS, [&text[..at + 10], b" Jos\xe9", &text[at + 10..]].concat());
        }),
        edit("json_nul_byte", RECEIPTS, "\"Id\":9002", "\0\"Id\":9002"),
        edit("json_nul_character", RECEIPTS, "0000009001", "000000\\u00009001"),
        edit("json_nan", RECEIPTS, "\"QuantitySold\":2.0", "\"QuantitySold\":NaN"),
        edit("json_infinity", RECEIPTS, "\"QuantitySold\":2.0", "\"QuantitySold\":-Infinity"),
        edit("json_comma_missing", RECEIPTS, ",\"TotalPackages\":1", "\"TotalPackages\":1"),
        edit(
            "json_comma_missing_after_a_patient",
            RECEIPTS,
            "\"CANARY-7Q3\",\"CaregiverLicenseNumber\"",
            "\"CANARY-7Q3\"\"CaregiverLicenseNumber\"",
        ),
        edit("json_comma_missing_between_records", RECEIPTS, "},\n{\"Id\":9002", "}\n{\"Id\":9002"),
        edit("json_text_after_the_end", RECEIPTS, "]\n", "]\nthe end"),
    ]
}

fn json_fields() -> Vec<Case> {
    const ACTIVE: &str = "state/packages_active.json";
    const RECEIPTS: &str = "state/receipts.json";
    const TRANSFERS: &str = "state/transfers.json";
    vec![
        edit(
            "field_receipt_without_transactions",
            RECEIPTS,
            "\"Transactions\":[{\"PackageId\":101,\"PackageLabel\":\"1A4060300002EE1000000101\",\"ProductName\":\"Blue Dream 3.5 g\",\"QuantitySold\":1.0,\"UnitOfMeasureName\":\"Each\",\"UnitOfMeasureAbbreviation\":\"ea\"}]",
            "\"Transactions\":[]",
        ),
        edit(
            "field_delivery_without_transactions",
            "state/deliveries.json",
            "\"Transactions\":[{\"PackageId\":103,\"PackageLabel\":\"1A4060300002EE1000000103\",\"QuantitySold\":2.0,\"UnitOfMeasureName\":\"Each\"}]",
            "\"Transactions\":null",
        ),
        edit("field_transactions_is_text", RECEIPTS, "\"Transactions\":[", "\"Transactions\":\"\",\"x\":["),
        edit("field_tag_lower_case", ACTIVE, TAG, "1a4060300002ee1000000101"),
        edit("field_tag_scientific", ACTIVE, TAG, "1.23E+15"),
        edit("field_tag_23_characters", RECEIPTS, TAG, "1A4060300002EE100000010"),
        edit("field_tag_a_number", RECEIPTS, "\"1A4060300002EE1000000102\"", "1.23457E+15"),
        edit("field_tag_missing", ACTIVE, "\"Label\":\"1A4060300002EE1000000101\",", ""),
        edit(
            "field_source_tag_broken",
            ACTIVE,
            "\"LocationName\"",
            "\"SourcePackageLabels\":\"1A4060300002EE1000000001, 1A40\",\"LocationName\"",
        ),
        edit("field_quantity_missing", ACTIVE, "\"Quantity\":15.0,", ""),
        edit("field_quantity_text", ACTIVE, "\"Quantity\":15.0", "\"Quantity\":\"fifteen\""),
        edit("field_quantity_13_decimals", ACTIVE, "100.5", "100.5000000000001"),
        edit("field_quantity_too_large", ACTIVE, "100.5", "99999999999999999999"),
        edit(
            "field_quantity_200_digits",
            ACTIVE,
            "\"Quantity\":100.5",
            concat!(
                "\"Quantity\":1",
                "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
            ),
        ),
        edit("field_quantity_twice", ACTIVE, "\"Quantity\":15.0", "\"Quantity\":15.0,\"Quantity\":14.0"),
        edit("field_quantity_sold_negative", RECEIPTS, "\"QuantitySold\":2.0", "\"QuantitySold\":-2.0"),
        edit("field_id_too_large", RECEIPTS, "\"Id\":9002", "\"Id\":99999999999999999999"),
        edit("field_id_is_an_object", RECEIPTS, "\"Id\":9002", "\"Id\":{}"),
        edit("field_total_packages_text", RECEIPTS, "\"TotalPackages\":1", "\"TotalPackages\":\"one\""),
        edit("field_flag_neither_true_nor_false", RECEIPTS, "\"IsFinal\":false", "\"IsFinal\":\"maybe\""),
        edit(
            "field_adjustment_tag_missing",
            "state/adjustments.json",
            "\"PackageLabel\":\"1A4060300002EE1000000103\",",
            "",
        ),
        edit("field_adjustment_quantity_missing", "state/adjustments.json", "\"AdjustmentQuantity\":-1.0,", ""),
        edit("field_transfer_state_unknown", TRANSFERS, "Accepted", "Lost"),
        edit("field_transfer_tag_broken", TRANSFERS, "1A4060300002EE1000000103", "1A40"),
        edit("field_transfer_packages_no_list", TRANSFERS, "\"Packages\":[", "\"Packages\":{},\"x\":["),
        case("field_records_of_another_kind", |store| store.rename("state/receipts.json", "state/packages_more.json")),
    ]
}

fn pages() -> Vec<Case> {
    const ACTIVE: &str = "state/packages_active.json";
    let lines = |name: &str, keep: &'static [usize]| {
        case(name, move |store| {
            let text = store.read(ACTIVE);
            let lines: Vec<&str> = text.lines().collect();
            store.write(ACTIVE, keep.iter().map(|line| format!("{}\n", lines[*line])).collect::<String>());
        })
    };
    vec![
        lines("page_2_of_3_missing", &[0, 2]),
        lines("page_last_missing", &[0, 1]),
        lines("page_1_twice", &[0, 0, 1, 2]),
        edit("page_total_and_total_records_disagree", ACTIVE, "\"Total\":5", "\"Total\":6"),
        edit("page_records_on_page_wrong", ACTIVE, "\"RecordsOnPage\":2", "\"RecordsOnPage\":3"),
        edit("page_and_current_page_disagree", ACTIVE, "\"Page\":1", "\"Page\":2"),
        edit("page_total_pages_wrong", ACTIVE, "\"TotalPages\":3", "\"TotalPages\":4"),
        edit("page_total_negative", ACTIVE, "\"Total\":5,\"TotalRecords\":5", "\"Total\":-5,\"TotalRecords\":-5"),
        edit("page_total_text", ACTIVE, "\"Total\":5", "\"Total\":\"five\""),
        edit("page_without_data", ACTIVE, "{\"Data\":[", "{\"Total\":5,\"Rows\":["),
        edit("page_data_no_list", ACTIVE, "{\"Data\":[", "{\"Data\":{},\"Rows\":["),
        case("page_rows_fewer_than_total", |store| {
            let page = "{\"Data\":[],\"Total\":1,\"TotalRecords\":1,\"PageSize\":20,\"RecordsOnPage\":0,\"Page\":1,\"CurrentPage\":1,\"TotalPages\":1}";
            store.write("state/receipts.json", page);
        }),
        case("page_row_repeated_for_another", |store| {
            let text = store.read(ACTIVE);
            store.write(
                ACTIVE,
                text.replace(
                    "\"Id\":106,\"Label\":\"1A4060300002EE1000000106\",\"Quantity\":8.0",
                    "\"Id\":105,\"Label\":\"1A4060300002EE1000000105\",\"Quantity\":4.0",
                )
                .replace("Topical", "Gummies"),
            );
        }),
    ]
}

fn shelf() -> Vec<Case> {
    const COUNTS: &str = "shelf/counts.csv";
    const WEIGHTS: &str = "shelf/weights.csv";
    vec![
        edit("shelf_count_negative", COUNTS, ",20,", ",-20,"),
        edit("shelf_count_pass_unreadable", COUNTS, "lee,1", "lee,last"),
        edit("shelf_count_tag_broken", COUNTS, "1A4060300002EE1000000103", "1A40"),
        edit("shelf_count_time_empty", COUNTS, "2026-03-09T08:00:00", ""),
        edit("shelf_weight_not_a_number", WEIGHTS, "70.5", "heavy"),
        edit("shelf_weight_stable_neither_yes_nor_no", WEIGHTS, ",y", ",perhaps"),
        edit("shelf_weight_too_large", WEIGHTS, "70.5", "9300000"),
        edit("baseline_tag_scientific", "baseline.csv", "1A4060300002EE1000000105", "1.2E+23"),
        edit("baseline_difference_unreadable", "baseline.csv", ",1,ea", ",one,ea"),
    ]
}

fn options() -> Vec<Case> {
    vec![
        with_arguments("option_as_of_nonsense", &["--as-of", "tea time"]),
        with_arguments("option_as_of_only_a_date", &["--as-of", "2026-03-09"]),
        with_arguments("option_as_of_in_the_gap", &["--as-of", "2026-03-08T02:30:00"]),
        with_arguments("option_explain_unknown_tag", &["--explain", "1A4060300002EE1000000999"]),
        with_arguments("option_explain_no_tag", &["--explain", "Blue\nDream"]),
    ]
}
