//! `pg` on two nodes of ours and three of the BEAM while the cluster falls apart in every way, overlaps and heals: each sees the
//! members of those it is linked with, no more and no less.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::{Duration, Instant};

use common::DEADLINE;
use common::beam::{COOKIE, EpmdServer, Erl, name, unique};
use common::groups::{atom, beam_members, config, eval, hex, our_members};
use outrigger_node::pg::Pg;
use outrigger_node::{Node, Process};

const BEAMS: usize = 3;
const NODES: usize = 5;

/// A BEAM, or a node of ours with its members.
enum Member {
    Beam(Erl),
    Ours { node: Node, pg: Pg, members: Vec<Process> },
}

struct World {
    epmd: EpmdServer,
    scope: String,
    names: Vec<String>,
    nodes: Vec<Option<Member>>,
    linked: [[bool; NODES]; NODES],
}

impl World {
    async fn start() -> Self {
        let epmd = EpmdServer::start();
        let short = |index: usize| if index < BEAMS { "app" } else { "rust" };
        let mut world = Self {
            epmd,
            scope: unique("parts"),
            names: (0..NODES).map(|index| name(short(index))).collect(),
            nodes: (0..NODES).map(|_| None).collect(),
            linked: [[false; NODES]; NODES],
        };
        for index in 0..NODES {
            world.boot(index).await;
        }
        world
    }

    /// A node without members and without links.
    async fn boot(&mut self, index: usize) {
        let node = if index < BEAMS {
            // No links but those that the test makes. A BEAM's pg answers a link that has just come up with a send, which would
            // bring up once more what was cut meanwhile.
            let never = ["-kernel", "dist_auto_connect", "never"];
            let apart = ["-connect_all", "false", "-kernel", "prevent_overlapping_partitions", "false"];
            let alone = [&never[..], &apart].concat();
            let start = || Erl::start(&self.epmd, &self.names[index], COOKIE, &alone);
            let mut erl = tokio::task::block_in_place(start);
            assert!(eval(&mut erl, &format!("pg:start('{}')", self.scope)).starts_with("{ok,"));
            Member::Beam(erl)
        } else {
            let node = Node::start(config(&self.epmd, &self.names[index], &[]), vec![]).await.unwrap();
            let pg = Pg::start(&node, &self.scope).unwrap();
            Member::Ours { node, pg, members: Vec::new() }
        };
        self.nodes[index] = Some(node);
        self.join(index).await;
    }

    /// Ends a node, without a word where it is a BEAM, and starts it again under its name.
    async fn reboot(&mut self, index: usize) {
        match self.nodes[index].take().unwrap() {
            Member::Beam(erl) => erl.kill(),
            Member::Ours { node, .. } => node.shutdown().await,
        }
        for other in 0..NODES {
            self.cut(index, other);
        }
        self.boot(index).await;
    }

    async fn join(&mut self, index: usize) {
        let scope = self.scope.clone();
        match self.nodes[index].as_mut().unwrap() {
            Member::Beam(erl) => {
                eval(
                    erl,
                    &format!("P = spawn(fun() -> receive stop -> ok end end), pg:join('{scope}', g, P)"),
                );
            }
            Member::Ours { node, pg, members } => {
                let process = node.process().unwrap();
                pg.join(&atom("g"), process.pid()).await.unwrap();
                members.push(process);
            }
        }
    }

    /// One member ends; the last one stays, so that each node can be seen.
    fn end_one(&mut self, index: usize) {
        let scope = self.scope.clone();
        match self.nodes[index].as_mut().unwrap() {
            Member::Beam(erl) => {
                eval(
                    erl,
                    &format!("[exit(X, kill) || [X, _ | _] <- [pg:get_local_members('{scope}', g)]], ok"),
                );
            }
            Member::Ours { members, .. } if members.len() > 1 => drop(members.swap_remove(0)),
            Member::Ours { .. } => {}
        }
    }

    fn link(&mut self, one: usize, other: usize) {
        let (from, to) = (one.max(other), one.min(other));
        if from == to || self.linked[from][to] {
            return;
        }
        let name = self.names[to].clone();
        match self.nodes[from].as_mut().unwrap() {
            Member::Beam(erl) => drop(eval(erl, &format!("net_kernel:connect_node('{name}')"))),
            Member::Ours { node, .. } => node.join(name.parse().unwrap()).unwrap(),
        }
        (self.linked[from][to], self.linked[to][from]) = (true, true);
    }

