//! Pairing records of two books that are alike but for their time.

use jiff::{SignedDuration, Timestamp};

/// A record's moment and its place in its own list.
pub(super) type Moment = (Timestamp, usize);

/// Pairs records of two books within `limit`, each once, as `(our place, their place)`.
///
/// Nearest first; but where that leaves some without a partner and pairing a run in the order of time leaves fewer (a
/// clock that is off, a busy minute), the order of time decides. Runs are apart by more than `limit`.
pub(super) fn pair_in_time(ours: &[Moment], theirs: &[Moment], limit: SignedDuration) -> Vec<(usize, usize)> {
    let mut all: Vec<(Timestamp, bool, usize)> = Vec::with_capacity(ours.len() + theirs.len());
    all.extend(ours.iter().map(|(at, place)| (*at, true, *place)));
    all.extend(theirs.iter().map(|(at, place)| (*at, false, *place)));
    all.sort_unstable();
    let together = |a: &(Timestamp, bool, usize), b: &(Timestamp, bool, usize)| b.0.duration_since(a.0) <= limit;
    all.chunk_by(together)
        .flat_map(|run| {
            let of = |wanted: bool| -> Vec<Moment> {
                run.iter().filter(|(_, is_ours, _)| *is_ours == wanted).map(|(at, _, place)| (*at, *place)).collect()
            };
            pair_run(&of(true), &of(false), limit)
        })
        .collect()
}

fn pair_run(ours: &[Moment], theirs: &[Moment], limit: SignedDuration) -> Vec<(usize, usize)> {
    let nearest = pair_nearest(ours, theirs, limit);
    if nearest.len() == ours.len().min(theirs.len()) {
        return nearest;
    }
    let in_order = pair_in_order(ours, theirs, limit);
    if in_order.len() > nearest.len() { in_order } else { nearest }
}

fn pair_nearest(ours: &[Moment], theirs: &[Moment], limit: SignedDuration) -> Vec<(usize, usize)> {
    let mut near = Vec::new();
    let mut first = 0;
    for (our, (our_at, _)) in ours.iter().enumerate() {
        while theirs.get(first).is_some_and(|(at, _)| our_at.duration_since(*at) > limit) {
            first += 1;
        }
        for (their, (their_at, _)) in theirs.iter().enumerate().skip(first) {
            let apart = their_at.duration_since(*our_at);
            if apart > limit {
                break;
            }
            near.push((apart.abs(), our, their));
        }
    }
    near.sort_unstable();
    let mut taken = (vec![false; ours.len()], vec![false; theirs.len()]);
    let mut pairs = Vec::new();
    for (_, our, their) in near {
        if !taken.0[our] && !taken.1[their] {
            (taken.0[our], taken.1[their]) = (true, true);
            pairs.push((ours[our].1, theirs[their].1));
        }
    }
    pairs
}

/// The first of one with the first of the other that is near enough: no pairing has more pairs.
fn pair_in_order(ours: &[Moment], theirs: &[Moment], limit: SignedDuration) -> Vec<(usize, usize)> {
    let mut theirs = theirs.iter().peekable();
    let mut pairs = Vec::new();
    for (our_at, our) in ours {
        while theirs.next_if(|(at, _)| our_at.duration_since(*at) > limit).is_some() {}
        if let Some((_, their)) = theirs.next_if(|(at, _)| at.duration_since(*our_at) <= limit) {
            pairs.push((*our, *their));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: SignedDuration = SignedDuration::from_secs(120);

    fn moments(seconds: &[i64]) -> Vec<Moment> {
        let mut sorted = seconds.to_vec();
        sorted.sort_unstable();
        sorted.iter().enumerate().map(|(place, second)| (Timestamp::from_second(*second).unwrap(), place)).collect()
    }

    #[test]
    fn nearest_first_unless_that_strands_some() {
        assert_eq!(pair_in_time(&moments(&[0, 60]), &moments(&[60]), LIMIT), [(1, 0)]);
        assert_eq!(pair_in_time(&moments(&[0, 90, 180]), &moments(&[80, 170, 260]), LIMIT), [(0, 0), (1, 1), (2, 2)]);
        assert_eq!(pair_in_time(&moments(&[0]), &moments(&[121]), LIMIT), []);
    }

    /// The largest pairing, by trying all.
    fn most_pairs(ours: &[i64], theirs: &[i64]) -> usize {
        let Some((first, rest)) = ours.split_first() else { return 0 };
        let mut best = most_pairs(rest, theirs);
        for (place, their) in theirs.iter().enumerate() {
            if (first - their).abs() <= 120 {
                let mut left = theirs.to_vec();
                left.remove(place);
                best = best.max(1 + most_pairs(rest, &left));
            }
        }
        best
    }

    proptest! {
        #[test]
        fn as_many_as_can_be_are_paired(
            ours in prop::collection::vec(0_i64..900, 0..6),
            theirs in prop::collection::vec(0_i64..900, 0..6),
        ) {
            let (our_moments, their_moments) = (moments(&ours), moments(&theirs));
            let pairs = pair_in_time(&our_moments, &their_moments, LIMIT);
            prop_assert_eq!(pairs.len(), most_pairs(&ours, &theirs));
            for (our, their) in pairs {
                let apart = our_moments[our].0.duration_since(their_moments[their].0).abs();
                prop_assert!(apart <= LIMIT);
            }
        }
    }
}
