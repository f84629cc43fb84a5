//! Files, appended to a buffer that the caller writes away.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{Codec, MAGIC};
use crate::avro::Schema;
use crate::avro::encode::wire;
use crate::{Datum, Error, Limits};

/// Bytes of data after which a block is written.
const BLOCK: usize = 64 << 10;

/// Writes one file.
#[derive(Debug)]
pub struct Writer {
    schema: Schema,
    codec: Codec,
    sync: [u8; 16],
    block: Vec<u8>,
    count: i64,
}

impl Writer {
    /// Begins a file: appends its header. The schema must not refer to others, or nobody could read the file.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`] for a text that is none.
    pub fn new(schema: &str, codec: Codec, sync: [u8; 16], out: &mut Vec<u8>) -> Result<Self, Error> {
        let parsed = Schema::parse(schema, &[])?;
        out.extend_from_slice(&MAGIC);
        wire::long(out, 2);
        for (name, value) in [("avro.schema", schema), ("avro.codec", codec.text())] {
            wire::bytes(out, name.as_bytes());
            wire::bytes(out, value.as_bytes());
        }
        out.push(0);
        out.extend_from_slice(&sync);
        Ok(Self { schema: parsed, codec, sync, block: Vec::new(), count: 0 })
    }

    /// Adds a datum. A block that is full with it is appended to `out`.
    ///
    /// # Errors
    ///
    /// As [`Schema::encode`]; the datum is then not in the file.
    pub fn append<'a, D: Datum<'a>>(
        &mut self,
        datum: D,
        limits: &Limits,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.schema.encode(datum, limits, &mut self.block)?;
        self.count += 1;
        if self.block.len() >= BLOCK { self.flush(out) } else { Ok(()) }
    }

    /// Appends what is in the open block. The last thing to do to a file.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] if the compressor fails, which it does not in memory.
    pub fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.count == 0 {
            return Ok(());
        }
        wire::long(out, self.count);
        match self.codec {
            Codec::Null => wire::bytes(out, &self.block),
            Codec::Deflate => {
                let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
                let deflated = deflate.write_all(&self.block).and_then(|()| deflate.finish());
                let failed = |error: std::io::Error| Error::Value {
                    path: "$".to_owned(),
                    problem: format!("cannot be compressed: {error}"),
                };
                wire::bytes(out, &deflated.map_err(failed)?);
            }
        }
        out.extend_from_slice(&self.sync);
        self.block.clear();
        self.count = 0;
        Ok(())
    }
}
