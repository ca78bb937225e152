//! Linking what is left across packages of the licence: a sale reported on another tag, a package made from packages,
//! a mistyped tag, a correction and what it corrects.
//!
//! Packages only meet through a [`Key`] that both have, so linking a set of packages that is closed under shared keys
//! gives the same result as linking all of them. That is what makes a change cost what it touches.

use crate::explain::{self, Correction, Explained, Loose, SAME_SALE};
use crate::lane::{self, OpenSale};
use crate::{Amount, Cause, Evidence, Finding, PackageBooks, Settings};
use std::collections::BTreeMap;
use trueup_core::{Book, PackageTag, Quantity, StatePackage, Text};

/// What two packages may have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Key {
    /// This book has a loose line here of a receipt with this number's core; the other half is the other book's.
    Receipt(Book, u64),
    /// In the POS, a loose line of these two minutes; in the state, one without a number of these or the neighbouring ones.
    Time(Book, i64),
    /// One is made from the other, or both go into this package.
    Made(PackageTag),
    /// Known to one book only, with this much of a rest.
    OneSided(i128),
    /// Both are on this receipt of the state, and it is to be taken back.
    StateReceipt(Text),
    /// Shelf and POS differ, for this item.
    ShelfItem(String),
}

impl Key {
    /// The key that the other package has.
    pub fn other_half(&self) -> Self {
        let other = |book: &Book| if *book == Book::Pos { Book::State } else { Book::Pos };
        match self {
            Self::Receipt(book, core) => Self::Receipt(other(book), *core),
            Self::Time(book, slot) => Self::Time(other(book), *slot),
            same => same.clone(),
        }
    }
}

/// The keys of a sale in flight.
pub(crate) fn keys_of_open(sale: &OpenSale) -> [Key; 2] {
    [Key::Receipt(Book::Pos, sale.core), Key::Time(Book::Pos, sale.slot.into())]
}

/// A package on its way from explained to concluded.
#[derive(Debug, Clone)]
pub(crate) struct Working {
    pub books: PackageBooks,
    pub explained: Explained,
}

impl Working {
    pub const fn new(books: PackageBooks, explained: Explained) -> Self {
        Self { books, explained }
    }

    /// POS − state as the snapshots stand.
    pub fn raw_difference(&self) -> Amount {
        self.books.pos_quantity() - self.books.state_quantity()
    }

    /// The difference that was accepted before, unless a correction settled it.
    pub fn carried(&self) -> Amount {
        let open = self.books.baseline().filter(|_| !self.explained.baseline_settled);
        open.map_or(Amount::ZERO, |baseline| Amount::of_sum(baseline.difference))
    }

    /// What neither findings nor corrections nor the baseline account for.
    fn rest(&self) -> Amount {
        let found: Amount = self.explained.findings.iter().map(|finding| finding.amount).sum();
        let corrected: Amount = self.explained.corrections.iter().map(|correction| correction.amount).sum();
        self.raw_difference() - self.explained.in_flight - found - corrected - self.carried()
    }

    /// Whether the package agrees by its own records, and no record of it waits for another package's.
    pub fn has_nothing_to_tell(&self) -> bool {
        let explained = &self.explained;
        explained.findings.is_empty()
            && explained.loose.is_empty()
            && explained.corrections.is_empty()
            && explained.makings.is_empty()
            && explained.perhaps_late.is_zero()
            && self.books.baseline().is_none()
            && !self.books.state().is_some_and(explain::is_made_here)
            && self.rest().is_zero()
    }

    fn in_state_only(&self) -> bool {
        self.books.state().is_some() && !self.books.known_to_pos()
    }

    fn in_pos_only(&self) -> bool {
        self.books.state().is_none() && self.books.known_to_pos() && !self.books.has_movements(Book::State)
    }

    /// Whether the tag may be a misspelling: known to one book only, and nothing was made of it or corrected on it.
    fn may_be_mistyped(&self) -> bool {
        (self.in_state_only() || self.in_pos_only())
            && self.explained.makings.is_empty()
            && self.explained.corrections.is_empty()
            && !self.books.state().is_some_and(explain::is_made_here)
    }

