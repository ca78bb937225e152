//! Reads the folder: the plain CSV files and the state's JSON files. Nothing is judged here.

use crate::JudgeError;
use crate::json::Json;
use crate::number::{Dimension, Exact, Unit, Written, parse_number, pieces_times};
use crate::time::{MINUTE, When, present};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One row of a CSV file by column name.
type Row = BTreeMap<String, String>;

#[derive(Deserialize)]
struct StoreToml {
    license: Option<String>,
    timezone: String,
    window_start: String,
    as_of: Option<String>,
    pos_as_of: Option<String>,
    state_as_of: Option<String>,
    #[serde(default)]
    reporting: ReportingToml,
    #[serde(default)]
    pos: PosToml,
    #[serde(default)]
    rooms: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
struct ReportingToml {
    every_minutes: Option<i64>,
}

#[derive(Deserialize, Default)]
struct PosToml {
    corrections: Option<String>,
}

/// What `store.toml` says.
pub(crate) struct Config {
    pub license: String,
    pub zone: TimeZone,
    pub window_start: Timestamp,
    pub pos_as_of: Timestamp,
    pub state_as_of: Timestamp,
    /// `every_minutes` in nanoseconds.
    pub every: i128,
    pub rooms: BTreeMap<String, String>,
    /// A correction in the POS is always reported to the state, too.
    pub echoed: bool,
}

/// A row of `pos/inventory.csv`.
pub(crate) struct Inventory {
    pub tag: String,
    pub sku: String,
    pub product: String,
    pub room: String,
    pub quantity: Written,
    pub unit_weight: Option<Written>,
    pub status: String,
}

/// A row of `pos/sales.csv`.
pub(crate) struct Sale {
    pub receipt: String,
    pub at: Timestamp,
    pub kind: String,
    pub tag: String,
    pub sku: String,
    pub quantity: Written,
    pub original: String,
    pub voided_at: Option<Timestamp>,
    pub total: Option<i128>,
    pub customer: String,
    pub terminal: String,
}

/// A row of `pos/movements.csv`.
pub(crate) struct Movement {
    pub event: String,
    pub at: Timestamp,
    pub kind: String,
    pub tag: String,
    pub sku: String,
    pub delta: Written,
    pub from_room: String,
    pub to_room: String,
    pub to_tag: String,
    pub reason: String,
    pub corrects: String,
}

/// A package of the state.
pub(crate) struct Package {
    pub item: String,
    pub location: String,
    pub quantity: Written,
    pub original: Option<Written>,
    pub sources: Vec<String>,
    pub unit_weight: Option<Written>,
    pub packaged: Option<When>,
    pub received: Option<When>,
    pub manifest: String,
    pub archived: Option<When>,
    pub finished: bool,
    pub hold: Option<bool>,
}

/// A line of a receipt of the state.
pub(crate) struct ReceiptLine {
    pub tag: String,
    pub product: String,
    pub quantity: Written,
    pub total: Option<i128>,
    pub archived: Option<When>,
}

/// A receipt or a sales delivery of the state.
pub(crate) struct Receipt {
    pub id: String,
    pub number: String,
    pub at: When,
    pub customer: String,
    pub recorded: Option<Timestamp>,
    /// When it last changed.
    pub modified: Option<Timestamp>,
    pub lines: Vec<ReceiptLine>,
}

/// An adjustment of the state.
pub(crate) struct Adjustment {
    pub tag: String,
    pub at: When,
    pub quantity: Written,
    pub reason: String,
    pub note: String,
}

/// A package on an incoming manifest, or one that went out.
pub(crate) struct Shipped {
    pub tag: String,
    pub accepted: bool,
    pub outgoing: bool,
    pub quantity: Written,
    pub at: Option<When>,
}

/// A row of `shelf/counts.csv`.
pub(crate) struct Count {
    pub at: Timestamp,
    pub tag: String,
    pub sku: String,
    pub room: String,
    pub quantity: Written,
    pub pass: i64,
}

/// A stable reading of `shelf/weights.csv`.
pub(crate) struct Weight {
    pub at: Timestamp,
    pub tag: String,
    pub net: Written,
}

/// Everything that the folder holds.
pub(crate) struct Store {
    pub config: Config,
    pub inventory: Vec<Inventory>,
    pub sales: Vec<Sale>,
    pub movements: Vec<Movement>,
    pub sku_map: BTreeMap<(String, String), Written>,
    pub packages: BTreeMap<String, Package>,
    pub receipts: Vec<Receipt>,
    pub adjustments: Vec<Adjustment>,
    pub shipped: Vec<Shipped>,
    pub counts: Vec<Count>,
    pub weights: Vec<Weight>,
    pub baseline: Vec<(String, Written)>,
    dimensions: BTreeMap<String, Dimension>,
}

/// Where something was read, for messages.
struct Place<'a> {
    file: &'a str,
    row: usize,
}

