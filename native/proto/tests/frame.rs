//! The framed stream: cut anywhere, claims, ticks; and what is written.

#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

use bytes::BytesMut;
use outrigger_proto::control::encode;
use outrigger_proto::frame::{self, Frame, Framing};
use outrigger_proto::{Limits, ProtoError};
use outrigger_term::{Atom, Pid, TermError};
use proptest::prelude::*;

const TO: Pid<'_> = Pid { node: Atom::Utf8("b@h"), id: 2, serial: 3, creation: 9 };

/// All frames of a buffer.
fn drain(buffer: &mut BytesMut, limits: &Limits) -> Result<Vec<Frame>, ProtoError> {
    std::iter::from_fn(|| frame::next(buffer, limits).transpose()).collect()
}

#[test]
fn four_gigabytes_are_refused_at_the_fourth_byte() {
    let limits = Limits::default();
    let mut buffer = BytesMut::from(&[255, 255, 255][..]);
    assert_eq!(frame::next(&mut buffer, &limits), Ok(None));
    buffer.extend_from_slice(&[255]);
    let capacity = buffer.capacity();
    let refused = ProtoError::FrameTooLarge { claimed: u32::MAX, max: 64 << 20 };
    assert_eq!(frame::next(&mut buffer, &limits), Err(refused.clone()));
    assert_eq!(frame::missing(&buffer, &limits), Err(refused));
    assert_eq!(buffer.capacity(), capacity);
}

#[test]
fn the_limit_itself_is_allowed() {
    let limits = Limits { max_frame: 5, ..Limits::default() };
    let mut buffer = BytesMut::from(&[0, 0, 0, 5, 1, 2, 3, 4][..]);
    assert_eq!(frame::next(&mut buffer, &limits), Ok(None));
    assert_eq!(frame::missing(&buffer, &limits), Ok(1));
    buffer.extend_from_slice(&[5]);
    assert_eq!(frame::missing(&buffer, &limits), Ok(0));
    assert_eq!(frame::next(&mut buffer, &limits), Ok(Some(Frame::Message((&[1, 2, 3, 4, 5][..]).into()))));
    assert_eq!(frame::missing(&buffer, &limits), Ok(4));
    let mut over = BytesMut::from(&[0, 0, 0, 6][..]);
    assert_eq!(frame::next(&mut over, &limits), Err(ProtoError::FrameTooLarge { claimed: 6, max: 5 }));
}

#[test]
fn a_failed_frame_leaves_the_vector_as_it_was() {
    let mut out = vec![1, 2, 3];
    let long = "x".repeat(256);
    let from = Pid { node: Atom::Utf8("a@h"), ..TO };
    let error = frame::append(&mut out, Framing::Header, Some(&[106]), |w| encode::reg_send(w, &from, &long));
    assert_eq!(error, Err(ProtoError::Encode(TermError::CallerAtomTooLong)));
    let error =
        frame::head(&mut out, Framing::PassThrough, Some(u32::MAX as usize), |w| encode::send(w, &TO));
    assert!(matches!(error, Err(ProtoError::MessageTooLarge { .. })));
    assert_eq!(out, [1, 2, 3]);
}

#[test]
fn building_a_frame_only_grows_the_vector() {
    let mut out = Vec::with_capacity(256);
    let place = out.as_ptr();
    for _ in 0..4 {
        frame::append(&mut out, Framing::Header, Some(&[106]), |w| encode::send(w, &TO)).expect("encodable");
    }
    assert_eq!(out.as_ptr(), place);
    assert_eq!(frame::TICK, [0; 4]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_come_out_as_they_went_in_however_the_stream_is_cut(
        payloads in proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..30)), 0..6),
        size in 1usize..40,
    ) {
        let limits = Limits::default();
        let (mut stream, mut expected) = (Vec::new(), Vec::new());
        for payload in payloads {
            match payload {
                None => {
                    stream.extend(frame::TICK);
                    expected.push(Frame::Tick);
                }
                Some(payload) => {
                    let start = stream.len();
                    frame::append(&mut stream, Framing::PassThrough, Some(&payload), |w| encode::send(w, &TO)).expect("encodable");
                    expected.push(Frame::Message(stream[start + 4..].to_vec().into()));
                }
            }
        }
        let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
        for portion in stream.chunks(size) {
            buffer.extend_from_slice(portion);
            got.extend(drain(&mut buffer, &limits).expect("good frames"));
        }
        prop_assert_eq!(got, expected);
        prop_assert!(buffer.is_empty());
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut buffer = BytesMut::from(&bytes[..]);
        let _ = frame::missing(&buffer, &Limits::default());
        let _ = drain(&mut buffer, &Limits::default());
    }
}
