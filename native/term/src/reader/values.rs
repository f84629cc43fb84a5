//! Scalars and the headers of containers.

use super::{Reader, common};
use crate::{Atom, BitString, Integer, TermError, tag};

/// An atom may have this many characters.
const MAX_ATOM_CHARS: usize = 255;

impl<'a> Reader<'a> {
    /// Reads the header of a tuple; its elements follow. Returns the arity.
    #[inline]
    pub fn tuple(&mut self) -> Result<u32, TermError> {
        self.found_or(common::tuple(self.remaining()), Self::any_tuple)
    }

    fn any_tuple(&mut self) -> Result<u32, TermError> {
        self.scan(|reader| {
            let arity = match reader.u8()? {
                tag::SMALL_TUPLE => u32::from(reader.u8()?),
                tag::LARGE_TUPLE => reader.u32()?,
                tag => return Err(TermError::UnexpectedTag { expected: "a tuple", tag }),
            };
            reader.check_count(arity.into())?;
            Ok(arity)
        })
    }

    /// Reads the header of a list. Returns how many elements follow; behind them, if there is at least one,
    /// stands the tail: call [`Reader::list_end`] with the length returned here.
    ///
    /// A list of bytes may come as `STRING_EXT`, which has no elements to read: that is an error here. Where
    /// such a list is possible look at [`Reader::tag`] first and use [`Reader::string`].
    #[inline]
    pub fn list(&mut self) -> Result<u32, TermError> {
        self.found_or(common::list(self.remaining()), Self::any_list)
    }

