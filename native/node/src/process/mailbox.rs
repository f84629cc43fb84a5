//! The mailbox of one process: a bounded queue with one reader.
//!
//! What was sent by somebody is bounded, and gives way by [`Overflow`]. What the node itself tells, ends of what the process
//! is tied to, is never dropped: the process bounds it by its own links and monitors. A long reason that a full mailbox has no
//! room for is told as `system_limit`.
//!
//! Invariants: messages come out in the order they were put in; a push never waits, and costs the same however many wait.
//! After [`Mailbox::close`] nothing goes in, and what is there is gone.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{MailboxBounds, Message, Overflow};

pub(super) struct Mailbox {
    queue: Mutex<Queue>,
    arrived: Notify,
    bounds: MailboxBounds,
}

/// Two queues and one numbering, so that the oldest that may go is found at once.
#[derive(Default)]
struct Queue {
    sent: VecDeque<(u64, Message)>,
    told: VecDeque<(u64, Message)>,
    next: u64,
    bytes: usize,
    dropped: u64,
    closed: bool,
}

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Taken,
    /// It, or older ones in its place, were dropped.
    Dropped,
    /// The process is to end: it is over its bounds.
    Overflow,
}

impl Mailbox {
    pub(super) fn new(bounds: MailboxBounds) -> Self {
        Self { queue: Mutex::default(), arrived: Notify::new(), bounds }
    }

    /// Puts in what somebody sent.
    pub(super) fn push(&self, message: Message) -> Pushed {
        let mut queue = self.queue.lock();
        if queue.closed {
            return Pushed::Dropped;
        }
        let cost = message.cost();
        let mut pushed = Pushed::Taken;
        if queue.over(&self.bounds, cost) {
            pushed = match self.bounds.overflow {
                Overflow::End => return Pushed::Overflow,
                Overflow::DropOldest if queue.make_room(&self.bounds, cost) => Pushed::Dropped,
                Overflow::DropNewest | Overflow::DropOldest => {
                    queue.dropped += 1;
                    return Pushed::Dropped;
                }
            };
        }
        let numbered = (queue.number(cost), message);
        queue.sent.push_back(numbered);
        let first = queue.len() == 1;
        drop(queue);
        self.wake(first);
        pushed
    }

    /// Puts in what the node tells. Whether all of it, and not without its reason.
    pub(super) fn tell(&self, mut message: Message) -> bool {
        let mut queue = self.queue.lock();
        if queue.closed {
            return true;
        }
        let whole = queue.bytes.saturating_add(message.cost()) <= self.bounds.bytes || !message.shorten();
        let numbered = (queue.number(message.cost()), message);
        queue.told.push_back(numbered);
        let first = queue.len() == 1;
        drop(queue);
        self.wake(first);
        whole
    }

    /// The reader sleeps only over an empty queue.
    fn wake(&self, first: bool) {
        if first {
            self.arrived.notify_one();
        }
    }

    /// The next message, if there is one.
    pub(super) fn pop(&self) -> Option<Message> {
        let mut queue = self.queue.lock();
        let number = |queue: &VecDeque<(u64, Message)>| queue.front().map_or(u64::MAX, |(number, _)| *number);
        let from = if number(&queue.sent) < number(&queue.told) { &mut queue.sent } else { &mut queue.told };
        let (_, message) = from.pop_front()?;
        queue.bytes -= message.cost();
        Some(message)
    }

    /// Waits for the next message; `None` when the process has ended. Cancel-safe. For one reader.
    pub(super) async fn next(&self) -> Option<Message> {
        loop {
            let arrived = self.arrived.notified();
            if let Some(message) = self.pop() {
                return Some(message);
            }
            if self.queue.lock().closed {
                return None;
            }
            arrived.await;
        }
    }

    pub(super) fn close(&self) {
        let mut queue = self.queue.lock();
        let dropped = queue.dropped;
        *queue = Queue { closed: true, dropped, ..Queue::default() };
        drop(queue);
        self.arrived.notify_one();
    }

    /// Messages that wait, and messages that were dropped.
    pub(super) fn figures(&self) -> (usize, u64) {
        let queue = self.queue.lock();
        (queue.len(), queue.dropped)
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.sent.len() + self.told.len()
    }

    /// Accounts for one more message.
    fn number(&mut self, cost: usize) -> u64 {
        self.bytes += cost;
        self.next += 1;
        self.next
    }

    fn over(&self, bounds: &MailboxBounds, cost: usize) -> bool {
        self.len() >= bounds.messages || self.bytes.saturating_add(cost) > bounds.bytes
    }

