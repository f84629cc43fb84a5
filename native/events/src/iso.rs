//! Dates, times and spans as text: ISO 8601 as `java.time` writes it.

use crate::Temporal;

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms",
/// `days_from_civil`). `None` if there is no such date.
pub(crate) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) || year.abs() > 1_000_000_000_000 {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The date of a day, as year, month and day (the same, `civil_from_days`). `None` where [`days`] has none.
pub(crate) fn civil(days: i64) -> Option<(i64, i64, i64)> {
    let days = days.checked_add(719_468)?;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Some((year_of_era + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1))
}

/// Text that is read from its beginning.
pub(crate) struct Rest<'t>(pub(crate) &'t [u8]);

impl Rest<'_> {
    /// The byte, if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// Whether a minus comes next; a plus says nothing.
    pub(crate) fn sign(&mut self) -> bool {
        let negative = self.0.first() == Some(&b'-');
        if negative || self.0.first() == Some(&b'+') {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
        negative
    }

    /// So many digits, as a number, and how many there were.
    pub(crate) fn digits(&mut self, count: std::ops::RangeInclusive<usize>) -> Option<(i64, usize)> {
        let found = self.0.iter().take(*count.end()).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(found).filter(|_| count.contains(&found))?;
        self.0 = rest;
        Some((digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0')), found))
    }

    /// Two digits.
    pub(crate) fn two(&mut self) -> Option<i64> {
        self.digits(2..=2).map(|(value, _)| value)
    }

    /// A fraction of a second in nanoseconds, and its digits.
    pub(crate) fn fraction(&mut self) -> Option<(i64, u8)> {
        if self.take(b'.').is_none() {
            return Some((0, 0));
        }
        let (value, digits) = self.digits(1..=9)?;
        let digits = u8::try_from(digits).ok()?;
        Some((value * 10_i64.pow(9 - u32::from(digits)), digits))
    }

    /// Letters, as many as there are.
    pub(crate) fn word(&mut self) -> &[u8] {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.0.split_at(length);
        self.0 = rest;
        word
    }

    fn date(&mut self) -> Option<i64> {
        let negative = self.sign();
        let (year, _) = self.digits(4..=10)?;
        self.take(b'-')?;
        let month = self.two()?;
        self.take(b'-')?;
        let day = self.two()?;
        days(if negative { -year } else { year }, month, day)
    }

    /// Nanoseconds of a day, and digits.
    pub(crate) fn time(&mut self) -> Option<(i64, u8)> {
        let hour = self.two()?;
        self.take(b':')?;
        let minute = self.two()?;
        let (second, (nanos, digits)) = match self.take(b':') {
            Some(()) => (self.two()?, self.fraction()?),
            None => (0, (0, 0)),
        };
        let all = ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos;
        // 24:00 is a time in PostgreSQL.
        (minute < 60 && second < 60 && all <= 86_400_000_000_000).then_some((all, digits))
    }

    /// Seconds east of UTC.
    pub(crate) fn offset(&mut self) -> Option<i64> {
        if self.take(b'Z').is_some() {
            return Some(0);
        }
        if !matches!(self.0.first(), Some(b'+' | b'-')) {
            return None;
        }
        let negative = self.sign();
        let mut seconds = self.two()? * 3_600;
        if self.take(b':').is_some() {
            seconds += self.two()? * 60;
            if self.take(b':').is_some() {
                seconds += self.two()?;
            }
        }
        Some(if negative { -seconds } else { seconds })
    }

    /// The value, if nothing is left.
    pub(crate) fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

/// `2024-02-29`, and `2024-02-29Z` as `IsoDate` has it.
pub(crate) fn date(text: &[u8]) -> Option<Temporal> {
    let mut rest = Rest(text);
    let days = rest.date()?;
    let _ = rest.take(b'Z');
    rest.end(Temporal::Date(days))
}

/// `10:15:30.5`, and with a zone the time of day in UTC.
pub(crate) fn time(text: &[u8]) -> Option<Temporal> {
    let mut rest = Rest(text);
    let (nanos, digits) = rest.time()?;
    let offset = if rest.0.is_empty() { 0 } else { rest.offset()? };
    let utc = match offset {
        0 => nanos,
        _ => (nanos - offset * 1_000_000_000).rem_euclid(86_400_000_000_000),
    };
    rest.end(Temporal::Time(utc, digits))
}

/// `2024-02-29T10:15:30.5`, and with `Z` as `IsoTimestamp` has it: a wall clock.
pub(crate) fn naive(text: &[u8]) -> Option<Temporal> {
    moment(text, false)
}

/// `2024-02-29T10:15:30.5+01:00`: an instant.
pub(crate) fn instant(text: &[u8]) -> Option<Temporal> {
    moment(text, true)
}

fn moment(text: &[u8], zoned: bool) -> Option<Temporal> {
    match text {
        b"infinity" | b"Infinity" => return Some(Temporal::Infinity),
        b"-infinity" | b"-Infinity" => return Some(Temporal::MinusInfinity),
        _ => {}
    }
    let mut rest = Rest(text);
    let days = rest.date()?;
    rest.take(b'T').or_else(|| rest.take(b' '))?;
    let (nanos, digits) = rest.time()?;
    let nanos = i128::from(days) * DAY + i128::from(nanos);
    if !zoned {
        let _ = rest.take(b'Z');
        return rest.end(Temporal::Naive(nanos, digits));
    }
    let nanos = nanos - i128::from(rest.offset()?) * SECOND;
    rest.end(match nanos {
        // pgjdbc's milliseconds of PostgreSQL's infinities, as `ZonedTimestamp` writes them.
        9_223_372_036_825_200_000_000_000 => Temporal::Infinity,
        -9_223_372_036_832_400_000_000_000 => Temporal::MinusInfinity,
        _ => Temporal::Instant(nanos, digits),
    })
}

/// `P1Y2M3DT4H5M6.78S`, each part with a sign of its own, and all of it with one.
pub(crate) fn duration(text: &[u8]) -> Option<Temporal> {
    let mut rest = Rest(text);
    let all_negative = rest.sign();
    rest.take(b'P')?;
    let (mut months, mut days, mut nanos) = (0_i64, 0_i64, 0_i128);
    let (mut clock, mut parts) = (false, 0);
    while !rest.0.is_empty() {
        if !clock && rest.take(b'T').is_some() {
            clock = true;
            continue;
        }
        let negative = rest.sign() != all_negative;
        let (count, _) = rest.digits(1..=15)?;
        let (fraction, _) = rest.fraction()?;
        let signed = if negative { -count } else { count };
        let (unit, after) = rest.0.split_first()?;
        rest.0 = after;
        if fraction != 0 && *unit != b'S' {
            return None;
        }
        match (clock, unit) {
            (false, b'Y') => months += signed * 12,
            (false, b'M') => months += signed,
            (false, b'W') => days += signed * 7,
            (false, b'D') => days += signed,
            (true, b'H') => nanos += i128::from(signed) * 3_600 * SECOND,
            (true, b'M') => nanos += i128::from(signed) * 60 * SECOND,
            (true, b'S') => {
                let fraction = i128::from(fraction);
                nanos += i128::from(signed) * SECOND + if negative { -fraction } else { fraction };
            }
            _ => return None,
        }
        parts += 1;
        if parts > 8 {
            return None;
        }
    }
    (parts > 0).then_some(Temporal::Duration { months, days, nanos })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates() {
        assert_eq!(date(b"1970-01-01"), Some(Temporal::Date(0)));
        assert_eq!(date(b"2024-02-29Z"), Some(Temporal::Date(19_782)));
        assert_eq!(date(b"+10000-01-01"), Some(Temporal::Date(2_932_897)));
        assert_eq!(date(b"-0001-12-31"), Some(Temporal::Date(-719_529)));
        for wrong in ["2023-02-29", "2024-13-01", "2024-1-1", "24-01-01", "2024-01-01x", ""] {
            assert_eq!(date(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn reads_times_and_instants() {
        assert_eq!(time(b"10:15"), Some(Temporal::Time(36_900_000_000_000, 0)));
        assert_eq!(time(b"00:30:00.5+01:00"), Some(Temporal::Time(84_600_500_000_000, 1)));
        assert_eq!(time(b"24:00:00"), Some(Temporal::Time(86_400_000_000_000, 0)));
        assert_eq!(time(b"24:00:01"), None);
        assert_eq!(instant(b"1970-01-01T00:00:00.000001Z"), Some(Temporal::Instant(1_000, 6)));
        assert_eq!(instant(b"1970-01-01T01:00+01:00"), Some(Temporal::Instant(0, 0)));
        assert_eq!(instant(b"1970-01-01T00:00:00"), None);
        assert_eq!(naive(b"1969-12-31T23:59:59.9"), Some(Temporal::Naive(-100_000_000, 1)));
        assert_eq!(
            instant(b"+294247-01-10T04:00:25.200Z"),
            Some(Temporal::Instant(9_223_372_036_825_200_000_000, 3))
        );
    }

    #[test]
    fn reads_spans() {
        let span = |months, days, nanos| Some(Temporal::Duration { months, days, nanos });
        assert_eq!(duration(b"P1Y2M3DT4H5M6.78S"), span(14, 3, 14_706_780_000_000));
        assert_eq!(duration(b"P0Y0M0DT0H0M0S"), span(0, 0, 0));
        assert_eq!(duration(b"P-1Y2M-3DT-0.5S"), span(-10, -3, -500_000_000));
        assert_eq!(duration(b"-PT1H"), span(0, 0, -3_600_000_000_000));
        for wrong in ["P", "PT", "1Y", "P1", "P1H", "PT1Y", "P1.5D", "PT1.0000000001S"] {
            assert_eq!(duration(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
