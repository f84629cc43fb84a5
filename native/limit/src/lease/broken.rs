//! Rules that tests break on purpose, to see that the simulation's judge finds it. Outside of tests none is ever broken.

/// A rule of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(test), allow(dead_code, reason = "only tests break rules"))]
pub(super) enum Broken {
    /// A new owner waits for the leases of before.
    WaitOut,
    /// A vote ends at the owner before it ends at the voter.
    VoteEnd,
    /// Who has just started does not vote.
    LateVote,
    /// With another vote all lots are void.
    VoidLots,
    /// What app nodes report is counted.
    Reports,
    /// What a node spent that is lost is not known.
    Losses,
    /// The share of those that are not heard is kept for them.
    Reserve,
}

#[cfg(test)]
thread_local! {
    static NOW: std::cell::Cell<Option<Broken>> = const { std::cell::Cell::new(None) };
}

/// Breaks a rule for this thread, or none.
#[cfg(test)]
pub(super) fn set(rule: Option<Broken>) {
    NOW.set(rule);
}

/// Whether a rule is broken.
#[cfg(test)]
pub(super) fn is(rule: Broken) -> bool {
    NOW.get() == Some(rule)
}

/// Whether a rule is broken.
#[cfg(not(test))]
pub(super) const fn is(_rule: Broken) -> bool {
    false
}
