//! A program and two routers on virtual time, with the real `Teller`, `Account` and `Wanted` under random schedules.
//!
//! The worker's mailbox and both directions of each link are plain data. A step lets somebody subscribe or go, publishes at a router,
//! moves one item of one queue, or breaks something: a router's link, an attachment, or the order of things (a router that opens a
//! member as if a bound had been passed).
//!
//! Checked at every delivery: nothing twice. Checked whenever a router hears of an interest: all that was published while somebody was
//! subscribed has arrived. Checked at the end: that too, and each router means the same as the program.
//!
//! `OUTRIGGER_SEED` makes other schedules than the usual ones, `OUTRIGGER_STEPS` more of them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use outrigger_node::OwnedPid;

use crate::dice::Dice;

use super::{Action, Answer, Request, State, Teller};
use crate::pattern::Pattern;

type Topic = Arc<str>;

const TOPICS: usize = 60;
const TICK_MS: u64 = 200;
const RUN: u64 = 2_000;

/// What comes for the worker.
#[derive(Clone, Debug)]
enum Item {
    Answer(OwnedPid, Answer),
    Attached(OwnedPid, OwnedPid),
    Down(OwnedPid),
    /// Somebody has subscribed, and is heard late: the way that breaks the promise.
    Register(Pattern),
}

struct Router {
    pid: OwnedPid,
    inbox: VecDeque<(u64, Request)>,
    outbox: VecDeque<Item>,
    member: Option<OwnedPid>,
    listed: bool,
    patterns: HashSet<Pattern>,
    stamp: u64,
    /// What was handed on to others: stamp, topic, id.
    ring: Vec<(u64, Topic, u64)>,
}

struct Model {
    dice: Dice,
    teller: Teller,
    /// Whether a subscription is told behind what the mailbox has.
    overtaken: bool,
    now: u64,
    tick_at: u64,
    next: u64,
    subscribers: BTreeMap<Pattern, usize>,
    mailbox: VecDeque<Item>,
    routers: [Router; 2],
    expected: HashMap<u64, (Topic, usize)>,
    delivered: HashSet<u64>,
    faults: Vec<String>,
    late: u64,
    attached: u64,
}

impl Model {
    fn new(seed: u64, overtaken: bool) -> Self {
        let router = |name: &str| Router {
            pid: pid(name, 1),
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            member: None,
            listed: false,
            patterns: HashSet::new(),
            stamp: 1,
            ring: Vec::new(),
        };
        let mut model = Self {
            dice: Dice(seed),
            teller: Teller::default(),
            overtaken,
            now: 0,
            tick_at: 0,
            next: 1,
            subscribers: BTreeMap::new(),
            mailbox: VecDeque::new(),
            routers: ["a@r", "b@r"].map(router),
            expected: HashMap::new(),
            delivered: HashSet::new(),
            faults: Vec::new(),
            late: 0,
            attached: 0,
        };
        model.attach(0);
        model.attach(1);
        model
    }

    fn run(&mut self) {
        for _ in 0..RUN {
            self.now += self.dice.below(3) as u64;
            if self.now >= self.tick_at {
                self.tick();
            }
            let (router, topic) = (self.dice.below(2), topic(self.dice.below(TOPICS)));
            match self.dice.below(1_000) {
                // One in three by a prefix, which a sixth of the topics have.
                0..40 => self.subscribe(Pattern::Topic(topic)),
                40..60 => self.subscribe(Pattern::Prefix(topic[..2].into())),
                60..110 => self.unsubscribe(),
                110..400 => self.publish(router, topic),
                400..985 => self.move_one(),
                985..988 => self.attach(router),
                988..990 => self.lose(router),
                990..993 => self.routers[router].listed = false,
                _ => self.quiet(),
            }
        }
    }

    /// Subscribers go, and time: topics become vacant.
    fn quiet(&mut self) {
        (0..15).for_each(|_| self.unsubscribe());
        for _ in 0..40 {
            self.now += TICK_MS;
            self.tick();
        }
    }

    fn subscribe(&mut self, pattern: Pattern) {
        *self.subscribers.entry(pattern.clone()).or_default() += 1;
        if self.overtaken {
            self.mailbox.push_back(Item::Register(pattern));
        } else {
            let actions = self.teller.register(&pattern, self.now);
            self.perform(actions);
        }
    }

    fn unsubscribe(&mut self) {
        let topics: Vec<_> = self.subscribers.keys().cloned().collect();
        if topics.is_empty() {
            return;
        }
        let topic = &topics[self.dice.below(topics.len())];
        let count = self.subscribers.get_mut(topic).unwrap();
        *count -= 1;
        if *count == 0 {
            self.subscribers.remove(topic);
            // What was published for those who are gone is nobody's.
            let subscribers = &self.subscribers;
            self.expected.retain(|_, (topic, _)| subscribers.keys().any(|pattern| pattern.covers(topic)));
        }
        self.teller.unregister(topic, self.now);
    }

