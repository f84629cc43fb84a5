//! The owner's accounts of all keys, as many as there is room for.
//!
//! An account goes only when a new one would say the same: nothing is leased and all that could come back has. Looked for a few
//! at a time, with every key that is new and with every poll.

use std::collections::{HashMap, VecDeque};

use super::bucket::{Begin, Bucket, active, window};
use super::clock::ANSWER;
use super::counts::Counts;
use super::reports::Heard;
use super::wire::{Given, RESET, Want};
use super::{LeaseKind, LeaseRule};
use crate::CheckedRule;

/// The accounts of one limiter.
#[derive(Debug)]
pub(super) struct Books {
    accounts: HashMap<u128, Account>,
    /// All keys, those that were looked at least lately first.
    round: VecDeque<u128>,
    max_keys: usize,
    phase: u64,
    begin: Begin,
    present: Present,
    /// Of windows: the current one, for the least that were heard in it count.
    window: u64,
    pub(super) refused: u64,
}

/// How many of how many nodes are heard. The others may spend their share by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Present {
    pub(super) here: u64,
    pub(super) of: u64,
}

impl Present {
    pub(super) const ALL: Self = Self { here: 1, of: 1 };
}

#[derive(Debug)]
enum Account {
    Bucket(Bucket),
    Counts(Counts),
}

/// Who asks, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker {
    pub(super) client: u32,
    pub(super) now: u64,
    pub(super) lease_ns: u64,
}

impl Books {
    pub(super) fn new(max_keys: usize, phase: u64) -> Self {
        let begin = Begin { at: 0, full: false };
        Self {
            accounts: HashMap::new(),
            round: VecDeque::new(),
            max_keys,
            phase,
            begin,
            present: Present::ALL,
            window: 0,
            refused: 0,
        }
    }

    /// Forgets all keys and begins with those that app nodes know of. Others begin as `begin` says.
    pub(super) fn open(&mut self, rule: Option<&LeaseRule>, begin: Begin, heard: Heard, now: u64) {
        self.accounts.clear();
        self.round.clear();
        self.begin = begin;
        let Some(rule) = rule else { return };
        if heard.len() > self.max_keys {
            // They do not all fit: none is known then.
            self.begin = Begin { at: now, full: false };
            return;
        }
        for (key, known) in heard {
            let recent = begin.full || known.iter().any(|(_, at)| at.saturating_sub(ANSWER) >= begin.at);
            let unknown = (!recent).then_some(begin);
            let account = match rule.checked() {
                Some(checked) => Account::Counts(Counts::known(&checked, known, unknown, self.phase)),
                None => Account::Bucket(Bucket::known(rule, &known, unknown, self.phase, now)),
            };
            self.accounts.insert(key, account);
            self.round.push_back(key);
        }
    }

    /// How many keys have an account.
    pub(super) fn len(&self) -> usize {
        self.accounts.len()
    }

    /// So many nodes are heard from now on.
    pub(super) fn hear(&mut self, rule: &LeaseRule, mut present: Present, now: u64) {
        if rule.kind() == LeaseKind::FixedWindow {
            // Who is back may have spent its share of this window.
            let window = window(rule, self.phase, now);
            let same = std::mem::replace(&mut self.window, window) == window;
            if same && present.of == self.present.of {
                present.here = present.here.min(self.present.here);
            }
        }
        if self.present == present {
            return;
        }
        let phase = self.phase;
        for account in self.accounts.values_mut() {
            if let Account::Bucket(bucket) = account {
                bucket.pass(rule, self.present, phase, now);
                bucket.pass(rule, present, phase, now);
            }
        }
        self.present = present;
    }

    /// Another rule holds from now on. What is there stays there, in whole tokens and up to the new burst. Where each hit is a call, all
    /// of a key counts as spent now.
    pub(super) fn change_rule(&mut self, old: &LeaseRule, new: &LeaseRule, now: u64) {
        // A key that nobody asked for has what it had, or starts empty.
        self.begin.at = if self.begin.full { self.begin.at } else { now };
        let (phase, present) = (self.phase, self.present);
        let spent = Begin { at: now, full: false };
        for account in self.accounts.values_mut() {
            match (new.checked(), account) {
                (None, Account::Bucket(bucket)) => bucket.change_rule(old, new, present, phase, now),
                (None, account) => *account = Account::Bucket(Bucket::new(new, spent, phase)),
                (Some(_), Account::Counts(_)) if old.kind() == new.kind() => {}
                (Some(checked), account) => *account = Account::Counts(Counts::new(&checked, spent, phase)),
            }
        }
    }

