//! What one router has been told of this program's interest, and what it is told next.
//!
//! ```text
//! resetting -> walking -> listing -> listed
//!     ^           all phases:  |        |       `open` answered: reset at once, walk after a pause
//!     `------------------------+--------'       `unattached` answered: detached until there is a new attachment
//! ```
//!
//! While it walks, the router gets what lies up to the cursor and each change there. What lies behind is for the walk to come.
//!
//! Invariants:
//! - One message is under way at a time. What is new meanwhile goes with the next one.
//! - `wants` and `unwants` are what differs from what the router has been told, so its digest is known by adding up.
//! - `since` is the stamp that was held when the oldest of `wants` was learned. No want is told with a newer one.
//! - What told something new, to a router that did not send everything, and is not answered with `complete`, is a gap.
//!
//! Limits: answers are waited for as long as the attachment lives: links lose nothing while they are up.

use std::collections::BTreeSet;

use outrigger_node::OwnedPid;

use super::{Cursor, Gap};
use crate::pattern::Pattern;

const STAMP_MS: u64 = 200;
const PAUSE_MS: u64 = 1_000;
const MAX_PAUSE_MS: u64 = 30_000;
/// Of each kind. A message may have 4,096 in all, and a portion of the walk is one of 1,000.
const MAX_WANTS: usize = 2_000;
const MAX_UNWANTS: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Detached,
    Resetting,
    Walking,
    Listing,
    Listed,
}

/// What a router is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Reset { since: u64 },
    Change { since: u64, wanted: Vec<Pattern>, unwanted: Vec<Pattern> },
    Listed { count: u64, sum: u64 },
}

/// What a router makes of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It gets what it wants.
    Listed,
    /// It gets everything.
    Open,
    /// It is not attached.
    Unattached,
}

/// A router's answer to the message of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) number: u64,
    pub(crate) state: State,
    pub(crate) stamp: u64,
    pub(crate) complete: bool,
}

/// What comes of an event.
#[derive(Debug, Default)]
pub(crate) struct Next {
    pub(crate) send: Option<(u64, Request)>,
    pub(crate) gap: Option<Gap>,
    /// The next patterns behind this cursor are needed: [`Account::walked`].
    pub(crate) walk: Option<Cursor>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Account {
    member: Option<OwnedPid>,
    phase: Phase,
    under_way: Option<(u64, Request)>,
    sent: bool,
    number: u64,
    stamp: u64,
    asked_at: u64,
    since: Option<u64>,
    wants: BTreeSet<Pattern>,
    unwants: BTreeSet<Pattern>,
    cursor: Cursor,
    told: (u64, u64),
    open: bool,
    walk_at: u64,
    pause_ms: u64,
}

impl Account {
    /// An account that is not attached. Its messages are numbered from `number` on.
    pub(crate) const fn new(number: u64) -> Self {
        Self {
            member: None,
            phase: Phase::Detached,
            under_way: None,
            sent: true,
            number,
            stamp: 0,
            asked_at: 0,
            since: None,
            wants: BTreeSet::new(),
            unwants: BTreeSet::new(),
            cursor: Cursor::Start,
            told: (0, 0),
            open: true,
            walk_at: 0,
            pause_ms: PAUSE_MS,
        }
    }

    /// The number of its last message.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Whether the router sends what is wanted, and nothing else.
    pub(crate) fn is_listed(&self) -> bool {
        self.phase == Phase::Listed
    }

    /// Whether a message on this pattern that is published from now on is handed on to this node at once.
    pub(crate) fn knows(&self, pattern: &Pattern) -> bool {
        if self.is_ahead(pattern) {
            return self.open;
        }
        let telling = match &self.under_way {
            Some((_, Request::Change { wanted, .. })) => wanted.contains(pattern),
            _ => false,
        };
        !self.wants.contains(pattern) && !telling
    }

    /// The router has attached this node.
    pub(crate) fn attached(&mut self, member: &OwnedPid, now: u64) -> Next {
        if self.member.as_ref() == Some(member) {
            return Next::default();
        }
        // What it was told so far was told to another attachment, and so were its answers.
        self.member = Some(member.clone());
        self.open = true;
        self.pause_ms = PAUSE_MS;
        self.reset(0, now, now)
    }

    /// A pattern is wanted that was not.
    pub(crate) fn want(&mut self, pattern: &Pattern, now: u64) -> Next {
        if self.is_ahead(pattern) || self.unwants.remove(pattern) {
            return Next::default();
        }
        self.since.get_or_insert(self.stamp);
        self.wants.insert(pattern.clone());
        self.next(now)
    }

    /// A pattern is not wanted any more.
    pub(crate) fn unwant(&mut self, pattern: &Pattern, now: u64) -> Next {
        if self.is_ahead(pattern) {
            return Next::default();
        }
        if self.wants.remove(pattern) {
            self.forget_since();
            return Next::default();
        }
        self.unwants.insert(pattern.clone());
        self.next(now)
    }

    /// What a walk was to find.
    pub(crate) fn walked(&mut self, patterns: Vec<Pattern>, cursor: Cursor, now: u64) -> Next {
        self.cursor = cursor;
        self.change(patterns, now)
    }

