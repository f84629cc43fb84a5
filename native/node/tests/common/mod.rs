//! What the driver's tests share: nodes without EPMD, a recording service, a raw peer, and deadlines.
#![allow(dead_code, unreachable_pub, missing_docs)]

pub mod beam;
pub mod cluster;
pub mod evil;
pub mod groups;
pub mod log;
pub mod raw;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use outrigger_node::{
    Config, DownReason, Epmd, Events, Inbound, Link, Listen, Node, NodeEvent, NodeName, Payload, Service, To,
    cookie,
};
use outrigger_proto::control::encode;
use outrigger_proto::frame::{self, Framing};
use outrigger_term::Pid;
use tokio::sync::mpsc;

/// Longer than anything here should ever take.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("waited too long for {what}"))
}

pub fn config(name: &str) -> Config {
    let mut config = Config::new(name.parse().unwrap(), cookie::from_text("secret", "test").unwrap());
    config.listen = Listen::Addrs(vec!["127.0.0.1:0".parse().unwrap()]);
    config.epmd = Epmd::Off;
    config
}

pub fn addr(node: &Node) -> SocketAddr {
    node.listen_addrs()[0]
}

/// What a recording service has seen, in order.
#[derive(Debug, PartialEq)]
pub enum Seen {
    LinkUp(NodeName),
    Message(NodeName, Bytes),
    LinkDown(NodeName, DownReason),
}

/// Answers to the name `sink` and to all pids below the node's own.
pub struct Sink(mpsc::UnboundedSender<Seen>);

pub fn sink() -> (Arc<dyn Service>, mpsc::UnboundedReceiver<Seen>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Arc::new(Sink(sender)), receiver)
}

impl Service for Sink {
    fn names(&self) -> &[&str] {
        &["sink", "panic"]
    }

    fn owns_pid(&self, _id: u32, serial: u32) -> bool {
        serial < outrigger_node::SERVICE_SERIALS
    }

    fn link_up(&self, link: &Link) {
        let _ = self.0.send(Seen::LinkUp(link.peer().clone()));
    }

    fn inbound(&self, link: &Link) -> Box<dyn Inbound> {
        Box::new(SinkInbound { peer: link.peer().clone(), to: self.0.clone() })
    }
}

struct SinkInbound {
    peer: NodeName,
    to: mpsc::UnboundedSender<Seen>,
}

impl Inbound for SinkInbound {
    fn message(&mut self, to: To<'_>, _from: Option<Pid<'_>>, payload: Payload<'_>) {
        assert!(!matches!(to, To::Name("panic")), "asked to panic");
        let _ = self.to.send(Seen::Message(self.peer.clone(), Bytes::copy_from_slice(payload.as_slice())));
    }

    fn link_down(&mut self, reason: &DownReason) {
        let _ = self.to.send(Seen::LinkDown(self.peer.clone(), reason.clone()));
    }
}

/// A frame that sends a bare term to a registered name, as services write it; `raw::plain` is for raw sockets.
pub fn reg_send(from: &Node, name: &str, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    let pid = from.pid(1, 0);
    frame::append(&mut out, Framing::Header, Some(payload), |w| encode::reg_send(w, &pid.borrow(), name))
        .unwrap();
    out.into()
}

pub async fn up(events: &mut Events, peer: &str) {
    within(&format!("the link to {peer}"), async {
        loop {
            match events.next().await.expect("the node ended") {
                NodeEvent::Up { name, .. } if name.as_str() == peer => return,
                _ => {}
            }
        }
    })
    .await
}

pub async fn down(events: &mut Events, peer: &str) -> DownReason {
    within(&format!("the end of the link to {peer}"), async {
        loop {
            match events.next().await.expect("the node ended") {
                NodeEvent::Down { name, reason } if name.as_str() == peer => return reason,
                _ => {}
            }
        }
    })
    .await
}

pub async fn join_error(events: &mut Events) -> Arc<outrigger_node::NodeError> {
    within("a failed join", async {
        loop {
            if let NodeEvent::JoinFailed { error, .. } = events.next().await.expect("the node ended") {
                return error;
            }
        }
    })
    .await
}
