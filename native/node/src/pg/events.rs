//! Who wants to hear of changes, and what they hear.
//!
//! A subscriber has everything that happens after its snapshot, in order. One that falls [`BACKLOG`] events behind is let go,
//! so that it never believes a list with holes.

use outrigger_proto::pg::{Event, Group};
use tokio::sync::mpsc;

/// How many events may wait for one subscriber.
const BACKLOG: usize = 4096;

/// The changes of one group, or of all groups of a scope.
#[derive(Debug)]
pub struct PgEvents {
    receiver: mpsc::Receiver<Event>,
}

impl PgEvents {
    /// The next change. `None` when the scope has ended, or when this reader fell too far behind: then ask for the members
    /// anew. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.receiver.recv().await
    }
}

/// All subscribers of a scope.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Vec<Subscriber>);

#[derive(Debug)]
struct Subscriber {
    /// `None` for all groups.
    group: Option<Group>,
    sender: mpsc::Sender<Event>,
}

impl Subscribers {
    pub(super) fn add(&mut self, group: Option<Group>) -> PgEvents {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        self.0.retain(|subscriber| !subscriber.sender.is_closed());
        self.0.push(Subscriber { group, sender });
        PgEvents { receiver }
    }

    pub(super) fn tell(&mut self, event: &Event) {
        self.0.retain(|subscriber| {
            let meant = subscriber.group.as_ref().is_none_or(|group| *group == event.group);
            !meant || subscriber.sender.try_send(event.clone()).is_ok()
        });
    }

    pub(super) fn end(&mut self) {
        self.0.clear();
    }
}
