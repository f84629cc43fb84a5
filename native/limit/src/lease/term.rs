//! Votes, and the term of a Rust node: the time in which it has the votes of more than half of the electorate for one view.
//!
//! A vote counts from when the poll that it answers was sent, so it ends here before it ends at the voter. Two views cannot both have
//! more than half, so two nodes never own one key at once. When a term begins, leases of an earlier one may still be held: it is
//! *open* as soon as everybody of the electorate votes for the view, for a voter that changes its view drops its leases, or else when
//! the longest lease has run out.
//!
//! A term that lost its majority goes on if more than half still say that they never voted for another view since. If they cannot
//! say so, it is a new term, and waits.

pub(super) mod learn;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use self::learn::Word;
use super::books::Present;
use super::broken::{self, Broken};
use super::clock::{Timing, longer};
use super::members::Members;
use super::wire::Status;
use super::{Incarnation, Member, NodeId, View};

/// Polls whose answers count.
const POLLS: usize = 64;

/// A vote.
#[derive(Clone, Debug)]
struct Vote {
    view: u64,
    incarnation: Incarnation,
    epoch: u64,
    /// The poll that it answers.
    poll: u64,
    until: u64,
}

#[derive(Clone, Debug)]
struct Voter {
    vote: Option<Vote>,
    electorate: u32,
    shares: bool,
    /// When it last said something.
    heard: u64,
}

/// A majority for one view.
#[derive(Clone, Debug)]
struct Term {
    view: View,
    digest: u64,
    since: u64,
    open: bool,
    /// Only time opens it: who voted for this view all along may hold leases of the time before.
    wait: bool,
    lapsed: bool,
    /// Who voted for it: in which incarnation and epoch.
    voters: HashMap<NodeId, (Incarnation, u64)>,
    /// Those of them that said goodbye since.
    left: usize,
    electorate: usize,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing.
    Same,
    /// A term has begun to grant. `reported`: everybody has said what it knows of before.
    Open { reported: bool },
}

/// The votes that one Rust node has for one limiter.
#[derive(Debug)]
pub(super) struct Terms {
    node: NodeId,
    incarnation: Incarnation,
    timing: Timing,
    voters: BTreeMap<NodeId, Voter>,
    views: HashMap<u64, View>,
    members: Members,
    /// The first poll that told of a member.
    told: HashMap<NodeId, u64>,
    polls: VecDeque<(u64, u64)>,
    number: u64,
    term: Option<Term>,
    /// Views of terms that ended, and when.
    former: HashMap<u64, u64>,
}

impl Terms {
    pub(super) fn new(node: NodeId, incarnation: Incarnation, timing: Timing) -> Self {
        Self {
            node,
            incarnation,
            timing,
            voters: BTreeMap::new(),
            views: HashMap::new(),
            members: Members::default(),
            told: HashMap::new(),
            polls: VecDeque::new(),
            number: 0,
            term: None,
            former: HashMap::new(),
        }
    }

    /// A poll goes out now. Returns its number.
    pub(super) fn poll(&mut self, now: u64) -> u64 {
        self.members.expire(now);
        self.number += 1;
        self.polls.push_back((self.number, now));
        if self.polls.len() > POLLS {
            self.polls.pop_front();
        }
        let alive: HashSet<_> = self.members.alive(now).collect();
        self.told.retain(|node, _| alive.contains(node));
        self.voters.retain(|node, _| alive.contains(node));
        alive.into_iter().for_each(|node| {
            self.told.entry(node).or_insert(self.number);
        });
        self.number
    }

    /// What the poll tells.
    pub(super) fn members(&self, now: u64) -> Vec<Member> {
        self.members.tell(now)
    }

