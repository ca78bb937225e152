//! `--format csv`: one row per package and cause, and one per unexplained rest.

use crate::harmless;
use crate::record::Discrepancy;
use crate::table::step_text;

const HEADER: [&str; 16] = [
    "license",
    "package",
    "item",
    "unit",
    "pos",
    "state",
    "shelf",
    "in_flight",
    "difference",
    "shelf_difference",
    "book",
    "cause",
    "quantity",
    "confidence",
    "evidence",
    "plan",
];

/// The whole table.
pub(super) fn write(discrepancies: &[Discrepancy]) -> Result<Vec<u8>, csv::Error> {
    table(&HEADER, discrepancies.iter().flat_map(rows))
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell).into_owned()))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

const WORKSHEET: [&str; 10] =
    ["package", "item", "what_to_do", "action", "receipt_or_manifest", "sku", "change", "before", "after", "unit"];

/// What is to be done in the POS by hand, one row per step, in the order in which it works.
pub(super) fn worksheet(discrepancies: &[Discrepancy]) -> Result<Vec<u8>, csv::Error> {
    let steps = discrepancies.iter().flat_map(|it| it.plan.iter().map(move |step| (it, step)));
    let in_pos = steps.filter(|(_, step)| step.system == "pos").map(|(discrepancy, step)| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            discrepancy.package.clone(),
            discrepancy.item.clone(),
            step_text(step),
            step.action.clone(),
            text(&step.reference),
            text(&step.sku),
            text(&step.quantity),
            text(&step.before),
            text(&step.after),
            step.unit.clone().unwrap_or_else(|| discrepancy.unit.clone()),
        ]
    });
    table(&WORKSHEET, in_pos)
}

/// One row per cause of either comparison.
pub(super) fn rows(discrepancy: &Discrepancy) -> Vec<Vec<String>> {
    let plan: Vec<String> = discrepancy.plan.iter().map(step_text).collect();
    let row = |book: &str, cause: &str, quantity: &str, confidence: String, evidence: String| -> Vec<String> {
        vec![
            discrepancy.license.clone(),
            discrepancy.package.clone(),
            discrepancy.item.clone(),
            discrepancy.unit.clone(),
            discrepancy.pos.clone(),
            discrepancy.state.clone(),
            discrepancy.shelf.clone().unwrap_or_default(),
            discrepancy.in_flight.clone(),
            discrepancy.difference.clone(),
            discrepancy.shelf_difference.clone().unwrap_or_default(),
            book.to_owned(),
            cause.to_owned(),
            quantity.to_owned(),
            confidence,
            evidence,
            plan.join("; "),
        ]
    };
    let mut rows = Vec::new();
    let books = [
        ("state", Some(&discrepancy.causes), Some(&discrepancy.unexplained)),
        ("shelf", discrepancy.shelf_causes.as_ref(), discrepancy.shelf_unexplained.as_ref()),
    ];
    for (book, causes, unexplained) in books {
        for cause in causes.into_iter().flatten() {
            let records: Vec<String> = cause.evidence.iter().map(crate::table::evidence_text).collect();
            rows.push(row(book, &cause.cause, &cause.quantity, cause.confidence.to_string(), records.join("; ")));
        }
        if let Some(rest) = unexplained.filter(|rest| *rest != "0") {
            rows.push(row(book, "unexplained", rest, String::new(), String::new()));
        }
    }
    rows
}

/// The heading of each column.
pub(super) const fn header() -> &'static [&'static str] {
    &HEADER
}
