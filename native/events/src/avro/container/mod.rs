//! Object container files, block by block: what is held is one block, whatever the file's size.
//!
//! Nothing is read here but slices. The caller has some bytes of the file: [`Reader::open`] takes the header off their front,
//! [`Reader::block`] a block. Both say how many bytes that were, or that they want more.
//!
//! ```
//! use outrigger_events::avro::Plan;
//! use outrigger_events::avro::container::{Codec, Reader, Writer};
//! use outrigger_events::{Limits, TreeSink, Value};
//!
//! let limits = Limits::default();
//! let mut file = vec![];
//! // The marker between blocks should be random; where randomness comes from is the caller's business.
//! let mut writer = Writer::new(r#""string""#, Codec::Deflate, [7; 16], &mut file)?;
//! writer.append(&Value::from("ahoy"), &limits, &mut file)?;
//! writer.flush(&mut file)?;
//!
//! let (reader, mut at) = Reader::open(&file, &limits)?.expect("a whole header");
//! let plan = Plan::new(&reader.schema()?, None)?;
//! let (mut block, length) = reader.block(&file[at..], &limits)?.expect("a whole block");
//! at += length;
//! let mut sink = TreeSink::default();
//! assert!(block.next(&plan, &limits, &mut sink)?);
//! assert_eq!(sink.finish(), Some(Value::from("ahoy")));
//! assert!(!block.next(&plan, &limits, &mut TreeSink::default())?);
//! assert_eq!(at, file.len());
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! Codecs `null` and `deflate`. A header or a block, also when inflated, has at most [`Limits::bytes`](crate::Limits::bytes).

mod reader;
mod writer;

pub use reader::{Block, Reader};
pub use writer::Writer;

use crate::Error;

const MAGIC: [u8; 4] = *b"Obj\x01";

/// How blocks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Not at all.
    Null,
    /// RFC 1951, without zlib's header and checksum.
    Deflate,
}

impl Codec {
    const fn text(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Deflate => "deflate",
        }
    }

    fn of(name: &[u8]) -> Result<Self, Error> {
        match name {
            b"null" => Ok(Self::Null),
            b"deflate" => Ok(Self::Deflate),
            other => Err(Error::Unsupported {
                what: format!("an Avro file with codec {}", String::from_utf8_lossy(other).escape_debug()),
                remedy: "write it with codec deflate or null",
            }),
        }
    }
}
