//! Maps: as JSON has them, and as lists of entries.
//!
//! Kafka Connect's JSON converter writes a map whose keys are no text as a list of `[key, value]`. Its Avro converter writes each
//! map whose keys may be something else than text, or nothing, as a list of records with a `key` and a `value`.

use super::meaning::Meaning;
use super::reader::Reader;
use crate::Sink;
use crate::json::{Fault, Kind};

/// How an entry is written.
#[derive(Clone, Copy)]
enum Entry {
    /// `[key, value]`
    List,
    /// `{"key": key, "value": value}`
    Record,
}

impl Reader<'_, '_> {
    pub(super) fn map<S: Sink>(
        &mut self,
        values: &Meaning,
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let mut more = self.cursor.enter(inside)?;
        let mut count = 0;
        sink.begin_map();
        while more {
            sink.key(self.cursor.key()?);
            self.value(values, inside + 1, sink)?;
            count += 1;
            more = self.cursor.next_pair()?;
        }
        self.close(count, sink)
    }

    /// A map from text that is written as a list.
    pub(super) fn entries<S: Sink>(
        &mut self,
        values: &Meaning,
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let mut more = self.cursor.enter(inside)?;
        let mut count = 0;
        sink.begin_map();
        while more {
            let entry = self.enter_entry(inside + 1)?;
            if self.cursor.kind() != Kind::Text {
                return Err(Self::wrong(self.cursor.at(), "a key, which is text, has to stand here"));
            }
            sink.key(self.cursor.text()?);
            self.value_of(entry)?;
            self.value(values, inside + 2, sink)?;
            self.leave_entry(entry)?;
            count += 1;
            more = self.cursor.next_element()?;
        }
        self.close(count, sink)
    }

    /// A map from anything, told as a list of pairs.
    pub(super) fn pairs<S: Sink>(
        &mut self,
        pair: &(Meaning, Meaning),
        inside: usize,
        sink: &mut S,
    ) -> Result<(), Fault> {
        let mut more = self.cursor.enter(inside)?;
        let mut count = 0;
        sink.begin_list();
        while more {
            let entry = self.enter_entry(inside + 1)?;
            sink.begin_list();
            self.value(&pair.0, inside + 2, sink)?;
            self.value_of(entry)?;
            self.value(&pair.1, inside + 2, sink)?;
            self.leave_entry(entry)?;
            sink.end_list(2);
            count += 1;
            more = self.cursor.next_element()?;
        }
        sink.end_list(count);
        Ok(())
    }

    /// Goes to the key of the entry that stands here.
    fn enter_entry(&mut self, inside: usize) -> Result<Entry, Fault> {
        let entry = match self.cursor.kind() {
            Kind::List => Entry::List,
            Kind::Map => Entry::Record,
            _ => return Err(self.no_entry()),
        };
        if !self.cursor.enter(inside)? {
            return Err(self.no_entry());
        }
        self.part_of(entry, b"key")?;
        Ok(entry)
    }

    /// From an entry's key to its value.
    fn value_of(&mut self, entry: Entry) -> Result<(), Fault> {
        if !self.more_of(entry)? {
            return Err(self.no_entry());
        }
        self.part_of(entry, b"value")
    }

    fn leave_entry(&mut self, entry: Entry) -> Result<(), Fault> {
        if self.more_of(entry)? { Err(self.no_entry()) } else { Ok(()) }
    }

    fn more_of(&mut self, entry: Entry) -> Result<bool, Fault> {
        match entry {
            Entry::List => self.cursor.next_element(),
            Entry::Record => self.cursor.next_pair(),
        }
    }

    fn part_of(&mut self, entry: Entry, name: &[u8]) -> Result<(), Fault> {
        match entry {
            Entry::Record if self.cursor.key()?.bytes != name => Err(self.no_entry()),
            _ => Ok(()),
        }
    }

    fn no_entry(&mut self) -> Fault {
        self.cursor.kind();
        Self::wrong(self.cursor.at(), "a list of a key and its value has to stand here")
    }
}
