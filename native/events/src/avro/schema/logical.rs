//! Logical types: what the bytes of a type mean.

use super::Kind;
use super::model::{Json, Object};

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Thousandths of a second.
    Millis,
    /// Millionths.
    Micros,
    /// Billionths.
    Nanos,
}

impl Unit {
    /// Nanoseconds of one.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    /// Digits of a second that it has.
    #[must_use]
    pub const fn digits(self) -> u8 {
        match self {
            Self::Millis => 3,
            Self::Micros => 6,
            Self::Nanos => 9,
        }
    }
}

/// A logical type that is valid where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Logical {
    /// A two's complement number in bytes or a fixed.
    Decimal {
        /// Digits that it may have.
        precision: u32,
        /// How many of them stand behind the point.
        scale: u32,
    },
    /// Bytes of a number, and its scale with it.
    BigDecimal,
    /// Text, or 16 bytes.
    Uuid,
    /// Days since 1970-01-01.
    Date,
    /// Time of day.
    Time(Unit),
    /// An instant.
    Timestamp(Unit),
    /// A wall clock without a zone.
    LocalTimestamp(Unit),
    /// Months, days and milliseconds in 12 bytes.
    Duration,
}

impl Logical {
    /// Of the attributes of a type, if they are right for it.
    pub(super) fn of(kind: &Kind, attributes: &Object) -> Option<Self> {
        let logical = match attributes.get("logicalType")?.as_str()? {
            "decimal" => {
                let number = |name| attributes.get(name).and_then(Json::as_u64);
                let precision = u32::try_from(number("precision")?).ok()?;
                let scale = match attributes.get("scale") {
                    None => 0,
                    Some(scale) => u32::try_from(scale.as_u64()?).ok()?,
                };
                (0 < precision && scale <= precision).then_some(Self::Decimal { precision, scale })?
            }
            "big-decimal" => Self::BigDecimal,
            "uuid" => Self::Uuid,
            "date" => Self::Date,
            "time-millis" => Self::Time(Unit::Millis),
            "time-micros" => Self::Time(Unit::Micros),
            "timestamp-millis" => Self::Timestamp(Unit::Millis),
            "timestamp-micros" => Self::Timestamp(Unit::Micros),
            "timestamp-nanos" => Self::Timestamp(Unit::Nanos),
            "local-timestamp-millis" => Self::LocalTimestamp(Unit::Millis),
            "local-timestamp-micros" => Self::LocalTimestamp(Unit::Micros),
            "local-timestamp-nanos" => Self::LocalTimestamp(Unit::Nanos),
            "duration" => Self::Duration,
            _ => return None,
        };
        logical.stands_on(kind).then_some(logical)
    }

    fn stands_on(self, kind: &Kind) -> bool {
        match (self, kind) {
            // A fixed of n bytes holds all numbers of floor(log10(2^(8n - 1) - 1)) digits.
            (Self::Decimal { precision, .. }, Kind::Fixed(fixed)) => {
                f64::from(precision) <= ((8.0 * fixed.size as f64 - 1.0) * std::f64::consts::LOG10_2).floor()
            }
            (Self::Decimal { .. } | Self::BigDecimal, Kind::Bytes)
            | (Self::Uuid, Kind::String)
            | (Self::Date | Self::Time(Unit::Millis), Kind::Int)
            | (Self::Time(Unit::Micros) | Self::Timestamp(_) | Self::LocalTimestamp(_), Kind::Long) => true,
            (Self::Uuid, Kind::Fixed(fixed)) => fixed.size == 16,
            (Self::Duration, Kind::Fixed(fixed)) => fixed.size == 12,
            _ => false,
        }
    }

    /// What a value means that was written as one and is read as another: a reader says what kind of thing it wants, but
    /// the unit of a time and the scale of a decimal are those of the writer, or the value would be another.
    pub(crate) const fn resolve(writer: Option<Self>, reader: Option<Self>) -> Option<Self> {
        match (writer, reader) {
            (Some(writer @ Self::Decimal { .. }), Some(Self::Decimal { .. }))
            | (Some(writer @ Self::Time(_)), Some(Self::Time(_)))
            | (Some(writer @ Self::Timestamp(_)), Some(Self::Timestamp(_)))
            | (Some(writer @ Self::LocalTimestamp(_)), Some(Self::LocalTimestamp(_))) => Some(writer),
            _ => reader,
        }
    }
}
