//! What Kafka Connect's Protobuf converter makes of a document that its JSON converter has written: the slow and obvious second way, by
//! the documentation of both, for tests.

use serde_json::{Value as Json, json};

use crate::avro_form::{base64, is_name, real};

/// `optional.for.nullables`, and neither that nor wrappers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nullables {
    Optional,
    Wrapped,
    Lost,
}

/// The text of a file whose first message is this struct; `None` for what Protobuf has no name or no type for.
pub(crate) fn file(connect: &Json, nullables: Nullables) -> Option<String> {
    let name = connect["name"].as_str().unwrap_or("ConnectDefault1");
    let (package, own) = name.rsplit_once('.').unwrap_or(("", name));
    let package = if package.is_empty() { String::new() } else { format!("package {package};\n") };
    let message = File { nullables, nameless: 1 }.message(own, connect)?;
    let imports = [
        "google/type/date.proto",
        "google/type/timeofday.proto",
        "google/protobuf/timestamp.proto",
        "google/protobuf/wrappers.proto",
        "confluent/type/decimal.proto",
        "confluent/meta.proto",
    ];
    let imports: String = imports.iter().map(|name| format!("import \"{name}\";\n")).collect();
    name.split('.').all(is_name).then(|| format!("syntax = \"proto3\";\n{package}\n{imports}\n{message}"))
}

/// Messages inside one: names, fields, texts.
type Inside = Vec<(String, Json, String)>;

struct File {
    nullables: Nullables,
    nameless: usize,
}

impl File {
    fn message(&mut self, name: &str, connect: &Json) -> Option<String> {
        let (mut text, mut inside) = (String::new(), Vec::new());
        for (place, field) in connect["fields"].as_array()?.iter().enumerate() {
            text += &self.field(field["field"].as_str()?, field, place + 1, &mut inside)?;
        }
        let inside: String = inside.into_iter().map(|(.., message)| message).collect();
        Some(format!("message {name} {{\n{text}{inside}}}\n"))
    }

    fn field(&mut self, name: &str, connect: &Json, number: usize, inside: &mut Inside) -> Option<String> {
        let label = match connect["type"].as_str()? {
            "array" | "map" => "repeated ",
            _ if self.nullables == Nullables::Optional && connect["optional"] == true => "optional ",
            _ => "",
        };
        let of = if connect["type"] == "array" { &connect["items"] } else { connect };
        // Kafka Connect's lists hold no lists in Protobuf.
        (of["type"] != "array").then_some(())?;
        let parameters = parameters(of);
        let kind = self.kind(name, of, inside)?;
        let meta = if parameters.is_empty() {
            String::new()
        } else {
            let pairs =
                parameters.iter().map(|(key, value)| format!("{{ value: \"{value}\", key: \"{key}\" }}"));
            let pairs: Vec<_> = pairs.collect();
            format!(" [(confluent.field_meta) = {{ params: [ {} ] }}]", pairs.join(", "))
        };
        is_name(name).then(|| format!("{label}{kind} {name} = {number}{meta};\n"))
    }

    fn kind(&mut self, field: &str, connect: &Json, inside: &mut Inside) -> Option<String> {
        if let Some(kind) = own(connect) {
            return Some(kind.to_owned());
        }
        let (plain, wrapper) = match connect["type"].as_str()? {
            "int8" | "int16" | "int32" => ("int32", "Int32Value"),
            "int64" => ("int64", "Int64Value"),
            "float" | "float32" => ("float", "FloatValue"),
            "double" | "float64" => ("double", "DoubleValue"),
            "boolean" => ("bool", "BoolValue"),
            "string" => ("string", "StringValue"),
            "bytes" => ("bytes", "BytesValue"),
            kind @ ("struct" | "map") => return self.inside(field, kind == "map", connect, inside),
            _ => return None,
        };
        let wrapped = self.nullables == Nullables::Wrapped && connect["optional"] == true;
        Some(if wrapped { format!("google.protobuf.{wrapper}") } else { plain.to_owned() })
    }

