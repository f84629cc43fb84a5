//! `outrigger profile`: where a node spends its time.
//!
//! [`run()`] is a temporary hidden node that samples through `outrigger_probe`. What it has seen is a [`summary`], printed as [`text`] or JSON, and
//! files: folded stacks, a flame graph, and a [`report`] for a browser.

mod files;
mod report;
mod run;
mod summary;
mod text;

pub(crate) use run::run;
