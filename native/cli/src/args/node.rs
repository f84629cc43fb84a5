//! Options of `outrigger node`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use outrigger_fanout::Policies;

use super::{ClusterArgs, CookieArgs, CookieFor, Discover, LogLevel, NameArgs, TlsArgs, size};

const EXAMPLES: &str = "\
Examples:
  Join two nodes of this machine, cookie from ~/.erlang.cookie:
      outrigger node --name rust@127.0.0.1 --join app1@127.0.0.1,app2@127.0.0.1
  Short names, an EPMD on a port of its own:
      outrigger node --sname rust --join app1 --epmd-port 4400
  The nodes app-… of two hosts, and whoever they know; they may come and go:
      outrigger node --name rust@10.0.0.9 --discover epmd:10.0.0.5,10.0.0.6/app-* --discover nodes
  A node per address of a name, as in Kubernetes:
      outrigger node --name rust@10.0.0.9 --discover dns:app.default.svc.cluster.local/app
  No EPMD at all, cookie from a file of mode 0400:
      outrigger node --name rust@10.0.0.9 --no-epmd --peer app1@10.0.0.5=10.0.0.5:9100 --cookie-file /etc/cookie
  What that node has done so far, for people and for scripts:
      outrigger node --status rust@10.0.0.9
      outrigger node --status rust@10.0.0.9 --json | jq '.peers[] | select(.state == \"down\")'
  Small queues for nodes that read too slowly, of which presence needs only the newest message of each topic:
      outrigger node --name rust@10.0.0.9 --join app1@10.0.0.5 --pubsub-queue 8MiB --pubsub-policy 'presence:*=keep_latest'
  Watching the nodes, and telling them what the gates of outrigger.toml say now (see docs/gates.md):
      outrigger node --name rust@10.0.0.9 --join app1@10.0.0.5 --gates outrigger.toml
  With TLS distribution (see docs/tls.md):
      outrigger node --name rust@10.0.0.9 --join app1@10.0.0.5 --tls-cert node.pem --tls-key node.key --tls-ca ca.pem

The cookie is never an argument: --cookie-file, OUTRIGGER_COOKIE, --cookie-stdin or ~/.erlang.cookie.
SIGINT and SIGTERM end the node: publishers are asked to take other ways (2 s at most; a second signal ends
that), it leaves EPMD, closes its links and exits with 0.";

/// Run a hidden node that joins a cluster and fans out its PubSub messages.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("own").args(["name", "sname", "status"]).required(true).multiple(true))]
pub(crate) struct NodeArgs {
    /// Who we are.
    #[command(flatten)]
    pub(crate) name: NameArgs,

    /// Whom to join.
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// Where to look for more nodes to join: epmd:HOST,…/PATTERN, dns:NAME/BASENAME or nodes/PATTERN; may be repeated
    ///
    /// epmd: the names that the EPMD of each host knows. dns: a node BASENAME@ADDRESS for each address of NAME. nodes:
    /// what erlang:nodes() of the joined nodes tells. PATTERN is held against the part before the `@`, a `*` stands for any
    /// characters; without one all names are meant. A node that is found no more is not dialled again; a link that is up
    /// stays.
    #[arg(long, value_name = "WHERE")]
    pub(crate) discover: Vec<Discover>,

    /// Watch the nodes and judge the gates of this file over and over: Outrigger.Gate.status/1 says the verdicts on each node
    #[arg(long, value_name = "FILE")]
    pub(crate) gates: Option<PathBuf>,

    /// Seconds between two questions to a place of --discover
    #[arg(long, value_name = "SECONDS", default_value_t = 5, requires = "discover")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) discover_every: u32,

    /// The cookie's source.
    #[command(flatten)]
    pub(crate) cookie: CookieArgs,

    /// File with the cookie of one node, for links with it in either direction; may be repeated
    ///
    /// As erlang:set_cookie(Node, Cookie). All other nodes have the cookie of --cookie-file and the rest.
    #[arg(long, value_name = "NODE@HOST=FILE")]
    pub(crate) cookie_for: Vec<CookieFor>,

