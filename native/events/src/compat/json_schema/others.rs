//! Objects: properties that are not named, names themselves, and what depends on a property.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, Found};
use super::kind::Kind;
use super::locate::escape;
use super::model::Node;
use super::part::{Nodes, Part};
use super::property::Side;
use super::types::Types;
use super::view::View;

impl Check<'_> {
    /// `patternProperties`, `additionalProperties` and `unevaluatedProperties`: names that neither schema lists.
    pub(super) fn other_properties(
        &mut self,
        old: &Part,
        new: &Part,
        was: &View<'_>,
        is: &View<'_>,
        found: &mut Found,
    ) {
        let rest = self.nodes.other_properties(old, Side::Writer);
        for (id, node) in &is.nodes {
            for (pattern, schema) in &node.object.patterns {
                let target = self.part(*id, *schema);
                let path = format!("/patternProperties/{}", escape(&pattern.text));
                let same = self.patterned(was, |text| text == pattern.text);
                if let Some((_, before)) = same.first() {
                    let differences = self.prove(before, &target);
                    found.below(&path, &differences);
                } else if !self.all_others_within(was, &rest, &target, |_| true) {
                    found.add(Kind::PatternPropertiesNarrowed, path, "");
                }
            }
            if let Some(schema) = node.object.additional {
                let own = |text: &str| node.object.patterns.iter().any(|(pattern, _)| pattern.text == text);
                let target = self.part(*id, schema);
                let kinds = [Kind::AdditionalPropertiesRemoved, Kind::AdditionalPropertiesNarrowed];
                self.rest("/additionalProperties", was, &rest, &target, own, kinds, found);
            }
            let covered = |node: &Node| node.object.additional.is_some();
            if let Some(schema) = node.object.unevaluated
                && self.nodes.reaches(*id, Side::Reader, covered)
            {
                let beside: Vec<&Node> =
                    Part::of(self.nodes, [*id]).nodes.iter().map(|id| self.nodes.get(*id)).collect();
                let own = |text: &str| {
                    beside
                        .iter()
                        .any(|node| node.object.patterns.iter().any(|(pattern, _)| pattern.text == text))
                };
                let target = self.part(*id, schema);
                let kinds = [Kind::UnevaluatedPropertiesRemoved, Kind::UnevaluatedPropertiesNarrowed];
                self.rest("/unevaluatedProperties", was, &rest, &target, own, kinds, found);
            }
        }
        self.opened(&rest, &self.nodes.other_properties(new, Side::Reader), was, found);
    }

    /// Whether the reader takes more of what is not named.
    fn opened(&self, before: &Part, after: &Part, was: &View<'_>, found: &mut Found) {
        let unevaluated = was.nodes.iter().all(|(_, node)| node.object.additional.is_none());
        let (path, kinds) = match unevaluated {
            true => (
                "/unevaluatedProperties",
                [Kind::UnevaluatedPropertiesAdded, Kind::UnevaluatedPropertiesExtended],
            ),
            false => (
                "/additionalProperties",
                [Kind::AdditionalPropertiesAdded, Kind::AdditionalPropertiesExtended],
            ),
        };
        let [added, extended] = kinds;
        if before.types.is_none() && !after.types.is_none() {
            found.add(added, path, "");
        } else if after.is_open(self.nodes) && !before.is_open(self.nodes) && !before.types.is_none() {
            found.add(extended, path, "");
        }
    }

    /// One schema of the reader for properties that are not named. `own` says which patterns it is not for.
    #[allow(clippy::too_many_arguments, reason = "both keywords, and no more")]
    fn rest(
        &mut self,
        path: &str,
        was: &View<'_>,
        rest: &Part,
        target: &Part,
        own: impl Fn(&str) -> bool,
        [removed, narrowed]: [Kind; 2],
        found: &mut Found,
    ) {
        if !rest.types.is_none() {
            if target.types.is_none() {
                found.add(removed, path, "");
            } else if rest.is_open(self.nodes) {
                if !self.holds(rest, target) {
                    found.add(narrowed, path, "");
                }
            } else {
                let differences = self.prove(rest, target);
                found.below(path, &differences);
            }
        }
        for (text, part) in self.patterned(was, |text| !own(text)) {
            if !self.holds(&part, target) {
                found.add(Kind::PatternPropertiesNarrowed, path, format!("names of the pattern {text}"));
            }
        }
    }

    /// The parts that the writer has for names of patterns, those of one pattern together.
    fn patterned(&self, was: &View<'_>, wanted: impl Fn(&str) -> bool) -> Vec<(String, Part)> {
        let mut parts = BTreeMap::new();
        for (id, node) in &was.nodes {
            for (pattern, schema) in node.object.patterns.iter().filter(|(pattern, _)| wanted(&pattern.text))
            {
                let part = parts.entry(pattern.text.clone()).or_insert_with(Part::all);
                part.extend(self.nodes, [Nodes::beside(*id, *schema)]);
            }
        }
        parts.into_iter().collect()
    }

    /// Whether all that the writer may put under names that are not listed lies within `target`.
    fn all_others_within(
        &mut self,
        was: &View<'_>,
        rest: &Part,
        target: &Part,
        wanted: impl Fn(&str) -> bool,
    ) -> bool {
        let patterned = self.patterned(was, wanted);
        self.holds(rest, target) && patterned.iter().all(|(_, part)| self.holds(part, target))
    }

    /// `propertyNames`.
    pub(super) fn names(&mut self, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let of = |check: &Self, view: &View<'_>| {
            let schemas =
                view.nodes.iter().filter_map(|(id, node)| Some(Nodes::beside(*id, node.object.names?)));
            let mut part = Part::of(check.nodes, schemas);
            part.types = part.types.and(Types::STRING);
            part
        };
        if is.nodes.iter().any(|(_, node)| node.object.names.is_some()) {
            let (before, after) = (of(self, was), of(self, is));
            let differences = self.prove(&before, &after);
            if !self.mode.accepts_all(&differences) {
                let notes: Vec<_> =
                    differences.iter().map(|found| format!("{} {}", found.kind.text(), found.note)).collect();
                found.add(Kind::PropertyNamesNarrowed, "/propertyNames", notes.join(", "));
            }
        }
    }

    /// `dependentRequired`, `dependentSchemas` and `dependencies`.
    pub(super) fn dependencies(&mut self, old: &Part, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let lists = |view: &View<'_>| {
            let mut lists = BTreeMap::<String, BTreeSet<String>>::new();
            for (name, others) in view.nodes.iter().flat_map(|(_, node)| &node.object.dependent_required) {
                lists.entry(name.clone()).or_default().extend(others.iter().cloned());
            }
            lists
        };
        let (before, after) = (lists(was), lists(is));
        let written =
            |check: &Self, name: &str| !check.nodes.property(old, name, Side::Writer).types.is_none();
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let path = format!("/dependencies/{}", escape(name));
            let (kind, wanted) = match (before.get(name), after.get(name)) {
                (Some(_), None) => {
                    found.add(Kind::DependencyArrayRemoved, path, "");
                    continue;
                }
                (None, Some(after)) => (Kind::DependencyArrayAdded, after),
                (Some(before), Some(after)) if before == after => continue,
                (Some(before), Some(after)) if before.is_superset(after) => {
                    found.add(Kind::DependencyArrayNarrowed, path, "");
                    continue;
                }
                (Some(before), Some(after)) if after.is_superset(before) => {
                    (Kind::DependencyArrayExtended, after)
                }
                (_, Some(after)) => (Kind::DependencyArrayChanged, after),
                (None, None) => continue,
            };
            let there = |other: &String| {
                other == name
                    || was.requires(other)
                    || before.get(name).is_some_and(|list| list.contains(other))
            };
            let missing: Vec<&str> =
                wanted.iter().filter(|other| !there(other)).map(String::as_str).collect();
            if !missing.is_empty() && written(self, name) {
                found.add(kind, path, missing.join(", "));
            }
        }
        self.dependent_schemas(old, was, is, found);
    }

    fn dependent_schemas(&mut self, old: &Part, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let schemas = |view: &View<'_>| {
            let mut schemas = BTreeMap::<String, Vec<u32>>::new();
            for (id, node) in &view.nodes {
                for (name, schema) in &node.object.dependent_schemas {
                    schemas.entry(name.clone()).or_default().push(Nodes::beside(*id, *schema));
                }
            }
            schemas
        };
        let (before, after) = (schemas(was), schemas(is));
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            found.add(Kind::DependencySchemaRemoved, format!("/dependencies/{}", escape(name)), "");
        }
        for (name, schemas) in after {
            let path = format!("/dependencies/{}", escape(&name));
            let mut given = old.clone();
            given.extend(self.nodes, before.get(&name).into_iter().flatten().copied());
            let target = Part::of(self.nodes, schemas);
            let written = !self.nodes.property(old, &name, Side::Writer).types.is_none();
            if !written || self.holds(&given, &target) {
                continue;
            }
            if before.contains_key(&name) {
                let differences = self.prove(&given, &target);
                found.below(&path, &differences);
            } else {
                found.add(Kind::DependencySchemaAdded, path, "");
            }
        }
    }
}
