//! Start and end of a node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use outrigger_proto::Creation;
use tokio::time::Instant;

use crate::config::{Config, Epmd, Listen};
use crate::epmd::{self, EpmdAddr};
use crate::error::NodeError;
use crate::event::DownReason;
use crate::inner::Inner;
use crate::node::Node;
use crate::service::Service;
use crate::transport::Transport;
use crate::{accept, discovery, join, listen, nameless, random};

/// How long links may go on sending what waits when the node ends.
const DRAIN: Duration = Duration::from_millis(500);
const DRAIN_STEP: Duration = Duration::from_millis(5);
/// How long tasks may take to end before they are cut off.
const END: Duration = Duration::from_secs(2);

pub(crate) async fn start(mut config: Config, services: Vec<Arc<dyn Service>>) -> Result<Node, NodeError> {
    config.validate()?;
    let transport = Transport::new(config.tls.as_ref())?;
    let given = match nameless::is_nameless(&config.name) {
        true => Some(nameless::ask(&config, &transport).await?),
        false => None,
    };
    if let Some(given) = &given {
        config.name = given.name.clone();
        config.listen = Listen::Off;
    }
    let listeners = listen::bind(&config).await?;
    let listen_addrs: Vec<SocketAddr> = listeners.iter().filter_map(|l| l.local_addr().ok()).collect();
    let registration = match (config.epmd, listen_addrs.first()) {
        (Epmd::Port(port), Some(addr)) => {
            Some(epmd::register(EpmdAddr::local(port), config.name.short(), addr.port()).await?)
        }
        _ => None,
    };
    // An EPMD from before OTP 23 numbers 1 to 3 only, which soon come again.
    let creation = match (&given, &registration) {
        (Some(given), _) => given.creation.0,
        (None, Some(registration)) if registration.creation > 3 => registration.creation,
        _ => random::creation()?,
    };
    let inner = Arc::new(Inner::new(config, transport, Creation(creation), listen_addrs, services)?);
    let node = Node(inner.clone());
    for service in &inner.services {
        service.started(&node);
    }
    tracing::info!(
        name = %inner.config.name,
        creation,
        long_names = inner.config.long_names(),
        listen = ?inner.listen_addrs,
        epmd = registration.is_some(),
        tls = inner.transport.is_tls(),
        "node started"
    );
    let exposed = listen::exposed(&inner.listen_addrs);
    if !exposed.is_empty() && !inner.transport.is_tls() {
        tracing::warn!(
            listen = ?exposed,
            "links with other machines are not encrypted, and who reads along may run code on every node; give \
             certificates (Config.tls, --tls-cert, see docs/tls.md), or listen on loopback or in a private network"
        );
    }
    if let Some(registration) = registration {
        inner.spawn_until_stop(registration.hold(inner.config.backoff));
    }
    if let Some(given) = given {
        nameless::hold(&inner, given.connected).await?;
    }
    accept::spawn(&inner, listeners);
    for target in inner.config.joins.clone() {
        join::add(&inner, target)?;
    }
    for discovery in &inner.config.discovery {
        discovery::start(&inner, discovery)?;
    }
    Ok(node)
}

pub(crate) async fn shutdown(inner: &Arc<Inner>) {
    if inner.stop.set(()).is_err() {
        return;
    }
    let deadline = Instant::now() + DRAIN;
    for link in inner.registry.links() {
        // The writer task empties the queue; this only looks.
        while link.is_up() && link.info().queued > 0 && Instant::now() < deadline {
            tokio::time::sleep(DRAIN_STEP).await;
        }
        link.close(DownReason::Shutdown);
    }
    let mut tasks = inner.take_tasks();
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(END, ended).await.is_err() {
        tracing::error!("tasks of the node did not end in time and are cut off");
        tasks.shutdown().await;
    }
    // A link may have come up between the first look and the end of its task.
    for link in inner.registry.links() {
        link.close(DownReason::Shutdown);
    }
    inner.end_processes();
    inner.end_events();
    tracing::info!(name = %inner.config.name, "node stopped");
}
