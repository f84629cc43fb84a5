//! Messages that mean something more than their fields.

use num_bigint::BigInt;

use super::encoder::Encoder;
use super::{scalar, wire};
use crate::fault::{Checked, Fault};
use crate::iso::civil;
use crate::protobuf::plan::{Kind, Label, Message, Shape, Wire};
use crate::{Datum, Decimal, Temporal, View};

const SECOND: i128 = 1_000_000_000;
/// The last second and the first of the years 1 to 9999, which a timestamp may be of.
const YEARS: std::ops::RangeInclusive<i128> = -62_135_596_800..=253_402_300_799;

impl<'t> Encoder<'t, '_> {
    /// `google.protobuf.Value`: the field that takes the value.
    pub(super) fn choice<'a, D: Datum<'a>>(
        &mut self,
        message: &'t Message,
        view: &View<'_>,
        datum: D,
    ) -> Checked {
        let takes = |kind: Kind| match view {
            View::Null => kind == Kind::Null,
            View::Boolean(_) => kind == Kind::Bool,
            View::Integer(_) | View::Float(_) => kind == Kind::Double,
            View::Text(_) | View::Binary(_) | View::Latin(_) => matches!(kind, Kind::Text(_)),
            View::Map(_) | View::List(_) => {
                let label = if matches!(view, View::Map(_)) { Label::Map } else { Label::List(false) };
                let only = kind.message().and_then(|of| self.tables.messages[of as usize].fields.first());
                only.is_some_and(|field| field.label == label)
            }
            _ => false,
        };
        match message.fields.iter().find(|field| takes(field.kind)) {
            Some(field) => self.field(field, datum),
            None => Err(Fault::value(format!("{} is nothing that JSON has", view.word()))),
        }
    }

    /// A time, a span, a date or a decimal.
    pub(super) fn known(&mut self, shape: Shape, name: &str, view: &View<'_>) -> Checked {
        match (shape, view) {
            (Shape::Timestamp, View::Temporal(Temporal::Instant(nanos, _))) => {
                let (seconds, nanos) = (nanos.div_euclid(SECOND), nanos.rem_euclid(SECOND));
                if !YEARS.contains(&seconds) {
                    return Err(Fault::value("a timestamp is of the years 1 to 9999"));
                }
                self.parts(&[seconds as i64, nanos as i64]);
            }
            (Shape::Duration, View::Temporal(Temporal::Duration { months: 0, days: 0, nanos })) => {
                let seconds = i64::try_from(nanos / SECOND)
                    .map_err(|_| Fault::value("a duration of more than 64 bits of seconds"))?;
                self.parts(&[seconds, (nanos % SECOND) as i64]);
            }
            (Shape::Date, View::Temporal(Temporal::Date(days))) => {
                let (year, month, day) = civil(*days)
                    .filter(|(year, _, _)| (1..=9_999).contains(year))
                    .ok_or_else(|| Fault::value("a date is of the years 1 to 9999"))?;
                self.parts(&[year, month, day]);
            }
            (Shape::TimeOfDay, View::Temporal(Temporal::Time(nanos, _))) => {
                let (seconds, nanos) = (nanos / SECOND as i64, nanos % SECOND as i64);
                self.parts(&[seconds / 3_600, seconds / 60 % 60, seconds % 60, nanos]);
            }
            (Shape::Decimal, View::Decimal(number)) => self.decimal(number)?,
            (_, view) => return Err(Fault::value(format!("{} is no {name}", view.word()))),
        }
        Ok(())
    }

    /// Whole numbers as the fields 1, 2 and so on.
    fn parts(&mut self, parts: &[i64]) {
        for (number, part) in (1..).zip(parts).filter(|(_, part)| **part != 0) {
            wire::tag(self.out, number, Wire::Varint);
            wire::varint(self.out, *part as u64);
        }
    }

    fn decimal(&mut self, number: &Decimal) -> Checked {
        let Decimal::Finite { coefficient, exponent, .. } = number else {
            return Err(Fault::value("NaN and infinity are no confluent.type.Decimal"));
        };
        let scale =
            i32::try_from(exponent.saturating_neg()).map_err(|_| Fault::value("a scale beyond 32 bits"))?;
        let unscaled: BigInt = coefficient.to_big();
        let precision = unscaled.magnitude().to_string().len() as i64;
        wire::tag(self.out, 1, Wire::Sized);
        let bytes = unscaled.to_signed_bytes_be();
        scalar::write(self.out, self.tables, Kind::Bytes, &View::Bytes(&bytes)).map_err(Fault::value)?;
        wire::tag(self.out, 2, Wire::Varint);
        wire::varint(self.out, precision as u64);
        if scale != 0 {
            wire::tag(self.out, 3, Wire::Varint);
            wire::varint(self.out, i64::from(scale) as u64);
        }
        Ok(())
    }
}
