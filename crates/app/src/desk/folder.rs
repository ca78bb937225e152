//! A licence's folder while a service watches it.

use jiff::Timestamp;
use std::io;
use std::path::{Path, PathBuf};
use trueup_intake::{InputError, PUSHED, Snapshots, tellings};

/// What was said to be the moment of the POS's export.
const AS_OF: &str = "pos/as_of.txt";
/// What people and other programs put into the folder.
const WATCHED: [&str; 3] = ["", "pos", "shelf"];

/// Names, sizes and times of the files that people put there: it differs whenever one of them changed.
pub type Signature = Vec<(String, u64, Option<Timestamp>)>;

/// A store folder.
#[derive(Debug, Clone)]
pub struct DeskFolder {
    root: PathBuf,
}

impl DeskFolder {
    /// Of this path.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its path.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What is there now; the state's answers are ours and not looked at.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn signature(&self) -> io::Result<Signature> {
        let mut signature = Signature::new();
        for part in WATCHED {
            let entries = match std::fs::read_dir(self.root.join(part)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound && !part.is_empty() => continue,
                Err(error) => return Err(error),
            };
            for entry in entries {
                let entry = entry?;
                let (name, facts) = (entry.file_name().to_string_lossy().into_owned(), entry.metadata()?);
                if facts.is_file() && !name.starts_with('.') {
                    signature.push((format!("{part}/{name}"), facts.len(), modified(&facts)));
                }
            }
        }
        signature.sort_unstable();
        Ok(signature)
    }

    /// When the POS's side was exported: what `pos/as_of.txt` says, or the time of the oldest file of its inventory and sales.
    ///
    /// # Errors
    /// If neither tells.
    pub fn pos_as_of(&self) -> Result<Timestamp, InputError> {
        let todo = "write the moment of the export into it, or take it away";
        match std::fs::read_to_string(self.root.join(AS_OF)) {
            Ok(text) => text.trim().parse().map_err(|_| {
                InputError::new(AS_OF, "it is no moment", "a time such as 2026-03-09T10:00:00-07:00", todo)
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.oldest_export(),
            Err(error) => Err(InputError::new(AS_OF, format!("it cannot be read: {error}"), "a moment", todo)),
        }
    }

    /// When the books of this folder were taken: the state's at `state`, the POS's when it was exported, or when it told last what came
    /// later.
    ///
    /// # Errors
    /// If it cannot be read what was told.
    pub fn snapshots(&self, exported: Timestamp, state: Timestamp, now: Timestamp) -> io::Result<Snapshots> {
        let told = tellings(&self.root)?.into_iter().map(|(as_of, _)| as_of).max().filter(|told| *told > exported);
        Ok(Snapshots { pos: told.unwrap_or(exported), state, now, exported: told.map(|_| exported) })
    }

    /// Lets go of what was told up to an export: it is in that, and not read any more.
    ///
    /// # Errors
    /// What cannot be removed.
    pub fn let_go(&self, exported: Timestamp) -> io::Result<()> {
        for (_, name) in tellings(&self.root)?.into_iter().filter(|(as_of, _)| *as_of <= exported) {
            std::fs::remove_dir_all(self.root.join(PUSHED).join(name))?;
        }
        Ok(())
    }

    fn oldest_export(&self) -> Result<Timestamp, InputError> {
        let is_export = |name: &str| ["pos/inventory", "pos/sales"].iter().any(|stem| name.starts_with(stem));
        let signature = self.signature().unwrap_or_default();
        let oldest = signature.into_iter().filter(|(name, ..)| is_export(name)).filter_map(|(.., at)| at).min();
        oldest.ok_or_else(|| {
            let expected = "pos/inventory.csv and pos/sales.csv";
            InputError::new("pos", "nothing was exported yet", expected, "export them from the POS into this folder")
        })
    }
}

fn modified(facts: &std::fs::Metadata) -> Option<Timestamp> {
    facts.modified().ok().and_then(|at| Timestamp::try_from(at).ok())
}
