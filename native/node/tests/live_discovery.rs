//! Discovery against real `erl` nodes that come and go, with an EPMD of their own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::beam::{COOKIE, EpmdServer, Erl, eval, member, name, unique};
use common::{down, up, within};
use outrigger_node::{
    Config, Discovery, Events, NamePattern, Node, NodeError, NodeEvent, NodeName, PeerSource, Peers, Target,
};

const OFTEN: Duration = Duration::from_millis(50);

fn config(epmd: &EpmdServer, discovery: Discovery) -> Config {
    let mut config = member(epmd, &name("rust"));
    config.discovery = vec![discovery.every(OFTEN)];
    config
}

async fn start_erl(epmd: &EpmdServer, name: &str) -> Erl {
    let (port, name) = (epmd.port, name.to_owned());
    let start = tokio::task::spawn_blocking(move || Erl::start_at(port, &name, COOKIE, &[]));
    within("erl to start", start).await.unwrap()
}

async fn lost(events: &mut Events, peer: &str) {
    within(&format!("the loss of {peer}"), async {
        loop {
            match events.next().await.expect("the node ended") {
                NodeEvent::Lost { name, .. } if name.as_str() == peer => return,
                _ => {}
            }
        }
    })
    .await;
}

async fn found(events: &mut Events, peer: &str) -> Arc<str> {
    within(&format!("{peer} to be found"), async {
        loop {
            match events.next().await.expect("the node ended") {
                NodeEvent::Found { name, source } if name.as_str() == peer => return source,
                _ => {}
            }
        }
    })
    .await
}

