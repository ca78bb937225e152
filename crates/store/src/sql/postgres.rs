//! PostgreSQL: pooled connections without session state, so that PgBouncer may stand between.
//!
//! Every statement is sent unnamed with its types, parsed, bound and run in one go: nothing is prepared beyond it. Where the server is
//! reached directly, or by a PgBouncer of 1.21 or newer, `prepared=true` in the address makes each connection keep its statements,
//! which is faster. An older PgBouncer would mix up the statements of several clients, so that is not the default.

use super::cells::{Cells, ValueRef};
use super::tx::{Head, Tx};
use crate::StoreError;
use crate::schema::ColumnKind;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use ::postgres::{Client, Config, NoTls, Statement, error::SqlState};
use r2d2::Pool;
use rustc_hash::FxHashMap;
use std::error::Error;
use std::time::Duration;

pub(super) struct Postgres {
    pool: Pool<Manager>,
}

/// A connection, with the statements that it keeps, if it keeps any.
pub(super) struct Link {
    client: Client,
    prepared: Option<FxHashMap<String, Statement>>,
}

struct Manager {
    config: Config,
    keeps_statements: bool,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Link;
    type Error = ::postgres::Error;

    fn connect(&self) -> Result<Link, Self::Error> {
        let client = self.config.connect(NoTls)?;
        Ok(Link { client, prepared: self.keeps_statements.then(FxHashMap::default) })
    }

    fn is_valid(&self, link: &mut Link) -> Result<(), Self::Error> {
        link.client.simple_query("").map(drop)
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.client.is_closed()
    }
}

impl Link {
    pub(super) fn batch(&mut self, text: &str) -> Result<(), StoreError> {
        self.client.batch_execute(text).map_err(error)
    }

    /// Whether there is a table.
    pub(super) fn has_table(&mut self, table: &str) -> Result<bool, StoreError> {
        let text = "SELECT 1 FROM information_schema.tables WHERE table_name = $1 AND table_schema = current_schema()";
        self.client.query_typed(text, &[(&table, Type::TEXT)]).map(|rows| !rows.is_empty()).map_err(error)
    }

    /// The statement, if this connection keeps statements.
    fn kept(&mut self, text: &str, kinds: impl Iterator<Item = Type>) -> Result<Option<Statement>, StoreError> {
        let Some(prepared) = &mut self.prepared else { return Ok(None) };
        if let Some(statement) = prepared.get(text) {
            return Ok(Some(statement.clone()));
        }
        let kinds: Vec<Type> = kinds.collect();
        let statement = self.client.prepare_typed(text, &kinds).map_err(error)?;
        prepared.insert(text.to_owned(), statement.clone());
        Ok(Some(statement))
    }
}

/// Takes `prepared=true` out of an address, which is a URL or pairs.
fn read_address(address: &str) -> (String, bool) {
    const OURS: &str = "prepared=true";
    let (head, words, between) = match (address.contains("://"), address.split_once('?')) {
        (true, Some((head, query))) => (format!("{head}?"), query.split('&').collect::<Vec<_>>(), "&"),
        (true, None) => return (address.to_owned(), false),
        (false, _) => (String::new(), address.split_whitespace().collect(), " "),
    };
    let theirs: Vec<&str> = words.iter().copied().filter(|word| *word != OURS).collect();
    (format!("{head}{}", theirs.join(between)), theirs.len() < words.len())
}

/// How often a transaction that met another one is made again.
const ATTEMPTS: u32 = 12;

impl Postgres {
    pub(super) fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let (url, keeps_statements) = read_address(url);
        let config: Config = url
            .parse()
            .map_err(|_| StoreError::NotOurs { what: "the address of the PostgreSQL database".to_owned() })?;
        if config.get_ssl_mode() == ::postgres::config::SslMode::Require {
            return Err(StoreError::refused(
                "sslmode=require is not built yet: connect through a local socket, PgBouncer or a tunnel",
            ));
        }
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(10))
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .test_on_check_out(false)
            .build_unchecked(Manager { config, keeps_statements });
        Ok(Self { pool })
    }

    fn transaction<T>(
        &self,
        begin: &str,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Vec<Head>), StoreError> {
        let mut link = self.pool.get().map_err(|error| StoreError::Unavailable { why: error.to_string() })?;
        link.batch(begin)?;
        let mut tx = Tx::postgres(&mut link);
        let done = work(&mut tx).and_then(|answer| Ok((answer, tx.end()?)));
        match done {
            Ok(done) => match link.client.batch_execute("COMMIT") {
                Ok(()) => Ok(done),
                Err(error) if error.is_closed() || error.as_db_error().is_none() => {
                    Err(StoreError::Unsure { why: error.to_string() })
                }
                Err(error) => Err(self::error(error)),
            },
            Err(error) => {
                // A connection that cannot even roll back is closed, and what it did with it.
                drop(link.batch("ROLLBACK"));
                Err(error)
            }
        }
    }

    pub(super) fn write<T>(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut wait = Duration::from_millis(2);
        for _ in 1..ATTEMPTS {
            match self.transaction("BEGIN ISOLATION LEVEL READ COMMITTED", work) {
                Err(StoreError::Busy) => {
                    std::thread::sleep(wait);
                    wait = wait.saturating_mul(2).min(Duration::from_millis(200));
                }
                done => return done.map(|(answer, _)| answer),
            }
        }
        self.transaction("BEGIN ISOLATION LEVEL READ COMMITTED", work).map(|(answer, _)| answer)
    }

    pub(super) fn read<T>(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work).map(|(answer, _)| answer)
    }
}

