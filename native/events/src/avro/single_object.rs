//! Single objects: a datum behind the fingerprint of its schema.
//!
//! ```
//! use outrigger_events::avro::{Schema, single_object};
//!
//! let schema = Schema::parse(r#""int""#, &[])?;
//! let mut out = vec![];
//! single_object::begin(schema.fingerprint(), &mut out);
//! out.push(14);
//! assert_eq!(single_object::split(&out)?, (schema.fingerprint(), &[14][..]));
//! # Ok::<(), outrigger_events::Error>(())
//! ```

use crate::Error;
use crate::avro::malformed;

const MARK: [u8; 2] = [0xc3, 0x01];

/// The [`fingerprint`](super::Schema::fingerprint) of an object's schema, and the bytes of its datum, which begin at byte 10.
///
/// # Errors
///
/// [`Error::Malformed`] for what does not begin as a single object.
pub fn split(bytes: &[u8]) -> Result<(u64, &[u8]), Error> {
    let Some(rest) = bytes.strip_prefix(&MARK) else {
        return Err(malformed(0, "no single object: it does not begin with C3 01").finish());
    };
    match rest.split_first_chunk() {
        Some((fingerprint, datum)) => Ok((u64::from_le_bytes(*fingerprint), datum)),
        None => Err(malformed(bytes.len(), "ends inside the fingerprint of a single object").finish()),
    }
}

/// Appends what stands before the datum.
pub fn begin(fingerprint: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&MARK);
    out.extend_from_slice(&fingerprint.to_le_bytes());
}
