//! Who gets what, once members have said what they want; and what those get who say it late.

use std::sync::atomic::AtomicU64;

use outrigger_fanout::interest::{Digest, Pattern};

use super::traffic::{Got, end, got, marker, message, numbers};
use super::*;

#[path = "../../../../../../tests/support/dice.rs"]
pub(super) mod dice;
use dice::Dice;

pub(super) enum Say<'a> {
    Reset(u64),
    Change(u64, &'a [&'a str], &'a [&'a str]),
    Listed(&'a [&'a str]),
}

impl Peer {
    pub(super) fn tell(&mut self, number: u64, group: &str, say: &Say<'_>) {
        let node = self.wire.node;
        let told = term(|writer| {
            writer.tuple(6);
            writer.atom("interest").unwrap();
            writer.integer(1);
            writer.atom(group).unwrap();
            writer.pid(&Pid { node: Atom::Utf8(node), id: 9, serial: 0, creation: 1 }).unwrap();
            writer.unsigned(number);
            match say {
                Say::Reset(since) => {
                    writer.tuple(2);
                    writer.atom("reset").unwrap();
                    writer.unsigned(*since);
                }
                Say::Change(since, wants, unwants) => {
                    writer.tuple(4);
                    writer.atom("change").unwrap();
                    writer.unsigned(*since);
                    for topics in [wants, unwants] {
                        if !topics.is_empty() {
                            writer.list(u32::try_from(topics.len()).unwrap());
                            topics.iter().for_each(|topic| writer.binary(topic.as_bytes()).unwrap());
                        }
                        writer.nil();
                    }
                }
                Say::Listed(topics) => {
                    let mut digest = Digest::default();
                    topics.iter().for_each(|topic| digest.add(Pattern::Topic(topic.as_bytes())));
                    writer.tuple(3);
                    writer.atom("listed").unwrap();
                    writer.unsigned(digest.count);
                    writer.unsigned(digest.sum);
                }
            }
        });
        self.raw(&told);
    }

    /// Asks for a stamp: it has got all that was sent to it before the last answer. Takes everything that it was sent.
    pub(super) fn ask_again(&mut self, number: u64) {
        self.tell(number, "g", &Say::Change(0, &[], &[]));
        got(self);
    }

    /// Names all that it wants. Takes everything that it was sent.
    pub(super) fn list(&mut self, topics: &[&str]) {
        self.tell(1, "g", &Say::Reset(0));
        self.tell(2, "g", &Say::Change(0, topics, &[]));
        self.tell(3, "g", &Say::Listed(topics));
        let answers = got(self);
        assert!(
            matches!(&answers[answers.len() - 1], Got::Answer { number: 3, state, .. } if state == "listed"),
            "{answers:?}"
        );
    }

    pub(super) fn send(&mut self, route: (u32, u32), payloads: &[Bytes]) {
        for payload in payloads {
            self.inbound.message(To::Pid(ours(route)), None, Payload::new(payload, 0));
        }
        self.inbound.flush();
    }
}

/// `a` publishes, and all are in the group; in an odd place they take one message a frame.
fn world(peers: usize) -> (Arc<Core<Wire>>, Vec<Peer>, (u32, u32)) {
    const NODES: [&str; 6] = ["a@h", "b@h", "c@h", "d@h", "e@h", "f@h"];
    let core = core_with(RouterConfig::default());
    let mut all: Vec<_> = (1..).zip(&NODES[..peers]).map(|(id, node)| peer(&core, id, node)).collect();
    all.iter_mut().zip(0..).for_each(|(peer, place)| {
        peer.attach_in(2 - place % 2, "g");
    });
    let route = all[0].members().0;
    all.iter().for_each(|peer| drop(peer.batches()));
    (core, all, route)
}

fn answer(number: u64, state: &str, stamp: u64, complete: bool) -> Got {
    Got::Answer { number, state: state.into(), stamp, complete }
}

#[test]
fn a_message_goes_to_those_who_want_it() {
    let (core, mut peers, route) = world(4);
    peers[1].list(&["x", "y"]);
    peers[2].list(&[]);
    peers[0].send(route, &[message("x", 1), marker(2), message("z", 3), message("y", 4)]);
    assert_eq!(numbers(&got(&peers[1])), [1, 4]);
    assert_eq!(got(&peers[2]), [Got::Marker(2)]);
    assert_eq!(numbers(&got(&peers[3])), [1, 3, 4], "it has not said what it wants");
    assert!(got(&peers[0]).is_empty());
    let counters = core.router.counters();
    assert_eq!((counters.forwarded, counters.copies), (4, 2 + 3 + 1 + 2));
}

#[test]
fn what_is_sent_to_one_member_comes_whatever_it_wants() {
    let (_core, mut peers, _) = world(3);
    peers[1].list(&[]);
    peers[0].request("attach", 2, "g", "a@h");
    let Some(Seen::Members { members, .. }) = peers[0].seen().pop() else { panic!("no list") };
    let b = members.iter().find(|(node, _)| node == "b@h").unwrap().1;
    got(&peers[1]);
    peers[0].send(b, &[message("x", 1)]);
    assert_eq!(got(&peers[1]), [Got::Message(1)]);
}

