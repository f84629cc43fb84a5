//! Frames gathered for one set of targets.
//!
//! Messages that follow one another share a frame, as one term: `{'$outrigger_batch', [Payload, ...]}`, the payloads byte
//! for byte. A message that is alone keeps a frame of its own, exactly as it would be without batches:
//!
//! ```text
//! one:   length prefix payload
//! more:  length prefix {'$outrigger_batch', [ payload payload ... ]}
//! ```
//!
//! One gathering is a list of buffers, the same for all targets. Small payloads are copied into a buffer that grows in
//! [`BLOCK`]s; a payload of [`LARGE`] bytes or more is not copied but shared with the read buffer, and alone in its frame.
//!
//! Invariants: payloads are in the order they were appended, whatever shares a frame; a frame lies in one block, has at
//! most [`MOST`] messages, and is whole when [`Batch::finish`] has returned.
//!
//! Cost: no allocation per message; one per block, and the allocator's work is saved when all targets have
//! written the block before it is needed again. The first message of a shared frame is moved once.

use bytes::{BufMut, Bytes, BytesMut};
use outrigger_node::Payload;

mod frames;

pub(super) use frames::Frames;
use frames::{Cut, Span};

/// Bytes that one block of small frames has, and a shared frame at most.
const BLOCK: usize = 64 * 1_024;
/// From this size on a payload is shared.
const LARGE: usize = 32 * 1_024;
/// Gathered frames of this size are handed on without waiting for the end of the run.
const FULL: usize = 128 * 1_024;
/// Messages that share a frame. A receiver gains little beyond some 64, and holds up other senders while it is at one frame.
const MOST: u32 = 128;

/// Stands before the number of elements: a tuple of two, the tag as a small UTF-8 atom, a list.
const HEAD: &[u8] = b"\x68\x02\x77\x10$outrigger_batch\x6c";
/// `HEAD` and the number of elements.
const HEAD_SIZE: usize = HEAD.len() + 4;
/// The end of a proper list.
const NIL: u8 = 106;

/// Frames in the order they were appended. All of one run, so of one prefix.
#[derive(Debug)]
pub(super) struct Batch {
    closed: Vec<Bytes>,
    open: BytesMut,
    bytes: usize,
    /// The frame at the end of `open`, as long as more messages may join it.
    frame: Option<Frame>,
    /// Where the payloads are, for those who take them one by one.
    spans: Vec<Span>,
    most: u32,
    shared: u64,
    /// Where the parts end that were cut off.
    cuts: Vec<Cut>,
}

/// A frame in `open`.
#[derive(Debug)]
struct Frame {
    start: usize,
    /// Behind the prefix.
    term: usize,
    messages: u32,
}

impl Default for Batch {
    fn default() -> Self {
        Self::of_at_most(MOST)
    }
}

impl Batch {
    /// One in which each message has a frame of its own.
    pub(super) fn of_singles() -> Self {
        Self::of_at_most(1)
    }

    fn of_at_most(most: u32) -> Self {
        Self {
            closed: Vec::new(),
            open: BytesMut::new(),
            bytes: 0,
            frame: None,
            spans: Vec::new(),
            most,
            shared: 0,
            cuts: Vec::new(),
        }
    }

    /// Appends one message. `prefix` is everything between the length of a frame and the payload.
    pub(super) fn push(&mut self, prefix: &[u8], payload: Payload<'_>) {
        let bytes = payload.as_slice();
        if bytes.len() >= LARGE {
            self.push_large(prefix, payload);
        } else if !self.join(bytes) {
            self.start(prefix, bytes);
        }
    }

    /// Begins a frame of one message.
    fn start(&mut self, prefix: &[u8], bytes: &[u8]) {
        self.seal();
        self.begin(prefix, bytes.len(), bytes.len());
        self.frame =
            Some(Frame { start: self.open.len() - 4 - prefix.len(), term: self.open.len(), messages: 1 });
        self.append(bytes);
    }

