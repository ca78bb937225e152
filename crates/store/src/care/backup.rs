//! A copy elsewhere: the whole database at one moment, compressed, encrypted with age, and restored once to see that it works.
//!
//! `age -d BACKUP | zstd -d > books.db` opens one without trueup.

use super::copy::copy;
use super::doctor::integrity;
use super::fingerprint::Fingerprint;
use crate::hash::sha256_of;
use crate::sql::{Location, OpenOptions, Store, Tx};
use crate::{Durability, SqliteOptions, StoreError};
use age::x25519;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

/// What was backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// SHA-256 of the encrypted file.
    pub sha256: [u8; 32],
    /// Bytes of the encrypted file.
    pub bytes: u64,
    /// What is in it.
    pub holds: Fingerprint,
}

/// Copies the books while others go on, encrypts the copy for the recipients, restores it into a temporary file with a key made for
/// that, checks everything in it, and only then gives it its name.
///
/// # Errors
/// [`StoreError::Refused`] for no or bad recipients, [`StoreError::Corrupt`] if the books or the copy are damaged,
/// [`StoreError::File`]. Nothing is at `target` then that was not there before.
pub fn backup(
    store: &Store,
    recipients: &[String],
    target: &Path,
    options: &OpenOptions,
) -> Result<Backup, StoreError> {
    let told = StoreError::file(target);
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let work = tempfile::Builder::new().prefix(".trueup-backup-").tempdir_in(folder).map_err(told)?;
    let plain = work.path().join("books.db");
    copy_to_file(store, &plain, options)?;
    let once = x25519::Identity::generate();
    let sealed = work.path().join("sealed");
    seal(&plain, &sealed, recipients, &once)?;
    std::fs::remove_file(&plain).map_err(StoreError::file(&plain))?;
    open(&sealed, &plain, &once)?;
    let holds = check_file(&plain)?;
    let mut file = File::open(&sealed).map_err(StoreError::file(&sealed))?;
    let (sha256, bytes) = sha256_of(&mut file).map_err(StoreError::file(&sealed))?;
    file.sync_all().map_err(StoreError::file(&sealed))?;
    std::fs::rename(&sealed, target).map_err(StoreError::file(target))?;
    Ok(Backup { sha256, bytes, holds })
}

/// One moment's books as a file.
fn copy_to_file(store: &Store, plain: &Path, options: &OpenOptions) -> Result<(), StoreError> {
    match store.file_connection() {
        Some(connection) => {
            let connection = connection?;
            connection
                .backup(rusqlite::MAIN_DB, plain, None::<fn(rusqlite::backup::Progress)>)
                .map_err(crate::sql::sqlite_error)
        }
        None => {
            let sqlite = SqliteOptions { durability: Durability::Process, vfs: None };
            let options = OpenOptions { sqlite, ..options.clone() };
            let file = Store::open(&Location::Sqlite(plain.to_owned()), &options)?;
            copy(store, &file, &mut |_, _| {}).map(drop)
        }
    }
}

fn seal(plain: &Path, sealed: &Path, recipients: &[String], once: &x25519::Identity) -> Result<(), StoreError> {
    let mut all: Vec<x25519::Recipient> = Vec::new();
    for recipient in recipients {
        let bad = |error: &'static str| StoreError::refused(format!("{recipient} is no recipient of age: {error}"));
        all.push(recipient.parse().map_err(bad)?);
    }
    if all.is_empty() {
        return Err(StoreError::refused("a backup needs a recipient (age1…) to be encrypted for; nothing was written"));
    }
    all.push(once.to_public());
    let encryptor = age::Encryptor::with_recipients(all.iter().map(|it| it as &dyn age::Recipient));
    let encryptor = encryptor.map_err(|error| StoreError::refused(error.to_string()))?;
    let mut from = File::open(plain).map_err(StoreError::file(plain))?;
    let write = || -> std::io::Result<()> {
        let file = BufWriter::new(File::create(sealed)?);
        let encrypted = encryptor.wrap_output(file)?;
        let mut compressed = zstd::Encoder::new(encrypted, 3)?;
        std::io::copy(&mut from, &mut compressed)?;
        compressed.finish()?.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    };
    write().map_err(StoreError::file(sealed))
}

/// Opens what was sealed, into a file.
pub(super) fn open(sealed: &Path, plain: &Path, identity: &dyn age::Identity) -> Result<(), StoreError> {
    let file = BufReader::new(File::open(sealed).map_err(StoreError::file(sealed))?);
    let closed =
        |error: age::DecryptError| StoreError::refused(format!("{} cannot be opened: {error}", sealed.display()));
    let decryptor = age::Decryptor::new_buffered(file).map_err(closed)?;
    let decrypted = decryptor.decrypt(std::iter::once(identity)).map_err(closed)?;
    let write = || -> std::io::Result<()> {
        let mut out = File::create(plain)?;
        let mut decompressed = zstd::Decoder::new(decrypted)?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match decompressed.read(&mut buffer)? {
                0 => return out.sync_all(),
                read => out.write_all(&buffer[..read])?,
            }
        }
    };
    write().map_err(StoreError::file(sealed))
}

/// Checks all that is in a file of books, without changing it.
pub(super) fn check_file(plain: &Path) -> Result<Fingerprint, StoreError> {
    let connection =
        Connection::open_with_flags(plain, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.map_err(crate::sql::sqlite_error)?;
    let mut tx = Tx::of_connection(&connection);
    if !tx.has_table("schema_step")? {
        return Err(StoreError::NotOurs { what: plain.display().to_string() });
    }
    tx.own_check()?;
    integrity(&mut tx)
}
