//! Values in binary format: what the types' `*send` functions write.

use num_bigint::{BigInt, Sign};

use super::options::Options;
use super::types::{Kind, Scalar};
use super::value::{expected, json, utf8};
use super::wire::{Wire, Wrong};
use super::{numeric, times};
use crate::{Integer, Sink, Temporal, Text};

pub(super) fn value<S: Sink>(
    value: Text<'_>,
    kind: Kind,
    options: &Options,
    sink: &mut S,
) -> Result<(), Wrong> {
    let bytes = value.bytes;
    let wrong = || expected(kind.scalar);
    match (kind.scalar, bytes) {
        (Scalar::Text, _) => return utf8(value, sink),
        (Scalar::Other | Scalar::Bytes, _) => sink.bytes(value),
        (Scalar::Json, _) => return json(value, options, sink),
        (Scalar::Jsonb, [1, document @ ..]) => {
            return json(Text { bytes: document, at: value.at.map(|at| at + 1) }, options, sink);
        }
        (Scalar::Boolean, &[byte @ (0 | 1)]) => sink.boolean(byte == 1),
        (Scalar::Whole(2), &[a, b]) => sink.integer(i16::from_be_bytes([a, b]).into()),
        (Scalar::Whole(4), &[a, b, c, d]) => sink.integer(i32::from_be_bytes([a, b, c, d]).into()),
        (Scalar::Whole(8), _) => sink.integer(i64::from_be_bytes(chunk(bytes).ok_or_else(wrong)?)),
        (Scalar::Oid, &[a, b, c, d]) => sink.integer(u32::from_be_bytes([a, b, c, d]).into()),
        (Scalar::Single, &[a, b, c, d]) => sink.float(f32::from_be_bytes([a, b, c, d]).into()),
        (Scalar::Double, _) => sink.float(f64::from_be_bytes(chunk(bytes).ok_or_else(wrong)?)),
        (Scalar::Numeric, _) => return numeric::binary(bytes, options, sink),
        (Scalar::Uuid, _) => sink.text(Text::made(&uuid(chunk(bytes).ok_or_else(wrong)?))),
        (Scalar::Bits, _) => return bits(bytes, kind, options, sink),
        (scalar, _) => sink.temporal(time(scalar, bytes, kind.digits).ok_or_else(wrong)?),
    }
    Ok(())
}

fn chunk<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn time(scalar: Scalar, bytes: &[u8], digits: u8) -> Option<Temporal> {
    let mut wire = Wire::new(bytes);
    let read = match scalar {
        Scalar::Date => times::date_of(wire.i32().ok()?),
        Scalar::Time => times::time_of(wire.i64().ok()?, 0, digits)?,
        Scalar::ZonedTime => times::time_of(wire.i64().ok()?, wire.i32().ok()?, digits)?,
        Scalar::Naive => times::point_of(wire.i64().ok()?, digits, Temporal::Naive),
        Scalar::Instant => times::point_of(wire.i64().ok()?, digits, Temporal::Instant),
        Scalar::Span => times::span_of(wire.i64().ok()?, wire.i32().ok()?, wire.i32().ok()?),
        _ => return None,
    };
    (wire.left() == 0).then_some(read)
}

/// As PostgreSQL writes it: small digits, groups of 8, 4, 4, 4 and 12.
fn uuid(bytes: [u8; 16]) -> [u8; 36] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let places = (0..36).filter(|place| !matches!(place, 8 | 13 | 18 | 23));
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (place, digit) in places.zip(digits) {
        if let (Some(place), Some(digit)) = (text.get_mut(place), DIGITS.get(usize::from(digit))) {
            *place = *digit;
        }
    }
    text
}

/// How many there are, and bytes with the first bit highest.
fn bits<S: Sink>(bytes: &[u8], kind: Kind, options: &Options, sink: &mut S) -> Result<(), Wrong> {
    let mut wire = Wire::new(bytes);
    let count = wire.i32().ok().and_then(|count| usize::try_from(count).ok());
    let Some(count) = count.filter(|count| wire.left() == count.div_ceil(8)) else {
        return Err(expected(kind.scalar));
    };
    if count > options.limits.digits {
        return Err(Wrong::Limit("digits", options.limits.digits));
    }
    let number = BigInt::from_bytes_be(Sign::Plus, bytes.get(4..).unwrap_or_default())
        >> (count.div_ceil(8) * 8 - count);
    match Integer::from(number) {
        Integer::Small(number) if kind.single_bit => sink.boolean(number != 0),
        Integer::Small(number) => sink.integer(number),
        big @ Integer::Big(_) => sink.big(&big),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_uuids() {
        let bytes = std::array::from_fn(|place| place as u8 * 17);
        assert_eq!(&uuid(bytes), b"00112233-4455-6677-8899-aabbccddeeff");
    }
}
