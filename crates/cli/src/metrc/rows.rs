//! Lists for people, for programs and for spreadsheets.

use crate::args::RowFormat;
use crate::{Status, Trouble};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::Write;
use trueup_answer::harmless;

/// A column: its heading, and what a row has there.
pub(super) type Column<R> = (&'static str, fn(&R) -> String);

/// Writes rows to standard output.
pub(super) fn write<R: Serialize>(rows: &[R], columns: &[Column<R>], format: RowFormat) -> Result<Status, Trouble> {
    let text = match format {
        RowFormat::Table => table(rows, columns),
        RowFormat::Jsonl => jsonl(rows)?,
        RowFormat::Csv => csv(rows, columns)?,
    };
    print(&text)?;
    Ok(Status::Done)
}

/// Writes a text to standard output.
pub(super) fn print(text: &str) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| cannot(&error))
}

fn cannot(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Output { file: "standard output".to_owned(), error: error.to_string() }
}

fn table<R>(rows: &[R], columns: &[Column<R>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|(name, _)| *name));
    for row in rows {
        table.add_row(columns.iter().map(|(_, cell)| cell(row)));
    }
    format!("{table}\n{} rows\n", rows.len())
}

fn jsonl<R: Serialize>(rows: &[R]) -> Result<String, Trouble> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row).map_err(|error| cannot(&error))?);
        text.push('\n');
    }
    Ok(text)
}

fn csv<R>(rows: &[R], columns: &[Column<R>]) -> Result<String, Trouble> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns.iter().map(|(name, _)| *name)).map_err(|error| cannot(&error))?;
    for row in rows {
        let cells = columns.iter().map(|(_, cell)| harmless(&cell(row)).into_owned());
        writer.write_record(cells).map_err(|error| cannot(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| cannot(&error))?;
    String::from_utf8(bytes).map_err(|error| cannot(&error))
}
