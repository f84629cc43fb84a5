//! The driver against a real `erl`, with an EPMD of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::{Duration, Instant};

use common::beam::{COOKIE, EpmdServer, Erl, eval, member, name, unique};
use common::{Seen, down, join_error, raw, reg_send, sink, up, within};
use outrigger_node::{DownReason, Listen, Node, NodeError, NodeName, Target, cookie};
use outrigger_term::{Reader, Writer};

fn target(erl: &Erl) -> Target {
    Target::by_epmd(erl.name.parse().unwrap())
}

async fn start_erl(epmd: &EpmdServer, name: &str, args: &[&str]) -> Erl {
    Erl::start(epmd, name, COOKIE, args)
}

#[tokio::test]
async fn row_01_joined_hidden_and_answering_like_a_node() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &name("app"), &[]).await;
    let mut config = member(&epmd, &name("rust"));
    config.joins = vec![target(&erl)];
    let (service, mut seen) = sink();
    let node = Node::start(config, vec![service]).await.unwrap();
    let mut events = node.events();
    up(&mut events, &erl.name).await;
    let us = node.name().to_string();
    assert!(node.listen_addrs().iter().all(|addr| addr.ip().is_loopback()));

    // First, since the link is up here a moment before it is up there.
    let (erl, pong) = eval(erl, &format!("net_adm:ping('{us}')")).await;
    assert_eq!(pong, "pong");
    let (erl, visible) = eval(erl, "{nodes(), nodes(hidden)}").await;
    assert_eq!(visible, format!("{{[],['{us}']}}"));
    // The form of the call before aliases.
    let old = format!(
        "R = make_ref(), {{net_kernel, '{us}'}} ! {{'$gen_call', {{self(), R}}, {{is_auth, node()}}}},
         receive {{R, X}} -> X after 5000 -> timeout end"
    );
    let (erl, yes) = eval(erl, &old).await;
    assert_eq!(yes, "yes");

    // Names and pids that nobody has.
    let nobody = format!("catch gen_server:call({{nobody, '{us}'}}, hello, 10000)");
    let (erl, exit) = eval(erl, &nobody).await;
    assert!(exit.contains("noproc"), "{exit}");
    let (erl, rpc) = eval(erl, &format!("rpc:call('{us}', erlang, node, [])")).await;
    assert!(rpc.contains("badrpc"), "{rpc}");
    let monitor = format!(
        "M = monitor(process, {{nobody, '{us}'}}), receive {{'DOWN', M, _, _, W}} -> W after 5000 -> timeout end"
    );
    let (erl, down) = eval(erl, &monitor).await;
    assert_eq!(down, "noproc");

    // A pid of ours that nobody has, sent over by a message: monitor, link, unlink, send.
    let (erl, _) = eval(erl, "register(shell, self())").await;
    let stray = node.allocate_pid();
    let mut term = Vec::new();
    let mut writer = Writer::new(&mut term);
    writer.pid(&stray.borrow()).unwrap();
    node.link(&erl.name.parse().unwrap()).unwrap().send(reg_send(&node, "shell", &term)).unwrap();
    let (erl, facts) = eval(
        erl,
        "P = receive X -> X after 5000 -> timeout end, P ! hello,
         M = monitor(process, P), W = receive {'DOWN', M, _, _, Y} -> Y after 5000 -> timeout end,
         process_flag(trap_exit, true), link(P), E = receive {'EXIT', P, Z} -> Z after 5000 -> timeout end,
         unlink(P), {is_pid(P), node(P) =:= hd(nodes(hidden)), W, E}",
    )
    .await;
    assert_eq!(facts, "{true,true,noproc,noproc}");

    // A service's name: messages come in order, a monitor stays quiet until the node ends.
    let (erl, _) = eval(
        erl,
        &format!("S = {{sink, '{us}'}}, put(m, monitor(process, S)), [S ! {{N, <<0:(N * 80)>>}} || N <- lists:seq(1, 2000)], ok"),
    )
    .await;
    assert!(matches!(within("link up", seen.recv()).await, Some(Seen::LinkUp(_))));
    for n in 1..=2000 {
        let Some(Seen::Message(_, bytes)) = within("a message", seen.recv()).await else { panic!() };
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.tuple().unwrap(), reader.integer().unwrap()), (2, n));
        assert_eq!(reader.binary().unwrap().len() as i64, n * 10);
    }
    let (erl, quiet) = eval(erl, "receive {'DOWN', _, _, _, _} = D -> D after 0 -> quiet end").await;
    assert_eq!(quiet, "quiet");

    // Our question to a process of theirs.
    let peer: NodeName = erl.name.parse().unwrap();
    let reply = node.call_with(
        &peer,
        "rex",
        |pid| {
            let mut request = Vec::new();
            let mut writer = Writer::new(&mut request);
            writer.tuple(5);
            for atom in ["call", "erlang", "system_info"] {
                writer.atom(atom).unwrap();
            }
            writer.list(1);
            writer.atom("otp_release").unwrap();
            writer.nil();
            writer.pid(&pid.borrow()).unwrap();
            request
        },
        Duration::from_secs(5),
    );
    let reply = reply.await.unwrap();
    let release = Reader::new(&reply).string().unwrap().to_vec();
    assert!(String::from_utf8(release).unwrap().parse::<u32>().unwrap() >= 25);
    let missing = node.call(&peer, "no_such_name", &[106], Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(missing, NodeError::NoProcess { .. }), "{missing}");

    node.shutdown().await;
    let (_erl, down) = eval(erl, "receive {'DOWN', _, _, _, W2} -> W2 after 5000 -> timeout end").await;
    assert_eq!(down, "noconnection");
    assert!(outrigger_node::epmd_names("127.0.0.1", epmd.port).await.unwrap().len() == 1);
}

