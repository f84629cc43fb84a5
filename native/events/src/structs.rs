//! Dates, times and instants as the structs that Elixir has for them, for those who build terms.
//!
//! What they cannot hold (years beyond 9999, nanoseconds, 24:00, spans, infinity) is an `Outrigger.Events.Moment` with its
//! exact value: nothing is rounded.

use crate::{Name, Temporal};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;
/// Days of the years that Elixir's calendar has: -9999-01-01 to 9999-12-31.
const DAYS: std::ops::RangeInclusive<i128> = -4_371_587..=2_932_896;
/// Fields of the largest of these structs.
const MOST: usize = 12;

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
    Integer(i128),
    /// A tuple of two.
    Pair(i64, i64),
    /// A tuple of months, days and nanoseconds.
    Span(i64, i64, i128),
}

/// A struct and its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struct {
    /// Its name.
    pub name: Name,
    fields: [(Name, Field); MOST],
    count: usize,
}

impl Struct {
    /// What it is on the BEAM.
    ///
    /// ```
    /// use outrigger_events::structs::{Field, Struct};
    /// use outrigger_events::{Name, Temporal};
    ///
    /// let date = Struct::of(Temporal::Date(19_782));
    /// assert_eq!(date.name, Name::Date);
    /// assert_eq!(date.fields()[1..], [(Name::Year, Field::Integer(2024)), (Name::Month, Field::Integer(2)), (Name::Day, Field::Integer(29))]);
    /// ```
    #[must_use]
    #[inline]
    pub fn of(value: Temporal) -> Self {
        calendar(value).unwrap_or_else(|| moment(value))
    }

    /// Its fields.
    #[must_use]
    pub fn fields(&self) -> &[(Name, Field)] {
        &self.fields[..self.count]
    }

    const fn new(name: Name) -> Self {
        Self { name, fields: [(Name::Struct, Field::Nil); MOST], count: 0 }
    }

    #[inline]
    fn with<const N: usize>(mut self, fields: [(Name, Field); N]) -> Self {
        for field in fields {
            self.fields[self.count] = field;
            self.count += 1;
        }
        self
    }
}

#[inline]
fn calendar(value: Temporal) -> Option<Struct> {
    let begin = |name| Struct::new(name).with([(Name::Calendar, Field::Name(Name::CalendarIso))]);
    Some(match value {
        Temporal::Date(days) => begin(Name::Date).with(date(days.into())?),
        Temporal::Time(nanos, digits) => begin(Name::Time).with(time(nanos.into(), digits)?),
        Temporal::Naive(nanos, digits) => begin(Name::NaiveDateTime)
            .with(date(nanos.div_euclid(NANOS_PER_DAY))?)
            .with(time(nanos.rem_euclid(NANOS_PER_DAY), digits)?),
        Temporal::Instant(nanos, digits) => begin(Name::DateTime)
            .with(date(nanos.div_euclid(NANOS_PER_DAY))?)
            .with(time(nanos.rem_euclid(NANOS_PER_DAY), digits)?)
            .with([
                (Name::TimeZone, Field::Text("Etc/UTC")),
                (Name::ZoneAbbr, Field::Text("UTC")),
                (Name::UtcOffset, Field::Integer(0)),
                (Name::StdOffset, Field::Integer(0)),
            ]),
        Temporal::Duration { .. } | Temporal::Infinity | Temporal::MinusInfinity => return None,
    })
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
    (name, Field::Integer(value.into()))
}

#[cold]
fn moment(value: Temporal) -> Struct {
    let (kind, value) = match value {
        Temporal::Date(days) => (Name::KindDate, Field::Integer(days.into())),
        Temporal::Time(nanos, _) => (Name::KindTime, Field::Integer(nanos.into())),
        Temporal::Naive(nanos, _) => (Name::KindNaive, Field::Integer(nanos)),
        Temporal::Instant(nanos, _) => (Name::KindInstant, Field::Integer(nanos)),
        Temporal::Duration { months, days, nanos } => (Name::KindDuration, Field::Span(months, days, nanos)),
        Temporal::Infinity => (Name::KindInfinity, Field::Nil),
        Temporal::MinusInfinity => (Name::KindMinusInfinity, Field::Nil),
    };
    Struct::new(Name::Moment).with([(Name::Kind, Field::Name(kind)), (Name::Value, value)])
}
