//! Rows as the join keeps them: 24 bytes each, by package.

use super::GiveUp;
use rustc_hash::FxHashMap;
use trueup_core::{Dimension, PackageTag};

/// One row of sales, packed into three words:
///
/// 1. its receipt's core (47 bits), the amount's upper 17;
/// 2. package 42, the amount's lower 10, effect 2, dimension 2, run 4, the offset's upper 4;
/// 3. second of 1970 32, the offset's lower 32.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record([u64; WORDS]);

const WORDS: usize = 3;

/// Bits of a core: a number, or a hash with the highest bit set.
pub(super) const CORE_BITS: u32 = 47;
/// Bits of an amount in thousandths: up to 134,217 pieces, grams or millilitres a row.
const AMOUNT_BITS: u32 = 27;
const LOWER_AMOUNT_BITS: u32 = AMOUNT_BITS - (64 - CORE_BITS);
const PREFIX_BITS: u32 = 12;
const SERIAL_BITS: u32 = 30;
/// Bits of where a row begins: files of up to 64 GB.
pub(super) const OFFSET_BITS: u32 = 36;
const RUN_BITS: u32 = 4;

const RUN_SHIFT: u32 = OFFSET_BITS - 32;
const DIMENSION_SHIFT: u32 = RUN_SHIFT + RUN_BITS;
const EFFECT_SHIFT: u32 = DIMENSION_SHIFT + 2;
const AMOUNT_SHIFT: u32 = EFFECT_SHIFT + 2;
const PACKAGE_SHIFT: u32 = AMOUNT_SHIFT + LOWER_AMOUNT_BITS;
const _: () = assert!(PACKAGE_SHIFT + PREFIX_BITS + SERIAL_BITS == 64, "the fields fill the word");

/// An amount of this many thousandths or more is left to the reconciler.
pub(super) const LARGEST_AMOUNT: u32 = 1 << AMOUNT_BITS;

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

/// A row before it is packed.
pub(super) struct Row {
    pub package: Package,
    pub core: u64,
    pub second: i64,
    pub effect: Effect,
    /// In which its amount counts.
    pub dimension: Dimension,
    /// Where it begins; in the state's files, where its receipt begins.
    pub offset: u64,
    /// Which receipt of the POS it is; the lowest bits are kept.
    pub run: u32,
}

impl Record {
    /// `None` if it does not fit.
    #[inline]
    pub fn new(row: &Row) -> Option<Self> {
        let (effect, amount) = match row.effect {
            Effect::Sold(amount) => (0, amount),
            Effect::Voided(amount) => (1, amount),
            Effect::Returned(amount) => (2, amount),
            Effect::Keep => (3, 0),
        };
        let amount = u64::from(amount);
        let fits = row.core >> CORE_BITS == 0 && row.offset >> OFFSET_BITS == 0 && amount >> AMOUNT_BITS == 0;
        let dimension = match row.dimension {
            Dimension::Count => 0,
            Dimension::Weight => 1,
            Dimension::Volume => 2,
        };
        let run = u64::from(row.run) & ((1 << RUN_BITS) - 1);
        let second = u64::from(u32::try_from(row.second).ok()?);
        fits.then_some(Self([
            row.core << (64 - CORE_BITS) | amount >> LOWER_AMOUNT_BITS,
            row.package.0 << PACKAGE_SHIFT
                | (amount & ((1 << LOWER_AMOUNT_BITS) - 1)) << AMOUNT_SHIFT
                | effect << EFFECT_SHIFT
                | dimension << DIMENSION_SHIFT
                | run << RUN_SHIFT
                | row.offset >> 32,
            second << 32 | row.offset & u64::from(u32::MAX),
        ]))
    }

    pub const fn core(&self) -> u64 {
        self.0[0] >> (64 - CORE_BITS)
    }

