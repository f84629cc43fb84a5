//! Schemas by chance, readers that differ a little from them, and data that has everything a writer can write.

use std::collections::HashMap;

use outrigger_events::avro::{Kind, Schema, TypeId};
use serde_json::{Value as Json, json};

/// Numbers by chance: SplitMix64.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

fn logical(chance: &mut Chance) -> Json {
    let (of, logical) = *chance.of(&[
        ("int", "date"),
        ("int", "time-millis"),
        ("long", "time-micros"),
        ("long", "timestamp-millis"),
        ("long", "timestamp-nanos"),
        ("long", "local-timestamp-micros"),
        ("bytes", "big-decimal"),
        ("bytes", "decimal"),
        ("string", "uuid"),
    ]);
    json!({"type": of, "logicalType": logical, "precision": 9, "scale": chance.below(4)})
}

/// A writer's schema.
pub(crate) struct Writer<'c> {
    chance: &'c mut Chance,
    /// Types that may be named; those that are still open only where recursion can end.
    done: Vec<String>,
    open: Vec<String>,
    names: usize,
}

pub(crate) fn writer(chance: &mut Chance) -> Json {
    let mut writer = Writer { chance, done: vec![], open: vec![], names: 0 };
    if writer.chance.one_in(3) { writer.any(4, false) } else { writer.record(4) }
}

impl Writer<'_> {
    fn name(&mut self) -> String {
        self.names += 1;
        let space = if self.chance.one_in(3) { "a.b." } else { "" };
        format!("{space}N{}", self.names)
    }

    fn any(&mut self, depth: usize, may_recur: bool) -> Json {
        if may_recur && !self.open.is_empty() && self.chance.one_in(4) {
            return self.chance.of(&self.open).clone().into();
        }
        if !self.done.is_empty() && self.chance.one_in(8) {
            return self.chance.of(&self.done).clone().into();
        }
        match self.chance.below(if depth == 0 { 6 } else { 14 }) {
            0..=3 => (*self.chance.of(&PRIMITIVES)).into(),
            4 => logical(self.chance),
            5 => self.enumeration(),
            6 => {
                let (name, size) = (self.name(), *self.chance.of(&[0, 1, 12, 16]));
                self.done.push(name.clone());
                let logical = *self.chance.of(&["duration", "uuid", "none"]);
                json!({"type": "fixed", "name": name, "size": size, "logicalType": logical})
            }
            7 => json!({"type": "array", "items": self.any(depth - 1, true)}),
            8 => json!({"type": "map", "values": self.any(depth - 1, true)}),
            9..=11 => self.record(depth - 1),
            _ => self.union(depth - 1),
        }
    }

    fn enumeration(&mut self) -> Json {
        let name = self.name();
        self.done.push(name.clone());
        let symbols: Vec<_> = ["A", "B", "C", "D"][..1 + self.chance.below(4)].to_vec();
        json!({"type": "enum", "name": name, "symbols": symbols})
    }

    fn record(&mut self, depth: usize) -> Json {
        let name = self.name();
        self.open.push(name.clone());
        let fields: Vec<_> = (0..self.chance.below(5))
            .map(|n| json!({"name": format!("f{n}"), "type": self.any(depth, false)}))
            .collect();
        self.open.pop();
        self.done.push(name.clone());
        json!({"type": "record", "name": name, "fields": fields})
    }

    fn union(&mut self, depth: usize) -> Json {
        // Something that ends every recursion stands in it.
        let mut branches = vec![json!(self.chance.of(&PRIMITIVES))];
        for _ in 0..self.chance.below(4) {
            let branch = self.any(depth, true);
            if !branch.is_array() {
                branches.push(branch);
            }
        }
        let mut kinds = Vec::new();
        branches.retain(|branch| {
            let kind = kind_of(branch);
            let new = !kinds.contains(&kind);
            kinds.push(kind);
            new
        });
        Json::Array(branches)
    }
}

/// What may stand in a union once.
fn kind_of(branch: &Json) -> String {
    let word = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    match branch {
        Json::Object(object) => word(object.get("name").unwrap_or(&object["type"])),
        other => word(other),
    }
}

/// A default that fits most types of these schemas.
fn default(of: &Json, chance: &mut Chance) -> Option<Json> {
    let first = of.get(0);
    let word = first.unwrap_or(of);
    let word = word.as_str().or_else(|| word.get("type").and_then(Json::as_str))?;
    Some(match word {
        "null" => Json::Null,
        "boolean" => json!(chance.one_in(2)),
        "int" | "long" => json!(chance.below(100)),
        "float" | "double" => json!(0.5),
        "bytes" | "string" => json!("\u{2}A\u{2}"),
        "array" => json!([]),
        "map" => json!({}),
        "enum" => json!("A"),
        "record" => json!({}),
        _ => return None,
    })
}

