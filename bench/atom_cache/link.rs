//! Two nodes of ours, one with and one without the cache, and an `erl` that talks to each in turn.

use std::time::{Duration, Instant};

use outrigger_node::{AtomCache, Dest, Message, Node, NodeEvent, Process, Target};

use crate::beam::{COOKIE, EpmdServer, Erl, member, name};
use crate::report::Report;
use crate::{codec, cpu};

const ROUNDS: usize = 7;
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
                let (rate, cpu) = to_the_beam(&runtime, side, &mut erl, &term);
                report.add(&name, "to the BEAM", side.who, rate / 1e3);
                report.add(&name, "to the BEAM, our CPU", side.who, cpu);
                let (rate, cpu) = from_the_beam(&runtime, side, &mut erl);
                report.add(&name, "from the BEAM", side.who, rate / 1e3);
                report.add(&name, "from the BEAM, our CPU", side.who, cpu);
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

/// Messages a second, and our nanoseconds for each.
fn to_the_beam(runtime: &tokio::runtime::Runtime, side: &mut Side, erl: &mut Erl, term: &[u8]) -> (f64, f64) {
    erl.eval(&format!("sink ! {{start, {MESSAGES}, '{}'}}, ok", side.node.name()));
    let sink = Dest::name("sink", erl.name.parse().unwrap());
    let (start, cpu) = (Instant::now(), cpu::of_this_process());
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
    figures(start, cpu)
}

fn from_the_beam(runtime: &tokio::runtime::Runtime, side: &mut Side, erl: &mut Erl) -> (f64, f64) {
    let (start, cpu) = (Instant::now(), cpu::of_this_process());
    erl.eval(&format!(
        "spawn(fun() -> T = persistent_term:get(t), (fun F(0) -> ok; F(N) -> {{inbox, '{}'}} ! T, F(N - 1) end)({MESSAGES}) end), ok",
        side.node.name()
    ));
    runtime.block_on(async {
        for _ in 0..MESSAGES {
            side.inbox.recv().await.unwrap();
        }
    });
    figures(start, cpu)
}

fn figures(start: Instant, cpu: u64) -> (f64, f64) {
    let cpu = (cpu::of_this_process() - cpu) as f64 / f64::from(MESSAGES);
    (f64::from(MESSAGES) / start.elapsed().as_secs_f64(), cpu)
}