/// Random interest, random runs: each gets what it wants, once and in order.
#[test]
fn each_gets_what_it_wants_in_order_however_a_run_is_sorted() {
    const TOPICS: [&str; 5] = ["a", "b", "c", "d", "e"];
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let (core, mut peers, route) = world(2 + dice.below(5));
        let mut wants: Vec<Vec<&str>> = vec![TOPICS.to_vec()];
        for peer in &mut peers[1..] {
            let topics: Vec<_> = TOPICS.into_iter().filter(|_| dice.one_in(3)).collect();
            let open = dice.one_in(5);
            if !open {
                peer.list(&topics);
            }
            wants.push(if open { TOPICS.to_vec() } else { topics });
        }
        let run: Vec<_> =
            (0..1 + dice.below(300)).map(|_| (!dice.one_in(40)).then(|| TOPICS[dice.below(5)])).collect();
        let payloads: Vec<_> = run
            .iter()
            .zip(0..)
            .map(|(topic, n)| topic.map_or_else(|| marker(n), |topic| message(topic, n)))
            .collect();
        peers[0].send(route, &payloads);
        let mut copies = 0;
        for (peer, wants) in peers.iter().zip(&wants).skip(1) {
            let due: Vec<_> = (0..)
                .zip(&run)
                .filter(|(_, topic)| topic.is_none_or(|topic| wants.contains(&topic)))
                .map(|(n, topic)| if topic.is_some() { Got::Message(n) } else { Got::Marker(n) })
                .collect();
            copies += due.len() as u64;
            assert_eq!(got(peer), due, "seed {seed}");
        }
        assert_eq!(core.router.counters().copies, copies, "seed {seed}");
    }
}

#[test]
fn a_late_interest_gets_what_it_has_missed_and_then_the_answer() {
    let (core, mut peers, route) = world(3);
    peers[1].list(&["x"]);
    peers[0].send(route, &[message("y", 1), message("x", 2)]);
    peers[1].tell(7, "g", &Say::Change(0, &[], &[]));
    let all = got(&peers[1]);
    assert_eq!(all, [Got::Message(2), answer(7, "listed", 1, true)], "what went to all needs no stamp");
    peers[0].send(route, &[message("y", 3), message("y", 4)]);
    peers[1].tell(8, "g", &Say::Change(1, &["y", "z"], &[]));
    assert_eq!(got(&peers[1]), [Got::Message(3), Got::Message(4), answer(8, "listed", 3, true)]);
    assert_eq!(core.figures.late.load(SeqCst), 2);
    peers[1].tell(9, "g", &Say::Change(0, &["x"], &["y"]));
    peers[1].tell(10, "g", &Say::Change(0, &["y"], &[]));
    let all = got(&peers[1]);
    assert_eq!(
        all,
        [answer(9, "listed", 3, true), Got::Message(1), answer(10, "listed", 3, true)],
        "none of it twice"
    );
    peers[0].send(route, &[message("y", 5)]);
    assert_eq!(got(&peers[1]), [Got::Message(5)]);
}

/// Who sends under an older list reaches the new member by another way.
#[test]
fn who_is_not_in_the_list_gets_nothing_of_it_neither_now_nor_late() {
    let (core, mut peers, old) = world(3);
    peers[1].list(&["x"]);
    peers[2].list(&[]);
    let mut new = peer(&core, 4, "d@h");
    new.attach_in(2, "g");
    new.list(&["x"]);
    peers.iter().for_each(|peer| drop(peer.batches()));
    peers[0].send(old, &[message("x", 1), message("y", 2)]);
    assert_eq!(got(&peers[1]), [Got::Message(1)]);
    new.tell(4, "g", &Say::Change(0, &["y"], &[]));
    assert_eq!(got(&new), [answer(4, "listed", 2, true)]);
}

/// It would come behind what the publisher has sent since by another way.
#[test]
fn what_was_sent_on_a_way_that_has_ended_is_a_gap() {
    let (_core, mut peers, route) = world(4);
    peers[1].list(&[]);
    peers[0].send(route, &[message("x", 1), end(), message("x", 2)]);
    peers[1].tell(4, "g", &Say::Change(0, &["x"], &[]));
    assert_eq!(got(&peers[1]), [Got::Marker(99), Got::Message(2), answer(4, "listed", 2, false)]);
    peers[1].tell(5, "g", &Say::Change(0, &[], &["x"]));
    peers[0].send(route, &[message("x", 3)]);
    let (route, _) = peers[0].attach_in(2, "g");
    peers[1].tell(6, "g", &Say::Change(2, &["x"], &[]));
    assert_eq!(
        got(&peers[1])[2..],
        [answer(6, "listed", 3, false)],
        "nor what the node sent as another member"
    );
    // While all are open nobody hears of ends, so what was kept before is not handed on after.
    peers[1].tell(7, "g", &Say::Change(3, &[], &["x"]));
    peers[0].send(route, &[message("x", 4)]);
    peers[1].tell(8, "g", &Say::Reset(4));
    peers[2].list(&[]);
    got(&peers[1]);
    peers[2].tell(9, "g", &Say::Change(0, &["x"], &[]));
    assert_eq!(got(&peers[2]), [answer(9, "listed", 4, false)]);
}

