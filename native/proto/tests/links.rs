//! The link protocol: a passive peer that handles signals in order, over every interleaving of a short life, and the
//! single rules.

use std::collections::VecDeque;

use outrigger_proto::OwnedPid;
use outrigger_proto::links::Links;

fn pid(id: u32) -> OwnedPid {
    OwnedPid { node: "a@h".into(), id, serial: 0, creation: 2 }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Signal {
    Link,
    Unlink(u64),
    Ack(u64),
    Exit,
}

/// One of ours, and a peer that only answers, with a queue in each direction.
struct Pair {
    ours: Links,
    /// Exits that counted.
    exits: u32,
    out: VecDeque<Signal>,
    back: VecDeque<Signal>,
    peer_linked: bool,
    peer_alive: bool,
}

impl Pair {
    fn act(&mut self, action: u8) {
        let peer = pid(9);
        match action {
            0 if self.ours.link(&peer) => self.out.push_back(Signal::Link),
            1 => self.out.extend(self.ours.unlink(&peer).map(Signal::Unlink)),
            2 => self.peer_takes(),
            3 => self.we_take(),
            4 if self.peer_alive => {
                self.peer_alive = false;
                if std::mem::take(&mut self.peer_linked) {
                    self.back.push_back(Signal::Exit);
                }
            }
            _ => {}
        }
    }

    fn peer_takes(&mut self) {
        match self.out.pop_front() {
            Some(Signal::Link) if self.peer_alive => self.peer_linked = true,
            Some(Signal::Link) => self.back.push_back(Signal::Exit),
            Some(Signal::Unlink(id)) => {
                self.peer_linked = false;
                self.back.push_back(Signal::Ack(id));
            }
            _ => {}
        }
    }

    fn we_take(&mut self) {
        match self.back.pop_front() {
            Some(Signal::Ack(id)) => self.ours.on_ack(&pid(9), id),
            Some(Signal::Exit) => self.exits += u32::from(self.ours.on_exit(&pid(9))),
            _ => {}
        }
    }
}

#[test]
fn every_life_of_seven_steps_ends_with_both_sides_agreeing() {
    let (mut linked, mut gone, mut told) = (0, 0, 0);
    for life in 0..5_u32.pow(7) {
        let mut pair = Pair {
            ours: Links::default(),
            exits: 0,
            out: VecDeque::new(),
            back: VecDeque::new(),
            peer_linked: false,
            peer_alive: true,
        };
        let mut rest = life;
        let mut wanted = false;
        for _ in 0..7 {
            let action = (rest % 5) as u8;
            rest /= 5;
            pair.act(action);
            wanted = match action {
                0 => true,
                1 => false,
                _ => wanted && !pair.ours.is_empty(),
            };
        }
        while !pair.out.is_empty() || !pair.back.is_empty() {
            pair.peer_takes();
            pair.we_take();
        }
        assert_eq!(!pair.ours.is_empty(), pair.peer_linked, "life {life}: a link on one side only");
        if !pair.peer_alive {
            assert!(pair.ours.is_empty(), "life {life}: a link to the dead");
        } else {
            assert_eq!(pair.exits, 0, "life {life}: an exit of the living");
            assert_eq!(wanted, pair.peer_linked, "life {life}: not what our process asked for last");
        }
        linked += u32::from(pair.peer_linked);
        gone += u32::from(!pair.peer_alive);
        told += pair.exits;
    }
    assert!(linked > 1_000 && gone > 1_000 && told > 1_000, "{linked} {gone} {told}");
}

#[test]
fn an_exit_between_unlink_and_its_acknowledgement_does_not_count() {
    let mut links = Links::default();
    assert!(links.link(&pid(1)));
    assert!(!links.link(&pid(1)), "linked already");
    let first = links.unlink(&pid(1)).unwrap();
    assert_eq!(links.unlink(&pid(1)), None, "unlinking already");
    assert!(!links.on_exit(&pid(1)));
    links.on_ack(&pid(1), first + 1);
    assert!(!links.is_empty(), "not the number that we wait for");
    assert!(links.link(&pid(1)), "asked for anew");
    links.on_ack(&pid(1), first);
    assert!(links.on_exit(&pid(1)), "linked anew, whatever the peer has to say of the link before");
    assert!(!links.on_exit(&pid(1)), "once only");
    assert!(links.is_empty());
}

#[test]
fn a_link_that_crossed_our_unlink_is_none() {
    let mut links = Links::default();
    assert!(links.link(&pid(1)));
    let id = links.unlink(&pid(1)).unwrap();
    assert!(!links.on_link(pid(1)), "sent before the peer knew");
    assert!(!links.on_exit(&pid(1)));
    links.on_ack(&pid(1), id);
    assert!(links.is_empty());
    assert!(links.on_link(pid(1)), "sent afterwards");
}

/// What both sides of a link do, whoever they are.
trait Side: Default {
    fn link(&mut self) -> bool;
    fn unlink(&mut self) -> Option<u64>;
    fn on_link(&mut self);
    fn on_unlink(&mut self);
    fn on_ack(&mut self, id: u64);
    fn linked(&self) -> bool;
}

impl Side for Links {
    fn link(&mut self) -> bool {
        Self::link(self, &pid(9))
    }
    fn unlink(&mut self) -> Option<u64> {
        Self::unlink(self, &pid(9))
    }
    fn on_link(&mut self) {
        Self::on_link(self, pid(9));
    }
    fn on_unlink(&mut self) {
        Self::on_unlink(self, &pid(9));
    }
    fn on_ack(&mut self, id: u64) {
        Self::on_ack(self, &pid(9), id);
    }
    fn linked(&self) -> bool {
        !self.is_empty()
    }
}

/// A BEAM, as OTP 25 was seen to behave: to link anew is to forget the unlink, and a `LINK` is nothing while it unlinks.
#[derive(Default)]
struct Beam {
    state: BeamState,
    last_id: u64,
}

#[derive(Default, PartialEq)]
enum BeamState {
    #[default]
    None,
    Linked,
    Unlinking(u64),
}

impl Side for Beam {
    fn link(&mut self) -> bool {
        std::mem::replace(&mut self.state, BeamState::Linked) != BeamState::Linked
    }
    fn unlink(&mut self) -> Option<u64> {
        (self.state == BeamState::Linked).then(|| {
            self.last_id += 1;
            self.state = BeamState::Unlinking(self.last_id);
            self.last_id
        })
    }
    fn on_link(&mut self) {
        if self.state == BeamState::None {
            self.state = BeamState::Linked;
        }
    }
    fn on_unlink(&mut self) {
        if self.state == BeamState::Linked {
            self.state = BeamState::None;
        }
    }
    fn on_ack(&mut self, id: u64) {
        if self.state == BeamState::Unlinking(id) {
            self.state = BeamState::None;
        }
    }
    fn linked(&self) -> bool {
        self.state != BeamState::None
    }
}

fn take(side: &mut impl Side, from: &mut VecDeque<Signal>, to: &mut VecDeque<Signal>) {
    match from.pop_front() {
        Some(Signal::Link) => side.on_link(),
        Some(Signal::Unlink(id)) => {
            side.on_unlink();
            to.push_back(Signal::Ack(id));
        }
        Some(Signal::Ack(id)) => side.on_ack(id),
        Some(Signal::Exit) | None => {}
    }
}

fn act(side: &mut impl Side, action: u32, from: &mut VecDeque<Signal>, to: &mut VecDeque<Signal>) {
    match action {
        0 if side.link() => to.push_back(Signal::Link),
        1 => to.extend(side.unlink().map(Signal::Unlink)),
        2 => take(side, from, to),
        _ => {}
    }
}

/// In how many of all lives of this many steps, in which both sides link, unlink and read, one side is left linked alone.
fn disagreements<A: Side, B: Side>(steps: u32) -> usize {
    let mut left = 0;
    for life in 0..6_u32.pow(steps) {
        let (mut a, mut b) = (A::default(), B::default());
        let (mut to_a, mut to_b) = (VecDeque::new(), VecDeque::new());
        for step in 0..steps {
            match life / 6_u32.pow(step) % 6 {
                action @ 0..=2 => act(&mut a, action, &mut to_a, &mut to_b),
                action => act(&mut b, action - 3, &mut to_b, &mut to_a),
            }
        }
        while !to_a.is_empty() || !to_b.is_empty() {
            take(&mut a, &mut to_a, &mut to_b);
            take(&mut b, &mut to_b, &mut to_a);
        }
        left += usize::from(a.linked() != b.linked());
    }
    left
}

#[test]
fn both_sides_agree_whoever_links_and_unlinks_and_when() {
    const STEPS: u32 = 6;
    let found = [
        disagreements::<Links, Links>(STEPS),
        disagreements::<Links, Beam>(STEPS),
        disagreements::<Beam, Beam>(STEPS),
    ];
    assert_eq!(found, [0, 0, 0]);
}

#[test]
fn a_lost_node_takes_its_processes_with_it() {
    let mut links = Links::default();
    for id in 1..=3 {
        assert!(links.link(&pid(id)));
    }
    let other = OwnedPid { node: "b@h".into(), ..pid(1) };
    assert!(links.link(&other));
    assert!(links.unlink(&pid(2)).is_some());
    let mut gone = links.take(|peer| &*peer.node == "a@h");
    gone.sort_by_key(|peer| peer.id);
    assert_eq!(gone, [pid(1), pid(3)], "not the one that was being unlinked");
    assert_eq!(links.len(), 1);
}
