//! Values of a known meaning.

use super::framed::Frames;
use super::meaning::{Meaning, Row};
use super::options::Absent;
use super::scalar::Scalar;
use super::unavailable::Unavailable;
use crate::iso;
use crate::json::{Cursor, Fault, Floats, Kind, Problem};
use crate::project::Unit;
use crate::{Decimal, Duplicate, Integer, Name, Sink, Temporal, Text};

/// pgjdbc's infinities, which count milliseconds or microseconds alike.
const LATEST: i64 = 9_223_372_036_825_200_000;
const EARLIEST: i64 = -9_223_372_036_832_400_000;

/// Debezium's days for PostgreSQL's infinite dates.
const LATEST_DAY: i64 = -2_147_472_692;
const EARLIEST_DAY: i64 = -2_147_472_691;

const LOST: Problem = Problem::Ambiguous(
    "Protobuf does not keep the names of types: a number may be a date, and text may be a time",
    "columns (or untyped: :as_is, to have values as Protobuf has them)",
);
const ABSENT: Problem = Problem::Ambiguous(
    "it is not in the bytes, and the schema does not say whether that is null or a zero",
    "absent (or optional.for.nullables, of the converter that writes them)",
);

/// A document, and what is needed to read its values.
pub(super) struct Reader<'a, 'o> {
    pub(super) document: &'a [u8],
    pub(super) cursor: Cursor<'a>,
    pub(super) unavailable: &'o Unavailable,
    /// What is needed for data inside the document that has a frame of its own.
    pub(super) frames: Frames<'o>,
    /// Whether what has lost its type is told as it is written.
    pub(super) as_is: bool,
    /// What is not there, and may be null or a zero.
    pub(super) absent: Absent,
    /// Whether what is said of the source stands in attributes of a CloudEvent.
    pub(super) attributes: bool,
    /// Bytes that were decoded from text.
    pub(super) made: Vec<u8>,
}

