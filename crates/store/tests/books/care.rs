//! Copies: into another database, into a backup, and back.

use crate::world::{LICENSE, OTHER, at, begin, draft, options, sale, sell, sqlite, tag};
use trueup_postgres_server::Server;
use trueup_store::care::{backup, copy, fingerprint, integrity, restore};
use trueup_store::ledger::life;
use trueup_store::queue::submit;
use trueup_store::{License, Location, OpenOptions, Store, StoreError, Submission, Text, ValueRef};

fn lived_in(store: &Store) {
    begin(store, LICENSE, 5);
    begin(store, OTHER, 2);
    for batch in 0..20_u32 {
        let sales = (0..20).map(|it| sale(LICENSE, it % 5 + 1, batch * 15 + it, i64::from(it % 4))).collect();
        sell(store, LICENSE, i64::from(batch), sales).unwrap();
    }
}

#[test]
fn moving_up_to_postgresql_and_back_changes_nothing() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let small = sqlite(folder.path());
    lived_in(&small);
    let large =
        Store::open(&Location::Postgres(server.database("large")), &OpenOptions::new(at(0), "i-other")).unwrap();
    let mut told = Vec::new();
    let copied = copy(&small, &large, &mut |table, rows| told.push((table.to_owned(), rows))).unwrap();
    assert_eq!(small.read(fingerprint).unwrap(), copied);
    assert_eq!(large.read(integrity).unwrap(), copied);
    assert!(copied.rows() > 350 && told.last().is_some_and(|(_, rows)| *rows + 1 == copied.rows()));
    // Books are not copied into books.
    let refused = copy(&small, &large, &mut |_, _| {}).unwrap_err();
    assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
    // Life goes on there, and the way back is the same way.
    sell(&large, LICENSE, 500, vec![sale(LICENSE, 1, 9_999, 1)]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let back = sqlite(folder.path());
    let copied = copy(&large, &back, &mut |_, _| {}).unwrap();
    assert_eq!(back.read(integrity).unwrap(), copied);
    let name = |store: &Store| store.read(trueup_store::installation).unwrap().unwrap().installation_id;
    assert_eq!((name(&large), name(&back)), (Text::new("i-test"), Text::new("i-test")));
}

fn identity() -> (String, Vec<String>) {
    use age::secrecy::ExposeSecret;
    let identity = age::x25519::Identity::generate();
    (identity.to_string().expose_secret().to_owned(), vec![identity.to_public().to_string()])
}

#[test]
fn a_backup_comes_back_and_nothing_is_believed_unsent() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    lived_in(&store);
    let queued = Submission {
        license_id: Text::new(LICENSE),
        submission_id: Text::new("sub-1"),
        natural_key: Text::new("C10-1-1"),
        lane: tag(1),
        position: 1,
        operation: Text::new("POST /sales/v2/receipts"),
        body: "{}".to_owned(),
        body_hash: [7; 32],
        state: Text::new("queued"),
        epoch: 1,
        due_at: None,
        not_before: at(0),
        plan_id: None,
        step: None,
        created_at: at(5),
        version: 1,
    };
    store.write(move |tx| submit(tx, &queued, &draft("submit"))).unwrap();
    let held = store.read(fingerprint).unwrap();
    let (identity, recipients) = identity();
    let file = folder.path().join("books.age");
    let made = backup(&store, &recipients, &file, &options()).unwrap();
    assert_eq!(made.holds, held);
    assert_eq!(made.bytes, std::fs::metadata(&file).unwrap().len());
    let sealed = std::fs::read(&file).unwrap();
    assert!(!String::from_utf8_lossy(&sealed).contains("1A4060300002EE1"), "it is encrypted");

    // The books go on, and are lost.
    sell(&store, LICENSE, 900, vec![sale(LICENSE, 1, 77_777, 1)]).unwrap();
    let target = folder.path().join("books.db");
    let later = OpenOptions::new(at(1_000), "i-test");
    let open = restore(&file, &identity, &target, &later).unwrap_err();
    assert!(matches!(open, StoreError::InUse(_)), "{open}");
    drop(store);
    let restored = restore(&file, &identity, &target, &later).unwrap();
    assert_eq!((restored.unknown, &restored.holds), (1, &held));
    let aside = restored.before.unwrap();
    assert!(aside.exists());

    let store = Store::open(&Location::Sqlite(target), &later).unwrap();
    store.read(integrity).unwrap();
    let license: License = store.read(|tx| tx.get(&[ValueRef::Text(LICENSE)])).unwrap().unwrap();
    assert_eq!(license.unverified_since, Some(at(1_000)));
    let key = [ValueRef::Text(LICENSE), ValueRef::Text("sub-1")];
    let submission: Submission = store.read(|tx| tx.get(&key)).unwrap().unwrap();
    assert_eq!((submission.state.as_str(), submission.epoch), ("unknown", 2));
    assert_eq!(
        store
            .read(|tx| life(tx, LICENSE, &tag(1), i64::MAX))
            .unwrap()
            .movements
            .iter()
            .filter(|it| it.reference == "77777")
            .count(),
        0
    );
    // The books that were put aside are whole, too.
    let put_aside = Store::open(&Location::Sqlite(aside), &later).unwrap();
    put_aside.read(integrity).unwrap();
}

#[test]
fn a_backup_that_cannot_be_made_or_opened_says_so_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    lived_in(&store);
    let (identity, recipients) = identity();
    let file = folder.path().join("books.age");
    for bad in [vec![], vec!["age1nonsense".to_owned()]] {
        let error = backup(&store, &bad, &file, &options()).unwrap_err();
        assert!(matches!(error, StoreError::Refused(_)), "{error}");
        assert!(!file.exists());
    }
    backup(&store, &recipients, &file, &options()).unwrap();
    let target = folder.path().join("elsewhere.db");
    let (other, _) = self::identity();
    assert!(matches!(restore(&file, &other, &target, &options()).unwrap_err(), StoreError::Refused(_)));
    assert!(matches!(restore(&file, "nonsense", &target, &options()).unwrap_err(), StoreError::Refused(_)));
    // A byte is wrong, or the end is missing.
    let sealed = std::fs::read(&file).unwrap();
    for damaged in [sealed[..sealed.len() / 2].to_vec(), {
        let mut bytes = sealed.clone();
        bytes[sealed.len() / 2] ^= 1;
        bytes
    }] {
        std::fs::write(&file, damaged).unwrap();
        assert!(restore(&file, &identity, &target, &options()).is_err());
        assert!(!target.exists());
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".trueup")), "{left:?}");
}

#[test]
fn postgresql_is_backed_up_into_a_file() {
    let server = Server::start();
    let store = Store::open(&Location::Postgres(server.database("kept")), &options()).unwrap();
    lived_in(&store);
    let folder = tempfile::tempdir().unwrap();
    let (identity, recipients) = identity();
    let file = folder.path().join("books.age");
    let made = backup(&store, &recipients, &file, &options()).unwrap();
    assert_eq!(made.holds, store.read(fingerprint).unwrap());
    let restored = restore(&file, &identity, &folder.path().join("books.db"), &options()).unwrap();
    assert_eq!((restored.holds, restored.before), (made.holds, None));
}
