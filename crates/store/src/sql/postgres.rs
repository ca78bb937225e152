//! PostgreSQL: pooled connections without session state, so that PgBouncer may stand between.
//!
//! Every statement is sent unnamed with its types, parsed, bound and run in one go: nothing is prepared beyond a transaction.

use super::cells::{Cells, ValueRef};
use super::tx::{Head, Tx};
use crate::StoreError;
use crate::schema::ColumnKind;
use ::postgres::fallible_iterator::FallibleIterator;
use ::postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use ::postgres::{Client, NoTls, error::SqlState};
use r2d2::Pool;
use r2d2_postgres::PostgresConnectionManager;
use std::error::Error;
use std::time::Duration;

pub(super) struct Postgres {
    pool: Pool<PostgresConnectionManager<NoTls>>,
}

/// How often a transaction that met another one is made again.
const ATTEMPTS: u32 = 12;

impl Postgres {
    pub(super) fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let config: ::postgres::Config =
            url.parse().map_err(|_| StoreError::NotOurs { what: "the address of the PostgreSQL database".to_owned() })?;
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
            .build_unchecked(PostgresConnectionManager::new(config, NoTls));
        Ok(Self { pool })
    }

    fn transaction<T>(
        &self,
        begin: &str,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Vec<Head>), StoreError> {
        let mut client =
            self.pool.get().map_err(|error| StoreError::Unavailable { why: error.to_string() })?;
        if let Err(error) = client.batch_execute(begin) {
            return Err(self::error(error));
        }
        let mut tx = Tx::postgres(&mut client);
        let done = work(&mut tx).and_then(|answer| Ok((answer, tx.end()?)));
        match done {
            Ok(done) => match client.batch_execute("COMMIT") {
                Ok(()) => Ok(done),
                Err(error) if error.is_closed() || error.as_db_error().is_none() => {
                    Err(StoreError::Unsure { why: error.to_string() })
                }
                Err(error) => Err(self::error(error)),
            },
            Err(error) => {
                // A connection that cannot even roll back is closed, and what it did with it.
                drop(client.batch_execute("ROLLBACK"));
                Err(error)
            }
        }
    }

    pub(super) fn write<T>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
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
    client: &mut Client,
    text: &str,
    (kinds, values): (&[ColumnKind], &[ValueRef<'_>]),
    of: &'static str,
    each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows = client.query_typed_raw(text, typed(kinds, values)).map_err(error)?;
    while let Some(row) = rows.next().map_err(error)? {
        each(&Cells::postgres(&row, of))?;
    }
    Ok(())
}

pub(super) fn execute(
    client: &mut Client,
    text: &str,
    kinds: &[ColumnKind],
    values: &[ValueRef<'_>],
) -> Result<u64, StoreError> {
    client.execute_typed(text, &typed(kinds, values)).map_err(error)
}

/// Rows from one array per column.
pub(super) fn insert_arrays(
    client: &mut Client,
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
    client.execute_typed(text, &parameters).map_err(error)
}

pub(super) fn error(error: ::postgres::Error) -> StoreError {
    let Some(known) = error.as_db_error() else {
        return StoreError::Unavailable { why: chain(&error) };
    };
    let named = || {
        let constraint = known.constraint().unwrap_or_default();
        format!("{constraint} {}", known.detail().unwrap_or_default()).trim().to_owned()
    };
    match known.code() {
        &SqlState::UNIQUE_VIOLATION => StoreError::Duplicate { what: named() },
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
