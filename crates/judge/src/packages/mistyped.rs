//! Mistyped tags.

use crate::balance::Balances;
use crate::findings::Findings;
use crate::number::Exact;
use crate::read::Store;

/// "A mistyped tag is one or two characters off (or two neighbours swapped), the same item, the same quantity, and neither
/// tag has a life of its own on the other side."
pub(super) fn judge(store: &Store, balances: &Balances, findings: &mut Findings) {
    let tags = balances.tags();
    let only_pos: Vec<&String> = tags
        .iter()
        .filter(|tag| balances.in_pos(tag) && !balances.state_knows(tag))
        .filter(|tag| balances.rest(findings, tag) > Exact::ZERO)
        .collect();
    let only_state: Vec<&String> =
        tags.iter().filter(|tag| balances.in_state(tag) && !balances.pos_knows(tag)).collect();
    let mut pairs = Vec::new();
    for pos in &only_pos {
        for state in &only_state {
            let same_quantity = balances.rest(findings, pos) == -balances.rest(findings, state);
            if let Some(steps) = steps_apart(pos, state)
                && same_quantity
                && same_item(store, pos, state)
            {
                pairs.push((steps, (*pos).clone(), (*state).clone()));
            }
        }
    }
    for (steps, pos, state) in &pairs {
        let rival = |other: &(usize, String, String)| (other.1 == *pos) != (other.2 == *state) && other.0 <= *steps;
        if pairs.iter().any(rival) {
            continue;
        }
        let amount = balances.rest(findings, pos);
        let at = store.config.window_start;
        findings.add(pos, "tag_mistyped", amount, at, &[state]);
        findings.add(state, "tag_mistyped", -amount, at, &[pos]);
        findings.mistyped.insert(pos.clone(), state.clone());
    }
}

/// How many characters differ, where it is one, two, or two neighbours swapped (which counts as one slip).
fn steps_apart(a: &str, b: &str) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return None;
    }
    let off: Vec<usize> = (0..a.len()).filter(|place| a.get(*place) != b.get(*place)).collect();
    match off.as_slice() {
        [_] => Some(1),
        [first, second]
            if *second == first + 1 && a.get(*first) == b.get(*second) && a.get(*second) == b.get(*first) =>
        {
            Some(1)
        }
        [_, _] => Some(2),
        _ => None,
    }
}

/// By the POS's product name, else by what the state calls the other packages of the same SKU.
fn same_item(store: &Store, pos: &str, state: &str) -> bool {
    let Some(item) = store.item(state) else { return false };
    if store.product_names(pos).contains(&item) {
        return true;
    }
    let skus = store.skus(pos);
    let others = store.inventory.iter().filter(|row| row.tag != pos && skus.contains(row.sku.as_str()));
    others.filter_map(|row| store.item(&row.tag)).any(|name| name == item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_one_or_two_characters() {
        assert_eq!(steps_apart("1A400000", "1A400001"), Some(1));
        assert_eq!(steps_apart("1A400012", "1A400021"), Some(1));
        assert_eq!(steps_apart("1A400012", "1A410013"), Some(2));
        assert_eq!(steps_apart("1A400012", "1A411113"), None);
        assert_eq!(steps_apart("1A400012", "1A400012"), None);
    }
}
