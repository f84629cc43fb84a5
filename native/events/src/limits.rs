//! How much of a document a decoder takes on. The bounds stand against hostile bytes; no sane event comes near them.

/// Bounds of one decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document.
    pub bytes: usize,
    /// Lists, maps and records inside each other.
    pub depth: usize,
    /// Digits of one number. Making an integer of them takes time with their square.
    pub digits: usize,
    /// Elements that take no bytes: an Avro array claims any number of nulls in ten bytes, and an empty Protobuf message has
    /// all of its fields.
    pub items: usize,
}

impl Default for Limits {
    /// 64 MiB, 512 levels, 1,024 digits, 65,536 elements of no bytes.
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 512, digits: 1_024, items: 1 << 16 }
    }
}
