//! Writers for test files.

use std::io::Write as _;

/// One zip entry: name, content, and what its headers claim instead of the truth.
pub struct Entry {
    pub name: String,
    pub content: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub claimed_size: Option<u32>,
    pub claimed_crc: Option<u32>,
}

impl Entry {
    pub fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: content.into(), method: 8, flags: 0, claimed_size: None, claimed_crc: None }
    }
}

/// A zip archive with exactly these headers.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for e in entries {
        let packed = if e.method == 0 {
            e.content.clone()
        } else {
            let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&e.content).unwrap();
            encoder.finish().unwrap()
        };
        let mut crc = flate2::Crc::new();
        crc.update(&e.content);
        let size = e.claimed_size.unwrap_or(u32::try_from(e.content.len()).unwrap());
        let mut common = Vec::new();
        common.extend(20_u16.to_le_bytes());
        common.extend(e.flags.to_le_bytes());
        common.extend(e.method.to_le_bytes());
        common.extend([0, 0, 0x21, 0x5A]);
        common.extend(e.claimed_crc.unwrap_or(crc.sum()).to_le_bytes());
        common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(u16::try_from(e.name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        let offset = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(e.name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(e.name.as_bytes());
    }
    let start = u32::try_from(out.len()).unwrap();
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

pub const ROOT_RELS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
pub const WORKBOOK: &str =
    r#"<workbook xmlns:r="x"><sheets><sheet name="Table" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
pub const WORKBOOK_RELS: &str = r#"<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;

/// The entries of a workbook with this sheet (the contents of `sheetData`) and these shared texts (`si` elements).
pub fn workbook(rows: &str, shared: &str) -> Vec<Entry> {
    vec![
        Entry::new("_rels/.rels", ROOT_RELS),
        Entry::new("xl/workbook.xml", WORKBOOK),
        Entry::new("xl/_rels/workbook.xml.rels", WORKBOOK_RELS),
        Entry::new("xl/sharedStrings.xml", format!("<sst>{shared}</sst>")),
        Entry::new("xl/worksheets/sheet1.xml", format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")),
    ]
}

/// XML text.
pub fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in text.replace("_x", "_x005F_x").chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("_x000D_"),
            c => out.push(c),
        }
    }
    out
}

/// Writes a file into a new folder; gives both (the folder goes when it is dropped).
pub fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}
