//! Arrays: items by place, those behind them, and what is asked of all together.

use super::check::{Check, Found};
use super::kind::Kind;
use super::model::Contains;
use super::part::{Global, Part};
use super::property::Side;
use super::view::View;

impl Check<'_> {
    pub(super) fn arrays(
        &mut self,
        old: &Part,
        new: &Part,
        was: &View<'_>,
        is: &View<'_>,
        found: &mut Found,
    ) {
        self.items(old, new, was, is, found);
        self.lengths(old, was, is, found);
        for (id, node) in &is.nodes {
            if let Some(contains) = node.array.contains {
                self.contains(was, *id, contains, found);
            }
        }
        let has = |view: &View<'_>| view.nodes.iter().any(|(_, node)| node.array.contains.is_some());
        if has(was) && !has(is) {
            found.add(Kind::ContainsRemoved, "/contains", "");
        }
    }

    fn items(&mut self, old: &Part, new: &Part, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let named = |view: &View<'_>| view.most(|node| Some(node.array.prefix.len())).unwrap_or(0);
        let (before_named, after_named) = (named(was), named(is));
        let longest = was
            .least(|node| node.array.max)
            .map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
        let keyword = if self.nodes.reader.draft.has_tuples() { "prefixItems" } else { "items" };
        let all = before_named.max(after_named);
        for index in 0..all {
            if index >= longest {
                return;
            }
            let path = format!("/{keyword}/{index}");
            let before = self.nodes.item(old, Some(index), Side::Writer);
            let after = self.nodes.item(new, Some(index), Side::Reader);
            if index < before_named && index < after_named {
                let differences = self.prove(&before, &after);
                found.below(&path, &differences);
            } else if index < before_named {
                self.item_removed(&before, &after, &path, found);
            } else {
                self.item_added(&before, &after, &path, found);
            }
            // Where no item can stand, none can stand behind it.
            if before.types.is_none() {
                return;
            }
        }
        if all < longest {
            let before = self.nodes.item(old, None, Side::Writer);
            let after = self.nodes.item(new, None, Side::Reader);
            self.other_items(&before, &after, is, all, found);
        }
    }

    fn item_removed(&mut self, before: &Part, after: &Part, path: &str, found: &mut Found) {
        let kind = if after.is_open(self.nodes) {
            Kind::ItemRemovedFromOpenContentModel
        } else if before.types.is_none() {
            Kind::ItemWithFalseRemovedFromClosedContentModel
        } else if after.types.is_none() {
            Kind::ItemRemovedFromClosedContentModel
        } else {
            let differences = self.prove(before, after);
            found.below(path, &differences);
            match self.mode.accepts_all(&differences) {
                true => Kind::ItemRemovedIsCoveredByPartiallyOpenContentModel,
                false => Kind::ItemRemovedNotCoveredByPartiallyOpenContentModel,
            }
        };
        found.add(kind, path, "");
    }

    fn item_added(&mut self, before: &Part, after: &Part, path: &str, found: &mut Found) {
        let kind = if before.types.is_none() {
            Kind::ItemAddedToClosedContentModel
        } else if before.is_open(self.nodes) {
            match self.holds(before, after) {
                true => Kind::ItemWithEmptySchemaAddedToOpenContentModel,
                false => Kind::ItemAddedToOpenContentModel,
            }
        } else {
            let differences = self.prove(before, after);
            found.below(path, &differences);
            match self.mode.accepts_all(&differences) {
                true => Kind::ItemAddedIsCoveredByPartiallyOpenContentModel,
                false => Kind::ItemAddedNotCoveredByPartiallyOpenContentModel,
            }
        };
        found.add(kind, path, "");
    }

    /// Items behind those that are named in either schema; all of them if none are.
    fn other_items(&mut self, before: &Part, after: &Part, is: &View<'_>, named: usize, found: &mut Found) {
        let unevaluated =
            is.nodes.iter().any(|(_, node)| node.array.unevaluated.is_some() && node.array.rest.is_none());
        let path = match (unevaluated, named > 0 && !self.nodes.reader.draft.has_tuples()) {
            (true, _) => "/unevaluatedItems",
            (false, true) => "/additionalItems",
            (false, false) => "/items",
        };
        let [added, removed, extended, narrowed] = if unevaluated {
            [
                Kind::UnevaluatedItemsAdded,
                Kind::UnevaluatedItemsRemoved,
                Kind::UnevaluatedItemsExtended,
                Kind::UnevaluatedItemsNarrowed,
            ]
        } else if named > 0 {
            [
                Kind::AdditionalItemsAdded,
                Kind::AdditionalItemsRemoved,
                Kind::AdditionalItemsExtended,
                Kind::AdditionalItemsNarrowed,
            ]
        } else {
            [Kind::SchemaRemoved, Kind::SchemaAdded, Kind::SchemaRemoved, Kind::SchemaAdded]
        };
        let (closed, open) = (before.types.is_none(), before.is_open(self.nodes));
        if closed {
            if !after.types.is_none() {
                found.add(added, path, "");
            }
        } else if after.types.is_none() {
            found.add(removed, path, "");
        } else if open {
            if !self.holds(before, after) {
                found.add(narrowed, path, "");
            }
        } else if after.is_open(self.nodes) {
            found.add(extended, path, "");
        } else {
            let differences = self.prove(before, after);
            found.below(path, &differences);
        }
    }

    fn lengths(&self, old: &Part, was: &View<'_>, is: &View<'_>, found: &mut Found) {
        let most = |view: &View<'_>| view.least(|node| node.array.max);
        let least = |view: &View<'_>| view.most(|node| node.array.min);
        // An array whose items end in `false` is bounded by that.
        let named = was.most(|node| Some(node.array.prefix.len())).unwrap_or(0);
        let ends = (0..named).map(Some).chain([None]);
        let ends =
            ends.enumerate().find(|(_, index)| self.nodes.item(old, *index, Side::Writer).types.is_none());
        let ends = ends.and_then(|(index, _)| u64::try_from(index).ok());
        let longest = most(was).into_iter().chain(ends).min();
        let implied = most(is).is_some_and(|max| longest.is_some_and(|longest| longest <= max));
        found.bound(
            "maxItems",
            most(was),
            most(is),
            implied,
            [Kind::MaxItemsAdded, Kind::MaxItemsRemoved, Kind::MaxItemsIncreased, Kind::MaxItemsDecreased],
        );
        found.bound(
            "minItems",
            least(was),
            least(is),
            false,
            [Kind::MinItemsAdded, Kind::MinItemsRemoved, Kind::MinItemsIncreased, Kind::MinItemsDecreased],
        );
        let unique = |view: &View<'_>| view.nodes.iter().any(|(_, node)| node.array.unique);
        match (unique(was), unique(is)) {
            (true, false) => found.add(Kind::UniqueItemsRemoved, "/uniqueItems", ""),
            (false, true) if longest.is_none_or(|longest| longest > 1) => {
                found.add(Kind::UniqueItemsAdded, "/uniqueItems", "");
            }
            _ => {}
        }
    }

    fn contains(&mut self, was: &View<'_>, id: Global, new: Contains, found: &mut Found) {
        let target = self.part(id, new.schema);
        let least = |contains: &Contains| contains.min.unwrap_or(1);
        let written: Vec<(Global, Contains)> =
            was.nodes.iter().filter_map(|(id, node)| Some((*id, node.array.contains?))).collect();
        let Some((_, first)) = written.first().copied() else {
            if least(&new) > 0 || new.max.is_some() {
                found.add(Kind::ContainsAdded, "/contains", "");
            }
            return;
        };
        let (mut enough, mut few) = (least(&new) == 0, new.max.is_none());
        let (mut more, mut fewer) = (enough, few);
        for (id, old) in &written {
            let part = self.part(*id, old.schema);
            if self.holds(&part, &target) {
                more = true;
                enough |= least(old) >= least(&new);
            }
            if self.holds_exactly(&target, &part) {
                fewer = true;
                few |= old.max.is_some_and(|old| new.max.is_none_or(|new| old <= new));
            }
        }
        if !more || !fewer {
            found.add(Kind::ContainsChanged, "/contains", "");
        }
        found.bound(
            "minContains",
            first.min,
            new.min,
            enough,
            [
                Kind::MinContainsAdded,
                Kind::MinContainsRemoved,
                Kind::MinContainsIncreased,
                Kind::MinContainsDecreased,
            ],
        );
        found.bound(
            "maxContains",
            first.max,
            new.max,
            few,
            [
                Kind::MaxContainsAdded,
                Kind::MaxContainsRemoved,
                Kind::MaxContainsIncreased,
                Kind::MaxContainsDecreased,
            ],
        );
        // What the bounds as written do not show, such as a least number of 0 that is not there any more.
        let shown = found.list.iter().any(|found| !self.mode.accepts_all(std::slice::from_ref(found)));
        if !(shown || enough && few) {
            found.add(Kind::ContainsChanged, "/contains", "");
        }
    }
}
