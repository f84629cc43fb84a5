//! One publisher that is changing its way.

use std::collections::VecDeque;

use outrigger_node::OwnedPid;

use super::{Action, Routers, Wait};
use crate::way::Way;

const MAX_ENDS: usize = 64;
const MAX_SEGMENTS: usize = 64;
const MAX_WATCHED: usize = 128;
/// A link that has held something back for longer than the tick time-out has been cut by then.
const WATCH_MS: u64 = 120_000;

/// What waits for the end of some ways.
#[derive(Debug)]
struct Segment<P> {
    epoch: u64,
    waits: Vec<Wait>,
    /// Messages, each with its cost.
    held: Vec<(P, usize)>,
    deadline: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Publisher<P> {
    /// In the order of their epochs.
    segments: VecDeque<Segment<P>>,
    /// Ends that came, newest first: epoch, way, until when they are kept.
    ends: VecDeque<(u64, Way, u64)>,
    /// Older epochs are dropped.
    floor: u64,
    /// Ways that were given up: epoch, what was waited for, until when it is watched.
    watch: VecDeque<(u64, Wait, u64)>,
    monitored: bool,
}

impl<P> Default for Publisher<P> {
    fn default() -> Self {
        let (segments, ends, watch) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { segments, ends, floor: 0, watch, monitored: false }
    }
}

impl<P> Publisher<P> {
    pub(super) fn is_waiting(&self) -> bool {
        !self.segments.is_empty() || !self.watch.is_empty()
    }

    /// Whether nothing of it has to be kept.
    pub(super) fn is_done(&self) -> bool {
        !self.is_waiting() && self.ends.is_empty()
    }

    pub(super) fn is_stale(&self, epoch: u64) -> bool {
        epoch < self.floor
    }

    /// Whether a message of this epoch has to wait.
    pub(super) fn holds(&self, epoch: u64) -> bool {
        self.segments.front().is_some_and(|first| epoch >= first.epoch)
    }

    /// Keeps a message that [`Publisher::holds`] says has to wait.
    pub(super) fn hold(&mut self, epoch: u64, payload: P, cost: usize) {
        if let Some(segment) = self.segments.iter_mut().rev().find(|segment| segment.epoch <= epoch) {
            segment.held.push((payload, cost));
        }
    }

    pub(super) fn held_messages(&self) -> usize {
        self.segments.iter().map(|segment| segment.held.len()).sum()
    }

    /// A new way. That of an epoch that was given up does not count.
    pub(super) fn add(
        &mut self,
        epoch: u64,
        waits: Vec<Wait>,
        deadline: u64,
        pid: &OwnedPid,
        held: &mut usize,
        out: &mut Vec<Action<P>>,
    ) {
        if epoch < self.floor {
            return;
        }
        let at = self.segments.partition_point(|segment| segment.epoch < epoch);
        self.segments.insert(at, Segment { epoch, waits, held: Vec::new(), deadline });
        while self.segments.len() > MAX_SEGMENTS {
            self.give_up(pid, held, out);
        }
    }

    pub(super) fn end(&mut self, epoch: u64, way: Way, until: u64) {
        self.ends.push_front((epoch, way, until));
        self.ends.truncate(MAX_ENDS);
    }

    /// Its direct way has ended.
    pub(super) fn down(&mut self) {
        for segment in &mut self.segments {
            segment.waits.retain(|wait| *wait != Wait::Direct);
        }
        self.watch.retain(|(_, wait, _)| *wait != Wait::Direct);
        self.monitored = false;
    }

    /// Has it watched if that is of use.
    pub(super) fn monitor(&mut self, pid: &OwnedPid, out: &mut Vec<Action<P>>) {
        if !self.monitored && self.is_watched() {
            self.monitored = true;
            out.push(Action::Monitor(pid.clone()));
        }
    }

    fn is_watched(&self) -> bool {
        self.watch.iter().any(|(_, wait, _)| *wait == Wait::Direct)
            || self.segments.iter().any(|segment| segment.waits.contains(&Wait::Direct))
    }

    /// Forgets and gives up what has waited for too long.
    pub(super) fn expire(&mut self, now: u64, pid: &OwnedPid, held: &mut usize, out: &mut Vec<Action<P>>) {
        self.ends.retain(|(_, _, until)| *until > now);
        self.watch.retain(|(_, _, until)| *until > now);
        while self.segments.front().is_some_and(|first| first.deadline <= now) {
            self.give_up(pid, held, out);
        }
    }

    /// Delivers what the oldest way holds up, whatever may still come on it.
    pub(super) fn give_up(&mut self, pid: &OwnedPid, held: &mut usize, out: &mut Vec<Action<P>>) {
        let Some(segment) = self.segments.pop_front() else { return };
        out.push(Action::GaveUp(pid.clone(), segment.held.len()));
        let until = segment.deadline + WATCH_MS;
        self.watch.extend(segment.waits.iter().map(|wait| (segment.epoch, wait.clone(), until)));
        self.watch.drain(..self.watch.len().saturating_sub(MAX_WATCHED));
        self.floor = segment.epoch;
        deliver(segment, held, out);
    }

    /// Goes through all that has come to an end.
    pub(super) fn settle(
        &mut self,
        pid: &OwnedPid,
        routers: &Routers,
        held: &mut usize,
        out: &mut Vec<Action<P>>,
    ) {
        let ends = &self.ends;
        // The way of a later epoch cannot end before that of an earlier one: `>=`.
        let ended = |epoch: u64, wait: &Wait| {
            ends.iter().any(|(ended, way, _)| *ended >= epoch && is_of(wait, way))
                || routers.nothing_to_come(wait)
        };
        for segment in &mut self.segments {
            segment.waits.retain(|wait| !ended(segment.epoch, wait));
        }
        self.watch.retain(|(epoch, wait, _)| !ended(*epoch, wait));
        if self.watch.is_empty() {
            self.floor = 0;
        }
        let mut done = None;
        while self.segments.front().is_some_and(|first| first.waits.is_empty()) {
            let Some(segment) = self.segments.pop_front() else { break };
            done = Some(segment.epoch);
            deliver(segment, held, out);
        }
        if let Some(done) = done {
            self.ends.retain(|(epoch, _, _)| *epoch > done);
        }
        if self.monitored && !self.is_watched() {
            self.monitored = false;
            out.push(Action::Demonitor(pid.clone()));
        }
    }
}

fn deliver<P>(segment: Segment<P>, held: &mut usize, out: &mut Vec<Action<P>>) {
    for (payload, cost) in segment.held {
        *held = held.saturating_sub(cost);
        out.push(Action::Deliver(payload));
    }
}

fn is_of(wait: &Wait, way: &Way) -> bool {
    match (wait, way) {
        (Wait::Direct, Way::Direct) => true,
        (Wait::Router(of), Way::Member(member)) => of.member == *member,
        _ => false,
    }
}
