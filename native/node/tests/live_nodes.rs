//! Nodes that come and go, as both sides tell their processes; what a hidden node is and is not part of.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::beam::{COOKIE, name};
use common::cluster::{Cluster, next, trapping};
use common::{raw, within};
use outrigger_node::{Dest, DownReason, Message, NodeName, Process};

const MONITOR: &str = "net_kernel:monitor_nodes(true, [nodedown_reason, {node_type, all}])";

/// What is in the mailbox of `erl` about our node, `nodeup` or `nodedown`.
const NEWS: &str =
    "receive {W, RUST, I} when W =:= nodeup; W =:= nodedown -> {W, lists:sort(I)} after 15000 -> none end";

/// What `erl` learns of a name that nobody has here: that, or that there is no way to us.
const REACHES: &str =
    "M = monitor(process, {nobody, RUST}), receive {'DOWN', M, _, _, R} -> R after 15000 -> none end";

async fn node_up(process: &mut Process, node: &NodeName, hidden: bool) {
    assert_eq!(next(process).await, Message::NodeUp { node: node.clone(), hidden });
}

async fn node_down(process: &mut Process, expected: &NodeName) -> DownReason {
    match next(process).await {
        Message::NodeDown { node, reason, .. } if node == *expected => reason,
        other => panic!("not the end of {expected}: {other:?}"),
    }
}

#[tokio::test]
async fn row_13_hidden_nodes_are_told_as_such_and_global_leaves_us_alone() {
    let mut cluster = Cluster::start().await;
    let visible: NodeName = cluster.erl.as_ref().unwrap().name.parse().unwrap();
    let mut ours = cluster.node.process().unwrap();
    ours.monitor_nodes(true);
    let hidden = cluster.erl_called(&name("hidden"), &["-hidden"]);
    let hidden_name: NodeName = hidden.name.parse().unwrap();
    cluster.node.join(hidden_name.clone()).unwrap();
    node_up(&mut ours, &hidden_name, true).await;
    cluster.node.leave(&visible);
    assert_eq!(node_down(&mut ours, &visible).await, DownReason::Disconnected);
    cluster.node.join(visible.clone()).unwrap();
    node_up(&mut ours, &visible, false).await;
    // What a BEAM makes of us, and that nobody but who knows of us sends us anything. The link is up here first.
    assert_eq!(cluster.eval("net_adm:ping(RUST)").await, "pong");
    let seen = cluster.eval("{nodes(), nodes(hidden), lists:member(RUST, nodes(known))}").await;
    assert_eq!(seen, format!("{{[],['{}'],true}}", cluster.node.name()));
    let registered = cluster
        .eval(
            "yes = global:register_name(somebody, self()), true = global:set_lock({x, self()}),
             true = global:del_lock({x, self()}), global:sync()",
        )
        .await;
    assert_eq!(registered, "ok");
    // Behind all that: an answer on the same link.
    assert_eq!(cluster.eval("net_adm:ping(RUST)").await, "pong");
    let figures = cluster.node.counters();
    assert_eq!((figures.stray, figures.ignored), (0, 0), "something was sent to us that we have no part in");
    cluster.node.shutdown().await;
}

#[tokio::test]
async fn row_15_our_processes_hear_of_each_node_with_kind_and_reason() {
    let mut cluster = Cluster::start_with(|config| config.net_ticktime = Duration::from_secs(3)).await;
    let name: NodeName = cluster.erl.as_ref().unwrap().name.parse().unwrap();
    let (mut ours, mut other) = (trapping(&cluster.node), cluster.node.process().unwrap());
    let victim = cluster.victim("victim", &mut ours).await;
    ours.monitor_nodes(true);
    ours.monitor_nodes(true);
    other.monitor_nodes(true);
    let ended = cluster.node.process().unwrap();
    ended.monitor_nodes(true);
    drop(ended);
    assert!(ours.try_recv().is_none(), "a link that is up already is not news");

    // Its end ends what was tied to it first, then comes the news; told once, however often it was asked for.
    ours.link(&victim);
    let watch = ours.monitor(&Dest::from(&victim)).unwrap();
    assert_eq!(cluster.eval("net_adm:ping(RUST)").await, "pong");
    cluster.erl.take().unwrap().kill();
    let mut ties = 0;
    let reason = loop {
        match next(&mut ours).await {
            Message::Down { reference, .. } if reference == watch => ties += 1,
            Message::Exit { from, .. } if from == victim => ties += 1,
            Message::NodeDown { node, hidden: false, reason } if node == name => break reason,
            unexpected => panic!("{unexpected:?}"),
        }
    };
    assert_eq!((ties, reason), (2, DownReason::ClosedByPeer));
    assert_eq!(node_down(&mut other, &name).await, DownReason::ClosedByPeer);

    // It comes back by itself, as we have joined it. What it says comes behind the news of it.
    ours.register("inbox").unwrap();
    cluster.erl = Some(cluster.erl_called(name.as_str(), &[]));
    node_up(&mut ours, &name, false).await;
    assert!(matches!(next(&mut other).await, Message::NodeUp { .. }));
    other.monitor_nodes(false);
    // It drops us, and a message that it sends afterwards dials us again.
    cluster.eval("erlang:disconnect_node(RUST), {inbox, RUST} ! hello, ok").await;
    assert_eq!(node_down(&mut ours, &name).await, DownReason::ClosedByPeer);
    node_up(&mut ours, &name, false).await;
    assert_eq!(next(&mut ours).await, Message::Term(common::cluster::atom("hello").into()));
    // We drop it.
    cluster.node.link(&name).unwrap().disconnect();
    assert_eq!(node_down(&mut ours, &name).await, DownReason::Disconnected);
    node_up(&mut ours, &name, false).await;
    // It freezes.
    cluster.erl.as_ref().unwrap().signal("STOP");
    let reason = node_down(&mut ours, &name).await;
    assert!(matches!(reason, DownReason::TickTimeout { .. }), "{reason}");
    cluster.erl.as_ref().unwrap().signal("CONT");
    cluster.node.leave(&name);
    assert!(other.try_recv().is_none(), "no news after monitor_nodes(false)");
    cluster.node.shutdown().await;
}

