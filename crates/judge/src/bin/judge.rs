//! `judge DIR`: prints the judgement of a store's folder as JSON lines, one discrepant package a line, ordered by tag.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use trueup_judge::{Exact, Verdict, judge};

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: judge DIR");
        return ExitCode::from(2);
    };
    match judge(Path::new(&folder)) {
        Ok(judgement) => {
            for (tag, verdict) in &judgement.discrepancies {
                println!("{}", line(tag, verdict));
            }
            ExitCode::from(u8::from(!judgement.discrepancies.is_empty()))
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn line(tag: &str, verdict: &Verdict) -> Value {
    let shelf = verdict.shelf.as_ref();
    json!({
        "package": tag,
        "difference": verdict.difference.to_string(),
        "in_flight": verdict.in_flight.to_string(),
        "causes": shares(&verdict.causes),
        "unexplained": verdict.unexplained.to_string(),
        "shelf": shelf.map(|shelf| shelf.shelf.to_string()),
        "shelf_difference": shelf.map(|shelf| shelf.difference.to_string()),
        "shelf_causes": shelf.map(|shelf| shares(&shelf.causes)),
        "shelf_unexplained": shelf.map(|shelf| shelf.unexplained.to_string()),
    })
}

fn shares(causes: &BTreeMap<String, Exact>) -> Map<String, Value> {
    causes.iter().map(|(cause, share)| (cause.clone(), Value::String(share.to_string()))).collect()
}
