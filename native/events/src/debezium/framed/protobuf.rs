//! Protobuf: what is left in a file of what Kafka Connect has known.
//!
//! `ProtobufData` keeps the names of fields and of the outermost struct, the last part of the names of structs inside it, and Connect's own
//! types. The names of simple types are lost: `int64` may be a number or a time of three precisions.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, Value};

use super::MOST;
use super::reading::{Decoding, Reading};
use crate::Error;
use crate::debezium::Encoding;
use crate::debezium::meaning::{Meaning, Row};
use crate::debezium::schema::{DEEPEST, Plan};
use crate::frame::Indexes;
use crate::project::Unit;
use crate::protobuf::{Options, Plan as Decode, Schema};

/// The outermost messages of a file, by their places.
#[derive(Debug)]
pub(super) struct Messages(Vec<Result<Reading, Error>>);

impl Messages {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut left = MOST;
        Self(schema.file().messages().map(|message| reading(schema, &message, &mut left)).collect())
    }

    pub(super) fn weight(&self) -> usize {
        self.0.iter().flatten().map(|reading| reading.weight).sum::<usize>() + self.0.len()
    }

    /// How a message is read.
    pub(super) fn at(&self, indexes: Option<&Indexes>) -> Result<&Reading, Error> {
        let wrong = |what: String| Error::Unsupported { what, remedy: REMEDY };
        match indexes.map_or(&[0][..], Indexes::as_slice) {
            [place] => match self.0.get(*place as usize) {
                Some(reading) => reading.as_ref().map_err(Clone::clone),
                None => Err(wrong(format!("message {place} of a file of {}", self.0.len()))),
            },
            inner => Err(wrong(format!("message {inner:?}, which stands inside another one"))),
        }
    }
}

const REMEDY: &str = "Kafka Connect's converter writes none for Debezium: decode such data as plain Protobuf";

/// Reads data of this message, if no more types are needed for that than are left.
fn reading(schema: &Schema, message: &MessageDescriptor, left: &mut usize) -> Result<Reading, Error> {
    let options = Options::default();
    if *left == 0 {
        return Err(Error::Unsupported {
            what: "a file of more than 65,536 types".to_owned(),
            remedy: REMEDY,
        });
    }
    let before = *left;
    let zeros = Decode::with(schema, message, options, &|_| false);
    *left = left.saturating_sub(zeros.size());
    let mut connect = Connect {
        known: zeros.well_known().map(str::to_owned).collect(),
        tells_null: zeros.tells_null(),
        left,
        path: Vec::new(),
    };
    let root = connect.message(message, None)?;
    let tells_null = connect.tells_null;
    let nulls = Decode::with(schema, message, options, &|field| is_doubtful(field, tells_null));
    let plan = Plan { name: message.full_name().into(), root };
    Ok(Reading::new(Decoding::Protobuf { zeros, nulls }, plan, before - *left))
}

/// One walk through a message.
struct Connect<'l> {
    /// Messages that are told as what they mean.
    known: Vec<String>,
    /// Whether its writer has had a way to say `null`.
    tells_null: bool,
    left: &'l mut usize,
    path: Vec<String>,
}

impl Connect<'_> {
    fn unsupported(&self, what: &str) -> Error {
        let path = self.path.concat();
        Error::Unsupported { what: format!("a schema with {what} at ${path}"), remedy: REMEDY }
    }

    fn under<T>(
        &mut self,
        step: String,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.path.push(step);
        let done = work(self)?;
        self.path.pop();
        Ok(done)
    }

    /// What a message means, which is that of a field or the outermost one.
    fn message(
        &mut self,
        message: &MessageDescriptor,
        field: Option<&FieldDescriptor>,
    ) -> Result<Meaning, Error> {
        if self.path.len() > DEEPEST {
            return Err(self.unsupported("types that hold themselves, or are as deep as that,"));
        }
        let name = message.full_name();
        if self.known.iter().any(|known| known == name) {
            return match (name, message.get_field_by_name("value")) {
                ("confluent.type.Decimal", _) => Ok(Meaning::Number),
                ("google.type.Date", _) => Ok(Meaning::Date),
                ("google.type.TimeOfDay", _) => Ok(Meaning::Time(Unit::Millis)),
                // Connect's timestamps have no zone, whatever Protobuf's have.
                ("google.protobuf.Timestamp", _) => Ok(Meaning::Naive(Unit::Millis)),
                // A wrapper.
                (_, Some(value)) => self.kind(&value.kind(), field),
                _ => Err(self.unsupported(name)),
            };
        }
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        let mut told = Vec::with_capacity(fields.len());
        for field in &fields {
            let meaning = self.under(format!(".{}", field.name()), |connect| connect.field(field))?;
            told.push((field.name().into(), meaning));
        }
        Ok(debezium(message.name(), told, self.tells_null))
    }

    fn field(&mut self, field: &FieldDescriptor) -> Result<Meaning, Error> {
        *self.left = self.left.checked_sub(1).ok_or_else(|| self.unsupported("more than 65,536 types"))?;
        if field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic()) {
            return Err(self.unsupported("a oneof"));
        }
        let meaning = match entry(field) {
            Some([key, value]) => {
                let key = self.under("{}".to_owned(), |connect| connect.kind(&key.kind(), None))?;
                let value = self.under("{}".to_owned(), |connect| connect.field(&value))?;
                match (key.plain(), field.is_map()) {
                    (Meaning::Text, _) => Meaning::Map(Box::new(value)),
                    (_, true) => return Err(self.unsupported("a map whose keys are no text")),
                    (key, false) => Meaning::Pairs(Box::new((key.clone(), value))),
                }
            }
            None if field.is_list() => {
                let items =
                    self.under("[]".to_owned(), |connect| connect.kind(&field.kind(), Some(field)))?;
                Meaning::List(Box::new(items))
            }
            None => self.kind(&field.kind(), Some(field))?,
        };
        let doubtful = is_doubtful(field, self.tells_null);
        Ok(if doubtful { Meaning::Absent(Box::new(meaning)) } else { meaning })
    }

    fn kind(&mut self, kind: &Kind, field: Option<&FieldDescriptor>) -> Result<Meaning, Error> {
        let lost = |meaning| Ok(Meaning::Lost(Box::new(meaning)));
        match kind {
            Kind::Bool => Ok(Meaning::Boolean),
            Kind::Float | Kind::Double => Ok(Meaning::Real),
            Kind::String => lost(Meaning::Text),
            Kind::Bytes => lost(Meaning::Bytes(Encoding::Base64)),
            // No time of Debezium's is as short as that.
            _ if field.is_some_and(is_short) => Ok(Meaning::Whole),
            // A number that the file has no name for stays one.
            Kind::Enum(_) => Ok(Meaning::Raw),
            Kind::Message(message) => self.message(message, field),
            _ => lost(Meaning::Whole),
        }
    }
}

