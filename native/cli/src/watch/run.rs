//! The command.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use outrigger_node::NodeError;
use outrigger_probe::{Cluster, EventLimits, Recorder, Sight, WatchConfig};
use serde::Serialize;
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep_until};

use super::openmetrics::Exporter;
use super::text;
use crate::args::WatchArgs;
use crate::exit::Exit;
use crate::out;
use crate::run::Stdin;
use crate::settings::{HostNames, LookSettings, SettingsError};
use crate::visit::Visitor;

/// For each step of a link, and for each answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is nothing to see.
#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Node(Box<NodeError>),
    #[error("cannot serve metrics at {address}: {problem}; is something else there?")]
    Listen { address: std::net::SocketAddr, problem: io::Error },
    #[error("cannot write {}: {problem}", .file.display())]
    Record { file: PathBuf, problem: io::Error },
    #[error("no node answered; `outrigger doctor --join NODE` says what is in the way")]
    Nobody,
}

impl WatchError {
    fn exit(&self) -> Exit {
        match self {
            Self::Settings(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

/// One line of JSON.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Joined { node: &'a str, release: &'a str, schedulers: u64 },
    Round(&'a outrigger_probe::Round),
    Lost { node: &'a str, problem: String },
}

/// Watches until its time is over, or a signal comes.
pub(crate) fn run(args: &WatchArgs) -> Exit {
    match watch(args) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            out::complain(&format!("error: {error}\n"));
            error.exit()
        }
    }
}

fn watch(args: &WatchArgs) -> Result<(), WatchError> {
    let first_line = || Stdin::start(false).ok()?.first_line(PATIENCE);
    let settings = LookSettings::resolve(&args.look, &HostNames::of_system(), first_line)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(WatchError::Runtime)?;
    let done = runtime.block_on(look(args, settings));
    runtime.shutdown_background();
    done
}

async fn look(args: &WatchArgs, settings: LookSettings) -> Result<(), WatchError> {
    let exporter = match args.prometheus {
        Some(address) => {
            Some(Exporter::start(address).await.map_err(|problem| WatchError::Listen { address, problem })?)
        }
        None => None,
    };
    let names = settings.names();
    let LookSettings { targets, host, cookie, tls, epmd_port } = settings;
    let node = |error| WatchError::Node(Box::new(error));
    let visitor = Visitor::start("watch", &host, cookie, tls, epmd_port, PATIENCE).await.map_err(node)?;
    let config = WatchConfig {
        interval: args.every,
        duty: args.duty / 100.0,
        processes: args.processes.into(),
        patience: PATIENCE,
        events: args.events.then(EventLimits::default),
        ..WatchConfig::default()
    };
    let mut cluster = Cluster::watch(visitor.node(), &names, config);
    for target in &targets {
        visitor.join(target).map_err(node)?;
    }
    let mut seen = Seen { args, exporter, recorder: Recorder::new(now_ms()), rounds: 0 };
    let end = args.during.map(|during| Instant::now() + during);
    loop {
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            sight = cluster.next() => match sight {
                Some(sight) => seen.take(&sight),
                None => break,
            },
            () = over => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    drop(cluster);
    visitor.leave().await;
    seen.finish()
}

/// What becomes of what is seen.
struct Seen<'a> {
    args: &'a WatchArgs,
    exporter: Option<Exporter>,
    recorder: Recorder,
    rounds: u64,
}

impl Seen<'_> {
    fn take(&mut self, sight: &Sight) {
        match sight {
            Sight::Joined { node, .. } => self.recorder.joined(node.as_str(), now_ms()),
            Sight::Round(round) => {
                self.rounds += 1;
                if self.args.record.is_some() {
                    self.recorder.saw(round);
                }
            }
            Sight::Lost { node, .. } => self.recorder.lost(node.as_str(), now_ms()),
            _ => {}
        }
        match &self.exporter {
            Some(exporter) => exporter.take(sight),
            None if self.args.json => print_json(sight),
            None => out::print(&text::render(sight)),
        }
        if let (Sight::Lost { node, error }, true) = (sight, self.exporter.is_some()) {
            out::complain(&format!("{node}: {error}\n"));
        }
    }

    fn finish(self) -> Result<(), WatchError> {
        if let Some(file) = &self.args.record {
            let window = self.recorder.window(now_ms()).to_json();
            fs::write(file, window).map_err(|problem| WatchError::Record { file: file.clone(), problem })?;
        }
        if self.rounds == 0 { Err(WatchError::Nobody) } else { Ok(()) }
    }
}

fn print_json(sight: &Sight) {
    let line = match sight {
        Sight::Joined { node, hello } => {
            Line::Joined { node: node.as_str(), release: &hello.release, schedulers: hello.schedulers }
        }
        Sight::Round(round) => Line::Round(round),
        Sight::Lost { node, error } => {
            Line::Lost { node: node.as_str(), problem: Arc::clone(error).to_string() }
        }
        _ => return,
    };
    // Names and numbers always serialize.
    out::print(&(serde_json::to_string(&line).unwrap_or_default() + "\n"));
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
