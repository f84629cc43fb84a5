//! The text of a JSON Schema, read into nodes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::locate::{Place, Places, escape};
use super::model::{Contains, Id, Node};
use super::number::Number;
use super::pattern::Pattern;
use super::types::Types;
use crate::Error;

/// A JSON Schema that was read, with all that it refers to.
///
/// `$schema` says which draft it is: draft-06, draft-07, 2019-09 or 2020-12; without it draft-07, as in registries.
#[derive(Debug)]
pub struct Schema {
    pub(super) documents: Vec<Value>,
    pub(super) nodes: Vec<Node>,
    pub(super) draft: Draft,
}

impl Schema {
    /// Bytes of all documents of one schema.
    pub const MOST_BYTES: usize = 8 << 20;
    /// Subschemas of one schema.
    pub const MOST_NODES: usize = 50_000;

    /// A schema that stands alone.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if it is not JSON, not a schema, of an older draft, or refers to what is not there.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        Self::parse_with(text, "", &[])
    }

    /// A schema that refers to others. `name` is its own, and each of `references` has one: an id, or a path that
    /// relative references are joined to.
    ///
    /// # Errors
    ///
    /// As for [`Schema::parse`].
    pub fn parse_with(text: &[u8], name: &str, references: &[(&str, &[u8])]) -> Result<Self, Error> {
        let bytes = text.len() + references.iter().map(|(_, text)| text.len()).sum::<usize>();
        if bytes > Self::MOST_BYTES {
            return Err(wrong(
                "",
                format!("{bytes} bytes are more than the {} that are read", Self::MOST_BYTES),
            ));
        }
        let mut documents = Vec::with_capacity(1 + references.len());
        let mut places = Places::default();
        for (index, (name, text)) in std::iter::once(&(name, text)).chain(references).enumerate() {
            let value =
                serde_json::from_slice(text).map_err(|error| wrong(name, format!("not JSON: {error}")))?;
            places.add(index, name, &value);
            documents.push(value);
        }
        let draft = documents.first().map_or(Ok(Draft::SEVEN), draft)?;
        let mut reader =
            Reader { documents: &documents, places, nodes: Vec::new(), known: HashMap::new(), next: 0 };
        reader.read()?;
        let nodes = reader.nodes;
        Ok(Self { documents, nodes, draft })
    }
}

fn wrong(path: &str, problem: impl Into<String>) -> Error {
    Error::Schema { path: format!("#{path}"), problem: problem.into() }
}

/// What differs between drafts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    /// 2019-09 and later: keywords beside `$ref` count, `dependentRequired`, `unevaluated…`.
    modern: bool,
    /// 2020-12: `prefixItems`.
    tuples: bool,
}

impl Draft {
    const SEVEN: Self = Self { modern: false, tuples: false };

    /// Whether the first items stand in `prefixItems`.
    pub(super) const fn has_tuples(self) -> bool {
        self.tuples
    }
}

struct Reader<'a> {
    documents: &'a [Value],
    places: Places,
    nodes: Vec<Node>,
    known: HashMap<Place, Id>,
    next: usize,
}

