//! Our reader and writer against a live BEAM, on random terms, in both directions.
//!
//! `OUTRIGGER_TERMS` sets how many terms each of the two great tests takes (60,000), `OUTRIGGER_SEED` where they start (from the
//! clock). A failure names the seed.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests panic and print like tests")]

#[path = "support/random.rs"]
mod random;
#[path = "support/tree.rs"]
mod tree;

use std::time::{SystemTime, UNIX_EPOCH};

use outrigger_term::{Binary, Inflation, Limits, OwnedTerm, Reader, canonical, from_slice, to_vec};
use outrigger_testkit::{Oracle, TermKind};
use serde::{Deserialize, Serialize};

use random::Dice;
use tree::Tree;

/// Terms in one request: some hundred KiB.
const BATCH: u32 = 5000;

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is {text:?}, not a number")))
}

fn terms() -> u32 {
    variable("OUTRIGGER_TERMS")
        .map_or(60_000, |terms| u32::try_from(terms).expect("OUTRIGGER_TERMS fits 32 bits"))
}

fn seed() -> u64 {
    let clock = || {
        SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64 % 1_000_000_000
    };
    let seed = variable("OUTRIGGER_SEED").unwrap_or_else(clock);
    println!("OUTRIGGER_SEED={seed}");
    seed
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a whole term that stands behind a version byte.
#[track_caller]
fn read(bytes: &[u8], what: &str) -> Tree {
    let mut reader = Reader::new(bytes);
    let tree = reader.expect_version().and_then(|()| {
        assert_eq!(reader.clone().skip_within(&Limits::default())?, &bytes[1..]);
        let tree = Tree::read(&mut reader)?;
        reader.expect_end().map(|()| tree)
    });
    tree.unwrap_or_else(|error| panic!("{what}: we cannot read {}: {error}", hex(bytes)))
}

fn written(tree: &Tree) -> Vec<u8> {
    [vec![131], tree.bytes()].concat()
}

/// The BEAM makes terms of a kind; what we read of each we write byte for byte as the BEAM did.
fn beams_terms_are_written_as_they_came(kind: TermKind, total: u32) {
    let (mut oracle, first) = (Oracle::start(), seed());
    for batch in 0..total.div_ceil(BATCH) {
        let seed = first + u64::from(batch);
        for (at, bytes) in oracle.random(kind, seed, BATCH.min(total)).iter().enumerate() {
            let tree = read(bytes, &format!("seed {seed}, term {at}"));
            let ours = written(&tree);
            assert_eq!(hex(&ours), hex(bytes), "seed {seed}, term {at}: {tree:?}");
        }
    }
}

/// We make terms, each in a random encoding. The BEAM takes all of them, and both of us read the same value.
fn our_encodings_are_taken(total: u32, make: impl Fn(&mut Dice) -> Tree) {
    let (mut oracle, mut random) = (Oracle::start(), Dice(seed()));
    for _ in 0..total.div_ceil(BATCH) {
        let trees: Vec<Tree> = (0..BATCH.min(total)).map(|_| make(&mut random)).collect();
        let encoded: Vec<Vec<u8>> = trees
            .iter()
            .map(|tree| {
                let mut bytes = vec![131];
                random::encode(tree, &mut random, &mut bytes);
                bytes
            })
            .collect();
        for ((tree, bytes), answer) in trees.iter().zip(&encoded).zip(oracle.encoded(&encoded)) {
            let theirs = answer.unwrap_or_else(|| panic!("the BEAM refuses {}: {tree:?}", hex(bytes)));
            for (bytes, whose) in [(bytes, "our encoding"), (&theirs, "the BEAM's")] {
                let found = read(bytes, whose);
                assert!(found.same(tree), "{whose}, {}: {found:?} is not {tree:?}", hex(bytes));
            }
        }
    }
}

#[test]
fn any_term_of_a_beam_is_written_byte_for_byte_as_it_came() {
    beams_terms_are_written_as_they_came(TermKind::Any, terms());
}

#[test]
fn any_encoding_of_ours_is_taken_by_a_beam_as_the_same_value() {
    our_encodings_are_taken(terms(), |random| random::tree(random, 4));
}

#[test]
fn row_30_pids_ports_and_references_of_every_width_round_trip() {
    beams_terms_are_written_as_they_came(TermKind::Identifiers, 10_000);
}

#[test]
fn row_31_atoms_round_trip_also_unicode_and_of_255_characters() {
    beams_terms_are_written_as_they_came(TermKind::Atoms, 5_000);
}

#[test]
fn row_33_numbers_at_the_edges_of_their_widths_and_lists_round_trip() {
    beams_terms_are_written_as_they_came(TermKind::NumbersAndLists, 10_000);
}

#[test]
fn row_34_encodings_longer_than_needed_are_read_as_a_beam_reads_them() {
    our_encodings_are_taken(5_000, |random| random::tree(random, 1));
}

#[test]
fn row_35_bit_strings_maps_and_funs_pass_through_unchanged() {
    beams_terms_are_written_as_they_came(TermKind::Unseen, 5_000);
}

/// OTP 29 takes what it wrote, whole or within other terms; older ones have no such type. What no OTP takes we do not
/// take either.
#[test]
fn row_35_native_records_pass_through_unchanged() {
    let mut oracle = Oracle::start();
    let record = |flags: u8, name: &[u8]| {
        let head = [&[131, 104, 2, 67, 0, 0, 0, 2, flags, 119, 3][..], b"rec", &[119, 4], name].concat();
        let names = [&[119, 4][..], b"left", &[119, 5], b"right"].concat();
        [&head[..], &names, &[97, 7, 109, 0, 0, 0, 1, b'x', 106]].concat()
    };
    for (flags, good) in [(0, true), (1, true), (2, false), (255, false)] {
        let bytes = record(flags, b"pair");
        assert_eq!(Reader::new(&bytes[1..]).skip().is_ok_and(|term| term == &bytes[1..]), good);
        match oracle.encoded(&[&bytes]).remove(0) {
            Some(again) => assert!(good && again == bytes, "{}", hex(&again)),
            None => assert!(!good || !knows_records(&mut oracle), "the BEAM refuses flags {flags}"),
        }
    }
}

fn knows_records(oracle: &mut Oracle) -> bool {
    let none = [131, 67, 0, 0, 0, 0, 0, 119, 1, b'm', 119, 1, b'r'];
    oracle.encoded(&[none]).remove(0).is_some()
}

#[test]
fn row_36_compressed_terms_are_read_and_written() {
    let (mut oracle, seed) = (Oracle::start(), seed());
    let unpack = |bytes: &[u8]| OwnedTerm::unpack(bytes, &Inflation::default()).expect("a stored term");
    for (kind, count) in
        [(TermKind::Repetitive, 2000), (TermKind::Any, 2000), (TermKind::NumbersAndLists, 500)]
    {
        let plain = oracle.random(kind, seed, count);
        let theirs = oracle.compressed(&plain);
        let ours: Vec<Vec<u8>> = plain
            .iter()
            .map(|bytes| unpack(bytes).as_term().pack_compressed(1 + bytes.len() as u32 % 9))
            .collect();
        let read = oracle.encoded(&ours);
        let mut smaller = 0;
        for ((plain, theirs), (ours, read)) in plain.iter().zip(theirs).zip(ours.iter().zip(read)) {
            let theirs = theirs.expect("its own term");
            assert_eq!(canonical(unpack(&theirs).bytes()), canonical(&plain[1..]), "seed {seed}");
            let read = read.unwrap_or_else(|| panic!("seed {seed}: the BEAM refuses {}", hex(ours)));
            assert_eq!(canonical(&read[1..]), canonical(&plain[1..]), "seed {seed}");
            smaller += u32::from(ours.len() < plain.len());
        }
        assert!(kind != TermKind::Repetitive || smaller > count / 2, "{smaller}");
    }
}

/// A value of Rust with everything that serde knows.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Value {
    Nothing,
    Number(Option<i128>),
    Wide(u128, f64, bool),
    Texts(Vec<String>),
    Bytes { short: Vec<u8>, binary: Binary },
    Map(std::collections::BTreeMap<String, Self>),
    List(Vec<Self>),
}

