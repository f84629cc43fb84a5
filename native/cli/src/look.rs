//! Looking at nodes for a while, for the commands that do: a temporary hidden node, a watch on each target, and sights until it is time to end.

use std::io;
use std::time::Duration;

use outrigger_node::NodeError;
pub(crate) use outrigger_probe::now_ms;
use outrigger_probe::{Cluster, DepthConfig, Recorder, Sight, WatchConfig};
use outrigger_watch::gate::Gate;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep_until};

use crate::args::LookArgs;
use crate::exit::Exit;
use crate::run::{Stdin, Stop};
use crate::settings::{HostNames, LookSettings, SettingsError, Target};
use crate::visit::Visitor;

/// For each step of a link, and for each answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is nothing to see.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[from] io::Error),
    #[error("{0}")]
    Node(Box<NodeError>),
    #[error("no node answered; `outrigger doctor --join NODE` says what is in the way")]
    Nobody,
}

impl LookError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Settings(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

impl From<NodeError> for LookError {
    fn from(error: NodeError) -> Self {
        Self::Node(Box::new(error))
    }
}

/// The settings behind the options. Reads the cookie, maybe from standard input.
pub(crate) fn settings(args: &LookArgs) -> Result<LookSettings, SettingsError> {
    let first_line = || Stdin::start(false).ok()?.first_line(PATIENCE);
    LookSettings::resolve(args, &HostNames::of_system(), first_line)
}

/// A temporary node, and whom it is to visit.
pub(crate) async fn visit(
    purpose: &str,
    settings: LookSettings,
) -> Result<(Visitor, Vec<Target>), NodeError> {
    let LookSettings { targets, host, cookie, tls, epmd_port } = settings;
    let visitor = Visitor::start(purpose, &host, cookie, tls, epmd_port, PATIENCE).await?;
    Ok((visitor, targets))
}

/// Shows `take` what is seen, until the time is over, SIGINT or SIGTERM comes, or `take` has seen enough (`false`).
pub(crate) async fn look(
    purpose: &str,
    settings: LookSettings,
    config: WatchConfig,
    during: Option<Duration>,
    mut take: impl FnMut(Sight) -> bool,
) -> Result<(), LookError> {
    let names = settings.names();
    let (visitor, targets) = visit(purpose, settings).await?;
    let mut cluster = Cluster::watch(visitor.node(), &names, config);
    for target in &targets {
        visitor.join(target)?;
    }
    // Until here a signal ends it at once: there is nothing to keep.
    let mut stop = Stop::new(None)?;
    let end = during.map(|during| Instant::now() + during);
    let mut rounds = 0_u64;
    loop {
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            sight = cluster.next() => {
                rounds += u64::from(matches!(sight, Sight::Round(_)));
                if !take(sight) {
                    break;
                }
            }
            () = over => break,
            _ = stop.wait() => break,
        }
    }
    drop(cluster);
    visitor.leave().await;
    if rounds == 0 { Err(LookError::Nobody) } else { Ok(()) }
}

/// A watch that sees all that these gates read.
pub(crate) fn for_gates<'a>(mut gates: impl Iterator<Item = &'a Gate>) -> WatchConfig {
    let states = gates.any(|gate| gate.reads(DepthConfig::STATES));
    let depth = DepthConfig { states, ..DepthConfig::default() };
    WatchConfig { patience: PATIENCE, depth, ..WatchConfig::default() }
}

/// Looks for so long, from a command that has no runtime yet.
pub(crate) fn for_a_while(
    purpose: &str,
    settings: LookSettings,
    config: WatchConfig,
    during: Duration,
    mut take: impl FnMut(Sight),
) -> Result<(), LookError> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(look(purpose, settings, config, Some(during), |sight| {
        take(sight);
        true
    }));
    runtime.shutdown_background();
    done
}

/// Keeps a sight.
pub(crate) fn keep(recorder: &mut Recorder, sight: &Sight) {
    match sight {
        Sight::Joined { node, .. } => recorder.joined(node.as_str(), now_ms()),
        Sight::Round(round) => recorder.saw(round),
        Sight::Lost { node, .. } => recorder.lost(node.as_str(), now_ms()),
        _ => {}
    }
}
