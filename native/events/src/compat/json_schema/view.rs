//! What a part says about a value, all its nodes taken together.

use serde_json::Value;

use super::model::Node;
use super::number::Number;
use super::part::{Global, Nodes, Part};
use super::types::Types;
use super::value::holds;

static FINITE: [Value; 3] = [Value::Null, Value::Bool(false), Value::Bool(true)];

/// See the module.
pub(super) struct View<'a> {
    pub(super) nodes: Vec<(Global, &'a Node)>,
    /// Of its values.
    pub(super) types: Types,
    /// As it says itself, whatever values it lists.
    pub(super) said: Types,
    /// The only values there are, if they are listed.
    pub(super) values: Option<Vec<&'a Value>>,
    /// Whether they are listed by a keyword, and not only as there are no others of the types.
    pub(super) listed: bool,
}

impl<'a> View<'a> {
    pub(super) fn of(nodes: Nodes<'a>, part: &Part) -> Self {
        let list: Vec<_> = part.nodes.iter().map(|id| (*id, nodes.get(*id))).collect();
        let mut values: Option<Vec<&Value>> = None;
        for (_, node) in &list {
            if let Some(own) = &node.values {
                values = Some(match values {
                    None => own.iter().collect(),
                    Some(values) => own.iter().filter(|value| holds(&values, value)).collect(),
                });
            }
        }
        let listed = values.is_some();
        if !listed && part.types.within(Types::NULL | Types::BOOLEAN) {
            values = Some(FINITE.iter().collect());
        }
        let mut types = part.types;
        if let Some(values) = &mut values {
            values.retain(|value| Types::of_value(value).has(types));
            types = types.and(values.iter().fold(Types::NONE, |all, value| all | Types::of_value(value)));
        }
        Self { nodes: list, types, said: part.types, values, listed }
    }

    /// The greatest of what the nodes have.
    pub(super) fn most<T: Ord>(&self, of: impl Fn(&'a Node) -> Option<T>) -> Option<T> {
        self.nodes.iter().filter_map(|(_, node)| of(node)).max()
    }

    /// The least of what the nodes have.
    pub(super) fn least<T: Ord>(&self, of: impl Fn(&'a Node) -> Option<T>) -> Option<T> {
        self.nodes.iter().filter_map(|(_, node)| of(node)).min()
    }

    /// Lower bound, and whether it is itself out of bounds.
    pub(super) fn lower(&self) -> Option<(&'a Number, bool)> {
        let inclusive = self.most(|node| node.number.minimum.as_ref()).map(|bound| (bound, false));
        let exclusive = self.most(|node| node.number.exclusive_minimum.as_ref()).map(|bound| (bound, true));
        inclusive.into_iter().chain(exclusive).max()
    }

    /// Upper bound, likewise.
    pub(super) fn upper(&self) -> Option<(&'a Number, bool)> {
        let inclusive = self.least(|node| node.number.maximum.as_ref()).map(|bound| (bound, false));
        let exclusive = self.least(|node| node.number.exclusive_maximum.as_ref()).map(|bound| (bound, true));
        inclusive.into_iter().chain(exclusive).min_by(|a, b| a.0.cmp(b.0).then(b.1.cmp(&a.1)))
    }

    /// Whether each listed value meets a condition; `false` if none are listed.
    pub(super) fn all_values(&self, meets: impl Fn(&Value) -> bool) -> bool {
        self.values.as_ref().is_some_and(|values| values.iter().all(|value| meets(value)))
    }

    /// Likewise for those that are numbers.
    pub(super) fn all_numbers(&self, meets: impl Fn(&Number) -> bool) -> bool {
        let number = |value: &Value| value.as_number().map(Number::of);
        self.all_values(|value| {
            number(value).is_none_or(|number| number.is_some_and(|number| meets(&number)))
        })
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.nodes.iter().any(|(_, node)| node.object.required.contains(name))
    }

    /// Whether some node has anyOf or oneOf.
    pub(super) fn has_alternatives(&self) -> bool {
        self.nodes.iter().any(|(_, node)| !node.any_of.is_empty() || !node.one_of.is_empty())
    }
}
