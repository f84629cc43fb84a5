//! Everything that `outrigger node` needs to know, checked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use outrigger_node::{Cookie, Discovery, NameKind, NodeName, Tls, cookie};
use outrigger_watch::gate::Config as GateConfig;

use super::name::{complete, parse};
use super::{CookieError, CookieSource, HostNames, SettingsError, Target, own_name, targets};
use crate::args::{CookieFor, Listen, NodeArgs};
use crate::service::LaneConfig;

/// The validated settings of a node. Debug shows no cookie.
#[derive(Debug)]
pub(crate) struct NodeSettings {
    /// Our name.
    pub(crate) name: NodeName,
    /// The cluster's secret.
    pub(crate) cookie: Cookie,
    /// Those of single peers.
    pub(crate) cookies: BTreeMap<NodeName, Cookie>,
    /// TLS on every link, or on none.
    pub(crate) tls: Option<Tls>,
    /// Whom to join; the first one makes the node ready.
    pub(crate) targets: Vec<Target>,
    /// Where to look for more nodes.
    pub(crate) discovery: Vec<Discovery>,
    /// The port of every EPMD, or `None` to use none.
    pub(crate) epmd_port: Option<u16>,
    /// Where to listen, if not where the name says.
    pub(crate) listen: Option<Listen>,
    /// Silence after which a link is dead.
    pub(crate) net_ticktime: Duration,
    /// Threads that serve links, at least 1.
    pub(crate) threads: usize,
    /// What may wait for a node that reads too slowly.
    pub(crate) lane: LaneConfig,
    /// Gates to judge over and over.
    pub(crate) gates: Option<GateConfig>,
}

impl NodeSettings {
    /// Resolves the options. Reads the cookie last, from a file or with `first_line` from standard input.
    pub(crate) fn resolve(
        args: &NodeArgs,
        hosts: &HostNames,
        first_line: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Result<Self, SettingsError> {
        let name = own_name(&args.name, hosts)?.ok_or(SettingsError::NoName)?;
        let targets = targets("--join", &args.cluster.join, &args.cluster.peer, Some(name.kind()), hosts)?;
        targets::check(&name, &targets)?;
        if let Some(lost) = targets.iter().find(|target| args.no_epmd && target.address.is_none()) {
            return Err(SettingsError::NoAddress(lost.name.clone()));
        }
        if let Some(discover) = args.discover.first().filter(|_| args.no_epmd) {
            return Err(SettingsError::DiscoverNeedsEpmd(discover.text.clone()));
        }
        let every = Duration::from_secs(args.discover_every.into());
        let places = args.discover.iter().flat_map(|discover| &discover.places);
        let discovery: Vec<_> = places.map(|place| place.clone().every(every)).collect();
        discovery.iter().try_for_each(|place| place.fits(&name)).map_err(SettingsError::Discover)?;
        let cookies =
            args.cookie_for.iter().map(|of| cookie_of(of, &name, hosts)).collect::<Result<_, _>>()?;
        let gates = args.gates.as_deref().map(gates).transpose()?;
        let cookie = CookieSource::of_system(&args.cookie, args.supervised).read(first_line)?;
        Ok(Self {
            name,
            cookie,
            cookies,
            tls: args.tls.files(),
            targets,
            discovery,
            epmd_port: (!args.no_epmd).then_some(args.cluster.epmd_port),
            listen: args.listen,
            net_ticktime: Duration::from_secs(args.net_ticktime.into()),
            threads: args.threads.into(),
            lane: LaneConfig {
                queue_bytes: args.pubsub_queue,
                policies: Arc::new(args.pubsub_policy.clone()),
            },
            gates,
        })
    }
}

/// The gates of a file.
fn gates(file: &Path) -> Result<GateConfig, SettingsError> {
    let bad = |problem: String| SettingsError::Gates { file: file.to_owned(), problem };
    let text = fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
    GateConfig::read(&text).map_err(|error| bad(error.to_string()))
}

/// A name without a host is one of this machine, as with `--join`.
fn cookie_of(of: &CookieFor, own: &NodeName, hosts: &HostNames) -> Result<(NodeName, Cookie), SettingsError> {
    let host = if own.kind() == NameKind::Long { hosts.full.as_deref() } else { None };
    let name = complete(&of.name, Some(host.unwrap_or(&hosts.short))).unwrap_or_default();
    let name = parse("--cookie-for", &name)?;
    Ok((name, cookie::from_file(&of.file).map_err(CookieError::Unfit)?))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};
    use crate::exit::Exit;
    use crate::run::Reason;

    fn resolve(line: &str) -> Result<NodeSettings, SettingsError> {
        let hosts = HostNames { short: "box".into(), full: None };
        let line = format!("outrigger node --supervised {line}");
        let Command::Node(args) = Cli::try_parse_from(line.split_whitespace()).unwrap().command else {
            panic!("not a node command");
        };
        NodeSettings::resolve(&args, &hosts, || Some(b"sesame\n".to_vec()))
    }

    #[test]
    fn settings() {
        let settings =
            resolve("--sname r --no-epmd --peer a@box=[::1]:7 --net-ticktime 8 --listen ::1 --threads 2")
                .unwrap();
        assert_eq!(settings.name.as_str(), "r@box");
        assert_eq!((settings.epmd_port, settings.threads), (None, 2));
        assert_eq!(settings.targets[0].address, Some(("::1".into(), 7)));
        assert_eq!(settings.net_ticktime, Duration::from_secs(8));
        assert!(!format!("{settings:?}").contains("sesame"));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_word_and_one_code() {
        for (line, reason, exit) in [
            ("--name r", Reason::BadOption, Exit::Failed),
            ("--name r@box", Reason::BadOption, Exit::Usage),
            ("--sname r --join a@host.domain", Reason::NameMismatch, Exit::Usage),
            ("--sname r --join r", Reason::BadOption, Exit::Usage),
            ("--sname r --join a --no-epmd", Reason::BadOption, Exit::Usage),
            ("--sname r --discover dns:app.svc/app", Reason::BadOption, Exit::Usage),
            ("--sname r --discover nodes --no-epmd", Reason::BadOption, Exit::Usage),
            ("--sname r --cookie-for a@b@c=/no/such/file", Reason::BadOption, Exit::Usage),
            ("--sname r --cookie-for a=/no/such/file", Reason::BadOption, Exit::Failed),
            ("--sname r --cookie-file /no/such/file", Reason::BadOption, Exit::Failed),
        ] {
            let error = resolve(line).unwrap_err();
            assert_eq!((error.reason(), error.exit()), (reason, exit), "{line}: {error}");
        }
    }
}
