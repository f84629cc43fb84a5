//! From JSON text to the table.

use std::collections::{HashMap, HashSet};

use super::import;
use super::logical::Logical;
use super::model::{Enum, Field, Fixed, Json, Kind, Node, Object, Record, Schema, TypeId};
use super::name;
use crate::Error;

const MAX_TEXT: usize = 4 << 20;
const MAX_TYPES: usize = 1 << 16;
const PRIMITIVES: [(&str, Kind); 8] = [
    ("null", Kind::Null),
    ("boolean", Kind::Boolean),
    ("int", Kind::Int),
    ("long", Kind::Long),
    ("float", Kind::Float),
    ("double", Kind::Double),
    ("bytes", Kind::Bytes),
    ("string", Kind::String),
];
/// What the specification has attributes for; all others are properties.
const RESERVED: [&str; 16] = [
    "type",
    "name",
    "namespace",
    "doc",
    "aliases",
    "fields",
    "symbols",
    "items",
    "values",
    "size",
    "default",
    "order",
    "logicalType",
    "precision",
    "scale",
    "protocol",
];

pub(super) fn parse(text: &str, references: &[&Schema]) -> Result<Schema, Error> {
    if text.len() > MAX_TEXT {
        return Err(Error::Limit { what: "bytes of a schema", limit: MAX_TEXT, at: 0 });
    }
    let wrong = |problem: String| Error::Schema { path: "$".to_owned(), problem };
    let json: Json =
        serde_json::from_str(text).map_err(|error| match text.trim_start().starts_with(['"', '{', '[']) {
            true => wrong(format!("not JSON: {error}")),
            // Registries hand out the bare word as well as the JSON string.
            false => wrong("not JSON; a primitive type is a JSON string, in quotes".to_owned()),
        })?;
    let mut parser = Parser::default();
    for (_, kind) in PRIMITIVES {
        parser.add(Node { kind, logical: None, properties: Object::new() })?;
    }
    for reference in references {
        import::import(reference, &mut parser.nodes, &mut parser.names)?;
        parser.bound()?;
    }
    let root = parser.any(&json, "")?;
    Ok(Schema { nodes: parser.nodes, root, names: parser.names })
}

#[derive(Default)]
struct Parser {
    nodes: Vec<Node>,
    names: HashMap<String, TypeId>,
    path: Vec<String>,
}

impl Parser {
    fn wrong(&self, problem: impl Into<String>) -> Error {
        Error::Schema { path: format!("${}", self.path.concat()), problem: problem.into() }
    }

    fn within<T>(
        &mut self,
        step: String,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.path.push(step);
        let done = work(self)?;
        self.path.pop();
        Ok(done)
    }

