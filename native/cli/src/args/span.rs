//! Times on the command line: `500ms`, `30s`, `5min`, `1h`.

use std::time::Duration;

/// Reads a time with its unit.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: a number and ms, s, min or h, as in 500ms, 30s, 5min");
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "min" | "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let millis =
        number.checked_mul(millis).filter(|millis| *millis <= MOST).ok_or("a time has at most 30 days")?;
    if millis == 0 {
        Err("a time is longer than nothing".to_owned())
    } else {
        Ok(Duration::from_millis(millis))
    }
}

/// 30 days.
const MOST: u64 = 30 * 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let millis = |text| span(text).map(|time| time.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("30s"), Ok(30_000));
        assert_eq!(millis("2min"), Ok(120_000));
        assert_eq!(millis("1h"), Ok(3_600_000));
    }

    #[test]
    fn no_times() {
        for text in ["", "5", "s", "-1s", "1.5s", "1d", "0s", "99999999999h", "18446744073709551616ms"] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
