//! What is right, and who may rightly be said to be wrong.

use super::Shop;
use super::till::What;
use crate::files::base_text;
use crate::goods::Atoms;
use crate::metrc::{Metrc, ReceiptFacts};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl Shop {
    /// Packages of which somebody may rightly say that their books differ, or did.
    #[must_use]
    pub fn suspects(&self, now: Timestamp) -> BTreeSet<String> {
        let is_late =
            |receipt: &&super::Receipt| receipt.id.is_none() && now.duration_since(receipt.at) > self.style.due;
        let late = self.receipts.iter().filter(is_late).flat_map(|receipt| receipt.lines.iter().map(|line| line.pack));
        let is_late = |moved: &&super::Moved| !moved.is_reported && now.duration_since(moved.at) > self.style.due;
        let moved = self.moved.iter().filter(is_late).map(|moved| moved.pack);
        let all = self.suspects.iter().copied().chain(late).chain(moved);
        all.filter_map(|pack| self.packs.get(pack)).map(|pack| pack.tag.to_string()).collect()
    }

    /// Looks at what the state made of what the program told it; what is not as it should be is remembered.
    pub(super) fn look_at(&mut self, server: &Metrc, what: What, now: Timestamp) {
        match what {
            What::Sale(place) | What::Void(place) => {
                let receipts = server.receipts(&self.style.license);
                let Some(receipt) = self.receipts.get(place) else { return };
                let is_right = standing(&receipts, &receipt.number).len() == usize::from(receipt.voided.is_none());
                if !is_right || now.duration_since(receipt.at) > self.style.due {
                    self.suspect_receipt(place);
                }
            }
            What::Moved(place) => {
                let Some(moved) = self.moved.get(place) else { return };
                if now.duration_since(moved.at) > self.style.due {
                    self.suspects.insert(moved.pack);
                }
                let label = self.packs[moved.pack].tag.to_string();
                let mine = |it: &&super::Moved| it.pack == moved.pack && it.is_reported;
                let told = self.moved.iter().filter(mine).count();
                let in_state = server.adjustments(&self.style.license).iter().filter(|it| it.label == label).count();
                if told != in_state {
                    self.suspects.insert(moved.pack);
                }
            }
        }
    }

    /// What is not right, in words: nothing, if the state and the POS say what happened.
    #[must_use]
    pub fn wrongs(&self, server: &Metrc) -> Vec<String> {
        let mut wrongs = Vec::new();
        let receipts = server.receipts(&self.style.license);
        let mut known: BTreeSet<i64> = BTreeSet::new();
        for receipt in &self.receipts {
            let found = standing(&receipts, &receipt.number);
            known.extend(found.iter().map(|it| it.id));
            let expected: Vec<(String, Atoms)> = match receipt.voided {
                None => receipt.lines.iter().map(|it| (self.packs[it.pack].tag.to_string(), it.amount)).collect(),
                Some(_) => Vec::new(),
            };
            let told: Vec<(String, Atoms)> = found
                .iter()
                .flat_map(|it| &it.lines)
                .map(|(label, quantity)| (label.clone(), quantity.atoms()))
                .collect();
            // A sale may be spread over several receipts.
            if summed(&expected) != summed(&told) {
                wrongs.push(format!(
                    "receipt {}: sold {expected:?}, {} in the state: {told:?}",
                    receipt.number,
                    found.len()
                ));
            }
        }
        for other in receipts.iter().filter(|it| !it.is_void && !known.contains(&it.id)) {
            wrongs.push(format!("receipt {} ({:?}) never was", other.id, other.external));
        }
        for pack in &self.packs {
            let label = pack.tag.to_string();
            let in_state = server.quantity_of(&self.style.license, &label).map_or(0, trueup_core::Quantity::atoms);
            if pack.in_pos != pack.truth || in_state != pack.truth {
                let text = |atoms: Atoms| base_text(i128::from(atoms));
                wrongs.push(format!(
                    "package {label}: {} there, {} in the POS, {} in the state",
                    text(pack.truth),
                    text(pack.in_pos),
                    text(in_state)
                ));
            }
        }
        wrongs
    }
}

fn standing<'r>(receipts: &'r [ReceiptFacts], number: &str) -> Vec<&'r ReceiptFacts> {
    receipts.iter().filter(|it| !it.is_void && is_named(it, number)).collect()
}

/// Whether a receipt of the state carries a number of the POS, plain or dressed up.
pub(super) fn is_named(receipt: &ReceiptFacts, number: &str) -> bool {
    let named =
        |external: &str| external.strip_suffix(number).is_some_and(|head| head.is_empty() || head.ends_with('-'));
    receipt.external.as_deref().is_some_and(named)
}

fn summed(lines: &[(String, Atoms)]) -> BTreeMap<&str, Atoms> {
    let mut sums: BTreeMap<&str, Atoms> = BTreeMap::new();
    for (label, amount) in lines {
        *sums.entry(label).or_default() += amount;
    }
    sums
}
