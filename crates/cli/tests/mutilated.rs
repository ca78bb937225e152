//! Spoiled stores: whatever is wrong with the input, the tool says so in one line and writes nothing.
//!
//! The messages are in `golden/mutilated/`; `UPDATE_GOLDEN=1` writes them anew, to be read before they are kept.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

#[path = "mutilated/cases.rs"]
mod cases;
#[path = "mutilated/files.rs"]
mod files;
#[path = "mutilated/noted.rs"]
mod noted;
#[path = "mutilated/store.rs"]
mod store;

use cases::Case;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Mutex;
use store::{CANARY, FILES, Store};

const OUT: [&str; 4] = ["--format", "jsonl", "--out", "out.jsonl"];

/// The message of a refusal, after every other promise about one has been checked.
fn refusal(output: &Output, name: &str) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{name}: {:?}, {stderr}", output.status);
    assert_eq!(output.stdout, b"", "{name} wrote to standard output");
    assert!(!stderr.contains(CANARY), "{name} tells of a person: {stderr}");
    let message = stderr.strip_prefix("trueup: ").and_then(|rest| rest.strip_suffix('\n')).unwrap_or_else(|| {
        panic!("{name}: {stderr}");
    });
    assert!(!message.contains(['\n', '\r', '\u{1b}']), "{name}: {message}");
    assert!(message.len() < 2_000, "{name}: {message}");
    message.to_owned()
}

/// Runs one case: its message.
fn refused(case: &Case) -> String {
    let store = Store::good();
    (case.mutilate)(&store);
    let before = store.listing();
    let explains = case.arguments.contains(&"--explain");
    // --explain answers in one form only.
    let mut arguments = if explains { OUT[2..].to_vec() } else { OUT.to_vec() };
    arguments.extend(&case.arguments);
    let message = refusal(&store.reconcile(&arguments), &case.name);
    assert_eq!(store.listing(), before, "{} left a file", case.name);
    message
}

/// The messages of all cases, by name.
fn messages(cases: Vec<Case>) -> BTreeMap<String, String> {
    let (waiting, told) = (Mutex::new(cases), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(case) = waiting.lock().unwrap().pop() else { break };
                    let message = refused(&case);
                    let before = told.lock().unwrap().insert(case.name.clone(), message);
                    assert_eq!(before, None, "two cases are named {}", case.name);
                }
            });
        }
    });
    told.into_inner().unwrap()
}

fn golden_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mutilated").join(name)
}

/// Compares with the golden file, or writes it.
fn check_golden(name: &str, messages: &BTreeMap<String, String>) {
    let file = golden_file(name);
    let text: String = messages.iter().map(|(case, message)| format!("{case}: {message}\n")).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    let known: Vec<&str> = golden.lines().collect();
    let differing: Vec<&str> = text.lines().filter(|line| !known.contains(line)).collect();
    let gone: Vec<&&str> = known.iter().filter(|line| !text.lines().any(|other| other == **line)).collect();
    assert!(
        differing.is_empty() && gone.is_empty(),
        "{name}: told {differing:#?}, expected {gone:#?}; if right: UPDATE_GOLDEN=1"
    );
    assert_eq!(golden, text, "{name} is not sorted");
}

