//! Terms that stand alone, as `term_to_binary` makes them for files, databases and brokers: behind a version byte, and maybe
//! compressed or marked as local.
//!
//! ```
//! use outrigger_term::{Inflation, OwnedTerm, Term};
//!
//! // term_to_binary(7), and the same compressed.
//! let seven = OwnedTerm::unpack(&[131, 97, 7], &Inflation::default())?;
//! let packed = [131, 80, 0, 0, 0, 2, 120, 156, 75, 100, 7, 0, 0, 203, 0, 105];
//! assert_eq!(OwnedTerm::unpack(&packed, &Inflation::default())?, seven);
//! assert_eq!(seven.as_term().pack(), [131, 97, 7]);
//!
//! let zeros = [&[109, 0, 0, 16, 0][..], &[0; 4096]].concat();
//! let packed = Term::new(&zeros)?.pack_compressed(6);
//! assert!(packed.len() < 100);
//! assert_eq!(OwnedTerm::unpack(&packed, &Inflation::default())?.bytes(), zeros);
//! # Ok::<(), outrigger_term::TermError>(())
//! ```
//!
//! Limits: a compressed term claims its size, and memory is taken on that word only as far as [`Inflation`] allows. What
//! Erlang calls local (`LOCAL_EXT`) is by its documentation a VM's own affair; OTP 26 to 29 put a hash that only they can
//! check before an ordinary term, and as such it is read. Nothing here is sent between nodes: there terms are bare.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};

use crate::{OwnedTerm, Term, TermError, tag};

/// Bytes of the hash behind `LOCAL_EXT`.
const LOCAL_HASH: usize = 4;

/// Bounds for compressed terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inflation {
    /// Bytes of the term, inflated. 64 MiB unless said otherwise.
    pub max_bytes: u32,
    /// How many times as long as it came it may become. 1032 unless said otherwise, which is the most that is possible: a
    /// higher claim is a lie.
    pub max_ratio: u32,
}

impl Default for Inflation {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_ratio: 1032 }
    }
}

impl<'a> Term<'a> {
    /// Takes bytes that are exactly one term behind a version byte, neither compressed nor local.
    ///
    /// # Errors
    /// As [`Term::new`]; the version byte is not 131.
    pub fn with_version(bytes: &'a [u8]) -> Result<Self, TermError> {
        Self::new(without_version(bytes)?)
    }

    /// As `term_to_binary/1` puts it: behind a version byte.
    pub fn pack(self) -> Vec<u8> {
        [&[tag::VERSION], self.bytes()].concat()
    }

    /// As `term_to_binary(Term, [{compressed, Level}])` puts it, with a level of 0 to 9; not compressed if that makes it no
    /// shorter.
    pub fn pack_compressed(self, level: u32) -> Vec<u8> {
        let Ok(len) = u32::try_from(self.bytes().len()) else { return self.pack() };
        let mut packed = vec![tag::VERSION, tag::COMPRESSED];
        packed.extend_from_slice(&len.to_be_bytes());
        let mut encoder = ZlibEncoder::new(packed, Compression::new(level.min(9)));
        // A vector takes all that is written to it.
        match encoder.write_all(self.bytes()).and_then(|()| encoder.finish()) {
            Ok(packed) if packed.len() <= self.bytes().len() => packed,
            _ => self.pack(),
        }
    }
}

impl OwnedTerm {
    /// Takes what `term_to_binary` made, with whatever options.
    ///
    /// # Errors
    /// The bytes are not exactly one term, or it is longer than allowed.
    pub fn unpack(bytes: &[u8], bounds: &Inflation) -> Result<Self, TermError> {
        match without_version(bytes)? {
            [tag::COMPRESSED, rest @ ..] => {
                let term = inflate(rest, bounds)?;
                match without_hash(&term)? {
                    bytes if bytes.len() == term.len() => Self::new(term),
                    bytes => Self::new(bytes),
                }
            }
            bytes => Self::new(without_hash(bytes)?),
        }
    }
}

fn without_version(bytes: &[u8]) -> Result<&[u8], TermError> {
    match bytes {
        [tag::VERSION, term @ ..] => Ok(term),
        [byte, ..] => Err(TermError::BadVersion { byte: *byte }),
        [] => Err(TermError::Truncated),
    }
}

fn without_hash(bytes: &[u8]) -> Result<&[u8], TermError> {
    match bytes {
        [tag::LOCAL, rest @ ..] => rest.get(LOCAL_HASH..).ok_or(TermError::Truncated),
        bytes => Ok(bytes),
    }
}

/// The size in 32 bits, and a zlib stream that inflates to exactly that.
fn inflate(bytes: &[u8], bounds: &Inflation) -> Result<Vec<u8>, TermError> {
    let (claimed, stream) = bytes.split_first_chunk().ok_or(TermError::Truncated)?;
    let claimed = u32::from_be_bytes(*claimed);
    if claimed > bounds.max_bytes {
        return Err(TermError::InflatesTooFar { claimed, limit: bounds.max_bytes.into() });
    }
    let limit = (stream.len() as u64).saturating_mul(bounds.max_ratio.into());
    if u64::from(claimed) > limit {
        return Err(TermError::InflatesTooFar { claimed, limit });
    }
    // One byte more than claimed, to see whether the stream goes on.
    let mut out = Vec::with_capacity(claimed as usize + 1);
    let mut inflater = Decompress::new(true);
    let status = inflater.decompress_vec(stream, &mut out, FlushDecompress::Finish);
    if !matches!(status, Ok(Status::StreamEnd)) || out.len() != claimed as usize {
        return Err(TermError::NotInflatable);
    }
    match (stream.len() as u64).saturating_sub(inflater.total_in()) {
        0 => Ok(out),
        left => Err(TermError::TrailingBytes { len: left as usize }),
    }
}
