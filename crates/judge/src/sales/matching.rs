//! Which state line belongs to which sale.

use super::compare::{Naming, is_rounding, names, same_number_other_unit, subsets, till_of};
use super::{Books, PosSale, StateSale};
use crate::findings::Findings;
use crate::number::Exact;
use crate::read::{Store, plain};
use crate::time::{MINUTE, day, days_apart};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// A sale and a state line that may belong together.
#[derive(Clone, Copy)]
struct Pair {
    sale: usize,
    line: usize,
    distance: i128,
    void: bool,
}

/// How a state line fits what a sale still lacks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It is all that is lacking.
    Whole,
    /// It is all that is lacking, but for rounding or the unit.
    Nearly,
    /// It is a part of what is lacking.
    Part,
    None,
}

/// "Without a number: same tag, nearest time within 2 minutes"
const NEAR: i128 = 2 * MINUTE;

/// Sales and state lines by package.
fn by_package(books: &Books<'_>) -> BTreeMap<String, (Vec<usize>, Vec<usize>)> {
    let mut packages: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, sale) in books.pos.iter().enumerate() {
        packages.entry(sale.tag.clone()).or_default().0.push(index);
    }
    for (index, line) in books.state.iter().enumerate() {
        packages.entry(line.tag.clone()).or_default().1.push(index);
    }
    packages
}

/// The tills that the POS names.
fn tills(books: &Books<'_>) -> BTreeSet<String> {
    books.pos.iter().map(|sale| sale.terminal.to_lowercase()).filter(|till| !till.is_empty()).collect()
}

/// The days on which a state line may have been sold: a local time that exists twice may be either.
fn days(line: &StateSale, store: &Store) -> (Date, Date) {
    (line.at.day(&store.config.zone), day(line.at.last(), &store.config.zone))
}

/// "numbers may restart by day or till, so the business day (±1) must fit"
fn day_fits(sale: &PosSale, line: &StateSale, store: &Store) -> bool {
    let (first, last) = days(line, store);
    days_apart(sale.day, first) <= 1 || days_apart(sale.day, last) <= 1
}

fn same_day(sale: &PosSale, line: &StateSale, store: &Store) -> bool {
    let (first, last) = days(line, store);
    sale.day == first || sale.day == last
}

/// How the line's number names the sale. A prefix that is one of the tills names only that till's receipts.
fn naming(sale: &PosSale, line: &StateSale, tills: &BTreeSet<String>) -> Naming {
    let found = names(&line.number, &sale.number);
    let till = if found == Naming::Dressed { till_of(&line.number, &sale.number) } else { String::new() };
    if !till.is_empty() && tills.contains(&till) && sale.terminal.to_lowercase() != till { Naming::No } else { found }
}

/// The sales of a line's package that its number names, nearest first.
fn numbered_pairs(books: &Books<'_>, sales: &[usize], line: usize, tills: &BTreeSet<String>) -> Vec<Pair> {
    let Some(state) = books.state.get(line) else { return vec![] };
    let named = |sale: &PosSale| match naming(sale, state, tills) {
        Naming::No => Naming::No,
        found if day_fits(sale, state, books.store) => found,
        _ => Naming::No,
    };
    let of = |index: &usize| books.pos.get(*index).map(|sale| (*index, sale, named(sale)));
    let candidates: Vec<_> = sales.iter().filter_map(of).filter(|(_, _, found)| *found != Naming::No).collect();
    let best = candidates.iter().map(|(_, _, found)| *found).max().unwrap_or(Naming::No);
    let candidates: Vec<_> = candidates.into_iter().filter(|(_, _, found)| *found == best).collect();
    // A line is not handed to a sale of another day when a sale of its own day is nearer.
    let own = candidates.iter().filter(|(_, sale, _)| same_day(sale, state, books.store));
    let own = own.map(|(_, sale, _)| state.at.distance(sale.at)).min();
    let near = |sale: &PosSale| {
        same_day(sale, state, books.store) || own.is_none_or(|nearest| state.at.distance(sale.at) < nearest)
    };
    let kept = candidates.into_iter().filter(|(_, sale, _)| near(sale));
    kept.map(|(index, sale, _)| Pair { sale: index, line, distance: state.at.distance(sale.at), void: false }).collect()
}

