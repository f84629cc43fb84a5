//! What is wanted, and an account for each router.
//!
//! Invariants: each router has its own account: what one does not answer holds up no other. A confirmation is given when every router
//! that this program was attached to knows the pattern, or is gone.

use std::collections::HashMap;

use outrigger_node::OwnedPid;
use tokio::sync::oneshot;

use super::account::Next;
use super::{Account, Answer, Gap, Request, Wanted};
use crate::pattern::Pattern;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Tell a router.
    Send { router: OwnedPid, number: u64, request: Request },
    /// Messages may have been missed, since this router heard too late.
    Gap { router: OwnedPid, gap: Gap },
}

#[derive(Debug)]
struct Confirm {
    pattern: Pattern,
    routers: Vec<OwnedPid>,
    done: oneshot::Sender<()>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    wanted: Wanted,
    accounts: HashMap<OwnedPid, Account>,
    confirms: Vec<Confirm>,
    /// Above all numbers that accounts have used that are gone.
    number: u64,
}

impl Teller {
    /// How many patterns are wanted.
    pub(crate) fn count(&self) -> usize {
        self.wanted.count()
    }

    /// The nodes of the routers that know them all.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().filter(|(_, account)| account.is_listed()).map(|(router, _)| &*router.node)
    }

    /// Somebody has subscribed.
    pub(crate) fn register(&mut self, pattern: &Pattern, now: u64) -> Vec<Action> {
        if !self.wanted.add(pattern) {
            return Vec::new();
        }
        self.all(now, |account| account.want(pattern, now))
    }

    /// Somebody has gone.
    pub(crate) fn unregister(&mut self, pattern: &Pattern, now: u64) {
        self.wanted.left(pattern, now);
    }

    /// A router's list names this node.
    pub(crate) fn attached(&mut self, router: &OwnedPid, member: &OwnedPid, now: u64) -> Vec<Action> {
        if !self.accounts.contains_key(router) {
            // A node has one router: another pid of it is of before.
            self.down(&router.node);
        }
        let number = self.number;
        let account = self.accounts.entry(router.clone()).or_insert_with(|| Account::new(number));
        let next = account.attached(member, now);
        self.after(router, next, now)
    }

    /// A router has answered.
    pub(crate) fn answer(&mut self, router: &OwnedPid, answer: &Answer, now: u64) -> Vec<Action> {
        let Some(account) = self.accounts.get_mut(router) else { return Vec::new() };
        let next = account.answer(answer, now);
        let actions = self.after(router, next, now);
        self.confirmed();
        actions
    }

    /// The link had no room for what was to be told last.
    pub(crate) fn unsent(&mut self, router: &OwnedPid) {
        if let Some(account) = self.accounts.get_mut(router) {
            account.unsent();
        }
    }

    /// The link to a node is down, and with it its routers.
    pub(crate) fn down(&mut self, node: &str) {
        let number = &mut self.number;
        self.accounts.retain(|router, account| {
            *number = account.number().max(*number);
            *router.node != *node
        });
        self.confirmed();
    }

    /// `done` is told when all routers know a pattern that somebody has subscribed to.
    pub(crate) fn confirm(&mut self, pattern: &Pattern, done: oneshot::Sender<()>) {
        let routers = self.accounts.keys().cloned().collect();
        self.confirms.push(Confirm { pattern: pattern.clone(), routers, done });
        self.confirmed();
    }

    /// Time goes by.
    pub(crate) fn tick(&mut self, now: u64) -> Vec<Action> {
        self.confirms.retain(|confirm| !confirm.done.is_closed());
        let mut actions = Vec::new();
        for pattern in self.wanted.sweep(now) {
            actions.extend(self.all(now, |account| account.unwant(&pattern, now)));
        }
        actions.extend(self.all(now, |account| account.tick(now)));
        actions
    }

    fn all(&mut self, now: u64, mut event: impl FnMut(&mut Account) -> Next) -> Vec<Action> {
        let mut actions = Vec::new();
        for router in self.accounts.keys().cloned().collect::<Vec<_>>() {
            if let Some(account) = self.accounts.get_mut(&router) {
                let next = event(account);
                actions.extend(self.after(&router, next, now));
            }
        }
        actions
    }

    /// An account that walks is given what comes next at once.
    fn after(&mut self, router: &OwnedPid, mut next: Next, now: u64) -> Vec<Action> {
        let gap = next.gap.take();
        if let Some(cursor) = &next.walk
            && let Some(account) = self.accounts.get_mut(router)
        {
            let (patterns, cursor) = self.wanted.portion(cursor);
            next = account.walked(patterns, cursor, now);
        }
        let gap = gap.map(|gap| Action::Gap { router: router.clone(), gap });
        let send =
            next.send.map(|(number, request)| Action::Send { router: router.clone(), number, request });
        gap.into_iter().chain(send).collect()
    }

    fn confirmed(&mut self) {
        for mut confirm in std::mem::take(&mut self.confirms) {
            let pattern = &confirm.pattern;
            let knows_not =
                |router: &OwnedPid| self.accounts.get(router).is_some_and(|account| !account.knows(pattern));
            confirm.routers.retain(knows_not);
            if confirm.routers.is_empty() {
                // Who does not wait any more is not told.
                let _gone = confirm.done.send(());
            } else {
                self.confirms.push(confirm);
            }
        }
    }
}
