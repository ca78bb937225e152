//! Chance, from a seed: the same seed rolls the same dice on every machine.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A seeded source of chance. Each part of the world has its own, so that one part's rolls do not move another's.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Pcg64Mcg);

impl Dice {
    /// The dice of one part of the world of `seed`.
    pub fn new(seed: u64, part: &str) -> Self {
        // FNV-1a of the part's name keeps the parts apart.
        let name = part
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(Pcg64Mcg::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name))
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.random_range(low..=high.max(low))
    }

    /// True `parts` times out of `whole`.
    pub fn chance(&mut self, parts: u32, whole: u32) -> bool {
        self.0.random_ratio(parts.min(whole), whole)
    }

    /// A place in a list of this length; 0 for an empty one.
    pub fn place(&mut self, length: usize) -> usize {
        if length == 0 { 0 } else { self.0.random_range(0..length) }
    }

    /// One of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T], otherwise: T) -> T {
        list.get(self.place(list.len())).copied().unwrap_or(otherwise)
    }

    /// A place chosen by weight.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u32 = weights.iter().sum();
        let mut rolled = if total == 0 { 0 } else { self.0.random_range(0..total) };
        for (place, weight) in weights.iter().enumerate() {
            if rolled < *weight {
                return place;
            }
            rolled -= weight;
        }
        0
    }
}