#[test]
fn every_spoiled_store_is_refused_with_its_message() {
    let mut told = messages(cases::all());
    assert!(told.len() >= 70, "{} cases", told.len());
    // What a build with Parquet says differs; links and devices are there on Linux only.
    let parquet = told.split_off("parquet").into_iter();
    let (parquet, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = parquet.partition(|(name, _)| name.starts_with("parquet"));
    told.extend(rest);
    check_golden(if cfg!(feature = "parquet") { "parquet.txt" } else { "no_parquet.txt" }, &parquet);
    let (links, told): (BTreeMap<_, _>, BTreeMap<_, _>) =
        told.into_iter().partition(|(name, _)| name.starts_with("link"));
    if cfg!(target_os = "linux") {
        check_golden("linux.txt", &links);
    }
    check_golden("messages.txt", &told);
    // File, what was found, what was expected, what to do.
    let short = |message: &&String| message.matches("; ").count() < 2;
    assert_eq!(told.values().filter(short).collect::<Vec<_>>(), [] as [&String; 0]);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    for file in ["store.toml", "pos/sales.csv", "state/receipts.json"] {
        let store = Store::good();
        std::fs::set_permissions(store.path(file), std::fs::Permissions::from_mode(0o0)).unwrap();
        // Whoever may read everything (root) reads this, too.
        if std::fs::File::open(store.path(file)).is_ok() {
            return;
        }
        let message = refusal(&store.reconcile(&OUT), file);
        assert_eq!(
            message,
            format!(
                "{file}: the file may not be read by this user; expected a file that can be read; give this user the right to read it"
            )
        );
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_said_and_leaves_nothing() {
    let store = Store::good();
    std::fs::create_dir(store.beside("folder")).unwrap();
    std::fs::write(store.beside("folder/kept"), "").unwrap();
    let before = store.listing();
    for format in ["table", "jsonl", "csv", "xlsx"] {
        for out in ["nowhere/out.jsonl", "folder", "store/store.toml/out.jsonl"] {
            let message = refusal(&store.reconcile(&["--format", format, "--out", out]), out);
            assert!(message.starts_with(&format!("{out}: the answer could not be written: ")), "{message}");
            assert_eq!(store.listing(), before, "{out}");
        }
    }
}

#[test]
fn a_refusal_leaves_an_older_answer_alone() {
    let store = Store::good();
    std::fs::write(store.beside("out.jsonl"), "of yesterday").unwrap();
    store.remove("pos/sales.csv");
    refusal(&store.reconcile(&OUT), "older answer");
    assert_eq!(std::fs::read_to_string(store.beside("out.jsonl")).unwrap(), "of yesterday");
}

#[test]
fn people_never_come_out() {
    for tables in [false, true] {
        let store = Store::good();
        if tables {
            store.with_state_tables();
        }
        let mut runs: Vec<Vec<&str>> =
            vec![vec!["--explain", "1A4060300002EE1000000103"], vec!["--explain", "1A4060300002EE1000000101"]];
        runs.extend(["table", "jsonl", "csv", "xlsx"].map(|format| vec!["--format", format]));
        for arguments in runs {
            let to_stdout = store.reconcile(&arguments);
            let to_file = store.reconcile(&[&arguments[..], &["--out", "out"]].concat());
            assert_eq!((to_stdout.status.code(), to_file.status.code()), (Some(1), Some(1)), "{arguments:?}");
            let file = std::fs::read(store.beside("out")).unwrap();
            assert!(!file.is_empty());
            for bytes in [&to_stdout.stdout, &to_stdout.stderr, &to_file.stdout, &to_file.stderr, &file] {
                assert!(!tells(bytes), "{arguments:?}");
            }
        }
    }
}

/// Whether the canary is in these bytes, or in a part of the workbook that they are.
fn tells(bytes: &[u8]) -> bool {
    let has = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    let Ok(mut archive) = zip::ZipArchive::new(std::io::Cursor::new(bytes)) else { return has(bytes) };
    (0..archive.len()).any(|index| {
        let mut part = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_index(index).unwrap(), &mut part).unwrap();
        has(&part)
    })
}

/// What happens to the bytes of a file.
#[derive(Debug, Clone)]
enum Damage {
    Flip(u8),
    Set(u8),
    Delete(usize),
    Double(usize),
    Cut,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (0..8_u8).prop_map(|bit| Damage::Flip(1 << bit)),
        prop::sample::select(&b"\0\"',;\n\r{}[]-9eE:\\\xff"[..]).prop_map(Damage::Set),
        (1..40_usize).prop_map(Damage::Delete),
        (1..400_usize).prop_map(Damage::Double),
        Just(Damage::Cut),
    ]
}

fn damaged(mut bytes: Vec<u8>, at: usize, damage: &Damage) -> Vec<u8> {
    let at = at % bytes.len().max(1);
    let upto = |length: &usize| at..(at + length).min(bytes.len());
    match damage {
        Damage::Flip(bits) => bytes[at] ^= bits,
        Damage::Set(byte) => bytes[at] = *byte,
        Damage::Delete(length) => drop(bytes.drain(upto(length))),
        Damage::Double(length) => {
            let part = bytes[upto(length)].to_vec();
            bytes.splice(at..at, part);
        }
        Damage::Cut => bytes.truncate(at),
    }
    bytes
}

fn cases_to_try() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases_to_try(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes changed anywhere: an answer or a refusal, never a panic, a hang or half a file.
    #[test]
    fn random_damage_never_panics(
        tables in any::<bool>(),
        file in any::<prop::sample::Index>(),
        hits in prop::collection::vec((any::<usize>(), damage()), 1..4),
    ) {
        let store = Store::good();
        let mut files: Vec<&str> = FILES.iter().map(|(file, _)| *file).collect();
        if tables {
            store.with_state_tables();
            files = store::STATE_TABLES.iter().map(|(file, _)| *file).collect();
            let csv = store.read("pos/inventory.csv");
            store.remove("pos/inventory.csv");
            store.write("pos/inventory.xlsx", files::workbook(&csv));
            let csv = store.read("pos/sales.csv");
            store.remove("pos/sales.csv");
            store.write("pos/sales.csv.zst", zstd::encode_all(csv.as_bytes(), 1).unwrap());
            files.extend(["pos/inventory.xlsx", "pos/sales.csv.zst"]);
        }
        let file = *file.get(&files);
        let bytes = std::fs::read(store.path(file)).unwrap();
        let bytes = hits.iter().fold(bytes, |bytes, (at, damage)| if bytes.is_empty() { bytes } else { damaged(bytes, *at, damage) });
        store.write(file, bytes);
        let before = store.listing();
        let output = store.reconcile(&OUT);
        match output.status.code() {
            Some(0 | 1) => prop_assert!(store.beside("out.jsonl").exists()),
            _ => {
                refusal(&output, file);
                prop_assert_eq!(store.listing(), before);
            }
        }
    }
}
