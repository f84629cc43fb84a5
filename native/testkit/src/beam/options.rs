//! How a BEAM node is started.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::Beam;
use crate::epmd::Epmd;
use crate::network::command_in;
use crate::place::{COOKIE, unique_name};

/// Options of a [`Beam`]. Defaults: a unique long name at 127.0.0.1, the kit's cookie, no EPMD (give one), an empty
/// home directory, no busy waiting of schedulers.
#[derive(Clone)]
pub struct BeamOptions {
    name: String,
    short_names: bool,
    nameless: bool,
    ipv6: bool,
    cookie: Option<String>,
    epmd_port: Option<u16>,
    fixed_port: Option<u16>,
    net_ticktime: Option<u32>,
    code_paths: Vec<PathBuf>,
    extra: Vec<String>,
    namespace: Option<PathBuf>,
    home: Arc<TempDir>,
}

impl BeamOptions {
    pub(super) fn new(short: &str) -> Self {
        Self {
            name: unique_name(short, "127.0.0.1"),
            short_names: false,
            nameless: false,
            ipv6: false,
            cookie: Some(COOKIE.to_owned()),
            epmd_port: None,
            fixed_port: None,
            net_ticktime: None,
            code_paths: Vec::new(),
            extra: Vec::new(),
            namespace: None,
            home: Arc::new(TempDir::new().expect("a temporary directory")),
        }
    }

    /// Registers with this EPMD and finds others there.
    #[must_use]
    pub fn epmd(mut self, epmd: &Epmd) -> Self {
        self.epmd_port = Some(epmd.port());
        self
    }

    /// No EPMD: listens on `port`. Such a node cannot look anyone up, others must know the port.
    #[must_use]
    pub fn fixed_port(mut self, port: u16) -> Self {
        self.fixed_port = Some(port);
        self
    }

    /// Short names: `short@localhost`, started with `-sname`.
    #[must_use]
    pub fn short_names(mut self) -> Self {
        self.name = self.name.replace("@127.0.0.1", "@localhost");
        self.short_names = true;
        self
    }

    /// `-sname undefined`: the node it connects to first gives it a name, at this machine's own host name.
    #[must_use]
    pub fn nameless(mut self) -> Self {
        "nonode@nohost".clone_into(&mut self.name);
        self.nameless = true;
        self
    }

    /// IPv6: `short@::1`, started with `-proto_dist inet6_tcp`.
    #[must_use]
    pub fn ipv6(mut self) -> Self {
        self.name = self.name.replace("@127.0.0.1", "@::1");
        self.ipv6 = true;
        self
    }

    /// Another name than the generated one.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Another cookie, given as `-setcookie`.
    #[must_use]
    pub fn cookie(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    /// The cookie as a file in the node's home directory, as people have it.
    #[must_use]
    pub fn cookie_in_home(mut self, cookie: &str) -> Self {
        write_private(&self.home.path().join(".erlang.cookie"), cookie);
        self.cookie = None;
        self
    }

    /// The kernel's `net_ticktime` in seconds.
    #[must_use]
    pub fn net_ticktime(mut self, seconds: u32) -> Self {
        self.net_ticktime = Some(seconds);
        self
    }

    /// A directory with compiled modules, as `-pa`.
    #[must_use]
    pub fn code_path(mut self, path: &Path) -> Self {
        self.code_paths.push(path.to_owned());
        self
    }

    /// Any other arguments of `erl`.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.extra.extend(args.iter().map(|&a| a.to_owned()));
        self
    }

    /// Runs in this network namespace, see [`crate::Network`].
    #[must_use]
    pub fn namespace(mut self, namespace: PathBuf) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Boots the node and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up under its name, with its output.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Beam {
        Beam::boot(self)
    }

    /// The full name the node will have.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.name
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.fixed_port
    }

    pub(super) fn command(&self) -> Command {
        let program = std::env::var_os("OUTRIGGER_ERL").unwrap_or_else(|| "erl".into());
        let mut erl = command_in(self.namespace.as_deref(), &program);
        erl.env("HOME", self.home.path())
            .env_remove("ERL_FLAGS")
            .env_remove("ERL_AFLAGS")
            .env_remove("ERL_ZFLAGS");
        erl.args(["-boot", "no_dot_erlang", "-noshell", "-start_epmd", "false"]);
        erl.args(["+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none"]);
        match self.nameless {
            true => erl.args(["-sname", "undefined"]),
            false => erl.args([if self.short_names { "-sname" } else { "-name" }, &self.name]),
        };
        if self.ipv6 {
            erl.args(["-proto_dist", "inet6_tcp"]);
        }
        if let Some(cookie) = &self.cookie {
            erl.args(["-setcookie", cookie]);
        }
        // Without an EPMD the node must still be told a port, or it would use the machine's.
        match (self.epmd_port, self.fixed_port) {
            (Some(epmd), _) => drop(erl.env("ERL_EPMD_PORT", epmd.to_string())),
            (None, Some(port)) => drop(erl.args(["-erl_epmd_port", &port.to_string()])),
            (None, None) => panic!("{}: give the BEAM node an EPMD or a fixed port", self.name),
        }
        if let Some(seconds) = self.net_ticktime {
            erl.args(["-kernel", "net_ticktime", &seconds.to_string()]);
        }
        for path in &self.code_paths {
            erl.arg("-pa").arg(path);
        }
        erl.args(&self.extra);
        erl.args(["-eval", include_str!("control.erl")]);
        erl
    }
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("the cookie file can be written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o400)).expect("its mode can be set");
}
