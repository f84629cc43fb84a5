//! JSON Schemas and documents by dice: small names and numbers, so that documents meet schemas now and then.

use serde_json::{Map, Value, json};

use super::dice::Dice;

const NAMES: [&str; 4] = ["a", "b", "c", "x1"];
const TYPES: [&str; 7] = ["string", "integer", "number", "null", "boolean", "object", "array"];
const PATTERNS: [&str; 4] = ["^a", "1$", "^[a-c]$", "b"];

/// A document.
pub(crate) fn document(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 7 } else { 11 }) {
        0 => Value::Null,
        1 => json!(dice.one_in(2)),
        2 | 3 => json!(dice.pick(&["", "a", "ab", "abc", "b1"])),
        4 | 5 => json!(dice.below(7) as i64 - 1),
        6 => json!(1.5),
        7 | 8 => Value::Array((0..dice.below(4)).map(|_| document(dice, depth - 1)).collect()),
        _ => object(dice, |dice| document(dice, depth - 1)),
    }
}

fn object(dice: &mut Dice, mut value: impl FnMut(&mut Dice) -> Value) -> Value {
    let mut members = Map::new();
    for _ in 0..dice.below(4) {
        members.insert(dice.pick(&NAMES).to_owned(), value(dice));
    }
    Value::Object(members)
}

/// Subschemas at most this deep. `definitions` says how many there are to refer to.
pub(crate) struct Shape {
    pub(crate) modern: bool,
    pub(crate) definitions: usize,
}

impl Shape {
    /// A whole schema with its definitions.
    pub(crate) fn schema(&self, dice: &mut Dice) -> Value {
        let mut root = self.sub(dice, 2);
        if let Some(root) = root.as_object_mut() {
            let draft = match self.modern {
                true => "https://json-schema.org/draft/2020-12/schema",
                false => "http://json-schema.org/draft-07/schema#",
            };
            root.insert("$schema".into(), json!(draft));
            let definitions =
                (0..self.definitions).map(|index| (format!("d{index}"), self.sub(dice, 1))).collect();
            root.insert("definitions".into(), Value::Object(definitions));
        }
        root
    }

    fn sub(&self, dice: &mut Dice, depth: usize) -> Value {
        match dice.below(24) {
            0 => return json!(true),
            1 => return json!(false),
            // References stand below properties and items only, or they could go in circles.
            _ => {}
        }
        let mut members = Map::new();
        if !dice.one_in(4) {
            self.keyword(dice, depth, &mut members, 0);
        }
        for _ in 0..dice.below(4) {
            let keyword = 1 + dice.below(if depth == 0 { 10 } else { 30 });
            self.keyword(dice, depth, &mut members, keyword);
        }
        Value::Object(members)
    }

    /// A schema of a property or an item.
    fn below(&self, dice: &mut Dice, depth: usize) -> Value {
        if self.definitions > 0 && dice.one_in(4) {
            return json!({"$ref": format!("#/definitions/d{}", dice.below(self.definitions))});
        }
        self.sub(dice, depth)
    }

