//! The model: files as the process sees them, as the disk keeps them, and what lies between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens at the operation with this number (writes, truncations, syncs and removals count, from 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The power is cut: this operation and all later ones fail, until [`Disk::restart`].
    PowerCut(u64),
    /// This one operation fails.
    Failure(u64),
    /// There is no room for this one.
    Full(u64),
    /// There is no room from this one on, until [`Disk::plan`] says otherwise.
    FullFrom(u64),
}

/// Why an operation did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Failed,
    Full,
}

/// A disk.
#[derive(Clone, Default)]
pub struct Disk {
    state: Arc<Mutex<State>>,
}

/// What a disk keeps, to begin again from.
#[derive(Debug, Clone)]
pub struct Snapshot(BTreeMap<String, Vec<u8>>);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) files: BTreeMap<String, File>,
    /// Removed, and the removal was not synced.
    ghosts: BTreeMap<String, Vec<u8>>,
    operations: u64,
    fault: Option<Fault>,
    is_off: bool,
    pub(crate) handles: u64,
}

#[derive(Default)]
pub(crate) struct File {
    /// As the process sees it.
    pub(crate) now: Vec<u8>,
    /// As the disk keeps it; nothing before the first sync.
    durable: Option<Vec<u8>>,
    pending: Vec<Change>,
    pub(crate) locks: Locks,
    pub(crate) shared: Shared,
}

enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

/// Locks of a file, by handle.
#[derive(Default)]
pub(crate) struct Locks {
    pub(crate) shared: BTreeSet<u64>,
    pub(crate) reserved: Option<u64>,
    pub(crate) exclusive: Option<u64>,
}

/// Memory that connections share, and its locks.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) regions: Vec<crate::vfs::Region>,
    /// Eight slots: who holds each together with others, who alone.
    pub(crate) slots: [(BTreeSet<u64>, Option<u64>); 8],
}

const SECTOR: usize = 512;

impl Disk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As it was.
    #[must_use]
    pub fn from_snapshot(snapshot: &Snapshot) -> Self {
        let disk = Self::new();
        let file = |bytes: &Vec<u8>| File { now: bytes.clone(), durable: Some(bytes.clone()), ..File::default() };
        disk.state().files = snapshot.0.iter().map(|(name, bytes)| (name.clone(), file(bytes))).collect();
        disk
    }

    /// What is on it, as a process sees it.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.state().files.iter().map(|(name, file)| (name.clone(), file.now.clone())).collect())
    }

    /// What is to go wrong.
    pub fn plan(&self, fault: Option<Fault>) {
        self.state().fault = fault;
    }

    /// How many operations there were.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// The machine starts again: what was not synced is kept or lost by chance, of which the seed decides.
    pub fn restart(&self, seed: u64) {
        let mut chance = Chance(seed);
        let mut state = self.state();
        for (name, bytes) in std::mem::take(&mut state.ghosts) {
            if chance.below(2) == 0 {
                state.files.entry(name).or_insert_with(|| File { durable: Some(bytes), ..File::default() });
            }
        }
        state.files.retain(|_, file| file.durable.is_some() || chance.below(2) == 0);
        for file in state.files.values_mut() {
            let mut bytes = file.durable.take().unwrap_or_default();
            for change in std::mem::take(&mut file.pending) {
                match chance.below(4) {
                    0 => {}
                    1 => apply_torn(&mut bytes, &change, &mut chance),
                    _ => apply(&mut bytes, &change),
                }
            }
            *file = File { now: bytes.clone(), durable: Some(bytes), ..File::default() };
        }
        state.is_off = false;
        state.fault = None;
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts an operation, and lets it go wrong.
    pub(crate) fn operation(&mut self) -> Result<(), Refusal> {
        self.operations += 1;
        match self.fault {
            _ if self.is_off => Err(Refusal::Failed),
            Some(Fault::PowerCut(at)) if at == self.operations => {
                self.is_off = true;
                Err(Refusal::Failed)
            }
            Some(Fault::Failure(at)) if at == self.operations => Err(Refusal::Failed),
            Some(Fault::Full(at)) if at == self.operations => Err(Refusal::Full),
            Some(Fault::FullFrom(at)) if at <= self.operations => Err(Refusal::Full),
            _ => Ok(()),
        }
    }

    pub(crate) const fn is_off(&self) -> bool {
        self.is_off
    }

    pub(crate) fn write(&mut self, name: &str, offset: usize, bytes: &[u8]) -> Result<(), Refusal> {
        let done = self.operation();
        // What is being written when the power is cut may get there in part.
        let gets_there = done.is_ok() || self.is_off;
        if let Some(file) = self.files.get_mut(name).filter(|_| gets_there) {
            let change = Change::Write(offset, bytes.to_vec());
            apply(&mut file.now, &change);
            file.pending.push(change);
        }
        done
    }

    pub(crate) fn truncate(&mut self, name: &str, length: usize) -> Result<(), Refusal> {
        match self.operation() {
            // Making a file shorter needs no room.
            Ok(()) | Err(Refusal::Full) => {}
            Err(refusal) => return Err(refusal),
        }
        if let Some(file) = self.files.get_mut(name) {
            let change = Change::Truncate(length);
            apply(&mut file.now, &change);
            file.pending.push(change);
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self, name: &str) -> Result<(), Refusal> {
        match self.operation() {
            Ok(()) | Err(Refusal::Full) => {}
            Err(refusal) => return Err(refusal),
        }
        if let Some(file) = self.files.get_mut(name) {
            file.pending.clear();
            file.durable = Some(file.now.clone());
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str, is_synced: bool) -> Result<(), Refusal> {
        match self.operation() {
            Ok(()) | Err(Refusal::Full) => {}
            Err(refusal) => return Err(refusal),
        }
        if let Some(durable) = self.files.remove(name).and_then(|file| file.durable).filter(|_| !is_synced) {
            self.ghosts.insert(name.to_owned(), durable);
        }
        Ok(())
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, data) => {
            let end = offset + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(data);
        }
        Change::Truncate(length) => bytes.truncate(*length),
    }
}

/// Some sectors of it get there.
fn apply_torn(bytes: &mut Vec<u8>, change: &Change, chance: &mut Chance) {
    let Change::Write(offset, data) = change else { return apply(bytes, change) };
    let mut first = 0;
    while first < data.len() {
        // Sectors of the disk, not of the write.
        let length = (SECTOR - (offset + first) % SECTOR).min(data.len() - first);
        if chance.below(2) == 0 {
            apply(bytes, &Change::Write(offset + first, data[first..first + length].to_vec()));
        }
        first += length;
    }
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
