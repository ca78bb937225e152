//! What each book has on hand, and what each book knows of a package.

use crate::JudgeError;
use crate::findings::Findings;
use crate::number::Exact;
use crate::read::Store;
use std::collections::{BTreeMap, BTreeSet};

/// The two snapshots.
pub(crate) struct Balances {
    pos: BTreeMap<String, Exact>,
    state: BTreeMap<String, Exact>,
    /// Packages with any row in the POS's files.
    pos_knows: BTreeSet<String>,
    /// Packages with any record in the state's files.
    state_knows: BTreeSet<String>,
}

impl Balances {
    pub(crate) fn new(store: &Store) -> Result<Balances, JudgeError> {
        let mut pos: BTreeMap<String, Exact> = BTreeMap::new();
        for row in store.inventory.iter().filter(|row| !row.tag.is_empty()) {
            *pos.entry(row.tag.clone()).or_default() += store.amount(&row.tag, &row.sku, row.quantity)?;
        }
        let mut state = BTreeMap::new();
        for (tag, package) in &store.packages {
            state.insert(tag.clone(), store.state_amount(tag, package.quantity)?);
        }
        let moved = store.movements.iter().flat_map(|row| [&row.tag, &row.to_tag]);
        let sold = store.sales.iter().map(|row| &row.tag);
        let pos_knows = pos.keys().chain(moved).chain(sold).filter(|tag| !tag.is_empty()).cloned().collect();
        let sources = store.packages.values().flat_map(|package| &package.sources);
        let reported = store.receipts.iter().flat_map(|receipt| &receipt.lines).map(|line| &line.tag);
        let adjusted = store.adjustments.iter().map(|row| &row.tag);
        let shipped = store.shipped.iter().filter(|row| row.accepted || row.outgoing).map(|row| &row.tag);
        let state_knows = state.keys().chain(sources).chain(reported).chain(adjusted).chain(shipped).cloned().collect();
        Ok(Balances { pos, state, pos_knows, state_knows })
    }

    /// "**Absent** from `pos/inventory.csv` means 0 on hand."
    pub(crate) fn pos(&self, tag: &str) -> Exact {
        self.pos.get(tag).copied().unwrap_or_default()
    }

    pub(crate) fn state(&self, tag: &str) -> Exact {
        self.state.get(tag).copied().unwrap_or_default()
    }

    /// Whether a tag is in the POS's snapshot.
    pub(crate) fn in_pos(&self, tag: &str) -> bool {
        self.pos.contains_key(tag)
    }

    /// Whether a tag is in the state's snapshot.
    pub(crate) fn in_state(&self, tag: &str) -> bool {
        self.state.contains_key(tag)
    }

    /// Whether a tag is in neither snapshot.
    pub(crate) fn in_neither(&self, tag: &str) -> bool {
        !self.in_pos(tag) && !self.in_state(tag)
    }

    /// Whether the POS has any record of a package.
    pub(crate) fn pos_knows(&self, tag: &str) -> bool {
        self.pos_knows.contains(tag)
    }

    /// Whether the state has any record of a package.
    pub(crate) fn state_knows(&self, tag: &str) -> bool {
        self.state_knows.contains(tag)
    }

    /// Every package of either snapshot.
    pub(crate) fn tags(&self) -> BTreeSet<String> {
        self.pos.keys().chain(self.state.keys()).cloned().collect()
    }

    /// "`difference` = `pos` − `state` − `in_flight`"
    pub(crate) fn difference(&self, findings: &Findings, tag: &str) -> Exact {
        self.pos(tag) - self.state(tag) - findings.flying(tag)
    }

    /// The difference less what is explained so far, corrections counted as what they are.
    pub(crate) fn rest(&self, findings: &Findings, tag: &str) -> Exact {
        self.difference(findings, tag) - findings.explained(tag)
    }
}
