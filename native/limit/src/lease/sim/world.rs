//! A cluster: app nodes with clients, Rust nodes with owners, links that keep order and lose what is under way when they break.
//!
//! Each node has a clock of its own, which starts anywhere and is fast or slow. Real time is known to the world and the judge only.

mod faults;
mod slots;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use self::slots::Occupied;
use super::super::clock::MS;
use super::super::{
    Client, ClientOut, Incarnation, LeaseKind, Lots, NodeId, Owner, OwnerOut, Peer, Taken, WaiterId,
};
use super::judge::Ledger;
use super::plan::{Clock, DRIFT, Fault, Plan};
use super::random::Random;

struct App {
    clock: Clock,
    client: Option<(Client, Arc<Lots>)>,
    paused_until: u64,
    ticked: u64,
    /// Hits come fast, and until when it stays so.
    busy: (bool, u64),
    occupied: Occupied,
}

struct Rust {
    clock: Clock,
    owner: Option<Owner>,
    ticked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Up,
    /// Passes nothing, and nobody knows yet.
    Broken,
    Down,
}

struct Way {
    state: State,
    generation: u64,
    delay: u64,
    /// How often it has broken.
    breaks: u64,
    /// Last arrival in each direction: order is kept.
    last: [u64; 2],
}

#[derive(Debug)]
enum Event {
    ToRust(usize, usize, u64, Vec<u8>),
    /// With when it was sent.
    ToApp(usize, usize, u64, Vec<u8>, u64),
    TickApp(usize, u64),
    TickRust(usize, u64),
    Hits(usize),
    BackApp(usize),
    BackRust(usize),
    Noticed(usize, usize, u64),
    Release(usize, Incarnation, u64),
    /// The link has been broken, or the node has stood still, for long.
    CutOff(usize, usize, u64),
    StoodStill(usize),
    Fault(Fault),
}

pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) now: u64,
    pub(super) ledger: Ledger,
    random: Random,
    apps: Vec<App>,
    rust: Vec<Rust>,
    ways: Vec<Vec<Way>>,
    events: BinaryHeap<Reverse<(u64, u64)>>,
    queue: HashMap<u64, Event>,
    order: u64,
    waiters: HashMap<u64, (u128, u64)>,
    next_waiter: u64,
    next_incarnation: u64,
    /// When what is being heard was sent.
    heard: u64,
    /// Of slots: the most that were held by nodes that were not cut off, and how often some were had.
    pub(super) most: u64,
    pub(super) had: u64,
}

fn rust_id(rust: usize) -> NodeId {
    NodeId::of(format!("rust{rust}").as_bytes())
}

impl World {
    pub(super) fn new(plan: Plan) -> Self {
        let mut random = Random(plan.seed);
        let mut clock = |drift: bool| Clock {
            offset: random.below(1 << 40),
            rate: if drift { 10_000 - DRIFT + random.below(2 * DRIFT + 1) } else { 10_000 },
        };
        let apps = (0..plan.apps)
            .map(|_| App {
                clock: clock(plan.drift),
                client: None,
                paused_until: 0,
                ticked: 0,
                busy: (false, 0),
                occupied: Occupied::default(),
            })
            .collect();
        let windows = !matches!(plan.rule.kind(), LeaseKind::Gcra | LeaseKind::Slots);
        let rust = (0..plan.rust)
            .map(|_| Rust { clock: clock(plan.drift && !windows), owner: None, ticked: 0 })
            .collect();
        let way = |_| Way { state: State::Up, generation: 0, delay: 1, breaks: 0, last: [0; 2] };
        let ways = (0..plan.apps).map(|_| (0..plan.rust).map(way).collect()).collect();
        let mut world = Self {
            now: 0,
            ledger: Ledger::default(),
            random,
            apps,
            rust,
            ways,
            events: BinaryHeap::new(),
            queue: HashMap::new(),
            order: 0,
            waiters: HashMap::new(),
            next_waiter: 0,
            next_incarnation: 1,
            heard: 0,
            most: 0,
            had: 0,
            plan,
        };
        (0..world.plan.rust).for_each(|rust| world.at(0, Event::BackRust(rust)));
        (0..world.plan.apps).for_each(|app| {
            world.at(0, Event::BackApp(app));
            world.at(0, Event::Hits(app));
        });
        world
    }

