//! What a figure is measured in, as exponents: of seconds, of bytes, of things.

use std::fmt;

use crate::Unit;

/// A dimension. That of a ratio has no exponents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dimension {
    seconds: i8,
    bytes: i8,
    things: i8,
    /// Written as a number, so that it may be of any number of things: `2` goes with `0.5` and with `2 schedulers`.
    free: bool,
}

impl Dimension {
    /// A number without a unit.
    pub(crate) const NUMBER: Self = Self { seconds: 0, bytes: 0, things: 0, free: true };
    pub(crate) const COUNT: Self = Self { things: 1, free: false, ..Self::NUMBER };
    pub(crate) const RATIO: Self = Self { free: false, ..Self::NUMBER };
    pub(crate) const SECONDS: Self = Self { seconds: 1, ..Self::NUMBER };
    pub(crate) const BYTES: Self = Self { bytes: 1, ..Self::NUMBER };

    /// That of a figure with a unit.
    pub(crate) fn of(unit: Unit) -> Self {
        let it = match unit {
            Unit::Ratio => Self::RATIO,
            Unit::Count => Self::COUNT,
            Unit::Bytes => Self::BYTES,
            Unit::Seconds => Self::SECONDS,
        };
        Self { free: false, ..it }
    }

    pub(crate) fn per_second(self) -> Self {
        Self { seconds: self.seconds.saturating_sub(1), ..self }
    }

    /// Of a product, or with `-1` of a quotient.
    pub(crate) fn times(self, other: Self, sign: i8) -> Self {
        let exponent = |a: i8, b: i8| a.saturating_add(b.saturating_mul(sign));
        Self {
            seconds: exponent(self.seconds, other.seconds),
            bytes: exponent(self.bytes, other.bytes),
            things: exponent(self.things, other.things),
            free: self.free && other.free,
        }
    }

    /// Of a sum, if the two can be added or compared at all.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let same = (self.seconds, self.bytes) == (other.seconds, other.bytes);
        let things = self.things == other.things || self.free || other.free;
        (same && things).then_some(if self.free { other } else { self })
    }

    /// The unit that figures of it are shown in, if it is one.
    pub(crate) fn unit(self) -> Option<Unit> {
        Unit::ALL.into_iter().find(|unit| Self { free: false, ..self } == Self::of(*unit))
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [(self.bytes, "byte"), (self.things, "thing"), (self.seconds, "second")];
        let side = |sign: i8| {
            let words = named.iter().filter(|(exponent, _)| exponent.signum() == sign);
            let power = |(exponent, word): &(i8, &str)| match exponent.unsigned_abs() {
                1 => (*word).to_owned(),
                power => format!("{word}^{power}"),
            };
            words.map(power).collect::<Vec<_>>().join(" x ")
        };
        match (side(1), side(-1)) {
            (up, _) if up.is_empty() && self.free => formatter.write_str("a plain number"),
            _ if (self.bytes, self.seconds, self.things) == (0, 0, 1) => formatter.write_str("a count"),
            (up, down) if up.is_empty() && down.is_empty() => formatter.write_str("a ratio"),
            (up, down) if down.is_empty() => write!(formatter, "{up}s"),
            (up, down) if up.is_empty() => write!(formatter, "1 per {down}"),
            (up, down) => write!(formatter, "{up}s per {down}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_what() {
        let of = Dimension::of;
        let (ratio, count, bytes, seconds) =
            (of(Unit::Ratio), of(Unit::Count), of(Unit::Bytes), of(Unit::Seconds));
        for (a, b, fits) in [
            (ratio, Dimension::NUMBER, true),
            (count, Dimension::NUMBER, true),
            (count, Dimension::RATIO, false),
            (seconds, Dimension::NUMBER, false),
            (seconds, Dimension::SECONDS, true),
            (seconds, bytes, false),
            (count.times(count, -1), ratio, true),
            (count, Dimension::NUMBER.times(count, 1), true),
            (ratio, Dimension::NUMBER.times(count, 1), false),
            (count.per_second(), Dimension::NUMBER.times(Dimension::SECONDS, -1), true),
            (bytes.per_second(), Dimension::BYTES.times(Dimension::SECONDS, -1), true),
        ] {
            assert_eq!(a.plus(b).is_some(), fits, "{a} and {b}");
            assert_eq!(b.plus(a), a.plus(b), "{a} and {b}");
        }
    }

    #[test]
    fn shown_in_words() {
        let shown = |it: Dimension| it.to_string();
        assert_eq!(shown(Dimension::NUMBER), "a plain number");
        assert_eq!(shown(Dimension::RATIO), "a ratio");
        assert_eq!(shown(Dimension::of(Unit::Count).per_second()), "things per second");
        assert_eq!(shown(Dimension::SECONDS.times(Dimension::SECONDS, 1)), "second^2s");
        assert_eq!(shown(Dimension::RATIO.per_second()), "1 per second");
    }
}
