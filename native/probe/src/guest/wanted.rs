//! What a round asks for.

use outrigger_term::{TermError, Writer};

use crate::depth::Depth;
use crate::events::EventLimits;

/// What is to be read besides the system's own figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Processes to read in this round, and how many to show of each order.
    pub(crate) top: Option<(usize, usize)>,
    /// Holders and waiters to show of each pool.
    pub(crate) pools: Option<usize>,
    /// What the virtual machine is to report.
    pub(crate) events: Option<EventLimits>,
    /// What lies deeper, one thing at a time.
    pub(crate) depth: Option<Depth>,
    /// Whether to read all that `Outrigger.Watch` has counted, and not only what it counted since the answer before.
    pub(crate) whole: bool,
}

impl Wanted {
    /// `{round, Tag, #{...}}`
    pub(crate) fn request(self, tag: u64) -> Result<Vec<u8>, TermError> {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes);
        writer.tuple(3);
        writer.atom("round")?;
        writer.unsigned(tag);
        let parts = [self.top.is_some(), self.pools.is_some(), self.events.is_some(), self.depth.is_some()];
        writer.map(1 + parts.into_iter().map(u32::from).sum::<u32>());
        writer.atom("latency")?;
        writer.atom(if self.whole { "new" } else { "more" })?;
        if let Some((size, count)) = self.top {
            writer.atom("top")?;
            writer.tuple(2);
            writer.unsigned(size as u64);
            writer.unsigned(count as u64);
        }
        if let Some(most) = self.pools {
            writer.atom("pools")?;
            writer.unsigned(most as u64);
        }
        if let Some(limits) = self.events {
            writer.atom("events")?;
            limits.write(&mut writer)?;
        }
        if let Some(depth) = self.depth {
            writer.atom("depth")?;
            depth.write(&mut writer)?;
        }
        Ok(bytes)
    }
}
