//! Where the fields of a message stand.
//!
//! A message's fields may come in any order and more than once, so a message is looked through before any of it is told: each
//! value is a [`Found`], and those are brought into the order of the fields. What is inside a value is looked at when it is
//! told, so each byte is passed once as a part of its message, and a sized one not at all as a part of those around it.
//!
//! A group has no length. The ends of groups inside a group are kept while it is passed, or else each byte would be passed
//! once for each group around it.

use std::ops::Range;

use super::Run;
use super::cursor::Cursor;
use crate::Sink;
use crate::fault::{Checked, Fault};
use crate::protobuf::malformed;
use crate::protobuf::plan::{Field, Label, Message, Wire};

/// A value in the bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// The place of its field in the message, or one of the two below.
    pub(super) slot: u32,
    /// Whether there are many of them behind one tag.
    pub(super) packed: bool,
    /// Where it begins, behind its tag and length.
    pub(super) start: u32,
    pub(super) end: u32,
}

/// A field that the file does not know, with its tag.
pub(super) const UNKNOWN: u32 = u32::MAX - 1;
/// A value that another field of its oneof has taken the place of.
const DEAD: u32 = u32::MAX;

impl Found {
    pub(super) const fn new(slot: u32, start: usize, end: usize) -> Self {
        Self { slot, packed: false, start: start as u32, end: end as u32 }
    }

    pub(super) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl<'a, S: Sink> Run<'a, S> {
    pub(super) fn cursor(&self, found: Found) -> Cursor<'a> {
        Cursor { bytes: &self.bytes[..found.end as usize], at: found.start as usize }
    }

    /// Appends what a message has, the parts of which are among what has been found.
    pub(super) fn scan(&mut self, message: &'a Message, parts: Range<usize>) -> Checked {
        let from = self.found.len();
        let (mut last, mut sorted, mut chosen) = (0, true, 0);
        for part in parts {
            let mut cursor = self.cursor(self.found[part]);
            while !cursor.is_done() {
                let at = cursor.at;
                let (number, wire) = cursor.tag()?;
                let Some((slot, field)) = slot(&message.fields, last, number) else {
                    self.pass(&mut cursor, number, wire)?;
                    if self.options.unknown {
                        self.keep(from, at, cursor.at);
                        sorted = false;
                    }
                    continue;
                };
                let found =
                    self.one(&mut cursor, slot, field, wire).map_err(|fault| self.in_field(fault, field))?;
                self.found.push(found);
                sorted &= slot >= last;
                last = slot;
                chosen += usize::from(field.oneof.is_some());
            }
        }
        if chosen > 1 {
            sorted &= self.choose(message, from)?;
        }
        let found = &mut self.found[from..];
        if !sorted {
            found.sort_unstable_by_key(|found| (found.slot, found.start));
        }
        Ok(())
    }

    /// The value behind a tag.
    #[inline]
    fn one(&mut self, cursor: &mut Cursor<'a>, slot: usize, field: &Field, wire: u8) -> Checked<Found> {
        let expected = field.kind.wire();
        let start = cursor.at;
        if wire != expected as u8 {
            if wire == Wire::Sized as u8 && field.kind.packs() && matches!(field.label, Label::List(_)) {
                let packed = cursor.sized()?;
                let found = Found::new(slot as u32, cursor.at - packed.len(), cursor.at);
                return Ok(Found { packed: true, ..found });
            }
            return Err(mismatch(start, field, wire));
        }
        match expected {
            Wire::Varint => {
                cursor.varint()?;
            }
            Wire::Eight => {
                cursor.take(8)?;
            }
            Wire::Four => {
                cursor.take(4)?;
            }
            Wire::Sized => {
                let bytes = cursor.sized()?;
                return Ok(Found::new(slot as u32, cursor.at - bytes.len(), cursor.at));
            }
            Wire::Group => {
                let end = self.group(cursor, field.number)?;
                return Ok(Found::new(slot as u32, start, end));
            }
        }
        Ok(Found::new(slot as u32, start, cursor.at))
    }

