//! The verifier: reads an export, without the database and without trust in who wrote it.

use super::checkpoint::Checkpoint;
use super::export::{FIRST_LINE, LAST_LINE};
use super::key::VerifyingKey;
use super::tree::{Frontier, Hash, leaf_hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::BufRead;

/// What an export proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The log.
    pub origin: String,
    /// The key that signed.
    pub key: VerifyingKey,
    /// Entries.
    pub entries: u64,
    /// Checkpoints, all of which fit.
    pub checkpoints: u64,
    /// The root of all entries.
    pub root: Hash,
}

/// The first thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The file's first lines.
    Header {
        /// What.
        what: String,
    },
    /// The entry of this position is not what its hash says.
    Altered {
        /// From 0.
        position: u64,
    },
    /// The entry of this position is not there.
    Missing {
        /// From 0.
        position: u64,
    },
    /// The entry of this position stands elsewhere.
    Reordered {
        /// From 0.
        position: u64,
        /// Which one stands in its place.
        found: u64,
    },
    /// The end was cut off: this entry or what follows it is not there.
    Truncated {
        /// From 0.
        position: u64,
    },
    /// Entries are whole in themselves, but not those that were signed: rebuilt from one of them on.
    Rebuilt {
        /// The first that can be meant.
        first: u64,
        /// The first that no longer can.
        end: u64,
    },
    /// A checkpoint is damaged or not signed by the key.
    Checkpoint {
        /// From 1.
        number: u64,
        /// What.
        what: String,
    },
    /// A checkpoint that was kept elsewhere tells of another log.
    Witness {
        /// From 1, as they were given.
        number: u64,
        /// What.
        what: String,
    },
    /// Something stands after the end, or the file could not be read.
    File {
        /// What.
        what: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { what } => write!(f, "the file's head is damaged: {what}"),
            Self::Altered { position } => write!(f, "entry {position} was altered"),
            Self::Missing { position } => write!(f, "entry {position} is missing"),
            Self::Reordered { position, found } => {
                write!(f, "entry {position} is not in its place: entry {found} is there")
            }
            Self::Truncated { position } => {
                write!(f, "the end was cut off: entry {position} or what follows it is missing")
            }
            Self::Rebuilt { first, end } => write!(
                f,
                "entries {first} to {} are not those that were signed: the log was rebuilt from one of them on",
                end.saturating_sub(1)
            ),
            Self::Checkpoint { number, what } => write!(f, "checkpoint {number} is not valid: {what}"),
            Self::Witness { number, what } => {
                write!(f, "the checkpoint kept elsewhere (number {number}) does not fit: {what}")
            }
            Self::File { what } => write!(f, "the file {what}"),
        }
    }
}

/// What has to be read of an entry to place it.
#[derive(Deserialize)]
struct Placed {
    position: u64,
}

struct Lines<'r>(&'r mut dyn BufRead);

