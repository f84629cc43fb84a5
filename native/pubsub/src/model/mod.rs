//! A cluster on virtual time that runs the real `Routing`, `Path` and `Handover` under random schedules.
//!
//! Programs, routers and links are plain data ([`wire`], [`parts`]). Each direction of a link is a queue; so is each worker's mailbox. A
//! step takes one item from one queue, publishes, connects, breaks a link at a random point of its queues, kills a router or a
//! publisher, has a router leave, or a program turn to the routers or away from them. What the rules promise is checked at every
//! delivery, the rest at the end: what did not arrive was in something that broke.
//!
//! `OUTRIGGER_SEED` makes other schedules than the usual ones, `OUTRIGGER_STEPS` more of them.
//!
//! Limits: links between programs only come up: a direct link that breaks and is up again before its switch has seen it can lose a
//! beginning. A beginning that was lost with its link is made good by the next one only within `hold_ms`. Both are known limits of the
//! protocol (`docs/design/fanout.md`).

mod parts;
mod wire;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use outrigger_node::OwnedPid;

use crate::dice::Dice;
use crate::handover::{Handover, HoldBounds};
use crate::options::{Options, Via};
use crate::routing::{Event, Route, Routing};
use crate::way::Node;
use parts::{Publisher, Router};
use wire::{Boxed, Item};

const HOLD_MS: u64 = 2_000;
/// For how long publishers name a way that they left. Longer than in life, so that time may jump here: see the limits.
const NAMED_MS: u64 = 1_000_000;
const ROUTERS: [&str; 3] = ["ra@r", "rb@r", "rc@r"];
/// Runs of this length each start from nothing: most is going on while routers come up.
const RUN: u64 = 4_000;

/// What is delivered.
type Number = (OwnedPid, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Links of routers only come up; routers leave in good order.
    Calm,
    /// Routers, their links and publishers die.
    Stormy,
}

/// A Rust program: what runs on a node.
struct Program {
    routing: Routing,
    board: Arc<Route>,
    handover: Handover<Number>,
    mailbox: VecDeque<Boxed>,
    monitors: HashSet<OwnedPid>,
    worker: OwnedPid,
    /// Over which link each router was asked last.
    attached: HashMap<Node, Option<u64>>,
    last: HashMap<OwnedPid, u64>,
    received: HashSet<Number>,
}

struct Model {
    mode: Mode,
    dice: Dice,
    now: u64,
    next_pid: u32,
    names: Vec<Node>,
    programs: BTreeMap<Node, Program>,
    routers: BTreeMap<Node, Router>,
    publishers: BTreeMap<(Node, u32), Publisher>,
    queues: BTreeMap<(Node, Node), VecDeque<Item>>,
    /// The ends that take their link for up.
    view: HashSet<(Node, Node)>,
    /// Broken links that not both ends have seen yet.
    closing: HashMap<(Node, Node), u8>,
    /// How often a link came up.
    generations: HashMap<(Node, Node), u64>,
    expected: Vec<(Node, Number)>,
    /// `None` for all nodes.
    lost: HashSet<(Option<Node>, Number)>,
    faults: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
}

impl Model {
    fn new(mode: Mode, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let names = ROUTERS.iter().take(1 + dice.below(3)).map(|&name| name.into()).collect();
        let mut model = Self {
            mode,
            dice,
            now: 0,
            next_pid: 100,
            names,
            programs: BTreeMap::new(),
            routers: BTreeMap::new(),
            publishers: BTreeMap::new(),
            queues: BTreeMap::new(),
            view: HashSet::new(),
            closing: HashMap::new(),
            generations: HashMap::new(),
            expected: Vec::new(),
            lost: HashSet::new(),
            faults: Vec::new(),
            counts: BTreeMap::new(),
        };
        for name in ["n1@h", "n2@h", "n3@h", "n4@h"] {
            let name: Node = name.into();
            let bounds = HoldBounds { ms: HOLD_MS, messages: 2_000, bytes: usize::MAX };
            let board = Route { epoch: 0, choices: vec![], exits: HashMap::new() };
            let program = Program {
                routing: Routing::new(name.clone(), &Options::default()),
                board: Arc::new(board),
                handover: Handover::new(name.clone(), bounds),
                mailbox: VecDeque::new(),
                monitors: HashSet::new(),
                worker: model.pid(&name),
                attached: HashMap::new(),
                last: HashMap::new(),
                received: HashSet::new(),
            };
            model.programs.insert(name.clone(), program);
            model.switch(&name, Event::WorkerUp);
        }
        let nodes = model.nodes();
        for (n, a) in nodes.iter().enumerate() {
            nodes[..n].iter().for_each(|b| model.connect(b, a));
        }
        model.drain();
        for node in nodes[..3].iter().chain(&nodes[..3]) {
            model.new_publisher(node);
        }
        model
    }

    fn run(&mut self, steps: u64) {
        for _ in 0..steps {
            self.now += self.dice.below(2) as u64;
            match self.dice.below(1_000) {
                0..100 => {
                    let publisher = self.any_publisher();
                    self.publish(&publisher);
                }
                100..955 => self.deliver_some(),
                955..975 => {
                    // As when a link stands still for long.
                    if self.mode == Mode::Stormy && self.dice.one_in(40) {
                        self.now += HOLD_MS;
                    }
                    self.timeouts();
                }
                _ => self.event(),
            }
        }
    }

    /// Lets time pass.
    fn age(&mut self) {
        for later in [10 * HOLD_MS, 200_000] {
            self.now += later;
            self.timeouts();
        }
    }

