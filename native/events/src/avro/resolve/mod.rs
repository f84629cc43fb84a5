//! Schema resolution: what of a reader's schema stands for what of a writer's, and where nothing does.
//!
//! A [`Graph`] holds each pair of types that meet once, so recursion ends and nothing is looked at twice. A pair is judged in
//! two ways. It is *readable* if some data can be read: a plan can be made. It is *safe* if all data can: that is what
//! compatibility asks for. They differ by the writer's unions and enums, where only some data is of a branch or symbol
//! that the reader does not know.
//!
//! # Invariants
//!
//! - Both judgements are greatest fixpoints: recursion alone makes nothing wrong.
//! - No recursion here: schemas that refer to each other nest as deep as they like.
//!
//! # Rules where the specification leaves a choice
//!
//! - Named types match by unqualified name, or if the reader has the writer's full name as an alias.
//! - A reader's field takes the writer's of its name, else the first of its aliases that no other field has taken.
//! - Of a reader's union the branch counts that is safe, else one that is readable: first those of the writer's own type and
//!   full name, then of its type, then by promotion; the order of the union decides among equals.

mod graph;
mod judge;
mod matching;

pub(crate) use graph::Graph;
pub(super) use graph::{Origin, Pair, Problem, Shape};
