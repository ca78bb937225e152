//! Writes the seeds under `fuzz/seeds` anew: from the cases of `crates/cli/tests`, the samples of `crates/metrc/tests`, and
//! what is written out here. `cargo run --example seeds` in `fuzz`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use trueup_fuzz::workbook::{packed, xml_parts};

/// Cases whose whole folder is a seed: one for most of what two books can differ in.
const CASES: [&str; 26] = [
    "adjustment-date-only",
    "agree",
    "allocation-count-split",
    "allocation-weight",
    "cause-twice-later-recorded",
    "consecutive-tags",
    "correction-single-repack-receive",
    "delivery-fall-numberless-same",
    "echoed-prerolls",
    "edge-tills-swap-by-time",
    "edge-twice-pieces-of-grams",
    "edited-in-state",
    "grams-sent-as-ounces",
    "honest-void-and-resent-edited",
    "label-discontinued-unknown-zero-date",
    "label-transfer-accepted",
    "merged-in-state",
    "mixed-carried-and-rest",
    "mixed-return-reduced-too-much",
    "number-mistyped-item",
    "other-swap-two",
    "repackage-not-adding-up",
    "round-many",
    "shelf-rooms-all",
    "sold-out",
    "void-delivery-only-state",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let seeds = Seeds(root.join("fuzz/seeds"));
    seeds.csv();
    seeds.xlsx();
    seeds.parquet();
    seeds.metrc(&root.join("crates/metrc/tests/samples"));
    seeds.scalars();
    seeds.stores(&root.join("crates/cli/tests/cases"));
}

struct Seeds(PathBuf);