    pub fn effect(&self) -> Effect {
        let upper = self.0[0] & ((1 << (64 - CORE_BITS)) - 1);
        let lower = self.0[1] >> AMOUNT_SHIFT & ((1 << LOWER_AMOUNT_BITS) - 1);
        let amount = u32::try_from(upper << LOWER_AMOUNT_BITS | lower).unwrap_or(0);
        match self.0[1] >> EFFECT_SHIFT & 3 {
            0 => Effect::Sold(amount),
            1 => Effect::Voided(amount),
            2 => Effect::Returned(amount),
            _ => Effect::Keep,
        }
    }

    pub const fn dimension(&self) -> Dimension {
        match self.0[1] >> DIMENSION_SHIFT & 3 {
            0 => Dimension::Count,
            1 => Dimension::Weight,
            _ => Dimension::Volume,
        }
    }

    pub const fn package(&self) -> Package {
        Package(self.0[1] >> PACKAGE_SHIFT)
    }

    /// Second of 1970.
    pub fn second(&self) -> u32 {
        u32::try_from(self.0[2] >> 32).unwrap_or(0)
    }

    pub const fn offset(&self) -> u64 {
        (self.0[1] & ((1 << RUN_SHIFT) - 1)) << 32 | self.0[2] & 0xFFFF_FFFF
    }

    /// Which receipt of the POS it is, modulo 16.
    pub const fn run(&self) -> u64 {
        self.0[1] >> RUN_SHIFT & ((1 << RUN_BITS) - 1)
    }
}

/// Records by partition, in the order of their rows.
///
/// They lie in large slabs, which the system gives and takes back by themselves, so that their memory is there for what
/// comes after them, whichever thread had it. Each partition has chunks of the slabs.
pub(super) struct Partitions {
    slabs: Vec<Vec<[u64; WORDS]>>,
    /// Chunks that are given away.
    chunks: usize,
    lists: Vec<List>,
}

/// A partition's chunks, and how many records the last of them holds.
#[derive(Default, Clone)]
struct List {
    chunks: Vec<usize>,
    last: usize,
}

/// Records of a chunk.
const CHUNK: usize = 256;
/// Chunks of a slab: 36 MB, of which the system gives only what is written to.
const SLAB: usize = 6_144;

impl Partitions {
    pub fn new(count: usize) -> Self {
        Self { slabs: Vec::new(), chunks: 0, lists: vec![List { chunks: Vec::new(), last: CHUNK }; count] }
    }

    #[inline]
    pub fn push(&mut self, partition: usize, record: Record) {
        let list = &mut self.lists[partition];
        if list.last == CHUNK {
            if self.chunks.is_multiple_of(SLAB) {
                self.slabs.push(vec![[0; WORDS]; SLAB * CHUNK]);
            }
            list.chunks.push(self.chunks);
            list.last = 0;
            self.chunks += 1;
        }
        if let Some(chunk) = list.chunks.last() {
            self.slabs[chunk / SLAB][chunk % SLAB * CHUNK + list.last] = record.0;
            list.last += 1;
        }
    }

    pub const fn count(&self) -> usize {
        self.lists.len()
    }

    /// The records of a partition.
    pub fn of(&self, partition: usize) -> impl Iterator<Item = Record> {
        let list = &self.lists[partition];
        let whole = list.chunks.len().saturating_sub(1);
        list.chunks.iter().enumerate().flat_map(move |(place, chunk)| {
            let length = if place < whole { CHUNK } else { list.last };
            let start = chunk % SLAB * CHUNK;
            self.slabs[chunk / SLAB][start..start + length].iter().map(|words| Record(*words))
        })
    }

    /// How many records a partition has.
    pub fn len(&self, partition: usize) -> usize {
        let list = &self.lists[partition];
        list.chunks.len().saturating_sub(1) * CHUNK + if list.chunks.is_empty() { 0 } else { list.last }
    }
}

/// A package as one side numbers it: the number of its tag's beginning, and the nine digits at its end.
///
/// Tags of one licence begin alike and are numbered on; so a tag is 42 bits and not a line of a large table that every row
/// would have to find. The few that do not end with digits (they are mistyped) are a beginning of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Package(pub u64);

