//! A worker in Rust that is a member of a `:pg` group: nodes of the cluster find it, and never know that it is not theirs.
//!
//! `cargo run --example pg_worker -- rust@127.0.0.1 app1@127.0.0.1`, then on `app1`:
//!
//! ```elixir
//! :pg.start(:jobs)
//! [worker | _] = :pg.get_members(:jobs, :hash)
//! send(worker, {self(), "some bytes"})
//! receive do {^worker, crc} -> crc end
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints")]

use std::time::Duration;

use outrigger_node::pg::Pg;
use outrigger_node::term::{Atom, Reader, TermError, Writer, to_vec};
use outrigger_node::{Config, Dest, Message, Node, OwnedPid, Process};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(name), Some(peer)) = (args.next(), args.next()) else {
        return Err("usage: pg_worker NAME PEER".into());
    };
    let node = Node::start(Config::from_env(name.parse()?)?, vec![]).await?;
    node.connect(&peer.parse()?, Duration::from_secs(5)).await?;
    let jobs = Pg::start(&node, "jobs")?;
    let mut worker = node.process()?;
    jobs.join(&to_vec(&Atom::Utf8("hash"))?, worker.pid()).await?;
    println!("ready: {} is in the group :hash of the scope :jobs", worker.pid());
    while let Some(message) = worker.recv().await {
        let Message::Term(job) = message else { continue };
        match answer(&worker, &job) {
            Ok((asker, answer)) => worker.send(&Dest::Pid(asker), &answer)?,
            Err(error) => eprintln!("a job that is none: {error}"),
        }
    }
    Ok(())
}

/// `{Asker, Bytes}` is answered with `{Worker, Crc32}`.
fn answer(worker: &Process, job: &[u8]) -> Result<(OwnedPid, Vec<u8>), TermError> {
    let mut reader = Reader::new(job);
    reader.tuple()?;
    let (asker, bytes) = (OwnedPid::from(reader.pid()?), reader.binary()?);
    let mut answer = Vec::new();
    let mut writer = Writer::new(&mut answer);
    writer.tuple(2);
    writer.pid(&worker.pid().borrow())?;
    writer.integer(crc32(bytes).into());
    Ok((asker, answer))
}

/// The checksum that `:erlang.crc32/1` computes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}
