//! The atom cache against a slow encoder and decoder of headers, both ways, over fragments, and with every broken rule.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

#[path = "../../../tests/support/dist_header.rs"]
mod dist_header;

use std::collections::HashMap;

use bytes::Bytes;
use dist_header::{Entry, new, old};
use outrigger_proto::atom_cache::Outgoing;
use outrigger_proto::control::encode;
use outrigger_proto::fragments::Assembler;
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::{Limits, ProtoError};
use outrigger_term::{Atom, Pid, TermError, Writer};
use proptest::prelude::*;

/// A name that is short, empty, long, or long in characters of four bytes.
fn name(number: u8) -> String {
    match number % 8 {
        0 => String::new(),
        1 => "x".repeat(255),
        2 => "\u{1F6F6}".repeat(255),
        3 => "é".repeat(130),
        other => format!("atom{other}@host"),
    }
}

fn atom(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Writer::new(&mut out).atom(text).unwrap();
    out
}

/// A term of many kinds with this atom, however written, in all places where an atom may be.
fn shape(kind: u8, atom: &[u8]) -> Vec<u8> {
    let rest = [1; 12];
    match kind % 6 {
        0 => atom.to_vec(),
        1 => [&[88], atom, &rest].concat(),
        2 => [&[90, 0, 2], atom, &rest].concat(),
        3 => [&[113], atom, atom, &[97, 3]].concat(),
        4 => [&[116, 0, 0, 0, 1], atom, &[120], atom, &rest].concat(),
        _ => {
            let parts = [&[1; 21][..], &[0, 0, 0, 1], atom, &[97, 1, 97, 2, 88], atom, &rest, atom].concat();
            let size = u32::try_from(parts.len() + 4).unwrap().to_be_bytes();
            [&[112][..], &size, &parts].concat()
        }
    }
}

fn list(terms: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(terms.len()).unwrap().to_be_bytes();
    [&[108][..], &count, &terms.concat(), &[106]].concat()
}

/// `{2, '', Pid}` with the atoms as given.
fn control(empty: &[u8], node: &[u8]) -> Vec<u8> {
    [&[104, 3, 97, 2][..], empty, &[88], node, &[7; 12]].concat()
}

/// How a message of the model uses an atom.
#[derive(Debug, Clone, Copy)]
struct Use {
    name: u8,
    kind: u8,
    /// Where it is to be in the table; `None` to be written out.
    place: Option<u16>,
    /// Sent anew although the peer has it.
    again: bool,
}

/// What an arbitrary peer knows of its own table.
#[derive(Default)]
struct Peer {
    table: HashMap<u16, String>,
}

impl Peer {
    /// Header and terms of a message, and the terms without references.
    fn message(&mut self, uses: &[Use]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let (mut entries, mut short, mut plain) = (Vec::<Entry>::new(), Vec::new(), Vec::new());
        for one in uses {
            let text = name(one.name);
            plain.push(shape(one.kind, &atom(&text)));
            let Some(place) = one.place else {
                short.push(shape(one.kind, &atom(&text)));
                continue;
            };
            let has_it = self.table.get(&place) == Some(&text);
            entries.push(if has_it && !one.again { old(place) } else { new(place, &text) });
            self.table.insert(place, text);
            short.push(shape(one.kind, &[82, u8::try_from(entries.len() - 1).unwrap()]));
        }
        let long = entries.iter().flat_map(|entry| &entry.text).any(|text| text.len() > 255);
        let control = control(&atom(""), &atom("peer@host"));
        (
            dist_header::write(&entries, long),
            [&control[..], &list(&short)].concat(),
            [&control[..], &list(&plain)].concat(),
        )
    }
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    // Few places, so that they are contended, at the edges of segments.
    let place = prop_oneof![Just(0), Just(255), Just(256), Just(1000), Just(2047)];
    let one = (any::<u8>(), any::<u8>(), proptest::option::weighted(0.8, place), any::<bool>())
        .prop_map(|(name, kind, place, again)| Use { name, kind, place, again });
    proptest::collection::vec(one, 0..12)
}

