//! Streams: an event is decoded once, and each of a stream's views makes of it what its subscribers want.
//!
//! A [`Stream`] is compiled of a text that says the format, what decoders need to know, and the views. A view has filters, a topic,
//! and fields, or takes the whole. What passes is told as a message ready to be sent: `{Stream, View, Data}` in the external term
//! format, with the topic it goes to. An event that cannot be decoded is told, too, on the dead-letter topic, and the next one is taken.
//!
//! # Invariants
//!
//! - The same text and bytes make the same messages, whoever decodes: the Rust node or the NIF.
//! - Each event makes at most one message a view, or one dead letter. No event is dropped without one because it is wrong.
//! - What is made of an event is bounded by its bytes and the text: views and fields are bounded, and no name is made of data.
//!
//! # Example
//!
//! ```
//! use outrigger_events::stream::{Event, Stream, Work};
//!
//! let text = br#"{"name": "Elixir.Orders", "format": "json", "dead_letter": "orders:dead",
//!     "views": [{"name": "paid", "topic": ["paid:", {"path": "customer"}],
//!                "where": [["state", "in", ["paid"]]], "fields": [["total", "sum.total"]]}]}"#;
//! let stream = Stream::parse(text)?;
//! let mut topics = Vec::new();
//! let event = Event { key: None, value: Some(br#"{"state": "paid", "customer": 7, "sum": {"total": 12}}"#) };
//! stream.take(&event, &mut Work::default(), |topic, _message| topics.push(topic.to_vec()));
//! assert_eq!(topics, [b"paid:7".to_vec()]);
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! JSON and Debezium's JSON, 200 levels deep. 64 views, 64 fields and 16 filters of each, a text of 64 KiB, topics of 4 KiB.

mod config;
mod external;
mod named;
mod pick;
mod run;
mod view;

pub use run::{Event, Stream, Work};
