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
use crate::inputs::{AFTER, BEFORE, InputFacts, MERCHANDISE, Tally};
use crate::measures::Measures;
use groups::{Question, Verdict};
use kept::Kept;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use record::{Package, Partitions, Tags, translated};
use rustc_hash::{FxHashMap, FxHashSet};
use state::StateFile;
use std::path::PathBuf;
use trueup_core::{Dimension, Movement, PackageTag};
use trueup_pos::SALES;
use trueup_reconcile::Settled;
use trueup_table::{Blocks, Column, NotPlain};

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
    let header = kept::pos_header(files.pos)?;
    let blocks = open(files.pos, &SALES)?;
    let read_pos = || pos::read(blocks, header, (&reading.measures, &settings.zone, &days), edges, partitions);
    let read_state = || state::read(files.state, &settings.zone, edges, partitions);
    let (pos, state) = rayon::join(read_pos, read_state);
    let (mut pos, mut state) = (pos?, state?);
    let translation = state.tags.translation(&mut pos.tags)?;
    for row in &mut state.numberless {
        row.package = translated(row.package, &translation);
    }
    state.numberless.sort_unstable();
    let state_odd = state.odd.iter().map(|(package, _)| translated(*package, &translation));
    let mut whole: FxHashSet<Package> = pos.odd.iter().map(|(package, _)| *package).chain(state_odd).collect();
    if let Some(package) = manner.whole {
        whole.insert(pos.tags.package(package.to_string().as_bytes())?.0);
    }
    let question = Question {
        days: &days,
        window: edges.window,
        tags: &pos.tags,
        translation: &translation,
        measures: &reading.measures,
        whole: &whole,
        observed: manner.observed,
        numberless: &state.numberless,
    };
    let mut verdict = judge(&question, pos.records, state.records)?;
    verdict.pos.extend(pos.odd.iter().map(|(_, offset)| *offset));
    verdict.pos.sort_unstable();
    let odd = state.odd.iter().map(|(package, offset)| (*offset, translated(*package, &translation)));
    let numberless = state.numberless.iter().map(|row| (row.offset, row.package));
    for (offset, package) in odd.chain(numberless) {
        verdict.state.push((offset, pos.tags.tag(package).ok_or(GiveUp)?));
    }
    verdict.state.sort_unstable();
    verdict.state.dedup();
    let measures = measures_of_kept(reading, &verdict, &whole, &pos.tags)?;
    let (mut pos_kept, mut state_kept) = (Kept::new(settings, measures.clone()), Kept::new(settings, measures));
    let read_pos = || {
        pos_kept.check_suspects(&files.pos.0, &mut pos.rows, header, pos.suspects)?;
        pos_kept.pos(&files.pos.0, &mut pos.rows, header, &verdict.pos)
    };
    let read_state = || state_kept.state(files.state, &mut state.files, &verdict.state);
    let (pos_movements, state_movements) = rayon::join(read_pos, read_state);
    let (pos_movements, state_movements) = (pos_movements?, state_movements?);
    Ok(Joined {
        pos: PosSales { movements: pos_movements, facts: InputFacts::of(&files.pos.1, pos.facts).with(pos.tally) },
        state: StateSales { movements: state_movements, facts: state_facts(files.state, state.files) },
        settled: verdict.settled,
        dimensions: verdict.dimensions,
    })
}

/// The measures with which both sides' rows are read again, each side for itself: every package's dimension is known.
fn measures_of_kept(
    reading: &Reading,
    verdict: &Verdict,
    whole: &FxHashSet<Package>,
    tags: &Tags,
) -> Result<Measures, GiveUp> {
    let mut measures = reading.measures.clone();
    for (package, dimension) in &verdict.dimensions {
        measures.suggest_dimension(*package, *dimension);
    }
    let is_known = |package: &Package| tags.tag(*package).is_some_and(|tag| measures.dimension(tag).is_some());
    if whole.iter().all(is_known) { Ok(measures) } else { Err(GiveUp) }
}

/// Opens a table as blocks.
fn open((path, display): &NamedFile, columns: &'static [Column]) -> Result<Blocks, GiveUp> {
    Blocks::open(path, display, columns).map_err(|_| GiveUp)?.ok_or(GiveUp)
}

/// What happens in most rows is not looked up in a tally each time.
#[derive(Debug, Default)]
struct Counts {
    before: u64,
    after: u64,
    merchandise: u64,
    twice: u64,
}

impl Counts {
    /// As a tally; what is said of times that exist twice differs between the books.
    fn tally(&self, twice: &'static str) -> Tally {
        let mut tally = Tally::default();
        let counts = [(BEFORE, self.before), (AFTER, self.after), (MERCHANDISE, self.merchandise), (twice, self.twice)];
        counts.into_iter().for_each(|(text, number)| tally.add(text, number));
        tally
    }
}

/// As many partitions as make each of a size that the processor's cache holds.
fn partitions_for(files: &Files<'_>) -> usize {
    const BYTES_OF_ROWS: u64 = 2 << 20;
    const MOST: usize = 1024;
    let bytes = |file: &NamedFile| file.0.metadata().map_or(0, |facts| facts.len());
    let all: u64 = files.state.iter().map(bytes).sum::<u64>() + bytes(files.pos);
    usize::try_from(all / BYTES_OF_ROWS).unwrap_or(MOST).clamp(1, MOST)
}

/// Judges all partitions; what is found is put together in their order. The records are done with then.
fn judge(question: &Question<'_>, pos: Partitions, state: Partitions) -> Result<Verdict, GiveUp> {
    let verdicts: Vec<Result<Verdict, GiveUp>> =
        (0..pos.count()).into_par_iter().map(|partition| groups::judge(question, &pos, &state, partition)).collect();
    drop((pos, state));
    let mut all = Verdict::default();
    for verdict in verdicts {
        let verdict = verdict?;
        all.pos.extend(verdict.pos);
        all.state.extend(verdict.state);
        all.settled.extend(verdict.settled);
        all.dimensions.extend(verdict.dimensions);
    }
    Ok(all)
}

fn state_facts(files: &[NamedFile], read: Vec<StateFile>) -> Vec<InputFacts> {
    files.iter().zip(read).map(|((_, display), file)| InputFacts::of(display, file.facts).with(file.tally)).collect()
}
