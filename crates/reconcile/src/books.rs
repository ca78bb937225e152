//! The books as the reconciler reads them: per package, everything that any book says about it.

use crate::Amount;
use crate::packed::Packed;
use jiff::{SignedDuration, Timestamp};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use trueup_core::{
    Baseline, Book, Count, Dimension, Movement, MovementKind, PackageTag, PosStock, QuantityError, StatePackage,
    TransferRow, Unit, Weight, When,
};

/// Whether two rows of one SKU and room say the same but for their quantities, of which none is nothing.
fn is_alike(row: &PosStock, other: &PosStock) -> bool {
    row.product_name == other.product_name
        && (row.unit, row.per_unit, row.status) == (other.unit, other.per_unit, other.status)
        && !row.quantity.is_zero()
        && !other.quantity.is_zero()
}

/// Everything that the books say about one package: the view that is explained. Cheap to copy but for its movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageBooks {
    dimension: Option<Dimension>,
    observed: Arc<Observed>,
    movements: Vec<Movement>,
}

/// Everything but the movements.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Observed {
    package: PackageTag,
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

    /// The latest moment that it names: from then on, and once it is due, it is judged as it will always be.
    pub(crate) fn latest(&self) -> Timestamp {
        // What is written as midnight UTC may mean a day, which ends later.
        let as_day = SignedDuration::from_hours(36);
        let last = |when: When| match when.date_at_midnight_utc() {
            Some(_) => when.bounds().1.saturating_add(as_day).unwrap_or(Timestamp::MAX),
            None => when.bounds().1,
        };
        match self {
            Self::Movement(movement) => {
                let line = match &movement.kind {
                    MovementKind::Sale(line) | MovementKind::Return(line) | MovementKind::Void(line) => Some(line),
                    _ => None,
                };
                let of_line = line.and_then(|line| line.voided.map(last).max(line.recorded).max(line.modified));
                of_line.map_or(last(movement.when), |at| at.max(last(movement.when)))
            }
            Self::StatePackage(package) => {
                let moments = [package.packaged, package.received, package.archived];
                let named = moments.into_iter().flatten().map(last).max();
                named.max(package.modified).unwrap_or(Timestamp::MIN)
            }
            Self::Transfer(row) => row.when.map_or(Timestamp::MIN, last),
            Self::Count(count) => last(count.when),
            Self::Weight(weight) => weight.at,
            Self::PosStock(_) | Self::Baseline(_) => Timestamp::MIN,
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
            stock: Vec::new(),
            state: None,
            transfers: Vec::new(),
            counts: Vec::new(),
            weights: Vec::new(),
            baseline: None,
            settled: None,
        }
    }

    const fn is_empty(&self) -> bool {
        self.stock.is_empty()
            && self.state.is_none()
            && self.transfers.is_empty()
            && self.counts.is_empty()
            && self.weights.is_empty()
            && self.baseline.is_none()
            && self.settled.is_none()
    }

    fn pos_quantity(&self) -> Amount {
        self.stock.iter().map(|row| Amount::of(row.quantity)).sum()
    }

    fn state_quantity(&self) -> Amount {
        let standing = self.state.as_ref().filter(|package| package.archived.is_none());
        standing.map_or(Amount::ZERO, |package| Amount::of(package.quantity))
    }

    /// Takes in what changes nothing that is known but how much there is of what there is; `false` if it is anything else.
    fn renew_quantity(&mut self, fact: &Fact) -> bool {
        match fact {
            Fact::PosStock(stock) => {
                let known = self.stock.iter_mut().find(|row| row.sku == stock.sku && row.room == stock.room);
                let Some(row) = known.filter(|row| is_alike(row, stock)) else { return false };
                (row.quantity, row.number) = (stock.quantity, stock.number);
                true
            }
            Fact::StatePackage(package) => {
                let Some(known) = &mut self.state else { return false };
                let is_some = !known.quantity.is_zero() && !package.quantity.is_zero();
                let before = (known.quantity, known.number, known.modified);
                (known.quantity, known.number, known.modified) = (package.quantity, package.number, package.modified);
                if is_some && *known == **package {
                    return true;
                }
                (known.quantity, known.number, known.modified) = before;
                false
            }
            _ => false,
        }
    }

    /// Takes in what a book, a person or a scale says that the package holds.
    fn observe(&mut self, fact: Fact) {
        match fact {
            Fact::Movement(_) => {}
            Fact::PosStock(stock) => {
                let key = |row: &PosStock| (row.sku.clone(), row.room.clone());
                match self.stock.binary_search_by_key(&key(&stock), key) {
                    Ok(place) => self.stock[place] = stock,
                    Err(place) => {
                        // Most packages have one row; room for four would be most of what a package takes.
                        self.stock.reserve_exact(1);
                        self.stock.insert(place, stock);
                    }
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
        self.dimension.unwrap_or(Dimension::Count)
    }

    /// The unit it is spoken of in: the state's, else the POS's, else the base unit.
    #[must_use]
    pub fn unit(&self) -> Unit {
        let dimension = self.dimension();
        let of_pos = || self.observed.stock.iter().map(|row| row.unit).find(|unit| unit.dimension() == dimension);
        self.observed
            .state
            .as_ref()
            .map(|package| package.unit)
            .or_else(of_pos)
            .unwrap_or_else(|| Unit::base(dimension))
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
        self.observed.pos_quantity()
    }

    /// On hand in the state; absent or undone is nothing.
    #[must_use]
    pub fn state_quantity(&self) -> Amount {
        self.observed.state_quantity()
    }

    /// What the item is called: by the state, else by the POS.
    #[must_use]
    pub fn item(&self) -> &str {
        let of_state =
            self.observed.state.as_ref().map(|package| package.item.as_str()).filter(|item| !item.is_empty());
        let of_pos = || self.observed.stock.iter().map(|row| row.product_name.as_str()).find(|name| !name.is_empty());
        of_state.or_else(of_pos).unwrap_or_default()
    }

    /// Everything that is known of it, as facts; but for sales that were left out.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        let observed = &*self.observed;
        let mut facts: Vec<Fact> =
            self.movements.iter().map(|movement| Fact::Movement(Box::new(movement.clone()))).collect();
        facts.extend(observed.stock.iter().cloned().map(Fact::PosStock));
        facts.extend(observed.state.iter().map(|state| Fact::StatePackage(Box::new(state.clone()))));
        facts.extend(observed.transfers.iter().cloned().map(Fact::Transfer));
        facts.extend(observed.counts.iter().cloned().map(Fact::Count));
        facts.extend(observed.weights.iter().cloned().map(Fact::Weight));
        facts.extend(observed.baseline.iter().cloned().map(Fact::Baseline));
        facts
    }

    /// Whether nothing is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.movements.is_empty() && self.observed.is_empty()
    }

    /// Whether the POS knows the package at all.
    #[must_use]
    pub fn known_to_pos(&self) -> bool {
        !self.observed.stock.is_empty() || self.has_movements(Book::Pos)
    }
}

