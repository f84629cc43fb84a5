//! Two nodes of ours, one with and one without the cache, and an `erl` that talks to each in turn.

use std::time::Duration;

use outrigger_node::{AtomCache, Dest, Message, Node, NodeEvent, Process, Target};

use crate::beam::{COOKIE, EpmdServer, Erl, member, name};
use crate::report::Report;
use crate::{codec, cpu};

const ROUNDS: usize = 5;
const MESSAGES: u32 = 100_000;

struct Side {
    who: &'static str,
    node: Node,
    inbox: Process,
}

pub(crate) fn run(report: &mut Report) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let epmd = EpmdServer::start();
    let mut erl = Erl::start(&epmd, &name("bench"), COOKIE, &[]);
    let sides = [("ours", AtomCache::Both), ("plain", AtomCache::Off)];
    let mut sides: Vec<Side> =
        sides.into_iter().map(|(who, cache)| runtime.block_on(side(&epmd, &erl, who, cache))).collect();
    erl.eval(
        "register(sink, spawn(fun() -> (fun F(0, N) -> {inbox, N} ! done, receive {start, C, M} -> F(C, M) end;
           F(Left, N) -> receive {start, C, M} -> F(C, M); _ -> F(Left - 1, N) end end)(1, none) end)), ok",
    );
    for (name, term) in codec::terms() {
        let bytes = term.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        erl.eval(&format!("T = binary_to_term(<<131,{bytes}>>), persistent_term:put(t, T), ok"));
        for _ in 0..ROUNDS {
            for side in &mut sides {
                let start = Cpu::now(&mut erl);
                to_the_beam(&runtime, side, &mut erl, &term);
                let (ours, its) = start.since(&mut erl);
                report.add(&name, "to a BEAM, our CPU", side.who, ours);
                report.add(&name, "to a BEAM, its CPU", side.who, its);
                let start = Cpu::now(&mut erl);
                from_the_beam(&runtime, side, &mut erl);
                let (ours, its) = start.since(&mut erl);
                report.add(&name, "from a BEAM, our CPU", side.who, ours);
                report.add(&name, "from a BEAM, its CPU", side.who, its);
            }
        }
    }
    for side in sides {
        runtime.block_on(side.node.shutdown());
    }
}

async fn side(epmd: &EpmdServer, erl: &Erl, who: &'static str, cache: AtomCache) -> Side {
    let mut config = member(epmd, &name(who));
    config.atom_cache = cache;
    config.joins = vec![Target::by_epmd(erl.name.parse().unwrap())];
    config.bounds.max_queued_bytes = 1 << 30;
    let node = Node::start(config, vec![]).await.unwrap();
    let mut events = node.events();
    while !matches!(events.next().await, Some(NodeEvent::Up { .. })) {}
    let inbox = node.process().unwrap();
    inbox.register("inbox").unwrap();
    Side { who, node, inbox }
}

/// What both processes have spent.
struct Cpu {
    ours: u64,
    its: u64,
}

impl Cpu {
    fn now(erl: &mut Erl) -> Self {
        let its: u64 = erl.eval("element(1, erlang:statistics(runtime))").parse().unwrap();
        Self { ours: cpu::of_this_process(), its: its * 1_000_000 }
    }

    /// Nanoseconds of both for each message.
    fn since(&self, erl: &mut Erl) -> (f64, f64) {
        let now = Self::now(erl);
        let each = |from, to| (to - from) as f64 / f64::from(MESSAGES);
        (each(self.ours, now.ours), each(self.its, now.its))
    }
}

fn to_the_beam(runtime: &tokio::runtime::Runtime, side: &mut Side, erl: &mut Erl, term: &[u8]) {
    erl.eval(&format!("sink ! {{start, {MESSAGES}, '{}'}}, ok", side.node.name()));
    let sink = Dest::name("sink", erl.name.parse().unwrap());
    runtime.block_on(async {
        for n in 0..MESSAGES {
            side.inbox.send(&sink, term).unwrap();
            if n % 256 == 0 {
                tokio::task::yield_now().await;
            }
        }
    });
    let done = async { tokio::time::timeout(Duration::from_secs(60), side.inbox.recv()).await };
    let done = runtime.block_on(done);
    assert!(matches!(done, Ok(Some(Message::Term(_)))));
}

fn from_the_beam(runtime: &tokio::runtime::Runtime, side: &mut Side, erl: &mut Erl) {
    erl.eval(&format!(
        "spawn(fun() -> T = persistent_term:get(t), (fun F(0) -> ok; F(N) -> {{inbox, '{}'}} ! T, F(N - 1) end)({MESSAGES}) end), ok",
        side.node.name()
    ));
    runtime.block_on(async {
        for _ in 0..MESSAGES {
            side.inbox.recv().await.unwrap();
        }
    });
}