impl Reader<'_, '_> {
    /// What the document has from the cursor on.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.document.get(self.cursor.at()..).unwrap_or_default()
    }

    /// A fault of what stands at `at`.
    pub(super) const fn wrong(at: usize, text: &'static str) -> Fault {
        Fault::new(at, Problem::Type(text))
    }

    /// Ends a map of the sink.
    pub(super) fn close<S: Sink>(&self, count: usize, sink: &mut S) -> Result<(), Fault> {
        sink.end_map(count)
            .map_err(|Duplicate| Fault::new(self.cursor.at().saturating_sub(1), Problem::Duplicate))
    }

    /// Tells the value that stands here, inside so many lists and maps, as what it means.
    #[inline]
    pub(super) fn value<S: Sink>(
        &mut self,
        meaning: &Meaning,
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let kind = self.cursor.kind();
        match (kind, meaning) {
            (_, Meaning::Raw) => self.cursor.value(inside, sink),
            (_, Meaning::Absent(own)) => {
                self.certain()?;
                self.value(own, inside, sink)
            }
            (_, Meaning::Lost(own)) if self.as_is || kind == Kind::Word => self.value(own, inside, sink),
            (_, Meaning::Lost(_)) => Err(self.cursor.fault(LOST)),
            (Kind::Text, Meaning::Text) => {
                sink.text(self.cursor.text()?);
                Ok(())
            }
            (Kind::Number, Meaning::Whole) | (Kind::Word, Meaning::Boolean) => self.cursor.scalar(kind, sink),
            (Kind::Word, _) => self.null(meaning, sink),
            (Kind::Text, _) => self.text(meaning, sink),
            (Kind::Number, _) => self.number(meaning, sink),
            (Kind::List, Meaning::List(items)) => self.list(items, inside, sink),
            (Kind::Map, Meaning::Map(values)) => self.map(values, inside, sink),
            (Kind::List, Meaning::Map(values)) => self.entries(values, inside, sink),
            (Kind::List, Meaning::Pairs(pair)) => self.pairs(pair, inside, sink),
            (Kind::Map, Meaning::Row(row)) => self.structure(row, inside, sink),
            (Kind::Map, Meaning::Structured(parts)) => self.parts(*parts, inside, sink),
            (Kind::Map, Meaning::VariableDecimal) => self.variable_decimal(inside, sink),
            _ => Err(Self::wrong(self.cursor.at(), expected(meaning))),
        }
    }

    /// Refuses what stands for a field that is not there, unless an option says what that is.
    pub(super) fn certain(&self) -> Result<(), Fault> {
        match self.absent {
            Absent::Refuse if self.rest().starts_with(b"null") => Err(self.cursor.fault(ABSENT)),
            _ => Ok(()),
        }
    }

    /// `null` has no type; `true` and `false` have.
    fn null<S: Sink>(&mut self, meaning: &Meaning, sink: &mut S) -> Result<(), Fault> {
        let start = self.cursor.at();
        let mut scalar = Scalar::Other;
        self.cursor.scalar(Kind::Word, &mut scalar)?;
        if scalar != Scalar::Null {
            return Err(Self::wrong(start, expected(meaning)));
        }
        sink.null();
        Ok(())
    }

    fn number<S: Sink>(&mut self, meaning: &Meaning, sink: &mut S) -> Result<(), Fault> {
        let start = self.cursor.at();
        let mut scalar = Scalar::Other;
        if matches!(meaning, Meaning::Number | Meaning::Decimal(_)) {
            self.cursor.with_floats(Floats::Decimals, |cursor| cursor.scalar(Kind::Number, &mut scalar))?;
        } else {
            self.cursor.scalar(Kind::Number, &mut scalar)?;
        }
        match (meaning, scalar) {
            (Meaning::Real, Scalar::Real(value)) => sink.float(value),
            (Meaning::Real, Scalar::Whole(value)) => sink.float(value as f64),
            (Meaning::Number | Meaning::Decimal(_), Scalar::Decimal(value)) => sink.decimal(&value),
            (Meaning::Number | Meaning::Decimal(_), Scalar::Whole(value)) => {
                sink.decimal(&Decimal::new(Integer::Small(value), 0));
            }
            (Meaning::Number | Meaning::Decimal(_), Scalar::Big(value)) => {
                sink.decimal(&Decimal::new(value, 0))
            }
            (_, Scalar::Whole(count)) => match temporal(meaning, count) {
                Some(value) => sink.temporal(value),
                None => return Err(Self::wrong(start, expected(meaning))),
            },
            _ => return Err(Self::wrong(start, expected(meaning))),
        }
        Ok(())
    }

    fn text<S: Sink>(&mut self, meaning: &Meaning, sink: &mut S) -> Result<(), Fault> {
        let start = self.cursor.at();
        let text = self.cursor.text()?.bytes;
        let made = &mut self.made;
        let told = match meaning {
            Meaning::Bytes(encoding) => encoding.decode(text, made).map(|()| sink.bytes(Text::made(made))),
            Meaning::Decimal(scale) => super::Encoding::Base64
                .decode(text, made)
                .map(|()| sink.decimal(&Decimal::new(Integer::from_be_bytes(made), i64::from(*scale)))),
            Meaning::Bits => super::Encoding::Base64.decode(text, made).map(|()| {
                // Bits have no sign, and their least significant byte comes first.
                made.push(0);
                made.reverse();
                match Integer::from_be_bytes(made) {
                    Integer::Small(value) => sink.integer(value),
                    big => sink.big(&big),
                }
            }),
            Meaning::Number => parse(text).map(|value| sink.decimal(&value)),
            // What JSON has no numbers for: Kafka Connect writes their names.
            Meaning::Real => match parse(text) {
                Some(value @ (Decimal::NaN | Decimal::Infinity(_))) => {
                    sink.decimal(&value);
                    Some(())
                }
                _ => None,
            },
            Meaning::IsoDate => iso::date(text).map(|value| sink.temporal(value)),
            Meaning::IsoTime => iso::time(text).map(|value| sink.temporal(value)),
            Meaning::IsoNaive => iso::naive(text).map(|value| sink.temporal(value)),
            Meaning::IsoInstant => iso::instant(text).map(|value| sink.temporal(value)),
            Meaning::IsoSpan => iso::duration(text).map(|value| sink.temporal(value)),
            Meaning::EnumSet => {
                let mut count = 0;
                sink.begin_list();
                for member in text.split(|&byte| byte == b',').filter(|_| !text.is_empty()) {
                    sink.text(Text::made(member));
                    count += 1;
                }
                sink.end_list(count);
                Some(())
            }
            _ => None,
        };
        told.ok_or(Self::wrong(start, expected(meaning)))
    }

    fn list<S: Sink>(&mut self, items: &Meaning, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let mut more = self.cursor.enter(inside)?;
        let mut count = 0;
        sink.begin_list();
        while more {
            if sink.full() {
                return Err(Fault::new(self.cursor.at(), Problem::Full));
            }
            self.value(items, inside + 1, sink)?;
            count += 1;
            more = self.cursor.next_element()?;
        }
        sink.end_list(count);
        Ok(())
    }

    /// A struct inside a column, or a key: its fields are those of its schema.
    pub(super) fn structure<S: Sink>(&mut self, row: &Row, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let mut more = self.cursor.enter(inside)?;
        let mut count = 0;
        sink.begin_map();
        while more {
            let key = self.cursor.key()?;
            sink.key(key);
            let Some(meaning) = row.find(key.bytes, count) else {
                self.cursor.kind();
                return Err(Self::wrong(self.cursor.at(), "the schema has no such field"));
            };
            self.value(meaning, inside + 1, sink)?;
            count += 1;
            more = self.cursor.next_pair()?;
        }
        self.close(count, sink)
    }

    fn variable_decimal<S: Sink>(&mut self, inside: usize, sink: &mut S) -> Result<(), Fault> {
        let start = self.cursor.at();
        let (mut scale, mut unscaled) = (None, None);
        let mut more = self.cursor.enter(inside)?;
        while more {
            let (is_scale, is_value) = match self.cursor.key()?.bytes {
                b"scale" => (true, false),
                b"value" => (false, true),
                _ => (false, false),
            };
            match self.cursor.kind() {
                Kind::Number if is_scale => {
                    let mut scalar = Scalar::Other;
                    self.cursor.scalar(Kind::Number, &mut scalar)?;
                    scale = match scalar {
                        Scalar::Whole(scale) => i32::try_from(scale).ok(),
                        _ => None,
                    };
                }
                Kind::Text if is_value => {
                    let text = self.cursor.text()?.bytes;
                    unscaled = super::Encoding::Base64
                        .decode(text, &mut self.made)
                        .map(|()| Integer::from_be_bytes(&self.made));
                }
                _ => self.cursor.skip(inside + 1)?,
            }
            more = self.cursor.next_pair()?;
        }
        match (scale, unscaled) {
            (Some(scale), Some(unscaled)) => {
                sink.decimal(&Decimal::new(unscaled, i64::from(scale)));
                Ok(())
            }
            _ => Err(Self::wrong(start, "a scale and an unscaled value in base64 have to stand here")),
        }
    }

    /// Tells `unchanged`, if the placeholder for it stands here.
    #[inline]
    pub(super) fn unchanged<S: Sink>(&mut self, sink: &mut S) -> bool {
        let Some(length) = self.unavailable.length(self.rest()) else {
            return false;
        };
        self.cursor.back(self.cursor.at() + length);
        sink.name(Name::Unchanged);
        true
    }
}