/// The sales of a line's package within two minutes.
fn numberless_pairs(books: &Books<'_>, sales: &[usize], line: usize) -> Vec<Pair> {
    let Some(state) = books.state.get(line) else { return vec![] };
    let of = |index: &usize| books.pos.get(*index).map(|sale| (*index, sale, state.at.distance(sale.at)));
    let near = sales.iter().filter_map(of).filter(|(_, _, distance)| *distance <= NEAR);
    near.map(|(sale, found, distance)| Pair { sale, line, distance, void: found.is_void() }).collect()
}

/// What a sale still lacks of its quantity in the state.
fn lacking(books: &Books<'_>, sale: &PosSale) -> Exact {
    let has: Exact = sale.live.iter().filter_map(|line| books.state.get(*line)).map(StateSale::amount).sum();
    sale.gross() - has
}

fn fit(books: &Books<'_>, pair: Pair) -> Fit {
    let (Some(sale), Some(line)) = (books.pos.get(pair.sale), books.state.get(pair.line)) else { return Fit::None };
    if line.taken {
        return Fit::None;
    }
    let lacking = lacking(books, sale);
    if lacking <= Exact::ZERO {
        Fit::None
    } else if line.amount() == lacking {
        Fit::Whole
    } else if sale.live.is_empty()
        && (is_rounding(&sale.lines, &line.lines) || same_number_other_unit(&sale.lines, &line.lines))
    {
        Fit::Nearly
    } else if line.amount() < lacking {
        Fit::Part
    } else {
        Fit::None
    }
}

fn take(books: &mut Books<'_>, pair: Pair) {
    if let (Some(sale), Some(line)) = (books.pos.get_mut(pair.sale), books.state.get_mut(pair.line)) {
        line.taken = true;
        if line.archived.is_some() { sale.dead.push(pair.line) } else { sale.live.push(pair.line) }
    }
}

fn is_free(books: &Books<'_>, pair: Pair) -> bool {
    books.state.get(pair.line).is_some_and(|line| !line.taken)
}

/// Hands out the lines that sales lack, nearest first: whole ones, then nearly whole ones, then parts.
fn hand_out(books: &mut Books<'_>, pairs: &[Pair]) {
    loop {
        let wanted = [Fit::Whole, Fit::Nearly, Fit::Part].into_iter();
        let mut found = wanted.filter_map(|want| pairs.iter().copied().find(|pair| fit(books, *pair) == want));
        let Some(pair) = found.next() else { break };
        take(books, pair);
    }
}

/// A line above its sale's quantity still belongs to it, where the sale has nothing else.
fn hand_out_larger(books: &mut Books<'_>, pairs: &[Pair]) {
    for pair in pairs {
        if is_free(books, *pair) && books.pos.get(pair.sale).is_some_and(|sale| sale.live.is_empty()) {
            take(books, *pair);
        }
    }
}

/// "each side with its own as-of": a sale made after the POS's snapshot is not among the POS's; it is no further receipt of
/// an earlier one, and another day's number does not make it one.
fn is_ahead(books: &Books<'_>, line: usize) -> bool {
    let snapshot = books.store.config.pos_as_of;
    let sold_later = |line: &StateSale| line.at.first > snapshot && line.recorded.is_none_or(|at| at > snapshot);
    books.state.get(line).is_some_and(sold_later)
}

/// "A state receipt belongs to the POS receipt that its external number names … the business day (±1) must fit, and the tag"
pub(super) fn numbered(books: &mut Books<'_>) {
    let tills = tills(books);
    for (sales, lines) in by_package(books).into_values() {
        let standing = |line: &&usize| books.state.get(**line).is_some_and(|line| line.archived.is_none());
        let mut pairs: Vec<Pair> =
            lines.iter().filter(standing).flat_map(|line| numbered_pairs(books, &sales, *line, &tills)).collect();
        pairs.retain(|pair| pair.distance <= 2 * MINUTE || !is_ahead(books, pair.line));
        pairs.sort_by_key(|pair| (pair.distance, pair.sale, pair.line));
        hand_out(books, &pairs);
        hand_out_larger(books, &pairs);
        // What nobody lacks is a further receipt of the nearest sale that it names.
        for pair in pairs {
            if is_free(books, pair) && !is_ahead(books, pair.line) {
                take(books, pair);
            }
        }
    }
}

