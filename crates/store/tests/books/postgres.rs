//! The contract on a real server, and what is PostgreSQL's own.

use crate::contract::ALL;
use crate::world::{LICENSE, begin, options, sale, sell, tag};
use trueup_postgres_server::{Pooler, Server};
use trueup_store::ledger::life;
use trueup_store::{Location, Store, StoreError};

/// One server for all cases, a database for each.
#[test]
fn postgresql_keeps_the_contract() {
    let server = Server::start();
    for (name, case) in ALL {
        let location = Location::Postgres(server.database(name));
        println!("{name}");
        case(&|| Store::open(&location, &options()).unwrap());
    }
}

/// PgBouncer in transaction mode: each transaction may run on another connection, which other clients used before.
#[test]
fn a_pooler_that_shares_connections_keeps_the_contract() {
    let server = Server::start();
    let pooler = Pooler::start(&server);
    for (name, case) in ALL {
        server.database(name);
        let location = Location::Postgres(pooler.url(name));
        println!("{name}");
        case(&|| Store::open(&location, &options()).unwrap());
    }
}

/// The server dies without warning and comes back: what was acknowledged is there, and work goes on with the next request.
#[test]
fn the_server_is_gone_for_a_while() {
    let mut server = Server::start();
    let store = Store::open(&Location::Postgres(server.database("gone")), &options()).unwrap();
    begin(&store, LICENSE, 1);
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    server.stop();
    let gone = sell(&store, LICENSE, 11, vec![sale(LICENSE, 1, 2, 1)]).unwrap_err();
    assert!(matches!(gone, StoreError::Unavailable { .. } | StoreError::Unsure { .. }), "{gone}");
    assert!(store.read(|tx| life(tx, LICENSE, &tag(1), i64::MAX)).is_err());
    server.resume();
    let back = (0..20).find_map(|_| sell(&store, LICENSE, 12, vec![sale(LICENSE, 1, 3, 1)]).ok()).unwrap();
    assert_eq!(back.new, 1);
    assert_eq!(store.read(|tx| life(tx, LICENSE, &tag(1), i64::MAX)).unwrap().movements.len(), 2);
}

/// A role that may add and not edit: what docs/operations.md tells a chain to set up.
#[test]
fn grants_keep_facts_from_being_edited() {
    let server = Server::start();
    let url = server.database("granted");
    drop(Store::open(&Location::Postgres(url.clone()), &options()).unwrap());
    let mut owner = server.connect("granted").unwrap();
    owner.batch_execute("CREATE ROLE app LOGIN").unwrap();
    owner.batch_execute(&trueup_store::schema::grants("app")).unwrap();
    let as_app = url.replace("user=books", "user=app");
    let store = Store::open(&Location::Postgres(as_app.clone()), &options()).unwrap();
    begin(&store, LICENSE, 1);
    sell(&store, LICENSE, 10, vec![sale(LICENSE, 1, 1, 1)]).unwrap();
    let mut app = postgres::Client::connect(&as_app, postgres::NoTls).unwrap();
    for text in
        ["UPDATE movement SET quantity = 0", "DELETE FROM audit_entry", "TRUNCATE movement", "DROP TABLE movement"]
    {
        assert!(app.batch_execute(text).is_err(), "{text}");
    }
}