/// A package's books at rest: its movements packed.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// That of the first fact; it decides.
    dimension: Option<Dimension>,
    observed: Arc<Observed>,
    movements: Packed,
}

impl Kept {
    fn new(package: PackageTag) -> Self {
        Self { dimension: None, observed: Arc::new(Observed::new(package)), movements: Packed::new() }
    }

    /// Whether the package is kept in this dimension.
    fn check(&mut self, theirs: Option<Dimension>) -> Result<(), QuantityError> {
        let Some(theirs) = theirs else { return Ok(()) };
        let ours = *self.dimension.get_or_insert(theirs);
        if ours == theirs { Ok(()) } else { Err(QuantityError::Dimensions(theirs, ours)) }
    }

    fn take(&mut self, fact: Fact) {
        match fact {
            Fact::Movement(movement) => self.movements.push(&movement),
            observation => Arc::make_mut(&mut self.observed).observe(observation),
        }
    }

    /// The books as they are looked at: movements in one order, whatever the order in which they came.
    pub fn open(&self) -> PackageBooks {
        let mut movements = self.movements.unpack(self.observed.package);
        movements.sort_unstable();
        PackageBooks { movements, ..self.observations() }
    }

    /// The books without their movements, which need not be unpacked then.
    pub fn observations(&self) -> PackageBooks {
        PackageBooks { dimension: self.dimension, observed: Arc::clone(&self.observed), movements: Vec::new() }
    }

    pub fn package(&self) -> PackageTag {
        self.observed.package
    }

    pub const fn movements(&self) -> &Packed {
        &self.movements
    }

    fn is_empty(&self) -> bool {
        self.movements.end() == 0 && self.observed.is_empty()
    }

