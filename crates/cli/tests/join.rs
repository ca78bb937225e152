//! Leaving out what both books hold alike changes nothing: the answer and what is said of the files are those of reading
//! every row, with one thread or with two.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use proptest::prelude::*;
use std::fs;
use std::path::Path;
use trueup_intake::{InputError, InputFacts, Join, Options, read_store};
use trueup_reconcile::{Outcome, reconcile};
use trueup_sim::{Faults, StateForm, StoreOptions, write_store};

struct Answer {
    outcome: Outcome,
    inputs: Vec<InputFacts>,
    joined: bool,
}

fn answer(store: &Path, join: Join) -> Result<Answer, InputError> {
    let read = read_store(store, Options { join, ..Options::default() }, &mut |_| {})?;
    let outcome = reconcile(&read.books, &read.settings, &mut |_, _| {});
    Ok(Answer { outcome, inputs: read.inputs, joined: read.joined })
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// Whether the store could be joined; that it gives the same answer is held in any case.
fn is_same(store: &Path, what: &str) -> bool {
    let all = answer(store, Join::Never);
    for threads in [1, 2] {
        let joined = with_threads(threads, || answer(store, Join::Always));
        match (&all, joined) {
            (Ok(all), Ok(joined)) => {
                assert!(!all.joined);
                assert_eq!(all.inputs, joined.inputs, "{what}");
                assert_eq!(all.outcome.packages, joined.outcome.packages, "{what}");
                for (ours, theirs) in all.outcome.discrepancies.iter().zip(&joined.outcome.discrepancies) {
                    assert_eq!(ours, theirs, "{what}");
                }
                assert_eq!(all.outcome, joined.outcome, "{what}");
                if threads == 2 {
                    return joined.joined;
                }
            }
            (Err(all), Err(joined)) => assert_eq!(all.to_string(), joined.to_string(), "{what}"),
            (all, joined) => assert_eq!(all.as_ref().err(), joined.as_ref().err(), "{what}"),
        }
    }
    false
}

fn as_tables(seed: u64) -> StoreOptions {
    StoreOptions {
        faults: Faults::Share { parts: 3, of: 100 },
        state_form: StateForm::Tables,
        ..StoreOptions::new(seed)
    }
}

#[test]
fn simulated_stores_give_the_same_answer() {
    let mut joined = 0;
    for seed in 980_000..980_040 {
        let folder = tempfile::tempdir().unwrap();
        write_store(&as_tables(seed), folder.path(), &mut |_, _| {}).unwrap();
        joined += u32::from(is_same(folder.path(), &format!("seed {seed}")));
    }
    assert!(joined >= 30, "only {joined} of 40 stores were joined: the others show nothing");
}

#[test]
fn windows_line_ends_are_joined_too() {
    let mut joined = 0;
    for seed in 980_100..980_104 {
        let folder = tempfile::tempdir().unwrap();
        write_store(&as_tables(seed), folder.path(), &mut |_, _| {}).unwrap();
        for name in ["pos/sales.csv", "state/sales.csv"] {
            let path = folder.path().join(name);
            let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
            fs::write(path, text).unwrap();
        }
        joined += u32::from(is_same(folder.path(), &format!("seed {seed}")));
    }
    assert!(joined > 0, "no store was joined: this shows nothing");
}

#[test]
fn crowded_stores_give_the_same_answer() {
    for seed in 981_000..981_004 {
        let folder = tempfile::tempdir().unwrap();
        let crowded = StoreOptions { packages: 40, receipts: 2_100, lines: 4_600, ..as_tables(seed) };
        write_store(&crowded, folder.path(), &mut |_, _| {}).unwrap();
        is_same(folder.path(), &format!("seed {seed}"));
    }
}

/// What happens to a row of a table.
#[derive(Debug, Clone)]
enum Damage {
    /// It is gone.
    Remove,
    /// It is there twice.
    Repeat,
    /// It stands elsewhere.
    Move(usize),
    /// A cell is that of another row.
    Take { column: usize, from: usize },
    /// A cell says this.
    Write { column: usize, text: &'static str },
}

const TEXTS: [&str; 12] =
    ["", "1", "0", "2.5", "28.3495", "oz", "g", "n/a", "2026-03-08", "2026-11-01T01:30:00", "POS-7-88412", "\"1\""];

fn damage() -> impl Strategy<Value = (bool, usize, Damage)> {
    let column = 0_usize..10;
    let what = prop_oneof![
        Just(Damage::Remove),
        Just(Damage::Repeat),
        any::<usize>().prop_map(Damage::Move),
        (column.clone(), any::<usize>()).prop_map(|(column, from)| Damage::Take { column, from }),
        (column, 0..TEXTS.len()).prop_map(|(column, text)| Damage::Write { column, text: TEXTS[text] }),
    ];
    (any::<bool>(), any::<usize>(), what)
}

fn apply(rows: &mut Vec<Vec<String>>, row: usize, damage: &Damage) {
    // The header stays.
    let place = |number: usize| 1 + number % (rows.len() - 1);
    let row = place(row);
    match damage {
        Damage::Remove => drop(rows.remove(row)),
        Damage::Repeat => rows.insert(row, rows[row].clone()),
        Damage::Move(to) => {
            let to = place(*to);
            let moved = rows.remove(row);
            rows.insert(to, moved);
        }
        Damage::Take { column, from } => rows[row][*column] = rows[place(*from)][*column].clone(),
        Damage::Write { column, text } => (*text).clone_into(&mut rows[row][*column]),
    }
}

fn rows_of(text: &str) -> Vec<Vec<String>> {
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// What nobody foresaw: rows gone, doubled, moved, cells of other rows. The join answers as the reading of every row
    /// does, or leaves it to that, errors included.
    #[test]
    fn damaged_stores_give_the_same_answer(seed in 0_u64..24, damages in prop::collection::vec(damage(), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let small = StoreOptions { packages: 30, receipts: 60, lines: 150, days: 3, ..as_tables(982_000 + seed) };
        write_store(&small, folder.path(), &mut |_, _| {}).unwrap();
        let paths = [folder.path().join("pos/sales.csv"), folder.path().join("state/sales.csv")];
        for (place, path) in paths.iter().enumerate() {
            let text = fs::read_to_string(path).unwrap();
            prop_assume!(!text.contains(['"', '\r', ';']));
            let mut rows = rows_of(&text);
            for (_, row, damage) in damages.iter().filter(|(in_state, ..)| usize::from(*in_state) == place) {
                apply(&mut rows, *row, damage);
            }
            let lines: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
            fs::write(path, lines.join("\n")).unwrap();
        }
        is_same(folder.path(), &format!("{seed}: {damages:?}"));
    }
}