impl Package {
    const fn prefix(self) -> u64 {
        self.0 >> SERIAL_BITS
    }

    const fn serial(self) -> u64 {
        self.0 & ((1 << SERIAL_BITS) - 1)
    }
}

const SERIAL_DIGITS: usize = 9;

/// The beginnings of the tags that one side names.
pub(super) struct Tags {
    partitions: u64,
    numbers: FxHashMap<(u64, u64), u64>,
    /// Tags that do not end with digits.
    others: FxHashMap<Box<[u8]>, u64>,
    prefixes: Vec<Prefix>,
    last: ((u64, u64), u64),
}

struct Prefix {
    /// The beginning, or all of a tag that does not end with digits.
    text: String,
    /// The same on both sides.
    hash: u64,
}

impl Prefix {
    fn with(&self, serial: u64) -> String {
        match self.text.len() {
            16 | 24 => self.text.clone(),
            _ => format!("{}{serial:09}", self.text),
        }
    }
}

impl Tags {
    pub fn new(partitions: usize) -> Self {
        let partitions = u64::try_from(partitions).unwrap_or(1);
        Self {
            partitions,
            numbers: FxHashMap::default(),
            others: FxHashMap::default(),
            prefixes: Vec::new(),
            last: ((0, 0), 0),
        }
    }

    /// The package that a cell names, and its partition.
    #[inline]
    pub fn package(&mut self, cell: &[u8]) -> Result<(Package, usize), GiveUp> {
        let (prefix, serial) = cell.split_at_checked(cell.len().wrapping_sub(SERIAL_DIGITS)).ok_or(GiveUp)?;
        let key = words(prefix)?;
        let (number, serial) = match digits(serial) {
            Some(serial) if self.last.0 == key => (self.last.1, serial),
            Some(serial) => (self.number(key, cell, prefix)?, serial),
            None => (self.other(cell)?, 0),
        };
        let hash = self.prefixes.get(place(number)).map_or(0, |prefix| prefix.hash);
        let mixed = (hash ^ serial).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let partition = (mixed >> 32).wrapping_mul(self.partitions) >> 32;
        Ok((Package(number << SERIAL_BITS | serial), place(partition)))
    }

    fn number(&mut self, key: (u64, u64), cell: &[u8], prefix: &[u8]) -> Result<u64, GiveUp> {
        let number = match self.numbers.get(&key) {
            Some(number) => *number,
            None => {
                let number = self.add(cell, prefix)?;
                self.numbers.insert(key, number);
                number
            }
        };
        self.last = (key, number);
        Ok(number)
    }

    fn other(&mut self, cell: &[u8]) -> Result<u64, GiveUp> {
        if let Some(number) = self.others.get(cell) {
            return Ok(*number);
        }
        let number = self.add(cell, cell)?;
        self.others.insert(cell.into(), number);
        Ok(number)
    }

    fn add(&mut self, cell: &[u8], beginning: &[u8]) -> Result<u64, GiveUp> {
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| GiveUp);
        PackageTag::parse(text(cell)?).map_err(|_| GiveUp)?;
        let number = u64::try_from(self.prefixes.len()).map_err(|_| GiveUp)?;
        if number >> PREFIX_BITS != 0 {
            return Err(GiveUp);
        }
        let hash = super::cell::weak_hash(&[beginning], 0);
        self.prefixes.push(Prefix { text: text(beginning)?.to_owned(), hash });
        Ok(number)
    }

    /// The tag itself.
    pub fn tag(&self, package: Package) -> Option<PackageTag> {
        let prefix = self.prefixes.get(place(package.prefix()))?;
        PackageTag::parse(&prefix.with(package.serial())).ok()
    }

    /// For each of our beginnings the number that `other` has for it; new ones are added there.
    pub fn translation(&self, other: &mut Self) -> Result<Vec<u64>, GiveUp> {
        let number = |prefix: &Prefix| other.package(prefix.with(0).as_bytes()).map(|(package, _)| package.prefix());
        self.prefixes.iter().map(number).collect()
    }
}

