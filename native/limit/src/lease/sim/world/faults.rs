//! What goes wrong in a simulated cluster, and how it comes back: nodes die and start, links break and heal.

use std::sync::Arc;

use super::super::super::clock::MS;
use super::super::super::{Bounds, Client, ClientConfig, Lots, NodeId, Owner, OwnerConfig, Peer};
use super::super::plan::Fault;
use super::slots::Occupied;
use super::{Event, State, World, rust_id};

impl World {
    pub(super) fn go_wrong(&mut self, fault: Fault) {
        match fault {
            Fault::KillApp(app, back) => self.stop_app(app, back, false),
            Fault::StopApp(app, back) => self.stop_app(app, back, true),
            Fault::KillRust(rust, back) => {
                self.rust[rust].owner = None;
                (0..self.plan.apps).for_each(|app| self.down(app, rust));
                self.at(self.now + back * MS, Event::BackRust(rust));
            }
            Fault::Cut(app, rust, noticed) => self.cut(app, rust, noticed),
            Fault::Heal(app, rust) => self.heal(app, rust),
            Fault::Split(apps, nodes, noticed) => self.links().for_each(|(app, rust)| {
                if (apps >> app) & 1 != (nodes >> rust) & 1 {
                    self.cut(app, rust, noticed);
                }
            }),
            Fault::HealAll => self.links().for_each(|(app, rust)| self.heal(app, rust)),
            Fault::Delay(app, rust, delay) => self.ways[app][rust].delay = delay.max(1),
            Fault::Pause(app, ms) => {
                self.apps[app].paused_until = self.now + ms * MS;
                self.stands_still(app, ms);
            }
        }
    }

    fn links(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (apps, rust) = (self.plan.apps, self.plan.rust);
        (0..apps).flat_map(move |app| (0..rust).map(move |rust| (app, rust)))
    }

    fn cut(&mut self, app: usize, rust: usize, noticed: u64) {
        let way = &mut self.ways[app][rust];
        if way.state == State::Up {
            way.state = State::Broken;
            let generation = way.generation;
            self.at(self.now + noticed * MS, Event::Noticed(app, rust, generation));
            self.broken(app, rust);
        }
    }

    fn heal(&mut self, app: usize, rust: usize) {
        if self.ways[app][rust].state != State::Up {
            self.down(app, rust);
            // To a node that is dead there is no link. It comes up with the node.
            if self.rust[rust].owner.is_some() {
                self.up(app, rust);
            }
        }
    }

    fn stop_app(&mut self, app: usize, back: u64, goodbye: bool) {
        if goodbye && !self.paused(app) {
            self.client(app, |client, now, out| client.leave(now, out));
        }
        self.apps[app].occupied = Occupied::default();
        if self.apps[app].client.take().is_some() {
            // What it said goodbye with is still under way: the links go a little later.
            self.at(self.now + back * MS, Event::BackApp(app));
        }
    }

    pub(super) fn start_app(&mut self, app: usize) {
        if self.apps[app].client.is_some() {
            return;
        }
        (0..self.plan.rust).for_each(|rust| {
            if self.ways[app][rust].state == State::Up {
                self.down(app, rust);
                self.ways[app][rust].state = State::Up;
                self.ways[app][rust].generation += 1;
            }
        });
        let incarnation = self.incarnation();
        let config = ClientConfig {
            node: NodeId::of(format!("app{app}").as_bytes()),
            incarnation,
            born_ms: self.now / MS + 1,
            electorate: self.plan.apps as u32,
            rule: self.plan.rule,
            patience_ns: 300 * MS,
            max_keys: 1_000,
            max_waiters: 1_000,
            timing: self.plan.timing,
            shares: self.plan.shares,
        };
        let now = self.apps[app].clock.local(self.now);
        let lots = Arc::new(Lots::default());
        self.apps[app].occupied = Occupied::of(incarnation);
        self.apps[app].client = Some((Client::new(config, lots.clone(), now), lots));
        self.client(app, |_, _, _| {});
        (0..self.plan.rust).for_each(|rust| self.greet(app, rust));
    }

    pub(super) fn start_rust(&mut self, rust: usize) {
        if self.rust[rust].owner.is_some() {
            return;
        }
        let local = self.rust[rust].clock.local(self.now);
        let incarnation = self.incarnation();
        // A whole number of hours: what the wall clock shows at the start of the run is 0 in every window.
        let hour = 3_600_000 * MS;
        let config = OwnerConfig {
            node: rust_id(rust),
            incarnation,
            phase_ns: (self.now + hour * 1_000).saturating_sub(local),
            timing: self.plan.timing,
            bounds: Bounds::default(),
        };
        self.rust[rust].owner = Some(Owner::new(config));
        self.after_rust(rust, Vec::new());
        (0..self.plan.apps).for_each(|app| {
            if self.ways[app][rust].state == State::Down {
                self.up(app, rust);
            }
        });
    }

    pub(super) fn down(&mut self, app: usize, rust: usize) {
        let way = &mut self.ways[app][rust];
        (way.state, way.generation) = (State::Down, way.generation + 1);
        let node = &mut self.rust[rust];
        if let Some(owner) = &mut node.owner {
            owner.peer_down(Peer(app as u64), node.clock.local(self.now));
        }
        self.client(app, |client, now, out| client.node_down(rust_id(rust), now, out));
    }

    fn up(&mut self, app: usize, rust: usize) {
        let way = &mut self.ways[app][rust];
        (way.state, way.generation) = (State::Up, way.generation + 1);
        self.greet(app, rust);
    }
}
