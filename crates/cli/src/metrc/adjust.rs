//! `trueup metrc adjust`: one package, shown before it is done, and looked for afterwards.

use super::rows::print;
use super::{Metrc, trouble};
use crate::args::AdjustOptions;
use crate::{Status, Trouble};
use trueup_core::{Decimal, Quantity, QuantitySum, Unit};
use trueup_metrc::api::packages::{self, Adjust, Package, Reason};
use trueup_metrc::api::{NumberText, Text};
use trueup_metrc::client::{Care, Failure, RowOutcome, Target};

/// What is asked for, against what is there.
struct Change {
    package: Package,
    unit: Unit,
    before: QuantitySum,
    after: QuantitySum,
    row: Adjust,
    /// The row says what is to be there, not by how much it changes.
    to: bool,
}

pub(super) async fn run(client: &Metrc, options: &AdjustOptions) -> Result<Status, Trouble> {
    let change = match prepare(client, options).await? {
        Ok(change) => change,
        Err(failure) => return Err(trouble(client, &options.licence, failure).await),
    };
    let Change { unit, before, after, .. } = &change;
    let item = change.package.item.as_ref().and_then(|item| item.name.clone()).unwrap_or_default();
    print(&format!("{} ({item}): {} -> {} {unit}\n", options.package, before.text(*unit), after.text(*unit)))?;
    if options.dry_run {
        print("dry run: nothing was sent\n")?;
        return Ok(Status::Done);
    }
    let operation = if change.to { &packages::ADJUST_TO.spec } else { &packages::ADJUST_BY.spec };
    let (after, unit) = (change.after, change.unit);
    let note = change.row.reason_note.clone().unwrap_or_default();
    let rows = [change.row];
    let outcomes = match change.to {
        true => client.careful(&packages::ADJUST_TO, &options.licence, &rows, Care::default()).await,
        false => client.careful(&packages::ADJUST_BY, &options.licence, &rows, Care::default()).await,
    };
    match outcomes.into_iter().next() {
        Some(RowOutcome::Done { .. }) => shown(client, options, (after, unit)).await,
        Some(RowOutcome::Refused(failure)) => Err(trouble(client, &options.licence, failure).await),
        Some(RowOutcome::Unknown { write, look }) => {
            let look = look.map(|look| format!("; looking failed: {look}")).unwrap_or_default();
            Err(Trouble::State(format!(
                "{write}{look}\n  look at the package's adjustments in the state (note: {note}) before you do it again"
            )))
        }
        None => Err(Trouble::State(format!("{operation}: nothing was sent"))),
    }
}

/// Tells what the state shows now; somebody may have sold from the package meanwhile.
async fn shown(client: &Metrc, options: &AdjustOptions, wanted: (QuantitySum, Unit)) -> Result<Status, Trouble> {
    let target = Target::of(&options.licence).at(&options.package);
    let package = match client.get(&packages::BY_LABEL, &target).await {
        Ok(package) => package,
        Err(failure) => return Err(trouble(client, &options.licence, failure).await),
    };
    let held = package.quantity.map(|quantity| quantity.to_string()).unwrap_or_default();
    let wanted = wanted.0.text(wanted.1).to_string();
    let same = NumberText::new(&wanted).ok().zip(NumberText::new(&held).ok()).is_some_and(|(a, b)| a.same_value(&b));
    let meanwhile = if same { "" } else { "; something else changed it, too, or the state means the number otherwise" };
    print(&format!("done: the state shows {held}{meanwhile}\n"))?;
    Ok(Status::Done)
}

/// Reads the package and the reasons, and works out what the adjustment would do.
async fn prepare(client: &Metrc, options: &AdjustOptions) -> Result<Result<Change, Failure>, Trouble> {
    let target = Target::of(&options.licence);
    let package = match client.get(&packages::BY_LABEL, &target.clone().at(&options.package)).await {
        Ok(package) => package,
        Err(failure) => return Ok(Err(failure)),
    };
    let reasons = match client.list(&packages::ADJUST_REASONS, &target).await {
        Ok(reasons) => reasons.rows,
        Err(failure) => return Ok(Err(failure)),
    };
    check_reason(&reasons, options)?;
    let unusable = || Trouble::State(format!("{}: the state's quantity cannot be read", options.package));
    let unit = package.unit_of_measure_name.as_ref().and_then(|name| Unit::parse(name).ok()).ok_or_else(unusable)?;
    let held = package.quantity.as_ref().and_then(|number| Decimal::parse(number.as_str()).ok());
    let before = held.and_then(|number| Quantity::new(number, unit).ok()).ok_or_else(unusable)?.sum();
    let asked_unit = match &options.unit {
        Some(name) => Unit::parse(name).map_err(|error| Trouble::Usage(format!("--unit: {error}")))?,
        None => unit,
    };
    let (asked, to) = match (&options.by, &options.to) {
        (Some(by), _) => (by, false),
        (None, Some(to)) => (to, true),
        (None, None) => return Err(Trouble::Usage("say --by or --to".to_owned())),
    };
    let usage = |what: String| Trouble::Usage(format!("--by or --to {asked}: {what}"));
    let decimal = Decimal::parse(asked).map_err(|error| usage(error.to_string()))?;
    let quantity = Quantity::new(decimal, asked_unit).map_err(|error| usage(error.to_string()))?.sum();
    let after = if to { quantity } else { before.checked_add(quantity).map_err(|error| usage(error.to_string()))? };
    if after.dimension() != before.dimension() {
        return Err(usage(format!("the package is kept in {unit}")));
    }
    if after.atoms() < 0 {
        return Err(usage(format!("the package holds {} {unit} only", before.text(unit))));
    }
    let number = NumberText::new(asked).map_err(|error| usage(error.to_string()))?;
    let date = client.state_now().to_zoned(options.zone.clone()).date();
    let label: Text = options.package.as_str().into();
    let mut row = Adjust::new(label, number, asked_unit.name().into(), options.reason.as_str().into(), date);
    // Adjustments have no number: what is looked for afterwards is the note.
    let mark = client.state_now().as_millisecond();
    row.reason_note = Some(format!("{} [ref {mark:x}]", options.note.as_deref().unwrap_or("adjusted")).into());
    Ok(Ok(Change { package, unit, before, after, row, to }))
}

fn check_reason(reasons: &[Reason], options: &AdjustOptions) -> Result<(), Trouble> {
    let names = || reasons.iter().filter_map(|reason| reason.name.as_deref()).collect::<Vec<_>>().join(", ");
    let is_it = |reason: &&Reason| reason.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(&options.reason));
    let Some(reason) = reasons.iter().find(is_it) else {
        let asked = &options.reason;
        return Err(Trouble::Usage(format!("--reason {asked}: the state has no such reason; it has {}", names())));
    };
    if reason.requires_note == Some(true) && options.note.is_none() {
        return Err(Trouble::Usage(format!("--reason {}: the state asks for a --note with it", options.reason)));
    }
    Ok(())
}
