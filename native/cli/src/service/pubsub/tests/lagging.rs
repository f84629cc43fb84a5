//! A peer that does not keep up: what waits for it, what it is told, and that nobody else notices.

use super::super::lane::{LaneConfig, SHARE};
use super::traffic::{Got, got, marker, message, numbers};
use super::*;

/// Room for some 80 messages of a few bytes.
const QUEUE: usize = 80 * 300;

pub(super) fn lane_config() -> LaneConfig {
    let policies = "new:*=drop_newest,latest:*=keep_latest,dear:*=disconnect".parse().unwrap();
    LaneConfig { queue_bytes: QUEUE, policies: Arc::new(policies) }
}

struct World {
    core: Arc<Core<Wire>>,
    a: Peer,
    b: Peer,
    c: Peer,
    route: (u32, u32),
}

/// `a` publishes to `b` and `c`, and `b` has stopped reading.
fn world() -> World {
    let core = core_with(RouterConfig::default());
    let (mut a, mut b, mut c) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"), peer(&core, 3, "c@h"));
    a.attach_in(2, "g");
    b.attach_in(2, "g");
    c.attach_in(2, "g");
    let route = a.members().0;
    b.batches();
    b.wire.queued.store(SHARE + 1, SeqCst);
    World { core, a, b, c, route }
}

impl World {
    fn publish(&mut self, payloads: &[Bytes]) {
        for payload in payloads {
            self.a.inbound.message(To::Pid(ours(self.route)), None, Payload::new(payload, 0));
        }
        self.a.inbound.flush();
    }

    /// Room on the link of `b`, until nothing waits.
    fn resume(&self) -> Vec<Got> {
        let mut all = Vec::new();
        while self.core.queues()[&PeerId(2)].items > 0 || all.is_empty() {
            self.b.wire.queued.store(0, SeqCst);
            self.core.room(&self.b.wire);
            all.extend(got(&self.b));
        }
        all
    }
}

fn lost(count: u64) -> Got {
    Got::Lost(vec![("a@h".to_owned(), count)])
}

#[test]
fn what_has_room_waits_and_comes_in_order() {
    let mut world = world();
    let mut payloads: Vec<_> = (0..40).map(|n| message("t", n)).collect();
    payloads.insert(20, marker(7));
    world.publish(&payloads);
    assert!(world.b.batches().is_empty(), "nothing into a link that is full");
    assert_eq!(numbers(&got(&world.c)), (0..40).collect::<Vec<_>>(), "the others have it already");
    assert_eq!(world.b.wire.wants_room.load(SeqCst), 1, "asked once");
    let all = world.resume();
    assert_eq!(numbers(&all), (0..40).collect::<Vec<_>>());
    assert_eq!(all[20], Got::Marker(7));
    assert_eq!(all.len(), 41, "nothing was lost: {all:?}");
    world.publish(&[message("t", 40)]);
    assert_eq!(numbers(&got(&world.b)), [40], "straight again");
}

#[test]
fn the_oldest_go_and_their_number_comes_first() {
    let mut world = world();
    for n in 0..500 {
        world.publish(&[message("t", n)]);
        let figures = world.core.queues()[&PeerId(2)];
        assert!(figures.bytes as usize <= QUEUE, "{figures:?}");
    }
    let dropped = world.core.figures.lost.load(SeqCst);
    let all = world.resume();
    assert_eq!(all[0], lost(dropped));
    assert_eq!(numbers(&all), (dropped..500).collect::<Vec<_>>());
    assert_eq!(numbers(&got(&world.c)), (0..500).collect::<Vec<_>>());
}

#[test]
fn the_newest_go_where_the_policy_says_so() {
    let mut world = world();
    (0..500).for_each(|n| world.publish(&[message("new:t", n)]));
    let all = world.resume();
    let kept = numbers(&all).len() as u64;
    assert_eq!(numbers(&all), (0..kept).collect::<Vec<_>>());
    assert_eq!(all[0], lost(500 - kept));
}

