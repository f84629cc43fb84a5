//! The files of one version of everything, and schemas read from them with what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use outrigger_events::avro;
use outrigger_events::compat::{json_schema, protobuf};
use serde_json::Value;

use super::format::Format;

/// A schema of any format.
pub(super) enum Schema {
    Avro(avro::Schema),
    Json(json_schema::Schema),
    Protobuf(protobuf::Schema),
}

/// Files by their paths from one top folder.
#[derive(Default)]
pub(super) struct Library {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Folders that imports are looked up in, `""` being the top.
    pub(super) roots: Vec<String>,
}

impl Library {
    /// Reads a schema, with the files of this library as what it may refer to.
    pub(super) fn parse(&self, format: Format, path: &str, bytes: &[u8]) -> Result<Schema, String> {
        match format {
            Format::Avro => self.avro(path, text(bytes)?).map(Schema::Avro),
            Format::JsonSchema => self.json(path, bytes).map(Schema::Json),
            Format::Protobuf => self.protobuf(path, text(bytes)?).map(Schema::Protobuf),
        }
    }

    /// Other files may define the types by name: those are tried that can be read themselves, until no more can.
    fn avro(&self, path: &str, source: &str) -> Result<avro::Schema, String> {
        let alone = match avro::Schema::parse(source, &[]) {
            Ok(schema) => return Ok(schema),
            Err(error) => error.to_string(),
        };
        let mut waiting: Vec<&str> = Vec::new();
        for (other, bytes) in &self.files {
            if other != path && Format::of_name(other) == Some(Format::Avro) {
                waiting.extend(text(bytes).ok());
            }
        }
        let mut read: Vec<avro::Schema> = Vec::new();
        loop {
            let before = waiting.len();
            waiting.retain(|source| {
                let found = avro::Schema::parse(source, &read.iter().collect::<Vec<_>>());
                found.map(|schema| read.push(schema)).is_err()
            });
            if let Ok(schema) = avro::Schema::parse(source, &read.iter().collect::<Vec<_>>()) {
                return Ok(schema);
            }
            if waiting.len() == before {
                return Err(alone);
            }
        }
    }

    fn json(&self, path: &str, bytes: &[u8]) -> Result<json_schema::Schema, String> {
        let mut needed: BTreeMap<&str, &[u8]> = BTreeMap::new();
        let mut work = vec![(path, bytes)];
        while let Some((at, bytes)) = work.pop() {
            for reference in references(bytes) {
                let Some((found, bytes)) = self.referred(at, &reference) else { continue };
                if found != path && needed.insert(found, bytes).is_none() {
                    work.push((found, bytes));
                }
            }
        }
        let needed: Vec<_> = needed.into_iter().collect();
        json_schema::Schema::parse_with(bytes, path, &needed).map_err(|error| error.to_string())
    }

    /// The file that a reference means: by its path beside the one that refers, or by its `$id`.
    fn referred(&self, from: &str, reference: &str) -> Option<(&str, &[u8])> {
        let beside = join(from.rsplit_once('/').map_or("", |(folder, _)| folder), reference);
        if let Some((path, bytes)) = self.files.get_key_value(&beside) {
            return Some((path, bytes));
        }
        let files = self.files.iter().filter(|(path, _)| Format::of_name(path) == Some(Format::JsonSchema));
        let mut named = files.filter(|(_, bytes)| {
            let id = serde_json::from_slice::<Value>(bytes)
                .ok()
                .and_then(|value| Some(value.get("$id")?.as_str()?.to_owned()));
            id.is_some_and(|id| {
                let id = id.trim_end_matches('#');
                id == reference || id.ends_with(&format!("/{reference}"))
            })
        });
        named.next().map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    fn protobuf(&self, path: &str, source: &str) -> Result<protobuf::Schema, String> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let roots: Vec<&str> = self.roots.iter().map(String::as_str).chain([folder, ""]).collect();
        // A file is itself imported by the name it has from the first root above it.
        let name = roots.iter().find_map(|root| below(path, root)).unwrap_or(path);
        let mut needed: BTreeMap<String, &str> = BTreeMap::new();
        let mut work: Vec<&str> = vec![source];
        while let Some(source) = work.pop() {
            for import in imports(source) {
                let found = roots.iter().find_map(|root| self.files.get(&join(root, &import)));
                if let Some(source) = found.and_then(|bytes| text(bytes).ok())
                    && import != name
                    && needed.insert(import, source).is_none()
                {
                    work.push(source);
                }
            }
        }
        let needed: Vec<(&str, &str)> =
            needed.iter().map(|(name, source)| (name.as_str(), *source)).collect();
        protobuf::Schema::parse_with(source, name, &needed).map_err(|error| error.to_string())
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))
}

