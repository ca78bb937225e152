//! What is asked of a simulated store.

use crate::SimError;
use crate::mistake::{MISTAKES, Mistake};
use std::collections::BTreeMap;
use std::path::Path;

/// How large the store's records are to be, and how many mistakes are in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Decides everything that chance decides.
    pub seed: u64,
    /// Packages on hand when the window begins.
    pub packages: u32,
    /// Business days of the window.
    pub days: u32,
    /// Receipts of the POS within the window.
    pub receipts: u64,
    /// Lines on them.
    pub lines: u64,
    /// The mistakes to make.
    pub faults: Faults,
    /// The form of the state's side.
    pub state_form: StateForm,
}

impl StoreOptions {
    /// Receipts that a store of a usual size has in a day for so many packages.
    pub const RECEIPTS_PER_DAY: u64 = 60;
    /// Lines on ten receipts.
    pub const LINES_PER_TEN_RECEIPTS: u64 = 22;

    /// A store of a usual size.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let (days, receipts) = (7, 7 * Self::RECEIPTS_PER_DAY);
        Self {
            seed,
            packages: 200,
            days,
            receipts,
            lines: receipts * Self::LINES_PER_TEN_RECEIPTS / 10,
            faults: Faults::Share { parts: 10, of: 1000 },
            state_form: StateForm::Json,
        }
    }
}

/// The form in which the state's records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateForm {
    /// Answers of the API, one record a line.
    Json,
    /// Tables, as a person exports them from the state's pages.
    Tables,
    /// None: the state is a server that is called, and from which its records are to be pulled.
    Server,
}

/// The mistakes that people and systems make in the simulated store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Faults {
    /// So many mistakes for so many sales lines, of all kinds by how often they happen.
    Share {
        /// Mistakes …
        parts: u64,
        /// … in so many lines.
        of: u64,
    },
    /// So many of each kind, by name.
    Counts(BTreeMap<String, u64>),
}

impl Faults {
    /// Reads `0.005` (mistakes per sales line) or the path of a TOML file of `name = count`.
    ///
    /// # Errors
    /// [`SimError::Faults`] names what is wrong and what can be planted.
    pub fn read(text: &str) -> Result<Self, SimError> {
        if let Some(share) = read_share(text) {
            return Ok(share);
        }
        let wrong = |found: String| SimError::Faults { file: text.to_owned(), found, known: known_names() };
        let file = std::fs::read_to_string(Path::new(text)).map_err(|error| wrong(error.to_string()))?;
        let table: BTreeMap<String, u64> = toml::from_str(&file).map_err(|error| wrong(error.message().to_owned()))?;
        if let Some(unknown) = table.keys().find(|name| Mistake::named(name).is_none()) {
            return Err(wrong(format!("unknown mistake {unknown}")));
        }
        Ok(Self::Counts(table))
    }

    /// How many of each kind there are to be among so many sales lines of so many days.
    pub(crate) fn counts(&self, lines: u64, days: u32) -> BTreeMap<Mistake, u64> {
        match self {
            Self::Counts(named) => {
                named.iter().filter_map(|(name, count)| Some((Mistake::named(name)?, *count))).collect()
            }
            Self::Share { parts, of } => {
                let total = lines.saturating_mul(*parts) / (*of).max(1);
                let weights: u64 = MISTAKES.iter().map(|facts| u64::from(facts.weight)).sum();
                let mut carried = 0;
                let mut counts = BTreeMap::new();
                for facts in &MISTAKES {
                    // What does not make a whole one goes on to the next kind, so that the total holds.
                    carried += total * u64::from(facts.weight);
                    counts.insert(facts.mistake, carried / weights.max(1));
                    carried %= weights.max(1);
                }
                // A key expires once in a while, however much is sold; each time it takes half an hour's sales along.
                if let Some(down) = counts.get_mut(&Mistake::ReportingDown) {
                    let most = u64::from(days / DAYS_BETWEEN_OUTAGES + 1);
                    let spare = down.saturating_sub(most);
                    *down -= spare;
                    *counts.entry(Mistake::SaleNotReported).or_default() += spare;
                }
                counts
            }
        }
    }
}

/// A key expires about once in so many days.
const DAYS_BETWEEN_OUTAGES: u32 = 14;

fn known_names() -> String {
    MISTAKES.iter().map(|facts| facts.name).collect::<Vec<_>>().join(", ")
}

/// `0.005` as 5 in 1000.
fn read_share(text: &str) -> Option<Faults> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || fraction.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let of = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let parts: u64 = digits.parse().ok()?;
    (parts <= of).then_some(Faults::Share { parts, of })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact() {
        assert_eq!(read_share("0.005"), Some(Faults::Share { parts: 5, of: 1000 }));
        assert_eq!(read_share("0"), Some(Faults::Share { parts: 0, of: 1 }));
        assert_eq!(read_share("1.5"), None);
        assert_eq!(read_share("faults.toml"), None);
    }

    #[test]
    fn the_counts_add_up_to_the_share() {
        for (lines, parts) in [(1_000, 10), (924, 10), (77, 100), (10_000_000, 5)] {
            let counts = Faults::Share { parts, of: 1000 }.counts(lines, 7);
            assert_eq!(counts.values().sum::<u64>(), lines * parts / 1000);
        }
    }
}
