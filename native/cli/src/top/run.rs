//! The loop: what is seen, what is typed, and the terminal, which is left as it was found.

use std::io::{self, IsTerminal};
use std::thread;
use std::time::Duration;

use outrigger_node::NodeError;
use outrigger_probe::{Cluster, WatchConfig};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{Event, read};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{Receiver, channel};

use super::draw::draw;
use super::keys::wish;
use super::state::State;
use crate::args::TopArgs;
use crate::exit::Exit;
use crate::out;
use crate::run::Stdin;
use crate::settings::{HostNames, LookSettings, SettingsError};
use crate::visit::Visitor;

const PATIENCE: Duration = Duration::from_secs(5);
/// Processes of each order: more than fit on a screen.
const PROCESSES: usize = 50;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum TopError {
    #[error("this is no terminal; for scripts there is `outrigger watch --json`")]
    NoTerminal,
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("{0}")]
    Node(Box<NodeError>),
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows nodes until somebody quits.
pub(crate) fn run(args: &TopArgs) -> Exit {
    match top(args) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            out::complain(&format!("error: {error}\n"));
            match error {
                TopError::Settings(error) => error.exit(),
                TopError::NoTerminal => Exit::Usage,
                _ => Exit::Failed,
            }
        }
    }
}

fn top(args: &TopArgs) -> Result<(), TopError> {
    if !io::stdout().is_terminal() {
        return Err(TopError::NoTerminal);
    }
    let first_line = || Stdin::start(false).ok()?.first_line(PATIENCE);
    let settings = LookSettings::resolve(&args.look, &HostNames::of_system(), first_line)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let done = runtime.block_on(look(args, settings));
    runtime.shutdown_background();
    done
}

async fn look(args: &TopArgs, settings: LookSettings) -> Result<(), TopError> {
    let names = settings.names();
    let LookSettings { targets, host, cookie, tls, epmd_port } = settings;
    let node = |error| TopError::Node(Box::new(error));
    let visitor = Visitor::start("top", &host, cookie, tls, epmd_port, PATIENCE).await.map_err(node)?;
    let config = WatchConfig {
        interval: args.every,
        duty: args.duty / 100.0,
        processes: PROCESSES,
        patience: PATIENCE,
        ..WatchConfig::default()
    };
    let cluster = Cluster::watch(visitor.node(), &names, config);
    for target in &targets {
        visitor.join(target).map_err(node)?;
    }
    // Restores the terminal also when something panics.
    let mut terminal = ratatui::try_init()?;
    let shown = show(&mut terminal, State::new(&names), cluster).await;
    ratatui::restore();
    visitor.leave().await;
    shown
}

async fn show(
    terminal: &mut DefaultTerminal,
    mut state: State,
    mut cluster: Cluster,
) -> Result<(), TopError> {
    let mut events = typed();
    loop {
        terminal.draw(|frame| draw(&state, frame))?;
        tokio::select! {
            sight = cluster.next() => match sight {
                Some(sight) => state.saw(sight),
                None => return Ok(()),
            },
            event = events.recv() => match event {
                Some(Event::Key(key)) => {
                    if wish(key).is_some_and(|wish| !state.wish(wish)) {
                        return Ok(());
                    }
                }
                // A new size is drawn in the next turn.
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}

/// Reading the terminal blocks, so it has a thread. It ends with the process, or when the terminal is gone.
fn typed() -> Receiver<Event> {
    let (sender, events) = channel(16);
    thread::spawn(move || {
        while let Ok(event) = read() {
            if sender.blocking_send(event).is_err() {
                return;
            }
        }
    });
    events
}
