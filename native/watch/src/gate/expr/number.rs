//! Numbers with units: `50ms`, `80%`, `200MiB`.

use super::{Dimension, Fault};

/// A number in the unit that figures are kept in: seconds, bytes, shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Literal {
    pub(crate) value: f64,
    pub(crate) dimension: Dimension,
}

/// Unit, how many of the unit that figures are kept in it is: times, or divided by.
const UNITS: [(&str, Dimension, f64, f64); 15] = [
    ("ns", Dimension::SECONDS, 1.0, 1e9),
    ("us", Dimension::SECONDS, 1.0, 1e6),
    ("\u{b5}s", Dimension::SECONDS, 1.0, 1e6),
    ("ms", Dimension::SECONDS, 1.0, 1e3),
    ("s", Dimension::SECONDS, 1.0, 1.0),
    ("min", Dimension::SECONDS, 60.0, 1.0),
    ("h", Dimension::SECONDS, 3_600.0, 1.0),
    ("B", Dimension::BYTES, 1.0, 1.0),
    ("kB", Dimension::BYTES, 1e3, 1.0),
    ("MB", Dimension::BYTES, 1e6, 1.0),
    ("GB", Dimension::BYTES, 1e9, 1.0),
    ("KiB", Dimension::BYTES, 1024.0, 1.0),
    ("MiB", Dimension::BYTES, 1_048_576.0, 1.0),
    ("GiB", Dimension::BYTES, 1_073_741_824.0, 1.0),
    ("%", Dimension::RATIO, 1.0, 100.0),
];

impl Literal {
    /// A number and its unit, as they stand in a text at `at`.
    pub(crate) fn read(number: &str, unit: &str, at: usize) -> Result<Self, Fault> {
        let value: f64 = number.parse().map_err(|_| Fault::new(at, format!("{number:?} is not a number")))?;
        if !value.is_finite() {
            return Err(Fault::new(at, format!("{number} is too large")));
        }
        Self::scale(value, unit).ok_or_else(|| {
            let known = || UNITS.iter().map(|unit| unit.0);
            let meant = known().find(|known| known.eq_ignore_ascii_case(unit));
            let remedy = meant.map_or_else(
                || format!("the units are {}", known().collect::<Vec<_>>().join(" ")),
                |meant| format!("it is {meant}"),
            );
            Fault::new(at + number.len(), format!("{unit:?} is no unit: {remedy}"))
        })
    }

    /// A number of a unit, or of none.
    pub(crate) fn scale(value: f64, unit: &str) -> Option<Self> {
        if unit.is_empty() {
            return Some(Self { value, dimension: Dimension::NUMBER });
        }
        let (_, dimension, times, by) = *UNITS.iter().find(|(name, ..)| *name == unit)?;
        Some(Self { value: value * times / by, dimension })
    }

    /// A text that is a number and its unit, and nothing else.
    pub(crate) fn whole(text: &str) -> Result<Self, Fault> {
        let end = text.find(|letter: char| !matches!(letter, '0'..='9' | '.')).unwrap_or(text.len());
        if end == 0 {
            return Err(Fault::new(0, format!("{text:?} does not begin with a number")));
        }
        Self::read(&text[..end], text[end..].trim_start(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_scaled() {
        for (text, value, dimension) in [
            ("50ms", 0.05, Dimension::SECONDS),
            ("3 us", 3e-6, Dimension::SECONDS),
            ("1.5min", 90.0, Dimension::SECONDS),
            ("200MiB", 209_715_200.0, Dimension::BYTES),
            ("80%", 0.8, Dimension::RATIO),
            ("7", 7.0, Dimension::NUMBER),
        ] {
            assert_eq!(Literal::whole(text), Ok(Literal { value, dimension }), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_said() {
        for (text, at, part) in [
            ("5mb", 1, "it is MB"),
            ("5x", 1, "the units are ns us"),
            ("ms", 0, "does not begin with a number"),
            ("1.2.3s", 0, "is not a number"),
            (&format!("{}s", "9".repeat(400)), 0, "too large"),
        ] {
            let fault = Literal::whole(text).unwrap_err();
            assert!(fault.at == at && fault.problem.contains(part), "{text}: {fault:?}");
        }
    }
}
