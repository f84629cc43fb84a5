//! From the host part of a name, or a fixed `host:port`, to addresses.
//!
//! Address literals are taken as they are, IPv6 included (`app@::1`). Names go to the system's resolver. The
//! order of its answer is kept, doubles are removed, and there is always at least one address.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::lookup_host;

use crate::error::NodeError;
use crate::escape::Printable;

const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);
/// More addresses of one name are not tried.
const MAX_ADDRESSES: usize = 16;

/// The addresses of `host`, those that a connection tries. Never empty.
pub(crate) async fn host(host: &str) -> Result<Vec<IpAddr>, NodeError> {
    up_to(host, MAX_ADDRESSES).await
}

/// The first `max` addresses of `host`. Never empty.
pub(crate) async fn up_to(host: &str, max: usize) -> Result<Vec<IpAddr>, NodeError> {
    let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(ip) = literal.parse() {
        return Ok(vec![ip]);
    }
    let failed =
        |problem: String| NodeError::HostUnresolved { host: Printable::text(host).to_string(), problem };
    let answer = match tokio::time::timeout(RESOLVE_TIMEOUT, lookup_host((host, 0))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_elapsed) => return Err(failed("the resolver does not answer".into())),
    };
    let mut ips = Vec::new();
    for addr in answer {
        if !ips.contains(&addr.ip()) && ips.len() < max {
            ips.push(addr.ip());
        }
    }
    if ips.is_empty() { Err(failed("the resolver knows none".into())) } else { Ok(ips) }
}

/// The addresses of a fixed `host:port`. Never empty.
pub(crate) async fn fixed(text: &str) -> Result<Vec<SocketAddr>, NodeError> {
    if let Ok(addr) = text.parse() {
        return Ok(vec![addr]);
    }
    let bad = || NodeError::BadOption {
        option: "peer",
        problem: format!("{} is not host:port (IPv6 as [address]:port)", Printable::text(text)),
    };
    let (name, port) = text.rsplit_once(':').ok_or_else(bad)?;
    let port: u16 = port.parse().map_err(|_error| bad())?;
    if name.is_empty() || port == 0 {
        return Err(bad());
    }
    Ok(host(name).await?.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_need_no_resolver() {
        assert_eq!(host("127.0.0.1").await.unwrap(), ["127.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(host("::1").await.unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
        assert_eq!(fixed("[::1]:9").await.unwrap(), ["[::1]:9".parse().unwrap()]);
    }

    #[tokio::test]
    async fn localhost_is_loopback() {
        let ips = host("localhost").await.unwrap();
        assert!(ips.iter().all(IpAddr::is_loopback), "{ips:?}");
        assert!(fixed("localhost:99").await.unwrap().iter().all(|addr| addr.port() == 99));
    }

    #[tokio::test]
    async fn unknown_hosts_and_bad_addresses_say_what_is_wrong() {
        let error = host("no-such-host.invalid").await.unwrap_err();
        assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
        for text in ["", "host", ":1", "host:0", "host:x", "host:70000"] {
            assert!(matches!(fixed(text).await, Err(NodeError::BadOption { option: "peer", .. })), "{text}");
        }
    }
}
