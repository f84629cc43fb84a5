//! The same frames for many links: what is made only for some of them is made once, for the first who needs it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use outrigger_fanout::Origin;

use super::apart::Apart;
use super::batch::{Batch, Frames};
use super::core::Linked;
use super::outlet::Outlet;

/// Frames of one group and publisher's node, and what was made of them.
pub(super) struct Copies<'a> {
    group: &'a Arc<str>,
    from: &'a str,
    prefix: &'a [u8],
    frames: Frames<'a>,
    lost: &'a AtomicU64,
    singles: Option<Batch>,
    apart: Option<Apart>,
    made: u64,
}

impl<'a> Copies<'a> {
    /// `prefix` is what stands before the payloads; what lagging peers lose is added to `lost`.
    pub(super) fn new(
        group: &'a Arc<str>,
        from: &'a str,
        prefix: &'a [u8],
        frames: Frames<'a>,
        lost: &'a AtomicU64,
    ) -> Self {
        Self { group, from, prefix, frames, lost, singles: None, apart: None, made: 0 }
    }

    /// Sends them to a link, as it takes them.
    pub(super) fn send<O: Outlet>(&mut self, to: &Linked<O>) {
        let Linked { link, single, lane, .. } = to;
        let Self { group, from, prefix, frames, .. } = *self;
        self.made += frames.len() as u64;
        lane.handed.lock().add(group, from, frames.len() as u64);
        if !lane.is_free(link) {
            let origin = || Arc::new(Origin { group: group.clone(), node: from.into() });
            let apart = self.apart.get_or_insert_with(|| Apart::new(origin(), frames.payloads()));
            lane.keep(link, apart, self.lost);
        } else if frames.shared() > 0 && single.contains(group) {
            let singles = self.singles.get_or_insert_with(|| frames.one_by_one(prefix));
            link.send(singles.frames().buffers());
        } else {
            link.send(frames.buffers());
        }
    }

    /// Messages times links so far.
    pub(super) fn made(&self) -> u64 {
        self.made
    }
}
