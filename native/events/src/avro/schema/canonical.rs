//! Parsing Canonical Form: equal for two schemas that read the same bytes in the same way.
//!
//! Source: "Transforming into Parsing Canonical Form" of the specification. Names are ASCII and sizes are numbers here, so
//! nothing has to be escaped.

use std::collections::HashSet;
use std::fmt::Write;

use super::model::{Kind, Node, Schema, TypeId};

/// What is still to be written. A stack of these in place of a recursion: references nest as deep as they like.
enum Part<'s> {
    Type(TypeId),
    Text(&'s str),
    Name(&'s str),
}

impl Schema {
    /// The schema's Parsing Canonical Form.
    #[must_use]
    pub fn canonical_form(&self) -> String {
        Form { nodes: &self.nodes, defined: HashSet::new(), shallow: false }.write(self.root)
    }
}

/// The form of one named type in which all others are names.
pub(super) fn shallow_form(nodes: &[Node], id: TypeId) -> String {
    Form { nodes, defined: HashSet::new(), shallow: true }.write(id)
}

struct Form<'s> {
    nodes: &'s [Node],
    defined: HashSet<TypeId>,
    shallow: bool,
}

impl<'s> Form<'s> {
    fn write(mut self, id: TypeId) -> String {
        let (mut out, mut parts) = (String::new(), vec![Part::Type(id)]);
        while let Some(part) = parts.pop() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Name(name) => quote(&mut out, name),
                Part::Type(id) => self.one(id, &mut out, &mut parts),
            }
        }
        out
    }

    fn one(&mut self, id: TypeId, out: &mut String, parts: &mut Vec<Part<'s>>) {
        let kind = &self.nodes[id.place()].kind;
        if let Some((name, _)) = kind.name() {
            if self.shallow && !self.defined.is_empty() || !self.defined.insert(id) {
                return quote(out, name);
            }
            out.push_str("{\"name\":");
            quote(out, name);
            out.push(',');
        }
        match kind {
            Kind::Array(of) | Kind::Map(of) => {
                let key = if matches!(kind, Kind::Array(_)) { "items" } else { "values" };
                // Writing to a string cannot fail.
                let _ = write!(out, "{{\"type\":\"{}\",\"{key}\":", kind.word());
                parts.extend([Part::Text("}"), Part::Type(*of)]);
            }
            Kind::Union(branches) => {
                out.push('[');
                parts.push(Part::Text("]"));
                for (place, branch) in branches.iter().enumerate().rev() {
                    parts.push(Part::Type(*branch));
                    parts.extend((place > 0).then_some(Part::Text(",")));
                }
            }
            Kind::Record(record) => {
                out.push_str("\"type\":\"record\",\"fields\":[");
                parts.push(Part::Text("]}"));
                for (place, field) in record.fields.iter().enumerate().rev() {
                    parts.extend([Part::Text("}"), Part::Type(field.of), Part::Text(",\"type\":")]);
                    parts.extend([Part::Name(&field.name), Part::Text("{\"name\":")]);
                    parts.extend((place > 0).then_some(Part::Text(",")));
                }
            }
            Kind::Enum(symbols) => {
                out.push_str("\"type\":\"enum\",\"symbols\":[");
                for (place, symbol) in symbols.symbols.iter().enumerate() {
                    out.push_str(if place > 0 { "," } else { "" });
                    quote(out, symbol);
                }
                out.push_str("]}");
            }
            Kind::Fixed(fixed) => {
                let _ = write!(out, "\"type\":\"fixed\",\"size\":{}}}", fixed.size);
            }
            primitive => quote(out, primitive.word()),
        }
    }
}

fn quote(out: &mut String, name: &str) {
    out.push('"');
    out.push_str(name);
    out.push('"');
}
