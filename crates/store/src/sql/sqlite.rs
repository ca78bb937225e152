//! SQLite: one thread that writes, connections that only read.
//!
//! Transactions that wait at the same time are committed together, and acknowledged when all are on the disk.

use super::cells::{Cells, ValueRef};
use super::tx::{Head, Tx};
use crate::StoreError;
use crate::care::witness::Witness;
use crate::schema::TABLES;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// When a transaction counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When the disk has it: a power cut loses nothing that was acknowledged.
    #[default]
    Full,
    /// When the operating system has it: only a power cut can lose it. For simulations.
    Process,
}

/// How the file is opened.
#[derive(Debug, Clone, Default)]
pub struct SqliteOptions {
    /// When a transaction counts as kept.
    pub durability: Durability,
    /// The layer through which files are reached; a name that was registered with SQLite. Then there are no files beside the
    /// database: no lock, no witness.
    pub vfs: Option<String>,
}

/// The name in the file's head: "TrUp".
pub(crate) const APPLICATION_ID: i32 = 0x5472_5570;

pub(super) struct Sqlite {
    path: PathBuf,
    options: SqliteOptions,
    jobs: Option<Sender<Box<dyn Job>>>,
    writer: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    stopped: Arc<Mutex<Option<String>>>,
    /// Held for as long as the file is open.
    _lock: Option<File>,
}

/// A transaction on its way to the writer.
trait Job: Send {
    /// Runs it; gives the heads of the logs that it leaves, or nothing if it has to be undone.
    fn run(&mut self, tx: Tx<'_>) -> Option<Vec<Head>>;
    /// Why it has to be undone.
    fn error(&self) -> Option<&StoreError>;
    /// Tells who waits what became of it; with an error of the commit, that.
    fn finish(self: Box<Self>, commit: Option<StoreError>);
}

struct Work<T, F> {
    work: F,
    answer: Option<Result<T, StoreError>>,
    reply: SyncSender<Result<T, StoreError>>,
}

impl<T: Send, F: FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send> Job for Work<T, F> {
    fn run(&mut self, mut tx: Tx<'_>) -> Option<Vec<Head>> {
        let run = std::panic::AssertUnwindSafe(|| (self.work)(&mut tx));
        let answer = std::panic::catch_unwind(run).unwrap_or_else(|_| Err(StoreError::fault("a transaction panicked")));
        let (answer, heads) = match answer.and_then(|answer| Ok((answer, tx.end()?))) {
            Ok((answer, heads)) => (Ok(answer), Some(heads)),
            Err(error) => (Err(error), None),
        };
        self.answer = Some(answer);
        heads
    }

    fn error(&self) -> Option<&StoreError> {
        self.answer.as_ref().and_then(|answer| answer.as_ref().err())
    }

    fn finish(self: Box<Self>, commit: Option<StoreError>) {
        let answer = match (self.answer, commit) {
            (Some(Err(error)), _) => Err(error),
            (_, Some(error)) => Err(error),
            (Some(answer), None) => answer,
            (None, None) => Err(StoreError::fault("a transaction was not run")),
        };
        // Who asked may be gone.
        drop(self.reply.send(answer));
    }
}

/// Transactions that are committed together at most.
const COMMITTED_TOGETHER: usize = 256;

impl Sqlite {
    /// Opens or makes the file. `prepare` brings the schema up to date, and is followed by the look at what was acknowledged once.
    pub(super) fn open(
        path: &Path,
        options: &SqliteOptions,
        prepare: impl FnOnce(&Connection) -> Result<(), StoreError>,
        open_witness: impl FnOnce(&Path, &Connection) -> Result<Witness, StoreError>,
    ) -> Result<Self, StoreError> {
        let lock = if options.vfs.is_none() { Some(lock(path)?) } else { None };
        let mut connection = connect(path, options)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(error)?;
        prepare(&connection)?;
        let witness = if options.vfs.is_none() { Some(open_witness(path, &connection)?) } else { None };
        connection.authorizer(Some(authorize)).map_err(error)?;
        connection.set_prepared_statement_cache_capacity(256);
        let (jobs, queue) = channel();
        let stopped = Arc::new(Mutex::new(None));
        let writer = Writer { connection, witness, stopped: Arc::clone(&stopped) };
        let writer = std::thread::Builder::new()
            .name("books".to_owned())
            .spawn(move || writer.work(&queue))
            .map_err(StoreError::file(path))?;
        Ok(Self {
            path: path.to_owned(),
            options: options.clone(),
            jobs: Some(jobs),
            writer: Some(writer),
            readers: Mutex::new(Vec::new()),
            stopped,
            _lock: lock,
        })
    }

