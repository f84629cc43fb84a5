//! Key hashes: SipHash-1-3 with 128 bits, over words.

use std::hash::Hasher;

use outrigger_limit::{KeyHash, KeyHasher};
use proptest::collection::vec;
use proptest::prelude::*;
use siphasher::sip128::{Hasher128, SipHasher13};

proptest! {
    #[test]
    fn as_another_implementation_hashes(seed: [u64; 2], words in vec(any::<u64>(), 0..40)) {
        let mut hasher = KeyHasher::new(seed);
        let mut other = SipHasher13::new_with_keys(seed[0], seed[1]);
        for word in words {
            hasher.word(word);
            other.write(&word.to_le_bytes());
        }
        let expected = other.finish128();
        prop_assert_eq!(hasher.finish(), KeyHash::new(expected.h1, expected.h2));
    }

    #[test]
    fn bytes_as_another_implementation_hashes(seed: [u64; 2], bytes in vec(any::<u8>(), 0..80)) {
        let mut other = SipHasher13::new_with_keys(seed[0], seed[1]);
        other.write(&bytes);
        let expected = other.finish128();
        prop_assert_eq!(KeyHash::of(seed, &bytes), KeyHash::new(expected.h1, expected.h2));
    }

    /// Pieces of bytes that are the same when put together are not the same key.
    #[test]
    fn pieces_are_told_apart(seed: [u64; 2], bytes in vec(any::<u8>(), 1..40), at in any::<prop::sample::Index>()) {
        let (left, right) = bytes.split_at(at.index(bytes.len()));
        let mut pieces = KeyHasher::new(seed);
        pieces.bytes(left);
        pieces.bytes(right);
        prop_assert_ne!(pieces.finish(), KeyHash::of(seed, &bytes));
        prop_assert_eq!(KeyHash::of(seed, &bytes), KeyHash::of(seed, &bytes.clone()));
        let mut longer = bytes.clone();
        longer.push(0);
        prop_assert_ne!(KeyHash::of(seed, &bytes), KeyHash::of(seed, &longer));
    }
}
