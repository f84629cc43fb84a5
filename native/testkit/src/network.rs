//! A network of network namespaces, so that a cluster can be split and be one again.
//!
//! Each place is a namespace with one interface, its address and nothing else; all are plugged into one bridge, in a namespace of
//! their own. A split plugs some of them into a second bridge: what they send across is gone, silently, and connections stay
//! as they are. Nothing of the machine's own network is touched.
//!
//! The namespaces have no names. Each lives by a process that ends with its standard input: when the value is dropped, and also when
//! the test is killed, they are gone.
//!
//! Limits: needs root, or what else permits namespaces; `unshare`, `nsenter` and `ip`. At most 200 places.

use std::ffi::OsStr;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::place::SHORT;
use crate::process::Process;

const WHOLE: &str = "whole";
const ASIDE: &str = "aside";

/// A running network. Gone when dropped, with the namespaces as soon as nothing runs in them any more.
pub struct Network {
    hub: Process,
    places: Vec<Process>,
}

impl Network {
    /// A network of so many places, in one piece.
    ///
    /// # Errors
    /// Why this machine does not permit it, for people.
    pub fn start(places: u8) -> Result<Self, String> {
        for tool in ["unshare", "nsenter", "ip"] {
            let found = Command::new(tool).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
            found.map_err(|error| format!("{tool}: {error}"))?;
        }
        let hub = holder("the hub's namespace")?;
        let mut network = Self { hub, places: Vec::new() };
        for bridge in [WHOLE, ASIDE] {
            network.hub(&format!("link add {bridge} type bridge"))?;
            network.hub(&format!("link set {bridge} up"))?;
        }
        for place in 0..places {
            network.plug(place)?;
        }
        Ok(network)
    }

    /// The address of a place.
    #[must_use]
    pub fn address(&self, place: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 213, 0, 10 + place)
    }

    /// The namespace of a place, for [`crate::BeamOptions::namespace`] and [`crate::RustNodeOptions::namespace`].
    ///
    /// # Panics
    /// When there are not so many.
    #[must_use]
    pub fn namespace(&self, place: u8) -> PathBuf {
        namespace(&self.places[usize::from(place)])
    }

    /// From now on nothing gets from these places to the others, nor back.
    ///
    /// # Panics
    /// When the interfaces do not obey.
    #[track_caller]
    pub fn split(&self, aside: &[u8]) {
        self.attach(aside, ASIDE);
    }

    /// Puts these places back to the others.
    ///
    /// # Panics
    /// When the interfaces do not obey.
    #[track_caller]
    pub fn heal(&self, aside: &[u8]) {
        self.attach(aside, WHOLE);
    }

    #[track_caller]
    fn attach(&self, places: &[u8], bridge: &str) {
        for place in places {
            self.hub(&format!("link set port{place} master {bridge}"))
                .unwrap_or_else(|error| panic!("{error}"));
        }
    }

    fn plug(&mut self, place: u8) -> Result<(), String> {
        let holder = holder("a namespace")?;
        let (pid, inside) = (holder.pid(), namespace(&holder));
        self.places.push(holder);
        self.hub(&format!("link add port{place} type veth peer name eth0 netns {pid}"))?;
        self.hub(&format!("link set port{place} master {WHOLE} up"))?;
        ip(&inside, "link set lo up")?;
        ip(&inside, &format!("addr add {}/24 dev eth0", self.address(place)))?;
        ip(&inside, "link set eth0 up")
    }

    fn hub(&self, command: &str) -> Result<(), String> {
        ip(&namespace(&self.hub), command)
    }
}

/// A command that runs in a network namespace, if one is given.
pub(crate) fn command_in(inside: Option<&Path>, program: &OsStr) -> Command {
    let Some(inside) = inside else { return Command::new(program) };
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", inside.display())).arg("--").arg(program);
    command
}

fn namespace(holder: &Process) -> PathBuf {
    format!("/proc/{}/ns/net", holder.pid()).into()
}

/// A process in a new network namespace, which ends with its standard input.
fn holder(what: &str) -> Result<Process, String> {
    let mut command = Command::new("unshare");
    command.args(["--net", "cat"]);
    let holder = Process::start(what, command, "");
    let own = fs::read_link("/proc/self/ns/net").map_err(|error| format!("/proc/self/ns/net: {error}"))?;
    let deadline = Instant::now() + SHORT;
    while holder.is_running() && Instant::now() < deadline {
        if fs::read_link(namespace(&holder)).is_ok_and(|entered| entered != own) {
            return Ok(holder);
        }
        thread::sleep(Duration::from_millis(2));
    }
    Err(format!("unshare --net: {}", holder.dump()))
}

fn ip(inside: &Path, command: &str) -> Result<(), String> {
    let run = command_in(Some(inside), OsStr::new("ip")).args(command.split(' ')).output();
    let output = run.map_err(|error| format!("nsenter: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {command}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(network: &Network, from: u8, to: u8) -> bool {
        let script = format!("echo > /dev/tcp/{}/9", network.address(to));
        let mut command = command_in(Some(&network.namespace(from)), OsStr::new("timeout"));
        let output = command.args(["2", "bash", "-c", &script]).output().expect("bash");
        // Somebody is there who says that nobody listens.
        String::from_utf8_lossy(&output.stderr).contains("refused")
    }

    #[test]
    fn places_reach_each_other_unless_they_are_split() {
        let network = match Network::start(3) {
            Ok(network) => network,
            Err(why) => return eprintln!("SKIPPED, no network namespaces here: {why}"),
        };
        assert!(reached(&network, 0, 1) && reached(&network, 2, 0));
        network.split(&[0, 1]);
        assert!(reached(&network, 0, 1) && !reached(&network, 2, 0) && !reached(&network, 1, 2));
        network.heal(&[0, 1]);
        assert!(reached(&network, 2, 0));
    }
}
