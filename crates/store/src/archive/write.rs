//! Writes a closed month into a folder, proves the folder, and notes it in the books.

use super::MONTH_FILE;
use super::month::Month;
use super::rows::RowWriter;
use super::text::{FileLine, MonthText};
use super::verify::{sha256, verify_archive};
use crate::audit::{self, Checkpoint, Draft, Frontier, SigningKey};
use crate::hash::sha256_of;
use crate::ledger::{Batch, append, hex};
use crate::schema::{
    ArchiveFile, ColumnKind::Integer as I, ColumnKind::Text as T, License, TABLES, Table, TableKind, statements,
};
use crate::sql::{Query, Statement, Store, Tx, ValueRef};
use crate::{StoreError, Text, installation};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// The last entry before a moment, and the last fact then. Time never goes back in the log.
pub(super) static BEFORE: Statement = Statement::new(
    "SELECT max(position), max(ledger_seq) FROM audit_entry WHERE license_id = $1 AND recorded_at < $2",
    &[T, I],
);
pub(super) static OF_MONTH: Query<ArchiveFile> = Query::new("WHERE license_id = $1 AND month = $2", &[T, T]);
pub(super) static FIRST: Statement =
    Statement::new("SELECT min(recorded_at) FROM audit_entry WHERE license_id = $1", &[T]);

/// A month that was archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// The folder.
    pub folder: PathBuf,
    /// Facts in it.
    pub facts: u64,
    /// Entries in it.
    pub entries: u64,
    /// Hash of `month.txt`, which has those of all other files.
    pub sha256: String,
}

/// From an entry and a fact (0 for none) on, up to and with others.
struct Bounds {
    entries: (u64, u64),
    facts: (i64, i64),
}

pub(super) fn license_of(tx: &mut Tx<'_>, license: &str) -> Result<License, StoreError> {
    tx.get(&[ValueRef::Text(license)])?.ok_or_else(|| StoreError::Missing { what: format!("licence {license}") })
}

/// Entries and facts before a moment.
fn before(tx: &mut Tx<'_>, license: &str, moment: Timestamp) -> Result<(u64, i64), StoreError> {
    let mut found = (0, 0);
    let parameters = [ValueRef::Text(license), ValueRef::Integer(moment.as_microsecond())];
    tx.cells(&BEFORE, "audit_entry", &parameters, &mut |cells| {
        let count = cells.integer(0)?.map_or(0, |position| position.saturating_add(1));
        found = (u64::try_from(count).unwrap_or_default(), cells.integer(1)?.unwrap_or_default());
        Ok(())
    })?;
    Ok(found)
}

/// The closed months in which anything was learned and that are in no archive yet, the earliest first.
///
/// # Errors
/// [`StoreError::Missing`] if there is no such licence; those of the database.
pub fn months_to_archive(tx: &mut Tx<'_>, license: &str, now: Timestamp) -> Result<Vec<Month>, StoreError> {
    let row = license_of(tx, license)?;
    let first = tx.integer(&FIRST, &[ValueRef::Text(license)])?;
    let Some(first) = first.and_then(|at| Timestamp::from_microsecond(at).ok()) else { return Ok(Vec::new()) };
    let mut months = Vec::new();
    for month in Month::of(first, &row.time_zone)?.on() {
        let (from, to) = month.bounds(&row.time_zone)?;
        if to > now {
            break;
        }
        let grew = before(tx, license, from)?.1 < before(tx, license, to)?.1;
        let name = month.to_string();
        if grew && tx.rows(&OF_MONTH, &[ValueRef::Text(license), ValueRef::Text(&name)])?.is_empty() {
            months.push(month);
        }
    }
    Ok(months)
}

