//! Frames gathered for one set of targets.
//!
//! One batch is a list of buffers. Small payloads are copied behind their control message into one buffer that
//! grows in [`BLOCK`]s; a payload of [`LARGE`] bytes or more is not copied but shared with the read buffer. All
//! targets get the same buffers.
//!
//! Cost: no allocation per message; one per block, and the allocator's work is saved when all targets have
//! written the block before it is needed again.

use bytes::{BufMut, Bytes, BytesMut};
use outrigger_node::Payload;

/// Bytes that one block of small frames has.
const BLOCK: usize = 64 * 1_024;
/// From this size on a payload is shared.
const LARGE: usize = 32 * 1_024;
/// A batch of this size is handed on without waiting for its end.
const FULL: usize = 128 * 1_024;

/// Frames in the order they were appended.
#[derive(Debug, Default)]
pub(super) struct Batch {
    closed: Vec<Bytes>,
    open: BytesMut,
    bytes: usize,
}

impl Batch {
    /// Appends one frame: its length, `prefix` (everything up to the payload) and the payload.
    pub(super) fn push(&mut self, prefix: &[u8], payload: Payload<'_>) {
        let bytes = payload.as_slice();
        // The node has held the payload's frame against a limit far below 4 GiB.
        let Ok(length) = u32::try_from(prefix.len() + bytes.len()) else { return };
        let large = bytes.len() >= LARGE;
        let copied = 4 + prefix.len() + if large { 0 } else { bytes.len() };
        if self.open.capacity() - self.open.len() < copied {
            // Growing would move what is there; a new block does not.
            self.close();
            self.open.reserve(copied.max(BLOCK));
        }
        self.open.put_u32(length);
        self.open.put_slice(prefix);
        if large {
            self.close();
            self.closed.push(payload.to_bytes());
        } else {
            self.open.put_slice(bytes);
        }
        self.bytes += 4 + prefix.len() + bytes.len();
    }

    /// Whether it should be handed on now.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    /// The buffers gathered so far. Empty if there are none.
    pub(super) fn buffers(&mut self) -> &[Bytes] {
        self.close();
        &self.closed
    }

    /// Starts anew. The buffers live on for as long as a link holds them.
    pub(super) fn clear(&mut self) {
        self.close();
        self.closed.clear();
        self.bytes = 0;
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.closed.push(self.open.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(batch: &mut Batch, payload: &Bytes) {
        batch.push(b"pre", Payload::new(payload, 0));
    }

    fn flat(batch: &mut Batch) -> Vec<u8> {
        batch.buffers().concat()
    }

    #[test]
    fn small_frames_are_one_buffer() {
        let mut batch = Batch::default();
        push(&mut batch, &Bytes::from_static(b"one"));
        push(&mut batch, &Bytes::from_static(b"three"));
        assert_eq!(batch.buffers().len(), 1);
        assert_eq!(flat(&mut batch), b"\0\0\0\x06preone\0\0\0\x08prethree");
        batch.clear();
        assert!(batch.buffers().is_empty());
    }

    #[test]
    fn a_large_payload_is_shared_and_keeps_its_place() {
        let mut batch = Batch::default();
        let large = Bytes::from(vec![7; LARGE]);
        push(&mut batch, &Bytes::from_static(b"a"));
        push(&mut batch, &large);
        push(&mut batch, &Bytes::from_static(b"b"));
        let buffers = batch.buffers();
        assert_eq!(buffers.len(), 3);
        assert_eq!(buffers[1].as_ptr(), large.as_ptr(), "not a copy");
        let length = u32::try_from(LARGE + 3).unwrap().to_be_bytes();
        let expected = [b"\0\0\0\x04prea", &length[..], b"pre", &large[..], b"\0\0\0\x04preb"].concat();
        assert_eq!(flat(&mut batch), expected);
    }

    #[test]
    fn a_block_that_is_full_is_not_moved() {
        let mut batch = Batch::default();
        let payload = Bytes::from(vec![1; 1_000]);
        let mut expected = Vec::new();
        while !batch.is_full() {
            push(&mut batch, &payload);
            expected.extend_from_slice(&1_003_u32.to_be_bytes());
            expected.extend_from_slice(b"pre");
            expected.extend_from_slice(&payload);
        }
        assert!(expected.len() >= FULL && expected.len() < FULL + 1_100);
        assert!(batch.buffers().len() <= 3, "{} buffers", batch.buffers().len());
        assert_eq!(flat(&mut batch), expected);
    }
}
