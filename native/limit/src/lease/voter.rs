//! The app node's vote: for the set of Rust nodes that it sees, one at a time.
//!
//! A vote is a promise to vote for no other view until it ends, counted from when it was last given. It is given anew with each poll,
//! unless the node sees other Rust nodes by now: then it ends, and the next one is for them. With the change all leases are dropped.
//! A node that has just started does not vote before what it may have promised in an earlier life has ended.
//!
//! Limits: while app nodes see different Rust nodes, no view may have a majority, and nobody grants. After two votes
//! each goes over to the view that leads.

use std::collections::BTreeMap;

use super::broken::{self, Broken};
use super::clock::{Timing, longer};
use super::members::Members;
use super::wire::{Poll, Status};
use super::{Incarnation, LeaseRule, Member, NodeId, View};

/// A Rust node.
#[derive(Clone, Debug)]
struct Known {
    incarnation: Incarnation,
    heard: u64,
    /// What most vote for, as it knows.
    leading: View,
    votes: u32,
    in_force: bool,
}

#[derive(Clone, Debug)]
struct Vote {
    view: View,
    digest: u64,
    since: u64,
    until: u64,
}

/// Who the voter is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) node: NodeId,
    pub(super) incarnation: Incarnation,
    pub(super) born_ms: u64,
    pub(super) electorate: u32,
    pub(super) shares: bool,
}

/// The voter of one limiter on an app node.
#[derive(Debug)]
pub(super) struct Voter {
    pub(super) identity: Identity,
    timing: Timing,
    started: u64,
    rust: BTreeMap<NodeId, Known>,
    vote: Option<Vote>,
    /// Until when each Rust node may count on the vote.
    given: BTreeMap<NodeId, u64>,
    epoch: u64,
    members: Members,
    /// What it would vote for, and since when.
    preferred: (View, u64),
}

impl Voter {
    pub(super) fn new(identity: Identity, timing: Timing, now: u64) -> Self {
        Self {
            identity,
            timing,
            started: now,
            rust: BTreeMap::new(),
            vote: None,
            given: BTreeMap::new(),
            epoch: 0,
            members: Members::default(),
            preferred: (View::default(), now),
        }
    }

    /// Hears a poll. The answer follows from [`Voter::answer`].
    pub(super) fn hear(&mut self, poll: &Poll, now: u64) {
        self.members.expire(now);
        poll.members.iter().for_each(|member| {
            self.members.merge(*member, now);
        });
        if self.rust.len() >= View::MAX && !self.rust.contains_key(&poll.node) {
            return;
        }
        let Poll { incarnation, votes, in_force, .. } = *poll;
        let known = Known { incarnation, heard: now, leading: poll.view.clone(), votes, in_force };
        self.rust.insert(poll.node, known);
    }

    /// The link to a Rust node is down.
    pub(super) fn down(&mut self, node: NodeId) {
        self.rust.remove(&node);
    }

    /// Changes the vote if it is time to. Whether it is another one now: then all leases are void.
    pub(super) fn turn(&mut self, now: u64) -> bool {
        let silent = self.timing.vote_ns * 2;
        self.rust.retain(|_, known| now.saturating_sub(known.heard) < silent);
        let seen = View::new(self.rust.iter().map(|(node, known)| (*node, known.incarnation)));
        if seen != self.preferred.0 {
            self.preferred = (seen, now);
        }
        if now < self.started + longer(self.timing.vote_ns) && !broken::is(Broken::LateVote) {
            return false;
        }
        let wanted = self.wanted(now);
        let keeps = |vote: &Vote| vote.view == wanted || vote.until > now;
        if wanted.is_empty() || self.vote.as_ref().is_some_and(keeps) {
            return false;
        }
        self.epoch += 1;
        self.given.clear();
        self.vote = Some(Vote { digest: wanted.digest(), view: wanted, since: now, until: now });
        true
    }

    /// The Rust nodes that it sees; or, if that has had its time and came to nothing, what most vote for.
    fn wanted(&self, now: u64) -> View {
        let (seen, since) = &self.preferred;
        let led = self.rust.iter().filter(|(node, known)| known.leading.has(**node, known.incarnation));
        let most = led
            .map(|(_, known)| known)
            .max_by_key(|known| (known.in_force, known.votes, known.leading.nodes()));
        let patient = now.saturating_sub(*since) < self.timing.vote_ns * 2;
        match most {
            Some(most) if !patient && most.leading != *seen => most.leading.clone(),
            _ => seen.clone(),
        }
    }

    /// The answer to a poll of a node. Gives the vote anew.
    pub(super) fn answer(&mut self, node: NodeId, number: u64, now: u64, rule: LeaseRule) -> Status {
        let wanted = self.wanted(now);
        let mut status = self.status(rule, now);
        status.answers = number;
        let incarnation = self.rust.get(&node).map(|known| known.incarnation);
        if let (Some(vote), Some(incarnation)) = (&mut self.vote, incarnation)
            && vote.view == wanted
            && vote.view.has(node, incarnation)
        {
            vote.until = vote.until.max(now + longer(self.timing.vote_ns));
            self.given.insert(node, vote.until);
            status.view = vote.view.clone();
        }
        status
    }

