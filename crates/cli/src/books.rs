//! The commands that keep the books: import, audit, backup, restore, doctor, migrate.

use crate::args::{
    AuditCommand, BackupOptions, BooksOptions, DoctorOptions, ImportOptions, LogOptions, MigrateOptions, RestoreOptions,
};
use crate::progress::Progress;
use crate::{Status, Trouble, runtime};
use std::fmt::Write as _;
use std::io::{BufReader, Write as _};
use std::path::Path;
use trueup_app::{Known, import_folder};
use trueup_core::Text;
use trueup_intake::{Join, Options, read_store};
use trueup_store::audit::{self, Actor, SigningKey, VerifyingKey};
use trueup_store::care::{self, Doctor};
use trueup_store::{Location, OpenOptions, Store};

/// Who does it, where nobody has signed in.
pub(crate) const ACTOR: &str = "command line";

pub(crate) fn location(options: &BooksOptions) -> Result<Location, Trouble> {
    let named = options.db.clone().or_else(|| std::env::var("TRUEUP_DB").ok());
    let missing = || Trouble::Usage("which books? Name them with --db FILE or in TRUEUP_DB".to_owned());
    named.map(|text| Location::parse(&text)).ok_or_else(missing)
}

fn open_options() -> Result<OpenOptions, Trouble> {
    Ok(OpenOptions::new(runtime::now(), name("i")?))
}

/// A name that nothing else has.
fn name(kind: &str) -> Result<Text, Trouble> {
    let [number] = runtime::random::<8>().map(u64::from_be_bytes).map(|number| [number])?;
    Ok(Text::from(format!("{kind}-{number:016x}")))
}

/// Opens books; makes them only where that is what was asked for.
pub(crate) fn open(location: &Location, may_be_new: bool) -> Result<Store, Trouble> {
    if let Location::Sqlite(path) = location
        && !may_be_new
        && !path.exists()
    {
        return Err(trueup_store::StoreError::NotThere(path.clone()).into());
    }
    Ok(Store::open(location, &open_options()?)?)
}

pub(crate) fn print(text: &str) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Trouble::Output { file: "standard output".to_owned(), error: error.to_string() })
        }
        _ => Ok(()),
    }
}

fn read_file(path: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(path).map_err(|error| Trouble::Usage(format!("{}: {error}", path.display())))
}

/// `trueup import`.
pub(crate) fn import(options: &ImportOptions) -> Result<Status, Trouble> {
    let location = location(&options.books)?;
    let progress = Progress::new();
    // Every row is a fact: none may be left out because both books have it.
    let how = Options { join: Join::Never, ..Options::default() };
    let folder = read_store(&options.store, how, &mut |part| progress.part(part))?;
    let store = open(&location, true)?;
    let import = trueup_app::ImportOptions {
        now: runtime::now(),
        source_id: name("s")?,
        actor: Actor::program(ACTOR),
        name: options.store.display().to_string(),
    };
    let mut told = |done, all| progress.packages(done, all);
    let done = import_folder(&store, &folder, (&import, &mut Known::default()), &mut told)?;
    drop(progress);
    let told = match done.known_since {
        Some(since) => format!(
            "licence {}: these very files were taken in on {}; all {} facts are known\n",
            done.license,
            folder.settings.zone.rfc3339(since),
            done.known
        ),
        None => format!("licence {}: {} facts are new, {} were known already\n", done.license, done.new, done.known),
    };
    print(&told)?;
    Ok(Status::Done)
}

/// `trueup audit`.
pub(crate) fn audit(command: &AuditCommand) -> Result<Status, Trouble> {
    match command {
        AuditCommand::Key { out } => make_key(out),
        AuditCommand::Checkpoint { log } => {
            let (store, key) = log_of(log)?;
            let (license, now) = (log.licence.clone(), runtime::now());
            let made = store.write(move |tx| audit::checkpoint(tx, &license, &key, now, ("demand", true)))?;
            print(&made.map(|made| made.note).unwrap_or_default())?;
            Ok(Status::Done)
        }
        AuditCommand::Export { log, out } => export(log, out.as_deref()),
        AuditCommand::Verify { file, key, against } => verify(file, key.as_deref(), against),
    }
}

pub(crate) fn log_of(options: &LogOptions) -> Result<(Store, SigningKey), Trouble> {
    let key = read_key(&options.key)?;
    Ok((open(&location(&options.books)?, false)?, key))
}

/// The key of a file that `audit key` made.
pub(crate) fn read_key(path: &Path) -> Result<SigningKey, Trouble> {
    SigningKey::read(&read_file(path)?).map_err(|error| Trouble::Usage(format!("{}: {error}", path.display())))
}

fn make_key(out: &Path) -> Result<Status, Trouble> {
    let cannot = |error: std::io::Error| Trouble::Output { file: out.display().to_string(), error: error.to_string() };
    let bad = |error: audit::CheckpointError| Trouble::Usage(error.to_string());
    let key = SigningKey::new(&format!("trueup/{}", name("key")?), runtime::random()?).map_err(bad)?;
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(out).map_err(cannot)?;
    writeln!(file, "{}", key.secret_text()).and_then(|()| file.sync_all()).map_err(cannot)?;
    print(&format!("{}\n", key.verifying_key()))?;
    Ok(Status::Done)
}

