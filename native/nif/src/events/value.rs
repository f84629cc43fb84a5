//! Terms as values, for encoding. `Outrigger.Events` has turned structs into tuples: `{:decimal, coefficient, exponent, negative}`,
//! `{:date, days}`, `{:time | :naive | :instant, nanoseconds, digits}` and `{:duration, months, days, nanoseconds}`.

use std::borrow::Cow;

use num_bigint::{BigInt, Sign};
use outrigger_events::{Datum, Decimal, Error, Integer, Limits, Name, Temporal, Value, View};
use rustler::types::tuple::get_tuple;
use rustler::{Binary, Decoder, ListIterator, MapIterator, Term, TermType, atoms};

use super::names;

atoms! { decimal, date, time, naive, instant, duration }

/// Levels of a term, whatever the limits say: each takes some of the stack, of which a dirty scheduler has 320 KiB.
const MOST_DEPTH: usize = 256;

/// The value of a term, if it has one.
pub(super) fn of(term: Term<'_>, limits: &Limits) -> Result<Value, Error> {
    value(term, limits.depth.min(MOST_DEPTH)).map_err(|wrong| {
        let path: String = wrong.path.iter().rev().map(String::as_str).collect();
        Error::Value { path: format!("${path}"), problem: wrong.problem.to_owned() }
    })
}

/// A term that is no value, and the way to it, the last step first.
struct Wrong {
    problem: &'static str,
    path: Vec<String>,
}

impl Wrong {
    fn under(mut self: Box<Self>, step: String) -> Box<Self> {
        self.path.push(step);
        self
    }
}

#[cold]
fn wrong(problem: &'static str) -> Box<Wrong> {
    Box::new(Wrong { problem, path: Vec::new() })
}

fn value(term: Term<'_>, depth: usize) -> Result<Value, Box<Wrong>> {
    if depth == 0 {
        return Err(wrong("lists and maps are too deep inside each other"));
    }
    match term.get_type() {
        TermType::Atom => atom(term).ok_or_else(|| wrong("an atom is no value, but nil, true and false are")),
        TermType::Integer => {
            Ok(Value::Integer(integer(term).ok_or_else(|| wrong("an integer is too large"))?))
        }
        TermType::Float => f64::decode(term).map(Value::Float).map_err(|_| wrong("a float that is none")),
        TermType::Binary => {
            let bytes = Binary::from_term(term).map_err(|_| wrong("a bitstring is no value"))?;
            Ok(std::str::from_utf8(&bytes).map_or_else(|_| Value::Bytes(bytes.to_vec()), Value::from))
        }
        TermType::List => list(term, depth),
        TermType::Map => map(term, depth),
        TermType::Tuple => structure(term).ok_or_else(|| wrong("a tuple is no value")),
        _ => Err(wrong("neither processes, functions nor references are values")),
    }
}

fn atom(term: Term<'_>) -> Option<Value> {
    if rustler::types::atom::nil() == term {
        return Some(Value::Null);
    }
    if let Ok(flag) = bool::decode(term) {
        return Some(Value::Boolean(flag));
    }
    // Floats that the VM does not have, as the sink makes them.
    let of = |name: Name| names::atom(name).to_term(term.get_env()) == term;
    match () {
        () if of(Name::NaN) => Some(Value::Float(f64::NAN)),
        () if of(Name::Inf) => Some(Value::Float(f64::INFINITY)),
        () if of(Name::MinusInf) => Some(Value::Float(f64::NEG_INFINITY)),
        () => None,
    }
}

fn list(term: Term<'_>, depth: usize) -> Result<Value, Box<Wrong>> {
    // The length is that of a proper list only.
    let length = term.list_length().map_err(|_| wrong("a list has no proper end"))?;
    let items: ListIterator<'_> = term.decode().map_err(|_| wrong("a list that is none"))?;
    let mut values = Vec::with_capacity(length);
    for (place, item) in items.enumerate() {
        values.push(value(item, depth - 1).map_err(|wrong| wrong.under(format!("[{place}]")))?);
    }
    Ok(Value::List(values))
}

