//! The queue of one target.
//!
//! - **In order.** What comes out has the order in which it went in, whatever was dropped in between.
//! - **Bounded.** Bytes that wait, with [`ITEM_COST`] for each item, never exceed the limit.
//! - **Control is never dropped**, and moves data out of the way. What cannot be dropped and has no room is an
//!   [`Overflow`]: the target has to be given up.
//! - **Every loss is told.** Delivered and lost messages together are those that were pushed. What was lost since it was last
//!   told comes out ahead of the next item.
//! - A message that waits gives way only if its own policy says so ([`Policy::DropOldest`], [`Policy::KeepLatest`]).
//!
//! ```
//! use std::sync::Arc;
//! use outrigger_fanout::{Class, Next, Origin, TargetQueue};
//!
//! let origin = Arc::new(Origin { group: "chat".into(), node: "a@h".into() });
//! let mut queue = TargetQueue::new(2 * (100 + TargetQueue::<u8>::ITEM_COST), Arc::default());
//! for n in 1..=3 {
//!     queue.push(n, 100, Class::Data { origin: &origin, topic: b"t" })?;
//! }
//! let Some(Next::Lost(lost)) = queue.pop() else { panic!() };
//! assert_eq!((lost[0].messages, &*lost[0].origin.node), (1, "a@h"));
//! assert_eq!((queue.pop(), queue.pop(), queue.pop()), (Some(Next::Item(2)), Some(Next::Item(3)), None));
//! # Ok::<(), outrigger_fanout::Overflow>(())
//! ```
//!
//! Limits: counts of at most [`TargetQueue::MAX_ORIGINS`] origins wait to be told; one more is an overflow.
//!
//! [`ITEM_COST`]: TargetQueue::ITEM_COST

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use thiserror::Error;

use super::lost::LostCounts;
use super::{Lost, Origin, Policies, Policy};

/// What waits for one target. `T` is what the caller sends.
#[derive(Debug)]
pub struct TargetQueue<T> {
    limit: usize,
    policies: Arc<Policies>,
    items: BTreeMap<u64, Item<T>>,
    /// The items that may go for the sake of others.
    giving_way: BTreeSet<u64>,
    /// Where the newest message of a topic is that keeps its latest.
    latest: HashMap<Topic, u64>,
    lost: LostCounts,
    next: u64,
    /// What all items cost, and those that may go.
    cost: usize,
    cost_giving_way: usize,
    figures: QueueFigures,
}

/// What an item is to the queue.
#[derive(Clone, Copy, Debug)]
pub enum Class<'a> {
    /// Never dropped.
    Control,
    /// A message, dropped as its topic's policy says.
    Data {
        /// Whose message it is.
        origin: &'a Arc<Origin>,
        /// Its topic.
        topic: &'a [u8],
    },
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// To be told before anything else: what was lost since the last time.
    Lost(Vec<Lost>),
    /// The oldest item.
    Item(T),
}

/// What must not be dropped has no room: the target has to be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("peer did not read, and {waiting} bytes that must not be dropped were waiting for it")]
pub struct Overflow {
    /// What all items cost.
    pub waiting: usize,
}

/// What a queue has done so far, and how much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueFigures {
    /// Items that wait.
    pub items: u64,
    /// Their bytes with what they cost besides.
    pub bytes: u64,
    /// The most that ever waited.
    pub most_bytes: u64,
    /// Messages that were dropped.
    pub dropped: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
}

#[derive(Debug)]
struct Item<T> {
    value: T,
    bytes: usize,
    /// `None` for control.
    origin: Option<Arc<Origin>>,
    /// Set if this is the latest of a topic that keeps it.
    topic: Option<Topic>,
}

/// A topic of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Topic(Arc<str>, Arc<[u8]>);

impl<T> TargetQueue<T> {
    /// What an item costs besides its bytes: about what this queue and the allocator need for it.
    pub const ITEM_COST: usize = 256;
    /// Origins whose losses are counted until they are told.
    pub const MAX_ORIGINS: usize = 4_096;

    /// A queue for items that cost `limit` bytes in all.
    #[must_use]
    pub fn new(limit: usize, policies: Arc<Policies>) -> Self {
        Self {
            limit,
            policies,
            items: BTreeMap::new(),
            giving_way: BTreeSet::new(),
            latest: HashMap::new(),
            lost: LostCounts::default(),
            next: 0,
            cost: 0,
            cost_giving_way: 0,
            figures: QueueFigures::default(),
        }
    }

