//! Where a test stands: names, ports, deadlines and the cookie that nothing else on the machine shares.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Deadline for what normally takes milliseconds. Generous: the suite runs on two busy cores.
pub const SHORT: Duration = Duration::from_secs(10);

/// Deadline for what involves a boot, a reconnect with backoff or megabytes.
pub const LONG: Duration = Duration::from_secs(30);

/// The cookie that the kit's nodes use unless told otherwise.
pub const COOKIE: &str = "kit-cookie";

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A node name that no other test uses: `<short>_<process id>_<counter>@<host>`.
#[must_use]
pub fn unique_name(short: &str, host: &str) -> String {
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{short}_{}_{n}@{host}", std::process::id())
}

/// The host part of a node name.
#[must_use]
pub fn host_of(name: &str) -> &str {
    name.split_once('@').map_or("", |(_, host)| host)
}

/// A TCP port that is free on all local addresses right now.
///
/// It lies below Linux's range of ephemeral ports, so that no outgoing connection takes it before the caller
/// binds it, and the search starts at a place that depends on the process, so that parallel tests do not meet.
#[must_use]
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    for _ in 0..COUNT {
        let n = COUNTER.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (std::process::id().wrapping_mul(97).wrapping_add(n)) % COUNT;
        let port = u16::try_from(port).expect("the range fits a port");
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() && ipv6_free(port) {
            return port;
        }
    }
    panic!("no free TCP port between {FIRST} and {}", FIRST + COUNT);
}

fn ipv6_free(port: u16) -> bool {
    !has_ipv6() || TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok()
}

/// Whether this machine has `::1`. A test that needs it says so loudly when it has not.
#[must_use]
pub fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_keep_their_host() {
        let (a, b) = (unique_name("x", "127.0.0.1"), unique_name("x", "127.0.0.1"));
        assert_ne!(a, b);
        assert_eq!(host_of(&a), "127.0.0.1");
    }

    #[test]
    fn free_ports_can_be_bound() {
        let port = free_port();
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
    }
}
