//! `erl_dist`, with its eetf terms, over a blocking socket: no reactor stands between it and the kernel.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use erl_dist::LOWEST_DISTRIBUTION_PROTOCOL_VERSION as LOWEST;
use erl_dist::epmd::EpmdClient;
use erl_dist::handshake::ClientSideHandshake;
use erl_dist::message::{self, Message, Receiver, Sender};
use erl_dist::node::{Creation, LocalNode, NodeName};
use erl_dist::term::{Atom, Binary, FixInteger, Pid, Tuple};
use futures::executor::block_on;
use futures::{AsyncRead, AsyncWrite};

use crate::arena::{Given, command};

#[derive(Clone)]
struct Socket(Arc<TcpStream>);

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready((&*self.0).read(buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready((&*self.0).write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

pub(crate) fn run(given: &Given) {
    block_on(async {
        let (mut sender, mut receiver, local) = connect(given).await.expect("a link");
        println!("ready");
        while let Some(count) = command().and_then(|line| line.parse::<i32>().ok()) {
            for number in (0..count).rev() {
                match &*given.mode {
                    "erl_dist_send" => sender.send(event(&local, number)).await.expect("sent"),
                    _ => loop {
                        if let Message::RegSend(event) = receiver.recv().await.expect("a message") {
                            drop(std::hint::black_box(event));
                            break;
                        }
                    },
                }
            }
            println!("done");
        }
    });
}

fn event(local: &LocalNode, number: i32) -> Message {
    let from = Pid::new(local.name.to_string(), 1, 0, local.creation.get());
    let elements = vec![
        Atom::from("evt").into(),
        FixInteger::from(1000 + number).into(),
        Binary::from(vec![b'v'; 83]).into(),
    ];
    Message::reg_send(from, Atom::from("sink"), Tuple::from(elements).into())
}

type Link = (Sender<Socket>, Receiver<Socket>, LocalNode);

async fn connect(given: &Given) -> Result<Link, Box<dyn std::error::Error>> {
    let peer: NodeName = given.peer.parse()?;
    let socket = |port| TcpStream::connect((peer.host(), port)).map(|stream| Socket(Arc::new(stream)));
    let entry =
        EpmdClient::new(socket(given.epmd_port)?).get_node(peer.name()).await?.ok_or("no such node")?;
    let local = LocalNode::new(given.name.parse()?, Creation::random());
    let mut handshake = ClientSideHandshake::new(socket(entry.port)?, local.clone(), &given.cookie);
    handshake.execute_send_name(LOWEST).await?;
    let (stream, told) = handshake.execute_rest(true).await?;
    let (sender, receiver) = message::channel(stream, local.flags & told.flags);
    Ok((sender, receiver, local))
}