/// "Without a number: same tag, nearest time within 2 minutes, numbered matches first."
pub(super) fn numberless(books: &mut Books<'_>) {
    for (sales, lines) in by_package(books).into_values() {
        let open = |line: &StateSale| line.archived.is_none() && line.number.is_empty() && !line.taken;
        let open: Vec<usize> = lines.into_iter().filter(|line| books.state.get(*line).is_some_and(open)).collect();
        let mut pairs: Vec<Pair> = open.iter().flat_map(|line| numberless_pairs(books, &sales, *line)).collect();
        pairs.sort_by_key(|pair| (pair.void, pair.distance, pair.sale, pair.line));
        hand_out(books, &pairs);
        hand_out_larger(books, &pairs);
        for pair in pairs {
            let alike = |sale: &PosSale, line: &StateSale| sale.gross() == line.amount();
            let same = match (books.pos.get(pair.sale), books.state.get(pair.line)) {
                (Some(sale), Some(line)) => alike(sale, line),
                _ => false,
            };
            if same && is_free(books, pair) && !is_ahead(books, pair.line) {
                take(books, pair);
            }
        }
    }
}

/// Voided lines: to the sale they name, those that nothing standing reports first.
pub(super) fn voided(books: &mut Books<'_>) {
    let tills = tills(books);
    for (sales, lines) in by_package(books).into_values() {
        let is_dead = |line: &usize| books.state.get(*line).is_some_and(|line| line.archived.is_some());
        let dead: Vec<usize> = lines.into_iter().filter(is_dead).collect();
        for line in &dead {
            let bare = books.state.get(*line).is_some_and(|line| line.number.is_empty());
            let pairs = if bare {
                numberless_pairs(books, &sales, *line)
            } else {
                numbered_pairs(books, &sales, *line, &tills)
            };
            let rank = |pair: &Pair| {
                let lacks = books.pos.get(pair.sale).map(|sale| lacking(books, sale)).unwrap_or_default();
                let first = books.pos.get(pair.sale).is_some_and(|sale| sale.dead.is_empty());
                (lacks <= Exact::ZERO, !first, pair.distance, pair.sale)
            };
            if let Some(pair) = pairs.iter().copied().min_by_key(rank) {
                take(books, pair);
            }
        }
    }
}

/// "one sale may be spread over several state receipts or lines"; "Twice is a further receipt for a sale that the state
/// already holds in full": of the standing lines, those that make up the sale are chosen, the earliest first.
pub(super) fn choose_receipts(books: &mut Books<'_>) {
    for index in 0..books.pos.len() {
        let Some(sale) = books.pos.get(index) else { continue };
        let mut live = sale.live.clone();
        live.sort_by_key(|line| {
            let found = books.state.get(*line);
            (found.and_then(|line| line.recorded), found.map(|line| (line.id.len(), line.id.clone())), *line)
        });
        let chosen = choose(books, sale, &live);
        if let Some(sale) = books.pos.get_mut(index) {
            sale.live = live;
            sale.chosen = chosen;
        }
    }
}

fn choose(books: &Books<'_>, sale: &PosSale, live: &[usize]) -> Vec<usize> {
    let lines =
        |subset: &[usize]| -> Vec<usize> { subset.iter().filter_map(|place| live.get(*place).copied()).collect() };
    let amount = |chosen: &[usize]| -> Exact {
        chosen.iter().filter_map(|line| books.state.get(*line)).map(StateSale::amount).sum()
    };
    let subsets: Vec<Vec<usize>> = subsets(live.len()).iter().map(|subset| lines(subset)).collect();
    for target in targets(sale) {
        if let Some(found) = subsets.iter().find(|subset| amount(subset) == target) {
            return found.clone();
        }
    }
    let alike = |line: &&usize| {
        let found = books.state.get(**line);
        found.is_some_and(|line| {
            is_rounding(&sale.lines, &line.lines) || same_number_other_unit(&sale.lines, &line.lines)
        })
    };
    if let Some(line) = live.iter().find(alike) {
        return vec![*line];
    }
    let mut chosen = Vec::new();
    for line in live {
        if amount(&chosen) >= sale.gross() {
            break;
        }
        chosen.push(*line);
    }
    chosen
}

