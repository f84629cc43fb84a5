//! Pids, ports and references as they travel: the node's name, numbers, and the creation of that node's incarnation.

use crate::Atom;

/// Words in the longest reference (`V4_NC`, OTP 24).
pub const MAX_REFERENCE_WORDS: usize = 5;

/// A process identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pid<'a> {
    /// Name of the node the process lives on.
    pub node: Atom<'a>,
    /// First number; in OTP the slot and a part of its use count.
    pub id: u32,
    /// Second number.
    pub serial: u32,
    /// Incarnation of the node. 0 is a wildcard in old C nodes.
    pub creation: u32,
}

/// A port identifier: a file, a socket or another program, as a BEAM sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port<'a> {
    /// Name of the node that owns it.
    pub node: Atom<'a>,
    /// Its number there.
    pub id: u64,
    /// Incarnation of that node.
    pub creation: u32,
}

/// A reference: a monitor, an alias, a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Name of the node that made it.
    pub node: Atom<'a>,
    /// Incarnation of that node.
    pub creation: u32,
    /// The words in wire order; those from `len` on are 0.
    pub ids: [u32; MAX_REFERENCE_WORDS],
    /// Words in use, 1 to 5.
    pub len: u8,
}

impl<'a> Reference<'a> {
    /// A reference of the given words, in wire order. `None` for no word or more than five.
    pub fn new(node: Atom<'a>, creation: u32, words: &[u32]) -> Option<Self> {
        let mut ids = [0; MAX_REFERENCE_WORDS];
        let len = u8::try_from(words.len()).ok().filter(|&len| len > 0)?;
        ids.get_mut(..words.len())?.copy_from_slice(words);
        Some(Self { node, creation, ids, len })
    }

    /// The words in use.
    pub fn words(&self) -> &[u32] {
        self.ids.get(..usize::from(self.len)).unwrap_or(&self.ids)
    }
}
