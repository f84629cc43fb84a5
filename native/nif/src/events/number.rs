//! Numbers that are no word: big integers and decimals.

use num_bigint::Sign;
use outrigger_events::{Decimal, Integer, Name};

use super::raw::{Maker, Structure, Word};

/// A whole number. The VM makes a big one of the external term format only.
pub(super) fn integer(maker: Maker<'_>, value: &Integer) -> Word {
    match value {
        Integer::Small(value) => maker.integer(*value),
        Integer::Big(value) => {
            let (sign, magnitude) = value.to_bytes_le();
            let mut term = vec![131];
            match u8::try_from(magnitude.len()) {
                Ok(length) => term.extend([110, length]),
                Err(_) => {
                    term.push(111);
                    term.extend((magnitude.len() as u32).to_be_bytes());
                }
            }
            term.push(u8::from(sign == Sign::Minus));
            term.extend(magnitude);
            maker.external(&term)
        }
    }
}

/// `%Decimal{}`, whether or not the library of that name is there.
pub(super) fn decimal(maker: Maker<'_>, value: &Decimal) -> Word {
    let (sign, coef, exp) = match value {
        Decimal::Finite { coefficient, exponent, negative } => {
            let digits = match coefficient {
                Integer::Small(value) if *value > i64::MIN => maker.integer(value.abs()),
                negative if negative.is_negative() => integer(maker, &Integer::from(-negative.to_big())),
                positive => integer(maker, positive),
            };
            (if *negative { -1 } else { 1 }, digits, *exponent)
        }
        Decimal::NaN => (1, maker.name(Name::NaN), 0),
        Decimal::Infinity(negative) => (if *negative { -1 } else { 1 }, maker.name(Name::Inf), 0),
    };
    let mut structure = Structure::new(maker);
    structure.put(Name::Coef, coef);
    structure.put(Name::Exp, maker.integer(exp));
    structure.put(Name::Sign, maker.integer(sign));
    structure.finish(Name::Decimal)
}
