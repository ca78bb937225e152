//! A store folder read and reconciled: `%% pos/sales.csv` begins a file of it. What an input leaves out is there, empty.
#![no_main]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use trueup_fuzz::{assert_line, assert_message, parts, scratch};
use trueup_intake::{InputError, Join, Options, Store, read_store};
use trueup_reconcile::{Amount, Books, Cause, Discrepancy, Fact, Outcome, Reconciler, Settings, Share, reconcile};

const STORE: &[u8] = b"license = \"C10-0000321-LIC\"
timezone = \"America/Los_Angeles\"
window_start = \"2026-03-02T00:00:00-08:00\"
as_of = \"2026-03-09T10:00:00-07:00\"
";
const INVENTORY: &[u8] = b"package_id,sku,product_name,room,quantity,unit\n";
const SALES: &[u8] = b"receipt_id,line_no,sold_at,kind,package_id,sku,quantity,unit\n";

/// What must be there, by how its name begins, and what it is where the input has none of it.
const NEEDED: [(&str, &str, &[u8]); 5] = [
    ("store.toml", "store.toml", STORE),
    ("pos/inventory", "pos/inventory.csv", INVENTORY),
    ("pos/sales", "pos/sales.csv", SALES),
    ("state/packages", "state/packages.json", b"[]"),
    ("state/", "state/receipts.json", b"[]"),
];

type Files = Vec<(String, Vec<u8>)>;

fuzz_target!(|data: &[u8]| {
    let files = files(data);
    let first = compare(&files);
    let reversed = reversed(&files);
    if reversed != files {
        match (&first, &compare(&reversed)) {
            (Ok((_, one)), Ok((_, other))) => assert_eq!(one, other, "the order of rows changed the answer"),
            (Err(_), Err(_)) => {}
            (one, other) => panic!(
                "refused in one order of rows only: {:?} and {:?}",
                one.as_ref().map(drop).map_err(ToString::to_string),
                other.as_ref().map(drop).map_err(ToString::to_string)
            ),
        }
    }
    let Ok((store, outcome)) = first else { return };
    outcome.discrepancies.iter().for_each(laws);
    assert!(outcome.discrepancies.is_sorted_by(|a, b| a.package < b.package), "one each, in order");
    assert!(outcome.discrepancies.len() <= outcome.packages);
    incidents(&outcome);
    assert_eq!(step_by_step(&store.books, store.settings), outcome.discrepancies, "fact by fact");
});

/// The files of an input, in the folders that a store has.
fn files(data: &[u8]) -> Files {
    let mut files = Files::new();
    for (name, bytes) in parts(data) {
        let (folder, stem) = name.split_once('/').unwrap_or(("", name));
        let known = matches!(folder, "" | "pos" | "state" | "shelf");
        let plain = |b: u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'.' | b'0'..=b'9');
        if known && stem.len() < 40 && stem.contains('.') && !stem.starts_with('.') && stem.bytes().all(plain) {
            files.retain(|(other, _)| other != name);
            files.push((name.to_owned(), bytes.to_vec()));
        }
    }
    let sales = |name: &str| name.starts_with("state/receipts") || name.starts_with("state/sales");
    for (prefix, name, bytes) in NEEDED {
        let there =
            |(other, _): &(String, Vec<u8>)| if prefix == "state/" { sales(other) } else { other.starts_with(prefix) };
        if !files.iter().any(there) {
            files.push((name.to_owned(), bytes.to_vec()));
        }
    }
    files
}

fn compare(files: &Files) -> Result<(Store, Outcome), InputError> {
    let root = scratch().join("store");
    write(&root, files);
    let read = |join| read_store(&root, Options { join, ..Options::default() }, &mut |_| {});
    let (store, joined) = (read(Join::Never).inspect_err(assert_message), read(Join::Always));
    let outcome = |store: &Store| reconcile(&store.books, &store.settings, &mut |_, _| {});
    match (&store, &joined) {
        (Ok(store), Ok(joined)) => {
            assert_eq!(store.inputs, joined.inputs);
            assert_eq!(outcome(store), outcome(joined), "leaving out what agrees changes the answer");
        }
        (store, joined) => assert_eq!(store.as_ref().err(), joined.as_ref().err()),
    }
    let store = store?;
    let mut told = BTreeSet::new();
    for input in &store.inputs {
        assert!(told.insert(&input.file), "{} is told twice", input.file);
        assert_eq!(input.sha256.len(), 64);
        assert!(input.ignored <= input.rows, "{}: {} of {} rows ignored", input.file, input.ignored, input.rows);
        input.notes.iter().for_each(|note| assert_line(note));
    }
    let outcome = outcome(&store);
    Ok((store, outcome))
}

fn write(root: &Path, files: &Files) {
    let _ = fs::remove_dir_all(root);
    for folder in ["pos", "state", "shelf"] {
        fs::create_dir_all(root.join(folder)).expect("the scratch folder takes folders");
    }
    for (name, bytes) in files {
        fs::write(root.join(name), bytes).expect("the scratch folder takes files");
    }
}

