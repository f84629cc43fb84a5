//! `anyOf`, `oneOf`, `not` and `if` of the reader.

use super::check::{Check, Found};
use super::kind::Kind;
use super::part::{Global, Nodes, Part};
use super::view::View;

impl Check<'_> {
    pub(super) fn combined(
        &mut self,
        old: &Part,
        new: &Part,
        was: &View<'_>,
        is: &View<'_>,
        found: &mut Found,
    ) {
        for (id, node) in &is.nodes {
            for (keyword, list, only_one) in [("anyOf", &node.any_of, false), ("oneOf", &node.one_of, true)] {
                let list: Vec<Global> = list.iter().map(|local| Nodes::beside(*id, *local)).collect();
                match list[..] {
                    [] => {}
                    [single] => {
                        let differences = self.prove(old, &Part::of(self.nodes, [single]));
                        found.below(&format!("/{keyword}/0"), &differences);
                    }
                    _ => self.alternatives(old, was, keyword, &list, only_one, found),
                }
            }
            if let Some((condition, then, otherwise)) = node.condition {
                let condition = Nodes::beside(*id, condition);
                let branches = [
                    ("/then", then, old.with(self.nodes, condition)),
                    ("/else", otherwise, old.without(condition)),
                ];
                for (path, branch, given) in branches {
                    if let Some(branch) = branch
                        && !self.holds(&given, &self.part(*id, branch))
                    {
                        found.add(Kind::ConditionChanged, path, "");
                    }
                }
            }
            if let Some(keyword) = node.unknown.first() {
                found.add(Kind::UnknownChanged, format!("/{keyword}"), "");
            }
        }
        self.forbidden(old, new, found);
        let products = |view: &View<'_>| view.nodes.iter().map(|(_, node)| node.all_of.len()).sum::<usize>();
        let (before, after) = (products(was), products(is));
        if before > after {
            found.add(Kind::ProductTypeNarrowed, "/allOf", format!("{before} -> {after}"));
        } else if before < after && !self.mode.accepts_all(&found.list) {
            found.add(Kind::ProductTypeExtended, "/allOf", format!("{before} -> {after}"));
        }
    }

    fn alternatives(
        &mut self,
        old: &Part,
        was: &View<'_>,
        keyword: &str,
        list: &[Global],
        only_one: bool,
        found: &mut Found,
    ) {
        let path = format!("/{keyword}");
        let mut overlap = None;
        for (index, id) in list.iter().enumerate() {
            let differences = self.prove(old, &Part::of(self.nodes, [*id]));
            if !self.mode.accepts_all(&differences) {
                continue;
            }
            let others = list.iter().enumerate().filter(|(_, other)| *other != id);
            let clash = if only_one {
                others.map(|(at, _)| at).find(|at| !self.is_apart(old, list, *at))
            } else {
                None
            };
            let Some(clash) = clash else {
                found.below(&format!("{path}/{index}"), &differences);
                if !was.has_alternatives() {
                    found.add(Kind::SumTypeExtended, path, "");
                }
                return;
            };
            overlap.get_or_insert((index, clash));
        }
        match overlap {
            Some((taken, clash)) => {
                found.add(
                    Kind::SumTypeOverlaps,
                    format!("{path}/{clash}"),
                    format!("as well as {path}/{taken}"),
                );
            }
            None if was.has_alternatives() => {
                found.add(Kind::CombinedTypeSubschemasChanged, path, "");
            }
            None => {
                let note = format!("none of {} alternatives takes {}", list.len(), was.types.text());
                found.add(Kind::TypeChanged, path, note);
            }
        }
    }

    fn is_apart(&mut self, old: &Part, list: &[Global], at: usize) -> bool {
        list.get(at).is_some_and(|other| self.disjoint(old, &Part::of(self.nodes, [*other])))
    }

    /// `not`: what the reader forbids must not have been written.
    fn forbidden(&mut self, old: &Part, new: &Part, found: &mut Found) {
        let own = old.not.iter().any(|id| id & 1 == Nodes::WRITER);
        let mut extended = false;
        for id in new.not.difference(&old.not) {
            if !self.disjoint(old, &Part::of(self.nodes, [*id])) {
                found.add(Kind::NotTypeExtended, "/not", "");
                extended = true;
            }
        }
        if own && !extended && old.not != new.not {
            found.add(Kind::NotTypeNarrowed, "/not", "");
        }
    }
}
