//! Bringing what was explained and linked to an answer: the package agrees, or it is a discrepancy whose causes and
//! unexplained rest add up to the difference.

use crate::link::Working;
use crate::shelf::{Shelf, open_difference};
use crate::{Amount, Cause, Evidence, Finding, PackageBooks, ReceiptFacts, Step};
use trueup_core::{Book, Dimension, PackageTag, Text, Unit};

/// A package whose books do not agree, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discrepancy {
    /// The package.
    pub package: PackageTag,
    /// What the item is called.
    pub item: Text,
    /// The unit to speak of it in.
    pub unit: Unit,
    /// On hand in the POS.
    pub pos: Amount,
    /// On hand in the state.
    pub state: Amount,
    /// What the other side is not yet due to have, signed as POS − state.
    pub in_flight: Amount,
    /// POS − state − in flight.
    pub difference: Amount,
    /// Why, one entry per cause. With `unexplained` they add up to `difference`.
    pub causes: Vec<Share>,
    /// What nothing explains.
    pub unexplained: Amount,
    /// The shelf, where every stocked room was counted.
    pub shelf: Option<ShelfAnswer>,
    /// The repair.
    pub plan: Vec<Step>,
}

/// One cause's share of a difference, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Why.
    pub cause: Cause,
    /// Its share, signed as the difference.
    pub amount: Amount,
    /// How sure, in thousandths.
    pub confidence: u16,
    /// Every record that makes it up.
    pub evidence: Vec<Evidence>,
    /// The receipts concerned.
    pub receipts: Vec<ReceiptFacts>,
}

/// What the shelf says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfAnswer {
    /// On the shelf when the snapshots were taken.
    pub quantity: Amount,
    /// POS − shelf.
    pub difference: Amount,
    /// Why; with `unexplained` they add up to `difference`.
    pub causes: Vec<Share>,
    /// What the count alone does not explain.
    pub unexplained: Amount,
}

impl Discrepancy {
    /// The dimension of its amounts.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        self.unit.dimension()
    }
}

/// A package after all stages, before planning.
pub(crate) struct Concluded {
    /// The findings that count, one each.
    pub findings: Vec<Finding>,
    pub in_flight: Amount,
    pub difference: Amount,
    pub unexplained: Amount,
}

/// Adds up: what is in flight, what is found, what is left.
pub(crate) fn conclude(working: &Working) -> Concluded {
    let books = &working.books;
    // A package in neither snapshot is compared by receipt alone: there are no balances that could be ahead.
    let in_neither = books.stock().is_empty() && books.state().is_none();
    let (waiting, mut findings): (Vec<Finding>, Vec<Finding>) =
        working.explained.findings.iter().cloned().partition(|finding| finding.in_flight);
    findings.extend(carried_forward(working));
    let mut in_flight = if in_neither {
        Amount::ZERO
    } else {
        working.explained.in_flight + waiting.iter().map(|finding| finding.amount).sum()
    };
    let rest = working.raw_difference() - in_flight - findings.iter().map(|finding| finding.amount).sum();
    let sent_out: Amount = sent_out(working).filter(|finding| finding.in_flight).map(|finding| finding.amount).sum();
    if rest == -sent_out && !sent_out.is_zero() && !in_neither {
        // The state has them already, though its manifest is not among the files.
        in_flight -= sent_out;
    } else if rest == working.explained.perhaps_late {
        // The state's balance does not hold them yet.
        in_flight += rest;
    }
    let difference = working.raw_difference() - in_flight;
    drop_sent_out(working, &mut findings, difference);
    let consumed =
        findings.iter().any(|finding| finding.cause == Cause::RepackagedInState && finding.amount.is_positive());
    if consumed {
        // Finished because it was used up: the repackaging says that already.
        findings.retain(|finding| finding.cause != Cause::FinishedInState);
    }
    let mut unexplained = difference - findings.iter().map(|finding| finding.amount).sum();
    if let Some(finding) = name_the_rest(books, unexplained, &findings) {
        unexplained -= finding.amount;
        findings.push(finding);
    }
    findings.sort_by(|a, b| (a.cause, a.when, &a.evidence).cmp(&(b.cause, b.when, &b.evidence)));
    Concluded { findings, in_flight, difference, unexplained }
}

