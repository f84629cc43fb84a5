//! Named types of other schemas, as a registry's references bring them.

use std::collections::HashMap;

use super::canonical::shallow_form;
use super::model::{Kind, Node, Schema, TypeId};
use crate::Error;

/// Copies the named types of `from`, and what they are made of, into a table.
///
/// A name that is there already must be the same type: two references may well share a third.
pub(super) fn import(
    from: &Schema,
    nodes: &mut Vec<Node>,
    names: &mut HashMap<String, TypeId>,
) -> Result<(), Error> {
    for (name, &id) in &from.names {
        if names.get(name).is_some_and(|there| shallow_form(nodes, *there) != shallow_form(&from.nodes, id)) {
            let problem = format!("two references define {name}, and not in the same way");
            return Err(Error::Schema { path: "$".to_owned(), problem });
        }
    }
    let mut copy = Copy { from, nodes, names, done: HashMap::new(), open: Vec::new() };
    for &id in from.names.values() {
        copy.place(id);
        copy.fill();
    }
    Ok(())
}

struct Copy<'a> {
    from: &'a Schema,
    nodes: &'a mut Vec<Node>,
    names: &'a mut HashMap<String, TypeId>,
    done: HashMap<TypeId, TypeId>,
    open: Vec<(TypeId, TypeId)>,
}

impl Copy<'_> {
    /// Where a type of `from` stands, or will, in the table.
    fn place(&mut self, id: TypeId) -> TypeId {
        if let Some(&there) = self.done.get(&id) {
            return there;
        }
        let name = self.from.node(id).kind.name().map(|(name, _)| name);
        let there = match name.and_then(|name| self.names.get(name)) {
            Some(&there) => there,
            None => {
                let there = TypeId(self.nodes.len() as u32);
                self.nodes.push(self.from.node(id).clone());
                self.open.push((id, there));
                if let Some(name) = name {
                    self.names.insert(name.to_owned(), there);
                }
                there
            }
        };
        self.done.insert(id, there);
        there
    }

    /// Points the copies at copies. Not a recursion: references nest as deep as they like.
    fn fill(&mut self) {
        while let Some((id, there)) = self.open.pop() {
            let mut node = self.from.node(id).clone();
            match &mut node.kind {
                Kind::Array(of) | Kind::Map(of) => *of = self.place(*of),
                Kind::Union(branches) => {
                    for branch in branches {
                        *branch = self.place(*branch);
                    }
                }
                Kind::Record(record) => {
                    for field in &mut record.fields {
                        field.of = self.place(field.of);
                    }
                }
                _ => {}
            }
            self.nodes[there.place()] = node;
        }
    }
}
