//! Peers that misbehave: each costs its own link and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::{Duration, Instant};

use common::raw::{self, Raw};
use common::{addr, config, down, join_error, reg_send, sink, up, within};
use outrigger_node::{Config, DownReason, Events, Node, NodeError, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const A: &str = "a@127.0.0.1";

/// The node under test and a peer that behaves, to see that it loses nothing.
struct Pair {
    a: Node,
    events: Events,
    good: Node,
}

async fn pair(config: Config) -> Pair {
    let (service, mut seen) = sink();
    tokio::spawn(async move { while seen.recv().await.is_some() {} });
    let a = Node::start(config, vec![service]).await.unwrap();
    let mut events = a.events();
    let mut quiet = common::config("good@127.0.0.1");
    quiet.joins = vec![Target::at(a.name().clone(), addr(&a).to_string())];
    let good = Node::start(quiet, vec![]).await.unwrap();
    up(&mut events, "good@127.0.0.1").await;
    Pair { a, events, good }
}

impl Pair {
    async fn raw(&mut self, name: &str) -> Raw {
        let raw = raw::connect(addr(&self.a), name, A, "secret").await.unwrap();
        up(&mut self.events, name).await;
        raw
    }

    async fn end(self) {
        let link = self.good.link(self.a.name()).expect("the good peer has its link");
        let before = self.a.counters().stray;
        link.send(reg_send(&self.good, "nobody", &[106])).unwrap();
        within("a message of the good peer", async {
            while self.a.counters().stray == before {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        assert_eq!(self.good.counters().links_down, 0);
        self.good.shutdown().await;
        self.a.shutdown().await;
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes(), body].concat()
}

#[tokio::test]
async fn rubbish_after_the_handshake_ends_that_link_alone() {
    let mut pair = pair(config(A)).await;
    let deep: Vec<u8> = [&[112, 131, 104, 4, 97, 6][..], &[104, 1].repeat(100_000)].concat();
    let cases: [(&str, Vec<u8>); 9] = [
        ("a length of 4 GiB", vec![255, 255, 255, 255, 112]),
        ("text", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("a distribution header", frame(&[131, 68, 0])),
        ("an unknown operation", frame(&[112, 131, 104, 2, 97, 99, 97, 1])),
        ("a short tuple", frame(&[112, 131, 104, 1, 97, 6])),
        ("no tuple", frame(&[112, 131, 97, 6])),
        ("an empty message", frame(&[112])),
        ("deep nesting", frame(&deep)),
        ("a huge list", frame(&[112, 131, 104, 4, 97, 6, 108, 255, 255, 255, 255])),
    ];
    for (what, bytes) in cases {
        let mut bad = pair.raw("bad@127.0.0.1").await;
        bad.write(&bytes).await;
        let reason = down(&mut pair.events, "bad@127.0.0.1").await;
        assert!(matches!(reason, DownReason::Protocol(_)), "{what}: {reason}");
        assert!(!reason.to_string().contains('\n'));
        bad.until_closed().await;
    }
    assert_eq!(pair.a.counters().down_protocol, 9);
    pair.end().await;
}

#[tokio::test]
async fn a_payload_that_no_beam_could_decode_is_not_handed_on() {
    let mut pair = pair(config(A)).await;
    for payload in [&[255][..], &[109, 0, 0, 0, 9, 1], &[106, 106]] {
        let mut bad = pair.raw("bad@127.0.0.1").await;
        let bytes = raw::plain(&reg_send(&pair.good, "sink", payload));
        bad.write(&bytes).await;
        let reason = down(&mut pair.events, "bad@127.0.0.1").await;
        assert!(matches!(reason, DownReason::Protocol(_)), "{reason}");
    }
    pair.end().await;
}

#[tokio::test]
async fn rubbish_instead_of_a_handshake_is_closed_and_counted() {
    let mut small = config(A);
    // Nothing here ends because its time is over.
    small.handshake_timeout = Duration::from_secs(3600);
    small.bounds.max_handshakes = 2;
    let pair = pair(small).await;
    let inputs: [&[u8]; 5] =
        [b"GET / HTTP/1.1\r\n\r\n", &[0xff; 5000], &[0, 0], &[22, 3, 1, 2, 0], &[0, 1, b'x']];
    for bytes in inputs {
        let mut socket = TcpStream::connect(addr(&pair.a)).await.unwrap();
        let _ = socket.write_all(bytes).await;
        let mut rest = Vec::new();
        let _ = within("the node to close", socket.read_to_end(&mut rest)).await;
    }
    // Connections that say nothing hold a place until another wants it.
    let mut idle =
        [TcpStream::connect(addr(&pair.a)).await.unwrap(), TcpStream::connect(addr(&pair.a)).await.unwrap()];
    assert!(raw::connect(addr(&pair.a), "late@127.0.0.1", A, "secret").await.is_ok());
    let mut rest = Vec::new();
    let _ = within("the oldest to be closed", idle[0].read_to_end(&mut rest)).await;
    drop(idle);
    assert!(pair.a.counters().accepts_failed >= 6);
    pair.end().await;
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_dropped_and_others_are_not() {
    let mut small = config(A);
    small.bounds.max_queued_bytes = 4 << 20;
    let mut pair = pair(small).await;
    let _stuck = pair.raw("stuck@127.0.0.1").await;
    let link = pair.a.link(&"stuck@127.0.0.1".parse().unwrap()).unwrap();
    let frames = reg_send(&pair.a, "sink", &[&[109, 0, 0, 0xea, 0x60][..], &[0; 60_000]].concat());
    // A few of 60 kB at a time, so that the driver gets its turn.
    within("the limit", async {
        while link.send(frames.clone()).is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let reason = down(&mut pair.events, "stuck@127.0.0.1").await;
    assert!(matches!(reason, DownReason::SlowPeer { queued } if queued > 4 << 20), "{reason}");
    assert!(link.send(frames).is_err() && !link.is_up());
    assert_eq!((link.info().queued, pair.a.counters().down_slow_peer), (0, 1));
    pair.end().await;
}

#[tokio::test]
async fn a_silent_peer_gets_ticks_and_is_dropped_at_the_deadline() {
    let mut fast = config(A);
    fast.net_ticktime = Duration::from_millis(800);
    let (a, started) = (Node::start(fast, vec![]).await.unwrap(), Instant::now());
    let mut events = a.events();
    let mut silent = raw::connect(addr(&a), "silent@127.0.0.1", A, "secret").await.unwrap();
    let mut lively = raw::connect(addr(&a), "lively@127.0.0.1", A, "secret").await.unwrap();
    let (reason, _) = tokio::join!(down(&mut events, "silent@127.0.0.1"), async {
        // A tick each 150 ms is enough, and nothing else is needed.
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            lively.write(&[0; 4]).await;
        }
    });
    assert!(matches!(reason, DownReason::TickTimeout { silent_ms: 800.. }), "{reason}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let ticks = silent.until_closed().await;
    assert!(ticks.len() >= 8 && ticks.iter().all(|byte| *byte == 0), "{ticks:?}");
    assert!(a.links().iter().any(|link| link.name.as_str() == "lively@127.0.0.1" && link.read.ticks_in >= 5));
    a.shutdown().await;
}

#[tokio::test]
async fn a_service_that_panics_costs_that_link_alone() {
    let mut pair = pair(config(A)).await;
    let mut bad = pair.raw("bad@127.0.0.1").await;
    let bytes = raw::plain(&reg_send(&pair.good, "panic", &[106]));
    bad.write(&bytes).await;
    assert_eq!(down(&mut pair.events, "bad@127.0.0.1").await, DownReason::Internal);
    let _again = pair.raw("bad@127.0.0.1").await;
    pair.end().await;
}

#[tokio::test]
async fn what_answers_a_dial_is_told_apart() {
    async fn dial(answer: &'static [u8], hang: bool) -> std::sync::Arc<NodeError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut hello = [0; 64];
                let _ = socket.read(&mut hello).await;
                let _ = socket.write_all(answer).await;
                if hang {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
        });
        let mut fast = config(A);
        fast.handshake_timeout = Duration::from_millis(300);
        fast.joins = vec![Target::at("x@127.0.0.1".parse().unwrap(), place.to_string())];
        let a = Node::start(fast, vec![]).await.unwrap();
        let error = join_error(&mut a.events()).await;
        a.shutdown().await;
        error
    }
    let tls = dial(&[21, 3, 3, 0, 2, 2, 40], false).await;
    assert!(matches!(*tls, NodeError::PeerSpeaksTls { .. }), "{tls}");
    let nok = dial(b"\0\x0csnot_allowed", false).await;
    assert!(matches!(*nok, NodeError::NotAllowed { .. }), "{nok}");
    let closed = dial(b"", false).await;
    assert!(matches!(*closed, NodeError::HandshakeClosed { .. }), "{closed}");
    let stuck = dial(b"", true).await;
    assert!(matches!(*stuck, NodeError::HandshakeTimeout { .. }), "{stuck}");
    let odd = dial(b"HTTP/1.1 400 Bad\r\n", false).await;
    assert!(matches!(*odd, NodeError::Handshake { .. }), "{odd}");
}
