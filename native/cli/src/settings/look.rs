//! What a command that looks at nodes has to know.

use outrigger_node::{Cookie, NameKind, NodeName, Tls};

use super::{CookieSource, HostNames, SettingsError, Target, kind_word, targets};
use crate::args::LookArgs;

/// Whom to look at, and how to reach them.
#[derive(Debug)]
pub(crate) struct LookSettings {
    /// The nodes, each once; all of one kind of names.
    pub(crate) targets: Vec<Target>,
    /// The host of our own name. It makes our name one of the same kind.
    pub(crate) host: String,
    /// The cluster's secret.
    pub(crate) cookie: Cookie,
    /// The files of TLS, if it speaks that.
    pub(crate) tls: Option<Tls>,
    /// The port of EPMD.
    pub(crate) epmd_port: u16,
}

impl LookSettings {
    /// Resolves the options. Reads the cookie last.
    pub(crate) fn resolve(
        args: &LookArgs,
        hosts: &HostNames,
        first_line: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Result<Self, SettingsError> {
        let targets = targets("NODE", &args.nodes, &args.peer, None, hosts)?;
        let Some(first) = targets.first() else { return Err(SettingsError::NobodyToLookAt) };
        if let Some(other) = targets.iter().find(|target| target.name.kind() != first.name.kind()) {
            return Err(SettingsError::NameMismatch {
                own: first.name.clone(),
                own_kind: kind_word(first.name.kind()),
                target: other.name.clone(),
                target_kind: kind_word(other.name.kind()),
                remedy: "one command for each kind",
            });
        }
        let tls = args.tls.files();
        let host = match (first.name.kind(), &hosts.full) {
            // The files are those of a node, and name its host.
            _ if tls.is_some() => first.name.host().to_owned(),
            (NameKind::Short, _) => hosts.short.clone(),
            (NameKind::Long, Some(full)) => full.clone(),
            (NameKind::Long, None) => "127.0.0.1".to_owned(),
        };
        let cookie = CookieSource::of_system(&args.cookie, false).read(first_line)?;
        Ok(Self { targets, host, cookie, tls, epmd_port: args.epmd_port })
    }

    /// The names of the nodes.
    pub(crate) fn names(&self) -> Vec<NodeName> {
        self.targets.iter().map(|target| target.name.clone()).collect()
    }
}
