//! The faults: what is done, and what it excuses. What is not excused here, no fault excuses.

use std::time::Duration;

use outrigger_testkit::{Beam, LONG, Process, RustNode};

use crate::conductor::{Conductor, now};
use crate::journal::Micros;
use crate::judge::Who;
use crate::stage::TICK;

/// What was sent so long before a process or a link ended may have been in its buffers.
const BEFORE: Micros = 1_000_000;
/// Within this a publisher has left a router whose connection has ended.
const NOTICE: Micros = 1_000_000;
/// Within this a BEAM has given up a peer that says nothing: 1.25 tick times, 1.5 where the package has to (`Outrigger.Silence`).
const SILENCE: Micros = TICK * 1_500_000 + 1_500_000;

/// What can be done to the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// kill -9 of a Rust node.
    KillRouter,
    /// kill -9 of a BEAM node.
    KillApp,
    /// kill -9 of both, at once.
    KillBoth,
    /// SIGSTOP and SIGCONT of a Rust node, before anybody gives it up.
    PauseRouter,
    /// The same of a BEAM node.
    PauseApp,
    /// The same, with more for it than the router keeps.
    FloodApp,
    /// A Rust node is killed and comes again while a BEAM node is stopped: what the old way has brought and what the new ways bring
    /// wait there side by side.
    PauseAndKill,
    /// A Rust node is stopped; another is killed and comes again. Publishers go to the one that is stopped, and overtake themselves.
    PauseAndMove,
    /// SIGSTOP of a Rust node until all have given it up, then SIGCONT.
    FreezeRouter,
    /// The same of a BEAM node.
    FreezeApp,
    /// The network is split for less than the tick time.
    Hiccup,
    /// The network is split until both sides have given each other up.
    Split,
    /// Every node is stopped in good order and started again, one by one.
    Rolling,
}

impl Fault {
    pub(crate) const ALL: [Self; 13] = [
        Self::KillRouter,
        Self::KillApp,
        Self::PauseRouter,
        Self::KillBoth,
        Self::PauseApp,
        Self::FloodApp,
        Self::PauseAndKill,
        Self::PauseAndMove,
        Self::Hiccup,
        Self::FreezeRouter,
        Self::FreezeApp,
        Self::Split,
        Self::Rolling,
    ];

    /// Its name in the summary and for `--only`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::KillRouter => "kill-router",
            Self::KillApp => "kill-app",
            Self::KillBoth => "kill-both",
            Self::PauseRouter => "pause-router",
            Self::PauseApp => "pause-app",
            Self::FloodApp => "flood-app",
            Self::PauseAndKill => "pause-and-kill",
            Self::PauseAndMove => "pause-and-move",
            Self::FreezeRouter => "freeze-router",
            Self::FreezeApp => "freeze-app",
            Self::Hiccup => "hiccup",
            Self::Split => "split",
            Self::Rolling => "rolling-restart",
        }
    }

    pub(crate) fn needs_network(self) -> bool {
        matches!(self, Self::Hiccup | Self::Split)
    }

    /// How many Rust nodes there have to be.
    pub(crate) fn needs_routers(self) -> u8 {
        match self {
            Self::PauseAndMove => 2,
            Self::KillRouter
            | Self::PauseRouter
            | Self::FreezeRouter
            | Self::KillBoth
            | Self::FloodApp
            | Self::PauseAndKill => 1,
            _ => 0,
        }
    }

    /// About how long it takes until all is well again, for the schedule.
    pub(crate) fn takes(self, nodes: u64) -> Duration {
        Duration::from_secs(match self {
            Self::PauseRouter | Self::PauseApp | Self::Hiccup => 5,
            Self::KillRouter | Self::KillApp | Self::KillBoth | Self::PauseAndKill | Self::PauseAndMove => 7,
            Self::FloodApp => 9,
            Self::FreezeRouter | Self::FreezeApp | Self::Split => 2 * TICK + 8,
            Self::Rolling => 4 * nodes,
        })
    }

    /// Injects it, and waits until the cluster is whole again.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn inject(self, to: &mut Conductor) -> Result<(), String> {
        *to.faults.entry(self.name()).or_default() += 1;
        match self {
            Self::KillRouter => {
                let router = kill_router(to);
                to.pause(200, 3_000);
                to.stage.start_router(router);
            }
            Self::KillApp => {
                let slot = kill_app(to);
                to.pause(100, 3_000);
                to.start_app(slot);
            }
            Self::KillBoth => {
                let (router, slot) = (kill_router(to), kill_app(to));
                to.pause(100, 2_000);
                to.stage.start_router(router);
                to.start_app(slot);
            }
            Self::PauseAndKill => pause_and_kill(to),
            Self::PauseAndMove => pause_and_move(to),
            Self::PauseRouter => stop_router(to, 300, 2_000),
            Self::PauseApp => stop_app(to, 300, 2_500),
            Self::FloodApp => flood(to),
            Self::FreezeRouter => {
                to.excuse("a frozen Rust node", now() - BEFORE, now() + SILENCE, Who::All);
                stop_router(to, freeze(), freeze() + 3_000);
            }
            Self::FreezeApp => stop_app(to, freeze(), freeze() + 3_000),
            Self::Hiccup => split(to, 300, 2_000, false),
            Self::Split => split(to, freeze(), freeze() + 4_000, true),
            Self::Rolling => rolling(to)?,
        }
        to.settle(self.name())
    }
}