    /// Goes past a value of an unknown field.
    fn pass(&mut self, cursor: &mut Cursor<'a>, number: u32, wire: u8) -> Checked {
        match wire {
            0 => cursor.varint().map(drop),
            1 => cursor.take(8).map(drop),
            2 => cursor.sized().map(drop),
            3 => self.group(cursor, number).map(drop),
            5 => cursor.take(4).map(drop),
            4 => Err(malformed(cursor.at, format!("the end of a group {number} that has not begun"))),
            other => Err(malformed(cursor.at, format!("a field of wire type {other}, which there is not"))),
        }
    }

    /// Goes past a group, behind its first tag, and says where its last tag begins.
    fn group(&mut self, cursor: &mut Cursor<'a>, number: u32) -> Checked<usize> {
        let start = cursor.at;
        if let Some((end, after)) = self.ends.get(&(start as u32)) {
            cursor.at = *after as usize;
            return Ok(*end as usize);
        }
        // The groups that are open, the outermost first.
        let mut open = vec![(number, start)];
        loop {
            let at = cursor.at;
            let (number, wire) = cursor.tag()?;
            match wire {
                3 if open.len() + self.depth >= self.limits.depth => {
                    return Err(self.limit("depth", self.limits.depth, at));
                }
                3 => open.push((number, cursor.at)),
                4 => match open.pop() {
                    Some((begun, start)) if begun == number => {
                        if open.is_empty() {
                            return Ok(at);
                        }
                        self.ends.insert(start as u32, (at as u32, cursor.at as u32));
                    }
                    _ => return Err(malformed(at, format!("the end of a group {number} in another one"))),
                },
                _ => self.pass(cursor, number, wire)?,
            }
        }
    }

    /// An unknown field, together with the one before it if there is nothing between them.
    fn keep(&mut self, from: usize, start: usize, end: usize) {
        match self.found[from..].last_mut() {
            Some(found) if found.slot == UNKNOWN && found.end as usize == start => found.end = end as u32,
            _ => self.found.push(Found::new(UNKNOWN, start, end)),
        }
    }

    /// Of each oneof the last field counts, and what of it stands behind the last other one. Whether all stay as they are.
    #[cold]
    fn choose(&mut self, message: &Message, from: usize) -> Checked<bool> {
        // The field that counts, and whether another one has been met before it.
        let mut chosen = vec![(DEAD, false); message.oneofs as usize];
        let mut all = true;
        for place in (from..self.found.len()).rev() {
            let found = self.found[place];
            let Some(field) = message.fields.get(found.slot as usize) else { continue };
            let Some(oneof) = field.oneof else { continue };
            let (slot, closed) = &mut chosen[oneof as usize];
            if *slot == DEAD {
                *slot = found.slot;
            }
            *closed |= *slot != found.slot;
            if *closed {
                self.check(field.kind, found).map_err(|fault| self.in_field(fault, field))?;
                self.found[place].slot = DEAD;
                all = false;
            }
        }
        Ok(all)
    }

    #[cold]
    pub(super) fn in_field(&self, fault: Box<Fault>, field: &Field) -> Box<Fault> {
        fault.under(format!(".{}", self.tables.name(field.name)))
    }
}

/// The field of a number: most often that of the last one, or the next.
#[inline]
fn slot(fields: &[Field], last: usize, number: u32) -> Option<(usize, &Field)> {
    for place in [last, last + 1] {
        match fields.get(place) {
            Some(field) if field.number == number => return Some((place, field)),
            _ => {}
        }
    }
    let place = fields.binary_search_by_key(&number, |field| field.number).ok()?;
    Some((place, &fields[place]))
}

#[cold]
fn mismatch(at: usize, field: &Field, wire: u8) -> Box<Fault> {
    let known = [Wire::Varint, Wire::Eight, Wire::Sized, Wire::Group, Wire::Four];
    let written = known.into_iter().find(|known| *known as u8 == wire);
    let written = written.map_or("something that there is not", Wire::word);
    let (kind, wanted) = (field.kind.word(), field.kind.wire().word());
    malformed(at, format!("{kind} is {wanted}, this is {written}: written with another schema"))
}
