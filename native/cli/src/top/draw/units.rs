//! Numbers as people say them.

/// `1.2M`.
pub(super) fn short(value: f64) -> String {
    let (value, unit) = match value {
        value if value >= 1e9 => (value / 1e9, "G"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value if value >= 1e3 => (value / 1e3, "k"),
        value => return format!("{value:.0}"),
    };
    format!("{value:.1}{unit}")
}

/// `1.2 MiB`.
pub(super) fn bytes(value: f64) -> String {
    const KIB: f64 = 1024.0;
    match value {
        value if value >= KIB * KIB * KIB => format!("{:.1} GiB", value / KIB / KIB / KIB),
        value if value >= KIB * KIB => format!("{:.1} MiB", value / KIB / KIB),
        value => format!("{:.1} KiB", value / KIB),
    }
}

/// `120 ms`, `12.3 s`.
pub(super) fn millis(value: u64) -> String {
    if value < 1_000 { format!("{value} ms") } else { format!("{:.1} s", value as f64 / 1e3) }
}
