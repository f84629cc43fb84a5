//! Everything that `outrigger node --status` needs to know, checked.

use outrigger_node::{Cookie, NameKind, NodeName, Tls};

use super::name::{complete, parse};
use super::{CookieSource, HostNames, SettingsError, Target, own_name};
use crate::args::NodeArgs;

/// Whom to ask, and as whom.
#[derive(Debug)]
pub(crate) struct StatusSettings {
    /// The running node.
    pub(crate) target: Target,
    /// The host of our own name. It makes our name one of the same kind.
    pub(crate) host: String,
    /// The cluster's secret.
    pub(crate) cookie: Cookie,
    /// The files of TLS, if it speaks that.
    pub(crate) tls: Option<Tls>,
    /// The port of its EPMD.
    pub(crate) epmd_port: u16,
}

impl StatusSettings {
    /// Resolves the options that the node was started with, and `--status`. Reads the cookie last.
    pub(crate) fn resolve(
        args: &NodeArgs,
        hosts: &HostNames,
        first_line: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Result<Self, SettingsError> {
        let name = target(args, hosts)?;
        let tls = args.tls.files();
        let host = match (name.kind(), &hosts.full) {
            // The files are those of the node, and name its host.
            _ if tls.is_some() => name.host().to_owned(),
            (NameKind::Short, _) => hosts.short.clone(),
            (NameKind::Long, Some(full)) => full.clone(),
            (NameKind::Long, None) => "127.0.0.1".to_owned(),
        };
        let address = address(args, &name);
        if args.no_epmd && address.is_none() {
            return Err(SettingsError::NoAddress(name));
        }
        let cookie = CookieSource::of_system(&args.cookie, false).read(first_line)?;
        Ok(Self { target: Target { name, address }, host, cookie, tls, epmd_port: args.cluster.epmd_port })
    }
}

/// The name behind `--status`, or else the node's own.
fn target(args: &NodeArgs, hosts: &HostNames) -> Result<NodeName, SettingsError> {
    let own = own_name(&args.name, hosts)?;
    match args.status.as_deref().filter(|name| !name.is_empty()) {
        None => own.ok_or(SettingsError::NoStatusName),
        Some(text) => {
            let host = own.as_ref().map_or(hosts.short.as_str(), NodeName::host);
            parse("--status", &complete(text, Some(host)).unwrap_or_default())
        }
    }
}

/// Where the node listens, if the options say it.
fn address(args: &NodeArgs, name: &NodeName) -> Option<(String, u16)> {
    let peer = args.cluster.peer.iter().find(|peer| peer.name == name.as_str());
    let listen = args.listen.filter(|listen| listen.port > 0);
    peer.map(|peer| (peer.host.clone(), peer.port))
        .or(listen.map(|listen| (listen.ip.to_string(), listen.port)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn resolve(line: &str) -> Result<StatusSettings, SettingsError> {
        let hosts = HostNames { short: "box".into(), full: None };
        let line = format!("outrigger node --cookie-stdin {line}");
        let Command::Node(args) = Cli::try_parse_from(line.split_whitespace()).unwrap().command else {
            panic!("not a node command");
        };
        StatusSettings::resolve(&args, &hosts, || Some(b"sesame\n".to_vec()))
    }

    #[test]
    fn the_name_is_given_or_the_nodes_own() {
        let resolve = |line: &str| resolve(line).map(|found| (found.target.name.to_string(), found.host));
        let found = |name: &str, host: &str| Some((name.to_owned(), host.to_owned()));
        assert_eq!(resolve("--status r@10.0.0.1").ok(), found("r@10.0.0.1", "127.0.0.1"));
        assert_eq!(resolve("--status r").ok(), found("r@box", "box"));
        assert_eq!(resolve("--name r@10.0.0.1 --status").ok(), found("r@10.0.0.1", "127.0.0.1"));
        assert_eq!(resolve("--name r@10.0.0.1 --status s").ok(), found("s@10.0.0.1", "127.0.0.1"));
        assert!(matches!(resolve("--status"), Err(SettingsError::NoStatusName)));
        assert!(matches!(resolve("--status a@b@c"), Err(SettingsError::BadName { .. })));
    }

    #[test]
    fn without_epmd_the_options_say_where() {
        let address = |line: &str| resolve(line).map(|found| found.target.address);
        let at = |host: &str| Some((host.to_owned(), 9));
        assert_eq!(address("--status r@10.0.0.1 --no-epmd --peer r@10.0.0.1=h:9").ok(), Some(at("h")));
        assert_eq!(
            address("--name r@10.0.0.1 --no-epmd --listen 127.0.0.1:9 --status").ok(),
            Some(at("127.0.0.1"))
        );
        assert!(matches!(address("--status r@10.0.0.1 --no-epmd"), Err(SettingsError::NoAddress(_))));
    }
}