    /// TLS, or not.
    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    /// Do not register with EPMD and do not ask it: only --peer addresses are dialled
    #[arg(long)]
    pub(crate) no_epmd: bool,

    /// Address to listen on; the port is free to choose unless it is given [default: from the host of the name]
    #[arg(long, value_name = "IP[:PORT]")]
    pub(crate) listen: Option<Listen>,

    /// Seconds of silence after which a link counts as dead, as `net_ticktime` in Erlang
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) net_ticktime: u32,

    /// How much may wait for a node that reads more slowly than others publish, such as 512KiB or 8MiB
    ///
    /// Each node has a queue of its own, so it costs others nothing. Counted are the messages and 256 bytes for each, beyond
    /// what is in the buffers of its link (4 MiB).
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = size::between(64 << 10, 4 << 30))]
    pub(crate) pubsub_queue: usize,

    /// What becomes of messages for which there is no room in such a queue, by topic: drop_oldest, drop_newest,
    /// keep_latest or disconnect
    ///
    /// A `*` at the end stands for the rest of a topic; the longest pattern that fits counts, and drop_oldest where none does.
    /// keep_latest keeps the newest message of each topic, whether there is room or not. The node is told how many messages
    /// of whom it has lost; with disconnect its link ends instead.
    #[arg(long, value_name = "TOPIC*=POLICY,...", default_value = "", hide_default_value = true)]
    pub(crate) pubsub_policy: Policies,

    /// How much to log
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = LogLevel::Info)]
    pub(crate) log_level: LogLevel,

    /// Threads that serve links; 1 is right unless one core is not enough
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: u16,

    /// Run as a port of a BEAM: cookie on the first line of standard input, one event or log line per line of
    /// standard output, exit when standard input ends
    #[arg(long)]
    pub(crate) supervised: bool,

    /// Start nothing: print the counters of a running node, found as the other options say; without a name the one of
    /// --name or --sname
    #[arg(long, value_name = "NAME[@HOST]", num_args = 0..=1, default_missing_value = "", conflicts_with = "supervised")]
    pub(crate) status: Option<String>,

    /// With --status: one JSON object
    #[arg(long, requires = "status")]
    pub(crate) json: bool,
}

