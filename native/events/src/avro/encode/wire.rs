//! Bytes of the simple things. Source: "Binary encoding" of the specification.

/// `int` and `long`: zigzag, then seven bits at a time, least first.
pub(crate) fn long(out: &mut Vec<u8>, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// A length, and as many bytes.
pub(crate) fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    long(out, value.len() as i64);
    out.extend_from_slice(value);
}
