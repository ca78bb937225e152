//! Which sale is it? Giving each state receipt to the POS receipt that it belongs to: by the id that the POS was told, by
//! number, by the number's core, by time.

use super::{DAYS_APART, PosSale, SAME_SALE, StateReceipt};
use crate::explain::pairing::{Moment, pair_in_time};
use crate::{Amount, Settings};
use jiff::{SignedDuration, Timestamp};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use trueup_core::{Book, CustomerType, Decimal, Movement, SaleLine, When};

/// Where to find the sales that a receipt may belong to, without looking at each.
struct SaleIndex<'a> {
    by_state_receipt: FxHashMap<&'a str, Vec<usize>>,
    by_number: FxHashMap<&'a str, Vec<usize>>,
    by_core: FxHashMap<&'a str, Vec<usize>>,
    by_time: Vec<(Timestamp, usize)>,
}

impl<'a> SaleIndex<'a> {
    fn new(sales: &[PosSale<'a>]) -> Self {
        let mut index = Self {
            by_state_receipt: FxHashMap::default(),
            by_number: FxHashMap::default(),
            by_core: FxHashMap::default(),
            by_time: Vec::with_capacity(sales.len()),
        };
        for (place, sale) in sales.iter().enumerate() {
            index.by_number.entry(sale.number).or_default().push(place);
            index.by_core.entry(sale.core).or_default().push(place);
            index.by_time.push((sale.when().moment(), place));
            for (_, line) in sale.lines.iter().filter(|(_, line)| !line.state_receipt.is_empty()) {
                let places = index.by_state_receipt.entry(line.state_receipt.as_str()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        index.by_time.sort_unstable();
        index
    }

    /// Sales within [`SAME_SALE`] of some moment that is meant.
    fn near(&self, when: When) -> impl Iterator<Item = usize> {
        let (first, last) = when.bounds();
        let from = first.saturating_sub(SAME_SALE).unwrap_or(first);
        let to = last.saturating_add(SAME_SALE).unwrap_or(last);
        let start = self.by_time.partition_point(|(at, _)| *at < from);
        self.by_time[start..].iter().take_while(move |(at, _)| *at <= to).map(|(_, place)| *place)
    }
}

fn places<'m>(map: &'m FxHashMap<&str, Vec<usize>>, key: &str) -> &'m [usize] {
    if key.is_empty() { &[] } else { map.get(key).map_or(&[], Vec::as_slice) }
}

/// A receipt that carries the time of its sale carries it to the second, give or take how it was rounded and sent.
const SAME_TIME: SignedDuration = SignedDuration::from_secs(5);

/// Whether the receipt is of a sale that was made after the POS's snapshot was taken: it is no further receipt of an
/// earlier sale. One that was recorded before the snapshot only tells its time wrong.
fn is_ahead(receipt: &StateReceipt<'_>, settings: &Settings) -> bool {
    let (line, sale) = receipt.head();
    settings.after_snapshot(line.when, Book::Pos) && sale.recorded.is_none_or(|at| at > settings.pos_as_of)
}

/// Gives each state receipt to its sale; returns those that belong to none.
pub(super) fn assign<'a>(
    sales: &mut [PosSale<'a>],
    receipts: Vec<StateReceipt<'a>>,
    settings: &Settings,
) -> Vec<StateReceipt<'a>> {
    let index = SaleIndex::new(sales);
    let by_link = assign_named(sales, receipts, settings, |receipt| {
        let (line, facts) = receipt.head();
        let by_id = places(&index.by_state_receipt, &line.reference);
        (if by_id.is_empty() { places(&index.by_state_receipt, &facts.state_number) } else { by_id }, u32::MAX)
    });
    let by_number = assign_named(sales, by_link, settings, |receipt| {
        (places(&index.by_number, receipt.head().1.number.as_str()), DAYS_APART)
    });
    let by_core = assign_named(sales, by_number, settings, |receipt| {
        (places(&index.by_core, receipt.head().1.number.core()), DAYS_APART)
    });
    let (numberless, unmatched): (Vec<_>, Vec<_>) =
        by_core.into_iter().partition(|receipt| receipt.head().1.number.is_empty());
    let mut rest = assign_alike(sales, numberless);
    rest = assign_by_time(sales, &index, rest, false);
    make_room(sales, &index, &rest, settings);
    rest = assign_alike(sales, rest);
    let (ahead, rest) = rest.into_iter().partition(|receipt| is_ahead(receipt, settings));
    let mut rest = assign_by_time(sales, &index, rest, true);
    rest.extend::<Vec<_>>(ahead);
    rest.extend(unmatched);
    rest.sort_by(|a, b| (a.head().0.when, a.age_key()).cmp(&(b.head().0.when, b.age_key())));
    rest
}

/// Gives each receipt to the sale that it names. `candidates` are the sales of that name and how many business days
/// apart they may be. Where several fit (numbers restart by day or till), the sale's own time tells first, then the
/// quantity, then the nearest time.
fn assign_named<'a, 'i>(
    sales: &mut [PosSale<'a>],
    receipts: Vec<StateReceipt<'a>>,
    settings: &Settings,
    candidates: impl Fn(&StateReceipt<'a>) -> (&'i [usize], u32),
) -> Vec<StateReceipt<'a>> {
    let mut pairs = Vec::new();
    for (index, receipt) in receipts.iter().enumerate() {
        let (named, days_apart) = candidates(receipt);
        let quantity = receipt.active() + receipt.archived();
        let when = receipt.head().0.when;
        let fits = named.iter().map(|place| {
            let sale = &sales[*place];
            let (days, distance) = (sale.when().days_apart(when, &settings.zone), sale.when().distance(when));
            (days, distance > SAME_SALE, distance, index, *place)
        });
        let ahead = days_apart != u32::MAX && is_ahead(receipt, settings);
        let fits: Vec<_> = fits.filter(|(days, apart, ..)| *days <= days_apart && !(ahead && *apart)).collect();
        let nearest_day = fits.iter().map(|(days, ..)| *days).min();
        // Two tills count alike: a part of the sale of this very time is not all of another's.
        let of_this_time = fits.iter().any(|(_, _, distance, ..)| *distance <= SAME_TIME);
        let fits = fits.into_iter().filter(|(_, _, distance, ..)| !of_this_time || *distance <= SAME_TIME);
        let of_quantity = |place: usize| sales[place].quantity() == quantity;
        pairs.extend(fits.filter(|(days, .., place)| Some(*days) == nearest_day && of_quantity(*place)));
    }
    pairs.sort_unstable();
    let mut taken = vec![false; receipts.len()];
    for (.., index, place) in pairs {
        if !taken[index] && sales[place].receipts.is_empty() {
            taken[index] = true;
            sales[place].receipts.push(receipts[index].clone());
        }
    }
    let rest = receipts.into_iter().zip(taken).filter(|(_, taken)| !taken).map(|(receipt, _)| receipt).collect();
    assign_nearest(sales, rest, settings, candidates)
}

/// Receipts that no open sale of their quantity and name was left for: parts of one, edited ones, further ones. The same
/// day, the same minutes, not yet full, nearest.
fn assign_nearest<'a, 'i>(
    sales: &mut [PosSale<'a>],
    receipts: Vec<StateReceipt<'a>>,
    settings: &Settings,
    candidates: impl Fn(&StateReceipt<'a>) -> (&'i [usize], u32),
) -> Vec<StateReceipt<'a>> {
    let mut rest = Vec::new();
    for receipt in receipts {
        let when = receipt.head().0.when;
        let (named, days_apart) = candidates(&receipt);
        let ahead = days_apart != u32::MAX && is_ahead(&receipt, settings);
        let best = named
            .iter()
            .map(|place| {
                let sale = &sales[*place];
                let distance = sale.when().distance(when);
                let days = sale.when().days_apart(when, &settings.zone);
                (days, distance > SAME_SALE, sale.is_full(), distance, *place)
            })
            .filter(|(days, apart, is_full, ..)| *days <= days_apart && !(ahead && (*apart || *is_full)))
            .min();
        match best {
            Some((.., place)) => sales[place].receipts.push(receipt),
            None => rest.push(receipt),
        }
    }
    rest
}

/// A receipt without a number that finds the sale of its minutes taken by a numbered one: where another sale of that
/// number and quantity is open on that day (two tills count alike), the numbered one is that other sale's.
fn make_room<'a>(sales: &mut [PosSale<'a>], index: &SaleIndex<'a>, receipts: &[StateReceipt<'a>], settings: &Settings) {
    for receipt in receipts {
        let quantity = receipt.active() + receipt.archived();
        let near: Vec<usize> = index.near(receipt.head().0.when).collect();
        for place in near {
            let [taken] = sales[place].receipts.as_slice() else { continue };
            let moves =
                !taken.head().1.number.is_empty() && taken.active() == quantity && sales[place].quantity() == quantity;
            let when = taken.head().0.when;
            let other = places(&index.by_core, sales[place].core).iter().copied().find(|other| {
                let sale = &sales[*other];
                sale.receipts.is_empty() && sale.quantity() == quantity && sale.when().same_day(when, &settings.zone)
            });
            if let Some(other) = other.filter(|_| moves) {
                let moved = std::mem::take(&mut sales[place].receipts);
                sales[other].receipts = moved;
                break;
            }
        }
    }
}

