//! Our side: a process of an Outrigger node that sends, receives, or sends short messages beside long ones.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outrigger_node::{Dest, MailboxBounds, Message, Node, ProcessOptions};
use outrigger_term::Writer;

use crate::arena::Given;
use crate::join::{join, next_command};

/// In a task, as processes are: what they wake is at hand for the same thread.
pub(crate) fn run(given: Given) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let task = runtime.spawn(async move {
        let pauses = given.mode != "receive_at_once";
        let node = join(&given, |config| {
            if !pauses {
                config.read_coalescing = Duration::ZERO;
            }
        });
        let node = node.await;
        match &*given.mode {
            "send" => send(&node, &given.peer).await,
            "receive" | "receive_at_once" => receive(&node).await,
            _ => load(&node, &given.peer).await,
        }
    });
    runtime.block_on(task).expect("the contender does not panic");
}

/// What may wait for the socket before the sender pauses; a link whose peer does not keep up is dropped at 64 MiB.
const WINDOW: usize = 1 << 20;

/// Each message is encoded and sent for itself.
async fn send(node: &Node, peer: &str) {
    let process = node.process().expect("a process");
    let peer = peer.parse().expect("a name");
    let link = node.link(&peer).expect("a link");
    let sink = Dest::name("sink", peer);
    let mut term = Vec::new();
    println!("ready");
    while let Some(count) = next_count().await {
        for number in (0..count).rev() {
            term.clear();
            let mut writer = Writer::new(&mut term);
            writer.tuple(3);
            writer.atom("evt").expect("short");
            writer.integer(1000 + number as i64);
            writer.binary(&[b'v'; 83]).expect("short");
            process.send(&sink, &term).expect("the link is up");
            while number % 1024 == 0 && link.info().queued > WINDOW {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        println!("sent");
    }
}

async fn receive(node: &Node) {
    // The bench is about what a message costs, not about who is faster: nothing may be dropped.
    let bounds = MailboxBounds { messages: usize::MAX, bytes: usize::MAX, ..Default::default() };
    let mut process = node.process_with(&ProcessOptions::default().mailbox(bounds)).expect("a process");
    process.register("sink").expect("a free name");
    println!("ready");
    while let Some(count) = next_count().await {
        for _ in 0..count {
            match process.recv().await {
                Some(Message::Term(term)) => drop(std::hint::black_box(term)),
                other => panic!("not an event: {other:?}"),
            }
        }
        println!("got");
    }
}

/// As `bench_messages:load/3`: the command is how many short ones, and how long the long ones are.
async fn load(node: &Node, peer: &str) {
    let peer: outrigger_node::NodeName = peer.parse().expect("a name");
    let (small, bulk) = (Dest::name("small", peer.clone()), Dest::name("bulk", peer));
    println!("ready");
    while let Some((times, big)) = next_command().await.and_then(|line| {
        let (times, big) = line.split_once(' ')?;
        Some((times.parse::<u32>().ok()?, big.parse::<usize>().ok()?))
    }) {
        let (process, to) = (node.process().expect("a process"), bulk.clone());
        let long = tokio::spawn(async move {
            let mut term = Vec::new();
            Writer::new(&mut term).binary(&vec![b'b'; big]).expect("not too long");
            loop {
                process.send(&to, &term).expect("the link is up");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let process = node.process().expect("a process");
        let mut term = Vec::new();
        for _ in 0..times {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
            term.clear();
            Writer::new(&mut term).integer(now as i64);
            process.send(&small, &term).expect("the link is up");
        }
        long.abort();
        println!("sent");
    }
}

async fn next_count() -> Option<u64> {
    next_command().await?.parse().ok()
}