    /// What did not arrive although nothing that broke had it.
    fn unexplained(&self) -> Vec<String> {
        let lost = |at: &Node, number: &Number| {
            !self.programs[at].received.contains(number)
                && !self.lost.contains(&(None, number.clone()))
                && !self.lost.contains(&(Some(at.clone()), number.clone()))
        };
        let expected = self.expected.iter().filter(|(at, number)| lost(at, number));
        expected.map(|(at, (pid, number))| format!("{pid} {number} at {at}")).collect()
    }

    fn event(&mut self) {
        let router = self.names[self.dice.below(self.names.len())].clone();
        let node = self.any_node();
        match (self.mode, self.dice.below(16)) {
            (Mode::Calm, 0) if self.dice.one_in(3) => self.leave_router(&router),
            (Mode::Calm, 1..6) => self.turn(&node),
            (_, 0..10) | (Mode::Calm, _) => {
                self.start_router(&router);
                self.connect(&router, &node);
            }
            (_, 10..12) => self.cut(&router, &node),
            (_, 12) if self.dice.one_in(4) => self.leave_router(&router),
            (_, 13) => self.kill_router(&router),
            (_, 14) => {
                let publisher = self.any_publisher();
                self.kill_publisher(&publisher);
                self.new_publisher(&publisher.0);
            }
            _ => self.turn(&node),
        }
    }

    /// As when a cluster becomes small or large.
    fn turn(&mut self, node: &Node) {
        let via = if self.dice.one_in(4) { Via::Direct } else { Via::Relay };
        if let Some(program) = self.programs.get_mut(node) {
            program.routing.prefer(&Options::default().via(via));
        }
        self.switch(node, Event::Tick);
    }

    fn timeouts(&mut self) {
        let now = self.now;
        for node in self.nodes() {
            self.handover(&node, |handover, out| handover.timeout(now, out));
        }
    }

    /// Some links and workers are slow for a while: by the hash of a slowly moving clock.
    fn deliver_some(&mut self) {
        let slow = (self.now / 150) as u32;
        let mut ready = self.ready();
        ready.retain(|(from, to)| {
            let text = format!("{from:?}{to}{slow}");
            !crc32fast::hash(text.as_bytes()).is_multiple_of(3)
        });
        self.deliver_one(&ready);
    }

    /// Lets everything come to rest.
    fn drain(&mut self) {
        loop {
            let ready = self.ready();
            if ready.is_empty() {
                return;
            }
            self.deliver_one(&ready);
        }
    }

    /// Links and mailboxes that are not empty.
    fn ready(&self) -> Vec<(Option<Node>, Node)> {
        let links = self.queues.iter().filter(|(_, queue)| !queue.is_empty());
        let links = links.map(|((from, to), _)| (Some(from.clone()), to.clone()));
        let boxes = self.programs.iter().filter(|(_, program)| !program.mailbox.is_empty());
        links.chain(boxes.map(|(node, _)| (None, node.clone()))).collect()
    }

    fn deliver_one(&mut self, ready: &[(Option<Node>, Node)]) {
        if ready.is_empty() {
            return;
        }
        match &ready[self.dice.below(ready.len())] {
            (Some(from), to) => self.arrive(from, to),
            (None, node) => self.work(node),
        }
    }

    fn nodes(&self) -> Vec<Node> {
        self.programs.keys().cloned().collect()
    }

    fn any_node(&mut self) -> Node {
        let nodes = self.nodes();
        nodes[self.dice.below(nodes.len())].clone()
    }

    fn any_publisher(&mut self) -> (Node, u32) {
        let keys: Vec<_> = self.publishers.keys().cloned().collect();
        keys[self.dice.below(keys.len())].clone()
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }
}

/// Runs schedules, and checks what both modes promise. The counts of all.
fn each_run(mode: Mode, check: impl Fn(&Model, &str)) -> BTreeMap<&'static str, u64> {
    let number = |name, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (seed, steps): (u64, u64) = (number("OUTRIGGER_SEED", 1), number("OUTRIGGER_STEPS", 400_000));
    let mut counts = BTreeMap::new();
    for run in 1..=(steps / RUN).max(1) {
        let mut model = Model::new(mode, seed * 1_000_003 + run);
        model.run(RUN);
        model.drain();
        let told = format!("OUTRIGGER_SEED={seed}, run {run}, {:?}", model.counts);
        assert!(model.faults.is_empty(), "twice or late: {:?}. {told}", model.faults);
        check(&model, &told);
        for (what, count) in &model.counts {
            *counts.entry(*what).or_default() += count;
        }
        model.age();
        assert!(model.faults.is_empty(), "after a time-out: {:?}. {told}", model.faults);
        for (node, program) in &model.programs {
            assert!(program.handover.is_idle(), "{node} remembers. {told}");
        }
        assert_eq!(model.unexplained(), Vec::<String>::new(), "lost. {told}");
    }
    counts
}

#[test]
fn routers_come_and_leave_in_good_order_and_all_arrives_once_and_in_order() {
    let counts = each_run(Mode::Calm, |model, told| {
        assert!(model.lost.is_empty(), "lost: {:?}. {told}", model.lost);
        assert_eq!(model.unexplained(), Vec::<String>::new(), "lost. {told}");
        for what in ["gave_up", "stale", "dropped_by_router"] {
            assert_eq!(model.counts.get(what), None, "{told}");
        }
        assert!(model.programs.values().all(|program| program.handover.waiting() == 0), "{told}");
    });
    assert!(counts["changes"] > 100 && counts["left"] > 20, "{counts:?}");
}

#[test]
fn routers_links_and_publishers_die_and_nothing_comes_twice_or_late() {
    let counts = each_run(Mode::Stormy, |_, _| {});
    for what in ["gave_up", "stale", "lost_relays", "left"] {
        assert!(counts.contains_key(what), "{what} has not happened: {counts:?}");
    }
    assert!(counts["changes"] > 300 && counts["cuts"] > 100, "{counts:?}");
}
