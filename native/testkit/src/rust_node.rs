//! The `outrigger` binary as a child process: `outrigger node ...`.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::epmd::Epmd;
use crate::network::command_in;
use crate::place::{COOKIE, LONG, host_of, unique_name};
use crate::process::Process;

/// Where the node gets its cookie from.
#[derive(Clone, Debug)]
pub enum CookieFrom {
    /// `--cookie-file`, with these permission bits.
    File(String, u32),
    /// `OUTRIGGER_COOKIE`.
    Environment(String),
    /// `.erlang.cookie` in the home directory, with these permission bits.
    Home(String, u32),
    /// `--cookie-stdin`: the first line of standard input.
    Stdin(String),
    /// Nowhere.
    Nowhere,
}

/// Options of a [`RustNode`]. Defaults: a unique long name at 127.0.0.1, the kit's cookie in the environment, an
/// empty home directory, log level debug. Give an EPMD or call [`RustNodeOptions::no_epmd`].
#[derive(Clone)]
pub struct RustNodeOptions {
    name: String,
    short_names: bool,
    cookie: CookieFrom,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    namespace: Option<PathBuf>,
    home: Arc<TempDir>,
}

/// A running `outrigger node`. Killed when dropped.
pub struct RustNode {
    name: String,
    process: Process,
    options: RustNodeOptions,
}

impl RustNode {
    /// Options of a node whose name starts with `short`.
    #[must_use]
    pub fn options(short: &str) -> RustNodeOptions {
        RustNodeOptions {
            name: unique_name(short, "127.0.0.1"),
            short_names: false,
            cookie: CookieFrom::Environment(COOKIE.to_owned()),
            args: Vec::new(),
            env: BTreeMap::new(),
            namespace: None,
            home: Arc::new(TempDir::new().expect("a temporary directory")),
        }
    }

    /// The full node name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The part of the name before the `@`, as EPMD knows it.
    #[must_use]
    pub fn short(&self) -> &str {
        self.name.split_once('@').map_or(&self.name, |(short, _)| short)
    }

    /// The child: signals, memory, log.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Starts a node with the same name and options again.
    #[must_use]
    pub fn restart(&self) -> Self {
        self.options.clone().start()
    }

    /// Waits for a log line at `from` or later that contains all of `parts`; its index.
    ///
    /// # Panics
    /// When it does not come within the deadline, with the whole log.
    #[track_caller]
    pub fn wait_log(&self, from: usize, within: Duration, parts: &[&str]) -> usize {
        self.process
            .wait_line(from, within, &parts.join(" .. "), |line| parts.iter().all(|part| line.contains(part)))
            .0
    }

    /// Waits until the log says that `peer` is connected.
    ///
    /// # Panics
    /// When it does not come within [`LONG`].
    #[track_caller]
    pub fn wait_joined(&self, peer: &str) -> usize {
        self.wait_joined_from(0, peer)
    }

    /// [`RustNode::wait_joined`], counting only lines from `from` on.
    ///
    /// # Panics
    /// When it does not come within [`LONG`].
    #[track_caller]
    pub fn wait_joined_from(&self, from: usize, peer: &str) -> usize {
        self.wait_log(from, LONG, &["joined", peer])
    }

    /// Waits until the log says that the link to `peer` is gone.
    ///
    /// # Panics
    /// When it does not come within [`LONG`].
    #[track_caller]
    pub fn wait_left(&self, from: usize, peer: &str) -> usize {
        self.wait_log(from, LONG, &["left", peer])
    }

    /// Where it listens, as it told EPMD; for raw peers.
    ///
    /// # Panics
    /// When it is not registered within [`LONG`].
    #[must_use]
    #[track_caller]
    pub fn address(&self, epmd: &Epmd) -> SocketAddr {
        epmd.wait_registered(self.short(), true);
        (Ipv4Addr::LOCALHOST, epmd.client().port_of(self.short()).expect("it is registered")).into()
    }

    /// SIGKILL, then waits for the end.
    pub fn kill(&self) {
        self.process.kill();
    }
}

impl RustNodeOptions {
    /// Uses the EPMD of the test.
    #[must_use]
    pub fn epmd(mut self, epmd: &Epmd) -> Self {
        self.env.insert("ERL_EPMD_PORT".to_owned(), epmd.port().to_string());
        self
    }

    /// `--no-epmd`.
    #[must_use]
    pub fn no_epmd(self) -> Self {
        self.args(&["--no-epmd"])
    }

    /// `--join`.
    #[must_use]
    pub fn join(self, peer: &str) -> Self {
        self.args(&["--join", peer])
    }

