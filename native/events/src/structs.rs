//! Dates, times and instants as the structs that Elixir has for them, for those who build terms.
//!
//! What they cannot hold (years beyond 9999, nanoseconds, 24:00, spans, infinity) is an `Outrigger.Events.Moment` with its
//! exact value: nothing is rounded.

use crate::{Name, Temporal};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;
/// Days of the years that Elixir's calendar has: -9999-01-01 to 9999-12-31.
const DAYS: std::ops::RangeInclusive<i128> = -4_371_587..=2_932_896;
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

/// Puts the fields of the struct that a value is on the BEAM, and says the struct's name.
///
/// ```
/// use outrigger_events::structs::{Field, fields};
/// use outrigger_events::{Name, Temporal};
///
/// let mut date = Vec::new();
/// assert_eq!(fields(Temporal::Date(19_782), |name, field| date.push((name, field))), Name::Date);
/// assert_eq!(date[1..], [(Name::Year, Field::Integer(2024)), (Name::Month, Field::Integer(2)), (Name::Day, Field::Integer(29))]);
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
    let (name, days, clock, zone) = match value {
        Temporal::Date(days) => (Name::Date, Some(date(days.into())?), None, false),
        Temporal::Time(nanos, digits) => (Name::Time, None, Some(time(nanos.into(), digits)?), false),
        Temporal::Naive(nanos, digits) | Temporal::Instant(nanos, digits) => {
            let (days, of_day) = (nanos.div_euclid(NANOS_PER_DAY), nanos.rem_euclid(NANOS_PER_DAY));
            let zone = matches!(value, Temporal::Instant(..));
            let name = if zone { Name::DateTime } else { Name::NaiveDateTime };
            (name, Some(date(days)?), Some(time(of_day, digits)?), zone)
        }
        Temporal::Duration { .. } | Temporal::Infinity | Temporal::MinusInfinity => return None,
    };
    put(Name::Calendar, Field::Name(Name::CalendarIso));
    if let Some(days) = days {
        days.into_iter().for_each(|(name, field)| put(name, field));
    }
    if let Some(clock) = clock {
        clock.into_iter().for_each(|(name, field)| put(name, field));
    }
    if zone {
        put(Name::TimeZone, Field::Text("Etc/UTC"));
        put(Name::ZoneAbbr, Field::Text("UTC"));
        put(Name::UtcOffset, Field::Integer(0));
        put(Name::StdOffset, Field::Integer(0));
    }
    Some(name)
}

/// The civil date of a day (Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
#[inline]
fn date(days: i128) -> Option<[(Name, Field); 3]> {
    if !DAYS.contains(&days) {
        return None;
    }
    let days = i64::try_from(days).ok()? + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some([(Name::Year, year), (Name::Month, month), (Name::Day, day)].map(whole))
}

#[inline]
fn time(nanos: i128, digits: u8) -> Option<[(Name, Field); 4]> {
    if !(0..NANOS_PER_DAY).contains(&nanos) || nanos % 1_000 != 0 {
        return None;
    }
    let micros = i64::try_from(nanos / 1_000).ok()?;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let clock =
        [(Name::Hour, seconds / 3_600), (Name::Minute, seconds / 60 % 60), (Name::Second, seconds % 60)];
    let [hour, minute, second] = clock.map(whole);
    Some([hour, minute, second, (Name::Microsecond, Field::Pair(fraction, i64::from(digits.min(6))))])
}

fn whole((name, value): (Name, i64)) -> (Name, Field) {
    (name, Field::Integer(value))
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
