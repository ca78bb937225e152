//! `trueup reconcile`.

use crate::args::{Format, ReconcileOptions};
use crate::progress::Progress;
use crate::{Status, Trouble, explain};
use std::io::{IsTerminal, Write};
use std::path::Path;
use trueup_answer::{Answer, Form};
use trueup_core::PackageTag;
use trueup_intake::{Options, Store, read_store};
use trueup_table::quoted;

/// Reads the folder, compares, answers.
pub(crate) fn run(options: &ReconcileOptions) -> Result<Status, Trouble> {
    let package = options.explain.as_deref().map(named_package).transpose()?;
    let to_terminal = options.out.is_none() && std::io::stdout().is_terminal();
    if options.format == Format::Xlsx && to_terminal {
        return Err(Trouble::Usage("a workbook cannot be shown here; name a file with --out".to_owned()));
    }
    // Nothing said is 0, which is as many as there are processors.
    let threads = usize::from(options.threads.unwrap_or(0));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Trouble::Usage(format!("--threads: {error}; nothing was written; run again with fewer")))?;
    pool.install(|| answer(options, package, to_terminal))
}

fn answer(options: &ReconcileOptions, package: Option<PackageTag>, to_terminal: bool) -> Result<Status, Trouble> {
    let progress = Progress::new();
    let how = Options { ages_from: options.as_of.as_deref(), whole: package, ..Options::default() };
    let store = read_store(&options.store, how, &mut |part| progress.part(part))?;
    let outcome =
        trueup_reconcile::reconcile(&store.books, &store.settings, &mut |done, all| progress.packages(done, all));
    drop(progress);
    let answer = Answer { settings: &store.settings, inputs: &store.inputs, outcome: &outcome, colours: to_terminal };
    let pieces = match package {
        Some(package) => vec![story(&store, &answer, package)?],
        None => trueup_answer::write(&answer, form_of(options.format))?,
    };
    deliver(&pieces, options.out.as_deref())?;
    let status = if outcome.discrepancies.is_empty() { Status::Agree } else { Status::Differ };
    // The process ends now and its memory with it; taking millions of records apart before would only take time.
    std::mem::forget((store, outcome));
    Ok(status)
}

const fn form_of(format: Format) -> Form {
    match format {
        Format::Table => Form::Table,
        Format::Jsonl => Form::Jsonl,
        Format::Csv => Form::Csv,
        Format::Xlsx => Form::Xlsx,
    }
}

fn named_package(text: &str) -> Result<PackageTag, Trouble> {
    PackageTag::parse(text.trim()).map_err(|error| {
        let text = quoted(text);
        Trouble::Usage(format!(
            "--explain: {text} is not a tag ({error}); expected 24 characters 0-9 A-Z, or 16 digits; check it"
        ))
    })
}

fn story(store: &Store, answer: &Answer<'_>, package: PackageTag) -> Result<Vec<u8>, Trouble> {
    let books = store.books.get(package).ok_or_else(|| {
        Trouble::Usage(format!("--explain: no file names the package {package}; expected one of this store folder's packages; check the tag"))
    })?;
    Ok(explain::story(&books, answer).into_bytes())
}

/// To standard output, or to a file that appears whole or not at all.
fn deliver(pieces: &[Vec<u8>], out: Option<&Path>) -> Result<(), Trouble> {
    let Some(path) = out else {
        let mut stdout = std::io::stdout().lock();
        let written = pieces.iter().try_for_each(|piece| stdout.write_all(piece));
        return match written.and_then(|()| stdout.flush()) {
            // Whoever read us has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => {
                other.map_err(|error| Trouble::Output { file: "standard output".into(), error: error.to_string() })
            }
        };
    };
    let cannot = |error: String| Trouble::Output { file: path.display().to_string(), error };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file =
        tempfile::Builder::new().prefix(".trueup-").tempfile_in(folder).map_err(|error| cannot(error.to_string()))?;
    let written = pieces.iter().try_for_each(|piece| file.write_all(piece));
    written.and_then(|()| file.as_file().sync_all()).map_err(|error| cannot(error.to_string()))?;
    readable_by_others(&file).map_err(|error| cannot(error.to_string()))?;
    file.persist(path).map_err(|error| cannot(error.error.to_string()))?;
    Ok(())
}

/// A temporary file is private; the answer is an ordinary file.
#[cfg(unix)]
fn readable_by_others(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_others(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}
