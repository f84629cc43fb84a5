//! Asking nodes for their scope process until one answers.
//!
//! A node whose scope has not started yet drops the question without a word, and a scope that is started again tells hidden
//! nodes nothing. So each linked node without a known scope is asked again: after 200 ms, then after twice as long each
//! time, at most 5 s.

use std::collections::HashMap;
use std::sync::Arc;

const FIRST_MS: u64 = 200;
const LAST_MS: u64 = 5_000;

/// The linked nodes, and when to ask which.
#[derive(Debug, Default)]
pub(super) struct Seek {
    linked: HashMap<Arc<str>, Option<Ask>>,
}

#[derive(Clone, Copy, Debug)]
struct Ask {
    due: u64,
    step: u64,
}

impl Seek {
    /// A link is up, or was perhaps up all the time. The caller asks at once.
    pub(super) fn up(&mut self, node: Arc<str>, now: u64) {
        self.linked.insert(node, Some(Ask { due: now + FIRST_MS, step: FIRST_MS }));
    }

    /// A link is down.
    pub(super) fn down(&mut self, node: &str) {
        self.linked.remove(node);
    }

    /// Its scope has spoken.
    pub(super) fn found(&mut self, node: &str) {
        if let Some(ask) = self.linked.get_mut(node) {
            *ask = None;
        }
    }

    /// Its scope has ended; if the node is linked another one may come.
    pub(super) fn lost(&mut self, node: &str, now: u64) {
        if let Some(ask) = self.linked.get_mut(node) {
            *ask = Some(Ask { due: now + FIRST_MS, step: FIRST_MS });
        }
    }

    /// The nodes to ask now.
    pub(super) fn due(&mut self, now: u64) -> Vec<Arc<str>> {
        let mut nodes = Vec::new();
        for (node, ask) in &mut self.linked {
            if let Some(ask) = ask.as_mut().filter(|ask| ask.due <= now) {
                ask.step = (ask.step * 2).min(LAST_MS);
                ask.due = now + ask.step;
                nodes.push(node.clone());
            }
        }
        nodes.sort_unstable();
        nodes
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<u64> {
        self.linked.values().flatten().map(|ask| ask.due).min()
    }

    pub(super) fn linked(&self) -> Vec<Arc<str>> {
        self.linked.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asked_less_and_less_often_until_found_and_again_when_lost() {
        let mut seek = Seek::default();
        seek.up("a@h".into(), 0);
        let mut asked = Vec::new();
        while let Some(due) = seek.next().filter(|due| *due < 20_000) {
            assert_eq!(seek.due(due - 1), [], "not before");
            assert_eq!(seek.due(due), ["a@h".into()]);
            asked.push(due);
        }
        assert_eq!(asked, [200, 600, 1_400, 3_000, 6_200, 11_200, 16_200]);
        seek.found("a@h");
        assert_eq!(seek.next(), None);
        seek.lost("a@h", 20_000);
        assert_eq!(seek.next(), Some(20_200));
        seek.down("a@h");
        seek.lost("a@h", 20_000);
        assert_eq!((seek.next(), seek.linked().len()), (None, 0), "nobody is there to be asked");
    }
}
