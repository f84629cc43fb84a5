//! The way from the socket to a service allocates nothing per message.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

#[path = "../../../tests/support/allocations.rs"]
mod allocations;
mod common;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use common::{addr, config, raw, reg_send, up, within};
use outrigger_node::{Inbound, Link, Node, Payload, Service, To};
use outrigger_term::Pid;

struct Count(Arc<AtomicU64>);
struct CountInbound(Arc<AtomicU64>);

impl Service for Count {
    fn names(&self) -> &[&str] {
        &["count"]
    }

    fn inbound(&self, _link: &Link) -> Box<dyn Inbound> {
        Box::new(CountInbound(self.0.clone()))
    }
}

impl Inbound for CountInbound {
    fn message(&mut self, _to: To<'_>, _from: Option<Pid<'_>>, payload: Payload<'_>) {
        assert_eq!(payload.as_slice().len(), 105);
        self.0.fetch_add(1, Relaxed);
    }
}

#[tokio::test]
async fn none_per_message() {
    const MESSAGES: u64 = 200_000;
    let seen = Arc::new(AtomicU64::new(0));
    let a = Node::start(config("a@127.0.0.1"), vec![Arc::new(Count(seen.clone()))]).await.unwrap();
    let peer = raw::connect(addr(&a), "b@127.0.0.1", "a@127.0.0.1", "secret").await.unwrap();
    up(&mut a.events(), "b@127.0.0.1").await;
    let mut payload = vec![109, 0, 0, 0, 100];
    payload.extend([7; 100]);
    let frames = raw::plain(&reg_send(&a, "count", &payload)).repeat(1000);
    let mut socket = peer.socket.into_std().unwrap();
    socket.set_nonblocking(false).unwrap();
    // The node runs on this thread.
    let before = allocations::made();
    let writer = std::thread::spawn(move || {
        for _ in 0..MESSAGES / 1000 {
            socket.write_all(&frames).unwrap();
        }
        socket
    });
    within("all messages", async {
        while seen.load(Relaxed) < MESSAGES {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let allocations = allocations::made() - before;
    // Some for each batch of 64 KiB or more at most, none for each message.
    assert!((allocations as u64) < MESSAGES / 100, "{allocations} allocations for {MESSAGES} messages");
    drop(writer.join().unwrap());
    a.shutdown().await;
}
