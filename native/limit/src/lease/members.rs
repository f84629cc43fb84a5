//! The electorate: the app nodes that somebody has heard of, told on by everybody to everybody.
//!
//! A node that says goodbye leaves it at once, one that is silent after `member_ns`. A later start of a node goes over an
//! earlier one, and of one start the goodbye over everything.

use std::collections::BTreeMap;

use super::NodeId;

/// What is told of one app node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name's id.
    pub node: NodeId,
    /// When it started, in milliseconds of its wall clock: only to tell one start from a later one.
    pub born_ms: u64,
    /// For how long it still counts.
    pub left_ms: u32,
    /// It has said goodbye.
    pub gone: bool,
}

/// The electorate as one node knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    nodes: BTreeMap<NodeId, Known>,
    /// When somebody was last lost: is gone, is silent for long, or has started anew.
    lost: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    born_ms: u64,
    until: u64,
    gone: bool,
}

impl Members {
    /// The most nodes that are kept. More are not counted.
    pub(super) const MAX: usize = 1_024;

    /// Notes what was told. Whether somebody is new or gone.
    pub(super) fn merge(&mut self, told: Member, now: u64) -> bool {
        let until = now.saturating_add(u64::from(told.left_ms) * 1_000_000);
        let news = Known { born_ms: told.born_ms, until, gone: told.gone };
        if !self.nodes.contains_key(&told.node) && (self.nodes.len() >= Self::MAX || told.left_ms == 0) {
            return false;
        }
        let known = self.nodes.entry(told.node).or_insert(Known { born_ms: 0, until: 0, gone: true });
        let counted = !known.gone && known.until > now;
        let earlier = known.until > 0 && news.born_ms != known.born_ms;
        if news.born_ms > known.born_ms {
            *known = news;
        } else if news.born_ms == known.born_ms {
            known.gone |= news.gone;
            known.until = known.until.max(news.until);
        }
        let counts = !known.gone && known.until > now;
        // Also if the later start was heard of before the earlier one.
        if earlier || (counted && !counts) {
            self.lost = Some(now);
        }
        counted != counts
    }

    /// Forgets whom nobody has heard of for long.
    pub(super) fn expire(&mut self, now: u64) {
        let silent = |known: &Known| !known.gone && known.until <= now;
        if self.nodes.values().any(silent) {
            self.lost = Some(now);
        }
        self.nodes.retain(|_, known| known.until > now);
    }

    /// When somebody was last lost.
    pub(super) fn lost(&self) -> Option<u64> {
        self.lost
    }

    /// Who counts.
    pub(super) fn alive(&self, now: u64) -> impl Iterator<Item = NodeId> {
        self.nodes.iter().filter(move |(_, known)| !known.gone && known.until > now).map(|(node, _)| *node)
    }

    /// To be told on.
    pub(super) fn tell(&self, now: u64) -> Vec<Member> {
        let tell = |(node, known): (&NodeId, &Known)| Member {
            node: *node,
            born_ms: known.born_ms,
            left_ms: u32::try_from(known.until.saturating_sub(now) / 1_000_000).unwrap_or(u32::MAX),
            gone: known.gone,
        };
        self.nodes.iter().map(tell).filter(|member| member.left_ms > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);

    fn told(born_ms: u64, left_ms: u32, gone: bool) -> Member {
        Member { node: A, born_ms, left_ms, gone }
    }

    #[test]
    fn a_goodbye_holds_until_the_next_start() {
        let mut members = Members::default();
        assert!(members.merge(told(5, 1_000, false), 0));
        assert!(members.merge(told(5, 1_000, true), 0));
        assert!(!members.merge(told(5, 9_000, false), 0), "an old word does not bring it back");
        assert_eq!(members.alive(0).count(), 0);
        assert!(members.merge(told(6, 1_000, false), 0));
        assert_eq!(members.alive(0).count(), 1);
    }

    #[test]
    fn the_silent_count_for_a_while() {
        let mut members = Members::default();
        members.merge(told(5, 1_000, false), 0);
        assert_eq!(members.tell(400_000_000), [told(5, 600, false)]);
        assert_eq!(members.alive(1_000_000_000).count(), 0);
    }
}
