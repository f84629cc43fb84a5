//! Random schedules of a target's queue against a model that is slow and obvious, and a ledger that knows no policy.
#![allow(clippy::unwrap_used)] // The helpers of tests are tests, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use outrigger_fanout::{Class, Lost, Next, Origin, Policies, Policy, TargetQueue};
use proptest::prelude::*;

const COST: usize = TargetQueue::<u64>::ITEM_COST;
const LIMIT: usize = 10 * (COST + 100);
const TOPICS: [(&str, Policy); 7] = [
    ("old:1", Policy::DropOldest),
    ("old:2", Policy::DropOldest),
    ("new:1", Policy::DropNewest),
    ("latest:1", Policy::KeepLatest),
    ("latest:2", Policy::KeepLatest),
    ("latest:3", Policy::KeepLatest),
    ("dear:1", Policy::Disconnect),
];

#[derive(Clone, Debug)]
enum Op {
    Data { topic: usize, origin: usize, bytes: usize },
    Control { bytes: usize },
    Pop { items: usize },
}

fn op() -> impl Strategy<Value = Op> {
    let bytes = prop_oneof![8 => 0..200usize, 1 => Just(LIMIT - COST), 1 => Just(LIMIT)];
    prop_oneof![
        16 => (0..TOPICS.len(), 0..4usize, bytes)
            .prop_map(|(topic, origin, bytes)| Op::Data { topic, origin, bytes }),
        1 => (0..100usize).prop_map(|bytes| Op::Control { bytes }),
        3 => (1..6usize).prop_map(|items| Op::Pop { items }),
    ]
}

#[derive(Clone, Debug)]
struct ModelItem {
    number: u64,
    cost: usize,
    /// Topic and origin; none for control.
    data: Option<(usize, usize)>,
}

impl ModelItem {
    fn policy(&self) -> Option<Policy> {
        self.data.map(|(topic, _)| TOPICS[topic].1)
    }

    fn gives_way(&self) -> bool {
        matches!(self.policy(), Some(Policy::DropOldest | Policy::KeepLatest))
    }
}

/// A list, and the words of the policies.
#[derive(Default)]
struct Model {
    items: Vec<ModelItem>,
    lost: BTreeMap<usize, (u64, u64)>,
}

impl Model {
    fn cost(&self) -> usize {
        self.items.iter().map(|item| item.cost).sum()
    }

    fn lose(&mut self, item: &ModelItem) {
        let (_, origin) = item.data.unwrap();
        let (messages, bytes) = self.lost.entry(origin).or_default();
        *messages += 1;
        *bytes += (item.cost - COST) as u64;
    }

    /// Whether the target can stay.
    fn push(&mut self, new: ModelItem) -> bool {
        let dear = matches!(new.policy(), None | Some(Policy::Disconnect));
        let movable: usize = self.items.iter().filter(|item| item.gives_way()).map(|item| item.cost).sum();
        let free = LIMIT - self.cost();
        if new.policy() == Some(Policy::DropNewest) {
            match new.cost <= free {
                true => self.items.push(new),
                false => self.lose(&new),
            }
            return true;
        }
        if new.cost > free + movable {
            if !dear {
                self.lose(&new);
            }
            return !dear;
        }
        if new.policy() == Some(Policy::KeepLatest) {
            let topic = |item: &ModelItem| item.data.map(|(topic, origin)| (topic, origin % 2));
            if let Some(at) = self.items.iter().position(|item| topic(item) == topic(&new)) {
                let older = self.items.remove(at);
                self.lose(&older);
            }
        }
        while self.cost() + new.cost > LIMIT {
            let at = self.items.iter().position(ModelItem::gives_way).unwrap();
            let oldest = self.items.remove(at);
            self.lose(&oldest);
        }
        self.items.push(new);
        true
    }
}

/// Two groups on two nodes: the same topic in another group is another topic.
fn origins() -> Vec<Arc<Origin>> {
    let origin =
        |n: usize| Origin { group: ["chat", "jobs"][n % 2].into(), node: ["a@h", "b@h"][n / 2].into() };
    (0..4).map(|n| Arc::new(origin(n))).collect()
}

fn policies() -> Arc<Policies> {
    Arc::new("new:*=drop_newest,latest:*=keep_latest,dear:*=disconnect".parse().unwrap())
}

/// Everything that was pushed and what became of it, by number.
#[derive(Default)]
struct Ledger {
    pushed: BTreeMap<usize, u64>,
    delivered: BTreeMap<usize, u64>,
    told: BTreeMap<usize, u64>,
    control: Vec<u64>,
    last: Option<u64>,
}

struct World {
    queue: TargetQueue<ModelItem>,
    model: Model,
    ledger: Ledger,
    origins: Vec<Arc<Origin>>,
}

