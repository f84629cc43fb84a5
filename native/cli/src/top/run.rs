//! The loop: what is seen, what is typed, and the terminal, which is left as it was found.

use std::io::{self, IsTerminal};
use std::thread;

use outrigger_probe::{DepthConfig, WatchConfig};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{Event, read};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{Receiver, channel};

use super::draw::draw;
use super::keys::wish;
use super::state::State;
use crate::args::TopArgs;
use crate::exit::{Exit, ended};
use crate::look::{self, LookError};
use crate::settings::LookSettings;

/// Processes of each order, tables, ports: more than fit on a screen.
const ROWS: usize = 50;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
enum TopError {
    #[error("this is no terminal; for scripts there is `outrigger watch --json`")]
    NoTerminal,
    #[error(transparent)]
    Look(#[from] LookError),
    #[error("the terminal failed: {0}")]
    Terminal(#[from] io::Error),
}

/// Shows nodes until somebody quits.
pub(crate) fn run(args: &TopArgs) -> Exit {
    ended(top(args), |error| match error {
        TopError::Look(error) => error.exit(),
        TopError::NoTerminal => Exit::Usage,
        _ => Exit::Failed,
    })
}

fn top(args: &TopArgs) -> Result<(), TopError> {
    if !io::stdout().is_terminal() {
        return Err(TopError::NoTerminal);
    }
    let settings = look::settings(&args.look).map_err(LookError::from)?;
    let config = WatchConfig {
        interval: args.every,
        duty: args.duty / 100.0,
        processes: ROWS,
        depth: DepthConfig { allocators: true, tables: ROWS, ports: ROWS, states: args.states },
        patience: look::PATIENCE,
        ..WatchConfig::default()
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let names = settings.names();
    // Restores the terminal also when something panics.
    let mut terminal = ratatui::try_init()?;
    let shown = runtime.block_on(show(&mut terminal, State::new(&names), settings, config));
    ratatui::restore();
    runtime.shutdown_background();
    shown
}

async fn show(
    terminal: &mut DefaultTerminal,
    state: State,
    settings: LookSettings,
    config: WatchConfig,
) -> Result<(), TopError> {
    let (sender, mut sights) = channel(16);
    let looking = look::look("top", settings, config, None, |sight| {
        sender.try_send(sight).is_ok() || !sender.is_closed()
    });
    let mut looking = std::pin::pin!(looking);
    let mut events = typed();
    let mut state = state;
    loop {
        terminal.draw(|frame| draw(&state, frame))?;
        tokio::select! {
            done = &mut looking => return Ok(done?),
            Some(sight) = sights.recv() => state.saw(sight),
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