    /// Appends an item of `bytes` bytes, or drops it or others as the policies say.
    ///
    /// # Errors
    /// It must not be dropped, and those that may make no room for it. Nothing but the end of the target is left to do.
    pub fn push(&mut self, value: T, bytes: usize, class: Class<'_>) -> Result<(), Overflow> {
        let cost = cost(bytes);
        match class {
            Class::Control => {
                self.make_room(cost)?;
                self.append(Item { value, bytes, origin: None, topic: None }, false);
            }
            Class::Data { origin, topic } => {
                let policy = self.policies.of(topic);
                let fits = match policy {
                    Policy::DropNewest => cost <= self.limit.saturating_sub(self.cost),
                    Policy::Disconnect => true,
                    Policy::DropOldest | Policy::KeepLatest => cost <= self.room_at_most(),
                };
                if !fits {
                    return self.count_lost(origin, bytes);
                }
                let topic = (policy == Policy::KeepLatest).then(|| Topic(origin.group.clone(), topic.into()));
                if let Some(older) = topic.as_ref().and_then(|topic| self.latest.get(topic).copied()) {
                    self.drop_item(older)?;
                }
                self.make_room(cost)?;
                let item = Item { value, bytes, origin: Some(origin.clone()), topic };
                self.append(item, policy.gives_way());
            }
        }
        Ok(())
    }

    /// What comes next. Losses that were not told yet come first.
    pub fn pop(&mut self) -> Option<Next<T>> {
        if !self.lost.is_empty() {
            return Some(Next::Lost(self.lost.take()));
        }
        let (&oldest, _) = self.items.first_key_value()?;
        self.remove(oldest).map(|item| Next::Item(item.value))
    }

    /// Whether nothing waits, not even a loss that was not told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.lost.is_empty()
    }

    /// What waits, and what was dropped.
    #[must_use]
    pub fn figures(&self) -> QueueFigures {
        QueueFigures { items: self.items.len() as u64, bytes: self.cost as u64, ..self.figures }
    }

    /// What an item may cost at most, if all that may go goes.
    fn room_at_most(&self) -> usize {
        self.limit.saturating_sub(self.cost - self.cost_giving_way)
    }

    fn make_room(&mut self, cost: usize) -> Result<(), Overflow> {
        if cost > self.room_at_most() {
            return Err(Overflow { waiting: self.cost });
        }
        while cost > self.limit.saturating_sub(self.cost) {
            match self.giving_way.first().copied() {
                Some(oldest) => self.drop_item(oldest)?,
                None => return Err(Overflow { waiting: self.cost }),
            }
        }
        Ok(())
    }

    fn append(&mut self, item: Item<T>, gives_way: bool) {
        let number = self.next;
        self.next += 1;
        self.cost += cost(item.bytes);
        self.figures.most_bytes = self.figures.most_bytes.max(self.cost as u64);
        if gives_way {
            self.cost_giving_way += cost(item.bytes);
            self.giving_way.insert(number);
        }
        if let Some(topic) = &item.topic {
            self.latest.insert(topic.clone(), number);
        }
        self.items.insert(number, item);
    }

    fn remove(&mut self, number: u64) -> Option<Item<T>> {
        let item = self.items.remove(&number)?;
        self.cost -= cost(item.bytes);
        if self.giving_way.remove(&number) {
            self.cost_giving_way -= cost(item.bytes);
        }
        if let Some(topic) = &item.topic {
            self.latest.remove(topic);
        }
        Some(item)
    }

    fn drop_item(&mut self, number: u64) -> Result<(), Overflow> {
        match self.remove(number) {
            Some(Item { origin: Some(origin), bytes, .. }) => self.count_lost(&origin, bytes),
            _ => Ok(()),
        }
    }

    fn count_lost(&mut self, origin: &Arc<Origin>, bytes: usize) -> Result<(), Overflow> {
        self.lost.add(origin, bytes);
        self.figures.dropped += 1;
        self.figures.dropped_bytes += bytes as u64;
        match self.lost.len() > Self::MAX_ORIGINS {
            true => Err(Overflow { waiting: self.cost }),
            false => Ok(()),
        }
    }
}

fn cost(bytes: usize) -> usize {
    bytes.saturating_add(TargetQueue::<()>::ITEM_COST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept of topics is bounded by what waits, not by what once did.
    #[test]
    fn a_queue_that_is_empty_holds_nothing() {
        let origin = Arc::new(Origin { group: "g".into(), node: "a@h".into() });
        let mut queue = TargetQueue::new(10_000, Arc::new("latest:*=keep_latest".parse().unwrap()));
        for n in 0..1_000 {
            let topic = format!("{}:{}", ["latest", "old"][n % 2], n % 7);
            queue.push(n, 10, Class::Data { origin: &origin, topic: topic.as_bytes() }).unwrap();
        }
        while queue.pop().is_some() {}
        assert!(queue.is_empty() && queue.latest.is_empty() && queue.giving_way.is_empty());
        assert_eq!((queue.cost, queue.cost_giving_way), (0, 0));
    }
}
