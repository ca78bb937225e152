//! What was taken into the books says the same as the files that it came from.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use jiff::Timestamp;
use std::path::{Path, PathBuf};
use trueup_app::{ImportOptions, Imported, Known, import_folder, read_books};
use trueup_core::Text;
use trueup_intake::{Join, Options, Store as Folder, read_store};
use trueup_reconcile::reconcile;
use trueup_sim::{Faults, StoreOptions, write_store};
use trueup_store::audit::Actor;
use trueup_store::care::{fingerprint, integrity};
use trueup_store::{Location, OpenOptions, Store};

fn now() -> Timestamp {
    "2026-11-25T20:00:00Z".parse().unwrap()
}

fn read(path: &Path) -> Folder {
    let options = Options { join: Join::Never, ..Options::default() };
    read_store(path, options, &mut |_| {}).unwrap()
}

fn open(folder: &Path) -> Store {
    Store::open(&Location::Sqlite(folder.join("books.db")), &OpenOptions::new(now(), "i-test")).unwrap()
}

fn import(store: &Store, folder: &Folder, id: &str) -> Imported {
    let options = ImportOptions {
        now: now(),
        source_id: Text::new(id),
        actor: Actor::program("test"),
        name: "folder".to_owned(),
    };
    import_folder(store, folder, (&options, &mut Known::default()), &mut |_, _| {}).unwrap()
}

/// Takes a folder in and holds what the books say to what the files say.
fn hold(path: &Path) {
    let folder = read(path);
    let kept = tempfile::tempdir().unwrap();
    let store = open(kept.path());
    let first = import(&store, &folder, "s1");
    assert!(first.new > 0 && first.known_since.is_none(), "{}", path.display());
    let license = folder.settings.license.as_str();
    let from_books = read_books(&store, license, i64::MAX).unwrap();
    for tag in folder.books.tags() {
        assert_eq!(from_books.get(tag), folder.books.get(tag), "{}: {tag}", path.display());
    }
    let said = reconcile(&from_books, &folder.settings, &mut |_, _| {});
    assert!(said == reconcile(&folder.books, &folder.settings, &mut |_, _| {}), "{}", path.display());
    store.read(integrity).unwrap();
    // The same files are known; the same rows in other files, too.
    let before = store.read(fingerprint).unwrap();
    let again = import(&store, &folder, "s2");
    assert_eq!((again.new, again.known, again.known_since), (0, first.new + first.known, Some(now())));
    assert_eq!(store.read(fingerprint).unwrap(), before);
    let mut renamed = folder;
    renamed.inputs[0].file.push('x');
    let renamed = import(&store, &renamed, "s3");
    assert_eq!((renamed.new, renamed.known), (0, first.new + first.known), "{}", path.display());
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_example_says_the_same_from_the_books() {
    hold(&root().join("examples/harbor-street"));
}

#[test]
fn every_acceptance_case_says_the_same_from_the_books() {
    let cases = std::fs::read_dir(root().join("crates/cli/tests/cases")).unwrap();
    let mut held = 0;
    for case in cases {
        let path = case.unwrap().path();
        if path.join("store.toml").exists() && read_store(&path, Options::default(), &mut |_| {}).is_ok() {
            hold(&path);
            held += 1;
        }
    }
    assert!(held > 20, "{held}");
}

#[test]
fn simulated_stores_say_the_same_from_the_books() {
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let faults = Faults::read("0.2").unwrap();
        let options = StoreOptions { packages: 60, days: 6, faults, ..StoreOptions::new(seed) };
        write_store(&options, folder.path(), &mut |_, _| {}).unwrap();
        hold(folder.path());
    }
}
