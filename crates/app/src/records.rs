//! What books, people and scales say of a package, as rows of the store, and back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trueup_core::{
    Count, Decimal, Dimension, PackageStatus, PackageTag, PosStock, Quantity, Sku, StatePackage, Text, TransferRow,
    TransferState, Unit, Weight, When,
};
use trueup_store::ledger::{moment_of, moment_parts};
use trueup_store::{CountLine, ManifestLine, Observation};

/// The names of books and of what is no book.
pub(crate) const POS: &str = "pos";
pub(crate) const STATE: &str = "state";
pub(crate) const SCALE: &str = "scale";

/// A row that is not understood: another version of trueup wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fact {seq} of {package}: {what} is not understood")]
pub struct RecordError {
    pub(crate) package: Text,
    pub(crate) seq: i64,
    pub(crate) what: &'static str,
}

/// The name of a dimension in the store.
pub(crate) const fn dimension_name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Count => "each",
        Dimension::Weight => "g",
        Dimension::Volume => "ml",
    }
}

/// The dimension of a name in the store.
pub(crate) fn dimension_of(name: &str) -> Option<Dimension> {
    [Dimension::Count, Dimension::Weight, Dimension::Volume].into_iter().find(|it| dimension_name(*it) == name)
}

/// A moment as exactly as it was said, in microseconds.
type Moment = (i64, Option<i64>);

fn moment(when: When) -> Moment {
    let (first, last) = moment_parts(when);
    (first.as_microsecond(), last.map(Timestamp::as_microsecond))
}

fn when((first, last): Moment) -> Option<When> {
    let last = match last {
        None => None,
        Some(last) => Some(Timestamp::from_microsecond(last).ok()?),
    };
    Some(moment_of(Timestamp::from_microsecond(first).ok()?, last))
}

fn number_text(number: Decimal) -> Text {
    Text::from(format!("{}/{}", number.mantissa(), number.scale()))
}

fn number_of(text: &str) -> Option<Decimal> {
    let (mantissa, scale) = text.split_once('/')?;
    Some(Decimal::new(mantissa.parse().ok()?, scale.parse().ok()?))
}

const STATUSES: [(&str, PackageStatus); 4] = [
    ("active", PackageStatus::Active),
    ("held", PackageStatus::Held),
    ("finished", PackageStatus::Finished),
    ("other", PackageStatus::Other),
];

const TRANSFER_STATES: [(&str, TransferState); 4] = [
    ("shipped", TransferState::Shipped),
    ("accepted", TransferState::Accepted),
    ("rejected", TransferState::Rejected),
    ("returned", TransferState::Returned),
];

fn name_of<T: PartialEq + Copy>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, it)| *it == value).map_or("", |(name, _)| name)
}

