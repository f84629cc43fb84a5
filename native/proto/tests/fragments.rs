//! Messages in pieces: whole again in any mixture, and every broken rule is an error.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

use std::collections::VecDeque;

use bytes::Bytes;
use outrigger_proto::control::{Control, encode};
use outrigger_proto::fragments::{Assembler, PIECE, Pieces};
use outrigger_proto::frame::{self, Framing};
use outrigger_proto::{Limits, ProtoError, message};
use outrigger_term::{Atom, Pid};
use proptest::prelude::*;

fn to(id: u32) -> Pid<'static> {
    Pid { node: Atom::Utf8("b@h"), id, serial: 3, creation: 9 }
}

/// A binary of `len` bytes that differ from place to place.
fn term(len: usize, seed: usize) -> Bytes {
    let mut bytes = vec![109];
    bytes.extend_from_slice(&u32::try_from(len).unwrap().to_be_bytes());
    bytes.extend((0..len).map(|at| (at * 31 + seed + at / 251) as u8));
    bytes.into()
}

/// The frames of one message, without their lengths, which are checked.
fn frames(sequence: u64, term: &Bytes, id: u32) -> VecDeque<Bytes> {
    let mut pieces = Pieces::new(sequence, term.clone(), |w| encode::send(w, &to(id))).unwrap();
    let mut frames = VecDeque::new();
    while let Some([head, part]) = pieces.next() {
        let frame = [&head[4..], &part].concat();
        assert_eq!(u32::from_be_bytes(head[..4].try_into().unwrap()) as usize, frame.len());
        assert!(part.len() <= PIECE);
        frames.push_back(frame.into());
    }
    assert_eq!((pieces.left(), frames.len()), (0, term.len().div_ceil(PIECE)));
    frames
}

/// The receiver and the payload.
fn read(frame: &Bytes) -> (u32, Bytes) {
    let message = message::split(frame, Framing::Header).unwrap();
    message.check_payload().unwrap();
    let Control::Send(send) = message.control else { panic!("{:?}", message.control) };
    let outrigger_proto::control::To::Pid(pid) = send.to else { panic!() };
    (pid.id, frame.slice(message.payload_at..))
}

