//! Bytes that want to hurt: claims, depth, tags that are no terms.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::vectors;
use outrigger_term::{Atom, Limits, Pid, Reader, Reference, TermError, Writer};
use proptest::prelude::*;

const NO_LIMITS: Limits = Limits { max_depth: 256, max_terms: u32::MAX };

#[test]
fn a_count_is_held_against_the_bytes_that_are_there() {
    let claim = |claimed, left| Err(TermError::ClaimTooLarge { claimed, left });
    assert_eq!(Reader::new(&[108, 255, 255, 255, 255, 106]).list(), claim(1 << 32, 1));
    assert_eq!(Reader::new(&[105, 255, 255, 255, 255]).tuple(), claim((1 << 32) - 1, 0));
    assert_eq!(Reader::new(&[116, 255, 255, 255, 255]).map(), claim(((1 << 32) - 1) * 2, 0));
    assert_eq!(Reader::new(&[104, 2, 106]).tuple(), claim(2, 1));
    assert!(matches!(
        Reader::new(&[109, 255, 255, 255, 255, 1]).binary(),
        Err(TermError::ClaimTooLarge { .. })
    ));
    for tag in [67, 77, 105, 108, 109, 111, 112, 116, 117] {
        let bytes = [[tag, 255, 255, 255, 255].as_slice(), &[1; 64]].concat();
        assert!(Reader::new(&bytes).skip().is_err(), "tag {tag}");
        assert!(Reader::new(&bytes).skip_within(&NO_LIMITS).is_err(), "tag {tag}");
    }
}

/// Found by fuzzing: the size was held against all bytes that were there, so a fun was a term or none by what stood
/// behind it. A BEAM does not look at the size.
#[test]
fn where_a_fun_ends_does_not_depend_on_its_size_field() {
    let mut fun = common::vector("closure")[1..].to_vec();
    let len = fun.len();
    for size in [0, 4, 59, 60, 61, 62, 5000, u32::MAX] {
        fun.splice(1..5, size.to_be_bytes());
        for behind in [&[][..], &[106]] {
            let bytes = [&fun, behind].concat();
            assert_eq!(Reader::new(&bytes).skip(), Ok(&bytes[..len]), "size {size}");
            assert_eq!(Reader::new(&bytes).skip_within(&NO_LIMITS), Ok(&bytes[..len]), "size {size}");
        }
    }
}

#[test]
fn tags_that_are_no_terms_are_refused() {
    let known = [
        67, 70, 77, 88, 89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112,
        113, 114, 115, 116, 118, 119, 120,
    ];
    for tag in 0..=255u8 {
        let bytes = [&[tag][..], &[0; 64]].concat();
        let unknown = Reader::new(&bytes).skip() == Err(TermError::UnknownTag { tag });
        assert_eq!(unknown, !known.contains(&tag), "tag {tag}");
    }
}

#[test]
fn depth_costs_nothing_unless_it_is_bounded() {
    // A million tuples of one, and nil inside.
    let mut deep = [104u8, 1].repeat(1_000_000);
    deep.push(106);
    assert_eq!(Reader::new(&deep).skip().map(<[u8]>::len), Ok(deep.len()));
    assert_eq!(Reader::new(&deep).skip_within(&NO_LIMITS), Err(TermError::TooDeep { limit: 256 }));

    let nested = |levels: usize| [[104u8, 1].repeat(levels), vec![106]].concat();
    let limits = Limits { max_depth: 3, max_terms: 100 };
    assert!(Reader::new(&nested(3)).skip_within(&limits).is_ok());
    assert_eq!(Reader::new(&nested(4)).skip_within(&limits), Err(TermError::TooDeep { limit: 3 }));
    assert!(Reader::new(&nested(256)).skip_within(&NO_LIMITS).is_ok());
    let beyond = Limits { max_depth: 1000, max_terms: 1000 };
    assert_eq!(Reader::new(&nested(257)).skip_within(&beyond), Err(TermError::TooDeep { limit: 256 }));
}

