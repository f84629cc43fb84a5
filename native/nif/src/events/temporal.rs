//! Dates, times and instants as the structs that they are on the BEAM.

use outrigger_events::structs::{Field, fields};
use outrigger_events::{Integer, Temporal};

use super::number;
use super::raw::{Maker, Structure, Word};

/// The strings of these structs, which are the same in each: those of one call.
#[derive(Default)]
pub(super) struct Texts([Option<(&'static str, Word)>; 2]);

impl Texts {
    #[inline]
    fn word(&mut self, maker: Maker<'_>, text: &'static str) -> Word {
        for place in &mut self.0 {
            match place {
                Some((own, word)) if *own == text => return *word,
                Some(_) => {}
                None => return place.insert((text, maker.binary(text.as_bytes()))).1,
            }
        }
        maker.binary(text.as_bytes())
    }
}

#[inline]
pub(super) fn temporal(maker: Maker<'_>, texts: &mut Texts, value: Temporal) -> Word {
    let mut structure = Structure::new(maker);
    let name = fields(value, |name, field| structure.put(name, word(maker, texts, field)));
    structure.finish(name)
}

#[inline]
fn word(maker: Maker<'_>, texts: &mut Texts, field: Field) -> Word {
    match field {
        Field::Nil => maker.nil(),
        Field::Name(name) => maker.name(name),
        Field::Text(text) => texts.word(maker, text),
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
