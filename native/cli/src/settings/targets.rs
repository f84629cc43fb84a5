//! The nodes to join, from `--join` and `--peer`.

use outrigger_node::{NameKind, NodeName};

use super::name::{complete, parse};
use super::{HostNames, SettingsError};
use crate::args::PeerAddress;

/// A node to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: NodeName,
    /// Host (a name or an IP literal) and port, if it is not to be asked of EPMD.
    pub(crate) address: Option<(String, u16)>,
}

impl Target {
    /// `host:port`, with brackets around an IPv6 literal.
    pub(crate) fn address(&self) -> Option<String> {
        let (host, port) = self.address.as_ref()?;
        Some(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
    }
}

/// All targets in the order given, those by name (of the option `option`) before `--peer`, each node once. The first one is the one whose
/// joining makes the node ready. A name without a host gets the host of this machine that fits `kind`.
pub(crate) fn targets(
    option: &'static str,
    names: &[String],
    peers: &[PeerAddress],
    kind: Option<NameKind>,
    hosts: &HostNames,
) -> Result<Vec<Target>, SettingsError> {
    let host = match (kind, &hosts.full) {
        (Some(NameKind::Long), Some(full)) => full.as_str(),
        _ => hosts.short.as_str(),
    };
    let mut targets: Vec<Target> = Vec::with_capacity(names.len() + peers.len());
    for text in names.iter().map(|text| text.trim()) {
        let name = parse(option, &complete(text, Some(host)).unwrap_or_default())?;
        if !targets.iter().any(|target| target.name == name) {
            targets.push(Target { name, address: None });
        }
    }
    for peer in peers {
        let name = parse("--peer", &peer.name)?;
        let address = Some((peer.host.clone(), peer.port));
        match targets.iter_mut().find(|target| target.name == name) {
            Some(target) => target.address = address,
            None => targets.push(Target { name, address }),
        }
    }
    Ok(targets)
}

/// Refuses targets that `own` can never be connected to.
pub(super) fn check(own: &NodeName, targets: &[Target]) -> Result<(), SettingsError> {
    for target in targets {
        if target.name == *own {
            return Err(SettingsError::JoinsItself(own.clone()));
        }
        if target.name.kind() != own.kind() {
            return Err(SettingsError::NameMismatch {
                own: own.clone(),
                own_kind: kind_word(own.kind()),
                target: target.name.clone(),
                target_kind: kind_word(target.name.kind()),
                remedy: if own.kind() == NameKind::Long { "--sname" } else { "--name" },
            });
        }
    }
    Ok(())
}

/// The kind of a name as a word.
pub(crate) fn kind_word(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Long => "long",
        NameKind::Short => "short",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> HostNames {
        HostNames { short: "box".into(), full: Some("box.example.org".into()) }
    }

    fn resolve(join: &[&str], peer: &[&str], kind: NameKind) -> Result<Vec<(String, bool)>, String> {
        let join: Vec<String> = join.iter().map(|&text| text.to_owned()).collect();
        let peer: Vec<PeerAddress> = peer.iter().map(|text| text.parse().unwrap()).collect();
        let found =
            targets("--join", &join, &peer, Some(kind), &hosts()).map_err(|error| error.to_string())?;
        Ok(found.into_iter().map(|target| (target.name.to_string(), target.address.is_some())).collect())
    }

    #[test]
    fn joins_come_first_and_each_node_once() {
        let found =
            resolve(&["b@h.d", "a@h.d", "b@h.d"], &["c@h.d=h:1", "a@h.d=h:2"], NameKind::Long).unwrap();
        let expected = [("b@h.d", false), ("a@h.d", true), ("c@h.d", true)];
        assert_eq!(found, expected.map(|(name, address)| (name.to_owned(), address)));
    }

    #[test]
    fn names_without_a_host_are_of_this_machine() {
        assert_eq!(resolve(&["a"], &[], NameKind::Long).unwrap()[0].0, "a@box.example.org");
        assert_eq!(resolve(&["a"], &[], NameKind::Short).unwrap()[0].0, "a@box");
    }

    #[test]
    fn what_can_never_connect_is_refused() {
        let own: NodeName = "r@h.d".parse().unwrap();
        let target = |name: &str| [Target { name: name.parse().unwrap(), address: None }];
        assert!(check(&own, &target("a@h.d")).is_ok());
        assert!(matches!(check(&own, &target("r@h.d")), Err(SettingsError::JoinsItself(_))));
        let error = check(&own, &target("a@h")).unwrap_err();
        assert!(matches!(error, SettingsError::NameMismatch { .. }));
        assert!(error.to_string().contains("--sname"), "{error}");
    }
}
