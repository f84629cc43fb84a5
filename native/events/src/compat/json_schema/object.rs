//! Objects: named properties and what is required of them.

use std::collections::BTreeSet;

use super::check::{Check, Found};
use super::kind::Kind;
use super::locate::escape;
use super::part::Part;
use super::property::Side;
use super::view::View;

impl Check<'_> {
    pub(super) fn objects(
        &mut self,
        old: &Part,
        new: &Part,
        was: &View<'_>,
        is: &View<'_>,
        found: &mut Found,
    ) {
        self.required(new, was, is, found);
        let named = |view: &View<'_>, name: &str| {
            view.nodes.iter().any(|(_, node)| node.object.properties.contains_key(name))
        };
        let names: BTreeSet<&String> =
            was.nodes.iter().chain(&is.nodes).flat_map(|(_, node)| node.object.properties.keys()).collect();
        for name in names {
            let before = self.nodes.property(old, name, Side::Writer);
            let after = self.nodes.property(new, name, Side::Reader);
            let path = format!("/properties/{}", escape(name));
            match (named(was, name), named(is, name)) {
                (true, true) => {
                    let differences = self.prove(&before, &after);
                    found.below(&path, &differences);
                }
                (true, false) => self.property_removed(&before, &after, &path, found),
                _ => {
                    let required = is.requires(name) && !was.requires(name);
                    self.property_added(&before, &after, &path, required, found);
                }
            }
        }
        self.other_properties(old, new, was, is, found);
        self.names(was, is, found);
        self.counts(old, was, is, found);
        self.dependencies(old, was, is, found);
    }

    /// What the reader requires beyond properties that only it has, which are [`Check::property_added`]'s.
    fn required(&self, new: &Part, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let names: BTreeSet<&String> =
            was.nodes.iter().chain(&is.nodes).flat_map(|(_, node)| &node.object.required).collect();
        for name in names {
            let named = |view: &View<'_>| {
                view.nodes.iter().any(|(_, node)| node.object.properties.contains_key(name))
            };
            let path = format!("/required/{}", escape(name));
            match (was.requires(name), is.requires(name)) {
                (true, false) if named(was) && named(is) => {
                    found.add(Kind::RequiredAttributeRemoved, path, name.as_str());
                }
                (false, true) if named(was) || !named(is) => {
                    let kind = match self.has_default(&self.nodes.property(new, name, Side::Reader)) {
                        true => Kind::RequiredAttributeWithDefaultAdded,
                        false => Kind::RequiredAttributeAdded,
                    };
                    found.add(kind, path, name.as_str());
                }
                _ => {}
            }
        }
    }

    fn has_default(&self, part: &Part) -> bool {
        part.nodes.iter().any(|id| self.nodes.get(*id).notes.default.is_some())
    }

    fn property_removed(&mut self, before: &Part, after: &Part, path: &str, found: &mut Found) {
        let kind = if after.is_open(self.nodes) {
            Kind::PropertyRemovedFromOpenContentModel
        } else if before.types.is_none() {
            Kind::PropertyWithFalseRemovedFromClosedContentModel
        } else if after.types.is_none() {
            Kind::PropertyRemovedFromClosedContentModel
        } else {
            let differences = self.prove(before, after);
            found.below(path, &differences);
            match self.mode.accepts_all(&differences) {
                true => Kind::PropertyRemovedIsCoveredByPartiallyOpenContentModel,
                false => Kind::PropertyRemovedNotCoveredByPartiallyOpenContentModel,
            }
        };
        found.add(kind, path, "");
    }

    fn property_added(&mut self, before: &Part, after: &Part, path: &str, required: bool, found: &mut Found) {
        let filled = self.has_default(after);
        if before.is_open(self.nodes) {
            let takes_all = self.holds(before, after);
            let kind = match (required, filled, takes_all) {
                (true, false, _) => Kind::RequiredPropertyAddedToOpenContentModel,
                (true, true, true) => Kind::RequiredPropertyWithDefaultAddedToUnopenContentModel,
                (true, true, false) => Kind::RequiredPropertyWithDefaultAddedToOpenContentModel,
                (false, _, true) => Kind::PropertyWithEmptySchemaAddedToOpenContentModel,
                (false, _, false) => Kind::OptionalPropertyAddedToOpenContentModel,
            };
            found.add(kind, path, "");
            return;
        }
        if !before.types.is_none() {
            let differences = self.prove(before, after);
            found.below(path, &differences);
            let kind = match self.mode.accepts_all(&differences) {
                true => Kind::PropertyAddedIsCoveredByPartiallyOpenContentModel,
                false => Kind::PropertyAddedNotCoveredByPartiallyOpenContentModel,
            };
            found.add(kind, path, "");
        }
        let kind = match (required, filled) {
            (true, false) => Kind::RequiredPropertyAddedToUnopenContentModel,
            (true, true) => Kind::RequiredPropertyWithDefaultAddedToUnopenContentModel,
            (false, _) => Kind::OptionalPropertyAddedToUnopenContentModel,
        };
        found.add(kind, path, "");
    }

    fn counts(&self, old: &Part, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let most = |view: &View<'_>| view.least(|node| node.object.max);
        let least = |view: &View<'_>| view.most(|node| node.object.min);
        let names = |of: fn(&super::model::Objects) -> Vec<&String>| -> u64 {
            let names: BTreeSet<_> = was.nodes.iter().flat_map(|(_, node)| of(&node.object)).collect();
            u64::try_from(names.len()).unwrap_or(u64::MAX)
        };
        let closed = self.nodes.other_properties(old, Side::Writer).types.is_none()
            && was.nodes.iter().all(|(_, node)| node.object.patterns.is_empty());
        let named = names(|object| object.properties.keys().collect());
        let implied = most(is).is_some_and(|max| closed && named <= max);
        found.bound(
            "maxProperties",
            most(was),
            most(is),
            implied,
            [
                Kind::MaxPropertiesAdded,
                Kind::MaxPropertiesRemoved,
                Kind::MaxPropertiesIncreased,
                Kind::MaxPropertiesDecreased,
            ],
        );
        let required = names(|object| object.required.iter().collect());
        let implied = least(is).is_some_and(|min| required >= min);
        found.bound(
            "minProperties",
            least(was),
            least(is),
            implied,
            [
                Kind::MinPropertiesAdded,
                Kind::MinPropertiesRemoved,
                Kind::MinPropertiesIncreased,
                Kind::MinPropertiesDecreased,
            ],
        );
    }
}
