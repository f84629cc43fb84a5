//! Streams: an event is decoded once, and each of a stream's views makes of it what its subscribers want.
//!
//! A [`Stream`] is compiled of a text that says the format, what decoders need to know, and the views. A view has filters, a topic,
//! and fields, or takes the whole. What passes is told as a message ready to be sent: `{Stream, View, Data}` in the external term
//! format, with the topic it goes to. Events behind a registry's frames come with [`Schemas`], which were compiled of texts, too: nobody who
//! decodes has to ask a registry. An event that cannot be decoded is told, too, on the dead-letter topic, and the next one is taken.
//!
//! # Invariants
//!
//! - The same texts and bytes make the same messages, whoever decodes: the Rust node or the NIF.
//! - Each event makes at most one message a view, or one dead letter. No event is dropped without one because it is wrong.
//! - What is made of an event is bounded by its bytes and the text: views and fields are bounded, and no name is made of data.
//!
//! # Example
//!
//! ```
//! use outrigger_events::stream::{Event, Schemas, Stream, Work};
//!
//! let text = br#"{"name": "Elixir.Orders", "format": "json", "dead_letter": "orders:dead",
//!     "views": [{"name": "paid", "topic": ["paid:", {"path": "customer"}],
//!                "where": [["state", "in", ["paid"]]], "fields": [["total", "sum.total"]]}]}"#;
//! let stream = Stream::parse(text)?;
//! let mut topics = Vec::new();
//! let event = Event { key: None, value: Some(br#"{"state": "paid", "customer": 7, "sum": {"total": 12}}"#) };
//! stream.take(&event, &Schemas::default(), &mut Work::default(), |topic, _message| topics.push(topic.to_vec()));
//! assert_eq!(topics, [b"paid:7".to_vec()]);
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! JSON, Debezium's records, Avro and Protobuf, 200 levels deep. 64 views, 64 fields and 16 filters of each, texts of 256 KiB, topics of
//! 4 KiB. A CloudEvent of Debezium's in which there is a frame is a dead letter: whoever publishes it does not look into documents.

mod config;
mod external;
mod given;
mod known;
mod named;
mod pairs;
mod paths;
mod room;
mod run;
mod schema;
mod taken;
mod text;
mod view;

pub use known::Known;
pub use run::{Event, Stream, Work};
pub use schema::{Schema, Schemas};
