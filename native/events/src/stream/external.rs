//! Values in the external term format, as the VM reads them.
//!
//! Source: "External Term Format" in the documentation of ERTS. What the NIF makes terms of is written as the same terms: the tests
//! compare the two.
//!
//! Invariant: a map has no key twice (the last one counts), since the VM takes no such map, and no link that brings one.

use std::collections::HashMap;

use num_bigint::{BigInt, Sign};

use super::pick;
use crate::structs::{Field, MOST, fields};
use crate::{Decimal, Integer, Name, Temporal, Value};

/// More keys are looked up by their hash.
const FEW: usize = 16;

pub(super) fn value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => atom("nil", out),
        Value::Boolean(value) => atom(if *value { "true" } else { "false" }, out),
        Value::Integer(value) => integer(value, out),
        Value::Float(value) => float(*value, out),
        Value::Decimal(value) => decimal(value, out),
        Value::Text(text) => binary(text.as_bytes(), out),
        Value::Bytes(bytes) => binary(bytes, out),
        Value::Temporal(value) => temporal(*value, out),
        Value::Name(name) => atom(name.text(), out),
        Value::List(items) => list(items, out),
        Value::Map(pairs) => map(pairs, out),
    }
}

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
    out.push(116);
    out.extend((pairs as u32).to_be_bytes());
}

fn integer(value: &Integer, out: &mut Vec<u8>) {
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
fn float(value: f64, out: &mut Vec<u8>) {
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

fn list(items: &[Value], out: &mut Vec<u8>) {
    if !items.is_empty() {
        out.push(108);
        out.extend((items.len() as u32).to_be_bytes());
        items.iter().for_each(|item| value(item, out));
    }
    out.push(106);
}

fn map(pairs: &[(Value, Value)], out: &mut Vec<u8>) {
    let last = last_ones(pairs);
    begin_map(last.as_ref().map_or(pairs.len(), Vec::len), out);
    let write = |pair: &(Value, Value), out: &mut Vec<u8>| {
        value(&pair.0, out);
        value(&pair.1, out);
    };
    match last {
        None => pairs.iter().for_each(|pair| write(pair, out)),
        Some(last) => last.into_iter().for_each(|place| write(&pairs[place], out)),
    }
}

/// Places of the pairs that count, if a key is there twice. Text and a name of ours never are equal: one is a binary.
fn last_ones(pairs: &[(Value, Value)]) -> Option<Vec<usize>> {
    let same = |one: &Value, other: &Value| one == other;
    if pairs.len() <= FEW {
        let twice = |place: usize| pairs[place + 1..].iter().any(|(key, _)| same(key, &pairs[place].0));
        return (0..pairs.len())
            .any(twice)
            .then(|| (0..pairs.len()).filter(|&place| !twice(place)).collect());
    }
    // Keys that are no text are those of a Protobuf map: whole numbers, or booleans.
    let key = |place: usize| match &pairs[place].0 {
        Value::Integer(number) => (None, Some(number), false),
        key => (pick::text(key), None, matches!(key, Value::Name(_) | Value::Boolean(true))),
    };
    let last: HashMap<_, usize> = (0..pairs.len()).map(|place| (key(place), place)).collect();
    (last.len() < pairs.len())
        .then(|| (0..pairs.len()).filter(|place| last.get(&key(*place)) == Some(place)).collect())
}

/// `%Decimal{}`, whether or not the library of that name is there.
fn decimal(value: &Decimal, out: &mut Vec<u8>) {
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

fn temporal(value: Temporal, out: &mut Vec<u8>) {
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
