//! Terms as trees of the crate `eetf` and back. Empty without the feature; the tests of the workspace have it on.
#![cfg(feature = "eetf")]
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::golden;
use eetf::{BigInteger, BitBinary, ByteList, FixInteger, ImproperList, List, Map, Tuple};
use outrigger_term::{OwnedTerm, Term, TermError, canonical};
use proptest::prelude::*;

fn print(tree: &eetf::Term) -> Result<String, TermError> {
    OwnedTerm::try_from(tree).map(|term| term.to_string())
}

#[test]
fn what_otp_writes_becomes_the_tree_that_eetf_reads_and_comes_back() {
    let mut seen = 0;
    for vector in golden().iter().filter(|vector| vector.travels()) {
        let term = Term::new(&vector.bytes[1..]).expect(vector.name);
        if vector.name.starts_with("record") {
            let refused = TermError::UnexpectedTag { expected: "a term that eetf has", tag: 67 };
            assert_eq!(eetf::Term::try_from(term), Err(refused), "{}", vector.name);
            continue;
        }
        let tree = eetf::Term::try_from(term).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        let back = OwnedTerm::try_from(&tree).expect(vector.name);
        // A list as a tail is one list as a tree, and a closure's size counts what is there.
        if !vector.name.contains("as tail") {
            assert_eq!(
                canonical(back.bytes()),
                canonical(term.bytes()),
                "{} {}",
                vector.options,
                vector.name
            );
        }
        // What eetf's own codec reads by other rules than a BEAM is written in older encodings.
        if vector.canonical() && !vector.name.starts_with("raw") {
            let theirs = eetf::Term::decode(vector.bytes.as_slice()).expect(vector.name);
            assert_eq!(tree, theirs, "{}", vector.name);
        }
        seen += 1;
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn what_eetf_itself_writes_wrong_is_right_here() {
    let integer = |value: i32| eetf::Term::from(FixInteger { value });
    assert_eq!(print(&List::from(vec![integer(-1), integer(-200)]).into()), Ok("[-1, -200]".into()));
    let long = OwnedTerm::try_from(&eetf::Term::from(ByteList::from(vec![7; 65_536]))).expect("a list");
    assert_eq!(long.bytes()[..7], [108, 0, 1, 0, 0, 97, 7]);
    let tree = eetf::Term::try_from(long.as_term()).expect("a list");
    assert!(matches!(&tree, eetf::Term::List(list) if list.elements.len() == 65_536));
    let float = common::vector("raw float text small");
    let tree = eetf::Term::try_from(Term::new(&float[1..]).expect("a float")).expect("a float");
    assert_eq!(print(&tree), Ok("-5.0e-324".into()));
}

#[test]
fn trees_that_are_no_terms_are_refused() {
    let one = || [eetf::Term::from(FixInteger { value: 1 }), eetf::Term::from(BigInteger::from(1i32))];
    let [small, big] = one();
    let map = Map::from([(small.clone(), big.clone()), (big, small)]);
    assert_eq!(print(&map.into()), Err(TermError::CallerKeyTwice));
    assert_eq!(print(&eetf::Float { value: f64::NAN }.into()), Err(TermError::CallerNotFinite));
    assert_eq!(print(&eetf::Atom::from("é".repeat(256)).into()), Err(TermError::CallerAtomTooLong));
    for (bytes, last) in [(vec![1], 0), (vec![1], 9), (vec![], 3)] {
        let bits = BitBinary::from((bytes, last));
        assert_eq!(print(&bits.into()), Err(TermError::CallerBadBitString { last }));
    }
    let reference = eetf::Reference { node: "a@h".into(), id: vec![1; 6], creation: 1 };
    assert_eq!(print(&reference.into()), Err(TermError::CallerBadReference { words: 6 }));
    let [small, _] = one();
    assert_eq!(print(&ImproperList::from((vec![], small)).into()), Ok("1".into()));
}

#[test]
fn depth_is_bounded_one_way_and_costs_nothing_the_other() {
    let deep = [[104, 1].repeat(300), vec![106]].concat();
    let term = Term::new(&deep).expect("a term");
    assert_eq!(eetf::Term::try_from(term), Err(TermError::TooDeep { limit: 256 }));
    let mut tree = eetf::Term::from(List::nil());
    for _ in 0..5000 {
        tree = Tuple::from(vec![tree]).into();
    }
    assert_eq!(OwnedTerm::try_from(&tree).expect("a term").bytes().len(), 10_001);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn terms_become_trees_and_come_back(tree in common::tree()) {
        let term = OwnedTerm::new(tree.bytes()).expect("a term");
        let there = eetf::Term::try_from(term.as_term()).expect("a tree");
        prop_assert_eq!(&there, &eetf::Term::decode(term.as_term().pack().as_slice()).map(normal).expect("a term"));
        let back = OwnedTerm::try_from(&there).expect("a term");
        prop_assert_eq!(canonical(back.bytes()), canonical(term.bytes()));
        prop_assert_eq!(eetf::Term::try_from(back.as_term()), Ok(there));
    }
}

/// A list of bytes may come in the long form too: then eetf's codec keeps it as a list.
fn normal(tree: eetf::Term) -> eetf::Term {
    let all = |trees: Vec<eetf::Term>| trees.into_iter().map(normal).collect::<Vec<_>>();
    match tree {
        eetf::Term::Tuple(tuple) => Tuple::from(all(tuple.elements)).into(),
        eetf::Term::Map(map) => {
            let pairs = map.map.into_iter().map(|(key, value)| (normal(key), normal(value)));
            Map { map: pairs.collect() }.into()
        }
        eetf::Term::List(list) => {
            let elements = all(list.elements);
            let byte = |tree: &eetf::Term| match tree {
                eetf::Term::FixInteger(number) => u8::try_from(number.value).ok(),
                _ => None,
            };
            match elements.iter().map(byte).collect::<Option<Vec<u8>>>() {
                Some(bytes) if !bytes.is_empty() => ByteList::from(bytes).into(),
                _ => List::from(elements).into(),
            }
        }
        leaf => leaf,
    }
}
