//! Asks any node of a cluster about itself, in one trip and without a line of code on it.
//!
//! `cargo run --example ask -- app1@127.0.0.1`
#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::time::Duration;

use outrigger_node::term::Term;
use outrigger_node::{Config, Listen, Mfa, Node, NodeName};

const TIMEOUT: Duration = Duration::from_secs(5);
/// What `erlang:system_info/1` and `erlang:statistics/1` take.
const QUESTIONS: [(&str, &str); 6] = [
    ("system_info", "otp_release"),
    ("system_info", "schedulers_online"),
    ("system_info", "process_count"),
    ("system_info", "atom_count"),
    ("statistics", "total_run_queue_lengths_all"),
    ("statistics", "wall_clock"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let peer: NodeName = std::env::args().nth(1).ok_or("usage: ask NODE")?.parse()?;
    let name = format!("ask-{}@{}", std::process::id(), peer.host());
    let mut config = Config::from_env(name.parse()?)?;
    config.listen = Listen::Off; // it only asks: nobody needs to find it
    let node = Node::start(config, vec![]).await?;
    node.connect(&peer, TIMEOUT).await?;
    let calls = QUESTIONS.map(|(function, item)| {
        // [Item]
        let args = [&[108, 0, 0, 0, 1, 119, item.len() as u8], item.as_bytes(), &[106]].concat().into();
        Mfa { module: "erlang", function, args }
    });
    for (answer, (_, item)) in node.batch(&peer, &calls, TIMEOUT).await?.iter().zip(QUESTIONS) {
        println!("{item:>28}  {}", Term::new(answer)?);
    }
    node.shutdown().await;
    Ok(())
}
