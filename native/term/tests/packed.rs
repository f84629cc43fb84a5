//! Terms as they are stored: plain, compressed, local; and what hostile ones cost.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::{golden, vector};
use outrigger_term::{Inflation, OwnedTerm, Term, TermError, canonical};
use proptest::prelude::*;

fn unpack(bytes: &[u8]) -> Result<OwnedTerm, TermError> {
    OwnedTerm::unpack(bytes, &Inflation::default())
}

#[test]
fn whatever_the_options_of_term_to_binary_the_value_is_the_same() {
    let mut packed = 0;
    for golden in golden() {
        let term = unpack(&golden.bytes).expect(golden.name);
        packed += usize::from(!golden.travels());
        if golden.name.starts_with("raw ") || golden.name.contains("closure") {
            continue;
        }
        let plain = vector(golden.name);
        assert_eq!(canonical(term.bytes()), canonical(&plain[1..]), "{} {}", golden.options, golden.name);
    }
    assert!(packed > 25, "{packed}");
}

#[test]
fn no_prefix_and_no_extension_is_taken() {
    for golden in golden().iter().filter(|golden| !golden.travels()) {
        for end in 0..golden.bytes.len() {
            assert!(unpack(&golden.bytes[..end]).is_err(), "{} {} cut at {end}", golden.options, golden.name);
        }
        assert_eq!(
            unpack(&[&golden.bytes[..], &[0]].concat()),
            Err(TermError::TrailingBytes { len: 1 }),
            "{}",
            golden.name
        );
    }
}

#[test]
fn a_claim_is_held_against_the_bounds_before_memory_is_taken() {
    let bomb = |claimed: u32| [&[131, 80][..], &claimed.to_be_bytes(), &[0x78, 0x9c, 3, 0]].concat();
    assert_eq!(
        unpack(&bomb(u32::MAX)),
        Err(TermError::InflatesTooFar { claimed: u32::MAX, limit: 64 << 20 })
    );
    assert_eq!(unpack(&bomb(1 << 20)), Err(TermError::InflatesTooFar { claimed: 1 << 20, limit: 4 * 1032 }));
    assert_eq!(unpack(&bomb(100)), Err(TermError::NotInflatable));

    // 16 MiB of zeros, honestly claimed, and with a byte too few and too many.
    let zeros = [&[109, 1, 0, 0, 0][..], &vec![0; 16 << 20]].concat();
    let packed = Term::new(&zeros).expect("a binary").pack_compressed(9);
    assert!(packed.len() < 20_000);
    assert_eq!(unpack(&packed).expect("within bounds").bytes(), zeros);
    let tight = Inflation { max_bytes: zeros.len() as u32 - 1, ..Inflation::default() };
    assert!(matches!(OwnedTerm::unpack(&packed, &tight), Err(TermError::InflatesTooFar { .. })));
    let tight = Inflation { max_ratio: 100, ..Inflation::default() };
    assert!(matches!(OwnedTerm::unpack(&packed, &tight), Err(TermError::InflatesTooFar { .. })));
    for wrong in [zeros.len() as u32 - 1, zeros.len() as u32 + 1] {
        let mut lie = packed.clone();
        lie[2..6].copy_from_slice(&wrong.to_be_bytes());
        assert_eq!(unpack(&lie), Err(TermError::NotInflatable));
    }
}

#[test]
fn compressed_is_not_nested() {
    let inner = [80, 0, 0, 0, 2, 120, 156, 75, 100, 7, 0, 0, 203, 0, 105];
    assert_eq!(Term::new(&inner), Err(TermError::UnknownTag { tag: 80 }));
    assert_eq!(unpack(&[131, 104, 1, 80, 0, 0, 0, 0]), Err(TermError::UnknownTag { tag: 80 }));
    assert_eq!(unpack(&[131, 121, 0, 0, 0, 0, 80]), Err(TermError::UnknownTag { tag: 80 }));
    assert_eq!(unpack(&[131, 121, 0, 0]), Err(TermError::Truncated));
    assert_eq!(Term::with_version(&[131, 97, 7]).expect("7").pack(), [131, 97, 7]);
    assert_eq!(Term::with_version(&[130, 97, 7]), Err(TermError::BadVersion { byte: 130 }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_packed_is_unpacked(tree in common::tree(), level in 0u32..10, copies in 1usize..50) {
        let mut bytes = vec![104, copies as u8];
        bytes.extend(tree.bytes().repeat(copies));
        let term = Term::new(&bytes).expect("a tuple");
        let packed = term.pack_compressed(level);
        prop_assert!(packed.len() <= bytes.len() + 1);
        let unpacked = unpack(&packed).expect("what was packed");
        prop_assert_eq!(unpacked.as_term(), term);
    }

    /// A flipped bit may leave the content as it was (the code of a symbol that does not occur): that is no damage.
    #[test]
    fn damage_never_passes_for_another_term(at in 6usize..300, flip in 1u8..) {
        let whole = vector("map of 40");
        let mut packed = Term::new(&whole[1..]).expect("a map").pack_compressed(6);
        let at = 6 + at % (packed.len() - 6);
        packed[at] ^= flip;
        match unpack(&packed) {
            Err(_) => {}
            Ok(term) => prop_assert_eq!(term.bytes(), &whole[1..]),
        }
    }
}

#[test]
fn a_wrong_checksum_is_noticed() {
    let packed = Term::new(&vector("map of 40")[1..]).expect("a map").pack_compressed(6);
    for at in packed.len() - 4..packed.len() {
        for bit in 0..8 {
            let mut damaged = packed.clone();
            damaged[at] ^= 1 << bit;
            assert_eq!(unpack(&damaged), Err(TermError::NotInflatable), "byte {at}, bit {bit}");
        }
    }
}
