//! Options by the names that the package has for them.

use super::binary::Encoding;
use super::meaning::Meaning;
use super::options::{Absent, Shape};
use crate::project::Unit;

impl Shape {
    /// By its name: `auto`, `envelope`, `row`, `outbox`, `cloud_event`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "auto" => Self::Auto,
            "envelope" => Self::Envelope,
            "row" => Self::Row,
            "outbox" => Self::Outbox,
            "cloud_event" => Self::CloudEvent,
            _ => return None,
        })
    }
}

impl Absent {
    /// By its name: `error`, `null`, `zero`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "error" => Self::Refuse,
            "null" => Self::Null,
            "zero" => Self::Zero,
            _ => return None,
        })
    }
}

impl Encoding {
    /// By its name: `base64`, `base64_url`, `hex`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "base64" => Self::Base64,
            "base64_url" => Self::Base64Url,
            "hex" => Self::Hex,
            _ => return None,
        })
    }
}

impl Meaning {
    /// By its name, and the scale or unit (0, 3, 6 or 9 digits of a second) where it has one. Bytes go by the name of their encoding.
    #[must_use]
    pub fn named(name: &str, detail: i32) -> Option<Self> {
        let unit = || match detail {
            0 => Unit::Seconds,
            3 => Unit::Millis,
            6 => Unit::Micros,
            _ => Unit::Nanos,
        };
        Some(match name {
            "as_is" => Self::Raw,
            "string" => Self::Text,
            "boolean" => Self::Boolean,
            "integer" => Self::Whole,
            "float" => Self::Real,
            "decimal" => Self::Number,
            "unscaled" => Self::Decimal(detail),
            "variable_decimal" => Self::VariableDecimal,
            "date" => Self::Date,
            "time" => Self::Time(unit()),
            "naive" => Self::Naive(unit()),
            "instant" => Self::Instant(unit()),
            "duration" => Self::Span(unit()),
            "iso_date" => Self::IsoDate,
            "iso_time" => Self::IsoTime,
            "iso_naive" => Self::IsoNaive,
            "iso_instant" => Self::IsoInstant,
            "iso_duration" => Self::IsoSpan,
            "bits" => Self::Bits,
            "enum_set" => Self::EnumSet,
            _ => Self::Bytes(Encoding::named(name)?),
        })
    }
}
