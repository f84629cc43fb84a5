//! Floats: the shortest digits that read back as the same number, placed as OTP 25 and Elixir 1.20 place them.

use std::fmt;

/// From here on an even distance between floats is more than 1: digits before the point would pretend to be exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn print(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let size = value.abs();
    if size == 0.0 || ((1.0..1.0e16).contains(&size) && value.trunc() == value) {
        return write!(f, "{value:.1}");
    }
    let (digits, exponent) = shortest(size);
    if value < 0.0 {
        f.write_str("-")?;
    }
    place(&digits, exponent, size >= EXACT, f)
}

/// The digits and the exponent of d.ddde-7.
fn shortest(size: f64) -> (String, i32) {
    let digits =
        |text: &str| text.bytes().take_while(|&byte| byte != b'e').filter(u8::is_ascii_digit).count();
    let mut text = format!("{size:e}");
    // Half-way between two of as many digits a BEAM takes the even one.
    let even = format!("{size:.*e}", digits(&text).saturating_sub(1));
    if even.parse() == Ok(size) {
        text = even;
    }
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.chars().filter(char::is_ascii_digit).collect(), exponent.parse().unwrap_or(0))
}

/// `digits` as d.ddd times 10^`exponent`, in whichever form is shorter.
fn place(digits: &str, exponent: i32, scientific: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let len = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // Digits before the point.
    let place = exponent + 1;
    let cost = exponent.to_string().len() as i32 + if len == 1 { 3 } else { 2 };
    let scientific = scientific
        || (place < 0 && 2 - place > cost)
        || (place >= len && place.saturating_sub(len) + 2 > cost);
    if scientific {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
        return write!(f, "{first}.{}e{exponent}", if rest.is_empty() { "0" } else { rest });
    }
    if place <= 0 {
        let zeros = usize::try_from(-place).unwrap_or(0);
        return write!(f, "0.{:0<zeros$}{digits}", "");
    }
    let place = usize::try_from(place).unwrap_or(0);
    match digits.split_at_checked(place).filter(|(_, behind)| !behind.is_empty()) {
        Some((before, behind)) => write!(f, "{before}.{behind}"),
        None => write!(f, "{digits:0<place$}.0"),
    }
}
