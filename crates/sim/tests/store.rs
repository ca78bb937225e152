//! A simulated store is the same every time, as large as asked for, and holds what was asked for.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;
use trueup_sim::{Faults, SimError, StateForm, StoreOptions, write_store};

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn one_seed_one_output() {
    for form in [StateForm::Json, StateForm::Tables] {
        let options = StoreOptions { state_form: form, ..StoreOptions::new(42) };
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let truths = [&one, &two].map(|folder| write_store(&options, folder.path(), &mut |_, _| {}).unwrap());
        assert_eq!(truths[0], truths[1]);
        let (first, second) = (files(one.path()), files(two.path()));
        assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
        assert!(first == second, "the files differ");
        let other = tempfile::tempdir().unwrap();
        write_store(&StoreOptions { seed: 43, ..options }, other.path(), &mut |_, _| {}).unwrap();
        assert!(files(other.path()) != first, "another seed is another store");
    }
}

#[test]
fn the_sizes_are_those_asked_for() {
    let options = StoreOptions { packages: 300, days: 5, receipts: 1_500, lines: 4_000, ..StoreOptions::new(7) };
    let folder = tempfile::tempdir().unwrap();
    let mut days = Vec::new();
    let truth = write_store(&options, folder.path(), &mut |done, all| days.push((done, all))).unwrap();
    assert!(truth.packages >= 300);
    assert_eq!(days.last(), Some(&(6, 6)), "{days:?}");
    let sales = String::from_utf8(files(folder.path()).remove("pos/sales.csv").unwrap()).unwrap();
    let rows: Vec<&str> = sales.lines().skip(1).filter(|row| row.contains(",sale,1A4")).collect();
    // The day before the window and the unfinished last day make it a little more or less.
    assert!((3_600..=5_200).contains(&rows.len()), "{} lines", rows.len());
    let receipts: std::collections::BTreeSet<(&str, &str)> =
        rows.iter().map(|row| (row.split(',').next().unwrap(), row.split(',').nth(2).unwrap())).collect();
    assert!((1_400..=2_000).contains(&receipts.len()), "{} receipts", receipts.len());
}

#[test]
fn mistakes_are_asked_for_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faults.toml");
    std::fs::write(&file, "tag_mistyped = 2\nroom_differs = 1\n").unwrap();
    let faults = Faults::read(file.to_str().unwrap()).unwrap();
    let store = folder.path().join("store");
    let truth = write_store(&StoreOptions { faults, ..StoreOptions::new(5) }, &store, &mut |_, _| {}).unwrap();
    let mut told: Vec<&str> =
        truth.discrepancies.values().flat_map(|it| it.causes.keys()).map(String::as_str).collect();
    told.sort_unstable();
    // A mistyped tag is two packages: the one of each book.
    assert_eq!(told, ["room_differs", "tag_mistyped", "tag_mistyped", "tag_mistyped", "tag_mistyped"]);

    std::fs::write(&file, "tag_mistyped = 2\nsale_not_repotred = 1\n").unwrap();
    let error = Faults::read(file.to_str().unwrap()).unwrap_err();
    assert!(matches!(error, SimError::Faults { .. }));
    let message = error.to_string();
    assert!(message.contains("sale_not_repotred") && message.contains("sale_not_reported"), "{message}");
    assert!(Faults::read("1.5").is_err());
    assert!(Faults::read("no-such-file.toml").is_err());
}

#[test]
fn options_that_no_store_can_have_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let none = StoreOptions { packages: 0, ..StoreOptions::new(1) };
    assert!(matches!(write_store(&none, folder.path(), &mut |_, _| {}), Err(SimError::Options(_))));
    let fewer_lines = StoreOptions { lines: 10, receipts: 20, ..StoreOptions::new(1) };
    assert!(matches!(write_store(&fewer_lines, folder.path(), &mut |_, _| {}), Err(SimError::Options(_))));
    let for_ever = StoreOptions { days: u32::MAX, ..StoreOptions::new(1) };
    assert!(matches!(write_store(&for_ever, folder.path(), &mut |_, _| {}), Err(SimError::Calendar)));
}
