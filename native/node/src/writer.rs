//! The writer task of a link: sleeps until a send found the socket full, then empties the queue as the peer
//! drains it. Sends write for themselves otherwise.

use std::sync::Arc;

use crate::event::DownReason;
use crate::link::Link;
use crate::queue::Flushed;
use crate::transport::WriteHalf;

pub(crate) async fn run(link: Link, socket: Arc<WriteHalf>) {
    let state = link.0.clone();
    loop {
        // Set by a send that could not write all, and by the end of the link.
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
            let flushed = state.queue.lock().flush(&state.counters.written);
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
