//! The walk over a schema and a value side by side.

use super::{fit, scalar, wire};
use crate::avro::schema::{Kind, Record, Schema, TypeId};
use crate::fault::{Checked, Fault};
use crate::{Datum, Error, Limits, View};

impl Schema {
    /// Appends a value to `out`, as this schema says. After an error `out` is as it was.
    ///
    /// ```
    /// use outrigger_events::{Limits, Value, avro::Schema};
    ///
    /// let schema = Schema::parse(r#"{"type": "array", "items": ["null", "long"]}"#, &[])?;
    /// let mut out = vec![];
    /// schema.encode(&Value::List(vec![Value::from(64), Value::Null]), &Limits::default(), &mut out)?;
    /// assert_eq!(out, [4, 2, 0x80, 0x01, 0, 0]);
    /// # Ok::<(), outrigger_events::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Value`] with the path of what does not fit, [`Error::Limit`] for too deep a value.
    pub fn encode<'a, D: Datum<'a>>(
        &self,
        datum: D,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.encode_within(datum, limits, usize::MAX, out)
    }

    /// What [`Error::Limit`] says there is too much of, if it is what [`encode_within`](Self::encode_within) allows.
    pub const WORK: &str = "steps";

    /// The same in so many steps at the most: those of writing a value, looking for a field, trying a branch of a union. A few bytes of a
    /// value may take very many, by a schema with defaults or with unions of large records.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode); [`Error::Limit`] with [`Schema::WORK`] for more steps.
    pub fn encode_within<'a, D: Datum<'a>>(
        &self,
        datum: D,
        limits: &Limits,
        steps: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let start = out.len();
        let mut encoder = Encoder { steps, ..Encoder::new(self, limits, usize::MAX, out) };
        encoder.value(self.root_id(), datum).map_err(|fault| {
            out.truncate(start);
            fault.finish()
        })
    }
}

/// Pairs of a map that are looked at in one step.
const PAIRS: usize = 8;

/// Steps of trying whether a map of so many pairs, or another value, is of this kind.
fn looked_for(kind: &Kind, pairs: usize) -> usize {
    match kind {
        Kind::Record(record) => record.fields.len().saturating_mul(1 + pairs / PAIRS),
        _ => 1,
    }
}

pub(super) struct Encoder<'s, 'o> {
    schema: &'s Schema,
    limits: &'s Limits,
    depth: usize,
    /// Values that may still be written.
    budget: usize,
    steps: usize,
    out: &'o mut Vec<u8>,
}

impl<'s, 'o> Encoder<'s, 'o> {
    pub(super) const fn new(
        schema: &'s Schema,
        limits: &'s Limits,
        budget: usize,
        out: &'o mut Vec<u8>,
    ) -> Self {
        Self { schema, limits, depth: 0, budget, steps: usize::MAX, out }
    }

    pub(super) fn value<'a, D: Datum<'a>>(&mut self, id: TypeId, datum: D) -> Checked {
        let schema = self.schema;
        let node = schema.node(id);
        self.budget = self.budget.checked_sub(1).ok_or_else(|| self.beyond("values of a default"))?;
        self.spend(1)?;
        match (&node.kind, datum.view()) {
            (Kind::Array(of), View::List(count)) => self.inside(|encoder| {
                encoder.count(count);
                for (place, item) in datum.items().enumerate() {
                    encoder.value(*of, item).map_err(|fault| fault.under(format!("[{place}]")))?;
                }
                encoder.out.push(0);
                Ok(())
            }),
            (Kind::Map(of), View::Map(count)) => self.inside(|encoder| {
                encoder.count(count);
                for (key, value) in datum.pairs() {
                    wire::bytes(encoder.out, key.as_bytes());
                    encoder.value(*of, value).map_err(|fault| fault.under(format!("{{{key:?}}}")))?;
                }
                encoder.out.push(0);
                Ok(())
            }),
            (Kind::Record(record), View::Map(count)) => {
                self.inside(|encoder| encoder.record(record, datum, count))
            }
            (Kind::Union(branches), view) => {
                let pairs = if let View::Map(pairs) = view { pairs } else { 0 };
                let tried = branches.iter().map(|&branch| looked_for(&schema.node(branch).kind, pairs));
                self.spend(tried.fold(0, usize::saturating_add))?;
                let (place, branch) = fit::branch(schema, branches, datum).ok_or_else(|| {
                    Fault::value(format!("{} fits none of the union's branches", view.word()))
                })?;
                wire::long(self.out, place as i64);
                self.value(branch, datum)
            }
            (kind @ (Kind::Array(_) | Kind::Map(_) | Kind::Record(_)), view) => {
                Err(Fault::value(format!("{} is no {kind}", view.word())))
            }
            (_, view) => {
                let written = scalar::of(node, &view).map_err(Fault::value)?;
                written.write(self.out);
                Ok(())
            }
        }
    }

    fn record<'a, D: Datum<'a>>(&mut self, record: &Record, datum: D, count: usize) -> Checked {
        let mut found = 0;
        self.spend(record.fields.len().saturating_mul(1 + count / PAIRS))?;
        for field in &record.fields {
            let written = match (datum.field(&field.name), &field.default) {
                (Some(value), _) => {
                    found += 1;
                    self.value(field.of, value)
                }
                (None, Some(default)) => self.value(field.of, default),
                (None, None) => Err(Fault::value("is missing and has no default")),
            };
            written.map_err(|fault| fault.under(format!(".{}", field.name)))?;
        }
        if found == count {
            return Ok(());
        }
        let foreign = datum.pairs().find(|(key, _)| record.field(key).is_none());
        let foreign = foreign.map_or_else(|| "a key twice".to_owned(), |(key, _)| format!("no field {key}"));
        Err(Fault::value(format!("record {} has {foreign}", record.name)))
    }

    /// Of the one block that a list or a map has, unless it is empty. A block of none is the end.
    fn count(&mut self, count: usize) {
        if count > 0 {
            wire::long(self.out, count as i64);
        }
    }

    fn inside(&mut self, work: impl FnOnce(&mut Self) -> Checked) -> Checked {
        if self.depth == self.limits.depth {
            return Err(Fault::boxed(Error::Limit {
                what: "depth",
                limit: self.limits.depth,
                at: self.out.len(),
            }));
        }
        self.depth += 1;
        let done = work(self);
        self.depth -= 1;
        done
    }

    fn spend(&mut self, steps: usize) -> Checked {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => Err(Fault::boxed(Error::Limit { what: Schema::WORK, limit: 0, at: self.out.len() })),
        }
    }

    fn beyond(&self, what: &str) -> Box<Fault> {
        Fault::value(format!("too many {what}"))
    }
}
