//! The mailbox of one process: a bounded queue with one reader.
//!
//! Invariants: messages come out in the order they were put in; what the node itself puts in is never dropped; a push never
//! waits. After [`Mailbox::close`] nothing goes in, and what is there is gone.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{MailboxBounds, Message, Overflow};

pub(super) struct Mailbox {
    queue: Mutex<Queue>,
    arrived: Notify,
    bounds: MailboxBounds,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
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

    pub(super) fn push(&self, message: Message) -> Pushed {
        let mut queue = self.queue.lock();
        if queue.closed {
            return Pushed::Dropped;
        }
        let cost = message.cost();
        let mut pushed = Pushed::Taken;
        if message.is_term() && queue.over(&self.bounds, cost) {
            pushed = match self.bounds.overflow {
                Overflow::End => return Pushed::Overflow,
                Overflow::DropOldest if queue.make_room(&self.bounds, cost) => Pushed::Dropped,
                Overflow::DropNewest | Overflow::DropOldest => {
                    queue.dropped += 1;
                    return Pushed::Dropped;
                }
            };
        }
        queue.bytes += cost;
        queue.messages.push_back(message);
        let first = queue.messages.len() == 1;
        drop(queue);
        // The reader sleeps only over an empty queue.
        if first {
            self.arrived.notify_one();
        }
        pushed
    }

    /// The next message, if there is one.
    pub(super) fn pop(&self) -> Option<Message> {
        let mut queue = self.queue.lock();
        let message = queue.messages.pop_front()?;
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
        (queue.messages.len(), queue.dropped)
    }
}

impl Queue {
    fn over(&self, bounds: &MailboxBounds, cost: usize) -> bool {
        self.messages.len() >= bounds.messages || self.bytes.saturating_add(cost) > bounds.bytes
    }

    /// Drops the oldest terms until `cost` fits. `false` if it never will.
    fn make_room(&mut self, bounds: &MailboxBounds, cost: usize) -> bool {
        if cost > bounds.bytes || bounds.messages == 0 {
            return false;
        }
        while self.over(bounds, cost) {
            let Some(oldest) = self.messages.iter().position(Message::is_term) else { return false };
            if let Some(message) = self.messages.remove(oldest) {
                self.bytes -= message.cost();
                self.dropped += 1;
            }
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
            assert_eq!(mailbox.push(exit()), Pushed::Taken);
        }
        assert_eq!(mailbox.push(term(2, 1)), Pushed::Dropped);
        assert_eq!(drain(&mailbox), [exit(), exit(), exit()]);
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
