//! Regular expressions of a schema. They are ECMA-262's; what `regex` has not, nothing is said about.

use regex::{Regex, RegexBuilder};

/// A pattern as written, and as far as it can be asked.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    regex: Option<Regex>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let regex = translate(text)
            .and_then(|text| RegexBuilder::new(&text).size_limit(1 << 20).nest_limit(64).build().ok());
        Self { text: text.to_owned(), regex }
    }

    /// Whether it is found in a text; `None` if that cannot be told.
    pub(super) fn matches(&self, text: &str) -> Option<bool> {
        self.regex.as_ref().map(|regex| regex.is_match(text))
    }
}

/// The classes `\d`, `\w`, `\s` and `.` of ECMA-262 are not those of `regex`. `None` where there is nothing equal.
fn translate(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars();
    let mut class = false;
    while let Some(character) = chars.next() {
        match character {
            '\\' => match (chars.next()?, class) {
                ('d', true) => out.push_str("0-9"),
                ('d', false) => out.push_str("[0-9]"),
                ('D', false) => out.push_str("[^0-9]"),
                ('w', true) => out.push_str("A-Za-z0-9_"),
                ('w', false) => out.push_str("[A-Za-z0-9_]"),
                ('W', false) => out.push_str("[^A-Za-z0-9_]"),
                // Whitespace is Unicode's in both, but for the byte order mark.
                ('s', _) => out.push_str(if class { "\\s\u{feff}" } else { "[\\s\u{feff}]" }),
                (escaped @ ('t' | 'n' | 'r' | 'f' | 'v'), _) => out.extend(['\\', escaped]),
                (escaped, _) if escaped.is_ascii_punctuation() && !matches!(escaped, '<' | '>') => {
                    out.extend(['\\', escaped]);
                }
                _ => return None,
            },
            '[' if class => out.push_str("\\["),
            '[' => {
                class = true;
                out.push('[');
            }
            ']' if class => {
                class = false;
                out.push(']');
            }
            '&' | '~' | '-' if class => {
                // `&&`, `--` and `~~` are operators in `regex`.
                if out.ends_with(character) {
                    return None;
                }
                out.push(character);
            }
            '.' if !class => out.push_str("[^\\n\\r\u{2028}\u{2029}]"),
            '(' if !class => {
                out.push('(');
                // Flags and named groups are not the same; look-around there is not.
                let rest = chars.as_str();
                if rest.starts_with('?') && !rest.starts_with("?:") {
                    return None;
                }
            }
            _ => out.push(character),
        }
    }
    (!class).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_ecma_does() {
        let found = |pattern: &str, text: &str| Pattern::new(pattern).matches(text);
        assert_eq!(found("^a\\d+$", "a12"), Some(true));
        assert_eq!(found("^\\d$", "٣"), Some(false));
        assert_eq!(found("^[\\w-]+$", "a-b"), Some(true));
        assert_eq!(found("b", "abc"), Some(true));
        assert_eq!(found("^.$", "\n"), Some(false));
        assert_eq!(found("(?=a)", "a"), None);
        assert_eq!(found("(", "a"), None);
        assert_eq!(found("^[[]$", "["), Some(true));
    }
}
