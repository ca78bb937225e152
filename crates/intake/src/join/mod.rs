//! Leaving out what both books hold alike, before anything is kept in memory.
//!
//! Of ten million sales nearly all are the same in both books. Both files are gone through once, at the same time, block
//! by block; of each row 24 bytes are kept, by package. Then the groups of rows that agree are settled ([`groups`]), and
//! only the others are read again, by the readers that read every row of a smaller store. What was settled is remembered as
//! the sum that it moved.
//!
//! Invariants:
//! - The answer is that of reading all rows, byte for byte; tests hold it to that.
//! - Nothing is refused here. Whatever is unusual is either kept for the reconciler or makes the join give up; then every
//!   row is read as if there were no join, and that reading says what is wrong, and where.
//! - The number of threads (of the surrounding `rayon` pool) changes nothing but the time.

mod cell;
mod clock;
mod groups;
mod kept;
mod pos;
mod record;
mod state;

use crate::folder::Reading;
use crate::inputs::{InputFacts, MERCHANDISE, Tally};
use groups::{Known, Moved, Question, Verdict};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use record::Package;
use rustc_hash::FxHashMap;
use state::StateFile;
use std::path::PathBuf;
use trueup_core::{Dimension, Movement, PackageTag};
use trueup_reconcile::{Amount, Settled};
use trueup_table::{NotPlain, TableFacts};

/// A file and the name that it is told by.
pub(crate) type NamedFile = (PathBuf, String);

/// The join cannot vouch for this store: read every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GiveUp;

impl From<NotPlain> for GiveUp {
    fn from(_: NotPlain) -> Self {
        Self
    }
}

/// What is left of the sales of both books.
pub(crate) struct Joined {
    pub pos: PosSales,
    pub state: StateSales,
    /// What was settled.
    pub settled: Vec<(PackageTag, Settled)>,
    /// The dimension of packages that were not known before.
    pub dimensions: Vec<(PackageTag, Dimension)>,
}

/// What is left of the POS's sales.
pub(crate) struct PosSales {
    /// Movements that are kept, in the order of their rows.
    pub movements: Vec<Movement>,
    pub facts: InputFacts,
}

/// What is left of the state's sales.
pub(crate) struct StateSales {
    /// Movements that are kept, in the order of their rows.
    pub movements: Vec<Movement>,
    /// What is known of each file.
    pub facts: Vec<InputFacts>,
}

/// Whole seconds that divide time.
#[derive(Debug, Clone, Copy)]
struct Edges {
    window: i64,
    pos: i64,
    state: i64,
}

/// What to join.
pub(crate) struct Files<'f> {
    pub pos: &'f NamedFile,
    pub state: &'f [NamedFile],
}

/// How to join.
pub(crate) struct Manner<'m> {
    /// All rows of this package are kept.
    pub whole: Option<PackageTag>,
    /// When packages were first counted or weighed, as seconds of 1970.
    pub observed: &'m FxHashMap<PackageTag, i64>,
}

/// Joins the sales of both books. `reading` knows the packages' measures; it is not changed.
pub(crate) fn join(reading: &Reading, files: &Files<'_>, manner: &Manner<'_>) -> Result<Joined, GiveUp> {
    let settings = &reading.settings;
    let whole_second = |at: jiff::Timestamp| if at.subsec_nanosecond() == 0 { Ok(at.as_second()) } else { Err(GiveUp) };
    let edges = Edges {
        window: whole_second(settings.window_start)?,
        pos: whole_second(settings.pos_as_of)?,
        state: whole_second(settings.state_as_of)?,
    };
    let days = clock::Days::new(&settings.zone, edges.window, edges.pos.max(edges.state)).ok_or(GiveUp)?;
    let partitions = partitions_for(files);
    let measures = (&reading.measures, &settings.zone);
    let header = kept::pos_header(files.pos)?;
    let blocks = pos::open(&files.pos.0, &files.pos.1)?.ok_or(GiveUp)?;
    let read_pos = || pos::read(blocks, header, (&reading.measures, &settings.zone, &days), edges, partitions);
    let read_state = || state::read(files.state, measures, edges, partitions);
    let (pos, state) = rayon::join(read_pos, read_state);
    let (mut pos, mut state) = (pos?, state?);
    let union = Union::of(&pos.packages.list, &state.packages.list, manner)?;
    for row in &mut state.numberless {
        row.package = union.common[index(row.package)];
    }
    state.numberless.sort_unstable();
    let question = Question {
        days: &days,
        window: edges.window,
        common: &union.common,
        packages: &union.known,
        numberless: &state.numberless,
    };
    let sides = (pos.records.take(), state.records.take());
    let verdict = judge(&question, sides);
    let odd = (pos.odd.as_slice(), state.odd.as_slice());
    let wanted = kept::Wanted::new(verdict.pos, verdict.state, odd, &state.numberless, &union.common);
    let mut kept = kept::Kept::new(reading, &union.tags);
    let again = (&files.pos.0, files.state);
    kept.check_suspects(again.0, &mut pos.rows, header, pos.suspects)?;
    let pos_movements = kept.pos(again.0, &mut pos.rows, header, &wanted.pos)?;
    let state_movements = kept.state(again.1, &mut state.files, &wanted.state)?;
    Ok(Joined {
        pos: PosSales { movements: pos_movements, facts: facts(&files.pos.1, pos.facts, pos.tally) },
        state: StateSales { movements: state_movements, facts: state_facts(files.state, state.files) },
        settled: union.settled(&verdict.settled),
        dimensions: union.dimensions,
    })
}

