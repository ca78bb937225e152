//! People who do things in the web page now and then, by a seed: what a program never hears of.

use super::web_page::ByHand;
use super::{Metrc, records::Licence};
use crate::dice::Dice;
use jiff::Timestamp;
use serde::Deserialize;
use std::time::Duration;

/// What people do by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hand {
    /// Takes one off a package.
    Adjust,
    /// Voids a receipt.
    Void,
    /// Edits a receipt: one of its lines more.
    Edit,
    /// Types in a sale that was reported already, without its number.
    Upload,
    /// Makes a package of a part of another.
    Repackage,
    /// Empties a package and finishes it.
    Finish,
    /// Accepts what waits at the door.
    Accept,
}

/// How often, and what.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Seconds between two of them.
    every_s: u64,
    kinds: Vec<Hand>,
}

/// The people at work.
#[derive(Debug)]
pub(super) struct Hands {
    wanted: Wanted,
    dice: Dice,
    /// How many of their turns are over.
    turns: u64,
}

impl Hands {
    pub fn new(wanted: Wanted, seed: u64) -> Self {
        Self { wanted, dice: Dice::new(seed, "hands"), turns: 0 }
    }

    /// What they have done by now, so long after the beginning. What the page refuses they leave.
    pub fn work(&mut self, server: &mut Metrc, now: Timestamp, passed: Duration) {
        let due = passed.as_secs() / self.wanted.every_s.max(1);
        while self.turns < due {
            self.turns += 1;
            let Some(kind) = self.wanted.kinds.get(self.dice.place(self.wanted.kinds.len())).copied() else { return };
            let Some(number) = server.licences().first().cloned() else { return };
            let person = self.dice.pick(&["Sam Cole", "Alex Voss"], "Sam Cole");
            for what in self.choose(server, &number, kind) {
                if server.by_hand(now, &number, person, &what).is_err() {
                    break;
                }
            }
        }
    }

    fn choose(&mut self, server: &Metrc, number: &str, kind: Hand) -> Vec<ByHand> {
        let Some(licence) = server.licence(number) else { return Vec::new() };
        let chosen = match kind {
            Hand::Accept => waiting(licence),
            Hand::Void | Hand::Edit | Hand::Upload => self.receipt(licence, kind),
            Hand::Adjust | Hand::Repackage | Hand::Finish => self.package(licence, kind),
        };
        chosen.unwrap_or_default()
    }

    fn package(&mut self, licence: &Licence, kind: Hand) -> Option<Vec<ByHand>> {
        let active: Vec<_> = licence.packages.iter().filter(|it| it.is_active() && !it.on_hold).collect();
        let package = active.get(self.dice.place(active.len()))?;
        let (label, unit) = (&package.label, package.unit.name());
        let date = "2026-01-02";
        let reason = "\"AdjustmentReason\":\"Incorrect Quantity\",\"ReasonNote\":\"by hand\"";
        let adjust = |quantity: &str, method: &'static str| ByHand::Write {
            method,
            path: "/packages/v2/adjust".to_owned(),
            body: format!(
                "[{{\"Label\":\"{label}\",\"Quantity\":{quantity},\"UnitOfMeasure\":\"{unit}\",{reason},\
                 \"AdjustmentDate\":\"{date}\"}}]"
            ),
        };
        Some(match kind {
            Hand::Adjust => vec![adjust("-1", "POST")],
            Hand::Finish => {
                let body = format!("[{{\"Label\":\"{label}\",\"ActualDate\":\"{date}\"}}]");
                vec![adjust("0", "PUT"), ByHand::Write { method: "PUT", path: "/packages/v2/finish".to_owned(), body }]
            }
            _ => {
                let tag = &licence.tags.values().find(|tag| tag.used.is_none())?.label;
                let item = &licence.items.get(package.item)?.name;
                let body = format!(
                    "[{{\"Tag\":\"{tag}\",\"Item\":\"{item}\",\"Quantity\":1,\"UnitOfMeasure\":\"{unit}\",\"ActualDate\":\
                     \"{date}\",\"Ingredients\":[{{\"Package\":\"{label}\",\"Quantity\":1,\"UnitOfMeasure\":\"{unit}\"}}]}}]"
                );
                vec![ByHand::Write { method: "POST", path: "/packages/v2".to_owned(), body }]
            }
        })
    }

    fn receipt(&mut self, licence: &Licence, kind: Hand) -> Option<Vec<ByHand>> {
        let open: Vec<_> = licence.receipts.iter().filter(|it| it.is_active()).collect();
        let receipt = open.get(self.dice.place(open.len()))?;
        let (id, path) = (receipt.id, "/sales/v2/receipts");
        if kind == Hand::Void {
            return Some(vec![ByHand::Write { method: "DELETE", path: format!("{path}/{id}"), body: String::new() }]);
        }
        let line = |line: &super::records::Line| {
            let label = &licence.packages.get(line.package)?.label;
            let unit = line.unit.name();
            let extra = i64::from(kind == Hand::Edit);
            let pieces = line.quantity.sum().text(trueup_core::Unit::base(line.quantity.dimension())).to_string();
            let quantity = pieces.parse::<i64>().map_or(pieces, |pieces| (pieces + extra).to_string());
            Some(format!(
                "{{\"PackageLabel\":\"{label}\",\"Quantity\":{quantity},\"UnitOfMeasure\":\"{unit}\",\"TotalAmount\":1}}"
            ))
        };
        let lines: Vec<String> = receipt.lines.iter().filter_map(line).collect();
        let edited = if kind == Hand::Edit { format!("\"Id\":{id},") } else { String::new() };
        let body = format!(
            "[{{{edited}\"SalesDateTime\":\"{}\",\"SalesCustomerType\":\"Consumer\",\"Transactions\":[{}]}}]",
            super::shape::local(receipt.sold_at),
            lines.join(",")
        );
        let method = if kind == Hand::Edit { "PUT" } else { "POST" };
        Some(vec![ByHand::Write { method, path: path.to_owned(), body }])
    }
}

fn waiting(licence: &Licence) -> Option<Vec<ByHand>> {
    let transfer = licence.transfers.iter().find(|it| !it.is_outgoing && it.received.is_none())?;
    let manifest = transfer.manifest.clone();
    Some(vec![ByHand::Accept { manifest, counted: Vec::new(), rejected: Vec::new() }])
}
