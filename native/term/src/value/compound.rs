//! Containers to bytes. How many elements a list or a map has is known at its end: the header is completed then.

use std::ops::Range;

use serde::{Serialize, ser};

use super::SerdeError;
use super::ser::{Serializer, arity};
use crate::canonical::shorten;
use crate::{TermError, Writer, tag};

/// Bytes of the header of a list or a map.
const HEADER: usize = 5;

/// Puts a header with room for the count.
fn begin(out: &mut Vec<u8>, tag: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[tag, 0, 0, 0, 0]);
    start
}

fn complete(out: &mut [u8], start: usize, count: usize) -> Result<u32, TermError> {
    let count = arity(count)?;
    if let Some(place) = out.get_mut(start + 1..start + HEADER) {
        place.copy_from_slice(&count.to_be_bytes());
    }
    Ok(count)
}

/// A list or a tuple that is being written.
pub(super) struct Elements<'a> {
    out: &'a mut Vec<u8>,
    kind: Kind,
    count: usize,
}

enum Kind {
    /// Where its header begins.
    List(usize),
    /// As many as were announced.
    Tuple(u32),
}

impl<'a> Elements<'a> {
    pub(super) fn list(out: &'a mut Vec<u8>) -> Self {
        let start = begin(out, tag::LIST);
        Self { out, kind: Kind::List(start), count: 0 }
    }

    pub(super) const fn tuple(out: &'a mut Vec<u8>, arity: u32) -> Self {
        Self { out, kind: Kind::Tuple(arity), count: 0 }
    }

    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.count += 1;
        value.serialize(Serializer::new(self.out))
    }

    fn finish(self) -> Result<(), SerdeError> {
        match self.kind {
            Kind::Tuple(announced) if announced as usize == self.count => Ok(()),
            Kind::Tuple(announced) => Err(ser::Error::custom(format_args!(
                "a tuple of {announced} elements was announced, and {} came",
                self.count
            ))),
            Kind::List(start) if self.count == 0 => {
                self.out.truncate(start);
                Writer::new(self.out).nil();
                Ok(())
            }
            Kind::List(start) => {
                let count = complete(self.out, start, self.count)?;
                Writer::new(self.out).nil();
                shorten(self.out, start, count);
                Ok(())
            }
        }
    }
}

/// A map that is being written.
pub(super) struct Pairs<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    keys: Vec<Range<usize>>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        let start = begin(out, tag::MAP);
        Self { out, start, keys: Vec::new() }
    }

    fn key(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), SerdeError>) -> Result<(), SerdeError> {
        let start = self.out.len();
        write(self.out)?;
        self.keys.push(start..self.out.len());
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        value.serialize(Serializer::new(self.out))
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), SerdeError> {
        self.key(|out| Ok(Writer::new(out).atom(name)?))?;
        self.value(value)
    }

    fn finish(self) -> Result<(), SerdeError> {
        complete(self.out, self.start, self.keys.len())?;
        let out = &*self.out;
        let mut keys: Vec<_> = self.keys.into_iter().map(|key| out.get(key).unwrap_or_default()).collect();
        Ok(expect_all_different(&mut keys)?)
    }
}

/// Fails if a key comes twice. The keys are put into another order.
pub(crate) fn expect_all_different<T: Ord>(keys: &mut [T]) -> Result<(), TermError> {
    keys.sort_unstable();
    match keys.windows(2).any(|pair| matches!(pair, [one, two] if one == two)) {
        true => Err(TermError::CallerKeyTwice),
        false => Ok(()),
    }
}

/// `{variant, %{…}}` that is being written.
pub(super) struct Variant<'a>(pub(super) Pairs<'a>);

impl ser::SerializeSeq for Elements<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.finish()
    }
}

impl ser::SerializeTuple for Elements<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for Elements<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.finish()
    }
}

impl ser::SerializeTupleVariant for Elements<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.push(value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.finish()
    }
}

impl ser::SerializeMap for Pairs<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), SerdeError> {
        self.key(|out| key.serialize(Serializer::new(out)))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), SerdeError> {
        self.value(value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.finish()
    }
}

impl ser::SerializeStruct for Pairs<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), SerdeError> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Variant<'_> {
    type Ok = ();
    type Error = SerdeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), SerdeError> {
        self.0.field(name, value)
    }

    fn end(self) -> Result<(), SerdeError> {
        self.0.finish()
    }
}