fn map(term: Term<'_>, depth: usize) -> Result<Value, Box<Wrong>> {
    let pairs = MapIterator::new(term).ok_or_else(|| wrong("a map that is none"))?;
    let mut values = Vec::with_capacity(term.map_size().unwrap_or(0));
    for (key, of_key) in pairs {
        let key = match key.get_type() {
            TermType::Atom => key.atom_to_string().ok(),
            TermType::Integer => integer(key).map(|number| number.to_string()),
            _ => String::decode(key).ok(),
        };
        let key = key.ok_or_else(|| wrong("a key has to be a string, an atom or an integer"))?;
        let of_key = value(of_key, depth - 1).map_err(|wrong| wrong.under(format!(".{key}")))?;
        values.push((Value::Text(key), of_key));
    }
    Ok(Value::Map(values))
}

fn structure(term: Term<'_>) -> Option<Value> {
    let parts = get_tuple(term).ok()?;
    let (kind, parts) = parts.split_first()?;
    let whole =
        |place: usize| parts.get(place).and_then(|part| i128::try_from(integer(*part)?.to_big()).ok());
    let small = |place: usize| whole(place).and_then(|number| i64::try_from(number).ok());
    let digits = |place: usize| whole(place).and_then(|number| u8::try_from(number).ok());
    match () {
        () if decimal() == *kind => {
            let (coefficient, exponent) = (integer(*parts.first()?)?, small(1)?);
            let negative = bool::decode(*parts.get(2)?).ok()?;
            let coefficient = if negative { Integer::from(-coefficient.to_big()) } else { coefficient };
            Some(Value::Decimal(Decimal::Finite { coefficient, exponent, negative }))
        }
        () if date() == *kind => Some(Value::Temporal(Temporal::Date(small(0)?))),
        () if time() == *kind => Some(Value::Temporal(Temporal::Time(small(0)?, digits(1)?))),
        () if naive() == *kind => Some(Value::Temporal(Temporal::Naive(whole(0)?, digits(1)?))),
        () if instant() == *kind => Some(Value::Temporal(Temporal::Instant(whole(0)?, digits(1)?))),
        () if duration() == *kind => {
            Some(Value::Temporal(Temporal::Duration { months: small(0)?, days: small(1)?, nanos: whole(2)? }))
        }
        () => None,
    }
}

/// A whole number. The VM gives away a big one in the external term format only.
fn integer(term: Term<'_>) -> Option<Integer> {
    if let Ok(small) = i64::decode(term) {
        return Some(Integer::Small(small));
    }
    let external = term.to_binary();
    let (sign, magnitude) = match external.as_slice() {
        [131, 110, _, sign, magnitude @ ..] | [131, 111, _, _, _, _, sign, magnitude @ ..] => {
            (*sign, magnitude)
        }
        _ => return None,
    };
    let sign = if sign == 0 { Sign::Plus } else { Sign::Minus };
    Some(Integer::from(BigInt::from_bytes_le(sign, magnitude)))
}

/// A value of which text and bytes are the same, as on the BEAM.
#[derive(Clone, Copy)]
pub(super) struct Beam<'v>(pub(super) &'v Value);

impl<'v> Datum<'v> for Beam<'v> {
    fn view(self) -> View<'v> {
        match self.0 {
            Value::Text(text) => View::Binary(text.as_bytes()),
            Value::Bytes(bytes) => View::Binary(bytes),
            other => other.view(),
        }
    }

    fn items(self) -> impl Iterator<Item = Self> {
        self.0.items().map(Self)
    }

    fn pairs(self) -> impl Iterator<Item = (Cow<'v, str>, Self)> {
        self.0.pairs().map(|(key, value)| (key, Self(value)))
    }

    fn field(self, name: &str) -> Option<Self> {
        self.0.field(name).map(Self)
    }
}
