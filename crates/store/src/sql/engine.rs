//! The store: one interface, two databases.

use super::postgres::Postgres;
use super::sqlite::{Sqlite, SqliteOptions};
use super::tx::Tx;
use crate::care::witness::Witness;
use crate::schema::migrate;
use crate::{Installation, StoreError, Text};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// Where the books are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A database, as a URL or as `key=value` pairs.
    Postgres(String),
}

impl Location {
    /// Reads `sqlite:PATH`, `postgres:…` or a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some(("sqlite", path)) => Self::Sqlite(PathBuf::from(path)),
            Some(("postgres" | "postgresql", _)) => Self::Postgres(text.to_owned()),
            _ => Self::Sqlite(PathBuf::from(text)),
        }
    }
}

impl std::fmt::Display for Location {
    /// Without a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let config: Result<::postgres::Config, _> = url.parse();
                write!(
                    f,
                    "postgres:{}",
                    config.ok().and_then(|it| it.get_dbname().map(str::to_owned)).unwrap_or_default()
                )
            }
        }
    }
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The moment.
    pub now: Timestamp,
    /// Names the installation, if this is the first time; random.
    pub installation_id: Text,
    /// For a file.
    pub sqlite: SqliteOptions,
    /// For PostgreSQL: connections at most.
    pub connections: u32,
}

impl OpenOptions {
    /// As in production.
    #[must_use]
    pub fn new(now: Timestamp, installation_id: impl Into<Text>) -> Self {
        Self { now, installation_id: installation_id.into(), sqlite: SqliteOptions::default(), connections: 8 }
    }
}

/// The books.
pub struct Store {
    engine: Engine,
}

enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.engine {
            Engine::Sqlite(_) => "Store(SQLite)",
            Engine::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

impl Store {
    /// Opens the books, and makes them if there are none. Brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], [`StoreError::NotOurs`], [`StoreError::Rewound`], [`StoreError::Corrupt`],
    /// [`StoreError::Unavailable`].
    pub fn open(location: &Location, options: &OpenOptions) -> Result<Self, StoreError> {
        let engine = match location {
            Location::Sqlite(path) => {
                let prepare = |connection: &rusqlite::Connection| {
                    migrate::sqlite(path, connection, options.now)?;
                    let mut tx = Tx::sqlite(connection);
                    tx.batch("BEGIN IMMEDIATE")?;
                    install(&mut tx, options)?;
                    tx.batch("COMMIT")
                };
                let witness =
                    |path: &Path, connection: &rusqlite::Connection| Witness::open(path, &mut Tx::sqlite(connection));
                Engine::Sqlite(Sqlite::open(path, &options.sqlite, prepare, witness)?)
            }
            Location::Postgres(url) => {
                let postgres = Postgres::open(url, options.connections)?;
                migrate::postgres(&mut |work| postgres.write(work), options.now)?;
                postgres.write(&mut |tx| install(tx, options))?;
                Engine::Postgres(postgres)
            }
        };
        Ok(Self { engine })
    }

    /// Whether this is a file.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite(_))
    }

    /// Runs a transaction that writes. The work may be run again, and must not do anything outside the database. On return it is
    /// on the disk.
    ///
    /// # Errors
    /// Those of the work and of the database; nothing was done then, except after [`StoreError::Unsure`], where that is not known.
    pub fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(work),
            Engine::Postgres(postgres) => postgres.write(&mut work),
        }
    }

    /// Runs a transaction that reads: what it sees is one moment's, whoever writes meanwhile.
    ///
    /// # Errors
    /// Those of the work and of the database.
    pub fn read<T>(&self, mut work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(&mut work),
            Engine::Postgres(postgres) => postgres.read(&mut work),
        }
    }

    /// Writes what is in the write-ahead log of a file into the file, and empties the log: what was erased is then nowhere any more.
    /// PostgreSQL does the same in its own time, when it vacuums and recycles its log.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if somebody reads just now; those of the database.
    pub fn settle(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.empty_log(),
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// A connection to the file for copying it, where it is one.
    #[cfg(feature = "backup")]
    pub(crate) fn file_connection(&self) -> Option<Result<rusqlite::Connection, StoreError>> {
        match &self.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.connection()),
            Engine::Postgres(_) => None,
        }
    }
}

/// Writes who this installation is, the first time.
fn install(tx: &mut Tx<'_>, options: &OpenOptions) -> Result<(), StoreError> {
    if crate::installation(tx)?.is_none() {
        // Another process may be first: then its name stands.
        tx.insert_new(&[Installation {
            single: 1,
            installation_id: options.installation_id.clone(),
            epoch: 1,
            created_at: options.now,
            restored_at: None,
        }])?;
    }
    Ok(())
}
