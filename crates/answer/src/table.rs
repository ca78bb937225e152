//! `--format table`: for people. By incident, worst first; causes in plain words.

use crate::numbers::with_unit;
use crate::record::{Cause, Discrepancy, Evidence, Incident, Step, Summary};
use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use trueup_core::Unit;

/// Wide enough for a tag, an item and a plan beside each other where there is no terminal to ask.
const WIDTH_WITHOUT_TERMINAL: u16 = 150;

/// Below this the columns cannot hold a tag and words beside each other.
const LEAST_WIDTH: u16 = 110;

/// The whole answer.
pub(super) fn write(discrepancies: &[Discrepancy], summary: &Summary, colours: bool) -> String {
    let mut page = Page { text: String::new(), colours };
    page.headline(summary);
    let by_package: BTreeMap<&str, &Discrepancy> =
        discrepancies.iter().map(|discrepancy| (discrepancy.package.as_str(), discrepancy)).collect();
    let mut shown = BTreeSet::new();
    for incident in &summary.incidents {
        page.incident(incident, &by_package, &mut shown);
    }
    page.notes(summary);
    page.text
}

struct Page {
    text: String,
    colours: bool,
}

impl Page {
    fn styled(&self, style: Style, text: &str) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn headline(&mut self, summary: &Summary) {
        let title = format!("{} as of {}", summary.license, summary.as_of);
        let title = self.styled(Style::new().bold(), &title);
        self.line(&title);
        let (word, colour) = match summary.differ {
            0 => ("The books agree.".to_owned(), AnsiColor::Green),
            1 => ("1 package differs.".to_owned(), AnsiColor::Red),
            differ => (format!("{differ} packages differ."), AnsiColor::Red),
        };
        let word = self.styled(Style::new().bold().fg_color(Some(colour.into())), &word);
        let line = format!("{} packages compared, {} agree. {word}", summary.packages, summary.agree);
        self.line(&line);
    }

    fn incident<'d>(
        &mut self,
        incident: &Incident,
        by_package: &BTreeMap<&str, &'d Discrepancy>,
        shown: &mut BTreeSet<&'d str>,
    ) {
        let packages = match incident.packages.len() {
            1 => "1 package".to_owned(),
            number => format!("{number} packages"),
        };
        let title = format!("{}. {}: {packages}", incident.incident, capital(&incident.title));
        let title = self.styled(Style::new().bold().fg_color(Some(AnsiColor::Yellow.into())), &title);
        self.line("");
        self.line(&title);
        let found = incident.packages.iter().filter_map(|package| by_package.get(package.as_str()).copied());
        let (new, known): (Vec<&Discrepancy>, Vec<&Discrepancy>) =
            found.partition(|discrepancy| !shown.contains(discrepancy.package.as_str()));
        if !new.is_empty() {
            let table = self.table(&new);
            self.line(&table);
        }
        for discrepancy in known {
            self.line(&format!("   {} {}: see above", discrepancy.package, discrepancy.item));
        }
        shown.extend(new.iter().map(|discrepancy| discrepancy.package.as_str()));
    }

    fn table(&self, discrepancies: &[&Discrepancy]) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        if self.colours {
            // A narrower terminal wraps lines, which is easier to read than columns of one letter.
            let width = table.width().unwrap_or(WIDTH_WITHOUT_TERMINAL).max(LEAST_WIDTH);
            table.set_width(width);
        } else {
            table.force_no_tty().set_width(WIDTH_WITHOUT_TERMINAL);
        }
        table.set_header(["Package", "POS", "State", "Shelf", "What is wrong", "What to do"]);
        for discrepancy in discrepancies {
            let name = format!("{}\n{}", discrepancy.package, discrepancy.item);
            let number = |text: &str| with_unit(text, unit(discrepancy));
            let shelf = discrepancy.shelf.as_deref().map_or_else(|| "–".to_owned(), number);
            let why = Cell::new(what_is_wrong(discrepancy).join("\n"));
            table.add_row(vec![
                Cell::new(name),
                Cell::new(number(&discrepancy.pos)),
                Cell::new(number(&discrepancy.state)),
                Cell::new(shelf),
                if self.colours { why.fg(Color::Red) } else { why },
                Cell::new(numbered(&discrepancy.plan)),
            ]);
        }
        table.trim_fmt()
    }

    fn notes(&mut self, summary: &Summary) {
        let noted: Vec<String> = summary
            .inputs
            .iter()
            .flat_map(|input| input.notes.iter().map(move |note| format!("   {}: {note}", input.file)))
            .collect();
        if noted.is_empty() {
            return;
        }
        self.line("");
        self.line("Noticed while reading:");
        for note in noted {
            self.line(&note);
        }
    }
}

