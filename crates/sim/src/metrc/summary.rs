//! What a licence has, in lines that can be compared: without numbers and moments, which differ from run to run.

use super::Metrc;
use super::records::{Licence, Line, Package, Place};
use super::table::Table;
use trueup_core::{Quantity, Unit};

/// A receipt, as far as it matters to who checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// The state's number.
    pub id: i64,
    /// The POS's.
    pub external: Option<String>,
    /// Packages and what was sold of them.
    pub lines: Vec<(String, Quantity)>,
    /// Voided.
    pub is_void: bool,
}

/// An adjustment, as far as it matters to who checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentFacts {
    /// The package.
    pub label: String,
    /// The change.
    pub quantity: Quantity,
    /// The note.
    pub note: String,
}

impl Metrc {
    /// All receipts, by number.
    #[must_use]
    pub fn receipts(&self, licence: &str) -> Vec<ReceiptFacts> {
        let Some(licence) = self.licences.get(licence) else { return Vec::new() };
        let label = |line: &Line| licence.packages.get(line.package).map_or_else(String::new, |it| it.label.clone());
        let facts = |it: &super::records::Receipt| ReceiptFacts {
            id: it.id,
            external: it.external.clone(),
            lines: it.lines.iter().map(|line| (label(line), line.quantity)).collect(),
            is_void: it.archived.is_some(),
        };
        licence.receipts.iter().map(facts).collect()
    }

    /// All adjustments, in their order.
    #[must_use]
    pub fn adjustments(&self, licence: &str) -> Vec<AdjustmentFacts> {
        let Some(licence) = self.licences.get(licence) else { return Vec::new() };
        let label = |package: i64| licence.packages.get(package).map_or_else(String::new, |it| it.label.clone());
        let facts = |it: &super::records::Adjustment| AdjustmentFacts {
            label: label(it.package),
            quantity: it.quantity,
            note: it.note.clone(),
        };
        licence.adjustments.iter().map(facts).collect()
    }

    /// What a package holds.
    #[must_use]
    pub fn quantity_of(&self, licence: &str, label: &str) -> Option<Quantity> {
        self.licences.get(licence)?.package(label).map(|package| package.quantity)
    }

    /// One line a record, sorted.
    #[must_use]
    pub fn summary(&self, licence: &str) -> Vec<String> {
        self.licences.get(licence).map(lines).unwrap_or_default()
    }

    /// Numbers of all receipts.
    #[must_use]
    pub fn receipt_ids(&self, licence: &str) -> Vec<i64> {
        self.licences.get(licence).map(|it| it.receipts.iter().map(|receipt| receipt.id).collect()).unwrap_or_default()
    }

    /// The name of the unit that a package is kept in.
    #[must_use]
    pub fn unit_of(&self, licence: &str, label: &str) -> Option<&'static str> {
        self.licences.get(licence)?.package(label).map(|package| package.unit.name())
    }
}

fn lines(licence: &Licence) -> Vec<String> {
    let mut lines: Vec<String> = licence.packages.iter().map(|it| package(licence, it)).collect();
    lines.extend(licence.receipts.iter().map(|it| {
        format!(
            "receipt {:?} at {} to {}: {}, final {}, void {}",
            it.external,
            it.sold_at,
            it.customer.kind,
            sold(licence, &it.lines),
            it.is_final,
            it.archived.is_some()
        )
    }));
    lines.extend(licence.deliveries.iter().map(|it| {
        let (done, void) = (it.completed.is_some(), it.voided.is_some());
        format!("delivery at {}: {}, completed {done}, void {void}", it.sold_at, sold(licence, &it.lines))
    }));
    lines.extend(licence.adjustments.iter().map(|it| {
        let label = licence.packages.get(it.package).map_or("", |package| package.label.as_str());
        format!("adjustment of {label} by {:?} for {} ({})", it.quantity, it.reason, it.note)
    }));
    lines.extend(
        licence
            .items
            .iter()
            .map(|it| format!("item {} of {} in {}, archived {}", it.name, it.category, it.unit, it.archived)),
    );
    let named = |kind: &str, table: &Table<Place>| -> Vec<String> {
        table.iter().map(|it| format!("{kind} {} {}, archived {}", it.name, it.kind, it.archived)).collect()
    };
    lines.extend(named("brand", &licence.brands));
    lines.extend(named("location", &licence.locations));
    lines.extend(named("sublocation", &licence.sublocations));
    lines.extend(licence.patients.iter().map(|it| format!("patient {}", it.number)));
    lines.extend(licence.check_ins.iter().map(|it| format!("check-in {} on {}", it.patient, it.date)));
    lines.extend(licence.files.iter().map(|it| format!("file {} {}", it.name, it.contents)));
    lines.extend(licence.retail_ids.iter().map(|it| format!("codes of {}: {}", it.package, it.codes.len())));
    lines.sort();
    lines
}

fn sold(licence: &Licence, lines: &[Line]) -> String {
    let text = |line: &Line| {
        let label = licence.packages.get(line.package).map_or("", |package| package.label.as_str());
        format!("{} of {label} for {}", line.quantity.sum().text(Unit::base(line.quantity.dimension())), line.price)
    };
    lines.iter().map(text).collect::<Vec<_>>().join(" + ")
}

fn package(licence: &Licence, it: &Package) -> String {
    let place = |table: &Table<Place>, id: i64| table.get(id).map_or("", |place| place.name.as_str()).to_owned();
    format!(
        "package {} of {} in {}/{}: {} of {}, note {:?}, external {:?}, finished {}, archived {}, flags {:?}, dates {:?}, \
         tests {:?}, lab {}",
        it.label,
        licence.items.get(it.item).map_or("", |item| item.name.as_str()),
        place(&licence.locations, it.location),
        it.sublocation.map(|id| place(&licence.sublocations, id)).unwrap_or_default(),
        it.quantity.sum().text(it.unit),
        it.original.sum().text(it.unit),
        it.note,
        it.external_id,
        it.finished.is_some(),
        it.archived.is_some(),
        (it.on_hold, it.on_recall, it.is_donation, it.is_trade_sample, it.is_finished_good, it.is_testing_sample),
        (it.dates.expiration, it.dates.sell_by, it.dates.use_by),
        it.required_tests,
        it.lab_state,
    )
}
