//! The rhythm of a profile: plan, ask, add up.

use std::time::Duration;

use outrigger_node::{Node, NodeName};
use outrigger_term::{TermError, Writer};

use super::sampled::Sampled;
use super::{By, Profile, SamplePace};
use crate::ProbeError;
use crate::answer::Hello;
use crate::events::{EventLimits, Events};
use crate::guest::Guest;

/// How a node is profiled.
#[derive(Clone, Copy, Debug)]
pub struct ProfileConfig {
    /// Ticks in a second, at most.
    pub rate: f64,
    /// What it may cost the node, as a share of one core.
    pub duty: f64,
    /// Frames of a stack. The node's flag `backtrace_depth` (8 by default) is raised to it and put back at the end; 0 leaves it alone.
    pub depth: u32,
    /// What stacks stand on.
    pub by: By,
    /// Whether frames say file and line.
    pub lines: bool,
    /// Whether processes of the virtual machine are shown.
    pub system: bool,
    /// Whether the virtual machine is to report what is slow, large or busy, and from where on.
    pub events: Option<EventLimits>,
    /// How long to wait for an answer.
    pub patience: Duration,
}

impl Default for ProfileConfig {
    fn default() -> Self {
        Self {
            rate: 100.0,
            duty: 0.02,
            depth: 64,
            by: By::Name,
            lines: false,
            system: false,
            events: Some(EventLimits::default()),
            patience: Duration::from_secs(5),
        }
    }
}

/// One node, profiled. Dropped, it leaves the node as it was.
#[derive(Debug)]
pub struct Profiler {
    guest: Guest,
    config: ProfileConfig,
    pace: SamplePace,
    profile: Profile,
    events: Option<Events>,
    begun: bool,
}

impl Profiler {
    /// Starts to profile a node that is linked.
    ///
    /// # Errors
    /// As [`Guest::start`].
    pub async fn start(node: &Node, peer: &NodeName, config: ProfileConfig) -> Result<Self, ProbeError> {
        let mut guest = Guest::sampler(node, peer, config.patience).await?;
        if config.depth > 0 {
            let _was: Option<u64> = guest.ask(|tag| deepen(tag, config.depth), config.patience).await?;
        }
        let depth = usize::try_from(config.depth).unwrap_or(usize::MAX);
        let profile = Profile::new(guest.hello().schedulers, config.by, config.lines, config.system, depth);
        let pace = SamplePace::new(config.rate, config.duty);
        Ok(Self { guest, config, pace, profile, events: None, begun: false })
    }

    /// What the node is.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        self.guest.hello()
    }

    /// Samples for about a second. What was dropped in the middle is lost, and nothing else.
    ///
    /// # Errors
    /// The node is silent (the next call asks again), or its guest has ended (start anew).
    pub async fn step(&mut self) -> Result<(), ProbeError> {
        let mut plan = self.pace.plan();
        if !std::mem::replace(&mut self.begun, true) {
            // Nothing is measured yet: a short one tells what things cost.
            plan.waits.truncate(10);
        }
        let span = Duration::from_millis(plan.waits.iter().sum());
        let request = |tag| plan.request(tag, self.config.events);
        let mut sampled: Sampled = self.guest.ask(request, span * 4 + self.config.patience).await?;
        let worked = self.pace.took(&sampled);
        self.profile.add(&sampled, worked);
        if let Some(events) = sampled.events.take() {
            match &mut self.events {
                Some(known) => known.merge(events),
                None => self.events = Some(events),
            }
        }
        Ok(())
    }

    /// What was seen until now.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the virtual machine has reported until now; `None` if it was not asked.
    #[must_use]
    pub fn events(&self) -> Option<&Events> {
        self.events.as_ref()
    }
}

/// `{deepen, Tag, Depth}`
fn deepen(tag: u64, depth: u32) -> Result<Vec<u8>, TermError> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    writer.tuple(3);
    writer.atom("deepen")?;
    writer.unsigned(tag);
    writer.unsigned(depth.into());
    Ok(bytes)
}
