//! The binary against the simulated Metrc, over HTTP: what a newcomer types, from a store's life to its explanation.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A simulated Metrc that ends with its test.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
    licence: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn trueup() -> Command {
    Command::new(env!("CARGO_BIN_EXE_trueup"))
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = trueup().args(["sim", "metrc"]).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("connection.json"), &line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let licence = told["licenses"][0].as_str().unwrap().to_owned();
        assert!(told["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"));
        Self { child, folder, licence }
    }

    /// Runs `trueup metrc …` with the server's connection.
    fn metrc(&self, arguments: &[&str]) -> Output {
        let connection = self.folder.path().join("connection.json");
        trueup().arg("metrc").args(arguments).arg("--connection").arg(connection).output().unwrap()
    }

    fn of_licence(&self, arguments: &[&str]) -> Output {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--licence", &self.licence]).collect();
        self.metrc(&arguments)
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_life_is_pulled_and_explained_as_the_truth_says() {
    let store = tempfile::tempdir().unwrap();
    let folder = store.path().join("store");
    let life = folder.to_str().unwrap();
    let server = Server::start(&[
        "--life",
        life,
        "--seed",
        "12",
        "--packages",
        "120",
        "--receipts",
        "300",
        "--mistakes",
        "0.03",
    ]);
    assert!(!folder.join("state").exists());
    let pulled = server.of_licence(&["pull", "--out", life]);
    assert_eq!(pulled.status.code(), Some(0), "{}", told(&pulled));
    assert!(out(&pulled).contains("each proven whole"), "{}", out(&pulled));
    let again = server.of_licence(&["pull", "--out", life]);
    assert!(again.status.code() == Some(2) && told(&again).contains("is not empty"), "{}", told(&again));
    let answer = trueup().args(["reconcile", "--format", "jsonl", "--store", life]).output().unwrap();
    assert_eq!(answer.status.code(), Some(1), "{}", told(&answer));
    let lines: Vec<serde_json::Value> = out(&answer).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let wrong: BTreeSet<String> = trueup_sim::Truth::read(&folder).unwrap().discrepancies.into_keys().collect();
    let found = lines[..lines.len() - 1].iter().map(|line| line["package"].as_str().unwrap().to_owned());
    assert!(wrong.len() > 5);
    assert_eq!(found.collect::<BTreeSet<_>>(), wrong);
}

#[test]
fn lists_are_for_people_programs_and_spreadsheets() {
    let server = Server::start(&["--seed", "5"]);
    assert!(out(&server.metrc(&["facilities"])).contains("Harbor Street Dispensary"));
    let table = out(&server.of_licence(&["packages"]));
    assert!(table.contains("1A4060300002EE1000000001") && table.ends_with("60 rows\n"), "{table}");
    let csv = out(&server.of_licence(&["reasons", "--format", "csv"]));
    assert!(csv.starts_with("Reason,Needs a note\n") && csv.contains("Waste,no\n"), "{csv}");
    let receipts = out(&server.of_licence(&["receipts", "--list", "inactive", "--format", "jsonl"]));
    assert!(receipts.lines().count() > 100 && receipts.lines().all(|line| line.contains("\"Transactions\":[]")));
    for list in ["adjustments", "transfers", "locations"] {
        let output = server.of_licence(&[list]);
        assert_eq!(output.status.code(), Some(0), "{list}: {}", told(&output));
    }
}

#[test]
fn an_adjustment_is_shown_sent_once_and_looked_for() {
    let server = Server::start(&["--seed", "5"]);
    let rows = out(&server.of_licence(&["packages", "--format", "csv"]));
    let row = rows.lines().find(|line| line.contains(",ea,")).unwrap();
    let cells: Vec<&str> = row.split(',').collect();
    let (label, unit) = (cells[0], cells.iter().position(|cell| *cell == "ea").unwrap());
    let before: i64 = cells[unit - 1].trim_end_matches(".0").parse().unwrap();
    let adjust = |more: &[&str]| {
        let arguments: Vec<&str> = ["adjust", "--package", label, "--zone", "America/Denver"]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        server.of_licence(&arguments)
    };
    let held = || {
        let rows = out(&server.of_licence(&["packages", "--format", "csv"]));
        rows.lines().find(|line| line.contains(label)).unwrap().split(',').nth(unit - 1).unwrap().to_owned()
    };
    let dry = adjust(&["--by", "-2", "--reason", "Waste", "--dry-run"]);
    assert!(out(&dry).contains(&format!("{before} -> {} ea", before - 2)) && out(&dry).contains("nothing was sent"));
    assert_eq!(held(), format!("{before}.0"));
    assert!(
        out(&adjust(&["--by", "-2", "--reason", "waste"]))
            .ends_with(&format!("done: the state shows {}.0\n", before - 2))
    );
    assert_eq!(held(), format!("{}.0", before - 2));
    assert!(
        out(&adjust(&["--to", "3", "--reason", "Entry Error", "--note", "counted"]))
            .ends_with("done: the state shows 3.0\n")
    );
    assert_eq!(held(), "3.0");
    for (arguments, expected) in [
        (["--by", "-2", "--reason", "Theft"], "the state asks for a --note"),
        (["--by", "-2", "--reason", "Boredom"], "the state has no such reason; it has API Related Error"),
        (["--by", "-9", "--reason", "Waste"], "the package holds 3 ea only"),
        (["--by", "much", "--reason", "Waste"], "--by or --to much"),
    ] {
        let refused = adjust(&arguments);
        assert!(refused.status.code() == Some(2) && told(&refused).contains(expected), "{}", told(&refused));
    }
    assert_eq!(held(), "3.0");
}

/// Keys are shown nowhere, whatever goes wrong.
#[test]
fn wrong_keys_and_wrong_addresses_are_told_without_the_keys() {
    let server = Server::start(&["--seed", "5"]);
    let connection = server.folder.path().join("connection.json");
    let good = std::fs::read_to_string(&connection).unwrap();
    let run = |text: &str, arguments: &[&str]| {
        std::fs::write(&connection, text).unwrap();
        let output = server.metrc(arguments);
        assert_eq!(output.status.code(), Some(2));
        let told = told(&output);
        assert!(!told.contains("sim-vendor") && !told.contains("sim-user") && !told.contains("SECRET"), "{told}");
        told
    };
    let list = ["packages", "--licence", "403R-X0001"];
    assert!(run(&good.replace("sim-user-", "SECRET-"), &list).contains("the state does not know these keys"));
    assert!(run(&good, &["packages", "--licence", "403R-X9999"]).contains("do not reach this licence"));
    assert!(run("{\"base_url\": \"SECRET\"}", &list).contains("has to be a JSON object with base_url"));
    let nowhere = with_address(&good, "http://127.0.0.1:1");
    assert!(run(&nowhere, &list).contains("nothing was sent"));
    let missing =
        trueup().args(["metrc", "facilities", "--connection"]).arg(Path::new("/nowhere/at/all")).output().unwrap();
    assert!(missing.status.code() == Some(2) && told(&missing).contains("it cannot be read"));
    let unset = trueup().args(["metrc", "facilities"]).env_remove("TRUEUP_METRC_URL").output().unwrap();
    assert!(told(&unset).contains("TRUEUP_METRC_URL is not set"), "{}", told(&unset));
}

/// A connection to another address.
fn with_address(connection: &str, address: &str) -> String {
    let start = connection.find("http://").unwrap();
    let end = start + connection[start..].find('"').unwrap();
    format!("{}{address}{}", &connection[..start], &connection[end..])
}
