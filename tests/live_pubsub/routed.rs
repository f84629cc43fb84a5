//! Through `outrigger node`: both ways, only what is wanted, and nothing lost for being new.

use outrigger_pubsub::{Options, PubSubEvent, Via};
use outrigger_testkit::{Beam, Epmd, LONG, RustNode};

use crate::stage::{Ledger, NAME, Program, beams, eventually};

/// BEAM nodes, routers that have joined them all, and a program, all of which use them.
pub(crate) struct Routed {
    // Dropped in this order.
    pub(crate) program: Program,
    pub(crate) routers: Vec<RustNode>,
    pub(crate) beams: Vec<Beam>,
    _epmd: Epmd,
}

impl Routed {
    /// `meshed`: the program is linked with the BEAM nodes, too.
    pub(crate) fn start(count: usize, meshed: bool) -> Self {
        Self::start_with(count, meshed, 1, "[{path, relay}]")
    }

    pub(crate) fn start_with(count: usize, meshed: bool, routers: usize, options: &str) -> Self {
        let epmd = Epmd::start();
        let beams = beams(&epmd, count, options);
        let router = |_| {
            let options = RustNode::options("rust").epmd(&epmd);
            joined(beams.iter().fold(options, |all, beam| all.join(beam.name())).start(), &beams)
        };
        let routers: Vec<_> = (0..routers).map(router).collect();
        let mut peers: Vec<_> = routers.iter().map(RustNode::name).collect();
        if meshed {
            peers.extend(beams.iter().map(Beam::name));
        }
        let program = Program::start(&epmd, &peers, Options::default().via(Via::Relay).queue(1_000_000));
        let routed = Self { program, routers, beams, _epmd: epmd };
        routed.wait_routed();
        routed
    }

    /// Until everybody reaches everybody else through all routers, which know what the program wants.
    pub(crate) fn wait_routed(&self) {
        let figures = || self.program.pubsub.figures();
        let mut routers: Vec<_> = self.routers.iter().map(RustNode::name).collect();
        routers.sort_unstable();
        eventually("the program uses the routers", || {
            figures().routers == routers && figures().listed == routers
        });
        let nodes = self.beams.len();
        for beam in &self.beams {
            beam.wait_until(
                &format!(
                    "#{{covered := Nodes, routers := Routers}} = 'Elixir.Outrigger.PubSub':info('{NAME}'), \
                     length(Nodes) =:= {nodes} andalso map_size(Routers) =:= {}",
                    routers.len()
                ),
                LONG,
            );
        }
        eventually("the program reaches nobody directly", || figures().direct.is_empty());
    }

    /// Kills a router, and starts it again.
    pub(crate) fn kill(&mut self, number: usize) {
        self.routers[number].kill();
        self.routers[number] = joined(self.routers[number].restart(), &self.beams);
    }

    pub(crate) fn all(&self, expression: &str) {
        for beam in &self.beams {
            beam.eval(expression);
        }
    }
}

fn joined(router: RustNode, beams: &[Beam]) -> RustNode {
    for beam in beams {
        router.wait_joined(beam.name());
    }
    router
}

fn exchange(routed: &Routed) {
    let program = &routed.program;
    routed.all(&format!("kit_pubsub:subscribe('{NAME}', <<\"orders\">>)"));
    let mut orders = program.pubsub.subscribe("orders").unwrap();
    let keys: Vec<_> = routed.beams.iter().map(|beam| beam.name().to_owned()).collect();
    for (beam, key) in routed.beams.iter().zip(&keys) {
        beam.eval(&format!("kit_pubsub:publish('{NAME}', <<\"orders\">>, <<\"{key}\">>, 1, 5000)"));
    }
    program.publish("orders", "rust", 1, 5_000);
    let done =
        |ledger: &Ledger| ledger.last("rust") == 5_000 && keys.iter().all(|key| ledger.last(key) == 5_000);
    let ledger = program.collect(&mut orders, done);
    assert!(ledger.keys.keys().all(|key| ledger.missing(key) == 0), "{}", ledger.summary());
    for beam in &routed.beams {
        let wanted = "[5000] =:= lists:usort([length(Ns) || Ns <- maps:values(kit_pubsub:received(<<\"orders\">>))]) \
                      andalso lists:all(fun(Ns) -> Ns =:= lists:seq(1, 5000) end, maps:values(kit_pubsub:received(<<\"orders\">>)))";
        beam.wait_until(wanted, LONG);
        assert_eq!(beam.eval_number("length(kit_pubsub:keys(<<\"orders\">>))"), 1 + keys.len() as u64);
    }
    assert_eq!((program.pubsub.figures().malformed, program.pubsub.figures().stale), (0, 0));
}

#[test]
fn each_message_arrives_once_and_in_order_both_ways() {
    exchange(&Routed::start(2, true));
}

#[test]
fn two_routers_share_the_publishers() {
    let routed = Routed::start_with(2, true, 2, "[{path, relay}]");
    exchange(&routed);
}