    /// A status that answers nothing.
    pub(super) fn status(&self, rule: LeaseRule, now: u64) -> Status {
        let Identity { node, incarnation, born_ms, electorate, shares } = self.identity;
        let mut members = self.members.tell(now);
        members.retain(|member| member.node != node);
        members.truncate(Members::MAX - 1);
        let left_ms = u32::try_from(self.timing.member_ns / 1_000_000).unwrap_or(u32::MAX);
        members.push(Member { node, born_ms, left_ms, gone: false });
        let (view, answers, epoch) = (View::default(), 0, self.epoch);
        Status { node, incarnation, born_ms, answers, epoch, shares, electorate, rule, view, members }
    }

    /// The view that it votes for, and its digest.
    pub(super) fn view(&self) -> Option<(&View, u64)> {
        self.vote.as_ref().map(|vote| (&vote.view, vote.digest))
    }

    /// When somebody was last lost.
    pub(super) fn lost(&mut self, now: u64) -> Option<u64> {
        self.members.expire(now);
        self.members.lost()
    }

    /// Since when the owner of a key does not count on this node; `None`: it does.
    pub(super) fn unheard_since(&self, key: u128, now: u64) -> Option<u64> {
        let since = match &self.vote {
            None => self.started + longer(self.timing.vote_ns),
            Some(vote) => {
                let given = vote.view.owner(key).and_then(|(owner, _)| self.given.get(&owner));
                given.copied().unwrap_or(vote.since + longer(self.timing.vote_ns))
            }
        };
        (since <= now).then_some(since)
    }

    /// How often it has changed its vote.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether some Rust node says that it has the majority for our view.
    pub(super) fn in_force(&self) -> bool {
        self.vote
            .as_ref()
            .is_some_and(|vote| self.rust.values().any(|known| known.in_force && known.leading == vote.view))
    }

    /// Rust nodes that are there.
    pub(super) fn reached(&self) -> impl Iterator<Item = NodeId> {
        self.rust.keys().copied()
    }

    /// Whether a Rust node is there in this incarnation.
    pub(super) fn reaches(&self, node: NodeId, incarnation: Incarnation) -> bool {
        self.rust.get(&node).is_some_and(|known| known.incarnation == incarnation)
    }

    /// When it wants to change its vote next.
    pub(super) fn next(&self, now: u64) -> u64 {
        let started = self.started + longer(self.timing.vote_ns);
        match &self.vote {
            Some(vote) if vote.view != self.preferred.0 && vote.until > now => vote.until,
            _ if started > now => started,
            _ => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::LeaseKind;
    use super::super::clock::MS;
    use super::*;

    fn voter() -> Voter {
        let identity = Identity {
            node: NodeId(1),
            incarnation: Incarnation(1),
            born_ms: 1,
            electorate: 0,
            shares: false,
        };
        Voter::new(identity, Timing::default(), 0)
    }

    fn poll(node: u64) -> Poll {
        let (node, incarnation, view) = (NodeId(node), Incarnation(node), View::default());
        let members = Vec::new();
        Poll {
            node,
            incarnation,
            number: 1,
            electorate: 1,
            rule: None,
            view,
            votes: 0,
            in_force: false,
            members,
        }
    }

    fn view(nodes: &[u64]) -> View {
        View::new(nodes.iter().map(|node| (NodeId(*node), Incarnation(*node))))
    }

    fn answer(voter: &mut Voter, node: u64, now: u64) -> View {
        voter.hear(&poll(node), now);
        voter.turn(now);
        let rule = LeaseRule::new(LeaseKind::Gcra, 1, 1, 1).unwrap();
        voter.answer(NodeId(node), 1, now, rule).view
    }

    fn vote_ns() -> u64 {
        longer(Timing::default().vote_ns)
    }

    #[test]
    fn what_it_may_have_promised_in_an_earlier_life_ends_first() {
        let mut voter = voter();
        assert_eq!(answer(&mut voter, 5, vote_ns() - 1), view(&[]));
        assert_eq!(answer(&mut voter, 5, vote_ns()), view(&[5]));
    }

    #[test]
    fn a_vote_holds_to_its_end_and_is_not_given_anew() {
        let mut voter = voter();
        let given = vote_ns();
        assert_eq!(answer(&mut voter, 5, given), view(&[5]));
        // It sees another one: neither gets a vote until the old one has ended.
        let last = given + vote_ns() - 1;
        assert_eq!(answer(&mut voter, 6, given + MS), view(&[]));
        assert_eq!(answer(&mut voter, 5, last), view(&[]));
        assert_eq!(voter.view().unwrap().0, &view(&[5]));
        assert_eq!(answer(&mut voter, 6, last + 1), view(&[5, 6]));
        assert_eq!(voter.status(LeaseRule::new(LeaseKind::Gcra, 1, 1, 1).unwrap(), last).epoch, 2);
    }

    #[test]
    fn it_follows_the_others_after_a_while() {
        let mut voter = voter();
        answer(&mut voter, 5, vote_ns());
        let all = Poll { view: view(&[5, 6]), votes: 3, in_force: true, ..poll(5) };
        let mut now = vote_ns();
        while voter.view().unwrap().0 == &view(&[5]) {
            now += 50 * MS;
            assert!(now < 10 * vote_ns(), "it does not follow");
            voter.hear(&all, now);
            voter.turn(now);
        }
        assert_eq!(voter.view().unwrap().0, &view(&[5, 6]));
        assert!(now >= 2 * Timing::default().vote_ns);
    }
}