/// A path below a folder, from there.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if folder.is_empty() { Some(path) } else { path.strip_prefix(folder)?.strip_prefix('/') }
}

/// A relative path in a folder, without dots.
pub(super) fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// What a JSON Schema refers to outside of itself.
fn references(bytes: &[u8]) -> BTreeSet<String> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let target = reference.split('#').next().unwrap_or_default();
                    if !target.is_empty() {
                        found.insert(target.to_owned());
                    }
                }
                members.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    if let Ok(value) = serde_json::from_slice(bytes) {
        walk(&value, &mut found);
    }
    found
}

/// The files that a Protobuf file imports. What looks like an import in a comment does no harm.
fn imports(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, word) in source.match_indices("import") {
        let rest = source[at + word.len()..].trim_start();
        let rest =
            rest.strip_prefix("public").or_else(|| rest.strip_prefix("weak")).unwrap_or(rest).trim_start();
        for quote in ['"', '\''] {
            if let Some((name, _)) = rest.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(files: &[(&str, &str)]) -> Library {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
        Library { files, roots: vec!["schemas".into()] }
    }

    #[test]
    fn avro_types_of_other_files_are_found_in_any_order() {
        let library = library(&[
            ("schemas/a.avsc", r#"{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]}"#),
            ("schemas/b.avsc", r#"{"type": "record", "name": "B", "fields": [{"name": "c", "type": "C"}]}"#),
            ("schemas/c.avsc", r#"{"type": "enum", "name": "C", "symbols": ["X"]}"#),
        ]);
        assert!(library.parse(Format::Avro, "schemas/a.avsc", &library.files["schemas/a.avsc"]).is_ok());
        let lone = Library::default();
        assert!(lone.parse(Format::Avro, "schemas/a.avsc", &library.files["schemas/a.avsc"]).is_err());
    }

    #[test]
    fn json_references_go_by_path_and_by_id() {
        let library = library(&[
            (
                "schemas/a.json",
                r##"{"properties": {"b": {"$ref": "in/b.json"}, "c": {"$ref": "http://x.y/c.json#/definitions/d"}}}"##,
            ),
            ("schemas/in/b.json", r#"{"$ref": "../c.json"}"#),
            ("schemas/c.json", r#"{"$id": "http://x.y/c.json", "definitions": {"d": {}}}"#),
        ]);
        let read = library.parse(Format::JsonSchema, "schemas/a.json", &library.files["schemas/a.json"]);
        assert!(read.is_ok(), "{:?}", read.err());
    }

    #[test]
    fn protobuf_imports_go_by_root() {
        let library = library(&[
            ("schemas/a.proto", "syntax = \"proto3\"; import public 'in/b.proto'; message A { B b = 1; }"),
            ("schemas/in/b.proto", "syntax = \"proto3\"; import \"in/c.proto\"; message B { C c = 1; }"),
            ("schemas/in/c.proto", "syntax = \"proto3\"; message C { }"),
        ]);
        for path in ["schemas/a.proto", "schemas/in/b.proto", "schemas/in/c.proto"] {
            let read = library.parse(Format::Protobuf, path, &library.files[path]);
            assert!(read.is_ok(), "{path}: {:?}", read.err());
        }
    }

    #[test]
    fn paths_are_joined() {
        assert_eq!(join("a/b", "../c.json"), "a/c.json");
        assert_eq!(join("", "./c.json"), "c.json");
        assert_eq!(join("a", "b/c.json"), "a/b/c.json");
    }
}
