//! The answers are right: on stores of seeds that nothing was tuned to, by the truth of the simulation and by a second
//! reading that shares no code with the first.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use trueup_bench::{Score, disagreements, found_in, judged};
use trueup_sim::{Faults, StateForm, StoreOptions, Truth, write_store};

fn stores(options: impl Fn(u64) -> StoreOptions, seeds: std::ops::Range<u64>, with_judge: bool) -> Score {
    let mut score = Score::default();
    for seed in seeds {
        let folder = tempfile::tempdir().unwrap();
        let truth = write_store(&options(seed), folder.path(), &mut |_, _| {}).unwrap();
        assert_eq!(Truth::read(folder.path()).unwrap(), truth, "the file says what was returned");
        let found = found_in(folder.path()).unwrap();
        score.add(&truth, &found);
        if with_judge {
            let apart = disagreements(&found, &judged(folder.path()).unwrap());
            assert!(apart.is_empty(), "seed {seed}: the two readings disagree:\n{}", apart.join("\n"));
        }
    }
    score
}

/// What the answers have to reach on stores that nothing was tuned to.
fn hold(score: &Score) {
    assert!(score.discrepant > 0 && score.honest > 0, "nothing was measured:\n{score}");
    assert!(score.precision().is_at_least(998), "{score}");
    assert!(score.recall().is_at_least(998), "{score}");
    assert!(score.in_full().is_at_least(998), "{score}");
    assert_eq!(score.false_alarms, 0, "{score}");
    assert_eq!(score.steps_forbidden, 0, "{score}");
    assert_eq!(score.steps_missing, 0, "{score}");
    assert_eq!(score.sums_wrong, 0, "{score}");
}

fn busy(seed: u64) -> StoreOptions {
    StoreOptions { faults: Faults::Share { parts: 3, of: 100 }, ..StoreOptions::new(seed) }
}

#[test]
fn fifty_stores_are_explained_in_full() {
    hold(&stores(busy, 770_000..770_050, true));
}

#[test]
fn stores_as_tables_are_explained_in_full() {
    hold(&stores(|seed| StoreOptions { state_form: StateForm::Tables, ..busy(seed) }, 771_000..771_020, false));
}

#[test]
fn crowded_stores_are_explained_in_full() {
    let crowded = |seed| StoreOptions { packages: 60, receipts: 2_100, lines: 4_600, ..busy(seed) };
    hold(&stores(crowded, 772_000..772_006, false));
}

#[test]
fn honest_life_is_no_discrepancy() {
    let honest = |seed| StoreOptions { faults: Faults::Counts(BTreeMap::new()), ..StoreOptions::new(seed) };
    let score = stores(honest, 773_000..773_030, true);
    assert_eq!((score.discrepant, score.false_alarms), (0, 0), "{score}");
    assert!(score.honest > 5_000, "{score}");
}

#[test]
fn every_mistake_is_found_alone() {
    for name in trueup_sim::mistake_names() {
        let alone = |seed| StoreOptions {
            faults: Faults::Counts(BTreeMap::from([(name.to_owned(), 3)])),
            ..StoreOptions::new(seed)
        };
        let score = stores(alone, 774_000..774_003, true);
        assert!(score.discrepant > 0, "{name} was never planted");
        assert_eq!(score.right_in_full, score.discrepant, "{name}: {score}");
        assert_eq!(score.false_alarms + score.steps_forbidden + score.steps_missing, 0, "{name}: {score}");
    }
}