    /// Sets one keyword.
    fn keyword(&self, dice: &mut Dice, depth: usize, members: &mut Map<String, Value>, which: usize) {
        let depth = depth.saturating_sub(1);
        let small = json!(dice.below(4));
        let list =
            |dice: &mut Dice| -> Value { (0..1 + dice.below(3)).map(|_| self.sub(dice, depth)).collect() };
        let names = |dice: &mut Dice| -> Value {
            let mut names: Vec<&str> = (0..dice.below(3)).map(|_| dice.pick(&NAMES)).collect();
            names.sort_unstable();
            names.dedup();
            json!(names)
        };
        let (name, value) = match which {
            0 if dice.one_in(3) => ("type", json!([dice.pick(&TYPES[..3]), dice.pick(&TYPES[3..])])),
            0 => ("type", json!(dice.pick(&TYPES))),
            1 => ("minimum", small),
            2 => ("maximum", small),
            3 => ("exclusiveMinimum", small),
            4 => ("exclusiveMaximum", small),
            5 => ("multipleOf", json!(1 + dice.below(4))),
            6 => ("minLength", small),
            7 => ("maxLength", small),
            8 => ("pattern", json!(dice.pick(&PATTERNS))),
            9 => ("enum", (0..1 + dice.below(4)).map(|_| document(dice, 1)).collect()),
            10 => ("const", document(dice, 1)),
            11..=14 => ("properties", object(dice, |dice| self.below(dice, depth))),
            15 => ("required", names(dice)),
            16 | 17 => {
                ("additionalProperties", if dice.one_in(2) { json!(false) } else { self.below(dice, depth) })
            }
            18 => ("patternProperties", json!({dice.pick(&PATTERNS): self.below(dice, depth)})),
            19 => (dice.pick(&["minProperties", "maxProperties", "minItems", "maxItems"]), small),
            20 => ("propertyNames", json!({"maxLength": 1 + dice.below(2)})),
            21 => match dice.one_in(2) {
                true => ("dependencies", json!({dice.pick(&NAMES): self.sub(dice, depth)})),
                false => ("dependencies", json!({dice.pick(&NAMES): names(dice)})),
            },
            22 => (if self.modern { "prefixItems" } else { "items" }, list(dice)),
            23 => (if self.modern { "items" } else { "additionalItems" }, self.below(dice, depth)),
            24 => ("contains", self.sub(dice, depth)),
            25 if self.modern => (dice.pick(&["minContains", "maxContains"]), small),
            25 => ("uniqueItems", json!(true)),
            26 => (dice.pick(&["anyOf", "oneOf"]), list(dice)),
            27 => (dice.pick(&["allOf", "oneOf", "anyOf"]), list(dice)),
            28 => ("not", self.sub(dice, depth)),
            29 if dice.one_in(2) => {
                members.insert("if".into(), self.sub(dice, depth));
                members.insert("else".into(), self.sub(dice, depth));
                ("then", self.sub(dice, depth))
            }
            29 if self.modern => ("unevaluatedProperties", json!(false)),
            _ if self.modern => ("unevaluatedItems", json!(false)),
            _ => ("uniqueItems", json!(true)),
        };
        members.insert(name.into(), value);
    }

    /// The schema with one place changed.
    pub(crate) fn change(&self, dice: &mut Dice, schema: &mut Value, depth: usize) {
        let Some(members) = schema.as_object_mut() else {
            *schema = self.sub(dice, depth);
            return;
        };
        let mut below: Vec<&mut Value> = Vec::new();
        for (key, value) in members.iter_mut() {
            match key.as_str() {
                "properties" | "patternProperties" | "definitions" => {
                    below.extend(value.as_object_mut().into_iter().flat_map(|members| members.values_mut()));
                }
                "anyOf" | "oneOf" | "allOf" | "prefixItems" => {
                    below.extend(value.as_array_mut().into_iter().flatten());
                }
                "items"
                | "additionalProperties"
                | "additionalItems"
                | "contains"
                | "not"
                | "if"
                | "then"
                | "else" => {
                    below.push(value);
                }
                _ => {}
            }
        }
        if !below.is_empty() && !dice.one_in(3) {
            let index = dice.below(below.len());
            return self.change(dice, below[index], depth.saturating_sub(1));
        }
        let keys: Vec<String> =
            members.keys().filter(|key| !key.starts_with('$') && *key != "definitions").cloned().collect();
        match dice.below(4) {
            0 if !keys.is_empty() => {
                members.remove(&keys[dice.below(keys.len())]);
            }
            1 => {
                for key in ["anyOf", "oneOf"] {
                    if let Some(list) = members.get_mut(key).and_then(Value::as_array_mut) {
                        list.push(self.sub(dice, depth.saturating_sub(1)));
                        return;
                    }
                }
                self.keyword(dice, depth, members, 11);
            }
            _ => {
                let keyword = dice.below(31);
                self.keyword(dice, depth, members, keyword);
            }
        }
    }
}