impl Place<'_> {
    fn bad(&self, column: &str, text: &str) -> JudgeError {
        JudgeError::Value {
            file: self.file.to_owned(),
            row: self.row,
            column: column.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// Reads the whole folder.
pub(crate) fn read(folder: &Path) -> Result<Store, JudgeError> {
    let config = config(folder)?;
    let mut store = Store {
        inventory: inventory(folder)?,
        sales: sales(folder, &config)?,
        movements: movements(folder, &config)?,
        sku_map: sku_map(folder)?,
        packages: BTreeMap::new(),
        receipts: receipts(folder, &config)?,
        adjustments: adjustments(folder, &config)?,
        shipped: transfers(folder, &config)?,
        counts: counts(folder, &config)?,
        weights: weights(folder, &config)?,
        baseline: baseline(folder)?,
        dimensions: BTreeMap::new(),
        config,
    };
    packages(folder, &mut store)?;
    store.dimensions = dimensions(&store);
    Ok(store)
}

fn config(folder: &Path) -> Result<Config, JudgeError> {
    let path = folder.join("store.toml");
    let text = std::fs::read_to_string(&path).map_err(|_| JudgeError::Missing("store.toml".to_owned()))?;
    let read: StoreToml = toml::from_str(&text).map_err(|error| JudgeError::Config(error.to_string()))?;
    let zone = TimeZone::get(&read.timezone).map_err(|error| JudgeError::Config(error.to_string()))?;
    let moment = |text: &str| {
        When::parse(text, &zone).map(|when| when.first).ok_or_else(|| JudgeError::Config(format!("time {text}")))
    };
    let either = |own: &Option<String>| match own.as_ref().or(read.as_of.as_ref()) {
        Some(text) => moment(text),
        None => Err(JudgeError::Config("as_of is missing".to_owned())),
    };
    Ok(Config {
        license: read.license.unwrap_or_default(),
        window_start: moment(&read.window_start)?,
        pos_as_of: either(&read.pos_as_of)?,
        state_as_of: either(&read.state_as_of)?,
        every: i128::from(read.reporting.every_minutes.unwrap_or(60)) * MINUTE,
        rooms: read.rooms,
        echoed: read.pos.corrections.as_deref() == Some("echoed"),
        zone,
    })
}

/// The rows of a CSV file; none where an optional file is absent.
fn table(folder: &Path, file: &str, required: bool) -> Result<Vec<Row>, JudgeError> {
    let path = folder.join(file);
    if !path.exists() {
        return if required { Err(JudgeError::Missing(file.to_owned())) } else { Ok(Vec::new()) };
    }
    let text = std::fs::read_to_string(&path).map_err(|error| JudgeError::File(file.to_owned(), error.to_string()))?;
    let text = text.trim_start_matches('\u{feff}');
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b';', b'\t'].into_iter().find(|mark| head.contains(char::from(*mark))).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let broken = |error: csv::Error| JudgeError::File(file.to_owned(), error.to_string());
    let names: Vec<String> = reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_lowercase()).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        rows.push(names.iter().cloned().zip(record.iter().map(|cell| cell.trim().to_owned())).collect());
    }
    Ok(rows)
}

