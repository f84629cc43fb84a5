//! How the simple things are read. Source: "Encoding" of the documentation.

use crate::fault::Checked;
use crate::protobuf::malformed;

/// A place in the bytes, and an end of them.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(super) const fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Checked<u64> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.varint_of_many(),
        }
    }

    fn varint_of_many(&mut self) -> Checked<u64> {
        let mut value = 0_u64;
        for (place, &byte) in self.bytes.iter().skip(self.at).take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                if place == 9 && byte > 1 {
                    break;
                }
                self.at += place + 1;
                return Ok(value);
            }
        }
        match self.bytes.len().saturating_sub(self.at) {
            left if left < 10 => Err(malformed(self.bytes.len(), "ends inside a varint")),
            _ => Err(malformed(self.at, "a varint of more than 64 bits")),
        }
    }

    /// The number of a field, and the last three bits of its tag.
    #[inline]
    pub(super) fn tag(&mut self) -> Checked<(u32, u8)> {
        let start = self.at;
        let tag = self.varint()?;
        match u32::try_from(tag) {
            Ok(tag) if tag >= 8 => Ok((tag >> 3, (tag & 7) as u8)),
            _ => Err(malformed(start, format!("{tag} is no tag of a field"))),
        }
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Checked<&'a [u8]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..length)) {
            Some(taken) => {
                self.at += length;
                Ok(taken)
            }
            None => {
                let left = self.bytes.len().saturating_sub(self.at);
                Err(malformed(self.at, format!("{length} bytes are wanted, {left} are left")))
            }
        }
    }

    #[inline]
    pub(super) fn chunk<const N: usize>(&mut self) -> Checked<[u8; N]> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(taken) => {
                self.at += N;
                Ok(*taken)
            }
            None => self.take(N).map(|_| [0; N]),
        }
    }

    /// A length, and as many bytes.
    #[inline]
    pub(super) fn sized(&mut self) -> Checked<&'a [u8]> {
        let start = self.at;
        let length = self.varint()?;
        match usize::try_from(length) {
            Ok(length) => self.take(length),
            Err(_) => Err(malformed(start, format!("a length of {length}"))),
        }
    }
}
