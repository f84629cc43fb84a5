//! Dates and times in parts: `time.precision.mode` `structured`.
//!
//! What no calendar has (month 0 of MySQL, picoseconds) is told as the parts it came in: nothing is rounded.

use super::meaning::Structured;
use super::reader::Reader;
use super::scalar::Scalar;
use crate::iso;
use crate::json::{Fault, Kind};
use crate::{Sink, Temporal};

const SECOND: i128 = 1_000_000_000;

#[derive(Default)]
struct Parts {
    /// Year, month, day, hour, minute, second.
    calendar: [Option<i64>; 6],
    nanos: Option<i64>,
    picos: Option<i64>,
    offset: Option<i64>,
    precision: Option<i64>,
    special: Option<Temporal>,
}

impl Parts {
    fn part(&mut self, key: &[u8]) -> Option<&mut Option<i64>> {
        let place = match key {
            b"year" | b"years" => 0,
            b"month" | b"months" => 1,
            b"day" | b"days" => 2,
            b"hour" | b"hours" => 3,
            b"minute" | b"minutes" => 4,
            b"second" | b"seconds" => 5,
            b"nanos" => return Some(&mut self.nanos),
            b"picoseconds" => return Some(&mut self.picos),
            b"offsetSeconds" => return Some(&mut self.offset),
            b"precision" => return Some(&mut self.precision),
            _ => return None,
        };
        self.calendar.get_mut(place)
    }

    /// Nanoseconds below a second. `None` if there are parts of one.
    fn fraction(&self) -> Option<i64> {
        match (self.picos, self.nanos) {
            (Some(picos), _) => (picos % 1_000 == 0).then_some(picos / 1_000),
            (None, nanos) => Some(nanos.unwrap_or(0)),
        }
    }

    fn digits(&self) -> u8 {
        self.precision.and_then(|digits| u8::try_from(digits).ok()).unwrap_or(9).min(9)
    }

    fn days(&self) -> Option<i64> {
        let [year, month, day, ..] = self.calendar;
        iso::days(year?, month?, day?)
    }

    fn time(&self) -> Option<i64> {
        let [.., hour, minute, second] = self.calendar;
        let (hour, minute, second, fraction) = (hour?, minute?, second?, self.fraction()?);
        let real = (0..=24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..1_000_000_000).contains(&fraction);
        let nanos = real.then(|| ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction)?;
        (nanos <= 86_400_000_000_000).then_some(nanos)
    }

    fn moment(&self) -> Option<i128> {
        Some(i128::from(self.days()?) * 86_400 * SECOND + i128::from(self.time()?))
    }

    fn span(&self) -> Option<Temporal> {
        let [years, months, days, hours, minutes, seconds] = self.calendar.map(|part| part.unwrap_or(0));
        let seconds = (i128::from(hours) * 60 + i128::from(minutes)) * 60 + i128::from(seconds);
        let months = years.checked_mul(12)?.checked_add(months)?;
        Some(Temporal::Duration { months, days, nanos: seconds * SECOND + i128::from(self.fraction()?) })
    }

    fn temporal(&self, kind: Structured) -> Option<Temporal> {
        if self.special.is_some() {
            return self.special;
        }
        let digits = self.digits();
        Some(match kind {
            Structured::Date => Temporal::Date(self.days()?),
            Structured::Time => Temporal::Time(self.time()?, digits),
            Structured::Naive => Temporal::Naive(self.moment()?, digits),
            Structured::ZonedTime => {
                let utc = i128::from(self.time()?) - i128::from(self.offset?) * SECOND;
                Temporal::Time(i64::try_from(utc.rem_euclid(86_400 * SECOND)).ok()?, digits)
            }
            Structured::Instant => {
                Temporal::Instant(self.moment()? - i128::from(self.offset?) * SECOND, digits)
            }
            Structured::Span => self.span()?,
        })
    }
}

impl Reader<'_, '_> {
    /// Tells the date or time whose parts stand here; as a map, if it is none.
    pub(super) fn parts<S: Sink>(
        &mut self,
        kind: Structured,
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let start = self.cursor.at();
        let mut parts = Parts::default();
        let mut more = self.cursor.enter(inside)?;
        while more {
            let key = self.cursor.key()?.bytes;
            let special = key == b"specialValue";
            let part = parts.part(key);
            match self.cursor.kind() {
                Kind::Text if special => {
                    parts.special = match self.cursor.text()?.bytes {
                        b"POSITIVE_INFINITY" => Some(Temporal::Infinity),
                        b"NEGATIVE_INFINITY" => Some(Temporal::MinusInfinity),
                        _ => None,
                    }
                }
                Kind::Number => {
                    let mut scalar = Scalar::Other;
                    self.cursor.scalar(Kind::Number, &mut scalar)?;
                    if let (Some(part), Scalar::Whole(value)) = (part, scalar) {
                        *part = Some(value);
                    }
                }
                _ => self.cursor.skip(inside + 1)?,
            }
            more = self.cursor.next_pair()?;
        }
        if let Some(value) = parts.temporal(kind) {
            sink.temporal(value);
            return Ok(());
        }
        self.cursor.back(start);
        self.cursor.value(inside, sink)
    }
}