/// A first fragment and two later ones, cut anywhere.
fn fragments(sequence: u64, header: &[u8], terms: &[u8]) -> [Bytes; 3] {
    // The control message must be whole in the first.
    let first = terms.len() - terms.len().saturating_sub(40) / 2;
    let (start, rest) = terms.split_at(first);
    let (middle, end) = rest.split_at(rest.len() / 3);
    let piece = |kind: u8, id: u64, parts: &[&[u8]]| {
        Bytes::from([&[131, kind][..], &sequence.to_be_bytes(), &id.to_be_bytes(), &parts.concat()].concat())
    };
    [piece(69, 3, &[header, start]), piece(70, 2, &[middle]), piece(70, 1, &[end])]
}

fn whole(header: &[u8], terms: &[u8]) -> Bytes {
    [&[131, 68][..], header, terms].concat().into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_peer_is_understood_also_when_places_change_between_fragments(
        messages in proptest::collection::vec((uses(), 0usize..6), 1..12),
    ) {
        let mut peer = Peer::default();
        let mut assembler = Assembler::with_atom_cache(Limits::default());
        // Pieces that are to come, and what they complete.
        let mut open: Vec<(Vec<Bytes>, Vec<u8>)> = Vec::new();
        for (sequence, (uses, finish)) in messages.iter().enumerate() {
            let (header, short, plain) = peer.message(uses);
            if finish % 2 == 0 {
                let found = assembler.push(whole(&header, &short)).unwrap().unwrap();
                prop_assert_eq!(found, whole(&[0], &plain));
            } else {
                let [first, middle, last] = fragments(sequence as u64, &header, &short);
                prop_assert_eq!(assembler.push(first).unwrap(), None);
                open.push((vec![last, middle], plain));
            }
            if *finish > 2 && !open.is_empty() {
                let (pieces, plain) = open.remove(finish % open.len());
                finish_open(&mut assembler, pieces, &plain);
            }
        }
        for (pieces, plain) in open {
            finish_open(&mut assembler, pieces, &plain);
        }
        prop_assert_eq!((assembler.open(), assembler.bytes()), (0, 0));
    }

    #[test]
    fn what_we_write_is_read_by_the_guide_and_by_ourselves(
        messages in proptest::collection::vec(proptest::collection::vec((0u16..3000, any::<u8>()), 0..300), 1..6),
    ) {
        let mut outgoing = Outgoing::default();
        let mut assembler = Assembler::with_atom_cache(Limits::default());
        let mut table: HashMap<u16, Vec<u8>> = HashMap::new();
        for atoms in &messages {
            let payload = list(&atoms.iter().map(|(number, kind)| shape(*kind, &atom(&written(*number)))).collect::<Vec<_>>());
            let to = Pid { node: Atom::Utf8("to@host"), id: 1, serial: 2, creation: 3 };
            let (mut frame, mut plain) = (vec![9], vec![9]);
            outgoing.append(&mut frame, Some(&payload), |w| encode::send(w, &to)).unwrap();
            frame::append(&mut plain, Framing::Header, Some(&payload), |w| encode::send(w, &to)).unwrap();
            prop_assert_eq!(frame[..1 + 4].to_vec(), [&[9], &u32::try_from(frame.len() - 5).unwrap().to_be_bytes()[..]].concat());
            let (entries, terms) = dist_header::read(&frame[7..]);
            for entry in &entries {
                if let Some(text) = &entry.text {
                    table.insert(entry.place, text.clone());
                }
                prop_assert!(table.contains_key(&entry.place), "it was filled");
            }
            let distinct: std::collections::HashSet<_> = entries.iter().map(|entry| entry.place).collect();
            prop_assert_eq!(distinct.len(), entries.len(), "a place once in a header");
            prop_assert!(dist_header::write(&entries, entries.iter().flat_map(|entry| &entry.text).any(|text| text.len() > 255))
                == frame[7..frame.len() - terms.len()]);
            let found = assembler.push(Bytes::from(frame.split_off(5))).unwrap().unwrap();
            prop_assert_eq!(&found[..], &plain[5..]);
        }
    }

    #[test]
    fn garbage_never_panics_and_never_grows_beyond_the_limit(
        frames in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..60), any::<bool>()), 0..12),
    ) {
        let limits = Limits { max_frame: 4_000, max_fragment_bytes: 10_000, ..Limits::default() };
        let mut assembler = Assembler::with_atom_cache(limits);
        for (mut frame, first) in frames {
            let start = if first { [&[131, 69][..], &[0; 15], &[2]].concat() } else { vec![131, 68] };
            frame.splice(0..0, start);
            if let Ok(Some(found)) = assembler.push(frame.into()) {
                prop_assert!(found.len() <= 4_000 && found.starts_with(&[131, 68]));
            }
        }
    }
}