    /// A route does not grow, so what is published without this program in it is not for it.
    fn publish(&mut self, number: usize, topic: Topic) {
        let router = &mut self.routers[number];
        if router.member.is_none() {
            return;
        }
        let id = self.next;
        self.next += 1;
        if self.subscribers.keys().any(|pattern| pattern.covers(&topic)) {
            self.expected.insert(id, (topic.clone(), number));
        }
        router.stamp += 1;
        if router.listed && !router.patterns.iter().any(|pattern| pattern.covers(&topic)) {
            router.ring.push((router.stamp, topic, id));
        } else {
            self.deliver(id);
        }
    }

    fn deliver(&mut self, id: u64) {
        if !self.delivered.insert(id) {
            self.faults.push(format!("twice: {id}"));
        }
        self.expected.remove(&id);
    }

    /// The router, as the contract has it.
    fn serve(&mut self, at: usize) {
        let router = &mut self.routers[at];
        let Some((number, request)) = router.inbox.pop_front() else { return };
        let mut late = Vec::new();
        let mut known: Box<dyn Fn(&Topic) -> bool> = Box::new(|_| false);
        let unattached = router.member.is_none();
        match request {
            _ if unattached => {}
            Request::Reset { since } => {
                late.extend(router.ring.drain(..).filter(|(stamp, ..)| *stamp > since).map(|(.., id)| id));
                (router.listed, router.patterns) = (false, HashSet::new());
                known = Box::new(|_| true);
            }
            Request::Change { since, wanted, unwanted } => {
                assert!(wanted.len() + unwanted.len() <= 4_096);
                let new: HashSet<_> =
                    wanted.into_iter().filter(|topic| !router.patterns.contains(topic)).collect();
                let listed = router.listed;
                router.ring.retain(|(stamp, topic, id)| {
                    let is_late =
                        listed && *stamp > since && new.iter().any(|pattern: &Pattern| pattern.covers(topic));
                    late.extend(is_late.then_some(*id));
                    !is_late
                });
                router.patterns.extend(new);
                router.patterns.retain(|topic| !unwanted.contains(topic));
                let patterns = router.patterns.clone();
                known = Box::new(move |topic| listed && patterns.iter().any(|pattern| pattern.covers(topic)));
            }
            Request::Listed { count, sum } => {
                let weights = router.patterns.iter().map(|pattern| {
                    let prefix = matches!(pattern, Pattern::Prefix(_));
                    u64::from(crc32fast::hash(pattern.text().as_bytes())) + (u64::from(prefix) << 32)
                });
                router.listed = (count, sum) == (router.patterns.len() as u64, weights.sum());
            }
        }
        self.late += late.len() as u64;
        late.into_iter().for_each(|id| self.deliver(id));
        // What has not arrived by the time the router knows of the interest will not arrive any more.
        let faults = &mut self.faults;
        self.expected.retain(|id, (topic, of)| {
            let lost = *of == at && known(topic);
            faults.extend(lost.then(|| format!("lost: {id} on {topic}")));
            !lost
        });
        let router = &mut self.routers[at];
        let state = match (unattached, router.listed) {
            (true, _) => State::Unattached,
            (_, true) => State::Listed,
            (_, false) => State::Open,
        };
        let answer = Answer { number, state, stamp: router.stamp, complete: true };
        router.outbox.push_back(Item::Answer(router.pid.clone(), answer));
    }

    /// A new attachment over the same link.
    fn attach(&mut self, number: usize) {
        self.next += 1;
        self.attached += 1;
        let router = &mut self.routers[number];
        let member = pid(&router.pid.node, self.next as u32);
        router.outbox.push_back(Item::Attached(router.pid.clone(), member.clone()));
        router.member = Some(member);
        self.forget(number);
    }

    /// The link breaks; what was on it is lost.
    fn lose(&mut self, number: usize) {
        let router = &mut self.routers[number];
        router.member = None;
        router.inbox.clear();
        router.outbox.clear();
        router.outbox.push_back(Item::Down(router.pid.clone()));
        self.forget(number);
    }

    fn forget(&mut self, number: usize) {
        let router = &mut self.routers[number];
        (router.listed, router.patterns, router.ring) = (false, HashSet::new(), Vec::new());
        self.expected.retain(|_, (_, of)| *of != number);
    }

