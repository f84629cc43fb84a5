//! Names that a peer gives: asked of a real `erl`, and given to one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use common::beam::{EpmdServer, Erl, unique};
use common::cluster::term;
use common::{down, up, within};
use outrigger_node::{Config, Dest, DownReason, Epmd, Node, NodeError, Target, cookie};
use outrigger_term::{Reader, Writer};

const COOKIE: &str = "NAMES";

fn config(epmd: &EpmdServer, name: &str) -> Config {
    let mut config = Config::new(name.parse().unwrap(), cookie::from_text(COOKIE, "test").unwrap());
    config.epmd = Epmd::Port(epmd.port);
    config
}

async fn eval(erl: &mut Erl, node: &Node, expression: &str) -> String {
    let expression = expression.replace("RUST", &format!("'{}'", node.name()));
    tokio::task::block_in_place(|| erl.eval(&expression))
}

#[tokio::test(flavor = "multi_thread")]
async fn row_06_a_beam_gives_us_a_name_and_a_creation_that_hold_as_long_as_the_link() {
    let epmd = EpmdServer::start();
    let mut erl = Erl::start(&epmd, &format!("{}@127.0.0.1", unique("app")), COOKIE, &[]);
    let mut config = config(&epmd, "undefined@127.0.0.1");
    config.joins = vec![Target::by_epmd(erl.name.parse().unwrap())];
    let node = Node::start(config.clone(), vec![]).await.unwrap();
    let mut events = node.events();
    up(&mut events, &erl.name).await;
    assert_eq!(node.name().host(), "127.0.0.1");
    assert_ne!(node.name().short(), "undefined");
    assert!(node.listen_addrs().is_empty(), "nobody could ask for its port");
    assert_eq!(eval(&mut erl, &node, "nodes(hidden) =:= [RUST]").await, "true");
    assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pong");

    // A pid of ours leads back to us, so that name and creation are those that the BEAM knows.
    let mut ours = node.process().unwrap();
    eval(&mut erl, &node, "register(echo, spawn(fun() -> receive P -> P ! term_to_binary(P) end end)), ok")
        .await;
    let mut pid = Vec::new();
    Writer::new(&mut pid).pid(&ours.pid().borrow()).unwrap();
    ours.send(&Dest::name("echo", erl.name.parse().unwrap()), &pid).unwrap();
    let answer = term(&mut ours).await;
    assert!(Reader::new(&answer).binary().unwrap().ends_with(&node.creation().0.to_be_bytes()));

    // The name goes with the link, and the node with the name.
    assert_eq!(eval(&mut erl, &node, "erlang:disconnect_node(RUST)").await, "true");
    assert_eq!(down(&mut events, &erl.name).await, DownReason::ClosedByPeer);
    within("the end of the node", async { while events.next().await.is_some() {} }).await;
    assert!(matches!(node.join("x@127.0.0.1".parse().unwrap()), Err(NodeError::ShutDown)));
    let again = Node::start(config, vec![]).await.unwrap();
    // OTP gives names that are free again, so that atoms do not become more, and tells lives apart by the creation.
    assert_ne!((again.name(), again.creation()), (node.name(), node.creation()));
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn row_06_a_beam_without_a_name_gets_one_of_us() {
    let epmd = EpmdServer::start();
    let node = Node::start(config(&epmd, &format!("{}@127.0.0.1", unique("rust"))), vec![]).await.unwrap();
    let mut events = node.events();
    let mut erl = Erl::start(&epmd, "undefined@127.0.0.1", COOKIE, &[]);
    assert_eq!(eval(&mut erl, &node, "node()").await, "nonode@nohost");
    assert_eq!(eval(&mut erl, &node, "net_kernel:connect_node(RUST)").await, "true");
    let name = eval(&mut erl, &node, "node()").await;
    // The BEAM takes the link for up a moment before we do.
    up(&mut events, name.trim_matches('\'')).await;
    let link = node.links().pop().expect("it is linked");
    assert_eq!(name, format!("'{}'", link.name));
    assert_eq!(link.name.host(), "127.0.0.1");
    let creation = eval(&mut erl, &node, "erlang:system_info(creation)").await;
    assert_eq!(creation, link.creation.0.to_string());
    assert_eq!(eval(&mut erl, &node, "net_adm:ping(RUST)").await, "pong");
    // As a BEAM it has a name as long as it has this link.
    node.shutdown().await;
    let nameless = "(fun F() -> case node() of nonode@nohost -> ok; _ -> timer:sleep(10), F() end end)()";
    assert_eq!(eval(&mut erl, &node, nameless).await, "ok");
}

#[tokio::test]
async fn a_node_without_a_name_needs_somebody_who_gives_one() {
    let epmd = EpmdServer::start();
    let config = config(&epmd, "undefined@127.0.0.1");
    let error = Node::start(config.clone(), vec![]).await.expect_err("nobody to ask");
    assert!(matches!(error, NodeError::BadOption { option: "join", .. }), "{error}");
    let mut config = config;
    config.joins = vec![Target::by_epmd("nobody@127.0.0.1".parse().unwrap())];
    let error = Node::start(config, vec![]).await.expect_err("nobody there");
    assert!(matches!(error, NodeError::PeerUnknown { .. }), "{error}");
}
