//! Dates, times and instants, as databases mean them.

/// A point or a span on a calendar or clock. Counts are whole and signed; each says its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Temporal {
    /// Days since 1970-01-01, proleptic Gregorian.
    Date(i64),
    /// Time of day in nanoseconds, and the digits of a second that the source has (0 to 9).
    Time(i64, u8),
    /// Wall clock without a zone: nanoseconds since 1970-01-01 00:00, and digits of a second.
    Naive(i128, u8),
    /// An instant: nanoseconds since 1970-01-01 00:00 UTC, and digits of a second.
    Instant(i128, u8),
    /// A span: months, days and nanoseconds, none of which can be told in another.
    Duration {
        /// Months; a year has twelve.
        months: i64,
        /// Days; not all have 24 hours.
        days: i64,
        /// Nanoseconds.
        nanos: i128,
    },
    /// PostgreSQL's `infinity`: later than every other point in time.
    Infinity,
    /// PostgreSQL's `-infinity`.
    MinusInfinity,
}
