//! Whether the nodes see the same cluster, and whether their clocks agree. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::Figure;
use crate::round::Round;

/// The latest view of each node that is watched.
///
/// `cluster.skew` of a node counts the nodes that it misses though another one sees them, and those that miss it: 0 is a cluster that all see
/// alike. `clock.skew` is how far its clock is from ours.
#[derive(Clone, Debug, Default)]
pub struct Views {
    of: BTreeMap<String, View>,
}

#[derive(Clone, Debug)]
struct View {
    sees: BTreeSet<String>,
    clock_offset_ms: i64,
}

impl Views {
    /// Takes what a round says.
    pub fn saw(&mut self, round: &Round) {
        let view =
            View { sees: round.view.iter().cloned().collect(), clock_offset_ms: round.clock_offset_ms };
        self.of.insert(round.node.clone(), view);
    }

    /// A node that is not watched any more has no view.
    pub fn lost(&mut self, node: &str) {
        self.of.remove(node);
    }

    /// Who misses whom.
    pub fn missing(&self) -> impl Iterator<Item = (&str, &str)> {
        let all: BTreeSet<&str> = self.of.values().flat_map(|view| &view.sees).map(String::as_str).collect();
        self.of.iter().flat_map(move |(node, view)| {
            let missed: Vec<&str> =
                all.iter().copied().filter(|other| other != node && !view.sees.contains(*other)).collect();
            missed.into_iter().map(move |other| (node.as_str(), other))
        })
    }

    /// `cluster.skew` and `clock.skew` of a node. The first needs a second node to compare with.
    pub(crate) fn figures(&self, node: &str) -> Vec<Figure> {
        let Some(view) = self.of.get(node) else { return Vec::new() };
        let mut figures = vec![Figure::plain("clock.skew", view.clock_offset_ms.unsigned_abs() as f64 / 1e3)];
        if self.of.len() > 1 {
            let skew = self.missing().filter(|(one, other)| *one == node || *other == node).count();
            figures.push(Figure::plain("cluster.skew", skew as f64));
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(of: &[(&str, &[&str])]) -> Views {
        let mut views = Views::default();
        for (node, sees) in of {
            let view = View { sees: sees.iter().map(|&name| name.to_owned()).collect(), clock_offset_ms: 0 };
            views.of.insert((*node).to_owned(), view);
        }
        views
    }

    #[test]
    fn equal_views_have_no_skew() {
        assert_eq!(views(&[("a", &["b", "c"]), ("b", &["a", "c"]), ("c", &["a", "b"])]).missing().count(), 0);
        assert_eq!(views(&[("hidden", &[]), ("alone", &[])]).missing().count(), 0);
    }

    #[test]
    fn a_cut_link_is_named_from_both_sides() {
        let views = views(&[("a", &["c"]), ("b", &["c"]), ("c", &["a", "b"])]);
        assert_eq!(views.missing().collect::<Vec<_>>(), [("a", "b"), ("b", "a")]);
        let skew = |node| {
            views
                .figures(node)
                .into_iter()
                .find(|figure| figure.metric == "cluster.skew")
                .map(|figure| figure.value)
        };
        assert_eq!([skew("a"), skew("b"), skew("c")], [Some(2.0), Some(2.0), Some(0.0)]);
    }

    #[test]
    fn a_node_that_is_lost_has_no_view() {
        let mut views = views(&[("a", &["c"]), ("b", &[])]);
        assert_eq!(views.missing().collect::<Vec<_>>(), [("b", "c")]);
        views.lost("b");
        assert_eq!(views.missing().count(), 0);
        assert_eq!(views.figures("b"), []);
        assert_eq!(views.figures("a").len(), 1, "nobody to compare with");
    }
}