/// Whether a field that is not there may be nothing as well as zero.
///
/// Lists and maps always may. Of other fields without presence, that depends on whether the file's writer marks those that can be null:
/// if it does, this one cannot.
fn is_doubtful(field: &FieldDescriptor, tells_null: bool) -> bool {
    let message = field.parent_message();
    // Keys of maps, and Debezium's own, are never null.
    if message.is_map_entry() || is_entry(message) && field.name() == "key" || is_scaled(message) {
        return false;
    }
    field.is_list() || field.is_map() || !tells_null && !field.supports_presence()
}

/// Key and value of a field that is a map: Connect's converter writes entries as messages of its own.
fn entry(field: &FieldDescriptor) -> Option<[FieldDescriptor; 2]> {
    let Kind::Message(entry) = field.kind() else { return None };
    let is_entry = field.is_map() || field.is_list() && is_entry(&entry);
    if !is_entry {
        return None;
    }
    Some([entry.get_field_by_name("key")?, entry.get_field_by_name("value")?])
}

fn is_entry(message: &MessageDescriptor) -> bool {
    let is = |field: FieldDescriptor, name| field.name() == name && !field.is_list();
    let mut fields = message.fields();
    message.name().ends_with("Entry")
        && message.fields().len() == 2
        && fields.next().is_some_and(|key| is(key, "key"))
        && fields.next().is_some_and(|value| is(value, "value"))
}

/// `io.debezium.data.VariableScaleDecimal`, whose parts are both required.
fn is_scaled(message: &MessageDescriptor) -> bool {
    let is = |name, kind| message.get_field_by_name(name).is_some_and(|field| field.kind() == kind);
    message.name() == "VariableScaleDecimal"
        && message.fields().len() == 2
        && is("scale", Kind::Int32)
        && is("value", Kind::Bytes)
}

/// Whether it was an `int8` or `int16`: a parameter among what the registry keeps beside the field.
fn is_short(field: &FieldDescriptor) -> bool {
    let parameter = || {
        let extension = field.parent_pool().get_extension_by_name("confluent.field_meta")?;
        let options = field.options();
        let meta = options.get_extension(&extension);
        let parameters = meta.as_message()?.get_field_by_name("params")?;
        let key = prost_reflect::MapKey::String("connect.type".to_owned());
        match parameters.as_map()?.get(&key)? {
            Value::String(kind) => Some(matches!(kind.as_str(), "int8" | "int16")),
            _ => None,
        }
    };
    parameter().unwrap_or(false)
}

/// The parts of Debezium's dates and times.
const TIMES: [&str; 18] = [
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "years",
    "months",
    "days",
    "hours",
    "minutes",
    "seconds",
    "nanos",
    "picoseconds",
    "precision",
    "offsetSeconds",
    "zoneId",
    "specialValue",
];

/// A struct, or one of Debezium's, whose parts have no meaning of their own: they go by the names of their fields beside their own.
fn debezium(name: &str, fields: Vec<(Box<str>, Meaning)>, tells_null: bool) -> Meaning {
    let only = |names: &[&str]| fields.iter().all(|(name, _)| names.contains(&&**name));
    match name {
        "VariableScaleDecimal" if only(&["scale", "value"]) && fields.len() == 2 => Meaning::VariableDecimal,
        "Point" | "Geometry" | "Geography" | "Circle" if only(&["x", "y", "wkb", "srid"]) => {
            let fields = fields.into_iter().map(|(name, meaning)| (name, meaning.without_doubt()));
            Meaning::Row(Box::new(Row::new(fields.collect())))
        }
        // Whether a part is zero or not there is the difference between a time and none.
        _ => match Meaning::of_name(&format!("io.debezium.time.{name}"), None) {
            Some(structured @ Meaning::Structured(_)) if tells_null && only(&TIMES) => structured,
            _ => Meaning::Row(Box::new(Row::new(fields))),
        },
    }
}