    /// One item of one queue. Some are slow for a while, by the hash of a slowly moving clock.
    fn move_one(&mut self) {
        let slow = self.now / 100;
        let mut ready = self.ready();
        ready.retain(|queue| Dice(slow * 8 + *queue as u64).below(3) != 0);
        self.step(&ready);
    }

    fn step(&mut self, ready: &[usize]) {
        if ready.is_empty() {
            return;
        }
        match ready[self.dice.below(ready.len())] {
            0 => self.hear(),
            1 => self.serve(0),
            2 => self.serve(1),
            outbox => {
                let item = self.routers[outbox - 3].outbox.pop_front();
                match item {
                    // The way that breaks the promise: ahead of what the mailbox has.
                    Some(Item::Answer(router, answer)) if self.overtaken => {
                        let actions = self.teller.answer(&router, &answer, self.now);
                        self.perform(actions);
                    }
                    item => self.mailbox.extend(item),
                }
            }
        }
    }

    fn ready(&self) -> Vec<usize> {
        let [a, b] = &self.routers;
        let filled = [&self.mailbox.len(), &a.inbox.len(), &b.inbox.len(), &a.outbox.len(), &b.outbox.len()]
            .map(|len| *len > 0);
        (0..5).filter(|queue| filled[*queue]).collect()
    }

    fn drain(&mut self) {
        loop {
            let ready = self.ready();
            if ready.is_empty() {
                return;
            }
            self.step(&ready);
        }
    }

    fn hear(&mut self) {
        let actions = match self.mailbox.pop_front() {
            Some(Item::Answer(router, answer)) => self.teller.answer(&router, &answer, self.now),
            Some(Item::Attached(router, member)) => self.teller.attached(&router, &member, self.now),
            Some(Item::Register(pattern)) => self.teller.register(&pattern, self.now),
            Some(Item::Down(router)) => {
                self.teller.down(&router.node);
                return;
            }
            None => return,
        };
        self.perform(actions);
    }

    fn tick(&mut self) {
        self.tick_at = self.now + TICK_MS;
        let actions = self.teller.tick(self.now);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            let Action::Send { router, number, request } = action else {
                self.faults.push(format!("a gap: {action:?}"));
                continue;
            };
            let at = usize::from(router == self.routers[1].pid);
            // No link, and nobody has said so yet; or no room on it.
            if self.routers[at].member.is_none() || self.dice.one_in(20) {
                self.teller.unsent(&router);
            } else {
                self.routers[at].inbox.push_back((number, request));
            }
        }
    }

    /// Lets all come to rest. What is wrong.
    fn finish(mut self) -> Self {
        for number in 0..2 {
            if self.routers[number].member.is_none() {
                self.attach(number);
            }
        }
        for _ in 0..700 {
            self.drain();
            self.now += TICK_MS;
            self.tick();
        }
        self.drain();
        self.faults.extend(self.expected.iter().map(|(id, what)| format!("lost: {id} {what:?}")));
        let topics: HashSet<_> = self.subscribers.keys().cloned().collect();
        for router in &self.routers {
            if !router.listed || router.patterns != topics {
                let (listed, count) = (router.listed, router.patterns.len());
                self.faults.push(format!("{} differs: {listed}, {count} of {}", router.pid, topics.len()));
            }
        }
        self
    }
}

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
}

fn topic(number: usize) -> Topic {
    format!("t{number}").into()
}

fn each_run(overtaken: bool) -> (Vec<String>, u64, u64) {
    let number = |name, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (seed, steps): (u64, u64) = (number("OUTRIGGER_SEED", 1), number("OUTRIGGER_STEPS", 400_000));
    let (mut faults, mut late, mut attached) = (Vec::new(), 0, 0);
    for run in 1..=(steps / RUN).max(1) {
        let mut model = Model::new(seed * 1_000_003 + run, overtaken);
        model.run();
        let model = model.finish();
        faults.extend(model.faults.iter().map(|fault| format!("OUTRIGGER_SEED={seed}, run {run}: {fault}")));
        (late, attached) = (late + model.late, attached + model.attached);
    }
    (faults, late, attached)
}

#[test]
fn nothing_is_lost_for_being_new_nothing_comes_twice_and_all_mean_the_same_in_the_end() {
    let (faults, late, attached) = each_run(false);
    assert_eq!(faults, Vec::<String>::new());
    assert!(late > 100 && attached > 500, "{late} {attached}");
}

#[test]
fn stamps_that_overtake_the_word_of_a_subscriber_lose_starts() {
    let (faults, ..) = each_run(true);
    assert!(faults.iter().any(|fault| fault.contains("lost")));
    assert!(!faults.iter().any(|fault| fault.contains("twice")));
}