/// Archives a closed month into `folder`, which must not be there yet. The folder is read again and proven before it gets its name
/// and before the books say that it is there.
///
/// # Errors
/// [`StoreError::Refused`] for a month that is not over, of which nothing is known, or that is archived; [`StoreError::Corrupt`] if
/// the books or the folder are damaged; [`StoreError::File`]; those of the database.
pub fn archive_month(
    store: &Store,
    license: &str,
    month: Month,
    (folder, key): (&Path, &SigningKey),
    (now, draft): (Timestamp, &Draft),
) -> Result<Archived, StoreError> {
    if folder.exists() {
        return Err(StoreError::refused(format!("{} is there already; name a new folder", folder.display())));
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let work = tempfile::Builder::new().prefix(".trueup-archive-").tempdir_in(parent);
    let work = work.map_err(StoreError::file(parent))?;
    let text = store.read(|tx| write_folder(tx, license, month, (work.path(), key), now))?;
    let report = verify_archive(work.path(), Some(&key.verifying_key()))
        .map_err(|finding| StoreError::corrupt(format!("the archive that was written: {finding}")))?;
    let month_file = std::fs::File::open(work.path().join(MONTH_FILE));
    let hashed = month_file.and_then(|mut file| sha256_of(&mut file)).map_err(StoreError::file(work.path()));
    let (content_hash, _) = hashed?;
    let work = work.keep();
    std::fs::rename(&work, folder).map_err(StoreError::file(folder))?;
    std::fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(StoreError::file(parent))?;
    let row = ArchiveFile {
        license_id: Text::new(license),
        seq: 0,
        month: Text::from(month.to_string()),
        name: folder.display().to_string(),
        content_hash,
        rows: i64::try_from(report.facts).unwrap_or(i64::MAX),
        first_seq: text.facts.0,
        last_seq: text.facts.1,
        recorded_at: now,
    };
    let owned = row.license_id.clone();
    let draft = draft.clone().to("archive", &row.month, None);
    let batch = Batch { archives: vec![row], ..Batch::default() };
    store.write(move |tx| append(tx, &owned, now, &batch, &draft))?;
    Ok(Archived { folder: folder.to_owned(), facts: report.facts, entries: report.entries, sha256: hex(&content_hash) })
}

fn write_folder(
    tx: &mut Tx<'_>,
    license: &str,
    month: Month,
    (folder, key): (&Path, &SigningKey),
    now: Timestamp,
) -> Result<MonthText, StoreError> {
    let row = license_of(tx, license)?;
    let (from, to) = month.bounds(&row.time_zone)?;
    if to > now {
        return Err(StoreError::refused(format!("{month} is not over")));
    }
    if !tx.rows(&OF_MONTH, &[ValueRef::Text(license), ValueRef::Text(&month.to_string())])?.is_empty() {
        return Err(StoreError::refused(format!("{month} is archived already")));
    }
    let (start, end) = (before(tx, license, from)?, before(tx, license, to)?);
    if start.1 == end.1 {
        return Err(StoreError::refused(format!("nothing was learned in {month}")));
    }
    let bounds = Bounds { entries: (start.0, end.0), facts: (start.1.saturating_add(1), end.1) };
    let installation = installation(tx)?.ok_or_else(|| StoreError::corrupt("the installation's row"))?;
    let origin = audit::origin(&installation.installation_id, license);
    let about = [("origin", origin.clone()), ("month", month.to_string())];
    let mut files = Vec::new();
    for table in TABLES.iter().copied().filter(|table| table.kind == TableKind::Facts) {
        files.extend(write_table(tx, license, table, &bounds, (folder, &about))?);
    }
    let mut log = Vec::new();
    audit::entries(tx, license, bounds.entries, &mut |entry| {
        log.push((entry.leaf_hash.to_vec(), entry.entry));
        Ok(())
    })?;
    let frontier: Frontier = audit::frontier_at(tx, license, bounds.entries.0)?;
    let root = audit::root_at(tx, license, bounds.entries.1)?;
    let text = MonthText {
        note: Checkpoint { origin: origin.clone(), size: bounds.entries.1, root, at: now }.sign(key),
        origin,
        key: key.verifying_key().to_string(),
        month,
        zone: row.time_zone.to_string(),
        facts: bounds.facts,
        entries: bounds.entries,
        before: frontier.bytes(),
        files,
        log,
    };
    let path = folder.join(MONTH_FILE);
    let written = std::fs::File::create_new(&path).and_then(|mut file| {
        std::io::Write::write_all(&mut file, text.write().as_bytes())?;
        file.sync_all()
    });
    written.map_err(StoreError::file(&path))?;
    Ok(text)
}

/// One table's facts of the month, each held to its checksum; nothing if there are none.
fn write_table(
    tx: &mut Tx<'_>,
    license: &str,
    table: &'static Table,
    bounds: &Bounds,
    (folder, about): (&Path, &[(&str, String)]),
) -> Result<Option<FileLine>, StoreError> {
    let Some(range) = &statements(table).range else { return Ok(None) };
    let path = folder.join(format!("{}.parquet", table.name));
    let mut writer: Option<RowWriter> = None;
    let parameters = [
        ValueRef::Text(license),
        ValueRef::Integer(bounds.facts.0.saturating_sub(1)),
        ValueRef::Integer(bounds.facts.1),
    ];
    tx.range(range, table, &parameters, &mut |cells| {
        cells.check(table)?;
        let mut values = Vec::with_capacity(table.columns.len().saturating_add(1));
        cells.all(table, &mut values)?;
        values.truncate(table.columns.len());
        match &mut writer {
            Some(writer) => writer.push(&values),
            None => writer.insert(RowWriter::create(table, path.clone(), about)?).push(&values),
        }
    })?;
    let Some(writer) = writer else { return Ok(None) };
    let (path, rows) = writer.finish()?;
    let sha256 = sha256(&path).map_err(StoreError::file(&path))?;
    Ok(Some(FileLine { table: table.name.to_owned(), rows, sha256 }))
}