    /// Follows one want of a client. Also whether a key that had nothing has something again before its time.
    pub(super) fn serve(&mut self, rule: &LeaseRule, asker: Asker, want: &Want) -> (Given, bool) {
        let (phase, present) = (self.phase, self.present);
        let Asker { client, now, lease_ns } = asker;
        let key = want.key;
        let Some(account) = self.account(rule, key, now) else {
            self.refused += 1;
            return (Given { key, retry_ns: lease_ns, ..Given::default() }, false);
        };
        let bucket = match (account, rule.checked()) {
            (Account::Bucket(bucket), _) => bucket,
            (Account::Counts(counts), Some(checked)) => return call(counts, &checked, phase, asker, want),
            (Account::Counts(_), None) => {
                return (Given { key, retry_ns: lease_ns, ..Given::default() }, false);
            }
        };
        let Want { held, back, least, need, want, refund, .. } = *want;
        bucket.pass(rule, present, phase, now);
        let held = bucket.settle(rule, client, held, back);
        let before = bucket.available(rule);
        if refund > 0 {
            bucket.refund(rule, refund, present);
        }
        let freed = refund > 0 && before == 0 && bucket.available(rule) > 0;
        let [least, need, want] = [least, need, want].map(|tokens| tokens.saturating_sub(held));
        let mut given = Given { key, held, ..Given::default() };
        if least <= bucket.available(rule) {
            given.granted = share(rule, bucket, client, (least, need, want), held);
        }
        let end = Bucket::end(rule, phase, now, lease_ns);
        bucket.lease(rule, client, given.granted, end, active(now, lease_ns));
        given.hold_ns = end - now;
        if given.granted < need || least > bucket.available(rule) {
            given.retry_ns = bucket.wait(rule, present, phase, now, least.max(1));
        }
        given.left = bucket.available(rule);
        given.reset_ns = bucket.reset(rule, phase, now);
        (given.leased, given.window) = (bucket.leased(), bucket.window());
        (given, freed)
    }

    fn account(&mut self, rule: &LeaseRule, key: u128, now: u64) -> Option<&mut Account> {
        if !self.accounts.contains_key(&key) {
            self.sweep(rule, now, if self.accounts.len() < self.max_keys { 2 } else { 16 });
            if self.accounts.len() >= self.max_keys {
                return None;
            }
            self.accounts.insert(key, Account::new(rule, self.begin, self.phase));
            self.round.push_back(key);
        }
        self.accounts.get_mut(&key)
    }

    /// Looks at a few accounts and lets those go that say nothing.
    pub(super) fn sweep(&mut self, rule: &LeaseRule, now: u64, most: usize) {
        let (begin, present, phase, checked) = (self.begin, self.present, self.phase, rule.checked());
        for _ in 0..most.min(self.round.len()) {
            let Some(key) = self.round.pop_front() else { return };
            let idle = self.accounts.get_mut(&key).is_none_or(|account| match account {
                Account::Bucket(bucket) => {
                    bucket.pass(rule, present, phase, now);
                    bucket.idle(rule, begin, present, phase, now)
                }
                Account::Counts(counts) => checked.is_some_and(|rule| counts.idle(&rule, begin, phase, now)),
            });
            if idle {
                self.accounts.remove(&key);
            } else {
                self.round.push_back(key);
            }
        }
    }
}

impl Account {
    fn new(rule: &LeaseRule, begin: Begin, phase: u64) -> Self {
        match rule.checked() {
            Some(checked) => Self::Counts(Counts::new(&checked, begin, phase)),
            None => Self::Bucket(Bucket::new(rule, begin, phase)),
        }
    }
}

/// Counts hits of a key that is not leased: as many as wait, if they are there.
fn call(counts: &mut Counts, rule: &CheckedRule, phase: u64, asker: Asker, want: &Want) -> (Given, bool) {
    let Asker { now, .. } = asker;
    let mut given = Given { key: want.key, ..Given::default() };
    let mut freed = false;
    if want.refund > 0 {
        let denied = counts.take(rule, 0, phase, now).remaining == 0;
        if want.refund == RESET {
            *counts = Counts::new(rule, Begin { at: now, full: true }, phase);
        } else {
            counts.refund(rule, want.refund, phase, now);
        }
        freed = denied && counts.take(rule, 0, phase, now).remaining > 0;
    }
    let there = counts.take(rule, 0, phase, now).remaining;
    // As many of the smallest as there are: what is too little for the next one stays here.
    let fits = (there / want.least.max(1)).saturating_mul(want.least.max(1));
    given.granted = if want.need <= there { want.need } else { fits.min(want.need) };
    counts.take(rule, given.granted, phase, now);
    let (left, leased, window) = counts.tell(rule, phase, now);
    (given.left, given.leased, given.window) = (left, leased, window);
    let next = counts.take(rule, 0, phase, now);
    given.reset_ns = next.reset_ns;
    if given.granted < want.need || want.least > next.remaining {
        given.retry_ns = counts.retry(rule, want.least.max(1), phase, now);
    }
    (given, freed)
}

/// How many tokens a client gets: what waits, or its share of what is there, up to what it wants.
fn share(rule: &LeaseRule, bucket: &Bucket, client: u32, wants: (u64, u64, u64), held: u64) -> u64 {
    let (least, need, want) = wants;
    let sharers = bucket.sharers_with(client).saturating_mul(2);
    let available = bucket.available(rule);
    let lot = (rule.burst() / sharers).saturating_sub(held);
    let share = want.min(available / sharers).min(lot);
    // Who only wants to know gets nothing.
    share.max(need.min(available)).max(least).min(need.max(want))
}
