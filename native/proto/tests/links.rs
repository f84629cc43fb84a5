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
    assert!(links.link(&pid(1)), "asked for anew");
    assert!(!links.on_exit(&pid(1)), "still the exit of the link before");
    links.on_ack(&pid(1), first + 1);
    assert!(!links.on_exit(&pid(1)), "not the number that we wait for");
    links.on_ack(&pid(1), first);
    assert!(links.on_exit(&pid(1)));
    assert!(!links.on_exit(&pid(1)), "once only");
    assert!(links.is_empty());
}

#[test]
fn an_unlink_that_crossed_our_new_link_means_the_old_one() {
    let mut links = Links::default();
    assert!(links.on_link(pid(1)));
    let id = links.unlink(&pid(1)).unwrap();
    assert!(links.link(&pid(1)));
    links.on_unlink(&pid(1));
    links.on_ack(&pid(1), id);
    assert!(links.on_exit(&pid(1)));
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
