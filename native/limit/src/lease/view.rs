//! Who owns which key: a view is the set of Rust nodes that an app node sees, and a key belongs to the one of them that
//! scores highest for it (rendezvous hashing, Thaler and Ravishankar 1998).

use crate::KeyHash;

/// A node, by a hash of its name that is the same everywhere. See [`NodeId::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

/// One run of a node's part of a limiter: a random number, other than 0. After a restart it is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation(pub u64);

/// A set of Rust nodes, each in one incarnation. Sorted, and no node twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View(Vec<(NodeId, Incarnation)>);

impl NodeId {
    /// The id of a node of this name: FNV-1a, then mixed.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let fnv = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(mix(name.iter().fold(0xcbf2_9ce4_8422_2325, fnv)))
    }
}

impl View {
    /// The most Rust nodes of a view.
    pub const MAX: usize = 32;

    /// The view of these nodes: the first [`View::MAX`] by id; of a node that is named twice one is left.
    #[must_use]
    pub fn new(nodes: impl IntoIterator<Item = (NodeId, Incarnation)>) -> Self {
        let mut nodes: Vec<_> = nodes.into_iter().collect();
        nodes.sort_unstable();
        nodes.dedup_by_key(|(node, _)| *node);
        nodes.truncate(Self::MAX);
        Self(nodes)
    }

    /// Its members.
    #[must_use]
    pub fn nodes(&self) -> &[(NodeId, Incarnation)] {
        &self.0
    }

    /// Whether nobody is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a node is in it, in this incarnation.
    #[must_use]
    pub fn has(&self, node: NodeId, incarnation: Incarnation) -> bool {
        self.0.binary_search(&(node, incarnation)).is_ok()
    }

    /// The owner of a key.
    #[must_use]
    pub fn owner(&self, key: u128) -> Option<(NodeId, Incarnation)> {
        let folded = mix((key >> 64) as u64) ^ (key as u64);
        self.0.iter().copied().max_by_key(|(node, _)| (mix(folded ^ node.0), *node))
    }
}

/// As the wire and the maps of this protocol have it.
impl From<KeyHash> for u128 {
    fn from(key: KeyHash) -> Self {
        Self::from(key.high) << 64 | Self::from(key.low)
    }
}

/// The finalizer of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(names: &[&str]) -> View {
        View::new(names.iter().map(|name| (NodeId::of(name.as_bytes()), Incarnation(1))))
    }

    #[test]
    fn a_node_that_joins_takes_keys_and_moves_no_others() {
        let (two, three) = (view(&["a@h", "b@h"]), view(&["a@h", "b@h", "c@h"]));
        let new = NodeId::of(b"c@h");
        let (mut taken, keys) = (0, 9_000_u64);
        for key in (0..keys).map(|n| u128::from(mix(n)) << 64 | u128::from(mix(!n))) {
            let (before, after) = (two.owner(key).unwrap(), three.owner(key).unwrap());
            assert!(before == after || after.0 == new);
            taken += u64::from(before != after);
        }
        assert!((keys / 4..keys * 5 / 12).contains(&taken), "{taken} of {keys}");
    }

    #[test]
    fn a_view_is_a_set() {
        assert_eq!(view(&["a", "b", "a"]), view(&["b", "a"]));
        assert_eq!(view(&[]).owner(7), None);
    }
}
