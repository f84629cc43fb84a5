//! Dates, times and spans, in both formats: `DateStyle` ISO, `IntervalStyle` postgres or `iso_8601`; counts since 2000.

use crate::Temporal;
use crate::iso::{self, Rest};

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;
/// From 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i64 = 10_957;

/// What stands where there is no point in time.
const fn infinity(text: &[u8]) -> Option<Temporal> {
    match text {
        b"infinity" => Some(Temporal::Infinity),
        b"-infinity" => Some(Temporal::MinusInfinity),
        _ => None,
    }
}

/// `0044-03-15 BC`
pub(super) fn date(text: &[u8]) -> Option<Temporal> {
    infinity(text).or_else(|| {
        let (mut rest, bc) = era(text);
        let days = days(&mut rest, bc)?;
        rest.end(Temporal::Date(days))
    })
}

/// `10:15:30.5`; with an offset, the time of day in UTC.
pub(super) fn time(text: &[u8], digits: u8) -> Option<Temporal> {
    match iso::time(text)? {
        Temporal::Time(nanos, _) => Some(Temporal::Time(nanos, digits)),
        _ => None,
    }
}

/// `2024-02-29 10:15:30.5`
pub(super) fn naive(text: &[u8], digits: u8) -> Option<Temporal> {
    infinity(text).or_else(|| {
        let (mut rest, bc) = era(text);
        let nanos = clock(&mut rest, bc)?;
        rest.end(Temporal::Naive(nanos, digits))
    })
}

/// `2024-02-29 10:15:30.5+05:30`
pub(super) fn instant(text: &[u8], digits: u8) -> Option<Temporal> {
    infinity(text).or_else(|| {
        let (mut rest, bc) = era(text);
        let nanos = clock(&mut rest, bc)? - i128::from(rest.offset()?) * SECOND;
        rest.end(Temporal::Instant(nanos, digits))
    })
}

fn era(text: &[u8]) -> (Rest<'_>, bool) {
    text.strip_suffix(b" BC").map_or((Rest(text), false), |text| (Rest(text), true))
}

fn days(rest: &mut Rest<'_>, bc: bool) -> Option<i64> {
    let (year, _) = rest.digits(4..=7)?;
    rest.take(b'-')?;
    let month = rest.two()?;
    rest.take(b'-')?;
    let day = rest.two()?;
    // There is no year 0: before 1 comes 1 BC.
    iso::days(if bc { 1 - year } else { year }, month, day)
}

fn clock(rest: &mut Rest<'_>, bc: bool) -> Option<i128> {
    let days = days(rest, bc)?;
    rest.take(b' ')?;
    let (nanos, _) = rest.time()?;
    Some(i128::from(days) * DAY + i128::from(nanos))
}

/// `1 year 2 mons -3 days +04:05:06.7`, or `P1Y2M-3DT4H5M6.7S`.
pub(super) fn span(text: &[u8]) -> Option<Temporal> {
    if text.starts_with(b"P") {
        return iso::duration(text);
    }
    if let Some(infinity) = infinity(text) {
        return Some(infinity);
    }
    let mut rest = Rest(text);
    let (mut months, mut days, mut nanos) = (0, 0, 0);
    loop {
        let negative = rest.sign();
        let signed = |count: i64| if negative { -count } else { count };
        let (count, _) = rest.digits(1..=10)?;
        if rest.take(b':').is_some() {
            let minute = rest.two()?;
            rest.take(b':')?;
            let second = rest.two()?;
            let (fraction, _) = rest.fraction()?;
            let seconds = i128::from((count * 60 + minute) * 60 + second);
            nanos = seconds * SECOND + i128::from(fraction);
            nanos = if negative { -nanos } else { nanos };
            return rest.end(Temporal::Duration { months, days, nanos });
        }
        rest.take(b' ')?;
        match rest.word() {
            b"year" | b"years" => months += signed(count) * 12,
            b"mon" | b"mons" => months += signed(count),
            b"day" | b"days" => days += signed(count),
            _ => return None,
        }
        if rest.0.is_empty() {
            return Some(Temporal::Duration { months, days, nanos });
        }
        rest.take(b' ')?;
    }
}

