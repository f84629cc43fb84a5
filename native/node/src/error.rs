//! What can go wrong, and who erred: the caller (options), the machine (EPMD, sockets), a peer.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use outrigger_proto::handshake::HandshakeError;

use crate::event::DownReason;
use crate::process::Reason;

/// Everything that starting, joining and calling can fail with. Each message names the remedy where there is
/// one, and never holds a cookie or unescaped bytes of a peer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// The cookie file could not be read.
    #[error("cookie file {path:?} cannot be read: {source}")]
    CookieUnreadable {
        /// The file as it was given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Group or others may read the cookie file.
    #[error(
        "cookie file {path:?} must be accessible by its owner only (mode is {mode:04o}); run: chmod 400 {path:?}"
    )]
    CookieExposed {
        /// The file as it was given.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The cookie file is a directory, a device or a pipe.
    #[error("cookie file {path:?} is not a regular file")]
    CookieNotAFile {
        /// The file as it was given.
        path: PathBuf,
    },
    /// There is nothing in it.
    #[error("the cookie from {origin} is empty")]
    CookieEmpty {
        /// Where the cookie came from.
        origin: String,
    },
    /// `erl` would not read it either.
    #[error("the cookie from {origin} has characters other than printable ASCII, or is longer than 255")]
    CookieMalformed {
        /// Where the cookie came from.
        origin: String,
    },
    /// No cookie file at the usual places.
    #[error("no cookie: ~/.erlang.cookie is missing; give one by a file, OUTRIGGER_COOKIE or standard input")]
    CookieMissing,
    /// An option cannot work.
    #[error("option {option} is wrong: {problem}")]
    BadOption {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// One node uses long names, the other short ones. `erl` refuses that, too.
    #[error(
        "{ours} and {theirs} cannot be linked: one has a long name (host with a dot, or an address), the other a short one; start both with the same kind"
    )]
    NameMismatch {
        /// Our node.
        ours: String,
        /// The node to be joined.
        theirs: String,
    },
    /// The host part of a name has no address.
    #[error("host {host} has no address: {problem}; add it to DNS or /etc/hosts, or use an address as host")]
    HostUnresolved {
        /// The part after the `@`.
        host: String,
        /// What the resolver said.
        problem: String,
    },
    /// We cannot listen.
    #[error("cannot listen on {addr}: {source}; give an address of this machine")]
    Bind {
        /// The address that was tried.
        addr: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// No EPMD answers.
    #[error(
        "no epmd answers at {host}:{port} ({source}); start one with `epmd -daemon`, set ERL_EPMD_PORT, or go without epmd"
    )]
    EpmdUnreachable {
        /// The host of the EPMD.
        host: String,
        /// Its port.
        port: u16,
        /// What connecting or reading said.
        source: io::Error,
    },
    /// Something answers, but it is no EPMD.
    #[error("what answers at {host}:{port} is not epmd: {problem}; set ERL_EPMD_PORT to epmd's port")]
    EpmdMisbehaved {
        /// The host of the EPMD.
        host: String,
        /// Its port.
        port: u16,
        /// What was wrong, escaped.
        problem: String,
    },
    /// A live node of that name is registered.
    #[error("the name {name} is taken at epmd port {port}; stop the other node or choose another name")]
    NameTaken {
        /// The part before the `@`.
        name: String,
        /// The port of the EPMD.
        port: u16,
    },
    /// EPMD answers and does not know the peer.
    #[error("{peer} is not registered at epmd {host}:{port}; is it running, with this name and epmd port?")]
    PeerUnknown {
        /// The node to be joined.
        peer: String,
        /// The host of the EPMD.
        host: String,
        /// Its port.
        port: u16,
    },
    /// No address of the peer takes a connection.
    #[error(
        "{peer} cannot be reached at {tried}: {source}; check that it runs and that no firewall is between"
    )]
    PeerUnreachable {
        /// The node to be joined.
        peer: String,
        /// The addresses that were tried.
        tried: String,
        /// What the last one said.
        source: io::Error,
    },
    /// The peer took the connection and then did not finish the handshake in time.
    #[error("{peer} did not finish the handshake within {} ms; is it a BEAM node, and not stuck?", after.as_millis())]
    HandshakeTimeout {
        /// The node to be joined.
        peer: String,
        /// The time that it had.
        after: Duration,
    },
    /// The cookies differ: the peer closed the connection at our proof, or its own proof was wrong.
    #[error("{peer} has another cookie; give both nodes the same one")]
    CookieRefused {
        /// The node to be joined.
        peer: String,
    },
    /// The peer does not allow us, or we do not allow it.
    #[error("{peer} does not allow this connection")]
    NotAllowed {
        /// The node to be joined.
        peer: String,
    },
    /// Both sides dialled at once and the peer goes on with its own attempt.
    #[error("{peer} is connecting to us at this moment; its attempt goes on instead of ours")]
    SimultaneousConnect {
        /// The node to be joined.
        peer: String,
    },
    /// The peer answered with a TLS record.
    #[error(
        "{peer} speaks TLS distribution (-proto_dist inet_tls) and this node does not; give this node TLS files, too"
    )]
    PeerSpeaksTls {
        /// The node to be joined.
        peer: String,
    },
    /// One of the TLS files cannot be used.
    #[error("TLS file {path:?} cannot be used: {problem}")]
    TlsFile {
        /// The file as it was given.
        path: PathBuf,
        /// Why, with the remedy.
        problem: String,
    },
    /// TLS with the peer failed: one side's certificate does not hold for the other.
    #[error("{peer} cannot be linked over TLS: {problem}")]
    Tls {
        /// The node to be joined.
        peer: String,
        /// Why, with the remedy.
        problem: String,
    },
    /// The connection ended inside the handshake.
    #[error("{peer} closed the connection in the handshake ({problem})")]
    HandshakeClosed {
        /// The node to be joined.
        peer: String,
        /// Where it happened.
        problem: String,
    },
    /// The peer broke the handshake protocol.
    #[error("{peer} broke the handshake: {source}")]
    Handshake {
        /// The node to be joined.
        peer: String,
        /// What it did.
        source: HandshakeError,
    },
    /// There are as many links as allowed.
    #[error("the limit of {limit} peers is reached; raise max_peers")]
    TooManyPeers {
        /// The limit.
        limit: usize,
    },
    /// There is no link to that node.
    #[error("there is no link to {peer}")]
    NotLinked {
        /// The node that was called.
        peer: String,
    },
    /// There was no link in time.
    #[error("no link to {peer} within {} ms: {why}", after.as_millis())]
    ConnectTimeout {
        /// The node that was to be linked.
        peer: String,
        /// The time that it had.
        after: Duration,
        /// Why the last attempt failed.
        why: String,
    },
    /// Nobody has that name there.
    #[error("{peer} has no process named {name}")]
    NoProcess {
        /// The node that was called.
        peer: String,
        /// The registered name.
        name: String,
    },
    /// The callee died before it answered.
    #[error("the process {name} on {peer} went down before it answered: {reason}")]
    ProcessDown {
        /// The node that was called.
        peer: String,
        /// The process, as it was called.
        name: String,
        /// Why it went down.
        reason: Reason,
    },
    /// The callee did not answer in time.
    #[error("{name} on {peer} did not answer within {} ms", after.as_millis())]
    CallTimeout {
        /// The node that was called.
        peer: String,
        /// The registered name.
        name: String,
        /// The time that it had.
        after: Duration,
    },
    /// The link ended while a call waited.
    #[error("the link to {peer} went down: {reason}")]
    LinkDown {
        /// The node that was called.
        peer: String,
        /// Why the link ended.
        reason: DownReason,
    },
    /// A source of peers gave no answer that could be used.
    #[error("{origin} names no peers: {problem}")]
    Discovery {
        /// Who was asked.
        origin: String,
        /// What was wrong.
        problem: String,
    },
    /// The node was shut down.
    #[error("the node is shut down")]
    ShutDown,
    /// The operating system gave no random bytes. Without them a handshake would be guessable.
    #[error("the operating system gives no random bytes")]
    NoRandomness,
}