#[test]
fn another_account_opens_the_member_again() {
    let (_core, mut peers, route) = world(3);
    peers[1].list(&["x"]);
    peers[1].tell(4, "g", &Say::Listed(&["x", "y"]));
    assert_eq!(got(&peers[1]), [answer(4, "open", 0, true)]);
    peers[0].send(route, &[message("q", 1)]);
    assert_eq!(got(&peers[1]), [Got::Message(1)]);
    peers[1].list(&["x"]);
    peers[0].send(route, &[message("q", 2)]);
    peers[1].tell(5, "g", &Say::Reset(0));
    assert_eq!(got(&peers[1]), [Got::Message(2), answer(5, "open", 1, true)]);
}

#[test]
fn a_new_attachment_begins_open_and_has_missed_nothing() {
    let (_core, mut peers, route) = world(3);
    peers[1].list(&[]);
    peers[0].send(route, &[message("x", 1)]);
    peers[1].attach_in(2, "g");
    peers[1].tell(4, "g", &Say::Change(0, &["x"], &[]));
    assert_eq!(got(&peers[1]), [answer(4, "open", 1, true)], "it was for the attachment of before");
    let route = peers[0].members().0;
    peers[0].send(route, &[message("q", 2)]);
    assert_eq!(got(&peers[1]), [Got::Message(2)]);
}

#[test]
fn who_is_no_member_is_told_so_and_leaves_nothing_behind() {
    let mut config = RouterConfig::default();
    config.max_members = 1;
    let core = core_with(config);
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    b.tell(1, "g", &Say::Reset(0));
    assert_eq!(got(&b), [answer(1, "unattached", 0, true)]);
    a.attach_in(2, "g");
    b.request("attach", 2, "g", "b@h");
    b.request("attach", 2, "another", "b@h");
    b.batches();
    b.tell(2, "g", &Say::Reset(0));
    assert_eq!(got(&b), [answer(2, "unattached", 0, true)]);
    b.request("detach", 2, "another", "b@h");
    a.inbound.link_down(&DownReason::ClosedByPeer);
    assert_eq!(core.groups_with_wants(), 0);
}

/// Somebody comes and goes while another publishes as fast as it can: whatever was begun after the stamp and was done before the end comes,
/// and nothing comes twice.
#[test]
fn nothing_is_lost_or_doubled_between_threads() {
    let (_core, mut peers, route) = world(3);
    let (begun, done) = (AtomicU64::new(0), AtomicU64::new(0));
    peers[1].list(&[]);
    let mut publisher = peers.remove(0);
    let (subscriber, mut dice) = (&mut peers[0], Dice(1));
    // Runs that take a while, so that there is something to come in between.
    let (last, run) = (3_000, 40);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..last {
                let topic = |place| if (number + place) % 3 == 0 { "x" } else { "y" };
                let payloads: Vec<_> =
                    (0..run).map(|place| message(topic(place), number * run + place)).collect();
                begun.store(number + 1, SeqCst);
                publisher.send(route, &payloads);
                done.store(number + 1, SeqCst);
            }
        });
        let (mut all, mut due, mut turns) = (Vec::new(), Vec::new(), 0);
        while done.load(SeqCst) < last {
            subscriber.tell(1, "g", &Say::Change(0, &[], &[]));
            let seen = got(subscriber);
            let stamp = |got: &Got| if let Got::Answer { stamp, .. } = got { Some(*stamp) } else { None };
            let stamp = seen.iter().rev().find_map(stamp).unwrap();
            all.extend(numbers(&seen));
            // The run that is under way may have been handed on before the stamp.
            let from = begun.load(SeqCst);
            // At any moment of the next runs.
            (0..dice.below(20_000)).for_each(|_| std::hint::spin_loop());
            subscriber.tell(2, "g", &Say::Change(stamp, &["x"], &[]));
            while done.load(SeqCst) < last.min(from + 1) {
                std::thread::yield_now();
            }
            let to = done.load(SeqCst);
            subscriber.tell(3, "g", &Say::Change(0, &[], &["x"]));
            due.extend((from * run..to * run).filter(|number| (number / run + number % run) % 3 == 0));
            turns += 1;
        }
        all.extend(numbers(&got(subscriber)));
        let came = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), came, "twice");
        assert!(
            turns > 10 && !due.is_empty() && due.iter().all(|number| all.binary_search(number).is_ok()),
            "{turns} turns"
        );
    });
}