    pub(super) fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        if let Some(why) = &*self.stopped.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(StoreError::Stopped { why: why.clone() });
        }
        let gone = || StoreError::fault("the thread that writes has ended");
        let (reply, answer) = sync_channel(1);
        let job = Box::new(Work { work, answer: None, reply });
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }

    pub(super) fn read<T>(&self, work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let free = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match free {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, &self.options)?;
                connection.pragma_update(None, "query_only", true).map_err(error)?;
                connection
            }
        };
        connection.execute_batch("BEGIN").map_err(error)?;
        let answer = work(&mut Tx::sqlite(&connection));
        connection.execute_batch("ROLLBACK").map_err(error)?;
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        answer
    }

    /// Writes the write-ahead log into the file and empties it.
    pub(super) fn empty_log(&self) -> Result<(), StoreError> {
        let busy: i64 =
            self.connection()?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(error)?;
        if busy == 0 { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// A connection of its own, for copying the whole file while others go on.
    pub(super) fn connection(&self) -> Result<Connection, StoreError> {
        connect(&self.path, &self.options)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

struct Writer {
    connection: Connection,
    witness: Option<Witness>,
    stopped: Arc<Mutex<Option<String>>>,
}

impl Writer {
    fn work(mut self, queue: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = queue.recv() {
            self.together(first, queue);
        }
    }

    /// Runs what waits, commits it as one, and tells everybody.
    fn together(&mut self, first: Box<dyn Job>, queue: &Receiver<Box<dyn Job>>) {
        if let Some(why) = &*self.stopped.lock().unwrap_or_else(PoisonError::into_inner) {
            return first.finish(Some(StoreError::Stopped { why: why.clone() }));
        }
        if let Err(error) = self.connection.execute_batch("BEGIN IMMEDIATE").map_err(error) {
            return first.finish(Some(self.stop_if_broken(error)));
        }
        let mut run = Vec::new();
        let mut heads = Vec::new();
        let mut next = Some(first);
        while let Some(mut job) = next {
            // What is undone with the first one is nothing but its own.
            if run.is_empty() {
                match job.run(Tx::sqlite(&self.connection)) {
                    Some(own) => heads.extend(own),
                    None => {
                        drop(self.connection.execute_batch("ROLLBACK"));
                        if let Some(error) = job.error().map(again) {
                            self.stop_if_broken(error);
                        }
                        return job.finish(None);
                    }
                }
                run.push(job);
                next = queue.try_recv().ok();
                continue;
            }
            let done = self.run(&mut *job, &mut heads);
            run.push(job);
            next = match done {
                Ok(()) if run.len() < COMMITTED_TOGETHER => queue.try_recv().ok(),
                _ => None,
            };
            if let Err(error) = done {
                drop(self.connection.execute_batch("ROLLBACK"));
                return self.fail(run, error);
            }
        }
        match self.connection.execute_batch("COMMIT").map_err(error) {
            Ok(()) => {
                if let Some(witness) = &mut self.witness {
                    witness.note(&heads);
                }
                run.into_iter().for_each(|job| job.finish(None));
            }
            Err(error) => {
                drop(self.connection.execute_batch("ROLLBACK"));
                self.fail(run, error);
            }
        }
    }

    /// Runs one transaction within the one that is committed; undone alone if it fails.
    fn run(&self, job: &mut dyn Job, heads: &mut Vec<Head>) -> Result<(), StoreError> {
        let batch = |text: &str| self.connection.execute_batch(text).map_err(error);
        batch("SAVEPOINT job")?;
        match job.run(Tx::sqlite(&self.connection)) {
            Some(own) => heads.extend(own),
            // After a failure of the disk the database may have undone everything already.
            None if self.connection.is_autocommit() => return Err(job.error().map_or(StoreError::Busy, again)),
            None => batch("ROLLBACK TO job")?,
        }
        batch("RELEASE job")
    }

    fn fail(&self, run: Vec<Box<dyn Job>>, error: StoreError) {
        let error = self.stop_if_broken(error);
        for job in run {
            job.finish(Some(again(&error)));
        }
    }

    /// After a failure of the disk nothing is known of what it keeps, so nothing more is written.
    fn stop_if_broken(&self, error: StoreError) -> StoreError {
        if let StoreError::Stopped { why } = &error {
            *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.clone());
        }
        error
    }
}

/// The same error, for somebody else who waited.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full => StoreError::Full,
        StoreError::Busy => StoreError::Busy,
        StoreError::Stopped { why } => StoreError::Stopped { why: why.clone() },
        StoreError::ReadOnly { what } => StoreError::ReadOnly { what: what.clone() },
        StoreError::Corrupt { what } => StoreError::Corrupt { what: what.clone() },
        other => StoreError::fault(other.to_string()),
    }
}