    /// POS − state as the snapshots stand.
    pub fn raw_difference(&self) -> Amount {
        self.observed.pos_quantity() - self.observed.state_quantity()
    }
}

/// The books of one licence, by package.
#[derive(Debug, Clone, Default)]
pub struct Books {
    numbers: FxHashMap<PackageTag, u32>,
    packages: Vec<Kept>,
    /// The package that was looked for last.
    last: Option<(PackageTag, u32)>,
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
        let number = self.check(&fact)?;
        self.take(number, fact);
        Ok(())
    }

    /// Whether a fact can be taken in, and the number of its package.
    pub(crate) fn check(&mut self, fact: &Fact) -> Result<u32, QuantityError> {
        let number = self.number(fact.package());
        self.packages[index(number)].check(fact.dimension())?;
        Ok(number)
    }

    /// Whether facts can be all that is known of a package, and its number.
    pub(crate) fn check_all(&mut self, package: PackageTag, facts: &[Fact]) -> Result<u32, QuantityError> {
        let mut dimensions = facts.iter().filter_map(Fact::dimension);
        if let Some(first) = dimensions.next()
            && let Some(other) = dimensions.find(|other| *other != first)
        {
            return Err(QuantityError::Dimensions(other, first));
        }
        Ok(self.number(package))
    }

    /// Forgets everything that is known of a package.
    pub(crate) fn reset(&mut self, number: u32) {
        let kept = &mut self.packages[index(number)];
        *kept = Kept::new(kept.package());
    }

    /// Packages of which anything is known.
    pub(crate) fn count(&self) -> usize {
        self.packages.iter().filter(|kept| !kept.is_empty()).count()
    }

    /// Takes in a fact that was checked.
    pub(crate) fn take(&mut self, number: u32, fact: Fact) {
        self.packages[index(number)].take(fact);
    }

    /// Takes in a fact that was checked, if it changes only how much there is of what there is; `false` if it does not.
    pub(crate) fn renew_quantity(&mut self, number: u32, fact: &Fact) -> bool {
        Arc::make_mut(&mut self.packages[index(number)].observed).renew_quantity(fact)
    }

    fn number(&mut self, package: PackageTag) -> u32 {
        // A sale comes with the balance after it.
        if let Some((_, number)) = self.last.filter(|(last, _)| *last == package) {
            return number;
        }
        let next = u32::try_from(self.packages.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(package).or_insert(next);
        if number == next {
            self.packages.push(Kept::new(package));
        }
        self.last = Some((package, number));
        number
    }

    /// Leaves out sales of a package that both books hold alike, but for what they moved.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn settle(&mut self, package: PackageTag, more: Settled) -> Result<(), QuantityError> {
        let number = self.number(package);
        let kept = &mut self.packages[index(number)];
        kept.check(Some(more.dimension))?;
        let observed = Arc::make_mut(&mut kept.observed);
        let settled = observed.settled.get_or_insert(Settled::nothing(more.dimension));
        settled.pos += more.pos;
        settled.state += more.state;
        settled.in_pos |= more.in_pos;
        settled.in_state |= more.in_state;
        Ok(())
    }

    /// One package's books; nothing if nothing is known of it.
    #[must_use]
    pub fn get(&self, package: PackageTag) -> Option<PackageBooks> {
        let kept = self.number_of(package).map(|number| self.kept(number));
        kept.filter(|kept| !kept.is_empty()).map(Kept::open)
    }

    /// The number of a package that is there.
    pub(crate) fn number_of(&self, package: PackageTag) -> Option<u32> {
        self.numbers.get(&package).copied()
    }

    /// A package by its number.
    pub(crate) fn kept(&self, number: u32) -> &Kept {
        &self.packages[index(number)]
    }

    /// Packages that others were made from, by the state's word.
    pub(crate) fn sources(&self) -> FxHashSet<PackageTag> {
        let states = self.packages.iter().filter_map(|kept| kept.observed.state.as_ref());
        states.flat_map(|package| package.sources.iter().copied()).collect()
    }

    /// All packages, in order.
    #[must_use]
    pub fn tags(&self) -> Vec<PackageTag> {
        let known = self.packages.iter().filter(|kept| !kept.is_empty());
        let mut tags: Vec<PackageTag> = known.map(Kept::package).collect();
        tags.sort_unstable();
        tags
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