/// The same files with their rows and records the other way round, where it is certain what one is.
fn reversed(files: &Files) -> Files {
    let turn = |(name, bytes): &(String, Vec<u8>)| {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let table = name.starts_with("pos/") || name == "shelf/counts.csv" || name == "baseline.csv";
        let turned = match name.rsplit_once('.') {
            Some((_, "csv")) if table => reversed_rows(text),
            Some((_, "json")) => reversed_records(text),
            _ => None,
        };
        (name.clone(), turned.map_or_else(|| bytes.clone(), String::into_bytes))
    };
    files.iter().map(turn).collect()
}

/// A table in which every line is a row.
fn reversed_rows(text: &str) -> Option<String> {
    let lines = !text.contains(['"', '\r', '\0']) && !text.contains("\n\n") && !text.starts_with('\n');
    let (header, rows) = text.split_once('\n').filter(|(header, _)| lines && !header.starts_with("sep="))?;
    let rows: Vec<&str> = rows.lines().rev().collect();
    Some(format!("{header}\n{}\n", rows.join("\n")))
}

/// A file that is one array.
fn reversed_records(text: &str) -> Option<String> {
    let records: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let records: Vec<&str> = records.iter().rev().map(|record| record.get()).collect();
    Some(format!("[{}]", records.join(",")))
}

fn total(shares: &[Share]) -> Amount {
    shares.iter().map(|share| share.amount).sum()
}

/// Everything adds up, and something is told.
fn laws(answer: &Discrepancy) {
    let package = answer.package;
    assert_eq!(answer.difference, answer.pos - answer.state - answer.in_flight, "{package}");
    assert_eq!(total(&answer.causes) + answer.unexplained, answer.difference, "{package}: {:?}", answer.causes);
    let told = answer.causes.iter().any(|share| share.cause != Cause::Rounding);
    assert!(told || !answer.unexplained.is_zero() || answer.shelf.is_some(), "{package} differs in nothing");
    if let Some(shelf) = &answer.shelf {
        assert_eq!(shelf.difference, answer.pos - shelf.quantity, "{package}, shelf");
        assert_eq!(total(&shelf.causes) + shelf.unexplained, shelf.difference, "{package}, shelf: {:?}", shelf.causes);
        shares(&shelf.causes);
    }
    shares(&answer.causes);
    assert!(!answer.plan.is_empty(), "{package} has no plan");
    for step in &answer.plan {
        let units: BTreeSet<_> = [step.before, step.after].into_iter().flatten().map(|measure| measure.unit).collect();
        assert!(units.len() <= 1, "{package}: before and after in other units: {step:?}");
        assert!(step.before.is_none() || step.after.is_some(), "{package}: before without after: {step:?}");
    }
}

fn shares(shares: &[Share]) {
    let causes: BTreeSet<&Cause> = shares.iter().map(|share| &share.cause).collect();
    assert_eq!(causes.len(), shares.len(), "a cause twice: {shares:?}");
    for share in shares {
        assert!(share.confidence <= 1000 && !share.evidence.is_empty(), "{share:?}");
    }
}

fn incidents(outcome: &Outcome) {
    let differ: BTreeSet<_> = outcome.discrepancies.iter().map(|answer| answer.package).collect();
    for incident in &outcome.incidents {
        assert!(!incident.packages.is_empty() && incident.packages.is_sorted(), "{incident:?}");
        assert!(incident.packages.iter().all(|package| differ.contains(package)), "{incident:?}");
        assert!(incident.first <= incident.last, "{incident:?}");
    }
}

/// The same facts in another order, one by one, settled in between.
fn step_by_step(books: &Books, settings: Settings) -> Vec<Discrepancy> {
    let mut facts: Vec<Fact> = Vec::new();
    for package in books.tags().into_iter().rev().filter_map(|tag| books.get(tag)) {
        facts.extend(package.movements().iter().rev().map(|movement| Fact::Movement(Box::new(movement.clone()))));
        facts.extend(package.stock().iter().rev().cloned().map(Fact::PosStock));
        facts.extend(package.state().map(|state| Fact::StatePackage(Box::new(state.clone()))));
        facts.extend(package.transfers().iter().cloned().map(Fact::Transfer));
        facts.extend(package.counts().iter().rev().cloned().map(Fact::Count));
        facts.extend(package.weights().iter().cloned().map(Fact::Weight));
        facts.extend(package.baseline().cloned().map(Fact::Baseline));
    }
    let half = facts.len() / 2;
    let mut reconciler = Reconciler::new(settings);
    for (place, fact) in facts.into_iter().enumerate() {
        reconciler.record(fact).expect("a fact of these books");
        if place == half {
            reconciler.settle();
        }
    }
    reconciler.settle();
    reconciler.discrepancies().values().cloned().collect()
}
