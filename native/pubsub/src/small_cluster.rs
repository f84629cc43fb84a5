//! Whether broadcasts take a router although few nodes are there. Pure; times are milliseconds.
//!
//! To one or two nodes a send each is as cheap as the send to a router, and a hop shorter.
//!
//! Invariants: one node too many takes the routers at once; the way back is open when the cluster has been small for
//! `direct_after` without a break. A cluster that has never been large is small.

use crate::options::{Options, Via};

#[derive(Clone, Debug)]
pub(crate) struct SmallCluster {
    via: Via,
    up_to: usize,
    after_ms: u64,
    small: bool,
    since: Option<u64>,
}

impl SmallCluster {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            via: options.via,
            up_to: options.direct_up_to,
            after_ms: options.direct_after_ms,
            small: true,
            since: None,
        }
    }

    /// There are so many other nodes.
    pub(crate) fn count(&mut self, nodes: usize, now: u64) {
        if nodes > self.up_to {
            (self.small, self.since) = (false, None);
        } else if !self.small {
            let since = *self.since.get_or_insert(now);
            self.small = now.saturating_sub(since) >= self.after_ms;
        }
    }

    /// Whether it has to count again as time goes by.
    pub(crate) const fn is_waiting(&self) -> bool {
        !self.small && self.since.is_some()
    }

    /// The way that broadcasts should take.
    pub(crate) const fn prefers(&self) -> Via {
        match self.via {
            Via::Auto if self.small => Via::Direct,
            Via::Auto => Via::Relay,
            fixed => fixed,
        }
    }

    /// Whether a small cluster is the reason.
    pub(crate) const fn is_reason(&self) -> bool {
        self.small && matches!(self.via, Via::Auto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_takes_the_routers_and_the_way_back_takes_its_time() {
        let mut small = SmallCluster::new(&Options::default());
        assert!(small.prefers() == Via::Direct && small.is_reason());
        small.count(3, 0);
        assert_eq!(small.prefers(), Via::Relay);
        small.count(2, 1_000);
        small.count(3, 5_000);
        small.count(2, 6_000);
        assert!(small.is_waiting());
        small.count(1, 15_999);
        assert_eq!(small.prefers(), Via::Relay);
        small.count(2, 16_000);
        assert!(small.prefers() == Via::Direct && !small.is_waiting());
    }

    #[test]
    fn what_was_asked_for_is_not_counted() {
        for via in [Via::Direct, Via::Relay] {
            let mut small = SmallCluster::new(&Options { via, ..Options::default() });
            small.count(9, 0);
            assert!(small.prefers() == via && !small.is_reason());
        }
    }
}