    /// The router has answered.
    pub(crate) fn answer(&mut self, answer: &Answer, now: u64) -> Next {
        let Some((_, request)) = self.under_way.take_if(|(number, _)| *number == answer.number) else {
            // To a message of before the attachment.
            return Next::default();
        };
        let gap = if answer.complete { None } else { self.gap(&request) };
        // From where to ask again, if it was in vain.
        let resume = self.resume(&request);
        self.stamp = answer.stamp;
        let next = match (answer.state, self.phase) {
            (State::Unattached, _) => {
                self.forget();
                (self.phase, self.open) = (Phase::Detached, true);
                Next::default()
            }
            (_, Phase::Resetting) => {
                (self.phase, self.open) = (Phase::Walking, true);
                self.next(now)
            }
            (State::Open, Phase::Walking) => {
                if self.cursor == Cursor::Done {
                    self.phase = Phase::Listing;
                }
                self.next(now)
            }
            (State::Listed, Phase::Listing | Phase::Listed) => {
                (self.phase, self.pause_ms) = (Phase::Listed, PAUSE_MS);
                self.next(now)
            }
            _ => {
                // It means another set than we do, or a bound was passed. What was missed until it opened is asked for at once.
                let walk_at = now + self.pause_ms;
                self.open = true;
                self.pause_ms = (2 * self.pause_ms).min(MAX_PAUSE_MS);
                self.reset(resume, walk_at, now)
            }
        };
        Next { gap, ..next }
    }

    /// The link had no room for the last message.
    pub(crate) const fn unsent(&mut self) {
        self.sent = false;
    }

    /// Time goes by.
    pub(crate) fn tick(&mut self, now: u64) -> Next {
        if let Some((number, request)) = &self.under_way
            && !self.sent
        {
            self.sent = true;
            return Next { send: Some((*number, request.clone())), ..Next::default() };
        }
        if self.phase == Phase::Listed && self.under_way.is_none() && now - self.asked_at >= STAMP_MS {
            return self.change(Vec::new(), now);
        }
        self.next(now)
    }

    fn next(&mut self, now: u64) -> Next {
        if self.under_way.is_some() {
            return Next::default();
        }
        match self.phase {
            Phase::Walking if self.cursor != Cursor::Done && now >= self.walk_at => {
                Next { walk: Some(self.cursor.clone()), ..Next::default() }
            }
            Phase::Listing => {
                self.open = false;
                let (count, sum) = self.told;
                self.say(Request::Listed { count, sum }, now)
            }
            Phase::Listed if !self.wants.is_empty() || !self.unwants.is_empty() => {
                self.change(Vec::new(), now)
            }
            _ => Next::default(),
        }
    }

    fn change(&mut self, walked: Vec<Pattern>, now: u64) -> Next {
        let mut wanted = take(&mut self.wants, MAX_WANTS);
        let unwanted = take(&mut self.unwants, MAX_UNWANTS);
        let since = self.since.unwrap_or(self.stamp);
        wanted.extend(walked);
        let (count, sum) = self.told;
        let sum = wanted.iter().fold(sum, |sum, pattern| sum.wrapping_add(weight(pattern)));
        let sum = unwanted.iter().fold(sum, |sum, pattern| sum.wrapping_sub(weight(pattern)));
        self.told = (count + wanted.len() as u64 - unwanted.len() as u64, sum);
        self.forget_since();
        self.say(Request::Change { since, wanted, unwanted }, now)
    }

    fn reset(&mut self, since: u64, walk_at: u64, now: u64) -> Next {
        self.forget();
        (self.phase, self.walk_at, self.stamp) = (Phase::Resetting, walk_at, since);
        self.say(Request::Reset { since }, now)
    }

    fn forget(&mut self) {
        self.under_way = None;
        self.wants.clear();
        self.unwants.clear();
        self.since = None;
        self.cursor = Cursor::Start;
        self.told = (0, 0);
    }

    fn say(&mut self, request: Request, now: u64) -> Next {
        self.number += 1;
        self.under_way = Some((self.number, request.clone()));
        self.sent = true;
        self.asked_at = now;
        Next { send: Some((self.number, request)), ..Next::default() }
    }

    /// Whether the walk will tell of this pattern, if it is still wanted then.
    fn is_ahead(&self, pattern: &Pattern) -> bool {
        match self.phase {
            Phase::Resetting | Phase::Detached => true,
            Phase::Walking => match &self.cursor {
                Cursor::Start => true,
                Cursor::At(cursor) => pattern > cursor,
                Cursor::Done => false,
            },
            Phase::Listing | Phase::Listed => false,
        }
    }

    fn forget_since(&mut self) {
        if self.wants.is_empty() {
            self.since = None;
        }
    }

    /// The stamp from which on to ask, so that nothing is missed that `request`, which was in vain, had asked for.
    fn resume(&self, request: &Request) -> u64 {
        match request {
            Request::Reset { since } => *since,
            Request::Change { since, wanted, .. } if !wanted.is_empty() => *since,
            _ => self.since.unwrap_or(self.stamp),
        }
    }

    /// Who gets everything has missed nothing, however far back the router can look.
    fn gap(&self, request: &Request) -> Option<Gap> {
        match request {
            Request::Change { wanted, .. } if !wanted.is_empty() && !self.open => {
                Some(Gap::Patterns(wanted.clone()))
            }
            Request::Reset { since } if *since > 0 => Some(Gap::All),
            _ => None,
        }
    }
}

fn take(patterns: &mut BTreeSet<Pattern>, most: usize) -> Vec<Pattern> {
    std::iter::from_fn(|| patterns.pop_first()).take(most).collect()
}

fn weight(pattern: &Pattern) -> u64 {
    let crc = u64::from(crc32fast::hash(pattern.text().as_bytes()));
    match pattern {
        Pattern::Topic(_) => crc,
        Pattern::Prefix(_) => crc + (1 << 32),
    }
}
