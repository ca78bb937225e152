//! Packages: lists, and everything that changes what they hold.

use super::context::{Answer, Context, array, not_found};
use super::exchange::{Fields, Reply};
use super::records::{Adjustment, Dates, Item, Licence, Package, on, place};
use super::settings::PutAdjust;
use super::shape::{Shape, V, day, instant, number, shape};
use super::{items, retail_ids};
use jiff::civil;
use trueup_core::{Quantity, Unit};

pub(super) const VIEW: &[&str] = &["View Packages"];
const INVENTORY: &[&str] = &["Manage Packages Inventory"];
const CREATE: &[&str] = &["Create/Submit/Discontinue Packages"];
const NOTES: &[&str] = &["Manage Packages Inventory", "Manage Package Notes"];

/// Answers what the path asks for; `path` is behind `/packages/v2`.
pub(super) fn route(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    c.needs(VIEW).err().map(Err).or_else(|| match method {
        "GET" => read(c, licence, path),
        _ => write(c, licence, method, path),
    })
}

fn read(c: &mut Context<'_>, licence: &mut Licence, path: &[&str]) -> Option<Answer> {
    Some(match path {
        ["active"] => list(c, licence, on::ACTIVE),
        ["onhold"] => list(c, licence, on::HOLD),
        ["inactive"] => list(c, licence, on::INACTIVE),
        ["intransit"] => list(c, licence, on::TRANSIT),
        ["labsamples"] => list(c, licence, on::SAMPLES),
        ["transferred"] => super::transfers::transferred(c, licence),
        ["types"] => Ok(array(TYPES, super::shape::quote)),
        ["adjust", "reasons"] => c.paged(&c.settings.reasons, |(name, note), out| write_reason(name, *note, out)),
        ["adjustments"] => adjustments(c, licence),
        [id, "source", "harvests"] => match find(licence, id) {
            Some(_) => c.needs(&["View Package Source Harvests"]).map(|()| array([""; 0], |_, _| ())),
            None => Err(not_found()),
        },
        [id] => match find(licence, id) {
            Some(package) => Ok(Reply::json(200, text(licence, package))),
            None => Err(not_found()),
        },
        _ => return None,
    })
}

const TYPES: [&str; 6] = ["Product", "ImmaturePlant", "VegetativePlant", "PlantWaste", "HarvestWaste", "MotherPlant"];

/// By number or by label.
pub(super) fn find<'l>(licence: &'l Licence, id: &str) -> Option<&'l Package> {
    licence.package(id).or_else(|| licence.packages.get(id.parse().ok()?))
}

fn list(c: &Context<'_>, licence: &Licence, list: u8) -> Answer {
    c.windowed(list, &licence.packages, |package, out| write_package(licence, package, out))
}

fn write(c: &mut Context<'_>, licence: &mut Licence, method: &str, path: &[&str]) -> Option<Answer> {
    let needs = match path {
        ["note"] => NOTES,
        [] | ["testing" | "item" | "location"] | ["labtests", "required"] => CREATE,
        [_] if method == "DELETE" => CREATE,
        _ => INVENTORY,
    };
    if let Err(refused) = c.needs(needs) {
        return Some(Err(refused));
    }
    Some(match (method, path) {
        ("POST", []) => c.write(licence, |c, licence, row| create(c, licence, row, false)),
        ("POST", ["testing"]) => c.write(licence, |c, licence, row| create(c, licence, row, true)),
        ("POST", ["plantings"]) => Err(super::context::not_permitted()),
        ("POST", ["adjust"]) => c.write(licence, |c, licence, row| adjust(c, licence, row, PutAdjust::By)),
        ("PUT", ["adjust"]) => {
            let meaning = c.settings.put_adjust;
            c.write(licence, |c, licence, row| adjust(c, licence, row, meaning))
        }
        ("PUT", ["finish"]) => c.write(licence, finish),
        ("PUT", ["unfinish"]) => c.write(licence, unfinish),
        ("PUT", ["location"]) => c.write(licence, relocate),
        ("PUT", ["item"]) => c.write(licence, change_item),
        ("PUT", ["note"]) => c.write(licence, |c, licence, row| {
            let note = row.text("Note").unwrap_or_default();
            change(c, licence, &row.need("PackageLabel")?, |package| package.note = note)
        }),
        ("PUT", ["externalid"]) => c.write(licence, |c, licence, row| {
            let external = row.text("ExternalId");
            change(c, licence, &row.need("PackageLabel")?, |package| package.external_id = external)
        }),
        ("PUT", ["usebydate"]) => c.write(licence, |c, licence, row| {
            let dates = dates(row)?;
            change(c, licence, &row.need("Label")?, |package| package.dates = dates)
        }),
        ("PUT", ["labtests", "required"]) => c.write(licence, |c, licence, row| {
            let tests = row.texts("RequiredLabTestBatches");
            change(c, licence, &row.need("Label")?, |package| package.required_tests = tests)
        }),
        ("PUT", [flag @ ("donation" | "tradesample" | "finishedgood"), to @ ("flag" | "unflag")]) => {
            let (flag, to) = (*flag, *to == "flag");
            c.write(licence, |c, licence, row| {
                change(c, licence, &row.need("Label")?, |package| match flag {
                    "donation" => package.is_donation = to,
                    "tradesample" => package.is_trade_sample = to,
                    _ => package.is_finished_good = to,
                })
            })
        }
        ("PUT", ["remediate" | "decontaminate"]) => c.write(licence, |_, licence, row| {
            let label = row.need("PackageLabel")?;
            let package = licence.package(&label).ok_or_else(|| unknown(&label))?;
            Err(format!("Package {} does not require remediation or decontamination.", package.label))
        }),
        ("DELETE", [id]) => discontinue(c, licence, id),
        _ => return None,
    })
}

