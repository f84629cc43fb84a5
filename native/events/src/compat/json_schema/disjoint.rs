//! Whether two parts have no value in common: what `oneOf` and `not` come down to.
//!
//! A `false` means that no reason was found, not that there is a common value.

use std::collections::BTreeSet;

use super::check::Check;
use super::number::Number;
use super::part::{Nodes, Part};
use super::property::Side;
use super::types::Types;
use super::value::holds;
use super::view::View;

impl Check<'_> {
    const DEEPEST_APART: usize = 12;

    pub(super) fn disjoint(&mut self, a: &Part, b: &Part) -> bool {
        self.apart(a, b, 0)
    }

    fn apart(&mut self, a: &Part, b: &Part, depth: usize) -> bool {
        if depth > Self::DEEPEST_APART {
            return false;
        }
        let (left, right) = (View::of(self.nodes, a), View::of(self.nodes, b));
        let common = left.types.and(right.types);
        if common.is_none() {
            return true;
        }
        if let (Some(left), Some(right)) = (&left.values, &right.values)
            && !left.iter().any(|value| holds(right, value))
        {
            return true;
        }
        if common.within(Types::NUMBER) && (crosses(&left, &right) || crosses(&right, &left)) {
            return true;
        }
        let over = |a: Option<u64>, b: Option<u64>| a.is_some_and(|a| b.is_some_and(|b| a > b));
        let lengths = |a: &View<'_>, b: &View<'_>| {
            over(a.most(|node| node.text.min), b.least(|node| node.text.max)) && common.within(Types::STRING)
                || over(a.most(|node| node.array.min), b.least(|node| node.array.max))
                    && common.within(Types::ARRAY)
        };
        if lengths(&left, &right) || lengths(&right, &left) {
            return true;
        }
        if common.within(Types::OBJECT) && self.properties_apart(a, b, &left, &right, depth) {
            return true;
        }
        // All of one lies in what the other leaves out.
        let out = |check: &mut Self, a: &Part, b: &Part| {
            a.not.iter().any(|id| check.holds_exactly(b, &Part::of(check.nodes, [*id])))
        };
        out(self, a, b)
            || out(self, b, a)
            || self.alternatives_apart(a, b, depth)
            || self.alternatives_apart(b, a, depth)
    }

    /// A property that one requires, and that cannot be the same in both.
    fn properties_apart(
        &mut self,
        a: &Part,
        b: &Part,
        left: &View<'_>,
        right: &View<'_>,
        depth: usize,
    ) -> bool {
        let names: BTreeSet<&String> =
            left.nodes.iter().chain(&right.nodes).flat_map(|(_, node)| &node.object.required).collect();
        names.into_iter().any(|name| {
            // What it may be is taken to be more on both sides.
            let in_a = self.nodes.property(a, name, Side::Writer);
            let in_b = self.nodes.property(b, name, Side::Writer);
            self.apart(&in_a, &in_b, depth + 1)
        })
    }

    /// Whether all alternatives of one are apart from the other.
    fn alternatives_apart(&mut self, a: &Part, b: &Part, depth: usize) -> bool {
        let lists: Vec<Vec<u32>> = a
            .nodes
            .iter()
            .flat_map(|id| {
                let node = self.nodes.get(*id);
                [&node.any_of, &node.one_of]
                    .map(|list| list.iter().map(|local| Nodes::beside(*id, *local)).collect())
            })
            .filter(|list: &Vec<u32>| !list.is_empty())
            .collect();
        lists.iter().any(|list| {
            list.iter().all(|id| !a.nodes.contains(id) && self.apart(&a.with(self.nodes, *id), b, depth + 1))
        })
    }
}

/// Whether the numbers of one end before those of the other begin.
fn crosses(a: &View<'_>, b: &View<'_>) -> bool {
    let outside = |(upper, out): (&Number, bool), (lower, also_out): (&Number, bool)| {
        upper < lower || upper == lower && (out || also_out)
    };
    a.upper().is_some_and(|upper| b.lower().is_some_and(|lower| outside(upper, lower)))
}