impl World {
    fn pop(&mut self) -> bool {
        match self.queue.pop() {
            Some(Next::Lost(lost)) => {
                let mut told = BTreeMap::new();
                for Lost { origin, messages, bytes } in lost {
                    let at = self.origins.iter().position(|known| *known == origin).unwrap();
                    *self.ledger.told.entry(at).or_default() += messages;
                    told.insert(at, (messages, bytes));
                }
                assert_eq!(told, std::mem::take(&mut self.model.lost), "what is told");
            }
            Some(Next::Item(item)) => {
                assert!(self.model.lost.is_empty(), "losses are told first");
                let expected = self.model.items.remove(0);
                assert_eq!(item.number, expected.number);
                assert!(self.ledger.last < Some(item.number), "in order");
                self.ledger.last = Some(item.number);
                match item.data {
                    Some((_, origin)) => *self.ledger.delivered.entry(origin).or_default() += 1,
                    None => {
                        assert_eq!(self.ledger.control.remove(0), item.number, "control is never dropped")
                    }
                }
            }
            None => {
                assert!(self.model.items.is_empty() && self.model.lost.is_empty() && self.queue.is_empty());
                return false;
            }
        }
        true
    }

    /// Whether the target is still there.
    fn step(&mut self, number: u64, op: &Op) -> bool {
        let (data, bytes) = match *op {
            Op::Pop { items } => {
                let _ = (0..items).take_while(|_| self.pop()).count();
                return true;
            }
            Op::Data { topic, origin, bytes } => (Some((topic, origin)), bytes),
            Op::Control { bytes } => (None, bytes),
        };
        let item = ModelItem { number, cost: bytes + COST, data };
        let class = data.map_or(Class::Control, |(topic, origin)| Class::Data {
            origin: &self.origins[origin],
            topic: TOPICS[topic].0.as_bytes(),
        });
        let stays = self.model.push(item.clone());
        assert_eq!(self.queue.push(item, bytes, class).is_ok(), stays, "overflow at {number}");
        if stays {
            match data {
                Some((_, origin)) => *self.ledger.pushed.entry(origin).or_default() += 1,
                None => self.ledger.control.push(number),
            }
            let figures = self.queue.figures();
            assert_eq!(
                (figures.items as usize, figures.bytes as usize),
                (self.model.items.len(), self.model.cost())
            );
            assert!(figures.bytes as usize <= LIMIT && figures.most_bytes as usize <= LIMIT, "bounded");
        }
        stays
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn a_queue_does_what_the_model_does(ops in prop::collection::vec(op(), 1..300)) {
        let mut world = World {
            queue: TargetQueue::new(LIMIT, policies()),
            model: Model::default(),
            ledger: Ledger::default(),
            origins: origins(),
        };
        let stayed = ops.iter().enumerate().all(|(number, op)| world.step(number as u64, op));
        if stayed {
            while world.pop() {}
            let Ledger { pushed, delivered, told, control, .. } = world.ledger;
            for (origin, pushed) in pushed {
                let of = |counts: &BTreeMap<usize, u64>| counts.get(&origin).copied().unwrap_or(0);
                prop_assert_eq!(of(&delivered) + of(&told), pushed, "delivered and lost of origin {}", origin);
            }
            prop_assert!(control.is_empty());
        }
    }
}

/// Two values and the loss of 98: what a peer finds that was stopped while 100 were published.
#[test]
fn the_latest_of_each_topic_stays() {
    let origin = origins().remove(0);
    let mut queue = TargetQueue::new(LIMIT, policies());
    for n in 0..100_u64 {
        let topic: &[u8] = if n % 2 == 0 { b"latest:even" } else { b"latest:odd" };
        queue.push(n, 10, Class::Data { origin: &origin, topic }).unwrap();
    }
    let Some(Next::Lost(lost)) = queue.pop() else { panic!("no loss told") };
    assert_eq!((lost.len(), lost[0].messages, lost[0].bytes), (1, 98, 980));
    assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(Next::Item(98)), Some(Next::Item(99)), None]);
}

/// Losses are bounded by those who publish, and a cluster of hostile names does not grow them without end.
#[test]
fn more_origins_than_are_counted_end_the_target() {
    let mut queue = TargetQueue::new(0, Arc::default());
    let limit = TargetQueue::<()>::MAX_ORIGINS;
    let mut push = |n: usize| {
        let origin = Arc::new(Origin { group: "g".into(), node: format!("n{n}@h").into() });
        queue.push((), 1, Class::Data { origin: &origin, topic: b"t" })
    };
    assert!((0..limit).all(|n| push(n).is_ok()));
    assert!(push(0).is_ok() && push(limit).is_err());
}
