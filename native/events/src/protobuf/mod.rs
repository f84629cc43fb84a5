//! Protobuf: files of messages, as text or as a descriptor set.

mod schema;

pub use schema::Schema;
