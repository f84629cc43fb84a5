//! Siblings that are alike become one line, and too many of them another one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::amount;
use super::forest::Forest;
use super::picture::{Branch, Kind, Mark, Sum};

/// A line to be drawn, and the processes whose lines stand below it.
pub(super) struct Line {
    pub(super) branch: Branch,
    pub(super) below: Vec<u32>,
}

/// The lines of siblings, which come in the order of their start; `most` of them, and one more for all others.
pub(super) fn fold(forest: &Forest<'_>, siblings: &[u32], most: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut alike: HashMap<(&str, Vec<Mark>), usize> = HashMap::new();
    for &at in siblings {
        let process = forest.process(at);
        let foldable = process.name.is_none() && forest.below(at).is_empty();
        let place = foldable.then(|| alike.entry((&*process.started, forest.marks(at))));
        match place {
            Some(Entry::Occupied(first)) => {
                let branch = &mut lines[*first.get()].branch;
                branch.kind = Kind::Alike;
                branch.pid = None;
                branch.own.add(forest.own(at));
                branch.whole = branch.own;
            }
            place => {
                if let Some(Entry::Vacant(first)) = place {
                    first.insert(lines.len());
                }
                lines.push(Line { branch: forest.branch(at), below: forest.below(at).to_vec() });
            }
        }
    }
    if lines.len() > most { cut(lines, most) } else { lines }
}

/// Those that stand for the most, in the order in which they were, and one line for the rest.
fn cut(lines: Vec<Line>, most: usize) -> Vec<Line> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    let size = |at: &usize| (lines[*at].branch.whole.processes, lines[*at].branch.whole.memory);
    order.sort_by_key(|at| std::cmp::Reverse(size(at)));
    let mut kept = vec![false; lines.len()];
    for at in order.into_iter().take(most) {
        kept[at] = true;
    }
    let mut others = Sum::default();
    let mut shown = Vec::with_capacity(most + 1);
    let mut left_out = 0_u64;
    for (line, kept) in lines.into_iter().zip(kept) {
        if kept {
            shown.push(line);
        } else {
            left_out += 1;
            others.add(line.branch.whole);
        }
    }
    let label = format!("{} more", amount::of(left_out, "line"));
    shown.push(Line { branch: Branch::hidden(Kind::Others, label, others), below: Vec::new() });
    shown
}