    fn bound(&self) -> Result<(), Error> {
        if self.nodes.len() > MAX_TYPES {
            return Err(Error::Limit { what: "types of a schema", limit: MAX_TYPES, at: 0 });
        }
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<TypeId, Error> {
        let id = TypeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.bound()?;
        Ok(id)
    }

    /// A type wherever one may stand: a word, a union, an object.
    fn any(&mut self, json: &Json, namespace: &str) -> Result<TypeId, Error> {
        match json {
            Json::String(word) => self.word(word, namespace),
            Json::Array(branches) => self.union(branches, namespace),
            Json::Object(object) => self.object(object, namespace),
            _ => Err(self.wrong("a type is a string, an array or an object")),
        }
    }

    fn word(&self, word: &str, namespace: &str) -> Result<TypeId, Error> {
        if let Some(place) = PRIMITIVES.iter().position(|(primitive, _)| *primitive == word) {
            return Ok(TypeId(place as u32));
        }
        let full = name::full(word, namespace);
        self.names.get(&full).copied().ok_or_else(|| {
            self.wrong(format!("{full} is no type, or none that is defined before it is used here"))
        })
    }

    fn union(&mut self, branches: &[Json], namespace: &str) -> Result<TypeId, Error> {
        let mut ids = Vec::with_capacity(branches.len());
        let mut seen = HashSet::new();
        for (place, branch) in branches.iter().enumerate() {
            let id = self.within(format!("[{place}]"), |parser| {
                let id = parser.any(branch, namespace)?;
                let kind = &parser.nodes[id.place()].kind;
                if matches!(kind, Kind::Union(_)) {
                    return Err(parser.wrong("a union holds no union"));
                }
                if !seen.insert(kind.name().map_or(kind.word(), |(name, _)| name).to_owned()) {
                    return Err(parser.wrong(format!("a union holds no two of a kind, here {kind}")));
                }
                Ok(id)
            })?;
            ids.push(id);
        }
        self.add(Node { kind: Kind::Union(ids), logical: None, properties: Object::new() })
    }

    fn object(&mut self, object: &Object, namespace: &str) -> Result<TypeId, Error> {
        let inner = object.get("type").ok_or_else(|| self.wrong("has no `type`"))?;
        let Json::String(word) = inner else {
            return self.within(".type".to_owned(), |parser| parser.any(inner, namespace));
        };
        match word.as_str() {
            "record" | "error" => self.record(object, namespace),
            "enum" => self.enumeration(object, namespace),
            "fixed" => self.fixed(object, namespace),
            "array" | "map" => {
                let key = if word == "array" { "items" } else { "values" };
                let of = object.get(key).ok_or_else(|| self.wrong(format!("{word} has no `{key}`")))?;
                let of = self.within(format!(".{key}"), |parser| parser.any(of, namespace))?;
                let kind = if word == "array" { Kind::Array(of) } else { Kind::Map(of) };
                self.add(node(kind, object))
            }
            _ => {
                let plain = self.within(".type".to_owned(), |parser| parser.word(word, namespace))?;
                match PRIMITIVES.get(plain.place()) {
                    Some((_, kind)) if object.len() > 1 => self.add(node(kind.clone(), object)),
                    _ => Ok(plain),
                }
            }
        }
    }

    fn record(&mut self, object: &Object, namespace: &str) -> Result<TypeId, Error> {
        let (id, name, aliases) = self.define(object, namespace)?;
        let Some(Json::Array(list)) = object.get("fields") else {
            return Err(self.wrong(format!("record {name} has no array `fields`")));
        };
        let inside = name::namespace(&name).to_owned();
        let (mut fields, mut places) = (Vec::with_capacity(list.len()), HashMap::with_capacity(list.len()));
        for (place, json) in list.iter().enumerate() {
            let field = self.within(format!(".fields[{place}]"), |parser| {
                let field = parser.field(json, &inside)?;
                if places.insert(field.name.clone(), place).is_some() {
                    return Err(parser.wrong(format!("a second field {}", field.name)));
                }
                Ok(field)
            })?;
            fields.push(field);
        }
        self.nodes[id.place()] = node(Kind::Record(Record { name, aliases, fields, places }), object);
        Ok(id)
    }

    fn field(&mut self, json: &Json, namespace: &str) -> Result<Field, Error> {
        let object = json.as_object().ok_or_else(|| self.wrong("a field is an object"))?;
        let name = self.text(object, "name")?;
        if !name::is_name(name) {
            return Err(self.wrong(format!("{name:?} is no name of a field")));
        }
        let of = object.get("type").ok_or_else(|| self.wrong(format!("field {name} has no `type`")))?;
        let of = self.within(".type".to_owned(), |parser| parser.any(of, namespace))?;
        Ok(Field {
            name: name.to_owned(),
            aliases: self.texts(object, "aliases")?,
            of,
            default: object.get("default").cloned(),
            properties: properties(object),
        })
    }

    fn enumeration(&mut self, object: &Object, namespace: &str) -> Result<TypeId, Error> {
        let (id, name, aliases) = self.define(object, namespace)?;
        if !object.contains_key("symbols") {
            return Err(self.wrong(format!("enum {name} has no `symbols`")));
        }
        let symbols = self.texts(object, "symbols")?;
        let mut places = HashMap::with_capacity(symbols.len());
        for (place, symbol) in symbols.iter().enumerate() {
            if !name::is_name(symbol) || places.insert(symbol.clone(), place).is_some() {
                return Err(
                    self.wrong(format!("symbol {symbol:?} of enum {name} is no name, or stands there twice"))
                );
            }
        }
        let default = match object.get("default") {
            None => None,
            Some(json) => {
                let place = json.as_str().and_then(|text| places.get(text));
                Some(*place.ok_or_else(|| {
                    self.wrong(format!("the default of enum {name} is none of its symbols"))
                })?)
            }
        };
        self.nodes[id.place()] = node(Kind::Enum(Enum { name, aliases, symbols, default, places }), object);
        Ok(id)
    }

    fn fixed(&mut self, object: &Object, namespace: &str) -> Result<TypeId, Error> {
        let (id, name, aliases) = self.define(object, namespace)?;
        let size = object.get("size").and_then(Json::as_u64).and_then(|size| u32::try_from(size).ok());
        let Some(size) = size else {
            return Err(self.wrong(format!("fixed {name} has no `size` of 0 to 2^32 - 1")));
        };
        let fixed = Kind::Fixed(Fixed { name, aliases, size: size as usize });
        self.nodes[id.place()] = node(fixed, object);
        Ok(id)
    }

    /// Enters a named type. It can be referred to from here on, by itself as well; its node is a stand-in.
    fn define(&mut self, object: &Object, namespace: &str) -> Result<(TypeId, String, Vec<String>), Error> {
        let name = self.text(object, "name")?;
        let namespace = match object.get("namespace") {
            Some(Json::String(own)) => own,
            _ => namespace,
        };
        let full = name::full(name, namespace);
        if !name::is_dotted(&full) || PRIMITIVES.iter().any(|(word, _)| *word == name::short(&full)) {
            return Err(self.wrong(format!("{full:?} is no name of a type")));
        }
        let inside = name::namespace(&full);
        let aliases: Vec<_> =
            self.texts(object, "aliases")?.iter().map(|alias| name::full(alias, inside)).collect();
        let stand_in = Kind::Fixed(Fixed { name: full.clone(), aliases: Vec::new(), size: 0 });
        let id = self.add(Node { kind: stand_in, logical: None, properties: Object::new() })?;
        if self.names.insert(full.clone(), id).is_some() {
            return Err(self.wrong(format!("{full} is defined a second time")));
        }
        Ok((id, full, aliases))
    }

    fn text<'j>(&self, object: &'j Object, key: &str) -> Result<&'j str, Error> {
        object.get(key).and_then(Json::as_str).ok_or_else(|| self.wrong(format!("has no string `{key}`")))
    }

    /// An array of strings; one that is missing is empty.
    fn texts(&self, object: &Object, key: &str) -> Result<Vec<String>, Error> {
        let wrong = || self.wrong(format!("`{key}` is no array of strings"));
        match object.get(key) {
            None => Ok(Vec::new()),
            Some(Json::Array(list)) => {
                list.iter().map(|json| json.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
            }
            Some(_) => Err(wrong()),
        }
    }
}

fn node(kind: Kind, object: &Object) -> Node {
    let logical = Logical::of(&kind, object);
    Node { kind, logical, properties: properties(object) }
}

fn properties(object: &Object) -> Object {
    let kept = object.iter().filter(|(key, _)| !RESERVED.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}
