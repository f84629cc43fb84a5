//! Leaving in good order: members are told, move their publishers to other ways, and say so.
//!
//! Nothing is cut off meanwhile: attachments stay, and what publishers send last on their way out is handed on. Who asks to be attached from
//! now on is, and is told as well.
//!
//! Limits: a member of before this message says nothing. It is waited for as long as the caller's patience lasts, and what it sends at
//! the end of that is lost.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use outrigger_fanout::PeerId;
use parking_lot::Mutex;
use tokio::time::sleep;

/// Nothing was handed on for so long: nothing is under way any more from publishers that had looked up their way before it changed.
const QUIET: Duration = Duration::from_millis(50);
/// Between two looks.
const STEP: Duration = Duration::from_millis(5);

/// Who has still to leave. `None` while nobody is asked to.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    members: Mutex<Option<HashSet<Attachment>>>,
}

/// A link and a group.
type Attachment = (PeerId, Arc<str>);

impl Leaving {
    /// Members are being asked to leave from now on.
    pub(super) fn begin(&self, members: impl Iterator<Item = Attachment>) {
        *self.members.lock() = Some(members.collect());
    }

    /// Whether members are asked to leave.
    pub(super) fn has_begun(&self) -> bool {
        self.members.lock().is_some()
    }

    /// Somebody has become a member. Whether it has to be told.
    pub(super) fn join(&self, peer: PeerId, group: &str) -> bool {
        self.members.lock().as_mut().is_some_and(|members| {
            members.insert((peer, group.into()));
            true
        })
    }

    /// The node behind this link publishes through us no more, in one group or (`None`) in all.
    pub(super) fn left(&self, peer: PeerId, group: Option<&str>) {
        if let Some(members) = &mut *self.members.lock() {
            members.retain(|(member, name)| *member != peer || group.is_some_and(|group| **name != *group));
        }
    }

    /// Returns when all have left and nothing was handed on for a moment. `handed_on` only rises.
    pub(super) async fn over(&self, handed_on: impl Fn() -> u64) {
        while !self.members.lock().as_ref().is_none_or(HashSet::is_empty) {
            sleep(STEP).await;
        }
        let mut before = handed_on();
        loop {
            sleep(QUIET).await;
            let now = handed_on();
            if now == before {
                return;
            }
            before = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use tokio::time::timeout;

    use super::*;

    /// Who waits for nothing is done in less.
    const LONG: Duration = Duration::from_millis(200);

    fn leaving() -> Leaving {
        let leaving = Leaving::default();
        leaving.begin(
            [(1, "a"), (1, "b"), (2, "a")].map(|(peer, group)| (PeerId(peer), group.into())).into_iter(),
        );
        leaving
    }

    #[tokio::test]
    async fn all_have_to_leave() {
        let leaving = leaving();
        for (peer, group) in [(1, Some("a")), (2, None)] {
            leaving.left(PeerId(peer), group);
            assert!(timeout(LONG, leaving.over(|| 0)).await.is_err(), "{peer} {group:?}");
        }
        leaving.left(PeerId(1), Some("b"));
        leaving.over(|| 0).await;
    }

    #[tokio::test]
    async fn what_is_still_handed_on_is_waited_for() {
        let leaving = leaving();
        [1, 2].into_iter().for_each(|peer| leaving.left(PeerId(peer), None));
        let (looks, busy) = (AtomicU64::new(0), 10);
        let handed_on = || looks.fetch_add(1, Relaxed).min(busy);
        leaving.over(handed_on).await;
        assert_eq!(looks.load(Relaxed), busy + 2);
    }

    #[tokio::test]
    async fn without_members_there_is_nobody_to_wait_for() {
        let leaving = Leaving::default();
        assert!(!leaving.has_begun() && !leaving.join(PeerId(1), "a"));
        leaving.begin(std::iter::empty());
        assert!(leaving.has_begun());
        leaving.over(|| 0).await;
    }
}
