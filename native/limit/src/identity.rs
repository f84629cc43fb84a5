//! Maps by key hash: the bits are random already, so they are not hashed again.

use std::hash::{BuildHasherDefault, Hasher};

#[derive(Clone, Debug, Default)]
pub(crate) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }
}

pub(crate) type KeyMap<V> = std::collections::HashMap<crate::KeyHash, V, BuildHasherDefault<Identity>>;