impl Seeds {
    fn write(&self, target: &str, name: &str, bytes: impl AsRef<[u8]>) {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder).expect("a folder for the seeds");
        fs::write(folder.join(name), bytes).expect("a seed is written");
    }

    fn csv(&self) {
        let plain: [(&str, &[u8]); 18] = [
            ("plain", b"package_id,quantity,note\nA,1,x\nB,2.50,\n"),
            ("aliases", b"Notes,Metrc Tag,color,Available\nn,T,red,3\n"),
            ("marked", b"\xEF\xBB\xBFTag;Qty\r\nA;1\r\n;\r\nB;2\r\n"),
            ("tabs", b"package_id\tquantity\nA\t1\n"),
            ("named", b"sep=;\npackage_id;quantity\nA,B;1\n"),
            ("quoted", b"package_id,quantity,note\n\"A\",\"1\",\"a \"\"b\"\", c\nd\"\n"),
            ("quoted_header", b"\"package_id\",\"quantity\"\n\"\"\"\",1"),
            ("blank", b"\n\r\n\npackage_id,quantity\n\nA,1\n\n,\n  ,\nB,2\n\n"),
            ("mac", b"package_id,quantity\rA,1\rB,2\r"),
            ("ragged", b"package_id,quantity\nA,1\nB\n"),
            ("unclosed", b"package_id,quantity\nA,1\n\"B,2\n"),
            ("junk", b"package_id,quantity\nA,1\n\"B\"x,2\n"),
            ("nul", b"package_id,quantity\nA,1\nB\0,2\n"),
            ("latin", b"package_id,quantity,note\nA,1,caf\xE9\n"),
            ("twice", b"package_id,Tag,quantity,Qty\nA,B,1,2\n"),
            ("missing", b"package_id,note\nA,1\n"),
            ("one_cell", b"x\n\"\"\n\n"),
            ("unicode", "package_id,quantity,note\nÄ,１,\u{202e}日本\n".as_bytes()),
        ];
        for (name, bytes) in plain {
            self.write("csv", name, bytes);
        }
        let pack = |bytes: &[u8]| zstd::encode_all(bytes, 3).expect("memory takes bytes");
        let one = pack(b"package_id,quantity\nA,1\n");
        self.write("csv", "packed", &one);
        self.write("csv", "packed_twice", [one.clone(), pack(b"B,2\n")].concat());
        self.write("csv", "packed_cut", &one[..one.len() - 5]);
    }

    fn xlsx(&self) {
        let header = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>package_id</t></is></c><c r=\"B1\" t=\"str\"><v>quantity</v></c></row>";
        let row = |cells: &str| format!("{header}<row r=\"3\">{cells}</row>");
        let workbook = "%% xl/workbook.xml\n<workbook xmlns:r=\"x\"><sheets><sheet name=\"Old\" state=\"hidden\" r:id=\"rId2\"/><sheet name=\"A &amp; B\" r:id=\"rId1\"/><sheet name=\"C\" r:id=\"rId1\"/></sheets></workbook>";
        let seeds = [
            ("numbers", row("<c r=\"A3\"><v>16.100000000000001</v></c><c r=\"B3\"><v>5.0000000000000002E-5</v></c>")),
            ("large", row("<c><v>1.23456789012345E+15</v></c><c><v>-0E+20</v></c>")),
            ("booleans", row("<c t=\"b\"><v>1</v></c><c t=\"e\"><v>#REF!</v></c>")),
            ("date", row("<c t=\"d\"><v>2026-03-08T16:20:00Z</v></c><c><v>46089.680555555555</v></c>")),
            ("formula", row("<c r=\"A3\"><f>1+1</f><v>2</v></c><c r=\"B3\"><f>A3</f></c>")),
            ("escaped", row("<c t=\"inlineStr\"><is><t xml:space=\"preserve\"> a_x000D_b &lt;&#10;_x005F_x0041_ </t></is></c>")),
            ("rich", row("<c t=\"inlineStr\"><is><r><t>a</t></r><r><t>b</t></r><rPh sb=\"0\" eb=\"1\"><t>c</t></rPh></is></c>")),
            ("right", row("<c r=\"A3\"><v>1</v></c><c r=\"D3\"><v>2</v></c>")),
            ("cdata", row("<c t=\"str\"><v><![CDATA[<a>]]></v></c><c r=\"B3\" t=\"str\"><v>x<!-- y -->z</v></c>")),
            ("empty", format!("{header}<row/><row r=\"5\"><c/></row><row><c><v>1</v></c><c><v>2</v></c></row>")),
            ("shared", row("<c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c>") + "\n%% strings\n<si><t>tag</t></si><si><r><t>1</t></r><rPh><t>x</t></rPh><r><t>2</t></r></si>"),
            ("shared_missing", row("<c t=\"s\"><v>7</v></c>")),
            ("hidden", row("<c><v>1</v></c>") + "\n" + workbook),
            ("absolute", row("<c><v>1</v></c>") + "\n%% xl/_rels/workbook.xml.rels\n<Relationships><Relationship Id=\"rId1\" Type=\"http://x/worksheet\" Target=\"/xl/worksheets/../worksheets/./sheet1.xml\"/></Relationships>"),
            ("prefixed", "\n%% xl/worksheets/sheet1.xml\n<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"y\"><x:sheetData><x:row><x:c t=\"str\"><x:v>Tag</x:v></x:c><x:c t=\"str\"><x:v>Qty</x:v></x:c></x:row></x:sheetData></x:worksheet>".to_owned()),
            ("document_type", "%% xl/worksheets/sheet1.xml\n<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet><sheetData>&a;</sheetData></worksheet>".to_owned()),
        ];
        for (name, text) in &seeds {
            self.write("xlsx", name, text);
        }
        let parts = xml_parts(seeds[0].1.as_bytes());
        self.write("xlsx", "file_stored.xlsx", packed(&parts, true));
        self.write("xlsx", "file_deflated.xlsx", packed(&parts, false));
    }

    fn parquet(&self) {
        let text = "optional binary Tag (STRING); optional binary Qty (STRING);";
        let none = Compression::UNCOMPRESSED;
        self.write("parquet", "text", parquet(text, 3, none));
        self.write("parquet", "snappy", parquet(text, 3, Compression::SNAPPY));
        self.write("parquet", "zstd", parquet(text, 3, Compression::ZSTD(Default::default())));
        self.write("parquet", "batches", parquet("required int32 Tag; required boolean Qty;", 600, none));
        self.write("parquet", "no_rows", parquet(text, 0, none));
        let types = [
            (
                "decimals",
                "optional fixed_len_byte_array(16) Tag (DECIMAL(38, 12)); optional int32 Qty (DECIMAL(9, 2));",
            ),
            (
                "times",
                "optional int64 Tag (TIMESTAMP(MICROS, true)); optional int64 Qty (TIMESTAMP(NANOS, false)); optional int32 note (TIME(MILLIS, true));",
            ),
            ("dates", "optional int32 Tag (DATE); optional boolean Qty; optional double note;"),
            (
                "whole",
                "required int64 Tag (INTEGER(64, false)); required float Qty; optional binary note (DECIMAL(20, 3));",
            ),
            ("raw", "required binary Tag; required fixed_len_byte_array(16) Qty (UUID); optional int96 note;"),
            (
                "groups",
                "required binary Tag; optional group Qty { optional int32 a; } optional group color (LIST) { repeated group list { optional int32 element; } }",
            ),
        ];
        for (name, schema) in types {
            self.write("parquet", name, parquet(schema, 3, none));
        }
    }

    fn metrc(&self, samples: &Path) {
        let sample = |name: &str| minified(&fs::read_to_string(samples.join(name)).expect("a sample"));
        let (package, receipt, transfer) = (sample("package.json"), sample("receipt.json"), sample("transfer.json"));
        let page = |rows: &str, counts: &str| format!("{{\"Data\":[{rows}],{counts}}}");
        let two = "\"Total\":2,\"TotalRecords\":2,\"PageSize\":1,\"RecordsOnPage\":1,\"TotalPages\":2";
        let small = |id: u32, second: u32, quantity: &str| {
            format!(
                "{{\"Id\":{id},\"Label\":\"1A4060300002EE1000000001\",\"Quantity\":{quantity},\"UnitOfMeasureName\":\"Each\",\"LastModified\":\"2026-03-01T00:00:0{second}.1234567+00:00\"}}"
            )
        };
        let line = "{\"PackageId\":1,\"PackageLabel\":\"1A4060300002EE1000000001\",\"QuantitySold\":\"2.0\",\"UnitOfMeasureAbbreviation\":\"ea\",\"TotalPrice\":1.50,\"ArchivedDate\":\"0001-01-01\"}";
        let adjustment = "{\"PackageLabel\":\"1A4060300002EE1000000001\",\"AdjustmentQuantity\":-1.5e0,\"AdjustmentUnitOfMeasureName\":\"Grams\",\"AdjustmentReasonName\":\"Waste\",\"AdjustmentDate\":\"2026-03-07\"}";
        let seeds = [
            ("sample_package", format!("%% packages.json\n{package}")),
            ("sample_receipt", format!("%% receipts.json\n{receipt}")),
            ("sample_transfer", format!("%% transfers.json\n{transfer}")),
            ("versions", format!("%% packages.json\n[{},{}]\n%% packages_old.json\n{}\n{}", small(1, 1, "3"), small(2, 1, "4.50"), small(1, 0, "5"), small(1, 1, "3"))),
            ("conflict", format!("%% packages.json\n{}{}", small(1, 1, "3"), small(1, 1, "4"))),
            ("pages", format!("%% packages_1.json\n{}\n%% packages_2.json\n{}", page(&small(1, 1, "3"), &format!("\"Page\":1,\"CurrentPage\":1,{two}")), page(&small(2, 1, "3"), &format!("\"Page\":2,\"CurrentPage\":2,{two}")))),
            ("page_missing", format!("%% packages.json\n{}", page(&small(1, 1, "3"), &format!("\"Page\":1,{two}")))),
            ("page_empty", "%% receipts.json\n{\"Data\":[],\"Total\":0,\"TotalRecords\":0,\"PageSize\":20,\"RecordsOnPage\":0,\"Page\":1,\"CurrentPage\":1,\"TotalPages\":0}".to_owned()),
            ("receipt", format!("%% receipts.json\n[{{\"Id\":7,\"ExternalReceiptNumber\":\"88412\",\"SalesDateTime\":\"2026-03-08T16:20:11.000\",\"TotalPackages\":1,\"IsFinal\":\"True\",\"Transactions\":[{line},{line}]}}]")),
            ("receipt_without_lines", "%% receipts.json\n{\"Id\":7,\"TotalPackages\":1,\"Transactions\":[]}".to_owned()),
            ("delivery", format!("%% deliveries.json\n{{\"Id\":8,\"SalesDeliveryState\":\"Accepted\",\"VoidedDate\":null,\"Transactions\":[{line}]}}")),
            ("adjustments", format!("%% adjustments.json\n\u{feff}[{adjustment},\n{adjustment}]")),
            ("deliveries_of_transfer", "%% transfers.json\n{\"Id\":1,\"ManifestNumber\":\"0000000001\",\"Packages\":[{\"PackageLabel\":\"A\",\"ShippedQuantity\":1}],\"Deliveries\":[{\"ReceivedDateTime\":\"2026-03-01T00:00:00Z\",\"Packages\":[{\"PackageLabel\":\"A\",\"ShippedQuantity\":1},{\"PackageLabel\":\"B\",\"ReceivedQuantity\":\"2\",\"ShipmentPackageStateName\":\"Accepted\"}]}]}".to_owned()),
            ("any_kind", "[]".to_owned()),
            ("twice", "{\"Id\":1,\"Id\":2}".to_owned()),
            ("not_finite", "%% packages.json\n[{\"Id\":1,\"Quantity\":NaN}]".to_owned()),
            ("escapes", "%% packages.json\n{\"\\u0049d\":1.0,\"Label\":\"\\u0000\\ud800\"}".to_owned()),
            ("deep", format!("%% packages.json\n{{\"Id\":1,\"x\":{}{}}}", "[".repeat(62), "]".repeat(62))),
            ("web_page", "<!DOCTYPE html><html></html>".to_owned()),
        ];
        for (name, text) in seeds {
            self.write("metrc_json", name, text);
        }
    }

    fn scalars(&self) {
        let seeds = [
            (
                "decimals",
                "3.50\n-12\n.5\n5.\n1.5e1\n1E-3\n+7\n0.000000000001\n-0\n9223372036854775807\n1.0000000000000",
            ),
            ("no_decimals", "1,5\nNaN\n1e\n0x1\n--1\n1 000\n1e99\n0.0000000000001\n99999999999999999999"),
            ("grams", "3.5\n0.0000000015\ng\nmg\nKilograms\n-28.349523125"),
            ("ounces", "3.5\n0.333333333333\noz\nPounds\n1e-12"),
            ("volumes", "1\n128\nfl_oz\nGallons\nml\nliters"),
            ("pieces", "0.5\n-3\n7\nea\nEACH\nUnits"),
            (
                "tags",
                "1A4060300002EE1000000123\n1A4060300002EE1000000132\n1A4060300002EE1000000145\n1234567890123456\n1.23457E+15\n1a4060300002ee1000000001",
            ),
            (
                "times",
                "2026-03-08T16:20:00-07:00\n2026-03-08T23:20:00.1234567Z\n2026-03-08 16:20:00\n2026-03-08T16:20\n2026-03-08",
            ),
            ("american", "3/8/2026 4:20 PM\n03/08/2026, 16:20:00\n3/8/2026\n12/31/9999 12:00 am"),
            ("numbers_as_times", "1773012000000\n46089.680555555555\n46089\n00001\n99999.999999999999"),
            (
                "clock_changes",
                "2026-03-08T02:30:00\n2026-11-01T01:30:00\n11/1/2026 1:30 AM\n2026-04-05T01:45:00\n2011-12-30",
            ),
            ("far_times", "0001-01-01\n9999-12-31\n-009999-01-02T00:00:00Z\n1883-11-18T12:00:00\n0000-01-01T00:00:00Z"),
            ("receipts", "88412\nPOS7-88412\n00088412\n 88412 \nR#0\nAB12CD\n000"),
        ];
        for (name, text) in seeds {
            self.write("scalars", name, text);
        }
    }

    fn stores(&self, cases: &Path) {
        for case in CASES {
            let mut files = Vec::new();
            below(&cases.join(case), "", &mut files);
            files.sort();
            self.write("store", case, files.concat());
        }
        let tables = "%% pos/inventory.csv\npackage_id,sku,product_name,room,quantity,unit\n1A4060300002EE1000000001,A,A,,3,ea\n%% state/packages.csv\nTag,Item,Quantity,Location\n1A4060300002EE1000000001,A,5 ea,Floor\n%% state/sales.csv\nReceipt,External Receipt Number,Sales Date,Package,Quantity Sold,UoM\n1,7,3/8/2026 4:20 PM,1A4060300002EE1000000001,1,Each\n%% state/adjustments.csv\nTag,Date,Quantity,Adjustment Reason,Adjustment Note,Adjusted By\n1A4060300002EE1000000001,2026-03-07,-1 ea,Waste,,x\n";
        self.write("store", "tables", tables);
        let weights = "%% pos/inventory.csv\npackage_id,sku,product_name,room,quantity,unit\n1A4060300002EE1000000001,A,A,Vault,30,g\n%% state/packages.csv\npackage_id,item,quantity,unit\n1A4060300002EE1000000001,A,30,g\n%% shelf/counts.csv\ncount_id,counted_at,package_id,sku,room,quantity,unit,by,pass\n1,2026-03-05T10:00:00,1A4060300002EE1000000001,A,Vault,30,g,x,1\n%% shelf/weights.csv\ndevice_id,at,package_id,sku,gross,tare,unit,piece_weight,stable\ns,2026-03-06T10:00:00,1A4060300002EE1000000001,A,39.9,10,g,,true\ns,2026-03-08T10:00:00,1A4060300002EE1000000001,A,39.8,10,g,,true\n";
        self.write("store", "weights", weights);
    }
}