impl Reader<'_> {
    /// A list of work, not recursion: references may go as deep as there are nodes.
    fn read(&mut self) -> Result<(), Error> {
        self.node((0, String::new()))?;
        while self.next < self.nodes.len() {
            let at = self.nodes[self.next].at.clone();
            let documents = self.documents;
            let document = &documents[at.0];
            let value = document.pointer(&at.1).ok_or_else(|| wrong(&at.1, "there is nothing here"))?;
            let node = self.fill(Node::new(at.clone()), value, draft(document)?)?;
            self.nodes[self.next] = node;
            self.next += 1;
        }
        Ok(())
    }

    fn node(&mut self, place: Place) -> Result<Id, Error> {
        if let Some(id) = self.known.get(&place) {
            return Ok(*id);
        }
        if self.nodes.len() >= Schema::MOST_NODES {
            return Err(wrong(&place.1, format!("more than {} subschemas", Schema::MOST_NODES)));
        }
        let id = Id::try_from(self.nodes.len()).unwrap_or(Id::MAX);
        self.nodes.push(Node::new(place.clone()));
        self.known.insert(place, id);
        Ok(id)
    }

    fn fill(&mut self, mut node: Node, value: &Value, draft: Draft) -> Result<Node, Error> {
        let members = match value {
            Value::Bool(always) => {
                node.always = Some(*always);
                return Ok(node);
            }
            Value::Object(members) => members,
            _ => return Err(wrong(&node.at.1, "a schema is an object, true or false")),
        };
        let keys = Keys { at: node.at.clone(), members };
        if let Some(reference) = keys.text("$ref")? {
            let place = self.places.resolve(&node.at, reference);
            let place = place.filter(|place| self.documents[place.0].pointer(&place.1).is_some());
            let place = place.ok_or_else(|| {
                wrong(
                    &node.at.1,
                    format!("$ref points to {reference}, which is not there: give it as a reference"),
                )
            })?;
            node.reference = Some(self.node(place)?);
            if !draft.modern {
                return Ok(node);
            }
        }
        if let Some(types) = members.get("type") {
            node.types = keys.types(types)?;
        }
        node.values = match (members.get("const"), members.get("enum")) {
            (Some(only), None) => Some(vec![only.clone()]),
            (only, Some(Value::Array(values))) => {
                let mut values = values.clone();
                values.retain(|value| only.is_none_or(|only| super::value::same(only, value)));
                Some(values)
            }
            (_, Some(_)) => return Err(wrong(&node.at.1, "enum is a list of values")),
            (None, None) => None,
        };
        self.assertions(&mut node, &keys)?;
        self.objects(&mut node, &keys, draft)?;
        self.arrays(&mut node, &keys, draft)?;
        node.all_of = self.list(&keys, "allOf")?;
        node.any_of = self.list(&keys, "anyOf")?;
        node.one_of = self.list(&keys, "oneOf")?;
        node.not = self.child(&keys, "not")?;
        if let Some(condition) = self.child(&keys, "if")? {
            node.condition = Some((condition, self.child(&keys, "then")?, self.child(&keys, "else")?));
        }
        for keyword in ["$dynamicRef", "$recursiveRef"] {
            if draft.modern && members.contains_key(keyword) {
                node.unknown.push(keyword.into());
            }
        }
        node.notes.id = keys.text("$id")?.map(Into::into);
        node.notes.title = keys.text("title")?.map(Into::into);
        node.notes.description = keys.text("description")?.map(Into::into);
        node.notes.default = members.get("default").cloned();
        Ok(node)
    }

    fn assertions(&mut self, node: &mut Node, keys: &Keys<'_>) -> Result<(), Error> {
        node.number.minimum = keys.number("minimum")?;
        node.number.maximum = keys.number("maximum")?;
        node.number.exclusive_minimum = keys.number("exclusiveMinimum")?;
        node.number.exclusive_maximum = keys.number("exclusiveMaximum")?;
        node.number.multiple_of = keys.number("multipleOf")?;
        if node.number.multiple_of.as_ref().is_some_and(|step| !step.is_positive()) {
            return Err(wrong(&node.at.1, "multipleOf is above 0"));
        }
        node.text.min = keys.count("minLength")?.filter(|min| *min > 0);
        node.text.max = keys.count("maxLength")?;
        node.text.pattern = keys.text("pattern")?.map(Pattern::new);
        Ok(())
    }

    fn objects(&mut self, node: &mut Node, keys: &Keys<'_>, draft: Draft) -> Result<(), Error> {
        let object = &mut node.object;
        object.properties = self.table(keys, "properties")?.into_iter().collect();
        let patterns = self.table(keys, "patternProperties")?.into_iter();
        object.patterns = patterns.map(|(text, id)| (Pattern::new(&text), id)).collect();
        object.additional = self.child(keys, "additionalProperties")?;
        object.required = keys.texts("required")?.into_iter().collect();
        object.min = keys.count("minProperties")?.filter(|min| *min > 0);
        object.max = keys.count("maxProperties")?;
        object.names = self.child(keys, "propertyNames")?;
        if draft.modern {
            object.unevaluated = self.child(keys, "unevaluatedProperties")?;
            object.dependent_schemas = self.table(keys, "dependentSchemas")?.into_iter().collect();
            for (name, value) in keys.object("dependentRequired")?.into_iter().flatten() {
                object.dependent_required.insert(name.clone(), keys.strings(value)?.into_iter().collect());
            }
        }
        // Validators of later drafts take it too.
        for (name, value) in keys.object("dependencies")?.into_iter().flatten() {
            if value.is_array() {
                object.dependent_required.insert(name.clone(), keys.strings(value)?.into_iter().collect());
            } else {
                let id = self.node(keys.below(&["dependencies", name]))?;
                object.dependent_schemas.insert(name.clone(), id);
            }
        }
        Ok(())
    }

    fn arrays(&mut self, node: &mut Node, keys: &Keys<'_>, draft: Draft) -> Result<(), Error> {
        let array = &mut node.array;
        if draft.tuples {
            array.prefix = self.list(keys, "prefixItems")?;
            array.rest = self.child(keys, "items")?;
        } else if keys.members.get("items").is_some_and(Value::is_array) {
            array.prefix = self.list(keys, "items")?;
            array.rest = self.child(keys, "additionalItems")?;
        } else {
            array.rest = self.child(keys, "items")?;
        }
        array.min = keys.count("minItems")?.filter(|min| *min > 0);
        array.max = keys.count("maxItems")?;
        array.unique = keys.members.get("uniqueItems").is_some_and(|unique| unique == &Value::Bool(true));
        if draft.modern {
            array.unevaluated = self.child(keys, "unevaluatedItems")?;
        }
        if let Some(schema) = self.child(keys, "contains")? {
            let (min, max) = match draft.modern {
                true => (keys.count("minContains")?, keys.count("maxContains")?),
                false => (None, None),
            };
            array.contains = Some(Contains { schema, min, max });
        }
        Ok(())
    }

    fn child(&mut self, keys: &Keys<'_>, keyword: &str) -> Result<Option<Id>, Error> {
        keys.members.contains_key(keyword).then(|| self.node(keys.below(&[keyword]))).transpose()
    }

    fn list(&mut self, keys: &Keys<'_>, keyword: &str) -> Result<Vec<Id>, Error> {
        match keys.members.get(keyword) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                (0..items.len()).map(|index| self.node(keys.below(&[keyword, &index.to_string()]))).collect()
            }
            Some(_) => Err(wrong(&keys.at.1, format!("{keyword} is a list of schemas"))),
        }
    }

    fn table(&mut self, keys: &Keys<'_>, keyword: &str) -> Result<Vec<(String, Id)>, Error> {
        let members = keys.object(keyword)?.into_iter().flatten();
        members.map(|(name, _)| Ok((name.clone(), self.node(keys.below(&[keyword, name]))?))).collect()
    }
}

