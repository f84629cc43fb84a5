//! What was handed to one link and is not known to have arrived.
//!
//! A teller asks again only when it has got the last answer, and links keep their order. So with each request of a group's teller all that was handed
//! over ahead of the answer before it has arrived. What is left when the link breaks is what its node may miss.
//!
//! ```
//! use outrigger_fanout::Handed;
//!
//! let (mut handed, group) = (Handed::default(), "chat".into());
//! handed.add(&group, "a@host", 3);
//! handed.answered("chat");
//! handed.add(&group, "a@host", 2);
//! handed.asked("chat");
//! assert_eq!(handed.take().next().unwrap().counts, [("a@host".into(), 2)]);
//! ```
//!
//! Invariants: never less than what has not arrived; nothing is said of a group whose teller was never answered.
//!
//! Limits: what arrived behind the last answer that was asked about counts as missed: some 200 ms of traffic. A node without a teller is not told.

use std::collections::HashSet;
use std::sync::Arc;

/// Messages handed to a link, by group and publisher's node.
#[derive(Debug, Default)]
pub struct Handed {
    /// Ordered by group and node.
    entries: Vec<Entry>,
    /// Groups whose teller was answered.
    told: HashSet<Arc<str>>,
}

#[derive(Debug)]
struct Entry {
    group: Arc<str>,
    node: Arc<str>,
    /// Ahead of the last answer.
    ahead: u64,
    /// Behind it.
    behind: u64,
}

/// What a node may miss of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unconfirmed {
    /// The group's name.
    pub group: Arc<str>,
    /// Publishers' nodes, and how many messages of each at most.
    pub counts: Vec<(Arc<str>, u64)>,
}

impl Handed {
    /// `messages` of `node` are handed over.
    pub fn add(&mut self, group: &Arc<str>, node: &str, messages: u64) {
        let found =
            self.entries.binary_search_by(|entry| (&*entry.group, &*entry.node).cmp(&(&**group, node)));
        match found {
            Ok(at) => {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.behind += messages;
                }
            }
            Err(at) => {
                let entry = Entry { group: group.clone(), node: node.into(), ahead: 0, behind: messages };
                self.entries.insert(at, entry);
            }
        }
    }

    /// The teller of a group asks: the answer before has arrived.
    pub fn asked(&mut self, group: &str) {
        self.entries.iter_mut().filter(|entry| *entry.group == *group).for_each(|entry| entry.ahead = 0);
    }

    /// It is answered.
    pub fn answered(&mut self, group: &str) {
        if !self.told.contains(group) {
            self.told.insert(group.into());
        }
        for entry in self.entries.iter_mut().filter(|entry| *entry.group == *group) {
            entry.ahead += std::mem::take(&mut entry.behind);
        }
        self.entries.retain(|entry| entry.ahead > 0 || entry.behind > 0);
    }

    /// The attachment of a group ends, or begins anew: nothing of the one before is asked about any more.
    pub fn forget(&mut self, group: &str) {
        self.told.remove(group);
        self.entries.retain(|entry| *entry.group != *group);
    }

    /// Groups whose teller was answered: those that hear what they may miss.
    #[must_use]
    pub fn told(&self) -> HashSet<Arc<str>> {
        self.told.clone()
    }

    /// What has not been confirmed, group by group. Forgets it.
    pub fn take(&mut self) -> impl Iterator<Item = Unconfirmed> {
        let (mut entries, told) = (std::mem::take(&mut self.entries), std::mem::take(&mut self.told));
        entries.retain(|entry| entry.ahead + entry.behind > 0 && told.contains(&entry.group));
        let of_one = |of_group: &[Entry]| {
            let group = of_group.first()?.group.clone();
            let counts =
                of_group.iter().map(|entry| (entry.node.clone(), entry.ahead + entry.behind)).collect();
            Some(Unconfirmed { group, counts })
        };
        let groups: Vec<_> =
            entries.chunk_by(|one, next| one.group == next.group).filter_map(of_one).collect();
        groups.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(handed: &mut Handed) -> Vec<(String, Vec<(String, u64)>)> {
        let owned = |(node, count): &(Arc<str>, u64)| (node.to_string(), *count);
        handed.take().map(|of| (of.group.to_string(), of.counts.iter().map(owned).collect())).collect()
    }

    #[test]
    fn groups_and_nodes_are_counted_by_themselves() {
        let mut handed = Handed::default();
        for (group, node, messages) in [("g", "b@h", 1), ("f", "a@h", 2), ("g", "a@h", 4), ("g", "b@h", 8)] {
            handed.add(&group.into(), node, messages);
        }
        ["g", "f"].into_iter().for_each(|group| handed.answered(group));
        handed.asked("f");
        handed.add(&"g".into(), "b@h", 16);
        let counts = [("a@h".to_owned(), 4), ("b@h".to_owned(), 25)];
        assert_eq!(left(&mut handed), [("g".to_owned(), counts.to_vec())]);
        assert_eq!(left(&mut handed), []);
    }

    #[test]
    fn nothing_is_said_where_nobody_was_answered() {
        let mut handed = Handed::default();
        handed.add(&"g".into(), "a@h", 1);
        handed.asked("g");
        assert_eq!(left(&mut handed), []);
        handed.add(&"g".into(), "a@h", 1);
        handed.answered("g");
        handed.forget("g");
        handed.add(&"g".into(), "a@h", 1);
        assert_eq!(left(&mut handed), []);
    }

    #[test]
    fn who_published_once_is_not_kept_for_ever() {
        let mut handed = Handed::default();
        for number in 0..1_000 {
            handed.add(&"g".into(), &format!("n{number}@h"), 1);
            handed.answered("g");
            handed.asked("g");
        }
        handed.answered("g");
        assert_eq!(handed.entries.len(), 0);
    }

    proptest! {
        /// Against a list of all that was handed over, and what of it an asked-about answer was behind.
        #[test]
        fn what_is_left_is_what_no_question_confirmed(steps in prop::collection::vec(0_u8..6, 0..60)) {
            let (mut handed, group) = (Handed::default(), Arc::from("g"));
            let (mut all, mut ahead, mut arrived, mut told) = (0_u64, 0, 0, false);
            for step in steps {
                match step {
                    0 => {
                        handed.answered("g");
                        (ahead, told) = (all, true);
                    }
                    1 => {
                        handed.asked("g");
                        arrived = ahead;
                    }
                    messages => {
                        handed.add(&group, "a@h", messages.into());
                        all += u64::from(messages);
                    }
                }
            }
            let expected = (told && all > arrived).then(|| ("g".to_owned(), vec![("a@h".to_owned(), all - arrived)]));
            prop_assert_eq!(left(&mut handed), Vec::from_iter(expected));
        }
    }
}