    /// Drops the oldest that were sent until `cost` fits. `false` if it never will.
    fn make_room(&mut self, bounds: &MailboxBounds, cost: usize) -> bool {
        if cost > bounds.bytes || bounds.messages == 0 {
            return false;
        }
        while self.over(bounds, cost) {
            let Some((_, message)) = self.sent.pop_front() else { return false };
            self.bytes -= message.cost();
            self.dropped += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn mailbox(messages: usize, bytes: usize, overflow: Overflow) -> Mailbox {
        Mailbox::new(MailboxBounds { messages, bytes, overflow })
    }

    fn term(byte: u8, len: usize) -> Message {
        Message::Term(Bytes::from(vec![byte; len]))
    }

    fn drain(mailbox: &Mailbox) -> Vec<Message> {
        std::iter::from_fn(|| mailbox.pop()).collect()
    }

    #[test]
    fn the_newest_the_oldest_or_the_process_gives_way() {
        let newest = mailbox(2, 1 << 20, Overflow::DropNewest);
        let oldest = mailbox(2, 1 << 20, Overflow::DropOldest);
        let end = mailbox(2, 1 << 20, Overflow::End);
        for one in [&newest, &oldest, &end] {
            assert_eq!([one.push(term(1, 1)), one.push(term(2, 1))], [Pushed::Taken; 2]);
        }
        assert_eq!(newest.push(term(3, 1)), Pushed::Dropped);
        assert_eq!(oldest.push(term(3, 1)), Pushed::Dropped);
        assert_eq!(end.push(term(3, 1)), Pushed::Overflow);
        assert_eq!((newest.figures(), oldest.figures()), ((2, 1), (2, 1)));
        assert_eq!(drain(&newest), [term(1, 1), term(2, 1)]);
        assert_eq!(drain(&oldest), [term(2, 1), term(3, 1)]);
    }

    #[test]
    fn bytes_are_bounded_and_given_back() {
        let mailbox = mailbox(1_000_000, 1_000, Overflow::DropNewest);
        let taken = (0..100).filter(|_| mailbox.push(term(0, 0)) == Pushed::Taken).count();
        assert_eq!(taken, 1_000 / 64, "an empty term is not free");
        drain(&mailbox);
        assert_eq!(mailbox.push(term(0, 900)), Pushed::Taken);
        assert_eq!(mailbox.push(term(0, 900)), Pushed::Dropped);
    }

    #[test]
    fn what_the_node_says_is_never_dropped() {
        let mailbox = mailbox(1, 1 << 20, Overflow::DropOldest);
        let from = outrigger_proto::OwnedPid { node: "a@h".into(), id: 1, serial: 0, creation: 1 };
        let exit = || Message::Exit { from: from.clone(), reason: super::super::Reason::noproc() };
        mailbox.push(term(1, 1));
        for _ in 0..3 {
            assert!(mailbox.tell(exit()));
        }
        assert_eq!(mailbox.push(term(2, 1)), Pushed::Dropped);
        assert_eq!(drain(&mailbox), [exit(), exit(), exit()]);
    }

    #[test]
    fn what_was_sent_and_what_was_told_come_out_in_their_order() {
        let mailbox = mailbox(6, 1 << 20, Overflow::DropOldest);
        let down = |id| Message::NodeUp { node: format!("n{id}@h").parse().unwrap(), hidden: false };
        for id in 0..3 {
            mailbox.push(term(id, 1));
            mailbox.tell(down(id));
        }
        mailbox.push(term(9, 1));
        assert_eq!(mailbox.figures(), (6, 1));
        assert_eq!(drain(&mailbox), [down(0), term(1, 1), down(1), term(2, 1), down(2), term(9, 1)]);
    }

    #[test]
    fn a_reason_without_room_is_told_short() {
        let mailbox = mailbox(9, 10_000, Overflow::DropNewest);
        let from = outrigger_proto::OwnedPid { node: "a@h".into(), id: 1, serial: 0, creation: 1 };
        let long = super::super::Reason::tuple("long", &"x".repeat(6_000));
        let exit = |reason| Message::Exit { from: from.clone(), reason };
        let whole = [(); 3].map(|()| mailbox.tell(exit(long.clone())));
        assert_eq!(whole, [true, false, false]);
        let limit = super::super::Reason::system_limit();
        assert_eq!(drain(&mailbox), [exit(long), exit(limit.clone()), exit(limit)]);
    }

    #[tokio::test]
    async fn a_closed_mailbox_wakes_its_reader() {
        let mailbox = std::sync::Arc::new(mailbox(9, 999, Overflow::DropNewest));
        mailbox.push(term(1, 1));
        assert_eq!(mailbox.next().await, Some(term(1, 1)));
        let reader = tokio::spawn({
            let mailbox = mailbox.clone();
            async move { mailbox.next().await }
        });
        tokio::task::yield_now().await;
        mailbox.close();
        assert_eq!(reader.await.unwrap(), None);
        assert_eq!(mailbox.push(term(1, 1)), Pushed::Dropped);
    }
}