/// Names enough to contend for places, some of them long.
fn written(number: u16) -> String {
    match number % 50 {
        0 => name((number % 251) as u8),
        _ => format!("name_{number}"),
    }
}

fn finish_open(assembler: &mut Assembler, mut pieces: Vec<Bytes>, plain: &[u8]) {
    assert_eq!(assembler.push(pieces.pop().unwrap()).unwrap(), None);
    assert_eq!(assembler.push(pieces.pop().unwrap()).unwrap(), Some(whole(&[0], plain)));
}

#[test]
fn the_layout_is_the_guides() {
    let to = Pid { node: Atom::Utf8("b@h"), id: 1, serial: 2, creation: 3 };
    let mut outgoing = Outgoing::default();
    let mut frame = Vec::new();
    outgoing.append(&mut frame, Some(&[119, 2, b'o', b'k']), |w| encode::send(w, &to)).unwrap();
    let (entries, terms) = dist_header::read(&frame[6..]);
    let texts: Vec<_> = entries.iter().map(|entry| entry.text.as_deref()).collect();
    assert_eq!(texts, [Some(&b"b@h"[..]), Some(b"ok")]);
    let pid = [&[88, 82, 0][..], &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]].concat();
    assert_eq!(terms, [&[104, 3, 97, 2, 119, 0][..], &pid, &[82, 1]].concat());
    let mut again = Vec::new();
    outgoing.append(&mut again, Some(&[119, 2, b'o', b'k']), |w| encode::send(w, &to)).unwrap();
    let (entries, same) = dist_header::read(&again[6..]);
    assert!(entries.iter().all(|entry| entry.text.is_none()));
    assert_eq!(same, terms);
}

#[test]
fn a_frame_that_fails_changes_nothing() {
    let to = Pid { node: Atom::Utf8("b@h"), id: 1, serial: 2, creation: 3 };
    let (mut tried, mut fresh) = (Outgoing::default(), Outgoing::default());
    for payload in [&[104, 2, 119, 2, b'o', b'k'][..], &[119, 2, b'o', b'k', 106], &[82, 0], &[]] {
        let mut out = vec![1];
        assert!(matches!(
            tried.append(&mut out, Some(payload), |w| encode::send(w, &to)),
            Err(ProtoError::Encode(_))
        ));
        assert_eq!(out, [1]);
    }
    let name = "x".repeat(256);
    assert!(tried.append(&mut Vec::new(), None, |w| encode::reg_send(w, &to, &name)).is_err());
    for _ in 0..2 {
        let frame = |outgoing: &mut Outgoing| {
            let mut out = Vec::new();
            outgoing.append(&mut out, Some(&[119, 2, b'o', b'k']), |w| encode::send(w, &to)).unwrap();
            out
        };
        assert_eq!(frame(&mut tried), frame(&mut fresh));
    }
}

