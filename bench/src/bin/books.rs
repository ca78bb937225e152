//! How fast the books are kept.
#![expect(clippy::print_stdout, reason = "the figures are printed")]

use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use postgres::types::{ToSql, Type};
use rusqlite::Connection;
use rusqlite::types::Value;
use std::path::Path;
use std::time::Instant;
use trueup_postgres_server::Server;
use trueup_store::audit::{Actor, Draft};
use trueup_store::ledger::{Batch, append, balances, create_license, current, facts_after, life, natural_key, seq_at};
use trueup_store::{License, Location, Movement, OpenOptions, Package, Record, Store, StoreError, Table, Text};

type Failure = Box<dyn std::error::Error>;

/// How fast the books are kept.
#[derive(Parser)]
enum Options {
    /// Durable appends, beside the raw driver.
    Append {
        /// Movements per run in batches; single ones are a tenth of it.
        #[arg(long, default_value_t = 50_000)]
        rows: u32,
        /// Runs of each, in turn.
        #[arg(long, default_value_t = 5)]
        runs: usize,
    },
    /// One large import.
    Import(Size),
    /// Opening large books.
    Open(Size),
}

#[derive(clap::Args)]
struct Size {
    /// Movements.
    #[arg(long, default_value_t = 10_000_000)]
    movements: u32,
    /// Packages for sale at a time.
    #[arg(long, default_value_t = 5_000)]
    packages: u32,
    /// Years over which they happened.
    #[arg(long, default_value_t = 7)]
    years: u32,
    /// Movements in a transaction.
    #[arg(long, default_value_t = 500)]
    batch: u32,
}

const LICENSE: &str = "C10-0000001-LIC";

fn main() -> Result<(), Failure> {
    match Options::parse() {
        Options::Append { rows, runs } => compare(rows, runs),
        Options::Import(size) => import(&size),
        Options::Open(size) => open(&size),
    }
}

fn start() -> Timestamp {
    Timestamp::from_second(1_550_000_000).unwrap_or_default()
}

fn at(seconds: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_secs(seconds)).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn clock() -> Instant {
    Instant::now()
}

fn draft() -> Draft {
    Draft::new(Actor::program("bench"), "import").to("source", "s1", None)
}

fn tag(number: u32) -> Text {
    Text::from(format!("1A4060300002EE1{number:09}"))
}

fn begin(store: &Store, packages: u32) -> Result<(), StoreError> {
    store.write(|tx| {
        let license = License {
            license_id: Text::new(LICENSE),
            name: Text::new("Harbor Street"),
            jurisdiction: Text::new("CA"),
            system: Text::new("metrc"),
            time_zone: Text::new("America/Los_Angeles"),
            chain_id: None,
            retention_days: 2_562,
            legal_hold: None,
            unverified_since: None,
            created_at: start(),
            version: 1,
        };
        create_license(tx, &license, &draft())
    })?;
    let numbers: Vec<u32> = (0..packages).collect();
    for some in numbers.chunks(500) {
        let package = |number: &u32| Package {
            license_id: Text::new(LICENSE),
            seq: 0,
            package_id: tag(*number),
            dimension: Text::new("each"),
            recorded_at: start(),
            source_id: Text::new("s1"),
        };
        let batch = Batch { packages: some.iter().map(package).collect(), ..Batch::default() };
        store.write(move |tx| append(tx, LICENSE, start(), &batch, &draft()).map(drop))?;
    }
    Ok(())
}

