//! The tables of a plan.

use crate::Integer;

/// What stands in the bytes of a field, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protobuf) enum Kind {
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Float,
    Double,
    Bool,
    /// One of a set of names: a place in [`Tables::enums`].
    Enum(u32),
    /// `google.protobuf.NullValue`.
    Null,
    /// Text. Whether it has to be UTF-8: `proto2` does not say so.
    Text(bool),
    Bytes,
    /// A place in [`Tables::messages`].
    Message(u32),
    Group(u32),
}

/// How a field's value begins, the last three bits of its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protobuf) enum Wire {
    Varint = 0,
    Eight = 1,
    Sized = 2,
    Group = 3,
    Four = 5,
}

impl Wire {
    pub(in crate::protobuf) const fn word(self) -> &'static str {
        match self {
            Self::Varint => "a varint",
            Self::Eight => "eight bytes",
            Self::Sized => "a length and bytes",
            Self::Group => "a group",
            Self::Four => "four bytes",
        }
    }
}

impl Kind {
    pub(in crate::protobuf) const fn wire(self) -> Wire {
        match self {
            Self::Fixed64 | Self::Sfixed64 | Self::Double => Wire::Eight,
            Self::Fixed32 | Self::Sfixed32 | Self::Float => Wire::Four,
            Self::Text(_) | Self::Bytes | Self::Message(_) => Wire::Sized,
            Self::Group(_) => Wire::Group,
            _ => Wire::Varint,
        }
    }

    /// Which message it is, if it is one.
    pub(in crate::protobuf) const fn message(self) -> Option<u32> {
        match self {
            Self::Message(message) | Self::Group(message) => Some(message),
            _ => None,
        }
    }

    /// Whether many of them may stand behind one tag.
    pub(in crate::protobuf) const fn packs(self) -> bool {
        matches!(self.wire(), Wire::Varint | Wire::Eight | Wire::Four)
    }

    /// What it is called in a file.
    pub(in crate::protobuf) const fn word(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Sint32 => "sint32",
            Self::Sint64 => "sint64",
            Self::Fixed32 => "fixed32",
            Self::Fixed64 => "fixed64",
            Self::Sfixed32 => "sfixed32",
            Self::Sfixed64 => "sfixed64",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bool => "bool",
            Self::Enum(_) => "an enum",
            Self::Null => "google.protobuf.NullValue",
            Self::Text(_) => "string",
            Self::Bytes => "bytes",
            Self::Message(_) => "a message",
            Self::Group(_) => "a group",
        }
    }
}

/// How often a field may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protobuf) enum Label {
    Single,
    /// `repeated`, and whether it is written packed.
    List(bool),
    /// `repeated` entries, messages of a key and a value.
    Map,
}

/// What a field is while it is not in the bytes.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::protobuf) enum Absent {
    /// Not told: a member of a oneof, an extension.
    Silent,
    /// No value.
    Null,
    /// What it is written as by not being written: zero, no elements.
    Zero,
    /// What the file says, `[default = 7]`.
    Default(Constant),
    /// An error.
    Required,
}

/// A default.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::protobuf) enum Constant {
    Integer(Integer),
    Float(f64),
    Boolean(bool),
    Text(Box<str>),
    Bytes(Box<[u8]>),
    /// The number of a symbol.
    Symbol(i32),
}

/// A field of a message.
#[derive(Clone, Debug)]
pub(in crate::protobuf) struct Field {
    pub(in crate::protobuf) number: u32,
    /// A place in [`Tables::names`].
    pub(in crate::protobuf) name: u32,
    pub(in crate::protobuf) kind: Kind,
    pub(in crate::protobuf) label: Label,
    pub(in crate::protobuf) absent: Absent,
    /// Which of the message's oneofs it is in.
    pub(in crate::protobuf) oneof: Option<u32>,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protobuf) enum Shape {
    /// A map of its fields.
    Record,
    /// The value of its only field: a wrapper, `Struct`, `ListValue`.
    Only,
    /// The value of whichever field is set, or none: `google.protobuf.Value`.
    Choice,
    /// `google.protobuf.Timestamp`.
    Timestamp,
    /// `google.protobuf.Duration`.
    Duration,
    /// `google.type.Date`.
    Date,
    /// `google.type.TimeOfDay`.
    TimeOfDay,
    /// `confluent.type.Decimal`.
    Decimal,
}

/// A message type.
#[derive(Clone, Debug)]
pub(in crate::protobuf) struct Message {
    /// Its full name.
    pub(in crate::protobuf) name: Box<str>,
    /// Its fields by their numbers.
    pub(in crate::protobuf) fields: Box<[Field]>,
    /// The places of its fields, by their names.
    pub(in crate::protobuf) by_name: Box<[u32]>,
    pub(in crate::protobuf) shape: Shape,
    /// How many oneofs it has.
    pub(in crate::protobuf) oneofs: u32,
    /// Whether it has required fields.
    pub(in crate::protobuf) requires: bool,
}

/// A set of names.
#[derive(Clone, Debug)]
pub(in crate::protobuf) struct Enum {
    pub(in crate::protobuf) name: Box<str>,
    /// Numbers and places in [`Tables::names`], by number; of two names for a number the first.
    pub(in crate::protobuf) by_number: Box<[(i32, u32)]>,
    /// All of them, by name.
    pub(in crate::protobuf) by_name: Box<[(i32, u32)]>,
    /// What stands where nothing is written.
    pub(in crate::protobuf) first: i32,
}

/// What is known of a message, and of all that it holds.
#[derive(Debug, Default)]
pub(in crate::protobuf) struct Tables {
    pub(in crate::protobuf) messages: Vec<Message>,
    pub(in crate::protobuf) enums: Vec<Enum>,
    pub(in crate::protobuf) names: Vec<Box<str>>,
}

impl Tables {
    pub(in crate::protobuf) fn name(&self, name: u32) -> &str {
        &self.names[name as usize]
    }

    /// The field of this name.
    pub(in crate::protobuf) fn field(&self, message: &Message, name: &str) -> Option<usize> {
        let place =
            message.by_name.binary_search_by(|slot| self.name(message.fields[*slot as usize].name).cmp(name));
        place.ok().map(|place| message.by_name[place] as usize)
    }

    /// The name of a number, if it has one.
    pub(in crate::protobuf) fn symbol(&self, of: u32, number: i32) -> Option<u32> {
        let symbols = &self.enums[of as usize].by_number;
        let place = symbols.binary_search_by_key(&number, |(number, _)| *number);
        place.ok().map(|place| symbols[place].1)
    }

    /// The number of a name.
    pub(in crate::protobuf) fn number(&self, of: u32, name: &str) -> Option<i32> {
        let symbols = &self.enums[of as usize].by_name;
        let place = symbols.binary_search_by(|(_, other)| self.name(*other).cmp(name));
        place.ok().map(|place| symbols[place].0)
    }
}
