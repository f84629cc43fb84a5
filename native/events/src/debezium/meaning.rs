//! What a value of a certain schema means: the semantic types of Debezium and Kafka Connect.

use super::binary::Encoding;
use crate::project::Unit;

/// How the JSON of a column is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Meaning {
    /// As JSON has it.
    Raw,
    /// A string.
    Text,
    /// True or false.
    Boolean,
    /// A whole number.
    Whole,
    /// A floating point number.
    Real,
    /// A number, or text that holds one, with all its digits: `decimal.handling.mode` `string`.
    Number,
    /// Bytes as text.
    Bytes(Encoding),
    /// Base64 of an unscaled number, most significant byte first, with this scale: `org.apache.kafka.connect.data.Decimal`.
    Decimal(i32),
    /// The same with a scale of its own in each value: `io.debezium.data.VariableScaleDecimal`.
    VariableDecimal,
    /// Days since 1970-01-01.
    Date,
    /// Time of day, in such units since midnight.
    Time(Unit),
    /// A wall clock without a zone, in such units since 1970-01-01.
    Naive(Unit),
    /// An instant, in such units since 1970-01-01 UTC.
    Instant(Unit),
    /// A span of so many units.
    Span(Unit),
    /// `2024-02-29`
    IsoDate,
    /// `10:15:30.5`; with a zone, it is told in UTC.
    IsoTime,
    /// `2024-02-29T10:15:30.5`
    IsoNaive,
    /// `2024-02-29T10:15:30.5+01:00`
    IsoInstant,
    /// `P1Y2M3DT4H5M6.78S`
    IsoSpan,
    /// Base64 of bits, least significant byte first: `io.debezium.data.Bits`, told as a whole number.
    Bits,
    /// Names with commas between them: `io.debezium.data.EnumSet`, told as a list.
    EnumSet,
    /// A struct with the parts of a date or time: `io.debezium.time.Structured*`.
    Structured(Structured),
    /// A list of these.
    List(Box<Self>),
    /// A map from text to these.
    Map(Box<Self>),
    /// A list of pairs: a map whose keys are no text.
    Pairs(Box<(Self, Self)>),
    /// A struct.
    Row(Box<Row>),
    /// What is written so, and may be one of several: Protobuf does not keep the names of types.
    Lost(Box<Self>),
    /// What may be nothing or a zero if it is not there, and Protobuf does not say which.
    Absent(Box<Self>),
}

/// Which parts a structured date or time has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structured {
    /// Year, month, day.
    Date,
    /// Hour, minute, second.
    Time,
    /// Both.
    Naive,
    /// Hour, minute, second, offset.
    ZonedTime,
    /// All of them.
    Instant,
    /// Years to seconds, each on its own.
    Span,
}

/// The fields of a struct, in the order of its schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Names and meanings.
    fields: Vec<(Box<str>, Meaning)>,
    /// Their places in the order of the names: a document may have a thousand of them, and none where the schema has it.
    by_name: Vec<u32>,
}

impl Row {
    /// Of names and meanings.
    #[must_use]
    pub fn new(fields: Vec<(Box<str>, Meaning)>) -> Self {
        let mut by_name: Vec<u32> = (0..fields.len() as u32).collect();
        by_name.sort_by_key(|&place| &fields[place as usize].0);
        Self { fields, by_name }
    }

    /// The field of this name. `guess` is where it stands if the document keeps the order of the schema.
    #[inline]
    pub(super) fn find(&self, name: &[u8], guess: usize) -> Option<&Meaning> {
        match self.fields.get(guess) {
            Some((own, meaning)) if own.as_bytes() == name => Some(meaning),
            _ => self.search(name),
        }
    }

    fn search(&self, name: &[u8]) -> Option<&Meaning> {
        let of = |place: u32| &self.fields[place as usize];
        let first = self.by_name.partition_point(|&place| of(place).0.as_bytes() < name);
        let (own, meaning) = of(*self.by_name.get(first)?);
        (own.as_bytes() == name).then_some(meaning)
    }
}

impl Meaning {
    /// What it is written as.
    pub(super) fn plain(&self) -> &Self {
        match self {
            Self::Lost(own) | Self::Absent(own) => own.plain(),
            _ => self,
        }
    }

    /// The same without doubt of its type: it has no name to lose.
    pub(super) fn without_doubt(self) -> Self {
        match self {
            Self::Lost(own) => *own,
            Self::Absent(own) => Self::Absent(Box::new(own.without_doubt())),
            _ => self,
        }
    }

    /// Whether Protobuf has lost some of what it means.
    pub(super) fn is_lossy(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Absent(_) => true,
            Self::List(items) | Self::Map(items) => items.is_lossy(),
            Self::Pairs(pair) => pair.0.is_lossy() || pair.1.is_lossy(),
            Self::Row(row) => row.fields.iter().any(|(_, field)| field.is_lossy()),
            _ => false,
        }
    }

    /// What a name of a schema says. `None` for a name that says nothing beyond its type.
    pub(super) fn of_name(name: &str, scale: Option<i32>) -> Option<Self> {
        let own = name.strip_prefix("io.debezium.");
        let Some(own) = own else {
            return Some(match name.strip_prefix("org.apache.kafka.connect.data.")? {
                "Date" => Self::Date,
                "Time" => Self::Time(Unit::Millis),
                "Timestamp" => Self::Naive(Unit::Millis),
                "Decimal" => Self::Decimal(scale?),
                _ => return None,
            });
        };
        Some(match own {
            "time.Date" => Self::Date,
            "time.Time" => Self::Time(Unit::Millis),
            "time.MicroTime" => Self::Time(Unit::Micros),
            "time.NanoTime" => Self::Time(Unit::Nanos),
            "time.Timestamp" => Self::Naive(Unit::Millis),
            "time.MicroTimestamp" => Self::Naive(Unit::Micros),
            "time.NanoTimestamp" => Self::Naive(Unit::Nanos),
            "time.MicroDuration" => Self::Span(Unit::Micros),
            "time.NanoDuration" => Self::Span(Unit::Nanos),
            "time.ZonedTimestamp" => Self::IsoInstant,
            "time.ZonedTime" | "time.IsoTime" => Self::IsoTime,
            "time.IsoDate" => Self::IsoDate,
            "time.IsoTimestamp" => Self::IsoNaive,
            "time.Interval" => Self::IsoSpan,
            "data.VariableScaleDecimal" => Self::VariableDecimal,
            "data.Bits" => Self::Bits,
            "data.EnumSet" => Self::EnumSet,
            _ => Self::Structured(Structured::of_name(own.strip_prefix("time.Structured")?)?),
        })
    }
}

impl Structured {
    /// Names may go on with the precision of their column.
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            _ if name.starts_with("ZonedTimestamp") => Self::Instant,
            _ if name.starts_with("ZonedTime") => Self::ZonedTime,
            _ if name.starts_with("Timestamp") => Self::Naive,
            _ if name.starts_with("Time") => Self::Time,
            _ if name.starts_with("Date") => Self::Date,
            _ if name.starts_with("Duration") => Self::Span,
            _ => return None,
        })
    }
}