pub(super) fn unknown(label: &str) -> String {
    format!("Package {label} was not found.")
}

/// An active package, or what is wrong with it.
pub(super) fn active<'l>(licence: &'l Licence, label: &str) -> Result<&'l Package, String> {
    let package = licence.package(label).ok_or_else(|| unknown(label))?;
    match package {
        Package { finished: Some(_), .. } => Err(format!("Package {label} is finished.")),
        package if package.is_active() => Ok(package),
        _ => Err(format!("Package {label} is not active.")),
    }
}

fn change(
    c: &mut Context<'_>,
    licence: &mut Licence,
    label: &str,
    change: impl FnOnce(&mut Package),
) -> Result<i64, String> {
    let id = active(licence, label)?.id;
    edit(c, licence, id, change);
    Ok(id)
}

/// Changes a package; it was modified now.
pub(super) fn edit(c: &mut Context<'_>, licence: &mut Licence, id: i64, change: impl FnOnce(&mut Package)) {
    c.next_id();
    let modified = c.stamp();
    licence.packages.edit(id, |package| {
        change(package);
        package.modified = modified;
    });
}

/// Takes from a package, or puts back (a negative quantity).
pub(super) fn take(c: &mut Context<'_>, licence: &mut Licence, id: i64, quantity: Quantity) -> Result<(), String> {
    let Some(package) = licence.packages.get(id) else { return Err(unknown(&id.to_string())) };
    let left = package.quantity.atoms().checked_sub(quantity.atoms()).ok_or("The quantity is too large.")?;
    if left < 0 && quantity.atoms() > 0 && !c.settings.below_zero {
        return Err(format!("Package {} does not have enough quantity.", package.label));
    }
    let left = Quantity::from_atoms(left, package.quantity.dimension());
    edit(c, licence, id, |package| {
        package.quantity = left;
        package.is_touched = true;
    });
    Ok(())
}

/// A quantity of a row in a package's measure.
pub(super) fn measured(row: &Fields<'_>, package: &Package) -> Result<(Quantity, Unit), String> {
    let unit = row.need("UnitOfMeasure")?;
    let unit = Unit::parse(&unit).map_err(|_| format!("Unit of measure {unit} was not found."))?;
    let quantity = Quantity::new(row.decimal("Quantity")?, unit).map_err(|_| "Quantity is too large.".to_owned())?;
    if quantity.dimension() != package.quantity.dimension() {
        return Err(format!("The unit of measure does not fit package {}.", package.label));
    }
    Ok((quantity, unit))
}

fn adjust(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>, meaning: PutAdjust) -> Result<i64, String> {
    let label = row.need("Label")?;
    let reason = row.need("AdjustmentReason")?;
    let note = row.text("ReasonNote").unwrap_or_default();
    let settings = c.settings;
    let known = settings.reasons.iter().find(|(name, _)| name.eq_ignore_ascii_case(&reason));
    let (reason, needs_note) = known.ok_or_else(|| format!("Adjustment reason {reason} was not found."))?;
    if *needs_note && note.is_empty() {
        return Err(format!("Adjustment reason {reason} requires a note."));
    }
    let date = date_of(row, "AdjustmentDate")?.ok_or("AdjustmentDate is required.")?;
    if date > c.today() {
        return Err("AdjustmentDate must not be in the future.".to_owned());
    }
    let package = active(licence, &label)?;
    let id = package.id;
    let (quantity, _) = measured(row, package)?;
    let change = match meaning {
        PutAdjust::By => quantity,
        PutAdjust::To if quantity.atoms() < 0 => return Err("Quantity must not be negative.".to_owned()),
        PutAdjust::To => {
            let atoms = quantity.atoms() - package.quantity.atoms();
            Quantity::from_atoms(atoms, quantity.dimension())
        }
    };
    note_adjustment(c, licence, id, (change, reason, &note, date))?;
    Ok(id)
}

