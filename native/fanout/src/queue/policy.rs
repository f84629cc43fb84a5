//! What may be dropped for a slow target, by topic.
//!
//! ```
//! use outrigger_fanout::{Policies, Policy};
//!
//! let policies: Policies = "presence:*=keep_latest, presence:diff=disconnect, *=drop_newest".parse()?;
//! assert_eq!(policies.of(b"presence:room1"), Policy::KeepLatest);
//! assert_eq!(policies.of(b"presence:diff"), Policy::Disconnect);
//! assert_eq!(policies.of(b"news"), Policy::DropNewest);
//! # Ok::<(), outrigger_fanout::PolicyError>(())
//! ```
//!
//! Limits: a pattern holds neither a comma nor, at its ends, spaces; at most [`Policies::MAX`] patterns.

use std::fmt;
use std::str::FromStr;

use crate::PolicyError;

/// What is done with a message for which there is no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The messages that have waited longest go.
    #[default]
    DropOldest,
    /// The message itself goes.
    DropNewest,
    /// Only the newest message of a topic waits, whether there is room or not; it has the place of the newest. Where the
    /// newest ones of all topics are too many, the oldest of them go.
    KeepLatest,
    /// The target is given up: its link ends, and it gets nothing rather than something with gaps.
    Disconnect,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::DropOldest, Self::DropNewest, Self::KeepLatest, Self::Disconnect];

    /// The word for it in options.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DropOldest => "drop_oldest",
            Self::DropNewest => "drop_newest",
            Self::KeepLatest => "keep_latest",
            Self::Disconnect => "disconnect",
        }
    }

    /// Whether a message that waits may go for the sake of another one.
    pub(super) const fn gives_way(self) -> bool {
        matches!(self, Self::DropOldest | Self::KeepLatest)
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let found = Self::ALL.into_iter().find(|policy| policy.as_str() == text);
        found.ok_or_else(|| PolicyError::UnknownPolicy(text.to_owned()))
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A policy for each topic: that of the longest pattern that fits, and [`Policy::DropOldest`] where none does.
///
/// A pattern with a `*` at its end fits all topics that begin so; one without fits a topic that is the same, and is
/// ahead of all others. As text: `PATTERN=POLICY`, separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// The first that fits is the one.
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    exact: bool,
    text: Box<[u8]>,
    policy: Policy,
}

impl Rule {
    fn fits(&self, topic: &[u8]) -> bool {
        if self.exact { *self.text == *topic } else { topic.starts_with(&self.text) }
    }
}

impl Policies {
    /// How many patterns there may be.
    pub const MAX: usize = 256;

    /// The policy of a topic.
    #[must_use]
    pub fn of(&self, topic: &[u8]) -> Policy {
        let found = self.rules.iter().find(|rule| rule.fits(topic));
        found.map_or_else(Policy::default, |rule| rule.policy)
    }
}

impl FromStr for Policies {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut rules: Vec<Rule> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (pattern, policy) =
                part.rsplit_once('=').ok_or_else(|| PolicyError::NoPolicy(part.to_owned()))?;
            let pattern = pattern.trim();
            let (exact, start) = pattern.strip_suffix('*').map_or((true, pattern), |start| (false, start));
            if pattern.is_empty() || start.contains('*') {
                return Err(PolicyError::BadPattern(pattern.to_owned()));
            }
            let rule = Rule { exact, text: start.as_bytes().into(), policy: policy.trim().parse()? };
            if rules.iter().any(|other| (other.exact, &other.text) == (rule.exact, &rule.text)) {
                return Err(PolicyError::Twice(pattern.to_owned()));
            }
            if rules.len() == Self::MAX {
                return Err(PolicyError::TooMany { limit: Self::MAX });
            }
            rules.push(rule);
        }
        rules.sort_by_key(|rule| (!rule.exact, std::cmp::Reverse(rule.text.len())));
        Ok(Self { rules })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_that_fits() {
        let policies: Policies =
            "a:*=drop_newest,a:b:*=keep_latest, a:b:c = disconnect ,x=y=disconnect".parse().unwrap();
        for (topic, policy) in [
            ("a:", Policy::DropNewest),
            ("a:b", Policy::DropNewest),
            ("a:b:", Policy::KeepLatest),
            ("a:b:c", Policy::Disconnect),
            ("a:b:cd", Policy::KeepLatest),
            ("a", Policy::DropOldest),
            ("x=y", Policy::Disconnect),
            ("", Policy::DropOldest),
        ] {
            assert_eq!(policies.of(topic.as_bytes()), policy, "{topic}");
        }
        assert_eq!("".parse::<Policies>().unwrap(), Policies::default());
        assert_eq!("*=disconnect".parse::<Policies>().unwrap().of(&[0xFF]), Policy::Disconnect);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let problem = |text: &str| text.parse::<Policies>().unwrap_err().to_string();
        assert!(problem("news").contains("`news` names no policy"));
        assert!(problem("news=keep").contains("`keep` is no policy: drop_oldest, drop_newest, keep_latest"));
        assert!(problem("a*b=disconnect").contains("`a*b`"));
        assert!(problem("=disconnect").contains("pattern"));
        assert!(problem("a*=disconnect,a*=drop_oldest").contains("`a*` twice"));
        let many: Vec<_> = (0..=Policies::MAX).map(|n| format!("t{n}=disconnect")).collect();
        assert!(problem(&many.join(",")).contains("256"));
    }
}
