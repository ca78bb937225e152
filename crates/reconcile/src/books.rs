//! The books as the reconciler reads them: per package, everything that any book says about it.

use crate::Amount;
use crate::packed::Packed;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use trueup_core::{
    Baseline, Book, Count, Dimension, Movement, PackageTag, PosStock, QuantityError, StatePackage, TransferRow, Unit,
    Weight,
};

/// Everything that the books say about one package: the view that is explained. Cheap to copy but for its movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageBooks {
    observed: Arc<Observed>,
    movements: Vec<Movement>,
}

/// Everything but the movements.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Observed {
    package: PackageTag,
    dimension: Option<Dimension>,
    stock: Vec<PosStock>,
    state: Option<StatePackage>,
    transfers: Vec<TransferRow>,
    counts: Vec<Count>,
    weights: Vec<Weight>,
    baseline: Option<Baseline>,
    settled: Option<Settled>,
}

/// Sales of a package that both books hold alike and that were therefore left out: what they moved within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The dimension of the amounts.
    pub dimension: Dimension,
    /// Signed, in the POS.
    pub pos: Amount,
    /// Signed, in the state.
    pub state: Amount,
    /// The POS has some of them …
    pub in_pos: bool,
    /// … and the state.
    pub in_state: bool,
}

impl Settled {
    /// Nothing yet.
    #[must_use]
    pub const fn nothing(dimension: Dimension) -> Self {
        Self { dimension, pos: Amount::ZERO, state: Amount::ZERO, in_pos: false, in_state: false }
    }
}

/// A fact that enters the books: a movement, or an observation of what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A signed change in a book.
    Movement(Box<Movement>),
    /// A row of what the POS has on hand. A later row of the same SKU and room replaces it.
    PosStock(PosStock),
    /// The state's record of the package. A later one replaces it.
    StatePackage(Box<StatePackage>),
    /// The package on a manifest.
    Transfer(TransferRow),
    /// A physical count.
    Count(Count),
    /// A container's weight.
    Weight(Weight),
    /// A difference accepted at the window's start. A later one replaces it.
    Baseline(Baseline),
}

impl Fact {
    /// The package that it is about.
    #[must_use]
    pub const fn package(&self) -> PackageTag {
        match self {
            Self::Movement(movement) => movement.package,
            Self::PosStock(stock) => stock.package,
            Self::StatePackage(package) => package.package,
            Self::Transfer(row) => row.package,
            Self::Count(count) => count.package,
            Self::Weight(weight) => weight.package,
            Self::Baseline(baseline) => baseline.package,
        }
    }

    fn dimension(&self) -> Option<Dimension> {
        Some(match self {
            Self::Movement(movement) => movement.quantity.0.dimension(),
            Self::PosStock(stock) => stock.quantity.dimension(),
            Self::StatePackage(package) => package.quantity.dimension(),
            Self::Transfer(row) => row.received.or(row.shipped)?.dimension(),
            Self::Count(count) => count.quantity.dimension(),
            Self::Weight(weight) => weight.net.dimension(),
            Self::Baseline(baseline) => baseline.difference.dimension(),
        })
    }
}

impl Observed {
    /// A package of which nothing is known yet.
    const fn new(package: PackageTag) -> Self {
        Self {
            package,
            dimension: None,
            stock: Vec::new(),
            state: None,
            transfers: Vec::new(),
            counts: Vec::new(),
            weights: Vec::new(),
            baseline: None,
            settled: None,
        }
    }

    /// Whether the package is kept in this dimension; the first that is told decides.
    fn check(&mut self, theirs: Option<Dimension>) -> Result<(), QuantityError> {
        let Some(theirs) = theirs else { return Ok(()) };
        let ours = *self.dimension.get_or_insert(theirs);
        if ours == theirs { Ok(()) } else { Err(QuantityError::Dimensions(theirs, ours)) }
    }