impl Lines<'_> {
    /// The next line without its end; nothing at the end of the file. A last line without an end is an error.
    fn next(&mut self) -> Result<Option<String>, Finding> {
        let mut bytes = Vec::new();
        let file = |what: &str| Finding::File { what: what.to_owned() };
        let read = self.0.read_until(b'\n', &mut bytes).map_err(|error| file(&format!("cannot be read: {error}")))?;
        if read == 0 {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(file("ends in the middle of a line"));
        }
        // What is no text differs from every text that is expected.
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// Checks an export. `trusted` is the key that is known from elsewhere; without it the file's own is believed, which only shows that
/// the file fits itself. `witnesses` are checkpoints that were kept elsewhere.
///
/// # Errors
/// The first [`Finding`].
pub fn verify(file: &mut dyn BufRead, trusted: Option<&VerifyingKey>, witnesses: &[String]) -> Result<Report, Finding> {
    let mut lines = Lines(file);
    let (origin, key, size) = header(&mut lines)?;
    let key_differs = || Finding::Header { what: "it names another key than the one that is trusted".to_owned() };
    let key = match trusted {
        Some(trusted) if *trusted != key => return Err(key_differs()),
        _ => key,
    };
    let (leaves, broken) = entries(&mut lines, size)?;
    let notes = if broken.is_none() { notes(&mut lines)? } else { Vec::new() };
    if let Some(finding) = broken {
        return Err(finding);
    }
    let mut checkpoints = Vec::new();
    for (number, note) in (1..).zip(&notes) {
        let invalid = |what: String| Finding::Checkpoint { number, what };
        let checkpoint = Checkpoint::read(note, &key).map_err(|error| invalid(error.to_string()))?;
        if checkpoint.origin != origin {
            return Err(invalid(format!("it is of the log {}", checkpoint.origin)));
        }
        checkpoints.push(checkpoint);
    }
    let mut kept = Vec::new();
    for (number, note) in (1..).zip(witnesses) {
        let invalid = |what: String| Finding::Witness { number, what };
        let checkpoint = Checkpoint::read(note, &key).map_err(|error| invalid(error.to_string()))?;
        if checkpoint.origin != origin {
            return Err(invalid(format!("it is of the log {}", checkpoint.origin)));
        }
        if checkpoint.size > size {
            return Err(Finding::Truncated { position: size });
        }
        kept.push(checkpoint);
    }
    let root = held(&leaves, &checkpoints, &kept)?;
    match checkpoints.last() {
        Some(last) if last.size == size => {}
        Some(last) => return Err(Finding::Truncated { position: last.size.min(size) }),
        None => return Err(Finding::Truncated { position: size }),
    }
    let count = u64::try_from(checkpoints.len()).unwrap_or(u64::MAX);
    Ok(Report { origin, key, entries: size, checkpoints: count, root })
}

fn header(lines: &mut Lines<'_>) -> Result<(String, VerifyingKey, u64), Finding> {
    let bad = |what: &str| Finding::Header { what: what.to_owned() };
    let mut line = |head: &str| -> Result<String, Finding> {
        let line = lines.next()?.ok_or_else(|| bad("it ends there"))?;
        line.strip_prefix(head).map(str::to_owned).ok_or_else(|| bad(&format!("`{}` is missing", head.trim())))
    };
    if !line(FIRST_LINE)?.is_empty() {
        return Err(bad("it is of another version"));
    }
    let origin = line("origin ")?;
    let key = VerifyingKey::read(&line("key ")?).map_err(|error| bad(&error.to_string()))?;
    let size = line("entries ")?;
    let number: u64 = size.parse().map_err(|_| bad("the number of entries"))?;
    if number.to_string() != size || !line("")?.is_empty() {
        return Err(bad("the number of entries"));
    }
    Ok((origin, key, number))
}

/// The leaves' hashes. What is wrong with an entry comes beside them, because whether it is missing or stands elsewhere is known
/// only after all were read.
fn entries(lines: &mut Lines<'_>, size: u64) -> Result<(Vec<Hash>, Option<Finding>), Finding> {
    let mut leaves = Vec::new();
    let mut places: BTreeMap<u64, u64> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for position in 0..size {
        let Some(line) = lines.next().map_err(|_| Finding::Truncated { position })? else {
            return Err(places
                .first_key_value()
                .map_or(Finding::Truncated { position }, |(place, found)| misplaced(*place, *found, &seen)));
        };
        if line.is_empty() {
            return Err(places
                .first_key_value()
                .map_or(Finding::Missing { position }, |(place, found)| misplaced(*place, *found, &seen)));
        }
        let altered = Finding::Altered { position };
        let Some((hash, entry)) = line.split_once(' ') else { return Err(altered) };
        let expected = leaf_hash(entry.as_bytes());
        if STANDARD.decode(hash).ok().as_deref() != Some(expected.as_slice()) {
            return Err(altered);
        }
        let Ok(placed) = serde_json::from_str::<Placed>(entry) else { return Err(altered) };
        if placed.position != position {
            places.insert(position, placed.position);
        }
        seen.insert(placed.position);
        leaves.push(expected);
    }
    if let Some((place, found)) = places.first_key_value() {
        return Ok((leaves, Some(misplaced(*place, *found, &seen))));
    }
    match lines.next()? {
        Some(line) if line.is_empty() => Ok((leaves, None)),
        Some(_) => Err(Finding::Header { what: "there are more entries than it says".to_owned() }),
        None => Err(Finding::Truncated { position: size }),
    }
}

fn misplaced(position: u64, found: u64, seen: &BTreeSet<u64>) -> Finding {
    if seen.contains(&position) { Finding::Reordered { position, found } } else { Finding::Missing { position } }
}

/// The notes, and that nothing comes after them.
fn notes(lines: &mut Lines<'_>) -> Result<Vec<String>, Finding> {
    let mut notes = Vec::new();
    let mut note = String::new();
    // A note has an empty line within, before its signatures, and one behind.
    let mut blank_lines = 0;
    let number = |notes: &Vec<String>| u64::try_from(notes.len()).unwrap_or(u64::MAX).saturating_add(1);
    loop {
        let cut =
            |notes: &Vec<String>| Finding::Checkpoint { number: number(notes), what: "the file ends there".to_owned() };
        let Some(line) = lines.next().map_err(|_| cut(&notes))? else { return Err(cut(&notes)) };
        if line == LAST_LINE && note.is_empty() {
            break;
        }
        blank_lines += usize::from(line.is_empty());
        if blank_lines == 2 {
            notes.push(std::mem::take(&mut note));
            blank_lines = 0;
        } else {
            note.push_str(&line);
            note.push('\n');
        }
    }
    match lines.next()? {
        None => Ok(notes),
        Some(_) => Err(Finding::File { what: "goes on after its end".to_owned() }),
    }
}

/// Grows the tree over the leaves and holds every checkpoint to it; gives the root of all.
fn held(leaves: &[Hash], checkpoints: &[Checkpoint], witnesses: &[Checkpoint]) -> Result<Hash, Finding> {
    let mut at: BTreeMap<u64, Vec<(Hash, Option<u64>)>> = BTreeMap::new();
    for checkpoint in checkpoints {
        at.entry(checkpoint.size).or_default().push((checkpoint.root, None));
    }
    for (number, checkpoint) in (1..).zip(witnesses) {
        at.entry(checkpoint.size).or_default().push((checkpoint.root, Some(number)));
    }
    let mut frontier = Frontier::default();
    let mut good = 0;
    let mut hold = |frontier: &Frontier| {
        let size = frontier.size();
        for (root, witness) in at.get(&size).into_iter().flatten() {
            if *root != frontier.root() {
                return Err(match witness {
                    Some(number)
                        if at.get(&size).is_some_and(|all| {
                            all.iter().any(|(root, it)| it.is_none() && *root == frontier.root())
                        }) =>
                    {
                        Finding::Witness {
                            number: *number,
                            what: format!("entries {good} to {} are others", size.saturating_sub(1)),
                        }
                    }
                    _ => Finding::Rebuilt { first: good, end: size },
                });
            }
            good = size;
        }
        Ok(())
    };
    hold(&frontier)?;
    for leaf in leaves {
        frontier.push(*leaf, &mut |_| {});
        hold(&frontier)?;
    }
    if let Some((size, _)) = at.range(frontier.size().saturating_add(1)..).next() {
        return Err(Finding::Truncated { position: frontier.size().min(*size) });
    }
    Ok(frontier.root())
}