/// The package by the other side's numbers.
pub(super) fn translated(package: Package, translation: &[u64]) -> Package {
    let prefix = translation.get(place(package.prefix())).copied().unwrap_or(0);
    Package(prefix << SERIAL_BITS | package.serial())
}

fn digits(text: &[u8]) -> Option<u64> {
    let mut value = 0;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(byte & 15);
    }
    Some(value)
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The beginning of a tag of 24 or 16 characters as numbers; equal only for equal texts.
#[inline]
fn words(prefix: &[u8]) -> Result<(u64, u64), GiveUp> {
    let word = |from: usize| prefix.get(from..from + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    match *prefix {
        [.., _] if prefix.len() == 24 - SERIAL_DIGITS => word(0).zip(word(7)).ok_or(GiveUp),
        [a, b, c, d, e, f, g] => Ok((u64::from_le_bytes([a, b, c, d, e, f, g, 0]), u64::MAX)),
        _ => Err(GiveUp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn effect() -> impl Strategy<Value = Effect> {
        (0..4_u8, 0..LARGEST_AMOUNT).prop_map(|(kind, amount)| match kind {
            0 => Effect::Sold(amount),
            1 => Effect::Voided(amount),
            2 => Effect::Returned(amount),
            _ => Effect::Keep,
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_the_same(
            package in 0_u64..1 << (PREFIX_BITS + SERIAL_BITS),
            core in 0_u64..1 << CORE_BITS,
            second in 0_i64..=i64::from(u32::MAX),
            effect in effect(),
            dimension in prop_oneof![Just(Dimension::Count), Just(Dimension::Weight), Just(Dimension::Volume)],
            offset in 0_u64..1 << OFFSET_BITS,
            run in any::<u32>(),
        ) {
            let package = Package(package);
            let record = Record::new(&Row { package, core, second, effect, dimension, offset, run }).unwrap();
            prop_assert_eq!((record.package(), record.core(), i64::from(record.second())), (package, core, second));
            prop_assert_eq!((record.effect(), record.dimension(), record.offset()), (effect, dimension, offset));
            prop_assert_eq!(record.run(), u64::from(run % 16));
        }

        #[test]
        fn partitions_give_back_what_they_were_given(rows in prop::collection::vec((0_usize..3, any::<[u64; WORDS]>()), 0..2_000)) {
            let mut partitions = Partitions::new(3);
            for (partition, words) in &rows {
                partitions.push(*partition, Record(*words));
            }
            for partition in 0..3 {
                let given: Vec<_> = rows.iter().filter(|(of, _)| *of == partition).map(|(_, words)| *words).collect();
                prop_assert_eq!(partitions.len(partition), given.len());
                prop_assert_eq!(partitions.of(partition).map(|record| record.0).collect::<Vec<_>>(), given);
            }
        }

        #[test]
        fn a_package_is_its_tag(tags in prop::collection::vec("1A4060300002EE1[0-9]{9}|1A40603000[0-9A-Z]{14}|[0-9]{16}", 1..20)) {
            let (mut ours, mut theirs) = (Tags::new(64), Tags::new(64));
            for tag in tags.iter().rev() {
                theirs.package(tag.as_bytes()).unwrap();
            }
            let translation = theirs.translation(&mut ours).unwrap();
            for tag in &tags {
                let (package, partition) = ours.package(tag.as_bytes()).unwrap();
                let (other, other_partition) = theirs.package(tag.as_bytes()).unwrap();
                prop_assert_eq!(ours.tag(package).unwrap().to_string(), tag.clone());
                prop_assert_eq!(translated(other, &translation), package);
                prop_assert_eq!(partition, other_partition);
                prop_assert!(partition < 64);
            }
        }
    }
}
