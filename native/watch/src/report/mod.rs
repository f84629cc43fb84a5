//! What a gate found, in the forms that people and servers read. Each is a text; writing it somewhere is the caller's.
//!
//! | form | for |
//! |---|---|
//! | [`text`] | people at a terminal |
//! | [`json`] | scripts: the [`Outcome`](crate::gate::Outcome)s as they are |
//! | [`junit`] | CI servers: a test case for each budget |
//! | [`sarif`] | code scanning: a result for each budget that did not pass, at its line of the configuration |
//! | [`github`] | GitHub Actions: annotations, at the same line |
//! | [`html`] | one file for people, with charts; it loads nothing |
//!
//! # Invariants
//!
//! - Names come from nodes and files. Control characters are spaces in text, and markup is escaped: no name can write a line,
//!   an element or an annotation of its own.
//! - The same outcomes give the same bytes.
//!
//! # Example
//!
//! ```
//! use outrigger_watch::gate::{Config, judge};
//!
//! let config = Config::read("preset = \"phoenix\"")?;
//! let outcomes = [judge(&config.gates["phoenix"], &[], &[])];
//! let text = outrigger_watch::report::text(&outcomes, false);
//! assert!(text.contains("NOT RUN"), "{text}");
//! # Ok::<(), outrigger_watch::WatchError>(())
//! ```

pub mod clean;
mod github;
mod html;
mod json;
mod junit;
mod sarif;
mod text;

pub use github::github;
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use sarif::sarif;
pub use text::text;

use crate::gate::{Judged, Verdict};

/// A verdict as people read it, five or seven letters wide.
fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "ok",
        Verdict::Warn => "warn",
        Verdict::Inconclusive => "open",
        Verdict::NotRun => "NOT RUN",
        Verdict::Fail => "FAIL",
    }
}

/// What of a budget is worth a word besides its verdict.
fn remark(budget: &Judged) -> &'static str {
    match (budget.required, budget.veto) {
        (false, _) if !budget.verdict.is_decided() => " (not required)",
        (_, false) if budget.verdict == Verdict::Fail => " (no veto)",
        _ => "",
    }
}