    /// An app node says how it stands. Whether somebody joined the electorate or left it.
    pub(super) fn status(&mut self, status: &Status, now: u64) -> bool {
        let gone = status.says_goodbye();
        let mut news = false;
        for member in &status.members {
            news |= self.members.merge(*member, now);
        }
        let left_ms = u32::try_from(self.timing.member_ns / 1_000_000).unwrap_or(u32::MAX);
        let own = Member { node: status.node, born_ms: status.born_ms, left_ms, gone };
        news |= self.members.merge(own, now);
        if gone {
            self.leave(status);
            return news;
        }
        let sent = self.polls.iter().find(|(number, _)| *number == status.answers);
        let vote = sent.filter(|_| status.view.has(self.node, self.incarnation)).map(|(poll, sent)| Vote {
            view: status.view.digest(),
            incarnation: status.incarnation,
            epoch: status.epoch,
            poll: *poll,
            until: sent + self.timing.vote_ns * if broken::is(Broken::VoteEnd) { 3 } else { 1 },
        });
        if let Some(vote) = &vote {
            let voters = &self.voters;
            self.views.retain(|known, _| voters.values().any(|voter| voter.votes(*known, now)));
            self.views.insert(vote.view, status.view.clone());
        }
        if self.voters.len() >= Members::MAX && !self.voters.contains_key(&status.node) {
            return news;
        }
        let new = Voter { vote: None, electorate: 0, shares: false, heard: now };
        let voter = self.voters.entry(status.node).or_insert(new);
        (voter.electorate, voter.shares, voter.heard) = (status.electorate, status.shares, now);
        // A vote is a promise: it holds to its end, whatever it votes for next.
        if vote.is_some() {
            voter.vote = vote;
        }
        news
    }

    fn leave(&mut self, status: &Status) {
        self.voters.remove(&status.node);
        if let Some(term) = &mut self.term
            && term.voters.get(&status.node) == Some(&(status.incarnation, status.epoch))
        {
            term.voters.remove(&status.node);
            term.left += 1;
        }
    }

    /// When somebody was last lost.
    pub(super) fn lost(&self) -> Option<u64> {
        self.members.lost()
    }

    /// The size of the electorate.
    pub(super) fn electorate(&self, now: u64) -> usize {
        let named = self.voters.values().map(|voter| voter.electorate as usize).max().unwrap_or(0);
        self.members.alive(now).count().max(named)
    }

    /// Counts the votes. `word`: the vote under which a node has reported.
    pub(super) fn count(&mut self, word: impl Fn(NodeId) -> Option<Word>, now: u64) -> Turn {
        self.members.expire(now);
        let electorate = self.electorate(now);
        let majority = self.majority(electorate, now);
        let Some(digest) = majority else {
            if let Some(term) = &mut self.term {
                if !term.lapsed {
                    term.electorate = electorate;
                    self.former.insert(term.digest, now);
                }
                term.lapsed = true;
            }
            return Turn::Same;
        };
        if !self.goes_on(digest, electorate, now) {
            let Some(view) = self.views.get(&digest).cloned() else { return Turn::Same };
            let over = |ended: u64| ended + longer(self.timing.lease_ns) <= now;
            if let Some(term) = self.term.as_ref().filter(|term| !term.lapsed) {
                self.former.insert(term.digest, now);
            }
            self.former.retain(|_, ended| !over(*ended));
            let wait = self.former.contains_key(&digest);
            self.term = Some(Term {
                view,
                digest,
                since: now,
                open: false,
                wait,
                lapsed: false,
                voters: HashMap::new(),
                left: 0,
                electorate,
            });
        }
        self.note_votes(digest, now);
        self.views.retain(|known, _| {
            *known == digest || self.voters.values().any(|voter| voter.votes(*known, now))
        });
        self.open(electorate, word, now)
    }

    /// The view that has more than half of the votes.
    fn majority(&self, electorate: usize, now: u64) -> Option<u64> {
        self.most(now).filter(|(_, votes)| votes * 2 > electorate).map(|(view, _)| view)
    }

    /// The view that has the most votes, and how many.
    fn most(&self, now: u64) -> Option<(u64, usize)> {
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for vote in
            self.voters.values().filter_map(|voter| voter.vote.as_ref()).filter(|vote| vote.until > now)
        {
            *counts.entry(vote.view).or_default() += 1;
        }
        // Between equals as the voters choose, so that all end up with the same.
        counts.into_iter().max_by_key(|(view, votes)| (*votes, self.views.get(view).map(View::nodes)))
    }

    /// The view with the most votes, and how many: what voters agree on who see different Rust nodes.
    pub(super) fn leading(&self, now: u64) -> (View, u32) {
        let most = self.most(now).and_then(|(view, votes)| Some((self.views.get(&view)?.clone(), votes)));
        most.map_or_else(Default::default, |(view, votes)| (view, u32::try_from(votes).unwrap_or(u32::MAX)))
    }

    /// Whether the term is one without a break in which another node could have owned our keys.
    fn goes_on(&mut self, digest: u64, electorate: usize, now: u64) -> bool {
        let Some(term) = &mut self.term else { return false };
        if term.digest != digest {
            return false;
        }
        if term.lapsed {
            let stayed = |(node, voter): &(&NodeId, &Voter)| {
                voter.votes(digest, now)
                    && voter.vote.as_ref().map(|vote| (vote.incarnation, vote.epoch))
                        == term.voters.get(node).copied()
            };
            let stayed = self.voters.iter().filter(stayed).count() + term.left;
            if stayed * 2 <= term.electorate.max(electorate + term.left) {
                return false;
            }
            term.lapsed = false;
        }
        true
    }

