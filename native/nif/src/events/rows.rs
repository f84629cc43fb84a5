//! Rows of a projection as tuples, or as maps with atoms of the plan for keys.

use outrigger_events::project::{BatchSink, RowSink};
use outrigger_events::{Decimal, Duplicate, Error, Integer, Name, Sink, Temporal, Text};
use rustler::{Atom, Term};

use super::effort;
use super::raw::Word;
use super::sink::TermSink;

/// The price of an error with its place and its path.
const REFUSAL: usize = 100;

/// Terms of rows, on top of the terms of values.
pub(super) struct Rows<'a, 's, 'p> {
    pub(super) terms: TermSink<'a, 's>,
    row: Vec<Word>,
    rows: Vec<Word>,
    /// Keys of a map, or a tuple.
    names: Option<&'p [Atom]>,
    pub(super) refused: Vec<(usize, Error)>,
}

impl<'a, 's, 'p> Rows<'a, 's, 'p> {
    pub(super) fn new(terms: TermSink<'a, 's>, fields: usize, names: Option<&'p [Atom]>) -> Self {
        let row = vec![terms.maker().nil(); fields];
        Self { terms, row, rows: Vec::new(), names, refused: Vec::new() }
    }

    /// The rows as a list.
    #[allow(unsafe_code, reason = "words become a term again")]
    pub(super) fn list(&self) -> Term<'a> {
        let maker = self.terms.maker();
        // SAFETY: rows are made in this environment.
        unsafe { maker.term(maker.list(&self.rows)) }
    }

    /// Drops what was told of a row that is none.
    pub(super) fn clear(&mut self) {
        let nil = self.terms.maker().nil();
        self.row.fill(nil);
        self.terms.drop_told();
    }
}

impl RowSink for Rows<'_, '_, '_> {
    #[inline]
    fn slot(&mut self, field: usize) {
        if let (Some(place), Some(word)) = (self.row.get_mut(field), self.terms.take()) {
            *place = word;
        }
    }

    fn unset(&mut self, field: usize) {
        if let Some(place) = self.row.get_mut(field) {
            *place = self.terms.maker().nil();
        }
    }
}

impl BatchSink for Rows<'_, '_, '_> {
    #[inline]
    fn row(&mut self) {
        let fields = self.row.len();
        let price = effort::LIST + if self.names.is_none() { fields / 4 } else { effort::PAIR * fields };
        if !self.terms.spend(price) {
            return self.clear();
        }
        let maker = self.terms.maker();
        let row = match self.names {
            None => maker.tuple(&self.row),
            // The names are different ones.
            Some(names) => maker.map_of(names, &self.row).unwrap_or_else(|| maker.nil()),
        };
        self.rows.push(row);
        self.row.fill(maker.nil());
    }

    fn filtered(&mut self) {
        self.terms.spend(effort::LIST + self.row.len() / 16);
        self.clear();
    }

    fn refused(&mut self, element: usize, error: Error) {
        if self.terms.spend(REFUSAL) {
            self.refused.push((element, error));
        }
        self.clear();
    }
}

macro_rules! told_to_terms {
    ($($method:ident($($value:ident: $kind:ty)?);)*) => {
        $(#[inline] fn $method(&mut self $(, $value: $kind)?) { self.terms.$method($($value)?) })*
    };
}

impl Sink for Rows<'_, '_, '_> {
    fn full(&self) -> bool {
        self.terms.full()
    }

    told_to_terms! {
        null();
        boolean(value: bool);
        integer(value: i64);
        big(value: &Integer);
        float(value: f64);
        decimal(value: &Decimal);
        text(value: Text<'_>);
        bytes(value: Text<'_>);
        temporal(value: Temporal);
        name(value: Name);
        end_list(count: usize);
        key(key: Text<'_>);
        field(name: Name);
        value_as_key();
    }

    fn end_map(&mut self, count: usize) -> Result<(), Duplicate> {
        self.terms.end_map(count)
    }
}
