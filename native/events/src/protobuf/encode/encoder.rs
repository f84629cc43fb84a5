//! The walk over a message type and a value side by side.

use super::{scalar, wire};
use crate::fault::{Checked, Fault};
use crate::protobuf::plan::{Absent, Field, Kind, Label, Message, Plan, Shape, Tables, Wire};
use crate::{Datum, Error, Limits, Name, View};

impl Plan {
    /// Appends a message to `out`. After an error `out` is as it was.
    ///
    /// ```
    /// use outrigger_events::protobuf::{Options, Plan, Schema};
    /// use outrigger_events::{Limits, Value};
    ///
    /// let schema = Schema::parse("syntax = \"proto3\"; message Order { int64 id = 1; repeated sint32 n = 2; }")?;
    /// let plan = Plan::named(&schema, "Order", Options::default())?;
    /// let n = Value::List(vec![Value::from(-1), Value::from(1)]);
    /// let mut out = vec![];
    /// plan.encode(&Value::Map(vec![("n".into(), n), ("id".into(), 150.into())]), &Limits::default(), &mut out)?;
    /// assert_eq!(out, [0x08, 0x96, 0x01, 0x12, 2, 1, 2]);
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
        let (start, limits) = (out.len(), Self::within(limits));
        let mut encoder = Encoder { tables: &self.tables, limits: &limits, depth: 0, out };
        encoder.message(&self.tables.messages[0], datum).map_err(|fault| {
            out.truncate(start);
            fault.finish()
        })
    }
}

pub(super) struct Encoder<'t, 'o> {
    pub(super) tables: &'t Tables,
    limits: &'t Limits,
    depth: usize,
    pub(super) out: &'o mut Vec<u8>,
}

