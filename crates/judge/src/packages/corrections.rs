//! Corrections settle causes.

use crate::adjustments::names_time;
use crate::findings::{Correction, Findings, Item};
use crate::number::Exact;
use crate::read::Store;
use crate::sales::{Naming, names};
use crate::time::distance;

/// Causes that are a fact of the other book.
const FACTS: [&str; 15] = [
    "adjustment_only_in_state",
    "destroyed_only_in_state",
    "adjustment_reported_twice",
    "transfer_out_only_in_state",
    "repackaged_in_state",
    "discontinued_in_state",
    "received_only_in_state",
    "received_quantity_differs",
    "sale_quantity_differs",
    "sale_only_in_state",
    "sale_reported_twice",
    "sale_on_other_package",
    "void_only_in_state",
    "unit_mismatch",
    "carried_forward",
];

/// "A correction settles against one fact of the other book with the same amount (a state adjustment, repackaging, edited
/// receipt …): neither is then a cause."
pub(super) fn settle(store: &Store, findings: &mut Findings) {
    let mut corrections = std::mem::take(&mut findings.corrections);
    // Those that name their fact come first.
    for named_only in [true, false] {
        let mut left = Vec::new();
        for correction in corrections {
            match fact(store, findings, &correction, named_only) {
                Some(place) => {
                    if let Some(items) = findings.items.get_mut(&correction.tag) {
                        items.remove(place);
                        if store.config.echoed {
                            settle_linked(items, correction.quantity);
                        }
                    }
                }
                None => left.push(correction),
            }
        }
        corrections = left;
    }
    // "anything of the POS that the state lacks (sales, voids, returns, adjustments)": a correction is none of these, it
    // waits for nothing.
    for one in corrections {
        findings.add_or_fly(false, &one.tag, "adjustment_only_in_pos", one.quantity, one.at, &[&one.corrects]);
    }
}

/// "the state is first brought to the POS's figure and one POS correction then carries both; both steps are one linked
/// plan": the adjustment that brought the state there, and the echo of the correction.
fn settle_linked(items: &mut Vec<Item>, quantity: Exact) {
    let place = |items: &[Item], wanted: Exact| {
        items.iter().position(|item| item.cause == "adjustment_only_in_state" && item.quantity == wanted)
    };
    if let (Some(echo), Some(brought)) = (place(items, -quantity), place(items, quantity)) {
        items.remove(echo.max(brought));
        items.remove(echo.min(brought));
    }
}

/// The fact that a correction settles: of its amount, the one it names, else the nearest in time.
fn fact(store: &Store, findings: &Findings, correction: &Correction, named_only: bool) -> Option<usize> {
    let items = findings.items.get(&correction.tag)?;
    let equal = |item: &Item| FACTS.contains(&item.cause) && item.quantity == -correction.quantity;
    let named = |item: &Item| is_named(store, correction, item);
    let found = items.iter().enumerate().filter(|(_, item)| equal(item) && (!named_only || named(item)));
    let rank = |item: &Item| {
        let last_resort = item.cause == "carried_forward";
        (last_resort, item.at.map(|at| distance(at, correction.at)))
    };
    found.min_by_key(|(_, item)| rank(item)).map(|(place, _)| place)
}

/// "`corrects` names the fact (adjustment time, receipt number, package) where it is known"
fn is_named(store: &Store, correction: &Correction, item: &Item) -> bool {
    let named = correction.corrects.trim();
    let by_ref = item.refs.iter().any(|text| {
        text.eq_ignore_ascii_case(named) || names(named, text) != Naming::No || names(text, named) != Naming::No
    });
    !named.is_empty() && (by_ref || item.at.is_some_and(|at| names_time(store, named, at)))
}