/// Of the document.
fn draft(document: &Value) -> Result<Draft, Error> {
    let Some(schema) = document.get("$schema").and_then(Value::as_str) else {
        return Ok(Draft::SEVEN);
    };
    for (part, modern, tuples) in [
        ("draft-06", false, false),
        ("draft-07", false, false),
        ("2019-09", true, false),
        ("2020-12", true, true),
    ] {
        if schema.contains(part) {
            return Ok(Draft { modern, tuples });
        }
    }
    if schema.contains("draft-04") || schema.contains("draft-03") {
        return Err(wrong("/$schema", format!("{schema} is too old: write it as draft-07 or 2020-12")));
    }
    // A dialect of somebody's own builds on the newest.
    Ok(Draft { modern: true, tuples: true })
}

/// The members of one schema object, read with their types.
struct Keys<'a> {
    at: Place,
    members: &'a Map<String, Value>,
}

impl<'a> Keys<'a> {
    fn wrong(&self, keyword: &str, what: &str) -> Error {
        wrong(&self.at.1, format!("{keyword} is {what}"))
    }

    fn below(&self, parts: &[&str]) -> Place {
        let mut pointer = self.at.1.clone();
        for part in parts {
            pointer.push('/');
            pointer.push_str(&escape(part));
        }
        (self.at.0, pointer)
    }

    fn text(&self, keyword: &str) -> Result<Option<&'a str>, Error> {
        let value = self.members.get(keyword);
        value.map(|value| value.as_str().ok_or_else(|| self.wrong(keyword, "text"))).transpose()
    }

    fn object(&self, keyword: &str) -> Result<Option<&'a Map<String, Value>>, Error> {
        let value = self.members.get(keyword);
        value.map(|value| value.as_object().ok_or_else(|| self.wrong(keyword, "an object"))).transpose()
    }

    fn number(&self, keyword: &str) -> Result<Option<Number>, Error> {
        let Some(value) = self.members.get(keyword) else { return Ok(None) };
        let number = value
            .as_number()
            .ok_or_else(|| self.wrong(keyword, "a number (not a truth value: that is draft-04)"))?;
        Number::of(number).map(Some).ok_or_else(|| self.wrong(keyword, "a number of at most 400 digits"))
    }

    fn count(&self, keyword: &str) -> Result<Option<u64>, Error> {
        let Some(value) = self.members.get(keyword) else { return Ok(None) };
        let whole = value.as_u64().or_else(|| {
            let number = Number::of(value.as_number()?)?;
            let text = number.is_whole().then(|| number.to_string())?;
            text.split('.').next()?.parse().ok()
        });
        whole.map(Some).ok_or_else(|| self.wrong(keyword, "a whole number, 0 or above"))
    }

    fn texts(&self, keyword: &str) -> Result<Vec<String>, Error> {
        self.members.get(keyword).map_or(Ok(Vec::new()), |value| self.strings(value))
    }

    fn strings(&self, value: &Value) -> Result<Vec<String>, Error> {
        let strings = value.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(Into::into)).collect::<Option<Vec<String>>>()
        });
        strings.ok_or_else(|| self.wrong("required or a dependency", "a list of names"))
    }

    fn types(&self, value: &Value) -> Result<Types, Error> {
        let words = match value {
            Value::Array(words) => words.as_slice(),
            word => std::slice::from_ref(word),
        };
        let types = words.iter().map(|word| word.as_str().and_then(Types::of_word));
        let types = types
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| self.wrong("type", "a type, or a list of types"))?;
        Ok(types.into_iter().fold(Types::NONE, |all, one| all | one))
    }
}
