//! Text that somebody else wrote, made harmless for the form that it stands in.

/// On one line of a terminal: control characters as spaces.
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Text in XML 1.0, which has no control characters at all. Line feeds stay.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push('\n'),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

/// A path as a relative reference of a URI (RFC 3986).
#[must_use]
pub fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_cannot_hold_is_left_out() {
        assert_eq!(line("a\tb\x1b[31m\nc"), "a b [31m c");
        assert_eq!(xml("<a> & \"b\"\u{1}\n"), "&lt;a&gt; &amp; &quot;b&quot; \n");
        assert_eq!(uri("a b/ü.avsc"), "a%20b/%C3%BC.avsc");
    }
}
