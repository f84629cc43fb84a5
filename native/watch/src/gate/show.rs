//! Figures as people read them.

use super::expr::Dimension;
use crate::Unit;

/// A figure with its unit: `61.2 ms`, `83.1 %`, `201 MiB`.
pub(crate) fn figure(value: f64, dimension: Dimension) -> String {
    match dimension.unit() {
        Some(unit) => of_unit(value, unit, digits),
        None => format!("{} {dimension}", digits(value)),
    }
}

/// Two figures that are not equal, and do not look so.
pub(crate) fn pair(a: f64, b: f64, dimension: Dimension) -> (String, String) {
    let short = (figure(a, dimension), figure(b, dimension));
    #[expect(clippy::float_cmp, reason = "the question is whether a difference is hidden")]
    match (short.0 == short.1 && a != b, dimension.unit()) {
        (true, Some(unit)) => (of_unit(a, unit, exact), of_unit(b, unit, exact)),
        (true, None) => (format!("{a} {dimension}"), format!("{b} {dimension}")),
        (false, _) => short,
    }
}

fn of_unit(value: f64, unit: Unit, write: fn(f64) -> String) -> String {
    let steps: &[(f64, &str)] = match unit {
        Unit::Count => return write(value),
        Unit::Ratio => return format!("{} %", write(value * 100.0)),
        Unit::Seconds => &[(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")],
        Unit::Bytes => &[(1_073_741_824.0, "GiB"), (1_048_576.0, "MiB"), (1_024.0, "KiB"), (1.0, "B")],
    };
    let size = value.abs();
    let fits = steps.iter().find(|(step, _)| size >= *step);
    let (step, name) = match unit {
        // Nothing is 0 s, not 0 ns.
        Unit::Seconds if size == 0.0 => (1.0, "s"),
        _ => *fits.or(steps.last()).unwrap_or(&(1.0, "")),
    };
    format!("{} {name}", write(value / step))
}

/// Four significant digits, and no zeros behind them. Whole numbers are whole.
fn digits(value: f64) -> String {
    if !value.is_finite() {
        return "no number".into();
    }
    if value.abs() >= 1_000.0 {
        return format!("{value:.0}");
    }
    let whole_digits = value.abs().max(1.0).log10().floor() as usize + 1;
    let text = format!("{value:.*}", 4 - whole_digits);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn exact(value: f64) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let shown = |value, unit| figure(value, Dimension::of(unit));
        for (value, unit, text) in [
            (0.0612, Unit::Seconds, "61.2 ms"),
            (0.0, Unit::Seconds, "0 s"),
            (-0.0025, Unit::Seconds, "-2.5 ms"),
            (90.0, Unit::Seconds, "90 s"),
            (3.2e-8, Unit::Seconds, "32 ns"),
            (0.831, Unit::Ratio, "83.1 %"),
            (0.80004, Unit::Ratio, "80 %"),
            (12_345_678.0, Unit::Count, "12345678"),
            (2.5, Unit::Count, "2.5"),
            (0.125, Unit::Count, "0.125"),
            (999.96, Unit::Count, "1000"),
            (209_715_200.0, Unit::Bytes, "200 MiB"),
            (512.0, Unit::Bytes, "512 B"),
            (0.0, Unit::Bytes, "0 B"),
        ] {
            assert_eq!(shown(value, unit), text);
        }
        assert_eq!(figure(3.0, Dimension::COUNT.per_second()), "3 things per second");
    }

    #[test]
    fn a_difference_is_never_hidden() {
        let shown = pair(0.050_000_001, 0.05, Dimension::SECONDS);
        assert!(shown.0.starts_with("50.000001") && shown.1 == "50 ms", "{shown:?}");
        assert_eq!(pair(0.05, 0.05, Dimension::SECONDS).0, "50 ms");
    }
}