    /// What a package known to one book only has too much or too little, receiving included.
    fn one_sided_rest(&self) -> Amount {
        let received: Amount = self
            .explained
            .findings
            .iter()
            .filter(|finding| is_receiving(finding.cause))
            .map(|finding| finding.amount)
            .sum();
        self.rest() + received
    }
}

const fn is_receiving(cause: Cause) -> bool {
    matches!(cause, Cause::ReceivedOnlyInPos | Cause::ReceivedOnlyInState)
}

/// What this package may share with others.
pub(crate) fn keys(package: &Working, shelf_item: Option<String>) -> Vec<Key> {
    let mut keys = Vec::new();
    for loose in &package.explained.loose {
        if !loose.number.is_empty() {
            keys.push(Key::Receipt(loose.book, lane::core_of(&loose.number)));
        }
        match loose.book {
            // Where a line of the state has no number, its time is all there is.
            Book::State if loose.number.is_empty() => {
                let (first, last) = loose.when.bounds();
                let slots = lane::slot_of(first) - 1..=lane::slot_of(last) + 1;
                keys.extend(slots.map(|slot| Key::Time(Book::State, slot)));
            }
            Book::State => {}
            Book::Pos | Book::Shelf => keys.push(Key::Time(Book::Pos, lane::slot_of(loose.when.moment()))),
        }
    }
    if let Some(state) = package.books.state().filter(|state| explain::is_made_here(state)) {
        keys.push(Key::Made(state.package));
        keys.extend(state.sources.iter().map(|source| Key::Made(*source)));
    }
    keys.push(Key::Made(package.books.package()));
    keys.extend(package.explained.makings.iter().filter_map(|making| making.product).map(Key::Made));
    if package.may_be_mistyped() && !package.one_sided_rest().is_zero() {
        keys.push(Key::OneSided(package.one_sided_rest().abs().atoms()));
    }
    for finding in package.explained.findings.iter().filter(|finding| is_taken_back(finding)) {
        let receipts = finding.receipt.iter().flat_map(|receipt| &receipt.state_receipts);
        let shared = receipts.filter(|state| state.packages > 1);
        keys.extend(shared.map(|state| Key::StateReceipt(state.id.clone())));
    }
    keys.extend(shelf_item.map(Key::ShelfItem));
    keys.sort();
    keys.dedup();
    keys
}

/// Packages being linked, by tag.
pub(crate) type Cluster = BTreeMap<PackageTag, Working>;

/// Links the packages of a set that is closed under shared keys.
pub(crate) fn link(cluster: &mut Cluster, settings: &Settings) {
    // First, on the packages as they were explained: the keys that brought them together were made then.
    mistyped_tags(cluster);
    sales_on_other_packages(cluster, settings);
    repackagings(cluster, settings);
    for package in cluster.values_mut() {
        settle_corrections(package, settings);
    }
    whole_receipts(cluster);
}

// --- Receipts that can be voided as a whole -------------------------------------------------------------------------

/// Whether the repair takes this package off the state's receipts.
fn is_taken_back(finding: &Finding) -> bool {
    let allows = || finding.receipt.as_ref().is_some_and(|receipt| receipt.target_allows_void());
    match finding.cause {
        Cause::SaleOnlyInState | Cause::SaleReportedTwice | Cause::VoidOnlyInPos => true,
        Cause::ReturnOnlyInPos => allows(),
        _ => false,
    }
}

/// A receipt of several packages is voided as a whole only if every package on it is to be taken off it.
fn whole_receipts(cluster: &mut Cluster) {
    let mut taken_back: BTreeMap<Text, u32> = BTreeMap::new();
    for working in cluster.values() {
        let findings = working.explained.findings.iter().filter(|finding| is_taken_back(finding));
        let mut ids: Vec<&Text> = findings
            .filter_map(|f| f.receipt.as_ref())
            .flat_map(|r| &r.state_receipts)
            .map(|state| &state.id)
            .collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            *taken_back.entry(id.clone()).or_default() += 1;
        }
    }
    for working in cluster.values_mut() {
        for receipt in working.explained.findings.iter_mut().filter_map(|finding| finding.receipt.as_mut()) {
            for state in receipt.state_receipts.iter_mut().filter(|state| state.packages > 1) {
                state.whole = taken_back.get(&state.id).is_some_and(|packages| *packages >= state.packages);
            }
        }
    }
}

