//! What a limiter answers.

use crate::WhenFull;

/// The answer to a hit, or to the question what a hit would get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Admitted or not, and why.
    pub outcome: Outcome,
    /// The rule's limit.
    pub limit: u64,
    /// The largest cost that would be admitted now, after this hit.
    pub remaining: u64,
    /// Nanoseconds until the key is as new, if nobody hits it again.
    pub reset_ns: u64,
    /// Nanoseconds until a hit of the same cost is admitted if nobody else comes; 0 if it was admitted. `None`: never,
    /// the cost is above what the rule can ever give.
    pub retry_after_ns: Option<u64>,
    /// For callers who shape: nanoseconds to wait so that admitted hits leave at the rate of the rule. Only
    /// [`Algorithm::LeakyBucket`](crate::Algorithm::LeakyBucket) says more than 0.
    pub delay_ns: u64,
    /// This denial began a ban.
    pub ban_began: bool,
}

/// Admitted or not, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Within the limit, and counted.
    Allowed,
    /// Above the limit. Nothing was counted.
    Denied,
    /// The key is banned, the limit was not looked at.
    Banned,
    /// The table has no room for a new key: the stated policy holds, nothing was counted.
    Full(WhenFull),
}

impl Verdict {
    /// Whether the caller may go on.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.outcome, Outcome::Allowed | Outcome::Full(WhenFull::Allow))
    }

    /// This answer with what remains as if nothing was taken, which is what a hit of cost 0 is told.
    pub(crate) const fn before(self, untaken: &Self) -> Self {
        Self { remaining: untaken.remaining, reset_ns: untaken.reset_ns, ..self }
    }

    pub(crate) const fn allowed(limit: u64, remaining: u64, reset_ns: u64) -> Self {
        Self {
            outcome: Outcome::Allowed,
            limit,
            remaining,
            reset_ns,
            retry_after_ns: Some(0),
            delay_ns: 0,
            ban_began: false,
        }
    }

    pub(crate) const fn denied(
        limit: u64,
        remaining: u64,
        reset_ns: u64,
        retry_after_ns: Option<u64>,
    ) -> Self {
        let allowed = Self::allowed(limit, remaining, reset_ns);
        Self { outcome: Outcome::Denied, retry_after_ns, ..allowed }
    }
}