    fn note_votes(&mut self, digest: u64, now: u64) {
        let Some(term) = &mut self.term else { return };
        for (node, voter) in self.voters.iter().filter(|(_, voter)| voter.votes(digest, now)) {
            if let Some(vote) = &voter.vote {
                term.voters.insert(*node, (vote.incarnation, vote.epoch));
            }
        }
    }

    fn open(&mut self, electorate: usize, word: impl Fn(NodeId) -> Option<Word>, now: u64) -> Turn {
        let Some(term) = &mut self.term else { return Turn::Same };
        if term.open {
            return Turn::Same;
        }
        let all: Vec<_> = self.members.alive(now).map(|node| self.voters.get(&node)).collect();
        let voted = |voter: &Option<&Voter>| voter.is_some_and(|voter| voter.votes(term.digest, now));
        let unanimous = all.len() >= electorate && all.iter().all(voted);
        let alive = self.members.alive(now);
        let reported = unanimous
            && alive.into_iter().all(|node| {
                let vote = self.voters.get(&node).and_then(|voter| voter.vote.as_ref());
                vote.is_some_and(|vote| word(node) == Some(vote.word()))
            });
        let over = now >= term.since + longer(self.timing.lease_ns) || broken::is(Broken::WaitOut);
        if !over && (term.wait || !reported) {
            return Turn::Same;
        }
        term.open = true;
        Turn::Open { reported: reported && !term.wait }
    }

    /// How many of the electorate vote for the view in force, if the others may spend their share by themselves.
    pub(super) fn present(&self, now: u64) -> Option<Present> {
        let digest = self.term.as_ref().filter(|_| self.voters.values().any(|voter| voter.shares))?.digest;
        if broken::is(Broken::Reserve) {
            return None;
        }
        let of = self.electorate(now) as u64;
        let here = self.voters.values().filter(|voter| voter.votes(digest, now)).count() as u64;
        Some(Present { here: here.min(of), of })
    }

    /// Whether what is reported under a vote for a view can be news. A term that has opened knows more than anybody can tell it.
    pub(super) fn can_learn(&self, view: u64) -> bool {
        self.term.as_ref().is_none_or(|term| !term.open || term.digest != view)
    }

    /// The view for which it has the majority now.
    pub(super) fn in_force(&self) -> Option<&View> {
        self.term.as_ref().filter(|term| !term.lapsed).map(|term| &term.view)
    }

    /// Whether an app node that holds tokens of a view may be granted some; else how long to wait.
    pub(super) fn grants(&self, node: NodeId, view: u64, now: u64) -> Result<&View, u64> {
        let later = self.timing.poll_ns / 2;
        let Some(term) = self.term.as_ref().filter(|term| !term.lapsed && term.digest == view) else {
            return Err(later);
        };
        if !term.open {
            let until = term.since + longer(self.timing.lease_ns);
            return Err(until.saturating_sub(now).clamp(1, later));
        }
        let votes = self.voters.values().filter_map(|voter| voter.vote.as_ref());
        let votes = votes.filter(|vote| vote.view == view && vote.until > now);
        let own = self.voters.get(&node).is_some_and(|voter| voter.votes(view, now));
        // A majority has to know of whoever holds leases: a later owner hears of it from them.
        let told = self.told.get(&node).copied().unwrap_or(u64::MAX);
        let (known, all) =
            votes.fold((0, 0), |(known, all), vote| (known + usize::from(vote.poll >= told), all + 1));
        let electorate = self.electorate(now);
        if own && known * 2 > electorate && all * 2 > electorate { Ok(&term.view) } else { Err(later) }
    }

    /// When votes end next.
    pub(super) fn next_end(&self) -> Option<u64> {
        self.voters.values().filter_map(|voter| voter.vote.as_ref()).map(|vote| vote.until).min()
    }
}

impl Vote {
    fn word(&self) -> Word {
        Word { incarnation: self.incarnation, epoch: self.epoch, view: self.view }
    }
}

impl Voter {
    fn votes(&self, view: u64, now: u64) -> bool {
        self.vote.as_ref().is_some_and(|vote| vote.view == view && vote.until > now)
    }
}

#[cfg(test)]
mod tests;