#[tokio::test]
async fn idle_for_four_tick_times_and_still_there() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &name("tick"), &["-kernel", "net_ticktime", "4"]).await;
    // Ours is longer: the peer's ticks are answered all the same.
    for ticktime in [4, 60] {
        let mut config = member(&epmd, &name("rust"));
        config.net_ticktime = Duration::from_secs(ticktime);
        config.joins = vec![target(&erl)];
        let node = Node::start(config, vec![]).await.unwrap();
        up(&mut node.events(), &erl.name).await;
        tokio::time::sleep(Duration::from_secs(17)).await;
        let link = &node.links()[0];
        assert_eq!(node.counters().links_down, 0, "ticktime {ticktime}");
        // A tick of theirs each second; of ours each second, or each other one when they are answers only.
        assert!(link.read.ticks_in >= 10 && link.written.ticks_out >= 6, "{link:?}");
        node.shutdown().await;
    }
}

#[tokio::test]
async fn a_killed_peer_is_joined_again_under_its_new_port() {
    let epmd = EpmdServer::start();
    let first = start_erl(&epmd, &name("app"), &[]).await;
    let peer = first.name.clone();
    let mut config = member(&epmd, &name("rust"));
    config.joins = vec![target(&first)];
    let node = Node::start(config, vec![]).await.unwrap();
    let mut events = node.events();
    up(&mut events, &peer).await;
    let creation = node.links()[0].creation;
    first.kill();
    assert_eq!(down(&mut events, &peer).await, DownReason::ClosedByPeer);
    let error = join_error(&mut events).await;
    assert!(matches!(*error, NodeError::PeerUnknown { .. } | NodeError::PeerUnreachable { .. }), "{error}");
    let second = start_erl(&epmd, &peer, &[]).await;
    up(&mut events, &peer).await;
    assert_ne!(node.links()[0].creation, creation);
    let (_second, pong) = eval(second, &format!("net_adm:ping('{}')", node.name())).await;
    assert_eq!(pong, "pong");
    node.shutdown().await;
}

#[tokio::test]
async fn a_node_that_connects_to_us_is_accepted_and_not_dialled_back() {
    let epmd = EpmdServer::start();
    let node = Node::start(member(&epmd, &name("rust")), vec![]).await.unwrap();
    let mut events = node.events();
    let erl = start_erl(&epmd, &name("app"), &[]).await;
    let (erl, connected) = eval(erl, &format!("net_kernel:connect_node('{}')", node.name())).await;
    assert_eq!(connected, "true");
    up(&mut events, &erl.name).await;
    let (erl, _) = eval(erl, &format!("erlang:disconnect_node('{}')", node.name())).await;
    assert_eq!(down(&mut events, &erl.name).await, DownReason::ClosedByPeer);
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!((node.links().len(), node.counters().dials_failed), (0, 0));
    // A foreign cookie on the peer's side.
    let expression = format!("erlang:set_cookie('{0}', other), net_kernel:connect_node('{0}')", node.name());
    let (_erl, refused) = eval(erl, &expression).await;
    assert_eq!((refused.as_str(), node.counters().accepts_failed), ("false", 1));
    node.shutdown().await;
}