async fn until(what: &str, mut met: impl FnMut() -> bool) {
    within(what, async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

fn linked(node: &Node) -> Vec<String> {
    let mut names: Vec<String> = node.links().iter().map(|link| link.name.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn discovery_by_epmd_follows_the_names_that_match() {
    let epmd = EpmdServer::start();
    let prefix = unique("app");
    let app = |n: u32| format!("{prefix}-{n}@127.0.0.1");
    let pattern: NamePattern = format!("{prefix}-*").parse().unwrap();
    let one = start_erl(&epmd, &app(1)).await;
    let other = start_erl(&epmd, &format!("{}@127.0.0.1", unique("other"))).await;
    let node = Node::start(config(&epmd, Discovery::epmd("127.0.0.1", pattern)), vec![]).await.unwrap();
    let mut events = node.events();
    assert_eq!(&*found(&mut events, &app(1)).await, "epmd 127.0.0.1");
    up(&mut events, &app(1)).await;
    let two = start_erl(&epmd, &app(2)).await;
    up(&mut events, &app(2)).await;
    assert_eq!(linked(&node), [app(1), app(2)], "{} is linked though it does not match", other.name);

    // One dies: lost. It comes again: found again.
    one.kill();
    let mut seen = (false, false);
    within("the end of a killed node", async {
        while seen != (true, true) {
            match events.next().await.expect("the node ended") {
                NodeEvent::Lost { name, .. } if name.as_str() == app(1) => seen.0 = true,
                NodeEvent::Down { name, .. } if name.as_str() == app(1) => seen.1 = true,
                _ => {}
            }
        }
    })
    .await;
    let one = start_erl(&epmd, &app(1)).await;
    up(&mut events, &app(1)).await;

    // EPMD dies: nothing is lost. A new one knows nobody at first: nothing that is linked is dropped.
    let port = epmd.port;
    let figures = node.counters();
    drop(epmd);
    until("a failed question", || node.counters().discovery_failed > figures.discovery_failed + 2).await;
    assert_eq!(node.counters().peers_lost, figures.peers_lost);
    let _epmd = EpmdServer::start_at(port);
    within("both nodes to register again", async {
        loop {
            let names = outrigger_node::epmd_names("127.0.0.1", port).await.unwrap_or_default();
            if names.iter().filter(|(name, _)| name.starts_with(&prefix)).count() == 2 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(linked(&node), [app(1), app(2)], "a link outlives a restart of EPMD");
    assert_eq!(node.counters().links_down, figures.links_down);
    drop((one, two));
    node.shutdown().await;
}

#[tokio::test]
async fn discovery_by_nodes_brings_in_the_cluster_of_a_joined_node() {
    let epmd = EpmdServer::start();
    let name = |short: &str| format!("{}@127.0.0.1", unique(short));
    let a = start_erl(&epmd, &name("a")).await;
    let b = start_erl(&epmd, &name("b")).await;
    let (a, pong) = eval(a, &format!("net_adm:ping('{}')", b.name)).await;
    assert_eq!(pong, "pong");
    let mut config = config(&epmd, Discovery::nodes(NamePattern::any()));
    config.joins = vec![Target::by_epmd(a.name.parse().unwrap())];
    let node = Node::start(config, vec![]).await.unwrap();
    let mut events = node.events();
    assert_eq!(&*found(&mut events, &b.name).await, "nodes of peers");
    up(&mut events, &b.name).await;
    // A node that joins only the one that was found.
    let c = start_erl(&epmd, &name("c")).await;
    let (b, pong) = eval(b, &format!("net_adm:ping('{}')", c.name)).await;
    assert_eq!(pong, "pong");
    up(&mut events, &c.name).await;
    // Nobody knows a dead node.
    let gone = c.name.clone();
    c.kill();
    lost(&mut events, &gone).await;
    until("its link to end", || linked(&node) == [a.name.clone(), b.name.clone()]).await;
    // The one that was joined by our own word is never lost, though the others name it too.
    assert_eq!((node.counters().peers_found, node.counters().peers_lost), (2, 1));
    node.shutdown().await;
}

#[tokio::test]
async fn discovery_by_dns_joins_a_node_per_address() {
    let epmd = EpmdServer::start();
    let base = unique("app");
    let erl = start_erl(&epmd, &format!("{base}@127.0.0.1")).await;
    let node = Node::start(config(&epmd, Discovery::dns("localhost", &base)), vec![]).await.unwrap();
    let mut events = node.events();
    assert_eq!(&*found(&mut events, &erl.name).await, "dns localhost");
    up(&mut events, &erl.name).await;
    // A name that nobody can resolve costs nothing that was found elsewhere.
    node.discover(&Discovery::dns("no-such-name.invalid", &base).every(OFTEN)).unwrap();
    until("a failed question", || node.counters().discovery_failed > 2).await;
    assert_eq!((linked(&node), node.counters().peers_lost), (vec![erl.name.clone()], 0));
    node.shutdown().await;
}

/// Answers what it is told to.
struct Told(Mutex<Option<Vec<NodeName>>>);

impl PeerSource for Told {
    fn label(&self) -> String {
        "told".into()
    }

    fn peers<'a>(&'a self, _node: &'a Node) -> Peers<'a> {
        Box::pin(async move {
            let names = self.0.lock().unwrap().clone();
            let problem =
                || NodeError::Discovery { origin: "told".into(), problem: "nothing was told".into() };
            Ok(names.ok_or_else(problem)?.into_iter().map(Target::by_epmd).collect())
        })
    }
}

#[tokio::test]
async fn discovery_gives_up_what_nobody_names_but_keeps_its_link() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &format!("{}@127.0.0.1", unique("app"))).await;
    let peer: NodeName = erl.name.parse().unwrap();
    let source = Arc::new(Told(Mutex::new(Some(vec![peer.clone()]))));
    let node = Node::start(config(&epmd, Discovery::custom(source.clone())), vec![]).await.unwrap();
    let mut events = node.events();
    up(&mut events, &erl.name).await;
    // A failure says nothing.
    *source.0.lock().unwrap() = None;
    until("failed questions", || node.counters().discovery_failed > 2).await;
    assert_eq!((node.counters().peers_lost, node.counters().links_down), (0, 0));
    // An empty answer says that the peer is to be forgotten once its link has ended.
    *source.0.lock().unwrap() = Some(vec![]);
    lost(&mut events, &erl.name).await;
    assert_eq!(linked(&node), [&*erl.name]);
    let name = erl.name.clone();
    erl.kill();
    down(&mut events, &name).await;
    let erl = start_erl(&epmd, &name).await;
    assert!(!node.leave(&peer), "nobody dials it any more");
    // Named again: joined again. Left: gone, though it is still named.
    *source.0.lock().unwrap() = Some(vec![peer.clone()]);
    up(&mut events, &name).await;
    assert!(node.leave(&peer));
    down(&mut events, &name).await;
    assert_eq!(linked(&node), [""; 0]);
    drop(erl);
    node.shutdown().await;
}