#[test]
fn siblings_do_not_add_to_depth_and_terms_are_counted() {
    // {[], {[]}, {[]}} has six terms on two levels.
    let bytes = [104, 3, 106, 104, 1, 106, 104, 1, 106];
    let limits = |max_depth, max_terms| Limits { max_depth, max_terms };
    assert_eq!(Reader::new(&bytes).skip_within(&limits(2, 6)), Ok(&bytes[..]));
    assert_eq!(Reader::new(&bytes).skip_within(&limits(2, 5)), Err(TermError::TooManyTerms { limit: 5 }));
    assert_eq!(Reader::new(&bytes).skip_within(&limits(1, 6)), Err(TermError::TooDeep { limit: 1 }));
    assert!(Reader::new(&[106]).skip_within(&limits(0, 1)).is_ok());
}

#[test]
fn bad_atoms_and_numbers_are_refused() {
    assert_eq!(Reader::new(&[119, 1, 0xff]).atom(), Err(TermError::AtomNotUtf8));
    assert_eq!(Reader::new(&[119, 1, 0xff]).skip(), Err(TermError::AtomNotUtf8));
    let long = |len: u16| [&[118][..], &len.to_be_bytes(), &vec![b'a'; len.into()]].concat();
    assert!(Reader::new(&long(255)).atom().is_ok());
    assert_eq!(Reader::new(&long(256)).atom(), Err(TermError::AtomTooLong));
    let latin = [&[100, 1, 0][..], &[b'a'; 256]].concat();
    assert_eq!(Reader::new(&latin).skip(), Err(TermError::AtomTooLong));
    let nan = [&[70][..], &f64::NAN.to_be_bytes()].concat();
    assert_eq!(Reader::new(&nan).skip(), Err(TermError::NotFinite));
    assert_eq!(
        Reader::new(&[110, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]).unsigned(),
        Err(TermError::IntegerOutOfRange)
    );
    assert_eq!(Reader::new(&[97, 1]).skip().map(<[u8]>::len), Ok(2));
    assert_eq!(Reader::new(&[98, 255, 255, 255, 255]).unsigned(), Err(TermError::IntegerOutOfRange));
    for words in [0u8, 6] {
        let bytes = [&[90, 0, words, 119, 1, b'n'][..], &[0; 40]].concat();
        assert_eq!(Reader::new(&bytes).reference(), Err(TermError::BadReference { words: words.into() }));
        assert_eq!(Reader::new(&bytes).skip(), Err(TermError::BadReference { words: words.into() }));
    }
    assert_eq!(Reader::new(&[77, 0, 0, 0, 1, 9, 0]).skip(), Err(TermError::BadBitString));
    assert_eq!(Reader::new(&[77, 0, 0, 0, 1, 0, 0]).skip(), Err(TermError::BadBitString));
    assert_eq!(Reader::new(&[130]).expect_version(), Err(TermError::BadVersion { byte: 130 }));
    assert_eq!(Reader::new(&[0]).expect_end(), Err(TermError::TrailingBytes { len: 1 }));
}

#[test]
fn the_caller_cannot_make_us_write_what_a_beam_refuses() {
    let mut out = vec![1];
    let mut writer = Writer::new(&mut out);
    let long = "a".repeat(256);
    assert_eq!(writer.atom(&long), Err(TermError::CallerAtomTooLong));
    let pid = Pid { node: Atom::Utf8(&long), id: 0, serial: 0, creation: 0 };
    assert_eq!(writer.pid(&pid), Err(TermError::CallerAtomTooLong));
    let reference = Reference { node: Atom::Utf8("a"), creation: 0, ids: [0; 5], len: 6 };
    assert_eq!(writer.reference(&reference), Err(TermError::CallerBadReference { words: 6 }));
    assert_eq!(writer.float(f64::INFINITY), Err(TermError::CallerNotFinite));
    assert_eq!(out, [1], "a failed write leaves no bytes");
    assert!(Reference::new(Atom::Utf8("a"), 0, &[]).is_none());
    assert!(Reference::new(Atom::Utf8("a"), 0, &[0; 6]).is_none());
}