impl ToSql for ValueRef<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::TEXT | Type::BYTEA)
    }

    to_sql_checked!();
}

/// The types of columns.
pub(crate) const fn types(kind: ColumnKind) -> (Type, Type) {
    match kind {
        ColumnKind::Text => (Type::TEXT, Type::TEXT_ARRAY),
        ColumnKind::Integer => (Type::INT8, Type::INT8_ARRAY),
        ColumnKind::Bytes => (Type::BYTEA, Type::BYTEA_ARRAY),
    }
}

fn typed<'v>(kinds: &[ColumnKind], values: &'v [ValueRef<'v>]) -> Vec<(&'v (dyn ToSql + Sync), Type)> {
    let value = |value: &'v ValueRef<'v>| -> &'v (dyn ToSql + Sync) { value };
    values.iter().zip(kinds).map(|(one, kind)| (value(one), types(*kind).0)).collect()
}

pub(super) fn cells(
    link: &mut Link,
    text: &str,
    (kinds, values): (&[ColumnKind], &[ValueRef<'_>]),
    of: &'static str,
    each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let kept = link.kept(text, kinds.iter().map(|kind| types(*kind).0))?;
    let rows = match &kept {
        Some(statement) => link.client.query_raw(statement, values),
        None => link.client.query_typed_raw(text, typed(kinds, values)),
    };
    let mut rows = rows.map_err(error)?;
    while let Some(row) = rows.next().map_err(error)? {
        each(&Cells::postgres(&row, of))?;
    }
    Ok(())
}

pub(super) fn execute(
    link: &mut Link,
    text: &str,
    kinds: &[ColumnKind],
    values: &[ValueRef<'_>],
) -> Result<u64, StoreError> {
    run(link, text, &typed(kinds, values))
}

fn run(link: &mut Link, text: &str, parameters: &[(&(dyn ToSql + Sync), Type)]) -> Result<u64, StoreError> {
    let done = match link.kept(text, parameters.iter().map(|(_, kind)| kind.clone()))? {
        Some(statement) => {
            let values: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|(value, _)| *value).collect();
            link.client.execute(&statement, &values)
        }
        None => link.client.execute_typed(text, parameters),
    };
    done.map_err(error)
}

/// Rows from one array per column.
pub(super) fn insert_arrays(
    link: &mut Link,
    text: &str,
    kinds: &[ColumnKind],
    values: &[ValueRef<'_>],
) -> Result<u64, StoreError> {
    let rows: Vec<&[ValueRef<'_>]> = values.chunks(kinds.len()).collect();
    let columns: Vec<Vec<ValueRef<'_>>> =
        (0..kinds.len()).map(|place| rows.iter().filter_map(|row| row.get(place).copied()).collect()).collect();
    let parameters: Vec<(&(dyn ToSql + Sync), Type)> = columns
        .iter()
        .zip(kinds)
        .map(|(column, kind)| {
            let column: &(dyn ToSql + Sync) = column;
            (column, types(*kind).1)
        })
        .collect();
    run(link, text, &parameters)
}

fn error(error: ::postgres::Error) -> StoreError {
    let Some(known) = error.as_db_error() else {
        return StoreError::Unavailable { why: chain(&error) };
    };
    let named = || {
        let constraint = known.constraint().unwrap_or_default();
        format!("{constraint} {}", known.detail().unwrap_or_default()).trim().to_owned()
    };
    match known.code() {
        &SqlState::UNIQUE_VIOLATION => StoreError::Duplicate { what: named() },
        // Two processes make the tables at the same time: the second one finds them made.
        &SqlState::DUPLICATE_OBJECT | &SqlState::DUPLICATE_TABLE => {
            StoreError::Duplicate { what: known.message().to_owned() }
        }
        &SqlState::FOREIGN_KEY_VIOLATION => StoreError::Missing { what: named() },
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::LOCK_NOT_AVAILABLE => {
            StoreError::Busy
        }
        &SqlState::DISK_FULL => StoreError::Full,
        &SqlState::INSUFFICIENT_PRIVILEGE => StoreError::AppendOnly { what: known.message().to_owned() },
        &SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { what: "the PostgreSQL database".to_owned() },
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => StoreError::corrupt(known.message()),
        &SqlState::IO_ERROR => StoreError::Unavailable { why: known.message().to_owned() },
        code if code.code().starts_with("57P") || code.code().starts_with("08") || code.code().starts_with("53") => {
            StoreError::Unavailable { why: known.message().to_owned() }
        }
        code => StoreError::fault(format!("PostgreSQL: {} ({})", known.message(), code.code())),
    }
}

/// An error with its sources: the driver's own words leave out what happened.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words = format!("{words}: {error}");
        source = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::read_address;

    #[test]
    fn prepared_is_taken_out_of_an_address() {
        for (address, theirs, ours) in [
            ("host=/tmp user=a", "host=/tmp user=a", false),
            ("host=/tmp prepared=true user=a", "host=/tmp user=a", true),
            ("postgres://a@b/c", "postgres://a@b/c", false),
            ("postgres://a@b/c?prepared=true", "postgres://a@b/c?", true),
            ("postgres://a@b/c?x=1&prepared=true&y=2", "postgres://a@b/c?x=1&y=2", true),
        ] {
            assert_eq!(read_address(address), (theirs.to_owned(), ours));
        }
        assert!("postgres://a@b/c?".parse::<postgres::Config>().is_ok());
    }
}
