//! Fragments in any order: reordered, twice, with gaps, of several messages at once.
//!
//! - The assembler does what a slow and obvious model does, which keeps every piece.
//! - Open messages and their bytes stay within the limits, and so does memory.
//! - What we cut comes out whole, also between pieces of other messages.
//!
//! Input: five bytes a step. The kind, the sequence, the id, and how many bytes of payload.
#![no_main]

use std::collections::HashMap;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_proto::fragments::{Assembler, Pieces};
use outrigger_proto::{Limits, ProtoError};

const LIMITS: Limits =
    Limits { max_frame: 20_000, max_handshake_packet: 0, max_open_fragments: 3, max_fragment_bytes: 30_000 };

fuzz_target!(|data: &[u8]| {
    let frames: Vec<Bytes> = data.chunks_exact(5).map(frame).collect();
    // A vector grows by doubling, and the message that is done is copied once.
    let bound = 4 * LIMITS.max_fragment_bytes + 64 * 1024;
    let mut model = Model::default();
    within(bound + 4 * frames.iter().map(Bytes::len).sum::<usize>(), || {
        let mut assembler = Assembler::new(LIMITS);
        for frame in &frames {
            let (found, expected) = (assembler.push(frame.clone()), model.push(frame));
            assert_eq!(
                found.as_ref().ok(),
                expected.as_ref().ok(),
                "{found:?}, not {expected:?}, after {frame:?}"
            );
            if found.is_err() {
                return;
            }
            assert!(assembler.open() <= LIMITS.max_open_fragments);
            assert!(assembler.bytes() <= LIMITS.max_fragment_bytes);
            assert_eq!((assembler.open(), assembler.bytes()), model.held());
        }
    });
    // Long messages take long: once for each length, not with each sequence of steps.
    if let [low, middle, high, _, _] = data {
        cut_and_joined(u32::from_le_bytes([*low, *middle, high % 4, 0]) as usize);
    }
});

/// One step: a fragment, or now and then another frame, or one that is cut short.
fn frame(step: &[u8]) -> Bytes {
    let [kind, sequence, id, low, high] = step else { panic!("five bytes a step") };
    let mut frame = vec![131, [69, 70, 69, 70, 70, 68, 112, 0][usize::from(kind % 8)]];
    frame.extend(u64::from(sequence % 5).to_be_bytes());
    frame.extend(if *id == 255 { u64::MAX } else { u64::from(id % 6) }.to_be_bytes());
    frame.extend((0..u16::from_le_bytes([*low, high % 32])).map(|at| at as u8 ^ id));
    if *kind >= 250 {
        frame.truncate(usize::from(*id % 20));
    }
    frame.into()
}

/// Keeps the pieces and looks at all of them each time.
#[derive(Default)]
struct Model {
    open: HashMap<[u8; 8], (u64, Vec<Vec<u8>>)>,
}

impl Model {
    fn held(&self) -> (usize, usize) {
        let bytes = |(_, pieces): &(u64, Vec<Vec<u8>>)| pieces.concat().len();
        (self.open.len(), self.open.values().map(bytes).sum())
    }

    fn push(&mut self, frame: &Bytes) -> Result<Option<Bytes>, String> {
        let first = match frame.get(..2) {
            Some([131, 69]) => true,
            Some([131, 70]) => false,
            _ => return Ok(Some(frame.clone())),
        };
        let sequence: [u8; 8] = frame.get(2..10).ok_or("short")?.try_into().expect("eight bytes");
        let id = u64::from_be_bytes(frame.get(10..18).ok_or("short")?.try_into().expect("eight bytes"));
        let mut piece = frame[18..].to_vec();
        if first {
            if id == 0 || self.open.contains_key(&sequence) {
                return Err("out of order, or twice".into());
            }
            piece.splice(..0, [131, 68]);
            self.open.insert(sequence, (id, vec![piece]));
        } else {
            let (next, pieces) = self.open.get_mut(&sequence).ok_or("unknown")?;
            pieces.push(piece);
            if *next - 1 != id {
                return Err("out of order".into());
            }
            *next = id;
        }
        let (_, bytes) = self.held();
        let (id, pieces) = &self.open[&sequence];
        if *id == 1 {
            // A message of one piece is not held: it is bounded as a frame.
            if pieces.len() > 1
                && (pieces.concat().len() > LIMITS.max_frame || bytes > LIMITS.max_fragment_bytes)
            {
                return Err("too large".into());
            }
            let (_, pieces) = self.open.remove(&sequence).expect("it was there");
            return Ok(Some(pieces.concat().into()));
        }
        if self.open.len() > LIMITS.max_open_fragments
            || (pieces.len() > 1 && pieces.concat().len() > LIMITS.max_frame)
            || bytes > LIMITS.max_fragment_bytes
        {
            return Err("too many or too large".into());
        }
        Ok(None)
    }
}

/// A message of ours, cut and put together, with a piece of another message before each piece.
fn cut_and_joined(length: usize) {
    let payload: Bytes = (0..length).map(|at| at as u8).collect();
    let pieces = || Pieces::new(1, payload.clone(), |w| w.atom("control")).expect("it can be cut");
    let mut assembler = Assembler::new(Limits::default());
    let other =
        |id: u64| Bytes::from([&[131, 70][..], &2u64.to_be_bytes(), &id.to_be_bytes(), b"other"].concat());
    let mut others = 1_000;
    let opened =
        assembler.push(Bytes::from([&[131, 69][..], &2u64.to_be_bytes(), &1_000u64.to_be_bytes()].concat()));
    assert_eq!(opened, Ok(None));
    let (mut cut, mut whole) = (pieces(), None);
    while let Some([head, part]) = cut.next() {
        assert_eq!(whole, None, "whole before the last piece");
        others -= 1;
        assert_eq!(assembler.push(other(others)), Ok(None));
        let length = u32::from_be_bytes(head[..4].try_into().expect("four bytes")) as usize;
        let frame = Bytes::from([&head[4..], &part].concat());
        assert_eq!(frame.len(), length);
        whole = assembler.push(frame).unwrap_or_else(|error: ProtoError| panic!("{error}"));
    }
    let whole = whole.expect("the last piece completes it");
    assert!(whole.starts_with(&[131, 68, 0]) && whole.ends_with(&payload));
    assert_eq!(whole.len(), 3 + [119, 7].len() + "control".len() + payload.len());
}
