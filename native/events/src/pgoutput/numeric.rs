//! `numeric`, in both formats.

use super::options::Options;
use super::types::Scalar;
use super::value::expected;
use super::wire::{Wire, Wrong};
use crate::{Decimal, Integer, Sink};

const WRONG: Scalar = Scalar::Numeric;

pub(super) fn text<S: Sink>(text: &[u8], options: &Options, sink: &mut S) -> Result<(), Wrong> {
    // Sign and point, which are no digits.
    bounded(text.len().saturating_sub(2), options)?;
    let decimal = std::str::from_utf8(text).ok().and_then(Decimal::parse);
    sink.decimal(&decimal.ok_or_else(|| expected(WRONG))?);
    Ok(())
}

const fn bounded(digits: usize, options: &Options) -> Result<(), Wrong> {
    let most = options.limits.digits;
    if digits > most { Err(Wrong::Limit("digits of a number", most)) } else { Ok(()) }
}

/// How many digits there are, where the first of them stands, a sign, digits behind the point; then digits to the base of
/// 10,000 (`numeric_send`). Zeros at either end are left out.
pub(super) fn binary<S: Sink>(bytes: &[u8], options: &Options, sink: &mut S) -> Result<(), Wrong> {
    let decimal = read(bytes, options)?.ok_or_else(|| expected(WRONG))?;
    sink.decimal(&decimal);
    Ok(())
}

fn read(bytes: &[u8], options: &Options) -> Result<Option<Decimal>, Wrong> {
    let mut wire = Wire::new(bytes);
    let (Ok(count), Ok(weight), Ok(sign), Ok(scale)) = (wire.u16(), wire.i16(), wire.u16(), wire.u16())
    else {
        return Ok(None);
    };
    let negative = match sign {
        0x0000 => false,
        0x4000 => true,
        0xc000 => return Ok(Some(Decimal::NaN)),
        0xd000 => return Ok(Some(Decimal::Infinity(false))),
        0xf000 => return Ok(Some(Decimal::Infinity(true))),
        _ => return Ok(None),
    };
    let (scale, groups) = (usize::from(scale), i32::from(weight) + 1);
    let whole = usize::try_from(groups).unwrap_or_default() * 4;
    // The first group may have zeros in front.
    bounded((whole + scale).saturating_sub(3), options)?;
    if wire.left() != usize::from(count) * 2 {
        return Ok(None);
    }
    let mut digits = Vec::with_capacity(whole + scale + 5);
    // Groups between the point and the first that is not 0.
    let leading = usize::try_from(-groups).unwrap_or_default() * 4;
    digits.resize(leading.min(scale + 4), b'0');
    while let Ok(group) = wire.u16() {
        if group > 9_999 {
            return Ok(None);
        }
        digits.extend(
            [group / 1_000, group / 100 % 10, group / 10 % 10, group % 10].map(|digit| b'0' + digit as u8),
        );
        if digits.len() > whole + scale + 4 {
            return Ok(None);
        }
    }
    // What is behind the scale is 0.
    if digits.iter().skip(whole + scale).any(|&digit| digit != b'0') {
        return Ok(None);
    }
    digits.resize(whole + scale, b'0');
    let places = i64::try_from(scale).unwrap_or_default();
    let coefficient = if digits.is_empty() { Some(Integer::Small(0)) } else { Integer::from_digits(&digits) };
    let Some(coefficient) = coefficient else { return Ok(None) };
    let coefficient = match coefficient {
        Integer::Small(number) if negative => Integer::Small(-number),
        Integer::Big(number) if negative => Integer::from(-number),
        other => other,
    };
    Ok(Some(Decimal::Finite { coefficient, exponent: -places, negative }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(words: &[u16]) -> Result<Option<Decimal>, Wrong> {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        read(&bytes, &Options::default())
    }

    #[test]
    fn reads_examples() {
        for (words, text) in [
            (&[0, 0, 0, 0][..], "0"),
            (&[0, 0, 0, 2], "0.00"),
            (&[1, 0, 0x4000, 0, 7], "-7"),
            (&[2, 0, 0, 2, 12, 3_400], "12.34"),
            (&[1, 1, 0, 0, 5], "50000"),
            (&[1, 0xffff, 0, 4, 1], "0.0001"),
            (&[1, 0xfffe, 0, 6, 100], "0.000001"),
            (&[0, 0, 0xc000, 0], "NaN"),
            (&[0, 0, 0xf000, 0], "-Infinity"),
        ] {
            let read = of(words).unwrap();
            assert_eq!(read, Decimal::parse(text), "{text}");
        }
        for wrong in [
            &[1, 0, 0, 0][..],
            &[1, 0, 0, 0, 10_000],
            &[1, 0xffff, 0, 2, 1],
            &[0, 0, 1, 0],
            &[0, 0, 0],
            &[0, 0, 0, 0, 1],
        ] {
            assert_eq!(of(wrong).unwrap(), None, "{wrong:?}");
        }
        assert!(matches!(of(&[1, 0x7fff, 0, 0, 1]), Err(Wrong::Limit(..))));
    }

    proptest! {
        #[test]
        fn any_words_are_no_panic(words in prop::collection::vec(any::<u16>(), 0..8)) {
            let _ = of(&words);
        }
    }
}
