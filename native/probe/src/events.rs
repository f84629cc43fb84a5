//! What the virtual machine reports by itself: collections and time slices that take long, heaps that become large, ports that are busy.

use outrigger_term::{TermError, Writer};
use serde::{Deserialize, Serialize};

use crate::answer::{Function, ProcessInfo};

/// A kind of event, as `erlang:system_monitor/2` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A collection took longer than the limit.
    LongGc,
    /// A process or a port held its scheduler longer than the limit.
    LongSchedule,
    /// A collection has left a heap larger than the limit.
    LargeHeap,
    /// A process was suspended, for it sent to a port that is busy.
    BusyPort,
    /// The same, by the link to another node.
    BusyDistPort,
    /// Events came faster than they were counted: there were none until the next question.
    Flood,
}

impl EventKind {
    /// Those that a node is asked for.
    pub const ALL: [Self; 5] =
        [Self::LongGc, Self::LongSchedule, Self::LargeHeap, Self::BusyPort, Self::BusyDistPort];

    /// Its metric in the catalogue.
    #[must_use]
    pub fn metric(self) -> &'static str {
        match self {
            Self::LongGc => "sys.long_gc",
            Self::LongSchedule => "sys.long_schedule",
            Self::LargeHeap => "sys.large_heap",
            Self::BusyPort => "sys.busy_port",
            Self::BusyDistPort => "sys.busy_dist_port",
            Self::Flood => "sys.flood",
        }
    }

    /// Its name on the node.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.metric().trim_start_matches("sys.")
    }
}

/// From where on something is an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLimits {
    /// A collection, in milliseconds.
    pub long_gc_ms: u64,
    /// A time slice, in milliseconds.
    pub long_schedule_ms: u64,
    /// A heap, in words.
    pub large_heap_words: u64,
}

impl Default for EventLimits {
    /// 50 ms, 20 ms, 8 Mi words (64 MiB).
    fn default() -> Self {
        Self { long_gc_ms: 50, long_schedule_ms: 20, large_heap_words: 8 << 20 }
    }
}

impl EventLimits {
    /// `[{Kind, Limit}]`, 0 for those that have none.
    pub(crate) fn write(self, writer: &mut Writer<'_>) -> Result<(), TermError> {
        writer.list(EventKind::ALL.len() as u32);
        for kind in EventKind::ALL {
            writer.tuple(2);
            writer.atom(kind.name())?;
            writer.unsigned(match kind {
                EventKind::LongGc => self.long_gc_ms,
                EventKind::LongSchedule => self.long_schedule_ms,
                EventKind::LargeHeap => self.large_heap_words,
                EventKind::BusyPort | EventKind::BusyDistPort | EventKind::Flood => 0,
            });
        }
        writer.nil();
        Ok(())
    }
}

/// Whether the node tells us its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// It does.
    Held,
    /// This process on the node had asked for them before us. A node up to OTP 27 tells them to one process, and we drive nobody out.
    Taken(String),
    /// Somebody has asked for them after us.
    Lost,
    /// The helper that counts them has not answered.
    Silent,
}

/// Events since the question before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Whether there can be any.
    pub held: Standing,
    /// How many there were of each kind.
    pub counts: Vec<(EventKind, u64)>,
    /// The last few, the newest first.
    pub last: Vec<Event>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it is.
    pub kind: EventKind,
    /// The process or port.
    pub who: String,
    /// By the node's clock, in milliseconds since the Unix epoch.
    pub at: i64,
    /// Its figures by name: `timeout` in milliseconds, sizes in words.
    pub figures: Vec<(String, i64)>,
    /// Of a long time slice: where the process was when it came in.
    pub into: Option<Function>,
    /// And when it went out.
    pub out: Option<Function>,
    /// The process, if it was still there when it was asked.
    pub process: Option<ProcessInfo>,
}

impl Events {
    /// Whether a count of 0 means that there was nothing.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.held == Standing::Held
    }

    /// How many there were of a kind.
    #[must_use]
    pub fn count(&self, kind: EventKind) -> u64 {
        self.counts.iter().filter(|(of, _)| *of == kind).fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// Takes in what came later.
    pub fn merge(&mut self, later: Self) {
        /// Events that are kept to be shown.
        const LAST: usize = 64;
        for (kind, count) in later.counts {
            match self.counts.iter_mut().find(|(of, _)| *of == kind) {
                Some((_, known)) => *known = known.saturating_add(count),
                None => self.counts.push((kind, count)),
            }
        }
        self.held = later.held;
        self.last.splice(0..0, later.last);
        self.last.truncate(LAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_events_come_first_and_counts_add_up() {
        let event = |who: &str| Event {
            kind: EventKind::LongGc,
            who: who.into(),
            at: 0,
            figures: Vec::new(),
            into: None,
            out: None,
            process: None,
        };
        let of = |who: &str, count| Events {
            held: Standing::Held,
            counts: vec![(EventKind::LongGc, count)],
            last: vec![event(who); 40],
        };
        let mut events = of("a", 40);
        events.merge(Events { held: Standing::Lost, ..of("b", 41) });
        assert_eq!((events.count(EventKind::LongGc), events.count(EventKind::BusyPort)), (81, 0));
        assert_eq!(
            (events.last.len(), events.last[39].who.as_str(), events.last[40].who.as_str()),
            (64, "b", "a")
        );
        assert!(!events.is_heard());
    }
}
