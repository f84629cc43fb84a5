//! The handshake's packets, one function to write and one to read each.
//!
//! Numbers are big-endian, names are Latin-1 (OTP writes them with `atom_to_binary(Node, latin1)`). Bytes
//! behind the name are ignored, as the protocol asks for.

use crate::handshake::packets::Prefix;
use crate::handshake::{HandshakeError, LocalNode, Phase};
use crate::{Creation, Flags, NodeName, ProtoError};

/// What stands in a challenge.
#[derive(Debug)]
pub(super) struct Challenge {
    pub(super) flags: Flags,
    pub(super) challenge: u32,
    pub(super) creation: Creation,
    pub(super) name: NodeName,
}

pub(super) fn write_name(out: &mut Vec<u8>, prefix: Prefix, node: &LocalNode) {
    write_hello(out, prefix, node.flags, node.creation, &node.name.to_latin1());
}

/// A name packet of a node that wants one: the host stands where the name would.
pub(super) fn write_wish(out: &mut Vec<u8>, prefix: Prefix, node: &LocalNode) {
    let name = node.name.to_latin1();
    let host = name.splitn(2, |byte| *byte == b'@').nth(1).unwrap_or_default();
    write_hello(out, prefix, node.flags | Flags::NAME_ME, Creation(0), host);
}

fn write_hello(out: &mut Vec<u8>, prefix: Prefix, flags: Flags, creation: Creation, name: &[u8]) {
    prefix.append(
        out,
        &[
            b"N",
            &flags.bits().to_be_bytes(),
            &creation.0.to_be_bytes(),
            &(name.len() as u16).to_be_bytes(),
            name,
        ],
    );
}

/// The status that gives a name.
pub(super) fn write_named(out: &mut Vec<u8>, prefix: Prefix, name: &NodeName, creation: Creation) {
    let name = name.to_latin1();
    let length = (name.len() as u16).to_be_bytes();
    prefix.append(out, &[b"snamed:", &length, &name, &creation.0.to_be_bytes()]);
}

/// What stands behind `named:`.
pub(super) fn read_named(rest: &[u8]) -> Result<(NodeName, Creation), HandshakeError> {
    let malformed = || HandshakeError::Malformed { phase: Phase::Status };
    let name = counted(rest).ok_or_else(malformed)?;
    let creation = rest.get(2 + name.len()..).and_then(|rest| rest.first_chunk()).ok_or_else(malformed)?;
    Ok((node_name(name)?, Creation(u32::from_be_bytes(*creation))))
}

pub(super) fn write_status(out: &mut Vec<u8>, prefix: Prefix, status: &str) {
    prefix.append(out, &[b"s", status.as_bytes()]);
}

pub(super) fn write_challenge(
    out: &mut Vec<u8>,
    prefix: Prefix,
    node: &LocalNode,
    flags: Flags,
    challenge: u32,
) {
    let name = node.name.to_latin1();
    prefix.append(
        out,
        &[
            b"N",
            &flags.bits().to_be_bytes(),
            &challenge.to_be_bytes(),
            &node.creation.0.to_be_bytes(),
            &(name.len() as u16).to_be_bytes(),
            &name,
        ],
    );
}

pub(super) fn write_reply(out: &mut Vec<u8>, prefix: Prefix, challenge: u32, digest: &[u8; 16]) {
    prefix.append(out, &[b"r", &challenge.to_be_bytes(), digest]);
}

pub(super) fn write_ack(out: &mut Vec<u8>, prefix: Prefix, digest: &[u8; 16]) {
    prefix.append(out, &[b"a", digest]);
}

/// Splits the type off and checks it.
pub(super) fn body(packet: &[u8], phase: Phase, expected: u8) -> Result<&[u8], HandshakeError> {
    match packet.split_first() {
        None => Err(HandshakeError::Malformed { phase }),
        Some((&tag, rest)) if tag == expected => Ok(rest),
        Some((b'n', _)) => Err(HandshakeError::PeerTooOld),
        Some((&tag, _)) => Err(HandshakeError::UnexpectedPacket { phase, tag }),
    }
}

/// Flags, creation and the bytes of the name.
pub(super) fn read_name(packet: &[u8]) -> Result<(Flags, Creation, &[u8]), HandshakeError> {
    let malformed = HandshakeError::Malformed { phase: Phase::Name };
    let read = || {
        let (flags, rest) = body(packet, Phase::Name, b'N')?.split_first_chunk().ok_or(malformed.clone())?;
        let (creation, rest) = rest.split_first_chunk().ok_or(malformed.clone())?;
        let name = counted(rest).ok_or(malformed.clone())?;
        Ok((
            Flags::from_bits_retain(u64::from_be_bytes(*flags)),
            Creation(u32::from_be_bytes(*creation)),
            name,
        ))
    };
    read()
}

pub(super) fn read_challenge(packet: &[u8]) -> Result<Challenge, HandshakeError> {
    let malformed = || HandshakeError::Malformed { phase: Phase::Challenge };
    let rest = body(packet, Phase::Challenge, b'N')?;
    let (flags, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
    let (challenge, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
    let (creation, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
    Ok(Challenge {
        flags: Flags::from_bits_retain(u64::from_be_bytes(*flags)),
        challenge: u32::from_be_bytes(*challenge),
        creation: Creation(u32::from_be_bytes(*creation)),
        name: node_name(counted(rest).ok_or_else(malformed)?)?,
    })
}

/// Challenge and digest; exactly as long as both.
pub(super) fn read_reply(packet: &[u8]) -> Result<(u32, [u8; 16]), HandshakeError> {
    let malformed = || HandshakeError::Malformed { phase: Phase::Reply };
    let rest = body(packet, Phase::Reply, b'r')?;
    let (challenge, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
    let digest = rest.try_into().map_err(|_| malformed())?;
    Ok((u32::from_be_bytes(*challenge), digest))
}

pub(super) fn read_ack(packet: &[u8]) -> Result<[u8; 16], HandshakeError> {
    let rest = body(packet, Phase::Ack, b'a')?;
    rest.try_into().map_err(|_| HandshakeError::Malformed { phase: Phase::Ack })
}

pub(super) fn node_name(bytes: &[u8]) -> Result<NodeName, HandshakeError> {
    NodeName::from_latin1(bytes).map_err(|error| match error {
        ProtoError::BadNodeName { why } => HandshakeError::BadName { why },
        _ => HandshakeError::BadName { why: "it is malformed" },
    })
}

/// The status as text that may be shown: cut, and without anything that is not printable ASCII.
pub(super) fn unknown_status(status: &[u8]) -> HandshakeError {
    let status = status.iter().take(32).map(|byte| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '?',
    });
    HandshakeError::UnknownStatus { status: status.collect() }
}

/// A 16-bit length and that many bytes; what follows is ignored.
fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.get(..usize::from(u16::from_be_bytes(*length)))
}
