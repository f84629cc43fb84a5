//! Our machines against erl_dist's handshake, over a pipe in memory.

#![allow(clippy::expect_used, reason = "helpers of tests panic like tests")]

use erl_dist::handshake::{ClientSideHandshake, HandshakeStatus, ServerSideHandshake};
use erl_dist::node::{Creation as TheirCreation, LocalNode as TheirNode};
use outrigger_proto::handshake::{
    Acceptor, Decision, HandshakeError, Initiator, LocalNode, Next, Peer, Step,
};
use outrigger_proto::{Cookie, Creation, Flags, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

fn pipe() -> (DuplexStream, Compat<DuplexStream>) {
    let (ours, theirs) = duplex(1024);
    (ours, theirs.compat())
}

fn our_node(name: &str) -> LocalNode {
    LocalNode { name: name.parse().expect("a name"), creation: Creation(7), flags: Flags::OURS }
}

fn their_node(name: &str) -> TheirNode {
    TheirNode::new(name.parse().expect("a name"), TheirCreation::new(8))
}

fn cookie(text: &str) -> Cookie {
    Cookie::new(text).expect("a cookie")
}

/// What the driver does, in small: writes, reads three bytes at a time, until the machine is done.
async fn drive(
    stream: &mut DuplexStream,
    mut step: Step,
    mut handle: impl FnMut(&[u8]) -> Result<Step, HandshakeError>,
) -> Result<Option<Peer>, HandshakeError> {
    loop {
        stream.write_all(&step.write).await.expect("the pipe");
        match step.next {
            Next::Done { peer, .. } => return Ok(Some(peer)),
            Next::Close(error) => return Err(error),
            Next::Read | Next::Decide(_) => {}
        }
        let mut portion = [0; 3];
        match stream.read(&mut portion).await.expect("the pipe") {
            0 => return Ok(None),
            len => step = handle(&portion[..len])?,
        }
    }
}

#[tokio::test]
async fn we_connect_to_erl_dist() {
    for (secret, status) in
        [("s", HandshakeStatus::Ok), ("s", HandshakeStatus::OkSimultaneous), ("x", HandshakeStatus::Ok)]
    {
        let (mut ours, theirs) = pipe();
        let server = tokio::spawn(async move {
            let mut server = ServerSideHandshake::new(theirs, their_node("b@h"), "s");
            let name = server.execute_recv_name().await.expect("a name");
            assert_eq!(name.map(|name| name.to_string()), Some("a@h".into()));
            server.execute_rest(status).await.map(|(stream, peer)| (stream.into_inner(), peer))
        });
        let limits = Limits::default();
        let mut us =
            Initiator::new(our_node("a@h"), cookie(secret), "b@h".parse().expect("a name"), 12345, &limits);
        let hello = Step { write: us.hello(), next: Next::Read };
        let peer = drive(&mut ours, hello, |bytes| us.handle(bytes)).await.expect("no error");
        // erl_dist closes over a wrong digest, as a BEAM does.
        let theirs = server.await.expect("no panic");
        if secret == "s" {
            let (peer, (_, theirs)) = (peer.expect("done"), theirs.expect("done"));
            assert_eq!((peer.name.as_str(), peer.creation), ("b@h", Creation(8)));
            assert_eq!(
                (theirs.name.to_string().as_str(), theirs.creation),
                ("a@h", Some(TheirCreation::new(7)))
            );
            assert_eq!(theirs.flags.bits(), Flags::OURS.bits());
        } else {
            assert!(peer.is_none() && theirs.is_err());
            assert_eq!(us.eof(), HandshakeError::CookieRefused);
        }
    }
}

#[tokio::test]
async fn erl_dist_connects_to_us() {
    for (secret, decision) in
        [("s", Decision::Accept), ("s", Decision::AcceptSimultaneous), ("x", Decision::Accept)]
    {
        let (mut ours, theirs) = pipe();
        let client = tokio::spawn(async move {
            let mut client = ClientSideHandshake::new(theirs, their_node("a@h"), secret);
            let status = client
                .execute_send_name(erl_dist::LOWEST_DISTRIBUTION_PROTOCOL_VERSION)
                .await
                .expect("a status");
            assert!(matches!(status, HandshakeStatus::Ok | HandshakeStatus::OkSimultaneous));
            client.execute_rest(true).await.map(|(stream, peer)| (stream.into_inner(), peer))
        });
        let mut us = Acceptor::new(our_node("b@h"), 54321, &Limits::default());
        let nothing = Step { write: Vec::new(), next: Next::Read };
        let peer = drive(&mut ours, nothing, |bytes| {
            let step = us.handle(bytes)?;
            if let Next::Decide(who) = &step.next {
                assert_eq!(who.name.as_str(), "a@h")
            }
            if matches!(step.next, Next::Decide(_)) { us.resolve(decision, &cookie("s")) } else { Ok(step) }
        })
        .await;
        drop(ours);
        let theirs = client.await.expect("no panic");
        if secret == "s" {
            assert_eq!(peer.expect("no error").expect("done").creation, Creation(8));
            assert_eq!(theirs.expect("done").1.flags.bits(), Flags::OURS.bits());
        } else {
            assert_eq!(peer, Err(HandshakeError::CookieMismatch));
            assert!(theirs.is_err());
        }
    }
}
