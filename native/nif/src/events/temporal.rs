//! Dates, times and instants as Elixir's structs.
//!
//! What they cannot hold (years beyond 9999, nanoseconds, 24:00, spans, infinity) is an `Outrigger.Events.Moment` with its
//! exact value: nothing is rounded.

use outrigger_events::{Integer, Name, Temporal};

use super::number;
use super::raw::{Maker, Word};

const NANOS_PER_DAY: i128 = 86_400_000_000_000;
/// Days of the years that Elixir's calendar has: -9999-01-01 to 9999-12-31.
const DAYS: std::ops::RangeInclusive<i128> = -4_371_587..=2_932_896;

type Field = (Name, Word);

pub(super) fn temporal(maker: Maker<'_>, value: Temporal) -> Word {
    structure(maker, value).unwrap_or_else(|| moment(maker, value))
}

fn structure(maker: Maker<'_>, value: Temporal) -> Option<Word> {
    let calendar = (Name::Calendar, maker.name(Name::CalendarIso));
    match value {
        Temporal::Date(days) => {
            let [year, month, day] = date(maker, days.into())?;
            Some(maker.structure(Name::Date, [calendar, year, month, day]))
        }
        Temporal::Time(nanos, digits) => {
            let [hour, minute, second, micro] = time(maker, nanos.into(), digits)?;
            Some(maker.structure(Name::Time, [calendar, hour, minute, second, micro]))
        }
        Temporal::Naive(nanos, digits) => {
            let [year, month, day] = date(maker, nanos.div_euclid(NANOS_PER_DAY))?;
            let [hour, minute, second, micro] = time(maker, nanos.rem_euclid(NANOS_PER_DAY), digits)?;
            let fields = [calendar, year, month, day, hour, minute, second, micro];
            Some(maker.structure(Name::NaiveDateTime, fields))
        }
        Temporal::Instant(nanos, digits) => {
            let [year, month, day] = date(maker, nanos.div_euclid(NANOS_PER_DAY))?;
            let [hour, minute, second, micro] = time(maker, nanos.rem_euclid(NANOS_PER_DAY), digits)?;
            let zone = (Name::TimeZone, maker.binary(b"Etc/UTC"));
            let abbreviation = (Name::ZoneAbbr, maker.binary(b"UTC"));
            let offsets = [(Name::UtcOffset, maker.integer(0)), (Name::StdOffset, maker.integer(0))];
            let [utc, std] = offsets;
            let fields =
                [calendar, year, month, day, hour, minute, second, micro, zone, abbreviation, utc, std];
            Some(maker.structure(Name::DateTime, fields))
        }
        Temporal::Duration { .. } | Temporal::Infinity | Temporal::MinusInfinity => None,
    }
}

/// The civil date of a day (Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
fn date(maker: Maker<'_>, days: i128) -> Option<[Field; 3]> {
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
    Some(
        [(Name::Year, year), (Name::Month, month), (Name::Day, day)]
            .map(|(name, value)| (name, maker.integer(value))),
    )
}

fn time(maker: Maker<'_>, nanos: i128, digits: u8) -> Option<[Field; 4]> {
    if !(0..NANOS_PER_DAY).contains(&nanos) || nanos % 1_000 != 0 {
        return None;
    }
    let micros = i64::try_from(nanos / 1_000).ok()?;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let precision = maker.tuple(&[maker.integer(fraction), maker.integer(i64::from(digits.min(6)))]);
    Some([
        (Name::Hour, maker.integer(seconds / 3_600)),
        (Name::Minute, maker.integer(seconds / 60 % 60)),
        (Name::Second, maker.integer(seconds % 60)),
        (Name::Microsecond, precision),
    ])
}

fn moment(maker: Maker<'_>, value: Temporal) -> Word {
    let big = |value: i128| number::integer(maker, &Integer::from(num_bigint::BigInt::from(value)));
    let (kind, value) = match value {
        Temporal::Date(days) => (Name::KindDate, maker.integer(days)),
        Temporal::Time(nanos, _) => (Name::KindTime, maker.integer(nanos)),
        Temporal::Naive(nanos, _) => (Name::KindNaive, big(nanos)),
        Temporal::Instant(nanos, _) => (Name::KindInstant, big(nanos)),
        Temporal::Duration { months, days, nanos } => {
            (Name::KindDuration, maker.tuple(&[maker.integer(months), maker.integer(days), big(nanos)]))
        }
        Temporal::Infinity => (Name::KindInfinity, maker.nil()),
        Temporal::MinusInfinity => (Name::KindMinusInfinity, maker.nil()),
    };
    maker.structure(Name::Moment, [(Name::Kind, maker.name(kind)), (Name::Value, value)])
}