impl NodeError {
    /// A stable word for this kind of failure, for exit reasons and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CookieUnreadable { .. } => "cookie_unreadable",
            Self::CookieExposed { .. } => "cookie_exposed",
            Self::CookieNotAFile { .. } => "cookie_not_a_file",
            Self::CookieEmpty { .. } => "cookie_empty",
            Self::CookieMalformed { .. } => "cookie_malformed",
            Self::CookieMissing => "cookie_missing",
            Self::BadOption { .. } => "bad_option",
            Self::NameMismatch { .. } => "name_mismatch",
            Self::HostUnresolved { .. } => "host_unresolved",
            Self::Bind { .. } => "bind",
            Self::EpmdUnreachable { .. } => "epmd_unreachable",
            Self::EpmdMisbehaved { .. } => "epmd_misbehaved",
            Self::NameTaken { .. } => "name_taken",
            Self::PeerUnknown { .. } => "peer_unknown",
            Self::PeerUnreachable { .. } => "peer_unreachable",
            Self::HandshakeTimeout { .. } => "handshake_timeout",
            Self::CookieRefused { .. } => "cookie_refused",
            Self::NotAllowed { .. } => "not_allowed",
            Self::SimultaneousConnect { .. } => "simultaneous_connect",
            Self::PeerSpeaksTls { .. } => "peer_speaks_tls",
            Self::TlsFile { .. } => "tls_file",
            Self::Tls { .. } => "tls",
            Self::HandshakeClosed { .. } => "handshake_closed",
            Self::Handshake { .. } => "handshake",
            Self::TooManyPeers { .. } => "too_many_peers",
            Self::NotLinked { .. } => "not_linked",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::NoProcess { .. } => "no_process",
            Self::ProcessDown { .. } => "process_down",
            Self::CallTimeout { .. } => "call_timeout",
            Self::LinkDown { .. } => "link_down",
            Self::Discovery { .. } => "discovery",
            Self::ShutDown => "shut_down",
            Self::NoRandomness => "no_randomness",
        }
    }
}
