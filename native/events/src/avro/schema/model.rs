//! The table of types that a schema is.

use std::collections::HashMap;
use std::fmt;

use super::{Logical, parse};
use crate::Error;

pub(crate) type Json = serde_json::Value;
pub(crate) type Object = serde_json::Map<String, Json>;

/// Attributes that the specification does not know, such as `connect.name`.
pub type Properties = serde_json::Map<String, serde_json::Value>;

/// A type of one schema: a place in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeId(pub(super) u32);

impl TypeId {
    pub(crate) const fn place(self) -> usize {
        self.0 as usize
    }
}

/// A schema.
///
/// ```
/// use outrigger_events::avro::{Kind, Schema};
///
/// let list = Schema::parse(
///     r#"{"type": "record", "name": "List", "namespace": "org.acme",
///         "fields": [{"name": "next", "type": ["null", "List"], "default": null}]}"#,
///     &[],
/// )?;
/// let Kind::Record(record) = &list.root().kind else { panic!("a record") };
/// assert_eq!(record.name, "org.acme.List");
/// assert!(list.canonical_form().starts_with(r#"{"name":"org.acme.List","type":"record","#));
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schema {
    pub(super) nodes: Vec<Node>,
    pub(super) root: TypeId,
    pub(super) names: HashMap<String, TypeId>,
}

/// A type: what its bytes are, and what they mean.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// What its values mean, if that is more.
    pub logical: Option<Logical>,
    /// What else was said of it.
    pub properties: Properties,
}

/// What a type is.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(TypeId),
    Map(TypeId),
    Union(Vec<TypeId>),
    Record(Record),
    Enum(Enum),
    Fixed(Fixed),
}

/// A record.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its full name.
    pub name: String,
    /// Full names of writers' records that it also stands for.
    pub aliases: Vec<String>,
    /// Its fields, in the order in which they are written.
    pub fields: Vec<Field>,
    pub(super) places: HashMap<String, usize>,
}

impl Record {
    /// A field and its place.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        let place = *self.places.get(name)?;
        Some((place, self.fields.get(place)?))
    }
}

/// A field of a record.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Names of writers' fields that it also stands for.
    pub aliases: Vec<String>,
    /// The type of its value.
    pub of: TypeId,
    /// The value if a writer has none: JSON, as it was written.
    pub default: Option<serde_json::Value>,
    /// What else was said of it.
    pub properties: Properties,
}

/// An enum.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its full name.
    pub name: String,
    /// Full names of writers' enums that it also stands for.
    pub aliases: Vec<String>,
    /// Its symbols, in the order of their numbers.
    pub symbols: Vec<String>,
    /// Place of the symbol for those of a writer that it does not have.
    pub default: Option<usize>,
    pub(super) places: HashMap<String, usize>,
}

impl Enum {
    /// The place of a symbol.
    #[must_use]
    pub fn symbol(&self, text: &str) -> Option<usize> {
        self.places.get(text).copied()
    }
}

/// So many bytes.
#[derive(Clone, Debug)]
pub struct Fixed {
    /// Its full name.
    pub name: String,
    /// Full names of writers' fixed types that it also stands for.
    pub aliases: Vec<String>,
    /// Bytes of a value.
    pub size: usize,
}

impl Kind {
    /// The full name and the aliases of a named type.
    #[must_use]
    pub fn name(&self) -> Option<(&str, &[String])> {
        match self {
            Self::Record(Record { name, aliases, .. })
            | Self::Enum(Enum { name, aliases, .. })
            | Self::Fixed(Fixed { name, aliases, .. }) => Some((name, aliases)),
            _ => None,
        }
    }

    /// The word that the specification has for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Union(_) => "union",
            Self::Record(_) => "record",
            Self::Enum(_) => "enum",
            Self::Fixed(_) => "fixed",
        }
    }
}

/// `long`, `record org.acme.List`.
impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())?;
        match self.name() {
            Some((name, _)) => write!(formatter, " {name}"),
            None => Ok(()),
        }
    }
}

impl Schema {
    /// Reads a schema. `references` are schemas whose named types it may use, as registries have them.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`], with the path in the text; [`Error::Limit`] for too large a one.
    pub fn parse(text: &str, references: &[&Self]) -> Result<Self, Error> {
        parse::parse(text, references)
    }

    /// The same bytes without the meanings of logical types: days are a whole number, decimals are bytes.
    #[must_use]
    pub(crate) fn bare(&self) -> Self {
        let mut bare = self.clone();
        for node in &mut bare.nodes {
            node.logical = None;
        }
        bare
    }

    /// The type of a whole datum.
    #[must_use]
    pub fn root(&self) -> &Node {
        self.node(self.root)
    }

    /// Where that stands in the table.
    #[must_use]
    pub const fn root_id(&self) -> TypeId {
        self.root
    }

    /// A type of this schema.
    ///
    /// # Panics
    ///
    /// If `id` comes of another, larger schema.
    #[must_use]
    pub fn node(&self, id: TypeId) -> &Node {
        &self.nodes[id.place()]
    }

    /// A named type, by its full name.
    #[must_use]
    pub fn named(&self, full_name: &str) -> Option<TypeId> {
        self.names.get(full_name).copied()
    }

    /// All its types; primitives stand there whether they are used or not.
    pub fn types(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }
}