fn parse(text: &[u8]) -> Option<Decimal> {
    Decimal::parse(std::str::from_utf8(text).ok()?)
}

/// Nanoseconds of a unit, and the digits of a second that it has.
pub(super) const fn unit(unit: Unit) -> (i128, u8) {
    match unit {
        Unit::Seconds => (1_000_000_000, 0),
        Unit::Millis => (1_000_000, 3),
        Unit::Micros => (1_000, 6),
        Unit::Nanos => (1, 9),
    }
}

fn temporal(meaning: &Meaning, count: i64) -> Option<Temporal> {
    let nanos = |of: Unit| i128::from(count) * unit(of).0;
    Some(match *meaning {
        Meaning::Date if count == LATEST_DAY => Temporal::Infinity,
        Meaning::Date if count == EARLIEST_DAY => Temporal::MinusInfinity,
        Meaning::Date => Temporal::Date(count),
        Meaning::Time(of) => Temporal::Time(i64::try_from(nanos(of)).ok()?, unit(of).1),
        Meaning::Naive(of) => match infinity(of, count) {
            Some(infinity) => infinity,
            None => Temporal::Naive(nanos(of), unit(of).1),
        },
        Meaning::Instant(of) => match infinity(of, count) {
            Some(infinity) => infinity,
            None => Temporal::Instant(nanos(of), unit(of).1),
        },
        Meaning::Span(of) => Temporal::Duration { months: 0, days: 0, nanos: nanos(of) },
        _ => return None,
    })
}

