//! Small questions about two books' lines: does this number name that receipt, is this rounding, is it another unit.

use super::Line;
use crate::number::{Dimension, Exact};

/// Whether an external number names a POS receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    No,
    /// Prefixed or padded.
    Dressed,
    Exact,
}

/// "the POS receipt that its external number names, also when that is prefixed or padded ("POS7-88412", "00088412")"
pub(crate) fn names(external: &str, number: &str) -> Naming {
    if !may_end_with(external.trim(), number.trim()) {
        return Naming::No;
    }
    let (external, number) = (external.trim().to_lowercase(), number.trim().to_lowercase());
    if external.is_empty() || number.is_empty() {
        return Naming::No;
    }
    if external == number {
        return Naming::Exact;
    }
    match prefix(&external, &number) {
        Some(_) => Naming::Dressed,
        None => Naming::No,
    }
}

/// A cheap look first: a number that is named stands at the end, whatever the case of its letters.
fn may_end_with(external: &str, number: &str) -> bool {
    let bare = number.trim_start_matches('0').as_bytes();
    let end = external.len().checked_sub(bare.len()).and_then(|start| external.as_bytes().get(start..));
    !external.is_ascii() || !number.is_ascii() || end.is_some_and(|end| end.eq_ignore_ascii_case(bare))
}

/// What stands before the number, when the rest is the number, padded or not.
fn prefix<'a>(external: &'a str, number: &str) -> Option<&'a str> {
    let bare = number.trim_start_matches('0');
    if bare.is_empty() {
        return None;
    }
    let before = external.strip_suffix(bare)?.trim_end_matches('0');
    let digits_follow = bare.starts_with(|first: char| first.is_ascii_digit());
    match before.chars().last() {
        None => Some(before),
        Some(last) if !last.is_alphanumeric() => Some(before),
        Some(last) if last.is_alphabetic() && digits_follow => Some(before),
        Some(_) => None,
    }
}

/// The till that a number's prefix names.
pub(super) fn till_of(external: &str, number: &str) -> String {
    let (external, number) = (external.trim().to_lowercase(), number.trim().to_lowercase());
    let before = prefix(&external, &number).unwrap_or_default();
    before.trim_end_matches(|last: char| !last.is_alphanumeric()).to_owned()
}

/// "a line that differs by at most half of the last decimal as written there, and by at most 0.05 g or ml (pieces never),
/// is cause `rounding`"
pub(super) fn is_rounding(pos: &[Line], state: &[Line]) -> bool {
    if state.iter().any(|line| line.written.unit.dimension() == Dimension::Count) {
        return false;
    }
    if sum(pos) == sum(state) {
        return false;
    }
    within_rounding(sum(pos) - sum(state), pos, state) || line_by_line(pos, state)
}

/// Half of the last decimal of whichever side is written more coarsely.
fn within_rounding(difference: Exact, pos: &[Line], state: &[Line]) -> bool {
    const LIMIT: i128 = 50_000_000_000;
    let coarse = |lines: &[Line]| {
        let measured = lines.iter().filter(|line| line.written.unit.dimension() != Dimension::Count);
        measured.filter_map(|line| line.written.last_decimal()).map(Exact::size).max().unwrap_or(0)
    };
    let last = coarse(pos).max(coarse(state));
    difference.size() * 2 <= last && difference.size() <= LIMIT
}

/// Several lines that each differ by rounding only.
fn line_by_line(pos: &[Line], state: &[Line]) -> bool {
    if pos.len() != state.len() || pos.len() < 2 {
        return false;
    }
    let sorted = |lines: &'_ [Line]| {
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|index| lines.get(*index).map(|line| line.amount));
        order
    };
    sorted(pos).into_iter().zip(sorted(state)).all(|(left, right)| match (pos.get(left), state.get(right)) {
        (Some(a), Some(b)) => within_rounding(a.amount - b.amount, std::slice::from_ref(a), std::slice::from_ref(b)),
        _ => false,
    })
}

/// "the same number in another unit"
pub(super) fn same_number_other_unit(pos: &[Line], state: &[Line]) -> bool {
    let (Some(first), Some(other)) = (pos.first(), state.first()) else { return false };
    let one_unit = |lines: &[Line], unit| lines.iter().all(|line| line.written.unit == unit);
    let number = |lines: &[Line]| lines.iter().fold(0_i128, |sum, line| sum.saturating_add(line.written.number));
    first.written.unit != other.written.unit
        && one_unit(pos, first.written.unit)
        && one_unit(state, other.written.unit)
        && number(pos) == number(state)
        && number(pos) != 0
        && sum(pos) != sum(state)
}

fn sum(lines: &[Line]) -> Exact {
    lines.iter().map(|line| line.amount).sum()
}

/// The subsets of places `0..count` in order of size, then of place. Beyond twelve places only the whole and the singles.
pub(super) fn subsets(count: usize) -> Vec<Vec<usize>> {
    if count > 12 {
        let mut some: Vec<Vec<usize>> = (0..count).map(|place| vec![place]).collect();
        some.push((0..count).collect());
        return some;
    }
    let mut all: Vec<Vec<usize>> =
        (1_usize..1 << count).map(|mask| (0..count).filter(|place| mask >> place & 1 == 1).collect()).collect();
    all.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_dressed_up() {
        assert_eq!(names("88412", "88412"), Naming::Exact);
        for dressed in ["POS7-88412", "00088412", "POS7-00088412", "R#88412", "R88412"] {
            assert_eq!(names(dressed, "88412"), Naming::Dressed, "{dressed}");
        }
        for other in ["188412", "POS1088412", "88413", "", "884120"] {
            assert_eq!(names(other, "88412"), Naming::No, "{other}");
        }
        assert_eq!(till_of("T2-0101", "101"), "t2");
    }

    #[test]
    fn subsets_come_small_first() {
        assert_eq!(subsets(2), vec![vec![0], vec![1], vec![0, 1]]);
    }
}
