//! What was read last of each.

use std::collections::BTreeMap;

use super::answer::DepthAnswer;
use super::ports::Port;
use super::states::Thread;
use super::tables::Table;
use super::{allocators, ports, states, tables};
use crate::Figure;

/// Tables and ports that are kept, and threads.
const MOST: usize = 1_000;
const THREADS: usize = 10_000;

/// What a node has shown.
#[derive(Debug, Default)]
pub(crate) struct Depths {
    tables: Walked<Table>,
    ports: Walked<Port>,
    threads: Vec<Thread>,
    /// By what they were read with.
    figures: BTreeMap<&'static str, Vec<Figure>>,
}

/// The first of a walk.
#[derive(Debug)]
struct Walked<T> {
    shown: Vec<T>,
    /// Whether a walk was ever over.
    whole: bool,
}

impl<T> Default for Walked<T> {
    fn default() -> Self {
        Self { shown: Vec::new(), whole: false }
    }
}

impl<T> Walked<T> {
    /// As long as no walk was over, those of its part are better than nothing. Whether a walk is over with this.
    fn take(&mut self, mut first: Vec<T>, whole: bool) -> bool {
        if whole || !self.whole {
            first.truncate(MOST);
            self.shown = first;
        }
        self.whole |= whole;
        whole
    }
}

impl Depths {
    /// Takes an answer. The figures that are new with it.
    pub(crate) fn take(&mut self, answer: Option<DepthAnswer>) -> Vec<Figure> {
        let (of, figures) = match answer {
            None => return Vec::new(),
            Some(DepthAnswer::Allocators(all)) => ("allocators", allocators::figures(&all)),
            Some(DepthAnswer::Tables(mut part)) => {
                part.tables.sort_by_key(|table| std::cmp::Reverse(table.bytes));
                let whole = self.tables.take(part.tables, part.whole);
                ("tables", if whole { tables::figures(&self.tables.shown) } else { Vec::new() })
            }
            Some(DepthAnswer::Ports(part)) => {
                let mut all: Vec<Port> = part.ports.into_iter().map(Port::from).collect();
                all.sort_by(|a, b| b.moved_per_s().total_cmp(&a.moved_per_s()));
                let whole = self.ports.take(all, part.whole);
                ("ports", if whole { ports::figures(&self.ports.shown) } else { Vec::new() })
            }
            Some(DepthAnswer::States(mut threads)) => {
                threads.truncate(THREADS);
                let figures = states::figures(&self.threads, &threads);
                self.threads = threads;
                // Without them there are none: no flag is held.
                if figures.is_empty() {
                    self.figures.remove("states");
                }
                ("states", figures)
            }
        };
        if !figures.is_empty() {
            self.figures.insert(of, figures.clone());
        }
        figures
    }

    /// Figures of earlier rounds, without the metrics that this one has anew.
    pub(crate) fn earlier(&self, anew: &[Figure]) -> Vec<Figure> {
        let is_anew = |figure: &&Figure| anew.iter().any(|new| new.metric == figure.metric);
        self.figures.values().flatten().filter(|figure| !is_anew(figure)).cloned().collect()
    }

    /// The largest tables, the largest first.
    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables.shown
    }

    /// The ports that stand out, those that move most first.
    pub(crate) fn ports(&self) -> &[Port] {
        &self.ports.shown
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Tables;
    use super::*;
    use crate::answer::Owner;

    fn tables(whole: bool, bytes: &[u64]) -> Option<DepthAnswer> {
        let table = |bytes: &u64| Table {
            id: bytes.to_string(),
            name: "t".into(),
            owner: Owner { pid: "<0.1.0>".into(), name: None, started: None },
            kind: "set".into(),
            objects: 0,
            bytes: *bytes,
        };
        Some(DepthAnswer::Tables(Tables { whole, tables: bytes.iter().map(table).collect() }))
    }

    fn shown(depths: &Depths) -> Vec<u64> {
        depths.tables().iter().map(|table| table.bytes).collect()
    }

    #[test]
    fn a_walk_shows_its_parts_once_and_then_only_when_it_is_whole() {
        let mut depths = Depths::default();
        assert_eq!(depths.take(tables(false, &[3, 5])), []);
        assert_eq!(shown(&depths), [5, 3]);
        assert_eq!(depths.take(tables(true, &[5, 9])), [Figure::plain("ets.top_memory", 9.0)]);
        assert_eq!(depths.take(tables(false, &[1])), []);
        assert_eq!(shown(&depths), [9, 5], "until the next walk is whole");
        depths.take(tables(true, &[2]));
        assert_eq!(shown(&depths), [2]);
    }

    #[test]
    fn figures_stay_until_they_are_read_again() {
        let mut depths = Depths::default();
        let new = depths.take(tables(true, &[7]));
        assert_eq!(depths.earlier(&new), []);
        assert_eq!(depths.take(None), []);
        assert_eq!(depths.earlier(&[]), [Figure::plain("ets.top_memory", 7.0)]);
    }
}
