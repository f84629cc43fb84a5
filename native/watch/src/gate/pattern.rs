//! Patterns of names: `app@*`, `*` for any text.

/// A text in which `*` stands for any text, the empty one too. Nothing else is special.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// Any text is one.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text is of its kind.
    ///
    /// It takes the first place for each part between stars: what can match at all, matches so. The cost is linear in the
    /// text for each part.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.text.split_once('*') else {
            return self.text == text;
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut left) = text.strip_prefix(first).and_then(|left| left.strip_suffix(last)) else {
            return false;
        };
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            match left.find(part) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Pattern;

    /// The definition.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|skipped| slow(rest, &text[skipped..])),
            ([a, pattern @ ..], [b, text @ ..]) => a == b && slow(pattern, text),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_is_what_the_definition_says(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = slow(&letters(&pattern), &letters(&text));
            prop_assert_eq!(Pattern::new(pattern).matches(&text), expected);
        }
    }

    #[test]
    fn nothing_but_the_star_is_special() {
        assert!(Pattern::new("app@*").matches("app@10.0.0.5"));
        assert!(!Pattern::new("a?c").matches("abc") && !Pattern::new("App@h").matches("app@h"));
    }
}
