//! Dates, times and instants as the structs that Elixir has for them, for those who build terms.
//!
//! What they cannot hold (years beyond 9999, nanoseconds, 24:00, spans, infinity) is an `Outrigger.Events.Moment` with its
//! exact value: nothing is rounded.

use crate::{Name, Temporal};

const NANOS_PER_DAY: i64 = 86_400_000_000_000;
/// Days of the years that Elixir's calendar has: -9999-01-01 to 9999-12-31.
const DAYS: std::ops::RangeInclusive<i64> = -4_371_587..=2_932_896;
/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `nil`
    Nil,
    /// An atom of ours.
    Name(Name),
    /// A string.
    Text(&'static str),
    /// A whole number.
    Integer(i64),
    /// A whole number that may be larger.
    Wide(i128),
    /// A tuple of two.
    Pair(i64, i64),
    /// A tuple of months, days and nanoseconds.
    Span(i64, i64, i128),
}

/// The most fields that one of these structs has, its name aside.
pub const MOST: usize = 12;

/// Puts the fields of the struct that a value is on the BEAM in the order of their names, and says the struct's name.
///
/// A VM that has its maps sorted compares each name with the one before it, and moves none.
///
/// ```
/// use outrigger_events::structs::{Field, fields};
/// use outrigger_events::{Name, Temporal};
///
/// let mut date = Vec::new();
/// assert_eq!(fields(Temporal::Date(19_782), |name, field| date.push((name, field))), Name::Date);
/// assert_eq!(date[1..], [(Name::Day, Field::Integer(29)), (Name::Month, Field::Integer(2)), (Name::Year, Field::Integer(2024))]);
/// ```
#[inline]
pub fn fields(value: Temporal, mut put: impl FnMut(Name, Field)) -> Name {
    let name = calendar(value, &mut put);
    name.unwrap_or_else(|| {
        moment(value).into_iter().for_each(|(name, field)| put(name, field));
        Name::Moment
    })
}

/// Puts nothing if Elixir's own structs cannot hold it.
#[inline]
fn calendar(value: Temporal, put: &mut impl FnMut(Name, Field)) -> Option<Name> {
    let (name, date, clock, zone) = match value {
        Temporal::Date(days) => (Name::Date, Some(Date::of(days)?), None, false),
        Temporal::Time(nanos, digits) => (Name::Time, None, Some(Clock::of(nanos, digits)?), false),
        Temporal::Naive(nanos, digits) | Temporal::Instant(nanos, digits) => {
            let (days, of_day) = split(nanos)?;
            let zone = matches!(value, Temporal::Instant(..));
            let name = if zone { Name::DateTime } else { Name::NaiveDateTime };
            (name, Some(Date::of(days)?), Some(Clock::of(of_day, digits)?), zone)
        }
        Temporal::Duration { .. } | Temporal::Infinity | Temporal::MinusInfinity => return None,
    };
    put(Name::Calendar, Field::Name(Name::CalendarIso));
    if let Some(date) = &date {
        put(Name::Day, Field::Integer(date.day));
    }
    if let Some(clock) = &clock {
        put(Name::Hour, Field::Integer(clock.hour));
        put(Name::Microsecond, Field::Pair(clock.micros, clock.digits));
        put(Name::Minute, Field::Integer(clock.minute));
    }
    if let Some(date) = &date {
        put(Name::Month, Field::Integer(date.month));
    }
    if let Some(clock) = &clock {
        put(Name::Second, Field::Integer(clock.second));
    }
    if zone {
        put(Name::StdOffset, Field::Integer(0));
        put(Name::TimeZone, Field::Text("Etc/UTC"));
        put(Name::UtcOffset, Field::Integer(0));
    }
    if let Some(date) = &date {
        put(Name::Year, Field::Integer(date.year));
    }
    if zone {
        put(Name::ZoneAbbr, Field::Text("UTC"));
    }
    Some(name)
}

/// Days since 1970, and the nanoseconds of the last one. Nearly all are of 64 bits, and dividing 128 takes ten times as long.
#[inline]
fn split(nanos: i128) -> Option<(i64, i64)> {
    if let Ok(nanos) = i64::try_from(nanos) {
        return Some((nanos.div_euclid(NANOS_PER_DAY), nanos.rem_euclid(NANOS_PER_DAY)));
    }
    let day = i128::from(NANOS_PER_DAY);
    Some((i64::try_from(nanos.div_euclid(day)).ok()?, i64::try_from(nanos.rem_euclid(day)).ok()?))
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// The civil date of a day (Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
    #[inline]
    fn of(days: i64) -> Option<Self> {
        if !DAYS.contains(&days) {
            return None;
        }
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        Some(Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day })
    }
}

struct Clock {
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    digits: i64,
}

impl Clock {
    #[inline]
    fn of(nanos: i64, digits: u8) -> Option<Self> {
        if !(0..NANOS_PER_DAY).contains(&nanos) || nanos % 1_000 != 0 {
            return None;
        }
        let (seconds, micros) = (nanos / 1_000_000_000, nanos / 1_000 % 1_000_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        Some(Self { hour, minute, second, micros, digits: i64::from(digits.min(6)) })
    }
}

#[cold]
fn moment(value: Temporal) -> [(Name, Field); 2] {
    let (kind, value) = match value {
        Temporal::Date(days) => (Name::KindDate, Field::Integer(days)),
        Temporal::Time(nanos, _) => (Name::KindTime, Field::Integer(nanos)),
        Temporal::Naive(nanos, _) => (Name::KindNaive, Field::Wide(nanos)),
        Temporal::Instant(nanos, _) => (Name::KindInstant, Field::Wide(nanos)),
        Temporal::Duration { months, days, nanos } => (Name::KindDuration, Field::Span(months, days, nanos)),
        Temporal::Infinity => (Name::KindInfinity, Field::Nil),
        Temporal::MinusInfinity => (Name::KindMinusInfinity, Field::Nil),
    };
    [(Name::Kind, Field::Name(kind)), (Name::Value, value)]
}
