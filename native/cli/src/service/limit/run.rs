//! The process that carries bytes between the owners and the app nodes.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outrigger_limit::lease::{Bounds, Incarnation, NodeId, Owner, OwnerConfig, OwnerOut, Peer, Timing};
use outrigger_node::{Dest, Message, NodeName, OwnedPid, OwnedRef, Process};
use tokio::time::{Instant, sleep_until};

use super::request;
use super::service::Figures;
use crate::service::pubsub::Throttle;

/// The most limiters.
const MAX_LIMITERS: usize = 256;
/// Messages that are taken before time is looked at again.
const RUN: usize = 64;

/// All limiters of a node.
pub(super) struct Carrier {
    process: Process,
    /// What `now` is counted from.
    start: Instant,
    phase_ns: u64,
    limiters: HashMap<Box<[u8]>, Limiter>,
    monitors: HashMap<OwnedRef, (Box<[u8]>, Peer)>,
    next_peer: u64,
    malformed: u64,
    throttle: Throttle,
    figures: Arc<Mutex<Figures>>,
}

struct Limiter {
    owner: Owner,
    peers: HashMap<OwnedPid, Peer>,
    pids: HashMap<Peer, OwnedPid>,
    next: u64,
}

impl Carrier {
    pub(super) fn new(process: Process, figures: Arc<Mutex<Figures>>) -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            process,
            start: Instant::now(),
            phase_ns: u64::try_from(wall.as_nanos()).unwrap_or(0),
            limiters: HashMap::new(),
            monitors: HashMap::new(),
            next_peer: 0,
            malformed: 0,
            throttle: Throttle::default(),
            figures,
        }
    }

    /// Runs until the process ends.
    pub(super) async fn run(mut self) {
        loop {
            let next = self.limiters.values().map(|limiter| limiter.next).min().unwrap_or(u64::MAX);
            // Far enough, and no overflow.
            let at = self.start + Duration::from_nanos(next.min(self.now().saturating_add(60_000_000_000)));
            tokio::select! {
                message = self.process.recv() => match message {
                    None => return,
                    Some(message) => self.take(message),
                },
                () = sleep_until(at) => {}
            }
            for _ in 1..RUN {
                let Some(message) = self.process.try_recv() else { break };
                self.take(message);
            }
            self.tick();
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::PeerTerm { peer, term } => self.request(&peer, &term),
            Message::Down { reference, .. } => {
                let now = self.now();
                let Some((name, peer)) = self.monitors.remove(&reference) else { return };
                let Some(limiter) = self.limiters.get_mut(&name) else { return };
                limiter.owner.peer_down(peer, now);
                if let Some(pid) = limiter.pids.remove(&peer) {
                    limiter.peers.remove(&pid);
                }
            }
            _ => {}
        }
    }

    fn request(&mut self, from: &NodeName, term: &[u8]) {
        let Some(request) = request::read(term).filter(|request| &*request.client.node == from.as_str())
        else {
            return self.complain(from, "a message that is none of the lease protocol");
        };
        let now = self.now();
        if !self.limiters.contains_key(request.limiter) {
            if self.limiters.len() >= MAX_LIMITERS {
                return self.complain(from, "a limiter on top of as many as a node takes");
            }
            let limiter = Limiter::new(self.config());
            self.limiters.insert(request.limiter.into(), limiter);
        }
        let Some(limiter) = self.limiters.get_mut(request.limiter) else { return };
        let peer = match limiter.peers.get(&request.client) {
            Some(peer) => *peer,
            None => {
                self.next_peer += 1;
                let peer = Peer(self.next_peer);
                match self.process.monitor(&Dest::from(&request.client)) {
                    Ok(monitor) => self.monitors.insert(monitor, (request.limiter.into(), peer)),
                    Err(_no_term) => return,
                };
                limiter.peers.insert(request.client.clone(), peer);
                limiter.pids.insert(peer, request.client);
                peer
            }
        };
        let mut out = Vec::new();
        let taken = limiter.owner.receive(peer, request.bytes, now, &mut out);
        limiter.next = 0;
        send(&self.process, limiter, out);
        if let Err(error) = taken {
            self.complain(from, &error.to_string());
        }
    }

    fn tick(&mut self) {
        let now = self.now();
        let mut sum =
            Figures { malformed: self.malformed, limiters: self.limiters.len() as u64, ..Figures::default() };
        for limiter in self.limiters.values_mut() {
            if limiter.next <= now {
                let mut out = Vec::new();
                limiter.next = limiter.owner.tick(now, &mut out);
                send(&self.process, limiter, out);
            }
            let figures = limiter.owner.figures();
            sum.in_force += u64::from(figures.open);
            sum.clients += figures.peers;
            sum.keys += figures.keys;
            sum.asks += figures.asks;
            sum.closed += figures.closed;
            sum.granted += figures.granted;
            sum.full += figures.full;
            sum.terms += figures.terms;
        }
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = sum;
    }

    fn config(&self) -> OwnerConfig {
        OwnerConfig {
            node: NodeId::of(self.process.node().name().as_str().as_bytes()),
            // Each state has keys of its own, from the system's randomness.
            incarnation: Incarnation(RandomState::new().build_hasher().finish().max(1)),
            phase_ns: self.phase_ns,
            timing: Timing::default(),
            bounds: Bounds::default(),
        }
    }

    fn complain(&mut self, from: &NodeName, problem: &str) {
        self.malformed += 1;
        if let Some(held_back) = self.throttle.pass(self.now() / 1_000_000) {
            tracing::warn!(node = %from, held_back, problem, "request of a limiter refused");
        }
    }
}

impl Limiter {
    fn new(config: OwnerConfig) -> Self {
        Self { owner: Owner::new(config), peers: HashMap::new(), pids: HashMap::new(), next: 0 }
    }
}

fn send(process: &Process, limiter: &Limiter, out: Vec<OwnerOut>) {
    for OwnerOut { to, bytes } in out {
        let Some(pid) = limiter.pids.get(&to) else { continue };
        match request::answer(process.node().name().as_str(), &bytes) {
            // To a node whose link is down: it hears of it by that.
            Ok(term) => drop(process.send(&Dest::from(pid), &term)),
            Err(error) => tracing::error!(%error, "an answer has no term; this is a bug"),
        }
    }
}