    fn cut(&mut self, one: usize, other: usize) {
        let (from, to) = (one.max(other), one.min(other));
        if from == to || !self.linked[from][to] {
            return;
        }
        let name = self.names[to].clone();
        match self.nodes[from].as_mut() {
            Some(Member::Beam(erl)) => drop(eval(erl, &format!("erlang:disconnect_node('{name}')"))),
            Some(Member::Ours { node, .. }) => drop(node.leave(&name.parse().unwrap())),
            None => {}
        }
        (self.linked[from][to], self.linked[to][from]) = (false, false);
    }

    fn link_all(&mut self) {
        for one in 0..NODES {
            for other in 0..one {
                self.link(one, other);
            }
        }
    }

    fn local(&mut self, index: usize) -> Vec<String> {
        match self.nodes[index].as_mut().unwrap() {
            Member::Beam(erl) => beam_members(erl, "get_local_members", &self.scope, "g"),
            Member::Ours { members, .. } => members.iter().map(|process| hex(process.pid())).collect(),
        }
    }

    fn view(&mut self, index: usize) -> Vec<String> {
        match self.nodes[index].as_mut().unwrap() {
            Member::Beam(erl) => beam_members(erl, "get_members", &self.scope, "g"),
            Member::Ours { pg, .. } => our_members(pg, &atom("g")),
        }
    }

    /// Waits until each sees its own members and those of the nodes it is linked with.
    async fn agreed(&mut self, when: &str) {
        let locals: Vec<_> = (0..NODES).map(|index| self.local(index)).collect();
        assert!(locals.iter().all(|members| !members.is_empty()), "{when}: a node without members");
        for index in 0..NODES {
            let linked = self.linked[index];
            let seen = (0..NODES).filter(|other| *other == index || linked[*other]);
            let mut expected: Vec<String> = seen.flat_map(|other| locals[other].clone()).collect();
            expected.sort();
            let until = Instant::now() + DEADLINE;
            loop {
                let view = self.view(index);
                if view == expected {
                    break;
                }
                assert!(
                    Instant::now() < until,
                    "{when}: {} sees {view:#?}\nand not {expected:#?}",
                    self.names[index]
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    async fn end(mut self) {
        for member in self.nodes.drain(..).flatten() {
            if let Member::Ours { node, .. } = member {
                node.shutdown().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_halves_that_part_overlap_and_heal_agree() {
    let mut world = World::start().await;
    world.link_all();
    world.agreed("at first").await;
    // Two halves, each with one of ours; each goes on without the other.
    for (one, other) in [(0, 1), (0, 2), (0, 4), (3, 1), (3, 2), (3, 4)] {
        world.cut(one, other);
    }
    for index in 0..NODES {
        world.join(index).await;
    }
    world.end_one(0);
    world.end_one(4);
    world.agreed("apart").await;
    // One of ours sees both halves, which still do not see each other.
    for other in 0..NODES {
        world.link(3, other);
    }
    world.end_one(1);
    world.join(3).await;
    world.agreed("overlapping").await;
    // A BEAM is killed and one of ours ends while all are linked again, and both come back under their names.
    world.link_all();
    world.reboot(2).await;
    world.join(0).await;
    world.reboot(4).await;
    world.link_all();
    world.agreed("healed").await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pg_agrees_after_whatever_happened_to_the_links() {
    const ROUNDS: usize = 15;
    let mut world = World::start().await;
    let mut random = 4_711_u32;
    let mut below = move |below: usize| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) as usize % below
    };
    for round in 0..ROUNDS {
        for _ in 0..12 {
            let (one, other) = (below(NODES), below(NODES));
            match below(12) {
                0..=4 => world.link(one, other),
                5..=7 => world.cut(one, other),
                8..=9 => world.join(one).await,
                _ => world.end_one(one),
            }
        }
        if round % 4 == 3 {
            world.reboot(below(NODES)).await;
        }
        let linked = world.linked;
        world.agreed(&format!("round {round} with {linked:?}")).await;
    }
    world.link_all();
    world.agreed("at last").await;
    world.end().await;
}