    /// A message that stands inside the one that has the field: a struct, or the entry of a map.
    fn inside(&mut self, field: &str, is_map: bool, connect: &Json, inside: &mut Inside) -> Option<String> {
        let mut name = match connect["name"].as_str() {
            Some(name) => name.rsplit('.').next()?.to_owned(),
            None => {
                self.nameless += 1;
                format!("ConnectDefault{}", self.nameless)
            }
        };
        if name == field {
            name += "Message";
        }
        let of = if is_map {
            name += "Entry";
            json!({"fields": [with(&connect["keys"], "key"), with(&connect["values"], "value")]})
        } else {
            connect.clone()
        };
        // The corpus has structs of one name that differ, which a connector has not.
        while inside.iter().any(|(known, fields, _)| *known == name && *fields != of["fields"]) {
            name += "_";
        }
        if !inside.iter().any(|(known, ..)| *known == name) {
            inside.push((name.clone(), of["fields"].clone(), self.message(&name, &of)?));
        }
        is_name(&name).then_some(name)
    }
}

fn with(connect: &Json, name: &str) -> Json {
    let mut field = connect.clone();
    field["field"] = json!(name);
    field
}

/// Connect's own types.
fn own(connect: &Json) -> Option<&'static str> {
    Some(match connect["name"].as_str()?.strip_prefix("org.apache.kafka.connect.data.")? {
        "Decimal" => "confluent.type.Decimal",
        "Date" => "google.type.Date",
        "Time" => "google.type.TimeOfDay",
        "Timestamp" => "google.protobuf.Timestamp",
        _ => return None,
    })
}

/// What is kept beside a field.
fn parameters(connect: &Json) -> Vec<(&'static str, String)> {
    match connect["type"].as_str() {
        Some(kind @ ("int8" | "int16")) => vec![("connect.type", kind.to_owned())],
        Some("bytes") if own(connect).is_some() => {
            vec![("scale", connect["parameters"]["scale"].as_str().unwrap_or("0").to_owned())]
        }
        _ => Vec::new(),
    }
}

/// Appends the message of a payload; `None` if it is not what its schema says.
pub(crate) fn message(connect: &Json, payload: &Json, nullables: Nullables, out: &mut Vec<u8>) -> Option<()> {
    let fields = connect["fields"].as_array()?;
    let known = |name: &String| fields.iter().any(|field| field["field"] == **name);
    payload.as_object()?.keys().all(known).then_some(())?;
    for (place, connect) in fields.iter().enumerate() {
        field(place + 1, connect, &payload[connect["field"].as_str()?], nullables, out)?;
    }
    Some(())
}

fn field(
    number: usize,
    connect: &Json,
    payload: &Json,
    nullables: Nullables,
    out: &mut Vec<u8>,
) -> Option<()> {
    if payload.is_null() {
        return (connect["optional"] == true).then_some(());
    }
    match connect["type"].as_str()? {
        "array" => {
            for item in payload.as_array()? {
                // Not packed: readers take both.
                one(number, &connect["items"], item, out, nullables, true)?;
            }
        }
        "map" => {
            let pairs: Vec<(Json, &Json)> = match payload {
                Json::Object(pairs) => pairs.iter().map(|(key, value)| (json!(key), value)).collect(),
                list => list.as_array()?.iter().map(|pair| (pair[0].clone(), &pair[1])).collect(),
            };
            for (key, value) in pairs {
                let mut entry = Vec::new();
                field(1, &connect["keys"], &key, nullables, &mut entry)?;
                field(2, &connect["values"], value, nullables, &mut entry)?;
                sized(number, &entry, out);
            }
        }
        _ => {
            let marked = nullables != Nullables::Lost && connect["optional"] == true;
            one(number, connect, payload, out, nullables, marked)?;
        }
    }
    Some(())
}

/// One value, which is not written if it is a zero and nothing marks it.
fn one(
    number: usize,
    connect: &Json,
    payload: &Json,
    out: &mut Vec<u8>,
    nullables: Nullables,
    marked: bool,
) -> Option<()> {
    let mut value = Vec::new();
    if let Some(kind) = own(connect) {
        return parts(kind, connect, payload, &mut value).map(|()| sized(number, &value, out));
    }
    if connect["type"] == "struct" {
        return message(connect, payload, nullables, &mut value).map(|()| sized(number, &value, out));
    }
    let wire = match connect["type"].as_str()? {
        "int8" | "int16" | "int32" | "int64" => (0, varint(payload.as_i64()?.cast_unsigned(), &mut value)).0,
        "float" | "float32" => (5, value.extend((real(payload)? as f32).to_le_bytes())).0,
        "double" | "float64" => (1, value.extend(real(payload)?.to_le_bytes())).0,
        "boolean" => (0, value.push(u8::from(payload.as_bool()?))).0,
        "string" => (2, value.extend(payload.as_str()?.bytes())).0,
        "bytes" => (2, value.extend(base64(payload.as_str()?)?)).0,
        _ => return None,
    };
    let zero = value.iter().all(|byte| *byte == 0) && (wire != 2 || value.is_empty());
    if nullables == Nullables::Wrapped && connect["optional"] == true {
        let mut wrapper = Vec::new();
        if !zero {
            put(1, wire, &value, &mut wrapper);
        }
        sized(number, &wrapper, out);
    } else if marked || !zero {
        put(number, wire, &value, out);
    }
    Some(())
}