/// The files of a folder as parts of an input, JSON without its blanks.
fn below(folder: &Path, prefix: &str, parts: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a case").map(|entry| entry.expect("an entry")) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            below(&entry.path(), &format!("{name}/"), parts);
        } else if name != "expected.json" {
            let text = fs::read_to_string(entry.path()).expect("a file of a case");
            let text = if name.ends_with(".json") { minified(&text) } else { text };
            parts.push(format!("%% {name}\n{}\n", text.trim_end()));
        }
    }
}

/// JSON without blanks outside of its texts; numbers stay as they are written.
fn minified(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |c: &char| {
        let kept = inside || !c.is_whitespace();
        if *c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && *c == '\\' && !escaped;
        kept
    };
    json.chars().filter(keep).collect()
}

/// A file with these columns, all of them fields of a message, and so many rows.
fn parquet(columns: &str, rows: usize, compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&format!("message t {{ {columns} }}")).expect("a schema"));
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("memory takes bytes");
    let mut group = writer.next_row_group().expect("a group");
    while let Some(mut column) = group.next_column().expect("a column") {
        let number = |row: usize| i32::try_from(row).expect("few rows");
        let text = |row: usize| ByteArray::from(format!("{row:016}").into_bytes());
        let all = || 0..rows;
        macro_rules! put {
            ($writer:expr, $value:expr) => {{
                let values: Vec<_> = all().map($value).collect();
                let descriptor = $writer.get_descriptor().clone();
                let levels = vec![descriptor.max_def_level(); rows];
                let repeated = vec![0; rows];
                $writer.write_batch(&values, Some(&levels), Some(&repeated)).expect("memory takes values");
            }};
        }
        match column.untyped() {
            ColumnWriter::BoolColumnWriter(w) => put!(w, |row| row % 2 == 0),
            ColumnWriter::Int32ColumnWriter(w) => put!(w, |row| number(row) * 20_000),
            ColumnWriter::Int64ColumnWriter(w) => put!(w, |row| i64::from(number(row)) * 1_773_012_000_000_000),
            ColumnWriter::Int96ColumnWriter(w) => put!(w, |row| vec![u32::try_from(row).expect("few rows"); 3].into()),
            ColumnWriter::FloatColumnWriter(w) => put!(w, |row| f32::from(i16::try_from(row).expect("few rows")) / 8.0),
            ColumnWriter::DoubleColumnWriter(w) => put!(w, |row| f64::from(number(row)) / 8.0),
            ColumnWriter::ByteArrayColumnWriter(w) => put!(w, text),
            ColumnWriter::FixedLenByteArrayColumnWriter(w) => put!(w, |row| text(row).into()),
        }
        column.close().expect("memory takes values");
    }
    group.close().expect("memory takes values");
    writer.into_inner().expect("memory takes bytes")
}
