//! Where `$ref` points: ids, anchors and JSON pointers over all documents of a schema.

use std::collections::HashMap;

use serde_json::Value;

/// A document and a JSON pointer in it.
pub(super) type Place = (usize, String);

/// The ids and anchors of all documents.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Absolute id, or id and anchor, to its place.
    named: HashMap<String, Place>,
    /// Base of the subschemas at and below a place.
    bases: HashMap<Place, String>,
}

/// Keywords whose values are data, not schemas.
const DATA: [&str; 4] = ["enum", "const", "default", "examples"];

impl Places {
    /// Takes in one document, known to others by `name`.
    pub(super) fn add(&mut self, document: usize, name: &str, value: &Value) {
        self.named.insert(name.to_owned(), (document, String::new()));
        self.bases.insert((document, String::new()), name.to_owned());
        self.walk(document, value, &mut String::new(), name);
    }

    fn walk(&mut self, document: usize, value: &Value, pointer: &mut String, base: &str) {
        match value {
            Value::Object(members) => {
                let mut own = None;
                if let Some(id) = members.get("$id").and_then(Value::as_str) {
                    if let Some(anchor) = id.strip_prefix('#') {
                        self.named.insert(format!("{base}#{anchor}"), (document, pointer.clone()));
                    } else {
                        let id = join(base, id.trim_end_matches('#'));
                        self.named.entry(id.clone()).or_insert_with(|| (document, pointer.clone()));
                        self.bases.insert((document, pointer.clone()), id.clone());
                        own = Some(id);
                    }
                }
                let base = own.as_deref().unwrap_or(base);
                for keyword in ["$anchor", "$dynamicAnchor"] {
                    if let Some(anchor) = members.get(keyword).and_then(Value::as_str) {
                        self.named.insert(format!("{base}#{anchor}"), (document, pointer.clone()));
                    }
                }
                for (key, value) in members.iter().filter(|(key, _)| !DATA.contains(&key.as_str())) {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&escape(key));
                    self.walk(document, value, pointer, base);
                    pointer.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    let length = pointer.len();
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                    self.walk(document, value, pointer, base);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// The place a reference at `from` points to.
    pub(super) fn resolve(&self, from: &Place, reference: &str) -> Option<Place> {
        let (target, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let base = self.base(from);
        let absolute = if target.is_empty() { base.to_owned() } else { join(base, target) };
        let fragment = unquote(fragment);
        let document = self.named.get(&absolute).or_else(|| self.named.get(target));
        if fragment.is_empty() {
            document.cloned()
        } else if fragment.starts_with('/') {
            document.map(|(document, pointer)| (*document, format!("{pointer}{fragment}")))
        } else {
            self.named.get(&format!("{absolute}#{fragment}")).cloned()
        }
    }

    fn base(&self, from: &Place) -> &str {
        let mut place = from.clone();
        loop {
            if let Some(base) = self.bases.get(&place) {
                return base;
            }
            let Some(cut) = place.1.rfind('/') else { return "" };
            place.1.truncate(cut);
        }
    }
}

/// A key as a part of a JSON pointer.
pub(super) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// `%25` and friends in a fragment.
fn unquote(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value.filter(|_| *byte == b'%') {
            Some(value) => {
                out.push(value);
                rest = &behind[2..];
            }
            None => {
                out.push(*byte);
                rest = behind;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// A reference against a base, as far as schemas need it: absolute, from the root of the host, or beside the base.
fn join(base: &str, reference: &str) -> String {
    let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '.', '#']));
    if has_scheme || base.is_empty() {
        return reference.to_owned();
    }
    let root = base.find("://").and_then(|at| base[at + 3..].find('/').map(|slash| at + 3 + slash));
    let root = root.unwrap_or(if base.contains("://") { base.len() } else { 0 });
    let (host, path) = base.split_at(root);
    if reference.starts_with('/') {
        return format!("{host}{reference}");
    }
    let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
    let mut parts: Vec<&str> = folder.split('/').collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty()) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if host.is_empty() || joined.starts_with('/') {
        format!("{host}{joined}")
    } else {
        format!("{host}/{joined}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_joined_to_their_base() {
        assert_eq!(join("http://a.b/c/d.json", "e.json"), "http://a.b/c/e.json");
        assert_eq!(join("http://a.b/c/d.json", "../e.json"), "http://a.b/e.json");
        assert_eq!(join("http://a.b/c/d.json", "/e.json"), "http://a.b/e.json");
        assert_eq!(join("http://a.b", "e.json"), "http://a.b/e.json");
        assert_eq!(join("http://a.b/c", "urn:x:y"), "urn:x:y");
        assert_eq!(join("schemas/a.json", "b.json"), "schemas/b.json");
        assert_eq!(join("schemas/a.json", "../b.json"), "b.json");
        assert_eq!(join("", "b.json"), "b.json");
    }

    #[test]
    fn places_are_found() {
        let document = json!({
            "$id": "http://a.b/root.json",
            "$defs": {
                "x/y": {"$anchor": "here"},
                "z": {"$id": "other.json", "$defs": {"in": {}}},
            },
            "enum": [{"$id": "not-a-schema"}],
        });
        let mut places = Places::default();
        places.add(0, "main.json", &document);
        let at = |pointer: &str, reference: &str| {
            places.resolve(&(0, pointer.into()), reference).map(|place| place.1)
        };
        assert_eq!(at("", "#"), Some(String::new()));
        assert_eq!(at("", "#/$defs/x~1y"), Some("/$defs/x~1y".into()));
        assert_eq!(at("", "#/%24defs/z"), Some("/$defs/z".into()));
        assert_eq!(at("/properties/a", "#here"), Some("/$defs/x~1y".into()));
        assert_eq!(at("", "other.json#/$defs/in"), Some("/$defs/z/$defs/in".into()));
        assert_eq!(at("/$defs/z/$defs/in", "#"), Some("/$defs/z".into()));
        assert_eq!(at("", "http://a.b/root.json"), Some(String::new()));
        assert_eq!(at("", "main.json"), Some(String::new()));
        assert_eq!(at("", "not-a-schema"), None);
        assert_eq!(at("", "#nowhere"), None);
    }
}