#[test]
fn a_program_that_is_linked_with_the_router_alone_reaches_all() {
    exchange(&Routed::start(2, false));
}

#[test]
fn what_nobody_here_wants_does_not_come() {
    let routed = Routed::start(2, true);
    let mut orders = routed.program.pubsub.subscribe("orders").unwrap();
    routed.program.runtime.block_on(orders.confirmed(LONG)).unwrap();
    let before = routed.program.pubsub.figures().received;
    for topic in ["others", "orders"] {
        routed.beams[0].eval(&format!(
            "P = self(), spawn(fun() -> [kit_pubsub:say('{NAME}', <<\"{topic}\">>, N) || N <- lists:seq(1, 500)], P ! done end), \
             receive done -> ok end"
        ));
    }
    let ledger = routed.program.collect(&mut orders, |ledger| ledger.last("said") == 500);
    assert_eq!(ledger.missing("said"), 0);
    assert_eq!(routed.program.pubsub.figures().received - before, 500, "and nothing of the other topic");

    // Nobody wants it any more, and some seconds later the router knows.
    drop(orders);
    eventually("no topic is left", || routed.program.pubsub.figures().patterns == 0);
    let mut others = routed.program.pubsub.subscribe("others").unwrap();
    routed.program.runtime.block_on(others.confirmed(LONG)).unwrap();
    let before = routed.program.pubsub.figures().received;
    for topic in ["orders", "others"] {
        routed.beams[1].eval(&format!("kit_pubsub:say('{NAME}', <<\"{topic}\">>, 7)"));
    }
    // Not the same publisher: the one of the first topic may come second.
    routed.program.collect(&mut others, |ledger| ledger.last("said") == 7);
    assert_eq!(routed.program.pubsub.figures().received - before, 1);
}

#[test]
fn a_prefix_brings_all_topics_that_begin_so() {
    let routed = Routed::start(2, true);
    let program = &routed.program;
    let mut shop = program.pubsub.subscribe_prefix("shop:").unwrap();
    let mut one = program.pubsub.subscribe("shop:1").unwrap();
    let mut topics = Vec::new();
    for (number, topic) in ["shop:1", "shoe:2", "shop:3", "shop:"].iter().enumerate() {
        routed.beams[1].eval(&format!("kit_pubsub:say('{NAME}', <<\"{topic}\">>, {number})"));
    }
    program.collect(&mut one, |ledger| ledger.count("said") == 1);
    while topics.len() < 3 {
        let next = program.runtime.block_on(async { tokio::time::timeout(LONG, shop.recv()).await });
        let message = next.expect("in time").expect("the subscription lives");
        topics.push((message.topic().to_owned(), message.decode::<(String, usize)>().unwrap().1));
    }
    topics.sort();
    assert_eq!(topics, [("shop:".to_owned(), 3), ("shop:1".to_owned(), 0), ("shop:3".to_owned(), 2)]);
    assert_eq!(program.pubsub.figures().patterns, 2);
}

#[test]
fn topics_in_one_order_are_not_for_programs_and_that_is_told() {
    let routed = Routed::start_with(2, true, 1, "[{path, relay}, {ordered, [<<\"room:\">>]}]");
    let mut events = routed.program.pubsub.events();
    let _room = routed.program.pubsub.subscribe("room:1").unwrap();
    routed.beams[0].eval(&format!("kit_pubsub:say('{NAME}', <<\"room:1\">>, 1)"));
    let wanted = PubSubEvent::Ordered { prefix: "room:".to_owned() };
    let told = async { while events.next().await.expect("the program takes part") != wanted {} };
    let told = routed.program.runtime.block_on(async { tokio::time::timeout(LONG, told).await });
    assert!(told.is_ok(), "it was not told");
}

#[test]
fn what_is_published_after_subscribing_arrives_although_the_router_hears_of_it_later() {
    let routed = Routed::start(2, true);
    let program = &routed.program;
    let mut subscriptions = Vec::new();
    for number in 0..200 {
        let topic = format!("new:{number}");
        subscriptions.push(program.pubsub.subscribe(&topic).unwrap());
        routed.beams[number % 2].eval(&format!("kit_pubsub:say('{NAME}', <<\"{topic}\">>, {number})"));
    }
    for (number, subscription) in subscriptions.iter_mut().enumerate() {
        let next = program.runtime.block_on(async { tokio::time::timeout(LONG, subscription.recv()).await });
        let message = next.expect("in time").expect("the subscription lives");
        assert_eq!(message.decode::<(String, usize)>().unwrap(), ("said".to_owned(), number));
    }
    // Behind all that the nodes have published, and that the router has passed on late.
    let mut fence = program.pubsub.subscribe("fence").unwrap();
    routed.all(&format!("kit_pubsub:say('{NAME}', <<\"fence\">>, 1)"));
    program.collect(&mut fence, |ledger| ledger.count("said") == 2);
    assert!(subscriptions.iter_mut().all(|subscription| subscription.try_recv().is_none()), "nothing twice");
    assert_eq!(program.pubsub.figures().gaps, 0);
}