/// The fields of Connect's own types.
fn parts(kind: &str, connect: &Json, payload: &Json, out: &mut Vec<u8>) -> Option<()> {
    let mut numbers = |numbers: &[i64]| {
        for (place, number) in numbers.iter().enumerate().filter(|(_, number)| **number != 0) {
            let mut value = Vec::new();
            varint(number.cast_unsigned(), &mut value);
            put(place + 1, 0, &value, out);
        }
    };
    match kind {
        "google.type.Date" => numbers(&date(payload.as_i64()?)),
        "google.type.TimeOfDay" => {
            let millis = payload.as_i64()?;
            let seconds = millis / 1_000;
            numbers(&[seconds / 3_600, seconds / 60 % 60, seconds % 60, millis % 1_000 * 1_000_000]);
        }
        "google.protobuf.Timestamp" => {
            let millis = payload.as_i64()?;
            numbers(&[millis.div_euclid(1_000), millis.rem_euclid(1_000) * 1_000_000]);
        }
        _ => {
            let unscaled = match payload {
                // The JSON converter writes decimals as numbers, if it is told to.
                Json::Number(number) => {
                    number.to_string().replace('.', "").parse::<i64>().ok()?.to_be_bytes().to_vec()
                }
                text => base64(text.as_str()?)?,
            };
            sized(1, &unscaled, out);
            let scale: i64 = connect["parameters"]["scale"].as_str()?.parse().ok()?;
            let mut value = Vec::new();
            varint(scale.cast_unsigned(), &mut value);
            put(3, 0, &value, out);
        }
    }
    Some(())
}

/// Year, month and day, one day after the other.
fn date(days: i64) -> [i64; 3] {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, days);
    while left < 0 {
        year -= 1;
        left += if leap(year) { 366 } else { 365 };
    }
    while left >= if leap(year) { 366 } else { 365 } {
        left -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    [year, month, left + 1]
}

pub(crate) fn put(number: usize, wire: u64, value: &[u8], out: &mut Vec<u8>) {
    varint((number as u64) << 3 | wire, out);
    if wire == 2 {
        varint(value.len() as u64, out);
    }
    out.extend(value);
}

fn sized(number: usize, value: &[u8], out: &mut Vec<u8>) {
    put(number, 2, value, out);
}

fn varint(mut rest: u64, out: &mut Vec<u8>) {
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// The schema without the names that Protobuf does not keep.
pub(crate) fn without_names(mut connect: Json, is_root: bool) -> Json {
    let kept = match connect["name"].as_str() {
        Some(name) if connect["type"] == "struct" => {
            is_root || name.ends_with(".VariableScaleDecimal") || name.contains(".Structured")
        }
        _ => own(&connect).is_some(),
    };
    if let (Some(pairs), false) = (connect.as_object_mut(), kept) {
        pairs.remove("name");
    }
    for part in ["items", "keys", "values"] {
        if connect[part].is_object() {
            connect[part] = without_names(connect[part].take(), false);
        }
    }
    for field in connect["fields"].as_array_mut().into_iter().flatten() {
        *field = without_names(field.take(), false);
    }
    connect
}

/// The payload as it comes out again: all fields, in their order, and nothing for what has no elements.
pub(crate) fn payload(connect: &Json, payload: &Json) -> String {
    match (connect["type"].as_str(), payload) {
        (Some("struct"), Json::Object(pairs)) => {
            let fields = connect["fields"].as_array().into_iter().flatten().map(|field| {
                let value = pairs.get(field["field"].as_str().unwrap()).unwrap_or(&Json::Null);
                format!("{}:{}", field["field"], self::payload(field, value))
            });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        (Some("array"), Json::Array(items)) if items.is_empty() => "null".to_owned(),
        (Some("map"), value) if *value == json!([]) || *value == json!({}) => "null".to_owned(),
        (Some("array"), Json::Array(items)) => {
            let items = items.iter().map(|item| self::payload(&connect["items"], item));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        (_, value) => value.to_string(),
    }
}
