//! Ports by what they move and by what they hold back.

use serde::{Deserialize, Serialize};

use crate::Figure;
use crate::answer::Owner;

/// A port that stands out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Port {
    /// As it is printed on its own node: `#Port<0.12>`.
    pub port: String,
    /// The driver (`tcp_inet`), or the name of the program without its path and its arguments.
    pub driver: String,
    /// Whose it is.
    pub owner: Owner,
    /// Bytes that came in through it in a second, since the walk before.
    pub in_per_s: f64,
    /// Bytes that went out.
    pub out_per_s: f64,
    /// Bytes that wait to go out.
    pub queue: u64,
}

/// As the node says it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PortAnswer {
    port: String,
    driver: String,
    owner: Owner,
    /// Bytes since the walk before.
    #[serde(rename = "in")]
    came: u64,
    #[serde(rename = "out")]
    went: u64,
    /// Microseconds; 0: there was no walk before.
    elapsed: u64,
    queue: u64,
}

impl From<PortAnswer> for Port {
    fn from(answer: PortAnswer) -> Self {
        let PortAnswer { port, driver, owner, came, went, elapsed, queue } = answer;
        let rate = |bytes: u64| if elapsed == 0 { 0.0 } else { bytes as f64 * 1e6 / elapsed as f64 };
        Self { port, driver, owner, in_per_s: rate(came), out_per_s: rate(went), queue }
    }
}

impl Port {
    /// Bytes in both directions in a second.
    #[must_use]
    pub fn moved_per_s(&self) -> f64 {
        self.in_per_s + self.out_per_s
    }
}

/// Of a whole walk.
pub(super) fn figures(ports: &[Port]) -> Vec<Figure> {
    let most = |of: fn(&Port) -> f64| ports.iter().map(of).reduce(f64::max);
    let figure = |metric, value: Option<f64>| value.map(|value| Figure::plain(metric, value));
    [figure("port.top_io", most(Port::moved_per_s)), figure("port.top_queue", most(|port| port.queue as f64))]
        .into_iter()
        .flatten()
        .collect()
}
