//! One node to join, from the outside in.

use std::net::SocketAddr;
use std::time::Duration;

use outrigger_node::{Flags, epmd_names, resolve_host};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::finding::{Finding, Report, Status};
use super::{explain, release};
use crate::settings::Target;
use crate::visit::Visitor;

/// Looks at one node without a handshake: its EPMD, its port. Whether a handshake is worth trying.
pub(super) async fn reach(target: &Target, epmd_port: u16, patience: Duration, report: &mut Report) -> bool {
    let address = match &target.address {
        Some(address) => address.clone(),
        None => match registered(target, epmd_port, report).await {
            Some(port) => (target.name.host().to_owned(), port),
            None => return false,
        },
    };
    report.push(port(target, &address.0, address.1, patience).await) == Status::Ok
}

/// The port under which the EPMD of its host knows the node.
async fn registered(target: &Target, epmd_port: u16, report: &mut Report) -> Option<u16> {
    let (name, host) = (&target.name, target.name.host());
    let check = format!("epmd {name}");
    let names = match epmd_names(host, epmd_port).await {
        Ok(names) => names,
        Err(error) => {
            report.push(explain::failed(check, &error));
            return None;
        }
    };
    let port = names.iter().find(|(known, _)| known == name.short()).map(|(_, port)| *port);
    report.push(match port {
        Some(port) => Finding::ok(check, format!("registered at {host}:{epmd_port} with port {port}")),
        None => {
            let known: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
            let known = if known.is_empty() { "no node".to_owned() } else { known.join(", ") };
            Finding::fail(
                check,
                format!("not registered at {host}:{epmd_port}, which knows {known}"),
                "start that node, or correct its name or the port of its epmd (ERL_EPMD_PORT)",
            )
        }
    });
    port
}

/// Whether the node's own port takes a connection.
async fn port(target: &Target, host: &str, port: u16, patience: Duration) -> Finding {
    let check = format!("port {}", target.name);
    let addresses = match resolve_host(host).await {
        Ok(addresses) => addresses,
        Err(error) => return explain::failed(check, &error),
    };
    let mut problem = String::new();
    for ip in addresses {
        let address = SocketAddr::new(ip, port);
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Finding::ok(check, format!("{address} takes connections")),
            Ok(Err(error)) => problem = format!("{address}: {error}"),
            Err(_) => problem = format!("{address} does not answer within {} s", patience.as_secs()),
        }
    }
    Finding::fail(
        check,
        problem,
        "check firewalls, inet_dist_use_interface of that node, and that it still runs",
    )
}

/// Links to the node and looks at what it says about itself.
pub(super) async fn greet(
    visitor: &mut Visitor,
    target: &Target,
    patience: Duration,
    tls: bool,
    report: &mut Report,
) {
    let check = format!("handshake {}", target.name);
    match visitor.link(target).await {
        Ok(flags) => {
            let how = if tls { "over TLS" } else { "without TLS" };
            report.push(Finding::ok(check, format!("done, {how}; the cookies are the same")));
            report.push(flags_of(target, flags));
            report.push(release::check(visitor.node(), &target.name, patience).await);
        }
        Err(error) => {
            report.push(explain::failed(check, &error));
        }
    }
}

/// What the node can do, in the words of the protocol.
fn flags_of(target: &Target, flags: Flags) -> Finding {
    let check = format!("flags {}", target.name);
    let missing = Flags::missing_mandatory(flags);
    if !missing.is_empty() {
        let remedy = "use OTP 25 to 29 there";
        return Finding::fail(check, format!("lacks the mandatory {missing}"), remedy);
    }
    let has = |flag, name: &str| format!("{} {name}", if flags.contains(flag) { "with" } else { "without" });
    let kind = if flags.hidden() { "a hidden node" } else { "a visible node" };
    let fragments = has(Flags::FRAGMENTS, "fragments");
    let cache = has(Flags::DIST_HDR_ATOM_CACHE, "atom cache");
    let monitors = Flags::DIST_MONITOR | Flags::DIST_MONITOR_NAME;
    if !flags.contains(monitors) {
        let remedy = "use a BEAM node there: its workers could not notice the end of the Rust node";
        return Finding::warn(check, format!("{kind} without monitors"), remedy);
    }
    Finding::ok(check, format!("{kind}, all mandatory flags, {fragments}, {cache}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(flags: Flags) -> Status {
        let target = Target { name: "a@h".parse().unwrap(), address: None };
        flags_of(&target, flags).status
    }

    #[test]
    fn flags() {
        let monitors = Flags::DIST_MONITOR | Flags::DIST_MONITOR_NAME;
        assert_eq!(status(Flags::MANDATORY | monitors), Status::Ok);
        assert_eq!(status(Flags::MANDATORY), Status::Warn);
        assert_eq!(status((Flags::MANDATORY | monitors) - Flags::BIG_CREATION), Status::Fail);
    }
}
