//! What the stages found: causes with their quantities, what is in flight, and flags, per package.

use crate::number::Exact;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One share of a package's difference.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The cause's name.
    pub cause: &'static str,
    /// Its share, signed as POS minus state.
    pub quantity: Exact,
    /// When it happened.
    pub at: Option<Timestamp>,
    /// Receipt numbers and packages by which a correction may name it.
    pub refs: Vec<String>,
}

/// A POS correction that is not yet settled.
#[derive(Debug, Clone)]
pub(crate) struct Correction {
    pub tag: String,
    pub quantity: Exact,
    pub at: Timestamp,
    pub corrects: String,
}

/// Everything found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub items: BTreeMap<String, Vec<Item>>,
    pub in_flight: BTreeMap<String, Exact>,
    pub flags: BTreeMap<String, BTreeSet<&'static str>>,
    pub corrections: Vec<Correction>,
    /// A POS tag that misspells a tag of the state.
    pub mistyped: BTreeMap<String, String>,
}

impl Findings {
    /// Adds a cause.
    pub(crate) fn add(&mut self, tag: &str, cause: &'static str, quantity: Exact, at: Timestamp, refs: &[&str]) {
        let refs = refs.iter().map(|text| (*text).to_owned()).collect();
        self.items.entry(tag.to_owned()).or_default().push(Item { cause, quantity, at: Some(at), refs });
    }

    /// Adds what the other side is not yet due to have.
    pub(crate) fn fly(&mut self, tag: &str, quantity: Exact) {
        *self.in_flight.entry(tag.to_owned()).or_default() += quantity;
    }

    /// Adds a cause, or where it is too young, what is in flight.
    pub(crate) fn add_or_fly(
        &mut self,
        young: bool,
        tag: &str,
        cause: &'static str,
        quantity: Exact,
        at: Timestamp,
        refs: &[&str],
    ) {
        if young { self.fly(tag, quantity) } else { self.add(tag, cause, quantity, at, refs) }
    }

    /// Adds a cause of quantity 0.
    pub(crate) fn flag(&mut self, tag: &str, flag: &'static str) {
        self.flags.entry(tag.to_owned()).or_default().insert(flag);
    }

    /// The sum of all causes of a package so far, corrections included.
    pub(crate) fn explained(&self, tag: &str) -> Exact {
        let items: Exact = self.items.get(tag).into_iter().flatten().map(|item| item.quantity).sum();
        let corrections: Exact = self.corrections.iter().filter(|one| one.tag == tag).map(|one| one.quantity).sum();
        items + corrections
    }

    /// What is in flight of a package.
    pub(crate) fn flying(&self, tag: &str) -> Exact {
        self.in_flight.get(tag).copied().unwrap_or_default()
    }
}