/// `--listen IP[:PORT]`. An IPv6 address with a port needs brackets: `[::1]:9100`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// The address.
    pub(crate) ip: IpAddr,
    /// The port; 0 lets the system choose.
    pub(crate) port: u16,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(Self { ip, port: 0 });
        }
        match text.parse::<std::net::SocketAddr>() {
            Ok(address) => Ok(Self { ip: address.ip(), port: address.port() }),
            Err(_) => Err(format!("`{text}` is not an IP address with an optional port")),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};
    use super::*;

    fn parse(line: &str) -> Result<NodeArgs, String> {
        match Cli::try_parse_from(line.split_whitespace()).map_err(|error| error.to_string())?.command {
            Command::Node(args) => Ok(*args),
            _ => Err("not a node command".into()),
        }
    }

    #[test]
    fn a_full_line() {
        let args = parse(
            "outrigger node --name r@10.0.0.1 --join a@h.d,b@h.d --join c@h.d --peer d@h.d=[::1]:9 --epmd-port 4400 \
             --no-epmd --listen 127.0.0.1:9100 --net-ticktime 8 --log-level trace --threads 4 --supervised",
        )
        .unwrap();
        assert_eq!(args.name.name.as_deref(), Some("r@10.0.0.1"));
        assert_eq!(args.cluster.join, ["a@h.d", "b@h.d", "c@h.d"]);
        assert_eq!(args.cluster.peer[0].host, "::1");
        assert_eq!((args.cluster.epmd_port, args.net_ticktime, args.threads), (4400, 8, 4));
        assert!(args.no_epmd && args.supervised && !args.cookie.cookie_stdin);
        assert_eq!(args.log_level, LogLevel::Trace);
    }

    #[test]
    fn a_name_is_needed_and_only_one() {
        assert!(parse("outrigger node --join a@h").is_err());
        assert!(parse("outrigger node --name a@h.d --sname b").is_err());
    }

    #[test]
    fn ranges_are_kept() {
        for option in ["--net-ticktime 0", "--threads 0", "--threads 65", "--epmd-port 0", "--listen host"] {
            assert!(parse(&format!("outrigger node --sname a {option}")).is_err(), "{option}");
        }
    }

    #[test]
    fn places_to_look_for_nodes() {
        let args = parse(
            "outrigger node --name r@10.0.0.1 --discover epmd:h.d,i.d/app-* --discover nodes --discover-every 9",
        );
        let args = args.unwrap();
        assert_eq!(args.discover.iter().map(|discover| discover.places.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(args.discover_every, 9);
        assert!(parse("outrigger node --sname r --discover-every 9").is_err(), "of no use alone");
    }

    #[test]
    fn status() {
        let of = |line: &str| parse(line).map(|args| (args.status, args.json)).ok();
        assert_eq!(of("outrigger node --status r@h --json"), Some((Some("r@h".into()), true)));
        assert_eq!(
            of("outrigger node --name r@h.d --join a@h.d --status"),
            Some((Some(String::new()), false))
        );
        assert_eq!(of("outrigger node --sname r --json"), None, "a node that runs prints no JSON");
        assert_eq!(of("outrigger node --sname r --supervised --status"), None);
    }

    #[test]
    fn cookies_of_single_nodes() {
        let args = parse("outrigger node --sname r --cookie-for a@h=/x=y --cookie-for b@h=z").unwrap();
        let found: Vec<_> = args.cookie_for.iter().map(|of| (of.name.as_str(), of.file.to_str())).collect();
        assert_eq!(found, [("a@h", Some("/x=y")), ("b@h", Some("z"))]);
        for wrong in ["a@h", "a@h=", "=x"] {
            assert!(parse(&format!("outrigger node --sname r --cookie-for {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tls_takes_all_three_files() {
        let args = parse("outrigger node --sname r --tls-cert c --tls-key k --tls-ca a").unwrap();
        assert_eq!(args.tls.files().unwrap().keyfile.to_str(), Some("k"));
        assert_eq!(parse("outrigger node --sname r").unwrap().tls.files(), None);
        for some in [
            "--tls-cert c",
            "--tls-key k",
            "--tls-ca a",
            "--tls-cert c --tls-key k",
            "--tls-key k --tls-ca a",
        ] {
            assert!(parse(&format!("outrigger node --sname r {some}")).is_err(), "{some}");
        }
    }

    #[test]
    fn queues_of_slow_nodes() {
        use outrigger_fanout::Policy;

        let args = parse("outrigger node --sname r").unwrap();
        assert_eq!((args.pubsub_queue, args.pubsub_policy), (32 << 20, Policies::default()));
        let args = parse(
            "outrigger node --sname r --pubsub-queue 8MiB --pubsub-policy p:*=keep_latest,*=disconnect",
        );
        let args = args.unwrap();
        assert_eq!((args.pubsub_queue, args.pubsub_policy.of(b"p:1")), (8 << 20, Policy::KeepLatest));
        for (wrong, why) in [
            ("--pubsub-queue 1KiB", "not between 64KiB and 4GiB"),
            ("--pubsub-queue lots", "not a size such as"),
            ("--pubsub-policy p:*=keep", "`keep` is no policy: drop_oldest,"),
            ("--pubsub-policy p:*", "names no policy"),
        ] {
            let error = parse(&format!("outrigger node --sname r {wrong}")).unwrap_err();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn listen_addresses() {
        let at = |ip: &str, port| Ok(Listen { ip: ip.parse().unwrap(), port });
        assert_eq!("127.0.0.1".parse::<Listen>(), at("127.0.0.1", 0));
        assert_eq!("127.0.0.1:7".parse::<Listen>(), at("127.0.0.1", 7));
        assert_eq!("::1".parse::<Listen>(), at("::1", 0));
        assert_eq!("[::1]".parse::<Listen>(), at("::1", 0));
        assert_eq!("[::1]:7".parse::<Listen>(), at("::1", 7));
    }
}
