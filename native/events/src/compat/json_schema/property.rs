//! What a part says about a property or an item: the content models.
//!
//! Where that cannot be told (a pattern that cannot be asked, `unevaluatedProperties` beside alternatives), the writer is
//! taken to let through more and the reader less.

use super::model::{Id, Node};
use super::part::{Global, Nodes, Part};

/// On which side of the comparison a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Writer,
    Reader,
}

impl Nodes<'_> {
    /// The values that a property of this name may have.
    pub(super) fn property(self, part: &Part, name: &str, side: Side) -> Part {
        let mut out = Part::all();
        for id in &part.nodes {
            let node = self.get(*id);
            let (schemas, evaluated) = said_of(node, name, side);
            out.extend(self, schemas.into_iter().map(|local| Self::beside(*id, local)));
            let additional = node.object.additional.filter(|_| !evaluated);
            out.extend(self, additional.map(|local| Self::beside(*id, local)));
            let evaluates = |node: &Node| node.object.additional.is_some() || said_of(node, name, side).1;
            if let Some(schema) = node.object.unevaluated
                && self.reaches(*id, side, evaluates)
            {
                out.extend(self, [Self::beside(*id, schema)]);
            }
        }
        out
    }

    /// The values of properties that nothing names and no pattern matches.
    pub(super) fn other_properties(self, part: &Part, side: Side) -> Part {
        let mut out = Part::all();
        for id in &part.nodes {
            let object = &self.get(*id).object;
            out.extend(self, object.additional.map(|local| Self::beside(*id, local)));
            if let Some(schema) = object.unevaluated
                && self.reaches(*id, side, |node| node.object.additional.is_some())
            {
                out.extend(self, [Self::beside(*id, schema)]);
            }
        }
        out
    }

    /// The values that an item may have. `None` is any item behind all that are named.
    pub(super) fn item(self, part: &Part, index: Option<usize>, side: Side) -> Part {
        let mut out = Part::all();
        for id in &part.nodes {
            let array = &self.get(*id).array;
            let own = index.and_then(|index| array.prefix.get(index).copied());
            out.extend(self, own.or(array.rest).map(|local| Self::beside(*id, local)));
            let evaluates = |node: &Node| {
                let array = &node.array;
                array.rest.is_some()
                    || index.is_some_and(|index| index < array.prefix.len())
                    || side == Side::Writer && array.contains.is_some()
            };
            if let Some(schema) = array.unevaluated
                && self.reaches(*id, side, evaluates)
            {
                out.extend(self, [Self::beside(*id, schema)]);
            }
        }
        out
    }

    /// Whether an `unevaluated…` of a node applies, as nothing beside it evaluates.
    pub(super) fn reaches(self, id: Global, side: Side, evaluates: impl Fn(&Node) -> bool) -> bool {
        let beside = Part::of(self, [id]).nodes;
        let mut nodes = beside.iter().map(|id| self.get(*id));
        nodes.all(|node| !evaluates(node) && (side == Side::Reader || !node.is_conditional()))
    }
}

/// The schemas that `properties` and `patternProperties` have for a name, and whether they have any.
fn said_of(node: &Node, name: &str, side: Side) -> (Vec<Id>, bool) {
    let mut schemas: Vec<Id> = node.object.properties.get(name).copied().into_iter().collect();
    let mut evaluated = !schemas.is_empty();
    for (pattern, schema) in &node.object.patterns {
        match (pattern.matches(name), side) {
            (Some(true), _) => {
                schemas.push(*schema);
                evaluated = true;
            }
            (Some(false), _) => {}
            (None, Side::Writer) => evaluated = true,
            (None, Side::Reader) => schemas.push(*schema),
        }
    }
    (schemas, evaluated)
}
