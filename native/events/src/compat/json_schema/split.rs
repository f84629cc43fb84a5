//! The writer's alternatives, one by one: a part lies within another if all its pieces do.

use super::check::{Check, Difference, Found};
use super::kind::Kind;
use super::part::{Alternatives, Nodes, Part};
use super::view::View;

/// Pieces of a part with the paths of what they come from.
struct Pieces {
    keyword: &'static str,
    parts: Vec<(String, Part)>,
}

impl Check<'_> {
    /// What differs when the writer's alternatives are looked at one by one; `direct` if it has none.
    pub(super) fn split(&mut self, old: &Part, new: &Part, direct: Vec<Difference>) -> Vec<Difference> {
        if self.is_empty(old) {
            return Vec::new();
        }
        let Some(pieces) = self.pieces(old, new) else { return direct };
        let mut found = Found::default();
        let mut failed = None;
        for (path, part) in &pieces.parts {
            let differences = self.prove(part, new);
            if !self.mode.accepts_all(&differences) {
                failed = Some((path.clone(), differences));
                break;
            }
        }
        if pieces.keyword == "type" {
            return if failed.is_some() { direct } else { Vec::new() };
        }
        let reader = View::of(self.nodes, new);
        let (was, is) = (count(&View::of(self.nodes, old)), count(&reader));
        match failed {
            None => {
                let (before, after) = (criterion(&View::of(self.nodes, old)), criterion(&reader));
                if before != after && after.is_some() {
                    found.add(Kind::CombinedTypeExtended, "", "");
                }
                if was < is {
                    found.add(
                        Kind::SumTypeExtended,
                        format!("/{}", after.unwrap_or("anyOf")),
                        format!("{was} -> {is}"),
                    );
                }
            }
            Some((path, differences)) if !reader.has_alternatives() => {
                found.add(
                    Kind::SumTypeNarrowed,
                    path.as_str(),
                    "the writer has alternatives, and the reader does not take this one",
                );
                found.below(&path, &differences);
            }
            Some((path, differences)) => {
                let (before, after) = (criterion(&View::of(self.nodes, old)), criterion(&reader));
                if before != after {
                    found.add(
                        Kind::CombinedTypeChanged,
                        "",
                        format!("{} -> {}", before.unwrap_or(""), after.unwrap_or("")),
                    );
                }
                let overlaps = differences.iter().any(|found| found.kind == Kind::SumTypeOverlaps);
                if overlaps {
                    found.below("", &differences);
                } else if was > is {
                    found.add(Kind::SumTypeNarrowed, path, format!("{was} -> {is}"));
                } else {
                    found.add(Kind::CombinedTypeSubschemasChanged, path, "");
                }
            }
        }
        found.list
    }

    fn pieces(&self, old: &Part, new: &Part) -> Option<Pieces> {
        for id in &old.nodes {
            let node = self.nodes.get(*id);
            let lists =
                [(Alternatives::AnyOf, "anyOf", &node.any_of), (Alternatives::OneOf, "oneOf", &node.one_of)];
            for (kind, keyword, list) in lists {
                if list.is_empty() || old.split.contains(&(*id, kind)) {
                    continue;
                }
                let ids: Vec<_> = list.iter().map(|local| Nodes::beside(*id, *local)).collect();
                let piece = |(index, own): (usize, &u32)| {
                    let mut part = old.with(self.nodes, *own);
                    part.split.insert((*id, kind));
                    if kind == Alternatives::OneOf {
                        part.not
                            .extend(ids.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, id)| id));
                    }
                    (format!("/{keyword}/{index}"), part)
                };
                return Some(Pieces { keyword, parts: ids.iter().enumerate().map(piece).collect() });
            }
            if let Some((condition, then, otherwise)) = node.condition
                && !old.split.contains(&(*id, Alternatives::Condition))
            {
                let mut given = old.clone();
                given.split.insert((*id, Alternatives::Condition));
                let condition = Nodes::beside(*id, condition);
                let mut met = given.with(self.nodes, condition);
                met.extend(self.nodes, then.map(|local| Nodes::beside(*id, local)));
                let mut unmet = given.without(condition);
                unmet.extend(self.nodes, otherwise.map(|local| Nodes::beside(*id, local)));
                return Some(Pieces {
                    keyword: "if",
                    parts: vec![("/then".into(), met), ("/else".into(), unmet)],
                });
            }
        }
        let view = View::of(self.nodes, old);
        if view.types.each().count() > 1 && View::of(self.nodes, new).has_alternatives() {
            let one = |types| (String::new(), Part { types, ..old.clone() });
            return Some(Pieces { keyword: "type", parts: view.types.each().map(one).collect() });
        }
        None
    }

    /// Whether no value is left, as all that is are excluded.
    fn is_empty(&mut self, part: &Part) -> bool {
        part.not.iter().any(|id| {
            let mut rest = part.clone();
            rest.not.remove(id);
            self.holds_exactly(&rest, &Part::of(self.nodes, [*id]))
        })
    }
}

/// Alternatives that all nodes have together.
fn count(view: &View<'_>) -> usize {
    view.nodes.iter().map(|(_, node)| node.any_of.len() + node.one_of.len()).sum()
}

fn criterion(view: &View<'_>) -> Option<&'static str> {
    let any = view.nodes.iter().any(|(_, node)| !node.any_of.is_empty());
    let one = view.nodes.iter().any(|(_, node)| !node.one_of.is_empty());
    if any { Some("anyOf") } else { one.then_some("oneOf") }
}
