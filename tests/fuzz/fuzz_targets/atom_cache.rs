//! Messages that refer to the atom cache, every byte of header, control message and payload hostile.
//!
//! - What comes out has no reference in it, is well-formed, and is no larger than a frame may be; memory follows.
//! - A message in fragments comes to the same as in one frame, also with the pieces of others in between.
//! - What we write of it, with references of our own, is read as the same message.
//!
//! Input: a seed for the fragments, the logarithm of the largest frame, and messages: each a length of two bytes and what
//! follows `131, 68`.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::within;
use outrigger_fuzz::portions::portions;
use outrigger_proto::atom_cache::Outgoing;
use outrigger_proto::fragments::Assembler;
use outrigger_proto::frame::Framing;
use outrigger_proto::{Limits, ProtoError, message};
use outrigger_term::{Reader, Writer, rewrite_atoms};

fuzz_target!(|data: &[u8]| {
    let [seed, size, rest @ ..] = data else { return };
    let limits = Limits { max_frame: 1 << (8 + size % 10), ..Limits::default() };
    let messages = messages(rest, limits.max_frame - 2);
    // The table at its fullest of what was sent, grown by the length of an atom's tag; scratch and output double as they grow.
    let bound = (64 << 10) + 40 * data.len() + 8 * limits.max_frame + 8 * 4096;
    let whole = within(bound, || {
        all(&limits, messages.iter().map(|body| (*body, vec![Bytes::from([&[131, 68], *body].concat())])))
    });
    let pieces = messages.iter().enumerate().map(|(number, body)| (*body, cut(*seed, number as u64, body)));
    let in_pieces = within(bound + 4 * data.len() * 20, || all(&limits, pieces));
    assert_eq!(whole.len(), in_pieces.len());
    for (one, other) in whole.iter().zip(&in_pieces) {
        match (one, other) {
            (Ok(one), Ok(other)) => assert_eq!(one, other),
            (Err(_), Err(_)) => {}
            // As one frame without references it is handed on as it came.
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => panic!("{one:?} one way only: {whole:?} {in_pieces:?}"),
        }
    }
    written_again(whole.iter().flatten());
});

/// What follows `131, 68` in each message.
fn messages(mut rest: &[u8], most: usize) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let [low, high, behind @ ..] = rest {
        let len = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let (body, behind) = behind.split_at(len);
        all.push(&body[..len.min(most)]);
        rest = behind;
    }
    all
}

/// What comes of each message, up to the first error.
fn all<'a>(
    limits: &Limits,
    messages: impl Iterator<Item = (&'a [u8], Vec<Bytes>)>,
) -> Vec<Result<Bytes, ProtoError>> {
    let mut assembler = Assembler::with_atom_cache(*limits);
    let mut results = Vec::new();
    for (body, frames) in messages {
        let mut whole = None;
        for frame in frames {
            match assembler.push(frame) {
                Ok(None) => {}
                Ok(Some(message)) => assert!(whole.replace(message).is_none(), "two messages of one"),
                Err(error) => {
                    results.push(Err(error));
                    return results;
                }
            }
        }
        let whole = whole.expect("the last piece completes it");
        if body.first().is_some_and(|count| *count > 0) {
            expanded(&whole, limits);
        }
        results.push(Ok(whole));
    }
    assert_eq!((assembler.open(), assembler.bytes()), (0, 0));
    results
}

fn expanded(frame: &[u8], limits: &Limits) {
    assert!(frame.len() <= limits.max_frame, "{} bytes", frame.len());
    let terms = frame.strip_prefix(&[131, 68, 0]).expect("no references");
    let mut reader = Reader::new(terms);
    reader.skip().expect("a control message");
    if !reader.is_empty() {
        reader.skip().expect("a payload");
    }
    reader.expect_end().expect("nothing more");
    if let Ok(message) = message::split(frame, Framing::Header) {
        message
            .check_payload()
            .or_else(|error| if message.payload.is_empty() { Ok(()) } else { Err(error) })
            .expect("checked");
    }
}

/// The message in fragments: the whole header in the first, the rest in portions.
fn cut(seed: u8, sequence: u64, body: &[u8]) -> Vec<Bytes> {
    let (header, terms) = body.split_at(header(body));
    let parts: Vec<_> = portions(seed.max(20), terms).collect();
    let count = parts.len().max(1) as u64;
    (0..count)
        .map(|at| {
            let (kind, header) = if at == 0 { (69, header) } else { (70, &[][..]) };
            let part = parts.get(at as usize).copied().unwrap_or_default();
            let id = count - at;
            Bytes::from([&[131, kind][..], &sequence.to_be_bytes(), &id.to_be_bytes(), header, part].concat())
        })
        .collect()
}

/// Bytes of a header, by the guide; all there is if it is cut short.
fn header(body: &[u8]) -> usize {
    let Some(&count) = body.first() else { return 0 };
    if count == 0 {
        return 1;
    }
    let count = usize::from(count);
    let half =
        |at: usize| body.get(1 + at / 2).map_or(0, |byte| if at % 2 == 0 { byte & 15 } else { byte >> 4 });
    let mut at = 1 + count / 2 + 1;
    for entry in 0..count {
        at += 1;
        if half(entry) & 8 != 0 {
            let length = match half(count) & 1 {
                0 => body.get(at).map_or(0, |low| usize::from(*low) + 1),
                _ => body
                    .get(at..at + 2)
                    .map_or(0, |len| usize::from(u16::from_be_bytes([len[0], len[1]])) + 2),
            };
            at += length;
        }
    }
    at.min(body.len())
}

/// Sends what came with references of our own, and reads that.
fn written_again<'a>(messages: impl Iterator<Item = &'a Bytes>) {
    let mut outgoing = Outgoing::default();
    let mut assembler = Assembler::with_atom_cache(Limits::default());
    for message in messages {
        let Some(terms) = message.strip_prefix(&[131, 68, 0]) else { continue };
        let mut reader = Reader::new(terms);
        let Ok(control) = reader.skip() else { continue };
        let payload = (!reader.is_empty()).then(|| reader.remaining());
        let mut frame = Vec::new();
        let written = outgoing.append(&mut frame, payload, |writer| {
            writer.raw(control);
            Ok(())
        });
        let valid = payload.is_none_or(|payload| message::check_payload(payload).is_ok());
        assert_eq!(written.is_ok(), valid, "{written:?}");
        if written.is_ok() {
            let length = u32::from_be_bytes(frame[..4].try_into().expect("four bytes")) as usize;
            assert_eq!(frame.len(), 4 + length);
            let back = assembler.push(frame.split_off(4).into()).expect("what we write is read");
            let back = back.expect("a whole message");
            assert_eq!(plain(&back), plain(message));
        }
    }
}

/// The terms of a message with every atom in its shortest form and every fun with its true size, as what was written with
/// references comes back.
fn plain(message: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(message.strip_prefix(&[131, 68, 0]).expect("no references"));
    let mut out = Vec::new();
    while !reader.is_empty() {
        rewrite_atoms(&mut reader, &mut out, |reader, out| Writer::new(out).atom_of(&reader.atom()?))
            .expect("terms");
    }
    out
}
