//! The tree of RFC 6962: hashes, the frontier that grows, proofs.

use crate::StoreError;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

/// The hash of two subtrees side by side.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The hash of nothing.
fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// Kept are the nodes of every eighth level: 256 leaves, 65,536 leaves …
pub(crate) const LEVELS: u32 = 8;

/// A node that became whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// It has 2^level leaves.
    pub level: u32,
    /// Among those of its level.
    pub position: u64,
    /// Its hash.
    pub hash: Hash,
}

/// What a tree is grown from: the hashes of its whole subtrees, largest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    /// From its length and the hashes one after the other; nothing if they do not fit.
    #[must_use]
    pub fn read(size: u64, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && u32::try_from(hashes.len()).ok() == Some(size.count_ones());
        fits.then(|| Self { size, hashes: hashes.to_vec() })
    }

    /// The hashes one after the other.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.hashes.concat()
    }

    /// Leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. `whole` is told every node that is kept and became whole by it.
    pub fn push(&mut self, leaf: Hash, whole: &mut dyn FnMut(Node)) {
        let mut hash = leaf;
        let mut level = 0_u32;
        while (self.size >> level) & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            level = level.saturating_add(1);
            if level.is_multiple_of(LEVELS) {
                whole(Node { level, position: self.size >> level, hash });
            }
        }
        self.hashes.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut hashes = self.hashes.iter().rev();
        let Some(last) = hashes.next() else { return empty() };
        hashes.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// Where whole subtrees are read from.
pub trait Nodes {
    /// The hash of a whole subtree of 2^level leaves; `level` is 0 or a multiple of eight.
    ///
    /// # Errors
    /// Those of where it is read from.
    fn node(&mut self, level: u32, position: u64) -> Result<Hash, StoreError>;
}

fn subtree(nodes: &mut dyn Nodes, level: u32, position: u64) -> Result<Hash, StoreError> {
    if level.is_multiple_of(LEVELS) {
        return nodes.node(level, position);
    }
    let below = level.saturating_sub(1);
    let left = subtree(nodes, below, position << 1)?;
    let right = subtree(nodes, below, (position << 1) | 1)?;
    Ok(node_hash(&left, &right))
}

/// The largest power of two below `size`.
const fn split(size: u64) -> u64 {
    1 << size.saturating_sub(1).ilog2()
}

/// The hash of the leaves from `first`, so many; `first` is where a subtree of a tree begins.
pub(crate) fn range(nodes: &mut dyn Nodes, first: u64, count: u64) -> Result<Hash, StoreError> {
    match count {
        0 => Ok(empty()),
        count if count.is_power_of_two() => subtree(nodes, count.ilog2(), first >> count.ilog2()),
        count => {
            let left = split(count);
            let hash = range(nodes, first, left)?;
            let rest = range(nodes, first.saturating_add(left), count.saturating_sub(left))?;
            Ok(node_hash(&hash, &rest))
        }
    }
}

/// What a tree of the first leaves grows from.
#[cfg(feature = "archive")]
pub(crate) fn frontier(nodes: &mut dyn Nodes, size: u64) -> Result<Frontier, StoreError> {
    let mut frontier = Frontier { size, hashes: Vec::new() };
    let mut first = 0;
    for level in (0..u64::BITS).rev().filter(|level| (size >> level) & 1 == 1) {
        frontier.hashes.push(subtree(nodes, level, first >> level)?);
        first += 1_u64 << level;
    }
    Ok(frontier)
}

/// PATH(leaf, D[count]) of RFC 6962 2.1.1 for the leaves from `first`.
pub(crate) fn inclusion(
    nodes: &mut dyn Nodes,
    leaf: u64,
    (first, count): (u64, u64),
    proof: &mut Vec<Hash>,
) -> Result<(), StoreError> {
    if count <= 1 {
        return Ok(());
    }
    let left = split(count);
    let (here, other) = if leaf < left {
        ((leaf, (first, left)), (first.saturating_add(left), count.saturating_sub(left)))
    } else {
        ((leaf.saturating_sub(left), (first.saturating_add(left), count.saturating_sub(left))), (first, left))
    };
    inclusion(nodes, here.0, here.1, proof)?;
    proof.push(range(nodes, other.0, other.1)?);
    Ok(())
}