/// So long that all have given up who does not answer.
fn freeze() -> u64 {
    SILENCE / 1_000 + 1_000
}

impl Conductor {
    fn pause(&mut self, least_ms: u64, most_ms: u64) {
        let time = self.random.millis(least_ms..most_ms);
        self.run_for(time);
    }
}

fn kill_router(to: &mut Conductor) -> usize {
    let router = to.random.below(to.stage.routers.len());
    to.excuse_what_is_told("kill -9 of a Rust node", now() - BEFORE, now() + NOTICE);
    to.note(format!("kill -9 of rust{router}"));
    to.stage.routers[router] = None;
    router
}

fn kill_app(to: &mut Conductor) -> usize {
    let slot = to.random.below(to.stage.apps.len());
    let at = now();
    to.note(format!("kill -9 of app{slot}"));
    if let Some(beam) = &to.stage.apps[slot].beam {
        beam.kill();
    }
    to.excuse("kill -9 of a BEAM node", at - BEFORE, now(), Who::Node(to.stage.apps[slot].incarnation));
    to.app_ended(slot, at);
    slot
}

fn stop_router(to: &mut Conductor, least_ms: u64, most_ms: u64) {
    let router = to.random.below(to.stage.routers.len());
    let time = to.random.millis(least_ms..most_ms);
    to.note(format!("SIGSTOP of rust{router} for {} ms", time.as_millis()));
    to.stall(Who::All);
    signal(to.stage.routers[router].as_ref().map(RustNode::process), libc::SIGSTOP);
    to.run_for(time);
    signal(to.stage.routers[router].as_ref().map(RustNode::process), libc::SIGCONT);
    to.note(format!("SIGCONT of rust{router}"));
}

fn stop_app(to: &mut Conductor, least_ms: u64, most_ms: u64) {
    let slot = to.random.below(to.stage.apps.len());
    let time = to.random.millis(least_ms..most_ms);
    let who = Who::Node(to.stage.apps[slot].incarnation);
    if least_ms >= freeze() {
        to.excuse_until_whole("a frozen BEAM node", now() - BEFORE, who.clone());
    }
    to.stall(who);
    stop(to, slot, time);
}

fn stop(to: &mut Conductor, slot: usize, time: Duration) {
    to.note(format!("SIGSTOP of app{slot} for {} ms", time.as_millis()));
    signal(to.stage.apps[slot].beam.as_ref().map(Beam::process), libc::SIGSTOP);
    to.run_for(time);
    signal(to.stage.apps[slot].beam.as_ref().map(Beam::process), libc::SIGCONT);
    to.note(format!("SIGCONT of app{slot}"));
}

fn pause_and_kill(to: &mut Conductor) {
    let slot = to.random.below(to.stage.apps.len());
    let who = Who::Node(to.stage.apps[slot].incarnation);
    to.stall(who.clone());
    let at = now();
    signal(to.stage.apps[slot].beam.as_ref().map(Beam::process), libc::SIGSTOP);
    to.note(format!("SIGSTOP of app{slot}"));
    to.pause(100, 700);
    let router = kill_router(to);
    to.pause(100, 1_000);
    to.stage.start_router(router);
    to.pause(100, 1_000);
    signal(to.stage.apps[slot].beam.as_ref().map(Beam::process), libc::SIGCONT);
    // What the router had for it is gone, and it learns only now that the router is.
    to.excuse("kill -9 of a Rust node", at - BEFORE, now() + NOTICE, who);
    to.note(format!("SIGCONT of app{slot}"));
}

