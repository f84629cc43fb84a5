//! Frames that no server sends: an error or records, and never a panic.

use outrigger_events::pgoutput::Decoder;

use crate::corpus::{cases, frames, options};
use crate::support::decode;

#[test]
fn a_part_of_a_frame_is_refused() {
    for case in cases() {
        let mut decoder = Decoder::new(options(&case["options"]));
        for frame in frames(&case) {
            let before = decoder.clone();
            if decode(&mut decoder, &frame).is_err() {
                continue;
            }
            for end in 0..frame.len() {
                // The one message that may end earlier.
                if frame[0] == b'A' && end == 9 {
                    continue;
                }
                assert!(decode(&mut before.clone(), &frame[..end]).is_err(), "{:02x?}", &frame[..end]);
            }
        }
    }
}

#[test]
fn a_byte_that_is_another_one_is_no_panic() {
    for case in cases() {
        let mut decoder = Decoder::new(options(&case["options"]));
        let frames = frames(&case);
        for (number, frame) in frames.iter().enumerate() {
            for place in 0..frame.len() {
                for byte in *b"\0\x01\x7f\x80\xffnutbNKO{}\",-9" {
                    let mut other = frame.clone();
                    other[place] = byte;
                    let mut decoder = decoder.clone();
                    let _ = decode(&mut decoder, &other);
                    // What comes then meets a state that no server leaves.
                    for next in frames.iter().skip(number + 1).take(2) {
                        let _ = decode(&mut decoder, next);
                    }
                }
            }
            let _ = decode(&mut decoder, frame);
        }
    }
}
