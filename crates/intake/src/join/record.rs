//! Rows as the join keeps them: 24 bytes each, by package.

use super::GiveUp;
use super::cell::dimension_bit;
use crate::measures::Measures;
use rustc_hash::FxHashMap;
use trueup_core::{Dimension, PackageTag};

/// Bits of a record's place that say where its row begins: files of up to 64 GB.
const OFFSET_BITS: u32 = 36;
/// Bits that tell a receipt of the POS from those next to it.
const RUN_BITS: u32 = 4;
/// Bits of the package's number: up to 16 million packages.
const PACKAGE_BITS: u32 = 24;

const VOIDED: u32 = 1 << 31;
const RETURNED: u32 = 1 << 30;
const AMOUNT: u32 = RETURNED - 1;

/// One row of sales.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// The core of the receipt's number.
    pub core: u64,
    place: u64,
    /// Second of 1970.
    pub second: u32,
    amount: u32,
}

/// What a row does to its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Sold, in thousandths.
    Sold(u32),
    /// Sold and voided.
    Voided(u32),
    /// Came back.
    Returned(u32),
    /// Only the reconciler can tell: the group is kept.
    Keep,
}

impl Record {
    /// `None` if it does not fit.
    pub fn new(package: u32, core: u64, second: i64, effect: Effect, (offset, run): (u64, u32)) -> Option<Self> {
        let amount = match effect {
            Effect::Sold(amount) => amount,
            Effect::Voided(amount) => amount | VOIDED,
            Effect::Returned(amount) => amount | RETURNED,
            Effect::Keep => u32::MAX,
        };
        let fits = package >> PACKAGE_BITS == 0 && offset >> OFFSET_BITS == 0;
        let run = u64::from(run % (1 << RUN_BITS));
        let place = u64::from(package) << (OFFSET_BITS + RUN_BITS) | run << OFFSET_BITS | offset;
        fits.then_some(Self { core, place, second: u32::try_from(second).ok()?, amount })
    }

    pub const fn effect(&self) -> Effect {
        match self.amount {
            u32::MAX => Effect::Keep,
            amount if amount & VOIDED != 0 => Effect::Voided(amount & AMOUNT),
            amount if amount & RETURNED != 0 => Effect::Returned(amount & AMOUNT),
            amount => Effect::Sold(amount),
        }
    }

    /// The package's number in the dictionary of its side.
    pub const fn package(&self) -> usize {
        (self.place >> (OFFSET_BITS + RUN_BITS)) as usize
    }

    /// Where the row begins; in the state's files, where its receipt begins.
    pub const fn offset(&self) -> u64 {
        self.place & ((1 << OFFSET_BITS) - 1)
    }

    /// Which receipt of the POS it is, modulo 16.
    pub const fn run(&self) -> u64 {
        self.place >> OFFSET_BITS & ((1 << RUN_BITS) - 1)
    }
}

/// Records by partition, in the order of their rows. Chunks, so that nothing is copied as they grow.
pub(super) struct Partitions(Vec<Vec<Vec<Record>>>);

/// Records of a chunk.
const CHUNK: usize = 256;

impl Partitions {
    pub fn new(count: usize) -> Self {
        Self((0..count).map(|_| Vec::new()).collect())
    }

    #[inline]
    pub fn push(&mut self, partition: usize, record: Record) {
        let chunks = &mut self.0[partition];
        match chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(record),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(record);
                chunks.push(chunk);
            }
        }
    }

    pub fn take(&mut self) -> Vec<Vec<Vec<Record>>> {
        std::mem::take(&mut self.0)
    }
}

/// What is known of a package while one side is read.
#[derive(Debug, Clone)]
pub(super) struct Package {
    pub tag: PackageTag,
    pub partition: usize,
    /// The dimension that the state, or else the POS's inventory, says.
    pub dimension: Option<Dimension>,
    /// Pieces of it may have to be converted.
    pub converts: bool,
    /// Dimensions of its rows, as bits.
    pub dimensions: u8,
    /// All rows of it are kept.
    pub whole: bool,
}

/// The packages that one side names, numbered as they come.
pub(super) struct Packages<'m> {
    measures: &'m Measures,
    partitions: usize,
    numbers: FxHashMap<(u64, u64, u64), u32>,
    pub list: Vec<Package>,
}

impl<'m> Packages<'m> {
    pub fn new(measures: &'m Measures, partitions: usize) -> Self {
        Self { measures, partitions, numbers: FxHashMap::default(), list: Vec::new() }
    }

    /// The number of the package that a cell names.
    #[inline]
    pub fn number(&mut self, cell: &[u8]) -> Result<u32, GiveUp> {
        let key = words(cell)?;
        match self.numbers.get(&key) {
            Some(number) => Ok(*number),
            None => self.add(key, cell),
        }
    }

    fn add(&mut self, key: (u64, u64, u64), cell: &[u8]) -> Result<u32, GiveUp> {
        let tag = PackageTag::parse(std::str::from_utf8(cell).map_err(|_| GiveUp)?).map_err(|_| GiveUp)?;
        let number = u32::try_from(self.list.len()).map_err(|_| GiveUp)?;
        self.list.push(Package {
            tag,
            partition: partition_of(tag, self.partitions),
            dimension: self.measures.dimension(tag),
            converts: self.measures.converts(tag),
            dimensions: 0,
            whole: false,
        });
        self.numbers.insert(key, number);
        Ok(number)
    }

    /// Notes the dimension in which a row of the package counts. A dimension other than the package's own needs more than
    /// a look at the row.
    pub fn note_dimension(&mut self, number: u32, dimension: Dimension) {
        let package = &mut self.list[number as usize];
        package.dimensions |= dimension_bit(dimension);
        package.whole |= package.dimension.is_some_and(|ours| ours != dimension);
    }
}

/// A tag's text as numbers; equal only for equal texts.
#[inline]
fn words(cell: &[u8]) -> Result<(u64, u64, u64), GiveUp> {
    let word = |from: usize| cell.get(from..from + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    match cell.len() {
        24 => word(0).zip(word(8)).zip(word(16)).map(|((a, b), c)| (a, b, c)).ok_or(GiveUp),
        16 => word(0).zip(word(8)).map(|(a, b)| (a, b, 0)).ok_or(GiveUp),
        _ => Err(GiveUp),
    }
}

/// Both sides put a package into the same partition.
pub(super) fn partition_of(tag: PackageTag, partitions: usize) -> usize {
    let packed = tag.packed();
    let folded = (packed ^ packed >> 64) as u64;
    let mixed = folded.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (u128::from(mixed) * partitions as u128 >> 64) as usize
}