fn unit(discrepancy: &Discrepancy) -> Unit {
    Unit::parse(&discrepancy.unit).unwrap_or(Unit::Each)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn numbered(plan: &[Step]) -> String {
    let steps: Vec<String> =
        plan.iter().enumerate().map(|(place, step)| format!("{}. {}", place + 1, step_text(step))).collect();
    steps.join("\n")
}

/// "1 missing in the POS", then each cause with its share.
fn what_is_wrong(discrepancy: &Discrepancy) -> Vec<String> {
    let unit = unit(discrepancy);
    let mut lines = Vec::new();
    lines.extend(gap(&discrepancy.difference, unit, ["missing in the POS", "more in the POS than in the state"]));
    for cause in &discrepancy.causes {
        lines.push(cause_text(cause, unit));
    }
    if discrepancy.unexplained != "0" {
        lines.push(format!("{}: nothing explains it", with_unit(size(&discrepancy.unexplained), unit)));
    }
    if discrepancy.in_flight != "0" {
        lines.push(format!("({} more on the way)", with_unit(size(&discrepancy.in_flight), unit)));
    }
    if let Some(difference) = &discrepancy.shelf_difference {
        lines.extend(gap(difference, unit, ["more on the shelf than in the POS", "missing on the shelf"]));
    }
    for cause in discrepancy.shelf_causes.iter().flatten() {
        lines.push(cause_text(cause, unit));
    }
    lines
}

fn size(number: &str) -> &str {
    number.strip_prefix('-').unwrap_or(number)
}

fn gap(difference: &str, unit: Unit, [less, more]: [&str; 2]) -> Option<String> {
    match difference {
        "0" => None,
        number => {
            let words = if number.starts_with('-') { less } else { more };
            Some(format!("{} {words}", with_unit(size(number), unit)))
        }
    }
}

fn cause_text(cause: &Cause, unit: Unit) -> String {
    let plain = trueup_reconcile::Cause::ALL.iter().find(|known| known.name() == cause.cause);
    let plain = plain.map_or(cause.cause.as_str(), |cause| cause.plain());
    let named: Vec<String> = cause.evidence.iter().filter_map(|record| record.reference.clone()).collect();
    let mut names: Vec<&str> = named.iter().map(String::as_str).collect();
    names.dedup();
    let names = match names.as_slice() {
        [] => String::new(),
        [one] => format!(" ({one})"),
        [one, two] => format!(" ({one}, {two})"),
        [one, .., last] => format!(" ({one} … {last})"),
    };
    match cause.quantity.as_str() {
        "0" => format!("· {plain}{names}"),
        number => format!("· {}: {plain}{names}", with_unit(size(number), unit)),
    }
}

/// A record in one line: "pos sale 88412/1 2026-03-08T16:20:11-07:00 -1".
pub(super) fn evidence_text(record: &Evidence) -> String {
    let mut text = format!("{} {}", record.book, record.kind);
    if let Some(reference) = &record.reference {
        let _ = write!(text, " {reference}");
    }
    if let Some(line) = &record.line {
        let _ = write!(text, "/{line}");
    }
    if let Some(at) = &record.at {
        let _ = write!(text, " {at}");
    }
    let _ = write!(text, " {}", record.quantity);
    text
}

/// A step in words: "POS: correct PRE05 by -10 (33 → 23), needs approval".
#[must_use]
pub fn step_text(step: &Step) -> String {
    let system = match step.system.as_str() {
        "pos" => "POS",
        "state" => "State",
        _ => "Shelf",
    };
    let reference = step.reference.as_deref().unwrap_or("it");
    let action = match step.action.as_str() {
        "resend_receipt" => format!("send receipt {reference} again"),
        "submit_receipt" => format!("report receipt {reference}"),
        "edit_receipt" => format!("edit receipt {reference}"),
        "void_receipt" => format!("void receipt {reference}"),
        "unfinalize_receipt" => format!("unfinalize receipt {reference}"),
        "adjust" => "adjust".to_owned(),
        "correct" => "correct".to_owned(),
        "receive" => "receive".to_owned(),
        "repackage" => "make the package".to_owned(),
        "move" => format!("move to {reference}"),
        "finish" => "finish the package".to_owned(),
        "unfinish" => "unfinish the package".to_owned(),
        "stop_sale" => "stop selling it".to_owned(),
        "recount" => "count again".to_owned(),
        "ask" => "decide together what happened".to_owned(),
        "none" if step.before.is_some() => "will show".to_owned(),
        "none" => "nothing to do".to_owned(),
        other => other.to_owned(),
    };
    let mut text = format!("{system}: {action}");
    if let Some(sku) = &step.sku {
        let _ = write!(text, " {sku}");
    }
    let unit = step.unit.as_deref().filter(|unit| *unit != "ea").map(|unit| format!(" {unit}")).unwrap_or_default();
    if let Some(quantity) = &step.quantity {
        let by = if step.action == "receive" { "" } else { " by" };
        let _ = write!(text, "{by} {quantity}{unit}");
    }
    if let (Some(before), Some(after)) = (&step.before, &step.after) {
        let _ = write!(text, " ({before} → {after}{unit})");
    }
    match step.needs.as_deref() {
        Some("approval") => text.push_str(", needs approval"),
        Some("decision") => text.push_str(", needs a decision"),
        Some("regulator") => text.push_str(", needs the regulator"),
        _ => {}
    }
    text
}
