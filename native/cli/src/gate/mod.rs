//! `outrigger gate`: a verdict about what was seen.
//!
//! The flow: the configuration, what is judged, the verdicts of `outrigger-watch`, the answer, and the record
//! ([`record`]). What is judged comes from files ([`material`]), or from nodes that are looked at now ([`live`]).

mod live;
mod material;
mod record;
mod run;

pub(crate) use material::read;
pub(crate) use record::MOST_EVIDENCE;
pub(crate) use run::run;