/// A reader's schema: the writer's with a few changes, some of which are none of the things that may be changed.
pub(crate) fn reader(writer: &Json, chance: &mut Chance) -> Json {
    let rate = *chance.of(&[2, 4, 8, 16]);
    changed(writer, rate, chance)
}

fn changed(of: &Json, rate: usize, chance: &mut Chance) -> Json {
    let change = chance.one_in(rate);
    match of {
        Json::String(word) if change && PRIMITIVES.contains(&word.as_str()) => match chance.below(4) {
            0 => json!(["null", word]),
            1 => logical(chance),
            _ => wider(word, chance).into(),
        },
        Json::String(_) => of.clone(),
        Json::Array(branches) => union(branches, change, rate, chance),
        Json::Object(object) => {
            let mut object = object.clone();
            match object["type"].as_str().unwrap_or_default() {
                "array" => object["items"] = changed(&object["items"], rate, chance),
                "map" => object["values"] = changed(&object["values"], rate, chance),
                "record" => {
                    rename(&mut object, rate, chance);
                    let fields = object["fields"].as_array().cloned().unwrap_or_default();
                    object["fields"] = fields_of(fields, change, rate, chance);
                }
                "enum" => {
                    rename(&mut object, rate, chance);
                    let mut symbols = object["symbols"].as_array().cloned().unwrap_or_default();
                    if change {
                        match chance.below(3) {
                            0 if symbols.len() > 1 => drop(symbols.remove(chance.below(symbols.len()))),
                            1 => symbols.insert(0, json!("X")),
                            _ => symbols.reverse(),
                        }
                    }
                    if chance.one_in(4) {
                        object.insert("default".into(), symbols[0].clone());
                    }
                    object["symbols"] = symbols.into();
                }
                "fixed" => {
                    rename(&mut object, rate, chance);
                    if change {
                        object["size"] = json!(chance.of(&[1, 12, 16]));
                    }
                }
                _ if change => return changed(&object["type"], 1, chance),
                _ => {}
            }
            if change && chance.one_in(4) {
                return json!(["null", object]);
            }
            Json::Object(object)
        }
        other => other.clone(),
    }
}

fn wider(word: &str, chance: &mut Chance) -> &'static str {
    match (word, chance.below(3)) {
        ("int", 0) => "long",
        ("int", 1) => "float",
        ("long", 0) => "double",
        ("float", 0) => "double",
        ("string", 0) => "bytes",
        ("bytes", 0) => "string",
        _ => PRIMITIVES[chance.below(8)],
    }
}

fn union(branches: &[Json], change: bool, rate: usize, chance: &mut Chance) -> Json {
    let mut branches: Vec<_> = branches.iter().map(|branch| changed(branch, rate, chance)).collect();
    branches.retain(|branch| !branch.is_array());
    if change {
        match chance.below(4) {
            0 if branches.len() > 1 => drop(branches.remove(chance.below(branches.len()))),
            1 => branches.push(json!(chance.of(&PRIMITIVES))),
            2 if !branches.is_empty() => return branches.swap_remove(chance.below(branches.len())),
            _ => branches.reverse(),
        }
    }
    Json::Array(branches)
}

fn rename(object: &mut serde_json::Map<String, Json>, rate: usize, chance: &mut Chance) {
    if !chance.one_in(rate * 2) {
        return;
    }
    let old = object["name"].as_str().unwrap_or_default().to_owned();
    let new = match chance.below(3) {
        0 => format!("other.{}", old.rsplit('.').next().unwrap_or_default()),
        _ => format!("{old}x"),
    };
    // References to the old name are now wrong, so it is rare that one of many uses gets through.
    object["name"] = new.into();
    if chance.one_in(2) {
        object.insert("namespace".into(), "".into());
        object.insert("aliases".into(), json!([old]));
    }
}

