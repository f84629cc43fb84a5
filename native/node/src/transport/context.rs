//! How a node's connections are made: plain, or TLS with certificates on both sides.
//!
//! - Both sides show a certificate and both check it: its chain up to the CA, its time, its purpose, and its name.
//! - The name in a certificate is a host, not a node: the host part of the node's name, as DNS name or as address, has to be
//!   among its subject alternative names. We check it as the one who connects, as `inet_tls_dist` does, and also as the
//!   one who accepts, where OTP leaves it out: there any certificate of the CA may speak for any node.
//! - Nothing is resumed: a certificate that has run out since the last connection is noticed.
//! - The cookie is asked for all the same. TLS says which machine it is, the cookie which cluster.
//!
//! Limits: the files are read once, at the start of the node. No revocation lists. No renegotiation in TLS 1.2: OTP asks for
//! it after 2^28 records, the link ends, and is made anew. TLS 1.3 changes keys without that.

use std::path::PathBuf;
use std::sync::Arc;

use outrigger_proto::NodeName;
use outrigger_proto::handshake::Prefix;
use tokio::net::TcpStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::tls::TlsSocket;
use super::{Socket, files};
use crate::error::NodeError;

/// The files of TLS distribution, all in PEM. The same three that OTP's `-ssl_dist_optfile` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The node's certificate, and those between it and the CA.
    pub certfile: PathBuf,
    /// The certificate's key. Nobody but its owner and group may read it.
    pub keyfile: PathBuf,
    /// The CAs that a peer's certificate may come from.
    pub cacertfile: PathBuf,
}

/// How connections are made.
#[derive(Clone)]
pub(crate) enum Transport {
    Tcp,
    Tls { connector: TlsConnector, acceptor: TlsAcceptor },
}

impl Transport {
    /// Reads the files, if there are any to read.
    pub(crate) fn new(tls: Option<&Tls>) -> Result<Self, NodeError> {
        let Some(tls) = tls else { return Ok(Self::Tcp) };
        let provider = Arc::new(ring::default_provider());
        let (client, server) = (client(tls, &provider)?, server(tls, &provider)?);
        Ok(Self::Tls { connector: Arc::new(client).into(), acceptor: Arc::new(server).into() })
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    /// The lengths of the handshake's packets.
    pub(crate) fn prefix(&self) -> Prefix {
        match self {
            Self::Tcp => Prefix::Two,
            Self::Tls { .. } => Prefix::Four,
        }
    }

    /// Makes a connection that we opened ready for the handshake. Cancel it to set a deadline.
    pub(crate) async fn connect(&self, stream: TcpStream, peer: &NodeName) -> std::io::Result<Socket> {
        let Self::Tls { connector, .. } = self else { return Ok(Socket::Tcp(stream)) };
        let name = server_name(peer.host()).ok_or_else(|| {
            std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "its host is neither a DNS name nor an address",
            )
        })?;
        let (stream, session) = connector.connect(name, stream).await?.into_inner();
        Ok(Socket::Tls(Arc::new(TlsSocket::new(stream, session.into()))))
    }

    /// The same for a connection that was opened to us.
    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<Socket> {
        let Self::Tls { acceptor, .. } = self else { return Ok(Socket::Tcp(stream)) };
        let (stream, session) = acceptor.accept(stream).await?.into_inner();
        Ok(Socket::Tls(Arc::new(TlsSocket::new(stream, session.into()))))
    }
}

/// A host as certificates name it.
pub(super) fn server_name(host: &str) -> Option<ServerName<'static>> {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(literal.to_owned()).ok()
}

fn client(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<ClientConfig, NodeError> {
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(tls, &error))?
        .with_root_certificates(files::roots(&tls.cacertfile)?)
        .with_client_auth_cert(files::certificates(&tls.certfile)?, files::key(&tls.keyfile)?)
        .map_err(|error| wrong(tls, &error))?;
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn server(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<ServerConfig, NodeError> {
    let roots = Arc::new(files::roots(&tls.cacertfile)?);
    let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone())
        .build()
        .map_err(|error| NodeError::TlsFile { path: tls.cacertfile.clone(), problem: error.to_string() })?;
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(tls, &error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(files::certificates(&tls.certfile)?, files::key(&tls.keyfile)?)
        .map_err(|error| wrong(tls, &error))?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// A key that does not belong to its certificate, above all.
fn wrong(tls: &Tls, error: &rustls::Error) -> NodeError {
    let problem = match error {
        rustls::Error::InconsistentKeys(_) => {
            format!("its key is not the one in {:?}; give the two that belong together", tls.keyfile)
        }
        other => other.to_string(),
    };
    NodeError::TlsFile { path: tls.certfile.clone(), problem }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_tls() { "Tls" } else { "Tcp" })
    }
}
