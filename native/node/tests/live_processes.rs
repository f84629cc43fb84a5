//! Processes in Rust and processes of a real `erl`: messages, links, monitors, exits, in both directions.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use bytes::Bytes;
use common::cluster::{Cluster, atom, next, term, trapping};
use outrigger_node::{Dest, Message, OwnedPid, Reason};
use outrigger_term::{Reader, Writer};

#[tokio::test]
async fn row_19_messages_to_pids_names_and_nobody() {
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    ours.register("inbox").unwrap();
    cluster.eval("register(main, self()), {nobody, RUST} ! lost, {inbox, RUST} ! {hello, self()}, ok").await;
    let hello = term(&mut ours).await;
    let mut reader = Reader::new(&hello);
    assert_eq!(reader.tuple().unwrap(), 2);
    assert!(reader.atom().unwrap().eq_str("hello"));
    let main = OwnedPid::from(reader.pid().unwrap());
    // To its name, to its pid, to nobody: the link stays.
    ours.send(&cluster.named("main"), &atom("by_name")).unwrap();
    ours.send(&Dest::from(&main), &atom("by_pid")).unwrap();
    ours.send(&cluster.named("nobody"), &atom("lost")).unwrap();
    ours.send(&Dest::from(&OwnedPid { id: 32_000, ..main.clone() }), &atom("lost")).unwrap();
    let got = cluster.eval("receive by_name -> ok end, receive by_pid -> both after 5000 -> none end").await;
    assert_eq!(got, "both");
    // What is no term never leaves.
    assert!(ours.send(&Dest::from(&main), &[104, 2, 97]).is_err());
    assert!(ours.send(&Dest::from(&main), &[97, 1, 97]).is_err());
    assert_eq!(cluster.eval("nodes(hidden) == [RUST]").await, "true");
}

#[tokio::test]
async fn row_25_a_linked_process_tells_its_reason_in_both_directions() {
    let mut cluster = Cluster::start().await;
    let mut ours = trapping(&cluster.node);
    let victim = cluster.victim("victim", &mut ours).await;
    ours.link(&victim);
    ours.send(
        &Dest::from(&victim),
        &[104, 2].iter().copied().chain(atom("stop")).chain(atom("boom")).collect::<Vec<_>>(),
    )
    .unwrap();
    let Message::Exit { from, reason } = next(&mut ours).await else { panic!() };
    assert_eq!((from, reason.is("boom")), (victim, true));

    // Theirs links with ours, and ours ends.
    ours.register("theirs").unwrap();
    cluster
        .eval("process_flag(trap_exit, true), {theirs, RUST} ! self(), receive P when is_pid(P) -> link(P), put(p, P) after 0 -> ok end")
        .await;
    let shell = OwnedPid::from(Reader::new(&term(&mut ours).await).pid().unwrap());
    let mut pid = Vec::new();
    Writer::new(&mut pid).pid(&ours.pid().borrow()).unwrap();
    ours.send(&Dest::from(&shell), &pid).unwrap();
    let linked = cluster.eval("receive P when is_pid(P) -> link(P), {links, L} = process_info(self(), links), lists:member(P, L) after 5000 -> none end").await;
    assert_eq!(linked, "true");
    // The link signal is there before the answer to a ping behind it.
    assert_eq!(cluster.eval("net_adm:ping(RUST)").await, "pong");
    ours.finish(Reason::tuple("why", "because"));
    let exit = cluster.eval("receive {'EXIT', _, W} -> W after 5000 -> none end").await;
    assert_eq!(exit, "{why,<<\"because\">>}");
}

#[tokio::test]
async fn row_25_an_unlinked_process_is_not_told() {
    let mut cluster = Cluster::start().await;
    let mut ours = trapping(&cluster.node);
    let victim = cluster.victim("victim", &mut ours).await;
    ours.link(&victim);
    ours.unlink(&victim);
    let watch = ours.monitor(&Dest::from(&victim)).unwrap();
    ours.exit(&victim, Reason::shutdown());
    let Message::Down { reference, reason, .. } = next(&mut ours).await else {
        panic!("an exit after unlink")
    };
    assert_eq!((reference, reason.is("shutdown")), (watch, true));
    // Acknowledged: linking anew with a dead process is noproc, once.
    ours.link(&victim);
    let Message::Exit { from, reason } = next(&mut ours).await else { panic!() };
    assert_eq!((from, reason.is("noproc")), (victim, true));
    assert!(ours.try_recv().is_none());

    // And theirs from ours.
    let other = trapping(&cluster.node);
    other.register("other").unwrap();
    let other_pid = other.pid().clone();
    let unlinked = cluster
        .eval("process_flag(trap_exit, true), R = rpc:call(node(), erlang, whereis, [nobody]), R")
        .await;
    assert_eq!(unlinked, "undefined");
    cluster.eval("register(main, self())").await;
    cluster.give(&other, &other_pid);
    let links = cluster
        .eval("P = receive X when is_pid(X) -> X after 5000 -> none end, link(P), unlink(P), put(p, P), net_adm:ping(RUST), process_info(self(), links)")
        .await;
    assert!(!links.contains('<') || !links.contains("rust"), "{links}");
    other.finish(Reason::kill());
    let quiet = cluster
        .eval("net_adm:ping(RUST), M = monitor(process, get(p)), receive {'EXIT', _, W} -> {exit, W}; {'DOWN', M, _, _, W} -> W after 5000 -> none end")
        .await;
    assert_eq!(quiet, "noproc");
}

