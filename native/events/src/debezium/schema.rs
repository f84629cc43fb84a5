//! The `schema` part of a document, as Kafka Connect's JSON converter writes it, made into a plan.

use super::binary::Encoding;
use super::meaning::{Meaning, Row};
use crate::Text;
use crate::json::{Cursor, Fault, Kind, Problem};

/// Schemas inside each other. Reading values recurses as deep as this, and schemas are no document's own data.
pub(super) const DEEPEST: usize = 48;

/// What a schema says of the `payload` beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// The name of the outermost schema: `server.inventory.orders.Envelope`.
    pub(super) name: Box<str>,
    /// What the payload means.
    pub(super) root: Meaning,
}

/// The parts of one schema, in whatever order they come.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) kind: Option<Type>,
    pub(super) name: Box<str>,
    pub(super) field: Box<str>,
    pub(super) scale: Option<i32>,
    pub(super) fields: Vec<(Box<str>, Meaning)>,
    pub(super) items: Option<Meaning>,
    pub(super) keys: Option<Meaning>,
    pub(super) values: Option<Meaning>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Boolean,
    Whole,
    Real,
    Text,
    Bytes,
    List,
    Map,
    Row,
}

/// Reads the schema that stands here. `None` for `null`, or anything else that is no map.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Plan>, Fault> {
    if cursor.kind() != Kind::Map {
        cursor.skip(0)?;
        return Ok(None);
    }
    let (name, _, root) = schema(cursor, 0)?;
    Ok(Some(Plan { name, root }))
}

/// Name, field and meaning of one schema, inside so many others.
fn schema(cursor: &mut Cursor<'_>, inside: usize) -> Result<(Box<str>, Box<str>, Meaning), Fault> {
    let wrong = |cursor: &Cursor<'_>, text| Err(cursor.fault(Problem::Type(text)));
    if cursor.kind() != Kind::Map {
        return wrong(cursor, "a schema of Kafka Connect has to stand here");
    }
    if inside >= DEEPEST {
        return wrong(cursor, "schemas are not this deep");
    }
    let begin = cursor.at();
    let mut parts = Parts::default();
    let mut more = cursor.enter(0)?;
    while more {
        let part = Part::of(cursor.key()?.bytes);
        match (part, cursor.kind()) {
            (Part::Type, Kind::Text) => parts.kind = Type::of(cursor.text()?.bytes),
            (Part::Name, Kind::Text) => parts.name = owned(cursor.text()?),
            (Part::Field, Kind::Text) => parts.field = owned(cursor.text()?),
            (Part::Fields, Kind::List) => {
                let mut another = cursor.enter(0)?;
                while another {
                    let (_, field, meaning) = schema(cursor, inside + 1)?;
                    parts.fields.push((field, meaning));
                    another = cursor.next_element()?;
                }
            }
            (Part::Items, Kind::Map) => parts.items = Some(schema(cursor, inside + 1)?.2),
            (Part::Keys, Kind::Map) => parts.keys = Some(schema(cursor, inside + 1)?.2),
            (Part::Values, Kind::Map) => parts.values = Some(schema(cursor, inside + 1)?.2),
            (Part::Parameters, Kind::Map) => parts.scale = scale(cursor)?,
            _ => cursor.skip(0)?,
        }
        more = cursor.next_pair()?;
    }
    match parts.meaning() {
        Ok((name, field, meaning)) => Ok((name, field, meaning)),
        Err(text) => {
            cursor.back(begin);
            wrong(cursor, text)
        }
    }
}

/// The scale among the parameters, which are text.
fn scale(cursor: &mut Cursor<'_>) -> Result<Option<i32>, Fault> {
    let mut scale = None;
    let mut more = cursor.enter(0)?;
    while more {
        let wanted = cursor.key()?.bytes == b"scale";
        if wanted && cursor.kind() == Kind::Text {
            scale = std::str::from_utf8(cursor.text()?.bytes).ok().and_then(|text| text.parse().ok());
        } else {
            cursor.skip(0)?;
        }
        more = cursor.next_pair()?;
    }
    Ok(scale)
}

fn owned(text: Text<'_>) -> Box<str> {
    String::from_utf8_lossy(text.bytes).into()
}

enum Part {
    Type,
    Name,
    Field,
    Fields,
    Items,
    Keys,
    Values,
    Parameters,
    Other,
}

impl Part {
    fn of(key: &[u8]) -> Self {
        match key {
            b"type" => Self::Type,
            b"name" => Self::Name,
            b"field" => Self::Field,
            b"fields" => Self::Fields,
            b"items" => Self::Items,
            b"keys" => Self::Keys,
            b"values" => Self::Values,
            b"parameters" => Self::Parameters,
            _ => Self::Other,
        }
    }
}

impl Type {
    fn of(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"boolean" => Self::Boolean,
            b"int8" | b"int16" | b"int32" | b"int64" => Self::Whole,
            b"float" | b"double" | b"float32" | b"float64" => Self::Real,
            b"string" => Self::Text,
            b"bytes" => Self::Bytes,
            b"array" => Self::List,
            b"map" => Self::Map,
            b"struct" => Self::Row,
            _ => return None,
        })
    }
}

impl Parts {
    /// Name, field and meaning.
    pub(super) fn meaning(self) -> Result<(Box<str>, Box<str>, Meaning), &'static str> {
        let Self { kind, name, field, scale, fields, items, keys, values } = self;
        let kind = kind.ok_or("this schema has no type that Kafka Connect knows")?;
        if &*name == "org.apache.kafka.connect.data.Decimal" && scale.is_none() {
            return Err("this decimal has no scale");
        }
        let meaning = Meaning::of_name(&name, scale).filter(|meaning| fits(kind, meaning));
        let meaning = match (meaning, kind) {
            (Some(meaning), _) => meaning,
            (None, Type::Boolean) => Meaning::Boolean,
            (None, Type::Whole) => Meaning::Whole,
            (None, Type::Real) => Meaning::Real,
            (None, Type::Text) => Meaning::Text,
            (None, Type::Bytes) => Meaning::Bytes(Encoding::Base64),
            (None, Type::List) => Meaning::List(Box::new(items.ok_or("this array has no items")?)),
            (None, Type::Map) => {
                let values = values.ok_or("this map has no values")?;
                match keys.ok_or("this map has no keys")? {
                    Meaning::Text => Meaning::Map(Box::new(values)),
                    keys => Meaning::Pairs(Box::new((keys, values))),
                }
            }
            (None, Type::Row) => Meaning::Row(Box::new(Row::new(fields))),
        };
        Ok((name, field, meaning))
    }
}

/// Whether a name can mean this with such a type. One that cannot is a name that somebody else gave.
fn fits(kind: Type, meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Date | Meaning::Time(_) | Meaning::Naive(_) | Meaning::Instant(_) | Meaning::Span(_) => {
            kind == Type::Whole
        }
        Meaning::Decimal(_) | Meaning::Bits => kind == Type::Bytes,
        Meaning::VariableDecimal | Meaning::Structured(_) => kind == Type::Row,
        _ => kind == Type::Text,
    }
}
