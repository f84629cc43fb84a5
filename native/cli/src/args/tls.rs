//! Options of TLS distribution, which `node` and `doctor` share.

use std::path::PathBuf;

use clap::Args;
use outrigger_node::Tls;

/// The files of TLS; all three or none.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct TlsArgs {
    /// Speak TLS on every link (-proto_dist inet_tls): the node's certificate in PEM, with those between it and the CA
    ///
    /// Both sides show a certificate and check the other's, also against the host of the other's node name. docs/tls.md shows how to
    /// make the files, and what the BEAM nodes are started with.
    #[arg(long, value_name = "FILE", requires_all = ["tls_key", "tls_ca"])]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The certificate's key in PEM, not encrypted; others may have no access to it
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// The CAs that the certificates of other nodes may come from, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_ca: Option<PathBuf>,
}

impl TlsArgs {
    /// The files, if there are any.
    pub(crate) fn files(&self) -> Option<Tls> {
        let (certfile, keyfile, cacertfile) =
            (self.tls_cert.clone()?, self.tls_key.clone()?, self.tls_ca.clone()?);
        Some(Tls { certfile, keyfile, cacertfile })
    }
}
