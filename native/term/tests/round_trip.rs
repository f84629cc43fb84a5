//! What the writer writes the reader reads; and both agree with eetf 0.11, an independent codec.
//!
//! eetf gets nothing that our reader has not accepted within limits, and encodes no lists.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::{Tree, golden, tree};
use eetf::Term;
use outrigger_term::{Atom, Limits, Pid, Reader, Reference, TermError, Writer};
use proptest::prelude::*;

/// Reads one tree back; the shape is known, so each reader method is used where it belongs.
fn read(reader: &mut Reader<'_>, like: &Tree) -> Result<(), TermError> {
    match like {
        Tree::Integer(value) => assert_eq!(reader.integer()?, *value),
        Tree::Atom(text) => assert!(reader.atom()?.eq_str(text)),
        Tree::Binary(bytes) => assert_eq!(reader.binary()?, bytes),
        Tree::Float(value) => assert_eq!(reader.float()?.to_bits(), value.to_bits()),
        Tree::Tuple(items) => {
            assert_eq!(reader.tuple()? as usize, items.len());
            items.iter().try_for_each(|item| read(reader, item))?;
        }
        Tree::List(items) => {
            let length = reader.list()?;
            assert_eq!(length as usize, items.len());
            items.iter().try_for_each(|item| read(reader, item))?;
            reader.list_end(length)?;
        }
        Tree::Map(values) => {
            assert_eq!(reader.map()? as usize, values.len());
            for (key, value) in values.iter().enumerate() {
                assert_eq!(reader.unsigned()?, key as u64);
                read(reader, value)?;
            }
        }
    }
    Ok(())
}

/// The same tree in eetf's types.
fn to_eetf(tree: &Tree) -> Term {
    let all = |items: &[Tree]| items.iter().map(to_eetf).collect::<Vec<_>>();
    match tree {
        Tree::Integer(value) => match i32::try_from(*value) {
            Ok(value) => Term::from(eetf::FixInteger::from(value)),
            Err(_) => Term::from(eetf::BigInteger::from(*value)),
        },
        Tree::Atom(text) => Term::from(eetf::Atom::from(text.as_str())),
        Tree::Binary(bytes) => Term::from(eetf::Binary::from(bytes.clone())),
        Tree::Float(value) => Term::from(eetf::Float { value: *value }),
        Tree::Tuple(items) => Term::from(eetf::Tuple::from(all(items))),
        Tree::List(items) => Term::from(eetf::List::from(all(items))),
        Tree::Map(values) => {
            let pairs = values
                .iter()
                .enumerate()
                .map(|(key, value)| (Term::from(eetf::FixInteger::from(key as i32)), to_eetf(value)));
            Term::from(eetf::Map { map: pairs.collect() })
        }
    }
}

/// Decodes with eetf what our reader has walked within tight limits.
fn eetf_decodes(term: &[u8]) -> Term {
    let limits = Limits { max_depth: 32, max_terms: 10_000 };
    let walked = Reader::new(term).skip_within(&limits).expect("our reader accepts it");
    assert_eq!(walked, term);
    let bytes = [&[131], term].concat();
    Term::decode(bytes.as_slice()).expect("eetf decodes what we accept")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trees_round_trip_and_no_prefix_is_a_term(tree in tree()) {
        let bytes = tree.bytes();
        let mut reader = Reader::new(&bytes);
        read(&mut reader, &tree).expect("what was written");
        reader.expect_end().expect("nothing behind");
        prop_assert_eq!(Reader::new(&bytes).skip(), Ok(bytes.as_slice()));
        prop_assert!(Reader::new(&bytes).skip_within(&Limits::default()).is_ok());
        for end in 0..bytes.len() {
            prop_assert!(Reader::new(&bytes[..end]).skip().is_err(), "cut at {}", end);
            prop_assert!(Reader::new(&bytes[..end]).skip_within(&Limits::default()).is_err());
        }
    }

    #[test]
    fn eetf_reads_the_same_tree(tree in tree()) {
        prop_assert_eq!(eetf_decodes(&tree.bytes()), to_eetf(&tree));
    }

    #[test]
    fn we_read_what_eetf_writes(id: u32, serial: u32, creation: u32, words in proptest::collection::vec(any::<u32>(), 1..=5)) {
        let encode = |term: Term| {
            let mut out = Vec::new();
            term.encode(&mut out).expect("eetf encodes");
            out
        };
        let node = Atom::Utf8("n@h");
        let bytes = encode(eetf::Pid::new("n@h", id, serial, creation).into());
        prop_assert_eq!(Reader::new(&bytes[1..]).pid(), Ok(Pid { node, id, serial, creation }));
        let reference = eetf::Reference { node: "n@h".into(), id: words.clone(), creation };
        let bytes = encode(reference.into());
        prop_assert_eq!(Reader::new(&bytes[1..]).reference(), Ok(Reference::new(node, creation, &words).expect("1 to 5")));
    }
}

#[test]
fn eetf_decodes_the_golden_vectors() {
    // What eetf 0.11 has no type for; what it reads by other rules (Latin-1, text) nobody writes today.
    let mut seen = 0;
    for vector in golden().iter().filter(|vector| vector.canonical()) {
        if !vector.name.starts_with("record") && !vector.name.starts_with("bits") {
            eetf_decodes(&vector.bytes[1..]);
            seen += 1;
        }
    }
    assert!(seen > 200);
}

#[test]
fn charlists_change_form_where_a_beam_changes_it() {
    let written = |len: usize| {
        let mut out = Vec::new();
        Writer::new(&mut out).charlist(&vec![b'x'; len]).expect("short");
        out
    };
    assert_eq!(written(0), [106]);
    assert_eq!(written(65_535)[..4], [107, 255, 255, b'x']);
    let long = written(65_536);
    assert_eq!(long[..7], [108, 0, 1, 0, 0, 97, b'x']);
    assert_eq!(long.last(), Some(&106));
    assert_eq!(Reader::new(&long).skip().map(<[u8]>::len), Ok(long.len()));
}