/// What stands for PostgreSQL's infinities in a count.
const fn infinity(unit: Unit, count: i64) -> Option<Temporal> {
    match (unit, count) {
        (Unit::Millis | Unit::Micros, LATEST) | (Unit::Nanos, i64::MAX) => Some(Temporal::Infinity),
        (Unit::Millis | Unit::Micros, EARLIEST) | (Unit::Nanos, i64::MIN) => Some(Temporal::MinusInfinity),
        _ => None,
    }
}

const fn expected(meaning: &Meaning) -> &'static str {
    match meaning {
        Meaning::Raw => "anything",
        Meaning::Text => "text has to stand here",
        Meaning::Boolean => "true or false has to stand here",
        Meaning::Whole => "a whole number has to stand here",
        Meaning::Real => "a number has to stand here",
        Meaning::Number => "a number, or text that holds one, has to stand here",
        Meaning::Bytes(super::Encoding::Base64) => "bytes in base64 have to stand here",
        Meaning::Bytes(super::Encoding::Base64Url) => "bytes in base64 for URLs have to stand here",
        Meaning::Bytes(super::Encoding::Hex) => "bytes in hexadecimal have to stand here",
        Meaning::Decimal(_) => "an unscaled number in base64 has to stand here",
        Meaning::VariableDecimal => "a scale and an unscaled value have to stand here",
        Meaning::Date => "days since 1970 have to stand here",
        Meaning::Time(_) => "a whole number, the time of day, has to stand here",
        Meaning::Naive(_) | Meaning::Instant(_) => "a whole number, the time since 1970, has to stand here",
        Meaning::Span(_) => "a whole number, a span of time, has to stand here",
        Meaning::IsoDate => "a date such as 2024-02-29 has to stand here",
        Meaning::IsoTime => "a time such as 10:15:30 has to stand here",
        Meaning::IsoNaive => "a date and time such as 2024-02-29T10:15:30 has to stand here",
        Meaning::IsoInstant => "a date and time such as 2024-02-29T10:15:30Z has to stand here",
        Meaning::IsoSpan => "a span such as P1Y2M3DT4H5M6S has to stand here",
        Meaning::Bits => "bits in base64 have to stand here",
        Meaning::EnumSet => "names with commas between them have to stand here",
        Meaning::Structured(_) => "the parts of a date or time have to stand here",
        Meaning::List(_) => "a list has to stand here",
        Meaning::Pairs(_) => "a list of pairs has to stand here",
        Meaning::Map(_) | Meaning::Row(_) => "a map has to stand here",
        Meaning::Lost(own) | Meaning::Absent(own) => expected(own),
    }
}