fn value(random: &mut Dice, depth: u32) -> Value {
    let text = |random: &mut Dice| ["", "a", "é€😀", "nil"][random.below(4)].to_owned();
    let (wide, count) = (u128::from(random.next()) << random.below(64), random.below(4));
    match random.below(if depth == 0 { 5 } else { 7 }) {
        0 => Value::Nothing,
        1 => Value::Number(Some(-(wide as i128)).filter(|_| count > 0)),
        2 => Value::Wide(wide, count as f64 / 3.0, count == 0),
        3 => Value::Texts((0..count).map(|_| text(random)).collect()),
        4 => Value::Bytes { short: vec![count as u8; count], binary: Binary(text(random).into_bytes()) },
        5 => Value::Map((0..count).map(|at| (format!("{at}"), value(random, depth - 1))).collect()),
        _ => Value::List((0..count).map(|_| value(random, depth - 1)).collect()),
    }
}

#[test]
fn what_serde_writes_a_beam_takes_and_gives_back() {
    let (mut oracle, mut random) = (Oracle::start(), Dice(seed()));
    let values: Vec<Value> = (0..BATCH).map(|_| value(&mut random, 4)).collect();
    let written: Vec<Vec<u8>> =
        values.iter().map(|value| [vec![131], to_vec(value).expect("writable")].concat()).collect();
    for ((value, bytes), answer) in values.iter().zip(&written).zip(oracle.encoded(&written)) {
        let theirs = answer.unwrap_or_else(|| panic!("the BEAM refuses {}: {value:?}", hex(bytes)));
        assert_eq!(canonical(&theirs[1..]), canonical(&bytes[1..]), "{value:?}");
        assert_eq!(from_slice::<Value>(&theirs[1..]).as_ref(), Ok(value));
    }
}
