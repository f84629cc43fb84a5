//! Avro: what a schema says to Kafka Connect.

use super::MOST;
use super::reading::{Decoding, Reading};
use crate::Error;
use crate::avro::{Kind, Logical, Node, Plan as Decode, Record, Schema, TypeId, Unit as Fraction};
use crate::debezium::meaning::Meaning;
use crate::debezium::schema::{DEEPEST, Parts, Plan, Type};
use crate::project::Unit;

/// Reads data of this schema.
pub(super) fn reading(schema: &Schema) -> Result<Reading, Error> {
    let mut connect = Connect { schema, left: MOST, path: Vec::new() };
    let (name, root) = connect.named(schema.root_id())?;
    // Meanings are the plan's business: bytes stay bytes here, and days a whole number.
    let decoding = Decoding::Avro(Decode::new(&schema.bare(), None)?);
    Ok(Reading::new(decoding, Plan { name, root }, MOST - connect.left))
}

/// One walk through a schema.
struct Connect<'s> {
    schema: &'s Schema,
    left: usize,
    path: Vec<&'s str>,
}

impl<'s> Connect<'s> {
    fn path(&self) -> String {
        self.path.iter().fold("$".to_owned(), |path, step| path + step)
    }

    fn unsupported(&self, what: &str) -> Error {
        Error::Unsupported {
            what: format!("a schema with {what} at {}", self.path()),
            remedy: "Kafka Connect's converter writes none for Debezium: decode such data as plain Avro",
        }
    }

    fn under<T>(
        &mut self,
        steps: [&'s str; 2],
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.path.extend(steps);
        let done = work(self)?;
        self.path.truncate(self.path.len() - 2);
        Ok(done)
    }

    fn meaning(&mut self, id: TypeId) -> Result<Meaning, Error> {
        self.named(id).map(|(_, meaning)| meaning)
    }

    /// Name and meaning of a type.
    fn named(&mut self, id: TypeId) -> Result<(Box<str>, Meaning), Error> {
        let schema = self.schema;
        let node = schema.node(id);
        self.left = self.left.checked_sub(1).ok_or_else(|| self.unsupported("more than 65,536 types"))?;
        if self.path.len() > 2 * DEEPEST {
            return Err(self.unsupported("types that hold themselves, or are as deep as that,"));
        }
        let mut parts = Parts { name: name(node), ..Parts::default() };
        parts.kind = Some(match &node.kind {
            // Nothing but `null` can come, and that has no type.
            Kind::Null => return Ok((parts.name, Meaning::Raw)),
            Kind::Union(branches) => {
                let is_null = |id: &&TypeId| matches!(schema.node(**id).kind, Kind::Null);
                return match branches.iter().filter(|id| !is_null(id)).collect::<Vec<_>>().as_slice() {
                    [] => Ok((parts.name, Meaning::Raw)),
                    [one] => self.named(**one),
                    _ => Err(self.unsupported("a union of several types")),
                };
            }
            Kind::Boolean => Type::Boolean,
            Kind::Int | Kind::Long => Type::Whole,
            Kind::Float | Kind::Double => Type::Real,
            Kind::String | Kind::Enum(_) => Type::Text,
            Kind::Bytes | Kind::Fixed(_) => Type::Bytes,
            Kind::Map(values) => {
                parts.keys = Some(Meaning::Text);
                parts.values = Some(self.under(["", "{}"], |connect| connect.meaning(*values))?);
                Type::Map
            }
            Kind::Array(items) => match entry(schema.node(*items)) {
                Some([key, value]) => {
                    parts.keys = Some(self.under(["[]", ".key"], |connect| connect.meaning(key))?);
                    parts.values = Some(self.under(["[]", ".value"], |connect| connect.meaning(value))?);
                    Type::Map
                }
                None => {
                    parts.items = Some(self.under(["", "[]"], |connect| connect.meaning(*items))?);
                    Type::List
                }
            },
            Kind::Record(record) => {
                for field in &record.fields {
                    let meaning = self.under([".", &field.name], |connect| connect.meaning(field.of))?;
                    parts.fields.push((field.name.as_str().into(), meaning));
                }
                Type::Row
            }
        });
        // Connect's name says more than the logical type that may stand beside it.
        if !node.properties.contains_key("connect.name")
            && let Some(meaning) = node.logical.and_then(logical)
        {
            return Ok((parts.name, meaning));
        }
        parts.scale = scale(node);
        let told = parts.meaning();
        told.map(|(name, _, meaning)| (name, meaning))
            .map_err(|problem| Error::Schema { path: self.path(), problem: problem.to_owned() })
    }
}

/// What a type is called in Kafka Connect.
fn name(node: &Node) -> Box<str> {
    let said = node.properties.get("connect.name").and_then(|name| name.as_str());
    said.or_else(|| node.kind.name().map(|(name, _)| name)).unwrap_or_default().into()
}

/// The scale of a decimal: a parameter, which is text, or beside the logical type.
fn scale(node: &Node) -> Option<i32> {
    let parameter = node.properties.get("connect.parameters").and_then(|parameters| parameters.get("scale"));
    match (parameter.and_then(|scale| scale.as_str()), node.logical) {
        (Some(scale), _) => scale.parse().ok(),
        (None, Some(Logical::Decimal { scale, .. })) => i32::try_from(scale).ok(),
        _ => None,
    }
}

/// What a logical type means where Connect has given no name: what Avro says.
fn logical(logical: Logical) -> Option<Meaning> {
    let unit = |fraction: Fraction| match fraction {
        Fraction::Millis => Unit::Millis,
        Fraction::Micros => Unit::Micros,
        Fraction::Nanos => Unit::Nanos,
    };
    Some(match logical {
        Logical::Decimal { scale, .. } => Meaning::Decimal(i32::try_from(scale).ok()?),
        Logical::Date => Meaning::Date,
        Logical::Time(fraction) => Meaning::Time(unit(fraction)),
        Logical::Timestamp(fraction) => Meaning::Instant(unit(fraction)),
        Logical::LocalTimestamp(fraction) => Meaning::Naive(unit(fraction)),
        // Connect knows none of these: text stays text, and bytes bytes.
        Logical::BigDecimal | Logical::Uuid | Logical::Duration => return None,
    })
}

/// Key and value of a record that is an entry of a map.
fn entry(items: &Node) -> Option<[TypeId; 2]> {
    let Kind::Record(Record { name, fields, .. }) = &items.kind else { return None };
    let said = items.properties.get("connect.internal.type").and_then(|kind| kind.as_str());
    match fields.as_slice() {
        [key, value] if key.name == "key" && value.name == "value" => {
            let is_entry = said == Some("MapEntry") || name == "io.confluent.connect.avro.MapEntry";
            is_entry.then_some([key.of, value.of])
        }
        _ => None,
    }
}
