//! What a stream has told once and goes on from: tables, types, names.
//!
//! # Invariants
//!
//! - Clones share everything. A change of one copies the part that it changes: a 128th of the tables.
//! - At most 65,536 tables of 128 MiB together, 65,536 types and 4,096 names that have a number.

use std::collections::HashMap;
use std::sync::Arc;

use super::relation::{Named, Relation};
use super::types::Type;
use super::wire::Wrong;

const RELATIONS: usize = 65_536;
const BYTES: usize = 128 << 20;
const TYPES: usize = 65_536;
const NAMES: usize = 4_096;
/// Bytes of a name in PostgreSQL, unless it was built otherwise.
const LENGTH: usize = 63;
const SHARDS: usize = 128;

type Shard = Arc<HashMap<u32, Arc<Relation>>>;

#[derive(Clone, Debug)]
pub(super) struct Known {
    relations: Arc<[Shard; SHARDS]>,
    count: usize,
    bytes: usize,
    /// Types that a database has made, by their numbers: those that are read as a built-in one.
    types: Arc<HashMap<u32, Type>>,
    names: Arc<HashMap<Arc<str>, usize>>,
}

impl Default for Known {
    fn default() -> Self {
        let relations = Arc::new(std::array::from_fn(|_| Shard::default()));
        Self { relations, count: 0, bytes: 0, types: Arc::default(), names: Arc::default() }
    }
}

impl Known {
    pub(super) fn relation(&self, oid: u32) -> Option<&Arc<Relation>> {
        self.relations.get(oid as usize % SHARDS)?.get(&oid)
    }

    /// Keeps a table, in place of the one that had this number.
    pub(super) fn keep(&mut self, oid: u32, relation: Relation) -> Result<(), Wrong> {
        let old = self.relation(oid).map(|old| old.size());
        let count = self.count + usize::from(old.is_none());
        let bytes = self.bytes - old.unwrap_or_default() + relation.size();
        if count > RELATIONS {
            return Err(Wrong::Limit("tables of one stream", RELATIONS));
        }
        if bytes > BYTES {
            return Err(Wrong::Limit("bytes of the tables of one stream", BYTES));
        }
        (self.count, self.bytes) = (count, bytes);
        if let Some(shard) = Arc::make_mut(&mut self.relations).get_mut(oid as usize % SHARDS) {
            Arc::make_mut(shard).insert(oid, Arc::new(relation));
        }
        Ok(())
    }

    /// Drops a table.
    pub(super) fn forget(&mut self, oid: u32) {
        let Some(old) = self.relation(oid).map(|old| old.size()) else { return };
        self.count -= 1;
        self.bytes -= old;
        if let Some(shard) = Arc::make_mut(&mut self.relations).get_mut(oid as usize % SHARDS) {
            Arc::make_mut(shard).remove(&oid);
        }
    }

    /// How the values of a type are read, if it is known.
    pub(super) fn kind(&self, oid: u32) -> Option<Type> {
        self.types.get(&oid).copied().or_else(|| Type::of_oid(oid))
    }

    /// Keeps what a type is read as. What is known of none is forgotten.
    pub(super) fn keep_type(&mut self, oid: u32, kind: Option<Type>) -> Result<(), Wrong> {
        if self.types.get(&oid).copied() == kind {
            return Ok(());
        }
        let types = Arc::make_mut(&mut self.types);
        match kind {
            Some(_) if types.len() >= TYPES && !types.contains_key(&oid) => {
                return Err(Wrong::Limit("types of one stream", TYPES));
            }
            Some(kind) => types.insert(oid, kind),
            None => types.remove(&oid),
        };
        Ok(())
    }

    /// A name, with a number if there are not too many.
    pub(super) fn name(&mut self, text: &str) -> Named {
        if let Some((text, &number)) = self.names.get_key_value(text) {
            return Named { text: text.clone(), number };
        }
        let text: Arc<str> = text.into();
        let number = self.names.len();
        if number >= NAMES || text.len() > LENGTH {
            return Named { text, number: usize::MAX };
        }
        Arc::make_mut(&mut self.names).insert(text.clone(), number);
        Named { text, number }
    }

    /// How many names have a number.
    pub(super) fn names(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(known: &mut Known, name: &str) -> Relation {
        let name = known.name(name);
        Relation {
            namespace: name.clone(),
            name,
            columns: Box::default(),
            keyed: false,
            key_is_identity: true,
        }
    }

    #[test]
    fn is_bounded_and_counts_what_it_replaces() {
        let mut known = Known::default();
        for oid in 0..u32::try_from(RELATIONS).unwrap() {
            let relation = table(&mut known, "t");
            known.keep(oid, relation).unwrap();
        }
        let bytes = known.bytes;
        let relation = table(&mut known, "t");
        known.keep(7, relation).unwrap();
        assert_eq!((known.count, known.bytes), (RELATIONS, bytes));
        let relation = table(&mut known, "t");
        assert!(matches!(known.keep(u32::MAX, relation), Err(Wrong::Limit(..))));
        let relation = table(&mut known, &"x".repeat(BYTES));
        assert!(matches!(known.keep(7, relation), Err(Wrong::Limit(..))));
        assert_eq!((known.count, known.bytes), (RELATIONS, bytes));
    }

    #[test]
    fn a_clone_keeps_what_it_had() {
        let mut known = Known::default();
        let relation = table(&mut known, "old");
        known.keep(7, relation).unwrap();
        known.keep_type(9, Type::of_name("numeric")).unwrap();
        let before = known.clone();
        let relation = table(&mut known, "new");
        known.keep(7, relation).unwrap();
        known.keep_type(9, None).unwrap();
        let name = |known: &Known| known.relation(7).unwrap().name.text.clone();
        assert_eq!((&*name(&before), &*name(&known)), ("old", "new"));
        assert_eq!((before.kind(9), known.kind(9)), (Type::of_name("numeric"), None));
        assert_eq!((before.names(), known.names()), (1, 2));
    }

    #[test]
    fn names_beyond_the_bound_have_no_number() {
        let mut known = Known::default();
        for number in 0..NAMES {
            assert_eq!(known.name(&number.to_string()).number, number);
        }
        assert_eq!(known.name("one more").number, usize::MAX);
        assert_eq!(known.name("17").number, 17);
        assert_eq!(known.names(), NAMES);
    }
}
