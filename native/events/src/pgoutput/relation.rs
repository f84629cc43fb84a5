//! A table, as a Relation message tells of it: what is needed to read its rows.

use std::sync::Arc;

use super::known::Known;
use super::message;
use super::options::Options;
use super::types::{Kind, Type};
use super::wire::{Checked, Fault, Wrong};

/// A table. What it holds beyond its columns' names is of a size that their number says.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) namespace: Named,
    pub(super) name: Named,
    pub(super) columns: Box<[Column]>,
    /// Whether some columns are its key.
    pub(super) keyed: bool,
    /// Whether all of these come in a row of the identity alone.
    pub(super) key_is_identity: bool,
}

/// A name, and its number if a sink may keep what it makes of it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) text: Arc<str>,
    pub(super) number: usize,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: Named,
    pub(super) kind: Kind,
    /// It is part of the key that is told.
    pub(super) key: bool,
    /// It is part of the replica identity: it comes in a row of the key alone.
    pub(super) identity: bool,
}

/// Columns of a table in PostgreSQL, at the most.
const COLUMNS: usize = 1_600;

impl Relation {
    /// Reads the columns of a message, and has the names kept.
    pub(super) fn read(
        message: &message::Relation<'_>,
        options: &Options,
        known: &mut Known,
    ) -> Checked<Self> {
        let mut wire = message.columns;
        let namespace = namespace(message.namespace);
        let key = options.key_of(namespace, message.name);
        let at = wire.at();
        let count = usize::from(wire.u16()?);
        if count > COLUMNS {
            return Err(Fault::new(at, Wrong::Limit("columns of a table", COLUMNS)));
        }
        // Each takes at least ten bytes.
        let mut columns = Vec::with_capacity(count.min(wire.left() / 10));
        for _ in 0..count {
            let flags = wire.u8()?;
            let name = wire.text()?;
            let (oid, modifier) = (wire.u32()?, wire.i32()?);
            let identity = flags & 1 != 0;
            let by_option = key.map(|columns| columns.iter().any(|column| **column == *name));
            columns.push(Column {
                name: known.name(name),
                kind: Kind::new(known.kind(oid).unwrap_or(Type::OTHER), modifier),
                // All columns are the identity of a table whose identity is full: nothing says its key.
                key: by_option.unwrap_or(identity && message.identity != b'f'),
                identity,
            });
        }
        wire.end()?;
        let missing =
            key.into_iter().flatten().find(|&key| !columns.iter().any(|column| *column.name.text == **key));
        if let Some(missing) = missing {
            let problem = format!(
                "the option keys names a column {missing} that {namespace}.{} does not have",
                message.name
            );
            return Err(Fault::new(at, Wrong::Made(problem)));
        }
        let keyed = columns.iter().any(|column| column.key);
        let key_is_identity = columns.iter().all(|column| column.identity || !column.key);
        Ok(Self {
            namespace: known.name(namespace),
            name: known.name(message.name),
            columns: columns.into(),
            keyed,
            key_is_identity,
        })
    }

    /// What it takes to keep it, at the most.
    pub(super) fn size(&self) -> usize {
        let names: usize = self.columns.iter().map(|column| column.name.text.len() + 32).sum();
        names + self.namespace.text.len() + self.name.text.len() + 128 + size_of_val(&*self.columns)
    }
}

/// The catalog's own schema goes without saying.
pub(super) fn namespace(name: &str) -> &str {
    if name.is_empty() { "pg_catalog" } else { name }
}
