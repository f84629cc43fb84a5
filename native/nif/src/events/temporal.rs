//! Dates, times and instants as the structs that they are on the BEAM.

use outrigger_events::structs::{Field, MOST, fields};
use outrigger_events::{Integer, Name, Temporal};

use super::number;
use super::raw::{Maker, Word};

#[inline]
pub(super) fn temporal(maker: Maker<'_>, value: Temporal) -> Word {
    let mut told = [(Name::Struct, Word::none()); MOST];
    let mut free = told.iter_mut();
    let mut count = 0;
    let name = fields(value, |name, field| {
        if let Some(place) = free.next() {
            *place = (name, word(maker, field));
            count += 1;
        }
    });
    maker.structure(name, told.into_iter().take(count))
}

#[inline]
fn word(maker: Maker<'_>, field: Field) -> Word {
    match field {
        Field::Nil => maker.nil(),
        Field::Name(name) => maker.name(name),
        Field::Text(text) => maker.binary(text.as_bytes()),
        Field::Integer(value) => maker.integer(value),
        Field::Wide(value) => integer(maker, value),
        Field::Pair(first, second) => maker.tuple(&[maker.integer(first), maker.integer(second)]),
        Field::Span(months, days, nanos) => {
            maker.tuple(&[maker.integer(months), maker.integer(days), integer(maker, nanos)])
        }
    }
}

#[inline]
fn integer(maker: Maker<'_>, value: i128) -> Word {
    match i64::try_from(value) {
        Ok(value) => maker.integer(value),
        Err(_) => number::integer(maker, &Integer::from(num_bigint::BigInt::from(value))),
    }
}
