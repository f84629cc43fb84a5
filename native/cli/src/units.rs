//! Numbers as people say them.

/// `512`, `1.2M`.
pub(crate) fn short(value: f64) -> String {
    let (value, unit) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 => (value / 1e3, "k"),
        value => return format!("{value:.0}"),
    };
    format!("{value:.1}{unit}")
}

/// `512 B`, `1.5 KiB`, …
pub(crate) fn bytes(value: f64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if value < 1024.0 {
        return format!("{value:.0} B");
    }
    let (mut value, mut unit) = (value, "B");
    for larger in UNITS {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    format!("{value:.1} {unit}")
}

/// `120 ms`, `12.3 s`.
pub(crate) fn millis(value: u64) -> String {
    if value < 1_000 { format!("{value} ms") } else { format!("{:.1} s", value as f64 / 1e3) }
}

/// Of nanoseconds: `12.5 us`, `3.20 ms`, `1.75 s`.
pub(crate) fn nanos(value: u64) -> String {
    let nanos = value as f64;
    match nanos {
        _ if nanos >= 1e9 => format!("{:.2} s", nanos / 1e9),
        _ if nanos >= 1e6 => format!("{:.2} ms", nanos / 1e6),
        _ => format!("{:.1} us", nanos / 1e3),
    }
}

/// Of seconds: `9 s`, `3 min`, `5 h 12 min`, `2 d 5 h`.
pub(crate) fn age(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_unit_that_fits() {
        assert_eq!([0.0, 999.0, 1_000.0, 2.5e6].map(short), ["0", "999", "1.0k", "2.5M"]);
        assert_eq!(
            [0.0, 1_023.0, 1_024.0, (1_u64 << 40) as f64, u64::MAX as f64].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1.0 TiB", "16777216.0 TiB"]
        );
        assert_eq!([999, 12_300].map(millis), ["999 ms", "12.3 s"]);
        assert_eq!([12_500, 3_200_000, 1_750_000_000].map(nanos), ["12.5 us", "3.20 ms", "1.75 s"]);
        assert_eq!([59, 60, 3_600, 90_000].map(age), ["59 s", "1 min", "1 h 0 min", "1 d 1 h"]);
    }
}
