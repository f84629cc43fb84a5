//! Values in text format: what the types' output functions write.

use num_bigint::BigInt;

use super::options::Options;
use super::types::{Kind, Scalar};
use super::value::{expected, json, utf8};
use super::wire::Wrong;
use super::{numeric, times};
use crate::{Integer, Sink, Text};

pub(super) fn value<S: Sink>(
    value: Text<'_>,
    kind: Kind,
    options: &Options,
    sink: &mut S,
) -> Result<(), Wrong> {
    let bytes = value.bytes;
    let wrong = || expected(kind.scalar);
    match kind.scalar {
        Scalar::Text | Scalar::Other => return utf8(value, sink),
        Scalar::Json | Scalar::Jsonb => return json(value, options, sink),
        Scalar::Boolean => sink.boolean(match bytes {
            b"t" => true,
            b"f" => false,
            _ => return Err(wrong()),
        }),
        Scalar::Whole(_) | Scalar::Oid => sink.integer(number(bytes).ok_or_else(wrong)?),
        // The number itself, and not the digits that tell it from its neighbours among 32 bits.
        Scalar::Single => sink.float(number::<f32>(bytes).ok_or_else(wrong)?.into()),
        Scalar::Double => sink.float(number(bytes).ok_or_else(wrong)?),
        Scalar::Numeric => return numeric::text(bytes, options, sink),
        Scalar::Uuid if bytes.len() == 36 => return utf8(value, sink),
        Scalar::Uuid => return Err(wrong()),
        Scalar::Bytes => sink.bytes(Text::made(&bytea(bytes).ok_or_else(wrong)?)),
        Scalar::Bits => return bits(bytes, kind, options, sink),
        Scalar::Date => sink.temporal(times::date(bytes).ok_or_else(wrong)?),
        Scalar::Time | Scalar::ZonedTime => sink.temporal(times::time(bytes, kind.digits).ok_or_else(wrong)?),
        Scalar::Naive => sink.temporal(times::naive(bytes, kind.digits).ok_or_else(wrong)?),
        Scalar::Instant => sink.temporal(times::instant(bytes, kind.digits).ok_or_else(wrong)?),
        Scalar::Span => sink.temporal(times::span(bytes).ok_or_else(wrong)?),
    }
    Ok(())
}

#[inline]
fn number<N: std::str::FromStr>(bytes: &[u8]) -> Option<N> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// `\x00ff`, or with `bytea_output` `escape` printable bytes as they are, `\\` and `\377`.
fn bytea(text: &[u8]) -> Option<Vec<u8>> {
    if let Some(digits) = text.strip_prefix(b"\\x") {
        let (pairs, rest) = digits.as_chunks::<2>();
        let byte = |&[high, low]: &[u8; 2]| Some(hex(high)? << 4 | hex(low)?);
        return if rest.is_empty() { pairs.iter().map(byte).collect() } else { None };
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match *rest {
            [b'\\', ref after @ ..] => {
                bytes.push(b'\\');
                rest = after;
            }
            [high @ b'0'..=b'3', middle @ b'0'..=b'7', low @ b'0'..=b'7', ref after @ ..] => {
                bytes.push((high - b'0') << 6 | (middle - b'0') << 3 | (low - b'0'));
                rest = after;
            }
            _ => return None,
        }
    }
    Some(bytes)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Bits as a whole number, as Debezium has them; one alone is true or false.
fn bits<S: Sink>(text: &[u8], kind: Kind, options: &Options, sink: &mut S) -> Result<(), Wrong> {
    if text.len() > options.limits.digits {
        return Err(Wrong::Limit("digits", options.limits.digits));
    }
    if !text.iter().all(|digit| matches!(digit, b'0' | b'1')) {
        return Err(expected(kind.scalar));
    }
    match (kind.single_bit, text) {
        (true, [bit]) => sink.boolean(*bit == b'1'),
        _ if text.len() < 64 => {
            sink.integer(text.iter().fold(0, |number, digit| number << 1 | i64::from(digit - b'0')));
        }
        _ => sink.big(&Integer::from(BigInt::parse_bytes(text, 2).unwrap_or_default())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_bytes_in_both_formats() {
        for (text, bytes) in [
            ("\\x", Some(vec![])),
            ("\\x00ffAb", Some(vec![0, 255, 0xab])),
            ("\\x0", None),
            ("\\x0g", None),
            ("", Some(vec![])),
            ("a\\\\b\\000\\377", Some(b"a\\b\0\xff".to_vec())),
            ("\\400", None),
            ("\\08", None),
            ("\\", None),
        ] {
            assert_eq!(bytea(text.as_bytes()), bytes, "{text}");
        }
    }
}