    /// `--peer name=host:port`.
    #[must_use]
    pub fn peer(self, name: &str, port: u16) -> Self {
        let host = host_of(name);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        self.args(&["--peer", &format!("{name}={host}:{port}")])
    }

    /// Short names: `short@localhost`, started with `--sname`.
    #[must_use]
    pub fn short_names(mut self) -> Self {
        self.name = self.name.replace("@127.0.0.1", "@localhost");
        self.short_names = true;
        self
    }

    /// IPv6: `short@::1`.
    #[must_use]
    pub fn ipv6(mut self) -> Self {
        self.name = self.name.replace("@127.0.0.1", "@::1");
        self
    }

    /// Another name than the generated one.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Where the cookie comes from.
    #[must_use]
    pub fn cookie(mut self, from: CookieFrom) -> Self {
        self.cookie = from;
        self
    }

    /// `--net-ticktime`, in seconds.
    #[must_use]
    pub fn net_ticktime(self, seconds: u32) -> Self {
        self.args(&["--net-ticktime", &seconds.to_string()])
    }

    /// Listens on a known port at the name's address.
    #[must_use]
    pub fn listen(self, address: &str) -> Self {
        self.args(&["--listen", address])
    }

    /// Runs in this network namespace, see [`crate::Network`].
    #[must_use]
    pub fn namespace(mut self, namespace: PathBuf) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Any other arguments of `outrigger node`.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&a| a.to_owned()));
        self
    }

    /// The full name the node will have.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.name
    }

    /// Starts the binary. It does not wait for anything: the log tells.
    ///
    /// # Panics
    /// When the binary is not there.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> RustNode {
        let mut command = outrigger_in(self.namespace.as_deref());
        command.env("HOME", self.home.path()).envs(&self.env);
        command.args(["node", if self.short_names { "--sname" } else { "--name" }, &self.name]);
        command.args(["--log-level", "debug"]).args(&self.args);
        let mut stdin = None;
        match &self.cookie {
            CookieFrom::File(cookie, mode) => {
                let path = self.home.path().join("a cookie file");
                write_with_mode(&path, cookie, *mode);
                command.arg("--cookie-file").arg(path);
            }
            CookieFrom::Environment(cookie) => drop(command.env("OUTRIGGER_COOKIE", cookie)),
            CookieFrom::Home(cookie, mode) => {
                write_with_mode(&self.home.path().join(".erlang.cookie"), cookie, *mode);
            }
            CookieFrom::Stdin(cookie) => {
                command.arg("--cookie-stdin");
                stdin = Some(format!("{cookie}\n"));
            }
            CookieFrom::Nowhere => {}
        }
        let process = Process::start(&self.name, command, "Run `cargo build -p outrigger` first.");
        if let Some(line) = stdin {
            process.write(line.as_bytes());
        }
        RustNode { name: self.name.clone(), process, options: self }
    }
}

/// A command of the binary in an environment without cookies and ports, its arguments to be added.
///
/// # Panics
/// When the binary is not there.
#[must_use]
#[track_caller]
pub fn outrigger() -> Command {
    outrigger_in(None)
}

#[track_caller]
fn outrigger_in(namespace: Option<&Path>) -> Command {
    let mut command = command_in(namespace, binary().as_os_str());
    for variable in ["HOME", "OUTRIGGER_COOKIE", "ERL_EPMD_PORT", "XDG_CONFIG_HOME"] {
        command.env_remove(variable);
    }
    command.env("NO_COLOR", "1");
    command
}

/// The binary: `OUTRIGGER_BIN`, or `outrigger` in the profile's directory that the running test was built into.
///
/// # Panics
/// When it is not there, with the remedy.
#[track_caller]
fn binary() -> PathBuf {
    let path = match std::env::var_os("OUTRIGGER_BIN") {
        Some(path) => PathBuf::from(path),
        None => {
            let test = std::env::current_exe().expect("the test knows its own path");
            test.parent().and_then(Path::parent).map(|dir| dir.join("outrigger")).unwrap_or_default()
        }
    };
    assert!(
        path.is_file(),
        "no outrigger binary at {}: run `cargo build -p outrigger` (same profile and target directory) first, \
         or set OUTRIGGER_BIN",
        path.display()
    );
    path
}

fn write_with_mode(path: &Path, text: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    // A restart writes the same file again, and it may be read-only for us.
    let _ = std::fs::remove_file(path);
    std::fs::write(path, text).expect("the cookie file can be written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode can be set");
}
