//! PostgreSQL's own types: by the numbers and the names that its catalog has for them, the same in every version.

/// What a value is, whichever format it comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Boolean,
    /// A whole number of so many bytes.
    Whole(u8),
    /// A number of an object: 32 bits without a sign.
    Oid,
    /// 32 bits.
    Single,
    Double,
    Numeric,
    Date,
    Time,
    /// Time of day with an offset.
    ZonedTime,
    /// Date and time of a wall clock.
    Naive,
    Instant,
    Span,
    Bytes,
    Uuid,
    Json,
    /// In binary, JSON behind a byte that says its version.
    Jsonb,
    Bits,
    Text,
    /// Text, or in binary bytes whose form is the type's own.
    Other,
}

/// A built-in type, or an array of one in any dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    pub(super) scalar: Scalar,
    pub(super) list: bool,
}

impl Type {
    /// One that is not known.
    pub(super) const OTHER: Self = Self { scalar: Scalar::Other, list: false };

    pub(super) fn of_oid(oid: u32) -> Option<Self> {
        let place = BUILT_IN.binary_search_by_key(&oid, |row| row.0);
        if let Some((.., scalar)) = place.ok().and_then(|place| BUILT_IN.get(place)) {
            return Some(Self { scalar: *scalar, list: false });
        }
        BUILT_IN.iter().find(|row| row.1 == oid).map(|row| Self { scalar: row.3, list: true })
    }

    /// `numeric`, `_numeric`: the names in `pg_type`. `None` for one that is not known here.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (element, list) = name.strip_prefix('_').map_or((name, false), |element| (element, true));
        BUILT_IN.iter().find(|row| row.2 == element).map(|row| Self { scalar: row.3, list })
    }
}

/// Number of the type, number of its array, name, in the order of the first.
///
/// Without `box`, whose arrays have semicolons between their elements.
const BUILT_IN: &[(u32, u32, &str, Scalar)] = &[
    (16, 1000, "bool", Scalar::Boolean),
    (17, 1001, "bytea", Scalar::Bytes),
    (18, 1002, "char", Scalar::Text),
    (19, 1003, "name", Scalar::Text),
    (20, 1016, "int8", Scalar::Whole(8)),
    (21, 1005, "int2", Scalar::Whole(2)),
    (23, 1007, "int4", Scalar::Whole(4)),
    (25, 1009, "text", Scalar::Text),
    (26, 1028, "oid", Scalar::Oid),
    (28, 1011, "xid", Scalar::Oid),
    (29, 1012, "cid", Scalar::Oid),
    (114, 199, "json", Scalar::Json),
    (142, 143, "xml", Scalar::Text),
    (600, 1017, "point", Scalar::Other),
    (601, 1018, "lseg", Scalar::Other),
    (602, 1019, "path", Scalar::Other),
    (604, 1027, "polygon", Scalar::Other),
    (628, 629, "line", Scalar::Other),
    (650, 651, "cidr", Scalar::Other),
    (700, 1021, "float4", Scalar::Single),
    (701, 1022, "float8", Scalar::Double),
    (718, 719, "circle", Scalar::Other),
    (774, 775, "macaddr8", Scalar::Other),
    (790, 791, "money", Scalar::Other),
    (829, 1040, "macaddr", Scalar::Other),
    (869, 1041, "inet", Scalar::Other),
    (1042, 1014, "bpchar", Scalar::Text),
    (1043, 1015, "varchar", Scalar::Text),
    (1082, 1182, "date", Scalar::Date),
    (1083, 1183, "time", Scalar::Time),
    (1114, 1115, "timestamp", Scalar::Naive),
    (1184, 1185, "timestamptz", Scalar::Instant),
    (1186, 1187, "interval", Scalar::Span),
    (1266, 1270, "timetz", Scalar::ZonedTime),
    (1560, 1561, "bit", Scalar::Bits),
    (1562, 1563, "varbit", Scalar::Bits),
    (1700, 1231, "numeric", Scalar::Numeric),
    (2950, 2951, "uuid", Scalar::Uuid),
    (3220, 3221, "pg_lsn", Scalar::Other),
    (3614, 3643, "tsvector", Scalar::Other),
    (3615, 3645, "tsquery", Scalar::Other),
    (3802, 3807, "jsonb", Scalar::Jsonb),
    (3904, 3905, "int4range", Scalar::Other),
    (3906, 3907, "numrange", Scalar::Other),
    (3908, 3909, "tsrange", Scalar::Other),
    (3910, 3911, "tstzrange", Scalar::Other),
    (3912, 3913, "daterange", Scalar::Other),
    (3926, 3927, "int8range", Scalar::Other),
];

/// How the values of a column are read: its type, and what its modifier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) scalar: Scalar,
    pub(super) list: bool,
    /// Digits of a second.
    pub(super) digits: u8,
    /// `bit(1)`, which is true or false.
    pub(super) single_bit: bool,
}

impl Kind {
    /// A modifier below 0 says nothing. Seconds have three digits or six, as Debezium has them.
    pub(super) fn new(kind: Type, modifier: i32) -> Self {
        let milliseconds = match kind.scalar {
            Scalar::Time | Scalar::ZonedTime | Scalar::Naive | Scalar::Instant => (0..=3).contains(&modifier),
            _ => false,
        };
        Self {
            scalar: kind.scalar,
            list: kind.list,
            digits: if milliseconds { 3 } else { 6 },
            single_bit: kind.scalar == Scalar::Bits && modifier == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise() {
        assert!(BUILT_IN.is_sorted_by_key(|row| row.0));
        for (oid, list, name, scalar) in BUILT_IN {
            let plain = Some(Type { scalar: *scalar, list: false });
            assert_eq!((Type::of_oid(*oid), Type::of_name(name)), (plain, plain));
            let listed = Some(Type { scalar: *scalar, list: true });
            assert_eq!((Type::of_oid(*list), Type::of_name(&format!("_{name}"))), (listed, listed));
        }
        assert_eq!(Type::of_oid(99_999), None);
    }
}