    fn any_list(&mut self) -> Result<u32, TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::NIL => Ok(0),
            tag::LIST => {
                let length = reader.u32()?;
                reader.check_count(u64::from(length) + 1)?;
                // A list header without elements is legal: what follows is the tail alone, and nil makes it
                // `[]`.
                if length == 0 {
                    reader.nil()?;
                }
                Ok(length)
            }
            tag => Err(TermError::UnexpectedTag { expected: "a list", tag }),
        })
    }

    /// Reads the header of a piece of a list, which may have no elements; whatever its tail is.
    pub(crate) fn list_header(&mut self) -> Result<u32, TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::LIST => reader.u32(),
            tag => Err(TermError::UnexpectedTag { expected: "a list", tag }),
        })
    }

    /// Reads the tail of a list of `length` elements, which must be `[]`.
    #[inline]
    pub fn list_end(&mut self, length: u32) -> Result<(), TermError> {
        if length == 0 {
            return Ok(());
        }
        match self.tag()? {
            tag::NIL => self.nil(),
            _ => Err(TermError::ImproperList),
        }
    }

    /// Reads `[]`.
    #[inline]
    pub fn nil(&mut self) -> Result<(), TermError> {
        self.found_or(common::nil(self.remaining()), Self::any_nil)
    }

    fn any_nil(&mut self) -> Result<(), TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::NIL => Ok(()),
            tag => Err(TermError::UnexpectedTag { expected: "[]", tag }),
        })
    }

    /// Reads the header of a map. Returns how many pairs follow, key before value.
    #[inline]
    pub fn map(&mut self) -> Result<u32, TermError> {
        self.found_or(common::map(self.remaining()), Self::any_map)
    }

    fn any_map(&mut self) -> Result<u32, TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::MAP => {
                let pairs = reader.u32()?;
                reader.check_count(u64::from(pairs) * 2)?;
                Ok(pairs)
            }
            tag => Err(TermError::UnexpectedTag { expected: "a map", tag }),
        })
    }

    /// Reads a reference to an atom of the cache: an index into the distribution header of the message. Such a reference
    /// is no term of its own; [`Reader::atom`] and [`Reader::skip`] fail on it.
    pub fn atom_cache_ref(&mut self) -> Result<u8, TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::ATOM_CACHE_REF => reader.u8(),
            tag => Err(TermError::UnexpectedTag { expected: "a reference to the atom cache", tag }),
        })
    }

    /// Reads an atom.
    #[inline]
    pub fn atom(&mut self) -> Result<Atom<'a>, TermError> {
        self.found_or(common::atom(self.remaining()), Self::any_atom)
    }

    fn any_atom(&mut self) -> Result<Atom<'a>, TermError> {
        self.scan(|reader| {
            let tag = reader.u8()?;
            let len = match tag {
                tag::SMALL_ATOM_UTF8 | tag::SMALL_ATOM => usize::from(reader.u8()?),
                tag::ATOM_UTF8 | tag::ATOM => usize::from(reader.u16()?),
                tag => return Err(TermError::UnexpectedTag { expected: "an atom", tag }),
            };
            let bytes = reader.take(len)?;
            if matches!(tag, tag::SMALL_ATOM | tag::ATOM) {
                return match len {
                    0..=MAX_ATOM_CHARS => Ok(Atom::Latin1(bytes)),
                    _ => Err(TermError::AtomTooLong),
                };
            }
            let text = std::str::from_utf8(bytes).map_err(|_| TermError::AtomNotUtf8)?;
            // Counting is needed only where bytes may outnumber characters.
            if len > MAX_ATOM_CHARS && text.chars().count() > MAX_ATOM_CHARS {
                return Err(TermError::AtomTooLong);
            }
            Ok(Atom::Utf8(text))
        })
    }

    /// Reads an integer that fits 64 bits with a sign. Longer encodings than needed are accepted.
    #[inline]
    pub fn integer(&mut self) -> Result<i64, TermError> {
        self.found_or(common::integer(self.remaining()), Self::any_integer)
    }

    fn any_integer(&mut self) -> Result<i64, TermError> {
        self.scan(|reader| i64::try_from(reader.wide()?).map_err(|_| TermError::IntegerOutOfRange))
    }

    /// Reads an integer of 0 to 2^64-1.
    #[inline]
    pub fn unsigned(&mut self) -> Result<u64, TermError> {
        self.scan(|reader| u64::try_from(reader.wide()?).map_err(|_| TermError::IntegerOutOfRange))
    }

    fn wide(&mut self) -> Result<i128, TermError> {
        let len = match self.u8()? {
            tag::SMALL_INTEGER => return self.u8().map(i128::from),
            tag::INTEGER => return self.array().map(|bytes| i128::from(i32::from_be_bytes(bytes))),
            tag::SMALL_BIG => u64::from(self.u8()?),
            tag::LARGE_BIG => u64::from(self.u32()?),
            tag => return Err(TermError::UnexpectedTag { expected: "an integer", tag }),
        };
        let sign = self.u8()?;
        self.check_count(len)?;
        let bytes = self.take(usize::try_from(len).map_err(|_| TermError::Truncated)?)?;
        let mut magnitude = 0u64;
        for (place, &byte) in bytes.iter().enumerate() {
            match place {
                0..8 => magnitude |= u64::from(byte) << (8 * place),
                // Leading zeros are the sender's waste, anything else does not fit.
                _ if byte == 0 => {}
                _ => return Err(TermError::IntegerOutOfRange),
            }
        }
        Ok(if sign == 0 { i128::from(magnitude) } else { -i128::from(magnitude) })
    }

    /// Reads an integer of any size.
    pub fn number(&mut self) -> Result<Integer<'a>, TermError> {
        self.scan(|reader| {
            let len = match reader.u8()? {
                tag::SMALL_INTEGER => return reader.u8().map(|value| i64::from(value).into()),
                tag::INTEGER => {
                    return reader.array().map(|bytes| i64::from(i32::from_be_bytes(bytes)).into());
                }
                tag::SMALL_BIG => u32::from(reader.u8()?),
                tag::LARGE_BIG => reader.u32()?,
                tag => return Err(TermError::UnexpectedTag { expected: "an integer", tag }),
            };
            let negative = reader.u8()? != 0;
            reader.check_count(len.into())?;
            Ok(Integer::new(negative, reader.take(len as usize)?))
        })
    }

    /// Reads a float.
    #[inline]
    pub fn float(&mut self) -> Result<f64, TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::NEW_FLOAT => reader.finite(),
            tag::FLOAT => reader.float_text(),
            tag => Err(TermError::UnexpectedTag { expected: "a float", tag }),
        })
    }

    /// The infinities and not-a-number have bits, but they are no terms.
    pub(super) fn finite(&mut self) -> Result<f64, TermError> {
        let value = self.array().map(f64::from_be_bytes)?;
        if value.is_finite() { Ok(value) } else { Err(TermError::NotFinite) }
    }

    /// A float of old: text in 31 bytes, filled up with zeros.
    pub(super) fn float_text(&mut self) -> Result<f64, TermError> {
        let bytes = self.array::<31>()?;
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        let value = std::str::from_utf8(text).ok().filter(|text| is_float(text.as_bytes()));
        let value = value.and_then(|text| text.parse().ok()).ok_or(TermError::BadFloatText)?;
        if f64::is_finite(value) { Ok(value) } else { Err(TermError::NotFinite) }
    }

    /// Reads a binary. Bit strings are another type, unless all their bytes are whole.
    #[inline]
    pub fn binary(&mut self) -> Result<&'a [u8], TermError> {
        self.found_or(common::binary(self.remaining()), Self::any_binary)
    }

    fn any_binary(&mut self) -> Result<&'a [u8], TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::BINARY => reader.sized(),
            tag::BIT_BINARY => reader.bits()?.as_binary().ok_or(TermError::NotWholeBytes),
            tag => Err(TermError::UnexpectedTag { expected: "a binary", tag }),
        })
    }

    /// Reads a bit string; a binary is one of whole bytes.
    pub fn bit_string(&mut self) -> Result<BitString<'a>, TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::BINARY => reader.sized().map(BitString::from),
            tag::BIT_BINARY => reader.bits(),
            tag => Err(TermError::UnexpectedTag { expected: "a bit string", tag }),
        })
    }

    pub(super) fn bits(&mut self) -> Result<BitString<'a>, TermError> {
        let claimed = self.u32()?;
        let last = self.u8()?;
        let left = self.remaining().len();
        // Without bytes there is no last byte, so there are no bits in it.
        if !matches!((last, claimed), (1..=8, 1..) | (0, 0)) {
            return Err(TermError::BadBitString);
        }
        if claimed as usize > left {
            return Err(TermError::ClaimTooLarge { claimed: claimed.into(), left });
        }
        BitString::new(self.take(claimed as usize)?, last).ok_or(TermError::BadBitString)
    }

    /// Reads a list of bytes in its short form (`STRING_EXT`), or `[]`.
    #[inline]
    pub fn string(&mut self) -> Result<&'a [u8], TermError> {
        self.scan(|reader| match reader.u8()? {
            tag::NIL => Ok(&[] as &[u8]),
            tag::STRING => {
                let len = reader.u16()?;
                reader.take(len.into())
            }
            tag => Err(TermError::UnexpectedTag { expected: "a list of bytes", tag }),
        })
    }
}

/// Whether a BEAM takes the text for a float: a sign or none, digits, a point, digits, and maybe an exponent.
fn is_float(text: &[u8]) -> bool {
    let unsigned = |text: &[u8]| -> Option<usize> {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        Some(digits).filter(|&digits| digits > 0)
    };
    let signed = |text: &[u8]| usize::from(matches!(text, [b'+' | b'-', ..]));
    let rest = |text: &[u8]| -> Option<bool> {
        let text = text.get(signed(text)..)?;
        let [b'.', text @ ..] = text.get(unsigned(text)?..)? else { return Some(false) };
        let [b'e' | b'E', text @ ..] = text.get(unsigned(text)?..)? else {
            return Some(text.len() == unsigned(text)?);
        };
        let text = text.get(signed(text)..)?;
        Some(text.len() == unsigned(text)?)
    };
    rest(text).unwrap_or(false)
}
