//! Single questions without a node, for diagnosis: what does this host resolve to, what does its EPMD know.

use std::net::IpAddr;

use crate::epmd::{self, EpmdAddr};
use crate::error::NodeError;
use crate::resolve;

/// The addresses of a host, as joining would use them. Never empty.
///
/// # Errors
/// The host has no address.
pub async fn resolve_host(host: &str) -> Result<Vec<IpAddr>, NodeError> {
    resolve::host(host).await
}

/// The names (the part before the `@`) and ports that the EPMD of a host knows.
///
/// # Errors
/// The host has no address, no EPMD answers there, or what answers is no EPMD.
pub async fn epmd_names(host: &str, port: u16) -> Result<Vec<(String, u16)>, NodeError> {
    let ips = resolve::host(host).await?;
    epmd::names(&EpmdAddr { host: host.into(), ips, port }).await
}