/// What the state may hold of a sale: all of it, what a part void left, what returns left.
fn targets(sale: &PosSale) -> Vec<Exact> {
    let gross = sale.gross();
    let voided: Exact = sale.voids.iter().map(|(_, amount)| *amount).sum();
    let mut targets = vec![gross, gross - voided];
    for subset in subsets(sale.returns.len()) {
        let back: Exact = subset.iter().filter_map(|place| sale.returns.get(*place)).map(|back| back.amount).sum();
        targets.push(gross - back);
    }
    targets.retain(|target| *target > Exact::ZERO);
    targets
}

/// "a POS line and a state line, both left over, of one receipt (by number, or without one within 2 minutes), same item and
/// quantity, on different tags, are `sale_on_other_package`"
pub(super) fn other_package(books: &mut Books<'_>, findings: &mut Findings) {
    let tills = tills(books);
    let mut pairs = Vec::new();
    for (sale_index, sale) in books.pos.iter().enumerate().filter(|(_, sale)| is_left_over(sale)) {
        for (line_index, line) in books.state.iter().enumerate() {
            if line.taken || line.archived.is_some() || line.tag == sale.tag {
                continue;
            }
            let distance = line.at.distance(sale.at);
            let numbered = !line.number.is_empty();
            let one_receipt = match numbered {
                true => naming(sale, line, &tills) != Naming::No && day_fits(sale, line, books.store),
                false => distance <= NEAR,
            };
            if one_receipt && left_over(books, sale).contains(&line.amount()) && same_item(books.store, sale, line) {
                pairs.push((!numbered, distance, sale_index, line_index));
            }
        }
    }
    pairs.sort_unstable();
    for (_, _, sale, line) in pairs {
        report_elsewhere(books, findings, sale, line);
    }
}

fn is_left_over(sale: &PosSale) -> bool {
    !sale.is_void() && sale.dead.is_empty() && (sale.chosen.is_empty() || sale.lines.len() > 1)
}

/// The quantities in which a sale may be left over: all of it, or one of its several lines.
fn left_over(books: &Books<'_>, sale: &PosSale) -> Vec<Exact> {
    let has: Exact = sale.chosen.iter().filter_map(|line| books.state.get(*line)).map(StateSale::amount).sum();
    let left = sale.gross() - sale.voided_by(books.store.config.pos_as_of) - has - sale.elsewhere;
    let mut amounts: Vec<Exact> = sale.lines.iter().map(|line| line.amount).filter(|amount| *amount <= left).collect();
    if sale.chosen.is_empty() {
        amounts.push(left);
    } else {
        amounts.retain(|amount| *amount == left);
    }
    amounts.retain(|amount| *amount > Exact::ZERO);
    amounts
}

/// Both tags hold one item: by the state's names, else by the POS's SKU or product name.
fn same_item(store: &Store, sale: &PosSale, line: &StateSale) -> bool {
    let reported = store.item(&line.tag).or_else(|| Some(plain(&line.product)).filter(|name| !name.is_empty()));
    if let (Some(sold), Some(reported)) = (store.item(&sale.tag), reported.as_ref()) {
        return sold == *reported;
    }
    store.skus(&line.tag).contains(sale.sku.as_str())
        || store.product_names(&sale.tag).iter().any(|name| Some(name) == reported.as_ref())
}

/// "− on the one sold, + on the one reported"
fn report_elsewhere(books: &mut Books<'_>, findings: &mut Findings, sale: usize, line: usize) {
    let left = books.pos.get(sale).map(|sale| left_over(books, sale)).unwrap_or_default();
    let store = books.store;
    let (Some(sale), Some(line)) = (books.pos.get_mut(sale), books.state.get_mut(line)) else { return };
    let amount = line.amount();
    if line.taken || !left.contains(&amount) {
        return;
    }
    line.taken = true;
    sale.elsewhere += amount;
    let name = "sale_on_other_package";
    let (sold, held) = (sale.at <= store.config.pos_as_of, line.held(store));
    if sale.at < store.config.window_start {
        return;
    }
    match (sold, held) {
        (true, true) => {
            findings.add(&sale.tag, name, -amount, sale.at, &[&sale.number, &line.number, &line.id]);
            findings.add(&line.tag, name, amount, sale.at, &[&sale.number, &line.number, &line.id]);
        }
        (true, false) => findings.fly(&sale.tag, -amount),
        (false, true) => findings.fly(&line.tag, amount),
        (false, false) => {}
    }
}
