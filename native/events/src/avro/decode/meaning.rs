//! Logical types.

use super::Run;
use crate::avro::malformed;
use crate::avro::plan::Source;
use crate::avro::schema::{Logical, Unit};
use crate::fault::Checked;
use crate::{Decimal, Integer, Sink, Temporal, Text};

const DAY: i64 = 86_400_000_000_000;

impl<'a, S: Sink> Run<'a, S> {
    #[inline(never)]
    pub(super) fn meaning(&mut self, source: Source, logical: Logical) -> Checked {
        let start = self.at;
        match logical {
            Logical::Date => {
                let days = self.whole(source)?;
                self.sink.temporal(Temporal::Date(days));
            }
            Logical::Time(unit) => {
                let count = self.whole(source)?;
                let nanos = count.checked_mul(unit.nanos()).filter(|nanos| (0..=DAY).contains(nanos));
                let nanos = nanos.ok_or_else(|| malformed(start, format!("{count} is no time of day")))?;
                self.sink.temporal(Temporal::Time(nanos, unit.digits()));
            }
            Logical::Timestamp(unit) => {
                let nanos = self.nanos(source, unit)?;
                self.sink.temporal(Temporal::Instant(nanos, unit.digits()));
            }
            Logical::LocalTimestamp(unit) => {
                let nanos = self.nanos(source, unit)?;
                self.sink.temporal(Temporal::Naive(nanos, unit.digits()));
            }
            Logical::Decimal { scale, .. } => {
                let bytes = self.binary(source)?;
                let unscaled = self.unscaled(bytes)?;
                self.sink.decimal(&Decimal::new(unscaled, i64::from(scale)));
            }
            Logical::BigDecimal => {
                let bytes = self.binary(source)?;
                self.big_decimal(bytes)?;
            }
            Logical::Duration => {
                let bytes = self.binary(source)?;
                let part = |place: usize| {
                    let four = bytes.get(place..).and_then(|rest| rest.first_chunk::<4>());
                    i64::from(four.map_or(0, |four| u32::from_le_bytes(*four)))
                };
                let (months, days, nanos) = (part(0), part(4), i128::from(part(8)) * 1_000_000);
                self.sink.temporal(Temporal::Duration { months, days, nanos });
            }
            Logical::Uuid => {
                let bytes = self.binary(source)?;
                match <[u8; 16]>::try_from(bytes) {
                    Ok(bytes) => self.sink.text(Text::made(&uuid(bytes))),
                    Err(_) => self.sink.bytes(Text::at(bytes, self.at - bytes.len())),
                }
            }
        }
        Ok(())
    }

    fn nanos(&mut self, source: Source, unit: Unit) -> Checked<i128> {
        Ok(i128::from(self.whole(source)?) * i128::from(unit.nanos()))
    }

    fn binary(&mut self, source: Source) -> Checked<&'a [u8]> {
        match source {
            Source::Fixed(size) => self.take(size as usize),
            _ => self.sized(),
        }
    }

    /// A digit takes more than three bits, so what passes has no more digits than are allowed, and some that has is refused.
    fn unscaled(&self, bytes: &[u8]) -> Checked<Integer> {
        if bytes.len() > 8 && bytes.len() * 8 > self.limits.digits.saturating_mul(3) {
            return Err(self.limit("digits", self.limits.digits));
        }
        Ok(Integer::from_be_bytes(bytes))
    }

    /// Bytes in the bytes: those of the number, and its scale.
    fn big_decimal(&mut self, bytes: &'a [u8]) -> Checked {
        let start = self.at - bytes.len();
        let mut nobody = ();
        let mut inner = Run::new(self.tables, bytes, self.limits, &mut nobody);
        let read = inner.sized().and_then(|number| Ok((number, inner.int()?)));
        let whole = inner.at() == bytes.len();
        match read {
            Ok((number, scale)) if whole => {
                let unscaled = self.unscaled(number)?;
                self.sink.decimal(&Decimal::new(unscaled, i64::from(scale)));
                Ok(())
            }
            _ => Err(malformed(start, "a big-decimal is no number and scale")),
        }
    }
}

/// Digits in five groups.
fn uuid(bytes: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (mut text, mut at) = ([b'-'; 36], 0);
    for (place, byte) in bytes.into_iter().enumerate() {
        at += usize::from(matches!(place, 4 | 6 | 8 | 10));
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    text
}
