//! One value that holds no other: what of it is written.

use std::borrow::Cow;

use num_bigint::BigInt;

use super::wire;
use crate::avro::schema::{Kind, Logical, Node, Unit};
use crate::{Decimal, Integer, Temporal, View};

/// What is written, and whether the type is just that of the value.
pub(super) struct Scalar<'a> {
    pub(super) exact: bool,
    form: Form<'a>,
}

enum Form<'a> {
    Nothing,
    Byte(u8),
    Long(i64),
    Float(f32),
    Double(f64),
    /// Behind its length.
    Sized(Cow<'a, [u8]>),
    /// Without it.
    Fixed(Cow<'a, [u8]>),
}

impl Scalar<'_> {
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self.form {
            Form::Nothing => {}
            Form::Byte(byte) => out.push(byte),
            Form::Long(number) => wire::long(out, number),
            Form::Float(number) => out.extend_from_slice(&number.to_le_bytes()),
            Form::Double(number) => out.extend_from_slice(&number.to_le_bytes()),
            Form::Sized(bytes) => wire::bytes(out, &bytes),
            Form::Fixed(bytes) => out.extend_from_slice(&bytes),
        }
    }
}

/// Zeros that are put behind a decimal to bring it to its scale.
const MOST_DIGITS: i64 = 1 << 16;

type Found<'a> = Result<Scalar<'a>, String>;

const fn exact(form: Form<'_>) -> Found<'_> {
    Ok(Scalar { exact: true, form })
}

const fn loose(form: Form<'_>) -> Found<'_> {
    Ok(Scalar { exact: false, form })
}

/// A value as a type that holds no other.
pub(super) fn of<'a>(node: &Node, view: &View<'a>) -> Found<'a> {
    match (&node.kind, view) {
        (Kind::Null, View::Null) => exact(Form::Nothing),
        (Kind::Boolean, View::Boolean(value)) => exact(Form::Byte(u8::from(*value))),
        (Kind::Int | Kind::Long, view) => whole(node, view),
        (Kind::Float, View::Float(value)) => {
            let single = *value as f32;
            let same = f64::from(single) == *value || value.is_nan();
            Ok(Scalar { exact: same, form: Form::Float(single) })
        }
        (Kind::Double, View::Float(value)) => exact(Form::Double(*value)),
        (Kind::Float, View::Integer(Integer::Small(value)))
            if (*value as f32) as i128 == i128::from(*value) =>
        {
            loose(Form::Float(*value as f32))
        }
        (Kind::Double, View::Integer(Integer::Small(value)))
            if (*value as f64) as i128 == i128::from(*value) =>
        {
            loose(Form::Double(*value as f64))
        }
        (Kind::Bytes | Kind::Fixed(_), view) => binary(node, view),
        (Kind::String, View::Text(text) | View::Latin(text)) => exact(Form::Sized(text.as_bytes().into())),
        (Kind::String, View::Binary(bytes)) => match std::str::from_utf8(bytes) {
            Ok(_) => exact(Form::Sized((*bytes).into())),
            Err(_) => Err("a binary is not UTF-8".to_owned()),
        },
        (Kind::Enum(symbols), View::Text(text) | View::Latin(text)) => symbol(symbols.symbol(text), text),
        (Kind::Enum(symbols), View::Binary(bytes)) => {
            let text = String::from_utf8_lossy(bytes);
            symbol(symbols.symbol(&text), &text)
        }
        (kind, view) => Err(format!("{} is no {kind}", view.word())),
    }
}

fn symbol<'a>(place: Option<usize>, text: &str) -> Found<'a> {
    let place = place.ok_or_else(|| format!("{text:?} is no symbol of the enum"))?;
    exact(Form::Long(place as i64))
}

/// `int` and `long`.
fn whole<'a>(node: &Node, view: &View<'_>) -> Found<'a> {
    let plain = node.logical.is_none();
    let (number, exact) = match (view, node.logical) {
        (View::Integer(Integer::Small(number)), _) => (*number, plain),
        (View::Temporal(Temporal::Date(days)), Some(Logical::Date)) => (*days, true),
        (View::Temporal(Temporal::Time(nanos, _)), Some(Logical::Time(unit))) => {
            (units(i128::from(*nanos), unit)?, true)
        }
        (View::Temporal(Temporal::Instant(nanos, _)), Some(Logical::Timestamp(unit)))
        | (View::Temporal(Temporal::Naive(nanos, _)), Some(Logical::LocalTimestamp(unit))) => {
            (units(*nanos, unit)?, true)
        }
        (view, _) => return Err(format!("{} is no {}", view.word(), node.kind)),
    };
    if matches!(node.kind, Kind::Int) && i32::try_from(number).is_err() {
        return Err(format!("{number} does not fit an int"));
    }
    Ok(Scalar { exact, form: Form::Long(number) })
}

fn units(nanos: i128, unit: Unit) -> Result<i64, String> {
    let one = i128::from(unit.nanos());
    if nanos % one != 0 {
        return Err(format!("a time of {nanos} ns would be rounded to {unit:?}"));
    }
    i64::try_from(nanos / one).map_err(|_| format!("a time of {nanos} ns does not fit a long of {unit:?}"))
}

