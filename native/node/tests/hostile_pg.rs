//! A peer that lies to a scope of `pg`: it can spoil what it told itself, and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::raw::{self, Raw};
use common::{addr, config, reg_send, within};
use outrigger_node::pg::{Pg, PgLimits};
use outrigger_node::{Node, OwnedPid, Target};
use outrigger_term::Writer;
use tokio::io::AsyncWriteExt;

const EVIL: &str = "evil@127.0.0.1";

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 77 }
}

/// A message as the scope of `own` would send it; `rest` writes what is behind the pid.
fn message(word: &str, arity: u32, own: &OwnedPid, rest: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut term = Vec::new();
    let mut writer = Writer::new(&mut term);
    if word == "sync" {
        writer.tuple(2);
        writer.atom("$gen_cast").unwrap();
    }
    writer.tuple(arity);
    writer.atom(word).unwrap();
    writer.pid(&own.borrow()).unwrap();
    rest(&mut writer);
    term
}

fn join(own: &OwnedPid, group: &str, member: &OwnedPid) -> Vec<u8> {
    message("join", 4, own, |writer| {
        writer.atom(group).unwrap();
        writer.pid(&member.borrow()).unwrap();
    })
}

fn atom(text: &str) -> Vec<u8> {
    let mut term = Vec::new();
    Writer::new(&mut term).atom(text).unwrap();
    term
}

async fn until(what: &str, mut met: impl FnMut() -> bool) {
    within(what, async {
        while !met() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

struct World {
    a: Node,
    good: Node,
    pg: Pg,
    good_pg: Pg,
    member: outrigger_node::Process,
    evil: Raw,
}

/// A node with a scope, a peer that behaves and has a member, and one that does not.
async fn world(limits: PgLimits) -> World {
    let a = Node::start(config("a@127.0.0.1"), vec![]).await.unwrap();
    let mut joins = config("good@127.0.0.1");
    joins.joins = vec![Target::at(a.name().clone(), addr(&a).to_string())];
    let good = Node::start(joins, vec![]).await.unwrap();
    let (pg, good_pg) = (Pg::start_with(&a, "pg", limits).unwrap(), Pg::start(&good, "pg").unwrap());
    let member = good.process().unwrap();
    good_pg.join(&atom("g"), member.pid()).await.unwrap();
    until("the good member", || pg.members(&atom("g")).len() == 1).await;
    let evil = raw::connect(addr(&a), EVIL, "a@127.0.0.1", "secret").await.unwrap();
    World { a, good, pg, good_pg, member, evil }
}

impl World {
    async fn send(&mut self, term: &[u8]) {
        let bytes = raw::plain(&reg_send(&self.good, "pg", term));
        self.evil.write(&bytes).await;
    }

    /// The good peer is heard and its member is there.
    async fn end(self) {
        assert!(self.pg.members(&atom("g")).contains(self.member.pid()));
        let late = self.good.process().unwrap();
        self.good_pg.join(&atom("late"), late.pid()).await.unwrap();
        until("a late member", || self.pg.members(&atom("late")) == std::slice::from_ref(late.pid())).await;
        assert_eq!((self.good.counters().links_down, self.good_pg.figures().broken), (0, 0));
        self.good.shutdown().await;
        self.a.shutdown().await;
    }
}

#[tokio::test]
async fn pg_believes_a_peer_about_its_own_node_only() {
    let mut world = world(PgLimits::default()).await;
    let (own, scope) = (pid(EVIL, 50), world.good_pg.pid());
    // In the name of the good peer's scope: an empty list, a leave, a scope of another pid.
    let member = world.member.pid().clone();
    world.send(&message("sync", 3, &scope, |writer| writer.nil())).await;
    let leave = message("leave", 4, &scope, |writer| {
        writer.pid(&member.borrow()).unwrap();
        writer.list(1);
        writer.atom("g").unwrap();
        writer.nil();
    });
    world.send(&leave).await;
    world.send(&message("discover", 2, &OwnedPid { id: 4711, ..scope.clone() }, |_writer| {})).await;
    until("three refused messages", || world.pg.figures().broken == 3).await;
    // In its own name, about processes of others.
    world.send(&message("discover", 2, &own, |_writer| {})).await;
    for other in [&member, &pid("a@127.0.0.1", 9)] {
        world.send(&join(&own, "g", other)).await;
    }
    world.send(&join(&own, "g", &pid(EVIL, 1))).await;
    until("its own member", || world.pg.members(&atom("g")).len() == 2).await;
    assert_eq!(world.pg.figures().refused, 2);
    // It goes, and what it told goes with it.
    world.evil.socket.shutdown().await.unwrap();
    until("its member to go", || world.pg.members(&atom("g")).len() == 1).await;
    world.end().await;
}

#[tokio::test]
async fn pg_keeps_no_more_of_a_peer_than_it_may() {
    let mut world = world(PgLimits { groups: 20, members: 100, group_bytes: 64 }).await;
    let own = pid(EVIL, 50);
    world.send(&message("discover", 2, &own, |_writer| {})).await;
    for id in 0..1_000 {
        let group = format!("g{}", id % 50);
        world.send(&join(&own, &group, &pid(EVIL, id))).await;
    }
    world.send(&join(&own, &"long".repeat(20), &pid(EVIL, 1))).await;
    until("the flood to be over", || world.pg.figures().refused == 1_000 - 100 + 1).await;
    assert_eq!((world.pg.figures().members, world.pg.figures().groups), (101, 21));
    // One scope process after the other: only one of a node counts.
    for id in 51..151 {
        world.send(&message("discover", 2, &pid(EVIL, id), |_writer| {})).await;
    }
    until("the last of them", || world.pg.figures().members == 1).await;
    assert_eq!(world.pg.figures().peers, 2);
    world.end().await;
}

#[tokio::test]
async fn pg_takes_no_garbage() {
    let mut world = world(PgLimits::default()).await;
    let own = pid(EVIL, 50);
    let good = join(&own, "g", &pid(EVIL, 1));
    let mut count = 0;
    for term in [
        vec![106],
        vec![97, 1],
        atom("discover"),
        message("join", 3, &own, |writer| writer.nil()),
        message("sync", 3, &own, |writer| writer.integer(1)),
        message("leave", 4, &own, |writer| [1, 2].iter().for_each(|&n| writer.integer(n))),
    ] {
        world.send(&term).await;
        count += 1;
    }
    world.send(&good).await;
    until("all of them", || world.pg.figures().broken == count).await;
    assert_eq!(world.pg.members(&atom("g")).len(), 1, "a join of a scope that never said who it is");
    world.end().await;
}
