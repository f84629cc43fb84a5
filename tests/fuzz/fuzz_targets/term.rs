//! One term from hostile bytes.
//!
//! - `skip` and `skip_within` allocate nothing, agree, take the same bytes when asked again, and take no part of a term
//!   for a term.
//! - What the typed reader makes of a term, the writer writes; that is read as the same value, and written once more it is
//!   the same bytes.
//! - The canonical form is the same value, and its own canonical form.
//! - Its print is bounded, and names every item when it is not; memory grows with the bytes at most.
//! - What serde reads of it, of whatever type, it writes and reads again as the same value.
//! - Taken for a stored term, maybe a compressed one, it costs no more than the bounds allow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::{within, without_allocating};
use outrigger_fuzz::tree::Tree;
use outrigger_term::{Inflation, Limits, OwnedTerm, Reader, Term, TermError, from_slice, to_vec};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const LIMITS: Limits = Limits { max_depth: 64, max_terms: 100_000 };
/// A tree's node, and the key that maps are put in order by.
const PER_BYTE: usize = 1024;

/// What an inflater holds, whatever it inflates.
const INFLATER: usize = 64 << 10;

fuzz_target!(|data: &[u8]| {
    unpack(data);
    let mut reader = Reader::new(data);
    let skipped = without_allocating(|| reader.skip());
    let bounded = without_allocating(|| Reader::new(data).skip_within(&LIMITS));
    match (skipped, bounded) {
        (Ok(term), Ok(same)) => assert_eq!(term, same),
        (Ok(_), Err(TermError::TooDeep { .. } | TermError::TooManyTerms { .. })) | (Err(_), Err(_)) => {}
        (skipped, bounded) => panic!("skip: {skipped:?}, within limits: {bounded:?}"),
    }
    let Ok(term) = skipped else {
        assert_eq!(reader.remaining(), data, "an error moved the reader");
        return;
    };
    assert_eq!([term, reader.remaining()].concat(), data);
    assert_eq!(Reader::new(term).skip(), Ok(term));
    for end in [term.len() / 2, term.len() - 1] {
        assert!(Reader::new(&term[..end]).skip().is_err(), "{end} of {} bytes are a term", term.len());
    }
    within(4096 + PER_BYTE * data.len(), || {
        print(term);
        values(term);
    });
    if bounded.is_ok() {
        within(4096 + PER_BYTE * data.len(), || round_trip(term));
    }
});

fn unpack(data: &[u8]) {
    let bounds = Inflation { max_bytes: 1 << 16, ..Inflation::default() };
    let term = within(2 * (data.len() + (1 << 16)) + INFLATER, || OwnedTerm::unpack(data, &bounds));
    if let Ok(term) = term {
        assert!(term.bytes().len() <= data.len() || term.bytes().len() <= 1 << 16);
        assert_eq!(OwnedTerm::unpack(&term.as_term().pack_compressed(1), &bounds).ok(), Some(term));
    }
}

fn print(bytes: &[u8]) {
    let term = Term::new(bytes).expect("skip took it");
    let _ = term.kind();
    assert!(!term.to_string().is_empty());
    let nothing = term.inspect().limit(0).printable_limit(1).to_string();
    // A scalar, or a container cut at once: the longest are an atom and an integer.
    assert!(nothing.len() < 12_000, "{} bytes", nothing.len());
    let whole = term.inspect().limit(u64::MAX).printable_limit(usize::MAX).to_string();
    assert!(whole.len() <= 64 + 16 * bytes.len(), "{} bytes", whole.len());
}

/// A type that takes much and recurses.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Value {
    Ok,
    Error(Option<Box<Self>>),
    Pair(i128, String),
    Many { list: Vec<Self>, term: OwnedTerm },
}

fn values(bytes: &[u8]) {
    value::<Value>(bytes);
    value::<Vec<OwnedTerm>>(bytes);
    value::<std::collections::BTreeMap<String, OwnedTerm>>(bytes);
    value::<(u8, OwnedTerm)>(bytes);
    value::<String>(bytes);
    value::<f64>(bytes);
    assert_eq!(from_slice::<OwnedTerm>(bytes).expect("any term").bytes(), bytes);
}

fn value<T: Serialize + DeserializeOwned + PartialEq>(bytes: &[u8]) {
    if let Ok(value) = from_slice::<T>(bytes) {
        let written = to_vec(&value).expect("what was read");
        assert!(from_slice::<T>(&written).is_ok_and(|again| again == value));
    }
}

fn round_trip(term: &[u8]) {
    let mut reader = Reader::new(term);
    let tree = match Tree::read(&mut reader) {
        Ok(tree) => tree,
        // Well-formed for a walk, refused by the typed reader: a list of nothing with a tail, and text that is no float.
        Err(TermError::UnexpectedTag { expected: "[]", .. } | TermError::NotFinite) => return,
        Err(error) => panic!("skip takes it, the typed reader does not: {error}"),
    };
    assert!(reader.is_empty(), "the typed reader left {:?}", reader.remaining());
    let written = tree.bytes();
    assert_eq!(Reader::new(&written).skip(), Ok(written.as_slice()));
    let again = Tree::read(&mut Reader::new(&written)).expect("what the writer wrote");
    assert!(again.same(&tree), "{tree:?} became {again:?}");
    assert_eq!(again.bytes(), written);

    let canonical = outrigger_term::canonical(term).expect("a term");
    assert_eq!(outrigger_term::canonical(&canonical).as_ref(), Ok(&canonical));
    let same = Tree::read(&mut Reader::new(&canonical)).expect("a term");
    assert!(same.same(&tree), "{tree:?} became {same:?}");
}
