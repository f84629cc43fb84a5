//! A part of all values: those that meet a set of schemas, are of some types, and meet none of another set.
//!
//! The check asks of two parts whether the writer's lies within the reader's. A schema is a part of one node; `$ref` and
//! `allOf` add nodes to it, an alternative that is looked at alone adds its node, and a property's part is made of what all
//! nodes say about the property.

use std::collections::BTreeSet;

use super::model::{Id, Node};
use super::read::Schema;
use super::types::Types;

/// Which of the two schemas a node is of stands in its lowest bit.
pub(super) type Global = u32;

/// The nodes of both schemas.
#[derive(Clone, Copy)]
pub(super) struct Nodes<'a> {
    pub(super) writer: &'a Schema,
    pub(super) reader: &'a Schema,
}

impl<'a> Nodes<'a> {
    pub(super) const WRITER: Global = 0;
    pub(super) const READER: Global = 1;

    fn schema(self, id: Global) -> &'a Schema {
        if id & 1 == 0 { self.writer } else { self.reader }
    }

    pub(super) fn get(self, id: Global) -> &'a Node {
        &self.schema(id).nodes[(id >> 1) as usize]
    }

    /// The schema as it is written.
    pub(super) fn raw(self, id: Global) -> Option<&'a serde_json::Value> {
        let (document, pointer) = &self.get(id).at;
        self.schema(id).documents.get(*document)?.pointer(pointer)
    }

    /// The id of a node that a node speaks of.
    pub(super) const fn beside(of: Global, local: Id) -> Global {
        local << 1 | of & 1
    }
}

/// Keywords that give alternatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Alternatives {
    AnyOf,
    OneOf,
    Condition,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Part {
    /// Nodes that say something themselves: no references, nothing from `allOf` that is not here.
    pub(super) nodes: BTreeSet<Global>,
    pub(super) types: Types,
    /// Schemas that none of the values meets.
    pub(super) not: BTreeSet<Global>,
    /// Alternatives of nodes that were taken apart already.
    pub(super) split: BTreeSet<(Global, Alternatives)>,
}

impl Part {
    /// All values.
    pub(super) const fn all() -> Self {
        Self { nodes: BTreeSet::new(), types: Types::ALL, not: BTreeSet::new(), split: BTreeSet::new() }
    }

    pub(super) fn of(nodes: Nodes<'_>, ids: impl IntoIterator<Item = Global>) -> Self {
        let mut part = Self::all();
        part.extend(nodes, ids);
        part
    }

    /// With another schema to meet.
    pub(super) fn with(&self, nodes: Nodes<'_>, id: Global) -> Self {
        let mut part = self.clone();
        part.extend(nodes, [id]);
        part
    }

    /// Without the values that meet a schema.
    pub(super) fn without(&self, id: Global) -> Self {
        let mut part = self.clone();
        part.not.insert(id);
        part
    }

    pub(super) fn extend(&mut self, nodes: Nodes<'_>, ids: impl IntoIterator<Item = Global>) {
        let mut work: Vec<Global> = ids.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = work.pop() {
            if self.nodes.contains(&id) || !seen.insert(id) {
                continue;
            }
            let node = nodes.get(id);
            match node.always {
                Some(true) => continue,
                Some(false) => self.types = Types::NONE,
                None => {}
            }
            self.types = self.types.and(node.types);
            work.extend(node.reference.iter().chain(&node.all_of).map(|local| Nodes::beside(id, *local)));
            self.not.extend(node.not.map(|local| Nodes::beside(id, local)));
            // A node that only points on says nothing, but for what it evaluates and its notes.
            self.nodes.insert(id);
        }
    }

    /// Whether it says nothing about a value beyond its types.
    pub(super) fn is_open(&self, nodes: Nodes<'_>) -> bool {
        self.types == Types::ALL
            && self.not.is_empty()
            && self.nodes.iter().all(|id| says_nothing(nodes.get(*id)))
    }
}

fn says_nothing(node: &Node) -> bool {
    let (number, text, object, array) = (&node.number, &node.text, &node.object, &node.array);
    node.always != Some(false)
        && node.types == Types::ALL
        && node.values.is_none()
        && number.minimum.is_none()
        && number.maximum.is_none()
        && number.exclusive_minimum.is_none()
        && number.exclusive_maximum.is_none()
        && number.multiple_of.is_none()
        && text.min.is_none()
        && text.max.is_none()
        && text.pattern.is_none()
        && object.properties.is_empty()
        && object.patterns.is_empty()
        && object.additional.is_none()
        && object.unevaluated.is_none()
        && object.required.is_empty()
        && object.min.is_none()
        && object.max.is_none()
        && object.names.is_none()
        && object.dependent_required.is_empty()
        && object.dependent_schemas.is_empty()
        && array.prefix.is_empty()
        && array.rest.is_none()
        && array.unevaluated.is_none()
        && array.min.is_none()
        && array.max.is_none()
        && !array.unique
        && array.contains.is_none()
        && node.any_of.is_empty()
        && node.one_of.is_empty()
        && node.not.is_none()
        && node.condition.is_none()
        && node.unknown.is_empty()
}
