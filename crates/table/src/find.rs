//! Which files a store folder has.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{InputError, from_io};
use crate::table::{Format, unknown_ending};

/// Endings of tables that are not read. A file that has the right name and one of these is refused where nothing else
/// has its name: left out in silence, an optional table would be missing from the comparison.
const UNREAD: [&str; 13] =
    [".csv.gz", ".csv.zip", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".tsv", ".gz", ".zip", ".bz2", ".xz", ".7z"];

/// Finds the file of one kind: `find(root, "pos", "sales")` is `pos/sales` with the ending `.csv`, `.csv.zst`, `.xlsx`
/// or `.parquet` (in any case). An empty `folder` is `root` itself. Gives the path to open and the path to show.
///
/// # Errors
/// When two of them exist (which would count twice), the only one is in a format that is not read, or the folder cannot
/// be read. A missing folder is `Ok(None)`.
pub fn find(root: &Path, folder: &str, stem: &str) -> Result<Option<(PathBuf, String)>, InputError> {
    let mut found = tables(root, folder, |name_stem| name_stem.eq_ignore_ascii_case(stem))?;
    match found.len() {
        0 | 1 => Ok(found.pop().map(|f| (f.path, f.display))),
        _ => Err(twice(&found, "one file of this kind")),
    }
}

/// Finds any number of files of one kind, sorted by name: `find_all(root, "state", "packages")` is
/// `state/packages*.csv` and the other endings that [`find`] knows.
///
/// # Errors
/// When one table is there in two formats (`packages.csv` and `packages.xlsx`) or only in one that is not read, or the
/// folder cannot be read. A missing folder is an empty list.
pub fn find_all(root: &Path, folder: &str, prefix: &str) -> Result<Vec<(PathBuf, String)>, InputError> {
    let starts = |stem: &str| stem.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let found = tables(root, folder, starts)?;
    for pair in found.windows(2) {
        if let [a, b] = pair
            && a.stem == b.stem
        {
            return Err(twice(pair, "each table once"));
        }
    }
    let mut files: Vec<_> = found.into_iter().map(|f| (f.path, f.display)).collect();
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files)
}

struct Found {
    /// Name without the ending, lower case: what makes two files "the same table".
    stem: String,
    path: PathBuf,
    display: String,
}

fn twice(found: &[Found], expected: &str) -> InputError {
    let names = found.iter().map(|f| f.display.as_str()).collect::<Vec<_>>();
    let file = names.first().copied().unwrap_or_default();
    let others = names.get(1..).unwrap_or_default().join(" and ");
    InputError::new(
        file,
        format!("{others} is there too, and both would count"),
        expected,
        "keep the one to read and move the other out of the folder",
    )
}

/// The tables of a folder whose stem is wanted, sorted by stem and name.
fn tables(root: &Path, folder: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<Found>, InputError> {
    let dir = if folder.is_empty() { root.to_path_buf() } else { root.join(folder) };
    let shown = if folder.is_empty() { ".".to_owned() } else { folder.to_owned() };
    let entries = match fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(from_io(&shown, &e)),
    };
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for entry in entries {
        let name = entry.map_err(|e| from_io(&shown, &e))?.file_name();
        let text = name.to_string_lossy();
        if let Some((stem, _)) = Format::split(&text) {
            found.extend(as_table(&dir, folder, &name, stem, &wanted));
        } else if let Some(stem) = unread_stem(&text) {
            unread.extend(as_table(&dir, folder, &name, stem, &wanted));
        }
    }
    unread.retain(|file| found.iter().all(|read| read.stem != file.stem));
    if let Some(file) = unread.into_iter().min_by(|a, b| a.display.cmp(&b.display)) {
        return Err(unknown_ending(&file.display));
    }
    found.sort_by(|a, b| (&a.stem, &a.display).cmp(&(&b.stem, &b.display)));
    Ok(found)
}

/// The stem of a table in a format that is not read.
fn unread_stem(name: &str) -> Option<&str> {
    UNREAD.iter().find_map(|ending| {
        let (stem, tail) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
        tail.eq_ignore_ascii_case(ending).then_some(stem)
    })
}

fn as_table(dir: &Path, folder: &str, name: &OsStr, stem: &str, wanted: impl Fn(&str) -> bool) -> Option<Found> {
    wanted(stem).then(|| Found {
        stem: stem.to_lowercase(),
        path: dir.join(name),
        display: shown_name(folder, &name.to_string_lossy()),
    })
}

fn shown_name(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
