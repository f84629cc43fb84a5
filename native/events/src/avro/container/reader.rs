//! Headers and blocks, off the front of some bytes.

use std::borrow::Cow;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Codec, MAGIC};
use crate::avro::malformed;
use crate::avro::{Plan, Schema};
use crate::{Error, Limits, Sink};

/// What a file's header says.
#[derive(Clone, Debug)]
pub struct Reader {
    metadata: Vec<(String, Vec<u8>)>,
    schema: String,
    codec: Codec,
    sync: [u8; 16],
}

/// Some data of a file, inflated.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    left: u64,
    bytes: Cow<'a, [u8]>,
    at: usize,
}

/// Why a part cannot be read.
enum Stop {
    /// More bytes are wanted.
    Short,
    Wrong(Error),
}

fn wrong(at: usize, problem: impl Into<String>) -> Stop {
    Stop::Wrong(malformed(at, problem).finish())
}

fn whole<T>(read: Result<T, Stop>) -> Result<Option<T>, Error> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(Stop::Short) => Ok(None),
        Err(Stop::Wrong(error)) => Err(error),
    }
}

impl Reader {
    /// The header that a file begins with, and its length. `None`: more bytes of the file are wanted.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::Limit`], [`Error::Unsupported`] for a codec that is not read here.
    pub fn open(bytes: &[u8], limits: &Limits) -> Result<Option<(Self, usize)>, Error> {
        let mut front = Front { bytes, at: 0, limits };
        let header = whole(front.header())?;
        if header.is_none() && bytes.len() > limits.bytes {
            return Err(Error::Limit { what: "bytes of a header", limit: limits.bytes, at: limits.bytes });
        }
        Ok(header.map(|header| (header, front.at)))
    }

    /// The schema that the data was written with.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] if it is none.
    pub fn schema(&self) -> Result<Schema, Error> {
        Schema::parse(&self.schema, &[])
    }

    /// The text of that.
    #[must_use]
    pub fn schema_text(&self) -> &str {
        &self.schema
    }

    /// All that the header says, names beginning with `avro.` included.
    #[must_use]
    pub fn metadata(&self) -> &[(String, Vec<u8>)] {
        &self.metadata
    }

    /// The block that these bytes begin with, and its length in them. `None`: more bytes of the file are wanted.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], also for a block that is not followed by the file's marker; [`Error::Limit`].
    pub fn block<'a>(&self, bytes: &'a [u8], limits: &Limits) -> Result<Option<(Block<'a>, usize)>, Error> {
        let mut front = Front { bytes, at: 0, limits };
        let block = whole(front.block(self))?;
        Ok(block.map(|block| (block, front.at)))
    }
}

impl Block<'_> {
    /// How many data are still to come.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }

    /// Tells a sink the next datum; `false` if there is none. Offsets are those in the inflated block.
    ///
    /// # Errors
    ///
    /// As [`Plan::decode`]. What follows in the block is then not to be found.
    pub fn next<S: Sink>(&mut self, plan: &Plan, limits: &Limits, sink: &mut S) -> Result<bool, Error> {
        if self.left == 0 {
            return match self.bytes.len() - self.at {
                0 => Ok(false),
                more => Err(malformed(self.at, format!("{more} bytes follow a block's data")).finish()),
            };
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += plan.decode_first(rest, limits, sink)?;
        self.left -= 1;
        Ok(true)
    }
}

struct Front<'a, 'l> {
    bytes: &'a [u8],
    at: usize,
    limits: &'l Limits,
}

impl<'a> Front<'a, '_> {
    fn header(&mut self) -> Result<Reader, Stop> {
        if self.chunk::<4>()? != MAGIC {
            return Err(wrong(0, "no Avro file: it does not begin with Obj and 1"));
        }
        let mut metadata = Vec::new();
        loop {
            let mut count = self.long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                self.long()?;
                count = count.saturating_neg();
            }
            for _ in 0..count {
                let at = self.at;
                let name = String::from_utf8(self.sized()?.to_vec());
                let name = name.map_err(|_| wrong(at, "metadata whose name is not UTF-8"))?;
                metadata.push((name, self.sized()?.to_vec()));
            }
        }
        let sync = self.chunk()?;
        let find =
            |name: &str| metadata.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice());
        let schema = find("avro.schema").and_then(|text| std::str::from_utf8(text).ok());
        let schema = schema
            .ok_or_else(|| wrong(0, "a file without avro.schema, or one that is not UTF-8"))?
            .to_owned();
        let codec = Codec::of(find("avro.codec").unwrap_or(b"null")).map_err(Stop::Wrong)?;
        Ok(Reader { metadata, schema, codec, sync })
    }

    fn block(&mut self, reader: &Reader) -> Result<Block<'a>, Stop> {
        let left = u64::try_from(self.long()?).map_err(|_| wrong(0, "a block of less than no data"))?;
        let start = self.at;
        let bytes = self.sized()?;
        let end = self.at;
        if self.chunk()? != reader.sync {
            return Err(wrong(end, "a block that is not followed by the file's marker"));
        }
        let bytes = match reader.codec {
            Codec::Null => Cow::Borrowed(bytes),
            Codec::Deflate => Cow::Owned(inflate(bytes, start, self.limits)?),
        };
        // Data of no bytes: as many as elements of no bytes.
        if left > bytes.len().max(self.limits.items) as u64 {
            let limit = self.limits.items;
            return Err(Stop::Wrong(Error::Limit { what: "data without bytes", limit, at: 0 }));
        }
        Ok(Block { left, bytes, at: 0 })
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Stop> {
        if length > self.limits.bytes {
            let limit = self.limits.bytes;
            return Err(Stop::Wrong(Error::Limit { what: "bytes", limit, at: self.at }));
        }
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..length)).ok_or(Stop::Short)?;
        self.at += length;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.take(N)?.first_chunk().copied().ok_or(Stop::Short)
    }

    fn long(&mut self) -> Result<i64, Stop> {
        let start = self.at;
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.chunk()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(wrong(start, "a long of more than 64 bits"))
    }

    fn sized(&mut self) -> Result<&'a [u8], Stop> {
        let start = self.at;
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| wrong(start, format!("a length of {length}")))?;
        self.take(length)
    }
}

/// Inflates a block. The output grows with what comes out, up to the limit.
fn inflate(bytes: &[u8], at: usize, limits: &Limits) -> Result<Vec<u8>, Stop> {
    let mut out = Vec::with_capacity(bytes.len().saturating_mul(2).clamp(64, limits.bytes.max(64)));
    let mut stream = Decompress::new(false);
    loop {
        let (read, written) = (stream.total_in(), stream.total_out());
        let rest = bytes.get(read as usize..).unwrap_or_default();
        match stream.decompress_vec(rest, &mut out, FlushDecompress::None) {
            Ok(Status::StreamEnd) if out.len() <= limits.bytes => return Ok(out),
            Ok(_) if out.len() > limits.bytes => {
                return Err(Stop::Wrong(Error::Limit { what: "inflated bytes", limit: limits.bytes, at }));
            }
            Ok(_) if out.len() == out.capacity() => out.reserve(out.len().max(64)),
            Ok(_) if (read, written) == (stream.total_in(), stream.total_out()) => {
                return Err(wrong(at, "a block whose deflated bytes are cut off"));
            }
            Ok(_) => {}
            Err(error) => return Err(wrong(at, format!("a block that is not deflated: {error}"))),
        }
    }
}
