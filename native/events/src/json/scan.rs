//! Where plain text ends: eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Offset of the first byte from `at` on that does not stand for itself in a string: a quote, a backslash, or one below
/// 0x20. The length of `bytes`, if there is none.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let special = special(u64::from_le_bytes(word));
        if special != 0 {
            return at + (special.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// The high bit of each byte that is special. Bits above the lowest one may be wrong: a borrow runs upwards only
/// (Warren, Hacker's Delight, 6-1: find first 0-byte).
#[inline]
const fn special(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let found = (quote.wrapping_sub(ONES) & !quote)
        | (backslash.wrapping_sub(ONES) & !backslash)
        | (word.wrapping_sub(ONES * 0x20) & !word);
    found & HIGH
}

/// Offset of the first byte from `at` on that is no digit.
#[inline]
pub(super) fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ends_where_a_byte_by_byte_search_does(
            bytes in prop::collection::vec(prop_oneof![4 => any::<u8>(), 8 => 0x20_u8.., 1 => Just(b'"'), 1 => Just(b'\\')], 0..40),
            at in 0_usize..42,
        ) {
            let slow = (at..bytes.len()).find(|&at| matches!(bytes[at], b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_end(&bytes, at.min(bytes.len())), slow.unwrap_or(bytes.len()));
        }
    }
}
