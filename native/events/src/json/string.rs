//! Strings with escapes: RFC 8259, section 7.

use super::fault::{Fault, Problem};
use super::scan::plain_end;

/// Unescapes the string whose text begins at `start`, into `out`. Returns the offset of the quote that ends it.
///
/// `first` is the offset of its first backslash.
#[cold]
pub(super) fn unescape(bytes: &[u8], start: usize, first: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    out.clear();
    let mut from = start;
    let mut at = first;
    loop {
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = escape(bytes, at, out)?,
            Some(_) => return Err(Fault::new(at, Problem::Control)),
            None => return Err(Fault::new(at, Problem::Unclosed)),
        }
        from = at;
        at = plain_end(bytes, at);
    }
}

/// One escape, whose backslash stands at `at`. Returns the offset behind it.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let byte = match bytes.get(at + 1) {
        Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'u') => return unicode(bytes, at, out),
        Some(_) => return Err(Fault::new(at, Problem::Escape)),
        None => return Err(Fault::new(at + 1, Problem::Unclosed)),
    };
    out.push(byte);
    Ok(at + 2)
}

/// `\uXXXX`, or two of them that make one character.
fn unicode(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let unit = hex(bytes, at)?;
    let (code, end) = match unit {
        0xd800..=0xdbff if bytes.get(at + 6) == Some(&b'\\') && bytes.get(at + 7) == Some(&b'u') => {
            let low = hex(bytes, at + 6)?;
            if !(0xdc00..=0xdfff).contains(&low) {
                return Err(Fault::new(at, Problem::Surrogate));
            }
            (0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00), at + 12)
        }
        _ => (unit, at + 6),
    };
    let Some(character) = char::from_u32(code) else {
        return Err(Fault::new(at, Problem::Surrogate));
    };
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(end)
}

/// The four digits of the `\u` at `at`.
fn hex(bytes: &[u8], at: usize) -> Result<u32, Fault> {
    let mut unit = 0;
    for place in at + 2..at + 6 {
        let Some(&byte) = bytes.get(place) else {
            return Err(Fault::new(place, Problem::Unclosed));
        };
        let Some(digit) = char::from(byte).to_digit(16) else {
            return Err(Fault::new(at, Problem::Escape));
        };
        unit = unit << 4 | digit;
    }
    Ok(unit)
}
