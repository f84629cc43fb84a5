//! Two nodes of ours and no EPMD: messages, both dialling at once, take-over, limits.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::{Seen, addr, config, down, join_error, raw, reg_send, sink, up, within};
use outrigger_node::{DownReason, Events, Link, Node, NodeError, Service, Target, cookie};
use outrigger_proto::handshake::HandshakeError;

async fn start(name: &str) -> Node {
    Node::start(config(name), vec![]).await.unwrap()
}

/// Two nodes and the link from the second to the first, where `service` is.
async fn linked(service: Arc<dyn Service>) -> (Node, Node, Events, Link) {
    let a = Node::start(config("a@127.0.0.1"), vec![service]).await.unwrap();
    let b = start("b@127.0.0.1").await;
    let mut events = b.events();
    b.join_target(Target::at(a.name().clone(), addr(&a).to_string())).unwrap();
    up(&mut events, "a@127.0.0.1").await;
    let link = b.link(a.name()).unwrap();
    (a, b, events, link)
}

#[tokio::test]
async fn messages_arrive_whole_and_in_order_and_the_end_comes_last() {
    let (service, mut seen) = sink();
    let (a, b, mut events, link) = linked(service).await;
    for n in 0_u32..20_000 {
        // A binary of up to 300 bytes, and once in a while a large one.
        let len = if n % 5_000 == 4_999 { 3 << 20 } else { n % 300 };
        let mut payload = vec![109];
        payload.extend(len.to_be_bytes());
        payload.extend(std::iter::repeat_n(n as u8, len as usize));
        link.send(reg_send(&b, "sink", &payload)).unwrap();
    }
    assert_eq!(within("link up", seen.recv()).await, Some(Seen::LinkUp(b.name().clone())));
    for n in 0_u32..20_000 {
        let Some(Seen::Message(from, bytes)) = within("a message", seen.recv()).await else { panic!() };
        assert_eq!(&from, b.name());
        assert!(bytes[5..].iter().all(|byte| *byte == n as u8), "message {n}");
    }
    let info = &b.links()[0];
    assert_eq!((info.queued, info.written.sends, info.hidden), (0, 20_000, true));
    b.shutdown().await;
    let Some(Seen::LinkDown(_, DownReason::ClosedByPeer)) = within("link down", seen.recv()).await else {
        panic!()
    };
    assert_eq!(events.next().await.map(|event| format!("{event:?}").contains("Shutdown")), Some(true));
    assert!(events.next().await.is_none());
    a.shutdown().await;
}

