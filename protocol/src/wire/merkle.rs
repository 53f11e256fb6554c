//! One hash over many things, and short proofs that each of them is among them.
//!
//! - Standard: RFC 9162, section 2.1: leaves are hashed behind 0x00 and nodes behind 0x01, so that a
//!   node is never taken for a leaf.

use sha2::{Digest as _, Sha256};

/// A Merkle tree over a list of leaves.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The hashes of the leaves, then of each level above them, up to the root.
    levels: Vec<Vec<[u8; 32]>>,
}

impl Tree {
    /// Hashes the leaves, in their order.
    pub fn over<L: AsRef<[u8]>>(leaves: impl IntoIterator<Item = L>) -> Self {
        let mut level: Vec<_> = leaves.into_iter().map(|leaf| hash_leaf(leaf.as_ref())).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => hash_node(left, right),
                // RFC 9162, section 2.1.1 splits at the largest power of two: who has no neighbour
                // rises as it is.
                alone => alone.first().copied().unwrap_or_default(),
            });
            let above = above.collect();
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Self { levels }
    }

    /// Counts the leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        let leaves = self.levels.first().map_or(0, Vec::len);
        u64::try_from(leaves).unwrap_or(u64::MAX)
    }

    /// Gives the hash over all leaves; over none it is the hash of nothing.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        let root = self.levels.last().and_then(|level| level.first());
        root.copied().unwrap_or_else(|| Sha256::digest([]).into())
    }

    /// Gives the hashes beside the way from a leaf to the root; `None` if there is no such leaf.
    ///
    /// RFC 9162, section 2.1.3.1.
    #[must_use]
    pub fn proof(&self, index: u64) -> Option<Vec<[u8; 32]>> {
        let mut index = usize::try_from(index).ok()?;
        self.levels.first()?.get(index)?;
        let mut path = Vec::new();
        for level in &self.levels {
            path.extend(level.get(index ^ 1));
            index >>= 1;
        }
        Some(path)
    }
}

/// Tells whether `path` leads from `leaf`, at `index` of `size`, to `root`.
///
/// RFC 9162, section 2.1.3.2.
#[must_use]
pub fn verify(leaf: &[u8], index: u64, size: u64, path: &[[u8; 32]], root: &[u8; 32]) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size.saturating_sub(1));
    let mut hash = hash_leaf(leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = hash_node(beside, &hash);
            // Levels on which it had no neighbour on the right and rose as it was.
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = hash_node(&hash, beside);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

fn hash_leaf(leaf: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update([0x00]).chain_update(leaf).finalize().into()
}

fn hash_node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update([0x01]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(size: u64) -> Vec<[u8; 8]> {
        (0..size).map(u64::to_be_bytes).collect()
    }

    /// RFC 9162, section 2.1.1, word for word: split at the largest power of two below the size.
    fn root_by_definition(leaves: &[[u8; 8]]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => hash_leaf(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                hash_node(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved() {
        for size in 0..=70 {
            let (tree, leaves) = (Tree::over(leaves(size)), leaves(size));
            assert_eq!((tree.root(), tree.size()), (root_by_definition(&leaves), size));
            for (index, leaf) in (0..).zip(&leaves) {
                let path = tree.proof(index).unwrap();
                assert!(verify(leaf, index, size, &path, &tree.root()), "{index} of {size}");
            }
            assert_eq!(tree.proof(size), None);
        }
    }

    #[test]
    fn nothing_else_is_proved() {
        for size in 1..=70 {
            let (tree, leaves) = (Tree::over(leaves(size)), leaves(size));
            let root = tree.root();
            for (index, leaf) in (0..).zip(&leaves) {
                let path = tree.proof(index).unwrap();
                for other in (0..size + 2).filter(|other| *other != index) {
                    assert!(!verify(leaf, other, size, &path, &root), "{other} for {index}/{size}");
                }
                let longer = [&path[..], &[[0; 32]]].concat();
                assert!(!verify(leaf, index, size, &longer, &root));
                assert!(!verify(b"other", index, size, &path, &root));
                assert!(!verify(leaf, index, size, &path, &[0; 32]));
                for at in 0..path.len() {
                    let mut changed = path.clone();
                    changed[at][7] ^= 1;
                    assert!(!verify(leaf, index, size, &changed, &root));
                    assert!(!verify(leaf, index, size, &path[..at], &root), "cut to {at}");
                }
            }
        }
    }

    #[test]
    fn a_node_is_no_leaf() {
        let tree = Tree::over(leaves(4));
        let nodes = &tree.levels[1];
        let node = [nodes[0], nodes[1]].concat();
        assert!(!verify(&node, 0, 1, &[], &tree.root()));
    }
}
