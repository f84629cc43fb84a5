//! The command.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use outrigger_probe::{DepthConfig, EventLimits, Recorder, Sight, WatchConfig};
use serde::Serialize;
use tokio::runtime::Builder;

use super::complaints::Complaints;
use super::openmetrics::Exporter;
use super::text;
use crate::args::WatchArgs;
use crate::draft::Draft;
use crate::exit::{Exit, ended};
use crate::look::{self, LookError};
use crate::out;
use crate::settings::LookSettings;

/// Why there is nothing to see, or nothing to show for it.
#[derive(Debug, thiserror::Error)]
enum WatchError {
    #[error(transparent)]
    Look(#[from] LookError),
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    #[error("cannot serve metrics at {address}: {problem}; is something else there?")]
    Listen { address: SocketAddr, problem: io::Error },
    #[error("cannot write {}: {problem}", .file.display())]
    Record { file: PathBuf, problem: io::Error },
}

impl WatchError {
    fn exit(&self) -> Exit {
        match self {
            Self::Look(error) => error.exit(),
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
    ended(watch(args), WatchError::exit)
}

fn watch(args: &WatchArgs) -> Result<(), WatchError> {
    let settings = look::settings(&args.look).map_err(LookError::from)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(WatchError::Runtime)?;
    let done = runtime.block_on(show(args, settings));
    runtime.shutdown_background();
    done
}

async fn show(args: &WatchArgs, settings: LookSettings) -> Result<(), WatchError> {
    let exporter = match args.prometheus {
        Some(address) => {
            Some(Exporter::start(address).await.map_err(|problem| WatchError::Listen { address, problem })?)
        }
        None => None,
    };
    // Not after hours of it.
    let record = args.record.as_deref().map(|file| Draft::new(file).map_err(unwritten(file))).transpose()?;
    let config = WatchConfig {
        interval: args.every,
        duty: args.duty / 100.0,
        processes: args.processes.into(),
        depth: DepthConfig {
            allocators: true,
            tables: args.tables.into(),
            ports: args.ports.into(),
            states: args.states,
        },
        patience: look::PATIENCE,
        events: args.events.then(EventLimits::default),
        ..WatchConfig::default()
    };
    let recorder = Recorder::new(look::now_ms());
    let mut seen = Seen { args, exporter, record, recorder, complaints: Complaints::default() };
    look::look("watch", settings, config, args.during, |sight| seen.take(&sight)).await?;
    seen.finish()
}

fn unwritten(file: &Path) -> impl Fn(io::Error) -> WatchError {
    move |problem| WatchError::Record { file: file.to_owned(), problem }
}

/// What becomes of what is seen.
struct Seen<'a> {
    args: &'a WatchArgs,
    exporter: Option<Exporter>,
    record: Option<Draft>,
    recorder: Recorder,
    complaints: Complaints,
}

impl Seen<'_> {
    /// `false`: nobody wants to see more.
    fn take(&mut self, sight: &Sight) -> bool {
        if self.record.is_some() {
            look::keep(&mut self.recorder, sight);
        }
        let read = match &self.exporter {
            Some(exporter) => {
                exporter.take(sight);
                true
            }
            None if self.args.json => print_json(sight),
            None => out::print(&text::render(sight)),
        };
        if self.exporter.is_some()
            && let Some(line) = self.complaints.line(sight, Instant::now())
        {
            out::complain(&line);
        }
        read || self.record.is_some()
    }

    fn finish(self) -> Result<(), WatchError> {
        if let (Some(file), Some(record)) = (&self.args.record, self.record) {
            record.finish(&self.recorder.window(look::now_ms()).to_json()).map_err(unwritten(file))?;
        }
        Ok(())
    }
}

fn print_json(sight: &Sight) -> bool {
    let line = match sight {
        Sight::Joined { node, hello } => {
            Line::Joined { node: node.as_str(), release: &hello.release, schedulers: hello.schedulers }
        }
        Sight::Round(round) => Line::Round(round),
        Sight::Lost { node, error } => {
            Line::Lost { node: node.as_str(), problem: Arc::clone(error).to_string() }
        }
        _ => return true,
    };
    // Names and numbers always serialize.
    out::print(&(serde_json::to_string(&line).unwrap_or_default() + "\n"))
}