fn carried_forward(working: &Working) -> Option<Finding> {
    let baseline = working.books.baseline()?;
    let amount = working.carried();
    let record = Evidence {
        at: None,
        book: Book::Pos,
        kind: "baseline",
        reference: baseline.note.clone(),
        line: Text::default(),
        quantity: amount,
        by: baseline.approved_by.clone(),
    };
    (!amount.is_zero()).then(|| Finding::new(Cause::CarriedForward, amount, 990, vec![record]))
}

/// Findings for which the state's files may hold no record.
fn sent_out(working: &Working) -> impl Iterator<Item = &Finding> {
    working.explained.decided_by_balance.iter().map(|place| &working.explained.findings[*place])
}

/// Goods sent out in the POS whose manifest is not among the state's files: if the state's balance fell as much, it
/// has them, and nothing differs.
fn drop_sent_out(working: &Working, findings: &mut Vec<Finding>, difference: Amount) {
    let by_balance = |finding: &Finding| sent_out(working).any(|sent| sent == finding);
    let others: Amount = findings.iter().filter(|finding| !by_balance(finding)).map(|finding| finding.amount).sum();
    if others == difference {
        findings.retain(|finding| !by_balance(finding));
    }
}

/// What is left, if it is the whole package on one side, or its number with another unit.
fn name_the_rest(books: &PackageBooks, rest: Amount, findings: &[Finding]) -> Option<Finding> {
    if rest.is_zero() {
        return None;
    }
    let record = |book, quantity| Evidence {
        at: None,
        book,
        kind: "package",
        reference: Text::new(books.package().to_string()),
        line: Text::default(),
        quantity,
        by: Text::default(),
    };
    let ours = || record(Book::Pos, books.pos_quantity());
    let theirs = || record(Book::State, books.state_quantity());
    match books.state() {
        Some(package) if package.archived.is_none() && !books.known_to_pos() => {
            Some(Finding::new(Cause::MissingInPos, rest, 900, vec![theirs()]))
        }
        None if !books.stock().is_empty() && !books.has_movements(Book::State) => {
            Some(Finding::new(Cause::MissingInState, rest, 900, vec![ours()]))
        }
        Some(package) if findings.iter().all(|finding| finding.amount.is_zero()) => {
            let [row] = books.stock() else { return None };
            let other_unit = row.unit != package.unit && row.number.same_value(package.number);
            other_unit.then(|| Finding::new(Cause::UnitMismatch, rest, 900, vec![ours(), theirs()]))
        }
        _ => None,
    }
}

/// The findings of a cause together, as readers want them.
fn shares(findings: &[Finding]) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    for finding in findings {
        match shares.iter_mut().find(|share| share.cause == finding.cause) {
            Some(share) => {
                share.amount += finding.amount;
                share.confidence = share.confidence.min(finding.confidence);
                for record in &finding.evidence {
                    if !share.evidence.contains(record) {
                        share.evidence.push(record.clone());
                    }
                }
                share.receipts.extend(finding.receipt.as_deref().cloned());
            }
            None => shares.push(Share {
                cause: finding.cause,
                amount: finding.amount,
                confidence: finding.confidence,
                evidence: finding.evidence.clone(),
                receipts: finding.receipt.as_deref().cloned().into_iter().collect(),
            }),
        }
    }
    shares
}

/// The answer for one package: `None` if its books agree.
pub(crate) fn answer(
    books: &PackageBooks,
    concluded: &Concluded,
    shelf: Option<&Shelf>,
    plan: impl FnOnce() -> Vec<Step>,
) -> Option<Discrepancy> {
    let told = concluded.findings.iter().any(|finding| finding.cause != Cause::Rounding);
    let shelf_told = shelf.is_some_and(|shelf| !shelf.difference.is_zero() || !shelf.findings.is_empty());
    if !told && concluded.unexplained.is_zero() && !shelf_told {
        return None;
    }
    Some(Discrepancy {
        package: books.package(),
        item: Text::new(books.item()),
        unit: books.unit(),
        pos: books.pos_quantity(),
        state: books.state_quantity(),
        in_flight: concluded.in_flight,
        difference: concluded.difference,
        causes: shares(&concluded.findings),
        unexplained: concluded.unexplained,
        shelf: shelf.map(|shelf| ShelfAnswer {
            quantity: shelf.quantity,
            difference: shelf.difference,
            causes: shares(&shelf.findings),
            unexplained: open_difference(shelf),
        }),
        plan: plan(),
    })
}