#[tokio::test]
async fn row_26_links_to_the_dead_and_to_an_earlier_life() {
    let mut cluster = Cluster::start().await;
    let mut ours = trapping(&cluster.node);
    let victim = cluster.victim("victim", &mut ours).await;
    let watch = ours.monitor(&Dest::from(&victim)).unwrap();
    ours.send(&Dest::from(&victim), &atom("stop")).unwrap();
    let Message::Down { reference, reason, .. } = next(&mut ours).await else { panic!() };
    assert_eq!((reference, reason.is("normal")), (watch, true));
    for dead in [victim.clone(), OwnedPid { creation: victim.creation ^ 1, ..victim.clone() }] {
        ours.link(&dead);
        let Message::Exit { from, reason } = next(&mut ours).await else { panic!() };
        assert_eq!((from, reason.is("noproc")), (dead, true));
    }
    // Their link to a dead one of ours.
    let dead = cluster.node.process().unwrap();
    dead.register("dying").unwrap();
    cluster.eval("register(main, self())").await;
    cluster.give(&dead, dead.pid());
    drop(dead);
    let exit = cluster
        .eval("process_flag(trap_exit, true), receive P when is_pid(P) -> link(P) end, receive {'EXIT', P, W} -> W after 5000 -> none end")
        .await;
    assert_eq!(exit, "noproc");
    assert_eq!(cluster.eval("net_adm:ping(RUST)").await, "pong");
}

