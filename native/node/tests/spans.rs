//! What a subscriber of `tracing` sees of a node: spans with their fields, and events inside them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests panic like tests")]

mod common;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{addr, config, down, up};
use outrigger_node::{Answer, Context, From, GenServer, Node, Target};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context as Of, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What came, one line each: `new NAME FIELDS`, `MESSAGE in NAME`, `end NAME`.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn push(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    /// Fails unless some line has this in it.
    #[track_caller]
    fn has(&self, part: &str) {
        let lines = self.0.lock().unwrap();
        assert!(lines.iter().any(|line| line.contains(part)), "no {part:?} in {lines:#?}");
    }

    fn count(&self, start: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.starts_with(start)).count()
    }
}

/// Fields as text.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Seen {
    fn on_new_span(&self, span: &Attributes<'_>, _id: &Id, _of: Of<'_, S>) {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.push(format!("new {}{}", span.metadata().name(), fields.0));
    }

    fn on_event(&self, event: &Event<'_>, of: Of<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let span = of.event_span(event).map_or("nothing", |span| span.name());
        let message = fields.0.split(" peer=").next().unwrap_or_default();
        self.push(format!("{} in {span}", message.trim_start_matches(" message=")));
    }

    fn on_close(&self, id: Id, of: Of<'_, S>) {
        self.push(format!("end {}", of.span(&id).map_or("?", |span| span.name())));
    }
}

/// Logs each call.
struct Echo;

impl GenServer for Echo {
    async fn handle_call(&mut self, request: &[u8], _from: From, _context: &Context<'_>) -> Answer {
        tracing::info!("echoes");
        Answer::Reply(request.to_vec())
    }
}

#[tokio::test]
async fn spans_say_what_an_event_is_about_and_end() {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let a = Node::start(config("a@127.0.0.1"), vec![]).await.unwrap();
    let b = Node::start(config("b@127.0.0.1"), vec![]).await.unwrap();
    let (mut of_a, mut of_b) = (a.events(), b.events());
    b.join_target(Target::at(a.name().clone(), addr(&a).to_string())).unwrap();
    up(&mut of_a, "b@127.0.0.1").await;
    up(&mut of_b, "a@127.0.0.1").await;
    a.start_server(Some("echo"), Echo).unwrap();
    b.call(a.name(), "echo", &[106], Duration::from_secs(10)).await.unwrap();
    b.shutdown().await;
    down(&mut of_a, "b@127.0.0.1").await;
    a.shutdown().await;

    seen.has("new join peer=a@127.0.0.1");
    seen.has("new accept addr=127.0.0.1:");
    seen.has("new link peer=a@127.0.0.1 id=1");
    seen.has("new link peer=b@127.0.0.1 id=1");
    seen.has("new call to=");
    seen.has("new process pid=");
    seen.has("link up in link");
    seen.has("link down in link");
    seen.has("echoes in process");
    for span in ["join", "accept", "link", "process", "call"] {
        assert_eq!(seen.count(&format!("new {span}")), seen.count(&format!("end {span}")), "{span}");
    }
}
