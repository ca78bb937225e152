//! What is SQLite's own: the file, its lock, its witness.

use crate::world::{LICENSE, begin, options, sale, sell, sqlite, tag};
use trueup_store::ledger::life;
use trueup_store::{Location, Store, StoreError};

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    let second = Store::open(&Location::Sqlite(folder.path().join("books.db")), &options()).unwrap_err();
    assert!(matches!(second, StoreError::InUse(_)), "{second}");
    drop(store);
    drop(sqlite(folder.path()));
}

/// Somebody puts last week's file back: that is noticed, because less is there than was acknowledged.
#[test]
fn an_older_file_in_its_place_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 1);
    drop(store);
    let old = std::fs::read(&path).unwrap();
    let store = sqlite(folder.path());
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    drop(store);
    std::fs::write(&path, old).unwrap();
    let error = Store::open(&Location::Sqlite(path.clone()), &options()).unwrap_err();
    assert!(matches!(error, StoreError::Rewound { .. }), "{error}");
    assert!(error.to_string().contains("2 entries, and had 3"), "{error}");
    // Another history of the same length is noticed, too.
    std::fs::remove_file(folder.path().join("books.db.witness")).unwrap();
    let store = sqlite(folder.path());
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 2, 1)]).unwrap();
    drop(store);
    let witness = std::fs::read(folder.path().join("books.db.witness")).unwrap();
    drop(std::fs::remove_file(&path));
    let store = {
        std::fs::remove_file(folder.path().join("books.db.witness")).unwrap();
        let store = sqlite(folder.path());
        begin(&store, LICENSE, 1);
        sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 7)]).unwrap();
        store
    };
    drop(store);
    std::fs::write(folder.path().join("books.db.witness"), witness).unwrap();
    assert!(matches!(Store::open(&Location::Sqlite(path), &options()).unwrap_err(), StoreError::Rewound { .. }));
}

#[test]
fn statements_cannot_edit_facts_whatever_they_say() {
    use trueup_store::Statement;
    static UPDATE: Statement = Statement::new("UPDATE movement SET quantity = 0", &[]);
    static DELETE: Statement = Statement::new("DELETE FROM audit_entry", &[]);
    static REPLACE: Statement = Statement::new("INSERT OR REPLACE INTO audit_node SELECT * FROM audit_node", &[]);
    static DROP: Statement = Statement::new("DROP TABLE movement", &[]);
    static ATTACH: Statement = Statement::new("ATTACH 'other.db' AS other", &[]);
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 1);
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    for statement in [&UPDATE, &DELETE, &DROP, &ATTACH] {
        let error = store.write(move |tx| tx.execute(statement, &[])).unwrap_err();
        assert!(matches!(error, StoreError::AppendOnly { .. }), "{error}");
    }
    drop(store.write(|tx| tx.execute(&REPLACE, &[])));
    assert_eq!(store.read(|tx| life(tx, LICENSE, &tag(1), i64::MAX)).unwrap().movements.len(), 1);
    // Readers cannot write at all.
    assert!(store.read(|tx| tx.execute(&UPDATE, &[])).is_err());
}

/// A transaction that panics is undone, and the next one goes on.
#[test]
fn a_panic_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite(folder.path());
    begin(&store, LICENSE, 1);
    let error = store.write(|_| -> Result<(), StoreError> { panic!("oh") }).unwrap_err();
    assert!(matches!(error, StoreError::Fault { .. }), "{error}");
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
}
