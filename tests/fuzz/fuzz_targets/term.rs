//! One term from hostile bytes.
//!
//! - `skip` and `skip_within` allocate nothing, agree, take the same bytes when asked again, and take no part of a term
//!   for a term.
//! - What the typed reader makes of a term, the writer writes; that is read as the same value, and written once more it is
//!   the same bytes.
//! - The canonical form is the same value, and its own canonical form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::{within, without_allocating};
use outrigger_fuzz::tree::Tree;
use outrigger_term::{Limits, Reader, TermError};

const LIMITS: Limits = Limits { max_depth: 64, max_terms: 100_000 };
/// A tree's node, and the key that maps are put in order by.
const PER_BYTE: usize = 1024;

fuzz_target!(|data: &[u8]| {
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
    if bounded.is_ok() {
        within(4096 + PER_BYTE * data.len(), || round_trip(term));
    }
});

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
