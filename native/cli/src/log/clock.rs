//! Time of day as text, without a calendar library.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Shows a time as `2026-11-21T01:22:03.045Z`, always UTC. A time before 1970 shows as 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utc(pub(crate) SystemTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let milli = since.subsec_millis();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// The date of a day counted from 1970-01-01, by Howard Hinnant's `civil_from_days`: years begin in March, so
/// that the leap day is the last of a year, and repeat every 146 097 days.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(seconds: u64, millis: u32) -> String {
        Utc(UNIX_EPOCH + Duration::new(seconds, millis * 1_000_000)).to_string()
    }

    #[test]
    fn known_times() {
        assert_eq!(show(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(show(951_782_399, 999), "2000-02-28T23:59:59.999Z");
        assert_eq!(show(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(show(1_709_251_199, 7), "2024-02-29T23:59:59.007Z");
        assert_eq!(show(4_102_444_800, 0), "2100-01-01T00:00:00.000Z");
    }
}
