//! What Kafka Connect's Avro converter makes of a document that its JSON converter has written: the slow and obvious second way,
//! by the documentation of both, for tests.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

/// The Avro schema of a Connect schema; `None` if it has names that Avro does not.
pub(crate) fn schema(connect: &Json) -> Option<Json> {
    Names::default().schema(connect)
}

#[derive(Default)]
struct Names {
    defined: BTreeMap<String, Json>,
    nameless: usize,
}

impl Names {
    fn schema(&mut self, connect: &Json) -> Option<Json> {
        let mut avro = self.required(connect)?;
        let has_more = ["name", "version", "parameters", "default"].iter().any(|key| !connect[key].is_null());
        let named = avro["type"] == "record" || avro.is_string() && self.defined.contains_key(avro.as_str()?);
        if has_more && !named {
            if avro.is_string() {
                avro = json!({ "type": avro });
            }
            let object = avro.as_object_mut()?;
            for key in ["name", "version", "parameters", "default"] {
                if let Some(value) = connect.get(key) {
                    object.insert(format!("connect.{key}"), value.clone());
                }
            }
            logical(connect, object);
        }
        Some(if connect["optional"] == true { json!(["null", avro]) } else { avro })
    }

    fn required(&mut self, connect: &Json) -> Option<Json> {
        Some(match connect["type"].as_str()? {
            kind @ ("int8" | "int16") => json!({"type": "int", "connect.type": kind}),
            "int32" => json!("int"),
            "int64" => json!("long"),
            "float" | "float32" => json!("float"),
            "double" | "float64" => json!("double"),
            kind @ ("boolean" | "string" | "bytes") => json!(kind),
            "array" => json!({"type": "array", "items": self.schema(&connect["items"])?}),
            "map" if is_text(&connect["keys"]) => {
                json!({"type": "map", "values": self.schema(&connect["values"])?})
            }
            "map" => {
                self.nameless += 1;
                let fields = [("key", &connect["keys"]), ("value", &connect["values"])]
                    .map(|(name, of)| Some(json!({"name": name, "type": self.schema(of)?})));
                let fields = fields.into_iter().collect::<Option<Vec<_>>>()?;
                let name = format!("MapEntry{}", self.nameless);
                json!({"type": "array", "items": {"type": "record", "namespace": "io.confluent.connect.avro", "name": name,
                    "connect.internal.type": "MapEntry", "fields": fields}})
            }
            "struct" => self.record(connect)?,
            _ => return None,
        })
    }

    fn record(&mut self, connect: &Json) -> Option<Json> {
        let body = json!([connect["fields"], connect["name"]]);
        let mut name =
            connect["name"].as_str().unwrap_or("io.confluent.connect.avro.ConnectDefault").to_owned();
        // Connect's name may be that of several structs, Avro's may not.
        while self.defined.get(&name).is_some_and(|known| *known != body) {
            name.push('_');
        }
        if self.defined.insert(name.clone(), body).is_some() {
            return Some(json!(name));
        }
        let mut fields = Vec::new();
        for field in connect["fields"].as_array()? {
            let (own, of) = (field["field"].as_str()?, self.schema(field)?);
            is_name(own).then_some(())?;
            let mut avro = json!({"name": own, "type": of});
            if field["optional"] == true {
                avro["default"] = Json::Null;
            }
            fields.push(avro);
        }
        let mut avro = json!({"type": "record", "name": name, "fields": fields});
        for key in ["name", "version"] {
            if let Some(value) = connect.get(key) {
                avro[format!("connect.{key}")] = value.clone();
            }
        }
        name.split('.').all(is_name).then_some(avro)
    }
}

/// What Connect's own names say to Avro.
fn logical(connect: &Json, object: &mut Map<String, Json>) {
    let name = connect["name"].as_str().and_then(|name| name.strip_prefix("org.apache.kafka.connect.data."));
    let word = match name {
        Some("Decimal") => "decimal",
        Some("Date") => "date",
        Some("Time") => "time-millis",
        Some("Timestamp") => "timestamp-millis",
        _ => return,
    };
    object.insert("logicalType".to_owned(), json!(word));
    if word == "decimal" {
        let scale: i64 = connect["parameters"]["scale"].as_str().unwrap().parse().unwrap();
        object.insert("scale".to_owned(), json!(scale));
        object.insert("precision".to_owned(), json!(64));
    }
}

fn is_text(keys: &Json) -> bool {
    keys["type"] == "string" && keys["optional"] != true
}

pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Appends the datum of a payload; `None` if it is not what its schema says.
pub(crate) fn datum(connect: &Json, payload: &Json, out: &mut Vec<u8>) -> Option<()> {
    if connect["optional"] == true {
        long(i64::from(!payload.is_null()), out);
        if payload.is_null() {
            return Some(());
        }
    }
    match connect["type"].as_str()? {
        "int8" | "int16" | "int32" | "int64" => long(payload.as_i64()?, out),
        "float" | "float32" => out.extend((real(payload)? as f32).to_le_bytes()),
        "double" | "float64" => out.extend(real(payload)?.to_le_bytes()),
        "boolean" => out.push(u8::from(payload.as_bool()?)),
        "string" => sized(payload.as_str()?.as_bytes(), out),
        // The JSON converter writes decimals as numbers, if it is told to.
        "bytes" if payload.is_number() => {
            let unscaled: i64 = payload.to_string().replace('.', "").parse().ok()?;
            sized(&unscaled.to_be_bytes(), out);
        }
        "bytes" => sized(&base64(payload.as_str()?)?, out),
        "array" => {
            let items = payload.as_array()?;
            for item in blocks(items, out) {
                datum(&connect["items"], item, out)?;
            }
            long(0, out);
        }
        "map" => {
            let pairs: Vec<(Json, &Json)> = match payload {
                Json::Object(pairs) => pairs.iter().map(|(key, value)| (json!(key), value)).collect(),
                list => list.as_array()?.iter().map(|pair| (pair[0].clone(), &pair[1])).collect(),
            };
            for (key, value) in blocks(&pairs, out) {
                datum(&connect["keys"], key, out)?;
                datum(&connect["values"], value, out)?;
            }
            long(0, out);
        }
        "struct" => {
            let fields = connect["fields"].as_array()?;
            let known = |name: &String| fields.iter().any(|field| field["field"] == **name);
            payload.as_object()?.keys().all(known).then_some(())?;
            for field in fields {
                datum(field, &payload[field["field"].as_str()?], out)?;
            }
        }
        _ => return None,
    }
    Some(())
}

/// One block of all that there are.
fn blocks<'i, T>(items: &'i [T], out: &mut Vec<u8>) -> std::slice::Iter<'i, T> {
    if !items.is_empty() {
        long(items.len().try_into().unwrap(), out);
    }
    items.iter()
}

fn long(value: i64, out: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    long(bytes.len().try_into().unwrap(), out);
    out.extend(bytes);
}

pub(crate) fn real(payload: &Json) -> Option<f64> {
    match payload.as_str() {
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => payload.as_f64(),
    }
}

pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.trim_end_matches('=').bytes().map(|byte| alphabet.iter().position(|one| *one == byte));
    let bits: Vec<bool> = digits
        .collect::<Option<Vec<_>>>()?
        .iter()
        .flat_map(|digit| (0..6).rev().map(move |n| digit >> n & 1 == 1))
        .collect();
    Some(bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect())
}

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<bool> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |n| byte >> n & 1 == 1)).collect();
    let digit =
        |bits: &[bool]| bits.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit)) << (6 - bits.len());
    let text: String = bits.chunks(6).map(|bits| char::from(alphabet[digit(bits)])).collect();
    text + ["", "==", "="][bytes.len() % 3]
}

/// The document with a schema that says all of its payload.
pub(crate) fn completed(mut document: Json) -> Json {
    let payload = document["payload"].clone();
    if let Some(schema @ Json::Object(_)) = document.get_mut("schema") {
        complete(schema, &payload);
    }
    document
}

pub(crate) fn complete(schema: &mut Json, payload: &Json) {
    let fields = schema.get_mut("fields").and_then(Json::as_array_mut);
    let (Json::Object(pairs), Some(fields)) = (payload, fields) else { return };
    for (name, value) in pairs {
        match fields.iter_mut().find(|field| field["field"] == **name) {
            Some(field) => complete(field, value),
            None => fields.push(field((name, value))),
        }
    }
}

/// The Connect schema that a connector without one would have had for such a payload.
pub(crate) fn infer(payload: &Json) -> Json {
    let of = |kind: &str| json!({"type": kind, "optional": true});
    match payload {
        Json::Null | Json::String(_) => of("string"),
        Json::Bool(_) => of("boolean"),
        Json::Number(number) if number.is_i64() => of("int64"),
        Json::Number(_) => of("double"),
        Json::Array(items) => {
            json!({"type": "array", "optional": true, "items": items.iter().map(infer).reduce(merge).unwrap_or_else(|| of("string"))})
        }
        Json::Object(pairs) => {
            json!({"type": "struct", "optional": true, "fields": pairs.iter().map(field).collect::<Vec<_>>()})
        }
    }
}

fn field((name, value): (&String, &Json)) -> Json {
    let mut field = infer(value);
    field["field"] = json!(name);
    field
}

/// The fields of both.
fn merge(mut one: Json, other: Json) -> Json {
    for field in other["fields"].as_array().into_iter().flatten() {
        let fields = one["fields"].as_array_mut().unwrap();
        if !fields.iter().any(|own| own["field"] == field["field"]) {
            fields.push(field.clone());
        }
    }
    one
}
