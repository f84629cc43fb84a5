//! Topics in one order for all: the terms and frames of `docs/design/total-order.md`, and handing out.
//!
//! The engine is `outrigger_fanout::ordered`. A run is gathered as any other; its frames can be written only when its numbers are known, which is
//! under the lock of its sequence. So its messages are copied twice.

mod frames;
mod sequencer;

pub(super) use frames::topic;
pub(super) use sequencer::Sequencer;

/// `{ordered, 1, group, prefix, floor}`: a node wants to send messages of a prefix, under the term `floor` or a higher one.
/// `{ordered_left, 1, group, prefix, term}`: it sends nothing more under that one.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) group: std::borrow::Cow<'a, str>,
    pub(super) prefix: &'a [u8],
    pub(super) floor: u64,
}
