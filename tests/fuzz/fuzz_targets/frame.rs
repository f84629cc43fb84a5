//! The stream of a link that stands, in arbitrary portions.
//!
//! - The frames do not depend on the portions, nor does the error that ends the stream.
//! - `missing` tells the truth: with so many bytes more, and not with one less, there is a frame.
//! - Cutting holds no more than the stream, whatever lengths it claims.
//!
//! Input: the portions' seed, the logarithm of the largest frame, the stream.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use outrigger_fuzz::meter::{within, without_allocating};
use outrigger_fuzz::portions::portions;
use outrigger_proto::frame::{self, Frame, Framing};
use outrigger_proto::{Limits, ProtoError, message};

fuzz_target!(|data: &[u8]| {
    let [seed, size, stream @ ..] = data else { return };
    let limits = Limits { max_frame: 1 << (size % 25), ..Limits::default() };
    let at_once = within(4096 + 96 * stream.len(), || cut(std::iter::once(stream), &limits));
    let in_portions = within(4096 + 96 * stream.len(), || cut(portions(*seed, stream), &limits));
    assert_eq!(at_once, in_portions);
    for frame in &at_once.0 {
        if let Frame::Message(bytes) = frame {
            assert!((1..=limits.max_frame).contains(&bytes.len()));
            for framing in [Framing::PassThrough, Framing::Header] {
                if let Ok(message) = without_allocating(|| message::split(bytes, framing)) {
                    let _ = without_allocating(|| message.check_payload());
                }
            }
        }
    }
});

/// All frames, the bytes behind them, and the error that ended the stream.
fn cut<'a>(
    portions: impl Iterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Frame>, Option<Vec<u8>>, Option<ProtoError>) {
    let (mut buffer, mut frames) = (BytesMut::new(), Vec::new());
    for portion in portions {
        let mut portion = portion;
        loop {
            match frame::next(&mut buffer, limits) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) if portion.is_empty() => break,
                Ok(None) => {
                    let missing = frame::missing(&buffer, limits).expect("no error a moment ago");
                    assert!(missing > 0, "nothing is missing and there is no frame");
                    let (now, later) = portion.split_at(missing.min(portion.len()));
                    buffer.extend_from_slice(now);
                    portion = later;
                }
                Err(error) => return (frames, None, Some(error)),
            }
        }
    }
    (frames, Some(buffer.to_vec()), None)
}
