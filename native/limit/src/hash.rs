//! Keys as the engine sees them: 128 bits, and the hasher that makes them.
//!
//! Whoever can choose keys must not be able to choose which of them share a place: SipHash with a secret seed per
//! limiter (Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012; one round a word and three at the end, as
//! Rust's own maps use it, with the 128-bit output of the reference implementation).
//!
//! Two keys share a bucket if 48 bits of their hashes are equal and one stands in a group of the other: with ten million
//! keys in a table that fits them, that happens to one pair in about two million such tables.

/// A key's hash. Equal keys have equal hashes under one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

impl KeyHash {
    /// From the two halves of a good 128-bit hash with a secret seed. All bits are used, so all have to be random.
    #[must_use]
    pub const fn new(low: u64, high: u64) -> Self {
        Self { low, high }
    }

    /// The hash of some bytes under a seed: SipHash-1-3 of them as everybody has it.
    #[inline(always)] // So that its words stay in registers.
    #[must_use]
    pub fn of(seed: [u64; 2], bytes: &[u8]) -> Self {
        let mut hasher = KeyHasher::new(seed);
        let (words, _) = bytes.as_chunks::<8>();
        for word in words {
            hasher.word(u64::from_le_bytes(*word));
        }
        hasher.finish_with((bytes.len() as u64) << 56 | rest(bytes))
    }
}

/// SipHash-1-3 with 128 bits of output over 64-bit words.
///
/// ```
/// use outrigger_limit::{KeyHash, KeyHasher};
///
/// let mut hasher = KeyHasher::new([1, 2]);
/// hasher.word(42);
/// hasher.bytes(b"user");
/// let mut other = KeyHasher::new([1, 2]);
/// other.word(42);
/// other.bytes(b"used");
/// assert_ne!(hasher.finish(), other.finish());
/// ```
#[derive(Clone, Debug)]
pub struct KeyHasher {
    state: [u64; 4],
    words: u64,
}

impl KeyHasher {
    /// With the secret of a limiter.
    #[must_use]
    pub const fn new(seed: [u64; 2]) -> Self {
        let [k0, k1] = seed;
        let state = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        Self { state, words: 0 }
    }

    /// Adds a number.
    #[inline]
    pub const fn word(&mut self, word: u64) {
        self.words = self.words.wrapping_add(1);
        self.state[3] ^= word;
        self.state = round(self.state);
        self.state[0] ^= word;
    }

    /// Adds bytes with their length before them, so that no two sequences of calls with different content are the same
    /// words.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let (words, _) = bytes.as_chunks::<8>();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        if !bytes.len().is_multiple_of(8) {
            self.word(rest(bytes));
        }
    }

    /// The hash of all that was added.
    #[inline]
    #[must_use]
    pub const fn finish(&self) -> KeyHash {
        let last = self.words.wrapping_mul(8) << 56;
        self.finish_with(last)
    }

    /// The hash of all that was added and of the last word, which has the number of bytes in its upper 8 bits.
    #[inline(always)] // So that its words stay in registers.
    const fn finish_with(&self, last: u64) -> KeyHash {
        let [a, b, c, d] = self.state;
        let [a, b, c, d] = round([a, b, c, d ^ last]);
        let [a, b, c, d] = round(round(round([a ^ last, b, c ^ 0xee, d])));
        let low = a ^ b ^ c ^ d;
        let [a, b, c, d] = round(round(round([a, b ^ 0xdd, c, d])));
        KeyHash { low, high: a ^ b ^ c ^ d }
    }
}

/// What is left behind the last whole word, as a little-endian number. Two loads that overlap and no loop: most keys
/// have such a rest, each another one, and no processor guesses how long it is.
#[inline(always)]
fn rest(bytes: &[u8]) -> u64 {
    let count = bytes.len() % 8;
    if count == 0 {
        return 0;
    }
    if let Some(last) = bytes.last_chunk::<8>() {
        return u64::from_le_bytes(*last) >> (64 - 8 * count);
    }
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
        (Some(first), Some(last), _) => {
            let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
            first | last << (8 * (count - 4))
        }
        (_, _, [first, .., last]) => {
            let middle = bytes.get(count / 2).copied().unwrap_or_default();
            u64::from(*first) | u64::from(middle) << (8 * (count / 2)) | u64::from(*last) << (8 * (count - 1))
        }
        (_, _, [one]) => u64::from(*one),
        _ => 0,
    }
}

#[inline]
const fn round(state: [u64; 4]) -> [u64; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    a = a.wrapping_add(b);
    c = c.wrapping_add(d);
    b = b.rotate_left(13) ^ a;
    d = d.rotate_left(16) ^ c;
    a = a.rotate_left(32);
    c = c.wrapping_add(b);
    a = a.wrapping_add(d);
    b = b.rotate_left(17) ^ c;
    d = d.rotate_left(21) ^ a;
    c = c.rotate_left(32);
    [a, b, c, d]
}
