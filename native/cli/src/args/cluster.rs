//! Options that `node` and `doctor` share: who we are, whom we join, and where the cookie is.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

/// The node's own name: long or short, as with `erl -name` and `erl -sname`.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NameArgs {
    /// Long node name; without `@host` the full host name of this machine is added; `undefined` lets the first joined node give one
    ///
    /// As `erl -name undefined`: the node does not listen, and it ends with the link that its name came over.
    #[arg(long, value_name = "NAME[@HOST]")]
    pub(crate) name: Option<String>,

    /// Short node name; without `@host` the short host name of this machine is added; `undefined` as above
    #[arg(long, value_name = "NAME[@HOST]", conflicts_with = "name")]
    pub(crate) sname: Option<String>,
}

/// Where the cookie comes from. There is no option that takes the cookie itself.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct CookieArgs {
    /// File with the cookie; nobody but its owner may have access to it
    ///
    /// The first of these that is there is taken: this file, OUTRIGGER_COOKIE, the first line of standard
    /// input (with --cookie-stdin), ~/.erlang.cookie, $XDG_CONFIG_HOME/erlang/.erlang.cookie.
    #[arg(long, value_name = "FILE")]
    pub(crate) cookie_file: Option<PathBuf>,

    /// Read the cookie from the first line of standard input
    #[arg(long)]
    pub(crate) cookie_stdin: bool,
}

/// `--cookie-for node@host=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CookieFor {
    /// The full name of the node.
    pub(crate) name: String,
    /// Where its cookie is.
    pub(crate) file: PathBuf,
}

impl FromStr for CookieFor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Not shown: somebody may have put a cookie here instead of a file.
        match text.split_once('=') {
            Some((name, file)) if !name.is_empty() && !file.is_empty() => {
                Ok(Self { name: name.to_owned(), file: file.into() })
            }
            _ => Err("it is not of the form node@host=FILE".to_owned()),
        }
    }
}

/// Whom to join and how to find them.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ClusterArgs {
    /// Nodes to join, found through the EPMD of their hosts; may be repeated
    #[arg(long, value_name = "NODE@HOST,...", value_delimiter = ',')]
    pub(crate) join: Vec<String>,

    /// A node to join at a known address, without asking any EPMD; may be repeated
    #[arg(long, value_name = "NODE@HOST=ADDRESS:PORT")]
    pub(crate) peer: Vec<PeerAddress>,

    /// Port of EPMD, on this machine and on those of the nodes to join
    #[arg(long, value_name = "PORT", env = "ERL_EPMD_PORT", default_value_t = 4369)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) epmd_port: u16,
}

/// `--peer name@host=address:port`. The address may be an IPv6 literal in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerAddress {
    /// The full name of the node.
    pub(crate) name: String,
    /// Host name or IP literal, without brackets.
    pub(crate) host: String,
    /// The port that the node itself listens on.
    pub(crate) port: u16,
}

impl FromStr for PeerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || format!("`{text}` is not of the form node@host=address:port");
        let (name, address) = text.split_once('=').ok_or_else(shape)?;
        let (host, port) = address.rsplit_once(':').ok_or_else(shape)?;
        let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if bracketed.is_none() && host.contains(':') {
            return Err(format!("`{host}` needs brackets: {name}=[{host}]:{port}"));
        }
        let host = bracketed.unwrap_or(host);
        if name.is_empty() || host.is_empty() {
            return Err(shape());
        }
        match port.parse::<u16>() {
            Ok(port) if port > 0 => Ok(Self { name: name.to_owned(), host: host.to_owned(), port }),
            _ => Err(format!("`{port}` is not a port")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peer_addresses() {
        let peer = |host: &str| PeerAddress { name: "a@h".into(), host: host.into(), port: 4370 };
        assert_eq!("a@h=10.0.0.1:4370".parse(), Ok(peer("10.0.0.1")));
        assert_eq!("a@h=db.internal:4370".parse(), Ok(peer("db.internal")));
        assert_eq!("a@h=[::1]:4370".parse(), Ok(peer("::1")));
    }

    #[test]
    fn wrong_peer_addresses() {
        for text in
            ["", "a@h", "a@h=", "a@h=host", "a@h=host:0", "a@h=host:70000", "a@h=:1", "=h:1", "a@h=::1:1"]
        {
            assert!(text.parse::<PeerAddress>().is_err(), "{text}");
        }
    }
}