#[tokio::test]
async fn failures_to_join_are_told_apart() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &name("app"), &[]).await;
    let mut wrong = member(&epmd, &name("rust"));
    wrong.cookie = cookie::from_text("WRONG", "test").unwrap();
    wrong.joins = vec![target(&erl)];
    let node = Node::start(wrong, vec![]).await.unwrap();
    let error = join_error(&mut node.events()).await;
    assert!(matches!(*error, NodeError::CookieRefused { .. }), "{error}");
    node.shutdown().await;

    let mut unknown = member(&epmd, &name("rust"));
    unknown.joins = vec![Target::by_epmd(name("none").parse().unwrap())];
    let node = Node::start(unknown, vec![]).await.unwrap();
    let error = join_error(&mut node.events()).await;
    assert!(matches!(*error, NodeError::PeerUnknown { .. }), "{error}");
    node.shutdown().await;

    let started = Instant::now();
    let taken = Node::start(member(&epmd, &erl.name), vec![]).await.unwrap_err();
    assert!(matches!(taken, NodeError::NameTaken { .. }), "{taken}");
    assert!((1.0..4.0).contains(&started.elapsed().as_secs_f32()), "{:?}", started.elapsed());

    let port = epmd.port;
    let mut config = member(&epmd, &name("rust"));
    drop(epmd);
    let error = Node::start(config.clone(), vec![]).await.unwrap_err();
    assert!(matches!(error, NodeError::EpmdUnreachable { port: at, .. } if at == port), "{error}");
    // Without listening there is nothing to register.
    config.listen = Listen::Off;
    Node::start(config, vec![]).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn row_11_a_restarted_epmd_knows_us_again_and_links_stay() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &name("app"), &[]).await;
    let mut config = member(&epmd, &name("rust"));
    config.joins = vec![target(&erl)];
    let node = Node::start(config, vec![]).await.unwrap();
    up(&mut node.events(), &erl.name).await;
    let port = epmd.port;
    drop(epmd);
    let epmd = EpmdServer::start_at(port);
    within("the registration", async {
        loop {
            let names = outrigger_node::epmd_names("127.0.0.1", epmd.port).await.unwrap_or_default();
            if names.iter().any(|(known, _)| known == node.name().short()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!((node.links().len(), node.counters().links_down), (1, 0));
    node.shutdown().await;
}

#[tokio::test]
async fn a_name_of_a_killed_predecessor_is_free_soon() {
    let epmd = EpmdServer::start();
    let rust = name("rust");
    let erl = start_erl(&epmd, &rust, &[]).await;
    let kill = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        erl.kill();
    });
    let node = Node::start(member(&epmd, &rust), vec![]).await.unwrap();
    kill.await.unwrap();
    node.shutdown().await;
}

#[tokio::test]
async fn ipv6_and_short_names() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &format!("{}@::1", unique("six")), &["-proto_dist", "inet6_tcp"]).await;
    let mut six = member(&epmd, &format!("{}@::1", unique("rust")));
    six.joins = vec![target(&erl)];
    let node = Node::start(six, vec![]).await.unwrap();
    assert!(node.listen_addrs().iter().all(|addr| addr.is_ipv6() && addr.ip().is_loopback()));
    up(&mut node.events(), &erl.name).await;
    let (_erl, pong) = eval(erl, &format!("net_adm:ping('{}')", node.name())).await;
    assert_eq!(pong, "pong");
    node.shutdown().await;

    let erl = start_erl(&epmd, &format!("{}@localhost", unique("short")), &[]).await;
    let mut short = member(&epmd, &format!("{}@localhost", unique("rust")));
    short.joins = vec![target(&erl)];
    let node = Node::start(short, vec![]).await.unwrap();
    up(&mut node.events(), &erl.name).await;
    let (_erl, pong) = eval(erl, &format!("net_adm:ping('{}')", node.name())).await;
    assert_eq!(pong, "pong");
    node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_dial_at_once_and_the_greater_name_wins() {
    let epmd = EpmdServer::start();
    let mut erl = start_erl(&epmd, &name("mmm"), &[]).await;
    for round in 0..6 {
        // One name that is greater than the peer's, one that is less.
        let us = name(if round % 2 == 0 { "aaa" } else { "zzz" });
        let storm = format!(
            "[spawn(fun() -> [net_kernel:connect_node('{us}') || _ <- lists:seq(1, 300)] end) || _ <- [1, 2]], ok"
        );
        let mut config = member(&epmd, &us);
        config.joins = vec![target(&erl)];
        let (back, _) = eval(erl, &storm).await;
        let node = Node::start(config, vec![]).await.unwrap();
        up(&mut node.events(), &back.name).await;
        let (back, pong) = eval(back, &format!("net_adm:ping('{us}')")).await;
        assert_eq!((pong.as_str(), node.links().len()), ("pong", 1));
        node.shutdown().await;
        erl = back;
    }
}

#[tokio::test]
async fn a_peer_that_still_holds_our_former_link_is_taken_over() {
    let epmd = EpmdServer::start();
    let erl = start_erl(&epmd, &name("app"), &[]).await;
    let rust = name("rust");
    let names = outrigger_node::epmd_names("127.0.0.1", epmd.port).await.unwrap();
    // Our former life: a link that neither ends nor speaks.
    let former = raw::connect(([127, 0, 0, 1], names[0].1).into(), &rust, &erl.name, COOKIE).await.unwrap();
    let (erl, linked) = eval(erl, "nodes(hidden)").await;
    assert_eq!(linked, format!("['{rust}']"));
    let mut config = member(&epmd, &rust);
    config.joins = vec![target(&erl)];
    let node = Node::start(config, vec![]).await.unwrap();
    up(&mut node.events(), &erl.name).await;
    let (_erl, pong) = eval(erl, &format!("net_adm:ping('{rust}')")).await;
    assert_eq!((pong.as_str(), node.counters().dials_failed), ("pong", 0));
    drop(former);
    node.shutdown().await;
}
