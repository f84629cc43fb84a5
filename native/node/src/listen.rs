//! Listening where the configuration says, on one port for all addresses, since EPMD keeps one per name.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::{Config, Listen};
use crate::error::NodeError;
use crate::resolve;

/// A free port of the first address may be taken at the second; then both are tried again.
const ATTEMPTS: usize = 8;

/// The listeners; none with `Listen::Off`.
pub(crate) async fn bind(config: &Config) -> Result<Vec<TcpListener>, NodeError> {
    match &config.listen {
        Listen::Off => Ok(Vec::new()),
        Listen::Addrs(addrs) => bind_all(addrs, false).await,
        Listen::HostOfName { port } => {
            let ips = resolve::host(config.name.host()).await?;
            let addrs: Vec<_> = ips.into_iter().map(|ip| SocketAddr::new(ip, *port)).collect();
            // A name may resolve to addresses that are not this machine's, or of a family that is switched off.
            bind_all(&addrs, true).await
        }
    }
}

/// The addresses that others than this machine can reach.
pub(crate) fn exposed(addrs: &[SocketAddr]) -> Vec<SocketAddr> {
    addrs.iter().filter(|addr| !addr.ip().to_canonical().is_loopback()).copied().collect()
}

async fn bind_all(addrs: &[SocketAddr], skip_foreign: bool) -> Result<Vec<TcpListener>, NodeError> {
    let mut last = None;
    for _attempt in 0..ATTEMPTS {
        match bind_once(addrs, skip_foreign).await {
            Ok(listeners) => return Ok(listeners),
            Err(error @ NodeError::Bind { .. }) if addrs.len() > 1 => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or(NodeError::BadOption { option: "listen", problem: "no address".into() }))
}

async fn bind_once(addrs: &[SocketAddr], skip_foreign: bool) -> Result<Vec<TcpListener>, NodeError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut foreign = None;
    for addr in addrs {
        let mut addr = *addr;
        if let (0, Some(first)) = (addr.port(), listeners.first()) {
            addr.set_port(first.local_addr().map_err(|source| NodeError::Bind { addr, source })?.port());
        }
        match TcpListener::bind(addr).await {
            Ok(listener) => listeners.push(listener),
            Err(source) if skip_foreign && source.kind() != std::io::ErrorKind::AddrInUse => {
                tracing::debug!(%addr, error = %source, "not listening there");
                foreign = Some(NodeError::Bind { addr, source });
            }
            Err(source) => return Err(NodeError::Bind { addr, source }),
        }
    }
    match (listeners.is_empty(), foreign) {
        (true, Some(error)) => Err(error),
        _ => Ok(listeners),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn several_addresses_share_one_port() {
        let addrs = ["127.0.0.1:0".parse().unwrap(), "127.0.0.2:0".parse().unwrap()];
        let listeners = bind_all(&addrs, false).await.unwrap();
        let ports: Vec<_> = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
        assert_eq!((ports.len(), ports[0]), (2, ports[1]));
    }

    #[test]
    fn what_is_not_loopback_is_exposed() {
        let addrs = ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.9]:1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1"];
        let addrs = addrs.map(|addr| addr.parse().unwrap());
        assert_eq!(exposed(&addrs), addrs[3..]);
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named() {
        let addrs = ["192.0.2.1:0".parse().unwrap()];
        let error = bind_all(&addrs, true).await.unwrap_err();
        assert!(error.to_string().contains("192.0.2.1"), "{error}");
    }
}
