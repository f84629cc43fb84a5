//! Windows: what was seen of nodes from one moment to another. Between those who look, files, and the gate stands this.
//!
//! [`Window`] in memory, and as JSON the format of a recording ([`Window::from_json`], [`Window::to_json`]):
//!
//! ```json
//! {"format": "outrigger-window/1",
//!  "from": 1795331000000, "until": 1795331030000,
//!  "nodes": {
//!    "app@10.0.0.5": {
//!      "joined": 1795331000000, "gone": null, "clock_offset_ms": -3,
//!      "series": [
//!        {"metric": "pool.queue_len", "labels": {"repo": "MyApp.Repo"}, "samples": [[1795331001000, 0], [1795331002000, null]]},
//!        {"metric": "phoenix.endpoint", "histogram": {"buckets": [[687, 120], [690, 3]], "clamped": 0}}],
//!      "absent": {"ecto.total_time": "Outrigger.Watch is not started on this node"}}},
//!  "values": {"coverage": {"value": 0.81, "unit": "ratio"}},
//!  "absent": {"mutants": "mutants.json is not there"}}
//! ```
//!
//! Times are ms since the Unix epoch by the clock of the node that recorded. A sample is `[at, value]`, `null` for what is no
//! number; its unit is that of its metric in the [catalogue](crate::catalogue). A histogram is that of
//! [`LogLinear`](crate::LogLinear), `[index, count]` in the order of the indexes. `labels`, `absent`, `clamped`, `values` and
//! `gone` may be left out.
//!
//! # Invariants
//!
//! - What [`Window::from_json`] takes is within [`Limits`], and `to_json` of it is read as the same window.
//! - A member that is unknown, twice there or of another type is an error with its place.

mod json;
mod key;
mod limits;
mod model;
mod series;

pub use key::Key;
pub use limits::Limits;
pub use model::{NodeWindow, Number, Window};
pub use series::{Sample, Series};
