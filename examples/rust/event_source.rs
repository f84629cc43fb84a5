//! A Rust program as a source of events for a Phoenix application: each line of its input is an event in JSON, decoded here, once.
//!
//! `cargo run -p outrigger-stream --example event_source -- rust@127.0.0.1 app1@127.0.0.1`, then on `app1`, which has
//! `{Outrigger.PubSub, name: MyApp.PubSub}` and `{Outrigger.Events.Stream, name: MyApp.Orders, pubsub: MyApp.PubSub}` among its children:
//!
//! ```elixir
//! Outrigger.Events.Stream.subscribe(MyApp.Orders, where: [{"state", :==, "paid"}], fields: [id: "id"], as: :paid)
//! flush()   # {MyApp.Orders, :paid, %{id: 7}} for the line {"id": 7, "state": "paid"}
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use std::time::Duration;

use outrigger_node::{Config, Node};
use outrigger_pubsub::PubSub;
use outrigger_stream::{Event, EventStream};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(peer)) = (args.next(), args.next()) else {
        return Err("usage: event_source NAME PEER".into());
    };
    let node = Node::start(Config::from_env(name.parse()?)?, vec![]).await?;
    node.connect(&peer.parse()?, Duration::from_secs(5)).await?;
    let pubsub = PubSub::join(&node, "Elixir.MyApp.PubSub").await?;
    // The views are those of the application, whoever has subscribed to them and whenever.
    let stream = EventStream::follow(&node, &pubsub, "Elixir.MyApp.Orders").await?;
    let mut orders = stream.source()?;
    println!("ready: publishes lines as events of MyApp.Orders");
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let event = Event { key: None, value: Some(line.as_bytes()) };
        if !orders.publish(&event).await? {
            eprintln!("a line that is no event is a dead letter: {line}");
        }
    }
    Ok(())
}