/// `bytes` and `fixed`.
fn binary<'a>(node: &Node, view: &View<'a>) -> Found<'a> {
    let (bytes, exact): (Cow<'a, [u8]>, bool) = match (view, node.logical) {
        (View::Bytes(bytes), logical) => (Cow::Borrowed(*bytes), logical.is_none()),
        (View::Latin(text), _) => {
            let bytes: Result<Vec<u8>, _> = text.chars().map(|one| u8::try_from(u32::from(one))).collect();
            (bytes.map_err(|_| "a default of bytes has a character above U+00FF".to_owned())?.into(), true)
        }
        (View::Text(text), Some(Logical::Uuid)) => (uuid(text)?.into(), true),
        (View::Binary(text), Some(Logical::Uuid)) if text.len() == 36 => {
            (uuid(&String::from_utf8_lossy(text))?.into(), true)
        }
        (View::Binary(bytes), _) => (Cow::Borrowed(*bytes), false),
        (View::Decimal(number), Some(Logical::Decimal { precision, scale })) => {
            (decimal(node, number, precision, scale)?.into(), true)
        }
        (View::Integer(number), Some(Logical::Decimal { precision, scale })) => {
            (decimal(node, &Decimal::new(number.clone(), 0), precision, scale)?.into(), false)
        }
        (View::Decimal(number), Some(Logical::BigDecimal)) => (big_decimal(number)?.into(), true),
        (View::Temporal(span), Some(Logical::Duration)) => (duration(*span)?.into(), true),
        (view, _) => return Err(format!("{} is no {}", view.word(), node.kind)),
    };
    match &node.kind {
        Kind::Fixed(fixed) if fixed.size != bytes.len() => {
            Err(format!("{} bytes are no {} of {} bytes", bytes.len(), node.kind, fixed.size))
        }
        Kind::Fixed(_) => Ok(Scalar { exact, form: Form::Fixed(bytes) }),
        _ => Ok(Scalar { exact, form: Form::Sized(bytes) }),
    }
}

fn decimal(node: &Node, number: &Decimal, precision: u32, scale: u32) -> Result<Vec<u8>, String> {
    let Decimal::Finite { coefficient, exponent, .. } = number else {
        return Err("NaN and infinity are no decimals in Avro".to_owned());
    };
    let (mut unscaled, shift) = (coefficient.to_big(), exponent.saturating_add(i64::from(scale)));
    let wide = || format!("a decimal of more than {precision} digits, {scale} of them behind the point");
    if unscaled != BigInt::ZERO {
        let power = u32::try_from(shift.unsigned_abs()).map_err(|_| wide())?;
        if shift > i64::from(precision).min(MOST_DIGITS) || shift < 0 && u64::from(power) > unscaled.bits() {
            return Err(wide());
        }
        let power = BigInt::from(10).pow(power);
        if shift >= 0 {
            unscaled *= power;
        } else if &unscaled % &power == BigInt::ZERO {
            unscaled /= power;
        } else {
            return Err(format!("a decimal would be rounded to {scale} digits behind the point"));
        }
    }
    // 10^precision has 3 to 4 bits for each digit: it is made only if the number has about as many.
    let (bits, digits) = (unscaled.bits(), u64::from(precision));
    if bits > 4 * digits
        || bits >= 3 * digits && unscaled.magnitude() >= BigInt::from(10).pow(precision).magnitude()
    {
        return Err(wide());
    }
    let mut bytes = unscaled.to_signed_bytes_be();
    if let Kind::Fixed(fixed) = &node.kind {
        let missing = fixed.size.checked_sub(bytes.len()).ok_or_else(wide)?;
        let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { 0xff } else { 0 };
        bytes.splice(0..0, std::iter::repeat_n(sign, missing));
    }
    Ok(bytes)
}

/// The number's bytes behind their length, and the scale.
fn big_decimal(number: &Decimal) -> Result<Vec<u8>, String> {
    let Decimal::Finite { coefficient, exponent, .. } = number else {
        return Err("NaN and infinity are no decimals in Avro".to_owned());
    };
    let scale = i32::try_from(exponent.saturating_neg()).map_err(|_| "a scale beyond 32 bits".to_owned())?;
    let mut out = Vec::new();
    wire::bytes(&mut out, &coefficient.to_big().to_signed_bytes_be());
    wire::long(&mut out, i64::from(scale));
    Ok(out)
}

fn duration(span: Temporal) -> Result<Vec<u8>, String> {
    let Temporal::Duration { months, days, nanos } = span else {
        return Err("a time is no duration".to_owned());
    };
    let millis = units(nanos, Unit::Millis)?;
    let mut out = Vec::with_capacity(12);
    for part in [months, days, millis] {
        let part =
            u32::try_from(part).map_err(|_| format!("{part} of a duration is not within 0 to 2^32 - 1"))?;
        out.extend_from_slice(&part.to_le_bytes());
    }
    Ok(out)
}

/// 32 digits and four dashes, to 16 bytes.
fn uuid(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("{text:?} is no UUID");
    let dashes = [8, 13, 18, 23];
    let well = |(place, byte): (usize, u8)| match dashes.contains(&place) {
        true => byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    if text.len() != 36 || !text.bytes().enumerate().all(well) {
        return Err(wrong());
    }
    let digits = text.replace('-', "");
    let number = u128::from_str_radix(&digits, 16).map_err(|_| wrong())?;
    Ok(number.to_be_bytes().to_vec())
}
