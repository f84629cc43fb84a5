//! Finding peers: who is to be joined, asked again and again.
//!
//! - [`Discovery`]: where to look, and how often: EPMD on a host, DNS, the nodes that joined nodes know, or a
//!   [`PeerSource`] of one's own.
//! - [`NamePattern`]: which of the names found are meant.
//!
//! One task per source asks it and hands the answer to the directory, which knows who is named by whom. A peer that a
//! source names is joined. A peer that no source names any more is not dialled again; a link that is up stays, since a
//! link that works says more than a directory (an EPMD that was restarted knows nobody for a while).
//!
//! Invariants: a source that fails changes nothing, its last answer counts on. Our own name and names of the other kind
//! (long, short) are never joined. Peers of `Config::joins` and `Node::join` are never given up here.
//!
//! ```no_run
//! # use outrigger_node::{Config, Discovery, NamePattern, Node, cookie};
//! # async fn demo() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new("rust@10.0.0.9".parse()?, cookie::from_home()?);
//! config.discovery.push(Discovery::epmd("10.0.0.5", "app-*".parse()?));
//! config.discovery.push(Discovery::dns("app.default.svc.cluster.local", "app"));
//! config.discovery.push(Discovery::nodes(NamePattern::any()));
//! let node = Node::start(config, vec![]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Limits: all sources together name at most `max_peers` that are joined. What peers or a name server say is believed:
//! who can answer for them can make this node dial anybody, who must then still prove the cookie.

mod config;
mod directory;
mod dns;
mod epmd;
mod naming;
mod nodes;
mod pattern;
mod schedule;
mod source;
mod task;

pub use config::{Discovery, Place};
pub(crate) use directory::Directory;
pub use naming::Naming;
pub use pattern::NamePattern;
pub use source::{PeerSource, Peers};
pub(crate) use task::start;