impl<'t> Encoder<'t, '_> {
    fn message<'a, D: Datum<'a>>(&mut self, message: &'t Message, datum: D) -> Checked {
        if self.depth == self.limits.depth {
            let at = self.out.len();
            return Err(Fault::boxed(Error::Limit { what: "depth", limit: self.limits.depth, at }));
        }
        self.depth += 1;
        match (message.shape, datum.view()) {
            (Shape::Only, _) => self.field(&message.fields[0], datum)?,
            (Shape::Choice, view) => self.choice(message, &view, datum)?,
            (_, View::Map(_)) => self.record(message, datum)?,
            (shape, view) => self.known(shape, &message.name, &view)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn record<'a, D: Datum<'a>>(&mut self, message: &'t Message, datum: D) -> Checked {
        let mut found = Vec::with_capacity(message.fields.len().min(64));
        let mut unknown = None;
        for (key, value) in datum.pairs() {
            match self.tables.field(message, &key) {
                Some(_) if matches!(value.view(), View::Null) => {}
                Some(slot) => found.push((slot, value)),
                None if key == Name::UnknownFields.text() => unknown = Some(value),
                None => return Err(Fault::value(format!("{} has no field {key}", message.name))),
            }
        }
        found.sort_by_key(|(slot, _)| *slot);
        self.alone(message, found.iter().map(|(slot, _)| *slot))?;
        for (slot, value) in found {
            let field = &message.fields[slot];
            self.field(field, value).map_err(|fault| fault.under(format!(".{}", self.name(field))))?;
        }
        match unknown.map(Datum::view) {
            None => Ok(()),
            Some(View::Bytes(bytes) | View::Binary(bytes)) => {
                self.out.extend_from_slice(bytes);
                Ok(())
            }
            Some(view) => Err(Fault::value(format!("{} is no fields that were kept as bytes", view.word()))),
        }
    }

    /// Whether these fields may stand in one message, and are all that have to.
    fn alone(&self, message: &Message, slots: impl Iterator<Item = usize> + Clone) -> Checked {
        let mut last = None;
        let mut chosen: Vec<&Field> = Vec::new();
        for slot in slots.clone() {
            let field = &message.fields[slot];
            if last.replace(slot) == Some(slot) {
                return Err(Fault::value(format!("{} is there twice", self.name(field))));
            }
            if field.oneof.is_some() {
                if let Some(other) = chosen.iter().find(|other| other.oneof == field.oneof) {
                    let (one, two) = (self.name(other), self.name(field));
                    return Err(Fault::value(format!(
                        "{one} and {two} are of one oneof, only one may be set"
                    )));
                }
                chosen.push(field);
            }
        }
        if message.requires {
            let mut slots = slots.peekable();
            for (slot, field) in message.fields.iter().enumerate() {
                if slots.next_if_eq(&slot).is_none() && field.absent == Absent::Required {
                    let fault = Fault::value("is required and not there");
                    return Err(fault.under(format!(".{}", self.name(field))));
                }
            }
        }
        Ok(())
    }

    fn name(&self, field: &Field) -> &'t str {
        self.tables.name(field.name)
    }

    pub(super) fn field<'a, D: Datum<'a>>(&mut self, field: &'t Field, datum: D) -> Checked {
        match (field.label, datum.view()) {
            (Label::Single, _) => {
                let start = self.out.len();
                wire::tag(self.out, field.number, field.kind.wire());
                let behind = self.out.len();
                self.value(field, datum)?;
                if field.absent == Absent::Zero && self.out[behind..].iter().all(|byte| *byte == 0) {
                    self.out.truncate(start);
                }
                Ok(())
            }
            (Label::List(_), View::List(0)) => Ok(()),
            (Label::List(true), View::List(_)) => {
                wire::tag(self.out, field.number, Wire::Sized);
                self.sized(|encoder| {
                    for (place, item) in datum.items().enumerate() {
                        encoder.value(field, item).map_err(|fault| fault.under(format!("[{place}]")))?;
                    }
                    Ok(())
                })
            }
            (Label::List(false), View::List(_)) => {
                for (place, item) in datum.items().enumerate() {
                    wire::tag(self.out, field.number, field.kind.wire());
                    self.value(field, item).map_err(|fault| fault.under(format!("[{place}]")))?;
                }
                Ok(())
            }
            (Label::Map, View::Map(_)) => self.entries(field, datum),
            (Label::List(_), view) => Err(Fault::value(format!("{} is no list", view.word()))),
            (Label::Map, view) => Err(Fault::value(format!("{} is no map", view.word()))),
        }
    }

    fn entries<'a, D: Datum<'a>>(&mut self, field: &'t Field, datum: D) -> Checked {
        let tables = self.tables;
        let entry = field.kind.message().map(|entry| &*tables.messages[entry as usize].fields);
        let Some([of_key, of_value]) = entry else {
            return Err(Fault::value("entries of this map are no keys and values"));
        };
        for (key, value) in datum.pairs() {
            wire::tag(self.out, field.number, Wire::Sized);
            let written = self.sized(|encoder| {
                wire::tag(encoder.out, 1, of_key.kind.wire());
                scalar::key(encoder.out, of_key.kind, &key).map_err(Fault::value)?;
                wire::tag(encoder.out, 2, of_value.kind.wire());
                encoder.value(of_value, value)
            });
            written.map_err(|fault| fault.under(format!("{{{key:?}}}")))?;
        }
        Ok(())
    }

    /// One value, behind its tag.
    fn value<'a, D: Datum<'a>>(&mut self, field: &'t Field, datum: D) -> Checked {
        let tables = self.tables;
        match field.kind {
            Kind::Message(message) => {
                self.sized(|encoder| encoder.message(&tables.messages[message as usize], datum))
            }
            Kind::Group(message) => {
                self.message(&tables.messages[message as usize], datum)?;
                wire::end_of_group(self.out, field.number);
                Ok(())
            }
            kind => scalar::write(self.out, tables, kind, &datum.view()).map_err(Fault::value),
        }
    }

    /// What `work` writes, behind its length.
    fn sized(&mut self, work: impl FnOnce(&mut Self) -> Checked) -> Checked {
        self.out.push(0);
        let start = self.out.len();
        work(self)?;
        wire::length(self.out, start);
        Ok(())
    }
}