/// Days since 2000-01-01.
pub(super) fn date_of(days: i32) -> Temporal {
    match days {
        i32::MAX => Temporal::Infinity,
        i32::MIN => Temporal::MinusInfinity,
        _ => Temporal::Date(i64::from(days) + EPOCH_DAYS),
    }
}

/// Microseconds since midnight, and seconds west of Greenwich, which are told in UTC.
pub(super) fn time_of(micros: i64, west: i32, digits: u8) -> Option<Temporal> {
    if !(0..=86_400_000_000).contains(&micros) || west.abs() > 86_400 {
        return None;
    }
    let nanos = micros * 1_000;
    Some(Temporal::Time(
        match west {
            0 => nanos,
            _ => (nanos + i64::from(west) * 1_000_000_000).rem_euclid(86_400_000_000_000),
        },
        digits,
    ))
}

/// Microseconds since 2000-01-01, on the clock that `of` says.
pub(super) fn point_of(micros: i64, digits: u8, of: fn(i128, u8) -> Temporal) -> Temporal {
    match micros {
        i64::MAX => Temporal::Infinity,
        i64::MIN => Temporal::MinusInfinity,
        _ => of(i128::from(micros) * 1_000 + i128::from(EPOCH_DAYS) * DAY, digits),
    }
}

/// Microseconds, days and months.
pub(super) fn span_of(micros: i64, days: i32, months: i32) -> Temporal {
    match (micros, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => Temporal::Infinity,
        (i64::MIN, i32::MIN, i32::MIN) => Temporal::MinusInfinity,
        _ => Temporal::Duration {
            months: i64::from(months),
            days: i64::from(days),
            nanos: i128::from(micros) * 1_000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_before_christ() {
        assert_eq!(date(b"0001-12-31 BC"), Some(Temporal::Date(-719_163)));
        assert_eq!(date(b"0001-01-01"), Some(Temporal::Date(-719_162)));
        assert_eq!(naive(b"4713-01-01 00:00:00 BC", 6), Some(Temporal::Naive(-210_863_520_000 * SECOND, 6)));
        assert_eq!(date(b"5874897-12-31"), Some(Temporal::Date(2_145_042_905)));
        for wrong in
            ["-0044-03-15", "02/29/2024", "2024-02-30", "0044-03-15BC", "infinity BC", "Infinity", ""]
        {
            assert_eq!(date(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn reads_instants() {
        assert_eq!(instant(b"2000-01-01 05:30:00.5+05:30", 6), Some(point_of(500_000, 6, Temporal::Instant)));
        assert_eq!(instant(b"1999-12-31 16:00:00-08", 3), Some(point_of(0, 3, Temporal::Instant)));
        assert_eq!(instant(b"infinity", 6), Some(Temporal::Infinity));
        // The last one that there is.
        assert!(matches!(instant(b"294276-12-31 23:59:59.999999+00", 6), Some(Temporal::Instant(..))));
        for wrong in
            ["2000-01-01 00:00:00", "2000-01-01 00:00:00+", "2000-01-01", "2000-01-01 00:00:00+00 AD"]
        {
            assert_eq!(instant(wrong.as_bytes(), 6), None, "{wrong}");
        }
    }

    #[test]
    fn reads_spans() {
        let of = |months, days, nanos| Some(Temporal::Duration { months, days, nanos });
        for (text, span_of) in [
            ("00:00:00", of(0, 0, 0)),
            ("1 year 2 mons 3 days 04:05:06.789", of(14, 3, 14_706_789_000_000)),
            ("-1 years -2 mons +3 days -04:05:06", of(-14, 3, -14_706_000_000_000)),
            ("1 mon", of(1, 0, 0)),
            ("-00:00:00.5", of(0, 0, -500_000_000)),
            ("2562047788:00:54.775807", of(0, 0, 9_223_372_036_854_775_807_000)),
            ("P1Y2M3DT4H5M6.789S", of(14, 3, 14_706_789_000_000)),
            ("infinity", Some(Temporal::Infinity)),
            ("", None),
            ("1", None),
            ("1 year ", None),
            ("1 week", None),
            ("1-2 3 4:05:06", None),
            ("@ 1 year", None),
        ] {
            assert_eq!(span(text.as_bytes()), span_of, "{text}");
        }
    }
}
