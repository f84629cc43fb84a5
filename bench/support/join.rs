//! A contender of ours: a node that is linked to the peer.

use outrigger_node::{Config, Epmd, Node, Target, cookie};

use crate::arena::Given;

/// Starts a node and waits for its link.
/// `change` has the last word on the configuration.
pub(crate) async fn join(given: &Given, change: impl FnOnce(&mut Config)) -> Node {
    let cookie = cookie::from_text(&given.cookie, "the bench").expect("a cookie");
    let mut config = Config::new(given.name.parse().expect("a name"), cookie);
    config.epmd = Epmd::Port(given.epmd_port);
    config.joins = vec![Target::by_epmd(given.peer.parse().expect("a name"))];
    change(&mut config);
    let node = Node::start(config, vec![]).await.expect("a node");
    let mut events = node.events();
    while node.links().is_empty() {
        let _ = events.next().await;
    }
    node
}

/// The next command, without holding up the runtime.
pub(crate) async fn next_command() -> Option<String> {
    tokio::task::spawn_blocking(crate::arena::command).await.expect("standard input")
}