#[test]
fn the_layout_is_the_guides() {
    let term = term(PIECE, 0);
    let frames = frames(7, &term, 1);
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0][..19], [131, 69, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2, 0]);
    assert_eq!(frames[1][..18], [131, 70, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(frames[1].len(), 18 + 5);
}

#[test]
fn what_is_no_fragment_comes_back_uncopied() {
    let mut out = Vec::new();
    frame::append(&mut out, Framing::Header, Some(&[106]), |w| encode::send(w, &to(1))).unwrap();
    let whole = Bytes::from(out).slice(4..);
    let mut assembler = Assembler::new(Limits::default());
    let back = assembler.push(whole.clone()).unwrap().unwrap();
    assert_eq!((back.as_ptr(), back.len()), (whole.as_ptr(), whole.len()));
}

#[test]
fn a_single_first_fragment_is_a_whole_message() {
    let small = term(10, 1);
    let mut frames = frames(1, &small, 4);
    let mut assembler = Assembler::new(Limits::default());
    let whole = assembler.push(frames.pop_front().unwrap()).unwrap().unwrap();
    assert_eq!(read(&whole), (4, small));
    assert_eq!((assembler.open(), assembler.bytes()), (0, 0));
}

#[test]
fn every_broken_rule_is_an_error() {
    let long = term(3 * PIECE, 0);
    let good: Vec<Bytes> = frames(5, &long, 1).into();
    let broken = |frames: &[&Bytes]| {
        let mut assembler = Assembler::new(Limits::default());
        let (last, first) = frames.split_last().unwrap();
        for frame in first {
            assembler.push((*frame).clone()).expect("the ones before are good");
        }
        assembler.push((*last).clone()).expect_err("broken")
    };
    let (first, second, third, last) = (&good[0], &good[1], &good[2], &good[3]);
    assert_eq!(broken(&[second]), ProtoError::FragmentUnknown { sequence: 5 });
    assert_eq!(broken(&[first, third]), ProtoError::FragmentOutOfOrder { sequence: 5, id: 2 });
    assert_eq!(broken(&[first, second, second]), ProtoError::FragmentOutOfOrder { sequence: 5, id: 3 });
    assert_eq!(broken(&[first, first]), ProtoError::FragmentTwice { sequence: 5 });
    assert_eq!(broken(&[first, second, third, last, last]), ProtoError::FragmentUnknown { sequence: 5 });
    let zero = Bytes::from([&first[..10], &[0; 8], &first[18..]].concat());
    assert_eq!(broken(&[&zero]), ProtoError::FragmentOutOfOrder { sequence: 5, id: 0 });
    for cut in 2..18 {
        assert!(matches!(broken(&[&first.slice(..cut)]), ProtoError::BadControl(_)), "cut at {cut}");
        assert!(matches!(broken(&[first, &second.slice(..cut)]), ProtoError::BadControl(_)), "cut at {cut}");
    }
}

#[test]
fn what_is_open_is_bounded_in_number_and_in_bytes() {
    let limits = Limits {
        max_open_fragments: 2,
        max_fragment_bytes: 300 << 10,
        max_frame: 200 << 10,
        ..Limits::default()
    };
    let long = term(4 * PIECE, 0);
    let mut many = Assembler::new(limits);
    let mut last = Ok(None);
    for sequence in 0..3 {
        last = many.push(frames(sequence, &long, 1)[0].clone());
    }
    assert_eq!(last, Err(ProtoError::TooManyFragments { max: 2 }));
    let mut big = Assembler::new(limits);
    let error = frames(1, &long, 1).into_iter().find_map(|frame| big.push(frame).err());
    assert_eq!(error, Some(ProtoError::FragmentsTooLarge { max: 200 << 10 }));
    let mut all = Assembler::new(limits);
    let interleaved = frames(1, &long, 1).into_iter().zip(frames(2, &long, 1)).flat_map(<[Bytes; 2]>::from);
    let error = interleaved.into_iter().find_map(|frame| all.push(frame).err());
    assert_eq!(error, Some(ProtoError::FragmentsTooLarge { max: 300 << 10 }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn interleaved_messages_come_out_whole_and_in_the_order_of_their_last_pieces(
        lengths in proptest::collection::vec(0usize..4 * PIECE, 1..6),
        order in proptest::collection::vec(any::<usize>(), 0..60),
    ) {
        let terms: Vec<Bytes> = lengths.iter().enumerate().map(|(n, &len)| term(len, n)).collect();
        let mut queues: Vec<_> =
            terms.iter().enumerate().map(|(n, term)| frames(n as u64 + 10, term, n as u32)).collect();
        let mut assembler = Assembler::new(Limits::default());
        let mut whole = 0;
        let mut order = order.into_iter().chain(0..);
        while let Some(turn) = order.next().filter(|_| queues.iter().any(|queue| !queue.is_empty())) {
            let at = turn % queues.len();
            let Some(frame) = queues[at].pop_front() else { continue };
            if let Some(message) = assembler.push(frame).unwrap() {
                prop_assert_eq!(read(&message), (at as u32, terms[at].clone()));
                prop_assert!(queues[at].is_empty());
                whole += 1;
            }
        }
        prop_assert_eq!(whole, terms.len());
        prop_assert_eq!((assembler.open(), assembler.bytes()), (0, 0));
    }

    #[test]
    fn garbage_never_panics(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..10)) {
        let mut assembler = Assembler::new(Limits { max_fragment_bytes: 100, ..Limits::default() });
        for mut frame in frames {
            frame.splice(0..0, [131, 69]);
            let _ = assembler.push(frame.clone().into());
            frame[1] = 70;
            let _ = assembler.push(frame.into());
        }
    }
}
