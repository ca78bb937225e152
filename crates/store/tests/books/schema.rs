//! The schema: its rules, its steps, and every statement on both databases.

use crate::world::{at, options, sqlite};
use rusqlite::Connection;
use std::collections::BTreeSet;
use trueup_postgres_server::Server;
use trueup_store::schema::{STEPS, schema_text};
use trueup_store::{Location, OpenOptions, Store, StoreError, TABLES, TableKind};

/// What belongs to the installation and not to a licence.
const OF_THE_INSTALLATION: [&str; 3] = ["installation", "person", "access_token"];

#[test]
fn the_licence_leads_every_key() {
    for table in TABLES {
        if OF_THE_INSTALLATION.contains(&table.name) {
            assert_eq!(table.kind, TableKind::Reference, "{}", table.name);
            continue;
        }
        let keys = std::iter::once(table.key)
            .chain(table.unique.iter().copied())
            .chain(table.indexes.iter().copied())
            .chain(table.references.iter().map(|reference| reference.columns));
        for key in keys {
            assert_eq!(key[0], "license_id", "{} {key:?}", table.name);
        }
    }
}

/// A page of a table that was put in the place of another one of its kind is found by comparing the table with its second index.
#[test]
fn what_nothing_else_counts_has_a_second_index() {
    // The log tells of the first three, movements of balances, references of licences, and the installation is one row.
    let counted = ["license_head", "audit_node", "removed_fact", "balance", "license", "installation"];
    for table in TABLES.iter().filter(|table| !counted.contains(&table.name)) {
        assert!(!table.unique.is_empty() || !table.indexes.is_empty(), "{}", table.name);
    }
}

#[test]
fn facts_are_numbered_and_states_have_versions() {
    for table in TABLES {
        let has = |name| table.place(name).is_some();
        match table.kind {
            TableKind::Facts => {
                assert_eq!(table.key, ["license_id", "seq"], "{}", table.name);
                assert!(has("recorded_at") && table.audited, "{}", table.name);
            }
            TableKind::State => assert!(has("version"), "{}", table.name),
            TableKind::Log | TableKind::Derived | TableKind::Reference => {}
        }
    }
}

#[test]
fn what_is_referred_to_is_a_key_of_a_table_before() {
    let mut before: Vec<&trueup_store::Table> = Vec::new();
    for table in TABLES {
        for reference in table.references {
            let target = before.iter().find(|it| it.name == reference.table);
            let target = target.unwrap_or_else(|| panic!("{} refers to {}", table.name, reference.table));
            assert!(target.key == reference.columns || target.unique.contains(&reference.columns), "{}", table.name);
        }
        before.push(table);
    }
}

#[test]
fn every_table_and_column_says_what_it_means() {
    for table in TABLES {
        assert!(table.about.trim().ends_with('.'), "{}", table.name);
        for column in table.columns {
            assert!(
                column.about.trim().ends_with('.') && column.about.trim().len() >= 4,
                "{}.{}",
                table.name,
                column.name
            );
        }
    }
}

/// The whole schema in the words of PostgreSQL, for people to read.
#[test]
fn the_full_schema_is_written_down() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.sql");
    let text = format!(
        "-- The whole schema, made from `src/schema/tables.rs`. The sum of the migrations is this.\n\n{}",
        schema_text()
    );
    if std::env::var_os("TRUEUP_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == text, "schema.sql is old: run this test with TRUEUP_BLESS=1");
}

/// What a file has: tables with their columns, keys and references, and indexes.
fn described(connection: &Connection) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut list = |sql: &str| {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..columns).map(|it| format!("{:?}", row.get_ref(it).unwrap())).collect();
            all.insert(cells.join("|"));
        }
    };
    list(
        "SELECT 'column', m.name, c.* FROM sqlite_schema m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'schema_step'",
    );
    list(
        "SELECT 'reference', m.name, f.* FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    );
    list(
        "SELECT 'index', m.name, i.\"unique\", i.origin, (SELECT group_concat(name) FROM pragma_index_info(i.name))
         FROM sqlite_schema m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'schema_step'",
    );
    list(
        "SELECT 'table', name, strict, wr FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%' AND name <> 'schema_step'",
    );
    all
}

