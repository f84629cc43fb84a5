//! A schema as the check reads it: every subschema a node, references resolved to nodes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::number::Number;
use super::pattern::Pattern;
use super::types::Types;

/// A place in the list of a schema's nodes.
pub(super) type Id = u32;

/// One subschema. What is absent does not restrict.
#[derive(Debug)]
pub(super) struct Node {
    /// JSON pointer to it, and in which document.
    pub(super) at: (usize, String),
    /// `true` and `false` as schemas.
    pub(super) always: Option<bool>,
    pub(super) reference: Option<Id>,
    pub(super) types: Types,
    /// Of `enum` or `const`.
    pub(super) values: Option<Vec<Value>>,
    pub(super) number: Numbers,
    pub(super) text: Texts,
    pub(super) object: Objects,
    pub(super) array: Arrays,
    pub(super) all_of: Vec<Id>,
    pub(super) any_of: Vec<Id>,
    pub(super) one_of: Vec<Id>,
    pub(super) not: Option<Id>,
    /// `if`, `then`, `else`.
    pub(super) condition: Option<(Id, Option<Id>, Option<Id>)>,
    /// Assertions that nothing here understands.
    pub(super) unknown: Vec<String>,
    pub(super) notes: Notes,
}

impl Node {
    pub(super) fn new(at: (usize, String)) -> Self {
        Self {
            at,
            always: None,
            reference: None,
            types: Types::ALL,
            values: None,
            number: Numbers::default(),
            text: Texts::default(),
            object: Objects::default(),
            array: Arrays::default(),
            all_of: Vec::new(),
            any_of: Vec::new(),
            one_of: Vec::new(),
            not: None,
            condition: None,
            unknown: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Whether keywords in it look at the same value by conditions, so that what they evaluate is not known.
    pub(super) fn is_conditional(&self) -> bool {
        !self.any_of.is_empty()
            || !self.one_of.is_empty()
            || self.condition.is_some()
            || !self.object.dependent_schemas.is_empty()
    }
}

/// Words about a schema that restrict nothing.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) default: Option<Value>,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_minimum: Option<Number>,
    pub(super) exclusive_maximum: Option<Number>,
    pub(super) multiple_of: Option<Number>,
}

#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) pattern: Option<Pattern>,
}

#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) properties: BTreeMap<String, Id>,
    pub(super) patterns: Vec<(Pattern, Id)>,
    pub(super) additional: Option<Id>,
    pub(super) unevaluated: Option<Id>,
    pub(super) required: BTreeSet<String>,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) names: Option<Id>,
    pub(super) dependent_required: BTreeMap<String, BTreeSet<String>>,
    pub(super) dependent_schemas: BTreeMap<String, Id>,
}

#[derive(Debug, Default)]
pub(super) struct Arrays {
    /// Schemas of the first items: `prefixItems`, or `items` as an array.
    pub(super) prefix: Vec<Id>,
    /// Of the others: `items`, or `additionalItems`.
    pub(super) rest: Option<Id>,
    pub(super) unevaluated: Option<Id>,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) unique: bool,
    pub(super) contains: Option<Contains>,
}

/// `contains` with its bounds as written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contains {
    pub(super) schema: Id,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
}
