//! From descriptors to the tables.
//!
//! Messages are numbered when they are first met and described in that order, so recursion in the file is none here.

use std::collections::HashMap;

use prost_reflect::{
    Cardinality, EnumDescriptor, ExtensionDescriptor, FieldDescriptor, Kind as Described, MessageDescriptor,
    Syntax, Value,
};

use super::shape;
use super::table::{Absent, Constant, Enum, Field, Kind, Label, Message, Shape, Tables};
use crate::Integer;

/// Which fields without presence are nothing, not zero, while they are not there.
pub(super) type Nothing<'n> = &'n dyn Fn(&FieldDescriptor) -> bool;

pub(super) fn tables(root: &MessageDescriptor, well_known: bool, nothing: Nothing<'_>) -> Tables {
    let mut compiler = Compiler {
        well_known,
        nothing,
        tables: Tables::default(),
        met: vec![root.clone()],
        messages: HashMap::new(),
        enums: HashMap::new(),
        names: HashMap::new(),
    };
    compiler.messages.insert(root.full_name().to_owned(), 0);
    let mut done = 0;
    while let Some(message) = compiler.met.get(done).cloned() {
        let message = compiler.message(&message);
        compiler.tables.messages.push(message);
        done += 1;
    }
    compiler.tables
}

struct Compiler<'n> {
    well_known: bool,
    nothing: Nothing<'n>,
    tables: Tables,
    /// Messages by their places.
    met: Vec<MessageDescriptor>,
    messages: HashMap<String, u32>,
    enums: HashMap<String, u32>,
    names: HashMap<String, u32>,
}

impl Compiler<'_> {
    fn message(&mut self, message: &MessageDescriptor) -> Message {
        let mut fields: Vec<Field> = message.fields().map(|field| self.field(&field)).collect();
        fields.extend(message.extensions().map(|extension| self.extension(&extension)));
        fields.sort_by_key(|field| field.number);
        let mut by_name: Vec<u32> = (0..fields.len() as u32).collect();
        by_name.sort_by_key(|slot| &self.tables.names[fields[*slot as usize].name as usize]);
        let shape = if self.well_known { shape::of(message.full_name(), &fields) } else { Shape::Record };
        Message {
            name: message.full_name().into(),
            requires: fields.iter().any(|field| field.absent == Absent::Required),
            oneofs: message.oneofs().len() as u32,
            fields: fields.into(),
            by_name: by_name.into(),
            shape,
        }
    }

    fn field(&mut self, field: &FieldDescriptor) -> Field {
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let oneof = oneof.and_then(|of| {
            let place = field.parent_message().oneofs().position(|one| one.name() == of.name());
            place.map(|place| place as u32)
        });
        let label = if field.is_map() {
            Label::Map
        } else if field.is_list() {
            Label::List(field.is_packed())
        } else {
            Label::Single
        };
        let kind = self.kind(&field.kind(), field.is_group(), field.parent_file().syntax());
        let declared = field.field_descriptor_proto().default_value.is_some();
        let absent = match field.cardinality() {
            _ if oneof.is_some() => Absent::Silent,
            Cardinality::Required => Absent::Required,
            _ if label != Label::Single || !field.supports_presence() => match (self.nothing)(field) {
                true => Absent::Null,
                false => Absent::Zero,
            },
            _ if declared => constant(&field.default_value()).map_or(Absent::Null, Absent::Default),
            _ => Absent::Null,
        };
        Field { number: field.number(), name: self.name(field.name()), kind, label, absent, oneof }
    }

    fn extension(&mut self, field: &ExtensionDescriptor) -> Field {
        let label = if field.is_list() { Label::List(field.is_packed()) } else { Label::Single };
        let kind = self.kind(&field.kind(), field.is_group(), field.parent_file().syntax());
        let name = self.name(&format!("[{}]", field.full_name()));
        Field { number: field.number(), name, kind, label, absent: Absent::Silent, oneof: None }
    }

    fn kind(&mut self, kind: &Described, group: bool, syntax: Syntax) -> Kind {
        match kind {
            Described::Int32 => Kind::Int32,
            Described::Int64 => Kind::Int64,
            Described::Uint32 => Kind::Uint32,
            Described::Uint64 => Kind::Uint64,
            Described::Sint32 => Kind::Sint32,
            Described::Sint64 => Kind::Sint64,
            Described::Fixed32 => Kind::Fixed32,
            Described::Fixed64 => Kind::Fixed64,
            Described::Sfixed32 => Kind::Sfixed32,
            Described::Sfixed64 => Kind::Sfixed64,
            Described::Float => Kind::Float,
            Described::Double => Kind::Double,
            Described::Bool => Kind::Bool,
            Described::String => Kind::Text(syntax != Syntax::Proto2),
            Described::Bytes => Kind::Bytes,
            Described::Enum(of) if self.well_known && of.full_name() == "google.protobuf.NullValue" => {
                Kind::Null
            }
            Described::Enum(of) => Kind::Enum(self.symbols(of)),
            Described::Message(of) => {
                let place = self.place(of);
                if group { Kind::Group(place) } else { Kind::Message(place) }
            }
        }
    }

    fn place(&mut self, message: &MessageDescriptor) -> u32 {
        let met = &mut self.met;
        *self.messages.entry(message.full_name().to_owned()).or_insert_with(|| {
            met.push(message.clone());
            met.len() as u32 - 1
        })
    }

    fn symbols(&mut self, of: &EnumDescriptor) -> u32 {
        if let Some(place) = self.enums.get(of.full_name()) {
            return *place;
        }
        // The descriptor's own list is not in the order of the file, which decides between names of one number.
        let declared = of.enum_descriptor_proto().value.iter();
        let declared: Vec<(i32, u32)> =
            declared.map(|value| (value.number(), self.name(value.name()))).collect();
        let (mut by_number, mut by_name) = (declared.clone(), declared);
        by_number.sort_by_key(|(number, _)| *number);
        by_number.dedup_by_key(|(number, _)| *number);
        by_name.sort_by_key(|(_, name)| &self.tables.names[*name as usize]);
        self.tables.enums.push(Enum {
            name: of.full_name().into(),
            by_number: by_number.into(),
            by_name: by_name.into(),
            first: of.default_value().number(),
        });
        let place = self.tables.enums.len() as u32 - 1;
        self.enums.insert(of.full_name().to_owned(), place);
        place
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(place) = self.names.get(name) {
            return *place;
        }
        self.tables.names.push(name.into());
        let place = self.tables.names.len() as u32 - 1;
        self.names.insert(name.to_owned(), place);
        place
    }
}

fn constant(value: &Value) -> Option<Constant> {
    Some(match value {
        Value::Bool(value) => Constant::Boolean(*value),
        Value::I32(value) => Constant::Integer(Integer::Small(i64::from(*value))),
        Value::I64(value) => Constant::Integer(Integer::Small(*value)),
        Value::U32(value) => Constant::Integer(Integer::Small(i64::from(*value))),
        Value::U64(value) => Constant::Integer(Integer::from(num_bigint::BigInt::from(*value))),
        Value::F32(value) => Constant::Float(f64::from(*value)),
        Value::F64(value) => Constant::Float(*value),
        Value::String(value) => Constant::Text(value.as_str().into()),
        Value::Bytes(value) => Constant::Bytes(value.as_ref().into()),
        Value::EnumNumber(value) => Constant::Symbol(*value),
        _ => return None,
    })
}