/// A sale as a POS's export has it. Packages come and go: each is for sale for some weeks.
fn movement(number: u32, packages: u32, moment: Timestamp) -> Movement {
    let receipt = Text::from((number / 3).to_string());
    let line = Text::from((number % 3).to_string());
    Movement {
        license_id: Text::new(LICENSE),
        seq: 0,
        package_id: tag(number.wrapping_mul(2_654_435_761) % packages),
        natural_key: natural_key(&["pos", "sale", &receipt, &line]),
        version: 0,
        replaces_quantity: None,
        book: Text::const_new("pos"),
        kind: Text::const_new("sale"),
        happened_at: moment,
        happened_until: None,
        quantity: -1_000_000_000_000,
        number: Text::const_new("-1/0"),
        unit: Text::const_new("each"),
        reference: receipt.clone(),
        line: Some(line),
        sku_id: Some(Text::const_new("SKU-000123")),
        reason: None,
        note: None,
        employee: Some(Text::const_new("dana")),
        details: Some(format!(r#"{{"s":{{"n":"{receipt}","t":"till-1","p":[3500,2],"c":5}}}}"#)),
        recorded_at: start(),
        source_id: Text::const_new("s1"),
    }
}

fn movements(first: u32, count: u32, packages: u32) -> Vec<Movement> {
    (first..first + count).map(|number| movement(number, packages, at(i64::from(number)))).collect()
}

/// One transaction's rows: movements, what they add to balances, the entry, nodes.
struct Written {
    movements: Vec<Vec<Value>>,
    balances: Vec<Vec<Value>>,
    entry: Vec<Vec<Value>>,
    nodes: Vec<Vec<Value>>,
}

const PACKAGES: u32 = 5_000;

/// Appends so many movements in transactions of so many; gives movements a second.
fn by_store(store: &Store, rows: u32, batch: u32) -> Result<f64, StoreError> {
    let batches: Vec<Vec<Movement>> = (0..rows / batch).map(|it| movements(it * batch, batch, PACKAGES)).collect();
    let started = clock();
    for movements in batches {
        let batch = Batch { movements, ..Batch::default() };
        store.write(move |tx| append(tx, LICENSE, start(), &batch, &draft()).map(drop))?;
    }
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}

/// The rows that the store wrote, transaction by transaction.
fn written(path: &Path, packages: u32) -> Result<Vec<Written>, Failure> {
    let connection = Connection::open(path)?;
    let rows = |sql: &str, values: &[i64]| -> Result<Vec<Vec<Value>>, rusqlite::Error> {
        let mut statement = connection.prepare_cached(sql)?;
        let width = statement.column_count();
        let rows = statement
            .query_map(rusqlite::params_from_iter(values), |row| (0..width).map(|it| row.get(it)).collect())?;
        rows.collect()
    };
    let entries = rows("SELECT * FROM audit_entry ORDER BY position", &[])?;
    let mut all = Vec::new();
    let mut before = i64::from(packages);
    for entry in entries {
        let Some(Value::Integer(seq)) = entry.get(3).cloned() else { continue };
        if seq <= before {
            continue;
        }
        let Some(Value::Integer(position)) = entry.get(1).cloned() else { continue };
        let nodes = if (position + 1) % 256 == 0 {
            rows("SELECT * FROM audit_node WHERE level = 8 AND position = ?1", &[position / 256])?
        } else {
            Vec::new()
        };
        all.push(Written {
            movements: rows("SELECT * FROM movement WHERE seq > ?1 AND seq <= ?2 ORDER BY seq", &[before, seq])?,
            balances: rows(
                "SELECT license_id, package_id, book, sum(quantity), count(*), max(seq) FROM movement
                 WHERE seq > ?1 AND seq <= ?2 GROUP BY license_id, package_id, book",
                &[before, seq],
            )?,
            entry: vec![entry],
            nodes,
        });
        before = seq;
    }
    Ok(all)
}

const ADD: &str =
    " ON CONFLICT (license_id, package_id, book) DO UPDATE SET quantity = balance.quantity + excluded.quantity,
  movements = balance.movements + excluded.movements, last_seq = excluded.last_seq";

fn columns(table: &Table) -> Vec<&'static str> {
    table.column_names().collect()
}

fn raw_sqlite(path: &Path, all: &[Written], rows: u32) -> Result<f64, Failure> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768;
         PRAGMA wal_autocheckpoint = 4000",
    )?;
    let insert = |table: &Table, end: &str| {
        let names = columns(table);
        let marks: Vec<String> = (1..=names.len()).map(|it| format!("?{it}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({}){end}", table.name, names.join(", "), marks.join(", "))
    };
    let mut movement = connection.prepare(&insert(Movement::TABLE, ""))?;
    let mut balance = connection.prepare(&insert(trueup_store::Balance::TABLE, ADD))?;
    let mut entry = connection.prepare(&insert(trueup_store::AuditEntry::TABLE, ""))?;
    let mut node = connection.prepare(&insert(trueup_store::AuditNode::TABLE, ""))?;
    let mut head = connection.prepare(HEAD_SQLITE)?;
    let started = clock();
    for (version, one) in (1_i64..).zip(all) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for (statement, rows) in [
            (&mut movement, &one.movements),
            (&mut balance, &one.balances),
            (&mut entry, &one.entry),
            (&mut node, &one.nodes),
        ] {
            for row in rows {
                statement.execute(rusqlite::params_from_iter(row))?;
            }
        }
        head.execute((version, LICENSE))?;
        connection.execute_batch("COMMIT")?;
    }
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}

const HEAD_SQLITE: &str =
    "UPDATE license_head SET seq = ?1, recorded_at = ?1, audit_size = ?1, audit_root = zeroblob(32),
  audit_frontier = zeroblob(256), checksum = ?1 WHERE license_id = ?2";