    fn push_large(&mut self, prefix: &[u8], payload: Payload<'_>) {
        self.seal();
        let bytes = payload.to_bytes();
        self.begin(prefix, bytes.len(), 0);
        self.close();
        self.spans.push(Span { buffer: self.closed.len(), start: 0, end: bytes.len() });
        self.bytes += bytes.len();
        self.closed.push(bytes);
    }

    /// Writes length and prefix, and makes room for the part of the payload that follows in the same block.
    fn begin(&mut self, prefix: &[u8], payload: usize, copied: usize) {
        let needed = 4 + prefix.len() + copied;
        if self.open.capacity() - self.open.len() < needed {
            // Growing would move what is there; a new block does not.
            self.close();
            self.open.reserve(needed.max(BLOCK));
        }
        self.open.put_u32(frame_length(prefix.len() + payload));
        self.open.put_slice(prefix);
        self.bytes += 4 + prefix.len();
    }

    /// Takes a message into the frame that is being gathered. `false` if there is none, or it is full.
    fn join(&mut self, bytes: &[u8]) -> bool {
        let Some(frame) = &mut self.frame else { return false };
        let head = if frame.messages == 1 { HEAD_SIZE } else { 0 };
        let needed = head + bytes.len() + 1;
        let room = self.open.capacity().min(frame.start + BLOCK).saturating_sub(self.open.len());
        if frame.messages >= self.most || room < needed {
            return false;
        }
        if frame.messages == 1 {
            // The message that was alone makes room for the head.
            let end = self.open.len();
            self.open.put_bytes(0, HEAD_SIZE);
            self.open.copy_within(frame.term..end, frame.term + HEAD_SIZE);
            self.open[frame.term..][..HEAD.len()].copy_from_slice(HEAD);
            if let Some(first) = self.spans.last_mut() {
                first.start += HEAD_SIZE;
                first.end += HEAD_SIZE;
            }
            self.bytes += HEAD_SIZE + 1;
        }
        frame.messages += 1;
        self.append(bytes);
        true
    }

    fn append(&mut self, bytes: &[u8]) {
        let start = self.open.len();
        self.open.put_slice(bytes);
        self.spans.push(Span { buffer: self.closed.len(), start, end: self.open.len() });
        self.bytes += bytes.len();
    }

    /// Ends the frame that is being gathered.
    fn seal(&mut self) {
        let Some(Frame { start, term, messages }) = self.frame.take() else { return };
        if messages == 1 {
            return;
        }
        self.open.put_u8(NIL);
        let length = frame_length(self.open.len() - start - 4).to_be_bytes();
        self.open[start..][..4].copy_from_slice(&length);
        self.open[term + HEAD.len()..][..4].copy_from_slice(&messages.to_be_bytes());
        self.shared += 1;
    }

    /// Whether it should be handed on now.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    /// Makes all frames whole.
    pub(super) fn finish(&mut self) {
        self.close();
    }

    /// Ends a part: what follows is in buffers of its own.
    pub(super) fn cut(&mut self) {
        self.close();
        self.cuts.push(self.here());
    }

    /// The parts that were cut off, in their order.
    pub(super) fn parts(&self) -> impl Iterator<Item = Frames<'_>> {
        let starts = std::iter::once(Cut::default()).chain(self.cuts.iter().copied());
        starts.zip(&self.cuts).map(|(from, to)| Frames::between(&self.closed, &self.spans, from, *to))
    }

    /// All finished frames.
    pub(super) fn frames(&self) -> Frames<'_> {
        Frames::between(&self.closed, &self.spans, Cut::default(), self.here())
    }

    fn here(&self) -> Cut {
        Cut { buffers: self.closed.len(), spans: self.spans.len(), shared: self.shared }
    }

    /// Starts anew. The buffers live on for as long as a link holds them.
    pub(super) fn clear(&mut self) {
        self.close();
        self.closed.clear();
        self.spans.clear();
        self.cuts.clear();
        self.bytes = 0;
        self.shared = 0;
    }

    fn close(&mut self) {
        self.seal();
        if !self.open.is_empty() {
            self.closed.push(self.open.split().freeze());
        }
    }
}

/// A frame's length as it is sent. The node has held each payload's own frame against a limit far below 4 GiB.
fn frame_length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