// --- A sale reported on another tag -------------------------------------------------------------------------------

/// A loose line and where it is.
#[derive(Clone, Copy)]
struct Place<'l> {
    package: PackageTag,
    loose: &'l Loose,
}

/// Two loose lines, one of each book: indices into the places of the POS and of the state.
type Pair = (usize, usize);

fn sales_on_other_packages(cluster: &mut Cluster, settings: &Settings) {
    let (moved, foreign) = {
        let places = |book: Book| -> Vec<Place<'_>> {
            let all = cluster.iter().flat_map(|(package, working)| {
                working.explained.loose.iter().map(|loose| Place { package: *package, loose })
            });
            all.filter(|place| place.loose.book == book).collect()
        };
        let (ours, theirs) = (places(Book::Pos), places(Book::State));
        let mut taken = (vec![false; ours.len()], vec![false; theirs.len()]);
        let mut moved = Vec::new();
        for by_number in [true, false] {
            let mut pairs = candidates(cluster, &ours, &theirs, settings, by_number);
            pairs.sort_unstable();
            moved.extend(take(&mut taken, pairs.into_iter().map(|(.., pair)| pair)));
        }
        let mut pairs = foreign_numbers(cluster, &ours, &theirs);
        pairs.sort_unstable();
        let foreign = take(&mut taken, pairs.into_iter().map(|(_, pair)| pair));
        let resolve = |pairs: Vec<Pair>| -> Vec<[(PackageTag, usize); 2]> {
            let place = |place: &Place<'_>| (place.package, place.loose.finding);
            pairs.into_iter().map(|(our, their)| [place(&ours[our]), place(&theirs[their])]).collect()
        };
        (resolve(moved), resolve(foreign))
    };
    for [sold, reported] in moved {
        move_to_other_package(cluster, sold, reported);
    }
    // Taken out by emptying them, so that the places of the others stay.
    for (package, finding) in foreign.into_iter().flatten() {
        if let Some(working) = cluster.get_mut(&package) {
            working.explained.findings[finding].amount = Amount::ZERO;
            working.explained.findings[finding].evidence.clear();
        }
    }
    for working in cluster.values_mut() {
        working.explained.drop_emptied();
    }
}

/// Takes pairs in their order, each line once.
fn take(taken: &mut (Vec<bool>, Vec<bool>), pairs: impl Iterator<Item = Pair>) -> Vec<Pair> {
    let mut chosen = Vec::new();
    for (our, their) in pairs {
        if !taken.0[our] && !taken.1[their] {
            (taken.0[our], taken.1[their]) = (true, true);
            chosen.push((our, their));
        }
    }
    chosen
}

/// How good a pair is: smaller is better.
type Fit = (bool, jiff::SignedDuration, PackageTag, PackageTag, Pair);

