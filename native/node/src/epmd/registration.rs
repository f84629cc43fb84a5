//! Being registered, and staying so: an EPMD forgets a node when the connection ends, and we hold it.
//!
//! - A name that is taken is asked for again for [`TAKEN_PATIENCE`]: a predecessor that was killed a moment
//!   ago vanishes from EPMD soon, not at once.
//! - When EPMD goes away (restart, crash), we register again with backoff until it is back. Links are not
//!   touched by that, and our creation stays what it was.

use std::time::Duration;

use erl_dist::epmd::NodeEntry;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::client::{self, EpmdAddr, EpmdStream};
use crate::backoff::{Backoff, BackoffConfig};
use crate::error::NodeError;
use crate::random;

/// How long a taken name is asked for again.
const TAKEN_PATIENCE: Duration = Duration::from_millis(1500);
const TAKEN_PAUSE: Duration = Duration::from_millis(75);

/// A name held at an EPMD.
pub(crate) struct Registration {
    addr: EpmdAddr,
    short: String,
    port: u16,
    stream: EpmdStream,
    /// What EPMD numbered this run of the node with.
    pub(crate) creation: u32,
}

/// Registers `short` (the name's part before the `@`) as a hidden node that listens on `port`.
pub(crate) async fn register(addr: EpmdAddr, short: &str, port: u16) -> Result<Registration, NodeError> {
    let deadline = Instant::now() + TAKEN_PATIENCE;
    loop {
        match client::alive(&addr, NodeEntry::new_hidden(short, port)).await? {
            Ok((stream, creation)) => {
                tracing::debug!(name = short, port, epmd = addr.port, creation, "registered at epmd");
                return Ok(Registration { addr, short: short.into(), port, stream, creation });
            }
            Err(_code) if Instant::now() < deadline => tokio::time::sleep(TAKEN_PAUSE).await,
            Err(_code) => {
                return Err(NodeError::NameTaken { name: short.into(), port: addr.port });
            }
        }
    }
}

impl Registration {
    /// Holds the registration until the future is dropped, and renews it whenever EPMD lost it.
    pub(crate) async fn hold(mut self, config: BackoffConfig) {
        let mut backoff = Backoff::new(config);
        loop {
            gone(&mut self.stream).await;
            tracing::warn!(epmd = self.addr.port, "lost epmd; new nodes cannot find us until it is back");
            loop {
                tokio::time::sleep(backoff.next_delay(random::jitter())).await;
                match client::alive(&self.addr, NodeEntry::new_hidden(&self.short, self.port)).await {
                    Ok(Ok((stream, _creation))) => {
                        self.stream = stream;
                        break;
                    }
                    Ok(Err(code)) => tracing::error!(
                        name = self.short,
                        code,
                        "epmd is back but says our name is taken; stop the other node of this name"
                    ),
                    Err(error) => tracing::debug!(%error, "epmd is still away"),
                }
            }
            tracing::info!(name = self.short, epmd = self.addr.port, "registered at epmd again");
            backoff.reset();
        }
    }
}

/// Returns when EPMD has closed the connection. EPMD sends nothing on it, and what it sends is ignored.
async fn gone(stream: &mut EpmdStream) {
    let mut byte = [0];
    while matches!(stream.get_mut().read(&mut byte).await, Ok(1..)) {}
}
