//! The truth about every difference: written down when a mistake is made, never found by comparing the books.

use crate::SimError;
use crate::files::base_text;
use crate::style::Style;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;
use trueup_core::PackageTag;

/// What is true of one package whose books differ. Quantities are decimal text in the base unit of the package
/// (pieces, grams, millilitres), signed as POS − state (POS − shelf).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PackageTruth {
    /// POS − state − in flight.
    pub difference: String,
    /// What the other side is not yet due to have.
    pub in_flight: String,
    /// Each cause's share.
    pub causes: BTreeMap<String, String>,
    /// What no record explains.
    pub unexplained: String,
    /// The shelf, where every stocked room was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<ShelfTruth>,
    /// The mistakes, one each.
    pub facts: Vec<FactTruth>,
}

/// What is true of a package's shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ShelfTruth {
    /// POS − shelf.
    pub difference: String,
    /// Each cause's share.
    pub causes: BTreeMap<String, String>,
    /// What the count alone does not explain.
    pub unexplained: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactTruth {
    /// The cause that it is; `unexplained` and `shelf` for what no record tells.
    pub cause: String,
    /// Its share.
    pub quantity: String,
    /// When it was made.
    pub at: String,
    /// The record that the repair is about, where the records decide which: a receipt's number or state `Id`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// Everything that is true of a store's differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The form of this file.
    pub schema_version: u32,
    /// The seed of the store.
    pub seed: u64,
    /// The licence.
    pub license: String,
    /// Packages that any file names.
    pub packages: u64,
    /// Those whose books do not agree.
    pub discrepancies: BTreeMap<String, PackageTruth>,
}

impl Truth {
    /// The name of the file in a store folder.
    pub const FILE: &str = "truth.json";

    /// Reads the truth of a store folder.
    ///
    /// # Errors
    /// [`SimError::Truth`] if there is none, or it is not one.
    pub fn read(store: &Path) -> Result<Self, SimError> {
        let file = store.join(Self::FILE);
        let wrong = |found: String| SimError::Truth { file: file.clone(), found };
        let text = std::fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
    }
}

/// Rounding alone makes no discrepancy.
const ROUNDING: &str = "rounding";

#[derive(Debug, Clone)]
struct Fact {
    cause: &'static str,
    amount: i128,
    at: Timestamp,
    reference: String,
    of_shelf: bool,
}

#[derive(Debug, Default)]
struct OfPackage {
    in_flight: i128,
    facts: Vec<Fact>,
}

/// Takes down what is true while it happens.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    packages: BTreeMap<PackageTag, OfPackage>,
}

impl Ledger {
    /// A mistake was made: its share of POS − state.
    pub fn fact(&mut self, tag: PackageTag, cause: &'static str, amount: i128, at: Timestamp, reference: &str) {
        let fact = Fact { cause, amount, at, reference: reference.to_owned(), of_shelf: false };
        self.packages.entry(tag).or_default().facts.push(fact);
    }

    /// Something no record tells moved one book: its share of POS − state.
    pub fn unexplained(&mut self, tag: PackageTag, amount: i128, at: Timestamp) {
        self.fact(tag, "unexplained", amount, at, "");
    }

    /// The shelf is off: its share of POS − shelf; `cause` is empty for what the count alone cannot tell.
    pub fn shelf(&mut self, tag: PackageTag, cause: &'static str, amount: i128, at: Timestamp) {
        let fact = Fact { cause, amount, at, reference: String::new(), of_shelf: true };
        self.packages.entry(tag).or_default().facts.push(fact);
    }

    /// Whether a mistake was made with this package.
    pub fn knows(&self, tag: PackageTag) -> bool {
        self.packages.get(&tag).is_some_and(|package| !package.facts.is_empty())
    }

    /// Something is on its way when the snapshots are taken: its share of POS − state.
    pub fn in_flight(&mut self, tag: PackageTag, amount: i128) {
        if amount != 0 {
            self.packages.entry(tag).or_default().in_flight += amount;
        }
    }

    /// POS − state as the snapshots have to show it.
    pub fn expected(&self, tag: PackageTag) -> i128 {
        let Some(package) = self.packages.get(&tag) else { return 0 };
        let facts = package.facts.iter().filter(|fact| !fact.of_shelf);
        package.in_flight + facts.map(|fact| fact.amount).sum::<i128>()
    }

    /// Ends the ledger.
    pub fn finish(self, style: &Style, seed: u64, packages: u64, counted: impl Fn(PackageTag) -> bool) -> Truth {
        let discrepancies = self
            .packages
            .into_iter()
            .filter(|(_, package)| package.facts.iter().any(|fact| fact.cause != ROUNDING))
            .map(|(tag, package)| (tag.to_string(), package_truth(&package, style, counted(tag))))
            .collect();
        Truth { schema_version: 1, seed, license: style.license.clone(), packages, discrepancies }
    }
}

fn package_truth(package: &OfPackage, style: &Style, counted: bool) -> PackageTruth {
    let mut truth = PackageTruth { in_flight: base_text(package.in_flight), ..PackageTruth::default() };
    let of = |of_shelf: bool| package.facts.iter().filter(move |fact| fact.of_shelf == of_shelf);
    let summed = |of_shelf: bool| {
        let (mut difference, mut causes) = (0, BTreeMap::<&str, i128>::new());
        for fact in of(of_shelf) {
            difference += fact.amount;
            *causes.entry(fact.cause).or_default() += fact.amount;
        }
        let unexplained = causes.remove("unexplained").unwrap_or_default() + causes.remove("").unwrap_or_default();
        let causes = causes.into_iter().map(|(cause, amount)| (cause.to_owned(), base_text(amount))).collect();
        (base_text(difference), causes, base_text(unexplained))
    };
    (truth.difference, truth.causes, truth.unexplained) = summed(false);
    if counted {
        let (difference, causes, unexplained) = summed(true);
        truth.shelf = Some(ShelfTruth { difference, causes, unexplained });
    }
    let told = |fact: &Fact| FactTruth {
        cause: if fact.of_shelf && fact.cause.is_empty() { "shelf".to_owned() } else { fact.cause.to_owned() },
        quantity: base_text(fact.amount),
        at: style.zone.rfc3339(fact.at),
        reference: fact.reference.clone(),
    };
    truth.facts = package.facts.iter().map(told).collect();
    truth
}
