//! JSON Schema: whether what one schema lets through, another takes. Draft-07 (and 06) and 2020-12 (and 2019-09).
//!
//! A reader's schema is compatible with a writer's if every document that is valid under the writer's is valid under the
//! reader's. [`check`] proves that keyword by keyword and names what is in the way in the terms of Confluent's registry
//! ([`Kind`]). What it cannot prove it calls incompatible.
//!
//! # Invariants
//!
//! - What is compatible under [`Policy::Strict`] has no document that the writer's schema takes and the reader's refuses,
//!   but for one: a required property that is missing and has a default, which the reader is taken to fill in.
//! - References may be recursive. Work, depth and sizes are bounded; beyond them a pair is incompatible (`too_complex`).
//!
//! ```
//! use outrigger_events::compat::json_schema::{Policy, Schema, check};
//!
//! let old = Schema::parse(br#"{"type": "string", "maxLength": 10}"#).unwrap();
//! let new = Schema::parse(br#"{"type": "string", "maxLength": 5}"#).unwrap();
//! let found = check(&new, &old, Policy::Strict);
//! assert_eq!((found[0].path.as_str(), found[0].kind), ("#/maxLength", "max_length_decreased"));
//! assert!(check(&old, &new, Policy::Strict).is_empty());
//! ```
//!
//! # Limits
//!
//! `format` and the `content…` keywords are notes, not rules, as in the drafts. Patterns are compared as texts. A proof may be
//! beyond this check: alternatives are matched one to one, not together.

mod array;
mod check;
mod combined;
mod direct;
mod disjoint;
mod kind;
mod locate;
mod model;
mod number;
mod object;
mod others;
mod part;
mod pattern;
mod property;
mod read;
mod scalar;
mod split;
mod types;
mod value;
mod view;

pub use check::{Difference, Policy, check, differences};
pub use kind::Kind;
pub use read::Schema;
