//! Strings and charlists: what is printable, and how it is escaped.

use std::fmt::{self, Write};

/// Whether the first `limit` characters are UTF-8 and printable.
pub(super) fn is_printable(bytes: &[u8], limit: usize) -> bool {
    let mut rest = bytes;
    for _ in 0..limit {
        if rest.is_empty() {
            return true;
        }
        match first_char(rest) {
            Some(c) if is_printable_char(c) => rest = rest.get(c.len_utf8()..).unwrap_or_default(),
            _ => return false,
        }
    }
    true
}

fn is_printable_char(c: char) -> bool {
    match c {
        '\u{20}'..='\u{7e}' | '\u{7}'..='\u{d}' | '\u{1b}' | '\u{7f}' => true,
        '\u{0}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    }
}

/// Whether a charlist may have this character.
pub(super) const fn is_charlist_char(c: u8) -> bool {
    matches!(c, 7..=13 | 27 | 32..=126)
}

/// In double quotes, whole.
pub(super) fn quoted(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    escape(bytes, usize::MAX, f)?;
    f.write_char('"')
}

/// In single quotes, whole, as Erlang writes atoms.
pub(super) fn single_quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('\'')?;
    for c in text.chars() {
        match c {
            '\'' => f.write_str("\\'")?,
            '"' => f.write_char(c)?,
            c => one(c, f)?,
        }
    }
    f.write_char('\'')
}

/// Writes up to `limit` characters, escaped for double quotes. Returns how many bytes are left.
pub(super) fn escape(bytes: &[u8], limit: usize, f: &mut fmt::Formatter<'_>) -> Result<usize, fmt::Error> {
    let mut rest = bytes;
    for _ in 0..limit {
        let taken = match (rest, first_char(rest)) {
            ([], _) => break,
            ([b'#', b'{', ..], _) => {
                f.write_str("\\#{")?;
                2
            }
            (_, Some(c)) => {
                one(c, f)?;
                c.len_utf8()
            }
            ([byte, ..], None) => {
                write!(f, "\\x{byte:02X}")?;
                1
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(rest.len())
}

fn one(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = match c {
        '"' => '"',
        '\\' => '\\',
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{7f}' => 'd',
        '\u{1b}' => 'e',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{b}' => 'v',
        ..'\u{20}' => return write!(f, "\\x{:02X}", u32::from(c)),
        '\u{80}'..'\u{a0}' => return write!(f, "\\x{:02X}", u32::from(c)),
        '\u{fffe}' | '\u{ffff}' => return write!(f, "\\x{{{:04X}}}", u32::from(c)),
        _ if is_confusing(c) => return write!(f, "\\u{:04X}", u32::from(c)),
        _ => return f.write_char(c),
    };
    f.write_char('\\')?;
    f.write_char(name)
}

/// Characters that look like nothing or like a space, and those that turn the direction of writing.
const fn is_confusing(c: char) -> bool {
    matches!(
        c,
        '\u{feff}'
            | '\u{2061}'..='\u{2064}'
            | '\u{61c}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fff9}'..='\u{fffc}'
            | '\u{34f}'
            | '\u{a0}'
            | '\u{2060}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2000}'..='\u{200f}'
            | '\u{205f}'
    )
}

/// The first character, if the bytes begin with one in UTF-8.
fn first_char(bytes: &[u8]) -> Option<char> {
    let len = match bytes.first()? {
        0..0x80 => 1,
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..0xf5 => 4,
        _ => return None,
    };
    std::str::from_utf8(bytes.get(..len)?).ok()?.chars().next()
}
