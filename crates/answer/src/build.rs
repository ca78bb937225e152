//! From the outcome to the records of the answer.

use crate::Answer;
use crate::numbers::{self, Number, Parts};
use crate::record::{Cause, Discrepancy, Evidence, Incident, Input, SCHEMA_VERSION, Step, Summary};
use trueup_core::{Unit, Zone};
use trueup_reconcile::{Discrepancy as Found, Incident as Group, Share, Step as Planned};

/// All discrepancies, in the order of their packages.
#[must_use]
pub fn discrepancies(answer: &Answer<'_>) -> Vec<Discrepancy> {
    records_of(answer, &answer.outcome.discrepancies)
}

/// The records of some discrepancies.
#[must_use]
pub fn records_of(answer: &Answer<'_>, found: &[Found]) -> Vec<Discrepancy> {
    let settings = answer.settings;
    let license = settings.license.to_string();
    found.iter().map(|found| discrepancy(found, &license, &settings.zone)).collect()
}

/// What is said of the whole.
#[must_use]
pub fn summary(answer: &Answer<'_>) -> Summary {
    let settings = answer.settings;
    let zone = &settings.zone;
    let (packages, differ) = (answer.outcome.packages, answer.outcome.discrepancies.len());
    Summary {
        record: "summary".to_owned(),
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        license: settings.license.to_string(),
        window_start: zone.rfc3339(settings.window_start),
        as_of: zone.rfc3339(settings.as_of),
        packages,
        agree: packages - differ,
        differ,
        incidents: incidents(&answer.outcome.incidents, zone),
        inputs: answer.inputs.iter().map(input).collect(),
    }
}

fn input(facts: &trueup_intake::InputFacts) -> Input {
    Input {
        file: facts.file.clone(),
        sha256: facts.sha256.clone(),
        rows: facts.rows,
        ignored: facts.ignored,
        notes: facts.notes.clone(),
    }
}

fn discrepancy(found: &Found, license: &str, zone: &Zone) -> Discrepancy {
    let unit = found.unit;
    let parts = Parts::of_books(found);
    let shelf = found.shelf.as_ref();
    let shelf_parts = shelf.map(|shelf| {
        let shares: Vec<_> = shelf.causes.iter().map(|share| share.amount).collect();
        Parts::new(&[found.pos, shelf.quantity], &shares, shelf.unexplained, unit)
    });
    Discrepancy {
        record: "discrepancy".to_owned(),
        license: license.to_owned(),
        package: found.package.to_string(),
        item: found.item.to_string(),
        unit: unit.symbol().to_owned(),
        pos: numbers::text(found.pos, unit),
        state: numbers::text(found.state, unit),
        shelf: shelf.map(|shelf| numbers::text(shelf.quantity, unit)),
        in_flight: numbers::text(found.in_flight, unit),
        causes: causes(&found.causes, &parts.shares, unit, zone),
        difference: parts.difference,
        unexplained: parts.unexplained,
        shelf_causes: shelf
            .zip(shelf_parts.as_ref())
            .map(|(shelf, parts)| causes(&shelf.causes, &parts.shares, unit, zone)),
        shelf_difference: shelf_parts.as_ref().map(|parts| parts.difference.clone()),
        shelf_unexplained: shelf_parts.map(|parts| parts.unexplained),
        plan: found.plan.iter().map(step).collect(),
    }
}

fn causes(shares: &[Share], printed: &[String], unit: Unit, zone: &Zone) -> Vec<Cause> {
    let cause = |(share, quantity): (&Share, &String)| Cause {
        cause: share.cause.name().to_owned(),
        quantity: quantity.clone(),
        confidence: f64::from(share.confidence) / 1000.0,
        evidence: share.evidence.iter().map(|record| evidence(record, unit, zone)).collect(),
    };
    shares.iter().zip(printed).map(cause).collect()
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn evidence(record: &trueup_reconcile::Evidence, unit: Unit, zone: &Zone) -> Evidence {
    Evidence {
        book: record.book.name().to_owned(),
        kind: record.kind.to_owned(),
        reference: given(&record.reference),
        line: given(&record.line),
        at: record.at.map(|at| at.text(zone)),
        quantity: Number::of(record.quantity, unit).text(),
        by: given(&record.by),
    }
}

fn step(step: &Planned) -> Step {
    let measured = step.quantity.or(step.before).or(step.after);
    Step {
        system: step.system.name().to_owned(),
        action: step.action.name().to_owned(),
        reference: step.reference.as_ref().and_then(|text| given(text)),
        sku: step.sku.as_ref().map(ToString::to_string),
        quantity: step.quantity.map(numbers::measure),
        before: step.before.map(numbers::measure),
        after: step.after.map(numbers::measure),
        unit: measured.map(|measure| measure.unit.symbol().to_owned()),
        reversible: step.reversible,
        needs: step.needs.map(|need| need.name().to_owned()),
    }
}

fn incidents(groups: &[Group], zone: &Zone) -> Vec<Incident> {
    let incident = |(place, group): (usize, &Group)| Incident {
        incident: place + 1,
        cause: group.cause.map(|cause| cause.name().to_owned()),
        title: title(group, zone),
        root: given(&group.root),
        packages: group.packages.iter().map(ToString::to_string).collect(),
        records: group.records,
        first: group.first.map(|at| zone.rfc3339(at)),
        last: group.last.map(|at| zone.rfc3339(at)),
    };
    groups.iter().enumerate().map(incident).collect()
}

/// "sold in the POS, never reached the state: 312 records, 2 Mar 14:02 to 16:10".
fn title(group: &Group, zone: &Zone) -> String {
    let mut title = group.cause.map_or("nothing explains it: count again", |cause| cause.plain()).to_owned();
    let of_person = group.cause.is_some_and(|cause| {
        use trueup_reconcile::Cause as C;
        matches!(cause, C::AdjustmentOnlyInState | C::DestroyedOnlyInState | C::SaleOnlyInState | C::SaleReportedTwice)
    });
    if of_person && !group.root.is_empty() {
        title.push_str(&format!(", by {}", group.root));
    }
    if group.cause == Some(trueup_reconcile::Cause::ReceivedOnlyInState) && !group.root.is_empty() {
        title.push_str(&format!(", manifest {}", group.root));
    }
    match (group.first, group.last) {
        (Some(first), Some(last)) if first != last => {
            title.push_str(&format!(" ({} to {})", zone.short(first), zone.short(last)));
        }
        (Some(first), _) => title.push_str(&format!(" ({})", zone.short(first))),
        _ => {}
    }
    title
}