/// Changes a package's quantity and takes it down.
pub(super) fn note_adjustment(
    c: &mut Context<'_>,
    licence: &mut Licence,
    package: i64,
    (quantity, reason, note, date): (Quantity, &str, &str, civil::Date),
) -> Result<(), String> {
    take(c, licence, package, quantity.checked_neg().map_err(|_| "The quantity is too large.")?)?;
    let id = c.next_id();
    licence.adjustments.put(Adjustment {
        id,
        package,
        quantity,
        reason: reason.to_owned(),
        note: note.to_owned(),
        date,
        at: c.stamp(),
        by: c.by.to_owned(),
    });
    Ok(())
}

fn create(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>, testing: bool) -> Result<i64, String> {
    let label = row.need("Tag")?.to_ascii_uppercase();
    let tag = licence.tags.get(&label).ok_or_else(|| format!("Tag {label} was not found."))?;
    if tag.used.is_some() {
        return Err(format!("Tag {label} is already used."));
    }
    let ingredients = ingredients(licence, row)?;
    let first = ingredients.first().ok_or("Ingredients are required.")?.0;
    let first = licence.packages.get(first).ok_or("Ingredients are required.")?;
    let item = if row.flag("UseSameItem") {
        licence.items.get(first.item).ok_or("Item was not found.")?
    } else {
        let name = row.need("Item")?;
        licence.item(&name).ok_or_else(|| format!("Item {name} was not found."))?
    };
    let (item, lab_state) = (item.id, first.lab_state.clone());
    let location = match row.text("Location") {
        Some(name) => place(&licence.locations, &name).ok_or_else(|| format!("Location {name} was not found."))?.id,
        None => first.location,
    };
    let unit = row.need("UnitOfMeasure")?;
    let unit = Unit::parse(&unit).map_err(|_| format!("Unit of measure {unit} was not found."))?;
    let quantity = Quantity::new(row.decimal("Quantity")?, unit).map_err(|_| "Quantity is too large.".to_owned())?;
    if quantity.atoms() < 0 {
        return Err("Quantity must not be negative.".to_owned());
    }
    let packaged = date_of(row, "ActualDate")?.ok_or("ActualDate is required.")?;
    for (source, taken) in &ingredients {
        take(c, licence, *source, *taken)?;
    }
    let id = c.next_id();
    let package = Package {
        id,
        label: label.clone(),
        item,
        location,
        sublocation: None,
        quantity,
        original: quantity,
        unit,
        packaged,
        dates: dates(row)?,
        sources: ingredients,
        note: row.text("Note").unwrap_or_default(),
        external_id: None,
        received: None,
        on_hold: false,
        on_recall: false,
        on_investigation: false,
        finished: None,
        archived: None,
        in_transit: false,
        transferred: false,
        lab_state: if testing { "SubmittedForTesting".to_owned() } else { lab_state },
        is_donation: row.flag("IsDonation"),
        is_trade_sample: row.flag("IsTradeSample"),
        is_finished_good: row.flag("IsFinishedGood"),
        is_testing_sample: testing,
        production_batch: row.text("ProductionBatchNumber"),
        required_tests: row.texts("RequiredLabTestBatches"),
        is_touched: false,
        modified: c.stamp(),
    };
    licence.packages.put(package);
    licence.by_label.insert(label.clone(), id);
    let now = c.now;
    if let Some(tag) = licence.tags.get_mut(&label) {
        tag.used = Some(now);
    }
    Ok(id)
}

/// What goes into a new package.
fn ingredients(licence: &Licence, row: &Fields<'_>) -> Result<Vec<(i64, Quantity)>, String> {
    let ingredient = |row: &Fields<'_>| {
        let package = active(licence, &row.need("Package")?)?;
        if package.on_hold || package.on_recall || package.on_investigation {
            return Err(format!("Package {} is on hold.", package.label));
        }
        let (quantity, _) = measured(row, package)?;
        if quantity.atoms() <= 0 {
            return Err("Quantity must be greater than zero.".to_owned());
        }
        Ok((package.id, quantity))
    };
    row.rows("Ingredients").iter().map(ingredient).collect()
}

