//! The forms of the answer: golden files that later versions must keep reading, and the published schema.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use trueup_cli::record::{Discrepancy, SCHEMA_VERSION, Summary};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn store() -> PathBuf {
    root().join("examples/harbor-street")
}

fn trueup(arguments: &[&str], store: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["reconcile", "--store"])
        .arg(store)
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = trueup(arguments, &store());
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Compares with a golden file; `UPDATE_GOLDEN=1` writes it anew, for a person to read the difference.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let known = std::fs::read_to_string(&path).unwrap();
    assert!(known == text, "{name} changed; look at the difference, then run with UPDATE_GOLDEN=1");
}

#[test]
fn every_text_form_is_as_it_was() {
    golden("harbor-street.txt", &stdout(&[]));
    golden("harbor-street.jsonl", &stdout(&["--format", "jsonl"]));
    golden("harbor-street.csv", &stdout(&["--format", "csv"]));
    golden("harbor-street.explain.txt", &stdout(&["--explain", "1A4060300002EE1000000012"]));
}

/// Golden records of each version stay in the repository; this version reads all of them.
#[test]
fn records_of_every_version_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for version in 1..=SCHEMA_VERSION {
        let text = std::fs::read_to_string(folder.join(format!("v{version}/harbor-street.jsonl"))).unwrap();
        let (summary, discrepancies) = text.trim_end().rsplit_once('\n').map(|(rest, last)| (last, rest)).unwrap();
        let summary: Summary = serde_json::from_str(summary).unwrap();
        let discrepancies: Vec<Discrepancy> =
            discrepancies.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(summary.differ, discrepancies.len());
        assert!(discrepancies.is_sorted_by(|a, b| a.package < b.package));
    }
}

#[test]
fn every_record_fits_the_published_schema() {
    let schema: Value =
        serde_json::from_slice(&std::fs::read(root().join("schemas/reconcile.v1.schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut records = 0;
    let cases = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap();
    let stores = cases.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).chain([store()]);
    for store in stores {
        let output = trueup(&["--format", "jsonl"], &store);
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let faults: Vec<String> = validator.iter_errors(&record).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{}: {faults:?}", store.display());
            records += 1;
        }
    }
    assert!(records > 60, "only {records} records were checked");
    assert!(!validator.is_valid(&serde_json::json!({ "type": "discrepancy" })), "a schema that accepts anything");
}

#[test]
fn a_workbook_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("answer.xlsx");
    let output = trueup(&["--format", "xlsx", "--out", out.to_str().unwrap()], &store());
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let bytes = std::fs::read(&out).unwrap();
    assert!(bytes.starts_with(b"PK"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a temporary file was left");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let first = stdout(&["--format", "jsonl"]);
    assert_eq!(first, stdout(&["--format", "jsonl"]));
    for threads in ["1", "2"] {
        assert_eq!(first, stdout(&["--format", "jsonl", "--threads", threads]));
    }
}

/// Ages are reckoned from another moment: what was on its way then is overdue, and nothing else changes.
#[test]
fn as_of_moves_ages_only() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/selling-while-checking");
    assert_eq!(trueup(&[], &case).status.code(), Some(0));
    let later = trueup(&["--as-of", "2026-03-09T12:00:00-07:00", "--format", "jsonl"], &case);
    assert_eq!(later.status.code(), Some(1));
    let text = String::from_utf8(later.stdout).unwrap();
    let found: Discrepancy = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((found.difference.as_str(), found.in_flight.as_str()), ("-2", "0"));
}
