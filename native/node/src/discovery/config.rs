//! Where to look for peers, and how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::{NameKind, NodeName};

use super::dns::Dns;
use super::epmd::EpmdHost;
use super::nodes::Nodes;
use super::{NamePattern, PeerSource};
use crate::config::{Config, Epmd};
use crate::error::NodeError;

/// One source of peers.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// Where to look.
    pub place: Place,
    /// The time between two questions, give or take a fifth. Default: 5 s.
    pub every: Duration,
}

/// Where peers can be found.
#[derive(Clone)]
#[non_exhaustive]
pub enum Place {
    /// The EPMD of a host, at the port of `Config::epmd`: the names registered there that match the pattern.
    Epmd {
        /// A host name or an address; the part behind the `@` of the nodes found.
        host: String,
        /// Which names are meant.
        pattern: NamePattern,
    },
    /// The A and AAAA records of a name: each address is a node `basename@address`.
    Dns {
        /// The name to look up.
        query: String,
        /// The part before the `@` of all nodes.
        basename: String,
    },
    /// `erlang:nodes/0` of each linked node that can be asked: the rest of its cluster.
    Nodes {
        /// Which names are meant.
        pattern: NamePattern,
    },
    /// Anything else.
    Custom(Arc<dyn PeerSource>),
}

impl Discovery {
    /// The names that the EPMD of a host knows.
    #[must_use]
    pub fn epmd(host: impl Into<String>, pattern: NamePattern) -> Self {
        Place::Epmd { host: host.into(), pattern }.into()
    }

    /// One node per address of a name.
    #[must_use]
    pub fn dns(query: impl Into<String>, basename: impl Into<String>) -> Self {
        Place::Dns { query: query.into(), basename: basename.into() }.into()
    }

    /// The nodes that linked nodes know.
    #[must_use]
    pub fn nodes(pattern: NamePattern) -> Self {
        Place::Nodes { pattern }.into()
    }

    /// A source of one's own.
    #[must_use]
    pub fn custom(source: Arc<dyn PeerSource>) -> Self {
        Place::Custom(source).into()
    }

    /// The same, asked at other intervals.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// Checks that what is found could be joined.
    pub(crate) fn validate(&self, config: &Config) -> Result<(), NodeError> {
        if self.every < Duration::from_millis(10) || self.every > Duration::from_secs(86_400) {
            return bad("the interval must be between 10 ms and one day".into());
        }
        if config.epmd == Epmd::Off && !matches!(self.place, Place::Custom(_)) {
            return bad(format!("{self} needs an EPMD, since it tells names and no ports"));
        }
        self.fits(&config.name)
    }

    /// Checks that a node called `own` could link with what is found here.
    ///
    /// # Errors
    /// Names of the other kind are found here, or none at all.
    pub fn fits(&self, own: &NodeName) -> Result<(), NodeError> {
        // A name as it would be found, to be refused now and not with each answer.
        let example = match &self.place {
            Place::Epmd { host, .. } => format!("a@{host}"),
            Place::Dns { basename, .. } => format!("{basename}@127.0.0.1"),
            Place::Nodes { .. } | Place::Custom(_) => return Ok(()),
        };
        match example.parse::<NodeName>() {
            Err(error) => bad(format!("{self} gives no node names: {error}")),
            Ok(name) if name.kind() == own.kind() => Ok(()),
            Ok(name) => {
                let remedy = match name.kind() {
                    NameKind::Long => "give this node a long name",
                    NameKind::Short => "name the host in full",
                };
                bad(format!("{self} finds nodes like {name}, which {own} cannot link with; {remedy}"))
            }
        }
    }

    pub(super) fn source(&self) -> Arc<dyn PeerSource> {
        match &self.place {
            Place::Epmd { host, pattern } => Arc::new(EpmdHost::new(host, pattern)),
            Place::Dns { query, basename } => Arc::new(Dns::new(query, basename)),
            Place::Nodes { pattern } => Arc::new(Nodes::new(pattern)),
            Place::Custom(source) => source.clone(),
        }
    }
}

fn bad(problem: String) -> Result<(), NodeError> {
    Err(NodeError::BadOption { option: "discovery", problem })
}

impl From<Place> for Discovery {
    fn from(place: Place) -> Self {
        Self { place, every: Duration::from_secs(5) }
    }
}

impl fmt::Display for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source().label())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epmd { host, pattern } => {
                f.debug_struct("Epmd").field("host", host).field("pattern", pattern).finish()
            }
            Self::Dns { query, basename } => {
                f.debug_struct("Dns").field("query", query).field("basename", basename).finish()
            }
            Self::Nodes { pattern } => f.debug_struct("Nodes").field("pattern", pattern).finish(),
            Self::Custom(source) => f.debug_tuple("Custom").field(&source.label()).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie;

    fn check(own: &str, discovery: &Discovery) -> Result<(), String> {
        let config = Config::new(own.parse().unwrap(), cookie::from_text("secret", "test").unwrap());
        discovery.validate(&config).map_err(|error| error.to_string())
    }

    #[test]
    fn what_could_never_be_joined_is_refused_at_once() {
        let dns = Discovery::dns("app.svc", "app");
        assert_eq!(check("rust@10.0.0.1", &dns), Ok(()));
        assert!(check("rust@box", &dns).unwrap_err().contains("long name"));
        let epmd = |host: &str| Discovery::epmd(host, NamePattern::any());
        assert_eq!(check("rust@box", &epmd("other")), Ok(()));
        assert_eq!(check("rust@10.0.0.1", &epmd("10.0.0.2")), Ok(()));
        assert!(check("rust@10.0.0.1", &epmd("other")).unwrap_err().contains("in full"));
        assert!(check("rust@10.0.0.1", &epmd("a@b.c")).unwrap_err().contains("no node names"));
        assert!(check("rust@box", &Discovery::nodes(NamePattern::any()).every(Duration::ZERO)).is_err());
    }

    #[test]
    fn names_alone_are_of_no_use_without_an_epmd() {
        let mut config = Config::new("r@h".parse().unwrap(), cookie::from_text("secret", "test").unwrap());
        config.epmd = Epmd::Off;
        let error = Discovery::nodes(NamePattern::any()).validate(&config).unwrap_err();
        assert!(error.to_string().contains("EPMD"), "{error}");
    }
}
