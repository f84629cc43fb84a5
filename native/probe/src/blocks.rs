//! A look that is cut into windows of one length, one behind the other: what a gate compares with a baseline. Pure.

use std::collections::BTreeMap;

use outrigger_watch::Window;

use crate::recorder::Recorder;
use crate::round::Round;

/// Keeps what is seen between two moments, in blocks. What is before and behind them is not kept: a warm-up is left out so, of
/// histograms too.
///
/// All times are in milliseconds since the Unix epoch, by our own clock.
///
/// ```
/// use outrigger_probe::Blocks;
///
/// let mut blocks = Blocks::new(1_000, 500, 2);
/// blocks.joined("app@host", 200);
/// blocks.lost("app@host", 1_700);
/// let windows = blocks.windows();
/// assert_eq!((windows[0].from, windows[0].until, windows[1].until), (1_000, 1_500, 2_000));
/// assert_eq!(windows[0].nodes["app@host"].gone, None);
/// assert_eq!(windows[1].nodes["app@host"].gone, Some(1_700));
/// ```
#[derive(Clone, Debug)]
pub struct Blocks {
    begin: u64,
    length: u64,
    blocks: Vec<Recorder>,
    /// Since when a node is seen.
    there: BTreeMap<String, u64>,
}

impl Blocks {
    /// So many blocks of `length`, from `begin` on; at least one, of at least 1 ms.
    #[must_use]
    pub fn new(begin: u64, length: u64, count: usize) -> Self {
        let length = length.max(1);
        let block = |at: usize| Recorder::new(begin.saturating_add(length.saturating_mul(at as u64)));
        Self { begin, length, blocks: (0..count.max(1)).map(block).collect(), there: BTreeMap::new() }
    }

    /// When the last block ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.begin.saturating_add(self.length.saturating_mul(self.blocks.len() as u64))
    }

    /// A node is seen.
    pub fn joined(&mut self, node: &str, at: u64) {
        self.there.entry(node.to_owned()).or_insert(at);
    }

    /// Takes a round.
    pub fn saw(&mut self, round: &Round) {
        let since = *self.there.entry(round.node.clone()).or_insert(round.at_ms);
        if let Some(block) = self.block(round.at_ms) {
            block.joined(&round.node, since);
            block.saw(round);
        }
    }

    /// A node is not seen any more.
    pub fn lost(&mut self, node: &str, at: u64) {
        let Some(since) = self.there.remove(node) else { return };
        self.was_there(node, since, at);
        if let Some(block) = self.block(at) {
            block.joined(node, since);
            block.lost(node, at);
        }
    }

    /// The blocks, whole.
    #[must_use]
    pub fn windows(mut self) -> Vec<Window> {
        for (node, since) in std::mem::take(&mut self.there) {
            self.was_there(&node, since, u64::MAX);
        }
        let Self { begin, length, blocks, .. } = self;
        let end = |at: usize| begin.saturating_add(length.saturating_mul(at as u64 + 1));
        blocks.into_iter().enumerate().map(|(at, block)| block.window(end(at))).collect()
    }

    /// The block of a moment. The end of the last one is in it.
    fn block(&mut self, at: u64) -> Option<&mut Recorder> {
        let since = at.checked_sub(self.begin)?;
        if at == self.end() {
            return self.blocks.last_mut();
        }
        self.blocks.get_mut(usize::try_from(since / self.length).ok()?)
    }

    /// A node that has no round in a block was looked at nevertheless.
    fn was_there(&mut self, node: &str, since: u64, until: u64) {
        let (begin, length) = (self.begin, self.length);
        for (at, block) in self.blocks.iter_mut().enumerate() {
            let from = begin.saturating_add(length.saturating_mul(at as u64));
            if since < from.saturating_add(length) && from < until {
                block.joined(node, since);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use outrigger_watch::Series;

    use super::*;
    use crate::rolling::tests::round;

    fn samples(window: &Window) -> Vec<(u64, f64)> {
        let series = window.nodes.values().flat_map(|node| node.series.values());
        let samples = series.filter_map(|series| match series {
            Series::Samples(samples) => Some(samples),
            _ => None,
        });
        samples.flatten().map(|sample| (sample.at, sample.value)).collect()
    }

    #[test]
    fn each_round_is_in_the_block_of_its_time() {
        let mut blocks = Blocks::new(1_000, 100, 3);
        blocks.joined("a@h", 400);
        // Rounds of two nodes come as they come.
        for at in [900, 1_000, 1_199, 1_099, 1_200, 1_300, 1_301] {
            blocks.saw(&round("a@h", at, 1.0));
        }
        assert_eq!(blocks.end(), 1_300);
        let windows = blocks.windows();
        let seen: Vec<Vec<(u64, f64)>> = windows.iter().map(samples).collect();
        let at = |times: &[u64]| times.iter().map(|at| (*at, 1.0)).collect::<Vec<_>>();
        assert_eq!(seen, [at(&[1_000, 1_099]), at(&[1_199]), at(&[1_200, 1_300])]);
        assert!(windows.iter().all(|window| window.nodes["a@h"].joined == 400), "its warm-up is over");
    }

    #[test]
    fn a_node_that_comes_back_is_missing_between() {
        let mut blocks = Blocks::new(1_000, 100, 4);
        blocks.joined("a@h", 900);
        blocks.lost("a@h", 1_050);
        blocks.joined("a@h", 1_250);
        let windows = blocks.windows();
        let there: Vec<_> = windows.iter().map(|window| window.nodes.get("a@h")).collect();
        assert_eq!(there[0].map(|node| (node.joined, node.gone)), Some((900, Some(1_050))));
        assert_eq!(there[1], None);
        assert_eq!(there[2].map(|node| (node.joined, node.gone)), Some((1_250, None)));
        assert!(there[3].is_some(), "it was looked at, and had no round");
    }

    #[test]
    fn what_is_before_and_behind_is_not_kept() {
        let mut blocks = Blocks::new(u64::MAX - 5, u64::MAX, 3);
        blocks.saw(&round("a@h", 7, 1.0));
        blocks.lost("b@h", 7);
        blocks.lost("a@h", 9);
        assert!(blocks.windows().iter().all(|window| window.nodes.is_empty()));
    }
}
