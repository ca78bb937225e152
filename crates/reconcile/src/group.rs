//! Grouping discrepancies into incidents: one expired key at 14:02 is one incident with 312 sales.

use crate::{Cause, Discrepancy, Evidence};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use trueup_core::{Book, PackageTag, Text};

/// Discrepancies with one root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The cause; `None` for what is unexplained.
    pub cause: Option<Cause>,
    /// What they have in common: who did it, a manifest, a receipt, a package; empty if only the time.
    pub root: Text,
    /// The packages concerned, in order.
    pub packages: Vec<PackageTag>,
    /// Records that make it up.
    pub records: usize,
    /// First record's moment.
    pub first: Option<Timestamp>,
    /// Last record's moment.
    pub last: Option<Timestamp>,
}

/// Sales that did not arrive belong to one outage if no more than this lies between two of them.
const OUTAGE_GAP: SignedDuration = SignedDuration::from_hours(1);

/// Groups the causes of all discrepancies; the incident that concerns most packages comes first.
pub(crate) fn group(discrepancies: &[Discrepancy]) -> Vec<Incident> {
    let mut incidents = outages(discrepancies);
    let mut by_root: BTreeMap<(Option<Cause>, Text), Incident> = BTreeMap::new();
    for discrepancy in discrepancies {
        let causes = discrepancy.causes.iter().chain(discrepancy.shelf.iter().flat_map(|shelf| &shelf.causes));
        for share in causes.filter(|share| share.cause != Cause::SaleNotReported && share.cause != Cause::Rounding) {
            for (root, records) in by_root_of(share.cause, &share.evidence) {
                let key = (Some(share.cause), root.clone());
                let incident = by_root.entry(key).or_insert_with(|| empty(Some(share.cause), root));
                add(incident, discrepancy.package, &records);
            }
        }
        let shelf_unexplained = discrepancy.shelf.as_ref().is_some_and(|shelf| !shelf.unexplained.is_zero());
        if !discrepancy.unexplained.is_zero() || shelf_unexplained {
            let root = Text::new(discrepancy.package.to_string());
            let incident = by_root.entry((None, root.clone())).or_insert_with(|| empty(None, root));
            add(incident, discrepancy.package, &[]);
        }
    }
    incidents.extend(by_root.into_values());
    incidents.sort_by(|a, b| {
        let rank = |incident: &Incident| (incident.packages.len(), incident.records);
        rank(b).cmp(&rank(a)).then_with(|| (a.first, a.cause, &a.root).cmp(&(b.first, b.cause, &b.root)))
    });
    incidents
}

fn empty(cause: Option<Cause>, root: Text) -> Incident {
    Incident { cause, root, packages: Vec::new(), records: 0, first: None, last: None }
}

fn add(incident: &mut Incident, package: PackageTag, records: &[&Evidence]) {
    if incident.packages.last() != Some(&package) {
        incident.packages.push(package);
    }
    incident.records += records.len();
    for at in records.iter().filter_map(|record| record.at).map(trueup_core::When::moment) {
        incident.first = Some(incident.first.map_or(at, |first| first.min(at)));
        incident.last = Some(incident.last.map_or(at, |last| last.max(at)));
    }
}

/// What the records of one cause have in common with those of other packages.
fn by_root_of(cause: Cause, evidence: &[Evidence]) -> BTreeMap<Text, Vec<&Evidence>> {
    let mut roots: BTreeMap<Text, Vec<&Evidence>> = BTreeMap::new();
    for record in evidence {
        let root = match cause {
            // Made by a person in the state's page: who.
            Cause::SaleOnlyInState
            | Cause::SaleReportedTwice
            | Cause::VoidOnlyInState
            | Cause::AdjustmentOnlyInState
            | Cause::DestroyedOnlyInState
            | Cause::AdjustmentReportedTwice
                if record.book == Book::State =>
            {
                record.by.clone()
            }
            // One manifest, one product, one receipt.
            Cause::ReceivedOnlyInState
            | Cause::ReceivedOnlyInPos
            | Cause::ReceivedQuantityDiffers
            | Cause::RepackagedInState
            | Cause::DiscontinuedInState
                if record.book == Book::State =>
            {
                record.reference.clone()
            }
            Cause::SaleOnOtherPackage if record.book == Book::Pos => record.reference.clone(),
            Cause::TagMistyped if record.book == Book::State && record.kind == "package" => record.reference.clone(),
            Cause::AdjustmentOnlyInPos | Cause::DestroyedOnlyInPos if record.book == Book::Pos => record.by.clone(),
            Cause::SaleOnlyInState
            | Cause::SaleReportedTwice
            | Cause::VoidOnlyInState
            | Cause::SaleOnOtherPackage
            | Cause::TagMistyped
            | Cause::ReceivedQuantityDiffers
            | Cause::RepackagedInState => continue,
            _ => Text::default(),
        };
        roots.entry(root).or_default().push(record);
    }
    roots
}

/// Sales that never arrived, in runs.
fn outages(discrepancies: &[Discrepancy]) -> Vec<Incident> {
    let mut sales: Vec<(Timestamp, PackageTag, &Evidence)> = Vec::new();
    for discrepancy in discrepancies {
        for share in discrepancy.causes.iter().filter(|share| share.cause == Cause::SaleNotReported) {
            let records = share.evidence.iter().filter_map(|record| Some((record.at?.moment(), record)));
            sales.extend(records.map(|(at, record)| (at, discrepancy.package, record)));
        }
    }
    sales.sort();
    let mut incidents: Vec<Incident> = Vec::new();
    for (at, package, record) in sales {
        let goes_on =
            |incident: &&mut Incident| incident.last.is_some_and(|last| at.duration_since(last) <= OUTAGE_GAP);
        match incidents.last_mut().filter(goes_on) {
            Some(incident) => add(incident, package, &[record]),
            None => {
                let mut incident = empty(Some(Cause::SaleNotReported), Text::default());
                add(&mut incident, package, &[record]);
                incidents.push(incident);
            }
        }
    }
    for incident in &mut incidents {
        incident.packages.sort_unstable();
        incident.packages.dedup();
    }
    incidents
}