#[test]
fn the_latest_of_each_topic_stays() {
    let mut world = world();
    (0..500).for_each(|n| world.publish(&[message(&format!("latest:{}", n % 3), n)]));
    assert_eq!(world.resume(), [lost(497), Got::Message(497), Got::Message(498), Got::Message(499)]);
}

#[test]
fn a_peer_that_must_lose_nothing_is_given_up() {
    let mut world = world();
    let given_up = |world: &World| world.b.wire.given_up.load(SeqCst) > 0;
    let at = (0..500).find(|n| {
        world.publish(&[message("dear:t", *n)]);
        given_up(&world)
    });
    assert!(at.is_some_and(|at| at > 50), "{at:?}");
    assert_eq!(world.core.figures.lost.load(SeqCst), 0);
}

#[test]
fn markers_and_lists_are_never_dropped_and_keep_their_place() {
    let mut world = world();
    (0..300).for_each(|n| world.publish(&[message("t", n)]));
    world.publish(&[marker(1)]);
    let mut d = peer(&world.core, 4, "d@h");
    d.attach_in(2, "g");
    (300..600).for_each(|n| world.publish(&[message("t", n)]));
    let all = world.resume();
    let place = |of: &Got| all.iter().position(|got| got == of);
    assert_eq!(place(&Got::Members(4)), place(&Got::Marker(1)).map(|at| at + 1), "{all:?}");
    let after = &all[place(&Got::Members(4)).unwrap()..];
    assert!(numbers(after).iter().all(|n| *n >= 300));
    // So many of them that there is no room for more.
    let mut world = self::world();
    let given_up = (0..500).any(|n| {
        world.publish(&[marker(n)]);
        world.b.wire.given_up.load(SeqCst) > 0
    });
    assert!(given_up);
}

/// While it lags a peer does not come back in one go, and what is published meanwhile has its place behind.
#[test]
fn a_turn_at_a_time() {
    let mut config = lane_config();
    config.queue_bytes = 64 << 20;
    let router = OwnedPid { node: "rust@h".into(), id: 1, serial: 0, creation: CREATION };
    let core = Arc::new(Core::new(Router::new(RouterConfig::default()), Identity { router }, config));
    let (mut a, mut b) = (peer(&core, 1, "a@h"), peer(&core, 2, "b@h"));
    a.attach_in(2, "g");
    b.attach_in(2, "g");
    let route = a.members().0;
    b.batches();
    b.wire.queued.store(SHARE + 1, SeqCst);
    let topic = "t".repeat(10_000);
    let mut world = World { core: core.clone(), a, b, c: peer(&core, 3, "c@h"), route };
    (0..300).for_each(|n| world.publish(&[message(&topic, n)]));
    world.core.room(&world.b.wire);
    let first = numbers(&got(&world.b));
    assert!((100..200).contains(&first.len()), "{}", first.len());
    world.publish(&[message("t", 300)]);
    assert!(world.b.batches().is_empty(), "behind what waits, though the link is empty");
    assert_eq!(world.b.wire.wants_room.load(SeqCst), 2, "asked again");
    let all = [first, numbers(&world.resume())].concat();
    assert_eq!(all, (0..=300).collect::<Vec<_>>());
}

/// What is lost is told to the worker of the group it was published in.
#[test]
fn losses_are_told_by_group() {
    let mut world = world();
    for peer in [&mut world.a, &mut world.b] {
        peer.request("attach", 2, "other", peer.wire.node);
    }
    let other = world.a.members().0;
    for n in 0..200 {
        world.publish(&[message("t", n)]);
        world.a.inbound.message(To::Pid(ours(other)), None, Payload::new(&message("t", n), 0));
        world.a.inbound.flush();
    }
    let told: u64 =
        world.resume().iter().map(|got| if let Got::Lost(lost) = got { lost[0].1 } else { 0 }).sum();
    assert_eq!(told, world.core.figures.lost.load(SeqCst));
    assert!(told > 250, "{told}");
}