fn fields_of(fields: Vec<Json>, change: bool, rate: usize, chance: &mut Chance) -> Json {
    let mut kept: Vec<Json> = Vec::new();
    for mut field in fields {
        field["type"] = changed(&field["type"], rate, chance);
        if chance.one_in(3)
            && let Some(default) = default(&field["type"], chance)
        {
            field["default"] = default;
        }
        if chance.one_in(rate) {
            match chance.below(3) {
                0 => continue,
                1 => {
                    field["aliases"] = json!([field["name"]]);
                    field["name"] = format!("{}_new", field["name"].as_str().unwrap_or_default()).into();
                }
                _ => field["name"] = format!("{}_lost", field["name"].as_str().unwrap_or_default()).into(),
            }
        }
        kept.push(field);
    }
    if change {
        let mut field = json!({"name": "added", "type": chance.of(&PRIMITIVES)});
        if !chance.one_in(3) {
            field["default"] = default(&field["type"], chance).unwrap_or(Json::Null);
        }
        if chance.one_in(8) {
            field["default"] = json!({"no": "default"});
        }
        kept.insert(chance.below(kept.len() + 1), field);
    }
    if chance.one_in(rate) {
        kept.reverse();
    }
    kept.into()
}

/// Bytes of data of a type in which every branch of every union and every symbol occurs, recursion to a depth.
///
/// Written here and not by the encoder: nothing is chosen for us. Numbers, text and bytes are such that every logical type
/// can be read from them, and text from bytes.
pub(crate) fn data(schema: &Schema, chance: &mut Chance) -> Vec<Vec<u8>> {
    Data { schema, chance, inside: HashMap::new() }.of(schema.root_id())
}

struct Data<'a> {
    schema: &'a Schema,
    chance: &'a mut Chance,
    inside: HashMap<TypeId, usize>,
}

impl Data<'_> {
    fn of(&mut self, id: TypeId) -> Vec<Vec<u8>> {
        let schema = self.schema;
        match &schema.node(id).kind {
            Kind::Null => vec![vec![]],
            Kind::Boolean => vec![vec![0], vec![1]],
            Kind::Int => [0, 1, 64, 86_399_999].map(long).to_vec(),
            Kind::Long => [0, 1, 64, 86_399_999_999].map(long).to_vec(),
            Kind::Float => vec![1.5_f32.to_le_bytes().to_vec()],
            Kind::Double => vec![(-0.1_f64).to_le_bytes().to_vec()],
            Kind::Bytes | Kind::String => vec![vec![6, 2, b'A', 2], vec![8, 4, b'A', b'B', 1]],
            Kind::Fixed(fixed) => vec![vec![b'A'; fixed.size]],
            Kind::Enum(symbols) => (0..symbols.symbols.len()).map(|place| long(place as i64)).collect(),
            Kind::Union(branches) => {
                let mut all = Vec::new();
                for (place, branch) in branches.iter().enumerate() {
                    all.extend(
                        self.of(*branch).into_iter().map(|datum| [long(place as i64), datum].concat()),
                    );
                }
                all
            }
            Kind::Array(of) => self.blocks(*of, false),
            Kind::Map(of) => self.blocks(*of, true),
            Kind::Record(record) => {
                let depth = self.inside.entry(id).or_default();
                if *depth == 3 {
                    return vec![];
                }
                *depth += 1;
                let fields: Vec<_> = record.fields.iter().map(|field| self.of(field.of)).collect();
                *self.inside.entry(id).or_default() -= 1;
                if fields.iter().any(Vec::is_empty) {
                    return vec![];
                }
                let most = fields.iter().map(Vec::len).max().unwrap_or(1);
                (0..most)
                    .map(|n| fields.iter().flat_map(|field| field[n % field.len()].clone()).collect())
                    .collect()
            }
        }
    }

    fn blocks(&mut self, of: TypeId, keys: bool) -> Vec<Vec<u8>> {
        let items = self.of(of);
        let key =
            |n: usize| if keys { vec![4, b'a' + (n / 26 % 26) as u8, b'a' + (n % 26) as u8] } else { vec![] };
        let items: Vec<_> =
            items.iter().take(600).enumerate().map(|(n, item)| [key(n), item.clone()].concat()).collect();
        let mut all = Vec::new();
        for block in items.chunks(1 + self.chance.below(4)) {
            let (count, bytes) = (block.len() as i64, block.concat());
            match self.chance.one_in(2) {
                true => all.extend([long(count), bytes]),
                false => all.extend([long(-count), long(bytes.len() as i64), bytes]),
            }
        }
        all.push(vec![0]);
        vec![all.concat(), vec![0]]
    }
}

pub(crate) fn long(value: i64) -> Vec<u8> {
    let (mut rest, mut out) = (((value << 1) ^ (value >> 63)) as u64, Vec::new());
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}