fn discontinue(c: &mut Context<'_>, licence: &mut Licence, id: &str) -> Answer {
    let package = id.parse().ok().and_then(|id| licence.packages.get(id)).ok_or_else(not_found)?;
    let refused = |message: String| Err(Reply::rejected(&[(0, message)]));
    if !package.is_active() || package.is_touched {
        return refused(format!("Package {} cannot be discontinued.", package.label));
    }
    let (id, sources, today) = (package.id, package.sources.clone(), c.today());
    if sources.is_empty() {
        return refused(format!("Package {} was not created here.", package.label));
    }
    licence.commit();
    for (source, taken) in sources {
        let back = Quantity::from_atoms(-taken.atoms(), taken.dimension());
        if let Err(message) = take(c, licence, source, back) {
            licence.roll_back();
            return refused(message);
        }
    }
    edit(c, licence, id, |package| {
        package.archived = Some(today);
        package.quantity = Quantity::zero(package.quantity.dimension());
    });
    licence.commit();
    Ok(Reply::empty(200))
}

fn finish(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let label = row.need("Label")?;
    let date = date_of(row, "ActualDate")?.ok_or("ActualDate is required.")?;
    let package = active(licence, &label)?;
    if !package.quantity.is_zero() {
        return Err(format!("Package {label} cannot be finished while it holds a quantity."));
    }
    let id = package.id;
    edit(c, licence, id, |package| package.finished = Some(date));
    Ok(id)
}

fn unfinish(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let label = row.need("Label")?;
    let package = licence.package(&label).ok_or_else(|| unknown(&label))?;
    if package.finished.is_none() {
        return Err(format!("Package {label} is not finished."));
    }
    let id = package.id;
    edit(c, licence, id, |package| package.finished = None);
    Ok(id)
}

fn relocate(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let name = row.need("Location")?;
    let location = place(&licence.locations, &name).ok_or_else(|| format!("Location {name} was not found."))?.id;
    let sublocation = match row.text("Sublocation") {
        None => None,
        Some(name) => {
            let known = place(&licence.sublocations, &name);
            Some(known.ok_or_else(|| format!("Sublocation {name} was not found."))?.id)
        }
    };
    change(c, licence, &row.need("Label")?, |package| (package.location, package.sublocation) = (location, sublocation))
}

fn change_item(c: &mut Context<'_>, licence: &mut Licence, row: &Fields<'_>) -> Result<i64, String> {
    let name = row.need("Item")?;
    let Item { id: item, unit, .. } = licence.item(&name).ok_or_else(|| format!("Item {name} was not found."))?.clone();
    let label = row.need("Label")?;
    if active(licence, &label)?.unit.dimension() != unit.dimension() {
        return Err(format!("Item {name} has another kind of quantity."));
    }
    change(c, licence, &label, |package| package.item = item)
}

/// A date of a row; `2026-11-20`, or the date of a time.
pub(super) fn date_of(row: &Fields<'_>, name: &str) -> Result<Option<civil::Date>, String> {
    let Some(text) = row.text(name) else { return Ok(None) };
    let date = text.get(..10).and_then(|date| date.parse().ok());
    date.map(Some).ok_or_else(|| format!("{name} is not a valid date."))
}

fn dates(row: &Fields<'_>) -> Result<Dates, String> {
    Ok(Dates {
        expiration: date_of(row, "ExpirationDate")?,
        sell_by: date_of(row, "SellByDate")?,
        use_by: date_of(row, "UseByDate")?,
    })
}

shape!(
    PACKAGE,
    "package",
    [
        "Id",
        "Label",
        "ExternalId",
        "SourcePackageCount",
        "SourcePackageLabels",
        "LocationId",
        "LocationName",
        "SublocationId",
        "SublocationName",
        "LocationTypeName",
        "Quantity",
        "OriginalPackageQuantity",
        "UnitOfMeasureName",
        "UnitOfMeasureAbbreviation",
        "Note",
        "PackagedDate",
        "ExpirationDate",
        "SellByDate",
        "UseByDate",
        "InitialLabTestingState",
        "LabTestingState",
        "ProductionBatchNumber",
        "IsProductionBatch",
        "IsTradeSample",
        "IsDonation",
        "IsTestingSample",
        "ReceivedDateTime",
        "ReceivedFromManifestNumber",
        "ReceivedFromFacilityLicenseNumber",
        "ReceivedFromFacilityName",
        "IsOnHold",
        "IsOnHoldCombined",
        "IsOnInvestigation",
        "IsOnRecall",
        "IsOnRecallCombined",
        "ArchivedDate",
        "IsFinished",
        "FinishedDate",
        "IsFinishedGood",
        "LastModified",
        "Item",
        "ProductLabel",
    ]
);