const HEAD_POSTGRES: &str = "UPDATE license_head SET seq = $1, recorded_at = $1, audit_size = $1,
  audit_root = decode(repeat('00', 32), 'hex'), audit_frontier = decode(repeat('00', 256), 'hex'), checksum = $1 WHERE license_id = $2";

/// A value as PostgreSQL's driver takes it.
#[derive(Debug)]
struct Raw<'v>(&'v Value);

impl ToSql for Raw<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null | Value::Real(_) => Ok(postgres::types::IsNull::Yes),
            Value::Integer(number) => number.to_sql(kind, out),
            Value::Text(text) => text.to_sql(kind, out),
            Value::Blob(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(_kind: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

fn raw_postgres(client: &mut postgres::Client, all: &[Written], rows: u32) -> Result<f64, Failure> {
    let insert = |table: &Table, end: &str, is_single: bool| {
        let names = columns(table);
        let mark = |(number, kind): (usize, trueup_store::ColumnKind)| match is_single {
            true => format!("${number}"),
            false => format!("${number}::{}[]", kind.name()),
        };
        let marks: Vec<String> = (1..).zip(table.column_kinds()).map(mark).collect();
        let from = if is_single {
            format!("VALUES ({})", marks.join(", "))
        } else {
            format!("SELECT * FROM unnest({})", marks.join(", "))
        };
        format!("INSERT INTO {} ({}) {from}{end}", table.name, names.join(", "))
    };
    let is_single = all.first().is_some_and(|one| one.movements.len() == 1);
    let movement = client.prepare(&insert(Movement::TABLE, "", is_single))?;
    let balance = client.prepare(&insert(trueup_store::Balance::TABLE, ADD, is_single))?;
    let entry = client.prepare(&insert(trueup_store::AuditEntry::TABLE, "", true))?;
    let node = client.prepare(&insert(trueup_store::AuditNode::TABLE, "", true))?;
    let head = client.prepare(HEAD_POSTGRES)?;
    let started = clock();
    for (version, one) in (1_i64..).zip(all) {
        client.batch_execute("BEGIN")?;
        for (statement, rows) in [(&movement, &one.movements), (&balance, &one.balances)] {
            if is_single {
                singly(client, statement, rows)?;
            } else {
                let width = rows.first().map_or(0, Vec::len);
                let columns: Vec<Vec<Raw<'_>>> =
                    (0..width).map(|place| rows.iter().filter_map(|row| row.get(place).map(Raw)).collect()).collect();
                let parameters: Vec<&(dyn ToSql + Sync)> =
                    columns.iter().map(|column| -> &(dyn ToSql + Sync) { column }).collect();
                client.execute(statement, &parameters)?;
            }
        }
        singly(client, &entry, &one.entry)?;
        singly(client, &node, &one.nodes)?;
        client.execute(&head, &[&version, &LICENSE])?;
        client.batch_execute("COMMIT")?;
    }
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}

fn singly(client: &mut postgres::Client, statement: &postgres::Statement, rows: &[Vec<Value>]) -> Result<(), Failure> {
    for row in rows {
        let values: Vec<Raw<'_>> = row.iter().map(Raw).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect();
        client.execute(statement, &parameters)?;
    }
    Ok(())
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// In turn: ours, the raw driver's, each into books of its own that are begun alike.
fn compare(rows: u32, runs: usize) -> Result<(), Failure> {
    let server = Server::start();
    println!("{:<12} {:>6} {:>14} {:>14} {:>7}", "engine", "batch", "ours rows/s", "raw rows/s", "ratio");
    for batch in [1, 500] {
        let rows = if batch == 1 { rows / 10 } else { rows };
        let (mut ours, mut raw, mut ours_pg, mut raw_pg) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for run in 0..runs {
            let folder = tempfile::tempdir()?;
            let path = |name: &str| folder.path().join(name);
            let begun = |location: Location| -> Result<Store, StoreError> {
                let store = Store::open(&location, &OpenOptions::new(start(), "i-bench"))?;
                begin(&store, PACKAGES)?;
                Ok(store)
            };
            let store = begun(Location::Sqlite(path("ours.db")))?;
            ours.push(by_store(&store, rows, batch)?);
            drop(store);
            let all = written(&path("ours.db"), PACKAGES)?;
            drop(begun(Location::Sqlite(path("raw.db")))?);
            raw.push(raw_sqlite(&path("raw.db"), &all, rows)?);
            let [own, other] = ["ours", "raw"]
                .map(|name| format!("{} prepared=true", server.database(&format!("{name}_{batch}_{run}"))));
            let store = begun(Location::Postgres(own))?;
            ours_pg.push(by_store(&store, rows, batch)?);
            drop(store);
            drop(begun(Location::Postgres(other))?);
            raw_pg.push(raw_postgres(&mut server.connect(&format!("raw_{batch}_{run}"))?, &all, rows)?);
        }
        for (engine, ours, raw) in [("SQLite", ours, raw), ("PostgreSQL", ours_pg, raw_pg)] {
            let ratio = median(ours.iter().zip(&raw).map(|(ours, raw)| ours / raw).collect());
            println!("{engine:<12} {batch:>6} {:>14.0} {:>14.0} {ratio:>7.2}", median(ours), median(raw));
        }
    }
    Ok(())
}

/// Resident memory, in MiB, now and at its peak.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or_default() / 1_024
    };
    (of("VmRSS"), of("VmHWM"))
}

fn fill(store: &Store, size: &Size) -> Result<(), StoreError> {
    // Over the years packages come and go: as many are for sale at a time, and each for a few weeks.
    let all = size.packages.saturating_mul(size.years.saturating_mul(4));
    begin(store, all)?;
    let span = i64::from(size.years) * 365 * 86_400;
    let started = clock();
    let tenth = (size.movements / 10).max(1);
    for first in (0..size.movements).step_by(usize::try_from(size.batch).unwrap_or(500)) {
        let (movements, packages, years, count) = (size.movements, size.packages, size.years, size.batch);
        let now = at(span * i64::from(first) / i64::from(movements));
        store.write(move |tx| {
            let movements: Vec<Movement> = (first..(first + count).min(movements))
                .map(|number| {
                    let moment = at(span * i64::from(number) / i64::from(movements));
                    let turn =
                        u32::try_from(u64::from(number) * u64::from(years) * 4 / u64::from(movements)).unwrap_or(0);
                    let one = movement(number, packages, moment);
                    let within = number.wrapping_mul(2_654_435_761) % packages;
                    Movement { package_id: tag((turn * packages + within) % all), ..one }
                })
                .collect();
            let batch = Batch { movements, ..Batch::default() };
            append(tx, LICENSE, now, &batch, &draft()).map(drop)
        })?;
        if first % tenth < size.batch {
            let (now, peak) = memory();
            println!(
                "{first:>10} movements, {:>6.1} s, memory {now} MiB (peak {peak})",
                started.elapsed().as_secs_f64()
            );
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let (now, peak) = memory();
    println!(
        "{} movements in {seconds:.1} s: {:.0}/s, memory {now} MiB (peak {peak})",
        size.movements,
        f64::from(size.movements) / seconds
    );
    Ok(())
}

fn import(size: &Size) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&Location::Sqlite(folder.path().join("books.db")), &OpenOptions::new(start(), "i-bench"))?;
    fill(&store, size)?;
    drop(store);
    println!("{} MiB on the disk", std::fs::metadata(folder.path().join("books.db"))?.len() >> 20);
    Ok(())
}

fn open(size: &Size) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let location = Location::Sqlite(folder.path().join("books.db"));
    let options = OpenOptions::new(start(), "i-bench");
    fill(&Store::open(&location, &options)?, size)?;
    let started = clock();
    let store = Store::open(&location, &options)?;
    println!("open                          {:>9.2} ms", started.elapsed().as_secs_f64() * 1_000.0);
    let started = clock();
    let kept = store.read(|tx| balances(tx, LICENSE))?;
    println!("balances of {:>7} packages  {:>9.2} ms", kept.len(), started.elapsed().as_secs_f64() * 1_000.0);
    let started = clock();
    let recent = store.read(|tx| {
        let from = seq_at(tx, LICENSE, at(i64::from(size.years) * 365 * 86_400 - 14 * 86_400))?;
        let mut count = 0_u64;
        facts_after(tx, LICENSE, (from, i64::MAX), &mut |_| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    })?;
    println!("{recent:>7} facts of two weeks    {:>9.2} ms", started.elapsed().as_secs_f64() * 1_000.0);
    let all = size.packages * size.years * 4;
    let mut times: Vec<f64> = Vec::new();
    let mut most = 0;
    for number in (0..all).step_by(usize::try_from((all / 400).max(1)).unwrap_or(1)) {
        let started = clock();
        let life = store.read(|tx| life(tx, LICENSE, &tag(number), i64::MAX))?;
        let holds = current(&life.movements).len();
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        most = most.max(holds);
    }
    times.sort_by(f64::total_cmp);
    let (median, last) = (times.get(times.len() / 2).copied(), times.last().copied());
    println!(
        "one package's life            {:>9.3} ms median, {:.3} ms at most ({most} movements at most)",
        median.unwrap_or_default(),
        last.unwrap_or_default()
    );
    Ok(())
}
