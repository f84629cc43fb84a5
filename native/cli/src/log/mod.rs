//! Log lines and events, written by a thread of their own so that nobody ever waits for a reader.
//!
//! The flow: `tracing` events and the [`Event`]s of the node become one [`Record`] each, a [`Style`] turns it
//! into one line, the bounded queue of the [`Sink`] hands it to the writer thread.
//!
//! Invariants:
//! - logging never blocks and never fails: a full queue drops lines, counts them and says so later;
//! - events keep a reserve of the queue to themselves, so chatter cannot crowd out `ready` or `fatal`;
//! - a closed pipe is not an error: the writer goes on and throws away;
//! - one record is one line, whatever a peer put into the text.

mod clock;
mod layer;
mod record;
mod sink;
mod style;

use std::io::Write;
use std::time::{Duration, SystemTime};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::args::LogLevel;
pub(crate) use clock::Utc;
use layer::LineLayer;
pub(crate) use record::{Event, Level, Record};
pub(crate) use sink::Sink;
pub(crate) use style::Style;

/// The door through which everything is logged. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    sink: Sink,
    style: Style,
}

impl Log {
    /// Starts the writer thread over `out` and makes it the process's log for `tracing` events of `level` and
    /// graver. Other crates than ours speak from `warning` on. Called once.
    pub(crate) fn start(style: Style, level: LogLevel, out: impl Write + Send + 'static) -> Self {
        let log = Self { sink: Sink::start(out, style), style };
        let filter = match level {
            LogLevel::Error => LevelFilter::ERROR,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Trace => LevelFilter::TRACE,
        };
        let targets =
            Targets::new().with_default(filter.min(LevelFilter::WARN)).with_target("outrigger", filter);
        let registry = tracing_subscriber::registry().with(targets).with(LineLayer::new(log.clone()));
        // Fails only if there is a global log already, which then goes on as it is.
        let _ = registry.try_init();
        log
    }

    /// Logs an event that a supervisor waits for.
    pub(crate) fn event(&self, level: Level, event: Event, text: impl Into<String>) {
        self.write(&Record { level, event: Some(event), text: text.into() });
    }

    /// Hands one record to the writer; drops and counts it if the queue is full.
    pub(crate) fn write(&self, record: &Record) {
        self.sink.push(self.style.line(SystemTime::now(), record), record.event.is_some());
    }

    /// Waits until everything logged so far is written, but not longer than `patience`.
    pub(crate) fn flush(&self, patience: Duration) {
        self.sink.flush(patience);
    }
}