    /// Takes in what a book, a person or a scale says that the package holds.
    fn observe(&mut self, fact: Fact) {
        match fact {
            Fact::Movement(_) => {}
            Fact::PosStock(stock) => {
                let key = |row: &PosStock| (row.sku.clone(), row.room.clone());
                match self.stock.binary_search_by_key(&key(&stock), key) {
                    Ok(place) => self.stock[place] = stock,
                    Err(place) => self.stock.insert(place, stock),
                }
            }
            Fact::StatePackage(package) => self.state = Some(*package),
            Fact::Transfer(row) => {
                self.transfers.push(row);
                let quantity = |row: &TransferRow| (row.shipped.map(Amount::of), row.received.map(Amount::of));
                self.transfers.sort_by(|a, b| {
                    let key =
                        |row: &TransferRow| (row.when, row.manifest.clone(), row.outgoing, row.state, quantity(row));
                    key(a).cmp(&key(b))
                });
            }
            Fact::Count(count) => {
                self.counts.push(count);
                self.counts.sort_by(|a, b| {
                    let quantities = (Amount::of(a.quantity), Amount::of(b.quantity));
                    let ours = (a.when, a.pass, &a.id, &a.room, &a.sku, quantities.0);
                    ours.cmp(&(b.when, b.pass, &b.id, &b.room, &b.sku, quantities.1))
                });
            }
            Fact::Weight(weight) => {
                self.weights.push(weight);
                self.weights.sort_by(|a, b| {
                    let key = |weight: &Weight| {
                        (weight.at, weight.device.clone(), weight.sku.clone(), Amount::of(weight.net))
                    };
                    key(a).cmp(&key(b))
                });
            }
            Fact::Baseline(baseline) => self.baseline = Some(baseline),
        }
    }
}

impl PackageBooks {
    /// The package.
    #[must_use]
    pub fn package(&self) -> PackageTag {
        self.observed.package
    }

    /// Its dimension: pieces until anything else is known.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        self.observed.dimension.unwrap_or(Dimension::Count)
    }

    /// The unit it is spoken of in: the state's, else the POS's, else the base unit.
    #[must_use]
    pub fn unit(&self) -> Unit {
        let dimension = self.dimension();
        let of_pos = || self.observed.stock.iter().map(|row| row.unit).find(|unit| unit.dimension() == dimension);
        self.observed.state.as_ref().map(|package| package.unit).or_else(of_pos).unwrap_or_else(|| Unit::base(dimension))
    }

    /// All movements of both books, in one fixed order.
    #[must_use]
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// The movements of one book.
    pub fn movements_of(&self, book: Book) -> impl Iterator<Item = &Movement> {
        self.movements.iter().filter(move |movement| movement.book == book)
    }

    /// Whether a book says anything of the package moving, left out or not.
    #[must_use]
    pub fn has_movements(&self, book: Book) -> bool {
        let left_out = |settled: Settled| match book {
            Book::Pos => settled.in_pos,
            Book::State => settled.in_state,
            Book::Shelf => false,
        };
        self.observed.settled.is_some_and(left_out) || self.movements_of(book).next().is_some()
    }

    /// What sales that were left out moved within the window in a book.
    pub(crate) fn settled(&self, book: Book) -> Amount {
        self.observed.settled.map_or(Amount::ZERO, |settled| match book {
            Book::Pos => settled.pos,
            Book::State => settled.state,
            Book::Shelf => Amount::ZERO,
        })
    }

    /// What the POS has on hand, by SKU and room.
    #[must_use]
    pub fn stock(&self) -> &[PosStock] {
        &self.observed.stock
    }

    /// The state's record.
    #[must_use]
    pub fn state(&self) -> Option<&StatePackage> {
        self.observed.state.as_ref()
    }

    /// The package on manifests.
    #[must_use]
    pub fn transfers(&self) -> &[TransferRow] {
        &self.observed.transfers
    }

    /// Physical counts.
    #[must_use]
    pub fn counts(&self) -> &[Count] {
        &self.observed.counts
    }

    /// Container weights.
    #[must_use]
    pub fn weights(&self) -> &[Weight] {
        &self.observed.weights
    }

    /// The difference accepted at the window's start.
    #[must_use]
    pub fn baseline(&self) -> Option<&Baseline> {
        self.observed.baseline.as_ref()
    }

    /// On hand in the POS; absent is nothing.
    #[must_use]
    pub fn pos_quantity(&self) -> Amount {
        self.observed.stock.iter().map(|row| Amount::of(row.quantity)).sum()
    }

    /// On hand in the state; absent or undone is nothing.
    #[must_use]
    pub fn state_quantity(&self) -> Amount {
        self.observed.state
            .as_ref()
            .filter(|package| package.archived.is_none())
            .map_or(Amount::ZERO, |package| Amount::of(package.quantity))
    }

    /// What the item is called: by the state, else by the POS.
    #[must_use]
    pub fn item(&self) -> &str {
        let of_state = self.observed.state.as_ref().map(|package| package.item.as_str()).filter(|item| !item.is_empty());
        let of_pos = || self.observed.stock.iter().map(|row| row.product_name.as_str()).find(|name| !name.is_empty());
        of_state.or_else(of_pos).unwrap_or_default()
    }

    /// Whether the POS knows the package at all.
    #[must_use]
    pub fn known_to_pos(&self) -> bool {
        !self.observed.stock.is_empty() || self.has_movements(Book::Pos)
    }
}

