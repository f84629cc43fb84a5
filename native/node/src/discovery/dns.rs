//! Peers from DNS: each address of a name is a node `basename@address`, as with libcluster's `DNSPoll`.
//!
//! The system's resolver is asked, so `/etc/hosts` and search domains count. A name that does not exist is a failure and
//! not an empty answer, since resolvers do not tell the two apart reliably; peers that are gone cost a failed dial now and
//! then.
//!
//! Limits: at most `max_peers` addresses are looked at; no SRV records.

use std::net::IpAddr;

use outrigger_proto::NodeName;

use super::{PeerSource, Peers};
use crate::config::Target;
use crate::node::Node;
use crate::resolve;

pub(super) struct Dns {
    query: String,
    basename: String,
}

impl Dns {
    pub(super) fn new(query: &str, basename: &str) -> Self {
        Self { query: query.into(), basename: basename.into() }
    }

    fn targets(&self, ips: &[IpAddr]) -> Vec<Target> {
        let names = ips.iter().filter_map(|ip| NodeName::new(&format!("{}@{ip}", self.basename)).ok());
        names.map(Target::by_epmd).collect()
    }
}

impl PeerSource for Dns {
    fn label(&self) -> String {
        format!("dns {}", self.query)
    }

    fn peers<'a>(&'a self, node: &'a Node) -> Peers<'a> {
        let max = node.0.config.bounds.max_peers;
        Box::pin(async move { Ok(self.targets(&resolve::up_to(&self.query, max).await?)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_per_address() {
        let ips = ["10.0.0.1", "::1"].map(|ip| ip.parse().unwrap());
        let found = Dns::new("app.svc", "app").targets(&ips);
        let names: Vec<String> = found.iter().map(|target| target.name.to_string()).collect();
        assert_eq!(names, ["app@10.0.0.1", "app@::1"]);
    }
}
