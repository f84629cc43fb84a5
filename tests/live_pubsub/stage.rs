//! BEAM nodes with the package, a Rust program, and routers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use outrigger_node::{Config, Epmd as EpmdAt, Node, cookie};
use outrigger_pubsub::{Options, PubSub, Subscription};
use outrigger_testkit::{Beam, COOKIE, Epmd, LONG, unique_name, with_package};
use tokio::runtime::Runtime;

/// The PubSub of all.
pub(crate) const NAME: &str = "Elixir.Kit.PubSub";

/// BEAM nodes that run the PubSub.
pub(crate) fn beams(epmd: &Epmd, count: usize, options: &str) -> Vec<Beam> {
    let start = |_| {
        let beam = with_package(Beam::options("app").epmd(epmd)).start();
        beam.load(include_str!("kit_pubsub.erl"));
        beam.eval(&format!("kit_pubsub:start('{NAME}', {options})"));
        beam
    };
    let beams: Vec<_> = (0..count).map(start).collect();
    for (n, beam) in beams.iter().enumerate() {
        for other in &beams[..n] {
            assert_eq!(beam.eval(&format!("net_kernel:connect_node('{}')", other.name())), "true");
        }
    }
    beams
}

/// A runtime of one's own.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Of a node with a name of its own.
pub(crate) fn config(epmd: &Epmd) -> Config {
    let cookie = cookie::from_text(COOKIE, "the kit").unwrap();
    let mut config = Config::new(unique_name("prog", "127.0.0.1").parse().unwrap(), cookie);
    config.epmd = EpmdAt::Port(epmd.port());
    config
}

/// A program that takes part. It has a runtime of its own.
pub(crate) struct Program {
    pub(crate) pubsub: PubSub,
    pub(crate) node: Node,
    pub(crate) runtime: Runtime,
}

impl Program {
    /// Starts a node, links it with these, and joins the PubSub.
    pub(crate) fn start(epmd: &Epmd, peers: &[&str], options: Options) -> Self {
        let (runtime, config) = (runtime(), config(epmd));
        let (node, pubsub) = runtime.block_on(async {
            let node = Node::start(config, vec![]).await.unwrap();
            for peer in peers {
                let peer = peer.parse().unwrap();
                node.join(peer).unwrap();
            }
            for peer in peers {
                node.connect(&peer.parse().unwrap(), LONG).await.unwrap();
            }
            let pubsub = PubSub::join_with(&node, NAME, options).await.unwrap();
            (node, pubsub)
        });
        Self { pubsub, node, runtime }
    }

    pub(crate) fn name(&self) -> &str {
        self.node.name().as_str()
    }

    /// Publishes the numbers under a pid of their own.
    pub(crate) fn publish(&self, topic: &'static str, key: &'static str, from: u64, to: u64) {
        let mut publisher = self.pubsub.publisher().unwrap();
        self.runtime.spawn(async move {
            for number in from..=to {
                publisher.broadcast(topic, &(key, number)).await.unwrap();
            }
        });
    }

    /// Collects what comes until `done` says so.
    #[track_caller]
    pub(crate) fn collect(&self, from: &mut Subscription, done: impl Fn(&Ledger) -> bool) -> Ledger {
        let mut ledger = Ledger::default();
        self.collect_into(&mut ledger, from, done);
        ledger
    }

    #[track_caller]
    pub(crate) fn collect_into(
        &self,
        ledger: &mut Ledger,
        from: &mut Subscription,
        done: impl Fn(&Ledger) -> bool,
    ) {
        let deadline = Instant::now() + LONG;
        while !done(ledger) {
            let left = deadline.saturating_duration_since(Instant::now());
            let next = self.runtime.block_on(async { tokio::time::timeout(left, from.recv()).await });
            let message = match next {
                Ok(message) => message.expect("the subscription lives"),
                Err(_late) => panic!("not in time: {}; {:?}", ledger.summary(), self.pubsub.figures()),
            };
            ledger.add(message.decode().unwrap());
        }
    }
}

/// What arrived, by the publishers' keys.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) keys: BTreeMap<String, Vec<u64>>,
}

impl Ledger {
    fn add(&mut self, (key, number): (String, u64)) {
        self.keys.entry(key).or_default().push(number);
    }

    pub(crate) fn count(&self, key: &str) -> usize {
        self.keys.get(key).map_or(0, Vec::len)
    }

    pub(crate) fn last(&self, key: &str) -> u64 {
        self.keys.get(key).and_then(|numbers| numbers.last()).copied().unwrap_or_default()
    }

    /// The numbers of a key that did not come, of those up to the last one that did. Each came once and in its order.
    #[track_caller]
    pub(crate) fn missing(&self, key: &str) -> usize {
        let Some(numbers) = self.keys.get(key) else { return 0 };
        let wrong: Vec<_> = numbers.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
        assert!(wrong.is_empty(), "{key}: twice or out of order: {wrong:?}");
        numbers.last().map_or(0, |last| *last as usize) - numbers.len()
    }

    pub(crate) fn summary(&self) -> String {
        let lines = self.keys.iter().map(|(key, numbers)| format!("{key}: {} numbers", numbers.len()));
        lines.collect::<Vec<_>>().join(", ")
    }
}

/// Waits for something that is looked at again and again.
#[track_caller]
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
