//! The writer task of a link: sleeps until a send found the socket full, then empties the queue as the peer
//! drains it, and tells the services of room that they asked for. Sends write for themselves otherwise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::event::DownReason;
use crate::inner::Inner;
use crate::link::Link;
use crate::queue::Flushed;
use crate::transport::WriteHalf;

pub(crate) async fn run(inner: Arc<Inner>, link: Link, socket: Arc<WriteHalf>) {
    let state = link.0.clone();
    loop {
        // Set by a send that could not write all, by who wants room, and by the end of the link.
        state.writer.notified().await;
        loop {
            tokio::select! {
                biased;
                _ = state.closing.wait() => return,
                ready = socket.writable() => if let Err(error) = ready {
                    link.close(DownReason::Socket(error.to_string()));
                    return;
                },
            }
            let (flushed, room) = {
                let mut queue = state.queue.lock();
                (queue.flush(&state.counters.written), queue.has_wanted_room())
            };
            if room {
                state.roomy.notify_waiters();
                tell_room(&inner, &link);
                tokio::task::yield_now().await;
            }
            match flushed {
                Flushed::Empty => {
                    state.wrote();
                    break;
                }
                Flushed::Full => state.wrote(),
                Flushed::More => {
                    state.wrote();
                    tokio::task::yield_now().await;
                }
                Flushed::Closed => return,
                Flushed::Failed(error) => {
                    link.close(DownReason::Socket(error.to_string()));
                    return;
                }
            }
        }
    }
}

fn tell_room(inner: &Inner, link: &Link) {
    for service in &inner.services {
        if catch_unwind(AssertUnwindSafe(|| service.link_room(link))).is_err() {
            tracing::error!("a service panicked when there was room on a link; this is a bug in the service");
            link.close(DownReason::Internal);
        }
    }
}
