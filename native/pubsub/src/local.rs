//! The subscriptions of this program, and what waits in each.
//!
//! Invariants: dispatching never waits. Messages of one publisher come out of a queue in the order in which they were dispatched.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use outrigger_node::Overflow;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::figures::Counters;
use crate::pattern::Pattern;
use crate::subscription::Message;

type Subscribers = HashMap<Arc<str>, Vec<Arc<Queue>>>;

/// All subscriptions, by what they are to.
#[derive(Debug, Default)]
pub(crate) struct Local(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    topics: Subscribers,
    /// By length: a topic is looked up once for each length that prefixes have.
    prefixes: BTreeMap<usize, Subscribers>,
}

impl Local {
    pub(crate) fn add(&self, pattern: &Pattern, queue: Arc<Queue>) {
        let mut tables = self.0.lock();
        let (subscribers, text) = match pattern {
            Pattern::Topic(topic) => (&mut tables.topics, topic),
            Pattern::Prefix(prefix) => (tables.prefixes.entry(prefix.len()).or_default(), prefix),
        };
        subscribers.entry(text.clone()).or_default().push(queue);
    }

    pub(crate) fn remove(&self, pattern: &Pattern, queue: &Arc<Queue>) {
        let mut tables = self.0.lock();
        match pattern {
            Pattern::Topic(topic) => forget(&mut tables.topics, topic, queue),
            Pattern::Prefix(prefix) => {
                let length = prefix.len();
                if let Some(subscribers) = tables.prefixes.get_mut(&length) {
                    forget(subscribers, prefix, queue);
                    if subscribers.is_empty() {
                        tables.prefixes.remove(&length);
                    }
                }
            }
        }
    }

    /// Gives a message to all who have subscribed to its topic. `term` is asked for only if there is somebody.
    pub(crate) fn dispatch(&self, topic: &[u8], counters: &Counters, term: impl FnOnce() -> Bytes) {
        // Nobody can have subscribed to a topic that is not UTF-8.
        let Ok(topic) = std::str::from_utf8(topic) else { return };
        let tables = self.0.lock();
        let by_prefix =
            tables.prefixes.iter().filter_map(|(length, all)| all.get_key_value(topic.get(..*length)?));
        let mut found = tables.topics.get_key_value(topic).into_iter().chain(by_prefix).peekable();
        let Some((text, _)) = found.peek() else { return };
        // The subscriber's own copy of it, where that is the whole topic.
        let topic = if ***text == *topic { Arc::clone(text) } else { topic.into() };
        let message = Message::new(topic, term());
        for queue in found.flat_map(|(_, queues)| queues) {
            queue.push(message.clone(), counters);
        }
    }

    /// Ends all subscriptions.
    pub(crate) fn close(&self) {
        let tables = self.0.lock();
        let prefixes = tables.prefixes.values().flat_map(HashMap::values);
        tables.topics.values().chain(prefixes).flatten().for_each(|queue| queue.close());
    }
}

fn forget(subscribers: &mut Subscribers, text: &Arc<str>, queue: &Arc<Queue>) {
    let Some(queues) = subscribers.get_mut(text) else { return };
    queues.retain(|known| !Arc::ptr_eq(known, queue));
    if queues.is_empty() {
        subscribers.remove(text);
    }
}

/// What waits for one subscriber.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Notify,
    bound: usize,
    overflow: Overflow,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Message>,
    dropped: u64,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(bound: usize, overflow: Overflow) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), arrived: Notify::new(), bound, overflow })
    }

    fn push(&self, message: Message, counters: &Counters) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        let first = state.waiting.is_empty();
        if state.waiting.len() >= self.bound {
            state.dropped += 1;
            counters.dropped.add(1);
            match self.overflow {
                Overflow::DropOldest => drop(state.waiting.pop_front()),
                Overflow::End => {
                    state.closed = true;
                    drop(state);
                    return self.arrived.notify_one();
                }
                _ => return,
            }
        }
        state.waiting.push_back(message);
        drop(state);
        // The reader sleeps only over an empty queue.
        if first {
            self.arrived.notify_one();
        }
    }

    /// The next message, if one is there.
    pub(crate) fn pop(&self) -> Option<Message> {
        self.state.lock().waiting.pop_front()
    }

    /// Waits for the next message. `None` when nothing comes any more, and all that waited was taken. For one reader; cancel-safe.
    pub(crate) async fn next(&self) -> Option<Message> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(message) = self.pop() {
                return Some(message);
            }
            // Nothing is put in any more once it is closed.
            if self.is_closed() {
                return self.pop();
            }
            arrived.await;
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.state.lock().dropped
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }

    fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(overflow: Overflow) -> (Arc<Queue>, Counters) {
        let (queue, counters) = (Queue::new(2, overflow), Counters::default());
        (1..=3).for_each(|number| queue.push(Message::new("t".into(), vec![number].into()), &counters));
        (queue, counters)
    }

    fn drain(queue: &Queue) -> Vec<u8> {
        std::iter::from_fn(|| queue.pop()).map(|message| message.bytes()[0]).collect()
    }

    #[test]
    fn a_full_queue_gives_up_what_it_was_told_to() {
        for (overflow, left) in [(Overflow::DropNewest, [1, 2]), (Overflow::DropOldest, [2, 3])] {
            let (queue, counters) = filled(overflow);
            assert_eq!((queue.dropped(), counters.dropped.get(), queue.len()), (1, 1, 2));
            assert_eq!(drain(&queue), left);
        }
    }

    #[tokio::test]
    async fn a_subscription_that_ends_gives_what_it_had() {
        let (queue, _) = filled(Overflow::End);
        assert_eq!(
            [queue.next().await, queue.next().await].map(|message| message.unwrap().bytes()[0]),
            [1, 2]
        );
        assert!(queue.next().await.is_none());
    }

    #[test]
    fn who_has_subscribed_gets_it_and_nobody_else() {
        let (local, counters) = (Local::default(), Counters::default());
        let queues = [(); 4].map(|()| Queue::new(9, Overflow::DropNewest));
        let (topic, prefix) =
            (|text: &str| Pattern::Topic(text.into()), |text: &str| Pattern::Prefix(text.into()));
        let patterns = [topic("a:1"), topic("b"), prefix("a:"), prefix("")];
        patterns.iter().zip(&queues).for_each(|(pattern, queue)| local.add(pattern, queue.clone()));
        local.add(&patterns[0], queues[0].clone());
        for (number, topic) in ["a:1", "a:", "a", "\u{e4}:1"].iter().enumerate() {
            local.dispatch(topic.as_bytes(), &counters, || Bytes::from(vec![number as u8]));
        }
        local.dispatch(&[0xFF], &counters, || unreachable!("nobody asks for it"));
        assert_eq!(
            queues.each_ref().map(|queue| drain(queue)),
            [vec![0, 0], vec![], vec![0, 1], vec![0, 1, 2, 3]]
        );
        patterns.iter().zip(&queues).for_each(|(pattern, queue)| local.remove(pattern, queue));
        local.dispatch(b"a:1", &counters, || unreachable!("all of them are gone"));
        assert!(local.0.lock().topics.is_empty() && local.0.lock().prefixes.is_empty());
    }
}