/// On one thread, so that the peer reads only while we wait.
#[tokio::test]
async fn who_waits_for_room_goes_on_when_there_is_some_and_when_the_link_ends() {
    let (service, mut seen) = sink();
    let (a, b, _events, link) = linked(service).await;
    within("room on an empty link", link.room(0)).await;
    let block = |len: u32| {
        let payload = [&[109], &len.to_be_bytes()[..], &vec![7; len as usize]].concat();
        link.send(reg_send(&b, "sink", &payload)).unwrap();
    };
    (0..32).for_each(|_| block(1 << 20));
    assert!(link.queued() > 8 << 20, "the system took nearly all");
    let (more, less) = (link.room(4 << 20), link.room(1 << 10));
    within("two who wait", async { tokio::join!(more, less) }).await;
    assert!(link.queued() <= 4 << 20);
    assert_eq!(within("link up", seen.recv()).await, Some(Seen::LinkUp(b.name().clone())));
    (0..32).for_each(|_| block(1 << 20));
    let other = link.clone();
    let waits = tokio::spawn(async move { other.room(0).await });
    tokio::task::yield_now().await;
    link.disconnect();
    within("the end", waits).await.unwrap();
    b.shutdown().await;
    a.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_may_dial_at_once_and_one_link_remains() {
    for _round in 0..20 {
        let (a, b) = (start("a@127.0.0.1").await, start("b@127.0.0.1").await);
        let (mut of_a, mut of_b) = (a.events(), b.events());
        a.join_target(Target::at(b.name().clone(), addr(&b).to_string())).unwrap();
        b.join_target(Target::at(a.name().clone(), addr(&a).to_string())).unwrap();
        up(&mut of_a, "b@127.0.0.1").await;
        up(&mut of_b, "a@127.0.0.1").await;
        // What one side sends on its link the other sees on its own: it is the same socket.
        assert_eq!(a.links()[0].addr.ip(), b.links()[0].addr.ip());
        assert_eq!((a.links().len(), b.links().len()), (1, 1));
        let link = a.link(b.name()).unwrap();
        link.send(reg_send(&a, "nobody", &[106])).unwrap();
        within("the message", async {
            while b.counters().stray == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        assert_eq!((a.counters().links_down, b.counters().links_down), (0, 0));
        a.shutdown().await;
        b.shutdown().await;
    }
}

#[tokio::test]
async fn a_peer_that_comes_back_is_joined_again() {
    let a = start("a@127.0.0.1").await;
    let first = start("b@127.0.0.1").await;
    let place = addr(&first);
    let mut events = a.events();
    a.join_target(Target::at(first.name().clone(), place.to_string())).unwrap();
    up(&mut events, "b@127.0.0.1").await;
    let creation = a.links()[0].creation;
    first.shutdown().await;
    assert_eq!(down(&mut events, "b@127.0.0.1").await, DownReason::ClosedByPeer);
    let error = join_error(&mut events).await;
    assert!(matches!(*error, NodeError::PeerUnreachable { .. }), "{error}");
    let mut again = config("b@127.0.0.1");
    again.listen = outrigger_node::Listen::Addrs(vec![place]);
    let second = Node::start(again, vec![]).await.unwrap();
    up(&mut events, "b@127.0.0.1").await;
    assert_ne!(a.links()[0].creation, creation);
    second.shutdown().await;
    a.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_lost_its_end_takes_over_and_services_see_the_old_end_first() {
    let (service, mut seen) = sink();
    let a = Node::start(config("a@127.0.0.1"), vec![service]).await.unwrap();
    let mut events = a.events();
    let mut old = raw::connect(addr(&a), "b@127.0.0.1", "a@127.0.0.1", "secret").await.unwrap();
    up(&mut events, "b@127.0.0.1").await;
    assert!(!old.was_asked_alive());
    let new = raw::connect(addr(&a), "b@127.0.0.1", "a@127.0.0.1", "secret").await.unwrap();
    assert!(new.was_asked_alive());
    let b = "b@127.0.0.1".parse::<outrigger_node::NodeName>().unwrap();
    for expected in
        [Seen::LinkUp(b.clone()), Seen::LinkDown(b.clone(), DownReason::Replaced), Seen::LinkUp(b.clone())]
    {
        assert_eq!(within("the services", seen.recv()).await, Some(expected));
    }
    old.until_closed().await;
    assert_eq!(a.links().len(), 1);
    assert_eq!(a.counters().down_replaced, 1);
    // Who does not know the cookie takes nothing over.
    let thief = raw::connect(addr(&a), "b@127.0.0.1", "a@127.0.0.1", "guess").await;
    assert!(matches!(thief, Err(HandshakeError::CookieRefused)));
    assert_eq!(a.counters().links_down, 1);
    a.shutdown().await;
}

#[tokio::test]
async fn a_wrong_cookie_is_named_on_the_dialling_side() {
    let a = start("a@127.0.0.1").await;
    let mut other = config("b@127.0.0.1");
    other.cookie = cookie::from_text("XYZZY", "test").unwrap();
    other.joins = vec![Target::at(a.name().clone(), addr(&a).to_string())];
    let b = Node::start(other, vec![]).await.unwrap();
    let error = join_error(&mut b.events()).await;
    assert!(matches!(*error, NodeError::CookieRefused { .. }), "{error}");
    assert!(a.links().is_empty() && a.counters().accepts_failed >= 1);
    let shown = format!("{error:?} {error} {b:?}");
    assert!(!shown.contains("XYZZY") && !shown.contains("secret"), "{shown}");
    b.shutdown().await;
    a.shutdown().await;
}

#[tokio::test]
async fn wrong_targets_are_refused_at_once() {
    let a = start("a@127.0.0.1").await;
    let join = |name: &str, at: Option<&str>| {
        a.join_target(Target { name: name.parse().unwrap(), addr: at.map(str::to_owned) })
    };
    assert!(matches!(join("b@shorthost", Some("127.0.0.1:1")), Err(NodeError::NameMismatch { .. })));
    assert!(matches!(join("a@127.0.0.1", Some("127.0.0.1:1")), Err(NodeError::BadOption { .. })));
    assert!(matches!(join("b@127.0.0.1", None), Err(NodeError::BadOption { .. })));
    a.shutdown().await;
    assert!(matches!(join("b@127.0.0.1", Some("127.0.0.1:1")), Err(NodeError::ShutDown)));
}

#[tokio::test]
async fn one_peer_too_many_is_not_allowed() {
    let mut small = config("a@127.0.0.1");
    small.bounds.max_peers = 2;
    let a = Node::start(small, vec![]).await.unwrap();
    let _b = raw::connect(addr(&a), "b@127.0.0.1", "a@127.0.0.1", "secret").await.unwrap();
    let _c = raw::connect(addr(&a), "c@127.0.0.1", "a@127.0.0.1", "secret").await.unwrap();
    let d = raw::connect(addr(&a), "d@127.0.0.1", "a@127.0.0.1", "secret").await;
    assert!(matches!(d, Err(HandshakeError::NotAllowed)));
    a.shutdown().await;
}

#[tokio::test]
async fn calls_find_out_that_nobody_is_there() {
    let (a, b) = (start("a@127.0.0.1").await, start("b@127.0.0.1").await);
    let mut events = a.events();
    a.join_target(Target::at(b.name().clone(), addr(&b).to_string())).unwrap();
    up(&mut events, "b@127.0.0.1").await;
    let request = Bytes::from_static(&[106]);
    let call = |name: &'static str, time| a.call(b.name(), name, &request, Duration::from_millis(time));
    let error = call("rex", 10_000).await.unwrap_err();
    assert!(matches!(error, NodeError::NoProcess { .. }), "{error}");
    // A name that is there and does not answer.
    let error = call("net_kernel", 100).await.unwrap_err();
    assert!(matches!(error, NodeError::CallTimeout { .. }), "{error}");
    let error = a.call(a.name(), "rex", &request, Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::NoProcess { .. }), "{error}");
    let stranger = "c@127.0.0.1".parse().unwrap();
    let error = a.call(&stranger, "rex", &request, Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::NotLinked { .. }), "{error}");
    let error = a.call(b.name(), "rex", &[131], Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, NodeError::BadOption { option: "call", .. }), "{error}");
    a.shutdown().await;
    b.shutdown().await;
}
