//! PostgreSQL's logical replication: frames of the `pgoutput` plug-in, versions 1 to 4, to typed changes.
//!
//! A frame is what `XLogData` carries. It is told as a list of records: one for a change, one for each table of a truncate, one
//! for each step of a transaction, and none for what is only remembered (Relation, Type). So the frames of a stream go
//! through one [`Decoder`], in their order.
//!
//! Source: PostgreSQL's documentation, "Logical Replication Message Formats" and "Logical Streaming Replication Parameters";
//! of values in binary, the `*send` functions of their types.
//!
//! # Invariants
//!
//! - A frame that is refused leaves the decoder as it was, but that the frame has taken its place in the transaction: places
//!   are the same whenever the transaction is sent again.
//! - A decoder is a value: a clone goes on from the same frame, costs next to nothing, and shares what does not change.
//! - Text and binary format of a value are told as the same.
//! - A value that did not come since it did not change is the name `unchanged`, unless the row before has it.
//!
//! # Streamed transactions
//!
//! From version 2 on a large transaction may come before it is known to commit, in parts with other transactions between them:
//! `stream_begin`, changes, `stream_pause`, …, `stream_resume`, changes, `stream_pause`, and at last `end` or `abort`. Its
//! changes have the transaction's `tx_id` and the `sub_tx_id` of whoever made them; `abort` of a `sub_tx_id` takes back the
//! changes of that one, and of all if it is the transaction's own. They have no place (`index`), since what is taken
//! back has none: whoever collects them counts those that are left at the `end`.
//!
//! # Example
//!
//! ```
//! use outrigger_events::pgoutput::{Decoder, Options};
//! use outrigger_events::{TreeSink, Value};
//!
//! let mut decoder = Decoder::new(Options::default());
//! let begin = b"B\0\0\0\0\x01\x6e\x8f\x18\0\x02\xa3\xd5\xc4\x71\xa0\0\0\0\x02\x2b";
//! let mut sink = TreeSink::default();
//! let told = decoder.decode(begin, &mut sink)?;
//! assert_eq!(told.records, 1);
//! let Some(Value::List(records)) = sink.finish() else { panic!("a list") };
//! # assert_eq!(records.len(), 1);
//!
//! // A change of a table that no Relation has told of: frames are missing.
//! assert!(decoder.decode(b"I\0\0\x40\0N\0\0", &mut TreeSink::default()).is_err());
//! # Ok::<(), outrigger_events::Error>(())
//! ```
//!
//! # Limits
//!
//! 1,600 columns, as in PostgreSQL; 65,536 relations of 128 MiB together; 65,536 types. Text has to be UTF-8, dates in ISO
//! style, spans in the style `postgres` or `iso_8601`: what a connection says with `client_encoding`, `DateStyle` and
//! `IntervalStyle`. Types that are not known here are told as text, or as the bytes of PostgreSQL's binary format.

mod array;
mod binary;
mod change;
mod decoder;
mod known;
mod message;
mod numeric;
mod options;
mod relation;
mod row;
mod text;
mod times;
mod transaction;
mod tuple;
mod types;
mod value;
mod wire;

pub use decoder::{Decoder, Told};
pub use options::{Json, Options};
pub use types::Type;
