//! Numbers: RFC 8259, section 6. Integers are exact at any size; a fraction or an exponent makes a float or a decimal.

use super::fault::{Fault, Problem};
use super::scan::digits_end;
use super::{Floats, Options};
use crate::{Decimal, Integer, Sink};

/// Digits that always fit 64 bits without a sign.
const SURE: usize = 19;

/// Reads the number that begins at `at`, and returns the offset behind it.
#[inline]
pub(super) fn number<S: Sink>(
    bytes: &[u8],
    at: usize,
    options: &Options,
    sink: &mut S,
) -> Result<usize, Fault> {
    let negative = bytes.get(at) == Some(&b'-');
    let first = at + usize::from(negative);
    let mut end = first;
    let mut value: u64 = 0;
    while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        // Wraps beyond `SURE` digits, and is not used then.
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        end += 1;
    }
    if end == first || (bytes.get(first) == Some(&b'0') && end > first + 1) {
        return Err(Fault::new(end.min(first + 1), Problem::Number));
    }
    if matches!(bytes.get(end), Some(b'.' | b'e' | b'E')) {
        return fraction(bytes, at, end, options, sink);
    }
    match i64::try_from(value) {
        Ok(value) if end - first <= SURE => sink.integer(if negative { -value } else { value }),
        _ => large(bytes, at, end, options, sink)?,
    }
    Ok(end)
}

#[cold]
fn large<S: Sink>(bytes: &[u8], at: usize, end: usize, options: &Options, sink: &mut S) -> Result<(), Fault> {
    within(at, end, options, sink)?;
    match bytes.get(at..end).and_then(Integer::from_digits) {
        Some(Integer::Small(value)) => sink.integer(value),
        Some(big) => sink.big(&big),
        None => return Err(Fault::new(at, Problem::Number)),
    }
    Ok(())
}

/// A number whose digits end at `point` with a point or an exponent.
fn fraction<S: Sink>(
    bytes: &[u8],
    at: usize,
    point: usize,
    options: &Options,
    sink: &mut S,
) -> Result<usize, Fault> {
    let mut end = point;
    if bytes.get(end) == Some(&b'.') {
        end = some_digits(bytes, end + 1)?;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
        end = some_digits(bytes, end + 1 + usize::from(sign))?;
    }
    if S::IGNORES {
        sink.null();
        return Ok(end);
    }
    within(at, end, options, sink)?;
    let text = bytes.get(at..end).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
    match options.floats {
        Floats::Binary => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => sink.float(value),
            _ => return Err(Fault::new(at, Problem::Range)),
        },
        Floats::Decimals => match Decimal::parse(text) {
            Some(value) => sink.decimal(&value),
            None => return Err(Fault::new(at, Problem::Exponent)),
        },
    }
    Ok(end)
}

/// At least one digit from `at` on. Returns the offset behind them.
fn some_digits(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match digits_end(bytes, at) {
        end if end > at => Ok(end),
        _ => Err(Fault::new(at, Problem::Number)),
    }
}

/// Whether a number that takes a while is to be worked out.
fn within<S: Sink>(at: usize, end: usize, options: &Options, sink: &S) -> Result<(), Fault> {
    let limit = options.limits.digits;
    match () {
        () if end - at > limit => Err(Fault::new(at, Problem::Digits(limit))),
        () if sink.full() => Err(Fault::new(at, Problem::Full)),
        () => Ok(()),
    }
}
