//! Workbooks for the target `xlsx`, made of XML parts: a change to a packed file rarely gets past its checksums.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{Rows, parts};

const ROOT: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str =
    r#"<workbook xmlns:r="x"><sheets><sheet name="Table" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;

/// The parts that an input may give, and what they are where it does not.
const PARTS: [(&str, &str); 5] = [
    ("_rels/.rels", ROOT),
    ("xl/workbook.xml", WORKBOOK),
    ("xl/_rels/workbook.xml.rels", RELATIONS),
    ("xl/sharedStrings.xml", "<sst/>"),
    ("xl/worksheets/sheet1.xml", "<worksheet><sheetData/></worksheet>"),
];

/// The XML parts of an input. "" is what stands in `sheetData`, "strings" what stands in `sst`; any other part is named
/// as in the archive. The later one of two counts.
pub fn xml_parts(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut xml: Vec<(&str, Vec<u8>)> = PARTS.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())).collect();
    for (name, bytes) in parts(data) {
        let (name, head, tail) = match name {
            "" => ("xl/worksheets/sheet1.xml", "<worksheet><sheetData>", "</sheetData></worksheet>"),
            "strings" => ("xl/sharedStrings.xml", "<sst>", "</sst>"),
            other => (other, "", ""),
        };
        if let Some((_, part)) = xml.iter_mut().find(|(known, _)| *known == name) {
            *part = [head.as_bytes(), bytes, tail.as_bytes()].concat();
        }
    }
    xml
}

/// The parts as a file.
pub fn packed(parts: &[(&str, Vec<u8>)], stored: bool) -> Vec<u8> {
    let method = if stored { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    let options = SimpleFileOptions::default().compression_method(method);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(*name, options).expect("a new part");
        writer.write_all(bytes).expect("memory takes bytes");
    }
    writer.finish().expect("memory takes bytes").into_inner()
}

/// Rows of text as the contents of `sheetData`.
pub fn text_rows(rows: &Rows) -> String {
    let header = ["package_id", "quantity", "note"].map(str::to_owned).to_vec();
    let all = std::iter::once(&header).chain(rows.iter().map(|(_, cells)| cells));
    all.map(|cells| {
        let cells: String =
            cells.iter().map(|cell| format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", xml(cell))).collect();
        format!("<row>{cells}</row>")
    })
    .collect()
}

/// Numbers in the first column, as the contents of `sheetData`.
pub fn number_rows<'n>(numbers: impl Iterator<Item = &'n str>) -> String {
    let rows: String = numbers.map(|number| format!("<row><c><v>{number}</v></c><c><v>1</v></c></row>")).collect();
    format!("{}{rows}", text_rows(&Rows::new()))
}

/// Text as a workbook writes it: what XML cannot hold as `_x000D_`.
fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in text.replace("_x", "_x005F_x").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0'..='\u{1f}' => out.push_str(&format!("_x{:04X}_", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
