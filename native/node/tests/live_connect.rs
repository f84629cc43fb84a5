//! `Node::connect`: a link now, or why there is none.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::time::Duration;

use common::cluster::Cluster;
use outrigger_node::NodeError;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn connects_to_a_node_that_was_not_joined_and_is_there_at_once_the_second_time() {
    let cluster = Cluster::start().await;
    let other = cluster.another_erl("other");
    let name = other.name.parse().unwrap();
    assert!(cluster.node.link(&name).is_none());
    let first = cluster.node.connect(&name, SOON).await.unwrap();
    let second = cluster.node.connect(&name, Duration::ZERO).await.unwrap();
    assert_eq!(first.id(), second.id());
    let (other, hidden) = cluster.eval_on(other, "nodes(hidden) == [RUST]").await;
    assert_eq!(hidden, "true");
    other.kill();
}

#[tokio::test]
async fn says_why_there_is_no_link() {
    let cluster = Cluster::start().await;
    let nobody = "nobody@127.0.0.1".parse().unwrap();
    let soon = Duration::from_millis(500);
    match cluster.node.connect(&nobody, soon).await.unwrap_err() {
        NodeError::ConnectTimeout { peer, why, .. } => {
            assert_eq!(peer, "nobody@127.0.0.1");
            assert!(why.contains("nobody"), "{why}");
        }
        other => panic!("{other}"),
    }
    let ourselves = cluster.node.connect(cluster.node.name(), soon).await;
    assert!(matches!(ourselves, Err(NodeError::BadOption { .. })), "{ourselves:?}");
}