/// A package as the API writes it.
pub(super) fn text(licence: &Licence, package: &Package) -> String {
    let mut out = String::with_capacity(6_000);
    write_package(licence, package, &mut out);
    out
}

fn write_package(licence: &Licence, package: &Package, out: &mut String) {
    let place = |table: &super::table::Table<super::records::Place>, id| table.get(id).map(|place| place.name.clone());
    let sources: Vec<&str> = package
        .sources
        .iter()
        .filter_map(|(source, _)| licence.packages.get(*source).map(|source| source.label.as_str()))
        .collect();
    let received = package.received.as_ref();
    let item = licence.items.get(package.item).map_or_else(|| "null".to_owned(), |item| items::text(licence, item));
    PACKAGE.write(
        &[
            V::Int(package.id),
            V::Text(&package.label),
            package.external_id.as_deref().into(),
            V::Int(i64::try_from(sources.len()).unwrap_or(0)),
            V::Own(sources.join(", ")),
            V::Int(package.location),
            place(&licence.locations, package.location).into(),
            package.sublocation.into(),
            package.sublocation.and_then(|id| place(&licence.sublocations, id)).into(),
            licence.locations.get(package.location).map(|place| place.kind.as_str()).into(),
            number(package.quantity, package.unit),
            number(package.original, package.unit),
            V::Text(package.unit.name()),
            V::Text(package.unit.symbol()),
            V::Text(&package.note),
            V::Own(day(package.packaged)),
            package.dates.expiration.map(day).into(),
            package.dates.sell_by.map(day).into(),
            package.dates.use_by.map(day).into(),
            V::Text(&package.lab_state),
            V::Text(&package.lab_state),
            V::Text(package.production_batch.as_deref().unwrap_or("")),
            V::Flag(package.production_batch.is_some()),
            V::Flag(package.is_trade_sample),
            V::Flag(package.is_donation),
            V::Flag(package.is_testing_sample),
            received.map(|received| instant(received.at)).into(),
            received.map(|received| received.manifest.as_str()).into(),
            received.map(|received| received.from.as_str()).into(),
            received.map(|received| received.from_name.as_str()).into(),
            V::Flag(package.on_hold),
            V::Flag(package.on_hold || package.on_investigation),
            V::Flag(package.on_investigation),
            V::Flag(package.on_recall),
            V::Flag(package.on_recall),
            package.archived.map(day).into(),
            V::Flag(package.finished.is_some()),
            package.finished.map(day).into(),
            V::Flag(package.is_finished_good),
            V::Own(instant(package.modified)),
            V::Json(item),
            V::Json(retail_ids::product_label(licence, package.id)),
        ],
        out,
    );
}

shape!(
    ADJUSTMENT,
    "adjustment",
    [
        "PackageId",
        "PackageLabel",
        "ItemName",
        "ItemCategoryName",
        "AdjustmentQuantity",
        "AdjustmentUnitOfMeasureName",
        "AdjustmentUnitOfMeasureAbbreviation",
        "AdjustmentReasonName",
        "AdjustmentNote",
        "AdjustmentDate",
        "PackagedDate",
        "AdjustedByUserName",
    ]
);

fn adjustments(c: &Context<'_>, licence: &Licence) -> Answer {
    c.windowed(on::ACTIVE, &licence.adjustments, |row, out| {
        let package = licence.packages.get(row.package);
        let item = package.and_then(|package| licence.items.get(package.item));
        let unit = package.map_or(Unit::Each, |package| package.unit);
        let date_time = |date: civil::Date| format!("{}T00:00:00+00:00", day(date));
        ADJUSTMENT.write(
            &[
                V::Int(row.package),
                package.map(|package| package.label.as_str()).into(),
                item.map(|item| item.name.as_str()).into(),
                item.map(|item| item.category.as_str()).into(),
                number(row.quantity, unit),
                V::Text(unit.name()),
                V::Text(unit.symbol()),
                V::Text(&row.reason),
                V::Text(&row.note),
                V::Own(date_time(row.date)),
                package.map(|package| date_time(package.packaged)).into(),
                V::Text(&row.by),
            ],
            out,
        );
    })
}

shape!(REASON, "reason", ["Name", "RequiresNote"]);

pub(super) fn write_reason(name: &str, needs_note: bool, out: &mut String) {
    let reason: &Shape = &REASON;
    reason.write(&[V::Text(name), V::Flag(needs_note)], out);
}