/// Runs statements as the store would on SQLite.
fn run_for_sqlite(connection: &Connection, text: &str) {
    for statement in text.split(";\n").map(str::trim).filter(|it| !it.is_empty()) {
        let strict = if statement.contains("CREATE TABLE") { " STRICT, WITHOUT ROWID" } else { "" };
        let text = statement.replace(" BIGINT", " INTEGER").replace(" BYTEA", " BLOB");
        connection.execute_batch(&format!("{text}{strict}")).unwrap();
    }
}

#[test]
fn the_sum_of_the_steps_is_the_schema_on_sqlite_and_each_is_safe_to_repeat() {
    let folder = tempfile::tempdir().unwrap();
    drop(sqlite(folder.path()));
    let by_steps = Connection::open(folder.path().join("books.db")).unwrap();
    let whole = Connection::open_in_memory().unwrap();
    run_for_sqlite(&whole, &schema_text());
    assert_eq!(described(&by_steps), described(&whole));
    let before = described(&by_steps);
    for step in STEPS {
        run_for_sqlite(&by_steps, step.text);
        assert_eq!(described(&by_steps), before, "step {}", step.number);
    }
    assert!(before.len() > 400);
}

/// A step that died after any of its statements is taken again as a whole.
#[test]
fn a_step_that_died_half_way_is_taken_again() {
    let statements: Vec<&str> = STEPS[0].text.split(";\n").map(str::trim).filter(|it| !it.is_empty()).collect();
    for dead_after in [1, 2, statements.len() / 2, statements.len()] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("books.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE schema_step (step INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, content_hash BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID").unwrap();
        run_for_sqlite(&connection, &statements[..dead_after].join(";\n"));
        drop(connection);
        let store = sqlite(folder.path());
        drop(store);
        let whole = Connection::open_in_memory().unwrap();
        run_for_sqlite(&whole, &schema_text());
        assert_eq!(described(&Connection::open(&path).unwrap()), described(&whole), "after {dead_after}");
    }
}

#[test]
fn a_newer_schema_and_a_foreign_file_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(sqlite(folder.path()));
    let path = folder.path().join("books.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute("INSERT INTO schema_step VALUES (999, 'later', x'00', 0)", []).unwrap();
    drop(connection);
    let open = |path: &std::path::Path| Store::open(&Location::Sqlite(path.to_owned()), &options()).unwrap_err();
    assert!(matches!(open(&path), StoreError::Newer { found: 999, known } if known == STEPS.last().unwrap().number));

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
    assert!(matches!(open(&foreign), StoreError::NotOurs { .. }));
    let text = folder.path().join("text.db");
    std::fs::write(&text, "this is no database at all, but quite long enough to be one".repeat(40)).unwrap();
    assert!(matches!(open(&text), StoreError::NotOurs { .. }));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("this is no database"));
}

#[test]
fn every_statement_prepares_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    drop(sqlite(folder.path()));
    let connection = Connection::open(folder.path().join("books.db")).unwrap();
    for statement in trueup_store::prepared() {
        connection
            .prepare(statement.sqlite_text())
            .unwrap_or_else(|error| panic!("{error}: {}", statement.sqlite_text()));
    }
    for table in TABLES {
        for text in trueup_store::schema::statements(table).texts().1 {
            connection.prepare(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        }
    }
}