/// Takes the file for this process, until it ends.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let beside = beside(path, "lock");
    let file = File::options().create(true).truncate(false).write(true).open(&beside);
    let file = file.map_err(StoreError::file(&beside))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(StoreError::File { path: beside, error }),
    }
}

/// A file beside the database: `books.db` has `books.db.lock`.
pub(crate) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn connect(path: &Path, options: &SqliteOptions) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str()),
        None => Connection::open_with_flags(path, flags),
    }
    .map_err(error)?;
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(error)?;
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::Process => "OFF",
    };
    let set = |name: &str, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value).map_err(error);
    set("journal_mode", &"WAL")?;
    set("synchronous", &synchronous)?;
    set("foreign_keys", &true)?;
    set("trusted_schema", &false)?;
    // What is erased is overwritten.
    set("secure_delete", &true)?;
    set("cell_size_check", &true)?;
    set("temp_store", &"MEMORY")?;
    // Pages held in memory, in KiB (negative), and what the log may leave on the disk after a large import.
    set("cache_size", &-32_768)?;
    set("journal_size_limit", &67_108_864)?;
    set("wal_autocheckpoint", &4_000)?;
    Ok(connection)
}

/// Facts and the audit log are appended to; no statement of the program can edit or delete them, whatever it says.
fn authorize(context: AuthContext<'_>) -> Authorization {
    let may_edit =
        |name: &str| TABLES.iter().find(|table| table.name == name).is_some_and(|table| table.may_be_edited());
    let allowed = match context.action {
        AuthAction::Update { table_name, .. } => may_edit(table_name),
        AuthAction::Delete { table_name } => is_removing(table_name),
        AuthAction::Attach { .. } | AuthAction::Detach { .. } => false,
        AuthAction::Unknown { .. }
        | AuthAction::Read { .. }
        | AuthAction::Select
        | AuthAction::Insert { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Function { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::Recursive => true,
        // What would change the schema.
        _ => false,
    };
    if allowed { Authorization::Allow } else { Authorization::Deny }
}

#[cfg(feature = "archive")]
thread_local! {
    /// Only while [`remove`] prepares and runs its one statement.
    static REMOVING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Whether facts and sums that are over their time are being removed just now.
fn is_removing(table: &str) -> bool {
    #[cfg(feature = "archive")]
    {
        use crate::schema::TableKind;
        let kind = TABLES.iter().find(|it| it.name == table).map(|it| it.kind);
        REMOVING.get() && matches!(kind, Some(TableKind::Facts | TableKind::Derived))
    }
    #[cfg(not(feature = "archive"))]
    {
        let _ = table;
        false
    }
}

/// Runs a removal. Its statement is not kept, so that nothing can run it again.
#[cfg(feature = "archive")]
pub(super) fn remove(connection: &Connection, text: &str, parameters: &[ValueRef<'_>]) -> Result<u64, StoreError> {
    REMOVING.set(true);
    let done = connection.execute(text, rusqlite::params_from_iter(parameters));
    REMOVING.set(false);
    done.map(|rows| u64::try_from(rows).unwrap_or(u64::MAX)).map_err(error)
}

impl rusqlite::ToSql for ValueRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef as Theirs};
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => Theirs::Null,
            Self::Integer(number) => Theirs::Integer(number),
            Self::Text(text) => Theirs::Text(text.as_bytes()),
            Self::Bytes(bytes) => Theirs::Blob(bytes),
        }))
    }
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, parameters: &[ValueRef<'_>]) -> Result<(), StoreError> {
    for (number, value) in (1..).zip(parameters) {
        statement.raw_bind_parameter(number, value).map_err(error)?;
    }
    Ok(())
}

