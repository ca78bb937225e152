//! The hand-made acceptance cases: what must be found, what a plan must do and must not do.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// The discrepancies that the tool finds, by package, and its exit status.
fn found(case: &Path) -> (BTreeMap<String, Value>, Option<i32>) {
    let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["reconcile", "--format", "jsonl", "--store"])
        .arg(case)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let records = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let discrepancies = records.filter(|record| record["type"] == "discrepancy");
    let by_package = discrepancies.map(|record| (record["package"].as_str().unwrap().to_owned(), record)).collect();
    (by_package, output.status.code())
}

fn causes(found: &Value) -> Value {
    let causes = found["causes"].as_array().unwrap().iter();
    Value::Object(
        causes.map(|cause| (cause["cause"].as_str().unwrap().to_owned(), cause["quantity"].clone())).collect(),
    )
}

/// Every field that the pattern gives is there and equal.
fn fits(pattern: &Value, step: &Value) -> bool {
    pattern.as_object().unwrap().iter().all(|(field, wanted)| step.get(field) == Some(wanted))
}

fn plan_faults(found: &Value, wanted: &Value) -> Vec<String> {
    let steps = found["plan"].as_array().unwrap();
    let lacking =
        wanted["steps"].as_array().unwrap().iter().filter(|wanted| !steps.iter().any(|step| fits(wanted, step)));
    let none = Vec::new();
    let forbidden = wanted.get("forbidden").map_or(&none, |forbidden| forbidden.as_array().unwrap());
    let done = forbidden.iter().filter(|forbidden| steps.iter().any(|step| fits(forbidden, step)));
    let lacking = lacking.map(|step| format!("lacks the step {step}"));
    lacking.chain(done.map(|step| format!("has the forbidden step {step}"))).collect()
}

/// What is wrong with the answer for one case.
fn faults(case: &Path) -> Vec<String> {
    let expected: Value = serde_json::from_slice(&std::fs::read(case.join("expected.json")).unwrap()).unwrap();
    let wanted = expected["discrepancies"].as_object().unwrap();
    let (found, status) = found(case);
    let mut faults = Vec::new();
    if status != Some(i32::from(!wanted.is_empty())) {
        faults.push(format!("exit status {status:?}"));
    }
    if !found.keys().eq(wanted.keys()) {
        faults.push(format!("found {:?}, expected {:?}", found.keys(), wanted.keys()));
    }
    for (package, wanted) in wanted {
        let Some(found) = found.get(package) else { continue };
        let numbers = ["difference", "unexplained", "shelf", "shelf_difference", "shelf_unexplained"];
        for field in
            numbers.into_iter().filter(|field| wanted.get(field).is_some_and(|value| found.get(field) != Some(value)))
        {
            faults.push(format!("{package} {field}: {:?}, expected {}", found.get(field), wanted[field]));
        }
        if causes(found) != wanted["causes"] {
            faults.push(format!("{package} causes {}, expected {}", causes(found), wanted["causes"]));
        }
    }
    let no_plans = Map::new();
    let plans = expected.get("plan").map_or(&no_plans, |plans| plans.as_object().unwrap());
    for (package, wanted) in plans {
        let planned =
            found.get(package).map_or_else(|| vec!["has no plan".to_owned()], |found| plan_faults(found, wanted));
        faults.extend(planned.into_iter().map(|fault| format!("{package} {fault}")));
    }
    faults
}

#[test]
fn every_case_is_found_explained_and_planned() {
    let cases = cases();
    assert!(cases.len() >= 180, "only {} cases", cases.len());
    let named = |case: &Path, fault: String| format!("{}: {fault}", case.file_name().unwrap().display());
    let faults: Vec<String> =
        cases.iter().flat_map(|case| faults(case).into_iter().map(|fault| named(case, fault))).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
