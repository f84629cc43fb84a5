//! Bytes of the simple things. Source: "Encoding" of the documentation.

use crate::protobuf::plan::Wire;

pub(super) fn varint(out: &mut Vec<u8>, mut rest: u64) {
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub(super) fn tag(out: &mut Vec<u8>, number: u32, wire: Wire) {
    varint(out, u64::from(number) << 3 | wire as u64);
}

/// The last tag of a group.
pub(super) fn end_of_group(out: &mut Vec<u8>, number: u32) {
    varint(out, u64::from(number) << 3 | 4);
}

/// Puts the length of all behind `start` in front of it. One byte has been left free for it there.
pub(super) fn length(out: &mut Vec<u8>, start: usize) {
    let length = out.len() - start;
    match out.get_mut(start - 1) {
        Some(place) if length < 0x80 => *place = length as u8,
        _ => {
            let mut bytes = Vec::with_capacity(5);
            varint(&mut bytes, length as u64);
            out.splice(start - 1..start, bytes);
        }
    }
}
