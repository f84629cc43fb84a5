//! Values in the external term format, as the VM reads them.
//!
//! Source: "External Term Format" in the documentation of ERTS. What the NIF makes terms of is written as the same terms: the tests
//! compare the two.

use num_bigint::{BigInt, Sign};

use crate::structs::{Field, MOST, fields};
use crate::{Decimal, Integer, Name, Temporal};

/// What a list and a map begin with; the number of elements follows in four bytes.
pub(super) const LIST: u8 = 108;
pub(super) const MAP: u8 = 116;
const NIL: u8 = 106;
/// Bytes before the bytes of a binary.
pub(super) const BINARY: usize = 5;

/// A tuple of fewer than 256 elements, which follow.
pub(super) fn tuple(arity: u8, out: &mut Vec<u8>) {
    out.extend([104, arity]);
}

/// An atom of at most 255 bytes.
pub(super) fn atom(text: &str, out: &mut Vec<u8>) {
    out.extend([119, text.len() as u8]);
    out.extend(text.as_bytes());
}

pub(super) fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(109);
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend(bytes);
}

/// A map of so many pairs, which follow.
pub(super) fn begin_map(pairs: usize, out: &mut Vec<u8>) {
    out.push(MAP);
    out.extend((pairs as u32).to_be_bytes());
}

pub(super) fn integer(value: &Integer, out: &mut Vec<u8>) {
    match value {
        Integer::Small(value) => small(*value, out),
        Integer::Big(value) => big(value, out),
    }
}

pub(super) fn small(value: i64, out: &mut Vec<u8>) {
    if let Ok(byte) = u8::try_from(value) {
        out.extend([97, byte]);
    } else if let Ok(value) = i32::try_from(value) {
        out.push(98);
        out.extend(value.to_be_bytes());
    } else {
        let magnitude = value.unsigned_abs().to_le_bytes();
        let length = 8 - value.unsigned_abs().leading_zeros() as usize / 8;
        out.extend([110, length as u8, u8::from(value < 0)]);
        out.extend(&magnitude[..length]);
    }
}

fn wide(value: i128, out: &mut Vec<u8>) {
    match i64::try_from(value) {
        Ok(value) => small(value, out),
        Err(_) => big(&BigInt::from(value), out),
    }
}

fn big(value: &BigInt, out: &mut Vec<u8>) {
    let (sign, magnitude) = value.to_bytes_le();
    match u8::try_from(magnitude.len()) {
        Ok(length) => out.extend([110, length]),
        Err(_) => {
            out.push(111);
            out.extend((magnitude.len() as u32).to_be_bytes());
        }
    }
    out.push(u8::from(sign == Sign::Minus));
    out.extend(magnitude);
}

/// The VM knows finite ones.
pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    if !value.is_finite() {
        let name = if value.is_nan() {
            Name::NaN
        } else if value > 0.0 {
            Name::Inf
        } else {
            Name::MinusInf
        };
        return atom(name.text(), out);
    }
    out.push(70);
    out.extend(value.to_be_bytes());
}

/// The number of elements of what begins at `start`.
pub(super) fn set_count(start: usize, count: usize, out: &mut [u8]) {
    if let Some(place) = out.get_mut(start + 1..start + 5) {
        place.copy_from_slice(&(count as u32).to_be_bytes());
    }
}

/// Ends the list that begins at `start`. An empty one is written in another way.
pub(super) fn end_list(start: usize, count: usize, out: &mut Vec<u8>) {
    if count == 0 {
        out.truncate(start);
    }
    set_count(start, count, out);
    out.push(NIL);
}

/// `%Decimal{}`, whether or not the library of that name is there.
pub(super) fn decimal(value: &Decimal, out: &mut Vec<u8>) {
    begin_map(4, out);
    let key = |name: Name, out: &mut Vec<u8>| atom(name.text(), out);
    key(Name::Struct, out);
    key(Name::Decimal, out);
    key(Name::Coef, out);
    let (negative, exponent) = match value {
        Decimal::Finite { coefficient, exponent, negative } => {
            match coefficient.is_negative() {
                true => integer(&Integer::from(-coefficient.to_big()), out),
                false => integer(coefficient, out),
            }
            (*negative, *exponent)
        }
        Decimal::NaN => {
            atom(Name::NaN.text(), out);
            (false, 0)
        }
        Decimal::Infinity(negative) => {
            atom(Name::Inf.text(), out);
            (*negative, 0)
        }
    };
    key(Name::Exp, out);
    small(exponent, out);
    key(Name::Sign, out);
    small(if negative { -1 } else { 1 }, out);
}

pub(super) fn temporal(value: Temporal, out: &mut Vec<u8>) {
    let mut told = Vec::with_capacity(MOST);
    let name = fields(value, |name, field| told.push((name, field)));
    begin_map(1 + told.len(), out);
    atom(Name::Struct.text(), out);
    atom(name.text(), out);
    for (key, field) in told {
        atom(key.text(), out);
        match field {
            Field::Name(name) => atom(name.text(), out),
            Field::Nil => atom("nil", out),
            Field::Text(text) => binary(text.as_bytes(), out),
            Field::Integer(value) => small(value, out),
            Field::Wide(value) => wide(value, out),
            Field::Pair(first, second) => {
                tuple(2, out);
                small(first, out);
                small(second, out);
            }
            Field::Span(months, days, nanos) => {
                tuple(3, out);
                small(months, out);
                small(days, out);
                wide(nanos, out);
            }
        }
    }
}
