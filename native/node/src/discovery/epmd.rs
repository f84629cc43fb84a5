//! Peers from the EPMD of a host.
//!
//! All names that are registered there and match. A node that dies is out of EPMD's list at once. Limits: EPMD tells no
//! host names; the nodes are taken to have the host's name as it was given.

use outrigger_proto::NodeName;

use super::{NamePattern, PeerSource, Peers};
use crate::config::{Epmd, Target};
use crate::node::Node;
use crate::probe;

pub(super) struct EpmdHost {
    host: String,
    pattern: NamePattern,
}

impl EpmdHost {
    pub(super) fn new(host: &str, pattern: &NamePattern) -> Self {
        Self { host: host.into(), pattern: pattern.clone() }
    }

    fn targets(&self, names: &[(String, u16)]) -> Vec<Target> {
        let meant = names.iter().filter(|(short, _)| self.pattern.matches(short));
        // Whoever registers may choose any bytes; what is no node name cannot be joined.
        meant
            .filter_map(|(short, _)| NodeName::new(&format!("{short}@{}", self.host)).ok())
            .map(Target::by_epmd)
            .collect()
    }
}

impl PeerSource for EpmdHost {
    fn label(&self) -> String {
        format!("epmd {}", self.host)
    }

    fn peers<'a>(&'a self, node: &'a Node) -> Peers<'a> {
        Box::pin(async move {
            let Epmd::Port(port) = node.0.config.epmd else { return Ok(Vec::new()) };
            Ok(self.targets(&probe::epmd_names(&self.host, port).await?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_match_and_could_be_nodes() {
        let source = EpmdHost::new("10.0.0.5", &"app*".parse().unwrap());
        let names = ["app1", "rem-1", "app 2", "app@x", "app"].map(|name| (name.to_owned(), 1));
        let found: Vec<String> =
            source.targets(&names).iter().map(|target| target.name.to_string()).collect();
        assert_eq!(found, ["app1@10.0.0.5", "app@10.0.0.5"]);
    }
}
