//! Our reader and writer against what a real OTP wrote.
#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;
#[path = "../../../tests/support/tree.rs"]
mod tree;

use common::{golden, vector, vectors};
use outrigger_term::{Atom, Pid, Reader, Reference, TermError, Writer};
use tree::Tree;

const A_H: Atom<'_> = Atom::Utf8("a@h");

/// What the writer makes of a closure, version byte included.
fn written(write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    writer.version();
    write(&mut writer).expect("encodable");
    out
}

#[track_caller]
fn assert_writes(name: &str, write: impl FnOnce(&mut Writer<'_>) -> Result<(), TermError>) {
    assert_eq!(written(write), vector(name), "{name}");
}

#[test]
fn skips_exactly_every_vector_and_no_prefix_of_it() {
    assert!(vectors().count() > 300);
    for (name, bytes) in vectors() {
        let mut reader = Reader::new(bytes);
        reader.expect_version().expect(name);
        assert_eq!(reader.clone().skip_within(&Default::default()).expect(name), &bytes[1..], "{name}");
        assert_eq!(reader.skip().expect(name), &bytes[1..], "{name}");
        reader.expect_end().expect(name);
        for end in 1..bytes.len() {
            let mut reader = Reader::new(&bytes[1..end]);
            assert!(reader.skip().is_err(), "{name} cut at {end}");
            assert_eq!(reader.remaining().len(), end - 1, "{name}: an error moved the reader");
        }
    }
}

fn tree(name: &str, bytes: &[u8]) -> Tree {
    let mut reader = Reader::new(&bytes[1..]);
    let tree = Tree::read(&mut reader).unwrap_or_else(|error| panic!("{name}: {error}"));
    reader.expect_end().expect(name);
    tree
}

#[test]
fn what_an_otp_writes_today_is_read_and_written_byte_for_byte() {
    let mut seen = 0;
    for vector in golden().iter().filter(|vector| vector.canonical()) {
        let tree = tree(vector.name, &vector.bytes);
        assert_eq!([vec![131], tree.bytes()].concat(), vector.bytes, "{}: {tree:?}", vector.name);
        seen += 1;
    }
    assert!(seen > 220, "{seen}");
}

/// Whatever the release and the options: the value is the same. Closures are not, since from OTP 26 on a decoded one
/// belongs to the node that decoded it.
#[test]
fn what_older_releases_and_other_options_write_is_read_as_the_same_value() {
    let mut seen = 0;
    for vector in golden().iter().filter(|vector| vector.travels() && !vector.canonical()) {
        if vector.name.starts_with("raw ") || vector.name.contains("closure") {
            continue;
        }
        let (found, canonical) =
            (tree(vector.name, &vector.bytes), tree(vector.name, &common::vector(vector.name)));
        assert!(found.same(&canonical), "{} {}: {found:?}, not {canonical:?}", vector.options, vector.name);
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn writes_integers_as_term_to_binary_does() {
    for vector in golden().iter().filter(|vector| vector.canonical() && vector.name.starts_with("integer ")) {
        let (name, mut reader) = (vector.name, Reader::new(&vector.bytes[1..]));
        let number = vector.print.expect("a number");
        match (number.parse::<i64>(), number.parse::<u64>()) {
            (Ok(value), _) => {
                assert_eq!(reader.integer(), Ok(value), "{name}");
                assert_writes(name, |w| {
                    w.integer(value);
                    Ok(())
                });
            }
            (_, Ok(value)) => {
                assert_eq!(reader.integer(), Err(TermError::IntegerOutOfRange), "{name}");
                assert_eq!(reader.unsigned(), Ok(value), "{name}");
                assert_writes(name, |w| {
                    w.unsigned(value);
                    Ok(())
                });
            }
            _ => {
                assert_eq!(reader.integer(), Err(TermError::IntegerOutOfRange), "{name}");
                assert_eq!(reader.unsigned(), Err(TermError::IntegerOutOfRange), "{name}");
            }
        }
    }
}

#[test]
fn writes_scalars_as_term_to_binary_does() {
    assert_writes("atom empty", |w| w.atom(""));
    assert_writes("atom ok", |w| w.atom("ok"));
    assert_writes("atom utf8", |w| w.atom("café"));
    assert_writes("atom utf8", |w| w.atom_of(&Atom::Latin1(b"caf\xe9")));
    assert_writes("atom ascii 255", |w| w.atom(&"a".repeat(255)));
    assert_writes("atom wide 255", |w| w.atom(&"€".repeat(255)));
    assert_writes("binary empty", |w| w.binary(b""));
    assert_writes("binary 1 2 3", |w| w.binary(&[1, 2, 3]));
    assert_writes("float 1.5", |w| w.float(1.5));
    assert_writes("float -1.0e300", |w| w.float(-1.0e300));
    assert_writes("charlist abc", |w| w.charlist(b"abc"));
    assert_writes("nil", |w| w.charlist(b""));
}

#[test]
fn writes_containers_as_term_to_binary_does() {
    let oks = |w: &mut Writer<'_>, n: u32| {
        w.tuple(n);
        (0..n).try_for_each(|_| w.atom("ok"))
    };
    assert_writes("tuple 0", |w| oks(w, 0));
    assert_writes("tuple of 255 ok", |w| oks(w, 255));
    assert_writes("tuple of 256 ok", |w| oks(w, 256));
    assert_writes("nil", |w| {
        w.list(0);
        Ok(())
    });
    assert_writes("list of atoms", |w| {
        w.list(3);
        w.atom("a")?;
        w.list(1);
        w.atom("b")?;
        w.nil();
        w.integer(1);
        w.nil();
        Ok(())
    });
    assert_writes("map a", |w| {
        w.map(1);
        w.atom("a")?;
        w.integer(1);
        Ok(())
    });
}

#[test]
fn writes_a_gen_call_as_term_to_binary_does() {
    let from = Pid { node: A_H, id: 7, serial: 3, creation: 9 };
    let reference = Reference::new(A_H, 9, &[1, 2, 3]).expect("three words");
    assert_writes("pid", |w| w.pid(&from));
    assert_writes("reference 3", |w| w.reference(&reference));
    assert_writes("reference 5", |w| w.reference(&Reference::new(A_H, 9, &[1, 2, 3, 4, 5]).expect("five")));
    assert_writes("gen_call", |w| {
        w.tuple(3);
        w.atom("$gen_call")?;
        w.tuple(2);
        w.pid(&from)?;
        // [alias | Ref]
        w.list(1);
        w.atom("alias")?;
        w.reference(&reference)?;
        w.tuple(2);
        w.atom("is_auth")?;
        w.atom("b@h")
    });
}

#[test]
fn reads_old_and_wasteful_encodings() {
    let read = |name: &str| vector(name)[1..].to_vec();
    assert_eq!(Reader::new(&read("raw atom latin1")).atom().expect("atom"), Atom::Utf8("café"));
    assert_eq!(Reader::new(&read("raw small atom latin1")).atom().expect("atom").as_str(), Some("ok"));
    assert!(Reader::new(&read("raw long atom utf8")).atom().expect("atom").eq_str("ok"));
    for (name, value) in [("wide", 1), ("big short", -5), ("big padded", 5), ("large big", 5)] {
        let name = if name == "wide" { "raw integer wide".into() } else { format!("raw {name}") };
        assert_eq!(Reader::new(&read(&name)).integer(), Ok(value), "{name}");
    }
    assert_eq!(Reader::new(&read("raw tuple wide")).tuple(), Ok(1));
    let pid = Pid { node: A_H, id: 7, serial: 3, creation: 1 };
    assert_eq!(Reader::new(&read("raw pid old")).pid(), Ok(pid));
    assert_eq!(Reader::new(&read("pid")).pid(), Ok(Pid { creation: 9, ..pid }));
    let wide = Pid { node: A_H, id: u32::MAX, serial: u32::MAX - 1, creation: u32::MAX };
    assert_eq!(Reader::new(&read("pid wide")).pid(), Ok(wide));
    assert_eq!(
        Reader::new(&read("raw reference old")).reference(),
        Ok(Reference::new(A_H, 1, &[7]).expect("one"))
    );
    let three = Reference::new(A_H, 1, &[1, 2, 3]).expect("three words");
    assert_eq!(Reader::new(&read("raw reference new")).reference(), Ok(three));
}

#[test]
fn reads_lists_in_all_their_forms() {
    let (list, string, nil, improper) =
        (vector("list of atoms"), vector("charlist abc"), vector("nil"), vector("improper"));
    assert_eq!(Reader::new(&list[1..]).list(), Ok(3));
    assert_eq!(Reader::new(&nil[1..]).list(), Ok(0));
    assert_eq!(Reader::new(&nil[1..]).string(), Ok(&b""[..]));
    assert_eq!(Reader::new(&string[1..]).string(), Ok(&b"abc"[..]));
    assert_eq!(
        Reader::new(&string[1..]).list(),
        Err(TermError::UnexpectedTag { expected: "a list", tag: 107 })
    );
    let mut reader = Reader::new(&improper[1..]);
    let length = reader.list().expect("a list");
    reader.skip().expect("a");
    assert_eq!(reader.list_end(length), Err(TermError::ImproperList));
}
