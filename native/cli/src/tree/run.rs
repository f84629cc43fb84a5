//! The command.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use outrigger_node::{NodeError, NodeName};
use outrigger_probe::{ProbeError, TreeConfig, read_tree};
use outrigger_watch::WatchError;
use outrigger_watch::tree::{self, Picture, Snapshot, View};
use tokio::runtime::Builder;

use crate::args::TreeArgs;
use crate::exit::{Exit, ended};
use crate::look;
use crate::out;
use crate::settings::{LookSettings, SettingsError};
use crate::visit::Visitor;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum TreeError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Node(Box<NodeError>),
    #[error("{0}; `outrigger doctor --join NODE` says what is in the way")]
    Link(Arc<NodeError>),
    #[error("{0}")]
    Probe(Box<ProbeError>),
    #[error(transparent)]
    View(#[from] WatchError),
    #[error("cannot write {}: {problem}", .file.display())]
    Write { file: PathBuf, problem: io::Error },
    #[error("interrupted")]
    Interrupted,
}

impl TreeError {
    fn exit(&self) -> Exit {
        match self {
            Self::Settings(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

/// Shows the nodes, one after the other.
pub(crate) fn run(args: &TreeArgs) -> Exit {
    ended(show(args), TreeError::exit)
}

fn show(args: &TreeArgs) -> Result<(), TreeError> {
    let settings = look::settings(&args.look)?;
    if settings.targets.len() > 1 && (args.svg.is_some() || args.html.is_some()) {
        return Err(SettingsError::ManyToLookAt.into());
    }
    let runtime = Builder::new_current_thread().enable_all().build().map_err(TreeError::Runtime)?;
    let done = runtime.block_on(visit(args, settings));
    runtime.shutdown_background();
    done
}

async fn visit(args: &TreeArgs, settings: LookSettings) -> Result<(), TreeError> {
    let node = |error| TreeError::Node(Box::new(error));
    let (mut visitor, targets) = look::visit("tree", settings).await.map_err(node)?;
    let mut done = Ok(());
    for target in &targets {
        let read = async {
            visitor.link(target).await.map_err(TreeError::Link)?;
            read(args, &visitor, &target.name).await
        };
        done = tokio::select! {
            shot = read => shot.and_then(|shot| put(args, &shot)),
            _ = tokio::signal::ctrl_c() => Err(TreeError::Interrupted),
        };
        if done.is_err() {
            break;
        }
    }
    visitor.leave().await;
    done
}

async fn read(args: &TreeArgs, visitor: &Visitor, name: &NodeName) -> Result<Snapshot, TreeError> {
    let config = TreeConfig { duty: args.duty / 100.0, patience: look::PATIENCE };
    // Whoever waits at a terminal sees that it goes on; over so few it is not worth a line.
    let shown = io::stderr().is_terminal();
    let mut told = false;
    let shot = read_tree(visitor.node(), name, config, |read, all| {
        if shown && (told || read < all) {
            told = true;
            out::complain(&format!("\r{name}: {read} of {all} processes\x1b[K"));
        }
    })
    .await;
    if told {
        out::complain("\r\x1b[K");
    }
    shot.map_err(|error| TreeError::Probe(Box::new(error)))
}

fn put(args: &TreeArgs, shot: &Snapshot) -> Result<(), TreeError> {
    let view = View { application: args.app.clone(), depth: usize::from(args.depth), ..View::default() };
    let picture = Picture::of(shot, &view)?;
    if let Some(file) = &args.svg {
        write(file, tree::svg(&picture))?;
    }
    if let Some(file) = &args.html {
        write(file, tree::html(&picture))?;
    }
    if args.json {
        // Names and numbers always serialize.
        out::print(&(serde_json::to_string(&picture).unwrap_or_default() + "\n"));
    } else {
        let colours = io::stdout().is_terminal() && out::colours_wanted();
        out::print(&tree::text(&picture, colours));
    }
    Ok(())
}

fn write(file: &Path, text: String) -> Result<(), TreeError> {
    fs::write(file, text).map_err(|problem| TreeError::Write { file: file.to_owned(), problem })
}
