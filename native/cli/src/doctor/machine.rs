//! This machine: its host name and its EPMD.

use outrigger_node::{NodeName, epmd_names, resolve_host};

use super::explain;
use super::finding::Finding;

/// Whether the host of our node name has an address.
pub(super) async fn host(host: &str) -> Finding {
    match resolve_host(host).await {
        Ok(addresses) => {
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            Finding::ok("own host", format!("{host} is {}", addresses.join(", ")))
        }
        Err(error) => explain::failed("own host", &error),
    }
}

/// Whether an EPMD answers on this machine, and whether it knows our name already.
pub(super) async fn epmd(port: u16, name: Option<&NodeName>) -> Vec<Finding> {
    let names = match epmd_names("localhost", port).await {
        Ok(names) => names,
        Err(error) => return vec![explain::failed("own epmd", &error)],
    };
    let known: Vec<_> = names.iter().map(|(name, _)| name.as_str()).collect();
    let listed = if known.is_empty() { "no nodes".to_owned() } else { known.join(", ") };
    let mut findings = vec![Finding::ok("own epmd", format!("answers at port {port}, knows {listed}"))];
    if let Some(name) = name {
        findings.push(if known.contains(&name.short()) {
            let remedy =
                format!("fine if it is yours; else give the Rust node another name than {}", name.short());
            Finding::warn(
                "own name",
                format!("a node named {} is running on this machine", name.short()),
                remedy,
            )
        } else {
            Finding::ok("own name", format!("{name} is free"))
        });
    }
    findings
}
