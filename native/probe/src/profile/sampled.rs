//! What the sampler says. The shapes are those of `guest/program/sampler.erl`.

use std::fmt;

use outrigger_term::{OwnedTerm, Pid, TermError, Writer, from_slice};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::pace::Plan;
use crate::answer::{ATOM, Function, ProcessInfo};
use crate::events::{EventLimits, Events};

/// The answer to one plan.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sampled {
    /// Monotonic time there, in microseconds.
    pub(super) since: i64,
    pub(super) until: i64,
    /// Processes that were looked at in each tick.
    pub(super) hot: u64,
    #[serde(deserialize_with = "ticks")]
    pub(super) ticks: Vec<Tick>,
    pub(super) stacks: Vec<(Vec<Call>, Vec<Sample>)>,
    pub(super) processes: Vec<(ProcessId, ProcessInfo)>,
    pub(super) events: Option<Events>,
    /// What it took to put this together, in microseconds.
    pub(super) packing: u64,
}

/// `{{At, Examined, Others, Stacks, Waited, Active, Queue, Tasks}, Done}`
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tick {
    /// As `since`.
    pub(super) at: i64,
    /// Processes of its part, and how many they are a part of.
    pub(super) examined: u64,
    pub(super) others: u64,
    /// Stacks that were taken, and the microseconds from the question to the answer of all of them.
    pub(super) stacks: u64,
    pub(super) waited: u64,
    /// Processes that were active, of those that were looked at.
    pub(super) active: u64,
    /// By the node itself: what waits for a scheduler, and that together with what runs, the sampler too.
    pub(super) queue: u64,
    pub(super) tasks: u64,
    /// When all of it was done.
    pub(super) done: i64,
}

impl Tick {
    /// Microseconds of work, without those that it waited for stacks.
    pub(super) fn took(&self) -> u64 {
        u64::try_from(self.done.saturating_sub(self.at)).unwrap_or(0).saturating_sub(self.waited)
    }
}

/// One process at one tick: the tick, whether of the part, which process, its status before and when its stack was taken, its name, and
/// what it was started as.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sample(
    pub(super) u64,
    pub(super) Of,
    pub(super) ProcessId,
    pub(super) Status,
    pub(super) Status,
    pub(super) Name,
    pub(super) Function,
);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Of {
    Hot,
    Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Running,
    Runnable,
    GarbageCollecting,
    Waiting,
    Suspended,
    Exiting,
    Free,
}

fn ticks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Tick>, D::Error> {
    type Raw = ((i64, u64, u64, u64, u64, u64, u64, u64), i64);
    let of = |((at, examined, others, stacks, waited, active, queue, tasks), done): Raw| Tick {
        at,
        examined,
        others,
        stacks,
        waited,
        active,
        queue,
        tasks,
        done,
    };
    Ok(Vec::<Raw>::deserialize(deserializer)?.into_iter().map(of).collect())
}

/// A pid of the node itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ProcessId {
    pub(super) id: u32,
    pub(super) serial: u32,
}

impl<'de> Deserialize<'de> for ProcessId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pid = Pid::deserialize(deserializer)?;
        Ok(Self { id: pid.id, serial: pid.serial })
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}.{}>", self.id, self.serial)
    }
}

/// A registered name, or none: `[]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let term = OwnedTerm::deserialize(deserializer)?;
        Ok(Self(term.as_term().reader().atom().ok().map(|name| name.text().into_owned())))
    }
}

/// Bytes of a file's path.
const PATH: usize = 4_096;

/// One call of a stack, from the innermost on: `{Module, Function, Arity, [{file, _}, {line, _}]}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) function: Function,
    /// File and line, if the module was compiled with them.
    pub(super) place: Option<(String, u64)>,
}

impl<'de> Deserialize<'de> for Call {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (module, name, arity, at): (String, String, u64, Vec<(String, OwnedTerm)>) =
            Deserialize::deserialize(deserializer)?;
        if module.len() > ATOM || name.len() > ATOM {
            return Err(D::Error::custom("a name is longer than an atom can be"));
        }
        let value = |key: &str| at.iter().find(|(of, _)| of == key).map(|(_, value)| value.as_term());
        let file = value("file")
            .and_then(|file| from_slice::<String>(file.bytes()).ok())
            .filter(|file| file.len() <= PATH);
        let line = value("line").and_then(|line| from_slice::<u64>(line.bytes()).ok());
        Ok(Self { function: Function(module, name, arity), place: file.zip(line) })
    }
}

impl Plan {
    /// `{sample, Tag, #{waits, part, most, hot, events}}`
    pub(super) fn request(&self, tag: u64, events: Option<EventLimits>) -> Result<Vec<u8>, TermError> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.tuple(3);
        writer.atom("sample")?;
        writer.unsigned(tag);
        writer.map(4 + u32::from(events.is_some()));
        writer.atom("waits")?;
        let waits = u32::try_from(self.waits.len()).unwrap_or(u32::MAX);
        if waits > 0 {
            writer.list(waits);
            for wait in &self.waits {
                writer.unsigned(*wait);
            }
        }
        writer.nil();
        for (name, value) in [("part", self.part), ("most", Self::STACKS), ("hot", Self::HOT)] {
            writer.atom(name)?;
            writer.unsigned(value as u64);
        }
        if let Some(limits) = events {
            writer.atom("events")?;
            limits.write(&mut writer)?;
        }
        Ok(bytes)
    }
}
