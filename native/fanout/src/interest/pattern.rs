//! What a node may be interested in, and how two sides find out that they mean the same.

/// What a node wants: a topic, or all topics that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern<'a> {
    /// One topic.
    Topic(&'a [u8]),
    /// All topics that begin so (`orders:` for what users write as `orders:*`), itself included.
    Prefix(&'a [u8]),
}

impl<'a> Pattern<'a> {
    /// The bytes of the topic or of the prefix.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        match self {
            Self::Topic(bytes) | Self::Prefix(bytes) => bytes,
        }
    }

    /// Whether it takes in a topic.
    #[must_use]
    pub fn matches(self, topic: &[u8]) -> bool {
        match self {
            Self::Topic(bytes) => bytes == topic,
            Self::Prefix(bytes) => topic.starts_with(bytes),
        }
    }
}

/// A set of patterns in two numbers that do not depend on their order: how many there are, and the sum of their CRC-32 (as
/// `:erlang.crc32/1`), that of a prefix with 2^32 more. Not proof against who wants them to collide; a node lies to itself only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// How many patterns.
    pub count: u64,
    /// The sum, which wraps.
    pub sum: u64,
}

impl Digest {
    /// Adds a pattern that is new.
    pub fn add(&mut self, pattern: Pattern<'_>) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(weight(pattern));
    }

    /// Takes out a pattern that was there.
    pub fn remove(&mut self, pattern: Pattern<'_>) {
        self.count = self.count.saturating_sub(1);
        self.sum = self.sum.wrapping_sub(weight(pattern));
    }
}

fn weight(pattern: Pattern<'_>) -> u64 {
    let prefix = if matches!(pattern, Pattern::Prefix(_)) { 1 << 32 } else { 0 };
    prefix + u64::from(crc32fast::hash(pattern.bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `:erlang.crc32("user:1")` and `:erlang.crc32("")` on a BEAM.
    #[test]
    fn the_digest_is_what_a_beam_counts() {
        let mut digest = Digest::default();
        digest.add(Pattern::Topic(b"user:1"));
        assert_eq!(digest, Digest { count: 1, sum: CRC });
        digest.add(Pattern::Prefix(b""));
        assert_eq!(digest, Digest { count: 2, sum: CRC + (1 << 32) });
        digest.remove(Pattern::Topic(b"user:1"));
        digest.remove(Pattern::Prefix(b""));
        assert_eq!(digest, Digest::default());
    }

    const CRC: u64 = 2_074_460_802;
}