#[tokio::test]
async fn row_27_a_lost_node_is_noconnection_to_every_link_and_monitor() {
    let mut cluster = Cluster::start().await;
    let mut ours = trapping(&cluster.node);
    let victim = cluster.victim("victim", &mut ours).await;
    ours.link(&victim);
    let by_pid = ours.monitor(&Dest::from(&victim)).unwrap();
    let by_name = ours.monitor(&cluster.named("victim")).unwrap();
    // Not trapping: it ends.
    let bystander = cluster.node.process().unwrap();
    bystander.link(&victim);
    let last = ours.monitor(&Dest::from(bystander.pid())).unwrap();
    assert_eq!(cluster.eval("net_adm:ping(RUST)").await, "pong");
    cluster.erl.take().unwrap().kill();
    let (mut down, mut exits) = (Vec::new(), 0);
    for _ in 0..4 {
        match next(&mut ours).await {
            Message::Down { reference, reason, .. } => {
                assert!(reason.is("noconnection"), "{reason:?}");
                down.push(reference);
            }
            Message::Exit { from, reason } => {
                assert_eq!((&from, reason.is("noconnection")), (&victim, true));
                exits += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    down.sort_by_key(|reference| reference.ids);
    assert_eq!((down, exits), (vec![by_pid, by_name, last], 1));
    assert!(bystander.ended().unwrap().is("noconnection"));
    // Nobody is there any more: at once.
    ours.monitor(&Dest::from(&victim)).unwrap();
    assert!(matches!(next(&mut ours).await, Message::Down { reason, .. } if reason.is("noconnection")));
    ours.link(&victim);
    assert!(matches!(next(&mut ours).await, Message::Exit { reason, .. } if reason.is("noconnection")));
}

#[tokio::test]
async fn row_27_they_learn_the_end_of_our_node() {
    let mut cluster = Cluster::start().await;
    let ours = cluster.node.process().unwrap();
    ours.register("gone").unwrap();
    cluster.eval("put(m, monitor(process, {gone, RUST})), net_adm:ping(RUST)").await;
    cluster.node.shutdown().await;
    let down = cluster.eval("receive {'DOWN', M, process, {gone, _}, W} -> W after 5000 -> none end").await;
    assert_eq!(down, "noconnection");
}

#[tokio::test]
async fn row_28_monitors_by_pid_and_by_name_demonitored_and_of_nobody() {
    let mut cluster = Cluster::start().await;
    let mut ours = cluster.node.process().unwrap();
    ours.monitor(&cluster.named("nobody")).unwrap();
    let Message::Down { of, reason, .. } = next(&mut ours).await else { panic!() };
    assert_eq!((of, reason.is("noproc")), (cluster.named("nobody"), true));
    let victim = cluster.victim("victim", &mut ours).await;
    let given_up = ours.monitor(&Dest::from(&victim)).unwrap();
    let kept = ours.monitor(&cluster.named("victim")).unwrap();
    ours.demonitor(&given_up);
    ours.exit(&victim, Reason::kill());
    let Message::Down { reference, of, reason } = next(&mut ours).await else { panic!() };
    assert_eq!((reference, of, reason.is("killed")), (kept, cluster.named("victim"), true));

    // Theirs of ours: by name, by pid, demonitored; a reason that is any term.
    let watched = cluster.node.process().unwrap();
    watched.register("watched").unwrap();
    let demonitored = cluster
        .eval("M0 = monitor(process, {watched, RUST}), demonitor(M0), monitor(process, {watched, RUST}), net_adm:ping(RUST)")
        .await;
    assert_eq!(demonitored, "pong");
    let reason = [108, 0, 0, 0, 1, 98, 255, 255, 255, 255, 106];
    watched.finish(Reason::new(Bytes::copy_from_slice(&reason)).unwrap());
    let down =
        cluster.eval("receive {'DOWN', _, process, {watched, _}, W} -> W after 5000 -> none end").await;
    assert_eq!(down, "[-1]");
    assert_eq!(cluster.eval("receive X -> X after 0 -> quiet end").await, "quiet");
    let down = cluster
        .eval(
            "M = monitor(process, {watched, RUST}), receive {'DOWN', M, _, _, W} -> W after 5000 -> none end",
        )
        .await;
    assert_eq!(down, "noproc");
}

#[tokio::test]
async fn row_29_no_exit_and_no_down_is_lost_among_ten_thousand() {
    const MANY: usize = 10_000;
    let mut cluster = Cluster::start().await;
    let mut ours = trapping(&cluster.node);
    ours.register("crowd").unwrap();
    cluster
        .eval(&format!(
            "[{{crowd, RUST}} ! spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, {MANY})], ok"
        ))
        .await;
    for _ in 0..MANY {
        let pid = OwnedPid::from(Reader::new(&term(&mut ours).await).pid().unwrap());
        ours.link(&pid);
        ours.monitor(&Dest::from(&pid)).unwrap();
        // It ends while later ones are still being tied.
        ours.exit(&pid, Reason::shutdown());
    }
    let (mut exits, mut downs) = (0, 0);
    while exits < MANY || downs < MANY {
        match next(&mut ours).await {
            Message::Exit { reason, .. } if reason.is("shutdown") => exits += 1,
            Message::Down { reason, .. } if reason.is("shutdown") => downs += 1,
            other => panic!("{other:?} after {exits} exits and {downs} downs"),
        }
    }
    assert!(ours.try_recv().is_none());
    assert_eq!(cluster.node.process_count(), 1);
    // The other way: ours end in a crowd, theirs watch.
    let crowd: Vec<_> = (0..1_000).map(|_| cluster.node.process().unwrap()).collect();
    cluster.eval("register(main, self())").await;
    for one in &crowd {
        cluster.give(one, one.pid());
    }
    cluster.eval("[receive P when is_pid(P) -> monitor(process, P) end || _ <- lists:seq(1, 1000)], net_adm:ping(RUST)").await;
    drop(crowd);
    let told = cluster
        .eval("length([ok || _ <- lists:seq(1, 1000), receive {'DOWN', _, _, _, normal} -> true after 5000 -> false end])")
        .await;
    assert_eq!(told, "1000");
}

#[tokio::test]
async fn row_45_a_process_of_an_earlier_life_is_noproc() {
    let mut cluster = Cluster::start().await;
    let ours = cluster.node.process().unwrap();
    ours.register("alive").unwrap();
    cluster.eval("register(main, self())").await;
    let earlier = OwnedPid { creation: ours.pid().creation ^ 1, ..ours.pid().clone() };
    cluster.give(&ours, &earlier);
    let down = cluster
        .eval("P = receive X when is_pid(X) -> X end, P ! lost, M = monitor(process, P), receive {'DOWN', M, _, _, W} -> W after 5000 -> none end")
        .await;
    assert_eq!(down, "noproc");
    assert_eq!(ours.figures().waiting, 0, "nothing for the earlier one reaches the later one");
}