fn pause_and_move(to: &mut Conductor) {
    let killed = kill_router(to);
    to.pause(100, 500);
    let router = (killed + 1) % to.stage.routers.len();
    to.stall(Who::All);
    signal(to.stage.routers[router].as_ref().map(RustNode::process), libc::SIGSTOP);
    to.note(format!("SIGSTOP of rust{router}"));
    to.pause(100, 500);
    to.stage.start_router(killed);
    to.pause(500, 1_500);
    signal(to.stage.routers[router].as_ref().map(RustNode::process), libc::SIGCONT);
    to.note(format!("SIGCONT of rust{router}"));
}

fn signal(process: Option<&Process>, signal: i32) {
    if let Some(process) = process {
        process.signal(signal);
    }
}

/// Losses here are those that a router announces: no window excuses them.
fn flood(to: &mut Conductor) {
    let slot = to.random.below(to.stage.apps.len());
    to.note("messages become larger by 24 KiB".to_owned());
    pad(to, 24 << 10);
    to.stall(Who::Node(to.stage.apps[slot].incarnation));
    stop(to, slot, Duration::from_secs(3));
    pad(to, 0);
}

fn pad(to: &Conductor, bytes: u32) {
    for beam in to.stage.apps.iter().filter_map(|app| app.beam.as_ref()) {
        beam.eval(&format!("'Elixir.Chaos.App':pad({bytes})"));
    }
}

fn split(to: &mut Conductor, least_ms: u64, most_ms: u64, given_up: bool) {
    let (apps, routers) = (to.stage.apps.len(), to.stage.routers.len());
    let mut slots: Vec<_> = (0..apps).collect();
    to.random.shuffle(&mut slots);
    let rest = slots.split_off(1 + to.random.below(apps - 1));
    let aside: Vec<_> = (0..routers).filter(|_| to.random.below(2) == 0).collect();
    let time = to.random.millis(least_ms..most_ms);
    to.note(format!(
        "split for {} ms: apps {slots:?} and Rust nodes {aside:?} | apps {rest:?}",
        time.as_millis()
    ));
    to.stall(Who::All);
    if given_up {
        let (a, b) = (to.stage.incarnations(&slots), to.stage.incarnations(&rest));
        to.excuse_until_whole("a split network", now() - BEFORE, Who::Across(a.clone(), b.clone()));
        // Those who have lost a router lose what they send through it until they give it up.
        for (side, lost) in [(a, aside.len() < routers), (b, !aside.is_empty())] {
            if lost {
                to.excuse("a split from a Rust node", now() - BEFORE, now() + SILENCE, Who::Among(side));
            }
        }
    }
    let places = slots.iter().map(|&slot| slot as u8);
    let places: Vec<_> = places.chain(aside.iter().map(|&router| to.stage.router_place(router))).collect();
    if let Ok(network) = &to.stage.network {
        network.split(&places);
    }
    to.run_for(time);
    if let Ok(network) = &to.stage.network {
        network.heal(&places);
    }
    to.note("healed".to_owned());
}

fn rolling(to: &mut Conductor) -> Result<(), String> {
    for slot in 0..to.stage.apps.len() {
        let at = now();
        to.note(format!("app{slot} is stopped in good order and started again"));
        if let Some(beam) = &to.stage.apps[slot].beam {
            beam.eval("'Elixir.Chaos.App':stop()");
            beam.eval("init:stop()");
            beam.process().wait_exit(LONG);
        }
        to.excuse("an orderly stop", at - BEFORE, now(), Who::Node(to.stage.apps[slot].incarnation));
        to.app_ended(slot, at);
        to.start_app(slot);
        to.settle("a rolling restart")?;
    }
    for router in 0..to.stage.routers.len() {
        to.note(format!("rust{router} is stopped in good order and started again"));
        if let Some(node) = to.stage.routers[router].take() {
            node.process().signal(libc::SIGTERM);
            node.process().wait_exit(LONG);
        }
        to.pause(100, 1_000);
        to.stage.start_router(router);
        to.settle("a rolling restart")?;
    }
    Ok(())
}