/// SUBPROOF(old, D[count], whole) of RFC 6962 2.1.2 for the leaves from `first`.
pub(crate) fn consistency(
    nodes: &mut dyn Nodes,
    old: u64,
    (first, count): (u64, u64),
    is_whole: bool,
    proof: &mut Vec<Hash>,
) -> Result<(), StoreError> {
    if old == count {
        if !is_whole {
            proof.push(range(nodes, first, count)?);
        }
        return Ok(());
    }
    let left = split(count);
    let right = (first.saturating_add(left), count.saturating_sub(left));
    if old <= left {
        consistency(nodes, old, (first, left), is_whole, proof)?;
        proof.push(range(nodes, right.0, right.1)?);
    } else {
        consistency(nodes, old.saturating_sub(left), right, false, proof)?;
        proof.push(range(nodes, first, left)?);
    }
    Ok(())
}

fn root_hash(root: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new((*root).into(), size)
}

/// Whether an entry is the leaf of this position in the tree of this size and root.
#[must_use]
pub fn verify_inclusion(entry: &[u8], position: u64, (size, root): (u64, &Hash), proof: &[Hash]) -> bool {
    // The library reads it through `AsRef<[u8]>`.
    let Ok(proof) = InclusionProof::try_from_bytes(proof.concat()) else { return false };
    root_hash(root, size).verify_inclusion(&entry, position, &proof).is_ok()
}

/// Whether the tree of the old size and root is the beginning of the new one.
#[must_use]
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    if old.0 == 0 {
        return *old.1 == empty() && proof.is_empty();
    }
    let Ok(proof) = ConsistencyProof::try_from_bytes(proof.concat()) else { return false };
    root_hash(new.1, new.0).verify_consistency(&root_hash(old.1, old.0), &proof).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Default)]
    struct Kept(BTreeMap<(u32, u64), Hash>);

    impl Nodes for Kept {
        fn node(&mut self, level: u32, position: u64) -> Result<Hash, StoreError> {
            self.0.get(&(level, position)).copied().ok_or_else(|| StoreError::fault("no such node"))
        }
    }

    fn grow(size: u64) -> (Kept, Frontier, MemoryBackedTree<Sha256, Vec<u8>>) {
        let (mut kept, mut frontier, mut theirs) = (Kept::default(), Frontier::default(), MemoryBackedTree::new());
        for number in 0..size {
            let entry = number.to_be_bytes().to_vec();
            kept.0.insert((0, number), leaf_hash(&entry));
            frontier.push(leaf_hash(&entry), &mut |node| {
                kept.0.insert((node.level, node.position), node.hash);
            });
            theirs.push(entry);
        }
        (kept, frontier, theirs)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn grows_and_proves_as_the_library_does(size in 1_u64..1_500, picks in prop::collection::vec(any::<u64>(), 8)) {
            let (mut kept, frontier, theirs) = grow(size);
            prop_assert_eq!(&frontier.root(), &Hash::from(*theirs.root().as_bytes()));
            prop_assert_eq!(Frontier::read(size, &frontier.bytes()), Some(frontier.clone()));
            prop_assert_eq!(range(&mut kept, 0, size).unwrap(), frontier.root());
            for pick in picks {
                let leaf = pick % size;
                let mut proof = Vec::new();
                inclusion(&mut kept, leaf, (0, size), &mut proof).unwrap();
                let index = usize::try_from(leaf).unwrap();
                prop_assert_eq!(proof.concat(), theirs.prove_inclusion(index).as_bytes().to_vec());
                let entry = leaf.to_be_bytes();
                prop_assert!(verify_inclusion(&entry, leaf, (size, &frontier.root()), &proof));
                prop_assert!(!verify_inclusion(b"other", leaf, (size, &frontier.root()), &proof));

                let old = leaf + 1;
                let mut proof = Vec::new();
                consistency(&mut kept, old, (0, size), true, &mut proof).unwrap();
                let added = usize::try_from(size - old).unwrap();
                prop_assert_eq!(proof.concat(), theirs.prove_consistency(added).as_bytes().to_vec());
                let old_root = range(&mut kept, 0, old).unwrap();
                prop_assert!(verify_consistency((old, &old_root), (size, &frontier.root()), &proof));
                prop_assert!(!verify_consistency((old, &leaf_hash(b"other")), (size, &frontier.root()), &proof));
            }
        }
    }

    #[test]
    fn nothing_has_the_hash_of_nothing() {
        assert_eq!(Frontier::default().root(), empty());
        assert!(Frontier::read(3, &[0; 32]).is_none());
    }
}
