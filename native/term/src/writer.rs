//! Appends terms to a byte vector, byte for byte as `erlang:term_to_binary/1` writes them (minor version 2).
//!
//! The writer has no memory of what it began: who writes the header of a tuple of three writes three terms
//! behind it. Nothing is allocated but the growth of the vector.

use crate::{
    Atom, BitString, Export, Integer, MAX_REFERENCE_WORDS, Pid, Port, Reference, Term, TermError, tag,
};

/// Writes terms to the end of a byte vector.
///
/// Methods that cannot be given anything wrong return nothing. The others fail before they have written a
/// byte.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`; what is there stays.
    #[inline]
    pub const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    /// The version byte, 131, which a term that stands alone begins with.
    #[inline]
    pub fn version(&mut self) {
        self.out.push(tag::VERSION);
    }

    /// The header of a tuple; `arity` terms are to follow.
    #[inline]
    pub fn tuple(&mut self, arity: u32) {
        match u8::try_from(arity) {
            Ok(arity) => self.out.extend_from_slice(&[tag::SMALL_TUPLE, arity]),
            Err(_) => self.word(tag::LARGE_TUPLE, arity.to_be_bytes()),
        }
    }

    /// The header of a list; `length` terms and the tail, [`Writer::nil`], are to follow. A length of 0
    /// writes `[]`, which has no tail.
    ///
    /// A BEAM writes lists of nothing but bytes in a shorter form: see [`Writer::charlist`].
    #[inline]
    pub fn list(&mut self, length: u32) {
        match length {
            0 => self.nil(),
            length => self.word(tag::LIST, length.to_be_bytes()),
        }
    }

    /// `[]`, also as the tail of a list.
    #[inline]
    pub fn nil(&mut self) {
        self.out.push(tag::NIL);
    }

    /// The header of a map; `pairs` keys, each with its value behind it, are to follow. Keys must differ.
    #[inline]
    pub fn map(&mut self, pairs: u32) {
        self.word(tag::MAP, pairs.to_be_bytes());
    }

    /// An atom of at most 255 characters.
    #[inline]
    pub fn atom(&mut self, text: &str) -> Result<(), TermError> {
        match u8::try_from(text.len()) {
            Ok(len) => self.out.extend_from_slice(&[tag::SMALL_ATOM_UTF8, len]),
            Err(_) if text.chars().count() > 255 => return Err(TermError::CallerAtomTooLong),
            // 255 characters are at most 1020 bytes.
            Err(_) => self.tagged(tag::ATOM_UTF8, &(text.len() as u16).to_be_bytes()),
        }
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// An atom that was read; one that came as Latin-1 is written as UTF-8.
    #[inline]
    pub fn atom_of(&mut self, atom: &Atom<'_>) -> Result<(), TermError> {
        match atom.as_str() {
            Some(text) => self.atom(text),
            None => self.atom(&atom.text()),
        }
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        if let Ok(small) = u8::try_from(value) {
            self.out.extend_from_slice(&[tag::SMALL_INTEGER, small]);
        } else if let Ok(word) = i32::try_from(value) {
            self.word(tag::INTEGER, word.to_be_bytes());
        } else {
            self.big(value < 0, value.unsigned_abs());
        }
    }

    /// An integer of 0 to 2^64-1.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.big(false, value),
        }
    }

    fn big(&mut self, negative: bool, magnitude: u64) {
        let bytes = magnitude.to_le_bytes();
        let len = 8 - magnitude.leading_zeros() as usize / 8;
        self.out.extend_from_slice(&[tag::SMALL_BIG, len as u8, negative.into()]);
        self.out.extend(bytes.iter().take(len));
    }

    /// An integer of any size.
    pub fn number(&mut self, number: &Integer<'_>) -> Result<(), TermError> {
        if let Some(value) = number.to_i64() {
            self.integer(value);
            return Ok(());
        }
        let magnitude = number.magnitude();
        let len = magnitude.len();
        match (u8::try_from(len), u32::try_from(len)) {
            (Ok(len), _) => self.out.extend_from_slice(&[tag::SMALL_BIG, len]),
            (_, Ok(len)) => self.tagged(tag::LARGE_BIG, &len.to_be_bytes()),
            _ => return Err(TermError::CallerTooLong { len }),
        }
        self.out.push(number.is_negative().into());
        self.out.extend_from_slice(&magnitude);
        Ok(())
    }

    /// A float. Infinities and not-a-number are not terms.
    #[inline]
    pub fn float(&mut self, value: f64) -> Result<(), TermError> {
        if !value.is_finite() {
            return Err(TermError::CallerNotFinite);
        }
        self.tagged(tag::NEW_FLOAT, &value.to_be_bytes());
        Ok(())
    }

    /// A binary.
    #[inline]
    pub fn binary(&mut self, bytes: &[u8]) -> Result<(), TermError> {
        let len = u32::try_from(bytes.len()).map_err(|_| TermError::CallerTooLong { len: bytes.len() })?;
        self.word(tag::BINARY, len.to_be_bytes());
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// A string of bits; one of whole bytes is a binary. Bits that are not in use are written as 0.
    pub fn bit_string(&mut self, bits: &BitString<'_>) -> Result<(), TermError> {
        let (whole, Some((size, value))) = bits.split() else { return self.binary(bits.bytes()) };
        let len = u32::try_from(bits.bytes().len())
            .map_err(|_| TermError::CallerTooLong { len: bits.bytes().len() })?;
        self.tagged(tag::BIT_BINARY, &len.to_be_bytes());
        self.out.push(size);
        self.out.extend_from_slice(whole);
        self.out.push(value << (8 - size));
        Ok(())
    }

    /// A list of bytes, as Erlang writes text: `"abc"`.
    pub fn charlist(&mut self, bytes: &[u8]) -> Result<(), TermError> {
        match (bytes.len(), u16::try_from(bytes.len())) {
            (0, _) => self.nil(),
            (_, Ok(len)) => {
                self.tagged(tag::STRING, &len.to_be_bytes());
                self.out.extend_from_slice(bytes);
            }
            (len, Err(_)) => {
                self.list(u32::try_from(len).map_err(|_| TermError::CallerTooLong { len })?);
                bytes.iter().for_each(|&byte| self.integer(byte.into()));
                self.nil();
            }
        }
        Ok(())
    }

    /// A pid.
    #[inline]
    pub fn pid(&mut self, pid: &Pid<'_>) -> Result<(), TermError> {
        self.undo_on_error(|writer| {
            writer.out.push(tag::NEW_PID);
            writer.atom_of(&pid.node)?;
            for number in [pid.id, pid.serial, pid.creation] {
                writer.out.extend_from_slice(&number.to_be_bytes());
            }
            Ok(())
        })
    }

    /// A reference.
    #[inline]
    pub fn reference(&mut self, reference: &Reference<'_>) -> Result<(), TermError> {
        let words = usize::from(reference.len);
        if words == 0 || words > MAX_REFERENCE_WORDS {
            return Err(TermError::CallerBadReference { words });
        }
        self.undo_on_error(|writer| {
            writer.tagged(tag::NEWER_REFERENCE, &u16::from(reference.len).to_be_bytes());
            writer.atom_of(&reference.node)?;
            writer.out.extend_from_slice(&reference.creation.to_be_bytes());
            for word in reference.words() {
                writer.out.extend_from_slice(&word.to_be_bytes());
            }
            Ok(())
        })
    }

    /// A port, as OTP 26 and later write it. OTP 25 has a shorter form for ids below 2^28, and reads both.
    pub fn port(&mut self, port: &Port<'_>) -> Result<(), TermError> {
        self.undo_on_error(|writer| {
            writer.out.push(tag::V4_PORT);
            writer.atom_of(&port.node)?;
            writer.out.extend_from_slice(&port.id.to_be_bytes());
            writer.out.extend_from_slice(&port.creation.to_be_bytes());
            Ok(())
        })
    }

    /// `&module.function/arity`.
    pub fn export(&mut self, export: &Export<'_>) -> Result<(), TermError> {
        self.undo_on_error(|writer| {
            writer.out.push(tag::EXPORT);
            writer.atom_of(&export.module)?;
            writer.atom_of(&export.function)?;
            writer.integer(export.arity.into());
            Ok(())
        })
    }

    /// A whole term, as it stands. So closures and native records are passed on.
    pub fn term(&mut self, term: Term<'_>) {
        self.out.extend_from_slice(term.bytes());
    }

    /// A whole term that is there as bytes, without its version byte. The bytes are the caller's word.
    #[inline]
    pub fn raw(&mut self, term: &[u8]) {
        self.out.extend_from_slice(term);
    }

    /// A tag and a 32-bit number: one piece, so that the vector is asked for room once.
    #[inline]
    fn word(&mut self, tag: u8, [a, b, c, d]: [u8; 4]) {
        self.out.extend_from_slice(&[tag, a, b, c, d]);
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.out.push(tag);
        self.out.extend_from_slice(bytes);
    }

    fn undo_on_error(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), TermError>,
    ) -> Result<(), TermError> {
        let start = self.out.len();
        let result = write(self);
        if result.is_err() {
            self.out.truncate(start);
        }
        result
    }
}