/// Calls everything; the results do not matter, coming back does.
fn call_everything(bytes: &[u8]) {
    let reader = Reader::new(bytes);
    let _ = (reader.clone().tuple(), reader.clone().list(), reader.clone().map(), reader.clone().nil());
    let _ = (
        reader.clone().atom().map(|atom| atom.to_string()),
        reader.clone().integer(),
        reader.clone().unsigned(),
    );
    let _ = (reader.clone().binary(), reader.clone().string(), reader.clone().float(), reader.tag());
    let _ = (reader.clone().pid(), reader.clone().reference().map(|r| r.words().len()));
    let skipped = reader.clone().skip();
    let within = reader.clone().skip_within(&NO_LIMITS);
    match (skipped, within) {
        (Ok(a), Ok(b)) => assert_eq!(a, b),
        (Ok(_), Err(error)) => assert!(matches!(error, TermError::TooDeep { .. })),
        (Err(_), Ok(_)) => panic!("skip_within is more lenient than skip"),
        (Err(_), Err(_)) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        call_everything(&bytes);
    }

    #[test]
    fn bytes_full_of_tags_never_panic(
        bytes in proptest::collection::vec(prop_oneof![67u8..121, Just(0u8), Just(1u8), any::<u8>()], 0..200),
    ) {
        call_everything(&bytes);
    }

    #[test]
    fn one_wrong_byte_in_a_real_term_never_panics(which in any::<usize>(), at in any::<usize>(), byte in any::<u8>()) {
        let all: Vec<_> = vectors().collect();
        let mut bytes = all[which % all.len()].1.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        call_everything(&bytes[1..]);
    }
}

/// A BEAM closes the link over each of these, so they may not be passed on to one.
#[test]
fn records_and_exports_that_no_beam_reads_are_refused() {
    let record = |flags: u8, name: &[u8], field: &[u8]| {
        let parts: [&[u8]; 5] = [&[67, 0, 0, 0, 1, flags, 119, 1, b'm'], name, field, &[97, 7], &[]];
        Reader::new(&parts.concat()).skip().map(<[u8]>::len)
    };
    let atom: &[u8] = &[119, 1, b'a'];
    assert_eq!(record(0, atom, atom), Ok(17));
    assert_eq!(record(1, atom, atom), Ok(17));
    assert_eq!(record(2, atom, atom), Err(TermError::BadRecord));
    let no_atom = Err(TermError::UnexpectedTag { expected: "an atom", tag: 97 });
    assert_eq!(record(0, &[97, 1], atom), no_atom);
    assert_eq!(record(0, atom, &[97, 1]), no_atom);

    let export = |arity: &[u8]| {
        Reader::new(&[&[113, 119, 1, b'm', 119, 1, b'f'][..], arity].concat()).skip().map(<[u8]>::len)
    };
    assert_eq!(export(&[97, 255]), Ok(9));
    assert_eq!(export(&[98, 0x7f, 0xff, 0xff, 0xff]), Ok(12));
    assert_eq!(Reader::new(&[117, 0, 0, 0, 0]).skip(), Err(TermError::UnknownTag { tag: 117 }));
    let fun = |module: &[u8], index: &[u8], pid: &[u8]| {
        let head = [&[112, 0, 0, 0, 0, 2][..], &[0; 16], &[0, 0, 0, 1, 0, 0, 0, 1]].concat();
        let all = [&head[..], module, index, &[97, 2], pid, &[106]].concat();
        Reader::new(&all).skip().map(|term| term.len() == all.len())
    };
    let pid = [&[88][..], atom, &[0; 12]].concat();
    assert_eq!(fun(atom, &[97, 1], &pid), Ok(true));
    assert_eq!(fun(&[97, 1], &[97, 1], &pid), Err(TermError::UnexpectedTag { expected: "an atom", tag: 97 }));
    assert_eq!(fun(atom, &[106], &pid), Err(TermError::UnexpectedTag { expected: "an integer", tag: 106 }));
    assert_eq!(fun(atom, &[97, 1], &[106]), Err(TermError::UnexpectedTag { expected: "a pid", tag: 106 }));
    for arity in [&[98, 0xff, 0xff, 0xff, 0xff][..], &[110, 4, 0, 0, 0, 0, 0x80]] {
        assert_eq!(export(arity), Err(TermError::IntegerOutOfRange), "{arity:?}");
    }
}
