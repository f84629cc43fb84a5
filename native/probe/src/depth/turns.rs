//! Which of them is read next.

use outrigger_term::{TermError, Writer};

/// What is read besides what each round reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthConfig {
    /// Carriers and blocks of the allocators.
    pub allocators: bool,
    /// Tables to show, the largest of all. 0 does not walk over tables.
    pub tables: usize,
    /// Ports to show, those that move most and those that hold most back. 0 does not walk over ports.
    pub ports: usize,
    /// What threads do with their time. It sets a flag of the node (`microstate_accounting`) as long as somebody looks.
    pub states: bool,
}

impl DepthConfig {
    /// The metric of `states`, the only one that is read for those alone who wish it.
    pub const STATES: &str = "sched.state";
    /// Nothing of it.
    pub const NONE: Self = Self { allocators: false, tables: 0, ports: 0, states: false };
}

impl Default for DepthConfig {
    fn default() -> Self {
        Self { allocators: true, tables: 10, ports: 10, states: false }
    }
}

/// What a round asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    Allocators,
    /// A part of so many, and how many to show.
    Tables(usize, usize),
    Ports(usize, usize),
    States,
}

impl Depth {
    /// `allocators`, `{tables, Size, Count}`, …
    pub(crate) fn write(self, writer: &mut Writer<'_>) -> Result<(), TermError> {
        let (walk, size, count) = match self {
            Self::Allocators => return writer.atom("allocators"),
            Self::States => return writer.atom("states"),
            Self::Tables(size, count) => ("tables", size, count),
            Self::Ports(size, count) => ("ports", size, count),
        };
        writer.tuple(3);
        writer.atom(walk)?;
        writer.unsigned(size as u64);
        writer.unsigned(count as u64);
        Ok(())
    }
}

/// Tables and ports of one part: a millisecond or two. A socket is asked for more.
const TABLES: usize = 2_000;
const PORTS: usize = 500;

/// One after the other.
#[derive(Debug)]
pub(crate) struct Turns {
    order: Vec<Depth>,
    next: usize,
}

impl Turns {
    pub(crate) fn new(config: DepthConfig) -> Self {
        let order = [
            config.states.then_some(Depth::States),
            config.allocators.then_some(Depth::Allocators),
            (config.tables > 0).then_some(Depth::Tables(TABLES, config.tables)),
            (config.ports > 0).then_some(Depth::Ports(PORTS, config.ports)),
        ];
        Self { order: order.into_iter().flatten().collect(), next: 0 }
    }

    /// Whose turn it is.
    pub(crate) fn turn(&self) -> Option<Depth> {
        self.order.get(self.next).copied()
    }

    /// It was read.
    pub(crate) fn done(&mut self) {
        self.next = (self.next + 1) % self.order.len().max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wanted_has_its_turn() {
        let mut turns = Turns::new(DepthConfig { ports: 0, ..DepthConfig::default() });
        let order: Vec<Option<Depth>> = (0..3)
            .map(|_| {
                let turn = turns.turn();
                turns.done();
                turn
            })
            .collect();
        assert_eq!(
            order,
            [Some(Depth::Allocators), Some(Depth::Tables(TABLES, 10)), Some(Depth::Allocators)]
        );
        let mut none = Turns::new(DepthConfig::NONE);
        none.done();
        assert_eq!(none.turn(), None);
    }
}