/// Lines of one receipt (by number, or without one within two minutes), of the same item and quantity, on different
/// packages.
fn candidates(
    cluster: &Cluster,
    ours: &[Place<'_>],
    theirs: &[Place<'_>],
    settings: &Settings,
    by_number: bool,
) -> Vec<Fit> {
    let mut by_core: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut by_time: Vec<(jiff::Timestamp, usize)> = Vec::new();
    for (index, our) in ours.iter().enumerate() {
        by_core.entry(our.loose.number.core()).or_default().push(index);
        by_time.push((our.loose.when.moment(), index));
    }
    by_time.sort_unstable();
    let mut pairs = Vec::new();
    for (their_index, their) in theirs.iter().enumerate() {
        let numbered = !their.loose.number.is_empty();
        if numbered != by_number {
            continue;
        }
        let (first, last) = their.loose.when.bounds();
        let from = first.saturating_sub(SAME_SALE).unwrap_or(first);
        let to = last.saturating_add(SAME_SALE).unwrap_or(last);
        let of_number = || by_core.get(their.loose.number.core()).map_or(&[][..], Vec::as_slice).iter().copied();
        let start = by_time.partition_point(|(at, _)| *at < from);
        let of_time = || by_time[start..].iter().take_while(|(at, _)| *at <= to).map(|(_, index)| *index);
        let near: Vec<usize> = if by_number { of_number().collect() } else { of_time().collect() };
        for our_index in near {
            let our = &ours[our_index];
            let distance = our.loose.when.distance(their.loose.when);
            let day_fits = our.loose.when.days_apart(their.loose.when, &settings.zone) <= 1;
            let fits = if by_number { day_fits } else { distance <= SAME_SALE };
            if fits && our.package != their.package && alike(cluster, our, their) {
                let exact = our.loose.number == their.loose.number;
                pairs.push((!exact, distance, our.package, their.package, (our_index, their_index)));
            }
        }
    }
    pairs
}

/// Same item (as far as both are known) and same quantity.
fn alike(cluster: &Cluster, our: &Place<'_>, their: &Place<'_>) -> bool {
    let (Some(ours), Some(theirs)) = (cluster.get(&our.package), cluster.get(&their.package)) else { return false };
    let amounts = (&ours.explained.findings[our.loose.finding], &theirs.explained.findings[their.loose.finding]);
    let (our_item, their_item) = (ours.books.item(), theirs.books.item());
    let same_item = our_item.is_empty() || their_item.is_empty() || explain::same_item(our_item, their_item);
    // At least one of the two is a whole line without its other half; two quantities that differ are two edits.
    let whole = amounts.0.cause == Cause::SaleNotReported
        || matches!(amounts.1.cause, Cause::SaleOnlyInState | Cause::SaleReportedTwice);
    same_item && whole && ours.books.dimension() == theirs.books.dimension() && amounts.0.amount == -amounts.1.amount
}

/// A state receipt whose number names no receipt of this package, within two minutes of an unreported sale of the same
/// quantity of the same package: the number is one that the POS's export does not use.
fn foreign_numbers(cluster: &Cluster, ours: &[Place<'_>], theirs: &[Place<'_>]) -> Vec<(jiff::SignedDuration, Pair)> {
    let mut by_package: BTreeMap<PackageTag, Vec<usize>> = BTreeMap::new();
    for (index, our) in ours.iter().enumerate() {
        by_package.entry(our.package).or_default().push(index);
    }
    let mut pairs = Vec::new();
    for (their_index, their) in theirs.iter().enumerate() {
        for our_index in by_package.get(&their.package).into_iter().flatten().copied() {
            let our = &ours[our_index];
            let distance = our.loose.when.distance(their.loose.when);
            let Some(working) = cluster.get(&their.package) else { continue };
            let findings = &working.explained.findings;
            let (sale, receipt) = (&findings[our.loose.finding], &findings[their.loose.finding]);
            let whole = sale.cause == Cause::SaleNotReported && receipt.cause == Cause::SaleOnlyInState;
            if whole && distance <= SAME_SALE && sale.amount == -receipt.amount {
                pairs.push((distance, (our_index, their_index)));
            }
        }
    }
    pairs
}

fn move_to_other_package(cluster: &mut Cluster, sold: (PackageTag, usize), reported: (PackageTag, usize)) {
    let get = |(package, finding): (PackageTag, usize)| {
        cluster.get(&package).map(|working| working.explained.findings[finding].clone())
    };
    let (Some(mut ours), Some(mut theirs)) = (get(sold), get(reported)) else { return };
    let both: Vec<Evidence> = ours.evidence.iter().chain(&theirs.evidence).cloned().collect();
    if let (Some(our), Some(their)) = (&mut ours.receipt, &mut theirs.receipt) {
        our.state_receipts.clone_from(&their.state_receipts);
        our.external.clone_from(&their.external);
        their.number.clone_from(&our.number);
    }
    for (finding, place) in [(&mut ours, sold), (&mut theirs, reported)] {
        finding.cause = Cause::SaleOnOtherPackage;
        finding.confidence = 950;
        finding.in_flight = false;
        finding.evidence.clone_from(&both);
        if let Some(working) = cluster.get_mut(&place.0) {
            working.explained.findings[place.1] = finding.clone();
        }
    }
}

// --- Packages made from packages ----------------------------------------------------------------------------------

fn repackagings(cluster: &mut Cluster, settings: &Settings) {
    let mut products: Vec<StatePackage> = cluster
        .values()
        .filter_map(|working| working.books.state())
        .filter(|state| explain::is_made_here(state))
        .cloned()
        .collect();
    // A single source's share is known; what several gave is told by what is left then.
    products.sort_by_key(|product| (product.sources.len(), product.package));
    for product in &products {
        let known = |source: &&PackageTag| cluster.get(*source).is_some_and(|working| is_known(&working.books));
        let sources: Vec<PackageTag> = product.sources.iter().filter(known).copied().collect();
        if sources.is_empty() {
            continue;
        }
        if product.archived.is_some() {
            discontinued(cluster, settings, product, &sources);
        } else {
            repackaged(cluster, settings, product, &sources);
        }
    }
    for working in cluster.values_mut() {
        repackaged_only_in_pos(working, settings);
    }
}

fn is_known(books: &PackageBooks) -> bool {
    books.state().is_some() || books.known_to_pos()
}

/// Takes the POS's rows of making `product` out of a package: what they came to, and the rows as evidence.
fn take_makings(working: &mut Working, product: PackageTag, events: &[Text]) -> (Amount, Vec<Evidence>) {
    let mut total = Amount::ZERO;
    let mut records = Vec::new();
    working.explained.makings.retain(|making| {
        let belongs = making.product.map_or_else(|| events.contains(&making.event), |named| named == product);
        if belongs {
            total += making.amount;
            records.push(making.evidence.clone());
        }
        !belongs
    });
    (total, records)
}

fn made_evidence(product: &StatePackage, amount: Amount) -> Evidence {
    Evidence {
        at: product.packaged,
        book: Book::State,
        kind: "package",
        reference: Text::new(product.package.to_string()),
        line: Text::default(),
        quantity: amount,
        by: Text::default(),
    }
}

/// What the product held when it was made, in the measure of a source; `None` if the two cannot be compared.
fn in_measure_of(product: &StatePackage, made: Quantity, source: &PackageBooks) -> Option<Amount> {
    if made.dimension() == source.dimension() {
        return Some(Amount::of(made));
    }
    let content = product.unit_content.filter(|content| content.dimension() == source.dimension())?;
    content.times_pieces(made).ok().map(Amount::of)
}

fn repackaged(cluster: &mut Cluster, settings: &Settings, product: &StatePackage, sources: &[PackageTag]) {
    let made = product.original.unwrap_or(product.quantity);
    let in_window = product.packaged.is_none_or(|when| settings.in_window(when, Book::State));
    let Some(working) = cluster.get_mut(&product.package) else { return };
    let events: Vec<Text> = working.explained.makings.iter().map(|making| making.event.clone()).collect();
    let (in_pos, mut records) = take_makings(working, product.package, &events);
    if in_window {
        let held_unrecorded = in_pos.is_zero() && !explain::opening(&working.books, settings, Book::Pos).is_zero();
        let amount = in_pos - Amount::of(made);
        if !amount.is_zero() && !held_unrecorded {
            records.push(made_evidence(product, Amount::of(made)));
            working.explained.findings.push(repackaging(amount, amount.is_negative(), records));
        }
    }
    let mut expected = Vec::new();
    for source in sources {
        let Some(working) = cluster.get_mut(source) else { continue };
        let (taken, records) = take_makings(working, product.package, &events);
        expected.push((*source, in_measure_of(product, made, &working.books), taken, records));
    }
    if in_window {
        source_shares(cluster, product, expected);
    }
}

/// A source with what the product's making took from it: the whole product in its measure, and what the POS took.
type Source = (PackageTag, Option<Amount>, Amount, Vec<Evidence>);

/// What each source gave. One source gave all; of several the state does not say, so what is left of their
/// differences counts if it adds up.
fn source_shares(cluster: &mut Cluster, product: &StatePackage, sources: Vec<Source>) {
    let rests: Vec<Amount> =
        sources.iter().map(|(source, ..)| cluster.get(source).map_or(Amount::ZERO, Working::rest)).collect();
    let taken: Amount = sources.iter().map(|(_, _, taken, _)| *taken).sum();
    let whole = sources.first().and_then(|(_, whole, ..)| *whole);
    let shares: Vec<Amount> = if let [(_, whole, taken, _)] = sources.as_slice() {
        let share = whole.map_or(rests[0], |whole| whole + *taken);
        vec![if rests[0].is_zero() { Amount::ZERO } else { share }]
    } else if whole.is_some_and(|whole| rests.iter().copied().sum::<Amount>() == whole + taken) {
        rests
    } else {
        return;
    };
    for ((source, _, _, mut records), share) in sources.into_iter().zip(shares) {
        if share.is_zero() {
            continue;
        }
        records.push(made_evidence(product, -share));
        if let Some(working) = cluster.get_mut(&source) {
            working.explained.findings.push(repackaging(share, share.is_positive(), records));
        }
    }
}

/// What one side made more than the other. The state's making shows on sources as +, on the product as −.
fn repackaging(amount: Amount, in_state: bool, records: Vec<Evidence>) -> Finding {
    let cause = if in_state { Cause::RepackagedInState } else { Cause::RepackagedOnlyInPos };
    Finding::new(cause, amount, 960, records)
}

/// A package undone in the state; its quantity went back to the source.
fn discontinued(cluster: &mut Cluster, settings: &Settings, product: &StatePackage, sources: &[PackageTag]) {
    let undone = product.archived.is_some_and(|when| settings.in_window(when, Book::State));
    let made = product.original.unwrap_or(product.quantity);
    let Some(working) = cluster.get_mut(&product.package) else { return };
    let events: Vec<Text> = working.explained.makings.iter().map(|making| making.event.clone()).collect();
    let _settled = take_makings(working, product.package, &events);
    let still_there = working.rest();
    let undone_evidence =
        |amount: Amount| Evidence { at: product.archived, kind: "discontinued", ..made_evidence(product, amount) };
    if undone && still_there.is_positive() {
        let records = vec![undone_evidence(-Amount::of(made))];
        working.explained.findings.push(Finding::new(Cause::DiscontinuedInState, still_there, 960, records));
    }
    for source in sources {
        let Some(working) = cluster.get_mut(source) else { continue };
        let _settled = take_makings(working, product.package, &events);
        let rest = working.rest();
        if !undone || !still_there.is_positive() || !rest.is_negative() {
            continue;
        }
        // One source got everything back; of several, each is told by what it has too much.
        let returned = match (sources, in_measure_of(product, made, &working.books)) {
            ([_], Some(whole)) => -whole,
            _ => rest,
        };
        let records = vec![undone_evidence(-returned)];
        working.explained.findings.push(Finding::new(Cause::DiscontinuedInState, returned, 950, records));
    }
}

/// What the POS made and the state knows nothing of.
fn repackaged_only_in_pos(working: &mut Working, settings: &Settings) {
    for making in std::mem::take(&mut working.explained.makings) {
        if making.is_receipt || !settings.in_window(making.when, Book::Pos) {
            continue;
        }
        let mut finding = Finding::new(Cause::RepackagedOnlyInPos, making.amount, 950, vec![making.evidence]);
        finding.in_flight = settings.in_flight(making.when, Book::State);
        working.explained.findings.push(finding);
    }
}

// --- Mistyped tags ------------------------------------------------------------------------------------------------

/// Most characters that a misspelled tag is off.
const MISSPELLED_PLACES: usize = 2;

/// One or two characters off, the same item, the same quantity, and neither tag lives on the other side. Where two
/// tags fit equally well, neither is taken: nothing is guessed.
fn mistyped_tags(cluster: &mut Cluster) {
    let one_sided = |in_pos: bool| -> BTreeMap<Amount, Vec<PackageTag>> {
        let mut by_rest: BTreeMap<Amount, Vec<PackageTag>> = BTreeMap::new();
        for (package, working) in cluster.iter() {
            let fits = if in_pos { working.in_pos_only() } else { working.in_state_only() };
            if fits && working.may_be_mistyped() {
                by_rest.entry(working.one_sided_rest()).or_default().push(*package);
            }
        }
        by_rest
    };
    let (in_pos, in_state) = (one_sided(true), one_sided(false));
    let mut pairs = Vec::new();
    for (amount, ours) in in_pos.iter().filter(|(amount, _)| amount.is_positive()) {
        for our in ours {
            for their in in_state.get(&-*amount).into_iter().flatten() {
                if let Some(fit) = misspelling(cluster, *our, *their) {
                    pairs.push((fit, *our, *their));
                }
            }
        }
    }
    let alone = |our: PackageTag, their: PackageTag, fit: (usize, bool)| {
        !pairs.iter().any(|(other_fit, a, b)| *other_fit <= fit && ((*a == our) != (*b == their)))
    };
    let found: Vec<_> = pairs.iter().filter(|(fit, our, their)| alone(*our, *their, *fit)).cloned().collect();
    for (_, our, their) in found {
        mistype(cluster, our, their);
    }
}

/// How far the tags are apart, if one may be the other misspelled: fewer places are better, swapped neighbours best.
/// Where the POS does not name the item, only the slightest slip is taken for one, and no package that came on a
/// manifest: deliveries come with consecutive tags.
fn misspelling(cluster: &Cluster, our: PackageTag, their: PackageTag) -> Option<(usize, bool)> {
    let apart = our.misspelling(their).filter(|apart| apart.places <= MISSPELLED_PLACES)?;
    let fit = (if apart.neighbours_swapped { 1 } else { apart.places }, !apart.neighbours_swapped);
    let (ours, theirs) = (cluster.get(&our)?, cluster.get(&their)?);
    let received = |working: &Working| working.explained.findings.iter().any(|finding| is_receiving(finding.cause));
    let (our_item, their_item) = (ours.books.item(), theirs.books.item());
    let items_fit = if our_item.is_empty() || their_item.is_empty() {
        fit.0 == 1 && !received(ours) && !received(theirs)
    } else {
        explain::same_item(our_item, their_item)
    };
    (items_fit && ours.books.dimension() == theirs.books.dimension()).then_some(fit)
}

fn mistype(cluster: &mut Cluster, our: PackageTag, their: PackageTag) {
    let record = |cluster: &Cluster, package: PackageTag, book: Book| Evidence {
        at: None,
        book,
        kind: "package",
        reference: Text::new(package.to_string()),
        line: Text::default(),
        quantity: cluster.get(&package).map_or(Amount::ZERO, |working| match book {
            Book::State => working.books.state_quantity(),
            Book::Pos | Book::Shelf => working.books.pos_quantity(),
        }),
        by: Text::default(),
    };
    let records = vec![record(cluster, our, Book::Pos), record(cluster, their, Book::State)];
    for package in [our, their] {
        let Some(working) = cluster.get_mut(&package) else { continue };
        let amount = working.one_sided_rest();
        let mut records = records.clone();
        for finding in working.explained.findings.iter_mut().filter(|finding| is_receiving(finding.cause)) {
            records.append(&mut finding.evidence);
            finding.amount = Amount::ZERO;
        }
        working.explained.drop_emptied();
        working.explained.findings.push(Finding::new(Cause::TagMistyped, amount, 900, records));
    }
}

// --- Corrections --------------------------------------------------------------------------------------------------

/// A correction settles one fact of the other book with the same amount: the one that it names, else the nearest.
fn settle_corrections(working: &mut Working, settings: &Settings) {
    let baseline = working.books.baseline().map(|baseline| Amount::of_sum(baseline.difference));
    let mut baseline_open = baseline.filter(|amount| !amount.is_zero());
    let mut open = Vec::new();
    for correction in std::mem::take(&mut working.explained.corrections) {
        let named = |finding: &Finding| names(&correction.corrects, finding, settings);
        // Nobody corrects what the POS is not yet due to have, unless he says so.
        let fits = |finding: &Finding| {
            finding.cause.is_state_fact()
                && finding.amount == -correction.amount
                && !finding.amount.is_zero()
                && (!finding.in_flight || finding.perhaps_earlier || named(finding))
        };
        let single = working
            .explained
            .findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| fits(finding))
            .min_by_key(|(place, finding)| {
                let distance = finding.when.map(|when| when.distance(correction.when));
                (!named(finding), distance, *place)
            })
            .map(|(place, _)| vec![place]);
        if let Some(places) = single.or_else(|| several_facts(working, &correction)) {
            for place in places {
                working.explained.findings[place].amount = Amount::ZERO;
                working.explained.findings[place].evidence.clear();
            }
            working.explained.drop_emptied();
        } else if baseline_open == Some(-correction.amount) {
            baseline_open = None;
            working.explained.baseline_settled = true;
        } else {
            open.push(correction);
        }
    }
    settle_open_corrections(working, open);
}

/// So many facts are tried for a sum.
const SUMMED_FACTS: usize = 12;

/// Facts that one correction settles together: a plan makes one correction of several facts, and where a count decided
/// both books, the state's adjustment of the same repair is among them.
fn several_facts(working: &Working, correction: &Correction) -> Option<Vec<usize>> {
    let facts: Vec<(usize, Amount)> = working
        .explained
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.cause.is_state_fact() || finding.cause.is_adjustment())
        .filter(|(_, finding)| {
            let is_due = !finding.in_flight || finding.perhaps_earlier;
            !finding.amount.is_zero() && is_due && finding.ahead.is_none()
        })
        .map(|(place, finding)| (place, finding.amount))
        .collect();
    if facts.len() > SUMMED_FACTS {
        return None;
    }
    let chosen =
        |choice: u32| facts.iter().enumerate().filter(move |(bit, _)| choice >> bit & 1 == 1).map(|(_, fact)| *fact);
    let fits = |choice: &u32| {
        choice.count_ones() > 1 && chosen(*choice).map(|(_, amount)| amount).sum::<Amount>() == -correction.amount
    };
    let best = (1_u32..1 << facts.len()).filter(fits).min_by_key(|choice| (choice.count_ones(), *choice))?;
    Some(chosen(best).map(|(place, _)| place).collect())
}

/// Whether `corrects` names a record of the finding: a receipt, a package, or an adjustment's time.
fn names(corrects: &str, finding: &Finding, settings: &Settings) -> bool {
    let named_time = settings.zone.read(corrects).ok();
    let of_receipt = finding.receipt.as_ref().is_some_and(|receipt| receipt.number == corrects);
    !corrects.is_empty()
        && (of_receipt
            || finding.evidence.iter().any(|record| {
                record.reference == corrects
                    || record.at.zip(named_time).is_some_and(|(at, named)| at.distance(named).is_zero())
            }))
}

/// Corrections that settle no single fact: if the difference is accounted for without them, they did what corrections
/// are for and brought the POS to what the state shows; otherwise each is an adjustment that the state lacks.
fn settle_open_corrections(working: &mut Working, open: Vec<Correction>) {
    let corrected: Amount = open.iter().map(|correction| correction.amount).sum();
    if working.rest() != corrected || corrected.is_zero() {
        return;
    }
    for correction in open {
        let finding = Finding::new(Cause::AdjustmentOnlyInPos, correction.amount, 900, vec![correction.evidence]);
        working.explained.findings.push(finding);
    }
}
