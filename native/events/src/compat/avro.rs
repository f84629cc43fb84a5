//! Avro: can a reader's schema read all data of a writer's?
//!
//! The rules are those of schema resolution (specification 1.12), judged on the graph that decoding plans are made from:
//! what is found compatible here decodes, and what is not has data that does not.
//!
//! # What is no incompatibility
//!
//! - Logical types: they say what bytes mean, not what they are. A decimal's scale and a time's unit are taken from the writer,
//!   so the values stay what they were.
//! - `bytes` read as `string`, as the specification has it. Bytes that are no UTF-8 then fail to decode.
//!
//! # Paths
//!
//! `$.after.tags[]` is the items of a field's array, `{}` a map's values, `<long>` that branch of the writer's union.

use super::{Incompatibility, Report};
use crate::avro::Schema;
use crate::avro::resolve::Graph;

/// All that keeps `reader` from reading what `writer` wrote; the first 1,000 of it. Empty if nothing does.
///
/// Kinds: `type_mismatch`, `name_mismatch`, `size_mismatch`, `missing_default`, `invalid_default`, `missing_symbol`,
/// `missing_branch`, and `too_large` for schemas that make too many pairs to be looked at.
///
/// ```
/// use outrigger_events::{avro::Schema, compat::avro::check};
///
/// let old = Schema::parse(r#"{"type": "record", "name": "R", "fields": [{"name": "id", "type": "long"}]}"#, &[])?;
/// let new = Schema::parse(r#"{"type": "record", "name": "R", "fields": [{"name": "id", "type": "int"}]}"#, &[])?;
/// assert!(check(&old, &new).is_empty());
/// assert_eq!(check(&new, &old)[0].to_string(), "$.id: the writer's long cannot be read as int (type_mismatch)");
/// # Ok::<(), outrigger_events::Error>(())
/// ```
#[must_use]
pub fn check(reader: &Schema, writer: &Schema) -> Vec<Incompatibility> {
    let graph = match Graph::new(writer, reader, [(writer.root_id(), reader.root_id())]) {
        Ok(graph) => graph,
        Err(error) => return vec![Incompatibility::new("$", "too_large", error.to_string())],
    };
    let blamed = graph.blame(0, true, Report::MOST);
    blamed
        .into_iter()
        .map(|(path, problem)| Incompatibility::new(path, problem.kind, problem.reason.clone()))
        .collect()
}
