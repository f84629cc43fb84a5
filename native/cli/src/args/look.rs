//! Options of the commands that look at nodes: `watch`, `top`, `tree`, `profile`, `gate`.

use clap::Args;

use super::{CookieArgs, PeerAddress, TlsArgs};

/// Which nodes, and how they are reached. Nothing has to be installed on them, and they do not see us among their nodes.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct LookArgs {
    /// The nodes, found through the EPMD of their hosts; a name without a host is of this machine
    #[arg(value_name = "NODE[@HOST]")]
    pub(crate) nodes: Vec<String>,

    /// A node at a known address, without asking any EPMD; may be repeated
    #[arg(long, value_name = "NODE@HOST=ADDRESS:PORT")]
    pub(crate) peer: Vec<PeerAddress>,

    /// Port of EPMD, on this machine and on those of the nodes
    #[arg(long, value_name = "PORT", env = "ERL_EPMD_PORT", default_value_t = 4369)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) epmd_port: u16,

    /// The cookie's source.
    #[command(flatten)]
    pub(crate) cookie: CookieArgs,

    /// TLS, or not.
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}