fn cell(row: &Row, name: &str) -> String {
    row.get(name).cloned().unwrap_or_default()
}

fn tag(text: &str) -> String {
    text.trim().to_uppercase()
}

fn quantity(row: &Row, number: &str, unit: &str, place: &Place<'_>) -> Result<Written, JudgeError> {
    let (amount, measure) = (cell(row, number), cell(row, unit));
    Written::parse(&amount, &measure).ok_or_else(|| place.bad(number, &format!("{amount} {measure}")))
}

fn moment(row: &Row, name: &str, zone: &TimeZone, place: &Place<'_>) -> Result<Timestamp, JudgeError> {
    let text = cell(row, name);
    When::parse(&text, zone).map(|when| when.first).ok_or_else(|| place.bad(name, &text))
}

/// Every row of a file, turned into what it means.
fn each<T>(
    folder: &Path,
    file: &str,
    required: bool,
    make: impl Fn(&Row, &Place<'_>) -> Result<T, JudgeError>,
) -> Result<Vec<T>, JudgeError> {
    let rows = table(folder, file, required)?;
    rows.iter().enumerate().map(|(index, row)| make(row, &Place { file, row: index + 2 })).collect()
}

fn inventory(folder: &Path) -> Result<Vec<Inventory>, JudgeError> {
    each(folder, "pos/inventory.csv", true, |row, place| {
        Ok(Inventory {
            tag: tag(&cell(row, "package_id")),
            sku: cell(row, "sku"),
            product: cell(row, "product_name"),
            room: cell(row, "room"),
            quantity: quantity(row, "quantity", "unit", place)?,
            unit_weight: Written::parse(&cell(row, "unit_weight"), &cell(row, "unit_weight_unit")),
            status: cell(row, "status"),
        })
    })
}

fn sales(folder: &Path, config: &Config) -> Result<Vec<Sale>, JudgeError> {
    each(folder, "pos/sales.csv", true, |row, place| {
        let voided = cell(row, "voided_at");
        Ok(Sale {
            receipt: cell(row, "receipt_id"),
            at: moment(row, "sold_at", &config.zone, place)?,
            kind: cell(row, "kind").to_lowercase(),
            tag: tag(&cell(row, "package_id")),
            sku: cell(row, "sku"),
            quantity: quantity(row, "quantity", "unit", place)?,
            original: cell(row, "original_receipt_id"),
            voided_at: match voided.is_empty() {
                true => None,
                false => Some(moment(row, "voided_at", &config.zone, place)?),
            },
            total: parse_number(&cell(row, "line_total")).map(|number| number.0),
            customer: cell(row, "customer_type"),
            terminal: cell(row, "terminal"),
        })
    })
}

fn movements(folder: &Path, config: &Config) -> Result<Vec<Movement>, JudgeError> {
    each(folder, "pos/movements.csv", false, |row, place| {
        Ok(Movement {
            event: cell(row, "event_id"),
            at: moment(row, "at", &config.zone, place)?,
            kind: cell(row, "type").to_lowercase(),
            tag: tag(&cell(row, "package_id")),
            sku: cell(row, "sku"),
            delta: quantity(row, "quantity_delta", "unit", place)?,
            from_room: cell(row, "from_room"),
            to_room: cell(row, "to_room"),
            to_tag: tag(&cell(row, "to_package_id")),
            reason: cell(row, "reason"),
            corrects: cell(row, "corrects"),
        })
    })
}

fn sku_map(folder: &Path) -> Result<BTreeMap<(String, String), Written>, JudgeError> {
    let rows = each(folder, "pos/sku_map.csv", false, |row, place| {
        let key = (tag(&cell(row, "package_id")), cell(row, "sku"));
        Ok((key, quantity(row, "per_unit", "per_unit_unit", place)?))
    })?;
    Ok(rows.into_iter().collect())
}

fn counts(folder: &Path, config: &Config) -> Result<Vec<Count>, JudgeError> {
    each(folder, "shelf/counts.csv", false, |row, place| {
        Ok(Count {
            at: moment(row, "counted_at", &config.zone, place)?,
            tag: tag(&cell(row, "package_id")),
            sku: cell(row, "sku"),
            room: cell(row, "room"),
            quantity: quantity(row, "quantity", "unit", place)?,
            pass: cell(row, "pass").parse().unwrap_or(0),
        })
    })
}

/// The readings that are stable, as gross less tare.
fn weights(folder: &Path, config: &Config) -> Result<Vec<Weight>, JudgeError> {
    let rows = each(folder, "shelf/weights.csv", false, |row, place| {
        let stable = ["true", "y", "yes", "1"].contains(&cell(row, "stable").to_lowercase().as_str());
        let gross = quantity(row, "gross", "unit", place)?;
        let tare = parse_number(&cell(row, "tare")).map_or(0, |number| number.0);
        let net = Written { number: gross.number - tare, ..gross };
        // Weighed in a tin, counted in pieces: so many pieces of the weight of one.
        let net = match parse_number(&cell(row, "piece_weight")) {
            Some((piece, _)) if piece > 0 => {
                Written { number: net.number * 1_000_000_000_000 / piece, unit: Unit::Each, ..net }
            }
            _ => net,
        };
        let at = moment(row, "at", &config.zone, place)?;
        Ok((stable, Weight { at, tag: tag(&cell(row, "package_id")), net }))
    })?;
    Ok(rows.into_iter().filter(|(stable, _)| *stable).map(|(_, weight)| weight).collect())
}

fn baseline(folder: &Path) -> Result<Vec<(String, Written)>, JudgeError> {
    each(folder, "baseline.csv", false, |row, place| {
        Ok((tag(&cell(row, "package_id")), quantity(row, "difference", "unit", place)?))
    })
}

/// The state's files of one kind.
fn state_files(folder: &Path, kind: &str) -> Result<Vec<PathBuf>, JudgeError> {
    let directory = folder.join("state");
    let broken = |error: std::io::Error| JudgeError::File("state".to_owned(), error.to_string());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(broken)? {
        let path = entry.map_err(broken)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(kind) && name.ends_with(".json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The records of one kind.
///
/// "one array, one v2 page envelope or JSON lines of either or of single records; files of a kind are read as one"
fn records(folder: &Path, kind: &str, required: bool) -> Result<Vec<Json>, JudgeError> {
    let files = state_files(folder, kind)?;
    if files.is_empty() && required {
        return Err(JudgeError::Missing(format!("state/{kind}*.json")));
    }
    let mut records = Vec::new();
    for path in files {
        let broken = |text: String| JudgeError::File(format!("state/{kind}*.json"), text);
        let text = std::fs::read_to_string(&path).map_err(|error| broken(error.to_string()))?;
        let text = text.trim_start_matches('\u{feff}');
        for value in serde_json::Deserializer::from_str(text).into_iter::<Box<RawValue>>() {
            let value = value.and_then(|raw| Json::read(&raw)).map_err(|error| broken(error.to_string()))?;
            unwrap_page(value, &mut records);
        }
    }
    Ok(newest(records))
}

fn unwrap_page(value: Json, records: &mut Vec<Json>) {
    match value {
        Json::List(rows) => records.extend(rows),
        Json::Record(mut page) if page.contains_key("Data") => {
            if let Some(Json::List(rows)) = page.remove("Data") {
                records.extend(rows);
            }
        }
        record => records.push(record),
    }
}

/// "the same state `Id` again with a newer `LastModified` (the newer counts)"
fn newest(records: Vec<Json>) -> Vec<Json> {
    let mut kept: Vec<Json> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for record in records {
        let id = text(&record, "Id");
        let known = if id.is_empty() { None } else { places.get(&id).copied() };
        match known.and_then(|place| kept.get_mut(place)) {
            Some(old) => {
                if modified(&record) >= modified(old) {
                    *old = record;
                }
            }
            None => {
                places.insert(id, kept.len());
                kept.push(record);
            }
        }
    }
    kept
}

fn modified(record: &Json) -> Option<Timestamp> {
    text(record, "LastModified").parse().ok()
}

/// A field as text; empty where it is absent or null.
fn text(record: &Json, name: &str) -> String {
    match record.get(name) {
        Some(Json::Text(text)) => text.trim().to_owned(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

/// The first of the named fields that is not empty.
fn first_text(record: &Json, names: &[&str]) -> String {
    names.iter().map(|name| text(record, name)).find(|text| !text.is_empty()).unwrap_or_default()
}

fn when(record: &Json, name: &str, zone: &TimeZone) -> Option<When> {
    let text = text(record, name);
    if present(&text) { When::parse(&text, zone) } else { None }
}

fn measured(record: &Json, number: &str, units: &[&str]) -> Option<Written> {
    Written::parse(&text(record, number), &first_text(record, units))
}

fn needed<T>(value: Option<T>, kind: &str, row: usize, field: &str) -> Result<T, JudgeError> {
    value.ok_or_else(|| Place { file: &format!("state/{kind}*.json"), row: row + 1 }.bad(field, "absent or unreadable"))
}

const UNIT: [&str; 2] = ["UnitOfMeasureName", "UnitOfMeasureAbbreviation"];

fn packages(folder: &Path, store: &mut Store) -> Result<(), JudgeError> {
    for (row, record) in records(folder, "packages", true)?.iter().enumerate() {
        let label = tag(&text(record, "Label"));
        if label.is_empty() {
            store.shipped.extend(transferred(record, &store.config.zone));
            continue;
        }
        let package = package(record, row, &store.config.zone)?;
        store.packages.insert(label, package);
    }
    Ok(())
}

/// A row of the state's list of packages that were transferred away.
fn transferred(record: &Json, zone: &TimeZone) -> Option<Shipped> {
    let label = tag(&text(record, "PackageLabel"));
    let units = ["ShippedUnitOfMeasureName", "ShippedUnitOfMeasureAbbreviation"];
    let at = when(record, "ActualDepartureDateTime", zone).or_else(|| when(record, "ReceivedDateTime", zone));
    let quantity = measured(record, "ShippedQuantity", &units)?;
    if label.is_empty() { None } else { Some(Shipped { tag: label, accepted: false, outgoing: true, quantity, at }) }
}

fn package(record: &Json, row: usize, zone: &TimeZone) -> Result<Package, JudgeError> {
    let none = Json::Null;
    let item = record.get("Item").unwrap_or(&none);
    let holds = ["IsOnHold", "IsOnHoldCombined", "IsOnRecall", "IsOnInvestigationHold", "IsOnInvestigationRecall"];
    let told: Vec<bool> = holds.iter().filter_map(|name| record.get(name).and_then(Json::as_bool)).collect();
    let sources = text(record, "SourcePackageLabels");
    Ok(Package {
        item: match item.as_str() {
            Some(name) => name.to_owned(),
            None => text(item, "Name"),
        },
        location: text(record, "LocationName"),
        quantity: needed(measured(record, "Quantity", &UNIT), "packages", row, "Quantity")?,
        original: measured(record, "OriginalPackageQuantity", &UNIT),
        sources: sources.split(',').map(tag).filter(|label| !label.is_empty()).collect(),
        unit_weight: measured(item, "UnitWeight", &["UnitWeightUnitOfMeasureName"]),
        packaged: when(record, "PackagedDate", zone),
        received: when(record, "ReceivedDateTime", zone),
        manifest: text(record, "ReceivedFromManifestNumber"),
        archived: when(record, "ArchivedDate", zone),
        finished: text(record, "IsFinished") == "true" || when(record, "FinishedDate", zone).is_some(),
        hold: if told.is_empty() { None } else { Some(told.contains(&true)) },
    })
}

/// Receipts, and sales deliveries, which are sales as well.
fn receipts(folder: &Path, config: &Config) -> Result<Vec<Receipt>, JudgeError> {
    let mut all = Vec::new();
    for (kind, required) in [("receipts", true), ("deliveries", false)] {
        for (row, record) in records(folder, kind, required)?.iter().enumerate() {
            all.push(receipt(record, kind, row, &config.zone)?);
        }
    }
    Ok(all)
}

/// "`ArchivedDate` set = voided, on a receipt or a line"
fn receipt(record: &Json, kind: &str, row: usize, zone: &TimeZone) -> Result<Receipt, JudgeError> {
    let archived = when(record, "ArchivedDate", zone).or_else(|| when(record, "VoidedDate", zone));
    let mut lines = Vec::new();
    for line in record.get("Transactions").and_then(Json::as_list).unwrap_or(&Vec::new()) {
        lines.push(ReceiptLine {
            tag: tag(&text(line, "PackageLabel")),
            product: text(line, "ProductName"),
            quantity: needed(measured(line, "QuantitySold", &UNIT), kind, row, "QuantitySold")?,
            total: parse_number(&text(line, "TotalPrice")).map(|number| number.0),
            archived: archived.or_else(|| when(line, "ArchivedDate", zone)),
        });
    }
    Ok(Receipt {
        id: text(record, "Id"),
        number: text(record, "ExternalReceiptNumber"),
        at: needed(when(record, "SalesDateTime", zone), kind, row, "SalesDateTime")?,
        customer: text(record, "SalesCustomerType"),
        recorded: when(record, "RecordedDateTime", zone).map(|moment| moment.first),
        modified: modified(record),
        lines,
    })
}

fn adjustments(folder: &Path, config: &Config) -> Result<Vec<Adjustment>, JudgeError> {
    let units = ["AdjustmentUnitOfMeasureName", "AdjustmentUnitOfMeasureAbbreviation"];
    let kind = "adjustments";
    let mut all = Vec::new();
    for (row, record) in records(folder, kind, false)?.iter().enumerate() {
        all.push(Adjustment {
            tag: tag(&first_text(record, &["PackageLabel", "Label"])),
            at: needed(when(record, "AdjustmentDate", &config.zone), kind, row, "AdjustmentDate")?,
            quantity: needed(measured(record, "AdjustmentQuantity", &units), kind, row, "AdjustmentQuantity")?,
            reason: text(record, "AdjustmentReasonName"),
            note: text(record, "AdjustmentNote"),
        });
    }
    Ok(all)
}

/// "A transfer is the v2 transfer object with `Packages`"
fn transfers(folder: &Path, config: &Config) -> Result<Vec<Shipped>, JudgeError> {
    let mut all = Vec::new();
    for (row, record) in records(folder, "transfers", false)?.iter().enumerate() {
        let own = !config.license.is_empty() && text(record, "ShipperFacilityLicenseNumber") == config.license;
        let received = when(record, "ReceivedDateTime", &config.zone);
        for line in record.get("Packages").and_then(Json::as_list).unwrap_or(&Vec::new()) {
            let shipped = measured(line, "ShippedQuantity", &["ShippedUnitOfMeasureName"]);
            let got = measured(line, "ReceivedQuantity", &["ReceivedUnitOfMeasureName", "ShippedUnitOfMeasureName"]);
            let state = text(line, "ShipmentPackageState").to_lowercase();
            let departed = when(record, "ActualDepartureDateTime", &config.zone);
            let quantity = if own { shipped.or(got) } else { got.or(shipped) };
            all.push(Shipped {
                tag: tag(&text(line, "PackageLabel")),
                accepted: state == "accepted" && !own,
                outgoing: own && state != "returned" && state != "rejected",
                quantity: needed(quantity, "transfers", row, "ReceivedQuantity")?,
                at: if own { departed.or(received) } else { received },
            });
        }
    }
    Ok(all)
}

/// The dimension in which each package is counted: the state's, or where the state does not know it, what the records show.
fn dimensions(store: &Store) -> BTreeMap<String, Dimension> {
    let mut known = BTreeMap::new();
    for (label, package) in &store.packages {
        known.insert(label.clone(), package.quantity.unit.dimension());
    }
    for line in store.receipts.iter().flat_map(|receipt| &receipt.lines) {
        known.entry(line.tag.clone()).or_insert(line.quantity.unit.dimension());
    }
    for adjustment in &store.adjustments {
        known.entry(adjustment.tag.clone()).or_insert(adjustment.quantity.unit.dimension());
    }
    for ((label, _), written) in &store.sku_map {
        known.entry(label.clone()).or_insert(written.unit.dimension());
    }
    for row in &store.inventory {
        known.entry(row.tag.clone()).or_insert(row.quantity.unit.dimension());
    }
    for row in &store.movements {
        known.entry(row.tag.clone()).or_insert(row.delta.unit.dimension());
    }
    for row in &store.sales {
        known.entry(row.tag.clone()).or_insert(row.quantity.unit.dimension());
    }
    known
}

impl Store {
    /// A quantity of the POS, or of a count, in the base unit of its package.
    ///
    /// "how much of the package's state unit one piece of the SKU holds"
    pub(crate) fn amount(&self, label: &str, sku: &str, written: Written) -> Result<Exact, JudgeError> {
        let wanted = self.dimensions.get(label).copied().unwrap_or(written.unit.dimension());
        let found = match written.unit.dimension() {
            Dimension::Count => match self.per_piece(label, sku, wanted).and_then(Written::base) {
                Some(one) => written.base().and_then(|pieces| pieces_times(pieces, one)),
                None if wanted == Dimension::Count => written.base(),
                None => None,
            },
            other if other == wanted => written.base(),
            _ => None,
        };
        found.ok_or_else(|| JudgeError::Dimension { package: label.to_owned(), sku: sku.to_owned() })
    }

    /// What one piece holds: from `sku_map.csv`, else from the inventory's `unit_weight`.
    fn per_piece(&self, label: &str, sku: &str, wanted: Dimension) -> Option<Written> {
        let key = (label.to_owned(), sku.to_owned());
        let mapped = self.sku_map.get(&key).or_else(|| self.sku_map.get(&(String::new(), sku.to_owned())));
        let mapped = mapped.copied().filter(|one| one.unit.dimension() == wanted);
        if mapped.is_some() || wanted == Dimension::Count {
            return mapped;
        }
        let rows = self.inventory.iter().filter(|row| row.tag == label && row.sku == sku);
        rows.filter_map(|row| row.unit_weight).find(|one| one.unit.dimension() == wanted)
    }

    /// A quantity of the state in the base unit of its package.
    pub(crate) fn state_amount(&self, label: &str, written: Written) -> Result<Exact, JudgeError> {
        let wanted = self.dimensions.get(label).copied().unwrap_or(written.unit.dimension());
        let found = if wanted == written.unit.dimension() { written.base() } else { None };
        found.ok_or_else(|| JudgeError::Dimension { package: label.to_owned(), sku: String::new() })
    }

    /// The dimension in which a package is counted.
    pub(crate) fn dimension(&self, label: &str) -> Option<Dimension> {
        self.dimensions.get(label).copied()
    }

    /// The state's item of a package, made comparable.
    pub(crate) fn item(&self, label: &str) -> Option<String> {
        let name = plain(&self.packages.get(label)?.item);
        if name.is_empty() { None } else { Some(name) }
    }

    /// The POS's product names of a package, made comparable.
    pub(crate) fn product_names(&self, label: &str) -> BTreeSet<String> {
        let rows = self.inventory.iter().filter(|row| row.tag == label);
        rows.map(|row| plain(&row.product)).filter(|name| !name.is_empty()).collect()
    }

    /// The SKUs under which the POS knows a package.
    pub(crate) fn skus(&self, label: &str) -> BTreeSet<&str> {
        let stocked = self.inventory.iter().filter(|row| row.tag == label).map(|row| row.sku.as_str());
        let sold = self.sales.iter().filter(|row| row.tag == label).map(|row| row.sku.as_str());
        let moved = self.movements.iter().filter(|row| row.tag == label).map(|row| row.sku.as_str());
        stocked.chain(sold).chain(moved).filter(|sku| !sku.is_empty()).collect()
    }
}

/// A name without differences of case and spacing.
pub(crate) fn plain(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
