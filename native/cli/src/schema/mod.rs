//! `outrigger schema check`: are the schemas of a working tree compatible with their earlier versions?
//!
//! The flow: the files that are asked for ([`tree`]), their earlier versions ([`history`], with [`git`](crate::git) for those of a
//! repository), each pair read with what it refers to ([`library`]) and compared by the rules of `outrigger-events`, and an
//! answer for people or for a CI server ([`render`]).
//!
//! Limits: a file that was renamed is a new one, and one that is gone. Histories follow first parents.

mod format;
mod history;
mod library;
mod outcome;
mod render;
mod run;
mod tree;

pub(crate) use run::run;
