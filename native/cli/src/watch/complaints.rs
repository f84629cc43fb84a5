//! What is said of nodes that are not seen while somebody else has the figures: a line when that changes, and a line a minute as long as it lasts. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use outrigger_node::NodeName;
use outrigger_probe::Sight;

/// Between two lines on one node's not being seen.
const QUIET: Duration = Duration::from_secs(60);

/// What was said last of each node, and when.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    said: HashMap<NodeName, Said>,
}

#[derive(Debug)]
struct Said {
    lost: bool,
    at: Instant,
}

impl Complaints {
    /// The line that a sight is worth. A node that comes and goes has two of them a minute.
    pub(super) fn line(&mut self, sight: &Sight, now: Instant) -> Option<String> {
        match sight {
            Sight::Lost { node, error } => {
                let quiet = self.said.get(node).is_some_and(|said| now.duration_since(said.at) < QUIET);
                if quiet {
                    return None;
                }
                self.said.insert(node.clone(), Said { lost: true, at: now });
                Some(format!("{node}: {error}\n"))
            }
            Sight::Joined { node, .. } => {
                let said = self.said.get_mut(node).filter(|said| said.lost)?;
                // The time stays that of the loss.
                said.lost = false;
                Some(format!("{node}: it is seen again\n"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use outrigger_probe::{Hello, ProbeError};

    use super::*;

    fn lost(node: &str) -> Sight {
        let error = ProbeError::Silent { peer: node.to_owned(), after_ms: 5 };
        Sight::Lost { node: node.parse().unwrap(), error: Arc::new(error) }
    }

    fn joined(node: &str) -> Sight {
        Sight::Joined { node: node.parse().unwrap(), hello: Hello::default() }
    }

    #[test]
    fn a_change_is_said_once_and_then_a_line_a_minute() {
        let mut complaints = Complaints::default();
        let start = Instant::now();
        let mut said =
            |sight: &Sight, second: u64| complaints.line(sight, start + Duration::from_secs(second));
        assert_eq!(said(&joined("a@h"), 0), None, "that is as it should be");
        let lines: Vec<u64> = (0..150).filter(|second| said(&lost("a@h"), *second).is_some()).collect();
        assert_eq!(lines, [0, 60, 120]);
        assert!(said(&lost("b@h"), 150).unwrap().starts_with("b@h: "), "each node for itself");
        assert_eq!(said(&joined("a@h"), 151).unwrap(), "a@h: it is seen again\n");
        assert_eq!(said(&joined("a@h"), 152), None);
    }

    #[test]
    fn one_that_comes_and_goes_fills_no_log() {
        let mut complaints = Complaints::default();
        let start = Instant::now();
        let mut lines = 0;
        for half in 0..240 {
            let now = start + Duration::from_millis(500 * half);
            let sight = if half % 2 == 0 { lost("a@h") } else { joined("a@h") };
            lines += usize::from(complaints.line(&sight, now).is_some());
        }
        assert_eq!(lines, 4, "two minutes");
    }
}
