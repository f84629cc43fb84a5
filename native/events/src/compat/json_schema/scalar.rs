//! Types, listed values, numbers, texts, and the words about a schema.

use std::fmt::Display;

use serde_json::Value;

use super::check::Found;
use super::kind::{Class, Kind};
use super::model::Notes;
use super::number::Number;
use super::types::Types;
use super::value::{holds, length, same};
use super::view::View;

impl Found {
    /// A bound that both may have. `implied` says that the writer keeps to the reader's anyway. The kinds are added,
    /// removed, increased, decreased.
    pub(super) fn bound<N: Ord + Display>(
        &mut self,
        keyword: &str,
        old: Option<N>,
        new: Option<N>,
        implied: bool,
        kinds: [Kind; 4],
    ) {
        let [added, removed, increased, decreased] = kinds;
        let (kind, note) = match (old, new) {
            (None, Some(new)) => (added, new.to_string()),
            (Some(old), None) => (removed, old.to_string()),
            (Some(old), Some(new)) if old < new => (increased, format!("{old} -> {new}")),
            (Some(old), Some(new)) if old > new => (decreased, format!("{old} -> {new}")),
            _ => return,
        };
        if !implied || kind.class() != Class::Never {
            self.add(kind, format!("/{keyword}"), note);
        }
    }

    /// Whether there is any type left to compare.
    pub(super) fn types(&mut self, old: &View<'_>, new: &View<'_>) -> bool {
        let note = || format!("{} -> {}", old.types.text(), new.said.text());
        if !old.types.has(new.said) {
            self.add(Kind::TypeChanged, "", note());
            return false;
        }
        if !old.types.within(new.said) {
            self.add(Kind::TypeNarrowed, "", note());
        } else if old.said != new.said && !old.listed {
            self.add(Kind::TypeExtended, "", note());
        }
        true
    }