#[tokio::test]
async fn row_15_a_beam_hears_of_us_with_kind_and_reason() {
    let mut cluster = Cluster::start().await;
    let up = "{nodeup,[{node_type,hidden}]}";
    let down = |reason: &str| format!("{{nodedown,[{{node_type,hidden}},{{nodedown_reason,{reason}}}]}}");
    assert_eq!(cluster.eval(&format!("true = erlang:monitor_node(RUST, true), {MONITOR}")).await, "ok");
    // It drops us; we come back.
    cluster.eval("erlang:disconnect_node(RUST)").await;
    assert_eq!(cluster.eval("receive {nodedown, RUST} -> down after 15000 -> none end").await, "down");
    assert_eq!(cluster.eval(NEWS).await, down("disconnect"));
    assert_eq!(cluster.eval(NEWS).await, up);
    // We drop it, as soon as we know what it knows; we come back.
    let theirs = cluster.erl.as_ref().unwrap().name.parse().unwrap();
    cluster.node.connect(&theirs, common::DEADLINE).await.unwrap().disconnect();
    assert_eq!(cluster.eval(NEWS).await, down("connection_closed"));
    assert_eq!(cluster.eval(NEWS).await, up);
    // We end.
    cluster.node.shutdown().await;
    assert_eq!(cluster.eval(NEWS).await, down("connection_closed"));
    // One that says nothing after its handshake.
    let impatient = cluster.erl_called(&name("impatient"), &["-kernel", "net_ticktime", "2"]);
    let (impatient, _ok) = cluster.eval_on(impatient, MONITOR).await;
    let port = cluster.port_of(&impatient.name).await;
    let silent = raw::connect(([127, 0, 0, 1], port).into(), "silent@127.0.0.1", &impatient.name, COOKIE);
    let silent = silent.await.unwrap();
    let news = NEWS.replace("RUST", "'silent@127.0.0.1'");
    let (impatient, value) = cluster.eval_on(impatient, &news).await;
    assert_eq!(value, up);
    let (_impatient, value) = cluster.eval_on(impatient, &news).await;
    assert_eq!(value, down("net_tick_timeout"));
    drop(silent);
}

#[tokio::test]
async fn row_16_a_beam_that_dials_never_or_once_is_not_dialled_either() {
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    ours.monitor_nodes(true);
    ours.register("inbox").unwrap();
    // None is joined from here on.
    let joined: NodeName = cluster.erl.as_ref().unwrap().name.parse().unwrap();
    cluster.node.leave(&joined);
    node_down(&mut ours, &joined).await;
    for (setting, first) in [("never", false), ("once", true)] {
        let name = name(setting);
        let erl = cluster.erl_called(&name, &["-kernel", "dist_auto_connect", setting]);
        let name: NodeName = name.parse().unwrap();
        cluster.erl = Some(erl);
        let told = cluster.eval(&format!("{{inbox, RUST}} ! first, {REACHES}")).await;
        assert_eq!(told, if first { "noproc" } else { "noconnection" }, "{setting}");
        if !first {
            cluster.eval("net_kernel:connect_node(RUST), {inbox, RUST} ! first, ok").await;
        }
        node_up(&mut ours, &name, false).await;
        assert!(matches!(next(&mut ours).await, Message::Term(_)));
        // After the loss neither side dials; an explicit connection is taken.
        cluster.node.link(&name).unwrap().disconnect();
        node_down(&mut ours, &name).await;
        cluster
            .eval("W = fun W() -> nodes(hidden) == [] orelse (timer:sleep(10) =:= ok andalso W()) end, W()")
            .await;
        let told = cluster.eval(&format!("{{inbox, RUST}} ! second, {REACHES}")).await;
        assert_eq!(told, "noconnection", "{setting}");
        cluster.eval("net_kernel:connect_node(RUST), {inbox, RUST} ! third, ok").await;
        node_up(&mut ours, &name, false).await;
        assert_eq!(next(&mut ours).await, Message::Term(common::cluster::atom("third").into()));
        cluster.erl.take().unwrap().kill();
        node_down(&mut ours, &name).await;
    }
    within("the end", cluster.node.shutdown()).await;
}
