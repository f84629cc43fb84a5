//! Finished frames of a batch, or of a part of it: what is sent, and the messages in it.

use bytes::Bytes;
use outrigger_node::Payload;

use super::Batch;

/// A payload in one of the buffers.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) buffer: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// All that was gathered up to here: buffers, payloads, shared frames.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cut {
    pub(super) buffers: usize,
    pub(super) spans: usize,
    pub(super) shared: u64,
}

/// Finished frames that go to the same targets.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Frames<'a> {
    /// What the spans are in.
    closed: &'a [Bytes],
    buffers: &'a [Bytes],
    spans: &'a [Span],
    shared: u64,
}

impl<'a> Frames<'a> {
    pub(super) fn between(closed: &'a [Bytes], spans: &'a [Span], from: Cut, to: Cut) -> Self {
        Self {
            closed,
            buffers: closed.get(from.buffers..to.buffers).unwrap_or_default(),
            spans: spans.get(from.spans..to.spans).unwrap_or_default(),
            shared: to.shared - from.shared,
        }
    }

    /// The buffers of all frames. Empty if there are none.
    pub(in super::super) fn buffers(&self) -> &'a [Bytes] {
        self.buffers
    }

    /// How many messages are in them.
    pub(in super::super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// How many of the frames more than one message shares.
    pub(in super::super) fn shared(&self) -> u64 {
        self.shared
    }

    /// The payloads, in their order.
    pub(in super::super) fn payloads(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let frames = *self;
        (0..self.len()).filter_map(move |index| frames.payload(index))
    }

    /// One of the payloads.
    pub(in super::super) fn payload(&self, index: usize) -> Option<&'a [u8]> {
        let Span { buffer, start, end } = self.spans.get(index)?;
        self.closed.get(*buffer)?.get(*start..*end)
    }

    /// One of the payloads, put into another batch.
    pub(in super::super) fn push_into(&self, batch: &mut Batch, index: usize, prefix: &[u8]) {
        let Some(Span { buffer, start, end }) = self.spans.get(index) else { return };
        if let Some(buffer) = self.closed.get(*buffer) {
            batch.push(prefix, Payload::new(&buffer.slice(..*end), *start));
        }
    }

    /// The frames again, each message in a frame of its own: for those who take no shared ones. A copy.
    pub(in super::super) fn one_by_one(&self, prefix: &[u8]) -> Batch {
        let mut singles = Batch::of_singles();
        (0..self.len()).for_each(|index| self.push_into(&mut singles, index, prefix));
        singles.finish();
        singles
    }
}