#[test]
fn every_broken_rule_is_an_error() {
    let push = |header: &[u8], terms: &[u8]| {
        Assembler::with_atom_cache(Limits::default()).push(whole(header, terms))
    };
    let why = |header: &[u8], terms: &[u8]| match push(header, terms) {
        Err(ProtoError::BadAtomCache { why }) => why,
        other => panic!("{other:?}"),
    };
    let good = control(&[82, 0], &[82, 1]);
    let header = dist_header::write(&[new(5, ""), new(2047, "b@h")], false);
    assert!(push(&header, &[&good[..], &[106]].concat()).is_ok());
    assert!(push(&header, &good).is_ok(), "what has no payload may have references, too");
    for cut in 1..header.len() {
        assert_eq!(why(&header[..cut], &[]), "its header ends inside of them", "cut at {cut}");
    }
    assert_eq!(why(&header, &control(&[82, 0], &[82, 2])), "an index beyond those of its header");
    assert_eq!(why(&header, &[&good[..], &[82, 255]].concat()), "an index beyond those of its header");
    assert_eq!(why(&dist_header::write(&[old(5)], false), &good), "a place that it has not filled");
    let mut bad = new(5, "");
    bad.text = Some(vec![0xff]);
    assert_eq!(why(&dist_header::write(&[bad], false), &good), "an atom that is not UTF-8");
    let long = new(5, &"x".repeat(256));
    assert_eq!(why(&dist_header::write(&[long], true), &good), "an atom of more than 255 characters");
    let truncated = push(&header, &good[..good.len() - 1]);
    assert!(matches!(truncated, Err(ProtoError::BadControl(_))), "{truncated:?}");
    let second = push(&header, &[&good[..], &[106, 106]].concat());
    assert_eq!(second, Err(ProtoError::BadPayload(TermError::TrailingBytes { len: 1 })));
    let half = push(&header, &[&good[..], &[104, 2, 82, 0]].concat());
    assert!(matches!(half, Err(ProtoError::BadPayload(_))), "{half:?}");
}

#[test]
fn without_the_agreement_a_header_with_references_is_refused() {
    let header = dist_header::write(&[new(5, "")], false);
    let frame = whole(&header, &control(&[82, 0], &atom("b@h")));
    let same = Assembler::new(Limits::default()).push(frame.clone()).unwrap().unwrap();
    assert_eq!(same, frame);
    let error = outrigger_proto::message::split(&same, Framing::Header).unwrap_err();
    assert_eq!(error, ProtoError::UnexpectedAtomCache { atoms: 1 });
}

#[test]
fn what_grows_is_bounded() {
    let limits = Limits { max_frame: 100_000, max_fragment_bytes: 150_000, ..Limits::default() };
    let header = dist_header::write(&[new(5, &name(2))], true);
    let grown = |count: usize| {
        let terms = [control(&atom(""), &atom("b@h")), list(&vec![vec![82, 0]; count])].concat();
        Assembler::with_atom_cache(limits).push(whole(&header, &terms))
    };
    assert!(grown(90).is_ok_and(|frame| frame.unwrap().len() > 90_000));
    assert_eq!(grown(98), Err(ProtoError::ExpandedTooLarge { max: 100_000 }));
    assert_eq!(grown(30_000), Err(ProtoError::ExpandedTooLarge { max: 100_000 }));
    // What a header lists is held until its message is whole, and counts.
    let mut assembler = Assembler::with_atom_cache(limits);
    let fill = dist_header::write(&(0..100).map(|place| new(place, &name(2))).collect::<Vec<_>>(), true);
    assert!(assembler.push(whole(&fill, &control(&atom(""), &atom("b@h")))).is_ok());
    let refer = dist_header::write(&(0..100).map(old).collect::<Vec<_>>(), false);
    let [one, ..] = fragments(1, &refer, &control(&atom(""), &atom("b@h")).repeat(2));
    let [two, ..] = fragments(2, &refer, &control(&atom(""), &atom("b@h")).repeat(2));
    assert_eq!(assembler.push(one), Ok(None));
    assert!(assembler.bytes() > 100_000);
    assert_eq!(assembler.push(two), Err(ProtoError::FragmentsTooLarge { max: 150_000 }));
}
