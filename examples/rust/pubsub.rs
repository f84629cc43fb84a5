//! A Rust program in a PubSub of an Elixir application: it answers each order with a receipt.
//!
//! `cargo run -p outrigger-pubsub --example pubsub -- rust@127.0.0.1 app1@127.0.0.1`, then on `app1`, which has
//! `{Outrigger.PubSub, name: MyApp.PubSub}` among its children:
//!
//! ```elixir
//! Outrigger.PubSub.subscribe(MyApp.PubSub, "receipts")
//! Outrigger.PubSub.broadcast(MyApp.PubSub, "orders", %{id: 7, cents: 1_250})
//! flush()   # %{id: 7, text: "12.50 paid"}
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use std::time::Duration;

use outrigger_node::{Config, Node};
use outrigger_pubsub::PubSub;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
struct Order {
    id: u64,
    cents: u64,
}

#[derive(Serialize)]
struct Receipt {
    id: u64,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(peer)) = (args.next(), args.next()) else {
        return Err("usage: pubsub NAME PEER".into());
    };
    let node = Node::start(Config::from_env(name.parse()?)?, vec![]).await?;
    node.connect(&peer.parse()?, Duration::from_secs(5)).await?;
    let pubsub = PubSub::join(&node, "Elixir.MyApp.PubSub").await?;
    let mut orders = pubsub.subscribe("orders")?;
    let mut publisher = pubsub.publisher()?;
    println!("ready: {} hears \"orders\"", publisher.pid());
    while let Some(message) = orders.recv().await {
        match message.decode::<Order>() {
            Ok(Order { id, cents }) => {
                let text = format!("{}.{:02} paid", cents / 100, cents % 100);
                publisher.broadcast("receipts", &Receipt { id, text }).await?;
            }
            Err(error) => eprintln!("an order that is none: {error}"),
        }
    }
    Ok(())
}
