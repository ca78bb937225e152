//! Sales, voids and returns: the POS's lines against the state's receipts.

mod classify;
mod compare;
mod gather;
mod matching;

use crate::JudgeError;
use crate::findings::Findings;
use crate::number::{Exact, Written};
use crate::read::Store;
use crate::time::When;
use jiff::Timestamp;
use jiff::civil::Date;

pub(crate) use classify::is_young;
pub(crate) use compare::{Naming, names};

/// One line, in the base unit of its package and as written.
pub(crate) struct Line {
    pub amount: Exact,
    pub written: Written,
    pub total: Option<i128>,
}

/// Goods that came back.
#[derive(Clone)]
pub(crate) struct Return {
    pub tag: String,
    pub number: String,
    pub original: String,
    pub at: Timestamp,
    pub amount: Exact,
    pub settled: bool,
}

/// The lines of one package on one POS receipt.
struct PosSale {
    number: String,
    terminal: String,
    day: Date,
    at: Timestamp,
    tag: String,
    sku: String,
    customer: String,
    lines: Vec<Line>,
    voids: Vec<(Timestamp, Exact)>,
    returns: Vec<Return>,
    /// Standing state lines that belong to it.
    live: Vec<usize>,
    /// Voided state lines that belong to it.
    dead: Vec<usize>,
    /// Of `live`, those that make up the sale; the rest are further receipts.
    chosen: Vec<usize>,
    /// Of the shortfall, what was reported on another package.
    elsewhere: Exact,
}

impl PosSale {
    fn gross(&self) -> Exact {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// What was voided by a moment.
    fn voided_by(&self, moment: Timestamp) -> Exact {
        self.voids.iter().filter(|(at, _)| *at <= moment).map(|(_, amount)| *amount).sum()
    }

    /// Whether the sale was wholly voided in the POS, sooner or later.
    fn is_void(&self) -> bool {
        self.voids.iter().map(|(_, amount)| *amount).sum::<Exact>() >= self.gross()
    }
}

/// The lines of one package on one receipt of the state; voided lines apart from standing ones.
struct StateSale {
    id: String,
    number: String,
    at: When,
    recorded: Option<Timestamp>,
    modified: Option<Timestamp>,
    tag: String,
    product: String,
    customer: String,
    lines: Vec<Line>,
    /// Voided, and when.
    archived: Option<When>,
    taken: bool,
}

impl StateSale {
    fn amount(&self) -> Exact {
        self.lines.iter().map(|line| line.amount).sum()
    }

    /// Whether it was voided only after the POS's snapshot was taken: by the void's own time, or where that is a date alone
    /// by the last change of the receipt.
    fn voided_after(&self, snapshot: Timestamp) -> bool {
        let changed = self.modified.is_some_and(|at| at > snapshot);
        self.archived.is_some_and(|at| at.first > snapshot || (at.date_only && changed))
    }

    /// Whether the state's snapshot already holds it.
    fn held(&self, store: &Store) -> bool {
        self.recorded.unwrap_or(self.at.first) <= store.config.state_as_of
    }
}

/// Both books' sales, being matched.
struct Books<'a> {
    store: &'a Store,
    pos: Vec<PosSale>,
    state: Vec<StateSale>,
    /// Returns whose sale is not in the files.
    returns: Vec<Return>,
    /// Voids whose sale is not in the files.
    voids: Vec<Return>,
}

/// Judges all sales. Gives back the returns that no receipt settled: an adjustment may have.
pub(crate) fn judge(store: &Store, findings: &mut Findings) -> Result<Vec<Return>, JudgeError> {
    let mut books = gather::gather(store)?;
    matching::numbered(&mut books);
    matching::numberless(&mut books);
    matching::voided(&mut books);
    matching::choose_receipts(&mut books);
    matching::other_package(&mut books, findings);
    Ok(classify::classify(&mut books, findings))
}
