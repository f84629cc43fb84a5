//! Which names are meant: `app-*`.
//!
//! A pattern is held against the part of a node name before the `@`. A star stands for any characters, none included;
//! everything else stands for itself.
//!
//! ```
//! use outrigger_node::NamePattern;
//!
//! let pattern: NamePattern = "app-*".parse()?;
//! assert!(pattern.matches("app-7") && !pattern.matches("rem-app-7"));
//! assert!(NamePattern::any().matches("anything"));
//! # Ok::<(), outrigger_node::NodeError>(())
//! ```

use std::fmt;
use std::str::FromStr;

use crate::error::NodeError;

/// A pattern for the part of node names before the `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(Box<str>);

impl NamePattern {
    /// The pattern of all names, `*`.
    #[must_use]
    pub fn any() -> Self {
        Self("*".into())
    }

    /// Whether a name, without its host, is meant. Takes at most the product of both lengths in steps.
    #[must_use]
    pub fn matches(&self, short: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(rest) = parts.next().and_then(|head| short.strip_prefix(head)) else { return false };
        let Some(tail) = parts.next_back() else { return rest.is_empty() };
        // The first place for each part is as good as any later one, but for the last part.
        let found = parts.try_fold(rest, |rest, part| rest.split_once(part).map(|(_, behind)| behind));
        found.is_some_and(|rest| rest.ends_with(tail))
    }
}

impl FromStr for NamePattern {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |problem: &str| NodeError::BadOption {
            option: "pattern",
            problem: format!("{text:?} {problem}"),
        };
        if text.is_empty() || text.len() > 255 {
            return Err(bad("is empty or longer than 255 bytes; `*` stands for all names"));
        }
        if text.contains('@') {
            return Err(bad("has an @; a pattern is for the part before it"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        pattern.parse::<NamePattern>().unwrap().matches(name)
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "a"),
            ("app", "app"),
            ("app-*", "app-"),
            ("app-*", "app-1"),
            ("*-app", "x-app"),
            ("a*b*c", "abc"),
            ("a*b*c", "axxbyybc"),
            ("**", "x"),
            ("a*a", "aa"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("app", "app1"), ("app-*", "app"), ("*-app", "app"), ("a*b*c", "acb"), ("a*a", "a"), ("a", "")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn nonsense_says_what_is_wrong() {
        assert!("".parse::<NamePattern>().unwrap_err().to_string().contains('*'));
        assert!("app@host".parse::<NamePattern>().unwrap_err().to_string().contains("before"));
    }
}
