//! From `tracing` events to records.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::{Log, Record};

/// Turns each event into one record: the message, then `name=value` for each field. Spans are not used.
#[derive(Debug)]
pub(super) struct LineLayer {
    log: Log,
}

impl LineLayer {
    /// A layer that writes to this log.
    pub(super) fn new(log: Log) -> Self {
        Self { log }
    }
}

impl<S: Subscriber> Layer<S> for LineLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let record = Record { level: event.metadata().level().into(), event: None, text: text.finish() };
        self.log.write(&record);
    }
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn finish(mut self) -> String {
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            let _ = write!(self.fields, " {}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            let _ = write!(self.fields, " {}={value}", field.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::log::{Sink, Style};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn message_then_fields() {
        let page = Page::default();
        let log = Log { sink: Sink::start(page.clone(), Style::Port), style: Style::Port };
        let subscriber = tracing_subscriber::registry().with(LineLayer::new(log.clone()));
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(node = "a@h", bytes = 7, error = %"no\nway", "link down");
            tracing::trace!("step");
        });
        log.flush(Duration::from_secs(10));
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "warning\t-\tlink down node=a@h bytes=7 error=no\\nway\ndebug\t-\tstep\n");
    }
}
