//! Bytes to the elements of containers.

use serde::de::{self, DeserializeSeed, Error as _, Visitor};

use super::SerdeError;
use super::de::Deserializer;
use crate::pieces::{Pieces, Step};
use crate::{Reader, TermError, tag};

/// The elements of a proper list, in whatever pieces it comes.
pub(super) struct List<'r, 'de> {
    reader: &'r mut Reader<'de>,
    pieces: Pieces<'de>,
    ended: bool,
}

impl<'r, 'de> List<'r, 'de> {
    pub(super) fn new(reader: &'r mut Reader<'de>) -> Result<Self, SerdeError> {
        Ok(Self { reader, pieces: Pieces::default(), ended: false })
    }

    /// What is next: a byte, or the element that the reader stands before.
    fn next(&mut self) -> Result<Option<Option<u8>>, SerdeError> {
        if self.ended {
            return Ok(None);
        }
        match self.pieces.next(self.reader)? {
            Step::Byte(byte) => Ok(Some(Some(byte))),
            Step::Element => Ok(Some(None)),
            Step::Tail => Err(TermError::ImproperList.into()),
            Step::End => {
                self.ended = true;
                Ok(None)
            }
        }
    }

    pub(super) fn each(
        mut self,
        mut take: impl FnMut(&mut Reader<'de>, Option<u8>) -> Result<(), SerdeError>,
    ) -> Result<(), SerdeError> {
        while let Some(byte) = self.next()? {
            take(self.reader, byte)?;
        }
        Ok(())
    }

    pub(super) const fn access<'l>(&'l mut self, depth: u32) -> ListAccess<'l, 'r, 'de> {
        ListAccess { list: self, depth }
    }

    /// Fails if the type has not taken all elements.
    pub(super) fn finish(&mut self) -> Result<(), SerdeError> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(SerdeError::custom("the list has more elements")),
        }
    }
}

pub(super) struct ListAccess<'l, 'r, 'de> {
    list: &'l mut List<'r, 'de>,
    depth: u32,
}

impl<'de> de::SeqAccess<'de> for ListAccess<'_, '_, 'de> {
    type Error = SerdeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SerdeError> {
        match self.list.next()? {
            None => Ok(None),
            Some(Some(byte)) => {
                let mut reader = Reader::new(as_term(byte));
                seed.deserialize(&mut Deserializer::with_depth(&mut reader, self.depth)).map(Some)
            }
            Some(None) => {
                seed.deserialize(&mut Deserializer::with_depth(self.list.reader, self.depth)).map(Some)
            }
        }
    }
}

/// The elements of a tuple.
pub(super) struct Tuple<'t, 'r, 'de> {
    de: &'t mut Deserializer<'r, 'de>,
    left: &'t mut u32,
}

impl<'t, 'r, 'de> Tuple<'t, 'r, 'de> {
    pub(super) const fn new(de: &'t mut Deserializer<'r, 'de>, left: &'t mut u32) -> Self {
        Self { de, left }
    }
}

impl<'de> de::SeqAccess<'de> for Tuple<'_, '_, 'de> {
    type Error = SerdeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, SerdeError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        *self.left = left;
        seed.deserialize(&mut *self.de).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(*self.left as usize)
    }
}

/// The pairs of a map.
pub(super) struct Map<'m, 'r, 'de> {
    de: &'m mut Deserializer<'r, 'de>,
    left: &'m mut u32,
}

impl<'m, 'r, 'de> Map<'m, 'r, 'de> {
    pub(super) const fn new(de: &'m mut Deserializer<'r, 'de>, left: &'m mut u32) -> Self {
        Self { de, left }
    }
}

impl<'de> de::MapAccess<'de> for Map<'_, '_, 'de> {
    type Error = SerdeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, SerdeError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        *self.left = left;
        seed.deserialize(&mut *self.de).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, SerdeError> {
        seed.deserialize(&mut *self.de)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(*self.left as usize)
    }
}

/// A variant: its name, and `content` terms behind it.
pub(super) struct Enum<'r, 'de> {
    de: Deserializer<'r, 'de>,
    content: u32,
}

impl<'r, 'de> Enum<'r, 'de> {
    pub(super) const fn new(de: Deserializer<'r, 'de>, content: u32) -> Self {
        Self { de, content }
    }

    fn expect(&self, wanted: usize) -> Result<(), SerdeError> {
        match self.content as usize {
            content if content == wanted => Ok(()),
            content => Err(SerdeError::custom(format_args!(
                "the variant has {wanted} values, and {content} came with its name"
            ))),
        }
    }
}

impl<'de> de::EnumAccess<'de> for Enum<'_, 'de> {
    type Error = SerdeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), SerdeError> {
        let name = seed.deserialize(&mut self.de)?;
        Ok((name, self))
    }
}

impl<'de> de::VariantAccess<'de> for Enum<'_, 'de> {
    type Error = SerdeError;

    fn unit_variant(self) -> Result<(), SerdeError> {
        self.expect(0)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, SerdeError> {
        self.expect(1)?;
        seed.deserialize(&mut self.de)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, len: usize, visitor: V) -> Result<V::Value, SerdeError> {
        self.expect(len)?;
        visitor.visit_seq(Tuple::new(&mut self.de, &mut self.content))
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, SerdeError> {
        self.expect(1)?;
        de::Deserializer::deserialize_map(&mut self.de, visitor)
    }
}

/// A byte of a list's short form as the term that it stands for.
fn as_term(byte: u8) -> &'static [u8] {
    static TERMS: [[u8; 2]; 256] = {
        let mut terms = [[tag::SMALL_INTEGER, 0]; 256];
        let mut byte = 0;
        while byte < 256 {
            terms[byte][1] = byte as u8;
            byte += 1;
        }
        terms
    };
    TERMS.get(usize::from(byte)).map_or(&[], |term| term)
}
