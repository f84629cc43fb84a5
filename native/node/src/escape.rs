//! Peer-supplied bytes in log lines: escaped and capped.
//!
//! Invariants: the output holds no control characters, no bidirectional overrides and no line breaks, and
//! is at most [`MAX_CHARS`] characters long. What was cut is marked with `..`.
//!
//! ```
//! assert_eq!(outrigger_node::Printable(b"evil\nname\x1b[2J").to_string(), "evil\\nname\\u{1b}[2J");
//! ```
//!
//! Limits: meant for short names and error texts. It does not quote, so it cannot be parsed back.

use std::fmt::{self, Write};

/// The longest text that [`Printable`] writes, in characters of its input.
pub const MAX_CHARS: usize = 128;

/// Shows bytes of a peer so that they cannot forge or garble a log line.
#[derive(Clone, Copy, Debug)]
pub struct Printable<'a>(pub &'a [u8]);

impl<'a> Printable<'a> {
    /// The same for text that is already UTF-8.
    #[must_use]
    pub fn text(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A character has at most four bytes, so the decoding itself is bounded, too.
        let head = &self.0[..self.0.len().min(MAX_CHARS * 4)];
        let text = String::from_utf8_lossy(head);
        for (count, c) in text.chars().enumerate() {
            if count == MAX_CHARS {
                return f.write_str("..");
            }
            match c {
                ' '..='~' if c != '\\' => f.write_char(c)?,
                '\\' => f.write_str("\\\\")?,
                _ if c.is_alphanumeric() => f.write_char(c)?,
                _ => write!(f, "{}", c.escape_default())?,
            }
        }
        if head.len() < self.0.len() { f.write_str("..") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        assert_eq!(Printable(b"app1@127.0.0.1").to_string(), "app1@127.0.0.1");
        assert_eq!(Printable::text("grün@haus").to_string(), "grün@haus");
    }

    #[test]
    fn control_characters_line_breaks_and_overrides_are_escaped() {
        let shown = Printable("a\nb\tc\0d\u{202e}e\u{9b}".as_bytes()).to_string();
        assert_eq!(shown, "a\\nb\\tc\\u{0}d\\u{202e}e\\u{9b}");
        assert!(Printable(&[0xff, 0xfe]).to_string().chars().all(|c| !c.is_control()));
    }

    #[test]
    fn length_is_capped() {
        let shown = Printable(&[b'x'; 10_000]).to_string();
        assert_eq!(shown.len(), MAX_CHARS + 2);
        assert!(shown.ends_with(".."));
    }
}
