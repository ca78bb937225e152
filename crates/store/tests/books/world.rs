//! Licences, packages and movements to try things on; and the databases.

use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use trueup_store::audit::{Actor, Draft, SigningKey};
use trueup_store::ledger::{Appended, Batch, append, create_license, natural_key};
use trueup_store::{
    License, Location, Movement, Observation, OpenOptions, Package, Source, Store, StoreError, Text, Tx,
};

pub const LICENSE: &str = "C10-0000001-LIC";
pub const OTHER: &str = "C10-0000002-LIC";

/// So many seconds after a Monday morning.
pub fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T16:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

pub fn options() -> OpenOptions {
    OpenOptions::new(at(0), "i-test")
}

pub fn draft(action: &str) -> Draft {
    Draft::new(Actor::program("test"), action)
}

pub fn key() -> SigningKey {
    SigningKey::new("trueup/i-test", [42; 32]).unwrap()
}

pub fn tag(number: u32) -> Text {
    Text::from(format!("1A4060300002EE1{number:09}"))
}

pub fn license(number: &str) -> License {
    License {
        license_id: Text::new(number),
        name: Text::new("Harbor Street"),
        jurisdiction: Text::new("CA"),
        system: Text::new("metrc"),
        time_zone: Text::new("America/Los_Angeles"),
        chain_id: None,
        retention_days: 7 * 366,
        legal_hold: None,
        unverified_since: None,
        created_at: at(0),
        version: 1,
    }
}

pub fn source(license: &str, id: &str) -> Source {
    Source {
        license_id: Text::new(license),
        source_id: Text::new(id),
        kind: Text::new("file"),
        book: Text::new("pos"),
        name: "sales.csv".to_owned(),
        content_hash: Some([9; 32]),
        begun_at: at(1),
        completed_at: None,
        rows_new: 0,
        rows_known: 0,
        actor: Text::new("test"),
        version: 1,
    }
}

pub fn package(license: &str, number: u32) -> Package {
    Package {
        license_id: Text::new(license),
        seq: 0,
        package_id: tag(number),
        dimension: Text::new("each"),
        recorded_at: at(0),
        source_id: Text::new("s1"),
    }
}

/// A sale of `units` on receipt `receipt`.
pub fn sale(license: &str, package: u32, receipt: u32, units: i64) -> Movement {
    let reference = Text::from(receipt.to_string());
    Movement {
        license_id: Text::new(license),
        seq: 0,
        package_id: tag(package),
        natural_key: natural_key(&["pos", "sale", &reference, "1"]),
        version: 0,
        replaces_quantity: None,
        book: Text::new("pos"),
        kind: Text::new("sale"),
        happened_at: at(i64::from(receipt)),
        happened_until: None,
        quantity: -units * 1_000_000_000_000,
        number: Text::from(format!("{units}/0")),
        unit: Text::new("each"),
        reference,
        line: Some(Text::new("1")),
        sku_id: Some(Text::new("SKU-1")),
        reason: None,
        note: None,
        employee: Some(Text::new("Dana")),
        details: Some(r#"{"s":{"n":"88412","c":0}}"#.to_owned()),
        recorded_at: at(0),
        source_id: Text::new("s1"),
    }
}

pub fn observation(license: &str, package: u32, units: i64, seconds: i64) -> Observation {
    Observation {
        license_id: Text::new(license),
        seq: 0,
        package_id: tag(package),
        book: Text::new("state"),
        sku_id: Text::default(),
        room: Text::default(),
        observed_at: at(seconds),
        version: 0,
        quantity: units * 1_000_000_000_000,
        number: Text::from(format!("{units}/0")),
        unit: Text::new("each"),
        status: Text::new("active"),
        details: None,
        recorded_at: at(0),
        source_id: Text::new("s1"),
    }
}

/// A licence with so many packages.
pub fn begin(store: &Store, number: &'static str, packages: u32) {
    store
        .write(move |tx| {
            create_license(tx, &license(number), &draft("license.create"))?;
            let batch = Batch { packages: (1..=packages).map(|it| package(number, it)).collect(), ..Batch::default() };
            append(tx, number, at(1), &batch, &draft("pull"))
        })
        .unwrap();
}

/// Appends sales.
pub fn sell(store: &Store, license: &'static str, seconds: i64, sales: Vec<Movement>) -> Result<Appended, StoreError> {
    store.write(move |tx| sell_in(tx, license, seconds, &sales))
}

pub fn sell_in(tx: &mut Tx<'_>, license: &str, seconds: i64, sales: &[Movement]) -> Result<Appended, StoreError> {
    let batch = Batch { movements: sales.to_vec(), ..Batch::default() };
    append(tx, license, at(seconds), &batch, &draft("import"))
}

/// A file of its own.
pub fn sqlite(folder: &Path) -> Store {
    Store::open(&Location::Sqlite(folder.join("books.db")), &options()).unwrap()
}