pub(super) fn cells(
    connection: &Connection,
    text: &str,
    of: &'static str,
    parameters: &[ValueRef<'_>],
    each: &mut dyn FnMut(&Cells<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(text).map_err(error)?;
    bind(&mut statement, parameters)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(error)? {
        each(&Cells::sqlite(row, of))?;
    }
    Ok(())
}

pub(super) fn execute(connection: &Connection, text: &str, parameters: &[ValueRef<'_>]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(text).map_err(error)?;
    bind(&mut statement, parameters)?;
    let changed = statement.raw_execute().map_err(error)?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// Runs an insert for each row of so many values.
pub(super) fn insert(
    connection: &Connection,
    text: &str,
    width: usize,
    values: &[ValueRef<'_>],
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(text).map_err(error)?;
    let mut added = 0_u64;
    for row in values.chunks(width) {
        bind(&mut statement, row)?;
        added += u64::try_from(statement.raw_execute().map_err(error)?).unwrap_or(u64::MAX);
    }
    Ok(added)
}

pub(crate) fn error(error: rusqlite::Error) -> StoreError {
    let (code, words) = match &error {
        rusqlite::Error::SqliteFailure(code, words) => (code, words),
        // Every statement fits the schema, which a test holds: if one does not, the schema is not what it was.
        rusqlite::Error::SqlInputError { msg, .. } => return StoreError::corrupt(format!("the schema ({msg})")),
        _ => return StoreError::fault(format!("SQLite: {error}")),
    };
    let words = words.clone().unwrap_or_else(|| code.to_string());
    match code.code {
        ErrorCode::ConstraintViolation => match code.extended_code {
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE => StoreError::Duplicate { what: words },
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::Missing { what: words },
            _ => StoreError::fault(format!("SQLite: {words}")),
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy,
        ErrorCode::DiskFull => StoreError::Full,
        ErrorCode::ReadOnly => StoreError::ReadOnly { what: "the database file".to_owned() },
        ErrorCode::SystemIoFailure => StoreError::Stopped { why: words },
        ErrorCode::CannotOpen => StoreError::ReadOnly { what: format!("the database file ({words})") },
        ErrorCode::DatabaseCorrupt => StoreError::corrupt(words),
        ErrorCode::NotADatabase => StoreError::NotOurs { what: "the file".to_owned() },
        _ if code.extended_code == ffi::SQLITE_ERROR => StoreError::corrupt(format!("the schema ({words})")),
        ErrorCode::AuthorizationForStatementDenied => StoreError::AppendOnly { what: words },
        _ => StoreError::fault(format!("SQLite: {words}")),
    }
}
