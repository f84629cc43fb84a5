//! Keys of maps: the same text is the same term within a document, and maps get theirs in order.
//!
//! An event has the same keys in `before` and `after`, and a batch has them in every row, so a key that was made is kept: one
//! place per hash, the last one wins. The VM sorts the keys of a map when it makes it, and compares binaries byte by byte to do
//! so. Keys that come in order cost it one comparison each.
//!
//! # Invariants
//!
//! - What is kept is good for one document, told by a number: a term is never seen by another call.

use super::raw::Word;

const PLACES: usize = 128;

/// A key that waits for the end of its map.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// The first eight bytes, most significant first, so that numbers are in the order of the bytes.
    prefix: u64,
    pub(super) word: Word,
}

impl Key {
    pub(super) const fn new(prefix: u64, word: Word) -> Self {
        Self { prefix, word }
    }
}

#[derive(Clone, Copy)]
struct Kept {
    document: u32,
    length: u32,
    at: usize,
    key: Key,
}

/// The keys of one document.
pub(super) struct Keys {
    places: Box<[Kept; PLACES]>,
    document: u32,
}

impl Default for Keys {
    fn default() -> Self {
        let nothing = Kept { document: 0, length: 0, at: 0, key: Key::new(0, Word::none()) };
        Self { places: Box::new([nothing; PLACES]), document: 0 }
    }
}

impl Keys {
    /// Forgets what was kept.
    pub(super) fn begin(&mut self) {
        self.document = self.document.checked_add(1).unwrap_or_else(|| {
            *self = Self::default();
            1
        });
    }

    /// The key that stands at `at` in `document`, made if it has not been.
    #[inline]
    pub(super) fn get(
        &mut self,
        document: &[u8],
        at: usize,
        text: &[u8],
        make: impl FnOnce() -> Word,
    ) -> Key {
        let prefix = prefix(document, at, text);
        let mixed = (prefix ^ (text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .wrapping_mul(0xff51_afd7_ed55_8ccd);
        let place = (mixed >> (u64::BITS - PLACES.ilog2())) as usize;
        let Some(kept) = self.places.get_mut(place) else {
            return Key::new(prefix, make());
        };
        let same = kept.document == self.document
            && kept.key.prefix == prefix
            && kept.length as usize == text.len()
            // Eight bytes or fewer are all in the prefix.
            && (text.len() <= 8 || document.get(kept.at..kept.at + text.len()) == Some(text));
        if !same {
            let key = Key::new(prefix, make());
            *kept = Kept { document: self.document, length: text.len() as u32, at, key };
        }
        kept.key
    }
}

/// The first eight bytes of a text, zeros behind a shorter one.
#[inline]
fn prefix(document: &[u8], at: usize, text: &[u8]) -> u64 {
    // A text at the end of the document has fewer bytes behind it than are read at once.
    match document.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(bytes) => {
            let unused = 8 * 8_usize.saturating_sub(text.len());
            let bytes = u64::from_be_bytes(*bytes);
            if unused == 64 { 0 } else { bytes >> unused << unused }
        }
        None => slow_prefix(text),
    }
}

/// The same for text that stands nowhere.
pub(super) fn slow_prefix(text: &[u8]) -> u64 {
    text.iter().chain(std::iter::repeat(&0)).take(8).fold(0, |prefix, &byte| prefix << 8 | u64::from(byte))
}

/// Puts keys and their values into the order of the keys' first bytes. For a handful; equal ones are left to the VM.
#[inline]
pub(super) fn sort(keys: &mut [Key], values: &mut [Word]) {
    for end in 1..keys.len().min(values.len()) {
        let mut place = end;
        while place > 0 && keys[place].prefix < keys[place - 1].prefix {
            keys.swap(place, place - 1);
            values.swap(place, place - 1);
            place -= 1;
        }
    }
}
