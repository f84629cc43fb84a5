//! A `GenServer` in Rust: any node of the cluster calls it.
//!
//! `cargo run --example echo_server -- rust@127.0.0.1 app1@127.0.0.1`, then on `app1`:
//!
//! ```elixir
//! GenServer.call({:echo, :"rust@127.0.0.1"}, {:hello, "world"})   # {:hello, "world"}
//! GenServer.cast({:echo, :"rust@127.0.0.1"}, :stop)
//! ```
#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::time::Duration;

use outrigger_node::term::{Reader, Term};
use outrigger_node::{Answer, Config, Context, Dest, Flow, From, GenServer, Message, Node, Reason};

struct Echo {
    answered: u64,
}

impl GenServer for Echo {
    async fn handle_call(&mut self, request: &[u8], from: From, _context: &Context<'_>) -> Answer {
        self.answered += 1;
        match Term::new(request) {
            Ok(request) => println!("{} says {request}", from.caller()),
            Err(error) => println!("{} says what is no term: {error}", from.caller()),
        }
        Answer::Reply(request.to_vec())
    }

    async fn handle_cast(&mut self, request: &[u8], _context: &Context<'_>) -> Flow {
        let stop = Reader::new(request).atom().is_ok_and(|word| word.eq_str("stop"));
        if stop { Flow::Stop(Reason::normal()) } else { Flow::Continue }
    }

    fn terminate(&mut self, _reason: &Reason) {
        println!("answered {} calls", self.answered);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(peer)) = (args.next(), args.next()) else {
        return Err("usage: echo_server NAME PEER".into());
    };
    let node = Node::start(Config::from_env(name.parse()?)?, vec![]).await?;
    node.connect(&peer.parse()?, Duration::from_secs(5)).await?;
    let server = node.start_server(Some("echo"), Echo { answered: 0 })?;
    println!("ready: {{:echo, :\"{name}\"}}");
    // A process that watches it, as any process on any node could.
    let mut watcher = node.process()?;
    watcher.monitor(&Dest::Pid(server))?;
    while let Some(message) = watcher.recv().await {
        if matches!(message, Message::Down { .. }) {
            break;
        }
    }
    node.shutdown().await;
    Ok(())
}
