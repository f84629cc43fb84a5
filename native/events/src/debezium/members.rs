//! Where the parts of an envelope stand. What a document is, and how its rows are read, depends on parts that come last.

use super::reader::Reader;
use crate::json::{Fault, Kind};

macro_rules! members {
    ($($variant:ident = $text:literal,)*) => {
        /// A part that some envelope has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Member { $($variant,)* }

        impl Member {
            const COUNT: usize = [$(Self::$variant as usize,)*].len();

            #[inline]
            pub(super) fn of(key: &[u8]) -> Option<Self> {
                $(if key == $text { return Some(Self::$variant); })*
                None
            }
        }
    };
}

members! {
    Before = b"before",
    After = b"after",
    Source = b"source",
    Op = b"op",
    TsMs = b"ts_ms",
    TsUs = b"ts_us",
    TsNs = b"ts_ns",
    Transaction = b"transaction",
    Message = b"message",
    Database = b"databaseName",
    SchemaName = b"schemaName",
    Ddl = b"ddl",
    TableChanges = b"tableChanges",
    Status = b"status",
    Id = b"id",
    EventCount = b"event_count",
    DataCollections = b"data_collections",
    AggregateType = b"aggregate_type",
    Type = b"type",
    AdditionalData = b"additional_data",
    Data = b"data",
    Timestamp = b"timestamp",
    SpecVersion = b"specversion",
}

/// Offsets of the values of a map's members, and of the keys of those that have no name here.
#[derive(Debug, Default)]
pub(super) struct Members {
    at: [Option<usize>; Member::COUNT],
    pub(super) others: Vec<usize>,
    /// Whether there is a key with the prefix of added fields.
    pub(super) prefixed: bool,
}

impl Members {
    /// Where the value of this member stands, if it is there.
    #[inline]
    pub(super) fn at(&self, member: Member) -> Option<usize> {
        self.at.get(member as usize).copied().flatten()
    }

    /// Whether all of these are there.
    pub(super) fn has(&self, members: &[Member]) -> bool {
        members.iter().all(|&member| self.at(member).is_some())
    }

    /// Whether there is nothing beside these.
    pub(super) fn only(&self, members: &[Member]) -> bool {
        let allowed = members.iter().filter(|&&member| self.at(member).is_some()).count();
        self.others.is_empty() && self.at.iter().flatten().count() == allowed
    }
}

impl Reader<'_, '_> {
    /// Walks the map that stands here, checks all of it, and notes where its members are. Of equal keys the last one counts.
    pub(super) fn members(&mut self, prefix: &str, inside: usize) -> Result<Members, Fault> {
        let mut members = Members::default();
        if self.cursor.kind() != Kind::Map {
            return Err(Self::wrong(self.cursor.at(), "a map has to stand here"));
        }
        let mut more = self.cursor.enter(inside)?;
        while more {
            self.cursor.kind();
            let start = self.cursor.at();
            let key = self.cursor.key()?.bytes;
            let member = Member::of(key);
            members.prefixed |= !prefix.is_empty() && key.starts_with(prefix.as_bytes());
            self.cursor.kind();
            match member.and_then(|member| members.at.get_mut(member as usize)) {
                Some(place) => *place = Some(self.cursor.at()),
                None => members.others.push(start),
            }
            self.cursor.skip(inside + 1)?;
            more = self.cursor.next_pair()?;
        }
        Ok(members)
    }
}
