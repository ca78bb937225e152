//! Explaining one package: what both books hold of it, matched, and what is left as findings.
//!
//! [`explain`] is the one function that the batch and the incremental path share. It sees one package; what needs
//! another package's records (a sale reported on another tag, a package made from packages) is left loose for
//! [`crate::link`].

mod adjustments;
mod pairing;
mod sales;
mod stock;

pub(crate) use adjustments::alike_in_state;
pub(crate) use sales::SAME_SALE;
pub(crate) use stock::{is_made_here, opening, same_item};

use crate::{Amount, Evidence, Finding, PackageBooks, Settings};
use trueup_core::{Book, Movement, PackageTag, ReceiptNumber, Text, When};

/// A package explained as far as its own records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explained {
    /// What is left unmatched, with its share of POS − state.
    pub findings: Vec<Finding>,
    /// Findings that another package's records may belong to.
    pub loose: Vec<Loose>,
    /// Differences between snapshots taken at different moments.
    pub in_flight: Amount,
    /// Receipts recorded after the state's snapshot: its balance decides whether it holds them, because clocks differ.
    pub perhaps_late: Amount,
    /// POS corrections, which settle facts of the other book.
    pub corrections: Vec<Correction>,
    /// POS rows of making packages from packages, and receipts of a product made here.
    pub makings: Vec<Making>,
    /// Findings (by place) for which the state's files may hold no record: the balance decides whether they count.
    pub decided_by_balance: Vec<usize>,
    /// A correction settled the baseline (while linking).
    pub baseline_settled: bool,
}

impl Explained {
    /// Drops findings that were emptied because what they were about is told otherwise.
    pub(crate) fn drop_emptied(&mut self) {
        let emptied = |finding: &Finding| finding.evidence.is_empty() && finding.amount.is_zero();
        let mut moved_to = Vec::with_capacity(self.findings.len());
        let mut kept = 0;
        for finding in &self.findings {
            moved_to.push((!emptied(finding)).then_some(kept));
            kept += usize::from(!emptied(finding));
        }
        self.findings.retain(|finding| !emptied(finding));
        let place = |place: &usize| moved_to.get(*place).copied().flatten();
        self.decided_by_balance = self.decided_by_balance.iter().filter_map(place).collect();
        self.loose.retain_mut(|loose| match place(&loose.finding) {
            Some(moved) => {
                loose.finding = moved;
                true
            }
            None => false,
        });
    }
}

/// A sale's line that found no partner on its own package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loose {
    /// Place in [`Explained::findings`].
    pub finding: usize,
    /// The book in which the line stands.
    pub book: Book,
    /// The POS receipt's number, or the number that the state's receipt carries.
    pub number: ReceiptNumber,
    /// When it was sold.
    pub when: When,
}

/// A POS correction waiting for the fact that it corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correction {
    pub amount: Amount,
    pub when: When,
    pub corrects: Text,
    pub evidence: Evidence,
}

/// A POS row of making a package from packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Making {
    pub amount: Amount,
    /// The product, where the row names it; the package itself for a row of the product.
    pub product: Option<PackageTag>,
    pub event: Text,
    pub when: When,
    pub evidence: Evidence,
    /// It is the receipt of a product that the state made: nobody else has to have it.
    pub is_receipt: bool,
}

/// What is being explained, as it fills.
pub(crate) struct Draft<'a> {
    books: &'a PackageBooks,
    settings: &'a Settings,
    findings: Vec<Finding>,
    loose: Vec<Loose>,
    in_flight: Amount,
    perhaps_late: Amount,
    corrections: Vec<Correction>,
    makings: Vec<Making>,
    decided_by_balance: Vec<usize>,
}

impl Draft<'_> {
    fn loose_pos(&mut self, finding: Finding, when: When) {
        let number = finding.receipt.as_ref().map(|receipt| ReceiptNumber::new(&receipt.number)).unwrap_or_default();
        self.loose.push(Loose { finding: self.findings.len(), book: Book::Pos, number, when });
        self.findings.push(finding);
    }

    fn loose_state(&mut self, finding: Finding, when: When, number: ReceiptNumber) {
        self.loose.push(Loose { finding: self.findings.len(), book: Book::State, number, when });
        self.findings.push(finding);
    }
}

/// Explains one package by its own records.
pub(crate) fn explain(books: &PackageBooks, settings: &Settings) -> Explained {
    let mut draft = Draft {
        books,
        settings,
        findings: Vec::new(),
        loose: Vec::new(),
        in_flight: Amount::ZERO,
        perhaps_late: Amount::ZERO,
        corrections: Vec::new(),
        makings: Vec::new(),
        decided_by_balance: Vec::new(),
    };
    sales::explain(&mut draft);
    adjustments::explain(&mut draft);
    stock::explain(&mut draft);
    let mut explained = Explained {
        findings: draft.findings,
        loose: draft.loose,
        in_flight: draft.in_flight,
        perhaps_late: draft.perhaps_late,
        corrections: draft.corrections,
        makings: draft.makings,
        decided_by_balance: draft.decided_by_balance,
        baseline_settled: false,
    };
    explained.drop_emptied();
    explained
}

/// A movement as evidence.
fn evidence(movement: &Movement, kind: &'static str, quantity: Amount) -> Evidence {
    Evidence {
        at: Some(movement.when),
        book: movement.book,
        kind,
        reference: movement.reference.clone(),
        line: movement.line.clone(),
        quantity,
        by: movement.by.clone(),
    }
}

/// What a matched pair leaves in flight, when only one of its halves is in its book's snapshot.
fn straddling(ours: &Movement, theirs: &Movement, settings: &Settings) -> Amount {
    let pos_has = !settings.after_snapshot(ours.when, Book::Pos);
    let state_has = !settings.after_snapshot(theirs.when, Book::State);
    match (pos_has, state_has) {
        (true, false) => Amount::of(ours.quantity.0),
        (false, true) => -Amount::of(theirs.quantity.0),
        _ => Amount::ZERO,
    }
}