fn export(log: &LogOptions, out: Option<&Path>) -> Result<Status, Trouble> {
    let (store, key) = log_of(log)?;
    let now = runtime::now();
    let Some(path) = out else {
        audit::export(&store, &log.licence, key, now, &mut std::io::stdout().lock())?;
        return Ok(Status::Done);
    };
    let cannot = |error: std::io::Error| Trouble::Output { file: path.display().to_string(), error: error.to_string() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".trueup-").tempfile_in(folder).map_err(cannot)?;
    let mut writer = std::io::BufWriter::new(file);
    let done = audit::export(&store, &log.licence, key, now, &mut writer)?;
    let file = writer.into_inner().map_err(|error| cannot(error.into_error()))?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    print(&format!("{} entries, {} checkpoints; the last one is\n\n{}", done.entries, done.checkpoints, done.note))?;
    Ok(Status::Done)
}

fn verify(file: &Path, key: Option<&str>, against: &[std::path::PathBuf]) -> Result<Status, Trouble> {
    let bad = |error: audit::CheckpointError| Trouble::Usage(format!("--key: {error}"));
    let trusted = key.map(VerifyingKey::read).transpose().map_err(bad)?;
    let witnesses: Vec<String> = against.iter().map(|path| read_file(path)).collect::<Result<_, _>>()?;
    let opened = std::fs::File::open(file).map_err(|error| Trouble::Usage(format!("{}: {error}", file.display())))?;
    match audit::verify(&mut BufReader::new(opened), trusted.as_ref(), &witnesses) {
        Ok(report) => {
            let trust = match key {
                Some(_) => "the trusted key".to_owned(),
                None => format!("the key in the file; hold it to the one you know:\n  {}", report.key),
            };
            print(&format!(
                "{}: all {} entries and {} checkpoints fit, signed with {trust}\n",
                report.origin, report.entries, report.checkpoints
            ))?;
            Ok(Status::Agree)
        }
        Err(finding) => {
            print(&format!("{}: {finding}\n", file.display()))?;
            Ok(Status::Differ)
        }
    }
}

/// `trueup backup`.
pub(crate) fn backup(options: &BackupOptions) -> Result<Status, Trouble> {
    if options.to.exists() {
        return Err(Trouble::Usage(format!("{} is there already; name a new file", options.to.display())));
    }
    let store = open(&location(&options.books)?, false)?;
    let made = care::backup(&store, &options.recipient, &options.to, &open_options()?)?;
    let mut told = format!(
        "{}: {} rows, {} bytes, restored once and whole\n",
        options.to.display(),
        made.holds.rows(),
        made.bytes
    );
    for byte in made.sha256 {
        // Writing to a text cannot fail.
        let _ = write!(told, "{byte:02x}");
    }
    told.push('\n');
    print(&told)?;
    Ok(Status::Done)
}

/// `trueup restore`.
pub(crate) fn restore(options: &RestoreOptions) -> Result<Status, Trouble> {
    let identity = read_file(&options.identity)?;
    let secret = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap_or_default();
    let done = care::restore(&options.file, secret, &options.db, &open_options()?)?;
    let mut told = format!("{}: {} rows restored\n", options.db.display(), done.holds.rows());
    if let Some(before) = done.before {
        told.push_str(&format!("the books that were there are now {}\n", before.display()));
    }
    told.push_str(&format!(
        "{} submissions may have been sent since the backup: each is looked for in the state before anything is sent\n",
        done.unknown
    ));
    print(&told)?;
    Ok(Status::Done)
}

/// `trueup doctor`.
pub(crate) fn doctor(options: &DoctorOptions) -> Result<Status, Trouble> {
    let bad = |error: audit::CheckpointError| Trouble::Usage(format!("--key: {error}"));
    let key = options.key.as_deref().map(VerifyingKey::read).transpose().map_err(bad)?;
    let location = location(&options.books)?;
    let free_space = match &location {
        Location::Sqlite(path) => {
            rustix::fs::statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
        }
        Location::Postgres(_) => None,
    };
    let store = open(&location, false)?;
    let checks = care::doctor(&store, &Doctor { now: runtime::now(), key, free_space })?;
    let mut told = String::new();
    for check in &checks {
        let (mark, words) = match &check.found {
            Ok(words) => ("ok   ", words),
            Err(words) => ("WRONG", words),
        };
        let _ = writeln!(told, "{mark}  {:<28} {words}", check.name);
    }
    print(&told)?;
    Ok(if checks.iter().all(|check| check.found.is_ok()) { Status::Agree } else { Status::Differ })
}

/// `trueup migrate`.
pub(crate) fn migrate(options: &MigrateOptions) -> Result<Status, Trouble> {
    let (from, to) = (Location::parse(&options.from), Location::parse(&options.to));
    let source = open(&from, false)?;
    let target = open(&to, true)?;
    let progress = Progress::new();
    let copied = care::copy(&source, &target, &mut |table, _| progress.part(table))?;
    drop(progress);
    let mut told = String::new();
    for (table, (rows, _)) in copied.tables.iter().filter(|(_, (rows, _))| *rows > 0) {
        let _ = writeln!(told, "{table:<20} {rows:>12} rows, equal");
    }
    let _ = writeln!(told, "all of {from} is in {to}: rows, balances and the logs' roots are equal");
    print(&told)?;
    Ok(Status::Done)
}