/// As many partitions as make each of a size that the processor's cache holds.
fn partitions_for(files: &Files<'_>) -> usize {
    const BYTES_OF_ROWS: u64 = 2 << 20;
    const MOST: usize = 1024;
    let bytes = |file: &NamedFile| file.0.metadata().map_or(0, |facts| facts.len());
    let all: u64 = files.state.iter().map(bytes).sum::<u64>() + bytes(files.pos);
    usize::try_from(all / BYTES_OF_ROWS).unwrap_or(MOST).clamp(1, MOST)
}

type Sides = (Vec<Vec<Vec<record::Record>>>, Vec<Vec<Vec<record::Record>>>);

/// Judges all partitions; what is found is put together in their order.
fn judge(question: &Question<'_>, (pos, state): Sides) -> Verdict {
    let partitions: Vec<_> = pos.into_iter().zip(state).collect();
    let verdicts: Vec<Verdict> =
        partitions.into_par_iter().map(|(pos, state)| groups::judge(question, &pos, &state)).collect();
    let mut all = Verdict::default();
    for verdict in verdicts {
        all.pos.extend(verdict.pos);
        all.state.extend(verdict.state);
        all.settled.extend(verdict.settled);
    }
    all
}

/// The packages of both sides under one number each.
struct Union {
    tags: Vec<PackageTag>,
    known: Vec<Known>,
    /// The state's number of a package to the common one; the POS's is the common one.
    common: Vec<u32>,
    dimensions: Vec<(PackageTag, Dimension)>,
}

impl Union {
    fn of(pos: &[Package], state: &[Package], manner: &Manner<'_>) -> Result<Self, GiveUp> {
        let mut all: Vec<Package> = pos.to_vec();
        let mut numbers: FxHashMap<PackageTag, u32> = FxHashMap::default();
        for (number, package) in (0..).zip(pos) {
            numbers.insert(package.tag, number);
        }
        let mut common = Vec::with_capacity(state.len());
        for package in state {
            let number = match numbers.get(&package.tag) {
                Some(number) => *number,
                None => {
                    all.push(package.clone());
                    u32::try_from(all.len() - 1).map_err(|_| GiveUp)?
                }
            };
            let ours = &mut all[index(number)];
            ours.dimensions |= package.dimensions;
            ours.whole |= package.whole;
            common.push(number);
        }
        let mut union = Self { tags: Vec::new(), known: Vec::new(), common, dimensions: Vec::new() };
        for package in &all {
            let dimension = match package.dimension {
                Some(dimension) => dimension,
                // Kept as its rows say, if they all say the same.
                None => {
                    let dimension = only_dimension(package.dimensions).ok_or(GiveUp)?;
                    union.dimensions.push((package.tag, dimension));
                    dimension
                }
            };
            union.tags.push(package.tag);
            union.known.push(Known {
                whole: package.whole || manner.whole == Some(package.tag),
                observed: manner.observed.get(&package.tag).copied(),
                dimension,
            });
        }
        Ok(union)
    }

    fn settled(&self, moved: &[(u32, Moved)]) -> Vec<(PackageTag, Settled)> {
        let settled = |(package, moved): &(u32, Moved)| {
            let dimension = self.known[index(*package)].dimension;
            (
                self.tags[index(*package)],
                Settled { dimension, pos: Amount::from_atoms(moved.pos), state: Amount::from_atoms(moved.state) },
            )
        };
        moved.iter().map(settled).collect()
    }
}

fn only_dimension(bits: u8) -> Option<Dimension> {
    [Dimension::Count, Dimension::Weight, Dimension::Volume]
        .into_iter()
        .find(|dimension| cell::dimension_bit(*dimension) == bits)
}

fn facts(display: &str, table: TableFacts, tally: Tally) -> InputFacts {
    let ignored = tally.of(MERCHANDISE);
    let mut notes = table.notes;
    notes.extend(tally.notes());
    InputFacts { file: display.to_owned(), sha256: table.sha256, rows: table.rows, ignored, notes }
}

fn state_facts(files: &[NamedFile], read: Vec<StateFile>) -> Vec<InputFacts> {
    files.iter().zip(read).map(|((_, display), file)| facts(display, file.facts, file.tally)).collect()
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