    pub(super) fn values(&mut self, old: &View<'_>, new: &View<'_>) {
        let keyword = |view: &View<'_>| {
            let one = view.values.as_ref().is_some_and(|values| values.len() == 1);
            if one { "/const" } else { "/enum" }
        };
        let (Some(values), true) = (&new.values, new.listed) else {
            if old.listed && !new.listed {
                self.add(Kind::EnumRemoved, keyword(old), "");
            }
            return;
        };
        let Some(written) = &old.values else {
            self.add(Kind::EnumAdded, keyword(new), some(values));
            return;
        };
        let gone: Vec<_> = written.iter().copied().filter(|value| !holds(values, value)).collect();
        let come = values.iter().any(|value| !holds(written, value));
        match (gone.is_empty(), come) {
            (true, false) => {}
            (true, true) => self.add(Kind::EnumArrayExtended, keyword(new), ""),
            (false, false) => {
                self.add(Kind::EnumArrayNarrowed, keyword(new), format!("{} is gone", some(&gone)))
            }
            (false, true) => {
                self.add(Kind::EnumArrayChanged, keyword(new), format!("{} is gone", some(&gone)))
            }
        }
    }

    pub(super) fn numbers(&mut self, old: &View<'_>, new: &View<'_>) {
        let (lower, upper) = (old.lower(), old.upper());
        let least = |view: &View<'_>, of: fn(&super::model::Numbers) -> Option<&Number>| {
            view.least(|node| of(&node.number)).cloned()
        };
        let most = |view: &View<'_>, of: fn(&super::model::Numbers) -> Option<&Number>| {
            view.most(|node| of(&node.number)).cloned()
        };
        let bound = least(new, |numbers| numbers.maximum.as_ref());
        let implied = bound.as_ref().is_some_and(|new| {
            upper.is_some_and(|(old, _)| old <= new) || old.all_numbers(|value| value <= new)
        });
        self.bound(
            "maximum",
            least(old, |numbers| numbers.maximum.as_ref()),
            bound,
            implied,
            [Kind::MaximumAdded, Kind::MaximumRemoved, Kind::MaximumIncreased, Kind::MaximumDecreased],
        );
        let bound = most(new, |numbers| numbers.minimum.as_ref());
        let implied = bound.as_ref().is_some_and(|new| {
            lower.is_some_and(|(old, _)| old >= new) || old.all_numbers(|value| value >= new)
        });
        self.bound(
            "minimum",
            most(old, |numbers| numbers.minimum.as_ref()),
            bound,
            implied,
            [Kind::MinimumAdded, Kind::MinimumRemoved, Kind::MinimumIncreased, Kind::MinimumDecreased],
        );
        let bound = least(new, |numbers| numbers.exclusive_maximum.as_ref());
        let implied = bound.as_ref().is_some_and(|new| {
            upper.is_some_and(|(old, out)| old < new || old == new && out)
                || old.all_numbers(|value| value < new)
        });
        self.bound(
            "exclusiveMaximum",
            least(old, |numbers| numbers.exclusive_maximum.as_ref()),
            bound,
            implied,
            [
                Kind::ExclusiveMaximumAdded,
                Kind::ExclusiveMaximumRemoved,
                Kind::ExclusiveMaximumIncreased,
                Kind::ExclusiveMaximumDecreased,
            ],
        );
        let bound = most(new, |numbers| numbers.exclusive_minimum.as_ref());
        let implied = bound.as_ref().is_some_and(|new| {
            lower.is_some_and(|(old, out)| old > new || old == new && out)
                || old.all_numbers(|value| value > new)
        });
        self.bound(
            "exclusiveMinimum",
            most(old, |numbers| numbers.exclusive_minimum.as_ref()),
            bound,
            implied,
            [
                Kind::ExclusiveMinimumAdded,
                Kind::ExclusiveMinimumRemoved,
                Kind::ExclusiveMinimumIncreased,
                Kind::ExclusiveMinimumDecreased,
            ],
        );
        self.steps(old, new);
    }

    fn steps(&mut self, old: &View<'_>, new: &View<'_>) {
        let steps = |view: &View<'_>| -> Vec<Number> {
            view.nodes.iter().filter_map(|(_, node)| node.number.multiple_of.clone()).collect()
        };
        let (written, read) = (steps(old), steps(new));
        let path = "/multipleOf";
        if read.is_empty() {
            if let Some(step) = written.first() {
                self.add(Kind::MultipleOfRemoved, path, step.to_string());
            }
            return;
        }
        let whole = Number::parse("1").filter(|_| old.types.and(Types::NUMBER).within(Types::INTEGER));
        for step in &read {
            let finer = written.iter().chain(&whole).find(|written| written.is_multiple_of(step));
            let Some(other) = written.first() else {
                if finer.is_none() && !old.all_numbers(|value| value.is_multiple_of(step)) {
                    self.add(Kind::MultipleOfAdded, path, step.to_string());
                }
                continue;
            };
            let note = format!("{other} -> {step}");
            if finer.is_some() {
                if !written.contains(step) {
                    self.add(Kind::MultipleOfReduced, path, note);
                }
            } else if !old.all_numbers(|value| value.is_multiple_of(step)) {
                let expanded = step.is_multiple_of(other);
                self.add(
                    if expanded { Kind::MultipleOfExpanded } else { Kind::MultipleOfChanged },
                    path,
                    note,
                );
            }
        }
    }

    pub(super) fn texts(&mut self, old: &View<'_>, new: &View<'_>) {
        let listed = |meets: &dyn Fn(&str) -> bool| old.all_values(|value| value.as_str().is_none_or(meets));
        let max = |view: &View<'_>| view.least(|node| node.text.max);
        let implied = max(new).is_some_and(|max| listed(&|text| length(text) <= max));
        self.bound(
            "maxLength",
            max(old),
            max(new),
            implied,
            [
                Kind::MaxLengthAdded,
                Kind::MaxLengthRemoved,
                Kind::MaxLengthIncreased,
                Kind::MaxLengthDecreased,
            ],
        );
        let min = |view: &View<'_>| view.most(|node| node.text.min);
        let implied = min(new).is_some_and(|min| listed(&|text| length(text) >= min));
        self.bound(
            "minLength",
            min(old),
            min(new),
            implied,
            [
                Kind::MinLengthAdded,
                Kind::MinLengthRemoved,
                Kind::MinLengthIncreased,
                Kind::MinLengthDecreased,
            ],
        );
        let patterns = |view: &View<'_>| -> Vec<String> {
            view.nodes.iter().filter_map(|(_, node)| Some(node.text.pattern.as_ref()?.text.clone())).collect()
        };
        let (written, read) = (patterns(old), patterns(new));
        if let (Some(pattern), true) = (written.first(), read.is_empty()) {
            self.add(Kind::PatternRemoved, "/pattern", pattern.clone());
        }
        for pattern in new.nodes.iter().filter_map(|(_, node)| node.text.pattern.as_ref()) {
            if written.contains(&pattern.text) || listed(&|text| pattern.matches(text) == Some(true)) {
                continue;
            }
            match written.first() {
                None => self.add(Kind::PatternAdded, "/pattern", pattern.text.clone()),
                Some(old) => self.add(Kind::PatternChanged, "/pattern", format!("{old} -> {}", pattern.text)),
            }
        }
    }

    pub(super) fn notes(&mut self, old: &Notes, new: &Notes) {
        for (kind, old, new) in [
            (Kind::IdChanged, &old.id, &new.id),
            (Kind::TitleChanged, &old.title, &new.title),
            (Kind::DescriptionChanged, &old.description, &new.description),
        ] {
            if old != new {
                self.add(kind, "", "");
            }
        }
        let equal = match (&old.default, &new.default) {
            (Some(old), Some(new)) => same(old, new),
            (old, new) => old.is_none() && new.is_none(),
        };
        if !equal {
            self.add(Kind::DefaultChanged, "", "");
        }
    }
}

/// The first few values.
fn some(values: &[&Value]) -> String {
    let mut words: Vec<String> = values.iter().take(5).map(|value| short(value)).collect();
    if values.len() > 5 {
        words.push("…".into());
    }
    words.join(", ")
}

/// A value in at most 40 characters.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { text.chars().take(39).chain(['…']).collect() }
}