/// On a real server: the same tables from the steps, twice; two that start at the same time; every statement prepares.
#[test]
fn the_schema_on_postgresql() {
    let server = Server::start();
    let location = Location::Postgres(server.database("steps"));
    std::thread::scope(|scope| {
        for name in ["i-1", "i-2", "i-3", "i-4"] {
            let location = &location;
            scope.spawn(move || drop(Store::open(location, &OpenOptions::new(at(0), name)).unwrap()));
        }
    });
    let mut steps = server.connect("steps").unwrap();
    assert_eq!(steps.query("SELECT installation_id FROM installation", &[]).unwrap().len(), 1);
    server.database("whole");
    let mut whole = server.connect("whole").unwrap();
    whole.batch_execute(&schema_text()).unwrap();
    let describe = |client: &mut postgres::Client| -> BTreeSet<String> {
        let text = "SELECT table_name || '|' || column_name || '|' || data_type || '|' || is_nullable || '|' || ordinal_position
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_step'
           UNION SELECT tablename || '|' || replace(indexdef, indexname, '') FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'schema_step'
           UNION SELECT conrelid::regclass || '|' || pg_get_constraintdef(oid) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'schema_step'";
        client.query(text, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    };
    let before = describe(&mut steps);
    assert_eq!(before, describe(&mut whole));
    assert!(before.len() > 400);
    for step in STEPS {
        steps.batch_execute(step.text).unwrap();
    }
    assert_eq!(describe(&mut steps), before);
    let commented =
        "SELECT count(*) FROM pg_description WHERE objoid IN (SELECT oid FROM pg_class WHERE relkind = 'r')";
    let comments: i64 = steps.query_one(commented, &[]).unwrap().get(0);
    assert!(comments > 300, "{comments}");

    for statement in trueup_store::prepared() {
        steps
            .prepare(statement.postgres_text())
            .unwrap_or_else(|error| panic!("{error:?}: {}", statement.postgres_text()));
    }
    for table in TABLES {
        for text in trueup_store::schema::statements(table).texts().0 {
            steps.prepare(text).unwrap_or_else(|error| panic!("{error:?}: {text}"));
        }
    }
    steps.execute("INSERT INTO schema_step VALUES (999, 'later', ''::bytea, $1)", &[&at(0).as_microsecond()]).unwrap();
    assert!(matches!(Store::open(&location, &options()).unwrap_err(), StoreError::Newer { found: 999, .. }));
}

/// No statement is written anywhere but in the lists that are prepared above.
#[test]
fn every_statement_is_in_the_list() {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| match path.is_dir() {
                true => count(&path),
                false if path.ends_with("statement.rs") => 0,
                false => {
                    let text = std::fs::read_to_string(path).unwrap();
                    ["Query::new(", "Statement::new(", "Statement::made("]
                        .map(|made| text.matches(made).count())
                        .iter()
                        .sum()
                }
            })
            .sum()
    }
    let written = count(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    // The macro of facts writes one text that stands for eight.
    assert_eq!(written + 7, trueup_store::prepared().len());
}

/// What is asked of one package costs what the package is, not what the licence is.
#[test]
fn what_is_asked_of_a_package_goes_by_the_package() {
    let folder = tempfile::tempdir().unwrap();
    drop(sqlite(folder.path()));
    let connection = Connection::open(folder.path().join("books.db")).unwrap();
    let mut asked = 0;
    for statement in trueup_store::prepared() {
        let text = statement.sqlite_text();
        let of_package = text.contains("package_id = ?") || text.contains(".package_id = ");
        if !of_package {
            continue;
        }
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {text}")).unwrap();
        for place in 1..=statement.parameters().len() {
            explained.raw_bind_parameter(place, 1).unwrap();
        }
        let mut rows = explained.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let line: String = row.get("detail").unwrap();
            // The outer table of a query that compares all packages with one another is read as a whole.
            let inner = line.starts_with("SEARCH later");
            if text.contains("package_id = ?") || inner {
                assert!(
                    !line.starts_with("SCAN") && (!line.starts_with("SEARCH") || line.contains("package_id=?")),
                    "{text}: {line}"
                );
                asked += usize::from(line.starts_with("SEARCH"));
            }
        }
    }
    assert!(asked >= 15, "{asked} searches were looked at");
}