/// A sale or receipt on its way to being paired: its moment, what tells it from others of that moment, its place.
type Alike = (Timestamp, (Option<bool>, Option<i128>), usize);

/// What tells a sale from others of its second: who bought, and for how much.
fn likeness(lines: &[(&Movement, &SaleLine)]) -> (Option<bool>, Option<i128>) {
    let medical = lines.first().and_then(|(_, line)| line.customer).map(CustomerType::is_medical);
    let price = |(_, line): &(&Movement, &SaleLine)| -> Option<i128> {
        let price = line.price?.0;
        let finer = u32::from(Decimal::MAX_SCALE.checked_sub(price.scale())?);
        i128::from(price.mantissa()).checked_mul(10_i128.checked_pow(finer)?)
    };
    (medical, lines.iter().map(price).sum())
}

/// Receipts without a number and sales of the same quantity that nothing was reported of yet. Those of one moment are
/// taken in the order of what else they say, so that like meets like.
fn assign_alike<'a>(sales: &mut [PosSale<'a>], receipts: Vec<StateReceipt<'a>>) -> Vec<StateReceipt<'a>> {
    let mut open: BTreeMap<Amount, (Vec<Alike>, Vec<Alike>)> = BTreeMap::new();
    for (place, sale) in sales.iter().enumerate().filter(|(_, sale)| sale.receipts.is_empty()) {
        let alike = (sale.when().moment(), likeness(&sale.lines), place);
        open.entry(sale.quantity()).or_default().0.push(alike);
    }
    for (index, receipt) in receipts.iter().enumerate() {
        if let Some((sold, reported)) = open.get_mut(&(receipt.active() + receipt.archived())) {
            // Of a time that exists twice, the pass that a sale is nearest to is meant.
            let (first, last) = receipt.head().0.when.bounds();
            let apart = |at: Timestamp| sold.iter().map(|(sold, ..)| sold.duration_since(at).abs()).min();
            let at = if first != last && apart(last) < apart(first) { last } else { first };
            reported.push((at, likeness(&receipt.lines), index));
        }
    }
    let mut taken = vec![false; receipts.len()];
    for (mut sold, mut reported) in open.into_values() {
        sold.sort_unstable();
        reported.sort_unstable();
        let moments =
            |list: &[Alike]| -> Vec<Moment> { list.iter().enumerate().map(|(rank, (at, ..))| (*at, rank)).collect() };
        for (our, their) in pair_in_time(&moments(&sold), &moments(&reported), SAME_SALE) {
            let (place, index) = (sold[our].2, reported[their].2);
            taken[index] = true;
            sales[place].receipts.push(receipts[index].clone());
        }
    }
    receipts.into_iter().zip(taken).filter(|(_, taken)| !taken).map(|(receipt, _)| receipt).collect()
}

/// Receipts without a number: the nearest sale of the same minutes, those of equal quantity first.
fn assign_by_time<'a>(
    sales: &mut [PosSale<'a>],
    sale_index: &SaleIndex<'a>,
    receipts: Vec<StateReceipt<'a>>,
    also_full: bool,
) -> Vec<StateReceipt<'a>> {
    let mut pairs = Vec::new();
    for (index, receipt) in receipts.iter().enumerate() {
        let quantity = receipt.active() + receipt.archived();
        for place in sale_index.near(receipt.head().0.when) {
            let sale = &sales[place];
            let distance = sale.when().distance(receipt.head().0.when);
            if distance <= SAME_SALE && (also_full || !sale.is_full()) {
                pairs.push((quantity != sale.quantity(), distance, index, place));
            }
        }
    }
    pairs.sort_unstable();
    let mut taken = vec![false; receipts.len()];
    for (_, _, index, place) in pairs {
        if !taken[index] && (also_full || !sales[place].is_full()) {
            taken[index] = true;
            sales[place].receipts.push(receipts[index].clone());
        }
    }
    receipts.into_iter().zip(taken).filter(|(_, taken)| !taken).map(|(receipt, _)| receipt).collect()
}