fn value_of<T: Copy>(names: &[(&'static str, T)], name: &str) -> Option<T> {
    names.iter().find(|(it, _)| *it == name).map(|(_, value)| *value)
}

/// Which licence and source rows are of.
#[derive(Debug, Clone)]
pub(crate) struct Of {
    pub license: Text,
    pub source: Text,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StockDetails {
    name: Text,
    per_unit: i64,
}

/// What the POS has on hand.
pub(crate) fn stock_row(of: &Of, stock: &PosStock, at: Timestamp) -> Observation {
    let details = StockDetails { name: stock.product_name.clone(), per_unit: stock.per_unit.atoms() };
    Observation {
        book: Text::const_new(POS),
        sku_id: Text::new(stock.sku.as_str()),
        room: stock.room.clone(),
        quantity: stock.quantity.atoms(),
        number: number_text(stock.number),
        unit: Text::const_new(stock.unit.symbol()),
        status: Text::const_new(stock.status.map_or("", |status| name_of(&STATUSES, status))),
        details: serde_json::to_string(&details).ok(),
        ..said(of, stock.package, at)
    }
}

fn said(of: &Of, package: PackageTag, at: Timestamp) -> Observation {
    Observation {
        license_id: of.license.clone(),
        seq: 0,
        package_id: Text::from(package.to_string()),
        book: Text::default(),
        sku_id: Text::default(),
        room: Text::default(),
        observed_at: at,
        version: 0,
        quantity: 0,
        number: Text::default(),
        unit: Text::default(),
        status: Text::default(),
        details: None,
        recorded_at: Timestamp::UNIX_EPOCH,
        source_id: of.source.clone(),
    }
}

/// Reads a row's details.
fn details<'r, D: Deserialize<'r>>(row: &'r Observation) -> Option<D> {
    serde_json::from_str(row.details.as_deref()?).ok()
}

fn strange(row: &Observation) -> impl Fn(&'static str) -> RecordError {
    |what| RecordError { package: row.package_id.clone(), seq: row.seq, what }
}

pub(crate) fn tag_of(row: &Observation) -> Result<PackageTag, RecordError> {
    PackageTag::parse(&row.package_id).map_err(|_| strange(row)("its tag"))
}

/// What the POS has on hand, of a row.
pub(crate) fn stock_of(row: &Observation, dimension: Dimension) -> Result<PosStock, RecordError> {
    let strange = strange(row);
    let details: StockDetails = details(row).ok_or_else(|| strange("its details"))?;
    Ok(PosStock {
        package: tag_of(row)?,
        sku: Sku::new(&row.sku_id),
        product_name: details.name,
        room: row.room.clone(),
        quantity: Quantity::from_atoms(row.quantity, dimension),
        number: number_of(&row.number).ok_or_else(|| strange("its number"))?,
        unit: Unit::parse(&row.unit).map_err(|_| strange("its unit"))?,
        per_unit: Quantity::from_atoms(details.per_unit, dimension),
        status: value_of(&STATUSES, &row.status),
    })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageDetails {
    item: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Text>,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    location: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    packaged: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    received: Option<Moment>,
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    manifest: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archived: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit_content: Option<(i64, Text)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<bool>,
    finished: bool,
}

/// The state's record of a package.
pub(crate) fn state_row(of: &Of, package: &StatePackage, at: Timestamp) -> Observation {
    let details = PackageDetails {
        item: package.item.clone(),
        original: package.original.map(Quantity::atoms),
        sources: package.sources.iter().map(|source| Text::from(source.to_string())).collect(),
        location: package.location.clone(),
        packaged: package.packaged.map(moment),
        received: package.received.map(moment),
        manifest: package.manifest.clone(),
        archived: package.archived.map(moment),
        modified: package.modified.map(Timestamp::as_microsecond),
        unit_content: package
            .unit_content
            .map(|content| (content.atoms(), Text::const_new(dimension_name(content.dimension())))),
        held: package.held,
        finished: package.finished,
    };
    let status = match (package.archived, package.finished, package.held) {
        (Some(_), _, _) => "gone",
        (None, true, _) => "finished",
        (None, false, Some(true)) => "held",
        (None, false, _) => "active",
    };
    Observation {
        book: Text::const_new(STATE),
        quantity: package.quantity.atoms(),
        number: number_text(package.number),
        unit: Text::const_new(package.unit.symbol()),
        status: Text::const_new(status),
        details: serde_json::to_string(&details).ok(),
        ..said(of, package.package, at)
    }
}

/// The state's record of a package, of a row.
pub(crate) fn state_of(row: &Observation, dimension: Dimension) -> Result<StatePackage, RecordError> {
    let strange = strange(row);
    let details: PackageDetails = details(row).ok_or_else(|| strange("its details"))?;
    let sources: Option<Vec<PackageTag>> = details.sources.iter().map(|tag| PackageTag::parse(tag).ok()).collect();
    let when = |parts: Option<Moment>| match parts {
        None => Ok(None),
        Some(parts) => self::when(parts).map(Some).ok_or_else(|| strange("its moments")),
    };
    let unit_content = match details.unit_content {
        None => None,
        Some((atoms, name)) => {
            Some(Quantity::from_atoms(atoms, dimension_of(&name).ok_or_else(|| strange("its unit's content"))?))
        }
    };
    Ok(StatePackage {
        package: tag_of(row)?,
        item: details.item,
        unit: Unit::parse(&row.unit).map_err(|_| strange("its unit"))?,
        quantity: Quantity::from_atoms(row.quantity, dimension),
        number: number_of(&row.number).ok_or_else(|| strange("its number"))?,
        original: details.original.map(|atoms| Quantity::from_atoms(atoms, dimension)),
        sources: sources.ok_or_else(|| strange("its sources"))?,
        location: details.location,
        packaged: when(details.packaged)?,
        received: when(details.received)?,
        manifest: details.manifest,
        held: details.held,
        finished: details.finished,
        archived: when(details.archived)?,
        unit_content,
        modified: details.modified.and_then(|micros| Timestamp::from_microsecond(micros).ok()),
    })
}

/// A container's weight. The scale stands in for the room.
pub(crate) fn weight_row(of: &Of, weight: &Weight) -> Observation {
    Observation {
        book: Text::const_new(SCALE),
        sku_id: Text::new(weight.sku.as_str()),
        room: weight.device.clone(),
        quantity: weight.net.atoms(),
        status: Text::const_new(if weight.stable { "stable" } else { "moving" }),
        ..said(of, weight.package, weight.at)
    }
}

/// A container's weight, of a row.
pub(crate) fn weight_of(row: &Observation, dimension: Dimension) -> Result<Weight, RecordError> {
    Ok(Weight {
        device: row.room.clone(),
        at: row.observed_at,
        package: tag_of(row)?,
        sku: Sku::new(&row.sku_id),
        net: Quantity::from_atoms(row.quantity, dimension),
        stable: row.status == "stable",
    })
}

/// A package on a manifest.
pub(crate) fn transfer_row(of: &Of, row: &TransferRow) -> ManifestLine {
    let dimension = row.received.or(row.shipped).map_or(Dimension::Count, Quantity::dimension);
    let (first, last) = row.when.map(moment_parts).unzip();
    ManifestLine {
        license_id: of.license.clone(),
        seq: 0,
        manifest_id: row.manifest.clone(),
        package_id: Text::from(row.package.to_string()),
        version: 0,
        outgoing: row.outgoing,
        partner: Text::default(),
        state: Text::const_new(name_of(&TRANSFER_STATES, row.state)),
        shipped_quantity: row.shipped.map(Quantity::atoms),
        received_quantity: row.received.map(Quantity::atoms),
        dimension: Text::const_new(dimension_name(dimension)),
        happened_at: first,
        happened_until: last.flatten(),
        recorded_at: Timestamp::UNIX_EPOCH,
        source_id: of.source.clone(),
    }
}

/// A package on a manifest, of a row.
pub(crate) fn transfer_of(row: &ManifestLine) -> Result<TransferRow, RecordError> {
    let strange = |what| RecordError { package: row.package_id.clone(), seq: row.seq, what };
    let dimension = dimension_of(&row.dimension).ok_or_else(|| strange("its dimension"))?;
    let quantity = |atoms| Quantity::from_atoms(atoms, dimension);
    Ok(TransferRow {
        package: PackageTag::parse(&row.package_id).map_err(|_| strange("its tag"))?,
        manifest: row.manifest_id.clone(),
        outgoing: row.outgoing,
        state: value_of(&TRANSFER_STATES, &row.state).ok_or_else(|| strange("its state"))?,
        shipped: row.shipped_quantity.map(quantity),
        received: row.received_quantity.map(quantity),
        when: row.happened_at.map(|at| moment_of(at, row.happened_until)),
    })
}

/// A counted line; `client_id` tells lines of one count apart.
pub(crate) fn count_row(of: &Of, count: &Count, client_id: Text) -> CountLine {
    let (counted_at, counted_until) = moment_parts(count.when);
    CountLine {
        license_id: of.license.clone(),
        seq: 0,
        count_id: count.id.clone(),
        client_id,
        pass: i64::from(count.pass),
        package_id: Text::from(count.package.to_string()),
        sku_id: Text::new(count.sku.as_str()),
        room: count.room.clone(),
        quantity: count.quantity.atoms(),
        number: Text::default(),
        unit: Text::default(),
        counted_at,
        counted_until,
        counted_by: count.by.clone(),
        device: None,
        recorded_at: Timestamp::UNIX_EPOCH,
        source_id: of.source.clone(),
    }
}

/// A counted line, of a row.
pub(crate) fn count_of(row: &CountLine, dimension: Dimension) -> Result<Count, RecordError> {
    let strange = |what| RecordError { package: row.package_id.clone(), seq: row.seq, what };
    Ok(Count {
        id: row.count_id.clone(),
        when: moment_of(row.counted_at, row.counted_until),
        package: PackageTag::parse(&row.package_id).map_err(|_| strange("its tag"))?,
        sku: Sku::new(&row.sku_id),
        room: row.room.clone(),
        quantity: Quantity::from_atoms(row.quantity, dimension),
        pass: u32::try_from(row.pass).map_err(|_| strange("its pass"))?,
        by: row.counted_by.clone(),
    })
}

/// What a book told of before, and tells of no more.
pub(crate) fn absent(of: &Of, before: &Observation, at: Timestamp) -> Observation {
    Observation {
        seq: 0,
        observed_at: at,
        version: 0,
        quantity: 0,
        status: Text::const_new(ABSENT),
        source_id: of.source.clone(),
        ..before.clone()
    }
}

/// The status of what is not told of any more.
pub(crate) const ABSENT: &str = "absent";
