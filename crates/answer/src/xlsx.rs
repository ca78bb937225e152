//! `--format xlsx`: a workbook with a sheet for discrepancies, plans, incidents and inputs.

use crate::record::{Discrepancy, Summary};
use crate::table::step_text;
use crate::{csv, harmless};
use rust_xlsxwriter::{ColNum, Format, FormatBorder, RowNum, Workbook, Worksheet, XlsxError};

/// A spreadsheet keeps so many digits of a number; longer ones stay text, so that none is lost.
const EXACT_DIGITS: usize = 15;

/// The whole workbook.
pub(super) fn write(discrepancies: &[Discrepancy], summary: &Summary) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let causes: Vec<Vec<String>> = discrepancies.iter().flat_map(csv::rows).collect();
    sheet(&mut book, "Discrepancies", csv::header(), &causes)?;
    sheet(&mut book, "Plan", &PLAN, &plan_rows(discrepancies))?;
    sheet(&mut book, "Incidents", &INCIDENTS, &incident_rows(summary))?;
    sheet(&mut book, "Inputs", &INPUTS, &input_rows(summary))?;
    book.save_to_buffer()
}

const PLAN: [&str; 10] =
    ["package", "step", "system", "action", "ref", "sku", "quantity", "before", "after", "in words"];

fn plan_rows(discrepancies: &[Discrepancy]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for discrepancy in discrepancies {
        for (place, step) in discrepancy.plan.iter().enumerate() {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            rows.push(vec![
                discrepancy.package.clone(),
                (place + 1).to_string(),
                step.system.clone(),
                step.action.clone(),
                text(&step.reference),
                text(&step.sku),
                text(&step.quantity),
                text(&step.before),
                text(&step.after),
                step_text(step),
            ]);
        }
    }
    rows
}

const INCIDENTS: [&str; 6] = ["incident", "what happened", "packages", "records", "first", "last"];

fn incident_rows(summary: &Summary) -> Vec<Vec<String>> {
    let row = |incident: &crate::record::Incident| {
        vec![
            incident.incident.to_string(),
            incident.title.clone(),
            incident.packages.len().to_string(),
            incident.records.to_string(),
            incident.first.clone().unwrap_or_default(),
            incident.last.clone().unwrap_or_default(),
        ]
    };
    summary.incidents.iter().map(row).collect()
}

const INPUTS: [&str; 5] = ["file", "rows", "ignored", "notes", "sha256"];

fn input_rows(summary: &Summary) -> Vec<Vec<String>> {
    let row = |input: &crate::record::Input| {
        vec![
            input.file.clone(),
            input.rows.to_string(),
            input.ignored.to_string(),
            input.notes.join("; "),
            input.sha256.clone(),
        ]
    };
    summary.inputs.iter().map(row).collect()
}

fn sheet(book: &mut Workbook, name: &str, header: &[&str], rows: &[Vec<String>]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, title) in header.iter().enumerate() {
        sheet.write_with_format(0, column_number(column), *title, &bold)?;
    }
    for (place, row) in rows.iter().enumerate() {
        let number = RowNum::try_from(place + 1).map_err(|_| XlsxError::RowColumnLimitError)?;
        for (column, cell) in row.iter().enumerate() {
            write_cell(sheet, number, column_number(column), cell)?;
        }
    }
    if let Ok(last) = RowNum::try_from(rows.len()) {
        sheet.autofilter(0, 0, last, column_number(header.len().saturating_sub(1)))?;
    }
    sheet.set_autofit_max_width(400);
    sheet.autofit();
    Ok(())
}

fn column_number(place: usize) -> ColNum {
    ColNum::try_from(place).unwrap_or(ColNum::MAX)
}

/// Quantities as numbers, as people want to add them up, where a spreadsheet can hold them exactly. Texts of digits
/// (tags, receipt numbers with leading zeros, long ids) stay texts.
fn write_cell(sheet: &mut Worksheet, row: RowNum, column: ColNum, cell: &str) -> Result<(), XlsxError> {
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let plain =
        !cell.trim_start_matches('-').starts_with('0') || cell.trim_start_matches('-').starts_with("0.") || cell == "0";
    let is_number = digits <= EXACT_DIGITS && plain && trueup_core::Decimal::parse(cell).is_ok();
    match cell.parse::<f64>() {
        Ok(number) if is_number => sheet.write_number(row, column, number)?,
        _ => sheet.write_string(row, column, harmless(cell))?,
    };
    Ok(())
}
