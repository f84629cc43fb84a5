//! The command `outrigger node --status`.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use outrigger_node::NodeError;
use outrigger_term::{Atom, SerdeError, from_slice, to_vec};
use tokio::runtime::Builder;

use super::report::Report;
use super::{NAME, table};
use crate::args::NodeArgs;
use crate::exit::Exit;
use crate::out;
use crate::run::Stdin;
use crate::settings::{HostNames, SettingsError, StatusSettings};
use crate::visit::Visitor;

/// For each step: the connection, the handshake, the answer; and for a cookie on standard input.
const PATIENCE: Duration = Duration::from_secs(4);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
enum StatusError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot start the runtime: {0}")]
    Runtime(#[from] io::Error),
    #[error("{0}")]
    Node(Arc<NodeError>),
    #[error("{0} is no running `outrigger node`: nobody there has the name {NAME}; is it a BEAM node?")]
    NoOutrigger(String),
    #[error("what {peer} answers is no report ({problem}); use the same version of outrigger on both sides")]
    NoReport { peer: String, problem: SerdeError },
}

impl StatusError {
    fn exit(&self) -> Exit {
        match self {
            Self::Settings(error) => error.exit(),
            _ => Exit::Failed,
        }
    }
}

impl From<NodeError> for StatusError {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::NoProcess { peer, .. } => Self::NoOutrigger(peer),
            error => Self::Node(error.into()),
        }
    }
}

/// Asks a running node, and prints what it says.
pub(crate) fn run(args: &NodeArgs) -> Exit {
    match report(args) {
        Ok(report) if args.json => {
            // Names and numbers always serialize.
            out::print(&(serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"));
            Exit::Ok
        }
        Ok(report) => {
            let colour = io::stdout().is_terminal() && out::colours_wanted();
            out::print(&table::render(&report, colour));
            Exit::Ok
        }
        Err(error) => {
            out::complain(&format!("error: {error}\n"));
            error.exit()
        }
    }
}

fn report(args: &NodeArgs) -> Result<Report, StatusError> {
    let first_line = || Stdin::start(false).ok()?.first_line(PATIENCE);
    let settings = StatusSettings::resolve(args, &HostNames::of_system(), first_line)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(ask(settings));
    runtime.shutdown_background();
    report
}

async fn ask(settings: StatusSettings) -> Result<Report, StatusError> {
    let StatusSettings { target, host, cookie, tls, epmd_port } = settings;
    let mut visitor = Visitor::start("status", &host, cookie, tls, epmd_port, PATIENCE).await?;
    let answer = async {
        visitor.link(&target).await.map_err(StatusError::Node)?;
        // An atom of six characters always has a term.
        let request = to_vec(&Atom::Utf8("status")).unwrap_or_default();
        Ok(visitor.node().call(&target.name, NAME, &request, PATIENCE).await?)
    };
    let answer: Result<Vec<u8>, StatusError> = answer.await;
    let own = visitor.node().name().clone();
    visitor.leave().await;
    let answer = answer?;
    let mut report: Report = from_slice(&answer)
        .map_err(|problem| StatusError::NoReport { peer: target.name.to_string(), problem })?;
    // The link that asked is no part of the answer.
    report.peers.retain(|peer| peer.name != own.as_str());
    Ok(report)
}