    pub(super) fn fault(&mut self, at_ms: u64, fault: Fault) {
        self.at(at_ms * MS, Event::Fault(fault));
    }

    pub(super) fn run_until(&mut self, end: u64) {
        while let Some(Reverse((at, order))) = self.events.peek().copied()
            && at < end
        {
            self.events.pop();
            self.now = at;
            if let Some(event) = self.queue.remove(&order) {
                self.event(event);
            }
        }
        self.now = end;
    }

    fn at(&mut self, at: u64, event: Event) {
        self.order += 1;
        self.events.push(Reverse((at.max(self.now), self.order)));
        self.queue.insert(self.order, event);
    }

    fn incarnation(&mut self) -> Incarnation {
        self.next_incarnation += 1;
        Incarnation(self.next_incarnation)
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::ToRust(app, rust, generation, bytes) => {
                let now = self.now;
                let way = &self.ways[app][rust];
                if way.state == State::Up && way.generation == generation {
                    let node = &mut self.rust[rust];
                    let local = node.clock.local(now);
                    let mut out = Vec::new();
                    if let Some(owner) = &mut node.owner {
                        owner.receive(Peer(app as u64), &bytes, local, &mut out).unwrap();
                        self.after_rust(rust, out);
                    }
                }
            }
            Event::ToApp(app, rust, generation, bytes, sent) => {
                let way = &self.ways[app][rust];
                if way.state == State::Up && way.generation == generation {
                    if self.paused(app) {
                        let until = self.apps[app].paused_until;
                        return self.at(until, Event::ToApp(app, rust, generation, bytes, sent));
                    }
                    self.heard = sent;
                    self.client(app, |client, now, out| client.receive(&bytes, now, out).unwrap());
                    self.heard = 0;
                }
            }
            Event::TickApp(app, tick) => {
                if self.apps[app].ticked == tick {
                    if self.paused(app) {
                        let until = self.apps[app].paused_until;
                        return self.at(until, Event::TickApp(app, tick));
                    }
                    self.client(app, |_, _, _| {});
                }
            }
            Event::TickRust(rust, tick) => {
                if self.rust[rust].ticked == tick {
                    self.after_rust(rust, Vec::new());
                }
            }
            Event::Hits(app) => self.hits(app),
            Event::BackApp(app) => self.start_app(app),
            Event::BackRust(rust) => self.start_rust(rust),
            Event::Noticed(app, rust, generation) => {
                if self.ways[app][rust].generation == generation
                    && self.ways[app][rust].state == State::Broken
                {
                    self.down(app, rust);
                }
            }
            Event::Release(app, incarnation, hold) => self.release(app, incarnation, hold),
            Event::CutOff(app, rust, broken) => self.cut_off(app, rust, broken),
            Event::StoodStill(app) => self.apps[app].occupied.excuse(),
            Event::Fault(fault) => self.go_wrong(fault),
        }
    }

    fn paused(&self, app: usize) -> bool {
        self.apps[app].paused_until > self.now
    }

    fn greet(&mut self, app: usize, rust: usize) {
        if self.ways[app][rust].state == State::Up {
            self.client(app, |client, now, out| client.node_up(rust_id(rust), now, out));
        }
    }

    /// Has a client do something, and what it wants done for it.
    fn client(&mut self, app: usize, act: impl FnOnce(&mut Client, u64, &mut Vec<ClientOut>)) {
        let node = &mut self.apps[app];
        let Some((client, _)) = &mut node.client else { return };
        let local = node.clock.local(self.now);
        let mut out = Vec::new();
        act(client, local, &mut out);
        let next = client.tick(local, &mut out);
        node.ticked += 1;
        let (tick, at) = (node.ticked, node.clock.real(next).max(self.now + 1));
        self.at(at, Event::TickApp(app, tick));
        for out in out {
            match out {
                ClientOut::Send { to, bytes } => {
                    let rust = (0..self.plan.rust).find(|rust| rust_id(*rust) == to).unwrap();
                    let (at, generation) = self.arrival(app, rust, 0);
                    self.at(at, Event::ToRust(app, rust, generation, bytes));
                }
                ClientOut::Answer { waiter, taken } => {
                    let (key, cost) = self.waiters.remove(&waiter.0).unwrap();
                    assert_ne!(taken, Taken::Ask);
                    if let Taken::Allowed { .. } = taken
                        && self.plan.rule.kind() == LeaseKind::Slots
                    {
                        self.occupy(app, key, cost);
                    } else if let Taken::Allowed { .. } = taken {
                        let at = if self.plan.rule.kind().is_called() { self.heard } else { self.now };
                        self.ledger.spent(at, key, cost);
                    } else if taken == Taken::Lost {
                        self.share(app, key, cost);
                    }
                }
            }
        }
    }

    fn after_rust(&mut self, rust: usize, mut out: Vec<OwnerOut>) {
        let node = &mut self.rust[rust];
        let Some(owner) = &mut node.owner else { return };
        let local = node.clock.local(self.now);
        let next = owner.tick(local, &mut out);
        node.ticked += 1;
        let (tick, at) = (node.ticked, node.clock.real(next).max(self.now + 1));
        self.at(at, Event::TickRust(rust, tick));
        for OwnerOut { to, bytes } in out {
            let app = to.0 as usize;
            let (at, generation) = self.arrival(app, rust, 1);
            self.at(at, Event::ToApp(app, rust, generation, bytes, self.now));
        }
    }

    fn arrival(&mut self, app: usize, rust: usize, direction: usize) -> (u64, u64) {
        let way = &mut self.ways[app][rust];
        let at = self.now + 50_000 + self.random.below(way.delay * MS);
        way.last[direction] = way.last[direction].max(at);
        (way.last[direction], way.generation)
    }

    fn hits(&mut self, app: usize) {
        let mut step = MS / self.plan.hits.max(1);
        if self.plan.spiky {
            let (busy, until) = self.apps[app].busy;
            if until <= self.now {
                self.apps[app].busy = (!busy, self.now + self.random.below(600 * MS));
            }
            step = if self.apps[app].busy.0 { step / 10 } else { 30 * MS };
        }
        let pause = 1 + self.random.below(2 * step);
        self.at(self.now + pause, Event::Hits(app));
        if self.paused(app) {
            return;
        }
        // Skewed: the smaller of two.
        let key = self.random.below(self.plan.keys).min(self.random.below(self.plan.keys));
        let key = u128::from(Random(key).word()) << 64 | u128::from(key);
        let cost = 1 + self.random.below(self.plan.cost);
        let local = self.apps[app].clock.local(self.now);
        let Some((_, lots)) = &self.apps[app].client else { return };
        match lots.take(key, cost, local) {
            Taken::Allowed { refill, .. } => {
                self.ledger.spent(self.now, key, cost);
                if refill {
                    self.client(app, |client, now, out| client.refill(key, now, out));
                }
            }
            Taken::Lost => self.share(app, key, cost),
            Taken::Denied { .. } | Taken::Busy { .. } | Taken::Done => {}
            Taken::Ask => {
                self.next_waiter += 1;
                let waiter = self.next_waiter;
                self.waiters.insert(waiter, (key, cost));
                self.client(app, |client, now, out| client.ask(WaiterId(waiter), key, cost, now, out));
            }
        }
    }

    fn share(&mut self, app: usize, key: u128, cost: u64) {
        let node = &mut self.apps[app];
        let Some((client, _)) = node.client.as_mut().filter(|_| self.plan.shares) else { return };
        if let Taken::Allowed { .. } = client.share(key, cost, node.clock.local(self.now)) {
            self.ledger.spent(self.now, key, cost);
        }
    }

    /// The key that is hit most.
    pub(super) fn first_key() -> u128 {
        u128::from(Random(0).word()) << 64
    }
}