/// A package's books at rest: its movements packed.
#[derive(Debug, Clone)]
struct Kept {
    observed: Arc<Observed>,
    movements: Packed,
}

impl Kept {
    fn new(package: PackageTag) -> Self {
        Self { observed: Arc::new(Observed::new(package)), movements: Packed::new() }
    }

    fn record(&mut self, fact: Fact) -> Result<(), QuantityError> {
        let theirs = fact.dimension();
        if self.observed.dimension.is_none() || self.observed.dimension != theirs {
            Arc::make_mut(&mut self.observed).check(theirs)?;
        }
        match fact {
            Fact::Movement(movement) => self.movements.push(&movement),
            observation => Arc::make_mut(&mut self.observed).observe(observation),
        }
        Ok(())
    }

    /// The books as they are looked at: movements in one order, whatever the order in which they came.
    fn open(&self) -> PackageBooks {
        let mut movements = self.movements.unpack(self.observed.package);
        movements.sort_unstable();
        PackageBooks { observed: Arc::clone(&self.observed), movements }
    }
}

/// The books of one licence, by package.
#[derive(Debug, Clone, Default)]
pub struct Books {
    packages: FxHashMap<PackageTag, Kept>,
}

impl Books {
    /// Empty books.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a fact in.
    ///
    /// # Errors
    /// [`QuantityError::Dimensions`] if the package is kept in another dimension; nothing is changed then.
    pub fn record(&mut self, fact: Fact) -> Result<(), QuantityError> {
        let package = fact.package();
        self.packages.entry(package).or_insert_with(|| Kept::new(package)).record(fact)
    }

    /// Leaves out sales of a package that both books hold alike, but for what they moved.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn settle(&mut self, package: PackageTag, more: Settled) -> Result<(), QuantityError> {
        let kept = self.packages.entry(package).or_insert_with(|| Kept::new(package));
        let observed = Arc::make_mut(&mut kept.observed);
        observed.check(Some(more.dimension))?;
        let settled = observed.settled.get_or_insert(Settled::nothing(more.dimension));
        settled.pos += more.pos;
        settled.state += more.state;
        settled.in_pos |= more.in_pos;
        settled.in_state |= more.in_state;
        Ok(())
    }

    /// One package's books.
    #[must_use]
    pub fn get(&self, package: PackageTag) -> Option<PackageBooks> {
        self.packages.get(&package).map(Kept::open)
    }

    /// Packages that others were made from, by the state's word.
    pub(crate) fn sources(&self) -> FxHashSet<PackageTag> {
        let states = self.packages.values().filter_map(|kept| kept.observed.state.as_ref());
        states.flat_map(|package| package.sources.iter().copied()).collect()
    }

    /// All packages, in order.
    #[must_use]
    pub fn tags(&self) -> Vec<PackageTag> {
        let mut tags: Vec<PackageTag> = self.packages.keys().copied().collect();
        tags.sort_unstable();
        tags
    }
}
